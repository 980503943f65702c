/* queue.h: records that wait for their turn, packed: of a record only what it has. */
#ifndef STREAM_QUEUE_H
#define STREAM_QUEUE_H

#include "base/str.h"
#include "base/vec.h"
#include "stream/record.h"

/* `struct queue q = {};` is empty. */
struct queue {
	VEC(uint64_t) words; /* of each record: kind and mark, fields, values; of a text where it begins in `texts` */
	struct str texts;    /* each with its NUL */
	size_t at;	     /* the first record */
};

void queue_release(struct queue *q);
/* Add a copy of @r behind the others. @mark, below 256, comes back with it. */
void queue_put(struct queue *q, const struct record *r, unsigned int mark);
/* The first record, which is no longer in the queue; its texts live until the next put. False: there is none. */
bool queue_take(struct queue *q, struct record *ret, unsigned int *ret_mark);

#endif
