/*
 * perfetto_stacks.h: call stacks in a Perfetto trace: frames, functions and files are told once, when a slice first needs them, and a
 * slice refers to its stack by number. It also has two arguments: the line of the program's own, and all of it as one text, for what
 * does not know of stacks of slices.
 */
#ifndef VIEW_PERFETTO_STACKS_H
#define VIEW_PERFETTO_STACKS_H

#include "view/call_group.h"
#include "view/perfetto.h"
#include "view/string_table.h"

/* `struct perfetto_stacks s = {};` is empty and valid. */
struct perfetto_stacks {
	struct string_table functions, sources, paths, texts;
	struct map told_frames, told_modules; /* (number, 0) */
	struct map told_stacks; /* (number, 0) -> numbers of its texts: the line's, and in the lower half its own */
	struct call_groups lines, chains;
};

void perfetto_stacks_release(struct perfetto_stacks *s);
/* Have @e, which comes next in @out, refer to what @b was called by: nothing if that is not known. */
void perfetto_stacks_set(struct perfetto_stacks *s, struct str *out, const struct ledger *l, const struct block *b,
			 struct perfetto_event *e);

#endif
