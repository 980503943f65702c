/*
 * mapped.h: what the kernel tells of code that processes map, at once, through perf events: every process that starts, and
 * every library that is loaded.
 */
#ifndef LIVE_MAPPED_H
#define LIVE_MAPPED_H

#include "base/util.h"

/* A file as the kernel knows it, not by what a mount namespace or an overlay shows; mapped with permission to execute. */
struct mapped {
	int pid;
	uint64_t start; /* address */
	uint64_t device, inode, generation;
	uint64_t time_ns; /* CLOCK_MONOTONIC */
};

struct mapped_source;

/* From now on, of all processes. -errno: this kernel has no such events, or does not give them to us. */
int mapped_new(struct mapped_source **ret);
void mapped_free(struct mapped_source *m);
/* Readable when something was mapped. */
int mapped_fd(const struct mapped_source *m);
/* Tell only while somebody wants to know. */
void mapped_enable(struct mapped_source *m, bool enable);
/* Receive what was told since. True: something was lost. */
bool mapped_read(struct mapped_source *m, void (*receive)(void *context, const struct mapped *mapped), void *context);

#endif
