/* The blocks of a report: those that were left at the end. */
#include "view/report_parts.h"

#include "base/units.h"
#include "view/host_name.h"

#include <inttypes.h>

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

static void block_host(const struct report *r, struct grid_cell *cell, const void *item)
{
	process_add_host(&cell->text, arena_of(r, item)->process);
}

static void block_pid(const struct report *r, struct grid_cell *cell, const void *item)
{
	str_addf(&cell->text, "%d", arena_of(r, item)->process->pid);
}

static void block_tid(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	if (block_of(item)->tid)
		str_addf(&cell->text, "%u", block_of(item)->tid);
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
		str_addf(&cell->text, "%" PRIu64, block_of(item)->id);
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
	{"HOST", true, block_host, NULL},
	{"PID", false, block_pid, NULL},	   {"TID", false, block_tid, NULL},
	{"DEVICE", false, block_device, NULL},	   {"POOL", true, block_pool, NULL},
	{"ADDRESS", true, block_address, NULL},	   {"ID", false, block_id, has_id},
	{"LAYOUT", true, block_layout, has_layout}, {"WHAT", true, block_what, has_words},
};

/* Those of block_columns that say something. */
static size_t choose_columns(const struct report *r, const summary_blocks *blocks, struct report_column *ret)
{
	bool hosts = ledger_has_hosts(r->l);
	size_t nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(block_columns); i++) {
		bool has = !block_columns[i].has && (hosts || block_columns[i].add != block_host);

		for (size_t k = 0; !has && block_columns[i].has && k < blocks->nr; k++)
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
		report_add_columns(&g, columns, choose_columns(r, &blocks, columns));
		for (size_t i = 0; i < blocks.nr; i++)
			report_add_line(r, &g, columns, &blocks.items[i]);
		grid_print(&g, pen);
	}
	grid_release(&g);
	vec_release(&blocks);
}
