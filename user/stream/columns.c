#include "stream/columns.h"

#include <errno.h>

enum {
	FEW = 64,   /* numbers: so few have no planes worth compressing */
	BLOCK = 64, /* numbers that are put together at a time */
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
	for (unsigned i = 0; i < BLOCK; i++)
		values[i] = p[i];
	for (unsigned k = 1; k < planes; k++) {
		p += nr;
		for (unsigned i = 0; i < BLOCK; i++)
			values[i] |= (uint64_t)p[i] << 8 * k;
	}
}

static int read_planes(struct file_bytes *b, unsigned planes, size_t nr, struct column_pool *pool)
{
	const unsigned char *p = (const unsigned char *)b->p;
	uint64_t *values;
	size_t i = 0;

	if (nr > (size_t)(b->end - b->p) / planes)
		return -EBADMSG;
	values = make_room(pool, nr);
	for (; i + BLOCK <= nr; i += BLOCK)
		join_block(p + i, nr, planes, values + i);
	for (; i < nr; i++) {
		values[i] = 0;
		for (unsigned k = 0; k < planes; k++)
			values[i] |= (uint64_t)p[k * nr + i] << 8 * k;
	}
	b->p += nr * planes;
	return 0;
}

int column_read(struct file_bytes *b, size_t max, struct column_pool *pool, struct column *ret)
{
	uint64_t nr = 0;
	unsigned coding;

	if (b->p == b->end)
		return -EBADMSG;
	coding = (unsigned char)*b->p++;
	if (coding >= COLUMN_CODINGS || !file_varint(b, &nr) || nr > max || nr > pool->left)
		return -EBADMSG;
	pool->left -= nr;
	*ret = (struct column){.at = pool->values.nr, .nr = nr, .same = coding == COLUMN_SAME};
	if (coding == COLUMN_SAME)
		return read_same(b, pool);
	if (coding == COLUMN_VARINTS)
		return read_varints(b, nr, pool);
	return read_planes(b, coding - COLUMN_PLANES + 1, nr, pool);
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
