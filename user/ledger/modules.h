/*
 * modules.h: what a process was traced with: the runtime file, the files in which its functions were looked for, and the probes.
 * Definitions of the stream: they change no figure. A recording of an older pooltrace has none.
 */
#ifndef LEDGER_MODULES_H
#define LEDGER_MODULES_H

#include "base/vec.h"
#include "stream/record.h"

/* Texts of what follows live as long as the ledger, equal ones are one, and are NULL where they are not known. */
struct ledger_runtime {
	const char *name, *path, *text;
};

/* A row of the runtime file. */
struct ledger_site {
	const char *probe, *symbol, *tag;
	const char *reason; /* why it has no probe, or what it must do without; NULL: nothing is amiss */
	uint64_t offset;    /* in the module */
	bool probed;
};

typedef VEC(struct ledger_site) ledger_sites;

struct ledger_module {
	uint64_t id;
	uint64_t runtime; /* number of the struct ledger_runtime, 0: not known */
	const char *path, *build_id, *version;
	ledger_sites sites;
};

struct ledger_use {
	uint64_t module; /* number of it */
	const char *path; /* NULL: the module's */
};

/* Of a process. */
struct ledger_probes {
	VEC(struct ledger_use) uses;
	ledger_sites missing; /* rows whose functions no file of the process has */
};

struct ledger;
struct ledger_process;

/* By number, from 1 on; NULL if there is none. Valid until another is defined. */
const struct ledger_runtime *ledger_runtime(const struct ledger *l, uint64_t id);
const struct ledger_module *ledger_module(const struct ledger *l, uint64_t id);
/* The first module of a process, in which its runtime was found. NULL: the recording does not say. */
const struct ledger_module *process_module(const struct ledger *l, const struct ledger_process *p);
/* Where the process has mapped it. NULL: not known. */
const char *process_path(const struct ledger *l, const struct ledger_process *p);
/* Is it known of any process? */
bool ledger_says_traced(const struct ledger *l);
/* How many rows of a process have a probe, and how many have none. False: the recording does not say. */
bool process_probes(const struct ledger *l, const struct ledger_process *p, size_t *ret_probed, size_t *ret_missing);
/* The rows of a process that have no probe, added to @ret. */
typedef VEC(const struct ledger_site *) ledger_site_list;
void process_missing(const struct ledger *l, const struct ledger_process *p, ledger_site_list *ret);

#endif
