/* What a report's tables are about: one pool at one place, with all that happened there. */
#include "view/report_parts.h"

#include "view/device_name.h"

#include <string.h>

/* Add up an arena that is of the row's pool. */
static void add_arena(const struct report *r, struct report_row *row, const struct arena *a)
{
	const struct arena_summary *sum = summary_arena(r->s, a->id);
	const struct figures *end = summary_end(r->s, a);

	row->end.buffers += end->buffers;
	row->end.reserved += end->reserved;
	/* Those at one place have the same bounds, but for a resize: the last one's are told. */
	row->end.has_capacity = a->figures.has_capacity;
	row->end.capacity = a->figures.capacity;
	if (!sum)
		return;
	arena_summary_add(&row->sum, sum);
	if (sum->peak <= row->peak)
		return;
	row->peak = sum->peak;
	row->peak_ns = sum->peak_ns;
}

/* False: the device has no such pool. */
static bool add_device(const struct report *r, struct report_row *row, const struct device *d)
{
	size_t nr = 0;

	for (size_t i = 0; i < d->arenas.nr; i++) {
		if (strcmp(d->arenas.items[i]->pool, row->pool))
			continue;
		add_arena(r, row, d->arenas.items[i]);
		nr++;
	}
	row->peak_known &= nr <= 1;
	return nr > 0;
}

static void add_row(const struct report *r, report_rows *rows, const struct device *last, const char *pool)
{
	const struct ledger_process *p = last->arenas.items[0]->process;
	struct report_row row = {.process = p, .device = last, .pool = pool, .peak_known = true};
	bool any = false;

	for (size_t i = 0; i < p->devices.nr; i++)
		if (p->devices.items[i]->held && p->devices.items[i]->number == last->number)
			any |= add_device(r, &row, p->devices.items[i]);
	if (any)
		vec_push(rows, row);
}

/* What failed, and nobody knows on which device. */
static void add_failed(report_rows *rows, const struct ledger_process *p, const char *pool, uint64_t failed)
{
	struct report_row row = {.process = p, .pool = pool};

	if (!failed)
		return;
	row.sum.failed = failed;
	vec_push(rows, row);
}

static void add_failures(const struct report *r, report_rows *rows, const struct ledger_process *p)
{
	const struct process_summary *sum = summary_process(r->s, p->id);
	const struct selection *s = r->table->selection;

	for (size_t i = 0; sum && i < sum->pool_failed.nr; i++)
		if (selection_has_pool(s, p->pools.items[i]))
			add_failed(rows, p, p->pools.items[i], sum->pool_failed.items[i]);
	add_failed(rows, p, NULL, sum ? sum->nowhere_failed : 0);
}

void report_rows_fill(const struct report *r, report_rows *rows)
{
	const struct selection *s = r->table->selection;

	for (size_t i = 0; i < r->l->processes.nr; i++) {
		const struct ledger_process *p = r->l->processes.items[i];

		for (size_t k = 0; k < p->devices.nr; k++) {
			const struct device *d = p->devices.items[k];

			/* Devices of one number are told as the last of them. */
			if (!d->held || !d->arenas.nr || device_of_number(p, d->number) != d || !selection_has_device(s, d))
				continue;
			for (size_t n = 0; n < p->pools.nr; n++)
				if (selection_has_pool(s, p->pools.items[n]))
					add_row(r, rows, d, p->pools.items[n]);
		}
		add_failures(r, rows, p);
	}
}

struct tally report_amounts(const struct tally *classes, size_t first, size_t end)
{
	struct tally sum = {};

	for (size_t i = first; i < end; i++) {
		sum.nr += classes[i].nr;
		sum.bytes += classes[i].bytes;
	}
	return sum;
}
