#include "stream/columns.h"

#include <errno.h>

enum {
	FEW = 64,   /* numbers: so few have no planes worth compressing */
	BLOCK = COLUMN_WINDOW, /* numbers that are put together at a time */
	PREFETCH = 2 * BLOCK,  /* bytes */
};

/* Are all numbers the same? In @ret_any is every bit that one of them has. */
static bool all_same(const uint64_t *values, size_t nr, uint64_t *ret_any)
{
	uint64_t any = 0, differs = 0;

	for (size_t i = 0; i < nr; i++) {
		differs |= values[i] ^ values[0];
		any |= values[i];
	}
	*ret_any = any;
	return !differs;
}

static void add_planes(struct str *s, const uint64_t *values, size_t nr, unsigned planes)
{
	_cleanup_(freep) char *plane = xmalloc(nr);

	for (unsigned k = 0; k < planes; k++) {
		for (size_t i = 0; i < nr; i++)
			plane[i] = (char)(values[i] >> 8 * k);
		str_add_bytes(s, plane, nr);
	}
}

void column_add(struct str *s, const uint64_t *values, size_t nr)
{
	uint64_t any;
	bool same = all_same(values, nr, &any);
	unsigned planes = 1;

	while (planes < 8 && any >> 8 * planes)
		planes++;
	str_add_char(s, (char)(same ? COLUMN_SAME : nr < FEW ? COLUMN_VARINTS : COLUMN_PLANES + planes - 1));
	file_add_varint(s, nr);
	if (same) {
		file_add_varint(s, nr ? values[0] : 0);
	} else if (nr < FEW) {
		for (size_t i = 0; i < nr; i++)
			file_add_varint(s, values[i]);
	} else {
		add_planes(s, values, nr, planes);
	}
}

void column_pool_release(struct column_pool *pool)
{
	vec_release(&pool->values);
}

void column_pool_clear(struct column_pool *pool, size_t max)
{
	vec_clear(&pool->values);
	pool->left = max;
}

/* Where @nr more numbers go: somewhere also if there are none. */
static uint64_t *make_room(struct column_pool *pool, size_t nr)
{
	numbers *v = &pool->values;
	size_t at = v->nr;

	if (!v->cap || v->cap - v->nr < nr) {
		do
			v->cap = v->cap ? v->cap * 2 : BLOCK;
		while (v->cap - v->nr < nr);
		v->items = xreallocarray(v->items, v->cap, sizeof(*v->items));
	}
	v->nr += nr;
	return v->items + at;
}

static int read_same(struct file_bytes *b, struct column_pool *pool)
{
	return file_varint(b, make_room(pool, 1)) ? 0 : -EBADMSG;
}

static int read_varints(struct file_bytes *b, size_t nr, struct column_pool *pool)
{
	uint64_t *values;

	/* Each takes a byte at least. */
	if (nr > (size_t)(b->end - b->p))
		return -EBADMSG;
	values = make_room(pool, nr);
	for (size_t i = 0; i < nr; i++)
		if (!file_varint(b, &values[i]))
			return -EBADMSG;
	return 0;
}

/*
 * As many numbers as one register holds a byte of each: with a number that the compiler knows, this is some
 * instructions.
 */
static inline void join_block(const unsigned char *p, size_t nr, unsigned planes, uint64_t *values)
{
	/* More planes are read at a time than the processor follows by itself: what comes next is asked for. */
	for (unsigned k = 0; k < planes; k++)
		__builtin_prefetch(p + k * nr + PREFETCH);
	for (unsigned i = 0; i < BLOCK; i++)
		values[i] = p[i];
	for (unsigned k = 1; k < planes; k++) {
		p += nr;
		for (unsigned i = 0; i < BLOCK; i++)
			values[i] |= (uint64_t)p[i] << 8 * k;
	}
}

/* The same with wider registers, of processors that have them. */
static __attribute__((target("avx2"))) void join_blocks_wide(const unsigned char *p, size_t nr, unsigned planes, size_t blocks,
							     uint64_t *values)
{
	for (; blocks; blocks--, p += BLOCK, values += BLOCK)
		join_block(p, nr, planes, values);
}

static void join_blocks(const unsigned char *p, size_t nr, unsigned planes, size_t blocks, uint64_t *values)
{
	for (; blocks; blocks--, p += BLOCK, values += BLOCK)
		join_block(p, nr, planes, values);
}

/* Numbers @first to @end of @nr whose planes begin at @p. */
static void join(const unsigned char *p, size_t nr, unsigned planes, size_t first, size_t end, uint64_t *values)
{
	size_t blocks = (end - first) / BLOCK;

	if (__builtin_cpu_supports("avx2"))
		join_blocks_wide(p + first, nr, planes, blocks, values);
	else
		join_blocks(p + first, nr, planes, blocks, values);
	for (size_t i = first + blocks * BLOCK; i < end; i++) {
		values[i - first] = 0;
		for (unsigned k = 0; k < planes; k++)
			values[i - first] |= (uint64_t)p[k * nr + i] << 8 * k;
	}
}

/* The planes, which are skipped, in @ret. */
static int skip_planes(struct file_bytes *b, unsigned planes, size_t nr, const unsigned char **ret)
{
	if (nr > (size_t)(b->end - b->p) / planes)
		return -EBADMSG;
	*ret = (const unsigned char *)b->p;
	b->p += nr * planes;
	return 0;
}

static int read_head(struct file_bytes *b, size_t max, struct column_pool *pool, unsigned *ret_coding, size_t *ret_nr)
{
	uint64_t nr = 0;

	if (b->p == b->end)
		return -EBADMSG;
	*ret_coding = (unsigned char)*b->p++;
	if (*ret_coding >= COLUMN_CODINGS || !file_varint(b, &nr) || nr > max || nr > pool->left)
		return -EBADMSG;
	pool->left -= nr;
	*ret_nr = nr;
	return 0;
}

/* A column's numbers are in the pool then, or @ret->planes are theirs. */
static int begin(struct file_bytes *b, size_t max, struct column_pool *pool, struct column_stream *ret)
{
	unsigned coding;
	size_t nr;

	if (read_head(b, max, pool, &coding, &nr))
		return -EBADMSG;
	*ret = (struct column_stream){.at = pool->values.nr, .nr = nr, .mask = coding == COLUMN_SAME ? 0 : SIZE_MAX};
	if (coding == COLUMN_SAME)
		return read_same(b, pool);
	if (coding == COLUMN_VARINTS)
		return read_varints(b, nr, pool);
	ret->nr_planes = coding - COLUMN_PLANES + 1;
	return skip_planes(b, ret->nr_planes, nr, &ret->planes);
}

int column_read(struct file_bytes *b, size_t max, struct column_pool *pool, struct column *ret)
{
	struct column_stream c;

	if (begin(b, max, pool, &c))
		return -EBADMSG;
	*ret = (struct column){.at = c.at, .nr = c.nr, .same = !c.mask};
	if (c.planes)
		join(c.planes, c.nr, c.nr_planes, 0, c.nr, make_room(pool, c.nr));
	return 0;
}

int column_open(struct file_bytes *b, size_t max, struct column_pool *pool, struct column_stream *ret)
{
	if (begin(b, max, pool, ret))
		return -EBADMSG;
	if (!ret->planes)
		return 0;
	ret->mask = COLUMN_WINDOW - 1;
	make_room(pool, COLUMN_WINDOW);
	return 0;
}

void column_move(const struct column_pool *pool, const struct column_stream *c, size_t first)
{
	size_t end = c->nr - first < COLUMN_WINDOW ? c->nr : first + COLUMN_WINDOW;

	if (c->planes)
		join(c->planes, c->nr, c->nr_planes, first, end, column_window(pool, c));
}

size_t column_pool_add(struct column_pool *pool, size_t nr)
{
	return (size_t)(make_room(pool, nr) - pool->values.items);
}

void column_sum(struct column_pool *pool, struct column *c)
{
	const uint64_t *values;
	uint64_t *sums, last = 0;
	size_t mask = column_mask(c), at = c->at;

	if (c->same) {
		c->at = pool->values.nr;
		c->same = false;
		make_room(pool, c->nr);
	}
	values = pool->values.items + at;
	sums = pool->values.items + c->at;
	for (size_t i = 0; i < c->nr; i++)
		sums[i] = last += column_unfold(values[i & mask]);
}
