#include "view/runtimes.h"

#include "runtime/arithmetic.h"
#include "view/runtimes_advice.h"
#include "view/runtimes_device.h"
#include "runtime/place.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = RUNTIMES_WIDTH };

void runtimes_add_reason(struct str *s, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		_cleanup_(freep) char *line = xstrndup(text, len);

		str_addf(s, "  %-*s ! ", WIDTH, "");
		str_add_escaped(s, line);
		str_add_char(s, '\n');
		text += len + (text[len] == '\n');
	}
}

static void add_heading(struct str *s, const struct runtime *rt)
{
	str_add_escaped(s, rt->name);
	if (rt->about) {
		str_add(s, ": ");
		str_add_escaped(s, rt->about);
	}
	str_add(s, " (");
	str_add_escaped(s, rt->path);
	str_add(s, ")\n");
}

static void add_pools(struct str *s, const struct runtime *rt)
{
	str_add(s, "pools\n ");
	for (size_t i = 0; i < rt->pools.nr; i++)
		str_addf(s, " %llu=%s", (unsigned long long)rt->pools.items[i].id, rt->pools.items[i].name);
	str_add(s, rt->pools.nr ? "\n" : " none\n");
	if (rt->core)
		str_addf(s, "core\n  %s\n", rt->core);
}

static void add_lets(struct str *s, const struct runtime *rt)
{
	if (rt->lets.nr)
		str_add(s, "computed\n");
	for (size_t i = 0; i < rt->lets.nr; i++) {
		const struct rt_let *let = rt->lets.items[i];

		str_addf(s, "  %-*s from", WIDTH, let->name);
		for (size_t k = 0; k < let->names.nr; k++)
			str_addf(s, " %s", let->names.items[k]);
		str_addf(s, " (line %u)\n", let->at.line);
	}
}

static void add_functions(struct str *s, const struct rt_value *value)
{
	str_add(s, value->function);
	for (size_t i = 0; i < value->others.nr; i++)
		str_addf(s, " or %s", value->others.items[i]);
}

/* A `value` line as it was written. */
static void add_rule(struct str *s, const struct rt_value *value)
{
	str_addf(s, "%s%s", value->each ? "each " : "", value->address ? "address " : "");
	switch (value->rule) {
	case RULE_RETURNED:
		str_addf(s, "%sreturned by ", value->holder ? "holds what is " : "");
		add_functions(s, value);
		for (unsigned int i = 0; i < 6; i++)
			if (value->constants.known & 1u << i)
				str_addf(s, " with arg%u=%llu", i, (unsigned long long)value->constants.value[i]);
		return;
	case RULE_PASSED:
		str_addf(s, "passed as arg%d to %s by ", value->argument, value->callee);
		break;
	case RULE_DIVIDED:
		str_add(s, "divided in ");
		break;
	case RULE_STORED:
		str_addf(s, "stored from arg%d:%u by ", value->argument, value->size);
		break;
	case RULE_COMPARED:
		str_addf(s, "compared with %llu in ", (unsigned long long)value->number);
		break;
	case RULE_READ:
		str_add(s, "read first in ");
		break;
	}
	add_functions(s, value);
	if (value->object)
		str_addf(s, " of arg%d", value->object);
}

static void add_value(struct str *s, const struct rt_value *value)
{
	const char *name = value->name;

	for (; value; value = value->other, name = NULL) {
		str_addf(s, name ? "  %-*s " : "  %*s ", WIDTH, name ? name : "or");
		add_rule(s, value);
		str_add_char(s, '\n');
	}
}

/* Behind the value that tells whether a call has succeeded: how. */
static void add_test(struct str *s, const struct rt_row *row, const char *name)
{
	if (!strcmp(name, rt_name_text(RT_OK)))
		str_addf(s, " %s %lld", row->unequal ? "!=" : "==", (long long)row->ok);
}

static void add_row(struct str *s, const struct runtime *rt, const struct rt_row *row)
{
	str_addf(s, "  %-*s %s%s%s%s%s\n", WIDTH, rt_verb_name(row->verb), row->symbol, row->returns ? " return" : "",
		 row->tag ? " tag=" : "", row->tag ? row->tag : "", row->any_library ? " in any library" : "");
	for (size_t i = 0; i < row->others.nr; i++)
		str_addf(s, "  %*s %s\n", WIDTH, "or", row->others.items[i]);
	if (row->caller)
		str_addf(s, "  %*s called by %s\n", WIDTH, "", row->caller);
	if (row->label)
		str_addf(s, "  %*s %s\n", WIDTH, "label", row->label);
	for (size_t i = 0; i < row->values.nr; i++) {
		str_addf(s, "  %-*s %s = ", WIDTH, "", row->values.items[i].name);
		rt_place_add(s, rt, &row->values.items[i].place);
		if (row->values.items[i].each && row->values.items[i].each != WIRE_NAME)
			str_addf(s, " each %u", row->values.items[i].each);
		add_test(s, row, row->values.items[i].name);
		if (row->lasting && i >= row->lasting)
			str_add(s, ", once of each arena");
		str_add_char(s, '\n');
	}
}

struct role {
	const char *name;
	size_t offset;
};

static const struct role roles[] = {
	{"arena", offsetof(struct rt_books, arena)}, {"pool", offsetof(struct rt_books, pool)},
	{"banks", offsetof(struct rt_books, banks)}, {"align", offsetof(struct rt_books, align)},
	{"lists", offsetof(struct rt_books, lists)}, {"list", offsetof(struct rt_books, list)},   {"bank_bytes", offsetof(struct rt_books, bank_bytes)},
	{"base", offsetof(struct rt_books, base)},   {"grain", offsetof(struct rt_books, grain)},
	{"shrunk", offsetof(struct rt_books, shrunk)},
	{"buffers", offsetof(struct rt_books, buffers)},
	{"buffer's address", offsetof(struct rt_books, buffer[RT_BUFFER_ADDRESS])},
	{"buffer's pool", offsetof(struct rt_books, buffer[RT_BUFFER_POOL])},
	{"buffer's owner", offsetof(struct rt_books, buffer[RT_BUFFER_OWNER])},
	{"buffer's asked", offsetof(struct rt_books, buffer[RT_BUFFER_ASKED])},
	{"buffer's id", offsetof(struct rt_books, buffer[RT_BUFFER_ID])},
	{"buffer's layout", offsetof(struct rt_books, buffer[RT_BUFFER_LAYOUT])},
};

static const struct rt_place *role_place(const struct runtime *rt, const struct role *role)
{
	return (const struct rt_place *)((const char *)&rt->books + role->offset);
}

static void add_vectors(struct str *s, const struct rt_books *books)
{
	str_addf(s, "address=0x%x:%u bytes=0x%x:%u live=0x%x:%u used=0x%x:%u of the list", books->address.offset, books->address.size, books->bytes.offset, books->bytes.size, books->live.offset,
		 books->live.size, books->used.offset, books->used.size);
}

static void add_books(struct str *s, const struct runtime *rt)
{
	const struct rt_books *books = &rt->books;

	str_add(s, "books\n");
	for (size_t i = 0; i < books->owner_vtables.nr; i++)
		str_addf(s, "  %-*s vtable %s\n", WIDTH, "owner", books->owner_vtables.items[i]);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		const struct rt_place *place = role_place(rt, &roles[i]);

		if (place->base < 0)
			continue;
		str_addf(s, "  %-*s ", WIDTH, roles[i].name);
		rt_place_add(s, rt, place);
		if (place == &books->list)
			str_addf(s, " vtable %s", books->list_vtable);
		str_add_char(s, '\n');
	}
	str_addf(s, "  %-*s ", WIDTH, "blocks");
	add_vectors(s, books);
	str_add_char(s, '\n');
	view_devices(s, rt);
}

void view_runtime(struct str *s, const struct runtime *rt)
{
	add_heading(s, rt);
	str_addf(s, "found by\n  %s\n", rt->detect);
	for (size_t i = 0; i < rt->parts.nr; i++)
		str_addf(s, "  or %s: together they are one\n", rt->parts.items[i]);
	add_pools(s, rt);
	view_environment(s, rt);
	view_api(s, rt);
	str_add(s, "probes\n");
	for (size_t i = 0; i < rt->rows.nr; i++)
		add_row(s, rt, &rt->rows.items[i]);
	add_lets(s, rt);
	str_add(s, rt->values.nr ? "values\n" : "");
	for (size_t i = 0; i < rt->values.nr; i++)
		add_value(s, &rt->values.items[i]);
	if (rt->books.present)
		add_books(s, rt);
	view_advice(s, rt);
}

static void add_site(struct str *s, const struct binding *b, const struct bound_row *row)
{
	_cleanup_(str_release) struct str text = {};
	uint64_t address;
	bool emulated;

	str_addf(s, "  %-*s at 0x%llx", WIDTH, "", (unsigned long long)row->file_offset);
	if (elf_file_address(b->elf, row->file_offset, &address) == 0 &&
	    code_instruction(b->elf, address, &text, &emulated) == 0) {
		str_add(s, row->row->caller ? ": " : ": entry");
		if (row->file_offset != row->function_offset)
			str_addf(s, "+%llu", (unsigned long long)(row->file_offset - row->function_offset));
		str_add(s, row->row->caller ? "" : " ");
		str_add_escaped(s, str_text(&text));
		str_add(s, emulated ? ": emulated" : ": single-stepped, slower");
		str_addf(s, "%s%s", row->site_why ? emulated ? ", " : ": " : "", row->site_why ? row->site_why : "");
	}
	str_add_char(s, '\n');
}

/* Where it is seen what the calls give back. */
static void add_ways(struct str *s, const struct bound_row *row)
{
	size_t returns = 0, shared = 0;

	for (size_t i = 0; i < row->ways.nr; i++) {
		returns += row->ways.items[i].way == WIRE_WAY_RETURN || row->ways.items[i].way == WIRE_WAY_SHARED_RETURN;
		shared += row->ways.items[i].way == WIRE_WAY_SHARED_RETURN;
	}
	str_addf(s, "  %-*s returns at %zu ret", WIDTH, "", returns);
	if (shared)
		str_addf(s, ", %zu of what it jumps to at its end", shared);
	str_add_char(s, '\n');
}

/* "*(arg0+8):4" with the word for arg0 that belongs here. */
void view_chain(struct str *s, const struct code_chain *chain, const char *base)
{
	_cleanup_(str_release) struct str text = {};

	code_chain_add(&text, chain);

	const char *argument = strstr(str_text(&text), "arg0");

	BUG_ON(!argument);
	str_add_bytes(s, text.p, (size_t)(argument - text.p));
	str_addf(s, "%s%s", base, argument + strlen("arg0"));
}

static void add_loads(struct str *s, const struct wire_value *value)
{
	static const char *const bases[] = {"arg0", "arg1", "arg2", "arg3", "arg4", "arg5", "stack", "ret"};
	struct code_chain chain = {.nr_loads = value->nr_loads};

	for (unsigned int i = 0; i < value->nr_loads; i++) {
		chain.load[i].offset = value->offset[i];
		chain.load[i].size = value->size[i];
	}
	view_chain(s, &chain, bases[value->base]);
}

static void add_bound_row(struct str *s, const struct binding *b, const struct bound_row *row)
{
	str_addf(s, "  %-*s ", WIDTH, rt_verb_name(row->row->verb));
	str_add_escaped(s, row->symbol ? row->symbol : row->row->symbol);
	if (row->row->returns)
		str_add(s, " return");
	if (row->row->tag)
		str_addf(s, " tag=%s", row->row->tag);
	str_add(s, row->row->any_library ? " in any library\n" : "\n");
	if (row->symbol && row->probed)
		add_site(s, b, row);
	if (row->probed && row->by_ways)
		add_ways(s, row);
	for (size_t i = 0; row->probed && i < row->names.nr; i++) {
		str_addf(s, "  %-*s %s = ", WIDTH, "", row->names.items[i]);
		add_loads(s, &row->spec.value[i]);
		if (row->size[i])
			str_addf(s, ":%u", row->size[i]);
		add_test(s, row->row, row->names.items[i]);
		if (i + row->spec.nr_lasting >= row->spec.nr_values)
			str_add(s, ", once of each arena");
		str_add_char(s, '\n');
	}
	for (size_t i = 0; row->probed && i < row->numbers.nr; i++)
		str_addf(s, "  %-*s %s = %llu\n", WIDTH, "", row->numbers.items[i].name,
			 (unsigned long long)row->numbers.items[i].value);
	for (int i = 0; row->probed && i < RT_NAMES_NR; i++)
		if (row->slot[i] < 0 && row->let[i] >= 0)
			str_addf(s, "  %-*s %s computed (line %u)\n", WIDTH, "", rt_name_text((enum rt_name)i),
				 b->runtime->lets.items[row->let[i]]->at.line);
	if (!row->probed)
		str_addf(s, "  %-*s no probe\n", WIDTH, "");
	if (row->problem)
		runtimes_add_reason(s, row->problem);
}

static void add_bound_value(struct str *s, const struct rt_value *value, const struct bound_value *bound)
{
	str_addf(s, "  %-*s ", WIDTH, value->name);
	if (!bound->nr_chains) {
		str_add(s, "not known\n");
		runtimes_add_reason(s, bound->problem);
		return;
	}
	for (size_t i = 0; i < bound->nr_chains; i++) {
		str_add(s, i ? ", " : "");
		code_chain_add(s, &bound->chain[i]);
	}
	str_addf(s, "\n  %-*s ", WIDTH, "");
	str_add_escaped(s, bound->how);
	str_add_char(s, '\n');
	if (bound->problem)
		runtimes_add_reason(s, bound->problem);
}

static void vtable_part(struct books_part *part, const char *name, const char *symbol, uint64_t address)
{
	part->name = name;
	part->known = address;
	str_add(&part->text, "vtable ");
	str_add_escaped(&part->text, symbol);
	if (address)
		str_addf(&part->text, " at 0x%llx", (unsigned long long)address - 16);
	else
		str_add(&part->text, " not there");
}

static bool has_owner_vtable(const struct binding *b)
{
	for (size_t i = 0; i < b->owner_vtables.nr; i++)
		if (b->owner_vtables.items[i])
			return true;
	return false;
}

/* One of several: that others are not there is no loss. */
static void owner_part(const struct binding *b, size_t i, struct books_part *part)
{
	vtable_part(part, "owner", b->runtime->books.owner_vtables.items[i], b->owner_vtables.items[i]);
	part->known = has_owner_vtable(b) || b->list_vtable;
}

/* How owners are found where the file has none of the vtables. */
static void owner_search_part(const struct binding *b, struct books_part *part)
{
	if (has_owner_vtable(b))
		return;
	part->name = "owner";
	part->known = b->list_vtable;
	str_add(&part->text, b->list_vtable ? "by what points to its lists" : "not known");
}

static void role_part(const struct binding *b, const struct role *role, struct books_part *part)
{
	static const char *const bases[] = {"owner", "arena", "list", "buffer"};
	const struct rt_place *place = role_place(b->runtime, role);
	struct code_chain chains[8];
	size_t nr = 0;

	if (place->base < 0 || bound_place_absent(b, place))
		return;
	part->name = role->name;
	part->known = bound_place(b, place, chains, ARRAY_SIZE(chains), &nr, &part->problem);
	if (!part->known) {
		str_add(&part->text, "not known");
		return;
	}
	for (size_t i = 0; i < nr; i++) {
		str_add(&part->text, i ? ", " : "");
		view_chain(&part->text, &chains[i], bases[place->base - RT_BASE_OWNER]);
	}
}

static void blocks_part(const struct binding *b, struct books_part *part)
{
	part->name = "blocks";
	part->known = true;
	add_vectors(&part->text, &b->runtime->books);
}

bool view_books_part(const struct binding *b, size_t i, struct books_part *ret)
{
	const size_t owners = b->runtime->books.owner_vtables.nr, list = owners + 1 + ARRAY_SIZE(roles);

	*ret = (struct books_part){};
	if (i < owners)
		owner_part(b, i, ret);
	else if (i == owners)
		owner_search_part(b, ret);
	else if (i < list)
		role_part(b, &roles[i - owners - 1], ret);
	else if (i == list)
		vtable_part(ret, "list", b->runtime->books.list_vtable, b->list_vtable);
	else if (i == list + 1)
		blocks_part(b, ret);
	else
		return view_device_part(b, i - list - 2, ret);
	return true;
}

void books_part_release(struct books_part *part)
{
	str_release(&part->text);
	free(part->problem);
}

static void add_bound_books(struct str *s, const struct binding *b)
{
	struct books_part part;

	str_add(s, "books\n");
	for (size_t i = 0; view_books_part(b, i, &part); i++) {
		if (part.name)
			str_addf(s, "  %-*s %s\n", WIDTH, part.name, str_text(&part.text));
		if (part.problem)
			runtimes_add_reason(s, part.problem);
		books_part_release(&part);
	}
}

void view_binding(struct str *s, const struct binding *b)
{
	const char *build_id = elf_file_build_id(b->elf);

	add_heading(s, b->runtime);
	str_add(s, "found in\n  ");
	str_add_escaped(s, elf_file_path(b->elf));
	if (build_id[0])
		str_addf(s, " (build id %s)", build_id);
	str_add_char(s, '\n');
	add_pools(s, b->runtime);
	str_add(s, "probes\n");
	for (size_t i = 0; i < b->rows.nr; i++)
		add_bound_row(s, b, &b->rows.items[i]);
	str_add(s, b->values.nr ? "values\n" : "");
	for (size_t i = 0; i < b->values.nr; i++)
		add_bound_value(s, &b->runtime->values.items[i], &b->values.items[i]);
	if (b->runtime->books.present)
		add_bound_books(s, b);
	view_bound_advice(s, b);
}
