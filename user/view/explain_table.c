/* The table of phases: a row a phase, for each device. */
#include "view/explain_parts.h"

#include "base/units.h"
#include "view/device_name.h"

#include <inttypes.h>
#include <string.h>

enum { PHASE_COLUMNS = 30, SIZE_COLUMNS = 9 };

/* What a cell is about. */
struct line {
	const struct page *page;
	const struct history_row *row;
	bool running; /* it is the last one */
	bool first;   /* of the row's devices */
	const history_figures *figures;
	size_t device; /* its place; meaningless without figures */
	bool has_device;
};

struct cell_column {
	const char *title; /* NULL: the pool's name */
	unsigned int width;
	bool left, several; /* `several`: only when there are several devices */
	unsigned int spare; /* as of a grid's columns */
	void (*add)(struct grid_cell *cell, const struct line *line, const char *pool);
};

static void add_list(struct str *out, const uint64_t *traces, size_t nr)
{
	str_add(out, nr == 1 ? " of trace " : nr ? " of traces " : "");
	for (size_t i = 0; i < nr; i++)
		str_addf(out, "%s%" PRIu64, i ? ", " : "", traces[i]);
}

void row_add_kind_name(struct str *out, enum history_kind kind, const uint64_t *traces, size_t nr_traces)
{
	static const struct {
		const char *name, *behind;
	} names[HISTORY_NR] = {
		[HISTORY_FOUND] = {"as found", ""},
		[HISTORY_INIT] = {"init", ""},
		[HISTORY_CAPTURE] = {"capture", ": data"},
		[HISTORY_BUFFER] = {"capture", ": its buffer"},
		[HISTORY_EXECUTION] = {"execution", ""},
		[HISTORY_RELEASE] = {"release", ""},
		[HISTORY_OTHER] = {"other", ""},
		[HISTORY_CLEAR] = {"all freed at once", ""},
		[HISTORY_LEFT_OUT] = {"...", ""},
	};

	str_add(out, names[kind].name);
	if (kind != HISTORY_OTHER && kind != HISTORY_CLEAR)
		add_list(out, traces, nr_traces);
	str_add(out, names[kind].behind);
}

void row_add_name(struct str *out, const struct history_row *row)
{
	row_add_kind_name(out, row->kind, row->trace, row->nr_traces);
	if (row->more_traces)
		str_add(out, ", ...");
}

static void add_phase(struct grid_cell *cell, const struct line *line, const char *pool)
{
	(void)pool;
	if (!line->first)
		return;
	if (line->row->kind == HISTORY_LEFT_OUT) {
		str_addf(&cell->text, "... %" PRIu64 " phases left out", line->row->times);
		return;
	}
	row_add_name(&cell->text, line->row);
	if (line->row->times > 1)
		str_addf(&cell->text, " x%" PRIu64, line->row->times);
	if (line->running && !line->page->p->ended)
		str_add(&cell->text, " (now)");
}

static void add_device(struct grid_cell *cell, const struct line *line, const char *pool)
{
	const struct ledger_process *p = line->page->p;
	struct str times = {};

	(void)pool;
	if (!line->has_device) {
		str_add_char(&cell->text, '-');
		return;
	}
	device_add_own_name(&cell->text, p, p->devices.items[line->device]);
	device_add_times(&times, p->devices.items[line->device]);
	str_add(&cell->text, times.len ? " " : "");
	str_add(&cell->text, str_text(&times));
	str_release(&times);
}

static void add_amount(const struct page *page, struct str *out, uint64_t bytes)
{
	if (page->o->bytes)
		str_addf(out, "%" PRIu64, bytes);
	else
		units_add_bytes(out, bytes);
}

/* Before there was a device there was nothing; what was there when we came is not known until the books are read. */
static bool nothing_known(const struct line *line)
{
	return !line->has_device && line->row->kind == HISTORY_FOUND;
}

static void add_pool(struct grid_cell *cell, const struct line *line, const char *pool)
{
	if (line->row->kind == HISTORY_LEFT_OUT)
		return;
	if (!line->has_device) {
		str_add(&cell->text, nothing_known(line) ? "?" : "-");
		return;
	}
	for (size_t i = 0; i < line->figures->nr; i++) {
		const struct history_figures *f = &line->figures->items[i];

		if (f->device == line->device && f->pool == pool) {
			add_amount(line->page, &cell->text, f->reserved);
			return;
		}
	}
	str_add_char(&cell->text, '-');
}

/* Sums of what is selected. False: there is nothing. */
static bool sum(const struct line *line, uint64_t *ret_now, uint64_t *ret_before, bool *ret_has_before)
{
	bool any = false;

	*ret_now = *ret_before = 0;
	*ret_has_before = true;
	for (size_t i = 0; line->has_device && i < line->figures->nr; i++) {
		const struct history_figures *f = &line->figures->items[i];

		if (f->device != line->device || !figures_selected(line->page->p, line->page->o->selection, f))
			continue;
		*ret_now += f->reserved;
		*ret_before += f->before;
		*ret_has_before &= f->has_before;
		any = true;
	}
	return any;
}

static void add_total(struct grid_cell *cell, const struct line *line, const char *pool)
{
	uint64_t now, before;
	bool has_before;

	(void)pool;
	if (line->row->kind == HISTORY_LEFT_OUT)
		return;
	if (sum(line, &now, &before, &has_before))
		add_amount(line->page, &cell->text, now);
	else
		str_add_char(&cell->text, nothing_known(line) ? '?' : '-');
}

static void add_change(struct grid_cell *cell, const struct line *line, const char *pool)
{
	uint64_t now, before;
	bool has_before;

	(void)pool;
	if (line->row->kind == HISTORY_LEFT_OUT)
		return;
	if (!sum(line, &now, &before, &has_before)) {
		str_add_char(&cell->text, nothing_known(line) ? '?' : '-');
	} else if (!has_before) {
		str_add_char(&cell->text, '?');
	} else if (now == before) {
		str_add_char(&cell->text, '-');
	} else {
		str_add_char(&cell->text, now > before ? '+' : '-');
		add_amount(line->page, &cell->text, now > before ? now - before : before - now);
		cell->tone = now > before ? TONE_MORE : TONE_LESS;
	}
}

/* What the device has of the pool; NULL, and what to say in its place. */
static const struct history_figures *core_figures(struct grid_cell *cell, const struct line *line, const char *pool)
{
	for (size_t i = 0; line->has_device && i < line->figures->nr; i++) {
		const struct history_figures *f = &line->figures->items[i];

		if (f->device == line->device && f->pool == pool && f->is_core)
			return f;
	}
	if (line->row->kind != HISTORY_LEFT_OUT)
		str_add_char(&cell->text, nothing_known(line) ? '?' : '-');
	return NULL;
}

static void add_core_code(struct grid_cell *cell, const struct line *line, const char *pool)
{
	const struct history_figures *f = core_figures(cell, line, pool);

	if (f && f->has_code)
		add_amount(line->page, &cell->text, f->code);
	else if (f)
		str_add_char(&cell->text, '?');
}

static void add_core_circular(struct grid_cell *cell, const struct line *line, const char *pool)
{
	const struct history_figures *f = core_figures(cell, line, pool);

	if (!f)
		return;
	str_add(&cell->text, !f->circular.known ? "?" : f->circular.exact ? "" : ">=");
	if (f->circular.known)
		add_amount(line->page, &cell->text, f->circular.bytes);
}

static void add_lasted(struct grid_cell *cell, const struct line *line, const char *pool)
{
	uint64_t ns = line->row->lasted_ns;

	(void)pool;
	if (line->running && !line->page->p->ended)
		ns += ledger_now(line->page->l, line->page->p) - line->row->begin_ns;
	if (line->first)
		units_add_duration(&cell->text, ns);
}

static void add_number(struct grid_cell *cell, const struct line *line, uint64_t nr)
{
	if (line->first)
		str_addf(&cell->text, "%" PRIu64, nr);
}

static void add_allocations(struct grid_cell *cell, const struct line *line, const char *pool)
{
	(void)pool;
	add_number(cell, line, line->row->allocations);
}

static void add_frees(struct grid_cell *cell, const struct line *line, const char *pool)
{
	(void)pool;
	add_number(cell, line, line->row->frees);
}

static void add_failed(struct grid_cell *cell, const struct line *line, const char *pool)
{
	(void)pool;
	add_number(cell, line, line->row->failed);
	cell->tone = line->row->failed ? TONE_WARNING : TONE_PLAIN;
}

static void add_replays(struct grid_cell *cell, const struct line *line, const char *pool)
{
	(void)pool;
	if (line->row->replays_above && !line->row->replays && line->first)
		str_add(&cell->text, "above");
	else
		add_number(cell, line, line->row->replays);
}

/* The place for what else lies on a device is behind its pools. */
static const struct cell_column before_pools[] = {
	{"PHASE", PHASE_COLUMNS, .left = true, .add = add_phase},
	{"DEVICE", 0, .left = true, .several = true, .add = add_device},
};
static const struct cell_column of_pool = {NULL, SIZE_COLUMNS, .add = add_pool};
/* Of one core, so not in the total; behind it and its change. */
static const struct cell_column of_core[] = {
	{"CODE/CORE", SIZE_COLUMNS, .spare = 4, .add = add_core_code},
	{"CB/CORE", SIZE_COLUMNS, .spare = 3, .add = add_core_circular},
};
enum { BEFORE_CORE = 2 };
static const struct cell_column behind_pools[] = {
	{"TOTAL", SIZE_COLUMNS, .spare = 1, .add = add_total},
	{"CHANGE", SIZE_COLUMNS + 1, .add = add_change},
	{"LASTED", SIZE_COLUMNS, .spare = 5, .add = add_lasted},
	{"ALLOCATED", 0, .spare = 4, .add = add_allocations},
	{"FREED", 0, .spare = 4, .add = add_frees},
	{"FAILED", 0, .spare = 3, .add = add_failed},
	{"REPLAYS", 0, .spare = 2, .add = add_replays},
};

struct draft {
	struct page *page;
	struct grid grid;
	VEC(const struct cell_column *) columns;
	VEC(const char *) pools; /* of the column; NULL: none */
	VEC(char *) titles;
};

static void add_column(struct draft *d, const struct cell_column *c, const char *pool)
{
	struct str title = {};

	str_add_escaped(&title, c->title ? c->title : pool);
	vec_push(&d->titles, xstrdup(str_text(&title)));
	str_release(&title);
	vec_push(&d->columns, c);
	vec_push(&d->pools, pool);
	vec_push(&d->grid.columns, ((struct grid_column){.title = d->titles.items[d->titles.nr - 1],
							 .width = c->width,
							 .left = c->left,
							 .spare = c->spare}));
}

/* Several devices, or one with several chips: figures are of one of them. */
static bool several_devices(const struct ledger_process *p)
{
	_cleanup_(str_release) struct str times = {};
	size_t held = 0;

	for (size_t i = 0; i < p->devices.nr; i++) {
		held += p->devices.items[i]->held;
		if (p->devices.items[i]->held)
			device_add_times(&times, p->devices.items[i]);
	}
	return held > 1 || times.len;
}

static void add_core_columns(struct draft *d)
{
	const char *core = d->page->p->core;

	for (size_t i = 0; core && selection_has_pool(d->page->o->selection, core) && i < ARRAY_SIZE(of_core); i++)
		add_column(d, &of_core[i], core);
}

static void add_columns(struct draft *d)
{
	const struct ledger_process *p = d->page->p;

	for (size_t i = 0; i < ARRAY_SIZE(before_pools); i++)
		if (!before_pools[i].several || several_devices(p))
			add_column(d, &before_pools[i], NULL);
	for (size_t i = 0; i < p->pools.nr; i++)
		if (selection_has_pool(d->page->o->selection, p->pools.items[i]))
			add_column(d, &of_pool, p->pools.items[i]);
	for (size_t i = 0; i < ARRAY_SIZE(behind_pools); i++) {
		if (i == BEFORE_CORE)
			add_core_columns(d);
		add_column(d, &behind_pools[i], NULL);
	}
}

static void add_line(struct draft *d, const struct line *line)
{
	struct grid_cell *cells = grid_add_line(&d->grid);

	for (size_t i = 0; i < d->columns.nr; i++)
		d->columns.items[i]->add(&cells[i], line, d->pools.items[i]);
}

/* The figures are by device. */
static void add_row(struct draft *d, const struct history_row *row, bool running, const history_figures *figures)
{
	struct line line = {.page = d->page, .row = row, .running = running, .first = true, .figures = figures};

	for (size_t i = 0; i < figures->nr; i++) {
		const struct history_figures *f = &figures->items[i];
		const struct device *device = d->page->p->devices.items[f->device];

		if ((line.has_device && line.device == f->device) ||
		    !selection_has_device(d->page->o->selection, device))
			continue;
		line.has_device = true;
		line.device = f->device;
		add_line(d, &line);
		line.first = false;
	}
	if (line.first)
		add_line(d, &line);
}

static void draft_release(struct draft *d)
{
	grid_release(&d->grid);
	for (size_t i = 0; i < d->titles.nr; i++)
		free(d->titles.items[i]);
	vec_release(&d->titles);
	vec_release(&d->columns);
	vec_release(&d->pools);
}

/* The first lines give way to one that counts them. */
static void keep_last(struct draft *d, size_t max_lines)
{
	struct grid *g = &d->grid;
	size_t drop = max_lines && g->lines.nr > max_lines ? g->lines.nr - max_lines + 1 : 0;

	if (!drop)
		return;
	for (size_t i = 0; i < drop; i++) {
		for (size_t k = 0; k < g->columns.nr; k++)
			str_release(&g->lines.items[i].cells[k].text);
		free(g->lines.items[i].cells);
	}
	g->lines.items[0] = (struct grid_line){};
	str_addf(&g->lines.items[0].note, "... %zu lines above", drop);
	memmove(&g->lines.items[1], &g->lines.items[drop], (g->lines.nr - drop) * sizeof(*g->lines.items));
	g->lines.nr -= drop - 1;
}

void page_add_table(struct page *page, size_t max_lines)
{
	const struct history *h = page->p->history;
	struct history_row running = h->running;
	struct draft d = {.page = page};
	history_figures now = {};

	add_columns(&d);
	for (size_t i = 0; i < h->rows.nr; i++)
		add_row(&d, &h->rows.items[i], false, &h->rows.items[i].figures);
	running.kind = history_kind_now(page->p);
	if (!h->ended)
		history_now(page->p, &now);
	add_row(&d, &running, true, h->ended ? &h->running.figures : &now);
	keep_last(&d, max_lines);
	grid_print(&d.grid, &page->pen);
	vec_release(&now);
	draft_release(&d);
}
