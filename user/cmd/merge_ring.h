/* merge_ring.h: the parts of a ring that was not ended, as one of the streams that become one. See stream/file_ring.h. */
#ifndef CMD_MERGE_RING_H
#define CMD_MERGE_RING_H

#include "base/diag.h"
#include "cmd/options.h"
#include "stream/file.h"
#include "stream/file_ring.h"

struct merge_ring; /* opaque */

/*
 * The parts that recording @i of @o stands for, oldest first: those beside it, and itself if it is there; or it is one of several
 * parts that are given. None: it is no ring. False: another recording of @o stands for it as well.
 */
bool merge_ring_paths(const struct options *o, size_t i, file_ring_paths *ret);

/*
 * Open them. Returns 0 or -errno, then @d says why: -EINVAL for those that are not of one ring. The newest may have no beginning
 * that can be read, which merge_ring_outcome() tells.
 */
int merge_ring_new(const file_ring_paths *paths, struct merge_ring **ret, struct diag *d);
void merge_ring_free(struct merge_ring *r); /* NULL is allowed */

/* Part @i, NULL if there are not so many. */
const char *merge_ring_part(const struct merge_ring *r, size_t i);
const struct file_header *merge_ring_header(const struct merge_ring *r); /* of the oldest */

/* As merge_stream has them. */
int merge_ring_pull(struct merge_ring *r, struct sink *to);
bool merge_ring_in_gap(const struct merge_ring *r);
unsigned int merge_ring_gaps(const struct merge_ring *r);

/* Say which they are, and how reading them ended. Returns false if something was wrong with one, or is missing. */
bool merge_ring_outcome(const struct merge_ring *r);

#endif
