/* The questions that are asked of a function, answered from its paths. */
#include "target/code.h"

#include <errno.h>
#include <string.h>

#include "target/paths.h"

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
		if ((i + 1 == chain->nr_loads && !chain->plus) || chain->load[i].size != 8)
			str_addf(s, ":%u", chain->load[i].size);
	}
	chain_offset(s, chain->plus);
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

static bool to_chain(const struct value *v, struct code_chain *ret)
{
	int64_t plus = (int64_t)v->number;

	if (v->kind != VALUE_CHAIN || (!v->chain.nr_loads && v->width != 8) || plus < INT32_MIN || plus > INT32_MAX)
		return false;
	*ret = v->chain;
	ret->plus = (int32_t)plus;
	return true;
}

static bool chain_equal(const struct code_chain *a, const struct code_chain *b)
{
	struct value x = { .kind = VALUE_CHAIN, .chain = *a }, y = { .kind = VALUE_CHAIN, .chain = *b };

	return a->plus == b->plus && value_equal(&x, &y);
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
		struct code_chain chain;

		if (!to_chain(rax, &chain))
			return refuse_value(d, p->elf, "returns", function, rax);
		if (any && !chain_equal(&found, &chain))
			return refuse_two(d, "returns", function, &found, &chain);
		found = chain;
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

		if (!n || !callee_is_met(callee, p, &n->step))
			continue;

		const struct value *v = &n->before->reg[argument_register(argument)];
		struct code_chain chain;

		if (!to_chain(v, &chain))
			return refuse_value(d, p->elf, "passes", function, v);
		if (is_among(found->chains, found->nr, &chain))
			continue;
		if (found->nr == found->max)
			return refuse(d, -ENOTSUP, "passes", function, "there are too many different values");
		found->chains[found->nr++] = chain;
	}
	return found->nr ? 0 : refuse(d, -ENOENT, "passes", function, "it does not call that function");
}

int code_passes(struct elf_file *f, const struct elf_symbol *function, const char *callee, int argument,
		struct code_chain *chains, size_t max, size_t *ret_nr, struct diag *d)
{
	struct callee to;
	struct found found = { .chains = chains, .max = max };
	struct diag inner = {};
	struct paths p;
	int err;

	if (argument < 0 || argument >= ARGUMENTS)
		return diag_set(d, -EINVAL, "no argument %d is passed in a register", argument);
	callee_find(f, callee, &to);
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

static int find_read(const struct paths *p, const struct elf_symbol *function, struct code_chain *ret, struct diag *d)
{
	for (size_t i = 0; i < p->order.nr; i++) {
		const struct path_node *n = &p->nodes.items[p->order.items[i]];
		uint32_t bytes = n->step.source_bytes;

		if (n->step.reads) {
			struct value v = state_load(n->before, &n->step.source, bytes, n->address);

			return to_chain(&v, ret) ? 0 : refuse_value(d, p->elf, "reads first", function, &v);
		}
		if (n->step.calls || n->step.leaves || n->nr_next != 1)
			break;
	}
	return refuse(d, -ENOENT, "reads first", function, "it reads nothing before it branches or calls");
}

int code_reads_first(struct elf_file *f, const struct elf_symbol *function, struct code_chain *ret, struct diag *d)
{
	struct diag inner = {};
	struct paths p;
	int err = paths_follow(f, function, NULL, &p, &inner);

	if (err)
		err = refuse(d, err, "reads first", function, inner.text);
	else
		err = find_read(&p, function, ret, d);
	paths_release(&p);
	return err;
}

/* Where @n divides: is the high half of its dividend 0, so that rax is all of it? */
static bool divides_rax(const struct path_node *n)
{
	const struct value *rdx = &n->before->reg[RDX];

	return rdx->kind == VALUE_CONSTANT && !rdx->number;
}

/* What a step does with a value that is asked for; NULL: nothing. */
struct question {
	const char *what; /* "divides" */
	const struct value *(*asked)(const struct path_node *n, const struct question *q);
	uint64_t number;
	const char *nothing; /* why there is no answer */
};

static const struct value *divided(const struct path_node *n, const struct question *q)
{
	(void)q;
	return n->step.divides ? &n->before->reg[RAX] : NULL;
}

static const struct value *compared(const struct path_node *n, const struct question *q)
{
	return n->step.compares && n->step.number == q->number ? &n->step.stored : NULL;
}

/* The one value that the function does something to. */
static int find_one(const struct paths *p, const struct elf_symbol *function, const struct question *q,
		    struct code_chain *ret, struct diag *d)
{
	struct code_chain found = {}, chain;
	bool any = false;

	for (size_t i = 0; i < p->order.nr; i++) {
		const struct path_node *n = node_of(p, i);
		const struct value *v = n ? q->asked(n, q) : NULL;

		if (!v)
			continue;
		if (n->step.divides && !divides_rax(n))
			return refuse(d, -ENOTSUP, q->what, function, "its high half is not known to be 0");
		if (!to_chain(v, &chain))
			return refuse_value(d, p->elf, q->what, function, v);
		if (any && !chain_equal(&found, &chain))
			return refuse_two(d, q->what, function, &found, &chain);
		found = chain;
		any = true;
	}
	if (!any)
		return refuse(d, -ENOENT, q->what, function, q->nothing);
	*ret = found;
	return 0;
}

static int ask(struct elf_file *f, const struct elf_symbol *function, const struct question *q, struct code_chain *ret,
	       struct diag *d)
{
	struct diag inner = {};
	struct paths p;
	int err = paths_follow(f, function, NULL, &p, &inner);

	if (err)
		err = refuse(d, err, q->what, function, inner.text);
	else
		err = find_one(&p, function, q, ret, d);
	paths_release(&p);
	return err;
}

int code_divides(struct elf_file *f, const struct elf_symbol *function, struct code_chain *ret, struct diag *d)
{
	const struct question q = { .what = "divides", .asked = divided, .nothing = "it divides nothing" };

	return ask(f, function, &q, ret, d);
}

int code_compares(struct elf_file *f, const struct elf_symbol *function, uint64_t number, struct code_chain *ret,
		  struct diag *d)
{
	const struct question q = { .what = "compares", .asked = compared, .number = number,
				    .nothing = "it compares nothing with that number" };

	return ask(f, function, &q, ret, d);
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
