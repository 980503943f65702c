/* kernel_parts.h: the kernel half, for the files kernel*.c. Private to them. */
#ifndef LIVE_KERNEL_PARTS_H
#define LIVE_KERNEL_PARTS_H

#include "live/kernel.h"
#include "pooltrace.skel.h"

enum { WAKE_SHARE = 4 }; /* the reader of a ring is woken when such a part of it waits, see bpf/wake.h */

struct ring_buffer;

/* Those at functions. */
enum program { PROGRAM_PROBE, PROGRAM_SESSION, PROGRAM_ENTRY, PROGRAM_RETURN, PROGRAM_WAY, NR_PROGRAMS };

struct kernel {
	struct pooltrace_bpf *skeleton;
	struct ring_buffer *ring;
	struct kernel_stacks *stacks; /* NULL: none are wanted */
	enum attach_mode mode;
	bool session;
	struct bpf_program *programs[NR_PROGRAMS]; /* some are loaded */
	int stats_cpus;
	struct wire_stats *stats_scratch; /* one for each CPU */
	struct {
		uint64_t seen, alone; /* of those, returns of calls whose entry was not */
	} received[WIRE_SPECS];
	/* during a drain */
	int (*receive)(void *context, const struct wire_hit *hit);
	void *context;
	uint64_t until_ns;
	int err;
};

/* ---- kernel_stacks.c ---- */

/* Before the load, and behind it. */
void kernel_stacks_choose(struct pooltrace_bpf *s, const struct kernel_options *o);
int kernel_stacks_open(struct kernel *k, const struct kernel_options *o);
void kernel_stacks_close(struct kernel *k);

#endif
