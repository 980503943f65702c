#include "view/table.h"

#include "base/units.h"
#include "view/columns.h"
#include "view/device_name.h"
#include "view/host_name.h"
#include "view/table_header.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the table is made of while it is being made. */
struct draft {
	const struct ledger *l;
	const struct table_options *o;
	const struct table_state *state;
	struct map figures; /* of this table, for the next one */
	device_rows rows;
	VEC(struct pool_column) pools;
	columns columns;
	struct grid grid;
	VEC(char *) titles;
};

void table_state_release(struct table_state *s)
{
	map_release(&s->figures);
	s->shown = false;
}

static struct pool_column *find_pool(struct draft *d, const char *name)
{
	for (size_t i = 0; i < d->pools.nr; i++)
		if (!strcmp(d->pools.items[i].name, name))
			return &d->pools.items[i];
	return NULL;
}

static bool has_capacity(const struct draft *d, const struct ledger_process *p, const char *pool)
{
	for (size_t i = 0; i < p->devices.nr; i++) {
		const struct device *device = p->devices.items[i];
		struct figures f;

		if (device_shown(device) && selection_has_device(d->o->selection, device) &&
		    device_figures(device, pool, &f) && f.has_capacity && f.capacity)
			return true;
	}
	return false;
}

/* A runtime that has names for as many pools as there could be on any machine. */
enum { MANY_POOLS = 10 };

/* Of many pools those that nothing was ever in have no column. */
static bool has_column(const struct ledger_process *p, const char *pool)
{
	struct figures f;

	for (size_t i = 0; i < p->devices.nr; i++)
		if (device_figures(p->devices.items[i], pool, &f))
			return true;
	return p->pools.nr <= MANY_POOLS;
}

/* The selected pools of all processes, in the order of their runtimes. */
static void add_pools(struct draft *d, const struct ledger_process *p)
{
	for (size_t i = 0; i < p->pools.nr; i++) {
		const char *name = p->pools.items[i];
		struct pool_column *pool = find_pool(d, name);

		if (!selection_has_pool(d->o->selection, name) || !has_column(p, name))
			continue;
		if (!pool) {
			pool = vec_add(&d->pools);
			*pool = (struct pool_column){.name = name};
		}
		pool->has_capacity |= has_capacity(d, p, name);
		pool->is_core |= p->core == name;
	}
}

static bool one_process(const struct ledger *l)
{
	size_t nr = 0;

	for (size_t i = 0; i < l->processes.nr; i++)
		nr += process_shown(l, l->processes.items[i]);
	return nr == 1;
}

/* Is a row of several chips, or of nobody knows how many? */
static bool several_chips(const struct draft *d)
{
	_cleanup_(str_release) struct str times = {};

	for (size_t i = 0; i < d->rows.nr; i++)
		chip_group_add_times(&times, &d->rows.items[i].group);
	return times.len;
}

static void add_columns(struct draft *d)
{
	if (ledger_has_hosts(d->l))
		vec_push(&d->columns, (struct column){.kind = &column_host});
	columns_add(&d->columns, d->o, d->pools.items, d->pools.nr, several_chips(d));
	for (size_t i = 0; i < d->columns.nr; i++) {
		const struct column *c = &d->columns.items[i];
		struct str title = {};

		str_add_escaped(&title, c->kind->title ? c->kind->title : c->pool);
		vec_push(&d->titles, xstrdup(str_text(&title)));
		str_release(&title);
		*vec_add(&d->grid.columns) = (struct grid_column){
			.title = d->titles.items[i],
			/* A sign's room, so that columns stay where they are when something changes. */
			.width = c->kind->width + (c->kind->width && c->kind->figure && d->o->delta),
			.left = c->kind->left,
			.spare = column_is_name(c) && one_process(d->l) ? UINT_MAX : c->kind->spare,
		};
	}
}

static void add_row(struct draft *d, const struct row *row)
{
	struct grid_cell *cells = grid_add_line(&d->grid);

	for (size_t i = 0; i < d->columns.nr; i++) {
		d->columns.items[i].kind->add(&cells[i], row, &d->columns.items[i]);
		column_remember(&d->figures, row, &d->columns.items[i]);
	}
}

static void add_changes(struct draft *d, const struct row *row)
{
	struct grid_cell *cells = grid_add_line(&d->grid);

	for (size_t i = 0; i < d->columns.nr; i++) {
		const struct column *c = &d->columns.items[i];

		if (c->kind->figure)
			column_add_change(&cells[i], row, c);
		else if (c->kind->mark)
			str_add(&cells[i].text, c->kind->mark);
	}
}

static void add_bytes(struct str *out, const struct table_options *o, uint64_t bytes)
{
	if (o->bytes)
		str_addf(out, "%llu", (unsigned long long)bytes);
	else
		units_add_bytes(out, bytes);
}

/* Trace memory in pool @pool: how much, at least, or that nobody knows. */
static void add_trace_note(struct str *out, const struct row *row, const char *pool)
{
	const struct selection *s = row->options->selection;
	bool shown = selection_has_pool(s, pool);
	struct figures f;

	if (!strcasecmp(pool, SELECT_TRACE) || (!shown && !selection_seeks_trace(s)))
		return;
	if (!chip_group_figures(&row->device->group, pool, &f) || (!f.trace && (shown || !f.trace_unknown)))
		return;
	str_add(out, out->len ? ", " : SELECT_TRACE " ");
	if (f.trace) {
		str_add(out, f.trace_unknown ? "at least " : "");
		add_bytes(out, row->options, f.trace);
	} else {
		str_add_char(out, '?');
	}
	str_add(out, " in ");
	str_add_escaped(out, pool);
}

/* Where trace memory lies outside of its pool, as far as no column says so. */
static void add_note(struct draft *d, const struct row *row)
{
	struct str note = {};

	for (size_t i = 0; i < row->device->process->pools.nr; i++) {
		const char *pool = row->device->process->pools.items[i];

		if (!d->o->wide || !selection_has_pool(d->o->selection, pool))
			add_trace_note(&note, row, pool);
	}
	if (note.len)
		str_add(grid_add_note(&d->grid), str_text(&note));
	str_release(&note);
}

static void add_device(struct draft *d, const struct device_row *device)
{
	const struct map *before = d->state->shown ? &d->state->figures : NULL;
	struct row row = {.options = d->o, .before = before, .device = device};

	if (!d->o->wide) {
		add_row(d, &row);
		if (d->o->delta && row_known(&row))
			add_changes(d, &row);
	}
	for (size_t i = 0; d->o->wide && i < d->pools.nr; i++) {
		struct figures f;

		row.pool = d->pools.items[i].name;
		if (chip_group_figures(&device->group, row.pool, &f))
			add_row(d, &row);
	}
	add_note(d, &row);
	if (device->nr_processes > 1)
		sum_remember(&d->figures, &row);
}

/* Sums come last; of devices each is shown alone. */
static void add_rows(struct draft *d)
{
	for (size_t i = 0; i < d->l->processes.nr; i++) {
		const struct ledger_process *p = d->l->processes.items[i];

		if (!process_shown(d->l, p))
			continue;
		device_rows_add(&d->rows, p, d->o->selection, d->o->by_mesh);
		process_remember(&d->figures, p);
	}
	if (!d->o->by_mesh)
		device_rows_add_sums(&d->rows, d->l, d->o->selection);
}

static void draft_release(struct draft *d)
{
	grid_release(&d->grid);
	device_rows_release(&d->rows);
	for (size_t i = 0; i < d->titles.nr; i++)
		free(d->titles.items[i]);
	vec_release(&d->titles);
	vec_release(&d->columns);
	vec_release(&d->pools);
}

static size_t nr_lines(const char *text)
{
	size_t nr = 0;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

/* Narrower, there is nothing to be gained. */
enum { WRAP_COLUMNS = 20 };

/* What is shown above the table, best first. */
static const struct {
	bool wrap;
	void (*add)(struct pen *pen, const struct ledger *l, const struct table_options *o);
} headers[] = {
	{true, table_header_add},
	{false, table_header_add},
	{true, table_header_add_brief},
	{false, table_header_add_brief},
};

void table_add_header(struct str *out, const struct ledger *l, const struct table_options *o, size_t rows)
{
	_cleanup_(str_release) struct str s = {};

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		struct pen try = {.out = &s, .columns = o->columns, .color = o->color, .wrap = headers[i].wrap};

		if (headers[i].wrap && o->columns < WRAP_COLUMNS)
			continue;
		str_clear(&s);
		headers[i].add(&try, l, o);
		/* The titles are a line, and the last row of the window stays free. */
		if (!o->rows || nr_lines(str_text(&s)) + 1 + rows < o->rows)
			break;
	}
	str_add(out, str_text(&s));
}

static const char *why_empty(const struct draft *d)
{
	if (!d->l->processes.nr)
		return "no process maps a known runtime";
	if (d->o->selection && d->o->selection->devices.nr)
		return "nothing on these devices";
	return "nothing is allocated";
}

void table_add(struct str *out, const struct ledger *l, const struct table_options *o, struct table_state *state)
{
	struct pen pen = {.out = out, .columns = o->columns, .color = o->color};
	struct draft d = {.l = l, .o = o, .state = state};

	for (size_t i = 0; i < l->processes.nr; i++)
		if (process_shown(l, l->processes.items[i]))
			add_pools(&d, l->processes.items[i]);
	add_rows(&d);
	add_columns(&d);
	for (size_t i = 0; i < d.rows.nr; i++)
		add_device(&d, &d.rows.items[i]);
	if (!d.grid.lines.nr)
		str_add(grid_add_note(&d.grid), why_empty(&d));
	table_add_header(out, l, o, d.grid.lines.nr);
	grid_print(&d.grid, &pen);
	map_release(&state->figures);
	state->figures = d.figures;
	state->shown = true;
	draft_release(&d);
}
