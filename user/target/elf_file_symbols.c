/*
 * The symbols of an ELF file: .dynsym, and .symtab only when .dynsym has no answer (it is three times as large). Each is read
 * once. To sort 70,000 names takes longer than all that is asked of them: of each name the beginning is made a number, and a
 * question looks through these. Sorted by address when an address is first asked for.
 */
#include "target/elf_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/elf_file_internal.h"

enum { HEAD = 24 /* bytes */ };

void elf_table_release(struct elf_table *t)
{
	vec_release(&t->symbols);
	vec_release(&t->heads);
	vec_release(&t->functions);
}

static bool is_defined(const Elf64_Sym *sym)
{
	unsigned int type = ELF64_ST_TYPE(sym->st_info);

	/* Absolute symbols are versions and sizes, not places. */
	return sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS &&
	       (type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC);
}

/* Of a name, or of its beginning if it has HEAD bytes. */
static uint64_t head_of(const char *name)
{
	uint64_t word[HEAD / sizeof(uint64_t)] = {}, head = 0;

	memcpy(word, name, strnlen(name, HEAD));
	for (size_t i = 0; i < ARRAY_SIZE(word); i++)
		head = ((head ^ word[i]) * 0x9e3779b97f4a7c15ULL) ^ (head >> 29);
	return head;
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
		Elf64_Sym sym;

		/* libelf has brought it into this machine's form. */
		memcpy(&sym, (const char *)data->d_buf + i * sizeof(sym), sizeof(sym));
		if (!is_defined(&sym) || sym.st_name >= names.len)
			continue;
		vec_push(&t->symbols, ((struct elf_symbol){ .name = names.bytes + sym.st_name,
							    .address = sym.st_value,
							    .size = sym.st_size,
							    .function = ELF64_ST_TYPE(sym.st_info) != STT_OBJECT }));
		vec_push(&t->heads, head_of(names.bytes + sym.st_name));
	}
}

static struct elf_table *table(struct elf_file *f, uint32_t type)
{
	struct elf_table *t = type == SHT_DYNSYM ? &f->dynamic : &f->full;

	if (!t->read)
		read_table(f, type, t);
	return t;
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

/* Symbols whose names have the first @len bytes of @text. The caller frees *@ret. */
static size_t matches(const struct elf_table *t, const char *text, size_t len, struct elf_symbol **ret)
{
	VEC(struct elf_symbol) found = {};
	/* A short prefix says nothing of the rest of the head. */
	const bool any_head = len < HEAD && (!len || text[len - 1]);
	const uint64_t head = head_of(text);

	for (size_t i = 0; i < t->symbols.nr; i++)
		if ((any_head || t->heads.items[i] == head) && !strncmp(t->symbols.items[i].name, text, len))
			vec_push(&found, t->symbols.items[i]);
	*ret = found.items;
	return found.nr;
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

void elf_file_set_exported(struct elf_file *f, bool exported)
{
	f->exported = exported;
}

size_t elf_file_find(struct elf_file *f, const char *pattern, struct elf_symbol *symbols, size_t max)
{
	static const uint32_t types[] = { SHT_DYNSYM, SHT_SYMTAB };
	size_t len = strlen(pattern);

	/* A whole name is compared with its NUL, a prefix without its star. */
	len = len && pattern[len - 1] == '*' ? len - 1 : len + 1;
	for (size_t i = 0; i < ARRAY_SIZE(types) && !(i && f->exported && f->dynamic.symbols.nr); i++) {
		_cleanup_(freep) struct elf_symbol *all = NULL;
		size_t nr = matches(table(f, types[i]), pattern, len, &all);

		if (!nr)
			continue;
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

bool elf_file_begins(struct elf_file *f, uint64_t after, uint64_t last, struct elf_symbol *ret)
{
	static const uint32_t types[] = { SHT_DYNSYM, SHT_SYMTAB };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const struct elf_table *t = table(f, types[i]);

		for (size_t k = 0; k < t->symbols.nr; k++)
			if (t->symbols.items[k].function && t->symbols.items[k].address > after &&
			    t->symbols.items[k].address <= last) {
				*ret = t->symbols.items[k];
				return true;
			}
	}
	return false;
}
