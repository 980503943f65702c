/*
 * `on` lines: what a call means.
 *
 *	on FUNCTION [or FUNCTION ...] [called by FUNCTION] [maybe] VERB [NAME=PLACE ...] [lasting NAME=PLACE ...] [tag=WORD]
 *	    [in any library]
 *	on FUNCTION [or FUNCTION ...] [maybe] return VERB [NAME=PLACE ...] [ok=PLACE==NUMBER] [in any library]
 */
#include "runtime/parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>
#include "wire.h"

enum takes { TAKES_ANY, TAKES_TRACE, TAKES_NOTHING };
enum tagged { TAG_NONE, TAG_MAY, TAG_MUST };

#define NAME_BIT(NAME) (1u << RT_##NAME)

/* What a row of each verb may, and what it must have. */
static const struct {
	enum takes takes;
	unsigned int needs, either; /* NAME_BITs: all of these, one of those */
	enum tagged tagged;
	unsigned int call_flags; /* of one with `return`; 0: there is none */
} verbs[VERB_NR] = {
	[VERB_BEGIN] = {.needs = NAME_BIT(ARENA)},
	[VERB_ALLOC] = {.needs = NAME_BIT(ADDRESS), .call_flags = WIRE_RETURNS | WIRE_MAKES},
	[VERB_FREE] = {.needs = NAME_BIT(ADDRESS), .call_flags = WIRE_RETURNS | WIRE_TAKES | WIRE_AT_ENTRY},
	[VERB_CLEAR] = {.needs = NAME_BIT(ARENA), .call_flags = WIRE_RETURNS},
	[VERB_GONE] = {.needs = NAME_BIT(ARENA)},
	[VERB_NEW] = {.needs = NAME_BIT(ARENA)},
	[VERB_RESIZE] = {.needs = NAME_BIT(ARENA)},
	[VERB_THROW] = {.takes = TAKES_NOTHING},
	[VERB_CONTEXT] = {.takes = TAKES_NOTHING, .tagged = TAG_MUST},
	[VERB_CAPTURE] = {.takes = TAKES_TRACE},
	[VERB_CAPTURED] = {.takes = TAKES_TRACE, .tagged = TAG_MAY},
	[VERB_REPLAY] = {.takes = TAKES_TRACE},
	[VERB_RELEASE] = {.takes = TAKES_TRACE},
	[VERB_PROGRAM] = {.needs = NAME_BIT(PROGRAM)},
	[VERB_CB] = {.needs = NAME_BIT(ADDRESS) | NAME_BIT(BYTES)},
	[VERB_CB_FREE] = {.needs = NAME_BIT(PROGRAM)},
	[VERB_CB_VOID] = {.needs = NAME_BIT(PROGRAM)},
	[VERB_CLASH] = {.needs = NAME_BIT(ADDRESS) | NAME_BIT(END)},
	[VERB_OVERFLOW] = {.needs = NAME_BIT(ADDRESS) | NAME_BIT(END)},
	[VERB_DEVICE] = {.either = NAME_BIT(DEVICE) | NAME_BIT(OWNER), .call_flags = WIRE_RETURNS},
	[VERB_OWNER] = {.needs = NAME_BIT(DEVICE) | NAME_BIT(OWNER), .call_flags = WIRE_RETURNS},
	[VERB_PUSH] = {.either = NAME_BIT(DEVICE) | NAME_BIT(OWNER), .call_flags = WIRE_RETURNS},
	[VERB_POP] = {.call_flags = WIRE_RETURNS},
	[VERB_RETAIN] = {.needs = NAME_BIT(ADDRESS), .call_flags = WIRE_RETURNS},
	[VERB_DROP] = {.needs = NAME_BIT(ADDRESS)},
	[VERB_LOOKUP] = {.needs = NAME_BIT(NAME) | NAME_BIT(ADDRESS), .call_flags = WIRE_RETURNS},
	[VERB_TABLE] = {.needs = NAME_BIT(OWNER), .either = NAME_BIT(ITEMS) | NAME_BIT(PARENT), .call_flags = WIRE_RETURNS},
};

unsigned int rt_verb_call_flags(enum rt_verb verb)
{
	return verbs[verb].call_flags;
}

bool rt_row_names(const struct rt_row *row, enum rt_name name)
{
	return rt_row_has(row, rt_name_text(name));
}

/* What the verb needs: the pools that a call clears are those of a device. */
static unsigned int needs_of(const struct rt_row *row)
{
	return row->returns && row->verb == VERB_CLEAR ? 0 : verbs[row->verb].needs;
}

unsigned int rt_row_needs(const struct rt_row *row)
{
	/* An address may be in use in two arenas: one that is named must be known. */
	bool named = row->verb == VERB_FREE && rt_row_names(row, RT_ARENA);

	return needs_of(row) | (named ? NAME_BIT(ARENA) : 0) | (rt_row_names(row, RT_OK) ? NAME_BIT(OK) : 0);
}

unsigned int rt_row_needs_one(const struct rt_row *row)
{
	return verbs[row->verb].either;
}

const char *rt_row_pattern(const struct rt_row *row, const char *name)
{
	if (strcmp(row->symbol, name) == 0)
		return row->symbol;
	for (size_t i = 0; i < row->others.nr; i++)
		if (strcmp(row->others.items[i], name) == 0)
			return row->others.items[i];
	return NULL;
}

bool rt_row_has(const struct rt_row *row, const char *name)
{
	for (size_t i = 0; i < row->values.nr; i++)
		if (strcmp(row->values.items[i].name, name) == 0)
			return true;
	return false;
}

static int parse_verb(struct parser *p, enum rt_verb *ret)
{
	_cleanup_(str_release) struct str hint = {};

	for (int i = 0; i < VERB_NR; i++) {
		if (!lex_take(&p->lx, rt_verb_name((enum rt_verb)i)))
			continue;
		*ret = (enum rt_verb)i;
		return 0;
	}
	str_add(&hint, "verbs are:");
	for (int i = 0; i < VERB_NR; i++)
		str_addf(&hint, " %s", rt_verb_name((enum rt_verb)i));
	if (p->lx.token.kind != TOKEN_NAME)
		return lex_unexpected(&p->lx, "a verb");
	return lex_fail(&p->lx, p->lx.token.at, str_text(&hint), "unknown verb '%.*s'",
			(int)(p->lx.token.len > 60 ? 60 : p->lx.token.len), p->lx.token.p);
}

static int parse_tag(struct parser *p, struct rt_row *row)
{
	struct rt_position at = p->lx.token.at;

	lex_next(&p->lx);
	if (verbs[row->verb].tagged == TAG_NONE)
		return lex_fail(&p->lx, at, "'context' and 'captured' have one", "'%s' has no tag", rt_verb_name(row->verb));
	if (row->tag)
		return lex_fail(&p->lx, at, NULL, "the row has two tags");

	int err = lex_expect(&p->lx, "=");

	return err ? err : lex_word(&p->lx, "a tag, as tag=trace", &row->tag);
}

/* Words, to the end of the line. */
static int parse_label(struct parser *p, struct rt_row *row)
{
	struct rt_position at = p->lx.token.at;
	int err;

	lex_next(&p->lx);
	if (row->verb != VERB_CONTEXT)
		return lex_fail(&p->lx, at, "'context' has one", "'%s' has no label", rt_verb_name(row->verb));
	err = lex_expect(&p->lx, "=");
	return err ? err : lex_rest(&p->lx, "a few words, as label=trace buffer", &row->label);
}

/* May a value of this name stand here? */
static int check_name(struct parser *p, const struct rt_row *row, const struct rt_assignment *value)
{
	const char *verb = rt_verb_name(row->verb);

	if (verbs[row->verb].takes == TAKES_NOTHING)
		return lex_fail(&p->lx, value->at, NULL, "'%s' has no values", verb);
	if (verbs[row->verb].takes == TAKES_TRACE && strcmp(value->name, rt_name_text(RT_TRACE)) != 0)
		return lex_fail(&p->lx, value->at, "its one value is: trace", "'%s' has no value '%s'", verb, value->name);
	if (rt_row_has(row, value->name))
		return lex_fail(&p->lx, value->at, NULL, "'%s' is there twice", value->name);
	if (row->values.nr == WIRE_VALUES)
		return lex_fail(&p->lx, value->at, NULL, "a row may have %d values, '%s' is one too many", WIRE_VALUES,
				value->name);
	return 0;
}

/* What a value that is no place is: a number, or the name of a pool. */
static bool take_number(struct parser *p, struct rt_assignment *value)
{
	bool pool = strcmp(value->name, rt_name_text(RT_POOL)) == 0;

	value->place = (struct rt_place){.base = RT_BASE_NUMBER, .at = p->lx.token.at};
	if (p->lx.token.kind == TOKEN_NUMBER)
		return true;
	for (size_t i = 0; pool && i < p->rt->pools.nr; i++) {
		value->place.number = p->rt->pools.items[i].id;
		if (lex_take(&p->lx, p->rt->pools.items[i].name))
			return true;
	}
	return false;
}

static int parse_what(struct parser *p, const struct rt_row *row, struct rt_assignment *value)
{
	bool number = p->lx.token.kind == TOKEN_NUMBER;

	if (!take_number(p, value))
		return parse_place(p, row->returns ? place_bases_return : place_bases_row, &value->place);
	return number ? lex_number(&p->lx, "a number", UINT64_MAX, &value->place.number) : 0;
}

static int parse_named_place(struct parser *p, const struct rt_row *row, struct rt_assignment *value)
{
	int err = lex_name(&p->lx, "a value as NAME=PLACE", &value->name);

	if (!err)
		err = check_name(p, row, value);
	if (!err)
		err = lex_expect(&p->lx, "=");
	if (!err)
		err = parse_what(p, row, value);
	if (!err && place_is_several(p->rt, &value->place))
		return lex_fail(&p->lx, value->place.at, "such a value has its place in 'books arena'",
				"the place uses a value of which there may be several ('each')");
	return err;
}

/* Items of a table: `items=*arg1+8:1 each 16`, a byte of each. */
static int parse_items(struct parser *p, const struct rt_row *row, struct rt_assignment *value)
{
	const struct rt_step *last = value->place.nr_steps ? &value->place.step[value->place.nr_steps - 1] : NULL;
	bool items = strcmp(value->name, rt_name_text(RT_ITEMS)) == 0;
	uint64_t each = 0;
	int err;

	if (row->verb == VERB_LOOKUP && strcmp(value->name, rt_name_text(RT_NAME)) == 0) {
		value->each = WIRE_NAME;
		return row->values.nr ? lex_fail(&p->lx, value->at, NULL, "a lookup's first value is its name") : 0;
	}
	if (!items && !lex_is(&p->lx, "each"))
		return 0;
	if (!items || row->verb != VERB_TABLE || !last || last->value >= 0 || last->size != 1)
		return lex_fail(&p->lx, value->at, "as in: table owner=arg0 items=*arg1+8:1 each 16 count=*arg1:4",
				"'%s' is no table's items, a byte of each", value->name);
	err = lex_expect(&p->lx, "each");
	if (!err)
		err = lex_number(&p->lx, "how far the items lie behind one another", WIRE_NAME - 1, &each);
	if (!err && !each)
		err = lex_fail(&p->lx, value->at, NULL, "items cannot lie 0 bytes behind one another");
	value->each = (uint16_t)each;
	return err;
}

static int parse_assignment(struct parser *p, struct rt_row *row)
{
	struct rt_assignment value = {.at = p->lx.token.at};
	int err = parse_named_place(p, row, &value);

	if (!err)
		err = parse_items(p, row, &value);

	if (err)
		free(value.name);
	else
		vec_push(&row->values, value);
	return err;
}

/* ok=PLACE==NUMBER or ok=PLACE!=NUMBER, the number maybe below 0. */
static int parse_test(struct parser *p, struct rt_row *row)
{
	struct rt_position at = p->lx.token.at;
	bool minus;
	int err = parse_assignment(p, row);

	if (err)
		return err;
	if (!row->returns)
		return lex_fail(&p->lx, at, "as in: on FUNCTION return alloc ok=ret:4==0 ...",
				"whether a call has succeeded is known at its return");
	if (verbs[row->verb].call_flags & WIRE_AT_ENTRY)
		return lex_fail(&p->lx, at, NULL, "'%s' counts at the call: it cannot depend on its success",
				rt_verb_name(row->verb));
	row->unequal = lex_take(&p->lx, "!");
	err = lex_expect(&p->lx, "=");
	if (!err && !row->unequal)
		err = lex_expect(&p->lx, "=");
	minus = !err && lex_take(&p->lx, "-");
	if (!err)
		err = lex_number(&p->lx, "a number", minus ? INT64_MAX : UINT64_MAX, &row->ok);
	if (minus)
		row->ok = -row->ok;
	return err;
}

static int parse_any_library(struct parser *p, struct rt_row *row)
{
	int err = lex_expect(&p->lx, "in");

	if (!err)
		err = lex_expect(&p->lx, "any");
	if (!err)
		err = lex_expect(&p->lx, "library");
	row->any_library = true;
	return err || lex_is(&p->lx, "label") ? err : lex_expect_end(&p->lx);
}

/* The values from here on are read once of each arena. */
static int parse_lasting(struct parser *p, struct rt_row *row)
{
	static const char how[] = "as in: on FUNCTION begin arena=arg0 asked=arg1 lasting banks=*arg0+8:4";
	struct rt_position at = p->lx.token.at;

	if (row->lasting)
		return lex_fail(&p->lx, at, NULL, "'lasting' is there twice");
	if (row->returns || !row->values.nr || strcmp(row->values.items[0].name, rt_name_text(RT_ARENA)) != 0)
		return lex_fail(&p->lx, at, how, "what lasts does so as long as an arena, which is the row's first value");
	row->lasting = row->values.nr;
	return lex_expect(&p->lx, "lasting");
}

static int parse_row_part(struct parser *p, struct rt_row *row)
{
	bool assigned = lex_followed_by(&p->lx, '=');

	if (lex_is(&p->lx, "tag") && assigned)
		return parse_tag(p, row);
	if (lex_is(&p->lx, "label") && assigned)
		return parse_label(p, row);
	if (lex_is(&p->lx, "in") && !assigned)
		return parse_any_library(p, row);
	if (lex_is(&p->lx, "lasting") && !assigned)
		return parse_lasting(p, row);
	if (lex_is(&p->lx, "ok") && assigned)
		return parse_test(p, row);
	return parse_assignment(p, row);
}

static int check_row(struct parser *p, const struct rt_row *row)
{
	if (verbs[row->verb].tagged == TAG_MUST && !row->tag && !row->label)
		return lex_fail(&p->lx, row->verb_at, "as in: context label=kernel binaries", "'%s' needs a tag or a label",
				rt_verb_name(row->verb));
	if (row->verb == VERB_TABLE && row->values.nr > WIRE_VALUES - RT_TABLE_ITEMS / RT_VALUE_ITEMS)
		return lex_fail(&p->lx, row->verb_at, NULL, "a table has its owner, items, count, parent and ok, and no more");
	if (row->verb == VERB_LOOKUP && (!row->returns || row->any_library))
		return lex_fail(&p->lx, row->verb_at, "as in: on FUNCTION return lookup name=arg0 address=ret",
				"what a lookup has found is known at its return");
	if (row->lasting && (row->values.nr == row->lasting || row->values.nr > row->lasting + WIRE_LASTING))
		return lex_fail(&p->lx, row->verb_at, NULL, "1 to %d values are 'lasting'", WIRE_LASTING);
	if (row->any_library && row->caller)
		return lex_fail(&p->lx, row->at, NULL, "'called by' is for the file that was detected, not 'in any library'");
	return 0;
}

/* The row is about the calls that another function makes. */
static int parse_caller(struct parser *p, struct rt_row *row)
{
	int err;

	if (!lex_take(&p->lx, "called"))
		return 0;
	err = lex_expect(&p->lx, "by");
	return err ? err : lex_pattern(&p->lx, "a function's symbol, or the beginning of one and '*'", &row->caller);
}

static int parse_functions(struct parser *p, struct rt_row *row)
{
	static const char what[] = "a function's symbol, or the beginning of one and '*'";
	int err = lex_pattern(&p->lx, what, &row->symbol);

	while (!err && lex_take(&p->lx, "or")) {
		char *other = NULL;

		if (row->others.nr == RT_MAX_OTHERS)
			return lex_fail(&p->lx, p->lx.token.at, NULL, "a row may have %d functions, this one has more",
					RT_MAX_OTHERS + 1);
		err = lex_pattern(&p->lx, what, &other);
		if (!err)
			vec_push(&row->others, other);
	}
	return err;
}

static const char *mangled_of(const struct rt_row *row)
{
	const char *found = rt_is_mangled(row->symbol) ? row->symbol : NULL;

	for (size_t i = 0; i < row->others.nr && !found; i++)
		found = rt_is_mangled(row->others.items[i]) ? row->others.items[i] : NULL;
	return found;
}

/* The row is about what a call gives back. */
static int parse_return(struct parser *p, struct rt_row *row)
{
	struct rt_position at = p->lx.token.at;

	row->returns = lex_take(&p->lx, "return");
	if (!row->returns)
		return 0;
	if (row->caller)
		return lex_fail(&p->lx, at, NULL, "a row on calls ('called by') has no return");
	return 0;
}

/* A function elsewhere is not looked through when the file is: it would have a return probe. */
static int check_return_elsewhere(struct parser *p, const struct rt_row *row)
{
	if (!row->returns || !row->any_library || !mangled_of(row))
		return 0;
	return lex_fail(&p->lx, row->at, "name it without 'in any library'",
			"no return probe on a C++ function in another library: an exception could not pass it");
}

static int check_return(struct parser *p, const struct rt_row *row)
{
	if (!row->returns || verbs[row->verb].call_flags)
		return 0;
	return lex_fail(&p->lx, row->verb_at, "of these there are: alloc free clear device owner push pop retain table lookup", "there is no 'return %s'",
			rt_verb_name(row->verb));
}

static int parse_row(struct parser *p, struct rt_row *row)
{
	int err = parse_functions(p, row);

	if (!err)
		err = parse_caller(p, row);
	if (!err)
		row->maybe = lex_take(&p->lx, "maybe");
	if (!err)
		err = parse_return(p, row);
	row->verb_at = p->lx.token.at;
	if (!err)
		err = parse_verb(p, &row->verb);
	if (!err)
		err = check_return(p, row);
	while (!err && p->lx.token.kind != TOKEN_END)
		err = parse_row_part(p, row);
	if (!err)
		err = check_return_elsewhere(p, row);
	return err ? err : check_row(p, row);
}

int parse_on(struct parser *p)
{
	struct rt_row *row = vec_add(&p->rt->rows);

	*row = (struct rt_row){.at = p->lx.token.at};
	return parse_row(p, row);
}
