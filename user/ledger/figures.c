#include "ledger/figures.h"

#include <string.h>

static void count(struct arena *a, const struct block *b, uint64_t sign)
{
	struct figures *f = &a->figures;
	bool trace = b->is_trace || a->is_trace;

	/* Unsigned arithmetic wraps: adding -1 times x takes x away. */
	f->buffers += sign;
	f->reserved += sign * b->reserved;
	f->asked += b->has_asked ? sign * b->asked : 0;
	f->asked_unknown += b->has_asked ? 0 : sign;
	f->trace += trace ? sign * b->reserved : 0;
	f->trace_unknown += !trace && b->before_attach ? sign : 0;
	if (f->reserved > f->peak && sign == 1)
		f->peak = f->reserved;
}

void arena_put(struct arena *a, const struct block *b, const struct block *old)
{
	if (old)
		count(a, old, -1ULL);
	blocks_put(&a->blocks, b);
	count(a, b, 1);
}

void arena_remove(struct arena *a, const struct block *b)
{
	count(a, b, -1ULL);
	blocks_remove(&a->blocks, b->address);
}

void arena_clear(struct arena *a, struct effect *e)
{
	struct figures *f = &a->figures;

	if (e) {
		e->cleared += f->buffers;
		e->cleared_bytes += f->reserved;
	}
	f->buffers = f->reserved = f->asked = f->asked_unknown = f->trace = f->trace_unknown = 0;
	blocks_release(&a->blocks);
}

bool device_gone(const struct device *d)
{
	for (size_t i = 0; i < d->arenas.nr; i++)
		if (!d->arenas.items[i]->gone)
			return false;
	return d->arenas.nr > 0;
}

bool device_shown(const struct device *d)
{
	return d->held && !device_gone(d);
}

void figures_add(struct figures *sum, const struct figures *f)
{
	sum->buffers += f->buffers;
	sum->reserved += f->reserved;
	sum->asked += f->asked;
	sum->asked_unknown += f->asked_unknown;
	sum->trace += f->trace;
	sum->trace_unknown += f->trace_unknown;
	sum->peak_known &= f->peak_known;
	sum->has_capacity &= f->has_capacity;
	sum->has_banks &= f->has_banks;
}

bool device_figures(const struct device *d, const char *pool, struct figures *ret)
{
	struct figures sum = {.peak_known = true, .has_capacity = true, .has_banks = true};
	size_t nr = 0;

	for (size_t i = 0; i < d->arenas.nr; i++) {
		const struct arena *a = d->arenas.items[i];

		if (a->gone || (pool && strcmp(pool, a->pool)))
			continue;
		figures_add(&sum, &a->figures);
		sum.peak += a->figures.peak;
		sum.capacity += a->figures.capacity;
		sum.banks += a->figures.banks;
		nr++;
	}
	/* The highest sum is not the sum of the highest: of several arenas no peak is known. */
	sum.peak_known &= nr == 1;
	if (nr)
		*ret = sum;
	return nr > 0;
}

/* Of a bank. */
struct extent {
	uint64_t start, bytes;
};

static int by_start(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

bool arena_largest_free(const struct arena *a, uint64_t *ret)
{
	uint64_t largest = 0, end = a->base, limit = a->base + a->bank_bytes;
	VEC(struct extent) sorted = {};
	bool known = true;
	struct block b;

	if (!a->figures.has_capacity || !a->has_base || !a->figures.banks)
		return false;
	for (size_t at = 0; blocks_next(&a->blocks, &at, &b); known &= b.has_reserved)
		vec_push(&sorted, ((struct extent){b.address, b.reserved / a->figures.banks}));
	if (sorted.nr)
		qsort(sorted.items, sorted.nr, sizeof(*sorted.items), by_start);
	for (size_t i = 0; i < sorted.nr; i++) {
		const struct extent *x = &sorted.items[i];

		if (x->start > end && x->start - end > largest)
			largest = x->start - end;
		if (x->start + x->bytes > end)
			end = x->start + x->bytes;
	}
	if (limit > end && limit - end > largest)
		largest = limit - end;
	vec_release(&sorted);
	*ret = largest;
	return known;
}

bool device_largest_free(const struct device *d, const char *pool, uint64_t *ret)
{
	uint64_t largest = 0;
	bool known = false;

	for (size_t i = 0; i < d->arenas.nr; i++) {
		const struct arena *a = d->arenas.items[i];
		uint64_t free_bytes;

		if (a->gone || strcmp(pool, a->pool))
			continue;
		if (!arena_largest_free(a, &free_bytes))
			return false;
		largest = free_bytes > largest ? free_bytes : largest;
		known = true;
	}
	*ret = largest;
	return known;
}
