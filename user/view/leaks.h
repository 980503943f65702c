/*
 * leaks.h: what grows with time, and what was left: a fold over a recording that keeps, for each pool and place in the code, a series of
 * bounded size (trend.h), and for each block that lives a few words.
 */
#ifndef VIEW_LEAKS_H
#define VIEW_LEAKS_H

#include "view/profile.h"
#include "view/suppressions.h"
#include "view/trend.h"

enum leak_origin {
	LEAK_STACK,
	LEAK_BEFORE,   /* attach: who made it is not known */
	LEAK_NO_STACK, /* told apart by size */
	LEAK_NO_OP,    /* by operation: its stack has none. Told apart by size */
};

/* Blocks of one pool (a place) and group, all suppressed or none. */
struct leak_site {
	const struct place *place;
	const char *label; /* of LEAK_STACK; NULL: of the others */
	enum leak_origin origin;
	uint64_t size; /* of LEAK_NO_STACK and LEAK_NO_OP: of each block */
	bool has_size, suppressed;
	struct amount made; /* all that were allocated, or found */
	struct amount left; /* when the process ended, or the recording; with `cleared` */
	struct amount cleared; /* ended with their pool: nobody had freed them. Not if more was allocated after that */
	uint64_t oldest_ns, newest_ns; /* when these of what is left were allocated; 0: not known */
	uint64_t end_ns;	       /* as of when all of this is */
	uint64_t end_order;
	struct trend trend;
	struct trend_evidence evidence; /* see leaks_finish() */
};

/* What a process left. */
struct leak_process {
	const struct ledger_process *process;
	struct amount left, leaked; /* of `left`: not suppressed, and growing */
};

/* `struct leaks l; leaks_init(&l, calls, suppressions, selection);` all of which outlive it */
struct leaks {
	struct lives lives;
	struct call_groups *calls;
	struct suppressions *suppressions;
	const struct ledger *ledger; /* of the record under way */
	struct map orders;	     /* (process, 0) -> allocations so far */
	struct map by_key;
	VEC(struct leak_site *) sites;
	VEC(struct leak_process) processes; /* those that left something; see leaks_finish() */
};

void leaks_init(struct leaks *l, struct call_groups *calls, struct suppressions *suppressions, const struct selection *selection);
void leaks_release(struct leaks *l);
/* @r and its effect on the ledger. */
void leaks_apply(struct leaks *l, const struct record *r, const struct effect *e);
/*
 * After the last record: fills what says so, and sorts sites: those that leak, by what they grow by, then the others by what is left.
 * Sites that left nothing are dropped.
 */
void leaks_finish(struct leaks *l, const struct ledger *ledger);
/* Not suppressed, and growing. What is from before attach does not grow. */
bool leak_site_leaks(const struct leak_site *site);

#endif
