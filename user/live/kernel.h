/*
 * kernel.h: the kernel half, loaded: its maps, its ring, its counters, and the links of a process's probes.
 */
#ifndef LIVE_KERNEL_H
#define LIVE_KERNEL_H

#include "base/vec.h"
#include "live/session.h"
#include "runtime/bind.h"
#include "wire_stack.h"
#include "wire_python.h"

struct kernel;

struct kernel_options {
	enum attach_mode mode;
	uint32_t ring_bytes; /* 0: the default */
	int held_fd; /* of guard.h; -1: no process is ever stopped */
	bool ways; /* kernel_attach_ways() may be called */
	bool native, python; /* what a thread is doing is sent with hits that want it: WIRE_STACK_TOO */
	uint64_t stack_budget; /* at most so many bytes of stacks a second; 0: no limit */
	bool children; /* of marked processes are marked as they are, and those of watched ones as followed */
};

/* Load the programs. Errors say whether privileges, BTF or a feature is missing. */
int kernel_new(const struct kernel_options *o, struct kernel **ret, struct diag *d);
void kernel_free(struct kernel *k);

/* ATTACH_MULTI or ATTACH_SINGLE, as chosen. */
enum attach_mode kernel_mode(const struct kernel *k);

/* Write the specification that cookie @id stands for. */
int kernel_set_spec(struct kernel *k, uint32_t id, const struct wire_spec *spec);

/* Tell of lookups of the function of this name from now on. Returns its number, 0: it is too long. */
uint64_t kernel_want_name(struct kernel *k, const char *name);

/* Watch a process from now on, or not any more: its hits pass only while it is armed. */
int kernel_arm(struct kernel *k, int pid, uint32_t life);
void kernel_disarm(struct kernel *k, int pid);
/* The next life behind @last that no process is in; 0: there are as many as there can be. */
uint32_t kernel_free_life(const struct kernel *k, uint32_t last);
/* False: it was disarmed, by us or because it runs another program now. */
bool kernel_armed(const struct kernel *k, int pid);

/*
 * Receive what is in the ring, in order, up to now. @receive returns 0, or an error that ends it at once and is returned.
 */
int kernel_drain(struct kernel *k, int (*receive)(void *context, const struct wire_hit *hit), void *context);
/* How many hits the ring holds at least. */
size_t kernel_ring_hits(const struct kernel *k);
/* Readable when the kernel half wants the ring to be drained before the next poll. */
int kernel_wake_fd(const struct kernel *k);

/*
 * Receive the stacks of all hits that were drained before, and maybe of more. Waits for those that are still being copied, some
 * milliseconds at most. As kernel_drain().
 */
int kernel_drain_stacks(struct kernel *k, int (*receive)(void *context, const struct wire_stack_head *record), void *context);
/* As kernel_wake_fd(); -1: there are no stacks. */
int kernel_stack_wake_fd(const struct kernel *k);
/* How the interpreter of a process is read, from now on; then it is not any more. */
int kernel_set_python(const struct kernel *k, int pid, const struct wire_python *python);
void kernel_forget_python(const struct kernel *k, int pid);
/* Stacks that were not sent since the load: for lack of room, and of the budget. */
uint64_t kernel_stacks_lost(const struct kernel *k);
uint64_t kernel_stacks_over(const struct kernel *k);

/* Hits lost, and values not read, since the load. */
uint64_t kernel_lost(const struct kernel *k);
uint64_t kernel_unread(const struct kernel *k);
/* Of one specification. */
struct kernel_stats {
	uint64_t seen, lost; /* hits, of those that the reader has come to */
	uint64_t entered, finished; /* of calls that are seen at entry and return */
};
struct kernel_stats kernel_stats(const struct kernel *k, uint32_t id);

/* A counted key of a process. */
struct kernel_count {
	uint32_t spec;
	uint64_t key, count;
};
typedef VEC(struct kernel_count) kernel_counts;
/* What was counted for process @pid, in all its programs; @ret is the caller's. */
void kernel_read_counts(const struct kernel *k, int pid, kernel_counts *ret);
/* Forget the counts of a process that has ended. */
void kernel_forget_counts(struct kernel *k, int pid);

/* Probes of one process in one file. */
struct probe_site {
	uint64_t file_offset;
	uint32_t spec;
	uint32_t life; /* as kernel_arm() is told */
	enum wire_way way; /* of kernel_attach_ways() */
};
typedef VEC(int) link_fds;
/* Arm the sites in the file at @path for process @pid: one link, or one a site on kernels without uprobe_multi. */
int kernel_attach(struct kernel *k, const char *path, int pid, const struct probe_site *sites, size_t nr,
		  link_fds *links, struct diag *d);
/* The same at entry and return, for rows that say `return`: of C functions alone, see pooltrace-rt(5). */
int kernel_attach_calls(struct kernel *k, const char *path, int pid, const struct probe_site *sites, size_t nr,
			link_fds *links, struct diag *d);
/* The same at entries and at all ways out of their functions: no return address is replaced. */
int kernel_attach_ways(struct kernel *k, const char *path, int pid, const struct probe_site *entries, size_t nr_entries,
		       const struct probe_site *ways, size_t nr_ways, link_fds *links, struct diag *d);
/*
 * Take the probes out of processes that have them only because they were forked from one that is watched: when a link is closed the
 * kernel looks at all processes that map the file. Makes a link to be closed.
 */
void kernel_sweep(struct kernel *k, const char *path, const struct probe_site *sites, size_t nr, link_fds *links);

/* ---- processes of a command that we started, which need kernel_options.held_fd, and children: bpf/hold.bpf.c ---- */

/* enum wire_mark, for a process by its pidfd. */
int kernel_mark(struct kernel *k, int pidfd, uint32_t marks);
bool kernel_is_marked(const struct kernel *k, int pidfd);
void kernel_set_interest(struct kernel *k, const struct wire_file *file, enum wire_interest interest);
/* Process @pid has the probes of this file, or not any more: that it maps it is no reason to hold it. */
void kernel_set_attached(struct kernel *k, int pid, const struct wire_file *file, bool attached);
/* A process's dynamic linker is to say when it has mapped something. */
int kernel_attach_linker(struct kernel *k, const char *path, int pid, const struct probe_site *site, const struct wire_file *file,
			 link_fds *links);

/* How often there was no room to tell of such a process. */
uint64_t kernel_untold(const struct kernel *k);

/* How often watched processes have forked. */
uint64_t kernel_forks(const struct kernel *k);

/* Remove them. Takes 30 ms for 20 sites, without uprobe_multi 0.1 s a site. */
void kernel_detach(link_fds *links);

#endif
