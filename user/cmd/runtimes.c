/* runtimes.c: the runtimes that are known; with -p what of them was found in the files that a process maps. */
#include "cmd/fail.h"
#include "cmd/options.h"
#include "cmd/output.h"

#include "target/process.h"
#include "view/runtimes.h"

#include <errno.h>

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

/*
 * The runtime that the file @name has, which can be opened by @path, bound to it. NULL: none, or nothing of it could be
 * used (@d says why).
 */
static struct binding *bind_file(const char *path, const char *name, const runtimes *known, struct diag *d)
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

static bool seen_before(const mappings *maps, size_t i)
{
	const struct mapping *m = &maps->items[i];

	for (size_t k = 0; k < i; k++)
		if (maps->items[k].permissions[2] == 'x' && maps->items[k].device == m->device &&
		    maps->items[k].inode == m->inode)
			return true;
	return false;
}

/* What is known of each file that process @p maps and can execute. Returns how many have a runtime. */
static size_t add_files(struct str *out, const struct process *p, const mappings *maps, const runtimes *known,
			struct diag *d)
{
	size_t found = 0;

	for (size_t i = 0; i < maps->nr; i++) {
		const struct mapping *m = &maps->items[i];

		if (!m->inode || m->permissions[2] != 'x' || seen_before(maps, i))
			continue;
		_cleanup_(freep) char *path = mapping_file(p->pid, m);
		struct binding *b = bind_file(path, m->path, known, d);

		if (!b)
			continue;
		str_addf(out, "%sprocess %d ", out->len ? "\n" : "", p->pid);
		str_add_escaped(out, p->command);
		str_add(out, " maps ");
		str_add_escaped(out, m->path);
		str_add(out, "\n");
		view_binding(out, b);
		binding_free(b);
		found++;
	}
	return found;
}

static void add_detections(struct diag *d, const runtimes *known)
{
	_cleanup_(str_release) struct str s = {};

	for (size_t i = 0; i < known->nr; i++)
		str_addf(&s, "%s%s (%s)", i ? ", " : "", known->items[i]->name, known->items[i]->detect);
	diag_hint(d, "looked for: %s", s.len ? str_text(&s) : "nothing, as no runtime is known");
}

static int add_process(struct str *out, int pid, const runtimes *known, struct diag *d)
{
	struct process p = {};
	mappings maps = {};
	int err = process_open(pid, &p, d);

	if (err)
		return err;
	err = mappings_read(pid, &maps, d);
	if (!err) {
		struct diag why = {};

		if (!add_files(out, &p, &maps, known, &why)) {
			err = -ENOENT;
			if (why.text[0])
				*d = why;
			else
				diag_set(d, err, "process %d maps no known runtime", pid);
			if (!d->hint[0])
				add_detections(d, known);
		}
	}
	mappings_release(&maps);
	process_close(&p);
	return err;
}

/* What is known of a file that nobody need have mapped. */
static int add_library(struct str *out, const char *path, const runtimes *known, struct diag *d)
{
	struct elf_file *elf = NULL;
	struct binding *b;
	int err = elf_file_open(path, &elf, d);

	elf_file_free(elf);
	if (err)
		return err;
	b = bind_file(path, path, known, d);
	if (!b) {
		if (!d->text[0])
			diag_set(d, -ENOENT, "'%s' has no known runtime", path);
		if (!d->hint[0])
			add_detections(d, known);
		return -ENOENT;
	}
	if (out->len)
		str_add_char(out, '\n');
	view_binding(out, b);
	binding_free(b);
	return 0;
}

static void add_known(struct str *out, const runtimes *known)
{
	for (size_t i = 0; i < known->nr; i++) {
		if (i)
			str_add(out, "\n");
		view_runtime(out, known->items[i]);
	}
}

static int show(const struct options *o, const runtimes *known)
{
	_cleanup_(str_release) struct str out = {};
	int failed = STATUS_DONE, status;

	if (!o->pids.nr && !o->libraries.nr)
		add_known(&out, known);
	for (size_t i = 0; i < o->pids.nr; i++) {
		struct diag d = {};

		int err = add_process(&out, o->pids.items[i], known, &d);

		if (err == -ESRCH && !d.hint[0])
			diag_hint(&d, "`pooltrace --once` without -p finds the processes that have a known runtime");
		if (err)
			failed = fail(&d, STATUS_FAILED);
	}
	for (size_t i = 0; i < o->libraries.nr; i++) {
		struct diag d = {};

		if (add_library(&out, o->libraries.items[i], known, &d))
			failed = fail(&d, STATUS_FAILED);
	}
	status = output_text(str_text(&out));
	return failed ? failed : status;
}

int cmd_runtimes(const struct options *o)
{
	runtimes known = {};
	struct diag d = {};
	int status;

	if (runtimes_load(&known, o->runtime_files.items, o->runtime_files.nr, &d))
		return fail(&d, STATUS_FAILED);
	status = show(o, &known);
	runtimes_release(&known);
	return status;
}
