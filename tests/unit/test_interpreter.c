/* runtime/interpreter.h: files of interpreters: what they say, every mistake with its line, and the one that is built in. */
#include "runtime/interpreter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/runtime.h"
#include "view/runtimes_interpreter.h"

#define HEAD "interpreter i\nfile py\ndetect state\nkey getter\n"
#define TEXTS " length=16 state=32 ascii=40 other=56 bytes_length=16 bytes=32"
#define VERSION "version 3.12 thread_id=8 frame=56 back=8 code=0 at=56 line=68 file=112 name=128 table=136" TEXTS "\n"

static void mistake(const char *text, const char *message)
{
	struct interpreter *in = NULL;
	struct diag d = {};

	assert_int_equal(interpreter_parse("x.rt", text, strlen(text), &in, &d), -EINVAL);
	assert_null(in);
	if (strncmp(d.text, message, strlen(message)) != 0 || (d.text[strlen(message)] && d.text[strlen(message)] != '\n'))
		fail_msg("%s\nexpected: %s", d.text, message);
	assert_int_equal(interpreter_parse("x.rt", text, strlen(text), &in, NULL), -EINVAL);
}

static void mistakes_have_a_place(void **state)
{
	(void)state;
	mistake("", "x.rt: there is no 'interpreter' line");
	mistake("interpreter i\nfile py\ndetect s\n", "x.rt: there is no 'key' line");
	mistake(HEAD, "x.rt: there is no 'version' line");
	mistake(HEAD "file py\n", "x.rt:5:1: there is a second line of this kind");
	mistake(HEAD "frame 3\n", "x.rt:5:1: unknown line 'frame'");
	mistake(HEAD "detect\n", "x.rt:5:1: there is a second line of this kind");
	mistake("interpreter i\nkey\n", "x.rt:2:4: the line ends too early");
	mistake(HEAD "refuse s\n", "x.rt:5:9: the line ends too early");
	mistake(HEAD "version 3 thread_id=8\n", "x.rt:5:11: unexpected 'thread_id'");
	mistake(HEAD "version 3.12 thread=8\n", "x.rt:5:14: unexpected 'thread'");
	mistake(HEAD "version 3.12 frame=8 frame=8\n", "x.rt:5:22: 'frame' is there twice");
	mistake(HEAD "version 3.12 frame=12\n", "x.rt:5:20: 'frame' lies at a multiple of 8");
	mistake(HEAD "version 3.12 frame=65535\n", "x.rt:5:20: '65535' is too large");
	mistake(HEAD "version 3.12 at=8:2\n", "x.rt:5:17: 'at' has 4 or 8 bytes");
	mistake(HEAD "version 3.12 frame=8\n", "x.rt:5:1: version 3.12 has no 'thread_id'");
	mistake(HEAD VERSION VERSION, "x.rt:6:1: version 3.12 is there twice");
	mistake(HEAD "version 3.9 call=8 thread_id=8 frame=56 back=8 code=0 at=56 line=68 file=112 name=128 table=136" TEXTS "\n",
		"x.rt:5:1: 'call' and 'call_before' are there both, or neither");
	mistake(HEAD "version 3.9 thread_id=8 frame=56 back=8 code=0 at=256 line=68 file=112 name=128 table=136" TEXTS "\n",
		"x.rt:5:1: what is read of a frame lies 264 bytes apart, which is more than 256");
	mistake(HEAD VERSION "stated 3.13 cookie=1\n", "x.rt:6:1: there is no version 3.13");
	mistake(HEAD VERSION "stated 3.12 frame=1\n", "x.rt:6:13: unexpected 'frame'");
	mistake(HEAD VERSION "stated 3.12 cookie=1 frame=128\n", "x.rt:6:28: '128' is too large");
	mistake(HEAD VERSION "stated 3.12 cookie=1 frame=2 frame=2\n", "x.rt:6:30: it is there twice");
	mistake(HEAD VERSION "stated 3.12 cookie=1 owner=2\n", "x.rt:6:22: version 3.12 has no 'owner'");
	mistake(HEAD VERSION "stated 3.12 cookie=1\nstated 3.12 cookie=1\n", "x.rt:7:1: what version 3.12 states is there twice");
}

static void every_beginning_of_a_file_is_read_or_refused(void **state)
{
	static const char text[] = HEAD "says v\nloop l\nabout a b\nrefuse s why\n" VERSION "stated 3.12 cookie=1 free_threaded=2 frame=3\n";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct interpreter *in = NULL;
		struct diag d = {};

		if (interpreter_parse("x.rt", text, len, &in, &d))
			assert_true(strncmp(d.text, "x.rt:", 5) == 0);
		interpreter_free(in);
	}
}

static void a_file_is_one_or_the_other(void **state)
{
	static const char one[] = "# a comment\n\n  interpreter i", other[] = "runtime interpreter\n", neither[] = "\x01interpreter";

	(void)state;
	assert_true(interpreter_is(one, strlen(one)));
	assert_false(interpreter_is(other, strlen(other)));
	assert_false(interpreter_is(neither, strlen(neither)));
	assert_false(interpreter_is("", 0));
}

/* What is read of a frame and of a code object at once follows from what is in it. */
static void the_one_that_is_built_in_is_whole(void **state)
{
	static const struct {
		unsigned int minor;
		uint16_t frame_begin, frame_bytes, code_begin, code_bytes, at_bytes, instructions;
	} is[] = {{10, 24, 80, 40, 88, 4, WIRE_PYTHON_NONE}, {11, 32, 40, 72, 72, 8, 184}, {12, 0, 72, 64, 80, 8, 192}, {13, 0, 72, 64, 80, 8, 200}};
	_cleanup_(str_release) struct str s = {};
	const struct interpreter *in;
	runtimes r = {};

	(void)state;
	assert_int_equal(runtimes_load(&r, NULL, 0, NULL), 0);
	assert_int_equal(r.interpreters.nr, 1);
	in = r.interpreters.items[0];
	assert_string_equal(in->path, "built in: cpython.rt");
	assert_int_equal(in->versions.nr, ARRAY_SIZE(is));
	for (size_t i = 0; i < ARRAY_SIZE(is); i++) {
		const struct interpreter_version *v = interpreter_find_version(in, 3, is[i].minor);
		struct wire_python wire;

		assert_non_null(v);
		interpreter_layout(v, &wire);
		assert_int_equal(wire.frame_begin, is[i].frame_begin);
		assert_int_equal(wire.frame_bytes, is[i].frame_bytes);
		assert_int_equal(wire.code_begin, is[i].code_begin);
		assert_int_equal(wire.code_bytes, is[i].code_bytes);
		assert_int_equal(wire.at_bytes, is[i].at_bytes);
		assert_int_equal(v->offsets[INTERPRETER_INSTRUCTIONS], is[i].instructions);
		assert_int_equal(v->stated.present, is[i].minor == 13);
		assert_int_equal(v->named, is[i].minor == 10);
	}
	assert_null(interpreter_find_version(in, 3, 14));
	view_interpreter(&s, in);
	assert_non_null(strstr(str_text(&s), "\n  3.10 thread_id=176 frame=24 "));
	assert_non_null(strstr(str_text(&s), " at=96:4 "));
	assert_non_null(strstr(str_text(&s), "refused\n  _Py_NegativeRefcount: it is a debug build of Python\n"));
	runtimes_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_have_a_place),
		cmocka_unit_test(every_beginning_of_a_file_is_read_or_refused),
		cmocka_unit_test(a_file_is_one_or_the_other),
		cmocka_unit_test(the_one_that_is_built_in_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
