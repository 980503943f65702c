/* view/table.h: the lines above the figures, and whose rows there are. */
#include "view_table.h"

static void execution_says_why_nothing_changes(void **state)
{
	(void)state;
	check_table(REPLAYED "check" S(345) "process=1 equal=1\n" TICK(347),
		    &(struct table_options){.delta = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 7 s - checked against the runtime's books 2 s "
		"ago: equal - 6 events, 0 lost - every 500ms\n"
		"execution: trace 0 replayed 1204 times; nothing has been allocated since its capture ended 4 min 3 s ago (a "
		"replay allocates nothing)\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use      TOTAL\n"
		" 4242  python        0        3   2.03 MiB  <1%   2.00 MiB   2%        0 B   0%        0 B   0%   4.03 MiB\n"
		"       TRACE 12.0 KiB in DRAM\n");
}

static void each_phase_has_its_line(void **state)
{
	(void)state;
	check_table(PYTHON EMPTY TICK(101) "capture" S(103) "process=1 tid=4243 trace=0\n" TICK(105)
		    "captured" S(106) "process=1 tid=4243 trace=0\n" TICK(107) "replay" S(108) "process=1 trace=0\n" TICK(109)
		    "replays" S(109) "process=1 trace=0 count=1\n" "replays" S(110) "process=1 trace=1 count=5\n" TICK(110)
		    "release" S(111) "process=1 trace=0\n" TICK(114),
		    &(struct table_options){.recorded = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 1 s - not checked yet - 0 events, 0 lost\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1  L1_SMALL     TRACE     TOTAL\n"
		"       nothing is allocated\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 5 s - not checked yet - 1 event, 0 lost\n"
		"capture: trace 0 is being captured, begun 2 s ago\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1  L1_SMALL     TRACE     TOTAL\n"
		"       nothing is allocated\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 7 s - not checked yet - 2 events, 0 lost\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1  L1_SMALL     TRACE     TOTAL\n"
		"       nothing is allocated\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 9 s - not checked yet - 3 events, 0 lost\n"
		"execution: trace 0 is replayed; nothing has been allocated since the last capture ended 3 s ago (a replay "
		"allocates nothing)\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1  L1_SMALL     TRACE     TOTAL\n"
		"       nothing is allocated\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 10 s - not checked yet - 3 events, 0 lost\n"
		"execution: trace 0 replayed 1 time, all traces 6; nothing has been allocated since the last capture ended 4 s "
		"ago (a replay allocates nothing)\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1  L1_SMALL     TRACE     TOTAL\n"
		"       nothing is allocated\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 14 s - not checked yet - 4 events, 0 lost\n"
		"release: trace 0 was released 3 s ago\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1  L1_SMALL     TRACE     TOTAL\n"
		"       nothing is allocated\n");
}

static void allocations_after_the_capture_are_told(void **state)
{
	(void)state;
	check_table(TRACED ALLOC(105, 1, 9000000, 1000, 900) "replay" S(106) "process=1 tid=4243 trace=0\n" TICK(117),
		    &(struct table_options){.recorded = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 17 s - not checked yet - 7 events, 0 lost\n"
		"execution: trace 0 is replayed; nothing has been allocated for 12 s (a replay allocates nothing)\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM  use        L1  use  L1_SMALL  use     TRACE  use     TOTAL\n"
		" 4242  python        0        4  2.03 MiB  <1%  2.00 MiB   2%       0 B   0%       0 B   0%  4.03 MiB\n"
		"       TRACE 12.0 KiB in DRAM\n");
}

static void a_capture_of_another_trace_is_not_called_its_own(void **state)
{
	(void)state;
	check_table(TRACED "capture" S(105) "process=1 trace=1\ncaptured" S(106) "process=1 trace=1\n"
		    "alloc" S(106) "process=1 arena=1 address=800000 reserved=12288 asked=9000 tag=trace trace=1\n"
		    "replay" S(106) "process=1 tid=4243 trace=0\n" TICK(117),
		    &(struct table_options){.recorded = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 17 s - not checked yet - 9 events, 0 lost\n"
		"execution: trace 0 is replayed; nothing has been allocated since the last capture ended 11 s ago (a replay "
		"allocates nothing)\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM  use        L1  use  L1_SMALL  use     TRACE  use     TOTAL\n"
		" 4242  python        0        4  2.04 MiB  <1%  2.00 MiB   2%       0 B   0%       0 B   0%  4.04 MiB\n"
		"       TRACE 24.0 KiB in DRAM\n");
}

static void the_books_alone_have_no_attach_no_events_and_no_interval(void **state)
{
	(void)state;
	check_table(LATE "tick" S(100) "\n", &(struct table_options){.delta = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - from the runtime's books\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1   L1_SMALL      TRACE      TOTAL\n"
		" 4242  python        0        2   7.93 GiB  66%          -          -        0 B   7.93 GiB\n");
	check_table(PYTHON "census" S(100) "process=1 reason=begin\n" "tick" S(100) "\n"
		    "census" S(100) "process=1 reason=end partial=1\n" "tick" S(100) "\n",
		    &(struct table_options){.delta = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - reading the runtime's books\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM         L1   L1_SMALL      TRACE      TOTAL\n"
		"       nothing is allocated\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - from the runtime's books - PARTIAL: not every pool could be "
		"read\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM         L1   L1_SMALL      TRACE      TOTAL\n"
		"       nothing is allocated\n");
}

static void without_books_it_is_said_what_is_not_known(void **state)
{
	(void)state;
	check_table(PYTHON "census" S(100) "process=1 reason=none\n" "tick" S(100) "interval_ns=500000000\n"
		    "census" S(100) "process=1 reason=none partial=1\n" "tick" S(101) "interval_ns=500000000\n",
		    &(struct table_options){},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 0 ms - without books to check against - 0 events, 0 lost "
		"- every 500ms\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1  L1_SMALL     TRACE     TOTAL\n"
		"       nothing is allocated\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 1 s - without books to check against - PARTIAL: what was "
		"there before attach is not known - 0 events, 0 lost - every 500ms\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1  L1_SMALL     TRACE     TOTAL\n"
		"       nothing is allocated\n");
}

static void losses_and_corrections_are_shown(void **state)
{
	(void)state;
	check_table(TRACED "lost" S(105) "count=17\n" "unsettled" S(105) "process=1 reason=lost\n" TICK(105)
		    FREE(106, 1, 99) ALLOC(106, 1, 4096, 5, 5) "unread" S(106) "count=2 probe=alloc\n"
		    "failed" S(106) "process=1 reason=throw\n"
		    "correction" S(107) "process=1 arena=2 address=65536 reserved=100 reason=missing\n"
		    "correction" S(107) "process=1 arena=2 address=4096 reason=extra\n"
		    "check" S(107) "process=1 equal=0 partial=1\n" TICK(108) "check" S(112) "process=1 equal=1\n" TICK(113),
		    &(struct table_options){.delta = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 5 s - not checked yet - PARTIAL: 18 steps not settled "
		"yet - 6 events, 17 lost - every 500ms\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use      TOTAL\n"
		" 4242  python        0        3   2.03 MiB  <1%   2.00 MiB   2%        0 B   0%        0 B   0%   4.03 MiB\n"
		"       TRACE 12.0 KiB in DRAM\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 8 s - checked against the runtime's books 1 s ago: "
		"DIFFERENT: 2 corrections - PARTIAL: not every pool could be read - 9 events, 17 lost, 1 failed allocation, 2 "
		"corrections, 2 unread values, 1 unknown free, 1 replaced block - every 500ms\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use      TOTAL\n"
		" 4242  python        0        3   12.0 KiB  <1%      100 B  <1%        0 B   0%        0 B   0%   12.1 KiB\n"
		"                   +/-        -  -2.02 MiB       -2.00 MiB               -               -       -4.02 MiB\n"
		"       TRACE 12.0 KiB in DRAM\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 13 s - checked against the runtime's books 1 s ago: "
		"equal - 9 events, 17 lost, 1 failed allocation, 2 corrections, 2 unread values, 1 unknown free, 1 replaced "
		"block - every 500ms\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use      TOTAL\n"
		" 4242  python        0        3   12.0 KiB  <1%      100 B  <1%        0 B   0%        0 B   0%   12.1 KiB\n"
		"                   +/-        -          -               -               -               -               -\n"
		"       TRACE 12.0 KiB in DRAM\n");
}

static void several_devices_and_processes_are_rows(void **state)
{
	(void)state;
	check_table(TWO TICK(102) "alloc" S(102) "process=2 arena=7 address=1 reserved=500 asked=400\n"
		    "check" S(103) "process=2 equal=1\ncheck" S(104) "process=1 equal=1\n" TICK(105)
		    "detach" S(106) "process=1 reason=exec\n" TICK(107) TICK(166)
		    "detach" S(167) "process=2 reason=detached\n" TICK(168),
		    &(struct table_options){.delta = true},
		"pooltrace - 2 processes - tt-metal, other - attached 2 s - not checked yet - 3 events, 0 lost - every 500ms\n"
		"4242 python: init: no trace has been captured yet\n"
		"7 a b: init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use        HBM   "
		"use      TOTAL\n"
		" 4242  python        0        1     1000 B  <1%        0 B   0%        0 B   0%        0 B   0%          -     "
		"-     1000 B\n"
		"    7  a b           0        1          -    -          -    -          -    -          -    -   1.95 KiB   "
		"99%   1.95 KiB\n"
		"    7  a b           1        1          -    -          -    -          -    -          -    -   1.95 KiB  "
		"100%   1.95 KiB\n"
		"pooltrace - 2 processes - tt-metal, other - attached 5 s - checked against the runtime's books 2 s ago: equal - "
		"4 events, 0 lost - every 500ms\n"
		"4242 python: init: no trace has been captured yet\n"
		"7 a b: init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use        HBM   "
		"use      TOTAL\n"
		" 4242  python        0        1     1000 B  <1%        0 B   0%        0 B   0%        0 B   0%          -     "
		"-     1000 B\n"
		"                   +/-        -          -               -               -               -               -      "
		"          -\n"
		"    7  a b           0        1          -    -          -    -          -    -          -    -   1.95 KiB   "
		"99%   1.95 KiB\n"
		"                   +/-        -          -               -               -               -               -      "
		"          -\n"
		"    7  a b           1        1          -    -          -    -          -    -          -    -   1.95 KiB  "
		"100%   1.95 KiB\n"
		"                   +/-        -          -               -               -               -               -      "
		"          -\n"
		"    7  a b           2        1          -    -          -    -          -    -          -    -      500 B   "
		"25%      500 B\n"
		"                   +/-       +1          -               -               -               -          +500 B      "
		"     +500 B\n"
		"pooltrace - pid 7 a b, 1 ended - other - attached 6 s - checked against the runtime's books 4 s ago: equal - 4 "
		"events, 0 lost - every 500ms\n"
		"4242 python: ended: exec\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM         L1   L1_SMALL      TRACE        HBM   use      TOTAL\n"
		"    7  a b           0        1          -          -          -          -   1.95 KiB   99%   1.95 KiB\n"
		"                   +/-        -          -          -          -          -          -                -\n"
		"    7  a b           1        1          -          -          -          -   1.95 KiB  100%   1.95 KiB\n"
		"                   +/-        -          -          -          -          -          -                -\n"
		"    7  a b           2        1          -          -          -          -      500 B   25%      500 B\n"
		"                   +/-        -          -          -          -          -          -                -\n"
		"pooltrace - pid 7 a b, 1 ended - other - attached 1 min 5 s - checked against the runtime's books 1 min 3 s "
		"ago: equal - 4 events, 0 lost - every 500ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS        HBM   use         L1      TOTAL\n"
		"    7  a b           0        1   1.95 KiB   99%          -   1.95 KiB\n"
		"                   +/-        -          -                -          -\n"
		"    7  a b           1        1   1.95 KiB  100%          -   1.95 KiB\n"
		"                   +/-        -          -                -          -\n"
		"    7  a b           2        1      500 B   25%          -      500 B\n"
		"                   +/-        -          -                -          -\n"
		"pooltrace - 2 processes - tt-metal, other - checked against the runtime's books 1 min 5 s ago: equal - 4 "
		"events, 0 lost - every 500ms\n"
		"4242 python: ended: exec\n"
		"7 a b: detached\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM         L1   L1_SMALL      TRACE        HBM      TOTAL\n"
		"       nothing is allocated\n");
}

static void a_process_that_ended_says_so(void **state)
{
	(void)state;
	check_table(REPLAYED TICK(345) "clear" S(346) "process=1 arena=1 reason=gone\n" TICK(346)
		    "detach" S(347) "process=1 reason=exit\n" TICK(400),
		    &(struct table_options){.delta = true, .recorded = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 5 s - not checked yet - 6 events, 0 lost\n"
		"execution: trace 0 replayed 1204 times; nothing has been allocated since its capture ended 4 min 1 s ago (a "
		"replay allocates nothing)\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use      TOTAL\n"
		" 4242  python        0        3   2.03 MiB  <1%   2.00 MiB   2%        0 B   0%        0 B   0%   4.03 MiB\n"
		"       TRACE 12.0 KiB in DRAM\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 6 s - not checked yet - 7 events, 0 lost\n"
		"execution: trace 0 replayed 1204 times; nothing has been allocated since the last capture ended 4 min 2 s ago "
		"(a replay allocates nothing)\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM         L1  use   L1_SMALL  use      TRACE  use      TOTAL\n"
		" 4242  python        0        1          -   2.00 MiB   2%        0 B   0%        0 B   0%   2.00 MiB\n"
		"                   +/-       -2  -2.03 MiB          -               -               -       -2.03 MiB\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - ended: exit - 7 events, 0 lost\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM         L1   L1_SMALL      TRACE      TOTAL\n"
		"       nothing is allocated\n");
}

static void a_stream_without_a_process_has_a_table(void **state)
{
	(void)state;
	check_table("tick" S(1) "\n", &(struct table_options){.delta = true},
		"pooltrace - no process - 0 events, 0 lost\n"
		"  PID  PROCESS  DEVICE  BUFFERS      TOTAL\n"
		"       no process maps a known runtime\n");
	check_table("tick" S(1) "\n", &(struct table_options){.delta = true, .wide = true, .columns = 1},
		"p\n"
		"P\n"
		"\n");
}

static void a_long_command_is_cut(void **state)
{
	(void)state;
	check_table("attach" S(1) "process=1 pid=3 name=a_name_that_is_longer_than_any_kernel_would_give_it "
		    "command=\"python aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" "
		    "runtime=r pools=P\n" ARENA(1, 1, 1, 10, P, 1, 4096)
		    "alloc" S(1) "process=1 arena=1 address=1 reserved=77 asked=70\n" TICK(2),
		    &(struct table_options){},
		"pooltrace - pid 3 python aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa... - r - "
		"attached 1 s - not checked yet - 1 event, 0 lost - every 500ms\n"
		"  PID  PROCESS                           DEVICE  BUFFERS         P  use     TOTAL\n"
		"    3  a_name_that_is_longer_than_any_k       0        1      77 B   2%      77 B\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(execution_says_why_nothing_changes),
		cmocka_unit_test(each_phase_has_its_line),
		cmocka_unit_test(allocations_after_the_capture_are_told),
		cmocka_unit_test(a_capture_of_another_trace_is_not_called_its_own),
		cmocka_unit_test(the_books_alone_have_no_attach_no_events_and_no_interval),
		cmocka_unit_test(without_books_it_is_said_what_is_not_known),
		cmocka_unit_test(losses_and_corrections_are_shown),
		cmocka_unit_test(several_devices_and_processes_are_rows),
		cmocka_unit_test(a_process_that_ended_says_so),
		cmocka_unit_test(a_stream_without_a_process_has_a_table),
		cmocka_unit_test(a_long_command_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
