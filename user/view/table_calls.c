#include "view/table_calls.h"

#include "base/units.h"
#include "view/profile_json.h"
#include "view/table_grid.h"

#include <inttypes.h>
#include <stdlib.h>

/* Columns of the name below which figures make room for it; more than this it is not cut for them. */
enum { NAME_COLUMNS = 32 };

typedef VEC(const struct profile_node *) node_list;

/* What a process held when it ended it does not hold any more. */
static struct amount now_of(const struct profile_node *n)
{
	return n->place->process->ended ? (struct amount){} : n->inuse;
}

static int by_size(const void *x, const void *y)
{
	const struct profile_node *a = *(const struct profile_node *const *)x, *b = *(const struct profile_node *const *)y;
	int order = profile_compare_most(now_of(a).bytes, now_of(b).bytes);

	if (!order)
		order = profile_compare_most(a->highest, b->highest);
	if (!order)
		order = profile_compare_most(profile_in_all(a).bytes, profile_in_all(b).bytes);
	if (!order)
		order = profile_compare_most(b->place->index, a->place->index);
	return order ? order : profile_compare_names(a, b);
}

/* Of the processes that the table of the pools would show. */
static void add_nodes(node_list *ret, const struct table_calls *t)
{
	for (size_t i = 0; i < t->profile->nodes.nr; i++) {
		const struct profile_node *n = t->profile->nodes.items[i];

		if (process_shown(t->l, n->place->process) && profile_in_all(n).blocks)
			vec_push(ret, n);
	}
	if (ret->nr)
		qsort(ret->items, ret->nr, sizeof(*ret->items), by_size);
}

static bool one_process(const node_list *nodes)
{
	for (size_t i = 1; i < nodes->nr; i++)
		if (nodes->items[i]->place->process != nodes->items[0]->place->process)
			return false;
	return true;
}

static bool one_device(const node_list *nodes)
{
	for (size_t i = 1; i < nodes->nr; i++)
		if (nodes->items[i]->place->device != nodes->items[0]->place->device ||
		    nodes->items[i]->place->has_device != nodes->items[0]->place->has_device)
			return false;
	return true;
}

/* Names of what is but one say least, and go first. */
static void add_columns(struct grid *g, const node_list *nodes, const char *title)
{
	enum { BYTES = 8, NUMBER = 7 };
	const bool alone = one_process(nodes);
	const struct grid_column columns[] = {
		{.title = "PROCESS", .left = true, .spare = alone ? 9 : 2},
		{.title = "DEVICE", .left = true, .spare = alone && one_device(nodes) ? 8 : 1},
		{.title = "POOL", .left = true},
		{.title = "NOW", .width = BYTES},
		{.title = "BUFFERS", .width = NUMBER},
		{.title = "PEAK", .width = BYTES, .spare = 3},
		{.title = "ALLOCATED", .width = BYTES, .spare = 4},
		{.title = "COUNT", .width = NUMBER, .spare = 5},
		{.title = title, .left = true, .least = NAME_COLUMNS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		vec_push(&g->columns, columns[i]);
}

static void add_bytes(struct grid_cell **cell, const struct table_calls *t, uint64_t bytes)
{
	if (t->table->bytes)
		str_addf(&(*cell)++->text, "%" PRIu64, bytes);
	else
		units_add_bytes(&(*cell)++->text, bytes);
}

static void add_row(struct grid *g, const struct table_calls *t, const struct profile_node *n)
{
	struct grid_cell *cell = grid_add_line(g);

	profile_add_process(&cell++->text, n, t->l);
	profile_add_device(&cell++->text, n);
	profile_add_pool(&cell++->text, n);
	add_bytes(&cell, t, now_of(n).bytes);
	str_addf(&cell++->text, "%" PRIu64, now_of(n).blocks);
	add_bytes(&cell, t, n->highest);
	add_bytes(&cell, t, profile_in_all(n).bytes);
	str_addf(&cell++->text, "%" PRIu64, profile_in_all(n).blocks);
	if (n->label)
		str_add(&cell->text, n->label);
	else
		profile_add_kind(&cell->text, n);
}

static size_t nr_lines(const struct str *text)
{
	size_t nr = 0;

	for (size_t i = 0; i < text->len; i++)
		nr += text->p[i] == '\n';
	return nr;
}

/* The titles are a line, what says how many more there are is one, and the last row of the window stays free. */
static size_t rows_of(const struct table_calls *t, const struct str *header, size_t nr)
{
	const size_t others = nr_lines(header) + 2;
	size_t room = t->table->rows > others ? t->table->rows - others : 1;

	if (t->most)
		return t->most;
	if (!t->table->rows)
		return TABLE_CALLS_ROWS;
	return nr > room && room > 1 ? room - 1 : room;
}

static void add_rows(struct grid *g, const struct table_calls *t, const node_list *nodes, size_t most)
{
	for (size_t i = 0; i < nodes->nr && i < most; i++)
		add_row(g, t, nodes->items[i]);
	if (nodes->nr > most)
		str_addf(grid_add_note(g), "... and %zu more%s", nodes->nr - most, t->table->rows && !t->most ? "" : ", see --top");
	if (!nodes->nr)
		str_add(grid_add_note(g), t->l->processes.nr ? "nothing is allocated" : "no process maps a known runtime");
}

void table_calls_add(struct str *out, const struct table_calls *t)
{
	struct pen pen = {.out = out, .columns = t->table->columns, .color = t->table->color};
	_cleanup_(str_release) struct str title = {}, header = {};
	struct grid g = {};
	node_list nodes = {};

	str_add_capitals(&title, t->by);
	add_nodes(&nodes, t);
	add_columns(&g, &nodes, str_text(&title));
	table_add_header(&header, t->l, t->table, nodes.nr < TABLE_CALLS_ROWS ? nodes.nr : TABLE_CALLS_ROWS);
	add_rows(&g, t, &nodes, rows_of(t, &header, nodes.nr));
	str_add(out, str_text(&header));
	grid_print(&g, &pen);
	if (nodes.nr && !t->l->stacks.nr)
		str_add(out, "no allocation has a stack yet\n");
	grid_release(&g);
	vec_release(&nodes);
}

void table_calls_add_json(struct str *out, const struct table_calls *t)
{
	json_t *object = new_page(t->l->time_ns), *rows = json_array();
	node_list nodes = {};

	add_nodes(&nodes, t);
	for (size_t i = 0; i < nodes.nr; i++) {
		const struct profile_node *n = nodes.items[i];
		json_t *row = json_object();

		profile_set_place(row, n->place);
		profile_set_group(row, n, t->by);
		profile_set_amount(row, "now", now_of(n));
		set_number(row, "peak", n->highest);
		profile_set_amount(row, "allocated", profile_in_all(n));
		json_array_append_new(rows, row);
	}
	vec_release(&nodes);
	set_text(object, "by", t->by);
	set(object, "rows", rows);
	set_number(object, "events", t->l->events);
	set_number(object, "lost", t->l->lost);
	if (t->l->unstacked)
		set_number(object, "unstacked", t->l->unstacked);
	add_line(out, object);
}
