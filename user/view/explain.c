#include "view/explain.h"

#include "base/units.h"
#include "view/explain_parts.h"
#include "view/host_name.h"
#include "view/table_header.h"

#include <inttypes.h>
#include <string.h>

/* FRAME_ROWS: titles, two empty lines, and the window's last row. */
enum { PAGE_COLUMNS = 100, NARROWEST = 20, FEWEST_ROWS = 4, FRAME_ROWS = 4 };

void page_add_size(const struct page *page, struct str *out, uint64_t bytes)
{
	if (page->o->bytes)
		str_addf(out, "%" PRIu64 " B", bytes);
	else
		units_add_bytes(out, bytes);
}

void page_add_count(struct str *out, uint64_t nr, const char *one, const char *many)
{
	str_addf(out, "%" PRIu64 " %s", nr, nr == 1 ? one : many);
}

void page_add_ago(const struct page *page, struct str *out, uint64_t time_ns)
{
	units_add_duration(out, ledger_now(page->l, page->p) - time_ns);
	str_add(out, " ago");
}

/* Words are put on lines as long as they fit. */
void page_add_paragraph(struct page *page, const char *text, size_t indent)
{
	size_t limit = page->pen.columns && page->pen.columns < PAGE_COLUMNS ? page->pen.columns : PAGE_COLUMNS, used = 0;

	limit = limit < NARROWEST ? NARROWEST : limit;
	while (*text) {
		size_t len = strcspn(text, " ");
		_cleanup_(freep) char *word = xstrndup(text, len);
		size_t columns = str_columns(word);

		if (used && used + 1 + columns > limit) {
			pen_end_line(&page->pen);
			pen_add_blanks(&page->pen, indent);
			used = indent;
		} else if (used) {
			pen_add_blanks(&page->pen, 1);
			used++;
		}
		pen_add(&page->pen, word, TONE_PLAIN);
		used += columns;
		text += len + (text[len] == ' ');
	}
	pen_end_line(&page->pen);
}

bool figures_selected(const struct ledger_process *p, const struct selection *s, const struct history_figures *f)
{
	return selection_has_pool(s, f->pool) && selection_has_device(s, p->devices.items[f->device]);
}

static void add_title(struct page *page)
{
	_cleanup_(str_release) struct str text = {};

	str_addf(&text, "pid %d ", page->p->pid);
	str_add_escaped(&text, page->p->name);
	process_add_on_host(&text, page->p);
	pen_add(&page->pen, str_text(&text), TONE_TITLE);
	pen_end_line(&page->pen);
}

static size_t nr_lines(const char *text)
{
	size_t nr = 0;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

/* Sentences are worth more than the table's first rows: these give way in a window that is not high enough. */
static void add_page(struct page *page, bool alone)
{
	_cleanup_(str_release) struct str words = {};
	struct str *out = page->pen.out;
	size_t above = nr_lines(str_text(out)), room = 0;

	page->pen.out = &words;
	page_add_words(page);
	page_add_hidden(page);
	page_add_core(page);
	page_add_advice(page);
	page_add_failures(page);
	page->pen.out = out;
	if (alone && page->o->rows)
		room = page->o->rows > above + nr_lines(str_text(&words)) + FEWEST_ROWS + FRAME_ROWS ?
			       page->o->rows - above - nr_lines(str_text(&words)) - FRAME_ROWS :
			       FEWEST_ROWS;
	pen_end_line(&page->pen);
	if (!alone)
		add_title(page);
	page_add_table(page, room);
	pen_end_line(&page->pen);
	str_add(out, str_text(&words));
}

bool explain_shows(const struct ledger *l, const struct ledger_process *p, const struct explain_options *o)
{
	return p->history && (o->recorded || process_shown(l, p));
}

static size_t nr_shown(const struct ledger *l, const struct explain_options *o)
{
	size_t nr = 0;

	for (size_t i = 0; i < l->processes.nr; i++)
		nr += explain_shows(l, l->processes.items[i], o);
	return nr;
}

void explain_add(struct str *out, const struct ledger *l, const struct explain_options *o)
{
	const struct table_options table = {
		.selection = o->selection,
		.bytes = o->bytes,
		.color = o->color,
		.recorded = o->recorded,
		.rows = o->rows,
		.columns = o->columns,
	};
	struct page page = {.pen = {.out = out, .columns = o->columns, .color = o->color}, .l = l, .o = o};
	bool alone = nr_shown(l, o) <= 1;

	page.pen.wrap = o->columns != 0;
	table_header_add_brief(&page.pen, l, &table);
	page.pen.wrap = false;
	for (size_t i = 0; i < l->processes.nr; i++) {
		page.p = l->processes.items[i];
		if (explain_shows(l, page.p, o))
			add_page(&page, alone);
	}
}
