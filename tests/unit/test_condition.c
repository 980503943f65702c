/* view/condition.h: conditions as text in, what they mean and what is wrong with them out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "view/condition.h"

/* A row of a pool POOL whose five figures are those, and others before. */
static struct compare_row row_of(uint64_t old, uint64_t new)
{
	struct compare_row row = {.process = (char *)"python", .device = (char *)"0", .pool = (char *)"L1", .kind = (char *)"",
				  .placed = true, .has = {true, true}};

	for (int f = 0; f < FIGURE_NR; f++) {
		row.figures[SIDE_OLD][f] = old;
		row.figures[SIDE_NEW][f] = new;
	}
	return row;
}

static bool holds(const char *text, uint64_t old, uint64_t new)
{
	struct compare_row row = row_of(old, new);
	struct condition c;
	struct diag d = {};
	bool ret;

	if (condition_parse(text, &c, &d))
		fail_msg("%s: %s", text, d.text);
	ret = condition_holds(&c, &row);
	condition_release(&c);
	return ret;
}

static void a_value_without_a_sign_is_the_new_figure(void **state)
{
	(void)state;
	assert_true(holds("end(L1) > 0", 0, 1));
	assert_false(holds("end(L1) > 0", 1, 0));
	assert_true(holds("end>=3", 9, 3));
	assert_false(holds("end >= 4", 9, 3));
	assert_true(holds("failed < 4", 0, 3));
	assert_true(holds("failed <= 3", 0, 3));
	assert_true(holds("failed == 3", 0, 3));
	assert_false(holds("failed != 3", 0, 3));
	assert_true(holds("failed != 2", 0, 3));
}

static void a_value_with_a_sign_is_the_change(void **state)
{
	(void)state;
	assert_true(holds("peak > +64MiB", 100, 100 + (64 << 20) + 1));
	assert_false(holds("peak > +64MiB", 100, 100 + (64 << 20)));
	assert_true(holds("count > +0", 3, 4));
	assert_false(holds("count > +0", 4, 3));
	assert_true(holds("count < -1", 4, 2));
	assert_false(holds("count < -1", 4, 3));
	assert_true(holds("allocated == +0", 4, 4));
}

static void a_percentage_is_of_the_old_figure_and_exact(void **state)
{
	(void)state;
	assert_false(holds("peak > +2%", 1000, 1020));
	assert_true(holds("peak > +2%", 1000, 1021));
	assert_true(holds("peak >= +2 %", 1000, 1020));
	assert_true(holds("peak < -0.5%", 1000, 994));
	assert_false(holds("peak < -0.5%", 1000, 995));
	/* From nothing to something is more than any percentage. */
	assert_true(holds("peak > +1000000%", 0, 1));
	assert_false(holds("peak > +0%", 0, 0));
	/* A double would not see it. */
	assert_true(holds("peak > +0%", 1ULL << 60, (1ULL << 60) + 1));
	assert_false(holds("peak > +0.000001%", 1ULL << 60, (1ULL << 60) + 1));
	assert_true(holds("peak > +100%", UINT64_MAX / 2, UINT64_MAX));
	assert_false(holds("peak > +9000000000000%", UINT64_MAX, UINT64_MAX));
}

static void units_are_binary(void **state)
{
	(void)state;
	assert_true(holds("peak == 5B", 0, 5));
	assert_true(holds("peak == 5 KiB", 0, 5120));
	assert_true(holds("peak == 1.5kib", 0, 1536));
	assert_true(holds("peak == 3GiB", 0, 3ULL << 30));
	assert_true(holds("peak == 0.25 TiB", 0, 1ULL << 38));
}

static void only_the_pool_that_is_named_is_meant(void **state)
{
	(void)state;
	assert_true(holds("peak(l1) > 0", 0, 1));
	assert_true(holds("  PEAK ( L1 )  >  0  ", 0, 1));
	assert_false(holds("peak(L1_SMALL) > 0", 0, 1));
	assert_false(holds("peak(L) > 0", 0, 1));
}

/* Where the device is not known nothing is known but that something failed. */
static void a_figure_that_is_not_known_holds_nothing(void **state)
{
	struct compare_row row = row_of(0, 0);
	struct condition c;

	(void)state;
	row.placed = false;
	assert_int_equal(condition_parse("peak < 1", &c, NULL), 0);
	assert_false(condition_holds(&c, &row));
	row.placed = true;
	assert_true(condition_holds(&c, &row));
	row.placed = false;
	assert_int_equal(condition_parse("failed < 1", &c, NULL), 0);
	assert_true(condition_holds(&c, &row));
}

static void check_wrong(const char *text, const char *expected)
{
	struct condition c;
	struct diag d = {};

	assert_int_equal(condition_parse(text, &c, &d), -22);
	assert_string_equal(d.text, expected);
	assert_string_not_equal(d.hint, "");
	condition_release(&c);
}

static void a_caret_is_below_what_is_wrong(void **state)
{
	(void)state;
	check_wrong("peek(L1) > 0", "--fail-if: a figure comes first: peak, end, allocated, count or failed\n"
				    "    peek(L1) > 0\n"
				    "    ^");
	check_wrong("", "--fail-if: a figure comes first: peak, end, allocated, count or failed\n    \n    ^");
	check_wrong("peak(L1 > +2%", "--fail-if: ')' is missing\n    peak(L1 > +2%\n                 ^");
	check_wrong("peak( ) > 1", "--fail-if: the name of a pool is missing\n    peak( ) > 1\n          ^");
	check_wrong("peak(L1) + 2%", "--fail-if: a comparison is missing: > >= < <= == or !=\n    peak(L1) + 2%\n             ^");
	check_wrong("peak = 2", "--fail-if: a comparison is missing: > >= < <= == or !=\n    peak = 2\n         ^");
	check_wrong("peak > ", "--fail-if: a number is missing\n    peak > \n           ^");
	check_wrong("peak > +", "--fail-if: a number is missing\n    peak > +\n            ^");
	check_wrong("peak > 2%", "--fail-if: a percentage is of a change: it needs a sign, as in +2%\n    peak > 2%\n           ^");
	check_wrong("peak > 2MB", "--fail-if: the unit is none of B, KiB, MiB, GiB and TiB\n    peak > 2MB\n            ^");
	check_wrong("count > 2B", "--fail-if: 'count' is a number: it has no unit\n    count > 2B\n             ^");
	check_wrong("count > 1.5", "--fail-if: this is not a whole number\n    count > 1.5\n            ^");
	check_wrong("peak > 0.3B", "--fail-if: this is not a whole number of bytes\n    peak > 0.3B\n           ^");
	check_wrong("peak > 1.", "--fail-if: one to six digits come behind the point\n    peak > 1.\n             ^");
	check_wrong("peak > 1.1234567", "--fail-if: one to six digits come behind the point\n    peak > 1.1234567\n             ^");
	check_wrong("peak > 1 and end > 2", "--fail-if: the unit is none of B, KiB, MiB, GiB and TiB\n"
					    "    peak > 1 and end > 2\n             ^");
	check_wrong("peak > 1 )", "--fail-if: the condition should end here\n    peak > 1 )\n             ^");
	check_wrong("peak > 9999999999999999999", "--fail-if: the number is too large\n    peak > 9999999999999999999\n           ^");
	check_wrong("peak > 9000000TiB", "--fail-if: the number is too large\n    peak > 9000000TiB\n           ^");
	check_wrong("peak > +99999999999999%", "--fail-if: the number is too large\n    peak > +99999999999999%\n           ^");
}

/* What is escaped is wider; what takes two bytes is not. */
static void the_caret_is_right_behind_what_is_no_letter(void **state)
{
	(void)state;
	check_wrong("peak(\n) 0", "--fail-if: a comparison is missing: > >= < <= == or !=\n    peak(\\x0a) 0\n               ^");
	check_wrong("peak(\xc3\xa9) 0", "--fail-if: a comparison is missing: > >= < <= == or !=\n    peak(\xc3\xa9) 0\n            ^");
	check_wrong("peak(\xff) 0", "--fail-if: a comparison is missing: > >= < <= == or !=\n    peak(\\xff) 0\n               ^");
}

/* Whatever is cut off a condition is missed. */
static void no_part_of_a_condition_is_one(void **state)
{
	static const char text[] = "peak(L1) >= +2%";

	(void)state;
	/* "+2" without the percent sign is a number of bytes. */
	for (size_t len = 0; len < strlen("peak(L1) >= +2"); len++) {
		char *part = xstrndup(text, len);
		struct condition c;
		struct diag d = {};

		assert_int_equal(condition_parse(part, &c, &d), -22);
		condition_release(&c);
		free(part);
	}
}

static void a_pool_that_nobody_has_is_told(void **state)
{
	struct comparison in = {};
	struct condition c;
	struct diag d = {};

	(void)state;
	vec_push(&in.pools, xstrdup("DRAM"));
	vec_push(&in.pools, xstrdup("L1"));
	assert_int_equal(condition_parse("peak(l1) > 0", &c, &d), 0);
	assert_int_equal(condition_check(&c, &in, &d), 0);
	condition_release(&c);
	assert_int_equal(condition_parse("peak(L2) > 0", &c, &d), 0);
	assert_int_equal(condition_check(&c, &in, &d), -22);
	assert_string_equal(d.text, "--fail-if: no pool 'L2': there are DRAM and L1");
	condition_release(&c);
	comparison_release(&in);
}

static void it_says_for_what_it_holds(void **state)
{
	struct compare_row row = row_of(1 << 20, 3 << 19);
	struct condition c;
	struct diag d = {};
	struct str s = {};

	(void)state;
	assert_int_equal(condition_parse("peak(L1) > +2%", &c, &d), 0);
	condition_add_text(&s, &c, &row, false);
	assert_string_equal(str_text(&s), "'peak(L1) > +2%' holds: python, device 0, L1: peak 1.00 MiB, then 1.50 MiB (+50.0%)");
	str_clear(&s);
	condition_add_text(&s, &c, &row, true);
	assert_string_equal(str_text(&s), "'peak(L1) > +2%' holds: python, device 0, L1: peak 1048576 B, then 1572864 B (+50.0%)");
	str_release(&s);
	condition_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_without_a_sign_is_the_new_figure),
		cmocka_unit_test(a_value_with_a_sign_is_the_change),
		cmocka_unit_test(a_percentage_is_of_the_old_figure_and_exact),
		cmocka_unit_test(units_are_binary),
		cmocka_unit_test(only_the_pool_that_is_named_is_meant),
		cmocka_unit_test(a_figure_that_is_not_known_holds_nothing),
		cmocka_unit_test(a_caret_is_below_what_is_wrong),
		cmocka_unit_test(the_caret_is_right_behind_what_is_no_letter),
		cmocka_unit_test(no_part_of_a_condition_is_one),
		cmocka_unit_test(a_pool_that_nobody_has_is_told),
		cmocka_unit_test(it_says_for_what_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
