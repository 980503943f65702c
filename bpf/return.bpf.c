/*
 * Programs at entry and return of a C function: what a call has given back is known only then. The entry keeps the arguments, and
 * the return finds them by the stack pointer, which is the same in both: so recursion, longjmp() and a tail call (whose
 * return is that of two functions) need no count of levels. Probes that are at entries alone have programs of their own
 * (probe.bpf.c), and pay nothing for this.
 *
 * A return probe replaces the return address: what unwinds the stack by it, as an exception does, cannot pass. Which rows may
 * have one is decided in user space. For others there are probes at all ways out of the function, of which one is the return.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "verifier.h"
#include "wire.h"
#include "maps.h"
#include "again.h"
#include "send.h"
#include "read.h"
#include "stack.h"

/* What a handler of an entry says to a kernel with sessions: do not replace the return address. */
enum { WANTED = 0, UNWANTED = 1 };

static __always_inline struct call *call_at(struct calls *calls, __u64 i)
{
	verifier_must_see(i);
	return &calls->call[i & (CALLS - 1)];
}

static __always_inline struct calls *current_calls(void)
{
	return bpf_task_storage_get(&open_calls, bpf_get_current_task_btf(), NULL, 0);
}

/* Where return addresses that were replaced lead to, in the traced process. 0: nowhere. */
static __always_inline __u64 trampoline(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return BPF_CORE_READ(task, mm, uprobes_state.xol_area, vaddr);
}

/*
 * Does the call last, whose place the stack is below? It need not: an exception has left it, and who caught that has made further
 * calls. The first of them has put its own return address there.
 */
static __always_inline bool call_stands(const struct call *call)
{
	__u64 back = 0;

	if (!call->back || read_user(&back, sizeof(back), call->stack))
		return true;
	return back == call->back || (back && back == trampoline());
}

/* A call is entered, for which the stack pointer is there. */
struct entering {
	struct calls *calls;
	__u64 stack;
	__u64 back; /* what stands there; 0: it was not read yet */
};

/* 1: the innermost one lasts, and so do the others. */
static long drop_if_left(__u32 i, struct entering *e)
{
	const struct call *call;

	if (!e->calls->nr)
		return 1;
	call = call_at(e->calls, e->calls->nr - 1);
	if (call->stack > e->stack && call_stands(call))
		return 1;
	if (call->stack == e->stack && !e->back && read_user(&e->back, sizeof(e->back), e->stack))
		e->back = -1ULL;
	if (call->stack == e->stack && !call->back && e->back == trampoline())
		return 1;
	e->calls->nr--;
	return 0;
}

/*
 * Calls that were left otherwise than by a return: the stack is above them again. One at the same place is either left as well, or
 * its function has jumped to this one at its end: then the return address there is the kernel's. bpf_loop() because the kernel
 * looks at a loop of its own once, and at one of C for each time that it may be gone through.
 */
static __always_inline void drop_left(struct calls *calls, __u64 stack)
{
	struct entering e = {.calls = calls, .stack = stack};

	bpf_loop(CALLS, drop_if_left, &e, 0);
}

static __always_inline void open_call(struct calls *calls, const struct pt_regs *ctx, __u32 cookie, __u32 flags)
{
	const struct call *outer = call_at(calls, calls->nr - 1);
	struct call *call = call_at(calls, calls->nr);

	call->makes = calls->nr ? outer->makes : 0;
	call->takes = calls->nr ? outer->takes : 0;
	call->makes += flags & WIRE_MAKES ? 1 : 0;
	call->takes += flags & WIRE_TAKES ? 1 : 0;
	call->stack = ctx->sp;
	call->spec = cookie;
	call->argument[0] = ctx->di;
	call->argument[1] = ctx->si;
	call->argument[2] = ctx->dx;
	call->argument[3] = ctx->cx;
	call->argument[4] = ctx->r8;
	call->argument[5] = ctx->r9;
	call->jumped = JUMPED_NOT;
	call->back = 0;
	if (flags & WIRE_BY_WAYS && (read_user(&call->back, sizeof(call->back), ctx->sp) || !call->back))
		call->back = -1ULL;
	calls->nr++;
}

static __always_inline void read_call(const struct call *call, __u64 returned, struct bases *b)
{
	for (int i = 0; i < 6; i++)
		b->value[WIRE_ARG0 + i] = call->argument[i];
	b->value[WIRE_STACK] = call->stack;
	b->value[WIRE_RETURN] = returned;
}

/* How deep inside others of its kind it is, as in enum wire_call. */
static __always_inline __u16 depth_of(const struct call *call, __u32 flags, bool nested)
{
	__u16 depth = flags & WIRE_MAKES ? call->makes - 1 : flags & WIRE_TAKES ? call->takes - 1 : 0;

	return (__u16)(depth << WIRE_DEPTH_SHIFT) | (nested ? WIRE_NESTED : 0);
}

/* What is sent of a call. */
struct telling {
	const struct wire_spec *spec;
	struct bases bases;
	__u64 stack;
	__u32 cookie;
	__u16 call; /* enum wire_call */
};

/* Of a call that has ended nothing is sent. */
static __always_inline void end_unsent(__u32 spec)
{
	struct wire_stats *stat = bpf_map_lookup_elem(&stats, &spec);

	if (stat)
		__sync_fetch_and_add(&stat->unsent, 1);
}

static __always_inline void lose_told(const struct telling *t)
{
	if (!(t->call & WIRE_ALONE))
		end_unsent(t->cookie);
	lose(t->cookie);
}

static __always_inline void tell(struct telling *t, struct wire_target *target, struct pt_regs *ctx, const bool stacks)
{
	bool few = t->spec->nr_values <= WIRE_FEW;
	struct thread *thread = current_thread();
	struct wire_hit *hit;
	struct reading r;
	__u16 returned;

	if (!thread) {
		lose_told(t);
		return;
	}
	if (t->spec->flags & WIRE_ENDS_RUN)
		__sync_fetch_and_add(&target->run, 1);
	thread->at.sequence++;
	returned = thread->nr_frames ? leave_frames(thread, t->stack) : 0;
	if (stacks && t->spec->flags & WIRE_STACK_TOO)
		take_stack(ctx, thread, ctx->sp == t->stack ? 0 : WIRE_STACK_CALLED);
	r = (struct reading){.bases = &t->bases, .spec = t->spec, .thread = thread};
	read_values(&r, t->call & WIRE_ALONE ? 0 : t->spec->nr_values);
	hit = few ? reserve(&ring, WIRE_HIT_FEW) : NULL;
	if (hit) {
		fill_hit(hit, t->cookie, &thread->at, t->stack);
		fill_values(hit, thread, WIRE_FEW);
	} else {
		hit = few ? NULL : reserve(&ring, sizeof(*hit));
		if (!hit) {
			lose_told(t);
			return;
		}
		fill_hit(hit, t->cookie, &thread->at, t->stack);
		fill_values(hit, thread, WIRE_VALUES);
	}
	hit->valid = thread->valid;
	count_unread(t->cookie, thread);
	hit->returned = returned;
	hit->call = t->call;
	submit(hit, t->spec->flags);
}

/* hold.bpf.c has it. */
extern int hold_current(void);

/* Has a function been looked up that somebody wants to know of? */
static __always_inline bool is_wanted(const struct telling *t)
{
	__u64 number;

	return !read_value(&t->bases, &t->spec->value[0], NULL, &number) && bpf_map_lookup_elem(&names, &number);
}

/* A call that cannot be followed: its thread has a gap then. */
static __always_inline int lose_call(__u32 spec)
{
	struct thread *thread = current_thread();

	if (thread)
		thread->at.sequence++;
	end_unsent(spec);
	lose(spec);
	return UNWANTED;
}

static __always_inline int enter_call(struct pt_regs *ctx, const bool stacks)
{
	__u64 whole = bpf_get_attach_cookie(ctx);
	struct telling t = {.cookie = (__u32)whole, .stack = ctx->sp};
	struct wire_target *target = target_of(whole);
	struct wire_stats *stat = bpf_map_lookup_elem(&stats, &t.cookie);
	struct calls *calls;
	const struct call *call;

	t.spec = bpf_map_lookup_elem(&specs, &t.cookie);
	if (!target || !t.spec || !stat)
		return UNWANTED;
	__sync_fetch_and_add(&stat->entered, 1);
	calls = make_storage(&open_calls);
	if (!calls)
		return lose_call(t.cookie);
	drop_left(calls, ctx->sp);
	if (calls->nr >= CALLS)
		return lose_call(t.cookie);
	open_call(calls, ctx, t.cookie, t.spec->flags);
	if (!(t.spec->flags & WIRE_AT_ENTRY))
		return WANTED;
	call = call_at(calls, calls->nr - 1);
	read_call(call, 0, &t.bases);
	t.call = depth_of(call, t.spec->flags, calls->nr > 1);
	tell(&t, target, ctx, stacks);
	return WANTED;
}

/* The open call whose return address is at @stack. Those inside of it were left. NULL: its entry was not seen. */
static __always_inline struct call *find_call(struct calls *calls, __u32 cookie, __u64 stack)
{
	struct call *call;

	for (int i = 0; i < CALLS; i++) {
		if (!calls->nr || call_at(calls, calls->nr - 1)->stack >= stack)
			break;
		calls->nr--;
	}
	if (!calls->nr)
		return NULL;
	call = call_at(calls, calls->nr - 1);
	return call->stack == stack && call->spec == cookie ? call : NULL;
}

/* @stack: where the return address is. @shared: that calls of others end there as well. */
static __always_inline int leave_call(struct pt_regs *ctx, __u64 stack, bool shared, const bool stacks)
{
	__u64 whole = bpf_get_attach_cookie(ctx);
	struct telling t = {.cookie = (__u32)whole & WIRE_COOKIE_SPEC, .stack = stack};
	struct wire_target *target = target_of(whole);
	struct calls *calls = current_calls();
	const struct call *call;

	t.spec = bpf_map_lookup_elem(&specs, &t.cookie);
	if (!target || !t.spec)
		return 0;
	/* One of those that had no room. */
	if (calls && calls->nr == CALLS && call_at(calls, CALLS - 1)->stack > t.stack)
		return 0;
	call = calls ? find_call(calls, t.cookie, t.stack) : NULL;
	if (shared && (!call || call->jumped != JUMPED_INSIDE))
		return 0;
	if (call)
		calls->nr--;
	if (t.spec->flags & WIRE_AT_ENTRY)
		return 0;
	if (call) {
		read_call(call, ctx->ax, &t.bases);
		t.call = depth_of(call, t.spec->flags, calls->nr > 0);
	} else {
		t.call = WIRE_ALONE;
	}
	if (t.spec->flags & WIRE_LOOKUP && (t.call & WIRE_ALONE || !is_wanted(&t))) {
		if (call)
			end_unsent(t.cookie);
		return 0;
	}
	tell(&t, target, ctx, stacks);
	if (t.spec->flags & WIRE_LOOKUP)
		hold_current();
	return 0;
}

/* Where the kernel has sessions. At a return the instruction is the one behind the call, which is never the function's first. */
static __always_inline int session(struct pt_regs *ctx, const bool stacks)
{
	return bpf_get_func_ip(ctx) == ctx->ip ? enter_call(ctx, stacks) : leave_call(ctx, ctx->sp - sizeof(__u64), false, stacks);
}

SEC("uprobe")
int call_session(struct pt_regs *ctx)
{
	return session(ctx, false);
}

SEC("uprobe")
int call_session_stacks(struct pt_regs *ctx)
{
	return session(ctx, true);
}

/* Where it has none, and where no return address may be replaced. To say anything but 0 would take the probe away. */
SEC("uprobe")
int call_entry(struct pt_regs *ctx)
{
	enter_call(ctx, false);
	return 0;
}

SEC("uprobe")
int call_entry_stacks(struct pt_regs *ctx)
{
	enter_call(ctx, true);
	return 0;
}

SEC("uprobe")
int call_return(struct pt_regs *ctx)
{
	return leave_call(ctx, ctx->sp - sizeof(__u64), false, false);
}

SEC("uprobe")
int call_return_stacks(struct pt_regs *ctx)
{
	return leave_call(ctx, ctx->sp - sizeof(__u64), false, true);
}

/*
 * A function that others call as well is reached by a jump of ours only if that was the last that the thread has passed. Else it was
 * called, and what has its place on the stack was left.
 */
static __always_inline void follow_jump(struct calls *calls, __u32 cookie, __u64 stack, bool entry)
{
	struct call *call = find_call(calls, cookie, stack);

	if (!call)
		return;
	if (!entry)
		call->jumped = JUMPED_NOW;
	else if (call->jumped == JUMPED_NOW)
		call->jumped = JUMPED_INSIDE;
	else
		calls->nr--;
}

/* At a way out, where the stack pointer is at the return address. */
static __always_inline int pass_way(struct pt_regs *ctx, const bool stacks)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	__u32 way = (__u32)cookie >> WIRE_COOKIE_WAY;
	struct calls *calls;

	if (way == WIRE_WAY_RETURN || way == WIRE_WAY_SHARED_RETURN)
		return leave_call(ctx, ctx->sp, way == WIRE_WAY_SHARED_RETURN, stacks);
	calls = current_calls();
	if (calls)
		follow_jump(calls, (__u32)cookie & WIRE_COOKIE_SPEC, ctx->sp, way == WIRE_WAY_ENTRY);
	return 0;
}

SEC("uprobe")
int call_way(struct pt_regs *ctx)
{
	return pass_way(ctx, false);
}

SEC("uprobe")
int call_way_stacks(struct pt_regs *ctx)
{
	return pass_way(ctx, true);
}
