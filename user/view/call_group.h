/* call_group.h: whose code an allocation is, by its call stack: what `report --by` sums up. */
#ifndef VIEW_CALL_GROUP_H
#define VIEW_CALL_GROUP_H

#include "ledger/ledger.h"
#include "ledger/words.h"

/* Whose code it is: the program's own source, outside of what was installed; without any, what is not in a file of the runtime. */
#define CALL_FRAMES_END '\n'

enum call_group_by {
	CALL_BY_LINE,	  /* the innermost line of it */
	CALL_BY_OP,	  /* the outermost function of the runtime's that programs call, as its file says */
	CALL_BY_FUNCTION, /* its function */
	CALL_BY_FILE,	  /* its source file, or else file of machine code */
	CALL_BY_FRAMES,	  /* as CALL_BY_STACK, separated by CALL_FRAMES_END: a name has none */
	CALL_BY_STACK,	  /* all of them, the outermost first; without what an interpreter does between lines of source */
};

/* `struct call_groups g = {.by = ...};` is empty and valid. */
struct call_groups {
	enum call_group_by by;
	const char *const *own; /* patterns of fnmatch(3): only source files with such a path are the program's own; none: see above */
	size_t nr_own;
	struct words words;
	struct map by_stack; /* (stack, runtime) -> its name; NULL: it has no such function */
	struct map runtimes; /* (runtime, 0) -> its struct runtime, of CALL_BY_OP; NULL: its text cannot be read */
};

void call_groups_release(struct call_groups *g);
/*
 * The group of a block of @p: equal names are one, and live as long as @g. NULL: it has no stack; or by operation, none of its
 * functions is one that programs call, as far as anybody knows.
 */
const char *call_group_of(struct call_groups *g, const struct ledger *l, const struct ledger_process *p, const struct block *b);
/* By operation: does no runtime of @l say which functions programs call? Then there is no group at all. */
bool call_groups_lack_api(struct call_groups *g, const struct ledger *l);
/* The frame whose line and function that is, whatever @g groups by. NULL: there is no such stack. */
const struct ledger_frame *call_group_caller(const struct call_groups *g, const struct ledger *l, uint64_t stack);

#endif
