/* The page of explain: golden text and JSON of streams. */
#include "view_stream.h"

#include "ledger/advice.h"
#include "view/explain.h"

static void add_page(struct view *v, const struct record *r, const struct effect *e)
{
	(void)e;
	if (r->kind == RECORD_TICK)
		explain_add(&v->out, v->ledger, v->options);
}

static void add_json(struct view *v, const struct record *r, const struct effect *e)
{
	(void)e;
	if (r->kind == RECORD_TICK)
		explain_add_json(&v->out, v->ledger, v->options);
}

static void check(void (*add)(struct view *v, const struct record *r, const struct effect *e), const char *stream,
		  const struct explain_options *o, const char *expected)
{
	struct view v = {.add = add, .options = o};

	view_run(&v, stream);
	assert_string_equal(str_text(&v.out), expected);
	view_release(&v);
}

#define ADVISED                                                                                            \
	"attach" S(100) "process=1 pid=4242 name=python command=\"python serve.py\" runtime=tt-metal "     \
	"pools=DRAM,L1,L1_SMALL,TRACE advice=\"TRACE:region:total=32:spread=8192,L1_SMALL:small:bank=32\"\n"
#define CAPTURED                                                                                           \
	ADVISED EMPTY POOLS(101) ALLOC(101, 1, 4096, 2113536, 2097152) ALLOC(102, 2, 4096, 2097152, 2097152) \
	ALLOC(102, 3, 36800, 4096, 64)                                                                     \
	"capture" S(103) "process=1 tid=4243 trace=0\n" ALLOC(103, 2, 36864, 64000, 64000)                 \
	"captured" S(104) "process=1 tid=4243 trace=0\n"                                                   \
	"alloc" S(104) "process=1 tid=4243 arena=4 address=4096 reserved=12288 asked=1024 tag=trace trace=0\n"
#define SERVED                                                                                             \
	CAPTURED "replay" S(105) "process=1 tid=4243 trace=0\n" ALLOC(160, 1, 800000, 24576, 20480) FREE(161, 1, 800000) \
	"replay" S(165) "process=1 tid=4243 trace=0\nreplays" S(344) "process=1 trace=0 count=1204\n"
#define FAILURES                                                                                           \
	"failed" S(345) "process=1 tid=4243 arena=1 reason=throw asked=34359738368 needed=2863311552\n"    \
	"failed" S(346) "process=1 tid=4243 arena=1 reason=throw asked=34359738368 needed=2863311552\n"

static void a_page_has_phases_sentences_advice_and_failures(void **state)
{
	const struct explain_options o = {};

	(void)state;
	check(add_page, SERVED FAILURES TICK(350), &o,
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 10 s - not checked yet - 13 events, 0 lost, 2"
	      " failed allocations - every 500ms\n"
	      "\n"
	      "PHASE                                DRAM         L1   L1_SMALL      TRACE      TOTAL      CHANGE     LASTED  "
	      "ALLOCATED  FREED  FAILED  REPLAYS\n"
	      "init                             2.02 MiB   2.00 MiB   4.00 KiB        0 B   4.02 MiB   +4.02 MiB        3 s  "
	      "        3      0       0        0\n"
	      "capture of trace 0: data         2.02 MiB   2.06 MiB   4.00 KiB        0 B   4.08 MiB   +62.5 KiB        1 s  "
	      "        1      0       0        0\n"
	      "capture of trace 0: its buffer   2.02 MiB   2.06 MiB   4.00 KiB   12.0 KiB   4.09 MiB   +12.0 KiB        1 s  "
	      "        1      0       0        0\n"
	      "execution of trace 0             2.02 MiB   2.06 MiB   4.00 KiB   12.0 KiB   4.09 MiB           -       55 s  "
	      "        0      0       0     1204\n"
	      "other                            2.02 MiB   2.06 MiB   4.00 KiB   12.0 KiB   4.09 MiB           -        5 s  "
	      "        1      1       0        0\n"
	      "execution of trace 0 (now)       2.02 MiB   2.06 MiB   4.00 KiB   12.0 KiB   4.09 MiB           -  3 min 5 s  "
	      "        0      0       2    above\n"
	      "\n"
	      "The capture of trace 0 ended 4 min 6 s ago; since then it was replayed 1204 times. Its buffer takes\n"
	      "12.0 KiB in TRACE.\n"
	      "Replays made 0 allocations. This is how a trace works: all that it needs was reserved when it was\n"
	      "captured, and a replay only runs what was recorded. That figures stand still meanwhile is normal.\n"
	      "Outside of traces, since the last capture ended: 1 allocation (24.0 KiB) and 1 free (24.0 KiB) in\n"
	      "DRAM.\n"
	      "To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
	      "COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
	      "events -p 4242').\n"
	      "TRACE of device 0 took at most 1.00 KiB in each of 12 banks, of 1.00 MiB. region=993 is enough, and\n"
	      "one less is not (the runtime makes 8.00 KiB a bank of it).\n"
	      "L1_SMALL of device 0 took at most 64 B in each of 64 banks, of 32.0 KiB. small=33 is enough, and one\n"
	      "less is not (the runtime makes 64 B a bank of it).\n"
	      "2 allocations failed:\n"
	      "4 s ago, during execution of trace 0, 2 times in a row: DRAM of device 0 was exhausted. Asked for\n"
	      "  were 32.0 GiB, which needs 2.67 GiB in each bank. Of 1.00 GiB a bank 172 KiB were allocated, 1.00\n"
	      "  GiB were free; the largest free block had 1.00 GiB. Held by 1 x 2.02 MiB, all banks.\n");
}

static void the_same_with_plain_numbers_and_some_pools(void **state)
{
	struct selection s = {};
	const char *const known[] = {"DRAM", "TRACE"};
	const struct explain_options o = {.bytes = true, .selection = &s};

	(void)state;
	assert_int_equal(selection_add_pools(&s, "TRACE", known, 2, NULL), 0);
	check(add_page, SERVED FAILURES TICK(350), &o,
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 10 s - not checked yet - 13 events, 0 lost, 2"
	      " failed allocations - every 500ms\n"
	      "\n"
	      "PHASE                               TRACE      TOTAL      CHANGE     LASTED  ALLOCATED  FREED  FAILED  REPLAYS\n"
	      "init                                    0          0           -        3 s          3      0       0        0\n"
	      "capture of trace 0: data                0          0           -        1 s          1      0       0        0\n"
	      "capture of trace 0: its buffer      12288      12288      +12288        1 s          1      0       0        0\n"
	      "execution of trace 0                12288      12288           -       55 s          0      0       0     1204\n"
	      "other                               12288      12288           -        5 s          1      1       0        0\n"
	      "execution of trace 0 (now)          12288      12288           -  3 min 5 s          0      0       2    above\n"
	      "\n"
	      "The capture of trace 0 ended 4 min 6 s ago; since then it was replayed 1204 times. Its buffer takes\n"
	      "12288 B in TRACE.\n"
	      "Replays made 0 allocations. This is how a trace works: all that it needs was reserved when it was\n"
	      "captured, and a replay only runs what was recorded. That figures stand still meanwhile is normal.\n"
	      "Outside of traces, since the last capture ended: no allocations and no frees.\n"
	      "To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
	      "COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
	      "events -p 4242').\n"
	      "TRACE of device 0 took at most 1024 B in each of 12 banks, of 1048576 B. region=993 is enough, and\n"
	      "one less is not (the runtime makes 8192 B a bank of it).\n");
	selection_release(&s);
}

static void a_late_attach_says_what_is_not_known(void **state)
{
	const struct explain_options o = {};

	(void)state;
	check(add_page, LATE "replay" S(105) "process=1 tid=4243 trace=3\nreplays" S(106) "process=1 trace=3 count=7\n" TICK(107), &o,
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 7 s - not checked yet - 1 event, 0 lost - every 500ms\n"
	      "\n"
	      "PHASE                                DRAM         L1   L1_SMALL      TRACE      TOTAL      CHANGE     LASTED  "
	      "ALLOCATED  FREED  FAILED  REPLAYS\n"
	      "as found                         7.93 GiB          -          -        0 B   7.93 GiB           ?        5 s  "
	      "        0      0       0        0\n"
	      "execution of trace 3 (now)       7.93 GiB          -          -        0 B   7.93 GiB           -        2 s  "
	      "        0      0       0        7\n"
	      "\n"
	      "Trace 3 was captured before pooltrace attached; since then it was replayed 7 times.\n"
	      "Replays made 0 allocations. This is how a trace works: all that it needs was reserved when it was\n"
	      "captured, and a replay only runs what was recorded. That figures stand still meanwhile is normal.\n"
	      "When pooltrace attached, 7 s ago, the process held memory already. Not known of that time: its\n"
	      "phases, captures and replays, what its blocks were allocated for, and how high its pools had been.\n"
	      "To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
	      "COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
	      "events -p 4242').\n");
}

static void a_process_that_ended_is_told_from_a_recording(void **state)
{
	const struct explain_options o = {.recorded = true};

	(void)state;
	check(add_page, CAPTURED "detach" S(110) "process=1 reason=exit\n" TICK(500), &o,
	      "pooltrace - pid 4242 python serve.py - tt-metal - ended: exit - 7 events, 0 lost\n"
	      "\n"
	      "PHASE                                DRAM         L1   L1_SMALL      TRACE      TOTAL      CHANGE     LASTED  "
	      "ALLOCATED  FREED  FAILED  REPLAYS\n"
	      "init                             2.02 MiB   2.00 MiB   4.00 KiB        0 B   4.02 MiB   +4.02 MiB        3 s  "
	      "        3      0       0        0\n"
	      "capture of trace 0: data         2.02 MiB   2.06 MiB   4.00 KiB        0 B   4.08 MiB   +62.5 KiB        1 s  "
	      "        1      0       0        0\n"
	      "capture of trace 0: its buffer   2.02 MiB   2.06 MiB   4.00 KiB   12.0 KiB   4.09 MiB   +12.0 KiB        6 s  "
	      "        1      0       0        0\n"
	      "\n"
	      "The capture of trace 0 ended 6 min 36 s ago; since then it was not replayed. Its buffer takes 12.0\n"
	      "KiB in TRACE.\n"
	      "Outside of traces, since the last capture ended: no allocations and no frees.\n"
	      "TRACE of device 0 took at most 1.00 KiB in each of 12 banks, of 1.00 MiB. region=993 is enough, and\n"
	      "one less is not (the runtime makes 8.00 KiB a bank of it).\n"
	      "L1_SMALL of device 0 took at most 64 B in each of 64 banks, of 32.0 KiB. small=33 is enough, and one\n"
	      "less is not (the runtime makes 64 B a bank of it).\n");
}

static void several_devices_and_processes_have_lines_and_titles(void **state)
{
	const struct explain_options o = {};

	(void)state;
	check(add_page, TWO TICK(103), &o,
	      "pooltrace - 2 processes - tt-metal, other - attached 3 s - not checked yet - 3 events, 0 lost - every 500ms\n"
	      "\n"
	      "pid 4242 python\n"
	      "PHASE                                DRAM         L1   L1_SMALL      TRACE      TOTAL      CHANGE     LASTED  "
	      "ALLOCATED  FREED  FAILED  REPLAYS\n"
	      "init (now)                         1000 B        0 B        0 B        0 B     1000 B     +1000 B        3 s  "
	      "        1      0       0        0\n"
	      "\n"
	      "No trace was captured.\n"
	      "To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
	      "COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
	      "events -p 4242').\n"
	      "\n"
	      "pid 7 a b\n"
	      "PHASE                           DEVICE        HBM         L1      TOTAL      CHANGE     LASTED  ALLOCATED  FRE"
	      "ED  FAILED  REPLAYS\n"
	      "init (now)                      0        1.95 KiB          -   1.95 KiB   +1.95 KiB        2 s          2     "
	      " 0       0        0\n"
	      "                                1        1.95 KiB          -   1.95 KiB   +1.95 KiB\n"
	      "\n"
	      "No trace was captured.\n"
	      "To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
	      "COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
	      "events -p 7').\n");
}

static void a_window_shows_the_last_rows(void **state)
{
	const struct explain_options o = {.rows = 24, .columns = 80};

	(void)state;
	check(add_page, SERVED FAILURES TICK(350), &o,
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 4 min 10 s\n"
	      "  not checked yet - 13 events, 0 lost, 2 failed allocations - every 500ms\n"
	      "\n"
	      "PHASE                           DRAM        L1  L1_SMALL     TRACE  CHANGE\n"
	      "                            ... 3 lines above\n"
	      "execution of trace 0        2.02 MiB  2.06 MiB  4.00 KiB  12.0 KiB       -\n"
	      "other                       2.02 MiB  2.06 MiB  4.00 KiB  12.0 KiB       -\n"
	      "execution of trace 0 (now)  2.02 MiB  2.06 MiB  4.00 KiB  12.0 KiB       -\n"
	      "\n"
	      "The capture of trace 0 ended 4 min 6 s ago; since then it was replayed 1204\n"
	      "times. Its buffer takes 12.0 KiB in TRACE.\n"
	      "Replays made 0 allocations. This is how a trace works: all that it needs was\n"
	      "reserved when it was captured, and a replay only runs what was recorded. That\n"
	      "figures stand still meanwhile is normal.\n"
	      "Outside of traces, since the last capture ended: 1 allocation (24.0 KiB) and 1\n"
	      "free (24.0 KiB) in DRAM.\n"
	      "To see changes, look while the model is loaded and a trace is captured\n"
	      "('pooltrace record -- COMMAND' sees a program from its start), or at what is\n"
	      "allocated outside of traces ('pooltrace events -p 4242').\n"
	      "TRACE of device 0 took at most 1.00 KiB in each of 12 banks, of 1.00 MiB.\n"
	      "region=993 is enough, and one less is not (the runtime makes 8.00 KiB a bank of\n"
	      "it).\n"
	      "L1_SMALL of device 0 took at most 64 B in each of 64 banks, of 32.0 KiB.\n"
	      "small=33 is enough, and one less is not (the runtime makes 64 B a bank of it).\n"
	      "2 allocations failed:\n"
	      "4 s ago, during execution of trace 0, 2 times in a row: DRAM of device 0 was\n"
	      "  exhausted. Asked for were 32.0 GiB, which needs 2.67 GiB in each bank. Of 1.00\n"
	      "  GiB a bank 172 KiB were allocated, 1.00 GiB were free; the largest free block\n"
	      "  had 1.00 GiB. Held by 1 x 2.02 MiB, all banks.\n");
}

static void traces_without_room_lie_elsewhere_and_some_are_refused(void **state)
{
	const struct explain_options o = {};

	(void)state;
	check(add_page, ADVISED EMPTY POOLS(101) ALLOC(101, 1, 4096, 12000, 12000)
	      "capture" S(102) "process=1 trace=5\ncaptured" S(103) "process=1 trace=5\n"
	      "alloc" S(103) "process=1 arena=1 address=40960 reserved=36000 asked=30000 tag=trace trace=5\n"
	      "capture" S(104) "process=1 trace=6\ncaptured" S(105) "process=1 trace=6\n" ALLOC(106, 1, 80000, 12, 12) TICK(107), &o,
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 7 s - not checked yet - 7 events, 0 lost - every 500ms\n"
	      "\n"
	      "PHASE                                DRAM         L1   L1_SMALL      TRACE      TOTAL      CHANGE     LASTED  "
	      "ALLOCATED  FREED  FAILED  REPLAYS\n"
	      "init                             11.7 KiB        0 B        0 B        0 B   11.7 KiB   +11.7 KiB        2 s  "
	      "        1      0       0        0\n"
	      "capture of trace 5: data         11.7 KiB        0 B        0 B        0 B   11.7 KiB           -        1 s  "
	      "        0      0       0        0\n"
	      "capture of trace 5: its buffer   46.9 KiB        0 B        0 B        0 B   46.9 KiB   +35.2 KiB        1 s  "
	      "        1      0       0        0\n"
	      "capture of trace 6: data         46.9 KiB        0 B        0 B        0 B   46.9 KiB           -        1 s  "
	      "        0      0       0        0\n"
	      "capture of trace 6: its buffer   46.9 KiB        0 B        0 B        0 B   46.9 KiB           -        1 s  "
	      "        0      0       0        0\n"
	      "other (now)                      46.9 KiB        0 B        0 B        0 B   46.9 KiB       +12 B        1 s  "
	      "        1      0       0        0\n"
	      "\n"
	      "The capture of trace 5 ended 4 s ago; since then it was not replayed. Its buffer takes 35.2 KiB in\n"
	      "DRAM.\n"
	      "The capture of trace 6 ended 2 s ago; since then it was not replayed. No buffer was made for it: the\n"
	      "runtime has refused that, its region may be too small.\n"
	      "Outside of traces, since the last capture ended: 1 allocation (12 B) in DRAM.\n"
	      "To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
	      "COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
	      "events -p 4242').\n"
	      "TRACE of device 0 has no room: what belongs there lies in DRAM, and took at most 2.93 KiB in each of\n"
	      "12 banks. region=29985 would hold what was captured, but a capture was refused: give more, and look\n"
	      "again (the runtime makes 8.00 KiB a bank of it).\n"
	      "L1_SMALL of device 0 took at most 0 B in each of 64 banks, of 32.0 KiB.\n");
}

static void failures_say_exhausted_fragmented_or_what_is_not_known(void **state)
{
	const struct explain_options o = {.bytes = true};

	(void)state;
	check(add_page, ADVISED EMPTY POOLS(101) ALLOC(101, 3, 4096, 1024000, 1000000) ALLOC(102, 3, 28096, 192000, 1000)
	      "free" S(103) "process=1 arena=3 address=4096\n"
	      "failed" S(104) "process=1 arena=3 reason=throw asked=1920000 needed=28000\n"
	      "failed" S(105) "process=1 arena=3 reason=throw asked=2240000 needed=32000\n"
	      "failed" S(106) "process=1 arena=3 reason=throw asked=64 needed=1\n"
	      "failed" S(107) "process=1 reason=thread-exit\n" TICK(108), &o,
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 8 s - not checked yet - 7 events, 0 lost, 4 failed "
	      "allocations - every 500ms\n"
	      "\n"
	      "PHASE                                DRAM         L1   L1_SMALL      TRACE      TOTAL      CHANGE     LASTED  "
	      "ALLOCATED  FREED  FAILED  REPLAYS\n"
	      "init (now)                              0          0     192000          0     192000     +192000        8 s  "
	      "        2      1       4        0\n"
	      "\n"
	      "No trace was captured.\n"
	      "To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
	      "COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
	      "events -p 4242').\n"
	      "TRACE of device 0 took at most 0 B in each of 12 banks, of 1048576 B.\n"
	      "L1_SMALL of device 0 took at most 19000 B in each of 64 banks, of 32768 B; with what failed and\n"
	      "holes it would have been 59000 B. small=58977 is the least; what would have come behind the failure\n"
	      "is not known (the runtime makes 59008 B a bank of it).\n"
	      "4 allocations failed:\n"
	      "1 s ago, during init: an allocation failed.\n"
	      "2 s ago, during init: L1_SMALL of device 0 had room: the runtime refused for a reason of its own.\n"
	      "  Asked for were 64 B, which needs 1 B in each bank. Of 32768 B a bank 3000 B were allocated, 29768\n"
	      "  B were free; the largest free block had 24000 B. Held by 1 x 192000 B, all banks.\n"
	      "3 s ago, during init: L1_SMALL of device 0 was exhausted. Asked for were 2240000 B, which needs\n"
	      "  32000 B in each bank. Of 32768 B a bank 3000 B were allocated, 29768 B were free; the largest free\n"
	      "  block had 24000 B. Held by 1 x 192000 B, all banks.\n"
	      "4 s ago, during init: L1_SMALL of device 0 was fragmented. Asked for were 1920000 B, which needs\n"
	      "  28000 B in each bank. Of 32768 B a bank 3000 B were allocated, 29768 B were free; the largest free\n"
	      "  block had 24000 B. Held by 1 x 192000 B, all banks.\n");
}

static void rows_that_are_left_out_are_counted(void **state)
{
	const struct explain_options o = {};
	struct view v = {.add = add_page, .options = &o};
	struct str stream = {};

	(void)state;
	str_add(&stream, ADVISED EMPTY POOLS(101));
	for (int i = 0; i < 61; i++)
		str_addf(&stream, "release time_ns=%d000000000 process=1 trace=%d\n", 101 + i, i);
	str_add(&stream, TICK(170));
	view_run(&v, str_text(&stream));
	assert_non_null(strstr(str_text(&v.out), "\nrelease of trace 14  "));
	assert_non_null(strstr(str_text(&v.out), "\n... 14 phases left out  "));
	assert_null(strstr(str_text(&v.out), "\nrelease of trace 15  "));
	assert_null(strstr(str_text(&v.out), "\nrelease of trace 28  "));
	assert_non_null(strstr(str_text(&v.out), "\nrelease of trace 29  "));
	assert_non_null(strstr(str_text(&v.out), "\nrelease of trace 60 (now)  "));
	assert_non_null(strstr(str_text(&v.out), "\nThe last 4 of 61 traces:\nThe capture of trace 57 was not seen; "));
	view_release(&v);
	str_release(&stream);
}

/* Advice is text of a recording: anything may stand there. */
static void advice_that_makes_no_sense_is_left_out(void **state)
{
	static const char *const wrong[] = {
		"", ",", ",,", "A", "A:", "A:b", "A:b:", "A:b:total", "A:b:total=", "A:b:total=0", "A:b:total=1:", "A:b:total=x",
		"A:b:total=99999999999999999999", ":b:total=1", "A::total=1", "A:b:total=1 ", "A:b:what=1",
	};
	const char *text;
	struct advice a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		text = wrong[i];
		assert_false(advice_next(&text, &a));
		assert_string_equal(text, "");
	}
	text = "A:b,C:d:bank=32,E:f:x=1,G:h:total=1:spread=2";
	assert_true(advice_next(&text, &a));
	assert_string_equal(a.pool, "C");
	assert_string_equal(a.argument, "d");
	assert_int_equal(a.bank, 32);
	assert_int_equal(a.total, 0);
	assert_true(advice_next(&text, &a));
	assert_string_equal(a.pool, "G");
	assert_int_equal(a.total, 1);
	assert_int_equal(a.spread, 2);
	assert_false(advice_next(&text, &a));
}

/* What the runtime makes of an argument, as the figures of ten openings of a device say. */
static void the_least_argument_is_enough_and_one_less_is_not(void **state)
{
	const struct advice spread = {.total = 32, .spread = 8192}, bank = {.bank = 32};
	uint64_t value, becomes;

	(void)state;
	for (uint64_t n = 0; n < 40000; n += 997) {
		const struct history_need need = {.known = true, .span = n, .asked = n * 5, .banks = 12};

		assert_true(advice_value(&spread, &need, &value));
		assert_true((value + 31) / 32 * 32 >= need.asked);
		assert_true(advice_bank_bytes(&spread, &need, value, &becomes) && becomes >= n);
		if (value) {
			advice_bank_bytes(&spread, &need, value - 1, &becomes);
			assert_true(becomes < n || (value - 1 + 31) / 32 * 32 < need.asked);
		}
		assert_true(advice_value(&bank, &need, &value));
		assert_true(advice_bank_bytes(&bank, &need, value, &becomes) && becomes >= n && becomes < n + 32);
		if (value)
			assert_true(advice_bank_bytes(&bank, &need, value - 1, &becomes) && becomes < n);
	}
}

static void json_has_the_same(void **state)
{
	const struct explain_options o = {};

	(void)state;
	check(add_json, SERVED FAILURES TICK(350), &o,
	      "{\"schema\":1,\"time\":\"1970-01-01T00:05:50.000Z\",\"processes\":[{\"pid\":4242,\"name\":\"python\",\"command"
	      "\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,\"coverage\":\"exact\",\"from_beg"
	      "in\":true,\"phases_seen\":6,\"phases\":[{\"phase\":\"init\",\"traces\":[],\"times\":1,\"begin_ns\":10000000000"
	      "0,\"end_ns\":103000000000,\"allocations\":3,\"allocated\":4214784,\"frees\":0,\"freed\":0,\"failed\":0,\"repla"
	      "ys\":0,\"devices\":[{\"device\":\"0\",\"pools\":{\"DRAM\":{\"reserved\":2113536,\"trace\":0,\"buffers\":1,\"ch"
	      "ange\":2113536},\"L1\":{\"reserved\":2097152,\"trace\":0,\"buffers\":1,\"change\":2097152},\"L1_SMALL\":{\"res"
	      "erved\":4096,\"trace\":0,\"buffers\":1,\"change\":4096},\"TRACE\":{\"reserved\":0,\"trace\":0,\"buffers\":0,\""
	      "change\":0}}}]},{\"phase\":\"capture\",\"traces\":[0],\"times\":1,\"begin_ns\":103000000000,\"end_ns\":1040000"
	      "00000,\"allocations\":1,\"allocated\":64000,\"frees\":0,\"freed\":0,\"failed\":0,\"replays\":0,\"devices\":[{"
	      "\"device\":\"0\",\"pools\":{\"DRAM\":{\"reserved\":2113536,\"trace\":0,\"buffers\":1,\"change\":0},\"L1\":{\"r"
	      "eserved\":2161152,\"trace\":0,\"buffers\":2,\"change\":64000},\"L1_SMALL\":{\"reserved\":4096,\"trace\":0,\"bu"
	      "ffers\":1,\"change\":0},\"TRACE\":{\"reserved\":0,\"trace\":0,\"buffers\":0,\"change\":0}}}]},{\"phase\":\"buf"
	      "fer\",\"traces\":[0],\"times\":1,\"begin_ns\":104000000000,\"end_ns\":105000000000,\"allocations\":1,\"allocat"
	      "ed\":12288,\"frees\":0,\"freed\":0,\"failed\":0,\"replays\":0,\"devices\":[{\"device\":\"0\",\"pools\":{\"DRAM"
	      "\":{\"reserved\":2113536,\"trace\":0,\"buffers\":1,\"change\":0},\"L1\":{\"reserved\":2161152,\"trace\":0,\"bu"
	      "ffers\":2,\"change\":0},\"L1_SMALL\":{\"reserved\":4096,\"trace\":0,\"buffers\":1,\"change\":0},\"TRACE\":{\"r"
	      "eserved\":12288,\"trace\":12288,\"buffers\":1,\"change\":12288}}}]},{\"phase\":\"execution\",\"traces\":[0],\""
	      "times\":1,\"begin_ns\":105000000000,\"end_ns\":160000000000,\"allocations\":0,\"allocated\":0,\"frees\":0,\"fr"
	      "eed\":0,\"failed\":0,\"replays\":1204,\"replays_shared\":true,\"devices\":[{\"device\":\"0\",\"pools\":{\"DRAM"
	      "\":{\"reserved\":2113536,\"trace\":0,\"buffers\":1,\"change\":0},\"L1\":{\"reserved\":2161152,\"trace\":0,\"bu"
	      "ffers\":2,\"change\":0},\"L1_SMALL\":{\"reserved\":4096,\"trace\":0,\"buffers\":1,\"change\":0},\"TRACE\":{\"r"
	      "eserved\":12288,\"trace\":12288,\"buffers\":1,\"change\":0}}}]},{\"phase\":\"other\",\"traces\":[],\"times\":1"
	      ",\"begin_ns\":160000000000,\"end_ns\":165000000000,\"allocations\":1,\"allocated\":24576,\"frees\":1,\"freed\""
	      ":24576,\"failed\":0,\"replays\":0,\"devices\":[{\"device\":\"0\",\"pools\":{\"DRAM\":{\"reserved\":2113536,\"t"
	      "race\":0,\"buffers\":1,\"change\":0},\"L1\":{\"reserved\":2161152,\"trace\":0,\"buffers\":2,\"change\":0},\"L1"
	      "_SMALL\":{\"reserved\":4096,\"trace\":0,\"buffers\":1,\"change\":0},\"TRACE\":{\"reserved\":12288,\"trace\":12"
	      "288,\"buffers\":1,\"change\":0}}}]},{\"phase\":\"execution\",\"traces\":[0],\"times\":1,\"begin_ns\":165000000"
	      "000,\"allocations\":0,\"allocated\":0,\"frees\":0,\"freed\":0,\"failed\":2,\"replays_shared\":true,\"devices\""
	      ":[{\"device\":\"0\",\"pools\":{\"DRAM\":{\"reserved\":2113536,\"trace\":0,\"buffers\":1,\"change\":0},\"L1\":{"
	      "\"reserved\":2161152,\"trace\":0,\"buffers\":2,\"change\":0},\"L1_SMALL\":{\"reserved\":4096,\"trace\":0,\"buf"
	      "fers\":1,\"change\":0},\"TRACE\":{\"reserved\":12288,\"trace\":12288,\"buffers\":1,\"change\":0}}}]}],\"captur"
	      "ed_ns\":104000000000,\"replays\":1204,\"traces\":[{\"trace\":0,\"captured_ns\":104000000000,\"replays\":1204,"
	      "\"pool\":\"TRACE\",\"reserved\":12288}],\"outside_of_traces\":{\"DRAM\":{\"allocations\":1,\"allocated\":24576"
	      ",\"frees\":1,\"freed\":24576}},\"hidden\":[],\"advice\":[{\"device\":\"0\",\"pool\":\"TRACE\",\"peak_bank\":1024,\"needed_ba"
	      "nk\":1024,\"asked\":1024,\"banks\":12,\"bank_bytes\":1048576,\"argument\":\"region\",\"value\":993,\"enough\":"
	      "true,\"becomes_bank\":8192},{\"device\":\"0\",\"pool\":\"L1_SMALL\",\"peak_bank\":64,\"needed_bank\":64,\"aske"
	      "d\":64,\"banks\":64,\"bank_bytes\":32768,\"argument\":\"small\",\"value\":33,\"enough\":true,\"becomes_bank\":"
	      "64}],\"failed\":2,\"failures\":[{\"number\":2,\"time_ns\":346000000000,\"times\":2,\"tid\":4243,\"during\":\"e"
	      "xecution\",\"trace\":0,\"device\":\"0\",\"pool\":\"DRAM\",\"cause\":\"exhausted\",\"asked\":34359738368,\"need"
	      "ed_bank\":2863311552,\"bank_bytes\":1073741824,\"allocated_bank\":176128,\"free_bank\":1073565696,\"largest_fr"
	      "ee\":1073565696,\"holders\":[{\"size\":2113536,\"buffers\":1,\"reserved\":2113536,\"trace\":false}]}]}],\"even"
	      "ts\":13,\"lost\":0,\"corrections\":0}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_has_phases_sentences_advice_and_failures),
		cmocka_unit_test(the_same_with_plain_numbers_and_some_pools),
		cmocka_unit_test(a_late_attach_says_what_is_not_known),
		cmocka_unit_test(a_process_that_ended_is_told_from_a_recording),
		cmocka_unit_test(several_devices_and_processes_have_lines_and_titles),
		cmocka_unit_test(a_window_shows_the_last_rows),
		cmocka_unit_test(traces_without_room_lie_elsewhere_and_some_are_refused),
		cmocka_unit_test(failures_say_exhausted_fragmented_or_what_is_not_known),
		cmocka_unit_test(rows_that_are_left_out_are_counted),
		cmocka_unit_test(advice_that_makes_no_sense_is_left_out),
		cmocka_unit_test(the_least_argument_is_enough_and_one_less_is_not),
		cmocka_unit_test(json_has_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
