/* The questions that are asked of a function, answered from its paths. */
#include "target/code.h"

#include <errno.h>
#include <string.h>

#include "target/paths.h"

enum { CALLEES_MAX = 64 };

/* The functions that a callee's pattern means. */
struct callee {
	const char *pattern;
	struct elf_symbol symbols[CALLEES_MAX];
	size_t nr;
};

static void chain_offset(struct str *s, int64_t offset)
{
	if (offset)
		str_addf(s, "%c0x%llx", offset < 0 ? '-' : '+', (unsigned long long)(offset < 0 ? -offset : offset));
}

void code_chain_add(struct str *s, const struct code_chain *chain)
{
	for (size_t i = chain->nr_loads; i-- > 0;)
		str_add(s, chain->load[i].offset ? "*(" : "*");
	str_addf(s, "arg%d", chain->argument);
	for (size_t i = 0; i < chain->nr_loads; i++) {
		chain_offset(s, chain->load[i].offset);
		str_add(s, chain->load[i].offset ? ")" : "");
		if (i + 1 == chain->nr_loads || chain->load[i].size != 8)
			str_addf(s, ":%u", chain->load[i].size);
	}
}

static void add_instruction(struct str *s, struct elf_file *f, uint64_t address)
{
	_cleanup_(str_release) struct str text = {};
	bool emulated;

	if (!code_instruction(f, address, &text, &emulated))
		str_addf(s, " '%s' at", str_text(&text));
	str_addf(s, " 0x%llx", (unsigned long long)address);
}

/* Why @v is no chain. */
static void add_reason(struct str *s, struct elf_file *f, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NOTHING:
		str_add(s, "it is never set");
		break;
	case VALUE_UNKNOWN:
		str_add(s, value_reason_text(v->why));
		add_instruction(s, f, v->at);
		break;
	case VALUE_CONSTANT:
		str_addf(s, "it is the constant 0x%llx", (unsigned long long)v->number);
		break;
	case VALUE_STACK:
		str_add(s, "it is an address on the stack");
		break;
	case VALUE_CHAIN:
		if (v->number) {
			str_add(s, "it is the sum ");
			code_chain_add(s, &v->chain);
			chain_offset(s, (int64_t)v->number);
		} else {
			str_addf(s, "it is %u bytes of argument %d", v->width, v->chain.argument);
		}
		break;
	}
}

static bool is_chain(const struct value *v)
{
	return v->kind == VALUE_CHAIN && !v->number && (v->chain.nr_loads || v->width == 8);
}

static bool chain_equal(const struct code_chain *a, const struct code_chain *b)
{
	struct value x = { .kind = VALUE_CHAIN, .chain = *a }, y = { .kind = VALUE_CHAIN, .chain = *b };

	return value_equal(&x, &y);
}

/* "cannot tell what 'NAME' returns: REASON" */
static int refuse(struct diag *d, int err, const char *what, const struct elf_symbol *function, const char *reason)
{
	_cleanup_(str_release) struct str name = {};

	str_add_escaped(&name, function->name);
	return diag_set(d, err, "cannot tell what '%s' %s: %s", str_text(&name), what, reason);
}

static int refuse_value(struct diag *d, struct elf_file *f, const char *what, const struct elf_symbol *function,
			const struct value *v)
{
	_cleanup_(str_release) struct str reason = {};

	add_reason(&reason, f, v);
	return refuse(d, -ENOTSUP, what, function, str_text(&reason));
}

static int refuse_two(struct diag *d, const char *what, const struct elf_symbol *function, const struct code_chain *a,
		      const struct code_chain *b)
{
	_cleanup_(str_release) struct str reason = {};

	code_chain_add(&reason, a);
	str_add(&reason, " in one place, ");
	code_chain_add(&reason, b);
	str_add(&reason, " in another");
	return refuse(d, -ENOTSUP, what, function, str_text(&reason));
}

/* The @i-th instruction that counts, in the order of the code's flow: NULL when it leads to no return. */
static const struct path_node *node_of(const struct paths *p, size_t i)
{
	const struct path_node *n = &p->nodes.items[p->order.items[i]];

	return n->ends_well ? n : NULL;
}

static int find_returned(const struct paths *p, const struct elf_symbol *function, struct code_chain *ret,
			 struct diag *d)
{
	struct code_chain found = {};
	bool any = false;

	for (size_t i = 0; i < p->order.nr; i++) {
		const struct path_node *n = node_of(p, i);
		_cleanup_(str_release) struct str reason = {};

		if (n && n->step.leaves) {
			str_add(&reason, "it jumps to another function:");
			add_instruction(&reason, p->elf, n->address);
			return refuse(d, -ENOTSUP, "returns", function, str_text(&reason));
		}
		if (!n || !n->step.returns)
			continue;

		const struct value *rax = &n->before->reg[RAX];

		if (!is_chain(rax))
			return refuse_value(d, p->elf, "returns", function, rax);
		if (any && !chain_equal(&found, &rax->chain))
			return refuse_two(d, "returns", function, &found, &rax->chain);
		found = rax->chain;
		any = true;
	}
	if (!any)
		return refuse(d, -ENOTSUP, "returns", function, "it never does");
	*ret = found;
	return 0;
}

int code_returns(struct elf_file *f, const struct elf_symbol *function, const struct code_constants *constants,
		 struct code_chain *ret, struct diag *d)
{
	struct diag inner = {};
	struct paths p;
	int err = paths_follow(f, function, constants, &p, &inner);

	if (err)
		err = refuse(d, err, "returns", function, inner.text);
	else if (paths_loop(&p))
		err = refuse(d, -ENOTSUP, "returns", function, "it has a loop");
	else
		err = find_returned(&p, function, ret, d);
	paths_release(&p);
	return err;
}

static bool matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (!name)
		return false;
	return len && pattern[len - 1] == '*' ? !strncmp(pattern, name, len - 1) : !strcmp(pattern, name);
}

static bool is_call_of(const struct paths *p, const struct step *step, const struct callee *callee)
{
	if (!step->calls && !step->leaves)
		return false;
	if (step->slot)
		return matches(callee->pattern, elf_file_slot(p->elf, step->slot));
	if (!step->target)
		return false;
	for (size_t i = 0; i < callee->nr; i++)
		if (callee->symbols[i].address == step->target)
			return true;
	return matches(callee->pattern, elf_file_plt(p->elf, step->target));
}

static bool is_among(const struct code_chain *chains, size_t nr, const struct code_chain *chain)
{
	for (size_t i = 0; i < nr; i++)
		if (chain_equal(&chains[i], chain))
			return true;
	return false;
}

struct found {
	struct code_chain *chains;
	size_t max, nr;
};

static int find_passed(const struct paths *p, const struct elf_symbol *function, const struct callee *callee,
		       int argument, struct found *found, struct diag *d)
{
	for (size_t i = 0; i < p->order.nr; i++) {
		const struct path_node *n = node_of(p, i);

		if (!n || !is_call_of(p, &n->step, callee))
			continue;

		const struct value *v = &n->before->reg[argument_register(argument)];

		if (!is_chain(v))
			return refuse_value(d, p->elf, "passes", function, v);
		if (is_among(found->chains, found->nr, &v->chain))
			continue;
		if (found->nr == found->max)
			return refuse(d, -ENOTSUP, "passes", function, "there are too many different values");
		found->chains[found->nr++] = v->chain;
	}
	return found->nr ? 0 : refuse(d, -ENOENT, "passes", function, "it does not call that function");
}

int code_passes(struct elf_file *f, const struct elf_symbol *function, const char *callee, int argument,
		struct code_chain *chains, size_t max, size_t *ret_nr, struct diag *d)
{
	struct callee to = { .pattern = callee };
	struct found found = { .chains = chains, .max = max };
	struct diag inner = {};
	struct paths p;
	int err;

	if (argument < 0 || argument >= ARGUMENTS)
		return diag_set(d, -EINVAL, "no argument %d is passed in a register", argument);
	to.nr = elf_file_find(f, callee, to.symbols, CALLEES_MAX);
	if (to.nr > CALLEES_MAX)
		to.nr = CALLEES_MAX;
	err = paths_follow(f, function, NULL, &p, &inner);
	if (err)
		err = refuse(d, err, "passes", function, inner.text);
	else
		err = find_passed(&p, function, &to, argument, &found, d);
	paths_release(&p);
	if (!err)
		*ret_nr = found.nr;
	return err;
}

/* Where @n divides: is the high half of its dividend 0, so that rax is all of it? */
static bool divides_rax(const struct path_node *n)
{
	const struct value *rdx = &n->before->reg[RDX];

	return rdx->kind == VALUE_CONSTANT && !rdx->number;
}

static int find_divided(const struct paths *p, const struct elf_symbol *function, struct code_chain *ret, struct diag *d)
{
	struct code_chain found = {};
	bool any = false;

	for (size_t i = 0; i < p->order.nr; i++) {
		const struct path_node *n = node_of(p, i);

		if (!n || !n->step.divides)
			continue;

		const struct value *rax = &n->before->reg[RAX];

		if (!divides_rax(n))
			return refuse(d, -ENOTSUP, "divides", function, "its high half is not known to be 0");
		if (!is_chain(rax))
			return refuse_value(d, p->elf, "divides", function, rax);
		if (any && !chain_equal(&found, &rax->chain))
			return refuse_two(d, "divides", function, &found, &rax->chain);
		found = rax->chain;
		any = true;
	}
	if (!any)
		return refuse(d, -ENOENT, "divides", function, "it divides nothing");
	*ret = found;
	return 0;
}

int code_divides(struct elf_file *f, const struct elf_symbol *function, struct code_chain *ret, struct diag *d)
{
	struct diag inner = {};
	struct paths p;
	int err = paths_follow(f, function, NULL, &p, &inner);

	if (err)
		err = refuse(d, err, "divides", function, inner.text);
	else
		err = find_divided(&p, function, ret, d);
	paths_release(&p);
	return err;
}

/* A store of (all that is asked for of) the argument into the object: where? */
static bool is_store_of(const struct step *step, int argument, uint32_t size, struct code_chain *ret)
{
	const struct value *place = &step->place, *v = &step->stored;
	int64_t offset = (int64_t)place->number;

	if (!step->stores || step->bytes != size)
		return false;
	if (place->kind != VALUE_CHAIN || place->chain.nr_loads || place->chain.argument || place->width != 8 ||
	    offset < INT32_MIN || offset > INT32_MAX)
		return false;
	if (v->kind != VALUE_CHAIN || v->chain.nr_loads || v->chain.argument != argument || v->number ||
	    v->width != size)
		return false;
	*ret = (struct code_chain){ .nr_loads = 1, .load = { { .offset = (int32_t)offset, .size = size } } };
	return true;
}

static int find_stored(const struct paths *p, const struct elf_symbol *function, int argument, uint32_t size,
		       struct code_chain *ret, struct diag *d)
{
	struct code_chain found = {}, chain;
	bool any = false;

	for (size_t i = 0; i < p->order.nr; i++) {
		const struct path_node *n = node_of(p, i);

		if (!n || !is_store_of(&n->step, argument, size, &chain))
			continue;
		if (any && !chain_equal(&found, &chain))
			return refuse_two(d, "stores", function, &found, &chain);
		found = chain;
		any = true;
	}
	if (!any)
		return refuse(d, -ENOENT, "stores", function, "it does not store that argument in its object");
	*ret = found;
	return 0;
}

int code_stores(struct elf_file *f, const struct elf_symbol *function, int argument, uint32_t size,
		struct code_chain *ret, struct diag *d)
{
	struct diag inner = {};
	struct paths p;
	int err;

	if (argument < 0 || argument >= ARGUMENTS)
		return diag_set(d, -EINVAL, "no argument %d is passed in a register", argument);
	err = paths_follow(f, function, NULL, &p, &inner);
	if (err)
		err = refuse(d, err, "stores", function, inner.text);
	else
		err = find_stored(&p, function, argument, size, ret, d);
	paths_release(&p);
	return err;
}
