/* Filling and sending of hits. */
#ifndef BPF_SEND_H
#define BPF_SEND_H

/* Bytes in the ring from which on the reader is woken; probe.bpf.c has it. */
extern const volatile __u64 wake_bytes;

/* Hits that found no room, all CPUs; probe.bpf.c has it. */
extern __u64 nr_lost;

static __always_inline int lose(struct wire_stats *stat)
{
	__sync_fetch_and_add(&stat->lost, 1);
	__sync_fetch_and_add(&nr_lost, 1);
	return 0;
}

static __always_inline void fill_hit(struct wire_hit *hit, __u32 spec, const struct thread *thread, __u64 stack)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	hit->spec = spec;
	hit->tgid = (__u32)(pid_tgid >> 32);
	hit->tid = (__u32)pid_tgid;
	hit->valid = 0;
	hit->time_ns = bpf_ktime_get_ns();
	hit->thread = thread->id;
	hit->sequence = thread->sequence;
	hit->stack = stack;
}

/* A wake-up costs the traced thread 4 us: only when much is waiting, or when the hit is rare; the reader polls. */
static __always_inline void submit(struct wire_hit *hit, __u32 flags)
{
	bool wake = (flags & WIRE_WAKE) || bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= wake_bytes;

	bpf_ringbuf_submit(hit, wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

#endif
