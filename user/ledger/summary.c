#include "ledger/summary.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t powers[SUMMARY_LIVES] = {
	0,
	1,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	10000000000,
	100000000000,
	1000000000000,
	10000000000000,
	100000000000000,
	1000000000000000,
	10000000000000000,
	100000000000000000,
	1000000000000000000,
	10000000000000000000ULL,
};

size_t summary_size(uint64_t bytes)
{
	return bytes ? 64 - (size_t)__builtin_clzll(bytes) : 0;
}

/* A number of so many binary digits has at least 0.3 times as many decimal ones (1233 / 4096), and one more at most. */
size_t summary_life(uint64_t ns)
{
	size_t digits = summary_size(ns) * 1233 >> 12;

	return digits + (ns >= powers[digits + 1]);
}

uint64_t summary_life_least(size_t life)
{
	return powers[life];
}

uint64_t summary_size_least(size_t size)
{
	return size ? 1ULL << (size - 1) : 0;
}

struct summary *summary_new(uint64_t from_ns, const struct summary_choice *choice)
{
	struct summary *s = xcalloc(1, sizeof(*s));

	s->from_ns = from_ns;
	s->choice = *choice;
	return s;
}

void summary_set_from(struct summary *s, uint64_t from_ns)
{
	s->from_ns = from_ns;
}

void summary_free(struct summary *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->arenas.nr; i++)
		free(s->arenas.items[i]);
	for (size_t i = 0; i < s->processes.nr; i++) {
		if (s->processes.items[i])
			vec_release(&s->processes.items[i]->pool_failed);
		free(s->processes.items[i]);
	}
	vec_release(&s->arenas);
	vec_release(&s->processes);
	vec_release(&s->kept);
	map_release(&s->last_failed);
	free(s);
}

const struct arena_summary *summary_arena(const struct summary *s, uint64_t id)
{
	return id && id <= s->arenas.nr ? s->arenas.items[id - 1] : NULL;
}

const struct process_summary *summary_process(const struct summary *s, uint64_t id)
{
	return id && id <= s->processes.nr ? s->processes.items[id - 1] : NULL;
}

const struct figures *summary_end(const struct summary *s, const struct arena *a)
{
	const struct arena_summary *sum = summary_arena(s, a->id);

	return sum && sum->ended ? &sum->end : &a->figures;
}

static struct arena_summary *new_arena(struct summary *s, uint64_t id)
{
	while (s->arenas.nr < id)
		vec_push(&s->arenas, NULL);
	s->arenas.items[id - 1] = xcalloc(1, sizeof(struct arena_summary));
	return s->arenas.items[id - 1];
}

static inline struct arena_summary *arena_of(struct summary *s, uint64_t id)
{
	if (id <= s->arenas.nr && s->arenas.items[id - 1])
		return s->arenas.items[id - 1];
	return new_arena(s, id);
}

static struct process_summary *process_of(struct summary *s, uint64_t id)
{
	while (s->processes.nr < id)
		vec_push(&s->processes, NULL);
	if (!s->processes.items[id - 1])
		s->processes.items[id - 1] = xcalloc(1, sizeof(struct process_summary));
	return s->processes.items[id - 1];
}

static void count(struct tally *a, uint64_t bytes)
{
	a->nr++;
	a->bytes += bytes;
}

static void add_amount(struct tally *sum, const struct tally *a)
{
	sum->nr += a->nr;
	sum->bytes += a->bytes;
}

void arena_summary_add(struct arena_summary *sum, const struct arena_summary *a)
{
	add_amount(&sum->allocations, &a->allocations);
	add_amount(&sum->frees, &a->frees);
	add_amount(&sum->found, &a->found);
	add_amount(&sum->removed, &a->removed);
	add_amount(&sum->ageless, &a->ageless);
	sum->unsized += a->unsized;
	sum->replaced += a->replaced;
	sum->unknown_frees += a->unknown_frees;
	sum->failed += a->failed;
	for (size_t i = 0; i < SUMMARY_LIVES; i++)
		add_amount(&sum->lives[i], &a->lives[i]);
	for (size_t i = 0; i < SUMMARY_SIZES; i++)
		add_amount(&sum->sizes[i], &a->sizes[i]);
}

static void count_size(struct arena_summary *a, uint64_t bytes)
{
	count(&a->sizes[summary_size(bytes)], bytes);
}

static void count_freed(struct arena_summary *a, const struct block *b, uint64_t time_ns)
{
	count(&a->frees, b->reserved);
	if (b->has_time)
		count(&a->lives[summary_life(time_ns - b->time_ns)], b->reserved);
	else
		count(&a->ageless, b->reserved);
}

/* What the arena has is the most that it had, as far as is known. */
static void note_peak(struct arena_summary *sum, const struct arena *a, uint64_t time_ns)
{
	if (a->figures.reserved <= sum->peak)
		return;
	sum->peak = a->figures.reserved;
	sum->peak_ns = time_ns;
}

/* Totals so far are not this summary's; what is allocated is its first peak. @time_ns: of what comes next. */
static void begin(struct summary *s, const struct ledger *l, uint64_t time_ns)
{
	/* What a recording began with was so before its first record. */
	uint64_t since_ns = s->from_ns || !l->time_ns ? s->from_ns : l->time_ns;

	s->begun = true;
	s->begin_ns = !l->time_ns ? time_ns : since_ns > l->time_ns ? since_ns : l->time_ns;
	s->events = l->events;
	s->lost = l->lost;
	s->corrections = l->corrections;
	s->unread = l->unread;
	s->unknown_frees = l->unknown_frees;
	s->replaced = l->replaced;
	for (size_t i = 0; i < l->processes.nr; i++) {
		const struct ledger_process *p = l->processes.items[i];
		struct process_summary *sum = process_of(s, p->id);

		sum->events = p->events;
		sum->replays = p->replays;
		sum->clashes = p->clashes;
		sum->corrections = p->corrections;
	}
	for (size_t i = 0; i < l->arenas.nr; i++)
		if (l->arenas.items[i]->figures.reserved)
			note_peak(arena_of(s, l->arenas.items[i]->id), l->arenas.items[i], since_ns);
}

/* What the ledger is about to forget: all blocks of an arena at once. */
static void before_clear(struct summary *s, const struct arena *a, const struct record *r)
{
	struct arena_summary *sum;
	struct block b;

	if (!a || !a->figures.buffers)
		return;
	sum = arena_of(s, a->id);
	for (size_t at = 0; blocks_next(&a->blocks, &at, &b);)
		count_freed(sum, &b, r->time_ns);
}

/* The process ends: what it has now is what it had at the end. */
static void before_detach(struct summary *s, const struct ledger_process *p, const struct record *r)
{
	for (size_t i = 0; p && i < p->devices.nr; i++) {
		for (size_t k = 0; k < p->devices.items[i]->arenas.nr; k++) {
			const struct arena *a = p->devices.items[i]->arenas.items[k];
			struct arena_summary *sum;

			if (a->gone)
				continue;
			sum = arena_of(s, a->id);
			sum->end = a->figures;
			sum->ended = true;
			summary_keep(&s->choice, &s->kept, a, r->time_ns);
		}
	}
}

/* The books settle what was not known of a block, or replace it; or remove it, or all of them. */
static void before_correction(struct summary *s, const struct arena *a, const struct record *r)
{
	struct block block;
	const struct block *b = a && RECORD_HAS(r, ADDRESS) && blocks_get(&a->blocks, r->address, &block) ? &block : NULL;
	struct arena_summary *sum;

	if (!a)
		return;
	sum = arena_of(s, a->id);
	if (!strcmp(r->reason, "gone")) {
		sum->removed.nr += a->figures.buffers;
		sum->removed.bytes += a->figures.reserved;
	} else if (!strcmp(r->reason, "size") && b && !b->has_reserved) {
		/* Its allocation may have been before the summary began. */
		if (b->time_ns < s->from_ns)
			return;
		sum->unsized--;
		sum->allocations.bytes += r->reserved;
		count_size(sum, r->reserved);
	} else {
		if (b)
			count(&sum->removed, b->reserved);
		if (strcmp(r->reason, "extra"))
			count(&sum->found, r->reserved);
	}
}

/* Of a record that the ledger will take. */
static void look_before(struct summary *s, const struct ledger *l, const struct record *r)
{
	if (r->kind == RECORD_CLEAR)
		before_clear(s, ledger_arena(l, r->arena), r);
	else if (r->kind == RECORD_DETACH)
		before_detach(s, ledger_process(l, r->process), r);
	else
		before_correction(s, ledger_arena(l, r->arena), r);
}

static void after_alloc(struct summary *s, const struct record *r, const struct effect *e)
{
	struct arena_summary *sum = arena_of(s, r->arena);

	count(&sum->allocations, r->reserved);
	sum->replaced += e->replaced;
	if (RECORD_HAS(r, RESERVED))
		count_size(sum, r->reserved);
	else
		sum->unsized++;
	note_peak(sum, e->arena, r->time_ns);
}

static void after_free(struct summary *s, const struct record *r, const struct effect *e)
{
	struct arena_summary *sum = r->arena ? arena_of(s, r->arena) : NULL;

	if (!sum)
		return;
	if (e->has_block)
		count_freed(sum, &e->block, r->time_ns);
	else
		sum->unknown_frees += e->unknown_free;
}

static void after_block(struct summary *s, const struct record *r, const struct effect *e)
{
	struct arena_summary *sum = arena_of(s, r->arena);

	/* Else it was counted before. */
	if (r->kind == RECORD_BLOCK) {
		count(&sum->found, r->reserved);
		sum->replaced += e->replaced;
	}
	note_peak(sum, e->arena, r->time_ns);
}

/* Where a failed allocation is counted: by arena, else by pool, else by process. */
enum { FAILED_ARENA, FAILED_POOL, FAILED_NOWHERE, FAILED_SHIFT = 2 };

static uint64_t failed_place(const struct record *r, const struct effect *e)
{
	if (e->arena)
		return e->arena->id << FAILED_SHIFT | FAILED_ARENA;
	for (size_t i = 0; r->pool && i < e->process->pools.nr; i++)
		if (!strcmp(e->process->pools.items[i], r->pool))
			return (uint64_t)i << FAILED_SHIFT | FAILED_POOL;
	return FAILED_NOWHERE;
}

static void count_failed(struct summary *s, uint64_t process, uint64_t place, uint64_t sign)
{
	uint64_t which = place >> FAILED_SHIFT;
	struct process_summary *p = process_of(s, process);

	p->failed += sign;
	switch (place & ((1 << FAILED_SHIFT) - 1)) {
	case FAILED_ARENA:
		arena_of(s, which)->failed += sign;
		return;
	case FAILED_POOL:
		while (p->pool_failed.nr <= which)
			vec_push(&p->pool_failed, 0);
		p->pool_failed.items[which] += sign;
		return;
	default:
		p->nowhere_failed += sign;
	}
}

static void after_failed(struct summary *s, const struct record *r, const struct effect *e)
{
	uint64_t place = failed_place(r, e);

	/* A program that is refused allocates nothing; the ledger counts them. */
	if (failed_is_clash(r))
		return;
	count_failed(s, r->process, place, 1);
	if (RECORD_HAS(r, TID))
		map_put(&s->last_failed, r->process, r->tid, NULL)->value = place;
}

static void after_retract(struct summary *s, const struct record *r, const struct effect *e)
{
	const struct map_entry *last = map_get(&s->last_failed, r->process, r->tid);

	(void)e;
	if (!last)
		return;
	count_failed(s, r->process, last->value, -1ULL);
	map_del(&s->last_failed, r->process, r->tid);
}

static void after_lost(struct summary *s, const struct record *r, const struct effect *e)
{
	uint64_t from_ns = RECORD_HAS(r, FROM_NS) && r->from_ns < r->time_ns ? r->from_ns : r->time_ns;

	(void)e;
	if (!s->losses++ || from_ns < s->lost_from_ns)
		s->lost_from_ns = from_ns;
	s->lost_to_ns = r->time_ns;
}

/* @before: look_before() has something to do. */
static const struct {
	void (*after)(struct summary *s, const struct record *r, const struct effect *e);
	bool before;
} kinds[RECORD_NR] = {
	[RECORD_ALLOC] = {after_alloc, false}, [RECORD_FREE] = {after_free, false},
	[RECORD_BLOCK] = {after_block, false}, [RECORD_CORRECTION] = {after_block, true},
	[RECORD_FAILED] = {after_failed, false}, [RECORD_RETRACT] = {after_retract, false},
	[RECORD_LOST] = {after_lost, false}, [RECORD_CLEAR] = {NULL, true},
	[RECORD_DETACH] = {NULL, true},
};

int summary_apply(struct summary *s, struct ledger *l, const struct record *r, struct effect *e)
{
	int err;

	/* What a checkpoint says has happened before. */
	if (r->time_ns < s->from_ns || r->kind <= RECORD_NONE || r->kind >= RECORD_NR || ledger_in_checkpoint(l, r))
		return ledger_apply(l, r, e);
	if (!s->begun)
		begin(s, l, r->time_ns);
	if (kinds[r->kind].before && !ledger_check(l, r))
		look_before(s, l, r);
	err = ledger_apply(l, r, e);
	if (err)
		return err;
	if (kinds[r->kind].after)
		kinds[r->kind].after(s, r, e);
	return 0;
}

void summary_close(struct summary *s, const struct ledger *l)
{
	if (l->time_ns < s->from_ns || !l->time_ns)
		return;
	if (!s->begun) {
		begin(s, l, l->time_ns);
		s->begin_ns = s->from_ns ? s->from_ns : l->time_ns;
	}
	s->end_ns = l->time_ns;
}
