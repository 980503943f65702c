/* stream/text.h and stream/tee.h */
#include "random_records.h"

#include <errno.h>

#include "base/str.h"
#include "stream/tee.h"
#include "stream/text.h"

static void a_record_is_a_line_that_names_its_fields(void **state)
{
	_cleanup_(str_release) struct str s = {};
	struct record r = {.kind = RECORD_ALLOC};

	(void)state;
	RECORD_SET(&r, TIME_NS, time_ns, 123);
	RECORD_SET(&r, PROCESS, process, 1);
	RECORD_SET(&r, OBJECT, object, 0x7f31c0);
	RECORD_SET(&r, ADDRESS, address, 1048640);
	RECORD_SET(&r, POOL, pool, "L1_SMALL");
	RECORD_SET(&r, COMMAND, command, "python \"a\\b\".py\n\x80");
	RECORD_SET(&r, TAG, tag, "");
	text_add(&s, &r);
	assert_string_equal(str_text(&s), "alloc time_ns=123 process=1 command=\"python \\\"a\\\\b\\\".py\\x0a\\x80\" "
					  "object=0x7f31c0 pool=L1_SMALL address=1048640 tag=\"\"");
}

static void random_records_come_back_equal(void **state)
{
	_cleanup_(str_release) struct str s = {}, texts = {};
	struct random random = {7};

	(void)state;
	for (int i = 0; i < 5003; i++) {
		struct record r = random_record(&random), back;
		struct diag d = {};

		str_clear(&s);
		text_add(&s, &r);
		assert_int_equal(text_parse(s.p, s.len, &back, &texts, &d), 0);
		assert_same_record(&r, &back);
		record_release(&r);
	}
}

static void every_mistake_is_named_with_its_column(void **state)
{
	static const struct {
		const char *line, *text;
	} rows[] = {
		{"malloc time_ns=1", "column 1: no such kind of record: 'malloc'"},
		{"none", "column 1: no such kind of record: 'none'"},
		{"", "column 1: no such kind of record: ''"},
		{"alloc size=1", "column 7: no such field: 'size'"},
		{"alloc =1", "column 7: no such field: ''"},
		{"alloc tid=1  tid=2", "column 14: given twice: 'tid'"},
		{"alloc tid", "column 10: = and a value are missing"},
		{"alloc tid 1", "column 10: = and a value are missing"},
		{"alloc tid=", "column 11: a number is missing"},
		{"alloc tid= pid=1", "column 11: a number is missing"},
		{"alloc tid=12f", "column 11: not a number: '12f'"},
		{"alloc tid=-1", "column 11: not a number: '-1'"},
		{"alloc tid=0x", "column 11: not a number: '0x'"},
		{"alloc object=0xg", "column 14: not a number: '0xg'"},
		{"alloc tid=18446744073709551616", "column 11: more than 64 bits: '18446744073709551616'"},
		{"alloc tid=0x10000000000000000", "column 11: more than 64 bits: '0x10000000000000000'"},
		{"alloc tag=", "column 11: a text is missing (an empty one is \"\")"},
		{"alloc tag=a\"b", "column 12: this character needs the text to be in double quotes"},
		{"alloc tag=\"a", "column 11: the quote is never closed"},
		{"alloc tag=\"a\"b", "column 14: a blank is missing behind the quote"},
		{"alloc tag=\"\\n\"", "column 12: a backslash stands before \", \\ or xNN only"},
		{"alloc tag=\"\\x4", "column 12: a backslash stands before \", \\ or xNN only"},
		{"alloc tag=\"\\", "column 12: a backslash stands before \", \\ or xNN only"},
		{"alloc tag=\"\\x4g\"", "column 12: \\x needs two hexadecimal digits"},
		{"alloc tag=\"\\x00\"", "column 12: a text cannot hold a NUL"},
		{"al\033c", "column 1: no such kind of record: 'al\\x1bc'"},
	};
	_cleanup_(str_release) struct str texts = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct record r = {};
		struct diag d = {};

		assert_int_equal(text_parse(rows[i].line, strlen(rows[i].line), &r, &texts, &d), -EINVAL);
		assert_string_equal(d.text, rows[i].text);
		assert_int_equal(r.kind, RECORD_NONE);
	}
}

static void no_cut_or_changed_line_is_a_crash(void **state)
{
	static const char line[] = "attach time_ns=1 pid=0xfF command=\"a \\\"\\x41\\\\\" pool=L1";
	_cleanup_(str_release) struct str texts = {};
	struct record r;

	(void)state;
	for (size_t len = 0; len < sizeof(line); len++) {
		for (int byte = 0; byte < 256; byte++) {
			/* Exactly as long as the line, so that the sanitizer sees a step over its end. */
			char *copy = xmalloc(len);

			memcpy(copy, line, len);
			if (len)
				copy[len - 1] = (char)byte;
			text_parse(copy, len, &r, &texts, NULL);
			free(copy);
		}
	}
	assert_int_equal(text_parse(line, sizeof(line) - 1, &r, &texts, NULL), 0);
	assert_string_equal(r.command, "a \"A\\");
	assert_int_equal(r.pid, 255);
}

static int run_text(const char *text, struct sink *sink, struct diag *ret_diag)
{
	struct source *source = text_source_new(text, strlen(text));
	int err = source->run(source, sink);

	*ret_diag = *text_source_diag(source);
	source->free(source);
	return err;
}

static void a_text_is_a_source_without_its_comments(void **state)
{
	_cleanup_(str_release) struct str out = {};
	struct text_sink sink;
	struct diag d;

	(void)state;
	text_sink_init(&sink, &out);
	assert_int_equal(
		run_text("# a comment\n\n \t\ntick time_ns=1\n  # more\n  free   tag=a:b\t time_ns=2", &sink.sink, &d),
		0);
	assert_string_equal(str_text(&out), "tick time_ns=1\nfree time_ns=2 tag=a:b\n");
	assert_string_equal(d.text, "");
	assert_int_equal(run_text("", &sink.sink, &d), 0);
}

static void a_mistake_ends_the_source_with_line_and_column(void **state)
{
	_cleanup_(str_release) struct str out = {};
	struct text_sink sink;
	struct diag d;

	(void)state;
	text_sink_init(&sink, &out);
	assert_int_equal(run_text("tick time_ns=1\n\n tick tim=2\ntick\n", &sink.sink, &d), -EINVAL);
	assert_string_equal(str_text(&out), "tick time_ns=1\n");
	assert_string_equal(d.text, "line 3, column 7: no such field: 'tim'");
}

/* Fails from the second record on. */
struct failing {
	struct sink sink;
	int nr, err;
};

static int failing_put(struct sink *sink, const struct record *r)
{
	struct failing *f = (struct failing *)sink;

	(void)r;
	return f->nr++ ? f->err : 0;
}

static void a_sink_that_fails_ends_the_source(void **state)
{
	struct failing sink = {{.put = failing_put}, 0, -EPIPE};
	struct diag d;

	(void)state;
	assert_int_equal(run_text("tick\ntick\ntick\n", &sink.sink, &d), -EPIPE);
	assert_int_equal(sink.nr, 2);
	assert_string_equal(d.text, "");
}

static void a_tee_gives_each_record_to_all_sinks_also_when_one_fails(void **state)
{
	_cleanup_(str_release) struct str a = {}, b = {};
	_cleanup_(tee_release) struct tee tee;
	struct failing first_to_fail = {{.put = failing_put}, 0, -EPIPE}, second_to_fail = {{.put = failing_put}, 0, -ENOSPC};
	struct record r = {.kind = RECORD_TICK};
	struct text_sink to_a, to_b;

	(void)state;
	tee_init(&tee);
	assert_int_equal(sink_put(&tee.sink, &r), 0);
	text_sink_init(&to_a, &a);
	text_sink_init(&to_b, &b);
	tee_add(&tee, &to_a.sink);
	tee_add(&tee, &first_to_fail.sink);
	tee_add(&tee, &second_to_fail.sink);
	tee_add(&tee, &to_b.sink);
	assert_int_equal(sink_put(&tee.sink, &r), 0);
	assert_int_equal(sink_put(&tee.sink, &r), -EPIPE);
	assert_string_equal(str_text(&a), "tick\ntick\n");
	assert_string_equal(str_text(&b), "tick\ntick\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_a_line_that_names_its_fields),
		cmocka_unit_test(random_records_come_back_equal),
		cmocka_unit_test(every_mistake_is_named_with_its_column),
		cmocka_unit_test(no_cut_or_changed_line_is_a_crash),
		cmocka_unit_test(a_text_is_a_source_without_its_comments),
		cmocka_unit_test(a_mistake_ends_the_source_with_line_and_column),
		cmocka_unit_test(a_sink_that_fails_ends_the_source),
		cmocka_unit_test(a_tee_gives_each_record_to_all_sinks_also_when_one_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
