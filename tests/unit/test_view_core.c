/* What the views say of the cores' own memory: circular buffers, code, programs that were refused. */
#include "view_table.h"

#include "view/explain.h"
#include "view/json.h"
#include "view/log.h"

#include <time.h>

#define CORE_PYTHON                                                                                        \
	"attach" S(100) "process=1 pid=4242 name=python command=\"python serve.py\" runtime=tt-metal "     \
	"pools=DRAM,L1,L1_SMALL,TRACE core=L1\n"
#define CB(time, program, address, bytes)                                                                  \
	"cb" S(time) "process=1 tid=4243 owner=0x10 address=" #address " program=0x" #program " bytes=" #bytes "\n"
#define SERVED                                                                                             \
	CORE_PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 2113536, 2097152) CB(102, a, 4096, 2048)          \
	CB(102, a, 6144, 10240) ALLOC(102, 2, 1388608, 1024000, 1000000) CB(102, b, 4096, 4096)
#define REFUSED                                                                                            \
	"failed" S(103) "process=1 tid=4243 owner=0x10 pool=L1 address=1388608 program=0xa end=1400832 reason=clash\n" \
	"failed" S(103) "process=1 tid=4243 pool=L1 address=1499136 end=2727264 reason=overflow\n"
#define FREED "cb-free" S(104) "process=1 tid=4243 program=0xa\n"
#define VOID "cb-free" S(104) "process=1 tid=4243 program=0xb reason=void\n"

static void add_log(struct view *v, const struct record *r, const struct effect *e)
{
	log_add(&v->out, r, e, v->options);
}

static void add_events(struct view *v, const struct record *r, const struct effect *e)
{
	json_add_event(&v->out, r, e, v->options);
}

static void add_state(struct view *v, const struct record *r, const struct effect *e)
{
	(void)e;
	if (r->kind == RECORD_TICK)
		json_add_state(&v->out, v->ledger, v->options, false);
}

static void add_explained(struct view *v, const struct record *r, const struct effect *e)
{
	(void)e;
	if (r->kind == RECORD_TICK)
		explain_add_json(&v->out, v->ledger, v->options);
}

static void add_page(struct view *v, const struct record *r, const struct effect *e)
{
	(void)e;
	if (r->kind == RECORD_TICK)
		explain_add(&v->out, v->ledger, v->options);
}

static void check(void (*add)(struct view *v, const struct record *r, const struct effect *e), const char *stream,
		  const void *options, const char *expected)
{
	struct view v = {.add = add, .options = options};

	view_run(&v, stream);
	assert_string_equal(str_text(&v.out), expected);
	view_release(&v);
}

static void a_column_of_the_table_is_of_one_core(void **state)
{
	(void)state;
	check_table(SERVED TICK(103) FREED TICK(104) VOID TICK(105), &(struct table_options){.delta = true, .recorded = true},
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 3 s - not checked yet - 5 events, 0"
	      " lost\n"
	      "init: no trace has been captured yet\n"
	      "  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use  "
	      "    TOTAL    CB/CORE\n"
	      " 4242  python        0        2   2.02 MiB  <1%  0.977 MiB   1%        0 B   0%        0 B   0%  "
	      " 2.99 MiB   12.0 KiB\n"
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 4 s - not checked yet - 6 events, 0"
	      " lost\n"
	      "init: no trace has been captured yet\n"
	      "  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use  "
	      "    TOTAL    CB/CORE\n"
	      " 4242  python        0        2   2.02 MiB  <1%  0.977 MiB   1%        0 B   0%        0 B   0%  "
	      " 2.99 MiB   4.00 KiB\n"
	      "                   +/-        -          -               -               -               -       "
	      "        -  -8.00 KiB\n"
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 5 s - not checked yet - 7 events, 0"
	      " lost\n"
	      "init: no trace has been captured yet\n"
	      "  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use   L1_SMALL  use      TRACE  use  "
	      "    TOTAL    CB/CORE\n"
	      " 4242  python        0        2   2.02 MiB  <1%  0.977 MiB   1%        0 B   0%        0 B   0%  "
	      " 2.99 MiB      >=0 B\n"
	      "                   +/-        -          -               -               -               -       "
	      "        -          ?\n");
}

static void what_was_lost_or_before_is_a_question_mark_or_a_bound(void **state)
{
	(void)state;
	check_table(CORE_PYTHON
		    "arena" S(101) "process=1 arena=1 object=0x101 owner=0x10 pool=L1 banks=64 bank_bytes=1400000 base=4096\n"
		    ALLOC(101, 1, 1388608, 1024000, 1000000) TICK(102) CB(103, a, 4096, 2048) TICK(103)
		    "unsettled" S(104) "process=1 reason=lost probe=cb\n" TICK(104),
		    &(struct table_options){.delta = true, .bytes = true, .recorded = true},
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 2 s - not checked yet - 1 event, 0 lost\n"
	      "  PID  PROCESS  DEVICE  BUFFERS       DRAM         L1  use   L1_SMALL      TRACE      TOTAL   "
	      " CB/CORE\n"
	      " 4242  python        0        1          -    1024000   1%          -          -    1024000      "
	      "    ?\n"
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 3 s - not checked yet - 2 events, 0"
	      " lost\n"
	      "  PID  PROCESS  DEVICE  BUFFERS       DRAM         L1  use   L1_SMALL      TRACE      TOTAL   "
	      " CB/CORE\n"
	      " 4242  python        0        1          -    1024000   1%          -          -    1024000    "
	      " >=2048\n"
	      "                   +/-        -          -          -               -          -          -      "
	      "    ?\n"
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 4 s - not checked yet - PARTIAL: 1"
	      " step not settled yet - 3 events, 0 lost\n"
	      "  PID  PROCESS  DEVICE  BUFFERS       DRAM         L1  use   L1_SMALL      TRACE      TOTAL   "
	      " CB/CORE\n"
	      " 4242  python        0        1          -    1024000   1%          -          -    1024000      "
	      "    ?\n"
	      "                   +/-        -          -          -               -          -          -      "
	      "    ?\n");
}

static void wide_rows_show_the_room_in_their_pool(void **state)
{
	(void)state;
	check_table(SERVED REFUSED TICK(103), &(struct table_options){.wide = true, .bytes = true, .recorded = true},
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 3 s - not checked yet - 7 events, 0"
	      " lost, 2 refused programs\n"
	      "init: no trace has been captured yet\n"
	      "  PID  PROCESS  DEVICE  POOL      BUFFERS  RESERVED     ASKED      PEAK     CAPACITY  use "
	      " LARGEST-FREE     TRACE   CB/CORE   CB-ROOM\n"
	      " 4242  python        0  DRAM            1   2113536   2097152   2113536  12884901888  <1%   "
	      " 1073565696         0         -         -\n"
	      " 4242  python        0  L1              1   1024000   1000000   1024000     89600000   1%      "
	      " 1384512         0     12288   1372224\n"
	      " 4242  python        0  L1_SMALL        0         0         0         0      2097152   0%        "
	      " 32768         0         -         -\n"
	      " 4242  python        0  TRACE           0         0         0         0     12582912   0%      "
	      " 1048576         0         -         -\n");
}

static void a_pool_that_is_not_selected_has_no_circular_buffers(void **state)
{
	static const char *const pools[] = {"DRAM", "L1"};
	struct selection s = {};
	struct diag d = {};

	(void)state;
	assert_int_equal(selection_add_pools(&s, "DRAM", pools, 2, &d), 0);
	check_table(SERVED TICK(103), &(struct table_options){.selection = &s, .recorded = true},
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 3 s - not checked yet - 5 events, 0"
	      " lost\n"
	      "init: no trace has been captured yet\n"
	      "  PID  PROCESS  DEVICE  BUFFERS      DRAM  use     TOTAL\n"
	      " 4242  python        0        1  2.02 MiB  <1%  2.02 MiB\n");
	check(add_events, SERVED REFUSED FREED, &s,
	      "{\"event\":\"phase\",\"time_ns\":100000000000,\"pid\":4242,\"phase\":\"init\","
	      "\"state\":\"begin\",\"reason\":\"no device memory is in use yet\"}\n"
	      "{\"event\":\"alloc\",\"time_ns\":101000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\","
	      "\"pool\":\"DRAM\",\"reserved\":2113536,\"asked\":2097152,\"address\":4096}\n");
	selection_release(&s);
}

static void a_placement_and_a_refusal_are_lines_of_the_log(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	check(add_log, SERVED REFUSED FREED VOID
	      "cb" S(105) "process=1 tid=7 program=0xc address=4096 bytes=64 placed=1\n" TICK(106), &(struct log_options){},
	      "00:01:40.000000     4242        -  phase       init begins: no device memory is in use yet\n"
	      "00:01:41.000000     4242     4243  alloc         0  DRAM       2.02 MiB   2.00 MiB  0x1000\n"
	      "00:01:42.000000     4242     4243  cb            0  L1                -          -  -            "
	      " 2 circular buffers of a program, 12288 bytes of each core\n"
	      "00:01:42.000000     4242     4243  alloc         0  L1        0.977 MiB    977 KiB  0x153040\n"
	      "00:01:42.000000     4242     4243  cb            0  L1                -          -  -            "
	      " 1 circular buffer of a program, 4096 bytes of each core\n"
	      "00:01:43.000000     4242     4243  failed        0  L1                -          -  -            "
	      " clash: a program's circular buffers would end at 1400832, and the lowest block begins at 1388608\n"
	      "00:01:43.000000     4242     4243  failed        -  L1                -          -  -            "
	      " overflow: a program's circular buffers would end at 2727264, and a core's memory ends at 1499136\n"
	      "00:01:44.000000     4242     4243  cb-free       0  L1                -          -  -            "
	      " circular buffers of a program\n"
	      "00:01:44.000000     4242     4243  cb-free       0  L1                -          -  -            "
	      " circular buffers of a program, which are to be placed anew\n"
	      "00:01:45.000000     4242        7  cb            -  L1                -          -  -            "
	      " 1 circular buffer of a program, in blocks\n");
}

static void json_has_the_same_events(void **state)
{
	(void)state;
	check(add_events, SERVED REFUSED VOID TICK(105), NULL,
	      "{\"event\":\"phase\",\"time_ns\":100000000000,\"pid\":4242,\"phase\":\"init\","
	      "\"state\":\"begin\",\"reason\":\"no device memory is in use yet\"}\n"
	      "{\"event\":\"alloc\",\"time_ns\":101000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\","
	      "\"pool\":\"DRAM\",\"reserved\":2113536,\"asked\":2097152,\"address\":4096}\n"
	      "{\"event\":\"cb\",\"time_ns\":102000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\","
	      "\"pool\":\"L1\",\"buffers\":2,\"end\":16384,\"core_bytes\":12288}\n"
	      "{\"event\":\"alloc\",\"time_ns\":102000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\","
	      "\"pool\":\"L1\",\"reserved\":1024000,\"asked\":1000000,\"address\":1388608}\n"
	      "{\"event\":\"cb\",\"time_ns\":102000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\","
	      "\"pool\":\"L1\",\"buffers\":1,\"end\":8192,\"core_bytes\":4096}\n"
	      "{\"event\":\"failed\",\"time_ns\":103000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\","
	      "\"pool\":\"L1\",\"reason\":\"clash\",\"end\":1400832,\"limit\":1388608}\n"
	      "{\"event\":\"failed\",\"time_ns\":103000000000,\"pid\":4242,\"tid\":4243,\"pool\":\"L1\","
	      "\"reason\":\"overflow\",\"end\":2727264,\"limit\":1499136}\n"
	      "{\"event\":\"cb-free\",\"time_ns\":104000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\","
	      "\"pool\":\"L1\",\"reason\":\"void\"}\n");
}

static void the_state_has_them_in_their_pool(void **state)
{
	(void)state;
	check(add_state, SERVED REFUSED TICK(103), NULL,
	      "{\"schema\":1,\"time\":\"1970-01-01T00:01:43.000Z\",\"processes\":[{\"pid\":4242,"
	      "\"name\":\"python\",\"command\":\"python"
	      " serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,\"phase\":\"init\","
	      "\"phase_start_ns\":100000000000,\"replays\":0,\"coverage\":\"exact\",\"failed_allocations\":0,"
	      "\"refused_programs\":2,\"devices\":[{\"device\":\"0\",\"buffers\":2,"
	      "\"pools\":{\"DRAM\":{\"reserved\":2113536,\"asked\":2097152,\"buffers\":1,\"peak\":2113536,"
	      "\"capacity\":12884901888,\"largest_free\":1073565696,\"trace\":0},\"L1\":{\"reserved\":1024000,"
	      "\"asked\":1000000,\"buffers\":1,\"peak\":1024000,\"capacity\":89600000,\"largest_free\":1384512,"
	      "\"trace\":0,\"core_code\":4096,\"circular_buffers\":{\"programs\":2,\"core_bytes\":12288,"
	      "\"core_room\":1372224,\"exact\":true}},\"L1_SMALL\":{\"reserved\":0,\"asked\":0,\"buffers\":0,"
	      "\"peak\":0,\"capacity\":2097152,\"largest_free\":32768,\"trace\":0},\"TRACE\":{\"reserved\":0,"
	      "\"asked\":0,\"buffers\":0,\"peak\":0,\"capacity\":12582912,\"largest_free\":1048576,"
	      "\"trace\":0}}}]}],\"events\":7,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,"
	      "\"replaced\":0}\n");
	check(add_state, SERVED "unsettled" S(103) "process=1 reason=lost probe=cb\n" TICK(103), NULL,
	      "{\"schema\":1,\"time\":\"1970-01-01T00:01:43.000Z\",\"processes\":[{\"pid\":4242,"
	      "\"name\":\"python\",\"command\":\"python"
	      " serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,\"phase\":\"init\","
	      "\"phase_start_ns\":100000000000,\"replays\":0,\"coverage\":\"partial\",\"failed_allocations\":0,"
	      "\"refused_programs\":0,\"devices\":[{\"device\":\"0\",\"buffers\":2,"
	      "\"pools\":{\"DRAM\":{\"reserved\":2113536,\"asked\":2097152,\"buffers\":1,\"peak\":2113536,"
	      "\"capacity\":12884901888,\"largest_free\":1073565696,\"trace\":0},\"L1\":{\"reserved\":1024000,"
	      "\"asked\":1000000,\"buffers\":1,\"peak\":1024000,\"capacity\":89600000,\"largest_free\":1384512,"
	      "\"trace\":0,\"core_code\":4096},\"L1_SMALL\":{\"reserved\":0,\"asked\":0,\"buffers\":0,"
	      "\"peak\":0,\"capacity\":2097152,\"largest_free\":32768,\"trace\":0},\"TRACE\":{\"reserved\":0,"
	      "\"asked\":0,\"buffers\":0,\"peak\":0,\"capacity\":12582912,\"largest_free\":1048576,"
	      "\"trace\":0}}}]}],\"events\":6,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,"
	      "\"replaced\":0}\n");
}

static void the_page_of_explain_has_columns_a_sentence_and_failures(void **state)
{
	const struct explain_options o = {.recorded = true};

	(void)state;
	check(add_page, SERVED "capture" S(103) "process=1 tid=4243 trace=0\n" REFUSED FREED TICK(105), &o,
	      "pooltrace - pid 4242 python serve.py - tt-metal - attached 5 s - not checked yet - 9 events, 0"
	      " lost, 2 refused programs\n"
	      "\n"
	      "PHASE                                DRAM         L1   L1_SMALL      TRACE      TOTAL      CHANGE"
	      "  CODE/CORE    CB/CORE     LASTED  ALLOCATED  FREED  FAILED  REPLAYS\n"
	      "init                             2.02 MiB  0.977 MiB        0 B        0 B   2.99 MiB   +2.99 MiB"
	      "   4.00 KiB   12.0 KiB        3 s          2      0       0        0\n"
	      "capture of trace 0: data (now)   2.02 MiB  0.977 MiB        0 B        0 B   2.99 MiB           -"
	      "   4.00 KiB   4.00 KiB        2 s          0      0       2        0\n"
	      "\n"
	      "Trace 0 is being captured.\n"
	      "To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
	      "COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
	      "events -p 4242').\n"
	      "Each core of device 0 keeps 4.00 KiB below L1 for firmware, kernels and their configuration.\n"
	      "Circular buffers of 1 program reach 4.00 KiB above that; 1.32 MiB are left to the lowest buffer.\n"
	      "2 programs were refused:\n"
	      "2 s ago, during capture of trace 0: data: a program was refused (overflow): its circular buffers"
	      " in\n"
	      "  L1 would end at 2727264, but a core's memory ends at 1499136: 1.17 MiB of each core are missing.\n"
	      "2 s ago, during capture of trace 0: data: a program was refused (clash): its circular buffers in"
	      " L1\n"
	      "  of device 0 would end at 1400832, but the lowest block begins at 1388608: 11.9 KiB of each core\n"
	      "  are missing. Held by 1 x 0.977 MiB, all banks.\n");
}

static void explain_as_json_has_the_same(void **state)
{
	const struct explain_options o = {.recorded = true};

	(void)state;
	check(add_explained, SERVED REFUSED TICK(105), &o,
	      "{\"schema\":1,\"time\":\"1970-01-01T00:01:45.000Z\",\"processes\":[{\"pid\":4242,"
	      "\"name\":\"python\",\"command\":\"python"
	      " serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,\"coverage\":\"exact\","
	      "\"from_begin\":true,\"phases_seen\":1,\"phases\":[{\"phase\":\"init\",\"traces\":[],\"times\":1,"
	      "\"begin_ns\":100000000000,\"allocations\":2,\"allocated\":3137536,\"frees\":0,\"freed\":0,"
	      "\"failed\":2,\"replays\":0,\"devices\":[{\"device\":\"0\","
	      "\"pools\":{\"DRAM\":{\"reserved\":2113536,\"trace\":0,\"buffers\":1,\"change\":2113536},"
	      "\"L1\":{\"reserved\":1024000,\"trace\":0,\"buffers\":1,\"change\":1024000,\"core_code\":4096,"
	      "\"circular_buffers\":{\"programs\":2,\"core_bytes\":12288,\"core_room\":1372224,"
	      "\"exact\":true}},\"L1_SMALL\":{\"reserved\":0,\"trace\":0,\"buffers\":0,\"change\":0},"
	      "\"TRACE\":{\"reserved\":0,\"trace\":0,\"buffers\":0,\"change\":0}}}]}],\"replays\":0,"
	      "\"traces\":[],\"outside_of_traces\":{},\"hidden\":[],\"advice\":[],\"failed\":2,"
	      "\"failures\":[{\"number\":1,\"time_ns\":103000000000,\"times\":1,\"tid\":4243,"
	      "\"during\":\"init\",\"device\":\"0\",\"pool\":\"L1\",\"cause\":\"clash\",\"end\":1400832,"
	      "\"limit\":1388608,\"holders\":[{\"size\":1024000,\"buffers\":1,\"reserved\":1024000,"
	      "\"trace\":false}]},{\"number\":2,\"time_ns\":103000000000,\"times\":1,\"tid\":4243,"
	      "\"during\":\"init\",\"pool\":\"L1\",\"cause\":\"overflow\",\"end\":2727264,\"limit\":1499136,"
	      "\"holders\":[]}]}],\"events\":7,\"lost\":0,\"corrections\":0}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_column_of_the_table_is_of_one_core),
		cmocka_unit_test(what_was_lost_or_before_is_a_question_mark_or_a_bound),
		cmocka_unit_test(wide_rows_show_the_room_in_their_pool),
		cmocka_unit_test(a_pool_that_is_not_selected_has_no_circular_buffers),
		cmocka_unit_test(a_placement_and_a_refusal_are_lines_of_the_log),
		cmocka_unit_test(json_has_the_same_events),
		cmocka_unit_test(the_state_has_them_in_their_pool),
		cmocka_unit_test(the_page_of_explain_has_columns_a_sentence_and_failures),
		cmocka_unit_test(explain_as_json_has_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
