/* Where the probes of a runtime file's rows stand in functions of tests/unit/data/sites.S, and how that is told. */
#include "runtime/bind.h"
#include "runtime/row_return.h"
#include "view/runtimes.h"
#include "view/runtimes_json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "assemble.h"
#include "base/str.h"

static int set_up(void **state)
{
	struct assembled *made = xcalloc(1, sizeof(*made));

	*state = made;
	return assembled_from_file(made, "sites.so", "tests/unit/data/sites.S") ? 0 : -1;
}

static int tear_down(void **state)
{
	assembled_release(*state);
	free(*state);
	return 0;
}

struct bound {
	struct runtime *rt;
	struct binding *b;
};

#define HEAD "runtime r\ndetect push_first\npool 0=A\n"

static struct bound bind(void **state, const char *lines, bool at_entry)
{
	const struct assembled *made = *state;
	_cleanup_(freep) char *text = xasprintf(HEAD "%s", lines);
	runtimes all = {};
	struct bound bound = {};
	struct elf_file *elf;
	struct diag d = {};

	if (runtime_parse("r.rt", text, strlen(text), &bound.rt, &d))
		fail_msg("%s", d.text);
	if (at_entry) {
		vec_push(&all, bound.rt);
		runtimes_probe_entries(&all);
		vec_release(&all);
	}
	assert_int_equal(elf_file_open(made->path, &elf, &d), 0);
	if (binding_new(bound.rt, elf, &bound.b, &d))
		fail_msg("%s %s", d.text, d.hint);
	return bound;
}

static void unbind(struct bound *bound)
{
	binding_free(bound->b);
	runtime_free(bound->rt);
}

static uint64_t behind(const struct bound *bound, size_t row)
{
	assert_true(bound->b->rows.items[row].probed);
	return bound->b->rows.items[row].file_offset - bound->b->rows.items[row].function_offset;
}

static void a_probe_stands_before_what_its_row_reads_is_overwritten(void **state)
{
	struct bound bound = bind(state, "on overwrites_first free address=arg1\n"
					 "on overwrites_first free address=arg0\n"
					 "on overwrites_first free address=*arg0+8\n"
					 "on overwrites_last  free address=arg4\n"
					 "on endbr_push       free address=*stack+8\n", false);
	static const uint64_t wanted[] = {4, 0, 0, 3, 4};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_int_equal(behind(&bound, i), wanted[i]);
	unbind(&bound);
}

static void probes_stand_at_entries_when_they_are_to(void **state)
{
	struct bound bound = bind(state, "on overwrites_first free address=arg1\non endbr_push free address=arg0\n", true);

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(behind(&bound, i), 0);
		assert_null(bound.b->rows.items[i].site_why);
	}
	unbind(&bound);
}

/* Wherever they would stand. */
static void two_return_probes_on_a_function_are_one_too_many(void **state)
{
	struct bound bound = bind(state, "on overwrites_first return alloc address=ret reserved=arg1\n"
					 "on overwrites_first return free address=arg0\n", false);

	assert_int_equal(behind(&bound, 0), 4);
	assert_false(bound.b->rows.items[1].probed);
	assert_string_equal(bound.b->rows.items[1].problem, "another row has a return probe on this function");
	unbind(&bound);
}

static void a_probe_at_a_call_stands_there(void **state)
{
	struct bound bound = bind(state, "on elsewhere called by endbr_call free address=arg0\n", false);
	uint64_t address;

	assert_true(bound.b->rows.items[0].probed);
	assert_int_equal(elf_file_address(bound.b->elf, bound.b->rows.items[0].file_offset, &address), 0);
	assert_null(bound.b->rows.items[0].site_why);
	unbind(&bound);
}

static void sites_are_told_with_their_reasons(void **state)
{
	static const char lines[] = "on endbr_push free address=arg0\non push_first free address=arg0\n"
				    "on sub_push free address=arg0\non elsewhere called by endbr_call free address=arg0\n"
				    "on nowhere free address=arg0\non endbr_push clear arena=arg0 in any library\n";
	static const char head[] = "{\"schema\":1,\"pid\":4242,\"runtime\":\"r\",\"file\":\"/x\\\\x0a.so\",";
	static const char *const texts[] = {
		": entry+4 push %rbp: emulated, after endbr64\n",
		": entry push %rbp: emulated\n",
		": entry sub $8,%rsp: single-stepped, slower: no emulated instruction comes before 'sub $8,%rsp', which moves",
	};
	static const char *const objects[] = {
		"\"behind_entry\":4,\"instruction\":\"push %rbp\",\"emulated\":true,\"site\":\"after endbr64\"}",
		"\"behind_entry\":0,\"instruction\":\"push %rbp\",\"emulated\":true}",
		"\"behind_entry\":0,\"instruction\":\"sub $8,%rsp\",\"emulated\":false,\"site\":\"no emulated instruction",
		"{\"verb\":\"free\",\"symbol\":\"nowhere\",\"probed\":false,\"why\":\"no function matches 'nowhere'\"}",
		"{\"verb\":\"clear\",\"symbol\":\"endbr_push\",\"probed\":true,\"any_library\":true}]}\n",
	};
	_cleanup_(str_release) struct str s = {};
	struct bound bound = bind(state, lines, false);

	view_binding(&s, bound.b);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strstr(str_text(&s), texts[i]))
			fail_msg("'%s' is not in\n%s", texts[i], str_text(&s));
	str_clear(&s);
	view_binding_json(&s, bound.b, "/x\n.so", 4242);
	assert_memory_equal(str_text(&s), head, strlen(head));
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		if (!strstr(str_text(&s), objects[i]))
			fail_msg("'%s' is not in\n%s", objects[i], str_text(&s));
	unbind(&bound);
}

static bool has_ways(const char *lines)
{
	_cleanup_(freep) char *text = xasprintf(HEAD "%s", lines);
	struct runtime *rt;
	struct diag d = {};
	bool has;

	if (runtime_parse("r.rt", text, strlen(text), &rt, &d))
		fail_msg("%s", d.text);
	has = runtime_has_ways(rt);
	runtime_free(rt);
	return has;
}

/* What is not loaded at the start cannot be used later: none that could be needed in some file may be denied. */
static void returns_of_functions_that_may_throw_are_seen_at_ways_out(void **state)
{
	static const struct {
		const char *lines;
		bool ways;
	} cases[] = {
		{"on f free address=arg0\n", false},
		{"on f return alloc address=ret reserved=arg1\n", false},
		{"on _f* return alloc address=ret reserved=arg1\n", false},
		{"on __Y* return alloc address=ret reserved=arg1\n", false},
		{"on _Zf free address=arg0\n", false},
		{"on _Zf return alloc address=ret reserved=arg1\n", true},
		{"on __Zf return alloc address=ret reserved=arg1\n", true},
		{"on f or _Zf return alloc address=ret reserved=arg1\n", true},
		{"on _* return alloc address=ret reserved=arg1\n", true},
		{"on __* return alloc address=ret reserved=arg1\n", true},
		{"on f return alloc address=ret reserved=arg1\non g throw\n", true},
		{"on f free address=arg0\non g throw\n", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (has_ways(cases[i].lines) != cases[i].ways)
			fail_msg("%s", cases[i].lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_probe_stands_before_what_its_row_reads_is_overwritten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(probes_stand_at_entries_when_they_are_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_return_probes_on_a_function_are_one_too_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_probe_at_a_call_stands_there, set_up, tear_down),
		cmocka_unit_test(returns_of_functions_that_may_throw_are_seen_at_ways_out),
		cmocka_unit_test_setup_teardown(sites_are_told_with_their_reasons, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
