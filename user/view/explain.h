/*
 * explain.h: what became of the memory of each process, phase by phase, and in plain words: a table with a row a phase,
 * what a trace means for it, what to type so that pools are large enough, and why allocations failed.
 *
 * Columns are pools, and what lies in a pool. Cells are as in the table of `top`: "?" is not known, "-" does not apply,
 * or has not changed.
 */
#ifndef VIEW_EXPLAIN_H
#define VIEW_EXPLAIN_H

#include "base/str.h"
#include "view/select.h"

struct explain_options {
	const struct selection *selection;
	bool bytes;    /* plain numbers */
	bool color;    /* ANSI colours for titles and warnings */
	bool recorded; /* from a file: processes that have ended are shown as well */
	unsigned int rows, columns; /* of the terminal, 0: no limit */
};

/* Text for all processes that are shown. Names are escaped. */
void explain_add(struct str *out, const struct ledger *l, const struct explain_options *o);
/* The same as one JSON object and a newline; docs/json.md is the contract. */
void explain_add_json(struct str *out, const struct ledger *l, const struct explain_options *o);

#endif
