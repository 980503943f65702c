/* doctor.c: what tracing needs, and whether it is there: asked, then told. */
#include "cmd/fail.h"
#include "cmd/files.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/python.h"

#include "live/elsewhere.h"
#include "live/features.h"
#include "live/trial.h"
#include "runtime/books.h"
#include "target/wheel.h"
#include "view/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BOOK_TRIES = 50 };

struct doctor {
	findings findings;
	const runtimes *known;
	bool can_probe; /* then costs can be measured */
	VEC(struct hit_cost) costs; /* of each instruction that was asked for */
};

/* Measured once for each mnemonic. */
static const struct hit_cost *cost_of(struct doctor *doctor, const char *instruction, bool emulated)
{
	const char *mnemonic = trial_mnemonic(instruction, emulated);
	struct hit_cost *cost;

	for (size_t i = 0; i < doctor->costs.nr; i++)
		if (!strcmp(doctor->costs.items[i].instruction, mnemonic))
			return &doctor->costs.items[i];
	cost = vec_add(&doctor->costs);
	trial_cost(instruction, emulated, cost);
	return cost;
}

/* The instruction at a file's offset, and what a hit there costs. */
static void add_instruction(struct doctor *doctor, struct doctor_site *site, struct elf_file *elf)
{
	_cleanup_(str_release) struct str text = {};
	uint64_t address;

	if (elf_file_address(elf, site->offset, &address) || code_instruction(elf, address, &text, &site->emulated))
		return;
	site->instruction = xstrdup(str_text(&text));
	if (doctor->can_probe)
		site->hit_ns = cost_of(doctor, site->instruction, site->emulated)->ns;
}

struct mapped_files {
	struct elsewhere_source source;
	int pid;
	const runtimes *known;
	struct elsewhere_file file; /* that was asked for last */
};

static const struct elsewhere_file *file_of(struct elsewhere_source *source, const struct mapping *m)
{
	struct mapped_files *files = (struct mapped_files *)source;
	_cleanup_(freep) char *path = mapping_file(files->pid, m);
	struct elf_file *elf;

	if (elf_file_open(path, &elf, NULL))
		return NULL;
	elsewhere_file_release(&files->file);
	elsewhere_look(elf, files->known, &files->file);
	elf_file_free(elf);
	return &files->file;
}

/* A function that may be in any file. */
static void find_elsewhere(struct doctor *doctor, struct doctor_site *site, int pid, const mappings *maps,
			   const struct rt_row *row)
{
	struct mapped_files files = {.source.file = file_of, .pid = pid, .known = doctor->known};
	struct elsewhere found;
	struct elf_file *elf;

	elsewhere_find(&files.source, maps, &row, 1, NULL, &found);
	elsewhere_file_release(&files.file);
	if (!found.mapping)
		return;
	site->file = found.mapping->path;
	site->offset = found.offset;

	_cleanup_(freep) char *path = mapping_file(pid, found.mapping);

	elsewhere_release(&found, 1);

	if (elf_file_open(path, &elf, NULL))
		return;
	add_instruction(doctor, site, elf);
	elf_file_free(elf);
}

static struct doctor_site *find_sites(struct doctor *doctor, const struct doctor_process *p, const mappings *maps)
{
	const struct binding *b = p->binding;
	struct doctor_site *sites = xcalloc(b->rows.nr, sizeof(*sites));

	for (size_t i = 0; i < b->rows.nr; i++) {
		const struct bound_row *row = &b->rows.items[i];

		if (!row->probed)
			continue;
		if (row->row->any_library) {
			find_elsewhere(doctor, &sites[i], p->pid, maps, row->row);
			continue;
		}
		sites[i].file = p->path;
		sites[i].offset = row->file_offset;
		add_instruction(doctor, &sites[i], b->elf);
	}
	return sites;
}

static void read_books(struct doctor_process *p, struct memory *memory, const struct mapping *m)
{
	struct books *books = NULL;
	book_arenas arenas = {};
	uint64_t bias = 0;

	p->books_err = elf_file_bias(p->binding->elf, m->start, m->offset, &bias);
	if (p->books_err)
		diag_set(&p->books_why, p->books_err, "cannot tell where the process has loaded its runtime");
	else
		p->books_err = books_new(p->binding, memory, bias, &books, &p->books_why);
	if (!p->books_err)
		p->books_err = books_scan(books, &p->books_why);
	if (!p->books_err && books_read(books, BOOK_TRIES, &arenas))
		p->books_err = diag_set(&p->books_why, -ESRCH, "process %d has ended", p->pid);
	p->nr_arenas = arenas.nr;
	for (size_t i = 0; i < arenas.nr; i++) {
		p->nr_torn += !arenas.items[i].consistent;
		p->nr_blocks += arenas.items[i].blocks.nr;
	}
	book_arenas_release(&arenas);
	books_free(books);
}

/* Where there are no books. */
static void ask_drivers(struct doctor_process *p)
{
	struct nvml *nvml = NULL;

	p->drivers_err = drm_uses(p->pid, &p->drivers);
	if (host_in_container())
		diag_set(&p->library_why, -ENOTSUP, "not asked: in a container it knows processes by other pids");
	else if (!nvml_open(&nvml, &p->library_why) && nvml_uses(nvml, p->pid, &p->drivers))
		diag_set(&p->library_why, -EIO, "its library did not tell all");
	nvml_close(nvml);
}

static void look_at_memory(struct doctor_process *p, const struct mapping *m)
{
	struct memory *memory = NULL;

	p->memory_err = memory_open(p->pid, &memory, &p->memory_why);
	if (!p->memory_err && p->binding->runtime->books.present)
		read_books(p, memory, m);
	memory_free(memory);
}

/* Opened by its name, and the name is another file's now? */
static bool is_other_file(const char *path, const struct mapping *m)
{
	struct stat st;

	return !strstr(path, "/map_files/") && (stat(path, &st) || st.st_dev != m->device || st.st_ino != m->inode);
}

/* The first mapping from *@at on whose file has a runtime that can be used, bound; NULL: p->problem. */
static const struct mapping *find_runtime(const struct doctor *doctor, struct doctor_process *p, const mappings *maps,
					  size_t *at, struct binding **ret)
{
	const struct mapping *closed = NULL;
	int closed_err = 0;

	for (size_t i = *at; i < maps->nr; i++) {
		const struct mapping *m = &maps->items[i];

		if (!m->inode || m->permissions[2] != 'x' || files_seen_before(maps, i))
			continue;
		_cleanup_(freep) char *path = mapping_file(p->pid, m);

		/* access() would ask without our capabilities, unless we are root. */
		if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS)) {
			closed = m;
			closed_err = -errno;
			continue;
		}
		*ret = files_bind(path, m->path, doctor->known, &p->problem);
		if (*ret) {
			p->problem = (struct diag){};
			p->other_file = is_other_file(path, m);
			*at = i + 1;
			return m;
		}
	}
	if (closed && !p->problem.text[0]) {
		diag_errno(&p->problem, closed_err, "cannot open '%s', which it maps", closed->path);
		diag_hint(&p->problem, "run as root, or grant cap_sys_ptrace,cap_dac_read_search%s",
			  closed_err == -ENOENT ? ",cap_checkpoint_restore (it was deleted or replaced)" : "");
	}
	if (!p->problem.text[0]) {
		diag_set(&p->problem, -ENOENT, "none that is known is mapped");
		diag_hint(&p->problem, "`pooltrace runtimes` lists what is known; --wait waits for a process that loads it later");
	}
	return NULL;
}

static void look_at_runtime(struct doctor *doctor, struct doctor_process *p, const mappings *maps, const struct mapping *m,
			    struct binding *b)
{
	_cleanup_(freep) char *release = wheel_of(p->pid, m->path);
	struct doctor_site *sites;

	p->binding = b;
	p->path = m->path;
	p->release = release;
	p->sites = sites = find_sites(doctor, p, maps);
	if (!b->runtime->books.present)
		ask_drivers(p);
	look_at_memory(p, m);
	doctor_add_process(&doctor->findings, p);
	for (size_t i = 0; i < b->rows.nr; i++)
		free(sites[i].instruction);
	free(sites);
	driver_uses_release(&p->drivers);
	binding_free(b);
}

/* All that it has: of a further one what was said of the process before is not said again. */
static void look_at_mappings(struct doctor *doctor, struct doctor_process *p, const mappings *maps)
{
	struct binding *b = NULL;
	size_t at = 0;
	const struct mapping *m = find_runtime(doctor, p, maps, &at, &b);

	if (!m)
		doctor_add_process(&doctor->findings, p);
	while (m) {
		struct doctor_process next = {.pid = p->pid, .process = p->process, .further = true};

		look_at_runtime(doctor, p, maps, m, b);
		*p = next;
		m = find_runtime(doctor, p, maps, &at, &b);
	}
	python_examine(p->pid, maps, &doctor->known->interpreters, &doctor->findings);
}

static void look_at_process(struct doctor *doctor, int pid)
{
	struct doctor_process p = {.pid = pid};
	struct process process = {.pidfd = -1};
	mappings maps = {};

	if (!process_open(pid, &process, &p.problem))
		p.process = &process;
	if (p.process && !mappings_read(pid, &maps, &p.problem))
		look_at_mappings(doctor, &p, &maps);
	else
		doctor_add_process(&doctor->findings, &p);
	mappings_release(&maps);
	process_close(&process);
}

static void look_at_host(struct doctor *doctor)
{
	struct host host;

	host_read("", &host);
	features_ask(host.feature);
	trial_run(&host.trial);
	doctor_add_host(&doctor->findings, &host);
	doctor->can_probe = !host.feature[FEATURE_MULTI] || !host.feature[FEATURE_SINGLE];
	host_release(&host);
}

static int examine(const struct options *o, struct doctor *doctor)
{
	_cleanup_(str_release) struct str out = {};
	int status;

	look_at_host(doctor);
	if (doctor->can_probe) {
		cost_of(doctor, "push", true);
		cost_of(doctor, "mov", false);
	}
	for (size_t i = 0; i < doctor->costs.nr; i++)
		doctor_add_cost(&doctor->findings, &doctor->costs.items[i]);
	for (size_t i = 0; i < o->pids.nr; i++)
		look_at_process(doctor, o->pids.items[i]);
	if (o->json)
		findings_add_json(&out, &doctor->findings);
	else
		findings_add_text(&out, &doctor->findings);
	status = output_text(str_text(&out));
	return status ? status : findings_count(&doctor->findings, FINDING_PROBLEM) ? STATUS_FAILED : STATUS_DONE;
}

int cmd_doctor(const struct options *o)
{
	struct doctor doctor = {};
	runtimes known = {};
	struct diag d = {};
	int status;

	if (files_load_runtimes(o, &known, &d))
		return fail(&d, STATUS_FAILED);
	doctor.known = &known;
	status = examine(o, &doctor);
	findings_release(&doctor.findings);
	vec_release(&doctor.costs);
	runtimes_release(&known);
	return status;
}
