/*
 * columns.h: numbers that belong together, one behind the other, as bytes that compress well. Numbers of one field
 * differ little, and their high bytes hardly at all: a plane holds the same byte of all of them.
 */
#ifndef STREAM_COLUMNS_H
#define STREAM_COLUMNS_H

#include "base/vec.h"
#include "stream/file_format.h"

/* How a column's numbers are written. COLUMN_PLANES + n: n + 1 planes, the lowest bytes first. */
enum column_coding {
	COLUMN_SAME,	/* a varint: all of them are this one */
	COLUMN_VARINTS, /* a varint each */
	COLUMN_PLANES,
	COLUMN_CODINGS = COLUMN_PLANES + 8,
};

typedef VEC(uint64_t) numbers;

/* A number whose sign is its lowest bit, so that small ones are short whatever their sign; and back. */
static inline uint64_t column_fold(uint64_t difference)
{
	return difference << 1 ^ -(difference >> 63);
}

static inline uint64_t column_unfold(uint64_t folded)
{
	return folded >> 1 ^ -(folded & 1);
}

/* Add a column: its coding, how many numbers it has, and these. */
void column_add(struct str *s, const uint64_t *values, size_t nr);

/* Columns that were read: their numbers one behind the other, in memory that is used again for the next ones. */
struct column_pool {
	numbers values;
	size_t left; /* numbers that may still be read: what a few bytes stand for has a limit */
};

/* A column in a pool: number i is pool->values.items[at + i]; of a COLUMN_SAME column there is one for all. */
struct column {
	size_t at, nr;
	bool same;
};

void column_pool_release(struct column_pool *pool);
/* Begin anew: @max numbers at most. */
void column_pool_clear(struct column_pool *pool, size_t max);

/* Read a column. -EBADMSG when it is malformed, or has more than @max numbers or than the pool may hold. */
int column_read(struct file_bytes *b, size_t max, struct column_pool *pool, struct column *ret);
/*
 * A column whose numbers are needed one after the other: number i is [i & mask] of its window, once that has been moved
 * there. Nothing that is not needed yet takes memory, or room in the processor's caches.
 */
enum { COLUMN_WINDOW = 64 };

struct column_stream {
	const unsigned char *planes; /* the window is moved over them; NULL: it never is */
	unsigned nr_planes;
	size_t nr, mask;
	size_t at; /* of the window in the pool */
};

/* As column_read(); what it is read from must stay. */
int column_open(struct file_bytes *b, size_t max, struct column_pool *pool, struct column_stream *ret);
/* Valid until the next column is read or opened. */
static inline uint64_t *column_window(const struct column_pool *pool, const struct column_stream *c)
{
	return pool->values.items + c->at;
}
/* Move it to number @first, a multiple of COLUMN_WINDOW. */
void column_move(const struct column_pool *pool, const struct column_stream *c, size_t first);

/* Room for @nr numbers that were not read; where it is in the pool. */
size_t column_pool_add(struct column_pool *pool, size_t nr);

/* Folded differences to the number before, at first 0, become the numbers themselves, and none is the SAME any more. */
void column_sum(struct column_pool *pool, struct column *c);

/* Its numbers, valid until the next one is read: number i is [i & column_mask()]. */
static inline const uint64_t *column_values(const struct column_pool *pool, const struct column *c)
{
	return pool->values.items + c->at;
}

static inline size_t column_mask(const struct column *c)
{
	return c->same ? 0 : SIZE_MAX;
}

#endif
