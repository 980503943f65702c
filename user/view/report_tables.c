/* The tables of a report: processes, pools, blocks. */
#include "view/report_parts.h"

#include "base/units.h"

#include <inttypes.h>
#include <string.h>

enum { COMMAND_COLUMNS = 80, NAME_COLUMNS = 32 };

/* A column of a table whose lines are about an @item. */
struct report_column {
	const char *title;
	bool left;
	void (*add)(const struct report *r, struct grid_cell *cell, const void *item);
	bool (*has)(const void *item); /* left out if no item has it; NULL: never */
};

static void add_columns(struct grid *g, const struct report_column *columns, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		*vec_add(&g->columns) = (struct grid_column){.title = columns[i].title, .left = columns[i].left};
}

static void add_line(const struct report *r, struct grid *g, const struct report_column *columns, const void *item)
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
	str_addf(&cell->text, "%d", p->pid);
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

	units_add_duration(&cell->text, (p->ended ? p->ended_ns : r->l->time_ns) - p->attached_ns);
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

static const struct report_column process_columns[] = {
	{"PID", false, process_pid, NULL},	   {"PROCESS", true, process_name, NULL},	  {"STARTED", true, process_start, NULL},
	{"WATCHED", true, process_watched, NULL}, {"ENDED", true, process_end, NULL},	  {"AFTER", false, process_lasted, NULL},
	{"WHY", true, process_why, NULL},	   {"EVENTS", false, process_events, NULL}, {"REPLAYS", false, process_replays, NULL},
	{"COMMAND", true, process_command, NULL},
};

void report_add_processes(const struct report *r, struct pen *pen)
{
	struct grid g = {};

	if (!r->l->processes.nr)
		return;
	report_add_title(r, pen, "PROCESSES");
	add_columns(&g, process_columns, ARRAY_SIZE(process_columns));
	for (size_t i = 0; i < r->l->processes.nr; i++)
		add_line(r, &g, process_columns, r->l->processes.items[i]);
	grid_print(&g, pen);
	grid_release(&g);
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

static const struct report_column row_columns[] = {
	{"PID", false, row_pid, NULL},      {"DEVICE", false, row_device, NULL},	    {"POOL", true, row_pool, NULL},
	{"AT END", false, row_end, NULL},   {"BUFFERS", false, row_buffers, NULL},	    {"PEAK", false, row_peak, NULL},
	{"use", false, row_use, NULL},      {"WHEN", true, row_when, NULL},	    {"ALLOCATED", false, row_allocated, NULL},
	{"COUNT", false, row_count, NULL}, {"FREED", false, row_frees, NULL}, {"FAILED", false, row_failed, NULL},
};

void report_add_memory(const struct report *r, struct pen *pen, const report_rows *rows)
{
	struct grid g = {};

	if (!rows->nr)
		return;
	report_add_title(r, pen, "POOLS");
	add_columns(&g, row_columns, ARRAY_SIZE(row_columns));
	for (size_t i = 0; i < rows->nr; i++)
		add_line(r, &g, row_columns, &rows->items[i]);
	grid_print(&g, pen);
	grid_release(&g);
}

static const struct arena *arena_of(const struct report *r, const void *item)
{
	return ledger_arena(r->l, ((const struct summary_block *)item)->arena);
}

static const struct block *block_of(const void *item)
{
	return &((const struct summary_block *)item)->block;
}

static void block_reserved(const struct report *r, struct grid_cell *cell, const void *item)
{
	if (block_of(item)->has_reserved)
		report_add_bytes(r, &cell->text, block_of(item)->reserved);
	else
		str_add_char(&cell->text, '?');
}

static void block_asked(const struct report *r, struct grid_cell *cell, const void *item)
{
	if (block_of(item)->has_asked)
		report_add_bytes(r, &cell->text, block_of(item)->asked);
	else
		str_add_char(&cell->text, '?');
}

static void block_since(const struct report *r, struct grid_cell *cell, const void *item)
{
	if (block_of(item)->has_time)
		report_add_when(r, &cell->text, block_of(item)->time_ns);
	else
		str_add_char(&cell->text, '?');
}

static void block_age(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct summary_block *b = item;

	(void)r;
	if (b->block.has_time)
		units_add_duration(&cell->text, b->seen_ns - b->block.time_ns);
	else
		str_add_char(&cell->text, '?');
}

static void block_pid(const struct report *r, struct grid_cell *cell, const void *item)
{
	add_pid_of(cell, arena_of(r, item)->process);
}

static void block_tid(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	if (block_of(item)->tid)
		add_number(cell, block_of(item)->tid);
	else
		str_add_char(&cell->text, '?');
}

static void block_device(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct arena *a = arena_of(r, item);

	report_add_device(&cell->text, a->process, a->device);
}

static void block_pool(const struct report *r, struct grid_cell *cell, const void *item)
{
	str_add_escaped(&cell->text, arena_of(r, item)->pool);
}

static void block_address(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	str_addf(&cell->text, "0x%" PRIx64, block_of(item)->address);
}

static void block_id(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	if (block_of(item)->has_id)
		add_number(cell, block_of(item)->id);
	else
		str_add_char(&cell->text, '?');
}

static void block_layout(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	str_add_escaped(&cell->text, block_of(item)->layout ? block_of(item)->layout : "?");
}

static void block_what(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct block *b = block_of(item);

	(void)r;
	if (b->is_trace && b->has_trace)
		str_addf(&cell->text, "trace %" PRIu64, b->trace);
	else if (b->label)
		str_add_escaped(&cell->text, b->label);
	else if (b->before_attach)
		str_add(&cell->text, "found in the runtime's books");
}

static bool has_id(const void *item)
{
	return block_of(item)->has_id;
}

static bool has_layout(const void *item)
{
	return block_of(item)->layout;
}

static bool has_words(const void *item)
{
	const struct block *b = block_of(item);

	return b->label || b->before_attach || (b->is_trace && b->has_trace);
}

static const struct report_column block_columns[] = {
	{"RESERVED", false, block_reserved, NULL}, {"ASKED", false, block_asked, NULL},
	{"SINCE", true, block_since, NULL},	   {"AGE", false, block_age, NULL},
	{"PID", false, block_pid, NULL},	   {"TID", false, block_tid, NULL},
	{"DEVICE", false, block_device, NULL},	   {"POOL", true, block_pool, NULL},
	{"ADDRESS", true, block_address, NULL},	   {"ID", false, block_id, has_id},
	{"LAYOUT", true, block_layout, has_layout}, {"WHAT", true, block_what, has_words},
};

/* Those of block_columns that say something. */
static size_t choose_columns(const summary_blocks *blocks, struct report_column *ret)
{
	size_t nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(block_columns); i++) {
		bool has = !block_columns[i].has;

		for (size_t k = 0; !has && k < blocks->nr; k++)
			has = block_columns[i].has(&blocks->items[k]);
		if (has)
			ret[nr++] = block_columns[i];
	}
	return nr;
}

/* "STILL ALLOCATED AT THE END: 10 of 136, the largest" */
static void add_blocks_title(const struct report *r, struct pen *pen, size_t shown, const report_rows *rows)
{
	struct str text = {};
	uint64_t all = 0;

	for (size_t i = 0; i < rows->nr; i++)
		all += rows->items[i].end.buffers;
	str_add(&text, r->at ? "ALLOCATED THEN: " : "STILL ALLOCATED AT THE END: ");
	/* Trace buffers that lie in pools which are not selected are in no row. */
	if (selection_seeks_trace(r->table->selection) || shown >= all)
		str_addf(&text, "%zu", shown);
	else
		str_addf(&text, "%zu of %" PRIu64, shown, all);
	str_addf(&text, shown == 1 ? " block" : " blocks, the %s first", r->order);
	report_add_title(r, pen, str_text(&text));
	str_release(&text);
}

void report_add_blocks(const struct report *r, struct pen *pen, const report_rows *rows)
{
	struct report_column columns[ARRAY_SIZE(block_columns)];
	summary_blocks blocks = {};
	struct grid g = {};

	summary_blocks_fill(r->s, r->l, &blocks);
	if (blocks.nr) {
		add_blocks_title(r, pen, blocks.nr, rows);
		add_columns(&g, columns, choose_columns(&blocks, columns));
		for (size_t i = 0; i < blocks.nr; i++)
			add_line(r, &g, columns, &blocks.items[i]);
		grid_print(&g, pen);
	}
	grid_release(&g);
	vec_release(&blocks);
}
