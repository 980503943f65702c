/* Layout values: what the functions of a file say about them, and places made of them. */
#include "runtime/bind_parts.h"

#include "base/str.h"
#include "runtime/place.h"

#include <errno.h>
#include <string.h>

enum { VALUE_FUNCTIONS = 16, VALUE_CHAINS = 8 };

_Static_assert(sizeof(((struct bound_value *)NULL)->chain) / sizeof(struct code_chain) == VALUE_CHAINS, "chains");
_Static_assert((int)CODE_LOADS == (int)WIRE_LOADS, "what is found in code is what a probe can do");

struct found {
	struct code_chain chain[VALUE_CHAINS];
	size_t nr;
};

static int find_returned(struct elf_file *elf, const struct elf_symbol *s, const struct rt_value *v, struct found *ret,
			 struct diag *d)
{
	struct code_chain *chain = &ret->chain[0];
	int err = code_returns(elf, s, &v->constants, chain, d);

	ret->nr = 1;
	if (err || !v->holder)
		return err;
	if (chain->nr_loads < 2 || chain->load[chain->nr_loads - 2].size != 8)
		return diag_set(d, -ENOTSUP, "what it returns is not held by another object");
	chain->nr_loads--;
	return 0;
}

static int find_passed(struct elf_file *elf, const struct elf_symbol *s, const struct rt_value *v, struct found *ret,
		       struct diag *d)
{
	return code_passes(elf, s, v->callee, v->argument, ret->chain, VALUE_CHAINS, &ret->nr, d);
}

static int find_stored(struct elf_file *elf, const struct elf_symbol *s, const struct rt_value *v, struct found *ret,
		       struct diag *d)
{
	ret->nr = 1;
	return code_stores(elf, s, v->argument, v->size, &ret->chain[0], d);
}

static int find_divided(struct elf_file *elf, const struct elf_symbol *s, const struct rt_value *v, struct found *ret,
			struct diag *d)
{
	(void)v;
	ret->nr = 1;
	return code_divides(elf, s, &ret->chain[0], d);
}

static int find_compared(struct elf_file *elf, const struct elf_symbol *s, const struct rt_value *v, struct found *ret,
			 struct diag *d)
{
	ret->nr = 1;
	return code_compares(elf, s, v->number, &ret->chain[0], d);
}

static int find_read(struct elf_file *elf, const struct elf_symbol *s, const struct rt_value *v, struct found *ret,
		     struct diag *d)
{
	(void)v;
	ret->nr = 1;
	return code_reads_first(elf, s, &ret->chain[0], d);
}

static const struct {
	int (*find)(struct elf_file *elf, const struct elf_symbol *s, const struct rt_value *v, struct found *ret,
		    struct diag *d);
	const char *how;
} rules[] = {
	[RULE_RETURNED] = {find_returned, "returned by"},
	[RULE_PASSED] = {find_passed, "passed by"},
	[RULE_STORED] = {find_stored, "stored by"},
	[RULE_DIVIDED] = {find_divided, "divided in"},
	[RULE_COMPARED] = {find_compared, "compared in"},
	[RULE_READ] = {find_read, "read first in"},
};

static bool same_chain(const struct code_chain *a, const struct code_chain *b)
{
	if (a->argument != b->argument || a->nr_loads != b->nr_loads || a->plus != b->plus)
		return false;
	for (size_t i = 0; i < a->nr_loads; i++)
		if (a->load[i].offset != b->load[i].offset || a->load[i].size != b->load[i].size)
			return false;
	return true;
}

static bool same(const struct found *a, const struct found *b)
{
	for (size_t i = 0; i < a->nr && i < b->nr; i++)
		if (!same_chain(&a->chain[i], &b->chain[i]))
			return false;
	return a->nr == b->nr;
}

/* Is each load of a whole pointer, but the last one of what is no address? */
static bool follows_pointers(const struct code_chain *chain, bool address)
{
	for (size_t i = 0; i + !address < chain->nr_loads; i++)
		if (chain->load[i].size != 8)
			return false;
	return true;
}

static char *check_chain(const struct rt_value *value, const struct code_chain *chain, const char *symbol)
{
	_cleanup_(str_release) struct str text = {};

	if (chain->argument != value->object)
		return xasprintf("%s has it from its argument %d, not from its %s", symbol, chain->argument,
				 value->object ? "object" : "first");
	if (!follows_pointers(chain, value->address))
		return xasprintf("%s has it behind what is too small for a pointer", symbol);
	if (!chain->plus || value->address)
		return NULL;
	code_chain_add(&text, chain);
	return xasprintf("%s has it from the sum %s", symbol, str_text(&text));
}

/* Why what one function shows cannot be used; NULL if it can. */
static char *check_found(const struct rt_value *value, const struct found *found, const char *symbol)
{
	char *problem = NULL;

	if (found->nr > VALUE_CHAINS)
		return xasprintf("%s passes more than %d different ones", symbol, VALUE_CHAINS);
	if (found->nr != 1 && !(value->each && found->nr))
		return xasprintf("%s passes %zu different ones", symbol, found->nr);
	for (size_t i = 0; i < found->nr && !problem; i++)
		problem = check_chain(value, &found->chain[i], symbol);
	return problem;
}

/* *@ret_there: it does what the line says, whether it can be understood or not. */
static char *find_in(struct elf_file *elf, const struct elf_symbol *symbol, const struct rt_value *value,
		     struct found *ret, bool *ret_there)
{
	struct diag d = {};
	int err = rules[value->rule].find(elf, symbol, value, ret, &d);

	*ret_there |= err != -ENOENT;
	if (err)
		return xasprintf("%s: %s", symbol->name, d.text[0] ? d.text : "it does not show it");
	return check_found(value, ret, symbol->name);
}

/* All functions must agree: one that shows something else, or nothing, makes the value unknown. */
static char *find_in_all(struct elf_file *elf, const struct rt_value *value, const struct elf_symbol *symbols, size_t nr,
			 struct found *ret, bool *ret_there)
{
	for (size_t i = 0; i < nr; i++) {
		struct found found = {};
		char *problem = find_in(elf, &symbols[i], value, &found, ret_there);

		if (problem)
			return problem;
		if (i && !same(ret, &found))
			return xasprintf("%s and %s do not agree", symbols[0].name, symbols[i].name);
		*ret = found;
	}
	return NULL;
}

static void add_instruction(struct str *s, struct elf_file *elf, const struct elf_symbol *symbol)
{
	_cleanup_(str_release) struct str text = {};
	bool emulated;

	if (code_instruction(elf, symbol->address, &text, &emulated) == 0)
		str_addf(s, ", which begins '%s'", str_text(&text));
}

static char *describe(struct elf_file *elf, const struct rt_value *value, const struct elf_symbol *symbols, size_t nr)
{
	struct str s = {};

	str_addf(&s, "%s%s %s", value->holder ? "holds what is " : "", rules[value->rule].how, symbols[0].name);
	if (nr > 1)
		str_addf(&s, " and %zu more, which agree", nr - 1);
	else if (value->rule == RULE_RETURNED)
		add_instruction(&s, elf, symbols);
	return s.p;
}

static size_t find_functions_by(struct elf_file *elf, const char *pattern, struct elf_symbol *symbols)
{
	size_t all = elf_file_find(elf, pattern, symbols, VALUE_FUNCTIONS), nr = 0;

	if (all > VALUE_FUNCTIONS)
		return all;
	for (size_t i = 0; i < all; i++)
		if (symbols[i].function && !strstr(symbols[i].name, ".cold"))
			symbols[nr++] = symbols[i];
	return nr;
}

/* As in a row: a pattern counts where no function matches those before. */
static size_t find_functions(struct elf_file *elf, const struct rt_value *value, struct elf_symbol *symbols)
{
	size_t nr = find_functions_by(elf, value->function, symbols);

	for (size_t i = 0; i < value->others.nr && !nr; i++)
		nr = find_functions_by(elf, value->others.items[i], symbols);
	return nr;
}

static char *no_function(const struct rt_value *value)
{
	_cleanup_(str_release) struct str others = {};

	for (size_t i = 0; i < value->others.nr; i++)
		str_addf(&others, " or '%s'", value->others.items[i]);
	return xasprintf("no function matches '%s'%s", value->function, str_text(&others));
}

/* One line for the value. Returns why it does not show it; *@ret_there: not because what it speaks of is not in this file. */
static char *find_by_line(const struct rt_value *value, struct elf_file *elf, struct bound_value *ret, bool *ret_there)
{
	struct elf_symbol symbols[VALUE_FUNCTIONS];
	size_t nr = find_functions(elf, value, symbols);
	struct found found = {};
	char *problem;

	*ret_there = nr > VALUE_FUNCTIONS;
	if (!nr)
		return no_function(value);
	if (nr > VALUE_FUNCTIONS)
		return xasprintf("%zu symbols match '%s', more than %d", nr, value->function, VALUE_FUNCTIONS);
	problem = find_in_all(elf, value, symbols, nr, &found, ret_there);
	if (problem)
		return problem;
	ret->nr_chains = found.nr;
	for (size_t i = 0; i < found.nr; i++) {
		ret->chain[i] = found.chain[i];
		ret->chain[i].argument = 0;
	}
	ret->how = describe(elf, value, symbols, nr);
	return NULL;
}

static void add_problem(struct str *s, const char *problem)
{
	str_addf(s, "%s%s", s->len ? "; " : "", problem);
}

/* The first line that shows it. Those before it that were refused are told in any case. */
void bound_value_find(struct bound_value *ret, const struct rt_value *value, struct elf_file *elf)
{
	struct str refused = {}, absent = {};
	bool maybe = value->maybe;

	*ret = (struct bound_value){};
	for (; value && !ret->nr_chains; value = value->other) {
		bool there;
		_cleanup_(freep) char *problem = find_by_line(value, elf, ret, &there);

		if (problem)
			add_problem(there ? &refused : &absent, problem);
	}
	ret->absent = maybe && !ret->nr_chains && !refused.len;
	if (!ret->nr_chains && absent.len)
		add_problem(&refused, absent.p);
	ret->problem = refused.p;
	str_release(&absent);
}

/* NULL, or why not. */
static char *add_loads(struct code_chain *chain, const struct code_chain *more)
{
	struct code_chain both = *chain;
	int32_t *first = &both.plus;

	if (chain->nr_loads + more->nr_loads > CODE_LOADS)
		return xasprintf("it takes more than %d loads", CODE_LOADS);
	both.plus = more->plus;
	for (size_t i = 0; i < more->nr_loads; i++)
		both.load[both.nr_loads++] = more->load[i];
	if (more->nr_loads)
		first = &both.load[chain->nr_loads].offset;
	if (__builtin_add_overflow(*first, chain->plus, first))
		return xasprintf("it lies too far behind its object");
	*chain = both;
	return NULL;
}

/* Each of the chains so far, behind it each of @value's. NULL, or why not. */
static char *add_value(struct code_chain *chains, size_t max, size_t *nr, const struct bound_value *value)
{
	struct code_chain before[VALUE_CHAINS];
	size_t nr_before = *nr;

	if (nr_before * value->nr_chains > max || nr_before > VALUE_CHAINS)
		return xasprintf("there are more than %zu of it", max);
	memcpy(before, chains, nr_before * sizeof(before[0]));
	*nr = 0;
	for (size_t i = 0; i < nr_before; i++)
		for (size_t k = 0; k < value->nr_chains; k++) {
			char *problem;

			chains[*nr] = before[i];
			problem = add_loads(&chains[(*nr)++], &value->chain[k]);
			if (problem)
				return problem;
		}
	return NULL;
}

static char *add_step(const struct binding *b, struct code_chain *chains, size_t max, size_t *nr,
		      const struct rt_step *step)
{
	struct code_chain one = {.nr_loads = 1, .load = {{.offset = step->offset, .size = step->size}}};
	const struct bound_value *value = step->value >= 0 ? &b->values.items[step->value] : NULL;

	if (value && !value->nr_chains)
		return xasprintf("%s is not known: %s", b->runtime->values.items[step->value].name, value->problem);
	if (value)
		return add_value(chains, max, nr, value);
	for (size_t i = 0; i < *nr; i++) {
		char *problem = add_loads(&chains[i], &one);

		if (problem)
			return problem;
	}
	return NULL;
}

bool bound_place(const struct binding *b, const struct rt_place *place, struct code_chain *chains, size_t max,
		 size_t *ret_nr, char **ret_problem)
{
	size_t nr = 1;

	if (place->base < 0 || !max) {
		*ret_problem = xstrdup("the runtime file does not say where it lies");
		return false;
	}
	chains[0] = (struct code_chain){.argument = place->base < 6 ? place->base : 0};
	for (size_t i = 0; i < place->nr_steps; i++) {
		char *problem = add_step(b, chains, max, &nr, &place->step[i]);

		if (problem) {
			*ret_problem = problem;
			return false;
		}
	}
	*ret_nr = nr;
	return true;
}
