/*
 * `value` lines: how a layout value is found in an ELF file.
 *
 *	value NAME returned by FUNCTION [with argN=NUMBER ...]
 *	value NAME [each] passed as argN to FUNCTION by FUNCTION
 *	value NAME stored from argN:SIZE by FUNCTION
 */
#include "runtime/parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	return lex_unexpected(&p->lx, value->each ? "'passed'" : "one of: returned passed stored each");
}

static int parse_named(struct parser *p, struct rt_value *value)
{
	int err = lex_name(&p->lx, "the value's name", &value->name);

	if (err)
		return err;
	for (size_t i = 0; i < p->rt->values.nr; i++)
		if (strcmp(p->rt->values.items[i].name, value->name) == 0)
			return lex_fail(&p->lx, value->at, NULL, "value '%s' is there twice, first in line %u", value->name,
					p->rt->values.items[i].at.line);
	return parse_rule(p, value);
}

int parse_value(struct parser *p)
{
	struct rt_value value = {.at = p->lx.token.at};
	int err = parse_named(p, &value);

	if (!err) {
		vec_push(&p->rt->values, value);
		return 0;
	}
	free(value.name);
	free(value.function);
	free(value.callee);
	return err;
}
