/* Filling and sending of hits. */
#ifndef BPF_SEND_H
#define BPF_SEND_H

#include "wake.h"

/* Bytes in the ring at which the reader is woken; probe.bpf.c has it. */
extern const volatile __u64 wake_bytes;

/* Hits that found no room, all CPUs; probe.bpf.c has it. */
extern __u64 nr_lost;

static __always_inline int lose(__u32 spec)
{
	struct wire_stats *stat = bpf_map_lookup_elem(&stats, &spec);

	if (stat)
		__sync_fetch_and_add(&stat->lost, 1);
	__sync_fetch_and_add(&nr_lost, 1);
	return 0;
}

/*
 * The pid namespace that the reader lives in, as stat() shows it; inode 0: the initial one, where ids need no
 * translation. probe.bpf.c has them.
 */
extern const volatile __u64 namespace_device;
extern const volatile __u64 namespace_inode;

/* The current thread as the reader names it, like bpf_get_current_pid_tgid(). 0: it is not of the reader's namespace. */
static __always_inline __u64 current_ids(void)
{
	struct bpf_pidns_info ids = {};

	if (!namespace_inode)
		return bpf_get_current_pid_tgid();
	if (bpf_get_ns_current_pid_tgid(namespace_device, namespace_inode, &ids, sizeof(ids)))
		return 0;
	return (__u64)ids.tgid << 32 | ids.pid;
}

static __always_inline struct wire_target *target_at(__u64 life)
{
	__u32 slot = (__u32)life & (WIRE_LIVES - 1);

	return bpf_map_lookup_elem(&targets, &slot);
}

/* The current process, if it is watched. Not by the pid alone: it may be another's by now. */
static __always_inline struct wire_target *current_target(void)
{
	__u32 tgid = (__u32)(current_ids() >> 32);
	__u32 *life = bpf_map_lookup_elem(&lives, &tgid);
	struct wire_target *target = life ? target_at(*life) : NULL;

	return target && target->tgid == tgid && target->life == *life ? target : NULL;
}

/* The current process, if the probe with this cookie is for it in the life that it is in. NULL: nothing is to be told. */
static __always_inline struct wire_target *target_of(__u64 cookie)
{
	struct wire_target *target = target_at(cookie >> WIRE_COOKIE_LIFE);

	return target && target->tgid == current_ids() >> 32 && target->life == cookie >> WIRE_COOKIE_LIFE ? target : NULL;
}

static __always_inline void fill_hit(struct wire_hit *hit, __u32 spec, const struct thread_at *at, __u64 stack)
{
	__u64 pid_tgid = current_ids();

	hit->spec = (__u16)spec;
	hit->call = 0;
	hit->tgid = (__u32)(pid_tgid >> 32);
	hit->tid = (__u32)pid_tgid;
	hit->valid = 0;
	hit->returned = 0;
	hit->time_ns = bpf_ktime_get_ns();
	hit->thread = at->id;
	hit->sequence = at->sequence;
	hit->stack = stack;
}

/* The reader is told at once of what is rare, or when much is waiting. */
static __always_inline void submit(struct wire_hit *hit, __u32 flags)
{
	bpf_ringbuf_submit(hit, flags & WIRE_WAKE ? BPF_RB_FORCE_WAKEUP : wake_flags(&ring, wake_bytes, sizeof(*hit)));
}

#endif
