#include "live/elsewhere.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/row_site.h"

enum { SYMBOLS = 32 };

/* The pattern of the row that counts as @i-th, from 0. */
static const char *pattern_of(const struct rt_row *row, size_t i)
{
	return i ? row->others.items[i - 1] : row->symbol;
}

static bool find_site(struct elf_file *elf, const struct rt_row *row, const struct elf_symbol *symbol, uint64_t *ret_offset)
{
	struct code_site site;
	bool found;

	/* A return probe would stop exceptions. */
	if (row->returns && rt_is_mangled(symbol->name))
		return false;
	row_site(row, elf, symbol, &site);
	found = !elf_file_offset(elf, site.address, ret_offset);
	code_site_release(&site);
	return found;
}

/* The first function that matches and is whole, and its probe's place; NULL: there is none. */
static const char *find_function(struct elf_file *elf, const struct rt_row *row, const char *pattern, uint64_t *ret_offset)
{
	struct elf_symbol symbols[SYMBOLS];
	size_t nr = elf_file_find(elf, pattern, symbols, SYMBOLS);

	for (size_t i = 0; i < nr && i < SYMBOLS; i++)
		if (symbols[i].function && !strstr(symbols[i].name, ".cold") && !strstr(symbols[i].name, ".part.") &&
		    find_site(elf, row, &symbols[i], ret_offset))
			return symbols[i].name;
	return NULL;
}

static void look_for_row(struct elf_file *elf, const struct rt_row *row, struct elsewhere_file *ret)
{
	struct elsewhere_function f = {.row = row};

	for (; f.pattern < 1 + row->others.nr; f.pattern++) {
		const char *symbol = find_function(elf, row, pattern_of(row, f.pattern), &f.offset);

		if (!symbol)
			continue;
		f.symbol = xstrdup(symbol);
		vec_push(&ret->functions, f);
		return;
	}
}

void elsewhere_file_release(struct elsewhere_file *f)
{
	for (size_t i = 0; i < f->functions.nr; i++)
		free(f->functions.items[i].symbol);
	vec_release(&f->functions);
	free(f->build_id);
	f->build_id = NULL;
}

void elsewhere_release(struct elsewhere *found, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(found[i].symbol);
		free(found[i].build_id);
		found[i] = (struct elsewhere){};
	}
}

void elsewhere_look(struct elf_file *elf, const runtimes *known, struct elsewhere_file *ret)
{
	ret->build_id = xstrdup(elf_file_build_id(elf));
	for (size_t i = 0; i < known->nr; i++)
		for (size_t k = 0; k < known->items[i]->rows.nr; k++)
			if (known->items[i]->rows.items[k].any_library)
				look_for_row(elf, &known->items[i]->rows.items[k], ret);
}

static size_t in_common(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

static bool is_nearer(const struct mapping *m, const struct mapping *than, const char *near)
{
	return near && than && in_common(m->path, near) > in_common(than->path, near);
}

static const struct elsewhere_function *function_of(const struct elsewhere_file *f, const struct rt_row *row)
{
	for (size_t i = 0; i < f->functions.nr; i++)
		if (f->functions.items[i].row == row)
			return &f->functions.items[i];
	return NULL;
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

void elsewhere_find(struct elsewhere_source *source, const mappings *maps, const struct rt_row *const *rows, size_t nr,
		    const char *near, struct elsewhere *ret)
{
	_cleanup_(freep) size_t *found = xcalloc(nr ? nr : 1, sizeof(*found));

	for (size_t i = 0; i < nr; i++)
		ret[i] = (struct elsewhere){};
	for (size_t i = 0; i < maps->nr && nr; i++) {
		const struct mapping *m = &maps->items[i];
		const struct elsewhere_file *file = is_new(maps, i) ? source->file(source, m) : NULL;

		for (size_t k = 0; k < nr && file; k++) {
			const struct elsewhere_function *f = function_of(file, rows[k]);

			if (!f || (ret[k].mapping && f->pattern >= found[k] + is_nearer(m, ret[k].mapping, near)))
				continue;
			elsewhere_release(&ret[k], 1);
			ret[k] = (struct elsewhere){m, f->offset, xstrdup(f->symbol), xstrdup(file->build_id)};
			found[k] = f->pattern;
		}
	}
}
