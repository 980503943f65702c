/*
 * merge.h: several streams become one: by their times, each in its own order. What they are in the whole:
 *
 * numbers     of processes, arenas and what is traced are given anew, see stream/renumber.h
 * source      each stream is one, by number; of a stream that was made of several each of these is one
 * tick        a table is of all processes, so those of one stream at a time make tables: of the first that has one, until it
 *             ends. A tick of another stream becomes `settled`
 * end         a record says where a stream ends
 * gap         a record says where a stream has one. If it tells behind it what is known (a checkpoint between two marks), the whole
 *             does so there as well: of all streams, since it has no other form
 * detach      a process that a stream still watched at its end, and that is watched by another one later, is the same one: its
 *             watch ends (`detached`) where the other begins
 *
 * Memory is that of a ledger, and of the records that each stream gives at a time.
 */
#ifndef LEDGER_MERGE_H
#define LEDGER_MERGE_H

#include "ledger/ledger.h"

/* A stream that is asked for more. */
struct merge_stream {
	/*
	 * Put some of the next records into @to. Returns 1: there may be more; 0: there is none; or -errno: reading failed, and
	 * there is none.
	 */
	int (*pull)(struct merge_stream *stream, struct sink *to);
	/* Are records missing before those that were pulled last? */
	bool (*in_gap)(const struct merge_stream *stream);
	/* How many gaps there were so far. */
	unsigned int (*gaps)(const struct merge_stream *stream);
	const char *host; /* of its processes that name none; NULL: all are of one */
	int64_t shift_ns; /* added to all times */
	/* For the caller, when merge_run() has returned. */
	uint64_t records;	  /* that came, until it ended or was found to be wrong */
	const char *contradiction; /* the last of them cannot be true: its kind; NULL: all can */
	int err;		   /* what pull() returned; 0: it ended well */
};

struct merge; /* opaque */

/* All of @streams, which live as long as it: at least one. */
struct merge *merge_new(struct merge_stream **streams, size_t nr);
void merge_free(struct merge *m);
/*
 * Put all records into @to, which may look at merge_ledger(): all that was put is in it. A stream that contradicts itself ends
 * there, the others go on. Returns 0 or what @to returned.
 */
int merge_run(struct merge *m, struct sink *to);
const struct ledger *merge_ledger(const struct merge *m);
/* How many processes two streams watched at a time: each counts twice. */
uint64_t merge_twice(const struct merge *m);

#endif
