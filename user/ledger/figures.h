/* figures.h: the blocks of an arena and their sums. Changed by ledger.c alone. */
#ifndef LEDGER_FIGURES_H
#define LEDGER_FIGURES_H

#include "ledger/ledger.h"

/* Put a block in the place of @old, which lives at its address; NULL: none does. */
void arena_put(struct arena *a, const struct block *b, const struct block *old);
/* Take a block out, which lives. */
void arena_remove(struct arena *a, const struct block *b);
/* Take all blocks out and count them in @e, which may be NULL. */
void arena_clear(struct arena *a, struct effect *e);
bool device_gone(const struct device *d);
/* Add what can be added whatever the two are of: not peaks, capacities and banks, but whether they are known. */
void figures_add(struct figures *sum, const struct figures *f);
/* Largest run of free bytes of a bank. False when the arena's bounds or the size of a block are not known. */
bool arena_largest_free(const struct arena *a, uint64_t *ret);

#endif
