#include "ledger/figures.h"

#include <string.h>
#include <strings.h>

/*
 * A tag names a pool: what carries the tag "trace" is counted as trace memory wherever it lies, and all of the
 * pool of that name is trace memory, whoever made it.
 */
bool pool_is_trace(const struct arena *a)
{
	return !strcasecmp(a->pool, "trace");
}

static void count(struct arena *a, const struct block *b, uint64_t sign)
{
	struct figures *f = &a->figures;
	bool trace = b->is_trace || pool_is_trace(a);

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

bool arena_put(struct arena *a, const struct block *b, struct effect *e)
{
	bool is_new;
	struct map_entry *entry = map_put(&a->blocks, b->address, 0, &is_new);

	(void)e;
	if (is_new)
		entry->pointer = xmalloc(sizeof(*b));
	else
		count(a, entry->pointer, -1ULL);
	memcpy(entry->pointer, b, sizeof(*b));
	count(a, b, 1);
	return !is_new;
}

bool arena_remove(struct arena *a, uint64_t address, struct block *ret)
{
	struct map_entry *entry = map_get(&a->blocks, address, 0);

	if (!entry)
		return false;
	memcpy(ret, entry->pointer, sizeof(*ret));
	count(a, ret, -1ULL);
	free(entry->pointer);
	map_del(&a->blocks, address, 0);
	return true;
}

void arena_clear(struct arena *a, struct effect *e)
{
	if (e) {
		e->cleared += a->figures.buffers;
		e->cleared_bytes += a->figures.reserved;
	}
	for (struct map_entry *b = map_next(&a->blocks, NULL); b; b = map_next(&a->blocks, b)) {
		count(a, b->pointer, -1ULL);
		free(b->pointer);
	}
	map_clear(&a->blocks);
}

const struct block *arena_block(const struct arena *a, uint64_t address)
{
	struct map_entry *entry = map_get(&a->blocks, address, 0);

	return entry ? entry->pointer : NULL;
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

static void add(struct figures *sum, const struct figures *f)
{
	sum->buffers += f->buffers;
	sum->reserved += f->reserved;
	sum->asked += f->asked;
	sum->asked_unknown += f->asked_unknown;
	sum->trace += f->trace;
	sum->trace_unknown += f->trace_unknown;
	sum->peak += f->peak;
	sum->peak_known &= f->peak_known;
	sum->capacity += f->capacity;
	sum->has_capacity &= f->has_capacity;
	sum->banks += f->banks;
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
		add(&sum, &a->figures);
		nr++;
	}
	/* The highest sum is not the sum of the highest: of several arenas no peak is known. */
	sum.peak_known &= nr == 1;
	if (nr)
		*ret = sum;
	return nr > 0;
}

static int by_address(const void *a, const void *b)
{
	const struct block *x = *(struct block *const *)a, *y = *(struct block *const *)b;

	return x->address < y->address ? -1 : x->address > y->address;
}

bool arena_largest_free(const struct arena *a, uint64_t *ret)
{
	uint64_t largest = 0, end = a->base, limit = a->base + a->bank_bytes;
	VEC(struct block *) sorted = {};
	bool known = true;

	if (!a->figures.has_capacity || !a->has_base || !a->figures.banks)
		return false;
	for (struct map_entry *e = map_next(&a->blocks, NULL); e; e = map_next(&a->blocks, e))
		vec_push(&sorted, e->pointer);
	if (sorted.nr)
		qsort(sorted.items, sorted.nr, sizeof(*sorted.items), by_address);
	for (size_t i = 0; i < sorted.nr; i++) {
		const struct block *b = sorted.items[i];

		known &= b->has_reserved;
		if (b->address > end && b->address - end > largest)
			largest = b->address - end;
		if (b->address + b->reserved / a->figures.banks > end)
			end = b->address + b->reserved / a->figures.banks;
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
