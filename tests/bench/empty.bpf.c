/* The floor: a probe that does nothing. What is above it, is what a tracer does itself. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

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

/* Of a session: at the entry, and at the return as well. Or at returns alone, on a kernel without sessions. */
SEC("uprobe")
int empty_return(void *ctx)
{
	(void)ctx;
	return 0;
}
