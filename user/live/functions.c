/*
 * Functions that no file names: a process asks for them by name (rows with the verb `lookup`), and calls what it is given. Each is a
 * place in a file; so it is a library of its own, with the rows on that name, and with these places it is found in every other
 * process that maps the file. What a process calls before its probe is there is not seen; commands of ours are held, see
 * return.bpf.c.
 */
#include "live/watch.h"

#include "base/log.h"

bool functions_are_found(const struct runtime *rt)
{
	for (size_t i = 0; i < rt->rows.nr; i++)
		if (rt->rows.items[i].verb == VERB_LOOKUP)
			return true;
	return false;
}

static void want(struct session *s, const char *name)
{
	uint64_t number = kernel_want_name(s->kernel, name);

	for (size_t i = 0; i < s->names.nr; i++)
		if (s->names.items[i].number == number)
			return;
	if (number)
		vec_push(&s->names, ((struct wanted_name){number, name}));
}

void functions_want(struct session *s, const struct runtime *rt)
{
	if (!functions_are_found(rt))
		return;
	for (size_t i = 0; i < rt->rows.nr; i++) {
		const struct rt_row *row = &rt->rows.items[i];

		want(s, row->symbol);
		for (size_t k = 0; k < row->others.nr; k++)
			want(s, row->others.items[k]);
	}
}

void functions_lookup(struct decode_target *t, uint64_t process, uint64_t name, uint64_t address)
{
	struct session *s = (struct session *)((char *)t - offsetof(struct session, target));
	const struct watched *w = session_watched(s, process);

	for (size_t i = 0; w && i < s->names.nr; i++)
		if (s->names.items[i].number == name)
			vec_push(&s->lookups, ((struct lookup){w->process.pid, w->library->binding->runtime,
							       s->names.items[i].name, address}));
}

static const struct mapping *mapping_at(const mappings *maps, uint64_t address)
{
	for (size_t i = 0; i < maps->nr; i++)
		if (maps->items[i].start <= address && address < maps->items[i].end)
			return maps->items[i].inode && maps->items[i].permissions[2] == 'x' ? &maps->items[i] : NULL;
	return NULL;
}

/* Has a file a probe there, for this runtime, or would have one if it could? */
static bool is_known(const struct session *s, const struct runtime *rt, const struct mapping *m, uint64_t offset)
{
	for (size_t i = 0; i < s->libraries.nr; i++) {
		const struct library *l = s->libraries.items[i];

		if (l->stale || !l->binding || l->binding->runtime != rt || l->device != m->device || l->inode != m->inode)
			continue;
		for (size_t k = 0; k < l->binding->rows.nr; k++)
			if (l->binding->rows.items[k].function_offset == offset)
				return true;
	}
	return false;
}

/* The library with this function alone. NULL: its file cannot be opened. */
static struct library *new_library(const struct lookup *f, const struct mapping *m, uint64_t offset)
{
	const struct found_function function = {f->name, offset};
	_cleanup_(freep) char *path = mapping_file(f->pid, m);
	struct elf_file *elf = NULL;
	struct library *l;

	if (elf_file_open(path, &elf, NULL))
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->device = m->device;
	l->inode = m->inode;
	l->found = l->deep = true;
	file_state_read(path, &l->state);
	l->binding = binding_new_found(f->runtime, elf, &function, 1);
	return l;
}

static bool settle(struct session *s, const struct lookup *f, const mappings *maps)
{
	const struct mapping *m = mapping_at(maps, f->address);
	struct library *l;
	uint64_t offset;

	if (!m) {
		log_warning("process %d: '%s' lies in no file, and cannot be traced there", f->pid, f->name);
		return false;
	}
	offset = f->address - m->start + m->offset;
	if (is_known(s, f->runtime, m, offset))
		return false;
	l = new_library(f, m, offset);
	if (!l)
		return false;
	log_debug("process %d: '%s' is at 0x%llx of %s", f->pid, f->name, (unsigned long long)offset, m->path);
	vec_push(&s->libraries, l);
	return true;
}

void functions_settle(struct session *s, int pid)
{
	mappings maps = {};
	size_t kept = 0;
	bool read = false;

	for (size_t i = 0; i < s->lookups.nr; i++) {
		struct lookup f = s->lookups.items[i];

		if (f.pid != pid) {
			s->lookups.items[kept++] = f;
			continue;
		}
		if (!read)
			mappings_read(pid, &maps, NULL);
		read = true;
		s->functions_new |= settle(s, &f, &maps);
	}
	s->lookups.nr = kept;
	mappings_release(&maps);
}

int functions_step(struct session *s)
{
	int err = 0;

	while (s->lookups.nr)
		functions_settle(s, s->lookups.items[0].pid);
	if (!s->functions_new)
		return 0;
	s->functions_new = false;
	/* Others may have looked them up before they were attached to. */
	for (size_t i = 0; i < s->watched.nr && !err; i++)
		if (session_find(s, s->watched.items[i]->process.pid) == s->watched.items[i])
			err = session_try_further(s, s->watched.items[i]->process.pid);
	return err;
}

void functions_release(struct session *s)
{
	vec_release(&s->names);
	vec_release(&s->lookups);
}
