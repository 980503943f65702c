/* option_table.h: the rows of the table in options.c, for those who parse by it and those who print it. */
#ifndef CMD_OPTION_TABLE_H
#define CMD_OPTION_TABLE_H

#include "cmd/options.h"

struct option_row {
	const char *name;
	char letter;	      /* 0: none */
	const char *argument; /* NULL: none. "on|off": one of these words; "[=...]": it may be left out */
	unsigned int commands; /* enum command_bit */
	int live;	       /* true: is about tracing, means nothing for a recording; RECORDED: the reverse */
	/* Take @text (NULL when there is no argument) into the member at @offset. -EINVAL: @d says why. */
	int (*set)(struct options *o, const struct option_row *row, const char *text, struct diag *d);
	size_t offset;
	const char *help;
};

enum { RECORDED = 2 };

static inline bool option_is_optional(const struct option_row *row)
{
	return row->argument && *row->argument == '[';
}

/* Two options of which only one can be given. */
struct option_conflict {
	const char *a, *b, *hint;
};

/* Both end with a name that is NULL. */
extern const struct option_row option_rows[];
extern const struct option_conflict option_conflicts[];


#endif
