/* view/log.h: event lines as text out. */
#include "view_stream.h"

#include <stdlib.h>
#include <time.h>

#include "view/log.h"

static void add_lines(struct view *v, const struct record *r, const struct effect *e)
{
	log_add(&v->out, r, e, v->options);
}

static void check_log(const char *stream, const struct log_options *o, const char *expected)
{
	struct view v = {.add = add_lines, .options = o};

	setenv("TZ", "UTC", 1);
	tzset();
	log_add_title(&v.out, o);
	view_run(&v, stream);
	assert_string_equal(str_text(&v.out), expected);
	view_release(&v);
}

static void every_event_is_a_line(void **state)
{
	(void)state;
	check_log(PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 2113536, 2097152) ALLOC(101, 3, 4294967296, 65536, 1000)
		  "alloc" S(102) "process=1 tid=4243 arena=2 address=4096\n" FREE(103, 1, 4096) FREE(103, 1, 4096)
		  "failed" S(104) "process=1 tid=4244 arena=1 reserved=34361835520 asked=34359738368 reason=throw\n"
		  "failed" S(104) "process=1 tid=4244 reason=thread-exit\n" "failed" S(104) "process=1 pool=L1 tid=4245 reason=next-call\n"
		  "retract" S(105) "process=1 tid=4244\n" "phantom" S(105) "process=1 tid=4243\n"
		  "unread" S(106) "process=1 count=1 probe=alloc\n" "unread" S(106) "count=3\n",
		  &(struct log_options){},
		"TIME                 PID      TID  EVENT       DEV  POOL       RESERVED      ASKED  ADDRESS\n"
		"00:01:40.000000     4242        -  phase       init begins: no device memory is in use yet\n"
		"00:01:41.000000     4242     4243  alloc         0  DRAM       2.02 MiB   2.00 MiB  0x1000\n"
		"00:01:41.000000     4242     4243  alloc         0  L1_SMALL   64.0 KiB     1000 B  0x100000000\n"
		"00:01:42.000000     4242     4243  alloc         0  L1                ?          ?  0x1000\n"
		"00:01:43.000000     4242     4243  free          0  DRAM       2.02 MiB   2.00 MiB  0x1000\n"
		"00:01:43.000000     4242     4243  free          0  DRAM              ?          ?  0x1000        nobody was "
		"seen to allocate it\n"
		"00:01:44.000000     4242     4244  failed        0  DRAM       32.0 GiB   32.0 GiB  -             by an "
		"exception\n"
		"00:01:44.000000     4242     4244  failed        -  ?                 ?          ?  -             seen when the "
		"thread ended\n"
		"00:01:44.000000     4242     4245  failed        -  L1                ?          ?  -             seen at the "
		"thread's next call\n"
		"00:01:45.000000     4242     4244  retract     the failed allocation of this thread before succeeded after all\n"
		"00:01:46.000000     4242        -  unread      1 value could not be read in the process, at alloc\n"
		"00:01:46.000000        -        -  unread      3 values could not be read in the process\n");
}

static void plain_numbers_have_wider_columns(void **state)
{
	(void)state;
	check_log(PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 8514437120, 8500000000) ALLOC(101, 3, 18446744073709551615, 18446744073709551614, 1)
		  FREE(101, 3, 18446744073709551615),
		  &(struct log_options){.bytes = true},
		"TIME                 PID      TID  EVENT       DEV  POOL          RESERVED         ASKED  ADDRESS\n"
		"00:01:40.000000     4242        -  phase       init begins: no device memory is in use yet\n"
		"00:01:41.000000     4242     4243  alloc         0  DRAM        8514437120    8500000000  0x1000\n"
		"00:01:41.000000     4242     4243  alloc         0  L1_SMALL  18446744073709551614             1  "
		"0xffffffffffffffff\n"
		"00:01:41.000000     4242     4243  free          0  L1_SMALL  18446744073709551614             1  "
		"0xffffffffffffffff\n");
}

static void phases_say_why_they_begin_and_end(void **state)
{
	(void)state;
	check_log(REPLAYED "replays" S(345) "process=1 trace=0 count=1209\n" "check" S(346) "process=1 equal=1\n" TICK(347)
		  ALLOC(350, 1, 8192, 4096, 4096) "replay" S(351) "process=1 tid=4243 trace=0\n"
		  "release" S(352) "process=1 tid=4243 trace=0\n" FREE(352, 1, 700000) "detach" S(353) "process=1 reason=exit\n",
		  &(struct log_options){},
		"TIME                 PID      TID  EVENT       DEV  POOL       RESERVED      ASKED  ADDRESS\n"
		"00:01:40.000000     4242        -  phase       init begins: no device memory is in use yet\n"
		"00:01:41.000000     4242     4243  alloc         0  DRAM       2.02 MiB   2.00 MiB  0x1000\n"
		"00:01:41.000000     4242     4243  alloc         0  L1         2.00 MiB   2.00 MiB  0x1000\n"
		"00:01:43.000000     4242     4243  phase       init ends: the runtime is told to capture a trace\n"
		"00:01:43.000000     4242     4243  phase       capture of trace 0 begins: the runtime is told to capture a trace\n"
		"00:01:44.000000     4242     4243  phase       capture of trace 0 ends: the capture ends\n"
		"00:01:44.000000     4242     4243  alloc         0  DRAM       12.0 KiB   8.79 KiB  0xaae60       trace 0\n"
		"00:01:45.000000     4242     4243  phase       execution of trace 0 begins: first replay\n"
		"00:05:46.000000     4242        -  check       equal to the runtime's books\n"
		"00:05:50.000000     4242     4243  alloc         0  DRAM       4.00 KiB   4.00 KiB  0x2000\n"
		"00:05:50.000000     4242     4243  phase       execution of trace 0 ends: an allocation\n"
		"00:05:51.000000     4242     4243  phase       execution of trace 0 begins: first replay\n"
		"00:05:52.000000     4242     4243  phase       execution of trace 0 ends: a trace is released\n"
		"00:05:52.000000     4242     4243  phase       release of trace 0 begins: a trace is released\n"
		"00:05:52.000000     4242     4243  free          0  DRAM       12.0 KiB   8.79 KiB  0xaae60       trace 0\n"
		"00:05:53.000000     4242        -  phase       release of trace 0 ends: the process is not watched any more\n");
}

static void a_replay_is_silent(void **state)
{
	(void)state;
	check_log(LATE "replay" S(101) "process=1 tid=4243 trace=7\n" TICK(102) "replays" S(200) "process=1 trace=7 count=100\n" TICK(200)
		  "check" S(300) "process=1 equal=1\n" "check" S(303) "process=1 equal=1\n" TICK(304),
		  &(struct log_options){},
		"TIME                 PID      TID  EVENT       DEV  POOL       RESERVED      ASKED  ADDRESS\n"
		"00:01:41.000000     4242     4243  phase       execution of trace 7 begins: first replay since pooltrace "
		"attached\n"
		"00:05:00.000000     4242        -  check       equal to the runtime's books\n");
}

static void a_pool_that_is_cleared_is_one_line(void **state)
{
	(void)state;
	check_log(TRACED "clear" S(105) "process=1 tid=4243 arena=1\nclear" S(105) "process=1 tid=4243 arena=1\n"
		  "clear" S(106) "process=1 tid=4243 arena=2 reason=gone\n",
		  &(struct log_options){},
		"TIME                 PID      TID  EVENT       DEV  POOL       RESERVED      ASKED  ADDRESS\n"
		"00:01:40.000000     4242        -  phase       init begins: no device memory is in use yet\n"
		"00:01:41.000000     4242     4243  alloc         0  DRAM       2.02 MiB   2.00 MiB  0x1000\n"
		"00:01:41.000000     4242     4243  alloc         0  L1         2.00 MiB   2.00 MiB  0x1000\n"
		"00:01:43.000000     4242     4243  phase       init ends: the runtime is told to capture a trace\n"
		"00:01:43.000000     4242     4243  phase       capture of trace 0 begins: the runtime is told to capture a trace\n"
		"00:01:44.000000     4242     4243  phase       capture of trace 0 ends: the capture ends\n"
		"00:01:44.000000     4242     4243  alloc         0  DRAM       12.0 KiB   8.79 KiB  0xaae60       trace 0\n"
		"00:01:45.000000     4242     4243  free          0  DRAM       2.03 MiB          -  -             2 buffers: "
		"the pool was cleared\n"
		"00:01:46.000000     4242     4243  free          0  L1         2.00 MiB          -  -             1 buffer: the "
		"pool does not exist any more\n");
}

static void losses_differences_and_corrections_are_lines(void **state)
{
	(void)state;
	check_log(TRACED "lost" S(105) "count=17 from_ns=104996000000\n" "lost" S(105) "count=1\n" ALLOC(105, 1, 4096, 7, 7)
		  "correction" S(107) "process=1 arena=2 address=65536 reserved=100 reason=missing\n"
		  "correction" S(107) "process=1 arena=2 address=65536 reserved=200 reason=size\n"
		  "correction" S(107) "process=1 arena=2 address=65536 reason=extra\n"
		  "correction" S(107) "process=1 arena=2 address=65536 reason=extra\n"
		  "correction" S(107) "process=1 arena=1 reason=gone\n"
		  "check" S(107) "process=1 equal=0 partial=1\n" "check" S(109) "process=1 equal=0\n",
		  &(struct log_options){},
		"TIME                 PID      TID  EVENT       DEV  POOL       RESERVED      ASKED  ADDRESS\n"
		"00:01:40.000000     4242        -  phase       init begins: no device memory is in use yet\n"
		"00:01:41.000000     4242     4243  alloc         0  DRAM       2.02 MiB   2.00 MiB  0x1000\n"
		"00:01:41.000000     4242     4243  alloc         0  L1         2.00 MiB   2.00 MiB  0x1000\n"
		"00:01:43.000000     4242     4243  phase       init ends: the runtime is told to capture a trace\n"
		"00:01:43.000000     4242     4243  phase       capture of trace 0 begins: the runtime is told to capture a trace\n"
		"00:01:44.000000     4242     4243  phase       capture of trace 0 ends: the capture ends\n"
		"00:01:44.000000     4242     4243  alloc         0  DRAM       12.0 KiB   8.79 KiB  0xaae60       trace 0\n"
		"00:01:45.000000        -        -  lost        17 events had no room in the ring, within 4 ms\n"
		"00:01:45.000000        -        -  lost        1 event had no room in the ring\n"
		"00:01:45.000000     4242     4243  alloc         0  DRAM            7 B        7 B  0x1000        replaces a "
		"block whose free was not seen\n"
		"00:01:47.000000     4242        -  correction    0  L1            100 B          ?  0x10000       added: in the "
		"books only\n"
		"00:01:47.000000     4242        -  correction    0  L1            200 B          ?  0x10000       size as in "
		"the books\n"
		"00:01:47.000000     4242        -  correction    0  L1            200 B          ?  0x10000       removed: not "
		"in the books\n"
		"00:01:47.000000     4242        -  correction    0  L1                -          -  0x10000       removed: not "
		"in the books\n"
		"00:01:47.000000     4242        -  correction    0  DRAM       12.0 KiB          -  -             2 buffers: "
		"the pool does not exist any more\n"
		"00:01:47.000000     4242        -  check       DIFFERENT from the runtime's books: settled in their favour (not "
		"every pool could be read)\n"
		"00:01:49.000000     4242        -  check       DIFFERENT from the runtime's books: settled in their favour\n");
}

static void the_selection_leaves_lines_out(void **state)
{
	static const char *const known[] = {"DRAM", "L1", "TRACE"};
	_cleanup_(selection_release) struct selection trace = {}, device = {};

	(void)state;
	selection_add_pools(&trace, "TRACE", known, 3, NULL);
	check_log(REPLAYED ALLOC(350, 4, 8192, 4096, 4096) FREE(351, 2, 4096) FREE(351, 1, 700000)
		  "failed" S(352) "process=1 tid=4243 pool=L1 reason=throw\n" "failed" S(352) "process=1 tid=4243 pool=TRACE reason=throw\n"
		  "failed" S(352) "process=1 tid=4243 reason=throw\n" "lost" S(353) "count=1\n"
		  "correction" S(354) "process=1 arena=1 address=4096 reason=extra\n",
		  &(struct log_options){.selection = &trace},
		"TIME                 PID      TID  EVENT       DEV  POOL       RESERVED      ASKED  ADDRESS\n"
		"00:01:40.000000     4242        -  phase       init begins: no device memory is in use yet\n"
		"00:01:43.000000     4242     4243  phase       init ends: the runtime is told to capture a trace\n"
		"00:01:43.000000     4242     4243  phase       capture of trace 0 begins: the runtime is told to capture a trace\n"
		"00:01:44.000000     4242     4243  phase       capture of trace 0 ends: the capture ends\n"
		"00:01:44.000000     4242     4243  alloc         0  DRAM       12.0 KiB   8.79 KiB  0xaae60       trace 0\n"
		"00:01:45.000000     4242     4243  phase       execution of trace 0 begins: first replay\n"
		"00:05:50.000000     4242     4243  alloc         0  TRACE      4.00 KiB   4.00 KiB  0x2000\n"
		"00:05:50.000000     4242     4243  phase       execution of trace 0 ends: an allocation\n"
		"00:05:51.000000     4242     4243  free          0  DRAM       12.0 KiB   8.79 KiB  0xaae60       trace 0\n"
		"00:05:52.000000     4242     4243  failed        -  TRACE             ?          ?  -             by an "
		"exception\n"
		"00:05:52.000000     4242     4243  failed        -  ?                 ?          ?  -             by an "
		"exception\n"
		"00:05:53.000000        -        -  lost        1 event had no room in the ring\n");
	selection_add_devices(&device, "1", NULL);
	check_log(TWO "alloc" S(103) "process=2 arena=5 address=77 reserved=1\nalloc" S(103) "process=2 arena=6 address=77 reserved=1\n",
		  &(struct log_options){.selection = &device},
		"TIME                 PID      TID  EVENT       DEV  POOL       RESERVED      ASKED  ADDRESS\n"
		"00:01:40.000000     4242        -  phase       init begins: no device memory is in use yet\n"
		"00:01:41.000000        7        -  phase       init begins: no device memory is in use yet\n"
		"00:01:42.000000        7        -  alloc         1  HBM        1.95 KiB          ?  0x1000\n"
		"00:01:43.000000        7        -  alloc         1  HBM             1 B          ?  0x4d\n");
}

static void text_from_a_broken_file_is_escaped(void **state)
{
	(void)state;
	check_log("attach" S(1) "process=1 pid=3 runtime=r pools=P\nfailed" S(1) "process=1 pool=\"\\x1b[2J\" reason=\"\\x1b[1m\"\n"
		  "unread" S(1) "count=1 probe=\"\\xff\"\n" "lost" S(1) "count=1 from_ns=18446744073709551615\n",
		  &(struct log_options){},
		"TIME                 PID      TID  EVENT       DEV  POOL       RESERVED      ASKED  ADDRESS\n"
		"00:00:01.000000        3        -  failed        -  \\x1b[2J           ?          ?  -             \\x1b[1m\n"
		"00:00:01.000000        -        -  unread      1 value could not be read in the process, at \\xff\n"
		"00:00:01.000000        -        -  lost        1 event had no room in the ring\n");
}

static void what_went_wrong_is_coloured(void **state)
{
	(void)state;
	check_log(PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 4096, 4096) "lost" S(102) "count=1\n",
		  &(struct log_options){.color = true},
		"TIME                 PID      TID  EVENT       DEV  POOL       RESERVED      ASKED  ADDRESS\n"
		"00:01:40.000000     4242        -  \033[1mphase\033[0m       init begins: no device memory is in use yet\n"
		"00:01:41.000000     4242     4243  alloc         0  DRAM       4.00 KiB   4.00 KiB  0x1000\n"
		"00:01:42.000000        -        -  \033[31mlost\033[0m        1 event had no room in the ring\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_is_a_line),
		cmocka_unit_test(plain_numbers_have_wider_columns),
		cmocka_unit_test(phases_say_why_they_begin_and_end),
		cmocka_unit_test(a_replay_is_silent),
		cmocka_unit_test(a_pool_that_is_cleared_is_one_line),
		cmocka_unit_test(losses_differences_and_corrections_are_lines),
		cmocka_unit_test(the_selection_leaves_lines_out),
		cmocka_unit_test(text_from_a_broken_file_is_escaped),
		cmocka_unit_test(what_went_wrong_is_coloured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
