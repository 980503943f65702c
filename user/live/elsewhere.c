#include "live/elsewhere.h"

#include <stdlib.h>
#include <string.h>

#include "target/elf_file.h"

enum { SYMBOLS = 32 };

/* The pattern of the row that counts as @i-th, from 0. */
static const char *pattern_of(const struct rt_row *row, size_t i)
{
	return i ? row->others.items[i - 1] : row->symbol;
}

/* The first function that matches and is whole. */
static bool find_function(struct elf_file *elf, const char *pattern, uint64_t *ret_offset)
{
	struct elf_symbol symbols[SYMBOLS];
	size_t nr = elf_file_find(elf, pattern, symbols, SYMBOLS);

	for (size_t i = 0; i < nr && i < SYMBOLS; i++)
		if (symbols[i].function && !strstr(symbols[i].name, ".cold") && !strstr(symbols[i].name, ".part.") &&
		    !elf_file_offset(elf, symbols[i].address, ret_offset))
			return true;
	return false;
}

/* Take what the file has and comes before what was found so far, the @found-th pattern. */
static void look(struct elf_file *elf, const struct mapping *m, const struct rt_row *row, size_t *found,
		 struct elsewhere *ret)
{
	for (size_t i = 0; i < *found; i++) {
		if (!find_function(elf, pattern_of(row, i), &ret->offset))
			continue;
		ret->mapping = m;
		*found = i;
		return;
	}
}

static bool all_found(const size_t *found, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (found[i])
			return false;
	return true;
}

static bool same_file(const struct mapping *a, const struct mapping *b)
{
	return a->inode == b->inode && a->device == b->device;
}

static bool is_new(const mappings *maps, size_t i)
{
	const struct mapping *m = &maps->items[i];

	if (!m->inode || m->permissions[2] != 'x')
		return false;
	for (size_t k = 0; k < i; k++)
		if (maps->items[k].permissions[2] == 'x' && same_file(&maps->items[k], m))
			return false;
	return true;
}

void elsewhere_find(int pid, const mappings *maps, const struct rt_row *const *rows, size_t nr, struct elsewhere *ret)
{
	_cleanup_(freep) size_t *found = xcalloc(nr ? nr : 1, sizeof(*found));

	for (size_t i = 0; i < nr; i++) {
		found[i] = 1 + rows[i]->others.nr;
		ret[i] = (struct elsewhere){};
	}
	for (size_t i = 0; i < maps->nr && !all_found(found, nr); i++) {
		_cleanup_(freep) char *path = is_new(maps, i) ? mapping_file(pid, &maps->items[i]) : NULL;
		struct elf_file *elf;

		if (!path || elf_file_open(path, &elf, NULL))
			continue;
		for (size_t k = 0; k < nr; k++)
			look(elf, &maps->items[i], rows[k], &found[k], &ret[k]);
		elf_file_free(elf);
	}
}
