/* history_text.h: what a history holds, as text, to be compared. */
#ifndef TESTS_HISTORY_TEXT_H
#define TESTS_HISTORY_TEXT_H

#include "ledger_text.h"

#include "ledger/history.h"

static inline void add_history_figures(struct str *s, const history_figures *figures)
{
	for (size_t i = 0; i < figures->nr; i++) {
		const struct history_figures *f = &figures->items[i];

		if (!f->reserved && !f->before && !f->gone)
			continue;
		str_addf(s, " %u:%s=%" PRIu64, f->number, f->pool, f->reserved);
		if (!f->has_before)
			str_add(s, "(?)");
		else if (f->reserved != f->before)
			str_addf(s, "(%+" PRId64 ")", (int64_t)(f->reserved - f->before));
		str_add(s, f->gone ? " gone" : "");
	}
}

static inline void add_history_row(struct str *s, const struct history_row *row, enum history_kind kind,
				   const history_figures *figures)
{
	str_addf(s, "%s", history_kind_name(kind));
	for (size_t i = 0; i < row->nr_traces; i++)
		str_addf(s, "%s%" PRIu64, i ? "," : " ", row->trace[i]);
	if (row->times > 1)
		str_addf(s, " x%" PRIu64, row->times);
	str_addf(s, " +%" PRIu64 " -%" PRIu64, row->allocations, row->frees);
	if (row->failed)
		str_addf(s, " failed %" PRIu64, row->failed);
	if (row->replays || kind == HISTORY_EXECUTION)
		str_addf(s, " replays %" PRIu64 "%s%s", row->replays, row->replays_shared ? " shared" : "",
			 row->replays_above ? " above" : "");
	add_history_figures(s, figures);
	str_add_char(s, '\n');
}

/* Rows from the first to the running one. Lives until the next call. */
static inline const char *history_text(struct fold *f, uint64_t process)
{
	const struct ledger_process *p = ledger_process(f->ledger, process);
	const struct history *h = p->history;
	history_figures now = {};

	str_clear(&f->text);
	for (size_t i = 0; i < h->rows.nr; i++)
		add_history_row(&f->text, &h->rows.items[i], h->rows.items[i].kind, &h->rows.items[i].figures);
	if (!h->ended)
		history_now(p, &now);
	add_history_row(&f->text, &h->running, history_kind_now(p), h->ended ? &h->running.figures : &now);
	vec_release(&now);
	return str_text(&f->text);
}

static inline void add_history_failure(struct str *s, const struct history_failure *f)
{
	str_addf(s, "#%" PRIu64 " x%" PRIu64 " %s %s", f->number, f->times, f->pool ? f->pool : "?",
		 f->cause ? history_cause_name(f->cause) : "?");
	add_known(s, "asked", f->asked, f->has_asked);
	add_known(s, "needed", f->needed, f->has_needed);
	add_known(s, "of", f->bank_bytes, f->has_bank);
	add_known(s, "allocated", f->allocated, f->has_bank);
	add_known(s, "free", f->free, f->has_bank);
	add_known(s, "largest", f->largest_free, f->has_largest);
	for (size_t i = 0; i < f->nr_holders; i++)
		str_addf(s, " %" PRIu64 "x%" PRIu64 "%s", f->holders[i].buffers,
			 f->holders[i].rest ? f->holders[i].bytes : f->holders[i].reserved,
			 f->holders[i].rest ? "rest" : f->holders[i].trace ? "t" : "");
	str_add_char(s, '\n');
}

static inline const char *failures_text(struct fold *f, uint64_t process)
{
	const struct history *h = ledger_process(f->ledger, process)->history;

	str_clear(&f->text);
	for (size_t i = 0; i < h->failures.nr; i++)
		add_history_failure(&f->text, &h->failures.items[i]);
	return str_text(&f->text);
}

static inline const char *need_text(struct fold *f, uint64_t process, const char *pool)
{
	struct history_need n;

	str_clear(&f->text);
	if (history_need(ledger_process(f->ledger, process), 0, pool, &n))
		str_addf(&f->text, "peak %" PRIu64 " span %" PRIu64 " of %" PRIu64 " x%" PRIu64 " asked %" PRIu64 "%s%s%s", n.peak,
			 n.span, n.bank_bytes, n.banks, n.asked, n.asked_known ? "" : "?", n.from_begin ? "" : " late",
			 n.failed ? " failed" : "");
	return str_text(&f->text);
}

#endif
