/* user/view/report: what a recording says as a whole, as text and JSON. */
#include "view_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "base/units.h"
#include "view/report.h"

/* Two processes: one that had memory before, of whose events some were lost, and which ended; one that lives. */
#define STREAM                                                                                                   \
	"attach" S(1000) "process=1 pid=4242 start_ns=90000000000 name=python command=\"python a.py\" runtime=r pools=L1,TRACE\n" \
	"census" S(1000) "process=1 reason=begin\n"                                                              \
	ARENA(1000, 1, 1, 10, L1, 4, 65536) ARENA(1000, 1, 2, 10, TRACE, 4, 65536)                               \
	"block" S(1000) "process=1 arena=1 address=4096 reserved=65536\n"                                        \
	"census" S(1000) "process=1 reason=end\n"                                                                \
	"tick" S(1001) "interval_ns=1000000000\n"                                                                \
	ALLOC(1002, 1, 8192, 4096, 4000) ALLOC(1002, 1, 12288, 8192, 8000)                                       \
	"alloc" S(1003) "process=1 tid=4243 arena=1 address=16384\n"                                             \
	"alloc" S(1003) "process=1 tid=4243 arena=1 address=20480\n"                                             \
	"failed" S(1004) "process=1 tid=4243 arena=1 reason=throw\n"                                             \
	"failed" S(1004) "process=1 tid=4244 pool=TRACE reason=throw\n"                                          \
	"failed" S(1004) "process=1 tid=4244 reason=throw\n"                                                     \
	"retract" S(1004) "process=1 tid=4243\n"                                                                 \
	"lost" S(1005) "count=17 from_ns=1004500000000\n"                                                        \
	FREE(1006, 1, 8192) FREE(1006, 1, 99999)                                                                 \
	"correction" S(1007) "process=1 arena=1 address=16384 reserved=1024 reason=size\n"                       \
	"correction" S(1007) "process=1 arena=1 address=12288 reason=extra\n"                                    \
	"correction" S(1007) "process=1 arena=2 address=4096 reserved=2048 reason=missing\n"                     \
	"check" S(1007) "process=1 equal=0\n"                                                                    \
	"attach" S(1008) "process=2 pid=7 name=serve command=\"\" runtime=r pools=L1,TRACE core=L1\n"            \
	"census" S(1008) "process=2 reason=begin\ncensus" S(1008) "process=2 reason=end\n"                       \
	ARENA(1008, 2, 3, 20, L1, 4, 65536)                                                                      \
	"alloc" S(1008) "process=2 tid=7 arena=3 address=4096 reserved=512 asked=500 id=3 layout=interleaved label=weights\n" \
	"alloc" S(1008) "process=2 tid=7 arena=3 address=8192 reserved=256 asked=255 id=4\n"                     \
	"capture" S(1008) "process=2 tid=7 trace=5\ncaptured" S(1009) "process=2 tid=7 trace=5\n"                \
	"alloc" S(1009) "process=2 tid=7 arena=3 address=12288 reserved=128 asked=100 tag=trace trace=5 id=5\n"   \
	"replay" S(1010) "process=2 tid=7 trace=5\nreplays" S(1011) "process=2 trace=5 count=3\n"                \
	"alloc" S(1011) "process=2 tid=7 arena=3 address=8192 reserved=1024 asked=1000 id=6\n"                   \
	"unread" S(1011) "count=2 process=2\n"                                                                   \
	"detach" S(1012) "process=1 reason=exit\n"                                                               \
	"tick" S(1013) "interval_ns=1000000000\n"

struct folding {
	struct sink sink;
	struct ledger *l;
	struct summary *s;
	uint64_t to_ns;
};

static int put(struct sink *sink, const struct record *r)
{
	struct folding *f = (struct folding *)sink;
	struct effect e;

	if (r->time_ns > f->to_ns)
		return 0;
	if (summary_apply(f->s, f->l, r, &e))
		fail_msg("the ledger refuses %s at %llu", kind_descs[r->kind].name, (unsigned long long)r->time_ns);
	return 0;
}

static int larger(const struct block *a, const struct block *b)
{
	return a->reserved != b->reserved ? (a->reserved < b->reserved ? -1 : 1) : (a->address < b->address ? 1 : -1);
}

static bool chosen(const void *context, const struct arena *a, const struct block *b)
{
	return selection_has_device(context, a->device) && selection_has_block(context, a->pool, b);
}

static const struct file_outcome no_outcome;
static const struct file_header header = {.tool = "0.1.0", .host = "host-7", .kernel = "6.1.0"};
static const struct report_hint hints[] = {{"pooltrace explain run.pt", "phases"}, {"pooltrace top -r 'a \033 b'", "tables"}};

/* @part: of the members that are set. */
static char *report_of(const char *stream, const struct report *part, const struct table_options *table, bool json)
{
	static const struct table_options plain = {.recorded = true};
	const struct summary_choice choice = {3, larger, chosen, table ? table->selection : NULL};
	struct folding f = {
		.sink.put = put,
		.l = ledger_new(),
		.s = summary_new(part->at ? UINT64_MAX : part->from_ns, &choice),
		.to_ns = part->to_ns,
	};
	struct source *source = text_source_new(stream, strlen(stream));
	struct report r = *part;
	struct str out = {};

	r.l = f.l;
	r.s = f.s;
	r.header = &header;
	r.name = r.name ? r.name : "run.pt";
	r.table = table ? table : &plain;
	r.begin_ns = 1000 * NS_PER_SEC;
	r.order = "largest";
	r.outcome = r.outcome ? r.outcome : &no_outcome;
	if (source->run(source, &f.sink))
		fail_msg("%s", text_source_diag(source)->text);
	if (part->to_ns != UINT64_MAX)
		ledger_pass(f.l, part->to_ns);
	summary_close(f.s, f.l);
	if (json)
		report_add_json(&out, &r);
	else
		report_add(&out, &r);
	source->free(source);
	ledger_free(f.l);
	summary_free(f.s);
	str_add(&out, "");
	return out.p ? out.p : xstrdup("");
}

static void assert_report(const char *stream, const struct report *part, const struct table_options *table, const char *expected)
{
	char *text = report_of(stream, part, table, false);

	assert_string_equal(text, expected);
	free(text);
}

static void the_whole_recording(void **state)
{
	const struct report whole = {.to_ns = UINT64_MAX, .hints = hints, .nr_hints = 2};

	(void)state;
	assert_report(STREAM, &whole, NULL,
		"run.pt: 1970-01-01 00:16:40.000 to 00:16:53.000 (13.0 s) - on host-7, Linux 6.1.0, by pooltrace 0.1.0\n"
		"\n"
		"pooltrace - pid 7 serve, 1 ended - r - attached 5 s - not checked yet - 16 events, 17 lost, 2 failed allocations, 3 corrections, 2 unread values, 1 unknown free, 1 replaced block\n"
		"4242 python: ended: exit\n"
		"  PID  PROCESS  DEVICE  BUFFERS        L1  use     TRACE     TOTAL   CB/CORE\n"
		"    7  serve         0        3  1.62 KiB   1%         -  1.62 KiB       0 B\n"
		"       TRACE 128 B in L1\n"
		"\n"
		"PROCESSES\n"
		" PID  PROCESS  STARTED       WATCHED       ENDED         AFTER  WHY   EVENTS  REPLAYS  COMMAND\n"
		"4242  python   00:01:30.000  00:16:40.000  00:16:52.000   12 s  exit       9        0  python a.py\n"
		"   7  serve    ?             00:16:48.000  -               5 s  -          7        3  serve\n"
		"\n"
		"POOLS\n"
		" PID  DEVICE  POOL     AT END  BUFFERS      PEAK  use  WHEN          ALLOCATED  COUNT  FREED  FAILED\n"
		"4242       0  L1     65.0 KiB        3  76.0 KiB  30%  00:16:42.000          ?      4      1       0\n"
		"4242       0  TRACE  2.00 KiB        1  2.00 KiB  <1%  00:16:47.000        0 B      0      0       0\n"
		"4242       ?  TRACE         -        -         -    -  -                     -      -      -       1\n"
		"4242       ?  ?             -        -         -    -  -                     -      -      -       1\n"
		"   7       0  L1     1.62 KiB        3  1.62 KiB  <1%  00:16:51.000   1.88 KiB      4      0       0\n"
		"\n"
		"STILL ALLOCATED AT THE END: 3 of 7 blocks, the largest first\n"
		"RESERVED   ASKED  SINCE         AGE   PID  TID  DEVICE  POOL   ADDRESS  ID  WHAT\n"
		"64.0 KiB       ?  ?               ?  4242    ?       0  L1     0x1000    ?  found in the runtime's books\n"
		"2.00 KiB       ?  ?               ?  4242    ?       0  TRACE  0x1000    ?  found in the runtime's books\n"
		"1.00 KiB  1000 B  00:16:51.000  2 s     7    7       0  L1     0x2000    6\n"
		"\n"
		"LIFETIME                     BLOCKS     BYTES\n"
		"1 s to 10 s                       1  4.00 KiB  ########################################\n"
		"still allocated                   7  68.6 KiB\n"
		"not known: not in the books       1  8.00 KiB\n"
		"not known: replaced               1         ?\n"
		"\n"
		"SIZE OF ALLOCATIONS  BLOCKS     BYTES\n"
		"less than 4 KiB           5  2.88 KiB  ########################################\n"
		"4 KiB to 64 KiB           2  12.0 KiB  ################\n"
		"not known                 1         ?\n"
		"\n"
		"PHASES\n"
		"4242: as found 12 s\n"
		"7: init 0 ms, capture of trace 5: data 1 s, capture of trace 5: its buffer 1 s,\n"
		"  execution of trace 5 1 s (3 replays), other 2 s\n"
		"\n"
		"WHAT IS NOT KNOWN\n"
		"17 events were lost between 00:16:44.500 and 00:16:45.000 (1 time): from a loss to the next comparison with\n"
		"  the runtime's books figures may be off, and what was lost is in no count\n"
		"3 corrections: differences from the runtime's books, settled in their favour\n"
		"2 unread values: a process's memory could not be read there\n"
		"1 unknown free: of an address that nobody was seen to allocate\n"
		"1 replaced block: another was allocated at a living one's address: its free was not seen\n"
		"pid 4242 held memory when it began to be watched: who asked for that, and when, is not known, nor what it had\n"
		"  at most before.\n"
		"Of 1 allocation a part was lost: the size is not known, and so the pool's total is not.\n"
		"\n"
		"WHAT TO TYPE NEXT\n"
		"pooltrace explain run.pt     phases\n"
		"pooltrace top -r 'a \\x1b b'  tables\n");
}

static void a_part_of_it(void **state)
{
	static const struct file_outcome damaged = {.gaps = 2, .lost_from_ns = 1003 * NS_PER_SEC, .lost_to_ns = 90000 * NS_PER_SEC};
	const struct report part = {.from_ns = 1006 * NS_PER_SEC, .to_ns = 1011 * NS_PER_SEC, .outcome = &damaged};
	struct selection selection = {};
	const struct table_options table = {.bytes = true, .recorded = true, .selection = &selection};
	const char *const known[] = {"L1", "TRACE"};

	(void)state;
	assert_int_equal(selection_add_pools(&selection, "L1", known, 2, NULL), 0);
	assert_report(STREAM, &part, &table,
		"run.pt: from 1970-01-01 00:16:40.000 - on host-7, Linux 6.1.0, by pooltrace 0.1.0\n"
		"only what happened from 00:16:46.000 to 00:16:51.000 (5.0 s)\n"
		"\n"
		"pooltrace - 2 processes - r - attached 11 s - not checked yet - 16 events, 17 lost, 2 failed allocations, 3 corrections, 2 unread values, 1 unknown free, 1 replaced block\n"
		"  PID  PROCESS  DEVICE  BUFFERS        L1  use     TOTAL   CB/CORE\n"
		" 4242  python        0        3     66560  25%     66560         -\n"
		"    7  serve         0        3      1664   1%      1664         0\n"
		"       TRACE 128 in L1\n"
		"\n"
		"PROCESSES\n"
		" PID  PROCESS  STARTED       WATCHED       ENDED  AFTER  WHY  EVENTS  REPLAYS  COMMAND\n"
		"4242  python   00:01:30.000  00:16:40.000  -       11 s  -         2        0  python a.py\n"
		"   7  serve    ?             00:16:48.000  -        3 s  -         7        3  serve\n"
		"\n"
		"POOLS\n"
		" PID  DEVICE  POOL  AT END  BUFFERS   PEAK  use  WHEN          ALLOCATED  COUNT  FREED  FAILED\n"
		"4242       0  L1     66560        3  77824  30%  00:16:46.000          0      0      1       0\n"
		"   7       0  L1      1664        3   1664  <1%  00:16:51.000       1920      4      0       0\n"
		"\n"
		"STILL ALLOCATED AT THE END: 3 of 6 blocks, the largest first\n"
		"RESERVED  ASKED  SINCE          AGE   PID   TID  DEVICE  POOL  ADDRESS  ID  WHAT\n"
		"   65536      ?  ?                ?  4242     ?       0  L1    0x1000    ?  found in the runtime's books\n"
		"    1024   1000  00:16:51.000  0 ms     7     7       0  L1    0x2000    6\n"
		"    1024      ?  00:16:43.000   8 s  4242  4243       0  L1    0x4000    ?\n"
		"\n"
		"LIFETIME                     BLOCKS  BYTES\n"
		"1 s to 10 s                       1   4096  ########################################\n"
		"still allocated                   6  68224\n"
		"not known: not in the books       1   8192\n"
		"not known: replaced               1      ?\n"
		"\n"
		"SIZE OF ALLOCATIONS  BLOCKS  BYTES\n"
		"less than 4 KiB           4   1920  ########################################\n"
		"\n"
		"PHASES\n"
		"4242: as found 11 s\n"
		"7: init 0 ms, capture of trace 5: data 1 s, capture of trace 5: its buffer 1 s,\n"
		"  execution of trace 5 1 s (3 replays), other 0 ms\n"
		"\n"
		"WHAT IS NOT KNOWN\n"
		"No event was lost.\n"
		"2 parts of the recording are damaged, from 00:16:43.000 to 1970-01-02 01:00:00.000: what happened there is in\n"
		"  no count, and figures may be off until it tells all that was known again\n"
		"3 corrections: differences from the runtime's books, settled in their favour\n"
		"2 unread values: a process's memory could not be read there\n"
		"1 unknown free: of an address that nobody was seen to allocate\n"
		"1 replaced block: another was allocated at a living one's address: its free was not seen\n"
		"pid 4242 held memory when it began to be watched: who asked for that, and when, is not known, nor what it had\n"
		"  at most before.\n");
	selection_release(&selection);
}

static void one_moment(void **state)
{
	const struct report at = {.to_ns = 1002 * NS_PER_SEC, .at = true};

	(void)state;
	assert_report(STREAM, &at, NULL,
		"run.pt: from 1970-01-01 00:16:40.000 - on host-7, Linux 6.1.0, by pooltrace 0.1.0\n"
		"as of 00:16:42.000\n"
		"\n"
		"pooltrace - pid 4242 python a.py - r - attached 2 s - not checked yet - 2 events, 0 lost\n"
		"  PID  PROCESS  DEVICE  BUFFERS        L1  use     TRACE  use     TOTAL\n"
		" 4242  python        0        3  76.0 KiB  30%       0 B   0%  76.0 KiB\n"
		"\n"
		"ALLOCATED THEN: 3 blocks, the largest first\n"
		"RESERVED     ASKED  SINCE          AGE   PID   TID  DEVICE  POOL  ADDRESS  WHAT\n"
		"64.0 KiB         ?  ?                ?  4242     ?       0  L1    0x1000   found in the runtime's books\n"
		"8.00 KiB  7.81 KiB  00:16:42.000  0 ms  4242  4243       0  L1    0x3000\n"
		"4.00 KiB  3.91 KiB  00:16:42.000  0 ms  4242  4243       0  L1    0x2000\n"
		"\n"
		"WHAT IS NOT KNOWN\n"
		"pid 4242 held memory when it began to be watched: who asked for that, and when, is not known, nor what it had\n"
		"  at most before.\n");
}

static void nothing_at_all(void **state)
{
	const struct report whole = {.to_ns = UINT64_MAX};
	static const struct table_options plain = {.recorded = true};
	const struct summary_choice choice = {3, larger, NULL, NULL};
	struct ledger *l = ledger_new();
	struct summary *s = summary_new(0, &choice);
	struct report r = whole;
	struct str out = {};

	(void)state;
	r.l = l;
	r.s = s;
	r.header = &header;
	r.outcome = &no_outcome;
	r.name = "-";
	r.table = &plain;
	r.order = "largest";
	report_add(&out, &r);
	assert_string_equal(str_text(&out),
		"standard input: nothing was recorded - on host-7, Linux 6.1.0, by pooltrace 0.1.0\n"
		"\n"
		"pooltrace - no process - 0 events, 0 lost\n"
		"  PID  PROCESS  DEVICE  BUFFERS     TOTAL\n"
		"       no process maps a known runtime\n"
		"\n"
		"WHAT IS NOT KNOWN\n"
		"No event was lost.\n");
	str_clear(&out);
	report_add_json(&out, &r);
	assert_non_null(strstr(str_text(&out), "\"recording\":{\"file\":\"-\",\"tool\":\"0.1.0\",\"host\":\"host-7\",\"kernel\":\"6.1.0\"}"));
	str_release(&out);
	ledger_free(l);
	summary_free(s);
}

/* What is not known is left out. */
static void as_json(void **state)
{
	const struct report whole = {.to_ns = UINT64_MAX};
	char *text = report_of(STREAM, &whole, NULL, true);
	json_t *root = json_loads(text, 0, NULL), *pool, *process, *blocks;

	(void)state;
	assert_non_null(root);
	process = json_array_get(json_object_get(json_object_get(root, "summary"), "processes"), 0);
	pool = json_object_get(json_object_get(json_array_get(json_object_get(process, "devices"), 0), "pools"), "L1");
	assert_int_equal(json_integer_value(json_object_get(pool, "allocations")), 4);
	assert_null(json_object_get(pool, "allocated"));
	assert_int_equal(json_integer_value(json_object_get(pool, "peak")), 77824);
	assert_int_equal(json_integer_value(json_object_get(pool, "removed")), 1);
	assert_int_equal(json_integer_value(json_object_get(process, "failed")), 2);
	assert_int_equal(json_array_size(json_object_get(process, "failed_elsewhere")), 2);
	assert_null(json_object_get(json_array_get(json_object_get(process, "failed_elsewhere"), 1), "pool"));
	blocks = json_object_get(root, "blocks");
	assert_int_equal(json_array_size(blocks), 3);
	assert_null(json_object_get(json_array_get(blocks, 0), "asked"));
	assert_null(json_object_get(json_array_get(blocks, 0), "age_ns"));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(blocks, 2), "age_ns")), 2000000000);
	json_decref(root);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_recording), cmocka_unit_test(a_part_of_it), cmocka_unit_test(one_moment),
		cmocka_unit_test(nothing_at_all),      cmocka_unit_test(as_json),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
