/*
 * renumber.h: one of several streams that become one: its numbers (of processes, arenas, what is traced, sources) become those
 * that they have there, and its times may be moved. In each stream they are given from 1 on, in order.
 */
#ifndef STREAM_RENUMBER_H
#define STREAM_RENUMBER_H

#include "base/vec.h"
#include "stream/record.h"

enum numbered { NUMBERED_PROCESS, NUMBERED_ARENA, NUMBERED_RUNTIME, NUMBERED_MODULE, NUMBERED_FRAME, NUMBERED_STACK, NUMBERED_SOURCE, NUMBERED_NR };

/* How many of each the whole has. */
struct renumbered {
	uint64_t nr[NUMBERED_NR];
};

struct renumber {
	struct renumbered *whole;
	VEC(uint64_t) numbers[NUMBERED_NR]; /* in the whole: by number here - 1; of sources, which may be 0, by number */
	bool sources;			    /* what is about no process says of which source it is */
	int64_t shift_ns;
};

void renumber_release(struct renumber *n);

/* Move the times that @r tells. */
void renumber_shift(const struct renumber *n, struct record *r);

/*
 * Give @r the numbers of the whole; what it refers to and is not defined has none, and is 0. What it defines has one from now
 * on: if it does not come into the whole after all, renumber_undo() must be told. -EINVAL: it defines what cannot be, or is not
 * whole, and nothing has changed.
 */
int renumber_apply(struct renumber *n, struct record *r);
void renumber_undo(struct renumber *n, const struct record *r);

/* The number in the whole of what has @number here, which is defined. */
uint64_t renumber_of(const struct renumber *n, enum numbered of, uint64_t number);
/* There are @nr of them here: those that were not defined before get their numbers. */
void renumber_define(struct renumber *n, enum numbered of, uint64_t nr);
/* Of a source, 0 for the stream itself, which gets one if it has none. -EINVAL: there are too many. */
int renumber_source(struct renumber *n, uint64_t number, uint64_t *ret);

#endif
