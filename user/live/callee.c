#include "live/callee.h"

#include "live/watch.h"

#include <string.h>

/* Devices differ between what maps and stat() say. */
static bool is_file_of(const struct module *m, const struct watched *w)
{
	return m->elf && m->inode == w->library->inode &&
	       ((w->path && !strcmp(m->path, w->path)) || (w->mapped_as && !strcmp(m->path, w->mapped_as)));
}

/* The latest, where several have had the name. */
static const struct module *module_of(const struct modules *modules, const struct watched *w)
{
	for (size_t i = modules_count(modules); i; i--)
		if (is_file_of(modules_at(modules, i - 1), w))
			return modules_at(modules, i - 1);
	return NULL;
}

static bool callee_place(const struct session *s, const struct modules *modules, struct call_place *ret)
{
	const struct watched *w = s->current;
	const struct module *m = w && w->library->binding ? module_of(modules, w) : NULL;
	const struct bound_row *row;
	uint64_t address;

	if (!m || s->hit->spec < w->library->first_spec || s->hit->spec - w->library->first_spec >= w->library->binding->rows.nr)
		return false;
	row = &w->library->binding->rows.items[s->hit->spec - w->library->first_spec];
	if (elf_file_address(m->elf, row->function_offset, &address))
		return false;
	*ret = (struct call_place){.module = m->number + 1, .address = address};
	return true;
}

uint32_t callee_join(const struct session *s, const struct modules *modules, struct call_tree *tree, uint64_t stack)
{
	struct call_place place;
	uint32_t at = 0;

	if (stack & CALLEE_GONE && callee_place(s, modules, &place))
		at = call_tree_add(tree, (uint32_t)stack, &place, false);
	return at ? at : (uint32_t)stack;
}
