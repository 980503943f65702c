/* A subprogram of those that run at probes: stack.bpf.c. */
#ifndef BPF_STACK_H
#define BPF_STACK_H

#include "wire_stack.h"

/* Are stacks wanted? Set before the load: where they are not, the verifier takes the calls out. */
extern const volatile bool stacks;

/* Send what the current thread is doing, for its hit with the thread's running number. @flags: enum wire_stack_flags. */
extern int take_stack(struct pt_regs *ctx, struct thread *thread, __u32 flags);

#endif
