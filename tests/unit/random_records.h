/* Records of any kind with any fields, the same for the same seed, and how two are compared. */
#ifndef TESTS_RANDOM_RECORDS_H
#define TESTS_RANDOM_RECORDS_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "stream/record.h"

struct random {
	uint64_t state; /* not 0 */
};

/* xorshift64* */
static inline uint64_t random_next(struct random *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * 0x2545f4914f6cdd1dULL;
}

static inline uint64_t random_below(struct random *r, uint64_t limit)
{
	return (random_next(r) >> 11) % limit;
}

/* Any length of number, and often the edges. */
static inline uint64_t random_number(struct random *r)
{
	uint64_t bits = random_below(r, 65);

	return bits ? random_next(r) >> (64 - bits) : 0;
}

static inline char *random_text(struct random *r)
{
	size_t len = (size_t)random_below(r, random_below(r, 8) ? 20 : 400);
	bool plain = random_below(r, 2);
	char *text = xcalloc(len + 1, 1);

	for (size_t i = 0; i < len; i++)
		text[i] = plain ? (char)('a' + random_below(r, 26)) : (char)(1 + random_below(r, 255));
	return text;
}

/* Texts are the caller's: see record_release(). */
static inline struct record random_record(struct random *random)
{
	struct record r = {.kind = (enum record_kind)(1 + random_below(random, RECORD_NR - 1))};
	uint64_t density = random_below(random, 5);

	for (int f = 0; f < FIELD_NR; f++) {
		if (random_below(random, 4) >= density)
			continue;
		if (field_descs[f].type == FIELD_TYPE_TEXT)
			record_set_text(&r, (enum field)f, random_text(random));
		else
			record_set_number(&r, (enum field)f, random_number(random));
	}
	return r;
}

static inline void record_release(struct record *r)
{
	for (int f = 0; f < FIELD_NR; f++)
		if (r->has & 1ULL << f && field_descs[f].type == FIELD_TYPE_TEXT)
			free((char *)(uintptr_t)record_text(r, (enum field)f));
}

static inline struct record record_copy(const struct record *r)
{
	struct record copy = *r;

	for (int f = 0; f < FIELD_NR; f++)
		if (r->has & 1ULL << f && field_descs[f].type == FIELD_TYPE_TEXT)
			record_set_text(&copy, (enum field)f, xstrdup(record_text(r, (enum field)f)));
	return copy;
}

static inline void assert_same_record(const struct record *a, const struct record *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->has, b->has);
	for (int f = 0; f < FIELD_NR; f++) {
		if (field_descs[f].type != FIELD_TYPE_TEXT)
			assert_int_equal(record_number(a, (enum field)f), record_number(b, (enum field)f));
		else if (a->has & 1ULL << f)
			assert_string_equal(record_text(a, (enum field)f), record_text(b, (enum field)f));
		else
			assert_null(record_text(b, (enum field)f));
	}
}

/* A sink that keeps all it gets. */
struct keeper {
	struct sink sink;
	VEC(struct record) records;
};

static inline int keeper_put(struct sink *sink, const struct record *r)
{
	vec_push(&((struct keeper *)sink)->records, record_copy(r));
	return 0;
}

static inline void keeper_release(struct keeper *k)
{
	for (size_t i = 0; i < k->records.nr; i++)
		record_release(&k->records.items[i]);
	vec_release(&k->records);
}

#endif
