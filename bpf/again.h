/*
 * What the kernel may refuse for a moment although there is room, asked for once more. From 6.15 on the lock of a ring buffer gives up
 * after a quarter of a second, which in a virtual machine is no more than another processor that was not run for so long; and memory
 * for a thread's storage comes from a reserve that may be refilled just now.
 */
#ifndef BPF_AGAIN_H
#define BPF_AGAIN_H

/* @size bytes, and the 8 that the kernel puts before them. A ring that is full stays so: nothing is gained by asking it again. */
static __always_inline bool has_room(void *ring, __u64 size)
{
	return bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) + size + sizeof(__u64) <= bpf_ringbuf_query(ring, BPF_RB_RING_SIZE);
}

/* No loop: Linux 6.1 does not remember of what a reservation returned that it is not NULL, so each must be looked at once. */
static __always_inline void *reserve(void *ring, const __u64 size)
{
	void *room = bpf_ringbuf_reserve(ring, size, 0);

	if (room)
		return room;
	if (!has_room(ring, size))
		return NULL;
	room = bpf_ringbuf_reserve(ring, size, 0);
	if (room)
		return room;
	return bpf_ringbuf_reserve(ring, size, 0);
}

/* The current thread's storage in @map, made if it has none yet. */
static __always_inline void *make_storage(void *map)
{
	struct task_struct *task = bpf_get_current_task_btf();
	void *storage = bpf_task_storage_get(map, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	return storage ? storage : bpf_task_storage_get(map, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

#endif
