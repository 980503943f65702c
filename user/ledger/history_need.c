/* What pools needed at most: of a bank, and of requested bytes. */
#include "ledger/history_parts.h"

#include "ledger/figures.h"

#include <string.h>
#include <strings.h>

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool has_bank(const struct arena *a)
{
	return a->figures.has_capacity && a->has_base && a->figures.banks;
}

static void reach(struct arena_use *u, const struct arena *a, const struct record *r)
{
	uint64_t start = r->address - a->base, bytes;

	if (!has_bank(a) || !RECORD_HAS(r, RESERVED) || r->address < a->base)
		return;
	bytes = r->reserved / a->figures.banks;
	if (start > a->bank_bytes || bytes > a->bank_bytes - start)
		return;
	if (!a->figures.buffers && (!start || start + bytes == a->bank_bytes)) {
		u->grows_known = true;
		u->grows_up = !start;
	}
	u->top = most(u->top, start + bytes);
	u->bottom = most(u->bottom, a->bank_bytes - start);
	if (start < a->bank_bytes / 2)
		u->low = most(u->low, start + bytes);
	else
		u->high = most(u->high, a->bank_bytes - start);
}

/* A block that carries the name of another pool: had that one had room, it would lie there. */
static bool tagged(const struct arena *a, const struct block *b)
{
	return b && b->is_trace && !a->is_trace;
}

static void add_tagged(struct arena_use *u, const struct record *r)
{
	u->tagged += r->reserved;
	u->tagged_asked += r->asked;
	u->tagged_unknown |= !RECORD_HAS(r, RESERVED) || !RECORD_HAS(r, ASKED);
	u->tagged_peak = most(u->tagged_peak, u->tagged);
	u->tagged_asked_peak = most(u->tagged_asked_peak, u->tagged_asked);
}

static void add_block(struct arena_use *u, const struct subject *s, const struct record *r)
{
	reach(u, s->arena, r);
	u->asked_unknown |= !RECORD_HAS(r, ASKED);
	u->asked = most(u->asked, s->arena->figures.asked + r->asked);
	if (!s->arena->is_trace && history_own(s, r))
		add_tagged(u, r);
}

static void remove_block(struct arena_use *u, const struct arena *a, const struct block *b)
{
	if (!tagged(a, b))
		return;
	u->tagged -= least(u->tagged, b->reserved);
	u->tagged_asked -= least(u->tagged_asked, b->asked);
}

void history_use(const struct subject *s, const struct record *r)
{
	struct arena_use *u = &s->arena->use;

	if (r->kind == RECORD_CLEAR) {
		u->tagged = u->tagged_asked = 0;
		return;
	}
	/* What is allocated where a block lives takes its place. */
	remove_block(u, s->arena, s->old);
	if (r->kind == RECORD_ALLOC || r->kind == RECORD_BLOCK)
		add_block(u, s, r);
	if (r->kind == RECORD_CORRECTION)
		reach(u, s->arena, r);
}

/* Free bytes at the end towards which the pool grows: those that a larger bank would add to. */
static uint64_t end_hole(const struct arena_use *u, const struct arena *a)
{
	uint64_t first = a->bank_bytes, last = 0;
	struct block b;

	for (size_t at = 0; blocks_next(&a->blocks, &at, &b);) {
		uint64_t start = b.address - a->base;

		if (b.address < a->base || start > a->bank_bytes)
			continue;
		first = least(first, start);
		last = most(last, least(a->bank_bytes, start + b.reserved / a->figures.banks));
	}
	if (!last)
		return a->bank_bytes;
	if (!u->grows_known)
		return most(first, a->bank_bytes - last);
	return u->grows_up ? a->bank_bytes - last : first;
}

void history_use_failed(struct arena *a, uint64_t taken)
{
	struct arena_use *u = &a->use;
	uint64_t hole;

	u->failed = true;
	if (!a->figures.has_capacity)
		return;
	hole = has_bank(a) ? end_hole(u, a) : 0;
	u->demand = most(u->demand, a->bank_bytes - hole + taken);
}

static uint64_t span_of(const struct arena_use *u)
{
	return most(least(u->low + u->high, least(u->top, u->bottom)), u->demand);
}

static void add_need(const struct arena *a, struct history_need *ret)
{
	const struct arena_use *u = &a->use;

	ret->from_begin &= a->figures.peak_known;
	ret->known |= a->figures.has_capacity;
	if (a->figures.has_capacity) {
		ret->banks = a->figures.banks;
		ret->bank_bytes = a->bank_bytes;
	}
	if (has_bank(a))
		ret->peak = most(ret->peak, a->figures.peak / a->figures.banks);
	ret->span = most(ret->span, span_of(u));
	ret->asked = most(ret->asked, u->asked);
	ret->asked_known &= !u->asked_unknown;
	ret->failed |= u->failed;
}

bool history_need(const struct ledger_process *p, unsigned int number, const char *pool, struct history_need *ret)
{
	struct history_need need = {.asked_known = true, .from_begin = true};
	bool found = false;

	for (size_t i = 0; i < p->devices.nr; i++) {
		const struct device *d = p->devices.items[i];

		for (size_t k = 0; d->held && d->number == number && k < d->arenas.nr; k++) {
			if (strcmp(d->arenas.items[k]->pool, pool))
				continue;
			add_need(d->arenas.items[k], &need);
			found = true;
		}
	}
	need.span = most(need.span, need.peak);
	need.pool = pool;
	if (found)
		*ret = need;
	return found;
}

static bool add_tagged_need(const struct arena *a, struct history_need *ret)
{
	const struct arena_use *u = &a->use;

	ret->from_begin &= a->figures.peak_known;
	if (!u->tagged_peak)
		return false;
	ret->pool = a->pool;
	ret->asked_known &= !u->tagged_unknown;
	ret->asked = most(ret->asked, u->tagged_asked_peak);
	if (!a->figures.has_banks || !a->figures.banks)
		return true;
	ret->known = true;
	ret->banks = a->figures.banks;
	ret->peak = most(ret->peak, u->tagged_peak / a->figures.banks);
	return true;
}

bool history_need_tagged(const struct ledger_process *p, unsigned int number, const char *tag, struct history_need *ret)
{
	struct history_need need = {.asked_known = true, .from_begin = true};
	bool found = false;

	/* There is one tag: that of traces. */
	for (size_t i = 0; i < p->devices.nr && !strcasecmp(tag, "trace"); i++) {
		const struct device *d = p->devices.items[i];

		for (size_t k = 0; d->held && d->number == number && k < d->arenas.nr; k++)
			found |= add_tagged_need(d->arenas.items[k], &need);
	}
	need.span = need.peak;
	if (found)
		*ret = need;
	return found;
}
