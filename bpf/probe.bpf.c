/*
 * The only programs that run at probes: cookie -> specification -> read -> send. They know nothing of any
 * runtime. A hit that finds no room is counted and leaves a gap in its thread's running numbers.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "verifier.h"
#include "wire.h"
#include "maps.h"
#include "again.h"
#include "send.h"
#include "read.h"
#include "stack.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set before the load: may a read wait for a page that is not present? */
const volatile bool sleepable = false;
const volatile __u64 wake_bytes = 0;
const volatile __u64 namespace_device = 0;
const volatile __u64 namespace_inode = 0;

__u64 next_thread;

/* Totals that the reader looks at without a system call: hits that found no room, values that could not be read. */
__u64 nr_lost;
__u64 nr_unread;

/* The target's own counter of this key, taken if it is free: without a lookup. NULL: all are others'. */
static __always_inline struct wire_count *own_count(struct wire_target *target, __u32 cookie, __u64 key)
{
	for (int i = 0; i < WIRE_OWN_COUNTS; i++) {
		struct wire_own_count *own = &target->own[i];

		if (!own->spec && !own->taken && !__sync_val_compare_and_swap(&own->taken, 0, 1)) {
			own->key = key;
			own->count.run = -1ULL;
			own->spec = cookie;
		}
		if (own->spec == cookie && own->key == key)
			return &own->count;
	}
	return NULL;
}

static __always_inline struct wire_count *other_count(__u32 tgid, __u32 cookie, __u64 value)
{
	struct wire_count_key key = {.tgid = tgid, .spec = cookie, .key = value};
	struct wire_count fresh = {.run = -1ULL}, *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		return count;
	bpf_map_update_elem(&counts, &key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&counts, &key);
}

/*
 * Count a hit by its first value. True if it is the first of a run and must be sent. Two threads at once may both find
 * that it is: one line too many in a log, and the count is still exact.
 */
static __always_inline bool first_of_run(const struct bases *b, const struct wire_spec *spec, __u32 cookie, struct wire_target *target)
{
	struct wire_count *count;
	__u64 value = 0;
	bool first;

	if (spec->nr_values)
		read_value(b, &spec->value[0], NULL, &value);
	count = own_count(target, cookie, value);
	if (!count)
		count = other_count((__u32)(current_ids() >> 32), cookie, value);
	if (!count)
		return true;
	__sync_fetch_and_add(&count->count, 1);
	first = count->run != target->run;
	if (first)
		count->run = target->run;
	return first;
}

/* Remember what the hit says about its thread. False: there is nothing to send. */
static __always_inline bool note(struct thread *thread, const struct wire_spec *spec)
{
	if (spec->flags & WIRE_IF_OPEN) {
		if (thread->open != 1)
			return false;
		thread->open = 2;
	}
	if (spec->flags & WIRE_BEGIN)
		thread->open = 1;
	if (spec->flags & WIRE_END)
		thread->open = 0;
	return true;
}

static __always_inline void enter_frame(struct thread *thread, const struct wire_spec *spec, const struct pt_regs *ctx)
{
	struct frame f = {.slot = ctx->sp, .sequence = thread->at.sequence};
	__u32 nr = thread->nr_frames;

	if (spec->flags & WIRE_CALLING) {
		f.slot -= sizeof(__u64);
		f.back = ctx->ip;
		f.calling = 1;
	} else if (read_user(&f.back, sizeof(f.back), f.slot)) {
		return;
	}
	if (nr >= FRAMES) {
		for (int i = 0; i + 1 < FRAMES; i++)
			thread->frame[i] = thread->frame[i + 1];
		nr = FRAMES - 1;
	}
	*frame_at(thread, nr) = f;
	thread->nr_frames = nr + 1;
}

static __always_inline int probe_hit(struct pt_regs *ctx, const bool stacks)
{
	__u64 whole = bpf_get_attach_cookie(ctx);
	__u32 cookie = (__u32)whole;
	struct wire_target *target = target_of(whole);
	struct wire_spec *spec = bpf_map_lookup_elem(&specs, &cookie);
	struct thread *thread;
	struct wire_hit *hit;
	struct bases b;
	struct reading r = {.bases = &b, .spec = spec};
	__u16 returned;

	if (!target || !spec)
		return 0;
	read_bases(ctx, &b);
	if ((spec->flags & WIRE_COUNT) && !first_of_run(&b, spec, cookie, target))
		return 0;
	if (spec->flags & WIRE_CHANGES)
		__sync_fetch_and_add(&target->changes, 1);
	thread = current_thread();
	if (!thread)
		return lose(cookie);
	if (!note(thread, spec))
		return 0;
	if (spec->flags & WIRE_ENDS_RUN)
		__sync_fetch_and_add(&target->run, 1);
	thread->at.sequence++;
	returned = thread->nr_frames ? leave_frames(thread, ctx->sp) : 0;
	if (spec->flags & WIRE_CONTEXT)
		enter_frame(thread, spec, ctx);
	if (stacks && spec->flags & WIRE_STACK_TOO)
		take_stack(ctx, thread, 0);
	r.thread = thread;
	read_values(&r, spec->nr_values - spec->nr_lasting);
	if (spec->nr_lasting)
		read_lasting(&r, spec->nr_values - spec->nr_lasting, cookie, target);
	hit = spec->nr_values <= WIRE_FEW ? reserve(&ring, WIRE_HIT_FEW) : NULL;
	if (hit) {
		fill_hit(hit, cookie, &thread->at, ctx->sp);
		fill_values(hit, thread, WIRE_FEW);
	} else {
		hit = spec->nr_values > WIRE_FEW ? reserve(&ring, sizeof(*hit)) : NULL;
		if (!hit)
			return lose(cookie);
		fill_hit(hit, cookie, &thread->at, ctx->sp);
		fill_values(hit, thread, WIRE_VALUES);
	}
	hit->valid = thread->valid;
	count_unread(cookie, thread);
	hit->returned = returned;
	submit(hit, spec->flags);
	return 0;
}

SEC("uprobe")
int probe(struct pt_regs *ctx)
{
	return probe_hit(ctx, false);
}

SEC("uprobe")
int probe_stacks(struct pt_regs *ctx)
{
	return probe_hit(ctx, true);
}
