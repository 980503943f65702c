/* figures.h: the blocks of an arena and their sums. Changed by ledger.c alone. */
#ifndef LEDGER_FIGURES_H
#define LEDGER_FIGURES_H

#include "ledger/ledger.h"

/* Put a block. True if one was living at its address: it is replaced. */
bool arena_put(struct arena *a, const struct block *b, struct effect *e);
/* Take the block at @address out. False if there is none. */
bool arena_remove(struct arena *a, uint64_t address, struct block *ret);
/* Take all blocks out and count them in @e, which may be NULL. */
void arena_clear(struct arena *a, struct effect *e);
bool device_gone(const struct device *d);
/* All of this pool is trace memory, whoever made it. */
bool pool_is_trace(const struct arena *a);
/* Largest run of free bytes of a bank. False when the arena's bounds or the size of a block are not known. */
bool arena_largest_free(const struct arena *a, uint64_t *ret);

#endif
