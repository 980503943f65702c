/* user/view/suppressions.c: what a user calls no leak. */
#include "view_stream.h"

#include "view/suppressions.h"

#include <errno.h>

static void parse(const char *text, size_t len, int expected, const char *said)
{
	_cleanup_(suppressions_release) struct suppressions s = {};
	struct diag d = {};

	assert_int_equal(suppressions_parse(&s, "known", text, len, &d), expected);
	assert_string_equal(d.text, said);
	assert_int_equal(d.hint[0] != '\0', expected != 0);
}

#define PARSE(text, expected, said) parse(text, sizeof(text) - 1, expected, said)

static void what_is_wrong_is_said_with_its_line(void **state)
{
	(void)state;
	PARSE("", 0, "");
	PARSE("\n\n", 0, "");
	PARSE("# all\n  # of it\r\n\n line:*/a.py:7 \nfunction:f\nfile:/srv/*", 0, "");
	PARSE("line:a\nlines:b\n", -EINVAL, "known:2: no suppression: 'lines:b'");
	PARSE("#\n\nfile:\n", -EINVAL, "known:3: no pattern: 'file:'");
	PARSE("function:  \n", -EINVAL, "known:1: no pattern: 'function:'");
	PARSE("line:a\0b", -EINVAL, "known:1: a byte that is 0: 'line:a'");
	PARSE("\n\x1b[2J\xff", -EINVAL, "known:2: no suppression: '\\x1b[2J\\xff'");
	PARSE("line", -EINVAL, "known:1: no suppression: 'line'");
}

static void any_bytes_are_refused_or_taken(void **state)
{
	static const char part[] = "line:function:file:#\n\n*[\\?]\0 \t\r\xff\x80";
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct suppressions s = {};
		char text[64];
		size_t len;

		for (len = 0; len < sizeof(text) && (random >> 58 || len < 3); len++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			text[len] = random >> 63 ? part[(random >> 33) % (sizeof(part) - 1)] : (char)(random >> 40);
		}
		suppressions_parse(&s, "x", text, len, NULL);
		for (size_t k = 0; k < s.items.nr; k++)
			assert_true(*s.items.items[k].pattern);
		suppressions_release(&s);
	}
}

#define FRAMES                                                                                                           \
	"module" S(101) "module=1 path=/opt/libops.so\n"                                                                 \
	"frame" S(101) "frame=1 path=/srv/serve.py line=118 symbol=step\nframe" S(101) "frame=2 path=/srv/cache.py symbol=grow\n" \
	"frame" S(101) "frame=3 module=1 offset=16 symbol=make\n"                                                        \
	"stack" S(101) "stack=1 frame=1\nstack" S(101) "stack=2 frame=2 parent=1\nstack" S(101) "stack=3 frame=3\n"      \
	"stack" S(101) "stack=4 frame=3 parent=2\n"

static void nothing(struct view *v, const struct record *r, const struct effect *e)
{
	(void)v;
	(void)r;
	(void)e;
}

/* The line of the suppression that matches; 0: none. */
static size_t found(const char *text, uint64_t stack)
{
	struct suppressions s = {};
	struct call_groups groups = {.by = CALL_BY_FILE};
	struct view v = {.add = nothing};
	const struct suppression *item;
	size_t line;

	view_run(&v, PYTHON EMPTY POOLS(101) FRAMES);
	assert_int_equal(suppressions_parse(&s, "x", text, strlen(text), NULL), 0);
	item = suppressions_find(&s, &groups, v.ledger, stack);
	/* It is the same when it is asked for again. */
	assert_ptr_equal(item, suppressions_find(&s, &groups, v.ledger, stack));
	for (size_t i = 0; i < s.items.nr; i++)
		assert_int_equal(s.items.items[i].used, item == &s.items.items[i]);
	line = item ? item->line : 0;
	suppressions_release(&s);
	call_groups_release(&groups);
	view_release(&v);
	return line;
}

static void they_are_about_the_programs_own_line(void **state)
{
	(void)state;
	assert_int_equal(found("line:/srv/serve.py:118", 1), 1);
	assert_int_equal(found("line:*:11[0-7]\n\nline:*/serve.py:*", 1), 3);
	assert_int_equal(found("function:step", 1), 1);
	assert_int_equal(found("function:ste\nfile:*.cc", 1), 0);
	assert_int_equal(found("file:/srv/*", 1), 1);
	/* Not about who called it, and not about a line that is not known. */
	assert_int_equal(found("function:step\nline:*", 2), 0);
	assert_int_equal(found("file:*cache*", 2), 1);
	/* Machine code has its file, where nothing else is known; inside of source it is the source's. */
	assert_int_equal(found("line:*\nfile:/opt/libops.so", 3), 2);
	assert_int_equal(found("function:make\nfunction:grow", 4), 2);
	/* Without a stack nothing is known. */
	assert_int_equal(found("file:*\nfunction:*\nline:*", 0), 0);
	assert_int_equal(found("file:*\nfunction:*\nline:*", 99), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(any_bytes_are_refused_or_taken),
		cmocka_unit_test(they_are_about_the_programs_own_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
