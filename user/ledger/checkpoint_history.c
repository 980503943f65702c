#include "ledger/checkpoint_parts.h"

static void begin(struct checkpoint *c, const char *name, enum shape shape, const void *object)
{
	struct record r = checkpoint_state(c, name);

	checkpoint_put(c, &r);
	checkpoint_put_members(c, shape, object);
}

static void put_figures(struct checkpoint *c, const struct history_figures *f)
{
	struct record r = checkpoint_state(c, "pool");

	/* Its place among the process's devices, and among its pools. */
	RECORD_SET(&r, ID, id, f->device);
	RECORD_SET(&r, COUNT, count, f->place);
	checkpoint_put(c, &r);
	checkpoint_put_members(c, SHAPE_POOL, f);
	checkpoint_put_members(c, SHAPE_CORE, &f->circular);
}

static void put_row(struct checkpoint *c, const char *name, const struct history_row *row)
{
	begin(c, name, SHAPE_ROW, row);
	for (size_t i = 0; i < row->nr_traces; i++) {
		struct record r = checkpoint_state(c, "row-trace");

		RECORD_SET(&r, TRACE, trace, row->trace[i]);
		checkpoint_put(c, &r);
	}
	for (size_t i = 0; i < row->figures.nr; i++)
		put_figures(c, &row->figures.items[i]);
}

static void put_failure(struct checkpoint *c, const struct history_failure *f)
{
	begin(c, "failure", SHAPE_FAILURE, f);
	for (size_t i = 0; i < f->nr_holders; i++)
		begin(c, "holder", SHAPE_HOLDER, &f->holders[i]);
}

static void put_meanwhile(struct checkpoint *c, const struct history_meanwhile *m)
{
	struct record r = checkpoint_state(c, "meanwhile");

	RECORD_SET(&r, POOL, pool, m->pool);
	checkpoint_put(c, &r);
	checkpoint_put_members(c, SHAPE_MEANWHILE, m);
}

void checkpoint_put_history(struct checkpoint *c, const struct history *h)
{
	begin(c, "history", SHAPE_HISTORY, h);
	for (size_t i = 0; i < h->rows.nr; i++)
		put_row(c, "row", &h->rows.items[i]);
	put_row(c, "running", &h->running);
	for (size_t i = 0; i < h->failures.nr; i++)
		put_failure(c, &h->failures.items[i]);
	for (size_t i = 0; i < h->traces.nr; i++)
		begin(c, "trace", SHAPE_TRACE, &h->traces.items[i]);
	for (size_t i = 0; i < h->meanwhile.nr; i++)
		put_meanwhile(c, &h->meanwhile.items[i]);
}
