/* What was counted in the kernel instead of being sent. */
#include "live/kernel_parts.h"

#include <sched.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

enum { KEEPING_TRIES = 10000 };

/* A key that several threads counted first at once may lie in several places of a target, and in the map. */
static void add_count(kernel_counts *counts, size_t nr_own, struct kernel_count count)
{
	for (size_t i = 0; i < nr_own; i++) {
		struct kernel_count *own = &counts->items[i];

		if (own->spec == count.spec && own->key == count.key) {
			own->count += count.count;
			return;
		}
	}
	vec_push(counts, count);
}

static bool find_target(const struct kernel *k, uint32_t tgid, struct wire_target *ret)
{
	uint32_t life, slot;

	if (bpf_map_lookup_elem(bpf_map__fd(k->skeleton->maps.lives), &tgid, &life))
		return false;
	slot = life % WIRE_LIVES;
	return !bpf_map_lookup_elem(bpf_map__fd(k->skeleton->maps.targets), &slot, ret) && ret->tgid == tgid;
}

/* Those that lie in the target. */
static void read_own_counts(const struct kernel *k, uint32_t tgid, kernel_counts *ret)
{
	struct wire_target target;

	if (!find_target(k, tgid, &target))
		return;
	for (size_t i = 0; i < WIRE_OWN_COUNTS; i++) {
		const struct wire_own_count *own = &target.own[i];

		if (own->spec)
			add_count(ret, ret->nr, (struct kernel_count){own->spec, own->key, own->count.count});
	}
}

/* Are its own counts on their way into the map: have they been read in both places, or in one of them by half? */
static bool is_between(const struct kernel *k, uint32_t tgid, size_t nr_own)
{
	struct wire_target target;

	return find_target(k, tgid, &target) ? target.kept : nr_own;
}

static size_t read_counts(const struct kernel *k, int pid, kernel_counts *ret)
{
	int fd = bpf_map__fd(k->skeleton->maps.counts);
	struct wire_count_key key, *previous = NULL, next;
	struct wire_count count;
	size_t nr_own;

	vec_clear(ret);
	read_own_counts(k, (uint32_t)pid, ret);
	nr_own = ret->nr;
	while (!bpf_map_get_next_key(fd, previous, &next)) {
		key = next;
		previous = &key;
		if (key.tgid != (uint32_t)pid || bpf_map_lookup_elem(fd, &key, &count))
			continue;
		add_count(ret, nr_own, (struct kernel_count){.spec = key.spec, .key = key.key, .count = count.count});
	}
	return nr_own;
}

void kernel_read_counts(const struct kernel *k, int pid, kernel_counts *ret)
{
	size_t nr_own = read_counts(k, pid, ret);

	/* The program that keeps them takes some microseconds, unless its processor is not run. */
	for (int i = 0; i < KEEPING_TRIES && is_between(k, (uint32_t)pid, nr_own); i++) {
		sched_yield();
		nr_own = read_counts(k, pid, ret);
	}
}

void kernel_forget_counts(struct kernel *k, int pid)
{
	int fd = bpf_map__fd(k->skeleton->maps.counts);
	_cleanup_(freep) struct kernel_count *owned = NULL;
	kernel_counts counts = {};

	kernel_read_counts(k, pid, &counts);
	owned = counts.items;
	for (size_t i = 0; i < counts.nr; i++) {
		struct wire_count_key key = {
			.tgid = (uint32_t)pid, .spec = counts.items[i].spec, .key = counts.items[i].key};

		bpf_map_delete_elem(fd, &key);
	}
}
