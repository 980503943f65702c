/* user/view/trend.c: what grows for ever, what has stopped, and what says nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "view/trend.h"

#define START 1700000000000000000ULL

/* Allocations of one process, numbered, a second apart; those of one place among them. */
struct run {
	struct trend trend;
	uint64_t order, time_ns;
	uint64_t step_ns;
};

static void others(struct run *r, uint64_t nr)
{
	r->order += nr;
	r->time_ns += nr * r->step_ns;
}

static void keeps(struct run *r, uint64_t bytes)
{
	others(r, 1);
	trend_grow(&r->trend, r->order, r->time_ns, bytes);
}

static void frees(struct run *r, uint64_t bytes)
{
	trend_shrink(&r->trend, r->order, bytes);
}

static struct trend_evidence judged(struct run *r)
{
	return trend_judge(&r->trend, r->order, r->time_ns);
}

static struct run new_run(void)
{
	return (struct run){.time_ns = START, .step_ns = NS_PER_SEC};
}

/* Of each ten one stays, and is still there at the end. */
static struct run leaking(uint64_t steps, uint64_t step_ns)
{
	struct run r = new_run();
	uint64_t kept[4096], nr = 0;

	r.step_ns = step_ns;
	for (uint64_t i = 1; i <= steps; i++) {
		keeps(&r, 100);
		if (i % 10)
			frees(&r, 100);
		else
			kept[nr++] = r.order;
	}
	for (uint64_t i = 0; i < nr; i++)
		trend_living(&r.trend, kept[i]);
	return r;
}

static void what_leaks_grows_in_all_windows(void **state)
{
	struct run r = leaking(3200, NS_PER_SEC);
	struct trend_evidence e = judged(&r);
	uint64_t minute = 0;

	(void)state;
	/* 3200 allocations are 25 windows of 128. */
	assert_int_equal(r.trend.shift, 7);
	assert_int_equal(e.windows, 24);
	assert_int_equal(e.grew, 24);
	assert_int_equal(e.verdict, TREND_GROWS);
	/* Of the first window 12 stayed. */
	assert_int_equal(e.growth, (320 - 12) * 100);
	assert_int_equal(e.span_ns, 3199 * NS_PER_SEC);
	/* The first 13 windows have 1664 of them. */
	assert_int_equal(e.early, 1664);
	assert_int_equal(e.early_living, 166);
	assert_true(trend_per_minute(&e, &minute));
	assert_int_equal(minute, 30800 * 60 / 3199);
}

static void the_clock_does_not_matter_but_at_the_end(void **state)
{
	struct run r = leaking(3200, 1);
	struct run later;

	(void)state;
	assert_int_equal(judged(&r).verdict, TREND_GROWS);
	later = leaking(3200, NS_PER_SEC);
	later.time_ns += 3000 * NS_PER_SEC;
	assert_int_equal(judged(&later).verdict, TREND_GROWS);
	/* Nothing is allocated any more, as by a program that only replays traces. */
	later.time_ns += 1000 * NS_PER_SEC;
	assert_int_equal(judged(&later).verdict, TREND_UNCLEAR);
}

static void all_in_one_instant_says_nothing_of_time(void **state)
{
	struct run r = leaking(3200, 0);
	struct trend_evidence e = judged(&r);
	uint64_t minute = 7;

	(void)state;
	assert_int_equal(e.verdict, TREND_UNCLEAR);
	assert_int_equal(e.span_ns, 0);
	assert_false(trend_per_minute(&e, &minute));
	assert_int_equal(minute, 7);
}

static void one_allocation_is_steady(void **state)
{
	struct run r = new_run();
	struct trend_evidence e;

	(void)state;
	assert_int_equal(judged(&r).verdict, TREND_STEADY);
	keeps(&r, 64);
	trend_living(&r.trend, r.order);
	e = judged(&r);
	assert_int_equal(e.verdict, TREND_STEADY);
	assert_int_equal(e.windows, 0);
	assert_int_equal(e.early, 1);
	assert_int_equal(e.early_living, 1);
	others(&r, 1000000);
	e = judged(&r);
	assert_int_equal(e.verdict, TREND_STEADY);
	assert_int_equal(e.growth, 0);
	assert_in_range(e.windows, 15, 31);
}

static void a_few_are_too_few(void **state)
{
	(void)state;
	for (uint64_t nr = 2; nr <= 32; nr++) {
		struct run r = new_run();

		for (uint64_t i = 0; i < nr; i++) {
			keeps(&r, 64);
			trend_living(&r.trend, r.order);
		}
		assert_int_equal(judged(&r).verdict, nr <= TREND_LEAST ? TREND_UNCLEAR : TREND_GROWS);
	}
}

/* Grows with each step of the first half. */
static void a_cache_that_is_full_has_stopped(void **state)
{
	struct run r = new_run();

	(void)state;
	for (int i = 0; i < 400; i++) {
		others(&r, 3);
		if (i >= 200)
			continue;
		keeps(&r, 4096);
		trend_living(&r.trend, r.order);
	}
	assert_int_equal(judged(&r).verdict, TREND_STOPPED);
}

/* One is replaced by a larger one: bytes grow, but no old block is left. */
static void a_block_that_is_replaced_is_no_leak(void **state)
{
	struct run r = new_run();

	(void)state;
	for (uint64_t i = 1; i <= 400; i++) {
		keeps(&r, i * 64);
		if (i > 1)
			frees(&r, (i - 1) * 64);
		others(&r, 3);
	}
	trend_living(&r.trend, r.order - 3);
	assert_int_equal(judged(&r).verdict, TREND_UNCLEAR);
	assert_true(judged(&r).growth > 0);
}

/* What lives in the midst of a step when all ends. */
static void work_under_way_is_no_leak(void **state)
{
	struct run r = new_run();

	(void)state;
	for (int i = 0; i < 500; i++) {
		keeps(&r, 64);
		keeps(&r, 64);
		frees(&r, 128);
	}
	keeps(&r, 64);
	trend_living(&r.trend, r.order);
	assert_int_equal(judged(&r).verdict, TREND_UNCLEAR);
	assert_int_equal(judged(&r).grew, 1);
}

/* A cache that is nearly full grows ever less. */
static void what_slows_down_is_not_clear(void **state)
{
	struct run r = new_run();

	(void)state;
	for (uint64_t i = 0; i < 3200; i++) {
		others(&r, 1);
		if (i > 800 && i % 100)
			continue;
		trend_grow(&r.trend, r.order, r.time_ns, 64);
		trend_living(&r.trend, r.order);
	}
	assert_int_equal(judged(&r).verdict, TREND_UNCLEAR);
}

static void numbers_as_large_as_there_are_break_nothing(void **state)
{
	struct trend t = {};
	struct trend_evidence e;
	uint64_t minute = 0;

	(void)state;
	trend_grow(&t, 0, UINT64_MAX - 1, 1);
	for (uint64_t i = 1; i < 64; i++) {
		trend_grow(&t, UINT64_MAX / 64 * i, UINT64_MAX, UINT64_MAX);
		trend_living(&t, UINT64_MAX / 64 * i);
	}
	trend_shrink(&t, UINT64_MAX, UINT64_MAX);
	trend_resize(&t, UINT64_MAX, UINT64_MAX);
	e = trend_judge(&t, UINT64_MAX, UINT64_MAX);
	assert_in_range(e.windows, 15, 31);
	e = (struct trend_evidence){.growth = UINT64_MAX, .span_ns = 1};
	assert_true(trend_per_minute(&e, &minute));
	assert_int_equal(minute, INT64_MAX);
	/* Times and orders of a broken recording. */
	trend_grow(&t, 0, 0, 5);
	trend_living(&t, 3);
	e = trend_judge(&t, 0, 0);
	assert_int_equal(e.span_ns, 0);
}

/* Windows are as if they had been of their last width from the beginning on: levels after each allocation say all. */
static void windows_that_merge_keep_what_they_say(void **state)
{
	enum { NR = 1500, WIDTH = 64 };
	uint64_t levels[NR], random = 7, level = 0, made[TREND_WINDOWS] = {};
	struct trend t = {};

	(void)state;
	for (uint64_t i = 0; i < NR; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		if (!i || random >> 62 == 3) {
			trend_grow(&t, i, START + i, 128);
			level += 128;
			made[i / WIDTH]++;
		} else if (random >> 62 == 2 && level >= 64) {
			trend_shrink(&t, i, 64);
			level -= 64;
		}
		levels[i] = level;
	}
	trend_judge(&t, NR - 1, START + NR);
	assert_int_equal(1U << t.shift, WIDTH);
	assert_int_equal(t.nr, (NR + WIDTH - 1) / WIDTH);
	for (uint64_t i = 0; i < t.nr; i++) {
		uint64_t first = i * WIDTH, end = first + WIDTH < NR ? first + WIDTH : NR, low = i ? levels[first - 1] : levels[0];

		for (uint64_t k = first; k < end; k++)
			low = levels[k] < low ? levels[k] : low;
		assert_int_equal(t.windows[i].made, made[i]);
		assert_int_equal(t.windows[i].end, levels[end - 1]);
		assert_int_equal(t.windows[i].low, i ? low : t.windows[i].low);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_leaks_grows_in_all_windows),
		cmocka_unit_test(the_clock_does_not_matter_but_at_the_end),
		cmocka_unit_test(all_in_one_instant_says_nothing_of_time),
		cmocka_unit_test(one_allocation_is_steady),
		cmocka_unit_test(a_few_are_too_few),
		cmocka_unit_test(a_cache_that_is_full_has_stopped),
		cmocka_unit_test(a_block_that_is_replaced_is_no_leak),
		cmocka_unit_test(work_under_way_is_no_leak),
		cmocka_unit_test(what_slows_down_is_not_clear),
		cmocka_unit_test(numbers_as_large_as_there_are_break_nothing),
		cmocka_unit_test(windows_that_merge_keep_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
