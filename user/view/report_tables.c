/* The tables of a report: processes, pools, blocks. */
#include "view/report_parts.h"

#include "base/units.h"
#include "view/host_name.h"

#include <inttypes.h>
#include <string.h>

enum { COMMAND_COLUMNS = 80, NAME_COLUMNS = 32 };

void report_add_columns(struct grid *g, const struct report_column *columns, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		*vec_add(&g->columns) = (struct grid_column){.title = columns[i].title, .left = columns[i].left};
}

void report_add_line(const struct report *r, struct grid *g, const struct report_column *columns, const void *item)
{
	struct grid_cell *cells = grid_add_line(g);

	for (size_t i = 0; i < g->columns.nr; i++)
		columns[i].add(r, &cells[i], item);
}

static void add_number(struct grid_cell *cell, uint64_t number)
{
	str_addf(&cell->text, "%" PRIu64, number);
}

/* Escaped, and cut to @columns. */
static void add_cut(struct grid_cell *cell, const char *text, unsigned int columns)
{
	struct pen pen = {.out = &cell->text, .columns = columns};
	struct str escaped = {};

	str_add_escaped(&escaped, *text ? text : "?");
	pen_add(&pen, str_text(&escaped), TONE_PLAIN);
	str_add(&cell->text, str_columns(str_text(&escaped)) > columns ? "..." : "");
	str_release(&escaped);
}

static void add_pid_of(struct grid_cell *cell, const struct ledger_process *p)
{
	process_add_pid(&cell->text, p);
}

static void process_host(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	process_add_host(&cell->text, item);
}

static void process_pid(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	add_pid_of(cell, item);
}

static void process_name(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	add_cut(cell, ((const struct ledger_process *)item)->name, NAME_COLUMNS);
}

static void process_start(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct ledger_process *p = item;

	if (p->has_start)
		report_add_when(r, &cell->text, p->start_ns);
	else
		str_add_char(&cell->text, '?');
}

static void process_watched(const struct report *r, struct grid_cell *cell, const void *item)
{
	report_add_when(r, &cell->text, ((const struct ledger_process *)item)->attached_ns);
}

static void process_end(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct ledger_process *p = item;

	if (p->ended)
		report_add_when(r, &cell->text, p->ended_ns);
	else
		str_add_char(&cell->text, '-');
}

static void process_lasted(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct ledger_process *p = item;

	units_add_duration(&cell->text, (p->ended ? p->ended_ns : ledger_now(r->l, p)) - p->attached_ns);
}

static void process_why(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct ledger_process *p = item;

	(void)r;
	str_add_escaped(&cell->text, p->ended ? p->ended : "-");
}

static void process_events(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct ledger_process *p = item;
	const struct process_summary *sum = summary_process(r->s, p->id);

	add_number(cell, p->events - (sum ? sum->events : 0));
}

static void process_replays(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct ledger_process *p = item;
	const struct process_summary *sum = summary_process(r->s, p->id);

	add_number(cell, p->replays - (sum ? sum->replays : 0));
}

static void process_command(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct ledger_process *p = item;

	(void)r;
	add_cut(cell, *p->command ? p->command : p->name, COMMAND_COLUMNS);
}

/* The first is left out where there is but one host. */
static const struct report_column process_columns[] = {
	{"HOST", true, process_host, NULL},
	{"PID", false, process_pid, NULL},	   {"PROCESS", true, process_name, NULL},	  {"STARTED", true, process_start, NULL},
	{"WATCHED", true, process_watched, NULL}, {"ENDED", true, process_end, NULL},	  {"AFTER", false, process_lasted, NULL},
	{"WHY", true, process_why, NULL},	   {"EVENTS", false, process_events, NULL}, {"REPLAYS", false, process_replays, NULL},
	{"COMMAND", true, process_command, NULL},
};

void report_add_processes(const struct report *r, struct pen *pen)
{
	size_t first = !ledger_has_hosts(r->l);
	struct grid g = {};

	if (!r->l->processes.nr)
		return;
	report_add_title(r, pen, "PROCESSES");
	report_add_columns(&g, process_columns + first, ARRAY_SIZE(process_columns) - first);
	for (size_t i = 0; i < r->l->processes.nr; i++)
		report_add_line(r, &g, process_columns + first, r->l->processes.items[i]);
	grid_print(&g, pen);
	grid_release(&g);
}

static void row_host(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	process_add_host(&cell->text, ((const struct report_row *)item)->process);
}

static void row_pid(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	add_pid_of(cell, ((const struct report_row *)item)->process);
}

static void row_device(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;

	(void)r;
	if (row->device)
		report_add_device(&cell->text, row->process, row->device);
	else
		str_add_char(&cell->text, '?');
}

static void row_pool(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;

	(void)r;
	str_add_escaped(&cell->text, row->pool ? row->pool : "?");
}

/* What a row of failures alone does not have. */
static bool has_figures(struct grid_cell *cell, const struct report_row *row)
{
	if (!row->device)
		str_add_char(&cell->text, '-');
	return row->device;
}

static void row_end(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;

	if (has_figures(cell, row))
		report_add_bytes(r, &cell->text, row->end.reserved);
}

static void row_buffers(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;

	(void)r;
	if (has_figures(cell, row))
		add_number(cell, row->end.buffers);
}

static void row_peak(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;

	if (has_figures(cell, row) && row->peak_known)
		report_add_bytes(r, &cell->text, row->peak);
	else if (row->device)
		str_add_char(&cell->text, '?');
}

static void row_use(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;
	double percent;

	(void)r;
	if (!has_figures(cell, row))
		return;
	if (!row->peak_known || !row->end.has_capacity || !row->end.capacity) {
		str_add_char(&cell->text, '?');
		return;
	}
	percent = (double)row->peak * 100 / (double)row->end.capacity;
	if (row->peak && percent < 1)
		str_add(&cell->text, "<1%");
	else
		str_addf(&cell->text, "%.0f%%", percent);
}

static void row_when(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;

	if (has_figures(cell, row) && row->peak_known && row->peak)
		report_add_when(r, &cell->text, row->peak_ns);
	else if (row->device)
		str_add_char(&cell->text, row->peak_known ? '-' : '?');
}

static void row_allocated(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;

	if (has_figures(cell, row) && !row->sum.unsized)
		report_add_bytes(r, &cell->text, row->sum.allocations.bytes);
	else if (row->device)
		str_add_char(&cell->text, '?');
}

static void row_count(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;

	(void)r;
	if (has_figures(cell, row))
		add_number(cell, row->sum.allocations.nr);
}

static void row_frees(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;

	(void)r;
	if (has_figures(cell, row))
		add_number(cell, row->sum.frees.nr);
}

static void row_failed(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct report_row *row = item;

	(void)r;
	add_number(cell, row->sum.failed);
	cell->tone = row->sum.failed ? TONE_WARNING : TONE_PLAIN;
}

/* Likewise. */
static const struct report_column row_columns[] = {
	{"HOST", true, row_host, NULL},
	{"PID", false, row_pid, NULL},      {"DEVICE", false, row_device, NULL},	    {"POOL", true, row_pool, NULL},
	{"AT END", false, row_end, NULL},   {"BUFFERS", false, row_buffers, NULL},	    {"PEAK", false, row_peak, NULL},
	{"use", false, row_use, NULL},      {"WHEN", true, row_when, NULL},	    {"ALLOCATED", false, row_allocated, NULL},
	{"COUNT", false, row_count, NULL}, {"FREED", false, row_frees, NULL}, {"FAILED", false, row_failed, NULL},
};

void report_add_memory(const struct report *r, struct pen *pen, const report_rows *rows)
{
	size_t first = !ledger_has_hosts(r->l);
	struct grid g = {};

	if (!rows->nr)
		return;
	report_add_title(r, pen, "POOLS");
	report_add_columns(&g, row_columns + first, ARRAY_SIZE(row_columns) - first);
	for (size_t i = 0; i < rows->nr; i++)
		report_add_line(r, &g, row_columns + first, &rows->items[i]);
	grid_print(&g, pen);
	grid_release(&g);
}
