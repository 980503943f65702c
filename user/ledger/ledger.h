/*
 * ledger/: what is allocated, folded from the records of the stream. Pure: no clock, no input or output,
 * nothing of live tracing. The same records always give the same ledger.
 *
 * ledger.h: the fold and what can be read from it. The structs are for reading; only ledger.c changes them.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "base/map.h"
#include "base/vec.h"
#include "stream/record.h"

/* A living allocation. Its key is (arena, address): an arena is one generation of a pool's object. */
struct block {
	uint64_t address;
	uint64_t reserved; /* all banks of one chip */
	uint64_t asked;
	uint64_t trace;	  /* id of the trace whose buffer it is */
	uint64_t time_ns; /* of its allocation */
	uint32_t tid;
	bool has_reserved, has_asked, has_trace, has_time;
	bool is_trace;	    /* the buffer of a trace, by the call that made it */
	bool before_attach; /* from the books: who made it, and for what, is not known */
};

/* Figures of an arena, or of all arenas of a pool. Bytes are of all banks of one chip. */
struct figures {
	uint64_t buffers, reserved;
	uint64_t asked;		/* of those blocks whose asked size is known */
	uint64_t asked_unknown; /* blocks whose asked size is not: then `asked` is no total */
	uint64_t trace;		/* bytes of trace buffers among `reserved` */
	uint64_t trace_unknown; /* blocks of which nobody knows whether they are a trace's */
	uint64_t peak;		/* of reserved, since the arena began or since attach */
	bool peak_known;	/* the arena was seen from its beginning */
	uint64_t capacity;	/* bank_bytes * banks */
	bool has_capacity;
	uint64_t banks;
	bool has_banks;
};

struct arena {
	uint64_t id, object, owner;
	struct ledger_process *process;
	struct device *device; /* that it is of */
	const char *pool; /* lives as long as the ledger */
	uint64_t bank_bytes, base, align, grain;
	bool has_owner, has_base;
	bool gone; /* the object does not exist any more */
	struct figures figures;
	struct map blocks; /* (address, 0) -> struct block * */
};

/* One allocator object of a process with its pools. */
struct device {
	uint64_t owner;
	unsigned int number; /* in the order in which devices first held a block; valid when `held` */
	bool held;	     /* has ever held a block */
	VEC(struct arena *) arenas;
};

enum phase { PHASE_UNKNOWN, PHASE_NONE, PHASE_INIT, PHASE_CAPTURE, PHASE_EXECUTION, PHASE_RELEASE };
/* "init", "capture", "execution", "release", "none"; NULL for unknown. */
const char *phase_name(enum phase phase);

struct ledger_process {
	uint64_t id;
	int pid;
	uint64_t start_ns, attached_ns, ended_ns;
	bool has_start;
	const char *name, *command, *runtime; /* "" if not known */
	const char *advice;		      /* as of the attach, "" if none: see advice.h */
	VEC(const char *) pools;	      /* names, in the runtime's order */
	const char *ended;		      /* reason; NULL while it is watched */
	VEC(struct device *) devices;	      /* in the order seen; show those with held, and not all arenas gone */

	enum phase phase;
	uint64_t phase_trace; /* of capture, execution, release */
	bool has_phase_trace;
	uint64_t phase_start_ns;
	bool has_phase_start;
	uint64_t replays;     /* of all traces, since attach */
	struct map replays_by_trace; /* (trace, 0) -> count */
	uint64_t captured_ns; /* when the last capture that was seen ended; 0: none was seen */
	uint64_t last_alloc_ns; /* last allocation that was no trace's own; 0: none since attach and the last capture */

	uint64_t events;
	uint64_t failed; /* allocations, since attach */
	bool before_attach; /* the census found blocks: totals and peaks of before are not known */
	bool census_running;
	bool partial;	 /* a pool could not be read, or a step is not settled yet */
	uint64_t unsettled; /* steps since the last comparison with the books */
	uint64_t checked_ns; /* 0: never */
	bool check_equal;
	uint64_t corrections;
	struct history *history; /* history.h; NULL: nothing was told of it yet */
};

/* Hits of a verb's probes since tracing began: seen + lost = calls made. */
struct probe_count {
	const char *probe;
	uint64_t seen, lost;
};

struct ledger {
	VEC(struct ledger_process *) processes; /* by id - 1 */
	VEC(struct arena *) arenas;		/* by id - 1 */
	uint64_t events, lost, corrections, unread;
	uint64_t unknown_frees;	 /* frees of an address that nobody allocated */
	uint64_t replaced;	 /* allocations at an address that was still alive: a free was lost */
	uint64_t time_ns;	 /* of the last record */
	uint64_t interval_ns;	 /* of the last tick; 0: on request */
	uint64_t ticks;
	VEC(char *) texts; /* each once */
	VEC(struct probe_count) probes; /* as last told */
};

/* What a record did, for those who tell about it (the log). Pointers live until the next record. */
struct effect {
	const struct ledger_process *process; /* NULL: none */
	const struct arena *arena;	      /* NULL: none */
	const struct device *device;	      /* NULL: none, or not known */
	struct block block;  /* of alloc, block, free, correction: as it was or is */
	bool has_block;
	bool unknown_free;
	bool replaced;
	bool check_changed; /* a comparison said otherwise than the one before, or is the first */
	/* A phase ended and another began; equal when none did. */
	enum phase from, to;
	uint64_t from_trace;
	bool has_from_trace;
	const char *why; /* of the change; static text */
	uint64_t cleared; /* blocks that a clear freed */
	uint64_t cleared_bytes;
};

struct ledger *ledger_new(void);
void ledger_free(struct ledger *l);

/*
 * Fold one record. -EINVAL: it contradicts what came before (an unknown process or arena, a number out of order, a
 * required field missing), which only a broken file can do; the ledger is unchanged. @effect may be NULL.
 */
int ledger_apply(struct ledger *l, const struct record *r, struct effect *effect);

/* By id; NULL if there is none. */
struct ledger_process *ledger_process(const struct ledger *l, uint64_t id);
struct arena *ledger_arena(const struct ledger *l, uint64_t id);
/* The living generation of the arena at @object, NULL if none is known. */
struct arena *ledger_arena_at(const struct ledger *l, uint64_t process, uint64_t object);
const struct block *arena_block(const struct arena *a, uint64_t address);

/* A device is shown when it has held a block and not all its arenas are gone. */
bool device_shown(const struct device *d);
/* The sum of a device's arenas of one pool (NULL: of all). False: it has none. */
bool device_figures(const struct device *d, const char *pool, struct figures *ret);
/* Largest run of free bytes of a bank, among the arenas of @pool. False: not known. O(n log n) of its blocks. */
bool device_largest_free(const struct device *d, const char *pool, uint64_t *ret);

#endif
