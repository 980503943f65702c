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
	const int *pids; /* the caller's, as are the names */
	size_t nr_pids;
	const char *const *names;
	size_t nr_names;
	struct map processes, arenas; /* their numbers -> new ones */
	uint64_t nr_processes, nr_arenas; /* passed on */
	bool late; /* the first record was of a checkpoint: nothing can be picked, and put() was -ECANCELED */
	bool in_checkpoint;
	uint64_t records;		  /* that came, passed on or not */
	uint64_t time_ns;		  /* of the last of these */
	VEC(int) others; /* pids that were left out, each once */
};

void pick_init(struct pick *p, struct sink *to, const int *pids, size_t nr_pids);
/* Pass on those of these names as well: see pick_is_named(). */
void pick_add_names(struct pick *p, const char *const *names, size_t nr);
/* Is one of @names the program's name, or a part of its command line? Either may be NULL. */
bool pick_is_named(const char *const *names, size_t nr, const char *name, const char *command);
void pick_release(struct pick *p);

#endif
