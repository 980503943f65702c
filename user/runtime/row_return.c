#include "runtime/row_return.h"

#include "runtime/bind_parts.h"
#include "target/ways_out.h"

#include <stdlib.h>
#include <string.h>

static bool has_throw(const struct runtime *rt)
{
	for (size_t i = 0; i < rt->rows.nr; i++)
		if (rt->rows.items[i].verb == VERB_THROW)
			return true;
	return false;
}

static bool may_throw(const struct runtime *rt, const char *symbol)
{
	return rt_is_mangled(symbol) || has_throw(rt);
}

/* A pattern may also be so short that mangled names match it. */
static bool may_be_mangled(const char *pattern)
{
	size_t len = strcspn(pattern, "*");

	if (rt_is_mangled(pattern))
		return true;
	return pattern[len] && (!strncmp(pattern, "_Z", len) || !strncmp(pattern, "__Z", len));
}

static bool row_has_ways(const struct rt_row *row)
{
	bool mangled = may_be_mangled(row->symbol);

	for (size_t i = 0; i < row->others.nr; i++)
		mangled |= may_be_mangled(row->others.items[i]);
	return mangled;
}

bool runtime_has_ways(const struct runtime *rt)
{
	bool throws = has_throw(rt);

	for (size_t i = 0; i < rt->rows.nr; i++)
		if (rt->rows.items[i].returns && (throws || row_has_ways(&rt->rows.items[i])))
			return true;
	return false;
}

static bool is_way(const struct ways_out *out, uint64_t address)
{
	for (size_t i = 0; i < out->ways.nr; i++)
		if (out->ways.items[i].address == address)
			return true;
	return false;
}

/* Entry and way out on one instruction: in which order they would be run nobody says. */
static bool separate(const struct ways_out *out, uint64_t entry, struct code_site *site)
{
	if (!is_way(out, site->address))
		return true;
	if (is_way(out, entry))
		return false;
	free(site->why);
	*site = (struct code_site){.address = entry, .why = xstrdup("the next emulated instruction is where it ends")};
	return true;
}

static bool add_ways(struct elf_file *elf, const struct ways_out *out, struct bound_row *ret)
{
	static const enum wire_way ways[] = {
		[WAY_RETURN] = WIRE_WAY_RETURN,
		[WAY_SHARED_RETURN] = WIRE_WAY_SHARED_RETURN,
		[WAY_JUMP] = WIRE_WAY_JUMP,
		[WAY_ENTRY] = WIRE_WAY_ENTRY,
	};

	for (size_t i = 0; i < out->ways.nr; i++) {
		struct bound_way way = {.way = ways[out->ways.items[i].kind]};

		if (elf_file_offset(elf, out->ways.items[i].address, &way.file_offset))
			return false;
		vec_push(&ret->ways, way);
	}
	return true;
}

void row_return(const struct runtime *rt, struct elf_file *elf, const struct elf_symbol *symbol, struct code_site *site,
		struct bound_row *ret)
{
	struct ways_out out = {};
	struct diag d = {};

	if (!ret->row->returns || !may_throw(rt, symbol->name))
		return;
	ret->by_ways = true;
	ret->spec.flags |= WIRE_BY_WAYS;
	if (code_ways_out(elf, symbol, &out, &d))
		bound_row_refuse(ret, xasprintf("exceptions may pass it, so it has no return probe, and not all ways out of it are known: %s", d.text));
	else if (!out.nr_returns)
		bound_row_refuse(ret, xstrdup("it never returns"));
	else if (!separate(&out, symbol->address, site))
		bound_row_refuse(ret, xstrdup("exceptions may pass it, so it has no return probe, and its first instruction is its last"));
	else if (!add_ways(elf, &out, ret))
		bound_row_refuse(ret, xstrdup("no bytes of the file are at one of its ways out"));
	ways_out_release(&out);
}

static bool has_return(const struct binding *b, uint64_t function_offset)
{
	for (size_t i = 0; i < b->rows.nr; i++)
		if (b->rows.items[i].probed && b->rows.items[i].row->returns && b->rows.items[i].function_offset == function_offset)
			return true;
	return false;
}

void binding_check_ways(struct binding *b)
{
	for (size_t i = 0; i < b->rows.nr; i++) {
		struct bound_row *row = &b->rows.items[i];

		for (size_t k = 0; row->probed && k < row->ways.nr; k++)
			if (row->ways.items[k].way == WIRE_WAY_ENTRY && has_return(b, row->ways.items[k].file_offset))
				bound_row_refuse(row, xstrdup("it ends in a jump to a function that has a row with 'return' of its own"));
	}
}
