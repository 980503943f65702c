/*
 * `value` lines: how a layout value is found in an ELF file.
 *
 *	value NAME [address] returned by FUNCTION [with argN=NUMBER ...]
 *	value NAME holds what is returned by FUNCTION [with argN=NUMBER ...]
 *	value NAME [each] [address] passed as argN to FUNCTION by FUNCTION [of argN]
 *	value NAME stored from argN:SIZE by FUNCTION
 *	value NAME divided in FUNCTION
 *	value NAME compared with NUMBER in FUNCTION
 *	value NAME read first in FUNCTION
 *
 * Before the rule, `maybe`: where a file has none of the functions, nothing is missing.
 * Where the function that shows it is named, `or FUNCTION` may follow. Lines of one name are alternatives.
 */
#include "runtime/parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ALTERNATIVES = 8 };

static int parse_pattern(struct parser *p, char **ret)
{
	return lex_pattern(&p->lx, "a function's symbol, or the beginning of one and '*'", ret);
}

/* FUNCTION [or FUNCTION ...] */
static int parse_function(struct parser *p, struct rt_value *value)
{
	int err = parse_pattern(p, &value->function);

	while (!err && lex_is(&p->lx, "or")) {
		char *other = NULL;

		if (value->others.nr == RT_MAX_OTHERS)
			return lex_fail(&p->lx, p->lx.token.at, NULL, "there are more than %d patterns behind 'or'", RT_MAX_OTHERS);
		lex_next(&p->lx);
		err = parse_pattern(p, &other);
		if (!err)
			vec_push(&value->others, other);
	}
	return err;
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
		err = parse_function(p, value);
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

	return err ? err : parse_function(p, value);
}

static int parse_compared(struct parser *p, struct rt_value *value)
{
	int err = lex_expect(&p->lx, "with");

	if (!err)
		err = lex_number(&p->lx, "a number", UINT64_MAX, &value->number);
	if (!err)
		err = lex_expect(&p->lx, "in");
	return err ? err : parse_function(p, value);
}

static int parse_read(struct parser *p, struct rt_value *value)
{
	int err = lex_expect(&p->lx, "first");

	if (!err)
		err = lex_expect(&p->lx, "in");
	return err ? err : parse_function(p, value);
}

static int parse_passed(struct parser *p, struct rt_value *value)
{
	int err = lex_expect(&p->lx, "as");

	if (!err)
		err = parse_argument(p, &value->argument);
	if (!err)
		err = lex_expect(&p->lx, "to");
	if (!err)
		err = parse_pattern(p, &value->callee);
	if (!err)
		err = lex_expect(&p->lx, "by");
	if (!err)
		err = parse_function(p, value);
	if (err || !lex_take(&p->lx, "of"))
		return err;
	return parse_argument(p, &value->object);
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
	return err ? err : parse_function(p, value);
}

static const struct value_rule {
	const char *word;
	enum rt_rule rule;
	int (*parse)(struct parser *p, struct rt_value *value);
	bool address; /* may be of an address */
} rules[] = {
	{"returned", RULE_RETURNED, parse_returned, true},
	{"passed", RULE_PASSED, parse_passed, true},
	{"stored", RULE_STORED, parse_stored, false},
	{"divided", RULE_DIVIDED, parse_divided, false},
	{"compared", RULE_COMPARED, parse_compared, false},
	{"read", RULE_READ, parse_read, false},
	{"holds", RULE_RETURNED, parse_holds, false},
};

static const struct value_rule *take_rule(struct parser *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (lex_take(&p->lx, rules[i].word))
			return &rules[i];
	return NULL;
}

static int parse_rule(struct parser *p, struct rt_value *value)
{
	struct rt_position each_at, address_at;
	const struct value_rule *rule;
	int err;

	value->maybe = lex_take(&p->lx, "maybe");
	each_at = p->lx.token.at;
	value->each = lex_take(&p->lx, "each");
	address_at = p->lx.token.at;
	value->address = lex_take(&p->lx, "address");
	rule = take_rule(p);
	if (!rule)
		return lex_unexpected(&p->lx, value->each ? "'passed'" : value->address ? "'returned' or 'passed'" :
				      "one of: returned passed stored divided compared read holds maybe each address");
	value->rule = rule->rule;
	if (value->each && value->rule != RULE_PASSED)
		return lex_fail(&p->lx, each_at, "each passed as argN to FUNCTION by FUNCTION",
				"'each' belongs to 'passed'");
	if (value->address && !rule->address)
		return lex_fail(&p->lx, address_at, NULL, "'address' belongs to 'returned' and 'passed'");
	err = rule->parse(p, value);
	return err ? err : lex_expect_end(&p->lx);
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
	if (first->address != value->address)
		return lex_fail(&p->lx, value->at, NULL, "'%s' is an 'address' in line %u and not in line %u", value->name,
				first->address ? first->at.line : value->at.line,
				first->address ? value->at.line : first->at.line);
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
	rt_value_release(&value);
	return err;
}
