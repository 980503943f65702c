/* What pools needed at most: of a bank, and of requested bytes. */
#include "ledger/history_parts.h"

#include "ledger/figures.h"

#include <string.h>
#include <strings.h>

/*
 * Of one arena, bytes of a bank. A pool grows from one of its ends, some from both: `top` is the highest end of a block,
 * `bottom` the same counted from the other end; `low` and `high` are these of blocks that are nearer to either end.
 */
struct use {
	uint64_t top, bottom, low, high;
	uint64_t demand; /* what a failed allocation would have needed */
	uint64_t asked;	 /* highest sum of requested bytes */
	bool asked_unknown;
	uint64_t tagged, tagged_asked, tagged_peak, tagged_asked_peak; /* all banks; of blocks that carry another pool's name */
	bool tagged_unknown;
	bool grows_known, grows_up;
	bool failed;
};

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static struct use *use_of(struct history *h, const struct arena *a)
{
	bool first;
	struct map_entry *e = map_put(&h->uses, a->id, 0, &first);

	if (first)
		e->pointer = xcalloc(1, sizeof(struct use));
	return e->pointer;
}

void history_uses_release(struct history *h)
{
	for (struct map_entry *e = map_next(&h->uses, NULL); e; e = map_next(&h->uses, e))
		free(e->pointer);
	map_release(&h->uses);
}

static bool has_bank(const struct arena *a)
{
	return a->figures.has_capacity && a->has_base && a->figures.banks;
}

static void reach(struct use *u, const struct arena *a, const struct record *r)
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
	return b && b->is_trace && !pool_is_trace(a);
}

static void add_tagged(struct use *u, const struct record *r)
{
	u->tagged += r->reserved;
	u->tagged_asked += r->asked;
	u->tagged_unknown |= !RECORD_HAS(r, RESERVED) || !RECORD_HAS(r, ASKED);
	u->tagged_peak = most(u->tagged_peak, u->tagged);
	u->tagged_asked_peak = most(u->tagged_asked_peak, u->tagged_asked);
}

static void add_block(struct use *u, const struct arena *a, const struct record *r)
{
	reach(u, a, r);
	u->asked_unknown |= !RECORD_HAS(r, ASKED);
	u->asked = most(u->asked, a->figures.asked + r->asked);
	if (history_own(a, r) && !pool_is_trace(a))
		add_tagged(u, r);
}

static void remove_block(struct use *u, const struct arena *a, uint64_t address)
{
	const struct block *b = arena_block(a, address);

	if (!tagged(a, b))
		return;
	u->tagged -= least(u->tagged, b->reserved);
	u->tagged_asked -= least(u->tagged_asked, b->asked);
}

void history_use(struct history *h, const struct arena *a, const struct record *r)
{
	struct use *u = use_of(h, a);

	if (r->kind == RECORD_CLEAR) {
		u->tagged = u->tagged_asked = 0;
		return;
	}
	/* What is allocated where a block lives takes its place. */
	remove_block(u, a, r->address);
	if (r->kind == RECORD_ALLOC || r->kind == RECORD_BLOCK)
		add_block(u, a, r);
	if (r->kind == RECORD_CORRECTION)
		reach(u, a, r);
}

/* Free bytes at the end towards which the pool grows: those that a larger bank would add to. */
static uint64_t end_hole(const struct use *u, const struct arena *a)
{
	uint64_t first = a->bank_bytes, last = 0;

	for (struct map_entry *e = map_next(&a->blocks, NULL); e; e = map_next(&a->blocks, e)) {
		const struct block *b = e->pointer;
		uint64_t start = b->address - a->base;

		if (b->address < a->base || start > a->bank_bytes)
			continue;
		first = least(first, start);
		last = most(last, least(a->bank_bytes, start + b->reserved / a->figures.banks));
	}
	if (!last)
		return a->bank_bytes;
	if (!u->grows_known)
		return most(first, a->bank_bytes - last);
	return u->grows_up ? a->bank_bytes - last : first;
}

void history_use_failed(struct history *h, const struct arena *a, uint64_t taken)
{
	struct use *u = use_of(h, a);
	uint64_t hole;

	u->failed = true;
	if (!a->figures.has_capacity)
		return;
	hole = has_bank(a) ? end_hole(u, a) : 0;
	u->demand = most(u->demand, a->bank_bytes - hole + taken);
}

static uint64_t span_of(const struct use *u)
{
	return most(least(u->low + u->high, least(u->top, u->bottom)), u->demand);
}

static void add_need(const struct history *h, const struct arena *a, struct history_need *ret)
{
	const struct map_entry *e = h ? map_get(&h->uses, a->id, 0) : NULL;
	const struct use *u = e ? e->pointer : NULL;

	ret->from_begin &= a->figures.peak_known;
	ret->known |= a->figures.has_capacity;
	if (a->figures.has_capacity) {
		ret->banks = a->figures.banks;
		ret->bank_bytes = a->bank_bytes;
	}
	if (has_bank(a))
		ret->peak = most(ret->peak, a->figures.peak / a->figures.banks);
	if (!u)
		return;
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
			add_need(p->history, d->arenas.items[k], &need);
			found = true;
		}
	}
	need.span = most(need.span, need.peak);
	need.pool = pool;
	if (found)
		*ret = need;
	return found;
}

static bool add_tagged_need(const struct history *h, const struct arena *a, struct history_need *ret)
{
	const struct map_entry *e = h ? map_get(&h->uses, a->id, 0) : NULL;
	const struct use *u = e ? e->pointer : NULL;

	ret->from_begin &= a->figures.peak_known;
	if (!u || !u->tagged_peak)
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
			found |= add_tagged_need(p->history, d->arenas.items[k], &need);
	}
	need.span = need.peak;
	if (found)
		*ret = need;
	return found;
}
