/* user/base: strings, map, vector, units, diag. */
#include "random_records.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/diag.h"
#include "base/map.h"
#include "base/str.h"
#include "base/units.h"

static void assert_escaped(const char *text, const char *escaped)
{
	_cleanup_(str_release) struct str s = {};

	str_add_escaped(&s, text);
	assert_string_equal(str_text(&s), escaped);
}

static void text_that_can_be_shown_is_left_as_it_is(void **state)
{
	static const char *const texts[] = {
		"",
		"python serve.py",
		"caf\u00e9",
		"\u00a0",
		"\u07ff",
		"\u0800",
		"\xed\x9f\xbf",
		"\ue000",
		"\uffff",
		"\U00010000",
		"\U0010ffff",
		"\\x1b",
		"\u2027\u202f\u2065\u206a",
		"\u061b",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_escaped(texts[i], texts[i]);
}

static void letters_of_ascii_become_capitals(void **state)
{
	_cleanup_(str_release) struct str s = {};

	(void)state;
	str_add_capitals(&s, "");
	str_add_capitals(&s, "`az{ @AZ[ 09 caf\u00e9");
	assert_string_equal(str_text(&s), "`AZ{ @AZ[ 09 CAF\u00e9");
}

static void control_characters_are_escaped(void **state)
{
	(void)state;
	for (int c = 1; c < 0x20; c++) {
		char text[] = {'a', (char)c, 'b', '\0'}, escaped[16];

		snprintf(escaped, sizeof(escaped), "a\\x%02xb", c);
		assert_escaped(text, escaped);
	}
	assert_escaped("\x7f", "\\x7f");
	assert_escaped("\033[2J\033]0;title\a", "\\x1b[2J\\x1b]0;title\\x07");
}

static void c1_controls_are_escaped_as_bytes_and_as_utf8(void **state)
{
	(void)state;
	assert_escaped("\x9b"
		       "2J",
		       "\\x9b2J");
	for (int c = 0x80; c <= 0x9f; c++) {
		char text[] = {(char)0xc2, (char)c, '\0'}, escaped[16];

		snprintf(escaped, sizeof(escaped), "\\xc2\\x%02x", c);
		assert_escaped(text, escaped);
	}
}

static void broken_utf8_is_escaped_byte_by_byte(void **state)
{
	(void)state;
	assert_escaped("\xc3", "\\xc3");
	assert_escaped("\xc3(", "\\xc3(");
	assert_escaped("\xe2\x82", "\\xe2\\x82");
	assert_escaped("\xf0\x9f\x98", "\\xf0\\x9f\\x98");
	assert_escaped("\xe2\x82\xc3\xa9", "\\xe2\\x82\u00e9");
	assert_escaped("\xc0\xaf", "\\xc0\\xaf"); /* overlong */
	assert_escaped("\xc1\xbf", "\\xc1\\xbf");
	assert_escaped("\xe0\x9f\xbf", "\\xe0\\x9f\\xbf");
	assert_escaped("\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf");
	assert_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80");	    /* a surrogate */
	assert_escaped("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	assert_escaped("\xf5\xff\xfe", "\\xf5\\xff\\xfe");
}

static void marks_that_reorder_a_line_are_escaped(void **state)
{
	static const char *const marks[] = {
		"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b",
		"\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		char escaped[16] = "";

		for (const char *p = marks[i]; *p; p++)
			snprintf(escaped + strlen(escaped), sizeof(escaped) - strlen(escaped), "\\x%02x",
				 (unsigned char)*p);
		assert_escaped(marks[i], escaped);
	}
}

static void random_bytes_never_leave_a_control_character(void **state)
{
	struct random random = {11};

	(void)state;
	for (int i = 0; i < 20011; i++) {
		_cleanup_(str_release) struct str s = {}, again = {};
		char text[16] = "";
		size_t len = (size_t)random_below(&random, sizeof(text));

		for (size_t k = 0; k < len; k++)
			text[k] = (char)(random_below(&random, 2) ? 0xc2 + random_below(&random, 48)
								  : 1 + random_below(&random, 255));
		str_add_escaped(&s, text);
		for (size_t k = 0; k < s.len; k++)
			assert_true((unsigned char)s.p[k] >= 0x20 && s.p[k] != 0x7f);
		str_add_escaped(&again, str_text(&s));
		assert_string_equal(str_text(&again), str_text(&s));
	}
}

static void a_string_grows_and_is_a_c_string_at_each_step(void **state)
{
	_cleanup_(str_release) struct str s = {};

	(void)state;
	assert_string_equal(str_text(&s), "");
	str_add_bytes(&s, NULL, 0);
	assert_string_equal(str_text(&s), "");
	for (size_t i = 0; i < 1009; i++) {
		assert_int_equal(strlen(str_text(&s)), i);
		str_add_char(&s, 'x');
	}
	str_clear(&s);
	str_addf(&s, "%d-%s", 7, "b");
	str_add(&s, "!");
	assert_string_equal(str_text(&s), "7-b!");
	str_clear(&s);
	assert_string_equal(str_text(&s), "");
}

static void columns_are_code_points(void **state)
{
	(void)state;
	assert_int_equal(str_columns(""), 0);
	assert_int_equal(str_columns("abc"), 3);
	assert_int_equal(str_columns("caf\u00e9 \u20ac \U0001f600"), 8);
}

/* The model: entry i is key (i % 7, i * 4096), there or not, with a value. */
enum { MODEL_KEYS = 701 };

static void assert_map_is_model(const struct map *m, const bool *there, const uint64_t *values)
{
	size_t nr = 0, walked = 0;

	for (uint64_t i = 0; i < MODEL_KEYS; i++) {
		struct map_entry *e = map_get(m, i % 7, i * 4096);

		assert_int_equal(!!e, there[i]);
		if (e)
			assert_int_equal(e->value, values[i]);
		nr += there[i];
	}
	assert_int_equal(m->nr, nr);
	for (struct map_entry *e = map_next(m, NULL); e; e = map_next(m, e)) {
		assert_true(there[e->b / 4096]);
		assert_int_equal(e->a, e->b / 4096 % 7);
		walked++;
	}
	assert_int_equal(walked, nr);
}

static void a_map_is_what_a_naive_model_is_under_random_operations(void **state)
{
	struct random random = {13};
	uint64_t values[MODEL_KEYS] = {};
	bool there[MODEL_KEYS] = {};
	struct map m = {};

	(void)state;
	assert_null(map_get(&m, 0, 0));
	assert_false(map_del(&m, 0, 0));
	assert_null(map_next(&m, NULL));
	for (int round = 0; round < 97; round++) {
		/* Rounds that fill, and rounds that empty. */
		uint64_t puts = random_below(&random, 5);

		for (int step = 0; step < 307; step++) {
			uint64_t i = random_below(&random, MODEL_KEYS);
			bool is_new = false;

			if (random_below(&random, 4) < puts) {
				map_put(&m, i % 7, i * 4096, &is_new)->value = values[i] = random_next(&random);
				assert_int_equal(is_new, !there[i]);
				there[i] = true;
			} else {
				assert_int_equal(map_del(&m, i % 7, i * 4096), there[i]);
				there[i] = false;
			}
		}
		assert_map_is_model(&m, there, values);
	}
	map_clear(&m);
	memset(there, 0, sizeof(there));
	assert_map_is_model(&m, there, values);
	map_release(&m);
}

static void a_new_entry_of_a_map_is_zero_also_where_one_was_deleted(void **state)
{
	struct map m = {};
	bool is_new = false;

	(void)state;
	map_put(&m, 1, 2, NULL)->value = 5;
	assert_int_equal(map_put(&m, 1, 2, &is_new)->value, 5);
	assert_false(is_new);
	assert_null(map_get(&m, 2, 1));
	assert_true(map_del(&m, 1, 2));
	assert_int_equal(map_put(&m, 1, 2, &is_new)->value, 0);
	assert_true(is_new);
	map_release(&m);
}

static void assert_added(void (*add)(struct str *, uint64_t), uint64_t value, const char *text)
{
	_cleanup_(str_release) struct str s = {};

	add(&s, value);
	assert_string_equal(str_text(&s), text);
}

static void bytes_have_three_digits_and_a_binary_unit(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{64, "64 B"},
		{1023, "1023 B"},
		{1024, "1.00 KiB"},
		{12288, "12.0 KiB"},
		{10234, "9.99 KiB"},
		{10235, "10.0 KiB"},
		{102348, "99.9 KiB"},
		{102349, "100 KiB"},
		{65536, "64.0 KiB"},
		{1023487, "999 KiB"},
		{1023488, "0.976 MiB"},
		{1024000, "0.977 MiB"},
		{1048051, "0.999 MiB"},
		{1048052, "1.00 MiB"},
		{1048575, "1.00 MiB"},
		{1048576, "1.00 MiB"},
		{50331648, "48.0 MiB"},
		{8514772869, "7.93 GiB"},
		{1ULL << 40, "1.00 TiB"},
		{1ULL << 50, "1.00 PiB"},
		{1ULL << 60, "1.00 EiB"},
		{UINT64_MAX, "16.0 EiB"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_added(units_add_bytes, rows[i].bytes, rows[i].text);
}

static void a_duration_has_its_two_largest_units(void **state)
{
	(void)state;
	assert_added(units_add_duration, 0, "0 ms");
	assert_added(units_add_duration, 999999, "0 ms");
	assert_added(units_add_duration, 450 * NS_PER_MS, "450 ms");
	assert_added(units_add_duration, NS_PER_SEC - 1, "999 ms");
	assert_added(units_add_duration, NS_PER_SEC, "1 s");
	assert_added(units_add_duration, 59 * NS_PER_SEC + 999 * NS_PER_MS, "59 s");
	assert_added(units_add_duration, 60 * NS_PER_SEC, "1 min");
	assert_added(units_add_duration, 192 * NS_PER_SEC, "3 min 12 s");
	assert_added(units_add_duration, 7500 * NS_PER_SEC, "2 h 5 min");
	assert_added(units_add_duration, 3600 * NS_PER_SEC + 59 * NS_PER_SEC, "1 h");
	assert_added(units_add_duration, (4 * 86400 + 3 * 3600 + 1) * NS_PER_SEC, "4 d 3 h");
	assert_added(units_add_duration, UINT64_MAX, "213503 d 23 h");
}

static void spans_are_to_the_tenth_of_a_second(void **state)
{
	(void)state;
	assert_added(units_add_span, 0, "0 ms");
	assert_added(units_add_span, 999 * NS_PER_MS, "999 ms");
	assert_added(units_add_span, NS_PER_SEC, "1.0 s");
	assert_added(units_add_span, 3949 * NS_PER_MS, "3.9 s");
	assert_added(units_add_span, 3951 * NS_PER_MS, "4.0 s");
	assert_added(units_add_span, 59949 * NS_PER_MS, "59.9 s");
	assert_added(units_add_span, 59951 * NS_PER_MS, "60.0 s");
	assert_added(units_add_span, 192 * NS_PER_SEC, "3 min 12 s");
	assert_added(units_add_span, UINT64_MAX, "213503 d 23 h");
}

static void an_interval_is_written_as_it_is_typed(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{0, "0s"},
		{1, "1ns"},
		{1500, "1500ns"},
		{2000, "2us"},
		{500 * NS_PER_MS, "500ms"},
		{NS_PER_SEC, "1s"},
		{1500 * NS_PER_MS, "1.5s"},
		{NS_PER_SEC + 1, "1.000000001s"},
		{10 * NS_PER_SEC, "10s"},
		{60 * NS_PER_SEC, "1min"},
		{90 * NS_PER_SEC, "90s"},
		{3600 * NS_PER_SEC, "1h"},
		{123456789123456789, "123456789.123456789s"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_added(units_add_interval, rows[i].ns, rows[i].text);
}

static void each_interval_that_is_written_can_be_read_back(void **state)
{
	struct random random = {17};

	(void)state;
	for (int i = 0; i < 20011; i++) {
		_cleanup_(str_release) struct str s = {};
		uint64_t ns = random_number(&random) % 1000000000000000000ULL + 1, back = 0;

		units_add_interval(&s, ns);
		assert_int_equal(units_parse_duration(str_text(&s), &back), 0);
		assert_int_equal(back, ns);
	}
}

static void a_duration_is_read_exactly_or_refused(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t ns;
	} rows[] = {
		{"500ms", 0, 500 * NS_PER_MS},
		{"2", 0, 2 * NS_PER_SEC},
		{"1.5s", 0, 1500 * NS_PER_MS},
		{".5", 0, 500 * NS_PER_MS},
		{"5.", 0, 5 * NS_PER_SEC},
		{"3min", 0, 180 * NS_PER_SEC},
		{"1h", 0, 3600 * NS_PER_SEC},
		{"0.1s", 0, 100 * NS_PER_MS},
		{"007us", 0, 7000},
		{"1.4ns", 0, 1},
		{"1.5ns", 0, 2},
		{"0.333333333333333333333333s", 0, 333333333},
		{"1000000000", 0, 1000000000000000000},
		{"1000000000000000000ns", 0, 1000000000000000000},
		{"1000000000000000001ns", -ERANGE, 0},
		{"1000000001", -ERANGE, 0},
		{"277777.78h", -ERANGE, 0},
		{"99999999999999999999999999999999999999999999999999.111111111111111ns", -ERANGE, 0},
		{"0.1ns", -ERANGE, 0},
		{"0", -EINVAL, 0},
		{"0.0s", -EINVAL, 0},
		{"", -EINVAL, 0},
		{".", -EINVAL, 0},
		{".s", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1s ", -EINVAL, 0},
		{"1m", -EINVAL, 0},
		{"1.2.3", -EINVAL, 0},
		{"1,5", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"inf", -EINVAL, 0},
		{"nan", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t ns = 0;
		int err = units_parse_duration(rows[i].text, &ns);

		if (err != rows[i].err || ns != rows[i].ns)
			fail_msg("'%s' is %llu, error %d", rows[i].text, (unsigned long long)ns, err);
	}
}

static void a_size_is_binary_and_exact(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t bytes;
	} rows[] = {
		{"1", 0, 1},
		{"4096B", 0, 4096},
		{"64K", 0, 64 << 10},
		{"64KiB", 0, 64 << 10},
		{"64 kib", 0, 64 << 10},
		{"1.5M", 0, 3 << 19},
		{".5G", 0, 1 << 29},
		{"8388607T", 0, 8388607ULL << 40},
		{"8388608T", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"0.0001", -ERANGE, 0},
		{"0", -EINVAL, 0},
		{"0G", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"G", -EINVAL, 0},
		{"-1K", -EINVAL, 0},
		{"1KB", -EINVAL, 0},
		{"1m", -EINVAL, 0},
		{"1G ", -EINVAL, 0},
		{"1  G", -EINVAL, 0},
		{"1GG", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t bytes = 0;
		int err = units_parse_size(rows[i].text, &bytes);

		if (err != rows[i].err || bytes != rows[i].bytes)
			fail_msg("'%s' is %llu, error %d", rows[i].text, (unsigned long long)bytes, err);
	}
}

static void a_number_is_read_whole_or_refused(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_int_equal(units_parse_number("0", 10, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(units_parse_number("10", 10, &n), 0);
	assert_int_equal(n, 10);
	assert_int_equal(units_parse_number("18446744073709551615", UINT64_MAX, &n), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(units_parse_number("11", 10, &n), -ERANGE);
	assert_int_equal(units_parse_number("18446744073709551616", UINT64_MAX, &n), -ERANGE);
	assert_int_equal(units_parse_number("", 10, &n), -EINVAL);
	assert_int_equal(units_parse_number("-1", 10, &n), -EINVAL);
	assert_int_equal(units_parse_number(" 1", 10, &n), -EINVAL);
	assert_int_equal(units_parse_number("1 ", 10, &n), -EINVAL);
	assert_int_equal(units_parse_number("0x1", 10, &n), -EINVAL);
	assert_int_equal(units_parse_number("1.0", 10, &n), -EINVAL);
	assert_true(n == UINT64_MAX);
}

static void a_time_is_utc_with_milliseconds(void **state)
{
	(void)state;
	assert_added(units_add_time, 0, "1970-01-01T00:00:00.000Z");
	assert_added(units_add_time, 1795348800123999999, "2026-11-22T12:00:00.123Z");
	assert_added(units_add_time, 951827696999999999, "2000-02-29T12:34:56.999Z");
	assert_added(units_add_time, UINT64_MAX, "2554-07-21T23:34:33.709Z");
}

static void a_clock_is_local_with_microseconds(void **state)
{
	(void)state;
	setenv("TZ", "TST-01:30", 1);
	tzset();
	assert_added(units_add_clock, 1795348800123456789, "13:30:00.123456");
	unsetenv("TZ");
	tzset();
}

static void a_diag_carries_subject_reason_and_hint_and_is_never_too_long(void **state)
{
	struct diag d = {};
	char *text = xmalloc(5000);

	(void)state;
	assert_int_equal(diag_set(NULL, -EINVAL, "%s", "dropped"), -EINVAL);
	assert_int_equal(diag_errno(NULL, -EINVAL, "%s", "dropped"), -EINVAL);
	diag_hint(NULL, "%s", "dropped");
	assert_int_equal(diag_errno(&d, -ENOENT, "cannot open '%s'", "a.rt"), -ENOENT);
	assert_string_equal(d.text, "cannot open 'a.rt': No such file or directory");
	diag_hint(&d, "name %d", 1);
	assert_string_equal(d.hint, "name 1");
	assert_int_equal(diag_set(&d, -EIO, "process %d: %s", 7, d.text), -EIO);
	assert_string_equal(d.text, "process 7: cannot open 'a.rt': No such file or directory");
	assert_string_equal(d.hint, "");
	memset(text, 'x', 4999);
	text[4999] = '\0';
	assert_int_equal(diag_errno(&d, -EIO, "%s", text), -EIO);
	assert_int_equal(strlen(d.text), sizeof(d.text) - 1);
	free(text);
}

static void a_vector_keeps_its_items_while_it_grows(void **state)
{
	VEC(uint64_t) v = {};

	(void)state;
	for (uint64_t i = 0; i < 1009; i++)
		vec_push(&v, i * i);
	assert_int_equal(v.nr, 1009);
	for (uint64_t i = 0; i < v.nr; i++)
		assert_int_equal(v.items[i], i * i);
	vec_clear(&v);
	assert_int_equal(v.nr, 0);
	vec_release(&v);
	assert_null(v.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_that_can_be_shown_is_left_as_it_is),
		cmocka_unit_test(letters_of_ascii_become_capitals),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(c1_controls_are_escaped_as_bytes_and_as_utf8),
		cmocka_unit_test(broken_utf8_is_escaped_byte_by_byte),
		cmocka_unit_test(marks_that_reorder_a_line_are_escaped),
		cmocka_unit_test(random_bytes_never_leave_a_control_character),
		cmocka_unit_test(a_string_grows_and_is_a_c_string_at_each_step),
		cmocka_unit_test(columns_are_code_points),
		cmocka_unit_test(a_map_is_what_a_naive_model_is_under_random_operations),
		cmocka_unit_test(a_new_entry_of_a_map_is_zero_also_where_one_was_deleted),
		cmocka_unit_test(bytes_have_three_digits_and_a_binary_unit),
		cmocka_unit_test(a_duration_has_its_two_largest_units),
		cmocka_unit_test(spans_are_to_the_tenth_of_a_second),
		cmocka_unit_test(an_interval_is_written_as_it_is_typed),
		cmocka_unit_test(each_interval_that_is_written_can_be_read_back),
		cmocka_unit_test(a_duration_is_read_exactly_or_refused),
		cmocka_unit_test(a_size_is_binary_and_exact),
		cmocka_unit_test(a_number_is_read_whole_or_refused),
		cmocka_unit_test(a_time_is_utc_with_milliseconds),
		cmocka_unit_test(a_clock_is_local_with_microseconds),
		cmocka_unit_test(a_diag_carries_subject_reason_and_hint_and_is_never_too_long),
		cmocka_unit_test(a_vector_keeps_its_items_while_it_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
