#include "view/columns.h"

#include "base/units.h"

#include <inttypes.h>
#include <string.h>

enum { NAME_COLUMNS = 32 };

static const char *pool_of(const struct row *row, const struct column *c)
{
	return c->pool ? c->pool : row->pool;
}

/* Figures of the pool that a cell is about. False: the device has no such pool. */
static bool pool_figures(const struct row *row, const struct column *c, struct figures *ret)
{
	return device_figures(row->device, pool_of(row, c), ret);
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

static void add_pid(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	(void)c;
	str_addf(&cell->text, "%d", row->process->pid);
}

static void add_process(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	struct pen pen = {.out = &cell->text, .columns = NAME_COLUMNS};
	struct str name = {};

	(void)c;
	str_add_escaped(&name, *row->process->name ? row->process->name : "?");
	pen_add(&pen, str_text(&name), TONE_PLAIN);
	str_release(&name);
}

static void add_device(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	(void)c;
	str_addf(&cell->text, "%u", row->device->number);
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
	selection_figures(row->options->selection, row->process, row->device, &f);
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
		selection_figures(row->options->selection, row->process, row->device, &f);
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

/* The columns of a row a pool, whose pool the device has. */

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
	bool known = device_largest_free(row->device, pool_of(row, c), &bytes);

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
};

enum { BYTES_COLUMNS = 8 };

/* What a narrow terminal can do without, the last first. */
enum { SPARE_NEVER, SPARE_DEVICE, SPARE_POOL, SPARE_DETAIL, SPARE_BUFFERS, SPARE_PROCESS, SPARE_USE };

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

void columns_add(columns *c, const struct table_options *o, const struct pool_column *pools, size_t nr_pools)
{
	if (o->wide) {
		add_columns(c, o, wide_columns, ARRAY_SIZE(wide_columns));
		return;
	}
	add_columns(c, o, first_columns, ARRAY_SIZE(first_columns));
	for (size_t i = 0; i < nr_pools; i++) {
		*vec_add(c) = (struct column){.kind = &kinds[POOL_AMOUNT], .pool = pools[i].name};
		if (pools[i].has_capacity)
			*vec_add(c) = (struct column){.kind = &kinds[USE], .pool = pools[i].name};
	}
	vec_push(c, (struct column){.kind = &kinds[TOTAL]});
}

bool column_is_name(const struct column *c)
{
	return c->kind == &kinds[PROCESS];
}

/*
 * The key of a figure is (process and device, what): a pool's name is one pointer as long as the ledger lives, and a
 * kind's address never is one.
 */
static uint64_t device_key(const struct row *row)
{
	return row->process->id << 32 | row->device->number;
}

static uint64_t figure_key(const struct row *row, const struct column *c)
{
	const char *pool = pool_of(row, c);

	return pool && c->kind->figure == pool_figure ? (uintptr_t)pool : (uintptr_t)c->kind;
}

bool row_known(const struct row *row)
{
	return row->before && map_get(row->before, row->process->id, UINT64_MAX);
}

void row_remember(struct map *figures, const struct ledger_process *p)
{
	map_put(figures, p->id, UINT64_MAX, NULL);
}

/* A figure that was not known is remembered as such: what is absent is of a device that had held nothing. */
static uint64_t unknown_key(const struct row *row)
{
	return device_key(row) ^ 1ULL << 63;
}

void column_remember(struct map *figures, const struct row *row, const struct column *c)
{
	uint64_t value = 0;

	if (!c->kind->figure)
		return;
	if (c->kind->figure(row, c, &value))
		map_put(figures, device_key(row), figure_key(row, c), NULL)->value = value;
	else
		map_put(figures, unknown_key(row), figure_key(row, c), NULL);
}

void column_add_change(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	uint64_t now = 0, before;
	const struct map_entry *e;

	if (!row_known(row)) {
		str_add(&cell->text, "-");
		return;
	}
	e = map_get(row->before, device_key(row), figure_key(row, c));
	before = e ? e->value : 0;
	if (!c->kind->figure(row, c, &now) || map_get(row->before, unknown_key(row), figure_key(row, c))) {
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
