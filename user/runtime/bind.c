/* A binding: which rows of a runtime have a place in an ELF file, and what a hit of one carries. */
#include "runtime/bind.h"

#include "base/str.h"
#include "runtime/bind_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_SYMBOLS = 32 };

bool runtime_detects(const struct runtime *rt, struct elf_file *elf)
{
	struct elf_symbol symbol;

	return elf_file_find(elf, rt->detect, &symbol, 1) > 0;
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

static void add_value(struct bound_row *row, const char *name, int base, const struct code_chain *chain)
{
	size_t nr = row->spec.nr_values++;
	struct wire_value *value = &row->spec.value[nr];
	unsigned int bit = name_bit(name);

	value->base = (__u8)base;
	value->nr_loads = (__u8)chain->nr_loads;
	for (size_t i = 0; i < chain->nr_loads; i++) {
		value->size[i] = chain->load[i].size;
		value->offset[i] = chain->load[i].offset;
	}
	vec_push(&row->names, name);
	if (bit)
		row->slot[__builtin_ctz(bit)] = (int)nr;
}

static void bind_values(const struct binding *b, struct bound_row *row)
{
	for (size_t i = 0; i < row->row->values.nr; i++) {
		const struct rt_assignment *a = &row->row->values.items[i];
		struct code_chain chain;
		char *why = NULL;
		size_t nr;

		if (bound_place(b, &a->place, &chain, 1, &nr, &why)) {
			add_value(row, a->name, a->place.base, &chain);
			continue;
		}
		if (rt_verb_needs(row->row->verb) & name_bit(a->name))
			row->probed = false;
		add_problem(row, xasprintf("without %s: %s", a->name, why));
		free(why);
	}
}

static struct bound_row *add_row(struct binding *b, const struct rt_row *row)
{
	struct bound_row *bound = vec_add(&b->rows);

	*bound = (struct bound_row){.row = row, .probed = true, .spec.flags = rt_verb_flags(row->verb)};
	for (int i = 0; i < RT_NAMES_NR; i++)
		bound->slot[i] = bound->let[i] = -1;
	return bound;
}

static void refuse(struct bound_row *row, char *why)
{
	row->probed = false;
	add_problem(row, why);
}

/* A part that the compiler has cut out of a function: it is not called by that name, or not once a call. */
static bool is_part(const char *symbol)
{
	return strstr(symbol, ".cold") || strstr(symbol, ".part.");
}

static void bind_symbol(struct binding *b, const struct rt_row *row, const struct elf_symbol *symbol)
{
	struct bound_row *bound = add_row(b, row);

	bound->symbol = symbol->name;
	if (elf_file_offset(b->elf, symbol->address, &bound->file_offset))
		refuse(bound, xasprintf("no bytes of the file are at its address 0x%llx",
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
		refuse(add_row(b, row), xasprintf("%zu symbols match '%s', more than %d", nr, pattern, ROW_SYMBOLS));
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

static void bind_row(struct binding *b, const struct rt_row *row)
{
	_cleanup_(str_release) struct str others = {};

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
	refuse(add_row(b, row), xasprintf("no function matches '%s'%s", row->symbol, str_text(&others)));
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

int binding_new(const struct runtime *rt, struct elf_file *elf, struct binding **ret, struct diag *d)
{
	struct binding *b = xcalloc(1, sizeof(*b));

	b->runtime = rt;
	b->elf = elf;
	for (size_t i = 0; i < rt->values.nr; i++)
		bound_value_find(vec_add(&b->values), &rt->values.items[i], elf);
	for (size_t i = 0; i < rt->rows.nr; i++)
		bind_row(b, &rt->rows.items[i]);
	bind_vtables(b);
	if (!is_usable(b)) {
		int err = not_usable(b, d);

		binding_free(b);
		return err;
	}
	*ret = b;
	return 0;
}

static void row_release(const struct binding *b, struct bound_row *row)
{
	for (size_t i = 0; row->lets && i < b->runtime->lets.nr; i++)
		free(row->lets[i].source);
	free(row->lets);
	vec_release(&row->names);
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
	elf_file_free(b->elf);
	free(b);
}
