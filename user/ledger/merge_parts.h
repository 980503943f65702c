/* merge_parts.h: what the files merge*.c share. */
#ifndef LEDGER_MERGE_PARTS_H
#define LEDGER_MERGE_PARTS_H

#include "ledger/graft.h"
#include "ledger/merge.h"
#include "stream/queue.h"
#include "stream/renumber.h"

/* Of records that wait: some are missing before it; it is not of the stream, but about it. */
enum { MARK_GAP = 1, MARK_OURS = 2 };

struct merge_input {
	struct sink sink; /* where its stream puts */
	struct merge_stream *stream;
	struct queue queue;
	struct record next; /* whose turn it is; valid if has_next */
	unsigned int mark;
	bool has_next, pulled, ended; /* pulled: nothing more comes from the stream; ended: nor from the queue */
	unsigned int gaps;	      /* that were told */
	uint64_t last_ns;	      /* of the last record that came */
	uint64_t put_ns;	      /* of the last one that is in the whole */
	struct renumber renumber;
	struct totals counted; /* what its records have brought */
	struct ledger *part; /* a checkpoint that is being read, NULL: none */
};

struct merge {
	struct ledger *l;
	struct merge_input *inputs;
	size_t nr;
	size_t leader; /* the input whose ticks make tables; nr: none yet */
	uint64_t table_ns; /* of the last table */
	struct renumbered numbers;
	VEC(size_t) owners; /* of processes by number - 1: which input has them */
	uint64_t twice;
};

/* Returned for a record that contradicts those before it; nothing has changed. */
enum { MERGE_CONTRADICTION = 1 };

/* The next record of @in, which becomes one of the whole. Returns 0, MERGE_CONTRADICTION, or -errno of @to. */
int merge_take(struct merge *m, struct merge_input *in, struct record *r, struct sink *to);
/* @in has ended. As merge_take(). */
int merge_end(struct merge *m, struct merge_input *in, struct sink *to);

#endif
