/* compare_text.c: what changed between two recordings, as a table. */
#include "view/compare.h"

#include "base/units.h"
#include "view/table_grid.h"

#include <ctype.h>
#include <inttypes.h>

static void add_amount(struct str *out, enum figure f, uint64_t value, bool bytes)
{
	if (figure_descs[f].bytes && !bytes)
		units_add_bytes(out, value);
	else
		str_addf(out, "%" PRIu64, value);
}

void figure_add(struct str *out, enum figure f, uint64_t value, bool bytes)
{
	add_amount(out, f, value, bytes);
	if (figure_descs[f].bytes && bytes)
		str_add(out, " B");
}

void figure_add_change(struct str *out, enum figure f, const struct compare_row *row, bool bytes)
{
	uint64_t old = row->figures[SIDE_OLD][f], new = row->figures[SIDE_NEW][f];

	if (old == new) {
		str_add_char(out, '0');
		return;
	}
	str_add_char(out, new > old ? '+' : '-');
	add_amount(out, f, new > old ? new - old : old - new, bytes);
}

void figure_add_percent(struct str *out, enum figure f, const struct compare_row *row)
{
	uint64_t old = row->figures[SIDE_OLD][f], new = row->figures[SIDE_NEW][f];
	double percent;

	if (!old || old == new)
		return;
	percent = 100.0 * (double)(new > old ? new - old : old - new) / (double)old;
	str_add_char(out, new > old ? '+' : '-');
	if (percent < 0.05)
		str_add(out, "<0.1%");
	else
		str_addf(out, "%.*f%%", percent < 99.95 ? 1 : 0, percent);
}

struct page {
	struct grid grid;
	const struct compare_options *options;
	char title[16]; /* of the kind, in capitals */
	uint64_t same; /* figures that did not change */
};

static void add_columns(struct page *page)
{
	static const struct grid_column process = {.title = "PROCESS", .left = true}, device = {.title = "DEVICE", .left = true},
					pool = {.title = "POOL", .left = true}, figure = {.title = "FIGURE", .left = true},
					old = {.title = "OLD"}, new = {.title = "NEW"}, change = {.title = "CHANGE"},
					percent = {.title = ""};

	vec_push(&page->grid.columns, process);
	vec_push(&page->grid.columns, device);
	vec_push(&page->grid.columns, pool);
	if (page->options->kind)
		vec_push(&page->grid.columns, ((struct grid_column){.title = page->title, .left = true}));
	vec_push(&page->grid.columns, figure);
	vec_push(&page->grid.columns, old);
	vec_push(&page->grid.columns, new);
	vec_push(&page->grid.columns, change);
	vec_push(&page->grid.columns, percent);
}

static void add_side(struct str *out, const struct page *page, const struct compare_row *row, enum figure f, enum side side)
{
	if (row->has[side])
		add_amount(out, f, row->figures[side][f], page->options->bytes);
	else
		str_add_char(out, '-');
}

static void add_figure(struct page *page, const struct compare_row *row, enum figure f)
{
	struct grid_cell *cell = grid_add_line(&page->grid);
	enum tone tone = row->figures[SIDE_NEW][f] > row->figures[SIDE_OLD][f] ? TONE_MORE : TONE_LESS;

	str_add(&cell++->text, row->process);
	str_add(&cell++->text, row->device);
	str_add(&cell++->text, row->pool);
	if (page->options->kind)
		str_add(&cell++->text, row->kind);
	str_add(&cell++->text, figure_descs[f].name);
	add_side(&cell++->text, page, row, f, SIDE_OLD);
	add_side(&cell++->text, page, row, f, SIDE_NEW);
	cell->tone = tone;
	figure_add_change(&cell++->text, f, row, page->options->bytes);
	cell->tone = tone;
	figure_add_percent(&cell->text, f, row);
}

static void add_row(struct page *page, const struct compare_row *row)
{
	for (enum figure f = 0; f < FIGURE_NR; f++)
		if (row->figures[SIDE_OLD][f] != row->figures[SIDE_NEW][f])
			add_figure(page, row, f);
		else
			page->same += compare_row_has(row, f);
}

void comparison_add_text(struct str *out, const struct comparison *c, const struct compare_options *o)
{
	struct page page = {.options = o};
	struct pen pen = {.out = out, .color = o->color};

	if (comparison_same(c)) {
		str_add(out, "no figure changed from ");
		str_add_escaped(out, o->names[SIDE_OLD]);
		str_add(out, " to ");
		str_add_escaped(out, o->names[SIDE_NEW]);
		str_add_char(out, '\n');
		return;
	}
	for (size_t i = 0; o->kind && o->kind[i] && i < sizeof(page.title) - 1; i++)
		page.title[i] = (char)toupper(o->kind[i]);
	add_columns(&page);
	for (size_t i = 0; i < c->rows.nr; i++)
		add_row(&page, &c->rows.items[i]);
	grid_print(&page.grid, &pen);
	if (page.same)
		str_addf(out, "%" PRIu64 " %s did not change\n", page.same, page.same == 1 ? "figure" : "figures");
	grid_release(&page.grid);
}
