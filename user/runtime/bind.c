/* A binding: which rows of a runtime have a place in an ELF file, and what a hit of one carries. */
#include "runtime/bind.h"

#include "base/str.h"
#include "runtime/bind_parts.h"
#include "runtime/row_return.h"
#include "runtime/row_site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_SYMBOLS = 32, CALL_SITES = 8 };

/* Programs have pointers that are called as the functions that they look up for themselves. */
static bool has_function(struct elf_file *elf, const char *pattern)
{
	struct elf_symbol symbols[ROW_SYMBOLS];
	size_t nr = elf_file_find(elf, pattern, symbols, ROW_SYMBOLS);

	for (size_t i = 0; i < nr && i < ROW_SYMBOLS; i++)
		if (symbols[i].function)
			return true;
	return false;
}

bool runtime_detects(const struct runtime *rt, struct elf_file *elf)
{
	bool found = has_function(elf, rt->detect);

	for (size_t i = 0; i < rt->parts.nr && !found; i++)
		found = has_function(elf, rt->parts.items[i]);
	return found;
}

static unsigned int name_bit(const char *name)
{
	for (int i = 0; i < RT_NAMES_NR; i++)
		if (strcmp(rt_name_text((enum rt_name)i), name) == 0)
			return 1u << i;
	return 0;
}

/* More than one problem of a row: one a line. Takes @more over. */
static void add_problem(struct bound_row *row, char *more)
{
	char *both = row->problem ? xasprintf("%s\n%s", row->problem, more) : more;

	if (both != more)
		free(more);
	free(row->problem);
	row->problem = both;
}

static void set_slot(struct bound_row *row, const char *name, size_t slot)
{
	unsigned int bit = name_bit(name);

	if (bit)
		row->slot[__builtin_ctz(bit)] = (int)slot;
}

static void add_value(struct bound_row *row, const char *name, const struct rt_place *place, const struct code_chain *chain)
{
	size_t nr = row->spec.nr_values++;
	struct wire_value *value = &row->spec.value[nr];

	value->base = (__u8)place->base;
	value->nr_loads = (__u8)chain->nr_loads;
	for (size_t i = 0; i < chain->nr_loads; i++) {
		value->size[i] = (__u8)chain->load[i].size;
		value->offset[i] = chain->load[i].offset;
	}
	row->size[nr] = chain->nr_loads ? 0 : place->size;
	vec_push(&row->names, name);
	set_slot(row, name, nr);
}

/* Each value of the hit has some of them. */
static void add_items(struct bound_row *row, const struct rt_assignment *a, const struct code_chain *chain)
{
	int32_t offset = chain->load[chain->nr_loads - 1].offset;
	struct code_chain way = *chain;
	size_t first = row->spec.nr_values;

	way.nr_loads--;
	for (int i = 0; i < RT_TABLE_ITEMS; i += RT_VALUE_ITEMS) {
		struct wire_value *value = &row->spec.value[row->spec.nr_values];

		add_value(row, a->name, &a->place, &way);
		value->each = a->each;
		value->offset[WIRE_LOADS - 1] = offset + i * a->each;
	}
	set_slot(row, a->name, first);
}

static void add_number(struct bound_row *row, const char *name, uint64_t number)
{
	set_slot(row, name, WIRE_VALUES + row->numbers.nr);
	vec_push(&row->numbers, ((struct bound_number){name, number}));
}

bool bound_place_absent(const struct binding *b, const struct rt_place *place)
{
	for (size_t i = 0; i < place->nr_steps; i++)
		if (place->step[i].value >= 0 && b->values.items[place->step[i].value].absent)
			return true;
	return false;
}

static void bind_values(const struct binding *b, struct bound_row *row)
{
	size_t first = 0;

	for (size_t i = 0; i < row->row->values.nr; i++) {
		const struct rt_assignment *a = &row->row->values.items[i];
		struct code_chain chain;
		char *why = NULL;
		size_t nr;

		if (i && i == row->row->lasting)
			first = row->spec.nr_values;
		if (a->place.base == RT_BASE_NUMBER) {
			add_number(row, a->name, a->place.number);
			continue;
		}
		if (bound_place(b, &a->place, &chain, 1, &nr, &why)) {
			if (a->each && a->each != WIRE_NAME) {
				add_items(row, a, &chain);
				continue;
			}
			add_value(row, a->name, &a->place, &chain);
			row->spec.value[row->spec.nr_values - 1].each = a->each;
			continue;
		}
		if (rt_row_needs(row->row) & name_bit(a->name))
			row->probed = false;
		if (!row->probed || !bound_place_absent(b, &a->place))
			add_problem(row, xasprintf("without %s: %s", a->name, why));
		free(why);
	}
	row->spec.nr_lasting = first ? (__u8)(row->spec.nr_values - first) : 0;
	bound_reads(&row->spec);
}

static struct bound_row *add_row(struct binding *b, const struct rt_row *row)
{
	struct bound_row *bound = vec_add(&b->rows);

	*bound = (struct bound_row){.row = row, .probed = true, .spec.flags = rt_verb_flags(row->verb)};
	bound->spec.flags |= row->returns ? rt_verb_call_flags(row->verb) : 0;
	for (int i = 0; i < RT_NAMES_NR; i++)
		bound->slot[i] = bound->let[i] = -1;
	return bound;
}

void bound_row_refuse(struct bound_row *row, char *why)
{
	row->probed = false;
	add_problem(row, why);
}

/* A part that the compiler has cut out of a function: it is not called by that name, or not once a call. */
static bool is_part(const char *symbol)
{
	return strstr(symbol, ".cold") || strstr(symbol, ".part.");
}

/* Two return probes on one function would tell of each call twice. */
static bool is_taken(const struct binding *b, const struct bound_row *row, const struct elf_symbol *symbol)
{
	uint64_t offset;

	if (elf_file_offset(b->elf, symbol->address, &offset))
		return false;
	for (size_t i = 0; i < b->rows.nr; i++) {
		const struct bound_row *other = &b->rows.items[i];

		if (other != row && other->probed && other->row->returns && other->function_offset == offset)
			return true;
	}
	return false;
}

static void bind_symbol(struct binding *b, const struct rt_row *row, const struct elf_symbol *symbol)
{
	struct bound_row *bound = add_row(b, row);
	struct code_site site;

	bound->symbol = symbol->name;
	bound->spec.flags |= row->caller ? WIRE_CALLING : 0;
	if (row->returns && is_taken(b, bound, symbol))
		bound_row_refuse(bound, xstrdup("another row has a return probe on this function"));
	row_site(row, b->elf, symbol, &site);
	row_return(b->runtime, b->elf, symbol, &site, bound);
	bound->site_why = site.why;
	if (elf_file_offset(b->elf, symbol->address, &bound->function_offset) ||
	    elf_file_offset(b->elf, site.address, &bound->file_offset))
		bound_row_refuse(bound, xasprintf("no bytes of the file are at its address 0x%llx",
					(unsigned long long)symbol->address));
	bind_values(b, bound);
	bound_row_lets(b, bound);
}

/* The row on the functions that match @pattern. False: there are none. */
static bool bind_pattern(struct binding *b, const struct rt_row *row, const char *pattern)
{
	struct elf_symbol symbols[ROW_SYMBOLS];
	size_t nr = elf_file_find(b->elf, pattern, symbols, ROW_SYMBOLS), bound = 0;

	if (nr > ROW_SYMBOLS) {
		bound_row_refuse(add_row(b, row), xasprintf("%zu symbols match '%s', more than %d", nr, pattern, ROW_SYMBOLS));
		return true;
	}
	for (size_t i = 0; i < nr; i++) {
		if (!symbols[i].function || is_part(symbols[i].name))
			continue;
		bind_symbol(b, row, &symbols[i]);
		bound++;
	}
	return bound;
}

/* The row on the calls of what matches @pattern in @caller. False: it calls none. */
static bool bind_calls(struct binding *b, const struct rt_row *row, const char *pattern, const struct elf_symbol *caller)
{
	uint64_t sites[CALL_SITES];
	struct diag d = {};
	size_t nr = 0;
	int err = code_calls(b->elf, caller, pattern, sites, CALL_SITES, &nr, &d);

	if (err == -ENOENT)
		return false;
	if (err)
		bound_row_refuse(add_row(b, row), xstrdup(d.text));
	for (size_t i = 0; i < nr; i++) {
		struct elf_symbol site = {.name = caller->name, .address = sites[i]};

		bind_symbol(b, row, &site);
	}
	return true;
}

/* The row on calls of @pattern. False: no caller makes one. */
static bool bind_callers(struct binding *b, const struct rt_row *row, const char *pattern, const struct elf_symbol *callers,
			 size_t nr)
{
	bool any = false;

	for (size_t i = 0; i < nr; i++)
		any |= bind_calls(b, row, pattern, &callers[i]);
	return any;
}

/* A row on calls. A file without the function that makes them has none of them: nothing is missing then. */
static void bind_called(struct binding *b, const struct rt_row *row)
{
	struct elf_symbol callers[ROW_SYMBOLS];
	size_t all = elf_file_find(b->elf, row->caller, callers, ROW_SYMBOLS), nr = 0;

	if (all > ROW_SYMBOLS) {
		bound_row_refuse(add_row(b, row), xasprintf("%zu symbols match '%s', more than %d", all, row->caller, ROW_SYMBOLS));
		return;
	}
	for (size_t i = 0; i < all; i++)
		if (callers[i].function && !is_part(callers[i].name))
			callers[nr++] = callers[i];
	if (!nr || bind_callers(b, row, row->symbol, callers, nr))
		return;
	for (size_t i = 0; i < row->others.nr; i++)
		if (bind_callers(b, row, row->others.items[i], callers, nr))
			return;
	bound_row_refuse(add_row(b, row), xasprintf("'%s' does not call what the row is about", callers[0].name));
}

static void bind_row(struct binding *b, const struct rt_row *row)
{
	_cleanup_(str_release) struct str others = {};

	if (row->caller) {
		bind_called(b, row);
		return;
	}

	if (row->any_library) {
		struct bound_row *any = add_row(b, row);

		bind_values(b, any);
		bound_row_lets(b, any);
		return;
	}
	if (bind_pattern(b, row, row->symbol))
		return;
	for (size_t i = 0; i < row->others.nr; i++) {
		if (bind_pattern(b, row, row->others.items[i]))
			return;
		str_addf(&others, " or '%s'", row->others.items[i]);
	}
	/* It may be there or not; or another part has it. */
	if (row->maybe || b->runtime->parts.nr)
		return;
	bound_row_refuse(add_row(b, row), xasprintf("no function matches '%s'%s", row->symbol, str_text(&others)));
}

/* Where objects with this vtable point to: behind the offset to the top and the type. 0: no such symbol. */
static uint64_t vtable_address(struct elf_file *elf, const char *symbol)
{
	struct elf_symbol found;

	return symbol && elf_file_find(elf, symbol, &found, 1) ? found.address + 16 : 0;
}

static void bind_vtables(struct binding *b)
{
	const struct rt_books *books = &b->runtime->books;

	for (size_t i = 0; i < books->owner_vtables.nr; i++)
		vec_push(&b->owner_vtables, vtable_address(b->elf, books->owner_vtables.items[i]));
	b->list_vtable = vtable_address(b->elf, books->list_vtable);
	for (size_t i = 0; i < RT_OBJECTS; i++)
		for (size_t k = 0; k < books->device_vtables[i].nr && !b->device_vtables[i]; k++)
			b->device_vtables[i] = vtable_address(b->elf, books->device_vtables[i].items[k]);
}

/* What lasts is read anew when an arena is made: where that is not seen, each time. */
static void bind_lasting(struct binding *b)
{
	bool seen = false;

	for (size_t i = 0; i < b->rows.nr; i++)
		seen |= b->rows.items[i].row->verb == VERB_NEW && b->rows.items[i].probed;
	for (size_t i = 0; i < b->rows.nr && !seen; i++)
		b->rows.items[i].spec.nr_lasting = 0;
}

static bool is_usable(const struct binding *b)
{
	for (size_t i = 0; i < b->rows.nr; i++) {
		const struct bound_row *row = &b->rows.items[i];
		enum rt_verb verb = row->row->verb;

		if (row->probed && (verb == VERB_BEGIN || verb == VERB_ALLOC || verb == VERB_FREE))
			return true;
	}
	return false;
}

static int not_usable(const struct binding *b, struct diag *d)
{
	_cleanup_(str_release) struct str path = {};
	const char *why = NULL;

	str_add_escaped(&path, elf_file_path(b->elf));
	for (size_t i = 0; !why && i < b->rows.nr; i++)
		why = b->rows.items[i].problem;
	diag_set(d, -ENOTSUP, "no function that allocates or frees for runtime '%s' was found in '%s'", b->runtime->name,
		 str_text(&path));
	diag_hint(d, "%s", why ? why : "the runtime file has no begin, alloc or free row");
	return -ENOTSUP;
}

/* With the values of objects, and no row. */
static struct binding *new_binding(const struct runtime *rt, struct elf_file *elf)
{
	struct binding *b = xcalloc(1, sizeof(*b));

	b->runtime = rt;
	b->elf = elf;
	for (size_t i = 0; i < rt->values.nr; i++)
		bound_value_find(vec_add(&b->values), &rt->values.items[i], elf);
	return b;
}

int binding_new(const struct runtime *rt, struct elf_file *elf, struct binding **ret, struct diag *d)
{
	struct binding *b = new_binding(rt, elf);

	for (size_t i = 0; i < rt->rows.nr; i++)
		bind_row(b, &rt->rows.items[i]);
	binding_check_ways(b);
	bind_lasting(b);
	bind_vtables(b);
	binding_devices(b);
	if (!is_usable(b)) {
		int err = not_usable(b, d);

		binding_free(b);
		return err;
	}
	*ret = b;
	return 0;
}

/* How long the function is nobody knows: the probe is at its entry. */
static void bind_found(struct binding *b, const struct rt_row *row, const char *symbol, uint64_t offset)
{
	struct bound_row *bound = add_row(b, row);

	bound->symbol = symbol;
	bound->file_offset = bound->function_offset = offset;
	bind_values(b, bound);
	bound_row_lets(b, bound);
}

struct binding *binding_new_found(const struct runtime *rt, struct elf_file *elf, const struct found_function *functions, size_t nr)
{
	struct binding *b = new_binding(rt, elf);

	for (size_t i = 0; i < rt->rows.nr; i++)
		for (size_t k = 0; k < nr; k++) {
			const char *symbol = rt_row_pattern(&rt->rows.items[i], functions[k].name);

			if (symbol && !rt->rows.items[i].any_library)
				bind_found(b, &rt->rows.items[i], symbol, functions[k].offset);
		}
	bind_lasting(b);
	return b;
}

bool binding_sees_programs(const struct binding *b)
{
	static const enum rt_verb verbs[] = {VERB_PROGRAM, VERB_CB, VERB_CB_FREE};
	size_t seen[VERB_NR] = {}, missing[VERB_NR] = {};

	for (size_t i = 0; i < b->rows.nr; i++) {
		seen[b->rows.items[i].row->verb] += b->rows.items[i].probed;
		missing[b->rows.items[i].row->verb] += !b->rows.items[i].probed;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!seen[verbs[i]] || missing[verbs[i]])
			return false;
	return true;
}

static bool has_verb(const struct binding *b, enum rt_verb verb)
{
	bool any = false, probed = false;

	for (size_t i = 0; i < b->rows.nr; i++) {
		any |= b->rows.items[i].row->verb == verb;
		probed |= b->rows.items[i].row->verb == verb && b->rows.items[i].probed;
	}
	return probed || !any;
}

/* Blocks end in one of two ways; a release of the runtime may lack one. */
static bool sees_ends(const struct binding *b)
{
	bool any = false, probed = false;

	for (size_t i = 0; i < b->rows.nr; i++) {
		enum rt_verb verb = b->rows.items[i].row->verb;

		any |= verb == VERB_FREE || verb == VERB_DROP;
		probed |= b->rows.items[i].probed && (verb == VERB_FREE || verb == VERB_DROP);
	}
	return probed || !any;
}

bool binding_is_whole(const struct binding *b)
{
	bool vtable = b->list_vtable || !b->runtime->books.present;

	for (size_t i = 0; i < b->owner_vtables.nr; i++)
		vtable |= b->owner_vtables.items[i] != 0;
	return vtable && has_verb(b, VERB_BEGIN) && has_verb(b, VERB_ALLOC) && sees_ends(b);
}

static void row_release(const struct binding *b, struct bound_row *row)
{
	for (size_t i = 0; row->lets && i < b->runtime->lets.nr; i++)
		free(row->lets[i].source);
	free(row->lets);
	vec_release(&row->names);
	vec_release(&row->numbers);
	vec_release(&row->ways);
	free(row->site_why);
	free(row->problem);
}

void binding_free(struct binding *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->values.nr; i++) {
		free(b->values.items[i].how);
		free(b->values.items[i].problem);
	}
	for (size_t i = 0; i < b->rows.nr; i++)
		row_release(b, &b->rows.items[i]);
	vec_release(&b->values);
	vec_release(&b->rows);
	vec_release(&b->owner_vtables);
	for (size_t i = 0; i < RT_DEVICE_ROLES_NR; i++)
		free(b->device_problem[i]);
	elf_file_free(b->elf);
	free(b);
}
