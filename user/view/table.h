/*
 * table.h: the table of `top` and `report`.
 *
 * A cell says "?" for what is not known and "-" for what does not apply (a device without that pool) or, among changes,
 * has not changed; 0 is a figure. Changes are against the table before: the first one has none, nor has a process that
 * it did not show; a device that it did not show had nothing then.
 *
 * TOTAL is the sum of the selected pools. Trace buffers outside of pool TRACE are counted where they lie, and a line
 * below the row says how much that is; with --pool TRACE they are in BUFFERS and TOTAL though their pool has no column.
 *
 * Figures are of one chip. Chips of a process that stand under the same devices share a row, which says how many they are;
 * a last row sums up what several processes have on the same chips.
 *
 * On a terminal that is too narrow, whole columns are left out, those that matter least first; the lines above the table
 * are wrapped where there are enough rows, else cut.
 */
#ifndef VIEW_TABLE_H
#define VIEW_TABLE_H

#include "base/str.h"
#include "view/select.h"

struct table_options {
	const struct selection *selection;
	bool asked;    /* requested instead of reserved bytes */
	bool bytes;    /* plain numbers */
	bool delta;    /* the +/- row */
	bool wide;     /* a row a pool */
	bool by_mesh;  /* a row a device, not one for all chips with the same figures */
	bool color;    /* ANSI colours for changes (increase, decrease) and warnings */
	bool recorded; /* from a file: no "every 500ms" */
	unsigned int rows, columns; /* of the terminal, 0: no limit */
};

/* What the table before showed, for the changes. `struct table_state s = {};` is empty and valid. */
struct table_state {
	struct map figures; /* (process and chip, pool) -> reserved or asked */
	bool shown;
};

void table_state_release(struct table_state *s);

/* Add header lines, column titles and rows for the ledger as it is, and update @state. Names are escaped. */
void table_add(struct str *out, const struct ledger *l, const struct table_options *o, struct table_state *state);

/* The lines above a table of so many rows: the first of several forms that leaves room for all of it; figures come before words. */
void table_add_header(struct str *out, const struct ledger *l, const struct table_options *o, size_t rows);

#endif
