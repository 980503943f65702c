/* user/base/moment: points of time as people write them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/moment.h"
#include "base/units.h"

#define S NS_PER_SEC
/* 2026-11-22T12:00:00Z, in a zone an hour and a half ahead of UTC. */
#define NOON (1795348800ULL * S)
#define ZONE "XYZ-1:30"

static int set_zone(void **state)
{
	(void)state;
	setenv("TZ", ZONE, 1);
	tzset();
	return 0;
}

static void assert_moment(const char *text, uint64_t begin_ns, uint64_t end_ns, uint64_t first, uint64_t last)
{
	uint64_t found_first = 0, found_last = 0;
	struct moment m;

	if (moment_parse(text, &m))
		fail_msg("'%s' is refused", text);
	assert_string_equal(m.text, text);
	if (moment_resolve(&m, begin_ns, end_ns, &found_first, &found_last))
		fail_msg("'%s' is not resolved", text);
	if (found_first != first || found_last != last)
		fail_msg("'%s' is %llu to %llu, not %llu to %llu", text, (unsigned long long)found_first,
			 (unsigned long long)found_last, (unsigned long long)first, (unsigned long long)last);
}

static void distances_are_from_the_begin_or_the_end(void **state)
{
	const uint64_t begin = NOON + 1, end = NOON + 100 * S;

	(void)state;
	assert_moment("+12.5s", begin, end, begin + 25 * S / 2, begin + 25 * S / 2);
	assert_moment("+0", begin, UINT64_MAX, begin, begin);
	assert_moment("+0.0ms", begin, UINT64_MAX, begin, begin);
	assert_moment("+3", begin, UINT64_MAX, begin + 3 * S, begin + 3 * S);
	assert_moment("+1ns", begin, UINT64_MAX, begin + 1, begin + 1);
	assert_moment("-3s", begin, end, end - 3 * S, end - 3 * S);
	assert_moment("-0s", begin, end, end, end);
	assert_moment("-1h", begin, end, end - 3600 * S, end - 3600 * S);
}

static void dates_are_local_or_have_a_zone(void **state)
{
	const uint64_t day = NOON - 12 * 3600 * S;

	(void)state;
	assert_moment("2026-11-22T12:00:00Z", 0, 0, NOON, NOON + S - 1);
	assert_moment("2026-11-22T12:00:00.123Z", 0, 0, NOON + 123 * NS_PER_MS, NOON + 124 * NS_PER_MS - 1);
	assert_moment("2026-11-22 13:30:00", 0, 0, NOON, NOON + S - 1);
	assert_moment("2026-11-22T13:30", 0, 0, NOON, NOON + 60 * S - 1);
	assert_moment("2026-11-22T14:00:00+02:00", 0, 0, NOON, NOON + S - 1);
	assert_moment("2026-11-22T07:15:00.5-04:45", 0, 0, NOON + S / 2, NOON + S * 6 / 10 - 1);
	assert_moment("2026-11-22T00:00:00Z", 0, 0, day, day + S - 1);
	assert_moment("1970-01-01T00:00:00Z", 0, 0, 0, S - 1);
	assert_moment("2000-02-29T12:34:56.999999999Z", 0, 0, 951827696999999999ULL, 951827696999999999ULL);
	/* What is less than a nanosecond means nothing. */
	assert_moment("2000-02-29T12:34:56.9999999999Z", 0, 0, 951827696999999999ULL, 951827696999999999ULL);
}

static void a_time_of_day_is_the_first_in_the_recording(void **state)
{
	(void)state;
	/* The recording begins at 13:30:00.5. */
	assert_moment("13:30:01", NOON + S / 2, 0, NOON + S, NOON + 2 * S - 1);
	assert_moment("13:31", NOON + S / 2, 0, NOON + 60 * S, NOON + 120 * S - 1);
	assert_moment("13:30:00.600000", NOON + S / 2, 0, NOON + 6 * S / 10, NOON + 6 * S / 10 + 999);
	/* A part of that second, or minute, is in it. */
	assert_moment("13:30:00", NOON + S / 2, 0, NOON, NOON + S - 1);
	assert_moment("13:30", NOON + S / 2, 0, NOON, NOON + 60 * S - 1);
	/* The next day. */
	assert_moment("13:30:00.4", NOON + S / 2, 0, NOON + 86400 * S + 4 * S / 10, NOON + 86400 * S + S / 2 - 1);
	assert_moment("00:00", NOON + S / 2, 0, NOON + 37800 * S, NOON + 37860 * S - 1);
	/* What the log prints is found again. */
	for (uint64_t ns = NOON; ns < NOON + 200000 * S; ns += 86399123456789ULL / 7) {
		struct str s = {};
		uint64_t first, last;
		struct moment m;

		units_add_clock(&s, ns);
		assert_int_equal(moment_parse(str_text(&s), &m), 0);
		assert_int_equal(moment_resolve(&m, ns - S, UINT64_MAX, &first, &last), 0);
		assert_true(first <= ns && ns <= last && last - first == 999);
		str_release(&s);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	    "x",	 "12",	      "1:00",	   "12:0",	"24:00",	"12:60",      "12:00:60",
		"12:00:",   "12:00:00.", "12:00Z",    "12:00:00 ", " 12:00",	"+",		"-",	      "+x",
		"+1x",	    "+-1",	 "--1",	      "+1 s",	   "now",	"2026-11-22",	"2026-11-22T", "2026-11-22T12",
		"2026-13-01T00:00", "2026-00-01T00:00", "2026-02-29T00:00", "2100-02-29T00:00", "2026-11-31T00:00", "2026-11-22X12:00",
		"2026-11-22T12:00:00z", "2026-11-22T12:00:00+1:00", "2026-11-22T12:00:00+01", "2026-11-22T12:00:00+24:00",
		"2026-11-22T12:00:00Zx", "26-11-22T12:00:00", "2026-11-2T12:00:00", "2026/11/22 12:00:00",
	};
	struct moment m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (moment_parse(texts[i], &m) != -EINVAL)
			fail_msg("'%s' is taken for a time", texts[i]);
	assert_int_equal(moment_parse("1969-12-31T23:59:59Z", &m), -ERANGE);
	assert_int_equal(moment_parse("1970-01-01T00:00:00+01:00", &m), -ERANGE);
	assert_int_equal(moment_parse("2501-01-01T00:00:00Z", &m), -ERANGE);
	assert_int_equal(moment_parse("+999999999h", &m), -ERANGE);
	assert_int_equal(moment_parse("+0.0000000001s", &m), -ERANGE);
}

static void what_no_clock_can_say_is_refused(void **state)
{
	uint64_t first, last;
	struct moment m;

	(void)state;
	assert_int_equal(moment_parse("+1s", &m), 0);
	assert_int_equal(moment_resolve(&m, UINT64_MAX - 1, UINT64_MAX, &first, &last), -ERANGE);
	assert_int_equal(moment_parse("-2s", &m), 0);
	assert_int_equal(moment_resolve(&m, 0, S, &first, &last), -ERANGE);
	assert_int_equal(moment_resolve(&m, 0, UINT64_MAX, &first, &last), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(distances_are_from_the_begin_or_the_end, set_zone),
		cmocka_unit_test_setup(dates_are_local_or_have_a_zone, set_zone),
		cmocka_unit_test_setup(a_time_of_day_is_the_first_in_the_recording, set_zone),
		cmocka_unit_test_setup(what_is_no_time_is_refused, set_zone),
		cmocka_unit_test_setup(what_no_clock_can_say_is_refused, set_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
