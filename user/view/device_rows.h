/* device_rows.h: what has a row in a table and an object in JSON: chips with the same figures, or the runtime's own devices. */
#ifndef VIEW_DEVICE_ROWS_H
#define VIEW_DEVICE_ROWS_H

#include "view/select.h"

struct device_row {
	const struct ledger_process *process; /* of a sum the first of them */
	size_t nr_processes;		      /* more than one: what they have on the same chips, together */
	struct chip_group group;
	bool by_mesh; /* it is one device, whatever others have on its chips */
};

typedef VEC(struct device_row) device_rows;

void device_rows_release(device_rows *rows);
/* Those of a process that are selected. */
void device_rows_add(device_rows *rows, const struct ledger_process *p, const struct selection *s, bool by_mesh);
/*
 * Sums for chips on which several processes stand. Numbers of chips mean the same where host, runtime and visible chips do; of a
 * process with a device whose chips are not known no chip's figure is known: it is in no sum.
 */
void device_rows_add_sums(device_rows *rows, const struct ledger *l, const struct selection *s);
/* Process number @i, in order, of a sum's. NULL: there are no more. */
const struct ledger_process *device_row_process(const struct device_row *row, size_t i);

#endif
