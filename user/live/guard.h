/*
 * guard.h: a process of ours that outlives us for a moment. When we end, in whatever way, it continues the processes that are
 * stopped for us; it also continues one that is stopped for much longer than it takes to set probes, unless we are seen to
 * serve others meanwhile, since we may be stopped ourselves. It has a session of its own, so that what ends our process group does not end it.
 */
#ifndef LIVE_GUARD_H
#define LIVE_GUARD_H

#include "base/diag.h"

/* Entries in the map of processes that are stopped, as in bpf/maps.h. */
enum { GUARD_HELD = 1 << 12 };

struct guard {
	int map_fd; /* of processes that are stopped: tgid -> since when (CLOCK_MONOTONIC, ns) */
	int pid, pidfd;
	int alive_fd; /* it sees the end of this pipe when we end */
};

#define GUARD_NONE ((struct guard){.map_fd = -1, .pidfd = -1, .alive_fd = -1})

/* Make the map and the process. guard_end() in any case. */
int guard_start(struct guard *ret, struct diag *d);
/* When no program of the kernel half is left that stops processes: all that are stopped go on. */
void guard_end(struct guard *g);

bool guard_lives(const struct guard *g);
/* Nobody may be stopped from now on. */
void guard_off(const struct guard *g);

/*
 * Let process @pid go on, which was stopped for us, and tell the guard that we are at work. Signals that others sent to stop it meanwhile are not lost; @ours: more
 * than one SIGSTOP was ours. Returns for how many ns it was stopped.
 */
uint64_t guard_continue(const struct guard *g, int pid, bool ours);

#endif
