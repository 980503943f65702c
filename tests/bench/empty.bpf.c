/* The floor: a probe that does nothing. What is above it, is what a tracer does itself. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "wire.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("uprobe")
int empty(void *ctx)
{
	(void)ctx;
	return 0;
}

SEC("uprobe.s")
int empty_sleepable(void *ctx)
{
	(void)ctx;
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23);
} ring SEC(".maps");

/*
 * The least that a tracer can do that tells each hit: when, which thread, which probe, in a record of the size of pooltrace's, for a
 * reader who is not woken. No value is read, no process looked up, no loss counted.
 */
SEC("uprobe")
int telling(struct pt_regs *ctx)
{
	struct wire_hit *hit = bpf_ringbuf_reserve(&ring, WIRE_HIT_FEW, 0);

	if (!hit)
		return 0;
	hit->time_ns = bpf_ktime_get_ns();
	hit->thread = bpf_get_current_pid_tgid();
	hit->sequence = bpf_get_attach_cookie(ctx);
	hit->stack = ctx->sp;
	for (int i = 0; i < WIRE_FEW; i++)
		hit->value[i] = 0;
	bpf_ringbuf_submit(hit, BPF_RB_NO_WAKEUP);
	return 0;
}

/* Of a session: at the entry, and at the return as well. Or at returns alone, on a kernel without sessions. */
SEC("uprobe")
int empty_return(void *ctx)
{
	(void)ctx;
	return 0;
}
