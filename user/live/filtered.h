/*
 * filtered.h: a child of ours under a seccomp filter that kills it for nearly every system call, as browsers and sandboxes
 * have them. Some kernels (6.11 to 6.13) let a return probe make a system call of which such a filter does not know.
 */
#ifndef LIVE_FILTERED_H
#define LIVE_FILTERED_H

struct filtered {
	int pid, go_fd;
};

/* Start it: it waits. The caller ends it with filtered_go() or filtered_end(). */
int filtered_start(struct filtered *ret);
/* Let it call the first of our sites once. 0: it lives; -ENOTSUP: it was killed; FEATURE_NOT_ASKED: it has no filter. */
int filtered_go(struct filtered *child);
void filtered_end(struct filtered *child);

#endif
