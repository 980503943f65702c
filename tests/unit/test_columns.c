/* stream/columns.h: numbers as bytes and back. */
#include "random_records.h"
#include "recording.h"

#include <errno.h>

#include "stream/columns.h"

/* Read what is in @s to its end a window at a time, and compare. */
static void assert_windows(struct str *s, const uint64_t *values, size_t nr)
{
	struct column_pool pool = {};
	struct file_bytes b = {s->p, s->p + s->len};
	struct column_stream c;

	column_pool_clear(&pool, nr);
	assert_int_equal(column_open(&b, nr, &pool, &c), 0);
	assert_ptr_equal(b.p, b.end);
	assert_int_equal(c.nr, nr);
	for (size_t i = 0; i < nr; i++) {
		if (i % COLUMN_WINDOW == 0)
			column_move(&pool, &c, i);
		assert_int_equal(column_window(&pool, &c)[i & c.mask], values[i]);
	}
	column_pool_release(&pool);
}

/* The same at once, and so. */
static void assert_column(struct str *s, const uint64_t *values, size_t nr)
{
	struct column_pool pool = {};
	struct file_bytes b = {s->p, s->p + s->len};
	struct column c;

	column_pool_clear(&pool, nr);
	assert_int_equal(column_read(&b, nr, &pool, &c), 0);
	assert_ptr_equal(b.p, b.end);
	assert_int_equal(c.nr, nr);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(column_values(&pool, &c)[i & column_mask(&c)], values[i]);
	column_pool_release(&pool);
	assert_windows(s, values, nr);
}

static void numbers_of_any_size_and_number_come_back(void **state)
{
	struct random random = {7};
	uint64_t values[300];

	(void)state;
	for (unsigned bits = 0; bits <= 64; bits++) {
		for (size_t nr = 0; nr < ARRAY_SIZE(values); nr += nr < 70 ? 1 : 23) {
			_cleanup_(str_release) struct str s = {};

			for (size_t i = 0; i < nr; i++)
				values[i] = bits ? random_next(&random) >> (64 - bits) : 5;
			column_add(&s, values, nr);
			assert_column(&s, values, nr);
		}
	}
}

#define assert_bytes(s, bytes)                                                                     \
	(assert_int_equal((s)->len, sizeof(bytes) - 1), assert_memory_equal((s)->p, bytes, sizeof(bytes) - 1))

static void each_coding_has_the_bytes_that_the_page_says(void **state)
{
	_cleanup_(str_release) struct str none = {}, same = {}, varints = {}, planes = {};
	uint64_t values[64] = {[1] = 0x0203, [63] = 0x10000};

	(void)state;
	column_add(&none, NULL, 0);
	assert_bytes(&none, "\x00\x00\x00");
	column_add(&same, (uint64_t[]){300, 300, 300}, 3);
	assert_bytes(&same, "\x00\x03\xac\x02");
	column_add(&varints, (uint64_t[]){300, 0, UINT64_MAX}, 3);
	assert_bytes(&varints, "\x01\x03\xac\x02\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	column_add(&planes, values, 64);
	assert_int_equal(planes.len, 2 + 3 * 64);
	assert_memory_equal(planes.p, "\x04\x40\x00\x03\x00", 5);
	assert_memory_equal(planes.p + 2 + 64, "\x00\x02\x00", 3);
	assert_memory_equal(planes.p + 2 + 64 + 62, "\x00\x00\x00", 3);
	assert_int_equal(planes.p[2 + 3 * 64 - 1], 1);
}

/* Other writers may choose otherwise: planes for few numbers, varints for many. */
static void any_coding_of_any_number_is_read(void **state)
{
	(void)state;
	for (unsigned planes = 1; planes <= 8; planes++) {
		for (size_t nr = 0; nr < 200; nr += 1 + nr / 3) {
			_cleanup_(str_release) struct str s = {}, v = {};
			uint64_t values[200];

			for (size_t i = 0; i < nr; i++)
				values[i] = (0x0123456789abcdef * (i + 1)) >> (64 - 8 * planes);
			add_varint(&s, 1 + planes);
			add_varint(&s, nr);
			add_varint(&v, 1);
			add_varint(&v, nr);
			for (unsigned k = 0; k < planes; k++)
				for (size_t i = 0; i < nr; i++)
					str_add_char(&s, (char)(values[i] >> 8 * k));
			for (size_t i = 0; i < nr; i++)
				add_varint(&v, values[i]);
			assert_column(&s, values, nr);
			assert_column(&v, values, nr);
		}
	}
}

static void differences_become_numbers(void **state)
{
	const uint64_t values[] = {5, 3, UINT64_MAX, 0, 1ULL << 63, 7}, steps[] = {4, 8, 12};
	_cleanup_(str_release) struct str s = {};
	uint64_t folded[ARRAY_SIZE(values)], last = 0;
	struct column_pool pool = {};
	struct file_bytes b;
	struct column c, d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		folded[i] = column_fold(values[i] - last);
		last = values[i];
	}
	assert_int_equal(folded[0], 10);
	assert_int_equal(folded[1], 3);
	column_add(&s, folded, ARRAY_SIZE(values));
	add_same(&s, 3, 8);
	b = (struct file_bytes){s.p, s.p + s.len};
	column_pool_clear(&pool, 100);
	assert_int_equal(column_read(&b, 100, &pool, &c), 0);
	assert_int_equal(column_read(&b, 100, &pool, &d), 0);
	column_sum(&pool, &c);
	column_sum(&pool, &d);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_int_equal(column_values(&pool, &c)[i & column_mask(&c)], values[i]);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		assert_int_equal(column_values(&pool, &d)[i & column_mask(&d)], steps[i]);
	column_pool_release(&pool);
}

/* The numbers of all columns together have a limit, also of those that are all the same. */
static void a_pool_has_a_limit(void **state)
{
	_cleanup_(str_release) struct str s = {};
	struct column_pool pool = {};
	struct file_bytes b;
	struct column c;

	(void)state;
	add_same(&s, 60, 1);
	add_same(&s, 40, 1);
	add_same(&s, 1, 1);
	b = (struct file_bytes){s.p, s.p + s.len};
	column_pool_clear(&pool, 100);
	assert_int_equal(column_read(&b, 60, &pool, &c), 0);
	assert_int_equal(column_read(&b, 60, &pool, &c), 0);
	assert_int_equal(column_read(&b, 60, &pool, &c), -EBADMSG);
	b.p = s.p;
	column_pool_clear(&pool, 100);
	assert_int_equal(column_read(&b, 59, &pool, &c), -EBADMSG);
	column_pool_release(&pool);
}

static void every_prefix_is_malformed(void **state)
{
	_cleanup_(str_release) struct str few = {}, many = {};
	uint64_t values[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = i * 1000;
	column_add(&few, values, 10);
	column_add(&many, values, 100);
	for (int which = 0; which < 2; which++) {
		const struct str *s = which ? &many : &few;

		for (size_t len = 0; len < s->len; len++) {
			/* Memory of its own: a byte too many is seen. */
			char *copy = xmalloc(len ? len : 1);
			struct file_bytes b = {copy, copy + len};
			struct column_pool pool = {};
			struct column c;

			memcpy(copy, s->p, len);
			column_pool_clear(&pool, 1000);
			assert_int_equal(column_read(&b, 1000, &pool, &c), -EBADMSG);
			column_pool_release(&pool);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_any_size_and_number_come_back),
		cmocka_unit_test(each_coding_has_the_bytes_that_the_page_says),
		cmocka_unit_test(any_coding_of_any_number_is_read),
		cmocka_unit_test(differences_become_numbers),
		cmocka_unit_test(a_pool_has_a_limit),
		cmocka_unit_test(every_prefix_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
