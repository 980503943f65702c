/* Functions by address: all tables of symbols that there are, in one sorted array. */
#include "target/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/demangle.h"
#include "target/elf_file_internal.h"
#include "target/symbols_internal.h"

/* Functions within functions, from the inner to the outer: assemblers write two or three. */
enum { NESTED_MAX = 64 };

struct symbols *symbols_new(struct elf_file *f, const struct symbol_folders *folders)
{
	struct symbols *s = xcalloc(1, sizeof(*s));

	s->file = f;
	s->folders = *folders;
	return s;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	for (struct map_entry *e = map_next(&s->names, NULL); e; e = map_next(&s->names, e))
		free(e->pointer);
	map_release(&s->names);
	vec_release(&s->extents);
	symbol_lines_free(s->lines);
	cfi_free(s->cfi);
	elf_file_free(s->packed);
	elf_file_free(s->debug);
	free(s);
}

/* ---- reading ---- */

static bool is_function(const Elf64_Sym *sym)
{
	unsigned int type = ELF64_ST_TYPE(sym->st_info);

	return sym->st_shndx != SHN_UNDEF && sym->st_shndx < SHN_LORESERVE && sym->st_value &&
	       (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE);
}

static void add_table(struct symbols *s, struct elf_file *f, uint32_t type)
{
	GElf_Shdr header = {};
	Elf_Data *data = elf_file_section(f, type, &header);
	struct elf_names names = data ? elf_file_names(f, header.sh_link) : (struct elf_names){};
	size_t nr = data ? data->d_size / sizeof(Elf64_Sym) : 0;

	for (size_t i = 1; i < nr; i++) {
		Elf64_Sym sym;
		struct symbol_extent *e;

		memcpy(&sym, (const char *)data->d_buf + i * sizeof(sym), sizeof(sym));
		if (!is_function(&sym) || sym.st_name >= names.len || !names.bytes[sym.st_name] ||
		    sym.st_size > UINT64_MAX - sym.st_value)
			continue;
		e = vec_add(&s->extents);
		*e = (struct symbol_extent){ .start = sym.st_value,
					     .end = sym.st_value + sym.st_size,
					     .name = names.bytes + sym.st_name,
					     .local = ELF64_ST_BIND(sym.st_info) == STB_LOCAL };
	}
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/* Of several names for the same bytes the one that people know: exported, "malloc" rather than "__libc_malloc". */
static int by_name(const struct symbol_extent *a, const struct symbol_extent *b)
{
	size_t x, y;

	if (a->local != b->local)
		return a->local ? 1 : -1;
	if ((x = underscores(a->name)) != (y = underscores(b->name)))
		return x < y ? -1 : 1;
	if ((x = strlen(a->name)) != (y = strlen(b->name)))
		return x < y ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* The inner ones last. */
static int by_place(const void *a, const void *b)
{
	const struct symbol_extent *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return by_name(x, y);
}

static void order(struct symbols *s)
{
	size_t nr = 0;
	uint64_t reach = 0;

	if (s->extents.nr)
		qsort(s->extents.items, s->extents.nr, sizeof(*s->extents.items), by_place);
	for (size_t i = 0; i < s->extents.nr; i++) {
		struct symbol_extent e = s->extents.items[i];

		if (nr && s->extents.items[nr - 1].start == e.start && s->extents.items[nr - 1].end == e.end)
			continue;
		reach = e.end > reach ? e.end : reach;
		e.reach = reach;
		s->extents.items[nr++] = e;
	}
	s->extents.nr = nr;
}

static void read_all(struct symbols *s)
{
	GElf_Shdr header;
	struct elf_file *debug;

	s->read = true;
	add_table(s, s->file, SHT_DYNSYM);
	if (elf_file_section(s->file, SHT_SYMTAB, &header)) {
		add_table(s, s->file, SHT_SYMTAB);
	} else if ((debug = symbols_debug_file(s))) {
		add_table(s, debug, SHT_SYMTAB);
	} else if ((s->packed = symbols_packed(s->file))) {
		add_table(s, s->packed, SHT_SYMTAB);
	}
	order(s);
}

/* ---- finding ---- */

/* How many begin at @address or before it. */
static size_t count_to(const struct symbols *s, uint64_t address)
{
	size_t low = 0, high = s->extents.nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->extents.items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Without a size a symbol is the function's that begins with it. */
static const struct symbol_extent *find_unsized(struct symbols *s, uint64_t address)
{
	const struct symbol_extent *e;
	uint64_t start, end;
	size_t nr;

	if (!s->cfi_looked) {
		s->cfi_looked = true;
		if (cfi_open(s->file, &s->cfi, NULL))
			s->cfi = NULL;
	}
	if (!s->cfi || cfi_function(s->cfi, address, &start, &end) || !(nr = count_to(s, start)))
		return NULL;
	e = &s->extents.items[nr - 1];
	return e->start == start && e->end == start ? e : NULL;
}

static const struct symbol_extent *find(struct symbols *s, uint64_t address)
{
	size_t last = count_to(s, address);

	for (size_t i = last; i && last - i < NESTED_MAX && s->extents.items[i - 1].reach > address; i--)
		if (s->extents.items[i - 1].end > address)
			return &s->extents.items[i - 1];
	return find_unsized(s, address);
}

static const char *name_of(struct symbols *s, const struct symbol_extent *e)
{
	bool is_new;
	struct map_entry *known = map_put(&s->names, (uint64_t)(e - s->extents.items), 0, &is_new);

	if (is_new) {
		struct str text = {};

		demangle_add(&text, e->name);
		known->pointer = text.p;
	}
	return known->pointer;
}

int symbols_at(struct symbols *s, uint64_t address, const char **ret_name, uint64_t *ret_start)
{
	const struct symbol_extent *e;

	if (!s->read)
		read_all(s);
	e = find(s, address);
	if (!e)
		return -ENOENT;
	*ret_name = name_of(s, e);
	*ret_start = e->start;
	return 0;
}
