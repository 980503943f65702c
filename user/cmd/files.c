#include "cmd/files.h"

#include "base/str.h"

#include <errno.h>

int files_load_runtimes(const struct options *o, runtimes *ret, struct diag *d)
{
	int err = runtimes_load(ret, o->runtime_files.items, o->runtime_files.nr, d);

	if (!err && o->sites == SITES_ENTRY)
		runtimes_probe_entries(ret);
	return err;
}

/* binding_new() knows only by which path in /proc it was opened. */
static void not_usable(struct diag *d, const struct runtime *rt, const char *name)
{
	_cleanup_(str_release) struct str escaped = {};
	struct diag why = *d;

	str_add_escaped(&escaped, name);
	diag_set(d, -ENOTSUP, "no function that allocates or frees for runtime '%s' was found in '%s'", rt->name,
		 str_text(&escaped));
	diag_hint(d, "%s", why.hint);
}

struct binding *files_bind(const char *path, const char *name, const runtimes *known, struct diag *d)
{
	struct elf_file *elf = NULL;
	struct binding *b = NULL;

	if (elf_file_open(path, &elf, NULL))
		return NULL;
	for (size_t i = 0; i < known->nr; i++) {
		if (!runtime_detects(known->items[i], elf))
			continue;
		if (!binding_new(known->items[i], elf, &b, d))
			return b;
		not_usable(d, known->items[i], name);
		return NULL;
	}
	elf_file_free(elf);
	return NULL;
}

bool files_seen_before(const mappings *maps, size_t i)
{
	const struct mapping *m = &maps->items[i];

	for (size_t k = 0; k < i; k++)
		if (maps->items[k].permissions[2] == 'x' && maps->items[k].device == m->device &&
		    maps->items[k].inode == m->inode)
			return true;
	return false;
}
