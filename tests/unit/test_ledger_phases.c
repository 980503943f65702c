/* user/ledger/phases.c: what a process is doing, each change with its reason. */
#include "ledger_text.h"

#define ATTACH "attach time_ns=100 process=1 pid=4242 runtime=r pools=DRAM,L1,TRACE\n"
#define EMPTY "census time_ns=100 process=1 reason=begin\ncensus time_ns=100 process=1 reason=end\n"
#define L1 "arena time_ns=101 process=1 arena=1 object=0x10 pool=L1 reason=new\n"
#define LATE "census time_ns=100 process=1 reason=begin\n" L1 "census time_ns=101 process=1 reason=end\n"
#define ALLOC "alloc time_ns=110 process=1 arena=1 address=64 reserved=4\n"
#define CAPTURE "capture time_ns=110 process=1 trace=5\n"
#define CAPTURED "captured time_ns=110 process=1 trace=5\n"
#define REPLAY "replay time_ns=110 process=1 trace=5\n"
#define RELEASE "release time_ns=110 process=1 trace=5\n"

/* The last record's effect: "init > capture of 5: why", "capture of 5" when it changed nothing. */
static void add_effect(struct str *s, const struct fold *f)
{
	const struct effect *e = &f->effect;
	const char *from = phase_name(e->from), *to = phase_name(e->to);

	if (!e->why) {
		str_addf(s, "%s", to ? to : "unknown");
		return;
	}
	str_addf(s, "%s", from ? from : "unknown");
	if (e->has_from_trace)
		str_addf(s, " of %" PRIu64, e->from_trace);
	str_addf(s, " > %s", to ? to : "unknown");
	if (e->process->has_phase_trace)
		str_addf(s, " of %" PRIu64, e->process->phase_trace);
	str_addf(s, ": %s", e->why);
}

static void check_effect(const char *before, const char *line, const char *expected)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	_cleanup_(str_release) struct str s = {};

	fold(&f, before);
	fold(&f, line);
	add_effect(&s, &f);
	assert_string_equal(str_text(&s), expected);
	assert_int_equal(f.effect.to, f.ledger->processes.items[0]->phase);
}

/* What each record does in each phase, which these streams lead to. */
static void every_record_in_every_phase_changes_it_as_the_table_says(void **state)
{
	static const struct {
		const char *before;
		const char *alloc, *capture, *captured, *replay, *release, *detach;
	} rows[] = {
		{ATTACH LATE, "unknown", "unknown > capture of 9: the runtime is told to capture a trace",
		 "unknown > none: the capture ends", "unknown > execution of 9: first replay",
		 "unknown > release of 9: a trace is released", "unknown"},
		{ATTACH EMPTY L1, "init", "init > capture of 9: the runtime is told to capture a trace",
		 "init > none: the capture ends", "init > execution of 9: first replay",
		 "init > release of 9: a trace is released", "init > none: the process is not watched any more"},
		{ATTACH EMPTY L1 CAPTURE, "capture", "capture of 5 > capture of 9: the runtime is told to capture a trace",
		 "capture of 5 > none: the capture ends", "capture of 5 > execution of 9: first replay",
		 "capture of 5 > release of 9: a trace is released",
		 "capture of 5 > none: the process is not watched any more"},
		{ATTACH EMPTY L1 CAPTURE CAPTURED, "none", "none > capture of 9: the runtime is told to capture a trace",
		 "none > none: the capture ends", "none > execution of 9: first replay",
		 "none > release of 9: a trace is released", "none > none: the process is not watched any more"},
		{ATTACH EMPTY L1 REPLAY, "execution of 5 > none: an allocation",
		 "execution of 5 > capture of 9: the runtime is told to capture a trace", "execution of 5 > none: the capture ends",
		 "execution", "execution of 5 > release of 9: a trace is released",
		 "execution of 5 > none: the process is not watched any more"},
		{ATTACH EMPTY L1 RELEASE, "release of 5 > none: an allocation",
		 "release of 5 > capture of 9: the runtime is told to capture a trace", "release of 5 > none: the capture ends",
		 "release of 5 > execution of 9: first replay", "release of 5 > release of 9: a trace is released",
		 "release of 5 > none: the process is not watched any more"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		check_effect(rows[i].before, ALLOC, rows[i].alloc);
		check_effect(rows[i].before, "capture time_ns=111 process=1 trace=9\n", rows[i].capture);
		check_effect(rows[i].before, "captured time_ns=111 process=1 trace=9\n", rows[i].captured);
		check_effect(rows[i].before, "replay time_ns=111 process=1 trace=9\n", rows[i].replay);
		check_effect(rows[i].before, "release time_ns=111 process=1 trace=9\n", rows[i].release);
		check_effect(rows[i].before, "detach time_ns=111 process=1 reason=exit\n", rows[i].detach);
	}
}

static void what_allocates_nothing_ends_no_phase(void **state)
{
	static const char *const lines[] = {
		"free time_ns=111 process=1 arena=1 address=64\n",
		"clear time_ns=111 process=1 arena=1\n",
		"block time_ns=111 process=1 arena=1 address=96 reserved=1\n",
		"correction time_ns=111 process=1 arena=1 address=96 reserved=1 reason=missing\n",
		"failed time_ns=111 process=1 reason=throw\n",
		"phantom time_ns=111 process=1\n",
		"unsettled time_ns=111 process=1 reason=lost\n",
		"replays time_ns=111 process=1 trace=5 count=7\n",
		"census time_ns=111 process=1 reason=begin\n",
		"census time_ns=111 process=1 reason=end\n",
		"check time_ns=111 process=1 equal=1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		check_effect(ATTACH EMPTY L1 REPLAY, lines[i], "execution");
}

static void init_begins_when_the_books_of_a_process_were_empty(void **state)
{
	(void)state;
	check_effect(ATTACH "census time_ns=100 process=1 reason=begin\n", "census time_ns=101 process=1 reason=end\n",
		     "unknown > init: no device memory is in use yet");
	check_effect(ATTACH, "census time_ns=100 process=1 reason=begin\n", "unknown");
	check_effect(ATTACH "census time_ns=100 process=1 reason=begin\n",
		     "census time_ns=101 process=1 reason=end partial=1\n", "unknown");
	check_effect(ATTACH "census time_ns=100 process=1 reason=begin\n" L1,
		     "census time_ns=101 process=1 reason=end\n", "unknown");
	check_effect(ATTACH "census time_ns=100 process=1 reason=begin\n" REPLAY,
		     "census time_ns=110 process=1 reason=end\n", "execution");
	check_effect(ATTACH L1, ALLOC, "unknown");
}

static void a_phase_has_the_trace_and_time_of_its_record(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct ledger_process *p;

	(void)state;
	fold(&f, ATTACH EMPTY L1 "capture time_ns=111 process=1 trace=0\n");
	p = f.ledger->processes.items[0];
	assert_true(p->has_phase_trace);
	assert_int_equal(p->phase_trace, 0);
	assert_int_equal(p->phase_start_ns, 111);
	fold(&f, "captured time_ns=112 process=1 trace=0\n");
	assert_false(p->has_phase_trace);
	assert_int_equal(p->captured_ns, 112);
	fold(&f, "replay time_ns=113 process=1\nreplay time_ns=114 process=1 trace=8\n");
	assert_false(p->has_phase_trace);
	assert_int_equal(p->phase_start_ns, 113);
}

static void the_first_replay_after_a_late_attach_is_not_the_start_of_its_run(void **state)
{
	_cleanup_(fold_release) struct fold late = fold_new(), whole = fold_new();

	(void)state;
	fold(&late, ATTACH LATE REPLAY);
	assert_false(late.ledger->processes.items[0]->has_phase_start);
	fold(&late, RELEASE);
	assert_true(late.ledger->processes.items[0]->has_phase_start);
	fold(&whole, ATTACH EMPTY REPLAY);
	assert_true(whole.ledger->processes.items[0]->has_phase_start);
	assert_int_equal(whole.ledger->processes.items[0]->phase_start_ns, 110);
}

static void phases_are_each_process_s_own(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY L1 "attach time_ns=101 process=2 pid=1 runtime=r pools=L1\n"
				 "replay time_ns=102 process=2 trace=5\n" ALLOC);
	assert_int_equal(f.ledger->processes.items[0]->phase, PHASE_INIT);
	assert_int_equal(f.ledger->processes.items[1]->phase, PHASE_EXECUTION);
}

static void the_time_since_the_last_allocation_begins_anew_with_a_capture_s_end(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct ledger_process *p;

	(void)state;
	fold(&f, ATTACH EMPTY L1 ALLOC);
	p = f.ledger->processes.items[0];
	assert_int_equal(p->last_alloc_ns, 110);
	fold(&f, CAPTURED "alloc time_ns=112 process=1 arena=1 address=96 reserved=4 tag=trace\n");
	assert_int_equal(p->last_alloc_ns, 0);
	assert_int_equal(p->captured_ns, 110);
	fold(&f, "block time_ns=113 process=1 arena=1 address=128 reserved=4\n"
		 "free time_ns=113 process=1 arena=1 address=128\n");
	assert_int_equal(p->last_alloc_ns, 0);
	fold(&f, "alloc time_ns=114 process=1 arena=1 address=128 reserved=4 tag=other\n");
	assert_int_equal(p->last_alloc_ns, 114);
}

static void a_census_tells_whether_a_process_was_seen_from_its_beginning(void **state)
{
	static const struct {
		const char *stream;
		bool before_attach;
	} rows[] = {
		{ATTACH EMPTY L1 "alloc time_ns=110 process=1 arena=1 address=64 reserved=4\n", false},
		{ATTACH EMPTY L1 "block time_ns=110 process=1 arena=1 address=64 reserved=4\n", false},
		{ATTACH "census time_ns=100 process=1 reason=begin\n" L1 "census time_ns=101 process=1 reason=end\n",
		 true},
		{ATTACH "census time_ns=100 process=1 reason=begin\n" L1
			"block time_ns=101 process=1 arena=1 address=64 reserved=4\n",
		 true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(fold_release) struct fold f = fold_new();

		fold(&f, rows[i].stream);
		assert_int_equal(f.ledger->processes.items[0]->before_attach, rows[i].before_attach);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_record_in_every_phase_changes_it_as_the_table_says),
		cmocka_unit_test(what_allocates_nothing_ends_no_phase),
		cmocka_unit_test(init_begins_when_the_books_of_a_process_were_empty),
		cmocka_unit_test(a_phase_has_the_trace_and_time_of_its_record),
		cmocka_unit_test(the_first_replay_after_a_late_attach_is_not_the_start_of_its_run),
		cmocka_unit_test(phases_are_each_process_s_own),
		cmocka_unit_test(the_time_since_the_last_allocation_begins_anew_with_a_capture_s_end),
		cmocka_unit_test(a_census_tells_whether_a_process_was_seen_from_its_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
