/*
 * watch.h: what a session knows, and its parts: the processes that it watches (watch.c), finding them (discover.c), the
 * census at attach (census.c), the checks against the books (check.c). Used in this room alone.
 */
#ifndef LIVE_WATCH_H
#define LIVE_WATCH_H

#include "base/map.h"
#include "live/kernel.h"
#include "runtime/books.h"
#include "runtime/decode.h"
#include "target/process.h"

/* A runtime in a file that processes map: shared by all of them. */
struct library {
	uint64_t device, inode; /* as in maps */
	struct binding *binding; /* NULL: the file has no runtime that we know */
	struct diag problem;	 /* why a runtime that it has cannot be used; no text: it has none, or it can */
	uint32_t first_spec;	 /* of binding->rows */
	bool specs_set;
};

/* Difference between ledger and books, by (arena, address). */
enum difference { DIFFERENT_MISSING = 1, DIFFERENT_EXTRA, DIFFERENT_SIZE };

/* A comparison with the books under way: it takes two reads, a tick apart. */
struct check {
	uint64_t due_ns;   /* monotonic; when the next step is to be done */
	bool second;	   /* the first read found differences */
	uint64_t unsettled; /* of the process, when tracking began */
	struct map found;  /* (arena, address) -> enum difference, of the first read */
	struct map bytes;  /* (arena, address) -> reserved, of the first read */
	struct map gone;   /* (arena, 0): its object was not in the books */
};

enum { TOUCHED_OBJECT = 1 }; /* no block's address */

struct watched {
	struct process process;
	uint64_t id; /* in the stream; 0: not attached yet */
	struct library *library;
	char *path;    /* of its mapped file, as this process shows it */
	uint64_t bias; /* load address minus virtual address */
	struct memory *memory;
	struct books *books; /* NULL: the runtime has none, or they cannot be read */
	link_fds links;
	bool armed;

	/*
	 * Keys with a hit since `tracking` was set: (arena, address); address 0 for a whole arena;
	 * (object, TOUCHED_OBJECT) for all generations of an object.
	 */
	bool tracking;
	struct map touched;
	/* Threads with a hit, while someone wants to know (quiet.c): (tid, 0) -> when its open call was begun, 0: none is. */
	struct map *moved;
	/* Addresses whose alloc came without its begin: in flight at attach. */
	VEC(uint64_t) in_flight;
	uint64_t unsettled; /* steps since the last comparison */
	struct check check;
	struct map replays; /* (trace, 0) -> count as last told */
	bool execed; /* runs another program now: to be detached */
	bool ended; /* to be taken off the list */
};

struct session {
	struct source source;
	struct session_options o;
	const struct ledger *ledger;
	struct diag diag;
	struct kernel *kernel;
	struct sink *out;     /* during run() */
	int out_err;	      /* first error of `out`: it ends the run */
	struct sink filter;   /* what the decoder writes to: notes hits, then out */
	struct decode_target target;
	struct decoder *decoder;
	VEC(struct library *) libraries;
	VEC(struct watched *) watched;
	VEC(int) wanted; /* pids that are still looked for (their runtime is not mapped yet) */
	VEC(int) given_up; /* pids that we could not attach to: not tried again */
	VEC(struct library *) spec_library; /* by spec - WIRE_FIRST_ROW */
	uint64_t nr_processes, nr_arenas;
	uint64_t last_ns;	 /* time of the last record */
	enum record_kind last_kind;
	uint64_t wall_offset_ns; /* wall clock minus monotonic clock */
	uint64_t lost, unread;	 /* as last told */
	bool loss_to_tell;	 /* by probe, before the next tick */
	uint64_t lost_from_ns;
	struct watched *current; /* whose hit is being decoded */
	uint64_t tick_due_ns, discover_due_ns; /* monotonic */
};

/* ---- session.c ---- */

/* Put a record: sets its time to now if it has none, never before the last one's. */
int session_put(struct session *s, struct record *r);
/* A record of @w with process and pid set. */
struct record watched_record(const struct watched *w, enum record_kind kind);
/* Fold what is in the ring, and what was lost. */
int session_drain(struct session *s);

/* ---- loop.c ---- */

/* Run until all has ended, someone asks us to stop, or the sink ends it. */
int session_loop(struct session *s);
/* The books of the processes, one tick, no probe. */
int session_once(struct session *s);

/* ---- hits.c ---- */

/* What the decoder writes to: notes which keys had a hit, then passes on. */
int hits_put(struct sink *sink, const struct record *r);
/* Had the block, or its whole arena, a hit since tracking began? */
bool hits_touched(const struct watched *w, uint64_t arena, uint64_t address);
/* What the kernel half sends. */
int hits_receive(void *context, const struct wire_hit *hit);
/* Put how many hits of each verb's probes were received and lost. */
int hits_put_probes(struct session *s);
/* Put how often counted rows were hit, where that has changed. */
int hits_put_counts(struct session *s, struct watched *w);

/* ---- watch.c ---- */

/* Open a process whose file @l has the runtime. -ESRCH: it is gone. */
int watched_open(struct session *s, int pid, const struct mapping *m, struct library *l, struct watched **ret, struct diag *d);
/* Set the probes, arm, and put `attach`. */
int watched_attach(struct session *s, struct watched *w, struct diag *d);
/* Disarm, remove the probes, put `detach` if it was attached. */
int watched_detach(struct session *s, struct watched *w, const char *reason);
/* Without probes: put `attach` and what the books say. Takes @w over. */
int watched_once(struct session *s, struct watched *w);
/* Where it takes seconds to remove the probes, say so before. */
void watched_say_slow(const struct session *s, const struct watched *w);
void watched_free(struct watched *w);
struct watched *session_find(const struct session *s, int pid);

/* ---- discover.c ---- */

/*
 * The mapping and library of a known runtime in process @pid. The caller frees ret->path; both may be NULL. -ENOENT: none
 * is mapped; -ENOTSUP: one is, but it cannot be used; -EACCES, -EPERM; -ESRCH: the process is gone.
 */
int discover(struct session *s, int pid, struct mapping *ret, struct library **ret_library, struct diag *d);
void library_free(struct library *l);
/* Add to @d what was looked for, and that one can wait for it in a process. */
void discover_explain(const struct session *s, struct diag *d);
/* Pids of processes that map a known runtime, are not watched yet and not given up. Returns how many may not be looked at. */
size_t discover_all(struct session *s, pids *ret);
/* The file of process @pid that defines @symbol, and where it is in it. The caller frees *@ret_path. -ENOENT. */
int discover_symbol(int pid, const char *symbol, char **ret_path, uint64_t *ret_offset);

/* ---- census.c ---- */

/* Put the `arena` record of what the books say and remember its number. */
int census_define(struct session *s, struct watched *w, const struct book_arena *a, bool constructed);
/* Read the books at attach and put what was there before. */
int census_run(struct session *s, struct watched *w);
/* Without probes: each pool until two reads agree. */
int census_once(struct session *s, struct watched *w);
/* Settle allocations that were in flight at attach. */
int census_settle(struct session *s, struct watched *w);
/* struct decode_target's. */
uint64_t census_arena(struct decode_target *t, uint64_t process, uint64_t object, const struct arena_hint *hint);

/* ---- quiet.c ---- */

/*
 * Wait, for a limited time, until no thread can be inside a call that began before @since_ns (the hits' clock), which is
 * after we were armed. False: a thread was not seen to move on, or *@ret_err.
 */
bool quiet_wait(struct session *s, struct watched *w, uint64_t since_ns, int *ret_err);

/* ---- check.c ---- */

/* Do the step of the check that is due. */
int check_step(struct session *s, struct watched *w, uint64_t now_ns);
void check_release(struct check *c);
/* Compare soon: something was lost. */
void check_hurry(struct watched *w, uint64_t now_ns);

#endif
