/*
 * `value` lines: how a layout value is found in an ELF file.
 *
 *	value NAME returned by FUNCTION [with argN=NUMBER ...]
 *	value NAME holds what is returned by FUNCTION [with argN=NUMBER ...]
 *	value NAME [each] passed as argN to FUNCTION by FUNCTION
 *	value NAME stored from argN:SIZE by FUNCTION
 *	value NAME divided in FUNCTION
 *
 * Lines of one name are alternatives.
 */
#include "runtime/parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ALTERNATIVES = 8 };

static int parse_function(struct parser *p, char **ret)
{
	return lex_pattern(&p->lx, "a function's symbol, or the beginning of one and '*'", ret);
}

static int parse_constant(struct parser *p, struct code_constants *constants)
{
	struct rt_position at = p->lx.token.at;
	uint64_t number = 0;
	int argument = 0;
	int err = parse_argument(p, &argument);

	if (!err)
		err = lex_expect(&p->lx, "=");
	if (!err)
		err = lex_number(&p->lx, "a number", UINT64_MAX, &number);
	if (err)
		return err;
	if (constants->known & 1u << argument)
		return lex_fail(&p->lx, at, NULL, "arg%d is there twice", argument);
	constants->known |= 1u << argument;
	constants->value[argument] = number;
	return 0;
}

static int parse_returned(struct parser *p, struct rt_value *value)
{
	int err = lex_expect(&p->lx, "by");

	if (!err)
		err = parse_function(p, &value->function);
	if (err || !lex_take(&p->lx, "with"))
		return err;
	do {
		err = parse_constant(p, &value->constants);
	} while (!err && p->lx.token.kind != TOKEN_END);
	return err;
}

static int parse_holds(struct parser *p, struct rt_value *value)
{
	static const char *const words[] = {"what", "is", "returned"};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(words); i++)
		err = lex_expect(&p->lx, words[i]);
	value->holder = true;
	return err ? err : parse_returned(p, value);
}

static int parse_divided(struct parser *p, struct rt_value *value)
{
	int err = lex_expect(&p->lx, "in");

	return err ? err : parse_function(p, &value->function);
}

static int parse_passed(struct parser *p, struct rt_value *value)
{
	int err = lex_expect(&p->lx, "as");

	if (!err)
		err = parse_argument(p, &value->argument);
	if (!err)
		err = lex_expect(&p->lx, "to");
	if (!err)
		err = parse_function(p, &value->callee);
	if (!err)
		err = lex_expect(&p->lx, "by");
	return err ? err : parse_function(p, &value->function);
}

static int parse_stored(struct parser *p, struct rt_value *value)
{
	int err = lex_expect(&p->lx, "from");

	if (!err)
		err = parse_argument(p, &value->argument);
	if (!err)
		err = lex_expect(&p->lx, ":");
	if (!err)
		err = parse_size(p, &value->size);
	if (!err)
		err = lex_expect(&p->lx, "by");
	return err ? err : parse_function(p, &value->function);
}

static const struct {
	const char *word;
	enum rt_rule rule;
	int (*parse)(struct parser *p, struct rt_value *value);
} rules[] = {
	{"returned", RULE_RETURNED, parse_returned},
	{"passed", RULE_PASSED, parse_passed},
	{"stored", RULE_STORED, parse_stored},
	{"divided", RULE_DIVIDED, parse_divided},
	{"holds", RULE_RETURNED, parse_holds},
};

static int parse_rule(struct parser *p, struct rt_value *value)
{
	struct rt_position each_at = p->lx.token.at;

	value->each = lex_take(&p->lx, "each");
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!lex_take(&p->lx, rules[i].word))
			continue;
		value->rule = rules[i].rule;
		if (value->each && value->rule != RULE_PASSED)
			return lex_fail(&p->lx, each_at, "each passed as argN to FUNCTION by FUNCTION",
					"'each' belongs to 'passed'");

		int err = rules[i].parse(p, value);

		return err ? err : lex_expect_end(&p->lx);
	}
	return lex_unexpected(&p->lx, value->each ? "'passed'" : "one of: returned passed stored divided holds each");
}

static struct rt_value *find_named(const struct parser *p, const char *name)
{
	for (size_t i = 0; i < p->rt->values.nr; i++)
		if (strcmp(p->rt->values.items[i].name, name) == 0)
			return &p->rt->values.items[i];
	return NULL;
}

/* Behind the last line of its name. A place that was read before must not become several. */
static int check_alternative(struct parser *p, const struct rt_value *first, const struct rt_value *value)
{
	unsigned int nr = 1;

	if (first->each != value->each)
		return lex_fail(&p->lx, value->at, NULL, "'%s' is 'each' in line %u and not in line %u", value->name,
				first->each ? first->at.line : value->at.line,
				first->each ? value->at.line : first->at.line);
	for (; first->other; first = first->other)
		nr++;
	if (nr == ALTERNATIVES)
		return lex_fail(&p->lx, value->at, NULL, "there are more than %d lines for value '%s'", ALTERNATIVES,
				value->name);
	return 0;
}

static int add_value(struct parser *p, const struct rt_value *value)
{
	struct rt_value *last = find_named(p, value->name);

	if (!last) {
		if (p->rt->values.nr == RT_MAX_VALUES)
			return lex_fail(&p->lx, value->at, NULL, "there are more than %d values", RT_MAX_VALUES);
		vec_push(&p->rt->values, *value);
		return 0;
	}

	int err = check_alternative(p, last, value);

	if (err)
		return err;
	while (last->other)
		last = last->other;
	last->other = xmalloc(sizeof(*value));
	*last->other = *value;
	return 0;
}

int parse_value(struct parser *p)
{
	struct rt_value value = {.at = p->lx.token.at};
	int err = lex_name(&p->lx, "the value's name", &value.name);

	if (!err)
		err = parse_rule(p, &value);
	if (!err)
		err = add_value(p, &value);
	if (!err)
		return 0;
	free(value.name);
	free(value.function);
	free(value.callee);
	return err;
}
