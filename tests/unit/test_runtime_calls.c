/* Rows on calls (`called by`) and the `core` line: how they are read, and what becomes of them in a file. */
#include "runtime/bind.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assemble.h"

#include "view/runtimes.h"

#define FUNCTION(name, code)                                                                       \
	".globl " name "\n.type " name ", @function\n" name ":\n" code "\n.size " name ", . - " name "\n"

/* rt_once calls rt_target behind three bytes; rt_twice calls it on both sides of a branch, the second time at the end of a path
 * that does not return. */
static const char assembly[] =
	".text\n"
	FUNCTION("rt_free", "push %rbp\npop %rbp\nret")
	FUNCTION("rt_target", "ret")
	FUNCTION("rt_once", "mov %rdi, %rsi\ncall rt_target@plt\nret")
	FUNCTION("rt_twice", "test %rdi, %rdi\nje 1f\ncall rt_target@plt\nret\n1: call rt_target@plt\ncall abort@plt")
	FUNCTION("rt_never", "ret")
	FUNCTION("rt_strange", "jmp *%rsi")
	".section .note.GNU-stack, \"\", @progbits\n";

#define HEAD "runtime r\ndetect rt_free\npool 0=A 1=B\n"
#define FREE "on rt_free free arena=arg0 address=arg1\n"

static int make_library(void **state)
{
	struct assembled *a = xcalloc(1, sizeof(*a));

	*state = a;
	return assembled_from_text(a, "library.so", assembly) ? 0 : -1;
}

static int remove_library(void **state)
{
	assembled_release(*state);
	free(*state);
	return 0;
}

/* The row, all that it became as text: "symbol+offset" of each probe, or its problem. */
static void check_rows(void **state, const char *row, const char *expected)
{
	const struct assembled *m = *state;
	_cleanup_(freep) char *text = xasprintf(HEAD FREE "%s\n", row);
	_cleanup_(str_release) struct str found = {};
	struct runtime *rt = NULL;
	struct elf_file *elf = NULL;
	struct binding *b = NULL;
	struct diag d = {};

	if (runtime_parse("x.rt", text, strlen(text), &rt, &d) || elf_file_open(m->path, &elf, &d) ||
	    binding_new(rt, elf, &b, &d))
		fail_msg("%s", d.text);
	assert_false(binding_sees_programs(b));
	for (size_t i = 1; i < b->rows.nr; i++) {
		const struct bound_row *r = &b->rows.items[i];
		struct elf_symbol symbol;
		uint64_t address;

		str_add(&found, i > 1 ? " " : "");
		if (!r->probed) {
			/* Without the instruction, whose address is the linker's. */
			str_add_bytes(&found, r->problem, strcspn(r->problem, ","));
			continue;
		}
		assert_int_equal(elf_file_find(b->elf, r->symbol, &symbol, 1), 1);
		assert_int_equal(elf_file_address(b->elf, r->file_offset, &address), 0);
		str_addf(&found, "%s+%u", r->symbol, (unsigned int)(address - symbol.address));
	}
	assert_string_equal(str_text(&found), expected);
	binding_free(b);
	runtime_free(rt);
}

static void a_probe_stands_at_each_call(void **state)
{
	check_rows(state, "on rt_target called by rt_once cb address=arg0 bytes=*stack", "rt_once+3");
	check_rows(state, "on rt_t* called by rt_once cb address=arg0 bytes=arg1", "rt_once+3");
	check_rows(state, "on rt_target called by rt_twice cb address=arg0 bytes=arg1", "rt_twice+5 rt_twice+11");
	check_rows(state, "on rt_target called by rt_* cb address=arg0 bytes=arg1",
		   "rt_once+3 rt_twice+5 rt_twice+11 cannot tell what 'rt_strange' calls: an instruction that is not followed");
}

static void the_next_pattern_counts_where_none_before_is_called(void **state)
{
	check_rows(state, "on rt_free or rt_target called by rt_once cb address=arg0 bytes=arg1", "rt_once+3");
	check_rows(state, "on rt_target or rt_free called by rt_once cb address=arg0 bytes=arg1", "rt_once+3");
	check_rows(state, "on rt_free or rt_never called by rt_once cb address=arg0 bytes=arg1",
		   "'rt_once' does not call what the row is about");
}

static void a_file_without_the_caller_has_no_such_row(void **state)
{
	check_rows(state, "on rt_target called by rt_nobody cb address=arg0 bytes=arg1", "");
	check_rows(state, "on rt_target called by rt_strange cb address=arg0 bytes=arg1",
		   "cannot tell what 'rt_strange' calls: an instruction that is not followed");
	check_rows(state, "on rt_target called by rt_never cb address=arg0 bytes=arg1",
		   "'rt_never' does not call what the row is about");
}

static void check_sees(void **state, const char *rows, bool expected)
{
	const struct assembled *m = *state;
	_cleanup_(freep) char *text = xasprintf(HEAD FREE "%s\n", rows);
	struct runtime *rt = NULL;
	struct elf_file *elf = NULL;
	struct binding *b = NULL;
	struct diag d = {};

	if (runtime_parse("x.rt", text, strlen(text), &rt, &d) || elf_file_open(m->path, &elf, &d) ||
	    binding_new(rt, elf, &b, &d))
		fail_msg("%s", d.text);
	assert_int_equal(binding_sees_programs(b), expected);
	binding_free(b);
	runtime_free(rt);
}

#define SEEN "on rt_free program program=arg0\non rt_free cb_free program=arg0\n"

static void programs_are_seen_only_if_all_rows_are(void **state)
{
	check_sees(state, SEEN "on rt_target called by rt_twice cb address=arg0 bytes=arg1", true);
	check_sees(state, SEEN "on rt_free cb address=arg0 bytes=arg1", true);
	/* Where there is no caller there is no call; where it makes none that is seen, there may be others. */
	check_sees(state, SEEN "on rt_free cb address=arg0 bytes=arg1\non rt_free called by rt_nobody cb address=arg0 bytes=arg1", true);
	check_sees(state, SEEN "on rt_free cb address=arg0 bytes=arg1\non rt_free called by rt_never cb address=arg0 bytes=arg1", false);
	check_sees(state, SEEN, false);
	check_sees(state, SEEN "on rt_gone cb address=arg0 bytes=arg1", false);
	check_sees(state, "on rt_free program program=arg0\non rt_free cb address=arg0 bytes=arg1", false);
}

static void mistake(const char *lines, const char *message, const char *hint)
{
	_cleanup_(freep) char *text = xasprintf(HEAD "%s\n", lines);
	struct runtime *rt = NULL;
	struct diag d = {};

	assert_int_equal(runtime_parse("x.rt", text, strlen(text), &rt, &d), -EINVAL);
	assert_string_equal(d.text, message);
	assert_string_equal(d.hint, hint);
}

static void mistakes_are_shown_with_a_caret(void **state)
{
	(void)state;
	mistake("on f called cb address=arg0 bytes=arg1",
		"x.rt:4:13: unexpected 'cb'\n  on f called cb address=arg0 bytes=arg1\n              ^", "expected 'by'");
	mistake("on f called by", "x.rt:4:15: the line ends too early\n  on f called by\n                ^",
		"expected a function's symbol, or the beginning of one and '*'");
	mistake("on f called by g throw in any library",
		"x.rt:4:4: 'called by' is for the file that was detected, not 'in any library'\n"
		"  on f called by g throw in any library\n     ^", "");
	mistake("on f cb address=arg0", "x.rt:4:6: 'cb' needs a value 'bytes'\n  on f cb address=arg0\n       ^", "");
	mistake("on f clash end=arg0", "x.rt:4:6: 'clash' needs a value 'address'\n  on f clash end=arg0\n       ^", "");
	mistake("on f program id=arg0", "x.rt:4:6: 'program' needs a value 'program'\n  on f program id=arg0\n       ^", "");
	mistake("core C", "x.rt:4:6: no pool 'C'\n  core C\n       ^", "pools stand in 'pool' lines before it");
	mistake("core B\ncore A", "x.rt:5:1: there is a second 'core' line\n  core A\n  ^", "");
	mistake("core", "x.rt:4:5: the line ends too early\n  core\n      ^", "expected the name of a pool");
}

static void what_was_read_is_shown(void **state)
{
	static const char text[] = HEAD "core B\n" FREE "on a* or b called by c* clash address=*(*stack+16) end=**stack\n";
	_cleanup_(str_release) struct str shown = {};
	struct runtime *rt = NULL;
	struct diag d = {};

	(void)state;
	assert_int_equal(runtime_parse("x.rt", text, sizeof(text) - 1, &rt, &d), 0);
	assert_string_equal(rt->core, "B");
	assert_string_equal(rt->rows.items[1].caller, "c*");
	view_runtime(&shown, rt);
	assert_non_null(strstr(str_text(&shown), "pools\n  0=A 1=B\ncore\n  B\n"));
	assert_non_null(strstr(str_text(&shown), "  clash       a*\n           or b\n              called by c*\n"));
	runtime_free(rt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_probe_stands_at_each_call, make_library, remove_library),
		cmocka_unit_test_setup_teardown(the_next_pattern_counts_where_none_before_is_called, make_library, remove_library),
		cmocka_unit_test_setup_teardown(a_file_without_the_caller_has_no_such_row, make_library, remove_library),
		cmocka_unit_test_setup_teardown(programs_are_seen_only_if_all_rows_are, make_library, remove_library),
		cmocka_unit_test(mistakes_are_shown_with_a_caret),
		cmocka_unit_test(what_was_read_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
