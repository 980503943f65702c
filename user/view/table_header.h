/* table_header.h: the lines above the table: what is watched, how far it can be trusted, and what phase it is in. */
#ifndef VIEW_TABLE_HEADER_H
#define VIEW_TABLE_HEADER_H

#include "view/table.h"
#include "view/table_grid.h"

void table_header_add(struct pen *pen, const struct ledger *l, const struct table_options *o);
/* The first line alone, without those of the processes. */
void table_header_add_brief(struct pen *pen, const struct ledger *l, const struct table_options *o);

/*
 * "execution: trace 0 replayed 1204 times; nothing has been allocated since ...", from what the ledger knows. Nothing
 * when there is nothing to say.
 */
void table_phase_add(struct str *out, const struct ledger *l, const struct ledger_process *p);

#endif
