/* Which processes map a known runtime, and where its symbols are. */
#include "live/watch.h"

#include "base/units.h"

#include <errno.h>
#include <string.h>

void library_free(struct library *l)
{
	if (!l)
		return;
	binding_free(l->binding);
	free(l);
}

static struct library *known_library(const struct session *s, const struct mapping *m)
{
	for (size_t i = 0; i < s->libraries.nr; i++)
		if (s->libraries.items[i]->device == m->device && s->libraries.items[i]->inode == m->inode)
			return s->libraries.items[i];
	return NULL;
}

/* Which runtime the file has, if any: looked at once for each file. */
static struct library *look_into(struct session *s, int pid, const struct mapping *m, struct diag *d)
{
	_cleanup_(freep) char *path = mapping_file(pid, m);
	struct library *l = xcalloc(1, sizeof(*l));
	struct elf_file *elf = NULL;

	l->device = m->device;
	l->inode = m->inode;
	vec_push(&s->libraries, l);
	for (size_t i = 0; i < s->o.runtimes->nr; i++) {
		const struct runtime *rt = s->o.runtimes->items[i];

		if (!elf && elf_file_open(path, &elf, NULL))
			return l;
		if (!runtime_detects(rt, elf))
			continue;
		if (binding_new(rt, elf, &l->binding, d))
			l->binding = NULL;
		return l;
	}
	elf_file_free(elf);
	return l;
}

int discover(struct session *s, int pid, struct mapping *ret, struct library **ret_library, struct diag *d)
{
	mappings maps = {};
	int err = mappings_read(pid, &maps, d);

	if (err)
		return err;
	err = -ENOENT;
	for (size_t i = 0; i < maps.nr && err; i++) {
		const struct mapping *m = &maps.items[i];
		struct library *l;

		if (!m->inode || m->permissions[2] != 'x')
			continue;
		l = known_library(s, m);
		if (!l)
			l = look_into(s, pid, m, d);
		if (!l->binding)
			continue;
		*ret = *m;
		ret->path = NULL;
		*ret_library = l;
		err = 0;
	}
	mappings_release(&maps);
	return err ? diag_set(d, err, "process %d maps no known runtime", pid) : 0;
}

void discover_explain(const struct session *s, struct diag *d)
{
	_cleanup_(str_release) struct str looked = {};

	for (size_t i = 0; i < s->o.runtimes->nr; i++)
		str_addf(&looked, "%s%s (a file that defines '%s')", i ? ", " : "", s->o.runtimes->items[i]->name,
			 s->o.runtimes->items[i]->detect);
	diag_hint(d, "looked for %s; --wait waits until it maps one", str_text(&looked));
}

void discover_all(struct session *s, pids *ret)
{
	pids all = {};

	vec_clear(ret);
	if (process_list(&all))
		return;
	for (size_t i = 0; i < all.nr; i++) {
		struct mapping m;
		struct library *l;

		if (!session_find(s, all.items[i]) && !discover(s, all.items[i], &m, &l, NULL))
			vec_push(ret, all.items[i]);
	}
	vec_release(&all);
}

/* Does the file behind @m define the symbol? */
static bool defines(int pid, const struct mapping *m, const char *name, char **ret_path, uint64_t *ret_offset)
{
	char *path = mapping_file(pid, m);
	struct elf_symbol symbol;
	struct elf_file *elf;
	bool found = false;

	if (!elf_file_open(path, &elf, NULL)) {
		found = elf_file_find(elf, name, &symbol, 1) && symbol.function &&
			!elf_file_offset(elf, symbol.address, ret_offset);
		elf_file_free(elf);
	}
	if (found)
		*ret_path = path;
	else
		free(path);
	return found;
}

int discover_symbol(int pid, const char *symbol, char **ret_path, uint64_t *ret_offset)
{
	mappings maps = {};
	int err = mappings_read(pid, &maps, NULL);

	if (err)
		return err;
	err = -ENOENT;
	for (size_t i = 0; i < maps.nr && err; i++) {
		const struct mapping *m = &maps.items[i];

		if (m->inode && m->permissions[2] == 'x' && defines(pid, m, symbol, ret_path, ret_offset))
			err = 0;
	}
	mappings_release(&maps);
	return err;
}
