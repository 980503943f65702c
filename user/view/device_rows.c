#include "view/device_rows.h"

#include <stdlib.h>

void device_rows_release(device_rows *rows)
{
	for (size_t i = 0; i < rows->nr; i++) {
		vec_release(&rows->items[i].group.chips);
		vec_release(&rows->items[i].group.devices);
		vec_release(&rows->items[i].group.peaks);
	}
	vec_release(rows);
}

static struct chip_group copy_group(const struct chip_group *g)
{
	struct chip_group copy = {};

	for (size_t i = 0; i < g->chips.nr; i++)
		vec_push(&copy.chips, g->chips.items[i]);
	for (size_t i = 0; i < g->devices.nr; i++)
		vec_push(&copy.devices, g->devices.items[i]);
	for (size_t i = 0; i < g->peaks.nr; i++)
		vec_push(&copy.peaks, g->peaks.items[i]);
	return copy;
}

static void add_groups(device_rows *rows, const struct ledger_process *p, const struct selection *s)
{
	for (size_t i = 0; i < p->groups.nr; i++)
		if (selection_has_group(s, &p->groups.items[i]))
			vec_push(rows, ((struct device_row){
					       .process = p, .nr_processes = 1, .group = copy_group(&p->groups.items[i])}));
}

static void add_devices(device_rows *rows, const struct ledger_process *p, const struct selection *s)
{
	for (size_t i = 0; i < p->devices.nr; i++) {
		const struct device *d = p->devices.items[i];
		struct device_row row = {.process = p, .nr_processes = 1, .by_mesh = true};

		if (!device_shown(d) || !selection_has_device(s, d))
			continue;
		for (size_t k = 0; k < d->chips.nr; k++)
			vec_push(&row.group.chips, d->chips.items[k]);
		vec_push(&row.group.devices, d);
		vec_push(rows, row);
	}
}

static int in_order(const void *a, const void *b)
{
	const struct device_row *x = a, *y = b;
	bool x_known = x->group.chips.nr && !x->by_mesh, y_known = y->group.chips.nr && !y->by_mesh;
	unsigned int m = x_known ? x->group.chips.items[0] : x->group.devices.items[0]->number;
	unsigned int n = y_known ? y->group.chips.items[0] : y->group.devices.items[0]->number;

	if (x_known != y_known)
		return x_known ? -1 : 1;
	return m < n ? -1 : m > n;
}

void device_rows_add(device_rows *rows, const struct ledger_process *p, const struct selection *s, bool by_mesh)
{
	size_t before = rows->nr;

	(by_mesh ? add_devices : add_groups)(rows, p, s);
	if (rows->nr > before)
		qsort(&rows->items[before], rows->nr - before, sizeof(*rows->items), in_order);
}

static const struct ledger_process *process_of(const struct device *d)
{
	return d->arenas.items[0]->process;
}

const struct ledger_process *device_row_process(const struct device_row *row, size_t i)
{
	const struct ledger_process *last = NULL;

	/* The devices of a group are in the order of their processes. */
	for (size_t k = 0; k < row->group.devices.nr; k++) {
		const struct ledger_process *p = process_of(row->group.devices.items[k]);

		if (p != last && !i--)
			return p;
		last = p;
	}
	return NULL;
}

/* Do the numbers of their chips mean the same? */
static bool same_numbering(const struct ledger_process *a, const struct ledger_process *b)
{
	/* Equal texts of a ledger are one. */
	return a->visible && a->visible == b->visible && a->runtime == b->runtime && a->host == b->host && !a->ended && !b->ended;
}

static bool all_chips_known(const struct ledger_process *p)
{
	for (size_t i = 0; i < p->devices.nr; i++)
		if (device_shown(p->devices.items[i]) && !p->devices.items[i]->chips.nr)
			return false;
	return true;
}

/* Is it the first whose chips have these numbers? */
static bool is_first(const struct ledger *l, const struct ledger_process *p)
{
	for (size_t i = 0; l->processes.items[i] != p; i++)
		if (same_numbering(l->processes.items[i], p))
			return false;
	return p->visible && !p->ended;
}

static void add_sums_with(device_rows *rows, const struct ledger *l, const struct ledger_process *first)
{
	VEC(const struct device *) devices = {};
	chip_groups groups = {};

	for (size_t i = 0; i < l->processes.nr; i++) {
		const struct ledger_process *p = l->processes.items[i];

		for (size_t k = 0; same_numbering(first, p) && all_chips_known(p) && k < p->devices.nr; k++)
			if (device_shown(p->devices.items[k]))
				vec_push(&devices, p->devices.items[k]);
	}
	chip_groups_make(devices.items, devices.nr, &groups);
	for (size_t i = 0; i < groups.nr; i++) {
		struct device_row row = {.process = first, .group = copy_group(&groups.items[i])};

		while (device_row_process(&row, row.nr_processes))
			row.nr_processes++;
		vec_push(rows, row);
	}
	chip_groups_release(&groups);
	vec_release(&devices);
}

void device_rows_add_sums(device_rows *rows, const struct ledger *l, const struct selection *s)
{
	device_rows all = {};

	for (size_t i = 0; i < l->processes.nr; i++)
		if (is_first(l, l->processes.items[i]))
			add_sums_with(&all, l, l->processes.items[i]);
	for (size_t i = 0; i < all.nr; i++)
		if (all.items[i].nr_processes > 1 && selection_has_group(s, &all.items[i].group))
			vec_push(rows, ((struct device_row){.process = all.items[i].process,
							    .nr_processes = all.items[i].nr_processes,
							    .group = copy_group(&all.items[i].group)}));
	device_rows_release(&all);
}
