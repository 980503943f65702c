#include "base/map.h"

#include <stdlib.h>
#include <string.h>

void map_release(struct map *m)
{
	free(m->entries);
	free(m->used);
	*m = (struct map){};
}

void map_clear(struct map *m)
{
	if (m->cap)
		memset(m->used, 0, m->cap);
	m->nr = 0;
}

/* The finaliser of MurmurHash3 over both words; addresses are multiples of 32, so low bits must mix. */
static uint64_t hash(uint64_t a, uint64_t b)
{
	uint64_t h = a * 0x9e3779b97f4a7c15ULL ^ b;

	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	return h ^ (h >> 33);
}

/* Where the key is, or the free place where it would be put. The map has at least one free place. */
static size_t find(const struct map *m, uint64_t a, uint64_t b)
{
	size_t i = hash(a, b) & (m->cap - 1);

	while (m->used[i] && (m->entries[i].a != a || m->entries[i].b != b))
		i = (i + 1) & (m->cap - 1);
	return i;
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : 16;
	m->entries = xcalloc(m->cap, sizeof(*m->entries));
	m->used = xcalloc(m->cap, 1);
	for (size_t i = 0; i < old.cap; i++) {
		if (!old.used[i])
			continue;
		size_t to = find(m, old.entries[i].a, old.entries[i].b);

		m->entries[to] = old.entries[i];
		m->used[to] = 1;
	}
	free(old.entries);
	free(old.used);
}

struct map_entry *map_get(const struct map *m, uint64_t a, uint64_t b)
{
	if (!m->nr)
		return NULL;

	size_t i = find(m, a, b);

	return m->used[i] ? &m->entries[i] : NULL;
}

struct map_entry *map_put(struct map *m, uint64_t a, uint64_t b, bool *ret_new)
{
	if (m->nr * 4 >= m->cap * 3)
		grow(m);

	size_t i = find(m, a, b);
	bool is_new = !m->used[i];

	if (is_new) {
		m->used[i] = 1;
		m->entries[i] = (struct map_entry){.a = a, .b = b};
		m->nr++;
	}
	if (ret_new)
		*ret_new = is_new;
	return &m->entries[i];
}

bool map_del(struct map *m, uint64_t a, uint64_t b)
{
	if (!m->nr)
		return false;

	size_t i = find(m, a, b);

	if (!m->used[i])
		return false;
	m->used[i] = 0;
	m->nr--;
	/* Close the gap: move back each follower that a search from its home place would no longer reach. */
	for (size_t next = (i + 1) & (m->cap - 1); m->used[next]; next = (next + 1) & (m->cap - 1)) {
		size_t home = hash(m->entries[next].a, m->entries[next].b) & (m->cap - 1);

		if (((next - home) & (m->cap - 1)) < ((next - i) & (m->cap - 1)))
			continue;
		m->entries[i] = m->entries[next];
		m->used[i] = 1;
		m->used[next] = 0;
		i = next;
	}
	return true;
}

struct map_entry *map_next(const struct map *m, const struct map_entry *previous)
{
	for (size_t i = previous ? (size_t)(previous - m->entries) + 1 : 0; i < m->cap; i++)
		if (m->used[i])
			return &m->entries[i];
	return NULL;
}
