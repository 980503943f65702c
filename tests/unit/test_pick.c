/* user/stream/pick: what is about some processes, as if the others had not been watched. */
#include "ledger_text.h"

#include "stream/pick.h"

#include <errno.h>

static const char *const both =
	"attach time_ns=1 process=1 pid=10 runtime=r pools=L1\n"
	"attach time_ns=2 process=2 pid=20 runtime=r pools=L1\n"
	"census time_ns=2 process=2 reason=begin\n"
	"arena time_ns=3 process=1 arena=1 object=0x1 pool=L1\n"
	"arena time_ns=4 process=2 arena=2 object=0x1 pool=L1\n"
	"alloc time_ns=5 process=2 arena=2 address=1 reserved=2\n"
	"alloc time_ns=6 process=1 arena=1 address=1 reserved=3\n"
	"tick time_ns=7\n"
	"lost time_ns=8 count=1\n"
	"detach time_ns=9 process=2 reason=exec\n"
	"attach time_ns=10 process=3 pid=20 runtime=r pools=L1\n"
	"arena time_ns=11 process=1 arena=3 object=0x2 pool=L1\n"
	"arena time_ns=12 process=3 arena=4 object=0x3 pool=L1\n"
	"free time_ns=13 process=1 arena=1 address=1\n"
	"alloc time_ns=14 process=3 arena=4 address=9 reserved=2\n"
	"tick time_ns=15\n";

static const char *const second =
	"attach time_ns=2 process=1 pid=20 runtime=r pools=L1\n"
	"census time_ns=2 process=1 reason=begin\n"
	"arena time_ns=4 process=1 arena=1 object=0x1 pool=L1\n"
	"alloc time_ns=5 process=1 arena=1 address=1 reserved=2\n"
	"tick time_ns=7\n"
	"lost time_ns=8 count=1\n"
	"detach time_ns=9 process=1 reason=exec\n"
	"attach time_ns=10 process=2 pid=20 runtime=r pools=L1\n"
	"arena time_ns=12 process=2 arena=2 object=0x3 pool=L1\n"
	"alloc time_ns=14 process=2 arena=2 address=9 reserved=2\n"
	"tick time_ns=15\n";

/* What comes through, as text; field by field as in the original. */
static void assert_picked(const int *pids, size_t nr, const char *stream, const char *expected)
{
	struct source *wanted = text_source_new(expected, strlen(expected)), *source = text_source_new(stream, strlen(stream));
	struct str found = {}, plain = {};
	struct text_sink text, all;
	struct pick p;

	text_sink_init(&text, &found);
	text_sink_init(&all, &plain);
	pick_init(&p, &text.sink, pids, nr);
	assert_int_equal(source->run(source, &p.sink), 0);
	assert_int_equal(wanted->run(wanted, &all.sink), 0);
	assert_string_equal(str_text(&found), str_text(&plain));
	source->free(source);
	wanted->free(wanted);
	pick_release(&p);
	str_release(&found);
	str_release(&plain);
}

static void what_is_about_others_is_left_out_and_the_rest_is_numbered_anew(void **state)
{
	const int one[] = {20}, all[] = {20, 10}, none[] = {30};

	(void)state;
	assert_picked(one, 1, both, second);
	assert_picked(all, 2, both, both);
	assert_picked(none, 1, both, "tick time_ns=7\nlost time_ns=8 count=1\ntick time_ns=15\n");
}

static void a_ledger_takes_what_comes_through(void **state)
{
	const int one[] = {20};
	struct source *source = text_source_new(both, strlen(both));
	struct fold f = fold_new();
	struct pick p;

	(void)state;
	pick_init(&p, &f.sink, one, 1);
	assert_int_equal(source->run(source, &p.sink), 0);
	assert_int_equal(f.ledger->processes.nr, 2);
	assert_int_equal(ledger_arena(f.ledger, 2)->figures.reserved, 2);
	assert_int_equal(p.records, 16);
	assert_int_equal(p.nr_processes, 2);
	assert_int_equal(p.others.nr, 1);
	assert_int_equal(p.others.items[0], 10);
	source->free(source);
	pick_release(&p);
	fold_release(&f);
}

/* What contradicts itself there contradicts itself here. */
static void an_arena_of_another_process_is_none(void **state)
{
	static const char *const wrong = "attach time_ns=1 process=1 pid=10 runtime=r pools=L1\n"
					 "attach time_ns=2 process=2 pid=20 runtime=r pools=L1\n"
					 "arena time_ns=3 process=1 arena=1 object=0x1 pool=L1\n"
					 "alloc time_ns=5 process=2 arena=1 address=1 reserved=2\n";
	const int one[] = {20};
	struct source *source = text_source_new(wrong, strlen(wrong));
	struct fold f = fold_new();
	struct pick p;

	(void)state;
	pick_init(&p, &f.sink, one, 1);
	assert_true(source->run(source, &p.sink) < 0);
	source->free(source);
	pick_release(&p);
	fold_release(&f);
}

static void of_what_begins_in_the_midst_nothing_is_picked(void **state)
{
	static const char *const stream = "checkpoint time_ns=1 reason=begin\ntick time_ns=2\n";
	struct source *source = text_source_new(stream, strlen(stream));
	const int pid = 10;
	struct str found = {};
	struct text_sink text;
	struct pick p;

	(void)state;
	text_sink_init(&text, &found);
	pick_init(&p, &text.sink, &pid, 1);
	assert_int_equal(source->run(source, &p.sink), -ECANCELED);
	assert_true(p.late);
	assert_int_equal(found.len, 0);
	source->free(source);
	pick_release(&p);
	str_release(&found);
}

static void a_name_is_the_programs_or_a_part_of_the_command_line(void **state)
{
	static const char *const names[] = {"python", "-m server"};

	(void)state;
	assert_true(pick_is_named(names, 2, "python", "python x.py"));
	assert_true(pick_is_named(names, 2, "python", NULL));
	assert_true(pick_is_named(names, 2, "worker", "/usr/bin/python3 x.py"));
	assert_true(pick_is_named(names, 2, "sh", "sh -m server --port 1"));
	assert_false(pick_is_named(names, 2, "python3", "run --module server"));
	assert_false(pick_is_named(names, 2, "python3", NULL));
	assert_false(pick_is_named(names, 2, NULL, NULL));
	assert_false(pick_is_named(names, 0, "python", "python"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_about_others_is_left_out_and_the_rest_is_numbered_anew),
		cmocka_unit_test(a_name_is_the_programs_or_a_part_of_the_command_line),
		cmocka_unit_test(a_ledger_takes_what_comes_through),
		cmocka_unit_test(an_arena_of_another_process_is_none),
		cmocka_unit_test(of_what_begins_in_the_midst_nothing_is_picked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
