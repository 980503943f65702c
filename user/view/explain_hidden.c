/* What is allocated and belongs to no tensor of the program. */
#include "view/explain_parts.h"
#include "view/hidden.h"

#include "view/device_name.h"

static void add_hidden(const struct page *page, struct str *text, const struct hidden *h, bool named)
{
	if (named) {
		str_add(text, "device ");
		device_add_name(text, h->device);
		str_add(text, ": ");
	}
	str_add_escaped(text, h->label);
	str_add_char(text, ' ');
	page_add_size(page, text, h->reserved);
	str_add(text, " of ");
	str_add_escaped(text, h->pool);
	if (h->buffers > 1)
		str_addf(text, " in %llu buffers", (unsigned long long)h->buffers);
}

void page_add_hidden(struct page *page)
{
	_cleanup_(str_release) struct str text = {};
	hidden_list list = {};

	hidden_list_fill(page->p, page->o->selection, &list);
	for (size_t i = 0; i < list.nr; i++) {
		str_add(&text, i ? ", " : "Now allocated, and in no tensor of the program: ");
		add_hidden(page, &text, &list.items[i], list.items[0].device != list.items[list.nr - 1].device);
	}
	if (list.nr) {
		str_add(&text, ".");
		page_add_paragraph(page, str_text(&text), 0);
	}
	vec_release(&list);
}
