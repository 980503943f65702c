/* report_leaks.h: what grows and what was left, as `leaks` says it. */
#ifndef VIEW_REPORT_LEAKS_H
#define VIEW_REPORT_LEAKS_H

#include "view/leaks.h"

struct report_leaks {
	const struct ledger *l;
	const struct leaks *leaks; /* finished */
	const char *by;		   /* what has a row: "function" */
	size_t most;		   /* rows of each kind */
	bool bytes;		   /* sizes as plain numbers */
	bool color;
};

/* Sites that leak, sites whose blocks were left, and a sentence a process. */
void report_leaks_add(struct str *out, const struct report_leaks *r);
/* As docs/json.md has it: all rows. */
void report_leaks_add_json(struct str *out, const struct report_leaks *r);
/* Sites that leak. */
size_t report_leaks_count(const struct leaks *l);

#endif
