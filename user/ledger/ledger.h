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
#include "ledger/blocks.h"
#include "ledger/chips.h"
#include "ledger/circular.h"
#include "ledger/drivers.h"
#include "ledger/modules.h"
#include "ledger/stacks.h"
#include "ledger/words.h"
#include "stream/record.h"

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

/*
 * What was used of an arena at most, bytes of a bank: see history.h. A pool grows from one of its ends, some from both: `top`
 * is the highest end of a block, `bottom` the same counted from the other end; `low` and `high` are these of blocks that are
 * nearer to either end.
 */
struct arena_use {
	uint64_t top, bottom, low, high;
	uint64_t demand; /* what a failed allocation would have needed */
	uint64_t asked;	 /* highest sum of requested bytes */
	bool asked_unknown;
	uint64_t tagged, tagged_asked, tagged_peak, tagged_asked_peak; /* all banks; of blocks that carry another pool's name */
	bool tagged_unknown;
	bool grows_known, grows_up;
	bool failed;
};

/* Is it of an inner layer, as its name says: see record.h? */
bool pool_is_inner(const char *pool);

struct arena {
	uint64_t id, object, owner;
	struct ledger_process *process;
	struct device *device; /* that it is of */
	const char *pool; /* lives as long as the ledger */
	uint64_t bank_bytes, base, align, grain;
	bool has_owner, has_base;
	bool gone; /* the object does not exist any more */
	bool is_trace; /* all of the pool is trace memory, whoever made it */
	bool is_inner; /* pool_is_inner() */
	struct figures figures;
	struct blocks blocks;
	struct arena_use use;
	size_t meanwhile; /* where its pool is in that of the history, if it is there */
};

/* One allocator object of a process with its pools. */
struct device {
	size_t place; /* in its process's devices */
	uint64_t owner;
	unsigned int number; /* in the order in which devices first held a block; valid when `held` */
	bool held;	     /* has ever held a block */
	VEC(struct arena *) arenas;
	chip_list chips; /* that it stands on; empty: not known */
	uint64_t count;	 /* of them */
	uint64_t mesh;	 /* the runtime's own number */
	uint64_t parent; /* owner of the device that it is a part of */
	bool has_count, has_mesh, has_parent;
	struct circular_sum programs; /* as last asked for */
};

enum phase { PHASE_UNKNOWN, PHASE_NONE, PHASE_INIT, PHASE_CAPTURE, PHASE_EXECUTION, PHASE_RELEASE };
/* "init", "capture", "execution", "release", "none"; NULL for unknown. */
const char *phase_name(enum phase phase);

struct ledger_process {
	uint64_t id;
	int pid;
	const char *host; /* where a recording has processes of several; NULL: it has not, or it is not known */
	uint64_t source;  /* number of its source, 0: there is but one */
	uint64_t start_ns, attached_ns, ended_ns;
	bool has_start, has_gap;
	uint64_t copy; /* among the runtimes of its pid, from 1: each is a process here */
	uint64_t gap_ns; /* how long it ran with its runtime mapped and unwatched; not known: it had mapped it before we came */
	const char *name, *command, *runtime; /* "" if not known */
	const char *advice;		      /* as of the attach, "" if none: see advice.h */
	const char *visible;		      /* chips that it may use, to which their numbers are relative; NULL: not known */
	VEC(const char *) pools;	      /* names, in the runtime's order */
	const char *core;		      /* name of the one whose banks are the cores' own memory; NULL: none */
	const char *ended;		      /* reason; NULL while it is watched */
	VEC(struct device *) devices;	      /* in the order seen; show those with held, and not all arenas gone */
	chip_groups groups;		      /* of the devices that are shown */

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
	uint64_t clashes; /* programs that were refused, since attach: their circular buffers had no place */
	struct circular circular;
	bool before_attach; /* the census found blocks: totals and peaks of before are not known */
	bool census_running;
	bool without_books; /* the runtime has none that can be read: nothing is known but what was seen */
	bool partial;	 /* a pool could not be read, or a step is not settled yet */
	uint64_t unsettled; /* steps since the last comparison with the books */
	uint64_t checked_ns; /* 0: never */
	bool check_equal;
	uint64_t corrections;
	struct history *history; /* history.h; NULL: nothing was told of it yet */
	struct ledger_probes probes;
	driver_figures drivers; /* what was there before, where the runtime has no books */
};

/* Hits of a verb's probes since tracing began: seen + lost = calls made. Each source has counts of its own. */
struct probe_count {
	const char *probe;
	uint64_t seen, lost, source;
	uint64_t left; /* calls that were entered and have not returned, of probes at both */
	bool has_left;
};

/* Of a stream that was made of several: one of them. */
struct ledger_source {
	uint64_t ended_ns; /* 0: it goes on */
};

struct restore;

struct ledger {
	VEC(struct ledger_process *) processes; /* by id - 1 */
	VEC(struct arena *) arenas;		/* by id - 1 */
	VEC(struct ledger_runtime) runtimes;	/* by number - 1 */
	VEC(struct ledger_module) modules;	/* by number - 1 */
	VEC(struct ledger_frame) frames;	/* by number - 1 */
	VEC(struct ledger_stack) stacks;	/* by number - 1 */
	uint64_t events, lost, corrections, unread;
	uint64_t unknown_frees;	 /* frees of an address that nobody allocated */
	uint64_t unstacked;	 /* allocations that should have a stack and have none */
	uint64_t replaced;	 /* allocations at an address that was still alive: a free was lost */
	uint64_t time_ns;	 /* of the last record */
	uint64_t interval_ns;	 /* of the last tick; 0: on request */
	uint64_t ticks;
	VEC(char *) texts; /* each once */
	struct words words; /* those of blocks and of what is traced */
	VEC(struct probe_count) probes; /* as last told */
	VEC(struct ledger_source) sources; /* by number - 1; empty: there is but one */
	uint64_t gaps;			   /* parts of sources that were damaged */
	uint64_t gaps_from_ns, gaps_to_ns; /* all of them within; 0: not known */
	struct circular_placed placed; /* of the last records */
	struct restore *restore; /* the checkpoint that is being read, NULL: none */
	bool all_layers; /* set by who reads it: pools of inner layers are listed as well */
	uint64_t unknown_states; /* in checkpoints: a newer pooltrace knows what they are */
};

/* What a record did, for those who tell about it (the log). Pointers live until the next record. */
struct effect {
	const struct ledger *ledger;
	const struct ledger_process *process; /* NULL: none */
	const struct arena *arena;	      /* NULL: none */
	const struct device *device;	      /* NULL: none, or not known */
	const struct ledger_module *module;   /* of a `uses`; NULL: none */
	bool checkpoint; /* the record is part of one: nothing has happened */
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
	struct circular_placed placed; /* before this record: told when it is complete; nothing more of it is set if it has no process */
	struct block block; /* of alloc, block, free, correction: as it was or is; set if has_block */
};

struct ledger *ledger_new(void);
void ledger_free(struct ledger *l);

/*
 * Fold one record. -EINVAL: it contradicts what came before (an unknown process or arena, a number out of order, a
 * required field missing), which only a broken file can do; the ledger is unchanged. @effect may be NULL.
 *
 * Records of a checkpoint, see checkpoint.h, change nothing until it ends: then the ledger is what they say. If they contradict
 * one another all of them are -EINVAL from there on, and the ledger stays as it was; also if a record comes that cannot be in one.
 */
int ledger_apply(struct ledger *l, const struct record *r, struct effect *effect);
/* What ledger_apply() would return, but of records of a checkpoint. */
int ledger_check(const struct ledger *l, const struct record *r);
/* Is @r, which comes next, part of a checkpoint? Then nothing happens. */
static inline bool ledger_in_checkpoint(const struct ledger *l, const struct record *r)
{
	return l->restore || r->kind == RECORD_CHECKPOINT || r->kind == RECORD_STATE;
}

/* Nothing happens until @time_ns: what comes next, if anything, is later. */
void ledger_pass(struct ledger *l, uint64_t time_ns);
/* Until when @p is known to be as it is: now, or when its source ended. */
uint64_t ledger_now(const struct ledger *l, const struct ledger_process *p);

/* By id; NULL if there is none. */
static inline struct ledger_process *ledger_process(const struct ledger *l, uint64_t id)
{
	return id && id <= l->processes.nr ? l->processes.items[id - 1] : NULL;
}
static inline struct arena *ledger_arena(const struct ledger *l, uint64_t id)
{
	return id && id <= l->arenas.nr ? l->arenas.items[id - 1] : NULL;
}

/* A device is shown when it has held a block and not all its arenas are gone. */
bool device_shown(const struct device *d);
/* The sum of a device's arenas of one pool (NULL: of all). False: it has none. */
bool device_figures(const struct device *d, const char *pool, struct figures *ret);
/* Largest run of free bytes of a bank, among the arenas of @pool. False: not known. O(n log n) of its blocks. */
bool device_largest_free(const struct device *d, const char *pool, uint64_t *ret);

#endif
