/* doctor_process.c: what is known of a process, and why the rest is not. */
#include "view/doctor.h"

#include "view/runtimes.h"

#include <stdlib.h>
#include <string.h>

static void add_identity(findings *f, const struct doctor_process *p)
{
	struct finding *x;

	if (p->process && !p->further)
		findings_add(f, "process", "who", FINDING_OK, "%s, user %u", p->process->command, p->process->uid);
	if (!p->problem.text[0])
		return;
	x = findings_add(f, "process", p->process ? "runtime" : "who", FINDING_PROBLEM, "%s", p->problem.text);
	if (p->problem.hint[0])
		finding_todo(x, "%s", p->problem.hint);
}

static void add_file(findings *f, const struct doctor_process *p)
{
	const char *build_id = elf_file_build_id(p->binding->elf);
	struct finding *x;

	findings_add(f, "process", "runtime", FINDING_OK, "%s (%s)", p->binding->runtime->name, p->binding->runtime->path);
	x = findings_add(f, "process", "library", p->other_file ? FINDING_NOTE : FINDING_OK, "%s", p->path);
	if (p->other_file) {
		finding_why(x, "the file that now has this name may be another than the one that the process maps; then no event "
			       "would be seen");
		finding_todo(x, "run as root, or grant cap_checkpoint_restore, to open it by its mapping");
	}
	findings_add(f, "process", "build id", FINDING_OK, "%s", build_id[0] ? build_id : "none");
	findings_add(f, "process", "release", FINDING_OK, "%s", p->release ? p->release : "not known");
}

static void add_memory(findings *f, const struct doctor_process *p)
{
	struct finding *x;

	x = findings_add(f, "process", "memory", p->memory_err ? FINDING_NOTE : FINDING_OK, "%s",
			 p->memory_err ? p->memory_why.text : "can be read");
	if (!p->memory_err)
		return;
	finding_why(x, "what was allocated before pooltrace attaches is not known, and --once cannot show it");
	if (p->memory_why.hint[0])
		finding_todo(x, "%s", p->memory_why.hint);
}

/* Without it a table means nothing: what is allocated, and that it is freed. */
static bool needed(enum rt_verb verb)
{
	return verb == VERB_BEGIN || verb == VERB_ALLOC || verb == VERB_FREE || verb == VERB_DROP;
}

static bool has_probe(const struct doctor_process *p, enum rt_verb verb)
{
	for (size_t i = 0; i < p->binding->rows.nr; i++)
		if (p->binding->rows.items[i].row->verb == verb && p->binding->rows.items[i].probed && p->sites[i].file)
			return true;
	return false;
}

static void add_site(findings *f, const struct bound_row *row, const struct doctor_site *site)
{
	_cleanup_(str_release) struct str what = {};
	struct finding *x;

	str_addf(&what, "%s%s0x%llx", site->instruction ? site->instruction : "", site->instruction ? " at " : "at ",
		 (unsigned long long)site->offset);
	if (site->instruction)
		str_add(&what, site->emulated ? ", emulated" : ", single-stepped");
	if (site->hit_ns)
		str_addf(&what, ", %llu ns a hit", (unsigned long long)site->hit_ns);
	str_addf(&what, ": %s", row->symbol ? row->symbol : row->row->symbol);
	x = findings_add(f, "probes", rt_verb_name(row->row->verb), row->problem ? FINDING_NOTE : FINDING_OK, "%s",
			 str_text(&what));
	if (row->problem)
		finding_why(x, "%s", row->problem);
	x->site = (struct finding_site){
		.file = xstrdup(site->file),
		.offset = site->offset,
		.instruction = site->instruction ? xstrdup(site->instruction) : NULL,
		.emulated = site->emulated,
		.hit_ns = site->hit_ns,
	};
}

static void add_row(findings *f, const struct doctor_process *p, size_t i)
{
	const struct bound_row *row = &p->binding->rows.items[i];
	enum rt_verb verb = row->row->verb;
	bool missed = needed(verb) && !has_probe(p, verb);
	struct finding *x;

	if (row->probed && p->sites[i].file) {
		add_site(f, row, &p->sites[i]);
		return;
	}
	x = findings_add(f, "probes", rt_verb_name(verb), missed ? FINDING_PROBLEM : FINDING_NOTE, "%s: no probe",
			 row->symbol ? row->symbol : row->row->symbol);
	if (row->problem)
		finding_why(x, "%s", row->problem);
	else
		finding_why(x, "no file that the process maps defines it");
	if (missed)
		finding_todo(x, "describe this release in a runtime file, see pooltrace-rt(5), and name it with --runtime");
}

static void add_value(findings *f, const struct doctor_process *p, size_t i)
{
	const struct bound_value *value = &p->binding->values.items[i];
	const bool spare = bound_value_spare(p->binding, i);
	_cleanup_(str_release) struct str what = {};
	struct finding *x;

	for (size_t k = 0; k < value->nr_chains; k++) {
		str_add(&what, k ? ", " : "");
		code_chain_add(&what, &value->chain[k]);
	}
	if (value->nr_chains && value->how)
		str_addf(&what, ", %s", value->how);
	if (!value->nr_chains)
		str_add(&what, spare ? "not known, nor needed" : "not known");
	x = findings_add(f, "layout", p->binding->runtime->values.items[i].name,
			 value->nr_chains || spare ? FINDING_OK : FINDING_NOTE, "%s", str_text(&what));
	if (value->problem)
		finding_why(x, "%s", value->problem);
}

static void add_books_part(findings *f, const struct books_part *part)
{
	struct finding *x = findings_add(f, "books", part->name, part->known ? FINDING_OK : FINDING_NOTE, "%s",
					 str_text(&part->text));

	if (part->problem)
		finding_why(x, "%s", part->problem);
}

static void add_books_read(findings *f, const struct doctor_process *p)
{
	struct finding *x;

	if (p->memory_err)
		return;
	if (p->books_err) {
		x = findings_add(f, "books", "as of now", FINDING_NOTE, "%s", p->books_why.text);
		finding_why(x, "what was allocated before pooltrace attaches is not known");
		return;
	}
	x = findings_add(f, "books", "as of now", p->nr_torn ? FINDING_NOTE : FINDING_OK, "%zu pools, %zu blocks", p->nr_arenas,
			 p->nr_blocks);
	if (p->nr_torn)
		finding_why(x, "%zu of the pools changed while they were read, each time", p->nr_torn);
}

/* What stands in for the books. */
static void add_drivers(findings *f, const struct doctor_process *p)
{
	struct finding *x;

	for (size_t i = 0; i < p->drivers.nr; i++) {
		const struct driver_use *u = &p->drivers.items[i];

		findings_add(f, "drivers", u->driver, FINDING_OK, "%s%s%s%s%s: %llu bytes", u->device, *u->device ? " " : "", u->region,
			     *u->region ? ", " : "", u->source, (unsigned long long)u->bytes);
	}
	if (p->drivers_err) {
		x = findings_add(f, "drivers", "fdinfo", FINDING_NOTE, "cannot be read: %s", strerror(-p->drivers_err));
		finding_why(x, "what graphics drivers say of the process's files is not known");
	} else if (!p->drivers.nr) {
		findings_add(f, "drivers", "fdinfo", FINDING_OK, "no driver says anything of the process's files");
	}
	if (p->library_why.text[0])
		findings_add(f, "drivers", "NVML", FINDING_OK, "%s", p->library_why.text);
}

static void add_books(findings *f, const struct doctor_process *p)
{
	struct books_part part;
	struct finding *x;

	if (!p->binding->runtime->books.present) {
		x = findings_add(f, "books", "books", FINDING_NOTE, "the runtime file describes none");
		finding_why(x, "of what was allocated before pooltrace attaches only what drivers say of it is known");
		add_drivers(f, p);
		return;
	}
	for (size_t i = 0; view_books_part(p->binding, i, &part); i++) {
		if (part.name)
			add_books_part(f, &part);
		books_part_release(&part);
	}
	add_books_read(f, p);
}

/* A file that has some of a runtime's names beside the runtime. */
static void add_no_runtime(findings *f, const struct doctor_process *p)
{
	struct finding *x = findings_add(f, "process", "no runtime", FINDING_NOTE, "%s", p->path);

	finding_why(x, "it has some functions of runtime '%s', but not all that make one: it is not traced",
		    p->binding->runtime->name);
}

static void add_binding(findings *f, const struct doctor_process *p)
{
	if (p->further && !binding_is_whole(p->binding)) {
		add_no_runtime(f, p);
		return;
	}
	add_file(f, p);
	add_memory(f, p);
	for (size_t i = 0; i < p->binding->rows.nr; i++)
		add_row(f, p, i);
	for (size_t i = 0; i < p->binding->values.nr; i++)
		add_value(f, p, i);
	add_books(f, p);
}

void doctor_add_process(findings *f, const struct doctor_process *p)
{
	const size_t first = f->nr;

	add_identity(f, p);
	if (p->process && p->binding)
		add_binding(f, p);
	for (size_t i = first; i < f->nr; i++)
		f->items[i].pid = p->pid;
}
