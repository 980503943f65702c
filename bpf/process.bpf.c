/*
 * Life of the watched processes and their threads. A thread's exit carries its last running number, so that a
 * call that it left open can be told from one whose end was lost.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "wire.h"
#include "maps.h"
#include "again.h"
#include "send.h"

#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h, since 2.6.29 */

/* @last: the thread's last hit. */
static __always_inline void send_event(__u32 event, const struct thread_at *last, __u64 value)
{
	struct thread_at at = {last->id, last->sequence + 1};
	struct wire_hit *hit;

	hit = reserve(&ring, WIRE_HIT_FEW);
	if (!hit) {
		lose(event);
		return;
	}
	fill_hit(hit, event, &at, 0);
	hit->valid = 1;
	hit->value[0] = value;
	for (int i = 1; i < WIRE_FEW; i++)
		hit->value[i] = 0;
	submit(hit, WIRE_WAKE);
}

/* What signal_struct had before Linux 5.17. */
struct signal_struct___old {
	struct task_struct *group_exit_task;
} __attribute__((preserve_access_index));

/* Is the thread cut off, by the end of its process or by another thread that executes a program? */
static __always_inline bool cut_off(const struct task_struct *task)
{
	const struct signal_struct *signal = task->signal;
	const struct signal_struct___old *old = (const void *)signal;

	if (signal->flags & SIGNAL_GROUP_EXIT)
		return true;
	if (bpf_core_field_exists(signal->group_exec_task))
		return BPF_CORE_READ(signal, group_exec_task);
	return bpf_core_field_exists(old->group_exit_task) && BPF_CORE_READ(old, group_exit_task);
}

SEC("raw_tp/sched_process_exit")
int thread_exit(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_target *target;
	struct thread_at last;

	(void)ctx;
	/* A thread that never hit a probe has nothing to end. */
	if (copy_storage(&threads, task, &last, sizeof(last)))
		send_event(WIRE_THREAD_EXIT, &last, cut_off(task));
	if (task->signal->live.counter)
		return 0;
	/* It was the last one: the pid is another's as soon as somebody has asked for its status. */
	target = current_target();
	if (target)
		target->life = 0;
	return 0;
}

/* The target goes; what was counted in it stays. No other thread of the process is left. */
static __always_inline void keep_counts(struct wire_target *target, __u32 tgid)
{
	__sync_fetch_and_or(&target->kept, 1);
	for (int i = 0; i < WIRE_OWN_COUNTS; i++) {
		const struct wire_own_count *own = &target->own[i];
		struct wire_count_key key = {.tgid = tgid, .spec = own->spec, .key = own->key};
		struct wire_count *kept = bpf_map_lookup_elem(&counts, &key);

		if (kept)
			kept->count += own->count.count;
		else if (own->spec)
			bpf_map_update_elem(&counts, &key, &own->count, BPF_ANY);
	}
}

SEC("raw_tp/sched_process_exec")
int process_exec(void *ctx)
{
	__u32 tgid = (__u32)(current_ids() >> 32);
	struct wire_target *target = current_target();
	struct thread_at last = {};

	(void)ctx;
	/* None of the calls that it was in returns. */
	bpf_task_storage_delete(&open_calls, bpf_get_current_task_btf());
	if (!target)
		return 0;
	keep_counts(target, tgid);
	copy_storage(&threads, bpf_get_current_task_btf(), &last, sizeof(last));
	send_event(WIRE_EXEC, &last, 0);
	/* Nor has its thread made a call yet: if one is begun before we are there, that is no loss. */
	bpf_task_storage_delete(&threads, bpf_get_current_task_btf());
	/* Its new program has none of the old one's allocations, and is watched again only when it maps a runtime. */
	bpf_map_delete_elem(&lives, &tgid);
	target->tgid = 0;
	return 0;
}
