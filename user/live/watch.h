/*
 * watch.h: what a session knows, and its parts: the processes that it watches (watch.c), finding them (discover.c), the
 * census at attach (census.c), the checks against the books (check.c). Used in this room alone.
 */
#ifndef LIVE_WATCH_H
#define LIVE_WATCH_H

#include "base/map.h"
#include "live/elsewhere.h"
#include "live/kernel.h"
#include "live/mapped.h"
#include "live/stacks.h"
#include "runtime/books_buffers.h"
#include "runtime/decode.h"
#include "target/driver.h"
#include "target/process.h"

/* A runtime in a file that processes map: shared by all of them. */
struct library {
	uint64_t device, inode; /* as in maps */
	struct binding *binding; /* NULL: the file has no runtime that we know */
	bool deep;		 /* or it was looked for where names are that no other file can use as well */
	struct elsewhere_file elsewhere; /* functions of rows `in any library` */
	struct diag problem;	 /* why a runtime that it has cannot be used; no text: it has none, or it can */
	uint32_t first_spec;	 /* of binding->rows */
	bool specs_set;
	struct file_state state; /* when it was looked into */
	bool found;		 /* not the file as such, but functions in it that a process has looked up: functions.c */
	bool stale;		 /* the file is another one by now: only those who have mapped it use this */
	/* Of a dynamic linker that says what it has mapped. */
	bool linker;
	uint64_t state_offset; /* of its function for debuggers, in the file */
	int32_t to_debug;      /* from there to its struct r_debug */
	struct wire_file file; /* as the kernel half names it; inode 0: not known. Of a file with a runtime as well */
};

/* A process that is still looked for: its runtime is not mapped yet. */
struct wanted {
	int pid, pidfd;
};

/* Difference between ledger and books, by (arena, address). */
enum difference { DIFFERENT_MISSING = 1, DIFFERENT_EXTRA, DIFFERENT_SIZE };

/* What was last told of a device; text: in words of devices.c. */
struct told_device {
	uint64_t owner;
	char *text;
};

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

/* A file with a runtime as one process has mapped it: each is a runtime of its own. */
struct copy {
	struct library *library;
	struct mapping mapping; /* of its code, the first one */
	bool whole; /* else it may have but some of the runtime's names, and be none */
	VEC(uint64_t) biases;	/* load addresses minus virtual address: dlmopen() loads a file more than once. Empty: not known */
};
typedef VEC(struct copy) copies;

struct closer;
struct hold;

struct probed_elsewhere {
	char *path;
	uint64_t device, inode; /* of the file, as in maps */
	const struct rt_row *row;
	struct probe_site site;
};

/* Where a row was looked for in all files. */
struct row_elsewhere {
	size_t place; /* in the binding's rows */
	char *path;   /* of the file as in maps; NULL: no file has the function, and nothing of what follows is set */
	char *symbol, *build_id;
	uint64_t device, inode, offset;
};

/* A file that was told of, by what was said: modules.c. */
struct told_module {
	char *signature, *path;
};

struct watched {
	struct process process;
	uint64_t id; /* in the stream; 0: not attached yet */
	struct library *library;
	unsigned int number; /* among the runtimes of its process, from 1 */
	char *path;    /* of its mapped file, as this process shows it */
	char *mapped_as; /* its name in maps */
	size_t nr_places; /* where it is loaded, as far as we know */
	struct memory *memory;
	struct books *books; /* NULL: the runtime has none, or they cannot be read */
	book_buffers buffers; /* as read with the books whose blocks are put now */
	VEC(struct told_device) devices;
	link_fds links;
	VEC(struct probed_elsewhere) elsewhere; /* probes that are not in the library */
	VEC(struct row_elsewhere) rows_elsewhere; /* also those that another copy has probed */
	bool armed;
	uint64_t armed_ns; /* CLOCK_MONOTONIC; what its probes sent before came while they were being set */
	/* How long it has run with its runtime before it was armed, if that is known. */
	bool has_gap;
	uint64_t mapped_ns; /* CLOCK_MONOTONIC; 0: it was held since */

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
	uint64_t rescan_ns; /* monotonic; when its memory is to be searched again for what was swapped out, 0: it is not */
	struct check check;
	struct map replays; /* (trace, 0) -> count as last told */
	driver_uses by_drivers; /* as last told: where the runtime has no books */
	uint64_t drivers_due_ns; /* monotonic; when they are to be asked again */
	struct unwinder *unwinder; /* NULL: there was no stack yet */
	struct python *python;	   /* its interpreter; NULL: it has none, or none that we can follow */
	bool remapped;		   /* something was mapped since the unwinder was told what is */
	uint64_t mapped_read_ns, reading_ns; /* when that was (CLOCK_MONOTONIC), and how long it took */
	bool execed; /* runs another program now: to be detached */
	uint32_t life; /* of its process: of the links for the program that it runs now */
	bool headless; /* its main thread had ended when it was attached to */
	uint64_t headless_ns; /* CLOCK_MONOTONIC; when that was first seen since. 0: it has not ended */
	bool ended; /* to be taken off the list */
};

/* A function that a process has looked up. */
struct lookup {
	int pid;
	const struct runtime *runtime;
	const char *name; /* a pattern of the runtime's rows */
	uint64_t address;
};

/* A name that is wanted. */
struct wanted_name {
	uint64_t number;
	const char *name;
};

struct arrival {
	struct mapped mapped;
	uint64_t due_ns; /* monotonic; when the process is to be looked at */
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
	struct closer *closer;
	struct hold *hold; /* NULL: there is no command of ours, or it cannot be held */
	struct mapped_source *mapped; /* NULL: this kernel does not tell what is mapped */
	VEC(struct arrival) arrivals; /* what it told, not seen to yet */
	struct map interest; /* (device and generation, inode) of a file -> enum wire_interest */
	VEC(struct wanted) wanted;
	VEC(int) again; /* pids that run another program now */
	VEC(struct wanted_name) names; /* of functions that are looked up */
	VEC(struct lookup) lookups; /* that were told of, and not seen to yet */
	bool functions_new; /* there are libraries of such functions that other processes may have mapped */
	VEC(int) given_up; /* pids that we could not attach to: not tried again */
	VEC(struct library *) spec_library; /* by spec - WIRE_FIRST_ROW */
	VEC(const struct runtime *) told_runtimes; /* by their number in the stream - 1 */
	VEC(struct told_module) told_modules;	   /* likewise */
	uint64_t nr_processes, nr_arenas;
	uint32_t last_life; /* that a process was given */
	uint64_t last_ns;	 /* time of the last record */
	enum record_kind last_kind;
	uint64_t wall_offset_ns; /* wall clock minus monotonic clock */
	uint64_t lost, unread;	 /* as last told */
	bool marking;		 /* the tick that is put now is the one for mark_fd */
	bool loss_to_tell;	 /* by probe, before the next tick */
	uint64_t lost_from_ns;
	VEC(struct wire_hit) queue; /* taken out of the ring and not received yet, from queue_at on */
	size_t queue_at;
	struct stacks *stacks; /* NULL: none are wanted */
	struct sink stack_sink; /* for what they tell */
	const struct wire_hit *hit; /* that is being received; NULL: none */
	struct watched *current; /* of the last hit: found sooner than by its number */
	bool returns_asked, returns_refused; /* probes at returns, by this kernel */
	struct nvml *nvml; /* NULL: there is none, or it was of no use yet */
	bool nvml_tried;
	struct map refused; /* (pid, library): a further runtime that could not be attached to, and was told of */
	uint64_t tick_due_ns, discover_due_ns; /* monotonic */
	uint64_t forks, sweep_due_ns; /* of watched processes, as last seen; when their children are to lose the probes */
};

/* ---- session.c ---- */

/* Put a record: sets its time to now if it has none, never before the last one's. */
int session_put(struct session *s, struct record *r);
/* A record of @w with process and pid set. */
struct record watched_record(const struct watched *w, enum record_kind kind);
/* Is it one of those that were named, or the command? Else it is found, or a child of one. */
bool session_asks_for(const struct session *s, int pid);
/* Fold what is in the ring, and what was lost. */
int session_drain(struct session *s);
/* Take what is in the ring out of it, for the next drain: it must not run over while something takes long. For memory_set_pause(). */
void session_collect(void *session);

/* ---- loop.c ---- */

/* Run until all has ended, someone asks us to stop, or the sink ends it. */
int session_loop(struct session *s);
/* Put a tick, and what is told before one. */
int session_tick(struct session *s);

/* ---- try.c ---- */

/* May it be watched, by its name? Those of -p may. */
bool session_names(const struct session *s, int pid);
/* Has it memory? One that is about to end is a process still, but has none any more. */
bool session_is_process(int pid);
/* Tell the kernel half for which files process @pid need not be held: it has their probes, or cannot get them. */
void session_note_attached(struct session *s, int pid);
/* The process has ended, or one of its runtimes: its others may be tried again. */
void session_forget_refused(struct session *s, int pid);
/* Watch the process if it maps a runtime now, or those that it has mapped since. -ENOENT: it does not. */
int session_try(struct session *s, int pid);
/* Take note of processes that ended or run another program, after their last hits. */
int session_reap(struct session *s);
void session_want(struct session *s, int pid);
/* As session_try(), of a process that is watched, even if it will be told of. */
int session_try_further(struct session *s, int pid);

/* ---- once.c ---- */

/* The books of the processes, one tick, no probe. */
int session_once(struct session *s);

/* ---- arrivals.c ---- */

/* Look at the processes that have mapped something. */
int arrivals_step(struct session *s);
/* Take note of what was mapped. */
void arrivals_receive(struct session *s);
/* When that is to be done next; UINT64_MAX: when something is told. */
uint64_t arrivals_due_ns(const struct session *s);
/* When process @pid mapped what is at @start (CLOCK_MONOTONIC); false: that is not known. */
bool arrivals_time(struct session *s, int pid, uint64_t start, uint64_t *ret_ns);

/* ---- functions.c ---- */

/* Does it have rows on functions that look up others? */
bool functions_are_found(const struct runtime *rt);
/* The kernel half is to tell of the names in the runtime's rows. */
void functions_want(struct session *s, const struct runtime *rt);
/* struct decode_target's. */
void functions_lookup(struct decode_target *t, uint64_t process, uint64_t name, uint64_t address);
/* Make libraries of what @pid has looked up: session_try() attaches to them. */
void functions_settle(struct session *s, int pid);
/* See to what was looked up by processes that are not held, and attach to it in all that are watched. */
int functions_step(struct session *s);
void functions_release(struct session *s);

/* ---- hits.c ---- */

/* What the decoder writes to: notes which keys had a hit, then passes on. */
int hits_put(struct sink *sink, const struct record *r);
/* Had the block, or its whole arena, a hit since tracking began? */
bool hits_touched(const struct watched *w, uint64_t arena, uint64_t address);
/* What the kernel half sends. */
int hits_receive(void *context, const struct wire_hit *hit);
/* struct decode_target's. */
uint64_t hits_device(struct decode_target *t, uint64_t process, uint64_t object);
uint64_t hits_holder(struct decode_target *t, uint64_t process, uint64_t address, unsigned int layer);
/* Put how many hits of each verb's probes were received and lost. */
int hits_put_probes(struct session *s);
/* Put how often counted rows were hit, where that has changed. */
int hits_put_counts(struct session *s, struct watched *w);

/* ---- probes.c ---- */

/*
 * Some kernels kill a process under a strict seccomp filter at its first return probe: then there are none, which is said once. A
 * process without such a filter may get one any time.
 */
bool probes_return_allowed(struct session *s);
/* Set the probes of the rows on the process's own file. */
int probes_attach(struct session *s, struct watched *w, struct diag *d);
/* Take the probes out of the children that watched processes have forked: they have them too, and nobody wants to know. */
void watched_sweep_children(struct session *s, uint64_t now_ns);

/* ---- watch.c ---- */

/* Open a process whose file @l has the runtime. -ESRCH: it is gone. */
int watched_open(struct session *s, int pid, const struct copy *c, struct watched **ret, struct diag *d);
/* Its file may have been loaded once more since: put what was there before. */
int watched_add_places(struct session *s, struct watched *w, const struct copy *c);
/* Set the probes, arm, and put `attach`. */
int watched_attach(struct session *s, struct watched *w, struct diag *d);
/* Disarm, remove the probes, put `detach` if it was attached. */
int watched_detach(struct session *s, struct watched *w, const char *reason);
/* Without probes: put `attach` and what the books say. Takes @w over. */
int watched_once(struct session *s, struct watched *w);
/* Where it takes seconds to remove the probes, say so before. */
void watched_say_slow(const struct session *s, const struct watched *w);
void watched_free(struct watched *w);
/* The first runtime of a process that is watched, NULL: it is not. */
struct watched *session_find(const struct session *s, int pid);
/* The one in the file @l; NULL: it is not watched. */
struct watched *session_find_copy(const struct session *s, int pid, const struct library *l);
/* By its number in the stream. */
struct watched *session_watched(const struct session *s, uint64_t process);

/* ---- parts.c ---- */

/* Has the process another part of the runtime? Then @w has its id, and is attached to with no record of its own. */
bool parts_join(const struct session *s, struct watched *w);
/* Does another part stay when @w goes? */
bool parts_go_on(const struct session *s, const struct watched *w);
/* struct decode_target's. */
bool parts_whole(struct decode_target *t, uint64_t process);

/* ---- drivers.c ---- */

/* What drivers say of a process; nothing where they say nothing. */
void drivers_read(struct session *s, int pid, driver_uses *ret);
/* Has its runtime no books, so that they are all that tells what was there before? A process's first runtime stands for all. */
bool drivers_are_asked(const struct watched *w);
/* Put what they say at attach; then what has changed, when that is due. */
int drivers_begin(struct session *s, struct watched *w);
int drivers_step(struct session *s, struct watched *w, uint64_t now_ns);

/* ---- modules.c ---- */

/* Remember where the row at @place of the binding was found. */
void modules_note(struct watched *w, size_t place, const struct elsewhere *found);
/* Put what the process, which is attached to, is traced with: `uses` and what that needs. */
int modules_put(struct session *s, const struct watched *w);
void modules_forget(struct watched *w);
void modules_release(struct session *s);

/* ---- discover.c ---- */

/*
 * The known runtimes in process @pid, at least one, those that are whole first. The caller calls copies_release(); @ret may be NULL. -ENOENT: none is mapped; -ENOTSUP: one is, but it cannot be used; -EACCES, -EPERM;
 * -ESRCH: the process is gone. @deep: as discover_library(); it is, in any case, where else nothing is found.
 */
int discover(struct session *s, int pid, bool deep, copies *ret, struct diag *d);
void copies_release(copies *c);
/*
 * What is known of a mapped file. NULL: it cannot be opened, now. Runtimes export their functions, nearly always: @deep: look for one
 * that does not, which takes longer, and is not needed before another one is attached to.
 */
struct library *discover_library(struct session *s, int pid, const struct mapping *m, bool deep);
void library_free(struct library *l);
/* Add to @d what was looked for, and that one can wait for it in a process. */
void discover_explain(const struct session *s, struct diag *d);
/* Pids of processes that map a known runtime, are not watched yet and not given up. Returns how many may not be looked at. */
size_t discover_all(struct session *s, pids *ret);

/* ---- census.c ---- */

/* Put the `arena` record of what the books say and remember its number. */
int census_define(struct session *s, struct watched *w, const struct book_arena *a, bool constructed);
/* The record of a census: @reason is begin, end, or none where the runtime has no books. @partial: not all is known. */
int census_put(struct session *s, struct watched *w, const char *reason, bool partial);
/* Read the books at attach and put what was there before. */
int census_run(struct session *s, struct watched *w);
/* Without probes: each pool until two reads agree. Of a runtime without books: that it has none. */
int census_once(struct session *s, struct watched *w);
/* Settle allocations that were in flight at attach. */
int census_settle(struct session *s, struct watched *w);
/* Set in @r what the runtime itself says of the buffer in block @b of @a, if w->buffers have it. */
void census_describe(const struct watched *w, const struct book_arena *a, const struct book_block *b, struct record *r);
/* struct decode_target's. */
uint64_t census_arena(struct decode_target *t, uint64_t process, uint64_t object, const struct arena_hint *hint);

/* ---- devices.c ---- */

/*
 * Put what is known now of the device of @owner: in any case if it is @anew, arenas having been defined that may be another
 * device's; else if it is known and not what was told last.
 */
int devices_put(struct session *s, struct watched *w, uint64_t owner, bool anew);
/* The same, of all devices that have an arena in the stream among @arenas, as books_read() gives them. */
int devices_put_changed(struct session *s, struct watched *w, const book_arenas *arenas);
void devices_release(struct watched *w);

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
