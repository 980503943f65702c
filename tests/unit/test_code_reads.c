/* What a function reads first: tests/unit/data/code.S has the functions. */
#include "target/code.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "code_library.h"

static const struct {
	const char *function, *chain, *reason; /* chain NULL: refused, for this reason */
	int err;
} rows[] = {
	{ "reads_a_member_first", "*(arg0+0x24):4", NULL, 0 },
	{ "reads_behind_a_pointer_first", "*(arg0+0x10):8", NULL, 0 },
	{ "reads_by_comparing", "*(arg0+0xa8):1", NULL, 0 },
	{ "reads_after_a_branch", NULL, "before it branches or calls", -ENOENT },
	{ "reads_after_a_call", NULL, "before it branches or calls", -ENOENT },
	{ "reads_an_item", NULL, "computed by", -ENOTSUP },
	{ "reads_a_vector", NULL, "not behind an argument", -ENOTSUP },
	{ "reads_nothing", NULL, "before it branches or calls", -ENOENT },
};

static void only_what_is_read_on_every_way_counts(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(str_release) struct str text = {};
		struct code_chain chain = {};
		struct elf_symbol f = {};
		struct diag d = {};

		assert_int_equal(elf_file_find(fixture->elf, rows[i].function, &f, 1), 1);

		int err = code_reads_first(fixture->elf, &f, &chain, &d);

		if (!err)
			code_chain_add(&text, &chain);
		if (err != rows[i].err || (!err && strcmp(str_text(&text), rows[i].chain)) || (err && !strstr(d.text, rows[i].reason)))
			fail_msg("%s: %d '%s' '%s'", rows[i].function, err, str_text(&text), d.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_what_is_read_on_every_way_counts, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
