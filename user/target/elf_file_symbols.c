/*
 * The symbols of an ELF file: .dynsym, and .symtab only when .dynsym has no answer (it is three times
 * as large). Each is read once, sorted by name; by address when an address is first asked for.
 */
#include "target/elf_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/elf_file_internal.h"

void elf_table_release(struct elf_table *t)
{
	vec_release(&t->symbols);
	vec_release(&t->functions);
}

static bool is_defined(const GElf_Sym *sym)
{
	unsigned int type = GELF_ST_TYPE(sym->st_info);

	/* Absolute symbols are versions and sizes, not places. */
	return sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS &&
	       (type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC);
}

static int by_name(const void *a, const void *b)
{
	const struct elf_symbol *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->address > y->address) - (x->address < y->address);
}

static void read_table(struct elf_file *f, uint32_t type, struct elf_table *t)
{
	GElf_Shdr header = {};
	Elf_Data *data = elf_file_section(f, type, &header);

	t->read = true;
	if (!data)
		return;

	struct elf_names names = elf_file_names(f, header.sh_link);
	size_t nr = data->d_size / sizeof(Elf64_Sym);

	for (size_t i = 1; i < nr && i < INT32_MAX; i++) {
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || !is_defined(&sym) || sym.st_name >= names.len)
			continue;
		vec_push(&t->symbols, ((struct elf_symbol){ .name = names.bytes + sym.st_name,
							    .address = sym.st_value,
							    .size = sym.st_size,
							    .function = GELF_ST_TYPE(sym.st_info) != STT_OBJECT }));
	}
	if (t->symbols.nr)
		qsort(t->symbols.items, t->symbols.nr, sizeof(*t->symbols.items), by_name);
}

static struct elf_table *table(struct elf_file *f, uint32_t type)
{
	struct elf_table *t = type == SHT_DYNSYM ? &f->dynamic : &f->full;

	if (!t->read)
		read_table(f, type, t);
	return t;
}

/* The first symbol whose first @len bytes of name are not less (or, if @after, greater) than @text's. */
static size_t bound(const struct elf_table *t, const char *text, size_t len, bool after)
{
	size_t low = 0, high = t->symbols.nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncmp(t->symbols.items[middle].name, text, len);

		if (order < 0 || (after && !order))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int by_place(const void *a, const void *b)
{
	const struct elf_symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->function != y->function)
		return x->function ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Sorts, drops aliases, copies. Returns how many are left. */
static size_t choose(struct elf_symbol *all, size_t nr, struct elf_symbol *symbols, size_t max)
{
	size_t found = 0;

	qsort(all, nr, sizeof(*all), by_place);
	for (size_t i = 0; i < nr; i++) {
		if (i && all[i].address == all[i - 1].address)
			continue;
		if (found < max)
			symbols[found] = all[i];
		found++;
	}
	return found;
}

size_t elf_file_find(struct elf_file *f, const char *pattern, struct elf_symbol *symbols, size_t max)
{
	static const uint32_t types[] = { SHT_DYNSYM, SHT_SYMTAB };
	size_t len = strlen(pattern);

	/* A whole name is compared with its NUL, a prefix without its star. */
	len = len && pattern[len - 1] == '*' ? len - 1 : len + 1;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct elf_table *t = table(f, types[i]);
		size_t first = bound(t, pattern, len, false), nr = bound(t, pattern, len, true) - first;

		if (!nr)
			continue;

		_cleanup_(freep) struct elf_symbol *all = xreallocarray(NULL, nr, sizeof(*all));

		memcpy(all, t->symbols.items + first, nr * sizeof(*all));
		return choose(all, nr, symbols, max);
	}
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct elf_extent *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	/* The smaller is the more precise: it is found first, from behind. */
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return strcmp(y->symbol->name, x->symbol->name);
}

static void order_functions(struct elf_table *t)
{
	uint64_t reach = 0;

	t->ordered = true;
	for (size_t i = 0; i < t->symbols.nr; i++) {
		const struct elf_symbol *s = &t->symbols.items[i];

		if (s->function && s->size && s->size <= UINT64_MAX - s->address)
			vec_push(&t->functions,
				 ((struct elf_extent){
					 .address = s->address, .end = s->address + s->size, .symbol = s }));
	}
	if (t->functions.nr)
		qsort(t->functions.items, t->functions.nr, sizeof(*t->functions.items), by_address);
	for (size_t i = 0; i < t->functions.nr; i++) {
		struct elf_extent *e = &t->functions.items[i];

		if (e->end > reach)
			reach = e->end;
		e->reach = reach;
	}
}

static const struct elf_symbol *function_at(struct elf_table *t, uint64_t address)
{
	size_t low = 0, high;

	if (!t->ordered)
		order_functions(t);
	high = t->functions.nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->functions.items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low && t->functions.items[low - 1].reach > address; low--)
		if (t->functions.items[low - 1].end > address)
			return t->functions.items[low - 1].symbol;
	return NULL;
}

int elf_file_symbol_at(struct elf_file *f, uint64_t address, struct elf_symbol *ret)
{
	static const uint32_t types[] = { SHT_DYNSYM, SHT_SYMTAB };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const struct elf_symbol *s = function_at(table(f, types[i]), address);

		if (s) {
			*ret = *s;
			return 0;
		}
	}
	return -ENOENT;
}
