/*
 * Lines, by libdw, in the child of symbols_line.c. What it needs is read as a whole, so nothing is tried that is larger than memory
 * likes; files that share their debug information with others (dwz) are left out, since libdw would open whatever they name.
 */
#include "target/symbols_internal.h"

#include <elfutils/libdw.h>
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "target/elf_file_internal.h"

enum { DEBUG_MAX = 1 << 30, RANGES_MAX = 1 << 22, ENTRIES_MAX = 1 << 20, DEPTH_MAX = 64 };

struct unit_range { /* of addresses, compiled from one source file */
	uint64_t start, end;
	Dwarf_Off unit;
};

struct dwarf_lines {
	Dwarf *dwarf;
	VEC(struct unit_range) ranges; /* sorted */
};

bool dwarf_lines_there(struct elf_file *f)
{
	uint64_t bytes = 0;
	bool lines = false, shared = false;
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(f->elf, &names))
		return false;
	while ((section = elf_nextscn(f->elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(f->elf, names, header.sh_name);
		if (!name)
			continue;
		lines |= !strcmp(name, ".debug_line");
		shared |= !strcmp(name, ".gnu_debugaltlink");
		if (!strncmp(name, ".debug_", strlen(".debug_")))
			bytes += header.sh_size > DEBUG_MAX ? DEBUG_MAX : header.sh_size;
	}
	return lines && !shared && bytes < DEBUG_MAX;
}

static int by_start(const void *a, const void *b)
{
	const struct unit_range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->unit > y->unit) - (x->unit < y->unit);
}

static void add_unit(struct dwarf_lines *l, Dwarf_Off unit)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;
	Dwarf_Die die;

	if (!dwarf_offdie(l->dwarf, unit, &die))
		return;
	while ((at = dwarf_ranges(&die, at, &base, &start, &end)) > 0 && l->ranges.nr < RANGES_MAX)
		if (start < end)
			vec_push(&l->ranges, ((struct unit_range){ .start = start, .end = end, .unit = unit }));
}

static void read_units(struct dwarf_lines *l)
{
	Dwarf_Off at = 0, next;
	size_t header;

	while (!dwarf_nextcu(l->dwarf, at, &next, &header, NULL, NULL, NULL) && next > at) {
		add_unit(l, at + header);
		at = next;
	}
	if (l->ranges.nr)
		qsort(l->ranges.items, l->ranges.nr, sizeof(*l->ranges.items), by_start);
}

struct dwarf_lines *dwarf_lines_open(struct elf_file *f)
{
	struct dwarf_lines *l = xcalloc(1, sizeof(*l));

	l->dwarf = dwarf_begin_elf(f->elf, DWARF_C_READ, NULL);
	if (l->dwarf)
		read_units(l);
	return l;
}

static const struct unit_range *find_range(const struct dwarf_lines *l, uint64_t address)
{
	size_t low = 0, high = l->ranges.nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->ranges.items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && l->ranges.items[low - 1].end > address ? &l->ranges.items[low - 1] : NULL;
}

/* Entries of a unit on the way to an address. */
struct search {
	uint64_t address;
	size_t left; /* to be looked at */
	Dwarf_Die call;
	bool found;
};

/* True when the search is at its end. libdw's own (dwarf_getscopes()) goes as deep as the file wants. */
static bool descend(struct search *s, Dwarf_Die *parent, unsigned int depth)
{
	Dwarf_Die die;

	if (!depth || dwarf_child(parent, &die))
		return false;
	do {
		int tag = dwarf_tag(&die);

		if (!s->left || !--s->left)
			return true;
		if (tag == DW_TAG_namespace && descend(s, &die, depth - 1))
			return true;
		if ((tag != DW_TAG_subprogram && tag != DW_TAG_lexical_block && tag != DW_TAG_inlined_subroutine) ||
		    dwarf_haspc(&die, s->address) != 1)
			continue;
		s->found = tag == DW_TAG_inlined_subroutine;
		s->call = die;
		if (!s->found)
			descend(s, &die, depth - 1);
		return true;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

static bool take_number(Dwarf_Die *die, unsigned int name, Dwarf_Word *ret)
{
	Dwarf_Attribute attribute;

	return !dwarf_formudata(dwarf_attr(die, name, &attribute), ret);
}

/*
 * The function that has the symbol may have others put into it. Its line is that of the outermost of these calls. False: there is
 * none.
 */
static bool find_call(Dwarf_Die *unit, uint64_t address, const char **ret_file, int *ret_line)
{
	struct search s = { .address = address, .left = ENTRIES_MAX };
	Dwarf_Word file, line;
	Dwarf_Files *files;
	size_t nr_files;

	descend(&s, unit, DEPTH_MAX);
	if (!s.found || !take_number(&s.call, DW_AT_call_file, &file) || !take_number(&s.call, DW_AT_call_line, &line) ||
	    line > INT32_MAX || dwarf_getsrcfiles(unit, &files, &nr_files) || file >= nr_files)
		return false;
	*ret_file = dwarf_filesrc(files, file, NULL, NULL);
	*ret_line = (int)line;
	return *ret_file;
}

static bool find_line(Dwarf_Die *unit, uint64_t address, const char **ret_file, int *ret_line)
{
	Dwarf_Line *line;

	if (find_call(unit, address, ret_file, ret_line))
		return true;
	line = dwarf_getsrc_die(unit, address);
	*ret_file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	return *ret_file && !dwarf_lineno(line, ret_line);
}

bool dwarf_lines_find(struct dwarf_lines *l, uint64_t address, const char **ret_file, int *ret_line)
{
	const struct unit_range *range = find_range(l, address);
	Dwarf_Die unit;

	/* Line 0: of no line of the source. */
	return range && dwarf_offdie(l->dwarf, range->unit, &unit) && find_line(&unit, address, ret_file, ret_line) &&
	       *ret_line > 0;
}
