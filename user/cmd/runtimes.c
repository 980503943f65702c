/* runtimes.c: the runtimes that are known; with -p what of them was found in the files that a process maps. */
#include "cmd/fail.h"
#include "cmd/files.h"
#include "cmd/options.h"
#include "cmd/output.h"

#include "target/process.h"
#include "view/runtimes.h"

#include <errno.h>

/* What is known of each file that process @p maps and can execute. Returns how many have a runtime. */
static size_t add_files(struct str *out, const struct process *p, const mappings *maps, const runtimes *known,
			struct diag *d)
{
	size_t found = 0;

	for (size_t i = 0; i < maps->nr; i++) {
		const struct mapping *m = &maps->items[i];

		if (!m->inode || m->permissions[2] != 'x' || files_seen_before(maps, i))
			continue;
		_cleanup_(freep) char *path = mapping_file(p->pid, m);
		struct binding *b = files_bind(path, m->path, known, d);

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

/* No file of the process could be used; @d may say why. */
static int nothing_found(const struct process *p, const runtimes *known, struct diag *d)
{
	/* Then none could be opened. */
	if (!process_alive(p))
		return diag_set(d, -ESRCH, "process %d ended while pooltrace looked at it", p->pid);
	if (!d->text[0])
		diag_set(d, -ENOENT, "process %d maps no known runtime", p->pid);
	if (!d->hint[0])
		add_detections(d, known);
	return -ENOENT;
}

static int add_process(struct str *out, int pid, const runtimes *known, struct diag *d)
{
	struct process p = {};
	mappings maps = {};
	int err = process_open(pid, &p, d);

	if (err)
		return err;
	err = mappings_read(pid, &maps, d);
	if (!err && !add_files(out, &p, &maps, known, d))
		err = nothing_found(&p, known, d);
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
	b = files_bind(path, path, known, d);
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
