/* figures.h: the blocks of an arena and their sums. Used by ledger.c alone. */
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

#endif
