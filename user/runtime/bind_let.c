/* `let` lines in a row: names are looked up once, here, and a hit's values by index. */
#include "runtime/bind_parts.h"

#include "runtime/arithmetic.h"

#include <string.h>

enum { LETS = 32 };

/* Sources below BOUND_ABSENT are lets; its own inverse. */
static int let_source(int let)
{
	return BOUND_ABSENT - 1 - let;
}

static int find_source(const struct binding *b, const struct bound_row *row, const char *name, size_t nr_lets)
{
	for (size_t i = 0; i < row->names.nr; i++)
		if (strcmp(row->names.items[i], name) == 0)
			return (int)i;
	for (size_t i = 0; i < row->numbers.nr; i++)
		if (strcmp(row->numbers.items[i].name, name) == 0)
			return (int)(WIRE_VALUES + i);
	for (size_t i = 0; i < nr_lets; i++)
		if (strcmp(b->runtime->lets.items[i]->name, name) == 0)
			return let_source((int)i);
	return BOUND_ABSENT;
}

static void bind_let(const struct binding *b, struct bound_row *row, size_t nr)
{
	const struct rt_let *let = b->runtime->lets.items[nr];
	struct bound_let *bound = &row->lets[nr];
	bool known[ARITHMETIC_NAMES];

	bound->source = xcalloc(let->names.nr ? let->names.nr : 1, sizeof(*bound->source));
	bound->needs = 1u << nr;
	for (size_t i = 0; i < let->names.nr; i++) {
		int source = find_source(b, row, let->names.items[i], nr);
		const struct bound_let *other = source < BOUND_ABSENT ? &row->lets[let_source(source)] : NULL;

		bound->source[i] = source;
		known[i] = other ? other->possible : source != BOUND_ABSENT;
		bound->needs |= other ? other->needs : 0;
	}
	bound->possible = arithmetic_possible(let, known);
}

void bound_row_lets(const struct binding *b, struct bound_row *row)
{
	const struct runtime *rt = b->runtime;

	BUG_ON(rt->lets.nr > LETS);
	row->lets = xcalloc(rt->lets.nr ? rt->lets.nr : 1, sizeof(*row->lets));
	for (size_t i = 0; i < rt->lets.nr; i++) {
		bind_let(b, row, i);
		for (int name = 0; row->lets[i].possible && name < RT_NAMES_NR; name++)
			if (strcmp(rt->lets.items[i]->name, rt_name_text((enum rt_name)name)) == 0)
				row->let[name] = (int)i;
	}
}

static uint64_t low_bytes(uint64_t value, uint32_t bytes)
{
	return bytes && bytes < sizeof(value) ? value & ((1ULL << bytes * 8) - 1) : value;
}

static struct arithmetic_value hit_value(const struct bound_row *row, const struct wire_hit *hit, int slot)
{
	if (slot >= WIRE_VALUES)
		return (struct arithmetic_value){.value = row->numbers.items[slot - WIRE_VALUES].value, .known = true};
	return (struct arithmetic_value){.value = low_bytes(hit->value[slot], row->size[slot]), .known = hit->valid >> slot & 1};
}

static struct arithmetic_value run_let(const struct binding *b, const struct bound_row *row, const struct wire_hit *hit,
				       unsigned int nr, const struct arithmetic_value *lets)
{
	const struct rt_let *let = b->runtime->lets.items[nr];
	const int *source = row->lets[nr].source;
	struct arithmetic_value names[ARITHMETIC_NAMES], result = {};

	for (size_t i = 0; i < let->names.nr; i++) {
		if (source[i] >= 0)
			names[i] = hit_value(row, hit, source[i]);
		else if (source[i] == BOUND_ABSENT)
			names[i] = (struct arithmetic_value){};
		else
			names[i] = lets[let_source(source[i])];
	}
	result.known = arithmetic_run(let, names, &result.value);
	return result;
}

bool bound_row_value(const struct binding *b, const struct bound_row *row, const struct wire_hit *hit,
		     enum rt_name name, uint64_t *ret)
{
	struct arithmetic_value lets[LETS], result = {};

	if (row->slot[name] >= 0) {
		result = hit_value(row, hit, row->slot[name]);
	} else if (row->let[name] >= 0) {
		/* A let uses only earlier ones: in their order each finds what it needs, and the last is the one asked for. */
		for (uint32_t needs = row->lets[row->let[name]].needs; needs; needs &= needs - 1) {
			unsigned int nr = (unsigned int)__builtin_ctz(needs);

			result = lets[nr] = run_let(b, row, hit, nr, lets);
		}
	}
	if (result.known)
		*ret = result.value;
	return result.known;
}

uint32_t bound_row_bytes(const struct bound_row *row, enum rt_name name)
{
	int slot = row->slot[name];
	const struct wire_value *value;

	if (slot < 0 || slot >= WIRE_VALUES)
		return sizeof(uint64_t);
	value = &row->spec.value[slot];
	if (value->nr_loads)
		return value->size[value->nr_loads - 1];
	return row->size[slot] ? row->size[slot] : sizeof(uint64_t);
}

bool bound_row_succeeded(const struct bound_row *row, const struct wire_hit *hit, bool *ret)
{
	struct arithmetic_value value;

	*ret = true;
	if (row->slot[RT_OK] < 0)
		return true;
	value = hit_value(row, hit, row->slot[RT_OK]);
	*ret = (value.value == low_bytes(row->row->ok, bound_row_bytes(row, RT_OK))) != row->row->unequal;
	return value.known;
}
