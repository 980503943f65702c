#include "view/columns.h"

#include "base/units.h"
#include "view/device_name.h"
#include "view/host_name.h"

#include <inttypes.h>
#include <string.h>

enum { NAME_COLUMNS = 32 };

static const char *pool_of(const struct row *row, const struct column *c)
{
	return c->pool ? c->pool : row->pool;
}

/* Figures of the pool that a cell is about. False: the chips have no such pool. */
static bool pool_figures(const struct row *row, const struct column *c, struct figures *ret)
{
	return chip_group_figures(&row->device->group, pool_of(row, c), ret);
}

static void add_number(struct str *out, const struct table_options *o, uint64_t number)
{
	(void)o;
	str_addf(out, "%" PRIu64, number);
}

static void add_bytes(struct str *out, const struct table_options *o, uint64_t bytes)
{
	if (o->bytes)
		str_addf(out, "%" PRIu64, bytes);
	else
		units_add_bytes(out, bytes);
}

static void add_known_bytes(struct str *out, const struct row *row, bool known, uint64_t bytes)
{
	if (known)
		add_bytes(out, row->options, bytes);
	else
		str_add(out, "?");
}

static bool is_sum(const struct row *row)
{
	return row->device->nr_processes > 1;
}

static void add_host(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	(void)c;
	process_add_host(&cell->text, row->device->process);
}

static void add_pid(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	(void)c;
	if (is_sum(row))
		str_add(&cell->text, "sum");
	else
		process_add_pid(&cell->text, row->device->process);
}

static void add_process(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	struct pen pen = {.out = &cell->text, .columns = NAME_COLUMNS};
	struct str name = {};

	(void)c;
	if (is_sum(row))
		str_addf(&name, "%zu processes", row->device->nr_processes);
	else
		str_add_escaped(&name, *row->device->process->name ? row->device->process->name : "?");
	pen_add(&pen, str_text(&name), TONE_PLAIN);
	str_release(&name);
}

static void add_device(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	const struct device *d = row->device->group.devices.items[0];

	(void)c;
	if (!row->device->by_mesh) {
		chip_group_add_name(&cell->text, &row->device->group);
		return;
	}
	device_add_mesh_name(&cell->text, d);
	if (row->options->wide)
		device_add_parent(&cell->text, row->device->process, d);
}

static void add_times(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	(void)c;
	chip_group_add_times(&cell->text, &row->device->group);
}

static void add_pool(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	(void)c;
	str_add_escaped(&cell->text, row->pool);
}

static bool reserved(const struct figures *f, uint64_t *ret)
{
	*ret = f->reserved;
	return true;
}

static bool asked(const struct figures *f, uint64_t *ret)
{
	*ret = f->asked;
	return !f->asked_unknown;
}

static bool peak(const struct figures *f, uint64_t *ret)
{
	*ret = f->peak;
	return f->peak_known;
}

static bool capacity(const struct figures *f, uint64_t *ret)
{
	*ret = f->capacity;
	return f->has_capacity;
}

static bool trace(const struct figures *f, uint64_t *ret)
{
	*ret = f->trace;
	return !f->trace_unknown;
}

/* Reserved or asked, as the options say. */
static bool amount(const struct table_options *o, const struct figures *f, uint64_t *ret)
{
	return o->asked ? asked(f, ret) : reserved(f, ret);
}

static bool total_figure(const struct row *row, const struct column *c, uint64_t *ret)
{
	struct figures f;

	(void)c;
	selection_figures(row->options->selection, &row->device->group, &f);
	return amount(row->options, &f, ret);
}

static void add_total(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	uint64_t bytes;
	bool known = total_figure(row, c, &bytes);

	add_known_bytes(&cell->text, row, known, bytes);
}

static bool buffers_figure(const struct row *row, const struct column *c, uint64_t *ret)
{
	struct figures f = {};

	if (row->pool)
		pool_figures(row, c, &f);
	else
		selection_figures(row->options->selection, &row->device->group, &f);
	*ret = f.buffers;
	return true;
}

static void add_buffers(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	uint64_t nr;

	buffers_figure(row, c, &nr);
	add_number(&cell->text, row->options, nr);
}

static bool pool_figure(const struct row *row, const struct column *c, uint64_t *ret)
{
	struct figures f = {};

	pool_figures(row, c, &f);
	return amount(row->options, &f, ret);
}

static void add_pool_amount(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	struct figures f;
	uint64_t bytes;
	bool known;

	if (!pool_figures(row, c, &f)) {
		str_add(&cell->text, "-");
		return;
	}
	known = amount(row->options, &f, &bytes);
	add_known_bytes(&cell->text, row, known, bytes);
}

/* Of what is reserved: that is what fills a pool, whatever was asked. Neither 0% nor 100% unless it is so. */
static void add_use(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	unsigned __int128 percent;
	struct figures f;

	if (!pool_figures(row, c, &f)) {
		str_add(&cell->text, "-");
	} else if (!f.has_capacity) {
		str_add(&cell->text, "?");
	} else if (!f.capacity) {
		str_add(&cell->text, "-");
	} else {
		percent = ((unsigned __int128)f.reserved * 100 + f.capacity / 2) / f.capacity;
		if (f.reserved && !percent)
			str_add(&cell->text, "<1%");
		else if (f.reserved < f.capacity && percent == 100)
			str_add(&cell->text, "99%");
		else
			str_addf(&cell->text, "%" PRIu64 "%%", percent > 999 ? 999 : (uint64_t)percent);
	}
}

/* The columns of a row a pool, whose pool the chips have. */

static void add_value(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	struct figures f = {};
	uint64_t bytes;
	bool known;

	pool_figures(row, c, &f);
	known = c->kind->value(&f, &bytes);
	add_known_bytes(&cell->text, row, known, bytes);
}

static void add_largest_free(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	uint64_t bytes = 0;
	bool known = chip_group_largest_free(&row->device->group, pool_of(row, c), &bytes);

	add_known_bytes(&cell->text, row, known, bytes);
}

static void add_pool_change(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	column_add_change(cell, row, c);
}

enum column_id {
	PID,
	PROCESS,
	DEVICE,
	POOL,
	BUFFERS,
	POOL_AMOUNT,
	USE,
	TOTAL,
	RESERVED,
	CHANGE,
	ASKED,
	PEAK,
	CAPACITY,
	LARGEST_FREE,
	TRACE,
	TIMES,
};

enum { BYTES_COLUMNS = 8 };

/* What a narrow terminal can do without, the last first. */
enum { SPARE_NEVER, SPARE_TIMES, SPARE_DEVICE, SPARE_POOL, SPARE_DETAIL, SPARE_BUFFERS, SPARE_PROCESS, SPARE_USE };

_Static_assert((int)COLUMN_SPARE_CORE == (int)SPARE_DETAIL, "a detail");

const struct column_kind column_host = {.title = "HOST", .left = true, .spare = SPARE_PROCESS, .add = add_host};

static const struct column_kind kinds[] = {
	[PID] = {.title = "PID", .width = 5, .add = add_pid},
	[PROCESS] = {.title = "PROCESS", .left = true, .spare = SPARE_PROCESS, .add = add_process},
	[DEVICE] = {.title = "DEVICE", .spare = SPARE_DEVICE, .add = add_device, .mark = "+/-"},
	[POOL] = {.title = "POOL", .width = 8, .left = true, .add = add_pool},
	[BUFFERS] = {.title = "BUFFERS", .spare = SPARE_BUFFERS, .add = add_buffers, .figure = buffers_figure, .add_amount = add_number},
	[POOL_AMOUNT] = {.width = BYTES_COLUMNS,
			 .spare = SPARE_POOL,
			 .add = add_pool_amount,
			 .figure = pool_figure,
			 .add_amount = add_bytes},
	[USE] = {.title = "use", .spare = SPARE_USE, .add = add_use},
	[TOTAL] = {.title = "TOTAL",
		   .width = BYTES_COLUMNS,
		   .add = add_total,
		   .figure = total_figure,
		   .add_amount = add_bytes},
	[RESERVED] = {.title = "RESERVED", .add = add_value, .value = reserved},
	[CHANGE] = {.title = "+/-",
		    .width = BYTES_COLUMNS,
		    .spare = SPARE_POOL,
		    .add = add_pool_change,
		    .figure = pool_figure,
		    .add_amount = add_bytes},
	[ASKED] = {.title = "ASKED", .width = BYTES_COLUMNS, .spare = SPARE_DETAIL, .add = add_value, .value = asked},
	[PEAK] = {.title = "PEAK", .width = BYTES_COLUMNS, .spare = SPARE_DETAIL, .add = add_value, .value = peak},
	[CAPACITY] = {.title = "CAPACITY", .spare = SPARE_DETAIL, .add = add_value, .value = capacity},
	[LARGEST_FREE] = {.title = "LARGEST-FREE", .spare = SPARE_DETAIL, .add = add_largest_free},
	[TIMES] = {.title = "", .left = true, .spare = SPARE_TIMES, .add = add_times},
	[TRACE] = {.title = "TRACE", .width = BYTES_COLUMNS, .spare = SPARE_DETAIL, .add = add_value, .value = trace},
};

static const enum column_id first_columns[] = {PID, PROCESS, DEVICE, BUFFERS};
static const enum column_id wide_columns[] = {PID,   PROCESS, DEVICE,	POOL, BUFFERS,	    RESERVED, CHANGE,
					      ASKED, PEAK,    CAPACITY, USE,  LARGEST_FREE, TRACE};

static void add_columns(columns *c, const struct table_options *o, const enum column_id *ids, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (ids[i] != CHANGE || o->delta)
			vec_push(c, (struct column){.kind = &kinds[ids[i]]});
}

static void add_pool_columns(columns *c, const struct table_options *o, const struct pool_column *pools, size_t nr_pools)
{
	add_columns(c, o, first_columns, ARRAY_SIZE(first_columns));
	for (size_t i = 0; i < nr_pools; i++) {
		*vec_add(c) = (struct column){.kind = &kinds[POOL_AMOUNT], .pool = pools[i].name};
		if (pools[i].has_capacity)
			*vec_add(c) = (struct column){.kind = &kinds[USE], .pool = pools[i].name};
	}
	vec_push(c, (struct column){.kind = &kinds[TOTAL]});
}

static bool has_core(const struct pool_column *pools, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (pools[i].is_core)
			return true;
	return false;
}

void columns_add(columns *c, const struct table_options *o, const struct pool_column *pools, size_t nr_pools, bool several)
{
	if (o->wide)
		add_columns(c, o, wide_columns, ARRAY_SIZE(wide_columns));
	else
		add_pool_columns(c, o, pools, nr_pools);
	/* It is said of the total where there is one, else of the row. */
	if (several && !o->wide)
		vec_push(c, (struct column){.kind = &kinds[TIMES]});
	if (has_core(pools, nr_pools))
		vec_push(c, (struct column){.kind = &column_circular});
	if (has_core(pools, nr_pools) && o->wide)
		vec_push(c, (struct column){.kind = &column_circular_room});
	if (several && o->wide)
		vec_push(c, (struct column){.kind = &kinds[TIMES]});
}

bool column_is_name(const struct column *c)
{
	return c->kind == &kinds[PROCESS];
}

/* A chip's figures are remembered by its number: rows may be divided, or come together, from table to table. */
static bool is_of_chips(const struct row *row)
{
	return row->device->group.chips.nr && !row->device->by_mesh;
}

static size_t nr_places(const struct row *row)
{
	return is_of_chips(row) ? row->device->group.chips.nr : 1;
}

#define DEVICE_KEY (1ULL << 31)
#define SUM_KEY (1ULL << 62)
#define UNKNOWN_KEY (1ULL << 63)

/*
 * The key of a figure is (process and chip, or device, what): a pool's name is one pointer as long as the ledger lives, and a
 * kind's address never is one.
 */
static uint64_t place_key(const struct row *row, size_t place)
{
	const struct chip_group *g = &row->device->group;

	return row->device->process->id << 32 | (is_sum(row) ? SUM_KEY : 0) |
	       (is_of_chips(row) ? g->chips.items[place] : DEVICE_KEY | g->devices.items[0]->number);
}

static uint64_t figure_key(const struct row *row, const struct column *c)
{
	const char *pool = pool_of(row, c);

	return pool && c->kind->figure == pool_figure ? (uintptr_t)pool : (uintptr_t)c->kind;
}

bool row_known(const struct row *row)
{
	if (!row->before || !is_sum(row))
		return row->before && map_get(row->before, row->device->process->id, UINT64_MAX);
	for (size_t i = 0; i < nr_places(row); i++)
		if (!map_get(row->before, place_key(row, i), UINT64_MAX))
			return false;
	return true;
}

void process_remember(struct map *figures, const struct ledger_process *p)
{
	map_put(figures, p->id, UINT64_MAX, NULL);
}

void sum_remember(struct map *figures, const struct row *row)
{
	for (size_t i = 0; i < nr_places(row); i++)
		map_put(figures, place_key(row, i), UINT64_MAX, NULL);
}

/* A figure that was not known is remembered as such: what is absent is of a device that had held nothing. */
void column_remember(struct map *figures, const struct row *row, const struct column *c)
{
	uint64_t value = 0;
	bool known;

	if (!c->kind->figure)
		return;
	known = c->kind->figure(row, c, &value);
	for (size_t i = 0; i < nr_places(row); i++)
		map_put(figures, place_key(row, i) ^ (known ? 0 : UNKNOWN_KEY), figure_key(row, c), NULL)->value =
			known ? value : 0;
}

/* As place_key(), in the table before: on which chips a device stands may not have been known then. */
static uint64_t place_before(const struct row *row, size_t place, uint64_t figure)
{
	const struct chip_group *g = &row->device->group;
	uint64_t key = place_key(row, place);

	if (g->devices.nr > 1 || map_get(row->before, key, figure) || map_get(row->before, key ^ UNKNOWN_KEY, figure))
		return key;
	return row->device->process->id << 32 | DEVICE_KEY | g->devices.items[0]->number;
}

/* What each of the row's chips had. False: it was not known, or not the same. */
static bool figure_before(const struct row *row, const struct column *c, uint64_t *ret)
{
	uint64_t figure = figure_key(row, c);

	for (size_t i = 0; i < nr_places(row); i++) {
		uint64_t place = place_before(row, i, figure);
		const struct map_entry *e = map_get(row->before, place, figure);
		uint64_t before = e ? e->value : 0;

		if (map_get(row->before, place ^ UNKNOWN_KEY, figure) || (i && before != *ret))
			return false;
		*ret = before;
	}
	return true;
}

void column_add_change(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	uint64_t now = 0, before = 0;

	if (!row_known(row)) {
		str_add(&cell->text, "-");
		return;
	}
	if (!c->kind->figure(row, c, &now) || !figure_before(row, c, &before)) {
		str_add(&cell->text, "?");
		return;
	}
	if (now == before) {
		str_add(&cell->text, "-");
		return;
	}
	cell->tone = now > before ? TONE_MORE : TONE_LESS;
	str_add_char(&cell->text, now > before ? '+' : '-');
	c->kind->add_amount(&cell->text, row->options, now > before ? now - before : before - now);
}
