/* The rows of a history: phases, their figures, and what is put together so that they stay few. */
#include "ledger/history_parts.h"

#include <string.h>

enum history_kind history_kind_now(const struct ledger_process *p)
{
	enum history_kind kind = p->history->running.kind;

	/* Only when the books were read is it known that there was nothing. */
	return kind == HISTORY_FOUND && p->phase == PHASE_INIT ? HISTORY_INIT : kind;
}

bool history_from_begin(const struct ledger_process *p)
{
	const struct history *h = p->history;

	return (h->rows.nr ? h->rows.items[0].kind : history_kind_now(p)) == HISTORY_INIT;
}

/* What the device had of the pool when the running phase began. */
static const struct history_figures *figures_before(const struct history *h, size_t device, const char *pool)
{
	const struct history_row *last = h->rows.nr ? &h->rows.items[h->rows.nr - 1] : NULL;

	for (size_t i = 0; last && i < last->figures.nr; i++)
		if (last->figures.items[i].device == device && last->figures.items[i].pool == pool)
			return &last->figures.items[i];
	return NULL;
}

static void add_device(const struct ledger_process *p, size_t device, bool from_nothing, history_figures *ret)
{
	const struct device *d = p->devices.items[device];

	for (size_t i = 0; i < p->pools.nr; i++) {
		const struct history_figures *before = figures_before(p->history, device, p->pools.items[i]);
		struct history_figures f = {.device = device, .number = d->number, .place = i};
		struct figures now;

		f.pool = p->pools.items[i];
		f.before = before ? before->reserved : 0;
		f.has_before = from_nothing;
		if (device_shown(d)) {
			if (!device_figures(d, f.pool, &now))
				continue;
			f.reserved = now.reserved;
			f.trace = now.trace;
			f.buffers = now.buffers;
			f.is_core = f.pool == p->core && device_circular(d, &f.circular);
			f.has_code = f.is_core && device_code(d, &f.code);
		} else if (before && !before->gone) {
			f.gone = true;
		} else {
			continue;
		}
		vec_push(ret, f);
	}
}

static int by_number(const void *a, const void *b)
{
	const struct history_figures *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

void history_now(const struct ledger_process *p, history_figures *ret)
{
	bool from_nothing = p->history->rows.nr || history_kind_now(p) != HISTORY_FOUND;

	for (size_t i = 0; i < p->devices.nr; i++)
		add_device(p, i, from_nothing, ret);
	if (ret->nr)
		qsort(ret->items, ret->nr, sizeof(*ret->items), by_number);
}

void history_row_add_trace(struct history_row *row, uint64_t trace)
{
	for (size_t i = 0; i < row->nr_traces; i++)
		if (row->trace[i] == trace)
			return;
	if (row->nr_traces == HISTORY_TRACES)
		row->more_traces = true;
	else
		row->trace[row->nr_traces++] = trace;
}

bool history_row_has_trace(const struct history_row *row, uint64_t trace)
{
	for (size_t i = 0; i < row->nr_traces; i++)
		if (row->trace[i] == trace)
			return true;
	return row->more_traces;
}

static bool same_row(const struct history_row *a, const struct history_row *b)
{
	return a->kind == b->kind && a->kind != HISTORY_LEFT_OUT && a->nr_traces == b->nr_traces &&
	       a->more_traces == b->more_traces && !memcmp(a->trace, b->trace, a->nr_traces * sizeof(*a->trace));
}

/* Add @later, which is released, to @row: the figures are those of the later one. */
static void merge(struct history_row *row, struct history_row *later)
{
	row->times += later->times;
	row->end_ns = later->end_ns;
	row->lasted_ns += later->lasted_ns;
	row->allocations += later->allocations;
	row->allocated += later->allocated;
	row->frees += later->frees;
	row->freed += later->freed;
	row->failed += later->failed;
	row->replays += later->replays;
	row->replays_shared |= later->replays_shared;
	row->fresh |= later->fresh;
	vec_release(&row->figures);
	row->figures = later->figures;
}

/* Do the last @nr rows repeat those before them? */
static bool repeats(const struct history *h, size_t nr)
{
	const struct history_row *last;

	if (h->rows.nr < 2 * nr)
		return false;
	last = &h->rows.items[h->rows.nr - nr];
	for (size_t i = 0; i < nr; i++)
		if (!same_row(&last[i], &last[(ptrdiff_t)i - (ptrdiff_t)nr]))
			return false;
	return true;
}

/* A program that serves requests goes through the same phases again and again: they are kept once. */
static void fold_cycles(struct history *h)
{
	for (size_t nr = 1; nr <= HISTORY_CYCLE; nr++) {
		if (!repeats(h, nr))
			continue;
		for (size_t i = h->rows.nr - nr; i < h->rows.nr; i++)
			merge(&h->rows.items[i - nr], &h->rows.items[i]);
		h->rows.nr -= nr;
		/* Rounds that were different may be the same now. */
		nr = 0;
	}
}

/* The first rows and the last ones stay; those between become one without figures. */
static void leave_out(struct history *h)
{
	struct history_row *row = &h->rows.items[HISTORY_FIRST_ROWS];

	while (h->rows.nr > HISTORY_ROWS) {
		merge(row, row + 1);
		vec_release(&row->figures);
		row->kind = HISTORY_LEFT_OUT;
		row->nr_traces = 0;
		row->more_traces = row->fresh = row->replays_shared = row->replays_above = false;
		h->rows.nr--;
		memmove(row + 1, row + 2, (h->rows.nr - HISTORY_FIRST_ROWS - 1) * sizeof(*row));
	}
}

void history_finish(struct ledger_process *p, const struct record *r)
{
	struct history *h = p->history;
	struct history_row *row = &h->running;

	row->kind = history_kind_now(p);
	history_now(p, &row->figures);
	row->end_ns = r->time_ns;
	row->lasted_ns = r->time_ns - row->begin_ns;
}

void history_begin(struct ledger_process *p, const struct record *r, enum history_kind kind)
{
	struct history *h = p->history;

	history_finish(p, r);
	vec_push(&h->rows, h->running);
	fold_cycles(h);
	leave_out(h);
	h->running = (struct history_row){.kind = kind, .times = 1, .begin_ns = r->time_ns};
	h->running.fresh = kind == HISTORY_EXECUTION;
	h->phases++;
	h->runs += kind == HISTORY_EXECUTION;
}
