/* Where a function calls another: tests/unit/data/code.S has the functions. */
#include "target/code.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "code_library.h"

static int calls_in(const struct fixture *fixture, const char *function, const char *callee, uint64_t *sites, size_t max,
		    size_t *ret_nr, struct diag *d)
{
	struct elf_symbol f = {};

	assert_int_equal(elf_file_find(fixture->elf, function, &f, 1), 1);
	return code_calls(fixture->elf, &f, callee, sites, max, ret_nr, d);
}

static const struct {
	const char *function, *callee;
	size_t max;
	int err;
	size_t nr;
	const char *reason;
} rows[] = {
	{ "passes_through_plt", "callee", 8, 0, 1, NULL },
	{ "passes_through_plt", "call*", 8, 0, 1, NULL },
	{ "passes_through_plt", "calle", 8, -ENOENT, 0, "it does not call that function" },
	{ "passes_through_got", "imported", 8, 0, 1, NULL },
	{ "passes_directly", "local_callee", 8, 0, 1, NULL },
	/* One of them is on a path that throws. */
	{ "passes_each", "callee", 8, 0, 5, NULL },
	{ "passes_each", "callee", 5, 0, 5, NULL },
	{ "passes_each", "callee", 4, -ENOTSUP, 0, "it calls it in more than 4 places" },
	{ "passes_each", "thrower", 8, 0, 1, NULL },
	{ "passes_each", "_Unwind_Resume", 8, 0, 1, NULL },
	{ "throwing_tail", "thrower", 8, 0, 1, NULL },
	{ "throwing_first", "__cxa_throw", 8, 0, 1, NULL },
	{ "throwing_std", "_ZSt20__throw*", 8, 0, 1, NULL },
	/* A jump is no call: the stack is another. */
	{ "passes_last", "callee", 8, -ENOTSUP, 0, "it jumps there at its end" },
	{ "passes_each", "other", 8, -ENOTSUP, 0, "it jumps there at its end" },
	{ "passes_nothing", "", 8, -ENOENT, 0, "it does not call that function" },
	{ "switch_jump", "other", 8, -ENOTSUP, 0, "not followed, 'jmp *%rsi'" },
};

static void each_call_is_found_whatever_becomes_of_it(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t sites[8], before = 0;
		struct diag d = {};
		size_t nr = 0;
		int err = calls_in(fixture, rows[i].function, rows[i].callee, sites, rows[i].max, &nr, &d);

		if (err != rows[i].err || nr != rows[i].nr || (err && !strstr(d.text, rows[i].reason)))
			fail_msg("%s of %s: %d, %zu calls, %s", rows[i].callee, rows[i].function, err, nr, d.text);
		for (size_t k = 0; k < nr; k++) {
			_cleanup_(str_release) struct str text = {};
			bool emulated = false;

			assert_true(sites[k] > before);
			before = sites[k];
			assert_int_equal(code_instruction(fixture->elf, sites[k], &text, &emulated), 0);
			assert_memory_equal(str_text(&text), "call ", 5);
		}
	}
}

static void a_symbol_that_is_not_in_the_file_has_no_calls(void **state)
{
	static const struct elf_symbol symbols[] = {
		{ "nowhere", 0x7fff12345000, 16, true }, { "without_size", 0, 0, true }, { "endless", 0, UINT64_MAX, true }};
	const struct fixture *fixture = *state;
	uint64_t site;
	size_t nr;

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		struct diag d = {};

		assert_int_equal(code_calls(fixture->elf, &symbols[i], "*", &site, 1, &nr, &d), -ENOTSUP);
		assert_non_null(strstr(d.text, symbols[i].name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_is_found_whatever_becomes_of_it),
		cmocka_unit_test(a_symbol_that_is_not_in_the_file_has_no_calls),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
