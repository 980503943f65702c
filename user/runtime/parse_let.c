/*
 * `let` lines, and the names that they and the rows use.
 *
 *	let NAME = EXPRESSION
 */
#include "runtime/parser.h"

#include "runtime/arithmetic.h"

#include <errno.h>
#include <string.h>

int parse_let(struct parser *p)
{
	struct rt_let *let = xcalloc(1, sizeof(*let));

	vec_push(&p->rt->lets, let);
	let->at = p->lx.token.at;

	int err = lex_name(&p->lx, "a name", &let->name);

	for (size_t i = 0; !err && i + 1 < p->rt->lets.nr; i++)
		if (strcmp(p->rt->lets.items[i]->name, let->name) == 0)
			err = lex_fail(&p->lx, let->at, NULL, "'%s' is there twice, first in line %u", let->name,
				       p->rt->lets.items[i]->at.line);
	if (!err)
		err = lex_expect(&p->lx, "=");
	return err ? err : arithmetic_parse(&p->lx, let);
}

bool parse_has_let(const struct runtime *rt, const char *name)
{
	for (size_t i = 0; i < rt->lets.nr; i++)
		if (strcmp(rt->lets.items[i]->name, name) == 0)
			return true;
	return false;
}

static int name_number(const char *name)
{
	for (int i = 0; i < RT_NAMES_NR; i++)
		if (strcmp(rt_name_text((enum rt_name)i), name) == 0)
			return i;
	return -1;
}

static void add_names(struct str *s)
{
	for (int i = 0; i < RT_NAMES_NR; i++)
		str_addf(s, " %s", rt_name_text((enum rt_name)i));
}

static bool is_captured(const struct runtime *rt, const char *name)
{
	for (size_t i = 0; i < rt->rows.nr; i++)
		if (rt_row_has(&rt->rows.items[i], name))
			return true;
	return false;
}

static int check_reference(struct parser *p, size_t user, size_t name)
{
	const struct rt_let *let = p->rt->lets.items[user];
	const char *text = let->names.items[name];

	for (size_t i = 0; i < user; i++)
		if (strcmp(p->rt->lets.items[i]->name, text) == 0)
			return 0;
	if (is_captured(p->rt, text))
		return 0;
	return lex_fail(&p->lx, let->names_at.items[name], "a name is a row's value or that of a 'let' line before this one",
			"unknown name '%s'", text);
}

static bool is_used(const struct runtime *rt, const char *name)
{
	for (size_t i = 0; i < rt->lets.nr; i++)
		for (size_t k = 0; k < rt->lets.items[i]->names.nr; k++)
			if (strcmp(rt->lets.items[i]->names.items[k], name) == 0)
				return true;
	return false;
}

static int check_use(struct parser *p, const char *name, struct rt_position at)
{
	_cleanup_(str_release) struct str hint = {};

	if (name_number(name) >= 0 || is_used(p->rt, name))
		return 0;
	str_add(&hint, "no 'let' line uses it, and the names that have a meaning are:");
	add_names(&hint);
	return lex_fail(&p->lx, at, str_text(&hint), "nothing uses '%s'", name);
}

static bool has_verb(const struct runtime *rt, enum rt_verb verb)
{
	for (size_t i = 0; i < rt->rows.nr; i++)
		if (rt->rows.items[i].verb == verb)
			return true;
	return false;
}

static int check_row_names(struct parser *p, const struct rt_row *row)
{
	if (row->verb == VERB_BEGIN && !has_verb(p->rt, VERB_ALLOC))
		return lex_fail(&p->lx, row->at, "an 'alloc' row says that what has begun has succeeded",
				"there is a 'begin' row, but no 'alloc' row");
	for (size_t i = 0; i < row->values.nr; i++) {
		int err = check_use(p, row->values.items[i].name, row->values.items[i].at);

		if (err)
			return err;
	}
	return 0;
}

static int check_let_names(struct parser *p, size_t nr)
{
	for (size_t i = 0; i < p->rt->lets.items[nr]->names.nr; i++) {
		int err = check_reference(p, nr, i);

		if (err)
			return err;
	}
	return check_use(p, p->rt->lets.items[nr]->name, p->rt->lets.items[nr]->at);
}

/* What an `alloc` without a `begin` says of its pool must be all that is to be known. */
static int check_whole_alloc(struct parser *p, const struct rt_row *row)
{
	if (!p->rt->pools.nr)
		return lex_fail(&p->lx, row->at, "as in: pool 0=DEVICE", "there is no pool to allocate from: a 'pool' line is missing");
	if (p->rt->pools.nr == 1 || rt_row_names(row, RT_POOL) || parse_has_let(p->rt, rt_name_text(RT_POOL)))
		return 0;
	return lex_fail(&p->lx, row->at, "as in: pool=arg2:4, or pool=0", "from which of the %zu pools the function allocates is not said",
			p->rt->pools.nr);
}

static bool is_given(const struct parser *p, const struct rt_row *row, int nr)
{
	const char *name = rt_name_text((enum rt_name)nr);

	return rt_row_has(row, name) || parse_has_let(p->rt, name);
}

static int check_needed_one(struct parser *p, const struct rt_row *row)
{
	_cleanup_(str_release) struct str names = {};

	for (int i = 0; i < RT_NAMES_NR; i++) {
		if (!(rt_row_needs_one(row) & 1u << i))
			continue;
		if (is_given(p, row, i))
			return 0;
		str_addf(&names, "%s'%s'", names.len ? " or " : "", rt_name_text((enum rt_name)i));
	}
	if (!names.len)
		return 0;
	return lex_fail(&p->lx, row->verb_at, NULL, "'%s' needs a value %s", rt_verb_name(row->verb), str_text(&names));
}

/* What its verb needs it has, or it follows from what it has. */
static int check_needed(struct parser *p, const struct rt_row *row)
{
	for (int i = 0; i < RT_NAMES_NR; i++)
		if (rt_row_needs(row) & 1u << i && !is_given(p, row, i))
			return lex_fail(&p->lx, row->verb_at, NULL, "'%s' needs a value '%s'", rt_verb_name(row->verb),
					rt_name_text((enum rt_name)i));
	return check_needed_one(p, row);
}

/* Which rows are all of a call. */
static int find_whole(struct parser *p)
{
	bool begins = has_verb(p->rt, VERB_BEGIN);

	for (size_t i = 0; i < p->rt->rows.nr; i++) {
		struct rt_row *row = &p->rt->rows.items[i];

		if (row->returns && row->any_library && has_verb(p->rt, VERB_THROW))
			return lex_fail(&p->lx, row->at, "name it without 'in any library'",
					"no return probe in another library where a 'throw' row says that there are exceptions: they could not pass it");
		row->whole = (row->verb == VERB_ALLOC && (row->returns || !begins)) ||
			     (row->verb == VERB_FREE && !rt_row_names(row, RT_ARENA));

		int err = check_needed(p, row);

		if (!err && row->whole && row->verb == VERB_ALLOC)
			err = check_whole_alloc(p, row);

		if (err)
			return err;
	}
	return 0;
}

int parse_check_names(struct parser *p)
{
	int err = find_whole(p);

	for (size_t i = 0; !err && i < p->rt->rows.nr; i++)
		err = check_row_names(p, &p->rt->rows.items[i]);
	for (size_t i = 0; !err && i < p->rt->lets.nr; i++)
		err = check_let_names(p, i);
	return err;
}
