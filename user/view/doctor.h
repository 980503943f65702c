/*
 * doctor.h: judgement: facts about the machine and a process become findings. What decides is what was tried (the trial, the
 * features); privileges and settings are told as reasons for that.
 */
#ifndef VIEW_DOCTOR_H
#define VIEW_DOCTOR_H

#include "runtime/bind.h"
#include "target/driver.h"
#include "target/host.h"
#include "target/process.h"
#include "view/findings.h"

void doctor_add_host(findings *f, const struct host *h);
void doctor_add_cost(findings *f, const struct hit_cost *cost);

/* Where a row of a binding is probed. */
struct doctor_site {
	const char *file;  /* as the process maps it; NULL: nowhere */
	uint64_t offset;   /* in it */
	char *instruction; /* NULL: not known */
	bool emulated;
	uint64_t hit_ns; /* 0: not known */
};

struct doctor_process {
	int pid;
	const struct process *process; /* NULL: `problem` */
	bool further; /* not the first runtime of the process */
	struct diag problem; /* why nothing more is known: no process, no mappings, no runtime. No text: none */
	/* memory and books; errors are 0 or -errno, with their reason */
	int memory_err, books_err;
	struct diag memory_why, books_why;
	size_t nr_arenas, nr_torn, nr_blocks; /* in the books */
	/* Where there are no books: what drivers say, and why the one that tells by a library does not (no text: it does). */
	driver_uses drivers;
	int drivers_err; /* of those that tell in /proc */
	struct diag library_why;
	const struct binding *binding; /* NULL: no runtime was found */
	const char *path; /* of its file, as the process maps it */
	bool other_file; /* it was opened by its name, and another file has that now */
	const char *release; /* "ttnn 0.81.1"; NULL: not known */
	const struct doctor_site *sites; /* as binding->rows */
};

void doctor_add_process(findings *f, const struct doctor_process *p);

#endif
