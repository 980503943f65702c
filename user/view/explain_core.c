/* What lies in the cores' own memory beside buffers: code, and circular buffers. */
#include "view/explain_parts.h"

#include "view/device_name.h"

#include <string.h>

static void add_code(const struct page *page, struct str *text, const struct device *d)
{
	uint64_t code;

	if (!device_code(d, &code))
		return;
	str_add(text, "Each core of ");
	number_add_words(text, page->p, d->number);
	str_add(text, " keeps ");
	page_add_size(page, text, code);
	str_add(text, " below ");
	str_add_escaped(text, page->p->core);
	str_add(text, " for firmware, kernels and their configuration. ");
}

static void add_circular(const struct page *page, struct str *text, const struct circular_figures *f)
{
	if (!f->known) {
		str_add(text, "How far circular buffers reach above that is not known: programs were placed when pooltrace was not "
			      "there, or what it saw was lost.");
		return;
	}
	str_add(text, "Circular buffers of ");
	page_add_count(text, f->programs, "program", "programs");
	str_add(text, f->exact ? " reach " : " that were seen reach at least ");
	page_add_size(page, text, f->bytes);
	str_add(text, " above that");
	if (f->has_room) {
		str_add(text, f->exact ? "; " : "; at most ");
		page_add_size(page, text, f->room);
		str_add(text, " are left to the lowest buffer");
	}
	str_add(text, ".");
}

void page_add_core(struct page *page)
{
	const struct ledger_process *p = page->p;
	_cleanup_(str_release) struct str text = {};
	struct circular_figures f;

	for (size_t i = 0; i < p->devices.nr && p->core && selection_has_pool(page->o->selection, p->core); i++) {
		const struct device *d = p->devices.items[i];

		if (!device_shown(d) || !selection_has_device(page->o->selection, d) || !device_circular(d, &f))
			continue;
		str_clear(&text);
		add_code(page, &text, d);
		add_circular(page, &text, &f);
		page_add_paragraph(page, str_text(&text), 0);
	}
}
