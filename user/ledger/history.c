#include "ledger/history.h"

#include "ledger/figures.h"
#include "ledger/history_parts.h"

#include <string.h>

static const char *const kind_names[] = {
#define X(NAME, name) [HISTORY_##NAME] = name,
	HISTORY_KINDS(X)
#undef X
};

const char *history_kind_name(enum history_kind kind)
{
	return kind_names[kind];
}

void history_free(struct history *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->rows.nr; i++)
		vec_release(&h->rows.items[i].figures);
	vec_release(&h->rows);
	vec_release(&h->running.figures);
	vec_release(&h->failures);
	vec_release(&h->traces);
	vec_release(&h->meanwhile);
	free(h);
}

bool history_own(const struct subject *s, const struct record *r)
{
	if (r->kind == RECORD_ALLOC)
		return r->tag && !strcmp(r->tag, "trace");
	return s->old && (s->old->is_trace || s->arena->is_trace);
}

#define ANY (~0U)
#define IN(kind) (1U << HISTORY_##kind)

enum whose { ANYONE, TRACES, OTHERS, ANYTHING };

/*
 * A record of this kind, when the running row is one of these, begins that one. Of blocks it depends on whether it is a
 * trace's own buffer; a clear of nothing is none.
 */
static const struct transition {
	enum whose whose;
	unsigned int in;
	enum history_kind to;
} transitions[RECORD_NR][2] = {
	[RECORD_CAPTURE] = {{ANYONE, ANY, HISTORY_CAPTURE}},
	[RECORD_CAPTURED] = {{ANYONE, ANY, HISTORY_BUFFER}},
	[RECORD_REPLAY] = {{ANYONE, ANY & ~IN(EXECUTION), HISTORY_EXECUTION}},
	[RECORD_RELEASE] = {{ANYONE, ANY, HISTORY_RELEASE}},
	[RECORD_ALLOC] = {{TRACES, IN(EXECUTION) | IN(RELEASE) | IN(CLEAR), HISTORY_OTHER},
			  {OTHERS, IN(EXECUTION) | IN(RELEASE) | IN(CLEAR) | IN(BUFFER), HISTORY_OTHER}},
	[RECORD_FREE] = {{OTHERS, IN(RELEASE) | IN(BUFFER), HISTORY_OTHER}},
	[RECORD_CLEAR] = {{ANYTHING, ANY & ~IN(CLEAR), HISTORY_CLEAR}},
};

static bool is_whose(enum whose whose, const struct subject *s, const struct record *r)
{
	switch (whose) {
	case ANYONE:
		return true;
	case TRACES:
		return history_own(s, r);
	case OTHERS:
		return !history_own(s, r);
	case ANYTHING:
		return s->arena && s->arena->figures.buffers;
	}
	return false;
}

static void move(const struct subject *s, const struct record *r)
{
	const struct transition *of_kind = transitions[r->kind];
	unsigned int in = 1U << s->process->history->running.kind;

	if (!((of_kind[0].in | of_kind[1].in) & in))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(transitions[0]); i++) {
		const struct transition *t = &of_kind[i];

		if (!(t->in & in) || !is_whose(t->whose, s, r))
			continue;
		history_begin(s->process, r, t->to);
		return;
	}
}

const struct history_trace *history_trace_of(const struct history *h, uint64_t id)
{
	for (size_t i = 0; i < h->traces.nr; i++)
		if (h->traces.items[i].id == id)
			return &h->traces.items[i];
	return NULL;
}

/* Make room for a trace: the oldest that was released goes, or the oldest. */
static void forget_trace(struct history *h)
{
	size_t i = 0;

	while (i < h->traces.nr && !h->traces.items[i].released_ns)
		i++;
	i = i < h->traces.nr ? i : 0;
	h->traces.nr--;
	memmove(&h->traces.items[i], &h->traces.items[i + 1], (h->traces.nr - i) * sizeof(*h->traces.items));
	h->traces_left_out++;
}

static struct history_trace *trace_of(struct history *h, uint64_t id)
{
	const struct history_trace *known = history_trace_of(h, id);

	if (known)
		return &h->traces.items[known - h->traces.items];
	if (h->traces.nr == HISTORY_KEPT_TRACES)
		forget_trace(h);
	vec_push(&h->traces, ((struct history_trace){.id = id}));
	return &h->traces.items[h->traces.nr - 1];
}

bool history_refused(const struct ledger_process *p, const struct history_trace *t)
{
	const struct history_row *row = &p->history->running;

	/* The buffer is made at once: what is not there behind the capture will not come. */
	return t->captured_ns && !t->has_buffer && !t->released_ns &&
	       (row->kind != HISTORY_BUFFER || row->trace[0] != t->id || p->history->ended);
}

static uint64_t replays_told(const struct ledger_process *p, uint64_t trace)
{
	const struct map_entry *e = map_get(&p->replays_by_trace, trace, 0);

	return e ? e->value : 0;
}

static void on_mark(const struct subject *s, const struct record *r)
{
	struct history *h = s->process->history;
	struct history_trace *t = RECORD_HAS(r, TRACE) ? trace_of(h, r->trace) : NULL;

	if (t) {
		history_row_add_trace(&h->running, r->trace);
		t->released_ns = r->kind == RECORD_RELEASE ? r->time_ns : 0;
	}
	if (r->kind != RECORD_CAPTURED)
		return;
	if (t)
		*t = (struct history_trace){
			.id = r->trace, .captured_ns = r->time_ns, .replays_before = replays_told(s->process, r->trace)};
	h->captures++;
	h->captured_ns = r->time_ns;
	h->captured_trace = r->trace;
	h->has_captured_trace = t != NULL;
	h->runs = 0;
	vec_clear(&h->meanwhile);
}

static size_t find_meanwhile(struct history *h, const char *pool)
{
	for (size_t i = 0; i < h->meanwhile.nr; i++)
		if (h->meanwhile.items[i].pool == pool)
			return i;
	vec_push(&h->meanwhile, ((struct history_meanwhile){.pool = pool}));
	return h->meanwhile.nr - 1;
}

static struct history_meanwhile *meanwhile_of(struct history *h, struct arena *a)
{
	if (a->meanwhile >= h->meanwhile.nr || h->meanwhile.items[a->meanwhile].pool != a->pool)
		a->meanwhile = find_meanwhile(h, a->pool);
	return &h->meanwhile.items[a->meanwhile];
}

/* Is it something that happened outside of traces since the last capture? */
static bool is_meanwhile(const struct subject *s, bool own)
{
	const struct history *h = s->process->history;

	return s->arena && h->captured_ns && h->running.kind != HISTORY_CAPTURE && !own;
}

static void on_alloc(const struct subject *s, const struct record *r)
{
	struct history *h = s->process->history;
	bool own = history_own(s, r);

	h->running.allocations++;
	h->running.allocated += r->reserved;
	if (is_meanwhile(s, own)) {
		struct history_meanwhile *m = meanwhile_of(h, s->arena);

		m->allocations++;
		m->allocated += r->reserved;
	}
	if (own && RECORD_HAS(r, TRACE)) {
		struct history_trace *t = trace_of(h, r->trace);

		t->has_buffer = true;
		t->buffer_freed = false;
		t->arena = s->arena->id;
		t->reserved = r->reserved;
		t->pool = s->arena->pool;
	}
	history_use(s, r);
}

static void on_free(const struct subject *s, const struct record *r)
{
	struct history *h = s->process->history;
	const struct block *b = s->old;

	h->running.frees++;
	h->running.freed += b ? b->reserved : 0;
	if (b && b->is_trace && b->has_trace)
		trace_of(h, b->trace)->buffer_freed = true;
	if (is_meanwhile(s, history_own(s, r))) {
		struct history_meanwhile *m = meanwhile_of(h, s->arena);

		m->frees++;
		m->freed += b ? b->reserved : 0;
	}
	if (s->arena)
		history_use(s, r);
}

static void on_clear(const struct subject *s, const struct record *r)
{
	struct history *h = s->process->history;

	h->running.frees += s->arena->figures.buffers;
	h->running.freed += s->arena->figures.reserved;
	for (size_t i = 0; i < h->traces.nr; i++)
		h->traces.items[i].buffer_freed |= h->traces.items[i].arena == s->arena->id;
	history_use(s, r);
}

/*
 * How often a trace was replayed is told later, in one number: it is added to the phase that may have done it; of several,
 * to the first, and none of them is known apart.
 */
static void on_replays(const struct subject *s, const struct record *r)
{
	struct history *h = s->process->history;
	uint64_t told = replays_told(s->process, r->trace), more = r->count > told ? r->count - told : 0;
	struct history_row *first = NULL, *last = NULL;

	for (size_t i = 0; more && i <= h->rows.nr; i++) {
		struct history_row *row = i < h->rows.nr ? &h->rows.items[i] : &h->running;

		if (row->kind != HISTORY_EXECUTION || !history_row_has_trace(row, r->trace))
			continue;
		last = row;
		if (!row->fresh)
			continue;
		row->replays_above |= first != NULL;
		if (first)
			first->replays_shared = true;
		else
			first = row;
	}
	if (last)
		(first ? first : last)->replays += more;
}

static void on_failed(const struct subject *s, const struct record *r)
{
	s->process->history->running.failed++;
	history_fail(s, r);
}

static void on_retract(const struct subject *s, const struct record *r)
{
	struct history *h = s->process->history;

	h->running.failed -= h->running.failed > 0;
	history_retract(h, r->tid);
}

static void on_detach(const struct subject *s, const struct record *r)
{
	history_finish(s->process, r);
	s->process->history->ended = true;
}

static void (*const counters[RECORD_NR])(const struct subject *s, const struct record *r) = {
	[RECORD_ALLOC] = on_alloc,     [RECORD_BLOCK] = history_use,	[RECORD_CORRECTION] = history_use,
	[RECORD_FREE] = on_free,       [RECORD_CLEAR] = on_clear,	[RECORD_CAPTURE] = on_mark,
	[RECORD_CAPTURED] = on_mark,   [RECORD_REPLAY] = on_mark,	[RECORD_RELEASE] = on_mark,
	[RECORD_REPLAYS] = on_replays, [RECORD_FAILED] = on_failed,	[RECORD_RETRACT] = on_retract,
	[RECORD_DETACH] = on_detach,
};

/* Before a tick all replays of its source were told: those of phases that have ended are complete. */
static void settle_replays(struct ledger *l, uint64_t source)
{
	for (size_t i = 0; i < l->processes.nr; i++) {
		struct history *h = l->processes.items[i]->source == source ? l->processes.items[i]->history : NULL;

		for (size_t k = 0; h && k < h->rows.nr; k++)
			h->rows.items[k].fresh = false;
	}
}

static void start(struct ledger_process *p)
{
	p->history = xcalloc(1, sizeof(*p->history));
	p->history->running = (struct history_row){.kind = HISTORY_FOUND, .times = 1, .begin_ns = p->attached_ns};
	p->history->phases = 1;
}

void history_apply(const struct subject *s, const struct record *r)
{
	if (s->process && !s->process->history)
		start(s->process);
	if (counters[r->kind] && s->process) {
		move(s, r);
		counters[r->kind](s, r);
	} else if (r->kind == RECORD_TICK || r->kind == RECORD_SETTLED) {
		settle_replays(s->l, r->source);
	}
}
