/* A subprogram of those that run at probes: stack.bpf.c. */
#ifndef BPF_STACK_H
#define BPF_STACK_H

#include "wake.h"
#include "wire_stack.h"

/* Bytes in the ring at which the reader is woken. */
extern const volatile __u64 stack_wake_bytes;
/* And frames of interpreters? */
extern const volatile bool python_stacks;

/* Records that are in the ring, have been, or will be there soon: a thread may be preempted while it fills its own. */
extern __u64 nr_stacks;
extern __u64 nr_stacks_lost;

/* Send what the current thread is doing, for its hit with the thread's running number. @flags: enum wire_stack_flags. */
extern int take_stack(struct pt_regs *ctx, struct thread *thread, __u32 flags);

/* The frames of the interpreter that it is in, if it is; and code objects that were not met before. */
extern int take_python(struct thread *thread);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 25);
} stack_ring __weak SEC(".maps");

static __always_inline __u64 stack_wake_flags(__u64 bytes)
{
	return wake_flags(&stack_ring, stack_wake_bytes, bytes);
}

static __always_inline void fill_head(struct wire_stack_head *head, __u32 kind, __u64 thread, __u64 sequence)
{
	head->kind = kind;
	head->tgid = (__u32)(current_ids() >> 32);
	head->thread = thread;
	head->sequence = sequence;
	head->time_ns = bpf_ktime_get_ns();
}

#endif
