/* runtime/arithmetic.c: what `let` lines compute, and when there is no result. */
#include "runtime/arithmetic.h"

#include "runtime/lex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct named {
	const char *name;
	uint64_t value;
};

static struct rt_let *compile(const char *expression)
{
	struct rt_let *let = xcalloc(1, sizeof(*let));
	struct diag d = {};
	struct lexer lx;

	if (lex_start(&lx, "let", expression, strlen(expression), &d) || arithmetic_parse(&lx, let))
		fail_msg("%s", d.text);
	return let;
}

/* Names that are not in @given (which ends with a NULL name) are not known. */
static bool compute(const char *expression, const struct named *given, uint64_t *ret)
{
	struct rt_let *let = compile(expression);
	struct arithmetic_value values[ARITHMETIC_NAMES] = {};

	for (size_t i = 0; i < let->names.nr; i++)
		for (const struct named *g = given; g && g->name; g++)
			if (strcmp(g->name, let->names.items[i]) == 0)
				values[i] = (struct arithmetic_value){.value = g->value, .known = true};

	bool known = arithmetic_run(let, values, ret);

	rt_let_free(let);
	return known;
}

static void check(const char *expression, uint64_t expected)
{
	static const struct named given[] = {
		{"seven", 7}, {"zero", 0}, {"most", UINT64_MAX}, {"half", 1ULL << 63}, {NULL, 0},
	};
	uint64_t result = 0xdead;

	if (!compute(expression, given, &result))
		fail_msg("'%s' has no result", expression);
	if (result != expected)
		fail_msg("'%s' is %llu, not %llu", expression, (unsigned long long)result, (unsigned long long)expected);
}

static void check_absent(const char *expression)
{
	static const struct named given[] = {{"seven", 7}, {"zero", 0}, {"most", UINT64_MAX}, {NULL, 0}};
	uint64_t result = 0xdead;

	if (compute(expression, given, &result))
		fail_msg("'%s' is %llu", expression, (unsigned long long)result);
	assert_int_equal(result, 0xdead);
}

static void numbers_are_decimal_or_hexadecimal(void **state)
{
	(void)state;
	check("0", 0);
	check("18446744073709551615", UINT64_MAX);
	check("0xFFFFffffFFFFffff", UINT64_MAX);
	check("010", 10);
}

static void operators_bind_as_in_c(void **state)
{
	(void)state;
	check("2 + 3 * 4", 14);
	check("(2 + 3) * 4", 20);
	check("20 - 8 - 2", 10);
	check("64 / 4 / 2", 8);
	check("7 * 100 / 3", 233);
	check("1 ? 2 : 3 + 10", 2);
	check("0 ? 2 : 3 + 10", 13);
	check("0 ? 1 : 0 ? 2 : 3", 3);
	check("1 ? 0 ? 4 : 5 : 6", 5);
	check("1 - 1 ? 4 : 5", 5);
	check("seven*seven-seven", 42);
}

static void functions_compute_what_their_names_say(void **state)
{
	(void)state;
	check("roundup(0, 32)", 0);
	check("roundup(1, 32)", 32);
	check("roundup(32, 32)", 32);
	check("roundup(33, 12)", 36);
	check("ceildiv(1024, 12)", 86);
	check("ceildiv(most, 1)", UINT64_MAX);
	check("ceildiv(most, 2)", 1ULL << 63);
	check("bit(0x100000000, 32)", 1);
	check("bit(0xffffffff, 32)", 0);
	check("bit(half, 63)", 1);
	check("low32(0x123456789abcdef0)", 0x9abcdef0);
	check("min(seven, 3)", 3);
	check("max(seven, 3)", 7);
	check("max(min(1, 2), min(4, 3))", 3);
	check("same(seven, 7)", 1);
	check("same(seven, 8)", 0);
	check("same(most, most)", 1);
	check("else(seven, 3)", 7);
	check("else(unknown, 3)", 3);
	check("else(1 / zero, 3) + else(unknown + 1, seven)", 10);
	check("else(seven, unknown)", 7);
}

static void what_cannot_be_computed_is_absent(void **state)
{
	(void)state;
	check_absent("unknown");
	check_absent("seven + unknown");
	check_absent("low32(unknown)");
	check_absent("same(unknown, unknown)");
	check_absent("else(unknown, unknown)");
	check_absent("unknown * zero");
	check_absent("seven / zero");
	check_absent("ceildiv(seven, zero)");
	check_absent("roundup(seven, zero)");
	check_absent("most + 1");
	check_absent("zero - 1");
	check_absent("most * 2");
	check_absent("roundup(most, 2)");
	check_absent("bit(seven, 64)");
	check_absent("(seven / zero) * 0 + 1");
	check("most + 0", UINT64_MAX);
	check("roundup(most, 1)", UINT64_MAX);
}

static void only_the_branch_that_is_taken_counts(void **state)
{
	(void)state;
	check("seven ? 1 : unknown", 1);
	check("zero ? unknown : 2", 2);
	check("zero ? seven / zero : 3", 3);
	check_absent("seven ? unknown : 1");
	check_absent("unknown ? 1 : 1");
	check_absent("zero ? 1 : most + 1");
}

static bool possible(const char *expression, bool a, bool b)
{
	struct rt_let *let = compile(expression);
	bool known[ARITHMETIC_NAMES] = {};

	for (size_t i = 0; i < let->names.nr; i++)
		known[i] = strcmp(let->names.items[i], "a") == 0 ? a : b;

	bool result = arithmetic_possible(let, known);

	rt_let_free(let);
	return result;
}

static void it_is_known_beforehand_what_can_have_a_result(void **state)
{
	(void)state;
	assert_true(possible("1", false, false));
	assert_true(possible("a + 1", true, false));
	assert_false(possible("a + b", true, false));
	assert_false(possible("roundup(low32(b), a)", true, false));
	assert_true(possible("a ? a : b", true, false));
	assert_false(possible("b ? a : a", true, false));
	assert_false(possible("a ? b : b", true, false));
}

/* The formula of the tt-metal file; the figures are those of a Wormhole N150, seen with ttnn.get_memory_view. */
static uint64_t reserved(uint64_t asked, uint64_t page, uint64_t banks, uint64_t align, uint64_t shards)
{
	const struct named spread_from[] = {{"shards", shards}, {"banks", banks}, {NULL, 0}};
	uint64_t spread, result;

	assert_true(compute("bit(shards, 32) ? low32(shards) : banks", spread_from, &spread));

	const struct named given[] = {{"asked", asked}, {"page", page},	 {"banks", banks}, {"align", align},
				      {"grain", 32},	{"spread", spread}, {NULL, 0}};

	assert_true(compute("roundup(ceildiv(ceildiv(asked, page), spread) * roundup(page, align), grain) * banks", given,
			    &result));
	return result;
}

static void reserved_bytes_are_those_of_the_chip(void **state)
{
	(void)state;
	assert_int_equal(reserved(2097152, 2048, 12, 32, 0), 176128 * 12);
	assert_int_equal(reserved(2097152, 2048, 12, 32, 0), 2113536);
	assert_int_equal(reserved(2097152, 2048, 64, 16, 0xdeadbeef), 32768 * 64);
	/* A semaphore of 4 bytes on 64 cores; a 4 KiB shard on one core of 64. */
	assert_int_equal(reserved(256, 4, 64, 16, 1ULL << 32 | 64), 2048);
	assert_int_equal(reserved(4096, 4096, 64, 16, 1ULL << 32 | 1), 262144);
}

static void long_expressions_have_results(void **state)
{
	_cleanup_(str_release) struct str s = {};

	(void)state;
	str_add(&s, "1");
	for (int i = 0; i < 31; i++)
		str_add(&s, " + 1");
	check(str_text(&s), 32);
	check("1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+(1+1))))))))))))))", 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal_or_hexadecimal),
		cmocka_unit_test(operators_bind_as_in_c),
		cmocka_unit_test(functions_compute_what_their_names_say),
		cmocka_unit_test(what_cannot_be_computed_is_absent),
		cmocka_unit_test(only_the_branch_that_is_taken_counts),
		cmocka_unit_test(it_is_known_beforehand_what_can_have_a_result),
		cmocka_unit_test(reserved_bytes_are_those_of_the_chip),
		cmocka_unit_test(long_expressions_have_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
