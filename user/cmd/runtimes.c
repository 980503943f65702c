/*
 * runtimes.c: the runtimes that are known; with -p what of them was found in the files that a process maps, with -r in those of a
 * recording.
 */
#include "cmd/fail.h"
#include "cmd/files.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/recorded.h"

#include "target/process.h"
#include "view/runtimes.h"
#include "view/runtimes_interpreter.h"
#include "view/runtimes_json.h"

#include <errno.h>
#include <string.h>

/* What is shown. */
struct shown {
	struct str text;
	bool json;
};

/* The file @path, which has a runtime: that of a process, or (NULL) of none. */
static void add_binding(struct shown *out, const struct binding *b, const struct process *p, const char *path)
{
	if (out->json) {
		view_binding_json(&out->text, b, path, p ? p->pid : 0);
		return;
	}
	if (out->text.len)
		str_add_char(&out->text, '\n');
	if (p) {
		str_addf(&out->text, "process %d ", p->pid);
		str_add_escaped(&out->text, p->command);
		str_add(&out->text, " maps ");
		str_add_escaped(&out->text, path);
		str_add_char(&out->text, '\n');
	}
	view_binding(&out->text, b);
}

/* What is known of each file that process @p maps and can execute. Returns how many have a runtime. */
static size_t add_files(struct shown *out, const struct process *p, const mappings *maps, const runtimes *known,
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
		add_binding(out, b, p, m->path);
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

static int add_process(struct shown *out, int pid, const runtimes *known, struct diag *d)
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
static int add_library(struct shown *out, const char *path, const runtimes *known, struct diag *d)
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
	add_binding(out, b, NULL, path);
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
	for (size_t i = 0; i < known->interpreters.nr; i++) {
		str_add(out, out->len ? "\n" : "");
		view_interpreter(out, known->interpreters.items[i]);
	}
}

static int print(const char *name, const runtimes *known)
{
	_cleanup_(str_release) struct str names = {};
	struct diag d = {};

	for (size_t i = 0; i < known->nr; i++) {
		if (!strcmp(known->items[i]->name, name))
			return output_text(known->items[i]->text);
		str_addf(&names, "%s%s", i ? ", " : "", known->items[i]->name);
	}
	for (size_t i = 0; i < known->interpreters.nr; i++) {
		if (!strcmp(known->interpreters.items[i]->name, name))
			return output_text(known->interpreters.items[i]->text);
		str_addf(&names, "%s%s", names.len ? ", " : "", known->interpreters.items[i]->name);
	}
	diag_set(&d, -ENOENT, "no runtime '%s' is known", name);
	diag_hint(&d, "known are: %s", names.len ? str_text(&names) : "none");
	return fail(&d, STATUS_FAILED);
}

/* What was understood of runtime files that need not be used. */
static int check(const texts *files)
{
	_cleanup_(str_release) struct str out = {};
	int failed = STATUS_DONE, status;

	for (size_t i = 0; i < files->nr; i++) {
		struct runtime_file file = {};
		struct diag d = {};

		if (runtime_file_load(files->items[i], &file, &d)) {
			failed = fail(&d, STATUS_FAILED);
			continue;
		}
		str_add(&out, out.len ? "\n" : "");
		if (file.interpreter)
			view_interpreter(&out, file.interpreter);
		else
			view_runtime(&out, file.runtime);
		runtime_free(file.runtime);
		interpreter_free(file.interpreter);
	}
	status = output_text(str_text(&out));
	return failed ? failed : status;
}

static int show(const struct options *o, const runtimes *known)
{
	struct shown out = {.json = o->json};
	int failed = STATUS_DONE, status;

	if (!o->pids.nr && !o->libraries.nr)
		add_known(&out.text, known);
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
	status = output_text(str_text(&out.text));
	str_release(&out.text);
	return failed ? failed : status;
}

/* Another --check is about tracing, and has no such conflicts. */
static int check_alone(const struct options *o)
{
	const char *other = o->pids.nr ? "pid" : o->libraries.nr ? "library" : o->print ? "print" : NULL;
	struct diag d = {};

	if (!other)
		return check(&o->check_files);
	diag_set(&d, -EINVAL, "'--check' and '--%s' contradict each other", other);
	diag_hint(&d, "--check FILE is about a runtime file, whoever uses it");
	return fail(&d, STATUS_USAGE);
}

int cmd_runtimes(const struct options *o)
{
	runtimes known = {};
	struct diag d = {};
	int status;

	if (o->json && !o->pids.nr && !o->libraries.nr) {
		diag_set(&d, -EINVAL, "--json says what was found in files");
		diag_hint(&d, "give it with -p PID or --library FILE");
		return fail(&d, STATUS_USAGE);
	}
	if (o->check_files.nr)
		return check_alone(o);
	if (o->recording)
		return recorded_runtimes(o);
	if (files_load_runtimes(o, &known, &d))
		return fail(&d, STATUS_FAILED);
	status = o->print ? print(o->print, &known) : show(o, &known);
	runtimes_release(&known);
	return status;
}
