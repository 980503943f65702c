/*
 * books_buffers.h: what the runtime itself knows of its living buffers, read from outside while the process runs: the
 * lists of blocks say where something lies and how much it takes, these say what was asked for, and by which number.
 */
#ifndef RUNTIME_BOOKS_BUFFERS_H
#define RUNTIME_BOOKS_BUFFERS_H

#include "runtime/books.h"

/* Of one buffer; what is not known is not set. */
struct book_buffer {
	uint64_t owner, address;
	const char *pool, *layout; /* the runtime's names; layout NULL: not known */
	uint64_t asked, id;
	bool has_asked, has_id;
};

typedef VEC(struct book_buffer) book_buffers; /* by owner, pool, address */

/*
 * Read the buffers of all owners that the last scan found: twice, and only what was the same both times is kept. A
 * runtime that does not say where they are has none, nor has a process that is gone. *@ret is released and filled anew.
 */
void books_read_buffers(struct books *books, book_buffers *ret);
/*
 * The buffer that holds block @b of arena @a: at its address, and not larger. NULL: there is none, or more than one says so.
 */
const struct book_buffer *book_buffers_find(const book_buffers *buffers, const struct book_arena *a,
					    const struct book_block *b);

#endif
