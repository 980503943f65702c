/*
 * What a thread is doing at a hit. No program of its own, though it has a ring of its own: a further program at the same place
 * would be found, and would find its process and thread, once more at each hit.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "verifier.h"
#include "wire.h"
#include "maps.h"
#include "again.h"
#include "send.h"
#include "stack.h"

/* The least that is reserved. What is not needed of it is sent as well, but not copied. */
enum { STEP = 4 << 10, SMALL = 8 << 10, MIDDLE = 16 << 10 };

/* What lies further above a stack pointer is not where its stack begins. */
#define STACK_SIZE_MAX (1ULL << 30)

const volatile bool native_stacks = true;
const volatile bool python_stacks = false;
const volatile __u64 stack_wake_bytes = 0;
/* May bytes be sent only as user space gives credit for them? */
const volatile bool stack_budget = false;

__s64 stack_credit;

__u64 nr_stacks;
/* Those that were not sent: no room, no credit. */
__u64 nr_stacks_lost;
__u64 nr_stacks_over;

/*
 * Where the thread's stack begins, 0: not known. That of a main thread is made by the kernel; glibc puts what the others' fs
 * register points to above theirs.
 */
static __always_inline __u64 stack_begin(__u64 sp)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	__u64 first = task->mm->start_stack, other = task->thread.fsbase, nearer = first - sp < other - sp ? first : other;

	return nearer - sp < STACK_SIZE_MAX ? nearer : 0;
}

/* Copy up to @max bytes; what could be read. */
static __always_inline __u32 copy_stack(void *to, __u64 sp, __u64 wanted, const __u32 max)
{
	__u32 bytes = wanted < max ? wanted : max, got = 0;

	verifier_must_see(bytes);
	if (bytes > max)
		return 0;
	if (!bpf_probe_read_user(to, bytes, (void *)sp))
		return bytes;
	for (int i = 0; i <= WIRE_STACK_MAX / STEP; i++) {
		__u32 part = STEP - ((sp + got) & (STEP - 1));

		verifier_must_see(got);
		verifier_must_see(part);
		if (got > max - STEP || part > STEP || bpf_probe_read_user(to + got, part, (void *)(sp + got)))
			break;
		got += part;
	}
	return got;
}

static __always_inline void fill_registers(__u64 *reg, const struct pt_regs *ctx)
{
	reg[0] = ctx->ax;
	reg[1] = ctx->dx;
	reg[2] = ctx->cx;
	reg[3] = ctx->bx;
	reg[4] = ctx->si;
	reg[5] = ctx->di;
	reg[6] = ctx->bp;
	reg[WIRE_REGISTER_SP] = ctx->sp;
	reg[8] = ctx->r8;
	reg[9] = ctx->r9;
	reg[10] = ctx->r10;
	reg[11] = ctx->r11;
	reg[12] = ctx->r12;
	reg[13] = ctx->r13;
	reg[14] = ctx->r14;
	reg[15] = ctx->r15;
	reg[WIRE_REGISTER_IP] = ctx->ip;
}

static __always_inline int send_stack(struct pt_regs *ctx, const struct thread *thread, __u32 flags, __u64 wanted, const __u32 max)
{
	struct wire_stack *s = reserve(&stack_ring, sizeof(*s) + max);

	if (!s) {
		__sync_fetch_and_add(&nr_stacks_lost, 1);
		return 0;
	}
	__sync_fetch_and_add(&nr_stacks, 1);
	fill_head(&s->head, WIRE_STACK_NATIVE, thread->at.id, thread->at.sequence);
	fill_registers(s->reg, ctx);
	s->bytes = copy_stack(s->stack, ctx->sp, wanted, max);
	s->flags = s->bytes == wanted ? flags : flags & ~WIRE_STACK_WHOLE;
	bpf_ringbuf_submit(s, stack_wake_flags(sizeof(*s) + max));
	return 0;
}

__hidden int take_stack(struct pt_regs *ctx, struct thread *thread, __u32 flags)
{
	__u64 begin = stack_begin(ctx->sp), wanted = begin ? begin - ctx->sp : WIRE_STACK_MAX;

	if (stack_budget && stack_credit < 0) {
		__sync_fetch_and_add(&nr_stacks_over, 1);
		return 0;
	}
	if (python_stacks)
		take_python(thread);
	if (!native_stacks)
		return 0;
	if (begin)
		flags |= WIRE_STACK_WHOLE;
	if (stack_budget)
		__sync_fetch_and_add(&stack_credit, -(wanted < WIRE_STACK_MAX ? (__s64)wanted : WIRE_STACK_MAX));
	if (wanted <= SMALL)
		return send_stack(ctx, thread, flags, wanted, SMALL);
	if (wanted <= MIDDLE)
		return send_stack(ctx, thread, flags, wanted, MIDDLE);
	return send_stack(ctx, thread, flags, wanted, WIRE_STACK_MAX);
}
