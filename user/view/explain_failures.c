/* Why allocations failed, in sentences: newest first. */
#include "view/explain_parts.h"

#include "view/device_name.h"

#include <inttypes.h>
#include <string.h>

bool failure_selected(const struct ledger_process *p, const struct selection *s, const struct history_failure *f)
{
	if (f->pool && !selection_has_pool(s, f->pool))
		return false;
	return !f->has_device || selection_has_device(s, device_of_number(p, f->device));
}

static void add_when(const struct page *page, struct str *text, const struct history_failure *f)
{
	page_add_ago(page, text, f->time_ns);
	if (f->during != HISTORY_FOUND && f->during != HISTORY_OTHER && f->during != HISTORY_CLEAR) {
		str_add(text, ", during ");
		row_add_kind_name(text, f->during, &f->trace, f->has_trace);
	}
	if (f->times > 1)
		str_addf(text, ", %" PRIu64 " times in a row", f->times);
	str_add(text, ": ");
}

/* What the runtime says is not what is known of the pool. */
static void add_code(struct str *text, const struct history_failure *f)
{
	if (f->has_code)
		str_addf(text, ": the runtime gave back %" PRId64 ".", (int64_t)f->code);
}

static void add_cause(struct str *text, const struct ledger_process *p, const struct history_failure *f)
{
	if (!f->pool) {
		str_add(text, f->has_code ? "an allocation failed" : "an allocation failed.");
		add_code(text, f);
		return;
	}
	str_add_escaped(text, f->pool);
	if (f->has_device) {
		str_add(text, " of ");
		number_add_words(text, p, f->device);
	}
	if (f->cause == CAUSE_REFUSED)
		str_add(text, " had room: the runtime refused for a reason of its own.");
	else if (f->cause == CAUSE_UNKNOWN && f->has_code)
		add_code(text, f);
	else if (f->cause == CAUSE_UNKNOWN)
		str_add(text, ": why is not known.");
	else
		str_addf(text, " was %s.", history_cause_name(f->cause));
}

static void add_asked(const struct page *page, struct str *text, const struct history_failure *f)
{
	if (f->has_asked) {
		str_add(text, " Asked for were ");
		page_add_size(page, text, f->asked);
	}
	if (f->has_needed) {
		str_add(text, f->has_asked ? ", which needs " : " Needed were ");
		page_add_size(page, text, f->needed);
		str_add(text, " in each bank");
	}
	str_add(text, f->has_asked || f->has_needed ? "." : "");
}

static void add_bank(const struct page *page, struct str *text, const struct history_failure *f)
{
	if (!f->has_bank)
		return;
	str_add(text, " Of ");
	page_add_size(page, text, f->bank_bytes);
	str_add(text, " a bank ");
	page_add_size(page, text, f->allocated);
	str_add(text, " were allocated, ");
	page_add_size(page, text, f->free);
	str_add(text, " were free");
	if (f->has_largest) {
		str_add(text, "; the largest free block had ");
		page_add_size(page, text, f->largest_free);
	}
	str_add(text, ".");
}

static void add_holders(const struct page *page, struct str *text, const struct history_failure *f)
{
	str_add(text, f->nr_holders ? " Held by " : "");
	for (size_t i = 0; i < f->nr_holders; i++) {
		const struct history_holder *h = &f->holders[i];

		str_add(text, i ? ", " : "");
		if (h->rest) {
			page_add_count(text, h->buffers, "other of ", "others of ");
			page_add_size(page, text, h->bytes);
			continue;
		}
		str_addf(text, "%" PRIu64 " x ", h->buffers);
		page_add_size(page, text, h->reserved);
		if (h->label && !h->trace) {
			str_add(text, " (");
			str_add_escaped(text, h->label);
			str_add(text, ")");
		}
		str_add(text, h->trace ? " (trace)" : "");
	}
	str_add(text, f->nr_holders ? ", all banks." : "");
}

/* With the figures of the runtime's own error. */
static void add_program(const struct page *page, struct str *text, const struct history_failure *f)
{
	bool clash = f->cause == CAUSE_CLASH;

	str_add(text, "a program was refused (");
	str_add(text, history_cause_name(f->cause));
	str_add(text, "): its circular buffers");
	if (f->pool) {
		str_add(text, " in ");
		str_add_escaped(text, f->pool);
	}
	if (f->has_device) {
		str_add(text, " of ");
		number_add_words(text, page->p, f->device);
	}
	str_addf(text, " would end at %" PRIu64 ", but %s at %" PRIu64, f->end,
		 clash ? "the lowest block begins" : "a core's memory ends", f->limit);
	if (f->end > f->limit) {
		str_add(text, ": ");
		page_add_size(page, text, f->end - f->limit);
		str_add(text, " of each core are missing");
	}
	str_add(text, ".");
}

static void add_failure(struct page *page, const struct history_failure *f)
{
	_cleanup_(str_release) struct str text = {};

	add_when(page, &text, f);
	if (history_is_program(f)) {
		add_program(page, &text, f);
		add_holders(page, &text, f);
		page_add_paragraph(page, str_text(&text), 2);
		return;
	}
	add_cause(&text, page->p, f);
	add_asked(page, &text, f);
	add_bank(page, &text, f);
	add_holders(page, &text, f);
	page_add_paragraph(page, str_text(&text), 2);
}

static bool any_selected(const struct page *page, const struct history *h)
{
	for (size_t i = 0; i < h->failures.nr; i++)
		if (failure_selected(page->p, page->o->selection, &h->failures.items[i]))
			return true;
	return false;
}

static void add_count(struct page *page, const struct history *h)
{
	_cleanup_(str_release) struct str text = {};

	if (h->failed > h->clashes)
		page_add_count(&text, h->failed - h->clashes, "allocation failed", "allocations failed");
	str_add(&text, text.len && h->clashes ? ", " : "");
	if (h->clashes)
		page_add_count(&text, h->clashes, "program was refused", "programs were refused");
	if (h->failures_left_out)
		str_addf(&text, "; %" PRIu64 " of them, neither among the newest nor the largest, are left out here",
			 h->failures_left_out);
	str_add(&text, ":");
	page_add_paragraph(page, str_text(&text), 0);
}

void page_add_failures(struct page *page)
{
	const struct history *h = page->p->history;

	if (!any_selected(page, h))
		return;
	add_count(page, h);
	for (size_t i = h->failures.nr; i > 0; i--)
		if (failure_selected(page->p, page->o->selection, &h->failures.items[i - 1]))
			add_failure(page, &h->failures.items[i - 1]);
}
