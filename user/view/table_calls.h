/* table_calls.h: who holds memory: the table of `top --by line` and its like, in place of that of the pools. */
#ifndef VIEW_TABLE_CALLS_H
#define VIEW_TABLE_CALLS_H

#include "view/profile.h"
#include "view/table.h"

struct table_calls {
	const struct ledger *l;
	const struct profile *profile; /* of PROFILE_BY_CALL */
	const char *by;		       /* what has a row: "function" */
	size_t most;		       /* rows; 0: as many as there is room for, without a terminal TABLE_CALLS_ROWS */
	const struct table_options *table;
};

enum { TABLE_CALLS_ROWS = 10 };

/* Header lines as of the table, then a row for each group of each pool that is shown, those that hold most first. */
void table_calls_add(struct str *out, const struct table_calls *t);
/* As docs/json.md has it: all rows. */
void table_calls_add_json(struct str *out, const struct table_calls *t);

#endif
