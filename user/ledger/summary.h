/*
 * summary.h: what a ledger does not keep: totals, lifetimes and sizes of allocations, when a pool was fullest, which
 * failed; and what was allocated when a process ended, which its ledger forgets then. A fold beside the ledger's, of all that
 * happened or of a part. Bounded in memory by what the ledger keeps anyway: nothing is kept of a block, but of the largest
 * that were asked for. The structs are for reading; only summary*.c change them.
 */
#ifndef LEDGER_SUMMARY_H
#define LEDGER_SUMMARY_H

#include "ledger/ledger.h"

/* How many, and their bytes (all banks of one chip; of blocks whose size is known). */
struct tally {
	uint64_t nr, bytes;
};

enum {
	SUMMARY_LIVES = 21, /* lifetimes by their decimal digits of nanoseconds: 0: less than 1 ns, 1: less than 10 ns, ... */
	SUMMARY_SIZES = 65, /* sizes by their binary digits: 0: no byte, 1: 1, 2: 2 and 3, 3: 4 to 7, ... */
};

/* An arena, from the summary's begin to its end. */
struct arena_summary {
	struct tally allocations;
	uint64_t unsized; /* allocations whose size is not known yet */
	struct tally frees; /* of blocks that were known; all that a clear frees among them */
	struct tally found; /* in the books: from before attach, or of a hit that was lost */
	struct tally removed; /* by corrections: when they were freed is not known */
	uint64_t replaced; /* blocks that another was put in the place of: when they were freed is not known */
	uint64_t unknown_frees;
	uint64_t failed;
	uint64_t peak, peak_ns; /* highest reserved, and when it was so first; 0: it never had a block */
	struct tally lives[SUMMARY_LIVES]; /* of what was freed: how long it lived */
	struct tally ageless;		    /* freed, but allocated before attach */
	struct tally sizes[SUMMARY_SIZES]; /* of allocations */
	struct figures end; /* when its process ended */
	bool ended;
};

struct process_summary {
	uint64_t events, replays, clashes, corrections; /* of the ledger's, when the summary began */
	uint64_t failed; /* allocations, all of them */
	VEC(uint64_t) pool_failed; /* those of them in an arena that is not known, by the process's pools */
	uint64_t nowhere_failed;   /* and in a pool that is not known */
};

/* A living block, or one that lived when its process ended. */
struct summary_block {
	struct block block;
	uint64_t arena;
	uint64_t seen_ns; /* until when it is known to have lived */
};

typedef VEC(struct summary_block) summary_blocks;

/* Which blocks are kept, and how many. */
struct summary_choice {
	size_t most;
	/* More wanted: above 0; less: below. Not NULL. */
	int (*compare)(const struct block *a, const struct block *b);
	/* NULL: all may be. */
	bool (*chosen)(const void *context, const struct arena *a, const struct block *b);
	const void *context;
};

struct summary {
	uint64_t from_ns;
	struct summary_choice choice;
	bool begun;
	uint64_t begin_ns, end_ns; /* of what counts; the end is known when it is closed */
	uint64_t events, lost, corrections, unread, unknown_frees, replaced; /* of the ledger, when it began */
	uint64_t losses;		  /* records of loss */
	uint64_t lost_from_ns, lost_to_ns; /* all of them within */
	VEC(struct arena_summary *) arenas;	/* by id - 1; NULL: nothing happened there */
	VEC(struct process_summary *) processes; /* likewise */
	struct map last_failed; /* (process, tid) -> where the last failed allocation of a thread was counted */
	summary_blocks kept; /* of processes that ended */
};

/* What happens from @from_ns on counts. */
struct summary *summary_new(uint64_t from_ns, const struct summary_choice *choice);
void summary_free(struct summary *s);
/* Before the first record: what happens from @from_ns on counts. */
void summary_set_from(struct summary *s, uint64_t from_ns);

/* ledger_apply(), and remember. @effect must not be NULL. */
int summary_apply(struct summary *s, struct ledger *l, const struct record *r, struct effect *effect);
/* Behind the last record: also where nothing happened, it was what the ledger has that was so all the time. */
void summary_close(struct summary *s, const struct ledger *l);

/* Of an arena or a process, by id; NULL if nothing happened there. */
const struct arena_summary *summary_arena(const struct summary *s, uint64_t id);
const struct process_summary *summary_process(const struct summary *s, uint64_t id);
/* What an arena had at the end: now, or when its process ended. */
const struct figures *summary_end(const struct summary *s, const struct arena *a);
/* The chosen blocks that live, or lived when their process ended; the most wanted first. The caller releases @ret. */
void summary_blocks_fill(const struct summary *s, const struct ledger *l, summary_blocks *ret);

/* For summary.c: put those of an arena that are chosen into @heap. */
void summary_keep(const struct summary_choice *c, summary_blocks *heap, const struct arena *a, uint64_t seen_ns);

/* Add up what is of several arenas: not of peaks and ends. */
void arena_summary_add(struct arena_summary *sum, const struct arena_summary *a);

/* The class of a lifetime, of a size; and the least that is in a class. */
size_t summary_life(uint64_t ns);
size_t summary_size(uint64_t bytes);
uint64_t summary_life_least(size_t life);
uint64_t summary_size_least(size_t size);

#endif
