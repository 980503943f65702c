/* report_tree.h: who holds memory, as a tree of calls, as `report --tree` says it. */
#ifndef VIEW_REPORT_TREE_H
#define VIEW_REPORT_TREE_H

#include "view/profile.h"

struct report_tree {
	const struct ledger *l;
	const struct profile *profile; /* of PROFILE_BY_CALL with CALL_BY_FRAMES, finished */
	size_t most;	      /* of what is called in one place, so many are shown */
	bool now;	      /* as it is at the end; else when the pool held most */
	bool bytes;	      /* sizes as plain numbers */
	bool color;
	unsigned int columns; /* longer lines are continued on the next; 0: no limit */
};

/*
 * For each pool a tree from the outermost function inwards: bytes, which share of the pool's, buffers. Functions in a row of which
 * each calls the next one alone are one row.
 */
void report_tree_add(struct str *out, const struct report_tree *r);
/* As docs/json.md has it: all of it. */
void report_tree_add_json(struct str *out, const struct report_tree *r);

#endif
