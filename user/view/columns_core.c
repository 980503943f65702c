/* The columns of what lies in the cores' own memory, but in no pool: circular buffers. They are of one core. */
#include "view/columns.h"

#include "base/units.h"

#include <inttypes.h>

enum { BYTES_COLUMNS = 8 };

/* False: none can be there, or the row is about another pool. */
static bool circular(const struct row *row, struct circular_figures *ret)
{
	if (row->pool && row->pool != row->device->process->core)
		return false;
	return chip_group_circular(&row->device->group, ret);
}

static void add_bytes(struct str *out, const struct table_options *o, uint64_t bytes)
{
	if (o->bytes)
		str_addf(out, "%" PRIu64, bytes);
	else
		units_add_bytes(out, bytes);
}

static void add_figure(struct str *out, const struct row *row, bool known, const char *bound, uint64_t bytes)
{
	if (!known) {
		str_add_char(out, '?');
		return;
	}
	str_add(out, bound);
	add_bytes(out, row->options, bytes);
}

static void add_circular(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	struct circular_figures f;

	(void)c;
	if (circular(row, &f))
		add_figure(&cell->text, row, f.known, f.exact ? "" : ">=", f.bytes);
	else
		str_add_char(&cell->text, '-');
}

static void add_room(struct grid_cell *cell, const struct row *row, const struct column *c)
{
	struct circular_figures f;

	(void)c;
	if (circular(row, &f))
		add_figure(&cell->text, row, f.has_room, f.exact ? "" : "<=", f.room);
	else
		str_add_char(&cell->text, '-');
}

static bool circular_figure(const struct row *row, const struct column *c, uint64_t *ret)
{
	struct circular_figures f;
	bool any = circular(row, &f);

	(void)c;
	*ret = any ? f.bytes : 0;
	return !any || f.exact;
}

const struct column_kind column_circular = {
	.title = "CB/CORE",
	.width = BYTES_COLUMNS,
	.spare = COLUMN_SPARE_CORE,
	.add = add_circular,
	.figure = circular_figure,
	.add_amount = add_bytes,
};

const struct column_kind column_circular_room = {
	.title = "CB-ROOM",
	.width = BYTES_COLUMNS,
	.spare = COLUMN_SPARE_CORE,
	.add = add_room,
};
