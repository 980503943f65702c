/* Why an allocation failed: from what lay in its pool when it did. */
#include "ledger/history_parts.h"

#include "ledger/figures.h"

#include <string.h>

static const char *const cause_names[] = {
	[CAUSE_UNKNOWN] = NULL,
	[CAUSE_EXHAUSTED] = "exhausted",
	[CAUSE_FRAGMENTED] = "fragmented",
	[CAUSE_REFUSED] = "refused",
	[CAUSE_CLASH] = "clash",
	[CAUSE_OVERFLOW] = "overflow",
};

const char *history_cause_name(enum history_cause cause)
{
	return cause_names[cause];
}

bool history_is_program(const struct history_failure *f)
{
	return f->cause == CAUSE_CLASH || f->cause == CAUSE_OVERFLOW;
}

typedef VEC(struct history_holder) holders;

static int more_bytes(const void *a, const void *b)
{
	const struct history_holder *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	if (x->reserved != y->reserved)
		return x->reserved > y->reserved ? -1 : 1;
	if (!x->label != !y->label)
		return x->label ? 1 : -1;
	if (x->label && x->label != y->label)
		return strcmp(x->label, y->label);
	return (int)y->trace - (int)x->trace;
}

/* Every size that a block of the arena has. Returns false if the size of one is not known. */
static bool add_sizes(const struct arena *a, holders *sizes)
{
	struct map by_size = {};
	struct block block;
	bool known = true;

	for (size_t at = 0; blocks_next(&a->blocks, &at, &block);) {
		const struct block *b = &block;
		bool first, trace = b->is_trace || a->is_trace;
		/* Equal labels are one text, at an even address. */
		struct map_entry *place = map_put(&by_size, b->reserved, (uintptr_t)b->label | trace, &first);
		struct history_holder *h;

		if (first) {
			place->value = sizes->nr;
			vec_push(sizes, ((struct history_holder){.reserved = b->reserved, .trace = trace, .label = b->label}));
		}
		h = &sizes->items[place->value];
		h->buffers++;
		h->bytes += b->reserved;
		known &= b->has_reserved;
	}
	map_release(&by_size);
	return known;
}

/* The sizes with most bytes, and what is left as one. */
static void keep_largest(struct history_failure *f, const holders *sizes)
{
	size_t own = sizes->nr > HISTORY_HOLDERS ? HISTORY_HOLDERS - 1 : sizes->nr;
	struct history_holder rest = {.rest = true};

	f->nr_holders = 0;
	for (size_t i = 0; i < own; i++)
		f->holders[f->nr_holders++] = sizes->items[i];
	for (size_t i = own; i < sizes->nr; i++) {
		rest.buffers += sizes->items[i].buffers;
		rest.bytes += sizes->items[i].bytes;
	}
	if (rest.buffers)
		f->holders[f->nr_holders++] = rest;
}

static void set_bank(struct history_failure *f, const struct arena *a, bool sizes_known)
{
	const struct figures *g = &a->figures;

	f->banks = g->banks;
	f->bank_bytes = a->bank_bytes;
	if (!g->has_capacity || !sizes_known)
		return;
	f->allocated = g->banks ? g->reserved / g->banks : 0;
	f->free = a->bank_bytes > f->allocated ? a->bank_bytes - f->allocated : 0;
	f->has_bank = true;
	f->has_largest = arena_largest_free(a, &f->largest_free);
	/* A pool that has no room at all has no bounds either. */
	f->has_largest |= !a->bank_bytes;
}

static void set_needs(struct history_failure *f, const struct record *r, const struct arena *a)
{
	uint64_t grain = a && a->grain ? a->grain : 1, over = RECORD_HAS(r, NEEDED) ? r->needed % grain : 0;

	f->has_code = RECORD_HAS(r, CODE);
	f->code = r->code;
	f->has_asked = RECORD_HAS(r, ASKED);
	f->asked = r->asked;
	f->has_needed = RECORD_HAS(r, NEEDED);
	f->needed = r->needed;
	if (f->has_needed && f->needed <= UINT64_MAX - grain) {
		f->has_taken = true;
		f->taken = f->needed + (over ? grain - over : 0);
	} else if (RECORD_HAS(r, RESERVED) && a && a->figures.has_banks && a->figures.banks) {
		f->has_taken = true;
		f->taken = r->reserved / a->figures.banks;
	}
}

static enum history_cause cause_of(const struct history_failure *f)
{
	if (!f->has_taken || !f->has_bank)
		return CAUSE_UNKNOWN;
	if (f->free < f->taken)
		return CAUSE_EXHAUSTED;
	if (!f->has_largest)
		return CAUSE_UNKNOWN;
	return f->largest_free < f->taken ? CAUSE_FRAGMENTED : CAUSE_REFUSED;
}

static void look_at_arena(struct history_failure *f, const struct arena *a)
{
	const struct device *d = a->device;
	holders sizes = {};
	bool known = add_sizes(a, &sizes);

	if (sizes.nr)
		qsort(sizes.items, sizes.nr, sizeof(*sizes.items), more_bytes);
	keep_largest(f, &sizes);
	vec_release(&sizes);
	f->pool = a->pool;
	f->arena = a->id;
	f->has_device = d && d->held;
	f->device = f->has_device ? d->number : 0;
	set_bank(f, a, known);
}

/* Is it among the largest that are kept? */
static bool is_large(const struct history *h, size_t i)
{
	size_t larger = 0;

	for (size_t k = 0; k < h->failures.nr; k++)
		larger += h->failures.items[k].asked > h->failures.items[i].asked ||
			  (h->failures.items[k].asked == h->failures.items[i].asked && k > i);
	return larger < HISTORY_LARGEST;
}

/* Make room: the oldest goes, unless it is a large one. */
static void evict(struct history *h)
{
	size_t i = 0;

	while (i + 1 < h->failures.nr && is_large(h, i))
		i++;
	h->failures_left_out += h->failures.items[i].times;
	h->failures.nr--;
	memmove(&h->failures.items[i], &h->failures.items[i + 1], (h->failures.nr - i) * sizeof(*h->failures.items));
}

/* The failure before this one, if it is the same again: nothing has happened since. */
static struct history_failure *same_again(struct history *h, const struct ledger_process *p, const struct record *r)
{
	struct history_failure *last = h->failures.nr ? &h->failures.items[h->failures.nr - 1] : NULL;

	if (!last || h->failed_at_event != p->events || history_is_program(last) != failed_is_clash(r) ||
	    last->end != r->end || last->limit != (failed_is_clash(r) ? r->address : 0) || last->arena != r->arena || last->asked != r->asked ||
	    last->needed != r->needed || last->tid != r->tid || last->code != r->code || last->has_asked != RECORD_HAS(r, ASKED))
		return NULL;
	return last;
}

static const char *pool_name(const struct ledger_process *p, const char *name)
{
	for (size_t i = 0; i < p->pools.nr; i++)
		if (name && !strcmp(p->pools.items[i], name))
			return p->pools.items[i];
	return NULL;
}

/* The arena that a refused program's circular buffers would have lain in. */
static const struct arena *refusing_arena(const struct ledger_process *p, const struct record *r)
{
	for (size_t i = 0; RECORD_HAS(r, OWNER) && i < p->devices.nr; i++)
		if (p->devices.items[i]->owner == r->owner && !device_gone(p->devices.items[i]))
			return device_core_arena(p->devices.items[i]);
	return NULL;
}

static void look_at_refused(struct history_failure *f, const struct ledger_process *p, const struct record *r)
{
	const struct arena *a = refusing_arena(p, r);

	if (a)
		look_at_arena(f, a);
	f->arena = 0;
	f->end = r->end;
	f->limit = r->address;
	f->cause = strcmp(r->reason, "clash") ? CAUSE_OVERFLOW : CAUSE_CLASH;
}

static void add_failure(const struct subject *s, const struct record *r)
{
	const struct ledger_process *p = s->process;
	struct history *h = p->history;
	struct arena *a = s->arena;
	struct history_failure f = {
		.time_ns = r->time_ns,
		.first_ns = r->time_ns,
		.times = 1,
		.number = h->failed,
		.tid = r->tid,
		.during = history_kind_now(p),
		.has_trace = h->running.nr_traces == 1,
		.trace = h->running.trace[0],
		.pool = pool_name(p, r->pool),
	};

	if (a)
		look_at_arena(&f, a);
	set_needs(&f, r, a);
	f.cause = cause_of(&f);
	if (failed_is_clash(r))
		look_at_refused(&f, p, r);
	if (a && f.has_taken)
		history_use_failed(a, f.taken);
	if (h->failures.nr == HISTORY_FAILURES)
		evict(h);
	vec_push(&h->failures, f);
}

void history_fail(const struct subject *s, const struct record *r)
{
	struct history *h = s->process->history;
	struct history_failure *same = same_again(h, s->process, r);

	h->failed++;
	h->clashes += failed_is_clash(r);
	if (same) {
		same->times++;
		same->time_ns = r->time_ns;
		same->number = h->failed;
	} else {
		add_failure(s, r);
	}
	h->failed_at_event = s->process->events + 1;
}

void history_retract(struct history *h, uint64_t tid)
{
	h->failed -= h->failed > 0;
	for (size_t i = h->failures.nr; i > 0; i--) {
		struct history_failure *f = &h->failures.items[i - 1];

		if (f->tid != tid || history_is_program(f))
			continue;
		if (--f->times)
			return;
		h->failures.nr--;
		memmove(f, f + 1, (h->failures.nr - (i - 1)) * sizeof(*f));
		return;
	}
}
