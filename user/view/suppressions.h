/*
 * suppressions.h: what is known to grow and wanted to, as a file of the user says. A line each:
 *
 *	line:PATTERN		file and line, such as /srv/serve.py:118
 *	function:PATTERN	step
 *	file:PATTERN		of the source, or else of the machine code
 *
 * of the code whose an allocation is (call_group.h), as fnmatch(3) compares. Empty lines and what begins with # say nothing.
 */
#ifndef VIEW_SUPPRESSIONS_H
#define VIEW_SUPPRESSIONS_H

#include "base/diag.h"
#include "base/str.h"
#include "view/call_group.h"

enum suppression_kind { SUPPRESS_LINE, SUPPRESS_FUNCTION, SUPPRESS_FILE };

struct suppression {
	enum suppression_kind kind;
	char *text;	     /* all of it */
	const char *pattern; /* in it */
	size_t line;	     /* of the file, from 1 */
	bool used;	     /* something matched */
};

/* `struct suppressions s = {};` is empty and valid. */
struct suppressions {
	VEC(struct suppression) items;
	struct map by_stack; /* (stack, 0) -> the number of the one that matches, from 1; 0: none */
};

enum { SUPPRESSIONS_BYTES = 1 << 20 };

void suppressions_release(struct suppressions *s);
/* Adds those of the file @name with @text, of any bytes. -EINVAL: @d says in which line something is wrong. */
int suppressions_parse(struct suppressions *s, const char *name, const char *text, size_t len, struct diag *d);
/* Likewise, from the file itself; also -errno. */
int suppressions_load(struct suppressions *s, const char *path, struct diag *d);
/* The first one that matches a block of that stack; NULL: none. */
const struct suppression *suppressions_find(struct suppressions *s, const struct call_groups *g, const struct ledger *l, uint64_t stack);

#endif
