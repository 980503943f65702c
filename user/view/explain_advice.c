/* What to type so that pools are large enough, from what was needed. */
#include "view/explain_parts.h"

#include "view/device_name.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const char *pool_of(const struct ledger_process *p, const char *name)
{
	for (size_t i = 0; i < p->pools.nr; i++)
		if (!strcmp(p->pools.items[i], name))
			return p->pools.items[i];
	return NULL;
}

/* A device of this number came before: one piece of advice serves all of a number. */
static bool number_done(const struct ledger_process *p, size_t device)
{
	for (size_t i = 0; i < device; i++)
		if (p->devices.items[i]->held && p->devices.items[i]->number == p->devices.items[device]->number)
			return true;
	return false;
}

/* What it needs, and where: in its own pool, or in another for want of room. */
static bool find_need(const struct ledger_process *p, struct advised *a)
{
	struct history_need elsewhere;
	bool own = history_need(p, a->device, a->pool, &a->need);

	if (!history_need_tagged(p, a->device, a->pool, &elsewhere))
		return own;
	if (own && a->need.span >= elsewhere.span)
		return true;
	a->need = elsewhere;
	a->elsewhere = true;
	return true;
}

/* A trace got no buffer: how large that would have been nobody knows. */
static bool was_refused(const struct ledger_process *p, const struct advised *a)
{
	const struct history *h = p->history;

	for (size_t i = 0; i < h->traces.nr && !strcasecmp(a->pool, SELECT_TRACE); i++)
		if (history_refused(p, &h->traces.items[i]))
			return true;
	return false;
}

static void add_advised(const struct ledger_process *p, const struct selection *s, size_t device, advised_list *ret)
{
	const char *text = p->advice;
	struct advised a = {.device = p->devices.items[device]->number};

	while (advice_next(&text, &a.advice)) {
		a = (struct advised){.advice = a.advice, .device = a.device, .pool = pool_of(p, a.advice.pool)};
		if (!a.pool || !selection_has_pool(s, a.pool) || !find_need(p, &a))
			continue;
		a.has_value = advice_value(&a.advice, &a.need, &a.value);
		a.from_begin = a.need.from_begin || history_from_begin(p);
		a.refused = was_refused(p, &a);
		a.known = a.has_value && a.from_begin && !a.refused && !a.need.failed &&
			  (!a.advice.total || a.need.asked_known);
		a.has_becomes = a.has_value && advice_bank_bytes(&a.advice, &a.need, a.value, &a.becomes);
		vec_push(ret, a);
	}
}

void advised_list_fill(const struct ledger_process *p, const struct selection *s, advised_list *ret)
{
	for (size_t i = 0; i < p->devices.nr; i++)
		if (p->devices.items[i]->held && selection_has_device(s, p->devices.items[i]) && !number_done(p, i))
			add_advised(p, s, i, ret);
}

static void add_where(const struct page *page, struct str *text, const struct advised *a)
{
	str_add_escaped(text, a->pool);
	str_add(text, " of ");
	number_add_words(text, page->p, a->device);
	if (a->elsewhere) {
		str_add(text, " has no room: what belongs there lies in ");
		str_add_escaped(text, a->need.pool);
		str_add(text, ", and took at most ");
	} else {
		str_add(text, " took at most ");
	}
	page_add_size(page, text, a->need.peak);
	if (a->need.banks)
		str_addf(text, " in each of %" PRIu64 " banks", a->need.banks);
	if (!a->elsewhere) {
		str_add(text, ", of ");
		page_add_size(page, text, a->need.bank_bytes);
	}
	if (a->need.span > a->need.peak) {
		str_add(text, a->need.failed ? "; with what failed and holes it would have been " :
					       "; with the holes between its blocks ");
		page_add_size(page, text, a->need.span);
	}
	str_add(text, ".");
}

static void add_what_to_type(const struct page *page, struct str *text, const struct advised *a)
{
	if (!a->has_value || !a->need.span)
		return;
	str_add_char(text, ' ');
	str_add_escaped(text, a->advice.argument);
	str_addf(text, "=%" PRIu64 " ", a->value);
	if (a->known)
		str_add(text, "is enough, and one less is not");
	else if (a->refused)
		str_add(text, "would hold what was captured, but a capture was refused: give more, and look again");
	else if (a->need.failed)
		str_add(text, "is the least; what would have come behind the failure is not known");
	else if (!a->from_begin)
		str_add(text, "is the least; what was needed before pooltrace attached is not known");
	else
		str_add(text, "is the least; how much was asked for is not known of all blocks");
	if (a->has_becomes) {
		str_add(text, " (the runtime makes ");
		page_add_size(page, text, a->becomes);
		str_add(text, " a bank of it)");
	}
	str_add(text, ".");
}

void page_add_advice(struct page *page)
{
	_cleanup_(str_release) struct str text = {};
	advised_list list = {};

	advised_list_fill(page->p, page->o->selection, &list);
	for (size_t i = 0; i < list.nr; i++) {
		const struct advised *a = &list.items[i];

		/* A pool that has no bytes and needs none is not worth a sentence. */
		if (!a->need.known || (!a->need.span && !a->need.bank_bytes))
			continue;
		str_clear(&text);
		add_where(page, &text, a);
		add_what_to_type(page, &text, a);
		page_add_paragraph(page, str_text(&text), 0);
	}
	vec_release(&list);
}
