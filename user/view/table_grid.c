#include "view/table_grid.h"

#include <string.h>

static const char *const tone_colors[] = {
	[TONE_PLAIN] = NULL,	 [TONE_TITLE] = "\033[1m",    [TONE_MORE] = "\033[33m",
	[TONE_LESS] = "\033[32m", [TONE_WARNING] = "\033[31m",
};

/* Bytes of the first @columns columns of @text. */
static size_t cut(const char *text, size_t columns)
{
	size_t i = 0;

	for (; text[i]; i++) {
		if ((text[i] & 0xc0) == 0x80)
			continue;
		if (!columns--)
			break;
	}
	return i;
}

void pen_add(struct pen *pen, const char *text, enum tone tone)
{
	const char *color = pen->color ? tone_colors[tone] : NULL;
	size_t bytes = strlen(text), columns = str_columns(text);

	if (!bytes)
		return;
	if (pen->columns && pen->used + pen->blanks >= pen->columns)
		return;
	for (; pen->blanks; pen->blanks--, pen->used++)
		str_add_char(pen->out, ' ');
	if (pen->columns && columns > pen->columns - pen->used) {
		columns = pen->columns - pen->used;
		bytes = cut(text, columns);
	}
	str_add(pen->out, color ? color : "");
	str_add_bytes(pen->out, text, bytes);
	str_add(pen->out, color ? "\033[0m" : "");
	pen->used += columns;
}

enum { INDENT = 2 };

/* Would @columns more be cut? */
static bool overflows(const struct pen *pen, size_t columns)
{
	return pen->used + pen->blanks + columns > pen->columns;
}

static void break_line(struct pen *pen)
{
	pen_end_line(pen);
	pen_add_blanks(pen, INDENT);
}

static void add_wrapped(struct pen *pen, const char *text, enum tone tone)
{
	while (*text) {
		size_t len = strspn(text, " ") + strcspn(text + strspn(text, " "), " ");
		char *word = xstrndup(text, len);

		if (pen->used && overflows(pen, str_columns(word)))
			break_line(pen);
		pen_add(pen, word + (pen->used ? 0 : strspn(word, " ")), tone);
		free(word);
		text += len;
	}
}

void pen_add_words(struct pen *pen, const char *between, const char *text, enum tone tone)
{
	size_t columns = str_columns(text);
	bool whole = INDENT + columns <= pen->columns;

	if (!pen->wrap) {
		pen_add(pen, pen->used ? between : "", TONE_PLAIN);
		pen_add(pen, text, tone);
		return;
	}
	if (pen->used && overflows(pen, str_columns(between) + (whole ? columns : 1)))
		break_line(pen);
	else if (pen->used)
		pen_add(pen, between, TONE_PLAIN);
	add_wrapped(pen, text, tone);
}

void pen_add_blanks(struct pen *pen, size_t nr)
{
	pen->blanks += nr;
}

void pen_end_line(struct pen *pen)
{
	str_add_char(pen->out, '\n');
	pen->used = pen->blanks = 0;
}

void grid_release(struct grid *g)
{
	for (size_t i = 0; i < g->lines.nr; i++) {
		struct grid_line *line = &g->lines.items[i];

		for (size_t k = 0; line->cells && k < g->columns.nr; k++)
			str_release(&line->cells[k].text);
		free(line->cells);
		str_release(&line->note);
	}
	vec_release(&g->lines);
	vec_release(&g->columns);
}

struct grid_cell *grid_add_line(struct grid *g)
{
	struct grid_cell *cells = xcalloc(g->columns.nr, sizeof(*cells));

	vec_push(&g->lines, (struct grid_line){.cells = cells});
	return cells;
}

struct str *grid_add_note(struct grid *g)
{
	struct grid_line *line = vec_add(&g->lines);

	*line = (struct grid_line){};
	return &line->note;
}

/* What its title and cells take, and at least @least. */
static size_t column_width(const struct grid *g, size_t column, size_t least)
{
	size_t width = str_columns(g->columns.items[column].title);

	width = width < least ? least : width;
	for (size_t i = 0; i < g->lines.nr; i++) {
		const struct grid_line *line = &g->lines.items[i];
		size_t columns = line->cells ? str_columns(str_text(&line->cells[column].text)) : 0;

		width = columns > width ? columns : width;
	}
	return width;
}

enum { GAP = 2 };

static size_t set_widths(const struct grid *g, bool roomy, size_t *widths)
{
	size_t total = 0;

	for (size_t i = 0; i < g->columns.nr; i++) {
		widths[i] = column_width(g, i, roomy ? g->columns.items[i].width : 0);
		total += widths[i] + (i ? GAP : 0);
	}
	return total;
}

/* The column that can be spared most easily, of those that are still there. False: none can. */
static bool most_spare(const struct grid *g, const size_t *widths, size_t *ret)
{
	unsigned int most = 0;

	for (size_t i = 0; i < g->columns.nr; i++) {
		if (!widths[i] || !g->columns.items[i].spare || g->columns.items[i].spare < most)
			continue;
		most = g->columns.items[i].spare;
		*ret = i;
	}
	return most;
}

/* What its cells can lose. */
static size_t slack(const struct grid *g, size_t column, size_t width)
{
	size_t least = g->columns.items[column].least;

	return least && width > least ? width - least : 0;
}

/* Cells that may lose their beginning do, as far as lines are too long. Returns by how much they still are. */
static size_t squeeze(const struct grid *g, size_t excess, size_t *widths)
{
	for (size_t i = 0; i < g->columns.nr && excess; i++) {
		size_t given = slack(g, i, widths[i]);

		given = given < excess ? given : excess;
		widths[i] -= given;
		excess -= given;
	}
	return excess;
}

/*
 * Widths of all columns. When lines would be longer than @limit, columns lose the room that keeps them in place from
 * table to table, and then they go, one by one: their width is 0. A figure that is cut would be another figure.
 */
static void fit(const struct grid *g, size_t limit, size_t *widths)
{
	size_t total = set_widths(g, true, widths), loose = 0, spare;

	if (!limit || total <= limit)
		return;
	for (size_t i = 0; i < g->columns.nr; i++)
		loose += slack(g, i, widths[i]);
	if (total - loose > limit)
		total = set_widths(g, false, widths);
	while (total - loose > limit && most_spare(g, widths, &spare)) {
		total -= widths[spare] + GAP;
		widths[spare] = 0;
	}
	if (total > limit)
		squeeze(g, total - limit, widths);
}

/* The end of @text, which is longer than @width. */
static void print_end(const char *text, size_t width, enum tone tone, struct pen *pen)
{
	static const char gap[] = "...";
	_cleanup_(str_release) struct str end = {};

	str_add(&end, gap);
	str_add(&end, text + cut(text, str_columns(text) - width + sizeof(gap) - 1));
	pen_add(pen, str_text(&end), tone);
	pen_add_blanks(pen, GAP);
}

static void print_cell(const struct grid_column *c, size_t width, const struct grid_cell *cell, struct pen *pen)
{
	size_t padding = width - str_columns(str_text(&cell->text));

	if (c->least && str_columns(str_text(&cell->text)) > width) {
		print_end(str_text(&cell->text), width, cell->tone, pen);
		return;
	}
	pen_add_blanks(pen, c->left ? 0 : padding);
	pen_add(pen, str_text(&cell->text), cell->tone);
	pen_add_blanks(pen, (c->left ? padding : 0) + GAP);
}

static void print_titles(const struct grid *g, const size_t *widths, struct pen *pen)
{
	for (size_t i = 0; i < g->columns.nr; i++) {
		struct grid_cell cell = {.tone = TONE_TITLE};

		if (!widths[i])
			continue;
		str_add(&cell.text, g->columns.items[i].title);
		print_cell(&g->columns.items[i], widths[i], &cell, pen);
		str_release(&cell.text);
	}
	pen_end_line(pen);
}

void grid_print(const struct grid *g, struct pen *pen)
{
	size_t *widths = xcalloc(g->columns.nr + 1, sizeof(*widths));

	fit(g, pen->columns, widths);
	print_titles(g, widths, pen);
	for (size_t i = 0; i < g->lines.nr; i++) {
		const struct grid_line *line = &g->lines.items[i];

		if (!line->cells) {
			pen_add_blanks(pen, g->columns.nr ? widths[0] + GAP : 0);
			pen_add(pen, str_text(&line->note), TONE_PLAIN);
		}
		for (size_t k = 0; line->cells && k < g->columns.nr; k++)
			if (widths[k])
				print_cell(&g->columns.items[k], widths[k], &line->cells[k], pen);
		pen_end_line(pen);
	}
	free(widths);
}
