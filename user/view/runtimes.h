/* runtimes.h: `pooltrace runtimes`: what a runtime file says, and what of it was found in a program's file, as text. */
#ifndef VIEW_RUNTIMES_H
#define VIEW_RUNTIMES_H

#include "base/str.h"
#include "runtime/bind.h"

enum { RUNTIMES_WIDTH = 11 /* columns of what stands before each line */ };

/* Why something is missing: a text that may hold several lines, each under the first. It is escaped. */
void runtimes_add_reason(struct str *s, const char *text);

/* A runtime without a process: its rows, values, arithmetic and books as its file has them. */
void view_runtime(struct str *s, const struct runtime *rt);

/*
 * A runtime and the file that has it: each probe with its symbol, file offset, the instruction there and whether the
 * kernel emulates it, and the values it reads; each layout value and how it was found; the books. What is missing has
 * its reason.
 */
void view_binding(struct str *s, const struct binding *b);

/* A part of a binding's books. */
struct books_part {
	const char *name; /* NULL: there is nothing to say of it */
	bool known;
	struct str text; /* where it lies; escaped */
	char *problem;	 /* why it is not known; NULL */
};

/* Part @i, from 0 on. False: there are no more. The caller releases it. */
bool view_books_part(const struct binding *b, size_t i, struct books_part *ret);
void books_part_release(struct books_part *part);

#endif
