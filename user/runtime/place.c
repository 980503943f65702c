/* Places: where a value lies, as `*free_list(arg0)+0x20:8`. */
#include "runtime/parser.h"
#include "runtime/place.h"

#include <errno.h>
#include <string.h>

#include <linux/types.h>
#include "wire.h"

enum { PLACE_DEPTH = 16 };

const struct place_base place_bases_row[] = {
	{"arg0", WIRE_ARG0},	 {"arg1", WIRE_ARG0 + 1}, {"arg2", WIRE_ARG0 + 2},
	{"arg3", WIRE_ARG0 + 3}, {"arg4", WIRE_ARG0 + 4}, {"arg5", WIRE_ARG0 + 5},
	{"stack", WIRE_STACK},	 {},
};

const struct place_base place_bases_return[] = {
	{"arg0", WIRE_ARG0},	 {"arg1", WIRE_ARG0 + 1}, {"arg2", WIRE_ARG0 + 2},
	{"arg3", WIRE_ARG0 + 3}, {"arg4", WIRE_ARG0 + 4}, {"arg5", WIRE_ARG0 + 5},
	{"stack", WIRE_STACK},	 {"ret", WIRE_RETURN},	  {},
};

static const struct place_base bases_books[] = {
	{"owner", RT_BASE_OWNER},   {"arena", RT_BASE_ARENA}, {"list", RT_BASE_LIST},
	{"buffer", RT_BASE_BUFFER}, {"mesh", RT_BASE_MESH},   {"handle", RT_BASE_HANDLE},
	{"chip", RT_BASE_CHIP},	    {},
};

int parse_argument(struct parser *p, int *ret)
{
	for (int i = 0; i < 6; i++) {
		if (!lex_take(&p->lx, place_bases_row[i].name))
			continue;
		*ret = i;
		return 0;
	}
	return lex_unexpected(&p->lx, "an argument: arg0 to arg5");
}

int parse_size(struct parser *p, uint32_t *ret)
{
	struct rt_position at = p->lx.token.at;
	uint64_t size;
	int err = lex_number(&p->lx, "a size: 1, 2, 4 or 8", 8, &size);

	if (err)
		return err;
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return lex_fail(&p->lx, at, "expected a size: 1, 2, 4 or 8", "'%d' is not a size", (int)size);
	*ret = (uint32_t)size;
	return 0;
}

static int unknown_name(struct parser *p, const struct place_base *bases)
{
	_cleanup_(str_release) struct str hint = {};
	const struct token *t = &p->lx.token;

	if (t->kind != TOKEN_NAME && !lex_is(&p->lx, "*"))
		return lex_unexpected(&p->lx, "a place, as arg0, *arg0+8:4 or value(arg0)");
	str_add(&hint, "a place begins with '*', '(' or one of:");
	for (const struct place_base *b = bases; b->name; b++)
		str_addf(&hint, " %s", b->name);
	for (size_t i = 0; i < p->rt->values.nr; i++)
		str_addf(&hint, " %s()", p->rt->values.items[i].name);
	return lex_fail(&p->lx, t->at, str_text(&hint), "unknown %s '%.*s'",
			lex_followed_by(&p->lx, '(') ? "value" : "name", (int)(t->len > 60 ? 60 : t->len), t->p);
}

static int add_step(struct parser *p, struct rt_place *place, struct rt_step step)
{
	_Static_assert((int)RT_STEPS == (int)WIRE_LOADS, "a step is at least one load, but for values that are arguments");
	if (place->nr_steps == RT_STEPS)
		return lex_fail(&p->lx, place->at, NULL, "a place may have %d loads, this one has more", RT_STEPS);
	place->step[place->nr_steps++] = step;
	return 0;
}

/* What may stand behind a load: +OFFSET or -OFFSET, :SIZE. */
static int parse_load(struct parser *p, struct rt_place *place)
{
	struct rt_step step = {.value = -1, .size = 8};
	bool minus = lex_is(&p->lx, "-");
	uint64_t offset = 0;
	int err = 0;

	if (lex_take(&p->lx, "+") || lex_take(&p->lx, "-"))
		err = lex_number(&p->lx, "an offset", INT32_MAX, &offset);
	if (!err && lex_take(&p->lx, ":"))
		err = parse_size(p, &step.size);
	if (err)
		return err;
	step.offset = minus ? -(int32_t)offset : (int32_t)offset;
	return add_step(p, place, step);
}

static int find_value(const struct parser *p)
{
	for (size_t i = 0; i < p->rt->values.nr; i++)
		if (lex_is(&p->lx, p->rt->values.items[i].name))
			return (int)i;
	return -1;
}

static int parse_operand(struct parser *p, const struct place_base *bases, struct rt_place *place, unsigned int depth);

static int parse_parentheses(struct parser *p, const struct place_base *bases, struct rt_place *place, unsigned int depth)
{
	int err = lex_expect(&p->lx, "(");

	if (!err)
		err = parse_operand(p, bases, place, depth);
	return err ? err : lex_expect(&p->lx, ")");
}

static int parse_call(struct parser *p, const struct place_base *bases, struct rt_place *place, unsigned int depth)
{
	struct rt_step step = {.value = find_value(p)};

	if (step.value < 0)
		return unknown_name(p, bases);
	lex_next(&p->lx);

	int err = parse_parentheses(p, bases, place, depth);

	return err ? err : add_step(p, place, step);
}

static int parse_base(struct parser *p, const struct place_base *bases, struct rt_place *place)
{
	for (const struct place_base *b = bases; b->name; b++) {
		if (!lex_take(&p->lx, b->name))
			continue;
		place->base = b->base;
		return 0;
	}
	return unknown_name(p, bases);
}

static int parse_operand(struct parser *p, const struct place_base *bases, struct rt_place *place, unsigned int depth)
{
	if (depth == PLACE_DEPTH)
		return lex_fail(&p->lx, p->lx.token.at, NULL, "the place is nested too deeply");
	if (lex_take(&p->lx, "*")) {
		int err = parse_operand(p, bases, place, depth + 1);

		return err ? err : parse_load(p, place);
	}
	if (lex_is(&p->lx, "("))
		return parse_parentheses(p, bases, place, depth + 1);
	if (p->lx.token.kind == TOKEN_NAME && lex_followed_by(&p->lx, '('))
		return parse_call(p, bases, place, depth + 1);
	return parse_base(p, bases, place);
}

/* A place that ends at an address is none: nothing is read there. */
static int check_end(struct parser *p, const struct rt_place *place)
{
	int value = place->nr_steps ? place->step[place->nr_steps - 1].value : -1;
	const struct rt_value *last = value >= 0 ? &p->rt->values.items[value] : NULL;

	if (!last || !last->address)
		return 0;
	return lex_fail(&p->lx, place->at, "'*' loads what lies there", "'%s' is an address: write *%s(...)", last->name, last->name);
}

static bool is_register(const struct rt_place *place)
{
	return (place->base >= WIRE_ARG0 && place->base < WIRE_STACK) || place->base == WIRE_RETURN;
}

int parse_place(struct parser *p, const struct place_base *bases, struct rt_place *ret)
{
	struct rt_place place = {.base = -1, .at = p->lx.token.at};
	int err = parse_operand(p, bases, &place, 0);

	if (!err)
		err = check_end(p, &place);
	if (!err && !place.nr_steps && is_register(&place) && lex_take(&p->lx, ":"))
		err = parse_size(p, &place.size);
	if (!err && lex_is(&p->lx, ":"))
		err = lex_fail(&p->lx, p->lx.token.at, "only a load or a register has a size, as in *arg0:4 or arg0:4",
			       "unexpected ':'");
	if (!err)
		*ret = place;
	return err;
}

bool place_is_several(const struct runtime *rt, const struct rt_place *place)
{
	for (size_t i = 0; i < place->nr_steps; i++)
		if (place->step[i].value >= 0 && rt->values.items[place->step[i].value].each)
			return true;
	return false;
}

static const char *base_name(int base)
{
	const struct place_base *tables[] = {place_bases_return, bases_books};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct place_base *b = tables[i]; b->name; b++)
			if (b->base == base)
				return b->name;
	return "?";
}

/* Only the load of a load is in parentheses: what stands behind would be taken for the inner one. */
static void add_load(struct str *s, const struct rt_step *step, bool inner)
{
	if (inner)
		str_add(s, ")");
	if (step->offset)
		str_addf(s, "%c0x%llx", step->offset < 0 ? '-' : '+', llabs((long long)step->offset));
	if (step->size != 8)
		str_addf(s, ":%u", step->size);
}

void rt_place_add(struct str *s, const struct runtime *rt, const struct rt_place *place)
{
	if (place->base == RT_BASE_NUMBER) {
		str_addf(s, "%llu", (unsigned long long)place->number);
		return;
	}
	for (size_t i = place->nr_steps; i-- > 0;) {
		const struct rt_step *step = &place->step[i];

		if (step->value >= 0)
			str_addf(s, "%s(", rt->values.items[step->value].name);
		else
			str_add(s, i > 0 && place->step[i - 1].value < 0 ? "*(" : "*");
	}
	str_add(s, base_name(place->base));
	if (place->size)
		str_addf(s, ":%u", place->size);
	for (size_t i = 0; i < place->nr_steps; i++) {
		const struct rt_step *step = &place->step[i];

		if (step->value >= 0)
			str_add(s, ")");
		else
			add_load(s, step, i > 0 && place->step[i - 1].value < 0);
	}
}
