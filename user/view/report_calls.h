/* report_calls.h: who holds memory, as `report --by` says it. */
#ifndef VIEW_REPORT_CALLS_H
#define VIEW_REPORT_CALLS_H

#include "view/profile.h"

struct report_calls {
	const struct ledger *l;
	struct profile *profile; /* of PROFILE_BY_CALL, finished */
	const char *by;		 /* what has a row: "function" */
	size_t most;		 /* rows of a pool */
	bool bytes;		 /* sizes as plain numbers */
	bool color;
};

/* A row for each group of each pool: bytes and buffers at the end, when the pool held most, and allocated in all. */
void report_calls_add(struct str *out, const struct report_calls *r);
/* As docs/json.md has it: all rows. */
void report_calls_add_json(struct str *out, const struct report_calls *r);

#endif
