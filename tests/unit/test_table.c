/* view/table.h: figures and changes. */
#include "view_table.h"

static void an_update_shows_figures_and_what_changed(void **state)
{
	(void)state;
	check_table(PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 8514437120, 8500000000) ALLOC(101, 2, 4096, 13000000, 12000000)
		    ALLOC(101, 3, 4096, 65536, 65536) ALLOC(101, 4, 4096, 3145728, 3000000) TICK(102)
		    ALLOC(102, 1, 8192, 2097152, 2097152) FREE(102, 3, 4096) TICK(103) TICK(104),
		    &(struct table_options){.delta = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 2 s - not checked yet - 4 events, 0 lost - every "
		"500ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use      TOTAL\n"
		" 4242  python        0        4   7.93 GiB  66%   12.4 MiB  15%   64.0 KiB   3%   3.00 MiB  25%   7.94 GiB\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 3 s - not checked yet - 6 events, 0 lost - every "
		"500ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use      TOTAL\n"
		" 4242  python        0        4   7.93 GiB  66%   12.4 MiB  15%        0 B   0%   3.00 MiB  25%   7.95 GiB\n"
		"                   +/-        -  +2.00 MiB               -       -64.0 KiB               -       +1.94 MiB\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 s - not checked yet - 6 events, 0 lost - every "
		"500ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use      TOTAL\n"
		" 4242  python        0        4   7.93 GiB  66%   12.4 MiB  15%        0 B   0%   3.00 MiB  25%   7.95 GiB\n"
		"                   +/-        -          -               -               -               -               -\n");
}

static void without_changes_there_is_no_second_row(void **state)
{
	(void)state;
	check_table(PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 7, 5) TICK(102) ALLOC(102, 1, 8192, 7, 5) TICK(103),
		    &(struct table_options){.bytes = true, .recorded = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 2 s - not checked yet - 1 event, 0 lost\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM  use        L1  use  L1_SMALL  use     TRACE  use     TOTAL\n"
		" 4242  python        0        1         7  <1%         0   0%         0   0%         0   0%         7\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 3 s - not checked yet - 2 events, 0 lost\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM  use        L1  use  L1_SMALL  use     TRACE  use     TOTAL\n"
		" 4242  python        0        2        14  <1%         0   0%         0   0%         0   0%        14\n");
}

static void after_a_late_attach_what_is_not_known_is_a_question_mark(void **state)
{
	(void)state;
	check_table(LATE TICK(340) "replay" S(340) "process=1 trace=7\nreplays" S(341) "process=1 trace=7 count=3\n" TICK(341),
		    &(struct table_options){.delta = true, .asked = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min - not checked yet - 0 events, 0 lost - every "
		"500ms\n"
		"nothing has been allocated since pooltrace attached 4 min ago\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1   L1_SMALL      TRACE      TOTAL\n"
		" 4242  python        0        2          ?  66%          -          -        0 B          ?\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 1 s - not checked yet - 1 event, 0 lost - "
		"every 500ms\n"
		"execution: trace 7 replayed 3 times; nothing has been allocated since pooltrace attached 4 min 1 s ago (a "
		"replay allocates nothing)\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1   L1_SMALL      TRACE      TOTAL\n"
		" 4242  python        0        2          ?  66%          -          -        0 B          ?\n"
		"                   +/-        -          ?               -          -          -          ?\n");
	check_table(LATE TICK(340) "free" S(341) "process=1 arena=1 address=5000000\n" TICK(341),
		    &(struct table_options){.delta = true, .wide = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min - not checked yet - 0 events, 0 lost - every "
		"500ms\n"
		"nothing has been allocated since pooltrace attached 4 min ago\n"
		"  PID  PROCESS  DEVICE  POOL      BUFFERS  RESERVED        +/-     ASKED      PEAK  CAPACITY  use  LARGEST-FREE "
		"    TRACE\n"
		" 4242  python        0  DRAM            2  7.93 GiB          -         ?         ?  12.0 GiB  66%       347 MiB "
		"        ?\n"
		" 4242  python        0  TRACE           0       0 B          -       0 B         ?       0 B    -           0 B "
		"      0 B\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 1 s - not checked yet - 1 event, 0 lost - "
		"every 500ms\n"
		"  PID  PROCESS  DEVICE  POOL      BUFFERS  RESERVED        +/-     ASKED      PEAK  CAPACITY  use  LARGEST-FREE "
		"    TRACE\n"
		" 4242  python        0  DRAM            1  7.93 GiB  -12.0 KiB         ?         ?  12.0 GiB  66%       347 MiB "
		"        ?\n"
		" 4242  python        0  TRACE           0       0 B          -       0 B         ?       0 B    -           0 B "
		"      0 B\n");
}

static void figures_that_become_known_have_no_known_change(void **state)
{
	(void)state;
	check_table(LATE TICK(340) "free" S(341) "process=1 arena=1 address=5000000\n"
		    "free" S(341) "process=1 arena=1 address=4096\n" ALLOC(341, 1, 4096, 20, 10) TICK(341)
		    ALLOC(342, 1, 8192, 20, 10) TICK(342),
		    &(struct table_options){.delta = true, .asked = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min - not checked yet - 0 events, 0 lost - every "
		"500ms\n"
		"nothing has been allocated since pooltrace attached 4 min ago\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1   L1_SMALL      TRACE      TOTAL\n"
		" 4242  python        0        2          ?  66%          -          -        0 B          ?\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 1 s - not checked yet - 3 events, 0 lost - "
		"every 500ms\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1   L1_SMALL      TRACE      TOTAL\n"
		" 4242  python        0        1       10 B  <1%          -          -        0 B       10 B\n"
		"                   +/-       -1          ?               -          -          -          ?\n"
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 2 s - not checked yet - 4 events, 0 lost - "
		"every 500ms\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1   L1_SMALL      TRACE      TOTAL\n"
		" 4242  python        0        2       20 B  <1%          -          -        0 B       20 B\n"
		"                   +/-       +1      +10 B               -          -          -      +10 B\n");
}

static void trace_memory_in_another_pool_is_told_below_its_row(void **state)
{
	_cleanup_(selection_release) struct selection trace = {}, not_dram = {};
	static const char *const known[] = {"DRAM", "TRACE"};

	(void)state;
	selection_add_pools(&trace, "TRACE", known, 2, NULL);
	selection_add_pools(&not_dram, "!DRAM", known, 2, NULL);
	check_table(TRACED ALLOC(105, 4, 4096, 4096, 4000) "tick" S(105) "\n", &(struct table_options){.selection = &trace},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 5 s - not checked yet - 6 events, 0 lost\n"
		"  PID  PROCESS  DEVICE  BUFFERS     TRACE  use     TOTAL\n"
		" 4242  python        0        2  4.00 KiB  <1%  16.0 KiB\n"
		"       TRACE 12.0 KiB in DRAM\n");
	check_table(TRACED "tick" S(105) "\n", &(struct table_options){.selection = &trace, .bytes = true, .wide = true},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 5 s - not checked yet - 5 events, 0 lost\n"
		"  PID  PROCESS  DEVICE  POOL      BUFFERS  RESERVED     ASKED      PEAK  CAPACITY  use  LARGEST-FREE     TRACE\n"
		" 4242  python        0  TRACE           0         0         0         0  12582912   0%       1048576         0\n"
		"       TRACE 12288 in DRAM\n");
	check_table(TRACED "tick" S(105) "\n", &(struct table_options){.selection = &not_dram},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 5 s - not checked yet - 5 events, 0 lost\n"
		"  PID  PROCESS  DEVICE  BUFFERS        L1  use  L1_SMALL  use     TRACE  use     TOTAL\n"
		" 4242  python        0        1  2.00 MiB   2%       0 B   0%       0 B   0%  2.00 MiB\n");
	check_table(LATE "alloc" S(104) "process=1 arena=1 address=700000 reserved=12288 asked=9000 tag=trace trace=0\n"
		    "tick" S(105) "\n", &(struct table_options){},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 5 s - not checked yet - 1 event, 0 lost\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM  use        L1  L1_SMALL     TRACE     TOTAL\n"
		" 4242  python        0        3  7.93 GiB  66%         -         -       0 B  7.93 GiB\n"
		"       TRACE at least 12.0 KiB in DRAM\n");
	check_table(LATE "tick" S(105) "\n", &(struct table_options){.selection = &trace},
		"pooltrace - pid 4242 python serve.py - tt-metal - from the runtime's books\n"
		"  PID  PROCESS  DEVICE  BUFFERS     TRACE     TOTAL\n"
		" 4242  python        0        0       0 B       0 B\n"
		"       TRACE ? in DRAM\n");
}

static void a_device_is_selected_by_its_number(void **state)
{
	_cleanup_(selection_release) struct selection s = {}, none = {};

	(void)state;
	selection_add_devices(&s, "1", NULL);
	check_table(TWO TICK(102), &(struct table_options){.selection = &s},
		"pooltrace - 2 processes - tt-metal, other - attached 2 s - not checked yet - 3 events, 0 lost - every 500ms\n"
		"4242 python: init: no trace has been captured yet\n"
		"7 a b: init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1  L1_SMALL     TRACE       HBM   use     TOTAL\n"
		"    7  a b           1        1         -         -         -         -  1.95 KiB  100%  1.95 KiB\n");
	selection_add_devices(&none, "9", NULL);
	check_table(TWO TICK(102), &(struct table_options){.selection = &none},
		"pooltrace - 2 processes - tt-metal, other - attached 2 s - not checked yet - 3 events, 0 lost - every 500ms\n"
		"4242 python: init: no trace has been captured yet\n"
		"7 a b: init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1  L1_SMALL     TRACE       HBM     TOTAL\n"
		"       nothing on these devices\n");
}

static void names_from_the_process_cannot_reach_the_terminal(void **state)
{
	(void)state;
	check_table("attach" S(1) "process=1 pid=3 name=\"\\x1b[2Jx\\xff\" command=\"\\x1b]0;t\\x07 \\xc2\\x9b\" runtime=\"r\\x0a\" "
		    "pools=\"P\\x1b[1m,Q\"\n" "arena" S(1) "process=1 arena=1 object=0x1 pool=\"P\\x1b[1m\"\n"
		    "alloc" S(1) "process=1 arena=1 address=1 reserved=77 tag=trace\n" "tick" S(2) "\n",
		    &(struct table_options){},
		"pooltrace - pid 3 \\x1b]0;t\\x07 \\xc2\\x9b - r\\x0a - attached 1 s - not checked yet - 1 event, 0 lost\n"
		"  PID  PROCESS       DEVICE  BUFFERS  P\\x1b[1m         Q     TOTAL\n"
		"    3  \\x1b[2Jx\\xff       0        1      77 B         -      77 B\n"
		"       TRACE 77 B in P\\x1b[1m\n");
}

static void huge_numbers_are_shown_whole(void **state)
{
	(void)state;
	check_table("attach" S(1) "process=1 pid=2147483647 name=x runtime=r pools=P,Q,R\n"
		    ARENA(1, 1, 1, 10, P, 1, 18446744073709551615) ARENA(1, 1, 2, 10, Q, 1, 1) ARENA(1, 1, 3, 10, R, 1, 1000)
		    "alloc" S(1) "process=1 arena=1 address=18446744073709551615 reserved=18446744073709551614 asked=1\n"
		    "alloc" S(1) "process=1 arena=2 address=1 reserved=1\nalloc" S(1) "process=1 arena=3 address=1 reserved=999\n"
		    TICK(2) "free" S(2) "process=1 arena=1 address=18446744073709551615\n" TICK(3),
		    &(struct table_options){.delta = true, .bytes = true},
		"pooltrace - pid 2147483647 x - r - attached 1 s - not checked yet - 3 events, 0 lost - every 500ms\n"
		"       PID  PROCESS  DEVICE  BUFFERS                     P  use          Q   use          R  use                "
		" TOTAL\n"
		"2147483647  x             0        3  18446744073709551614  99%          1  100%        999  99%  "
		"18446744073709551615\n"
		"pooltrace - pid 2147483647 x - r - attached 2 s - not checked yet - 4 events, 0 lost - every 500ms\n"
		"       PID  PROCESS  DEVICE  BUFFERS                      P  use          Q   use          R  use               "
		"   TOTAL\n"
		"2147483647  x             0        2                      0   0%          1  100%        999  99%               "
		"    1000\n"
		"                        +/-       -1  -18446744073709551614               -                -       "
		"-18446744073709550615\n");
}

static void a_narrow_terminal_leaves_out_whole_columns(void **state)
{
	(void)state;
	check_table(REPLAYED "tick" S(345) "\n", &(struct table_options){.delta = true, .columns = 70},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 5 s\n"
		"  not checked yet - 6 events, 0 lost\n"
		"execution: trace 0 replayed 1204 times; nothing has been allocated\n"
		"  since its capture ended 4 min 1 s ago (a replay allocates nothing)\n"
		" PID  DEVICE  BUFFERS      DRAM        L1  L1_SMALL  TRACE     TOTAL\n"
		"4242       0        3  2.03 MiB  2.00 MiB       0 B    0 B  4.03 MiB\n"
		"      TRACE 12.0 KiB in DRAM\n");
	check_table(REPLAYED "tick" S(345) "\n", &(struct table_options){.delta = true, .wide = true, .columns = 80},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 5 s\n"
		"  not checked yet - 6 events, 0 lost\n"
		"execution: trace 0 replayed 1204 times; nothing has been allocated since its\n"
		"  capture ended 4 min 1 s ago (a replay allocates nothing)\n"
		" PID  DEVICE  POOL      RESERVED  +/-     ASKED      PEAK  CAPACITY\n"
		"4242       0  DRAM      2.03 MiB    -  2.01 MiB  2.03 MiB  12.0 GiB\n"
		"4242       0  L1        2.00 MiB    -  2.00 MiB  2.00 MiB  85.4 MiB\n"
		"4242       0  L1_SMALL       0 B    -       0 B       0 B  2.00 MiB\n"
		"4242       0  TRACE          0 B    -       0 B       0 B  12.0 MiB\n");
	check_table(TWO TICK(102), &(struct table_options){.delta = true, .columns = 80},
		"pooltrace - 2 processes - tt-metal, other - attached 2 s - not checked yet\n"
		"  3 events, 0 lost - every 500ms\n"
		"4242 python: init: no trace has been captured yet\n"
		"7 a b: init: no trace has been captured yet\n"
		" PID  PROCESS  DEVICE  BUFFERS    DRAM   L1  L1_SMALL  TRACE       HBM     TOTAL\n"
		"4242  python        0        1  1000 B  0 B       0 B    0 B         -    1000 B\n"
		"   7  a b           0        1       -    -         -      -  1.95 KiB  1.95 KiB\n"
		"   7  a b           1        1       -    -         -      -  1.95 KiB  1.95 KiB\n");
	check_table(REPLAYED TICK(345) ALLOC(345, 1, 999999999, 5, 5) TICK(345),
		    &(struct table_options){.delta = true, .rows = 6, .columns = 20, .color = true},
		"\033[1mpooltrace\033[0m - pid 4242\n"
		"execution: trace 0 r\n"
		" \033[1mPID\033[0m     \033[1mTOTAL\033[0m\n"
		"4242  4.03 MiB\n"
		"      TRACE 12.0 KiB\n"
		"\033[1mpooltrace\033[0m - pid 4242\n"
		" \033[1mPID\033[0m     \033[1mTOTAL\033[0m\n"
		"4242  4.03 MiB\n"
		"          \033[33m+5 B\033[0m\n"
		"      TRACE 12.0 KiB\n");
}

static void the_lines_above_are_wrapped_where_there_are_enough_rows(void **state)
{
	(void)state;
	check_table(REPLAYED "tick" S(345) "\n", &(struct table_options){.delta = true, .rows = 8, .columns = 95},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 5 s - not checked yet\n"
		"  6 events, 0 lost\n"
		"execution: trace 0 replayed 1204 times; nothing has been allocated since its capture ended 4\n"
		"  min 1 s ago (a replay allocates nothing)\n"
		" PID  DEVICE  BUFFERS      DRAM  use        L1  use  L1_SMALL  use  TRACE  use     TOTAL\n"
		"4242       0        3  2.03 MiB  <1%  2.00 MiB   2%       0 B   0%    0 B   0%  4.03 MiB\n"
		"      TRACE 12.0 KiB in DRAM\n");
	check_table(REPLAYED "tick" S(345) "\n", &(struct table_options){.delta = true, .rows = 7, .columns = 95},
		"pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 5 s - not checked yet - 6 even\n"
		"execution: trace 0 replayed 1204 times; nothing has been allocated since its capture ended 4 mi\n"
		" PID  DEVICE  BUFFERS      DRAM  use        L1  use  L1_SMALL  use  TRACE  use     TOTAL\n"
		"4242       0        3  2.03 MiB  <1%  2.00 MiB   2%       0 B   0%    0 B   0%  4.03 MiB\n"
		"      TRACE 12.0 KiB in DRAM\n");
	check_table(REPLAYED "tick" S(345) "\n", &(struct table_options){.columns = 20},
		"pooltrace - pid 4242\n"
		"  python ser...\n"
		"  tt-metal\n"
		"  attached 4 min 5 s\n"
		"  not checked yet\n"
		"  6 events, 0 lost\n"
		"execution: trace 0\n"
		"  replayed 1204\n"
		"  times; nothing has\n"
		"  been allocated\n"
		"  since its capture\n"
		"  ended 4 min 1 s\n"
		"  ago (a replay\n"
		"  allocates nothing)\n"
		" PID     TOTAL\n"
		"4242  4.03 MiB\n"
		"      TRACE 12.0 KiB\n");
	check_table("attach" S(1) "process=1 pid=3 name=\"\\xc3\\xa4\\xc3\\xb6\\xc3\\xbc\" runtime=r pools=P\n" "tick" S(1) "\n",
		    &(struct table_options){.rows = 5, .columns = 22},
		"pooltrace - pid 3 \xc3"
		"\xa4"
		"\xc3"
		"\xb6"
		"\xc3"
		"\xbc"
		" \n"
		"PID  DEVICE  P  TOTAL\n"
		"     nothing is alloca\n");
}

static void changes_and_warnings_are_coloured(void **state)
{
	(void)state;
	check_table(PYTHON EMPTY ARENA(100, 1, 1, 10, DRAM, 1, 4096) ARENA(100, 1, 2, 10, L1, 1, 4096) ALLOC(101, 1, 1, 100, 100)
		    TICK(101) FREE(102, 1, 1) ALLOC(102, 2, 1, 100, 100) "lost" S(102) "count=1\n" TICK(102),
		    &(struct table_options){.delta = true, .color = true},
		"\033[1mpooltrace\033[0m - pid 4242 python serve.py - tt-metal - attached 1 s - not checked yet - 1 event, 0 "
		"lost - every 500ms\n"
		"init: no trace has been captured yet\n"
		"  \033[1mPID\033[0m  \033[1mPROCESS\033[0m  \033[1mDEVICE\033[0m  \033[1mBUFFERS\033[0m       "
		"\033[1mDRAM\033[0m  \033[1muse\033[0m         \033[1mL1\033[0m  \033[1muse\033[0m   \033[1mL1_SMALL\033[0m      "
		"\033[1mTRACE\033[0m      \033[1mTOTAL\033[0m\n"
		" 4242  python        0        1      100 B   2%        0 B   0%          -          -      100 B\n"
		"\033[1mpooltrace\033[0m - pid 4242 python serve.py - tt-metal - attached 2 s - not checked yet - "
		"\033[31mPARTIAL: 1 step not settled yet\033[0m - \033[31m3 events, 1 lost\033[0m - every 500ms\n"
		"init: no trace has been captured yet\n"
		"  \033[1mPID\033[0m  \033[1mPROCESS\033[0m  \033[1mDEVICE\033[0m  \033[1mBUFFERS\033[0m       "
		"\033[1mDRAM\033[0m  \033[1muse\033[0m         \033[1mL1\033[0m  \033[1muse\033[0m   \033[1mL1_SMALL\033[0m      "
		"\033[1mTRACE\033[0m      \033[1mTOTAL\033[0m\n"
		" 4242  python        0        1        0 B   0%      100 B   2%          -          -      100 B\n"
		"                   +/-        -     \033[32m-100 B\033[0m          \033[33m+100 B\033[0m               -        "
		"  -          -\n");
}

static void two_tables_of_one_ledger_are_equal(void **state)
{
	struct table_state first = {}, second = {};
	struct table_options o = {.delta = true};
	struct view v = {.add = add_table, .options = &o, .state = &first};
	struct view w = {.add = add_table, .options = &o, .state = &second};

	(void)state;
	view_run(&v, TWO TICK(110) ALLOC(111, 1, 8192, 1, 1) TICK(111));
	view_run(&w, TWO TICK(110) ALLOC(111, 1, 8192, 1, 1) TICK(111));
	assert_string_equal(str_text(&v.out), str_text(&w.out));
	table_state_release(&first);
	table_state_release(&second);
	view_release(&v);
	view_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_update_shows_figures_and_what_changed),
		cmocka_unit_test(without_changes_there_is_no_second_row),
		cmocka_unit_test(after_a_late_attach_what_is_not_known_is_a_question_mark),
		cmocka_unit_test(figures_that_become_known_have_no_known_change),
		cmocka_unit_test(trace_memory_in_another_pool_is_told_below_its_row),
		cmocka_unit_test(a_device_is_selected_by_its_number),
		cmocka_unit_test(names_from_the_process_cannot_reach_the_terminal),
		cmocka_unit_test(huge_numbers_are_shown_whole),
		cmocka_unit_test(a_narrow_terminal_leaves_out_whole_columns),
		cmocka_unit_test(the_lines_above_are_wrapped_where_there_are_enough_rows),
		cmocka_unit_test(changes_and_warnings_are_coloured),
		cmocka_unit_test(two_tables_of_one_ledger_are_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
