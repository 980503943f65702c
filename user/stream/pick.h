/*
 * A sink that passes on what is about some processes, as if the others had not been watched: processes and arenas are
 * numbered anew. What is about no process (ticks, losses) is passed on; checkpoints, which are about all, are not.
 */
#ifndef STREAM_PICK_H
#define STREAM_PICK_H

#include "base/map.h"
#include "base/vec.h"
#include "stream/record.h"

struct pick {
	struct sink sink;
	struct sink *to;
	const int *pids; /* the caller's */
	size_t nr_pids;
	struct map processes, arenas; /* their numbers -> new ones */
	uint64_t nr_processes, nr_arenas; /* passed on */
	bool in_checkpoint;
	uint64_t records;		  /* that came, passed on or not */
	VEC(int) others; /* pids that were left out, each once */
};

void pick_init(struct pick *p, struct sink *to, const int *pids, size_t nr_pids);
void pick_release(struct pick *p);

#endif
