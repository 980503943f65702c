/*
 * history.h: what became of a process's memory from phase to phase: for each phase what lay in its pools at the end and what
 * happened inside; each allocation that failed, and why; what its pools needed at most. Bounded in memory, however
 * long the process lives. The structs are for reading; only history*.c change them.
 */
#ifndef LEDGER_HISTORY_H
#define LEDGER_HISTORY_H

#include "ledger/ledger.h"

/*
 * Kinds of rows. A capture is two: what is allocated while it is recorded, and the trace's own buffer, which the runtime
 * makes when the capture ends. EXECUTION lasts as the phase of that name does; the others end with the first thing that
 * is not theirs, and what follows is OTHER until the next mark. CLEAR: all of a device was freed at once.
 */
#define HISTORY_KINDS(X)                                                                                         \
	X(FOUND, "found") /* what was there when pooltrace came, and what followed it */                         \
	X(INIT, "init")                                                                                          \
	X(CAPTURE, "capture")                                                                                    \
	X(BUFFER, "buffer") /* of the trace whose capture has ended */                                           \
	X(EXECUTION, "execution")                                                                                \
	X(RELEASE, "release")                                                                                    \
	X(OTHER, "other")                                                                                        \
	X(CLEAR, "clear")                                                                                        \
	X(LEFT_OUT, "left-out") /* the rows for which there was no room, in one */

enum history_kind {
#define X(NAME, name) HISTORY_##NAME,
	HISTORY_KINDS(X)
#undef X
	HISTORY_NR
};

const char *history_kind_name(enum history_kind kind);

/* One pool of one device at the end of a phase; sorted by device number. Bytes are of all banks of one chip. */
struct history_figures {
	size_t device;	     /* its place in the process's devices */
	unsigned int number; /* as it is shown */
	size_t place;	     /* of the pool, in the process's pools */
	const char *pool;
	uint64_t reserved, trace, buffers;
	uint64_t before; /* reserved when the phase began */
	bool has_before;
	bool is_core; /* its banks are the cores' own memory: `circular`, and what each core keeps below for code */
	struct circular_figures circular;
	uint64_t code;
	bool has_code;
	bool gone; /* the device was closed in this phase */
};

typedef VEC(struct history_figures) history_figures;

enum { HISTORY_TRACES = 4 };

struct history_row {
	enum history_kind kind;
	uint64_t times;	 /* phases in it: a cycle that is repeated is kept once, with the figures of its last round */
	uint64_t trace[HISTORY_TRACES]; /* captured, replayed or released in it */
	size_t nr_traces;
	bool more_traces;
	uint64_t begin_ns, end_ns; /* of the first, of the last; the running row has no end */
	uint64_t lasted_ns;	   /* all of them; not the running one */
	uint64_t allocations, frees, failed;
	uint64_t allocated, freed; /* bytes, all banks of one chip */
	uint64_t replays;	   /* told so far */
	bool replays_shared;	   /* those of a later row of the same trace are among them: nobody can tell them apart */
	bool replays_above;	   /* they are counted in an earlier row */
	bool fresh; /* EXECUTION: replays of it may not be told yet */
	history_figures figures; /* empty in LEFT_OUT; the running row's are made by history_now() */
};

enum history_cause {
	CAUSE_UNKNOWN,
	CAUSE_EXHAUSTED,  /* less was free than was needed */
	CAUSE_FRAGMENTED, /* enough was free, but in no one piece */
	CAUSE_REFUSED,	  /* there was room: the runtime had another reason */
	/* It was no allocation but a program, whose circular buffers would have reached */
	CAUSE_CLASH,	/* into blocks */
	CAUSE_OVERFLOW, /* beyond the bank */
};

/* "exhausted"; NULL for unknown. */
const char *history_cause_name(enum history_cause cause);
struct history_failure;
/* Is it a program that was refused, no allocation? */
bool history_is_program(const struct history_failure *f);

enum { HISTORY_HOLDERS = 6, HISTORY_FAILURES = 16, HISTORY_LARGEST = 6 };

/* Blocks of the same size and label. */
struct history_holder {
	uint64_t reserved; /* of one block, all banks; the last of several that are put together: of none */
	uint64_t buffers, bytes;
	bool trace;
	bool rest; /* all others */
	const char *label; /* of all of them; NULL: none */
};

/* An allocation that failed, or a program that was refused. Bytes are of a bank, but `asked` and holders. */
struct history_failure {
	uint64_t time_ns, first_ns; /* the last and the first of `times` in a row that were the same */
	uint64_t times, number; /* of the last, from 1 */
	uint64_t tid;
	enum history_kind during;
	uint64_t trace; /* of that phase */
	bool has_trace;
	bool has_device;
	unsigned int device; /* its number */
	const char *pool;    /* NULL: not known */
	uint64_t code; /* that the function gave back; a number that may be below 0 */
	bool has_code;
	uint64_t asked, needed, taken; /* requested in all; needed; needed with the rounding of the pool */
	bool has_asked, has_needed, has_taken;
	uint64_t banks, bank_bytes, allocated, free, largest_free;
	bool has_bank, has_largest; /* bank_bytes, allocated and free; largest_free */
	enum history_cause cause;
	struct history_holder holders[HISTORY_HOLDERS]; /* those with most bytes first */
	size_t nr_holders;
	uint64_t arena; /* 0: not known */
	uint64_t end, limit; /* of a program: where its circular buffers would have ended, and where they had to end at the latest */
};

/* What became of a trace since it was captured. */
struct history_trace {
	uint64_t id;
	uint64_t captured_ns, released_ns; /* 0: not seen; not released */
	uint64_t replays_before;	   /* told before its capture: an id may be used again */
	bool has_buffer;
	bool buffer_freed;
	uint64_t arena;	   /* of its buffer */
	uint64_t reserved; /* of its buffer */
	const char *pool;  /* of its buffer, NULL: not known */
};

enum { HISTORY_KEPT_TRACES = 32 };

/* Since the last capture that was seen: what was allocated and freed outside of traces, by pool. */
struct history_meanwhile {
	const char *pool;
	uint64_t allocations, allocated, frees, freed;
};

enum { HISTORY_ROWS = 48, HISTORY_FIRST_ROWS = 16, HISTORY_CYCLE = 8 };

struct history {
	struct history_row running;
	VEC(struct history_row) rows; /* those before it */
	uint64_t phases;	      /* in all, the running one among them */
	bool ended;
	VEC(struct history_failure) failures; /* oldest first; the newest and the largest */
	uint64_t failed;		      /* in all */
	uint64_t clashes;		      /* programs among them */
	uint64_t failures_left_out;
	uint64_t failed_at_event; /* process's events when the last one came */
	VEC(struct history_trace) traces; /* oldest first; the newest */
	uint64_t traces_left_out;
	uint64_t captures, runs; /* seen; EXECUTION phases since the last capture */
	uint64_t captured_ns;	 /* 0: no capture was seen to end */
	uint64_t captured_trace;
	bool has_captured_trace;
	VEC(struct history_meanwhile) meanwhile;
};

/* The running row's figures as of now; the caller releases @ret, which was empty. */
void history_now(const struct ledger_process *p, history_figures *ret);
/* Its kind as of now: what was taken for FOUND may be the beginning after all. */
enum history_kind history_kind_now(const struct ledger_process *p);

/* The process held nothing when it was attached to: what was not seen was not there. */
bool history_from_begin(const struct ledger_process *p);

/* The trace of that id, NULL if its capture, replay or release was not seen. */
const struct history_trace *history_trace_of(const struct history *h, uint64_t id);

/* Its capture has ended, but no buffer was made for it: the runtime has refused that. */
bool history_refused(const struct ledger_process *p, const struct history_trace *t);

/* What a pool of the devices of one number needed at most, since they were watched. Bytes of a bank but `asked`. */
struct history_need {
	uint64_t peak;	 /* highest use */
	uint64_t span;	 /* bank that would have been large enough, holes and failed allocations included; at least `peak` */
	uint64_t asked;	 /* highest sum of requested bytes */
	bool asked_known;
	uint64_t banks, bank_bytes; /* of the pool, as it is now; 0 banks: it has none */
	bool known;	  /* something is known of it */
	bool from_begin;  /* watched from its beginning: nothing higher can have been before */
	bool failed;	  /* an allocation failed in it */
	const char *pool; /* the one that it is of, or in which blocks with the tag lie */
};

/* Of pool @pool of devices with number @number. False: they have no such pool. */
bool history_need(const struct ledger_process *p, unsigned int number, const char *pool, struct history_need *ret);
/*
 * What blocks that carry tag @tag, in pools of another name, needed at most; `bank_bytes` is not set. False: there were
 * none.
 */
bool history_need_tagged(const struct ledger_process *p, unsigned int number, const char *tag, struct history_need *ret);

#endif
