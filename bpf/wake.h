/* When the reader of a ring is woken: it looks every 50 ms, so only when much is waiting. */
#ifndef BPF_WAKE_H
#define BPF_WAKE_H

enum {
	WAKE_AGAIN = 16, /* parts of what wakes the reader: when so much more waits, it is woken once more */
	RECORD_HEAD = 8, /* what the kernel puts before each record */
};

/*
 * For bpf_ringbuf_submit(), of a record of @bytes; @wake_bytes is a power of two, a fourth of the ring. A wake-up costs the traced thread 4 us and more, far more than the rest of a hit, and the
 * reader does not come at once: so not every hit that finds @wake_bytes or more waiting wakes it, but the one with which they are
 * reached. Of several at once each may see more than its own, and none find itself to be the one; then one of the next is.
 */
static __always_inline __u64 wake_flags(void *ring, __u64 wake_bytes, __u64 bytes)
{
	__u64 waiting = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);

	if (waiting < wake_bytes || ((waiting - wake_bytes) & (wake_bytes / WAKE_AGAIN - 1)) >= bytes + RECORD_HEAD)
		return BPF_RB_NO_WAKEUP;
	return BPF_RB_FORCE_WAKEUP;
}

#endif
