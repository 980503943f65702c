/* Which processes map a known runtime, and where its symbols are. */
#include "live/watch.h"

#include "base/units.h"
#include "target/host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void library_free(struct library *l)
{
	if (!l)
		return;
	binding_free(l->binding);
	elsewhere_file_release(&l->elsewhere);
	free(l);
}

/* A number of an inode is used again, and a file can be written anew: look at its state once in a while. */
#define LOOK_AGAIN_NS (10 * NS_PER_SEC)

static bool is_still(struct library *l, int pid, const struct mapping *m)
{
	uint64_t now = units_monotonic_ns();
	_cleanup_(freep) char *path = NULL;
	struct file_state state;

	if (now - l->state.looked_ns < LOOK_AGAIN_NS)
		return true;
	path = mapping_file(pid, m);
	if (file_state_read(path, &state))
		return true;
	l->stale = state.changed_ns != l->state.changed_ns || state.bytes != l->state.bytes;
	l->state.looked_ns = now;
	return !l->stale;
}

static struct library *known_library(const struct session *s, int pid, const struct mapping *m)
{
	for (size_t i = 0; i < s->libraries.nr; i++) {
		struct library *l = s->libraries.items[i];

		if (!l->stale && !l->found && l->device == m->device && l->inode == m->inode && is_still(l, pid, m))
			return l;
	}
	return NULL;
}

/* A dynamic linker calls a function for debuggers when it has mapped something, and before any of that runs. */
static void look_for_linker(struct library *l, struct elf_file *elf)
{
	struct elf_symbol function, debug;

	if (!elf_file_find(elf, "_dl_debug_state", &function, 1) || !function.function ||
	    !elf_file_find(elf, "_r_debug", &debug, 1) || debug.function)
		return;
	l->to_debug = (int32_t)(debug.address - function.address);
	l->linker = !elf_file_offset(elf, function.address, &l->state_offset);
}

/* Takes @elf over. */
static void bind(struct library *l, const struct runtime *rt, struct elf_file *elf, const struct mapping *m)
{
	_cleanup_(str_release) struct str path = {};
	struct diag why = {};

	if (!binding_new(rt, elf, &l->binding, &why))
		return;
	l->binding = NULL;
	str_add_escaped(&path, m->path);
	diag_set(&l->problem, -ENOTSUP, "no function that allocates or frees for runtime '%s' was found in '%s'", rt->name,
		 str_text(&path));
	diag_hint(&l->problem, "%s", why.hint);
}

/* Takes @elf over. */
static void find_runtime(const struct session *s, struct library *l, struct elf_file *elf, const struct mapping *m)
{
	for (size_t i = 0; i < s->o.runtimes->nr; i++) {
		if (!runtime_detects(s->o.runtimes->items[i], elf))
			continue;
		elf_file_set_exported(elf, false);
		bind(l, s->o.runtimes->items[i], elf, m);
		return;
	}
	elf_file_free(elf);
}

/* Where probes may go besides those of a runtime that is in the file. */
static void look_for_probes(const struct session *s, struct library *l, struct elf_file *elf)
{
	look_for_linker(l, elf);
	elsewhere_file_release(&l->elsewhere);
	elsewhere_look(elf, s->o.runtimes, &l->elsewhere);
}

/* Which runtime the file has, if any. -ENOEXEC: it is no file that could have one. */
static int look_into(struct session *s, struct library *l, int pid, const struct mapping *m, bool deep)
{
	_cleanup_(freep) char *path = mapping_file(pid, m);
	struct elf_file *elf = NULL;
	int err = elf_file_open(path, &elf, NULL);

	l->deep = deep || err == -ENOEXEC;
	if (err)
		return err;
	file_state_read(path, &l->state);
	elf_file_set_exported(elf, !deep);
	if (!s->o.once)
		look_for_probes(s, l, elf);
	find_runtime(s, l, elf, m);
	return 0;
}

static struct library *new_library(struct session *s, int pid, const struct mapping *m, bool deep)
{
	struct library *l = xcalloc(1, sizeof(*l));
	int err;

	l->device = m->device;
	l->inode = m->inode;
	err = look_into(s, l, pid, m, deep);
	/* The process may have ended, or not be ours to look at: another one may show us the same file. */
	if (err && err != -ENOEXEC) {
		library_free(l);
		return NULL;
	}
	vec_push(&s->libraries, l);
	return l;
}

struct library *discover_library(struct session *s, int pid, const struct mapping *m, bool deep)
{
	struct library *l = known_library(s, pid, m);

	if (!l)
		return new_library(s, pid, m, deep);
	if (deep && !l->deep && !l->binding && !l->problem.text[0])
		look_into(s, l, pid, m, true);
	return l;
}

void copies_release(copies *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		free(c->items[i].mapping.path);
		vec_release(&c->items[i].biases);
	}
	vec_release(c);
}

static struct copy *find_copy(copies *found, const struct library *l)
{
	for (size_t i = 0; i < found->nr; i++)
		if (found->items[i].library == l)
			return &found->items[i];
	return NULL;
}

static void add_bias(struct copy *c, const struct mapping *m)
{
	uint64_t bias;

	if (elf_file_bias(c->library->binding->elf, m->start, m->offset, &bias))
		return;
	for (size_t i = 0; i < c->biases.nr; i++)
		if (c->biases.items[i] == bias)
			return;
	vec_push(&c->biases, bias);
}

static void add_copy(copies *found, struct library *l, const struct mapping *m)
{
	struct copy *c = find_copy(found, l);

	if (!c) {
		c = vec_add(found);
		*c = (struct copy){.library = l, .mapping = *m};
		c->mapping.path = xstrdup(m->path);
	}
	add_bias(c, m);
}

/* Functions that were looked up in the file. */
static void add_found(const struct session *s, copies *found, int pid, const struct mapping *m)
{
	for (size_t i = 0; i < s->libraries.nr; i++) {
		struct library *l = s->libraries.items[i];

		if (l->found && !l->stale && l->device == m->device && l->inode == m->inode && is_still(l, pid, m))
			add_copy(found, l, m);
	}
}

struct findings {
	copies usable;
	const struct library *unusable; /* one that has a runtime which cannot be used */
	const struct mapping *closed;	/* one that cannot be opened */
};

static void find_copies(struct session *s, int pid, const mappings *maps, bool deep, struct findings *ret)
{
	for (size_t i = 0; i < maps->nr; i++) {
		const struct mapping *m = &maps->items[i];
		struct library *l;

		if (!m->inode || m->permissions[2] != 'x')
			continue;
		l = discover_library(s, pid, m, deep);
		if (!l)
			ret->closed = m;
		if (l && l->binding)
			add_copy(&ret->usable, l, m);
		else if (l && l->problem.text[0])
			ret->unusable = l;
		add_found(s, &ret->usable, pid, m);
	}
}

/* Those that are whole first. */
static void order(copies *found)
{
	size_t nr = 0;

	for (size_t i = 0; i < found->nr; i++) {
		struct copy c = found->items[i];

		c.whole = c.library->found || binding_is_whole(c.library->binding);
		found->items[i] = found->items[nr];
		found->items[nr] = c;
		nr += c.whole;
	}
}

/* No file that could be opened has a runtime. Of a process that has just ended none can be. */
static int not_found(int pid, const struct mapping *closed, struct diag *d)
{
	_cleanup_(freep) char *path = closed ? mapping_file(pid, closed) : NULL;
	_cleanup_(str_release) struct str name = {};
	struct process p = {.pidfd = -1};
	int err = closed ? process_open(pid, &p, d) : 0;

	process_close(&p);
	if (err)
		return err;
	if (!closed || !faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) || (errno != EACCES && errno != EPERM))
		return diag_set(d, -ENOENT, "process %d maps no known runtime", pid);
	str_add_escaped(&name, closed->path);
	diag_set(d, -EACCES, "cannot open '%s', which process %d maps: Permission denied", str_text(&name), pid);
	diag_hint(d, "run as root, or grant " HOST_TO_LOOK);
	return -EACCES;
}

int discover(struct session *s, int pid, bool deep, copies *ret, struct diag *d)
{
	struct findings found = {};
	mappings maps = {};
	int err = mappings_read(pid, &maps, d);

	if (err)
		return err;
	find_copies(s, pid, &maps, deep, &found);
	if (!found.usable.nr && !deep)
		find_copies(s, pid, &maps, true, &found);
	order(&found.usable);
	if (!found.usable.nr && found.unusable && d)
		*d = found.unusable->problem;
	if (!found.usable.nr)
		err = found.unusable ? -ENOTSUP : not_found(pid, found.closed, d);
	if (ret)
		*ret = found.usable;
	else
		copies_release(&found.usable);
	mappings_release(&maps);
	return err;
}

void discover_explain(const struct session *s, struct diag *d)
{
	_cleanup_(str_release) struct str looked = {};

	for (size_t i = 0; i < s->o.runtimes->nr; i++)
		str_addf(&looked, "%s%s (a file that defines '%s')", i ? ", " : "", s->o.runtimes->items[i]->name,
			 s->o.runtimes->items[i]->detect);
	diag_hint(d, "looked for %s%s", looked.len ? str_text(&looked) : "nothing: no runtime is known",
		  s->o.nr_pids ? "; --wait waits until it maps one" : "");
}

static bool contains(const int *items, size_t nr, int pid)
{
	for (size_t i = 0; i < nr; i++)
		if (items[i] == pid)
			return true;
	return false;
}

/* A pid that is no process any more can become another one's. */
static void forget_ended(struct session *s, const pids *all)
{
	for (size_t i = 0; i < s->given_up.nr;)
		if (contains(all->items, all->nr, s->given_up.items[i]))
			i++;
		else
			s->given_up.items[i] = s->given_up.items[--s->given_up.nr];
}

size_t discover_all(struct session *s, pids *ret)
{
	pids all = {};
	size_t denied = 0;

	vec_clear(ret);
	if (process_list(&all))
		return 0;
	forget_ended(s, &all);
	for (size_t i = 0; i < all.nr; i++) {
		int pid = all.items[i], err;

		if (session_find(s, pid) || contains(s->given_up.items, s->given_up.nr, pid) || !session_names(s, pid))
			continue;
		err = discover(s, pid, false, NULL, NULL);
		denied += err == -EACCES || err == -EPERM;
		if (!err || err == -ENOTSUP)
			vec_push(ret, pid);
	}
	vec_release(&all);
	return denied;
}
