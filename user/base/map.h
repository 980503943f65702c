/*
 * A hash map from two 64-bit words to one 64-bit value or pointer (open addressing, linear probing,
 * deletion without tombstones). `struct map m = {};` is empty and valid.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/util.h"

struct map_entry {
	uint64_t a, b; /* the key */
	union {
		uint64_t value;
		void *pointer;
	};
};

struct map {
	struct map_entry *entries;
	uint8_t *used;
	size_t nr, cap;
};

/* Frees the map, not what pointers in it point to. */
void map_release(struct map *m);
void map_clear(struct map *m);

/* The entry of a key, NULL if there is none. Valid until the next put or del. */
struct map_entry *map_get(const struct map *m, uint64_t a, uint64_t b);

/* The entry of a key, made with value 0 if there was none (then *@ret_new, which may be NULL, is true). */
struct map_entry *map_put(struct map *m, uint64_t a, uint64_t b, bool *ret_new);

/* False if there was no such key. */
bool map_del(struct map *m, uint64_t a, uint64_t b);

/* Walk: `for (struct map_entry *e = map_next(m, NULL); e; e = map_next(m, e))`; no put or del meanwhile. */
struct map_entry *map_next(const struct map *m, const struct map_entry *previous);

#endif
