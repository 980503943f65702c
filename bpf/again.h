/*
 * What the kernel may refuse for a moment although there is room, asked for once more. From 6.15 on the lock of a ring buffer gives up
 * after a quarter of a second, which in a virtual machine is no more than another processor that was not run for so long; and memory
 * for a thread's storage comes from a reserve that may be refilled just now.
 */
#ifndef BPF_AGAIN_H
#define BPF_AGAIN_H

#include <bpf/bpf_core_read.h>

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

enum { STORAGES = 16 /* of one thread: of all BPF programs of the machine */ };

static __always_inline bool storages_are_known(void)
{
	return bpf_core_field_exists(struct task_struct, bpf_storage) && bpf_core_field_exists(struct bpf_local_storage, list) &&
	       bpf_core_field_exists(struct bpf_local_storage_elem, snode) &&
	       bpf_core_field_exists(struct bpf_local_storage_elem, sdata) &&
	       bpf_core_field_exists(struct bpf_local_storage_data, smap) &&
	       bpf_core_field_exists(struct bpf_local_storage_data, data) && bpf_core_field_exists(struct bpf_local_storage_map, map);
}

/*
 * Copy the first @size bytes of @task's storage in @map. False: it has none. For where it does not help to ask again, since no other
 * thread may run meanwhile: up to Linux 6.1 a processor has no storages while a thread that it has interrupted makes one.
 */
static __always_inline bool copy_storage(void *map, struct task_struct *task, void *ret, const __u32 size)
{
	const void *found = bpf_task_storage_get(map, task, NULL, 0);
	const __u32 id = ((const struct bpf_map *)map)->id;
	const struct hlist_node *node;

	if (found) {
		__builtin_memcpy(ret, found, size);
		return true;
	}
	if (!storages_are_known())
		return false;
	node = BPF_CORE_READ(task, bpf_storage, list.first);
	for (int i = 0; i < STORAGES && node; i++) {
		const struct bpf_local_storage_elem *elem =
			(const void *)node - bpf_core_field_offset(struct bpf_local_storage_elem, snode);

		if (BPF_CORE_READ(elem, sdata.smap, map.id) == id)
			return !bpf_probe_read_kernel(ret, size, &elem->sdata.data);
		node = BPF_CORE_READ(node, next);
	}
	return false;
}

#endif
