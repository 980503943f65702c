#include "view/report_calls.h"

#include "base/units.h"
#include "view/profile_json.h"
#include "view/table_grid.h"

#include <inttypes.h>
#include <stdlib.h>

/* In each pool, those that held most when it held most. */
static int by_size(const void *x, const void *y)
{
	const struct profile_node *a = *(struct profile_node *const *)x, *b = *(struct profile_node *const *)y;
	int order = profile_compare_most(a->peak.bytes, b->peak.bytes);

	if (!order)
		order = profile_compare_most(a->inuse.bytes, b->inuse.bytes);
	if (!order)
		order = profile_compare_most(profile_in_all(a).bytes, profile_in_all(b).bytes);
	return order ? order : profile_compare_names(a, b);
}

/* The nodes of the pool whose first one is number @first: where they end. */
static size_t end_of_pool(const struct profile *p, size_t first)
{
	size_t end = first;

	while (end < p->nodes.nr && p->nodes.items[end]->place == p->nodes.items[first]->place)
		end++;
	return end;
}

static void add_amount(struct grid_cell **cell, const struct report_calls *r, struct amount a)
{
	if (r->bytes)
		str_addf(&(*cell)++->text, "%" PRIu64, a.bytes);
	else
		units_add_bytes(&(*cell)++->text, a.bytes);
	str_addf(&(*cell)++->text, "%" PRIu64, a.blocks);
}

static void add_row(struct grid *g, const struct report_calls *r, const struct profile_node *n)
{
	struct grid_cell *cell = grid_add_line(g);

	profile_add_process(&cell++->text, n, r->l);
	profile_add_device(&cell++->text, n);
	profile_add_pool(&cell++->text, n);
	add_amount(&cell, r, n->inuse);
	add_amount(&cell, r, n->peak);
	add_amount(&cell, r, profile_in_all(n));
	if (n->label)
		str_add(&cell->text, n->label);
	else
		profile_add_kind(&cell->text, n);
}

static void add_columns(struct grid *g, const char *title)
{
	const struct grid_column columns[] = {
		{.title = "PROCESS", .left = true}, {.title = "DEVICE", .left = true}, {.title = "POOL", .left = true},
		{.title = "NOW"}, {.title = "BUFFERS"}, {.title = "AT PEAK"}, {.title = "BUFFERS"}, {.title = "ALLOCATED"},
		{.title = "COUNT"}, {.title = title, .left = true}};

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		vec_push(&g->columns, columns[i]);
}

void report_calls_add(struct str *out, const struct report_calls *r)
{
	struct pen pen = {.out = out, .color = r->color};
	_cleanup_(str_release) struct str title = {};
	struct grid g = {};

	str_add_capitals(&title, r->by);
	add_columns(&g, str_text(&title));
	for (size_t first = 0, end; first < r->profile->nodes.nr; first = end) {
		end = end_of_pool(r->profile, first);
		qsort(r->profile->nodes.items + first, end - first, sizeof(*r->profile->nodes.items), by_size);
		for (size_t i = first; i < end && i < first + r->most; i++)
			add_row(&g, r, r->profile->nodes.items[i]);
		if (end - first > r->most)
			str_addf(grid_add_note(&g), "... and %zu more, see --top", end - first - r->most);
	}
	if (r->profile->nodes.nr)
		grid_print(&g, &pen);
	else
		str_add(out, "no allocation was seen\n");
	grid_release(&g);
	if (!r->l->stacks.nr)
		str_add(out, "no allocation has a stack: it was recorded without them\n");
	else if (r->profile->calls->by == CALL_BY_OP && call_groups_lack_api(r->profile->calls, r->l))
		str_add(out, "no operation is known: the runtime file of the recording has no line 'api'\n");
}

static json_t *new_row(const struct report_calls *r, const struct profile_node *n)
{
	json_t *row = json_object();

	profile_set_place(row, n->place);
	profile_set_group(row, n, r->by);
	profile_set_amount(row, "now", n->inuse);
	profile_set_amount(row, "at_peak", n->peak);
	profile_set_amount(row, "allocated", profile_in_all(n));
	return row;
}

void report_calls_add_json(struct str *out, const struct report_calls *r)
{
	json_t *object = json_object(), *rows = json_array();

	for (size_t first = 0, end; first < r->profile->nodes.nr; first = end) {
		end = end_of_pool(r->profile, first);
		qsort(r->profile->nodes.items + first, end - first, sizeof(*r->profile->nodes.items), by_size);
		for (size_t i = first; i < end; i++)
			json_array_append_new(rows, new_row(r, r->profile->nodes.items[i]));
	}
	set_number(object, "schema", SCHEMA);
	set_text(object, "by", r->by);
	set(object, "rows", rows);
	add_line(out, object);
}
