/* What traces mean for a process's memory, in sentences. */
#include "view/explain_parts.h"

#include "base/units.h"

#include <inttypes.h>

/* So many traces have a sentence of their own: the newest. */
enum { TRACES_TOLD = 4 };

static void say(struct page *page, struct str *text)
{
	if (text->len)
		page_add_paragraph(page, str_text(text), 0);
	str_clear(text);
}

/* Of a trace, since its capture, or since pooltrace is there to see. */
static uint64_t replays_of(const struct ledger_process *p, const struct history_trace *t)
{
	const struct map_entry *e = map_get(&p->replays_by_trace, t->id, 0);
	uint64_t told = e ? e->value : 0;

	return told > t->replays_before ? told - t->replays_before : 0;
}

static bool is_capturing(const struct ledger_process *p, const struct history_trace *t)
{
	const struct history_row *row = &p->history->running;

	return row->kind == HISTORY_CAPTURE && row->nr_traces == 1 && row->trace[0] == t->id && !t->captured_ns;
}

static void add_trace(struct page *page, struct str *text, const struct history_trace *t)
{
	uint64_t replays = replays_of(page->p, t);

	if (is_capturing(page->p, t)) {
		str_addf(text, "Trace %" PRIu64 " is being captured.", t->id);
		return;
	}
	if (t->captured_ns) {
		str_addf(text, "The capture of trace %" PRIu64 " ended ", t->id);
		page_add_ago(page, text, t->captured_ns);
	} else {
		str_addf(text, !history_from_begin(page->p) ? "Trace %" PRIu64 " was captured before pooltrace attached" :
							"The capture of trace %" PRIu64 " was not seen", t->id);
	}
	str_add(text, replays ? "; since then it was replayed " : "; since then it was not replayed");
	if (replays)
		page_add_count(text, replays, "time", "times");
	str_add(text, ".");
	if (t->has_buffer && !t->released_ns) {
		str_add(text, t->buffer_freed ? " Its buffer took " : " Its buffer takes ");
		page_add_size(page, text, t->reserved);
		str_add(text, " in ");
		str_add_escaped(text, t->pool);
		str_add(text, ".");
	}
	if (history_refused(page->p, t))
		str_add(text, " No buffer was made for it: the runtime has refused that, its region may be too small.");
	if (t->released_ns) {
		str_add(text, " It was released ");
		page_add_ago(page, text, t->released_ns);
		str_add(text, ".");
	}
}

static void add_traces(struct page *page, struct str *text)
{
	const struct history *h = page->p->history;
	size_t first = h->traces.nr > TRACES_TOLD ? h->traces.nr - TRACES_TOLD : 0;

	if (first || h->traces_left_out) {
		str_addf(text, "The last %d of ", TRACES_TOLD);
		page_add_count(text, h->traces.nr + h->traces_left_out, "trace:", "traces:");
		say(page, text);
	}
	for (size_t i = first; i < h->traces.nr; i++) {
		add_trace(page, text, &h->traces.items[i]);
		say(page, text);
	}
}

static bool any_replay(const struct ledger_process *p)
{
	return p->history->runs || p->replays;
}

/* An allocation ends a run of replays: within one there is none. */
static void add_replays(struct page *page, struct str *text)
{
	const struct ledger_process *p = page->p;

	if (!any_replay(p))
		return;
	str_add(text, "Replays made 0 allocations. This is how a trace works: all that it needs was reserved when it was "
		      "captured, and a replay only runs what was recorded. That figures stand still meanwhile is normal.");
	say(page, text);
}

static void add_part(struct page *page, struct str *text, uint64_t nr, const char *const words[2], uint64_t bytes)
{
	page_add_count(text, nr, words[0], words[1]);
	str_add(text, " (");
	page_add_size(page, text, bytes);
	str_add(text, ")");
}

static void add_pool_change(struct page *page, struct str *text, const struct history_meanwhile *m)
{
	static const char *const allocations[2] = {"allocation", "allocations"}, *const frees[2] = {"free", "frees"};

	if (m->allocations)
		add_part(page, text, m->allocations, allocations, m->allocated);
	str_add(text, m->allocations && m->frees ? " and " : "");
	if (m->frees)
		add_part(page, text, m->frees, frees, m->freed);
	str_add(text, " in ");
	str_add_escaped(text, m->pool);
}

static void add_meanwhile(struct page *page, struct str *text)
{
	const struct history *h = page->p->history;
	size_t nr = 0;

	if (!h->captured_ns)
		return;
	str_add(text, "Outside of traces, since the last capture ended: ");
	for (size_t i = 0; i < h->meanwhile.nr; i++) {
		if (!selection_has_pool(page->o->selection, h->meanwhile.items[i].pool))
			continue;
		str_add(text, nr++ ? "; " : "");
		add_pool_change(page, text, &h->meanwhile.items[i]);
	}
	str_add(text, nr ? "." : "no allocations and no frees.");
	say(page, text);
}

static void add_no_trace(struct page *page, struct str *text)
{
	str_add(text, history_kind_now(page->p) == HISTORY_FOUND ?
			      "Since pooltrace attached no trace was captured, replayed or released." :
			      "No trace was captured.");
	say(page, text);
}

/* What came before us. */
static void add_unknown(struct page *page, struct str *text)
{
	const struct ledger_process *p = page->p;

	if (history_from_begin(p) || p->census_running)
		return;
	if (!p->before_attach) {
		str_add(text, "Whether the process had held memory before pooltrace attached is not known.");
		say(page, text);
		return;
	}
	str_add(text, "When pooltrace attached, ");
	page_add_ago(page, text, p->attached_ns);
	str_add(text, ", the process held memory already. Not known of that time: its phases, captures and replays, what its "
		      "blocks were allocated for, and how high its pools had been.");
	say(page, text);
}

static void add_when_to_look(struct page *page, struct str *text)
{
	const struct ledger_process *p = page->p;

	if (p->ended)
		return;
	str_addf(text, "To see changes, look while the model is loaded and a trace is captured ('pooltrace record -- COMMAND' "
		       "sees a program from its start), or at what is allocated outside of traces "
		       "('pooltrace events -p %d').", p->pid);
	say(page, text);
}

void page_add_words(struct page *page)
{
	_cleanup_(str_release) struct str text = {};

	if (page->p->history->traces.nr)
		add_traces(page, &text);
	else
		add_no_trace(page, &text);
	add_replays(page, &text);
	add_meanwhile(page, &text);
	add_unknown(page, &text);
	add_when_to_look(page, &text);
}
