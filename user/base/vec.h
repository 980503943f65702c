/*
 * A growing array. `VEC(int) v = {};` is empty and valid. Items are v.items[0] .. v.items[v.nr - 1];
 * a push may move them.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/util.h"

#include <stdlib.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t nr, cap;                                                                    \
	}

/* Make room for one more and return the (uninitialised) new last item's address. */
#define vec_add(v) (vec_grow((void **)&(v)->items, &(v)->nr, &(v)->cap, sizeof(*(v)->items)), &(v)->items[(v)->nr - 1])
#define vec_push(v, item) ((void)(*vec_add(v) = (item)))
#define vec_clear(v) ((void)((v)->nr = 0))
#define vec_release(v) (free((v)->items), (v)->items = NULL, (v)->nr = 0, (v)->cap = 0)

static inline void vec_grow(void **items, size_t *nr, size_t *cap, size_t bytes)
{
	if (*nr == *cap) {
		*cap = *cap ? *cap * 2 : 8;
		*items = xreallocarray(*items, *cap, bytes);
	}
	(*nr)++;
}

#endif
