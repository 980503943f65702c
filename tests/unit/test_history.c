/* The history: phases and their figures, failures and their causes, what pools needed at most. */
#include "history_text.h"

#include <stdio.h>

/* Process 1 with one device: pools of 10 banks, of which a bank has 1000 bytes. */
#define AT(t) " time_ns=" #t " process=1 tid=7 "
#define ATTACH "attach time_ns=1 process=1 pid=42 runtime=rt pools=DRAM,L1,TRACE\n"
#define EMPTY "census time_ns=1 process=1 reason=begin\ncensus time_ns=1 process=1 reason=end\n"
#define POOL(n, pool, bytes)                                                                               \
	"arena time_ns=1 process=1 arena=" #n " object=0x" #n " owner=0x10 pool=" #pool " banks=10 bank_bytes=" #bytes \
	" base=5000 grain=32 reason=new\n"
#define POOLS POOL(1, DRAM, 1000) POOL(2, L1, 1000) POOL(3, TRACE, 640)
#define ALLOC(t, arena, address, bytes) \
	"alloc" AT(t) "arena=" #arena " address=" #address " reserved=" #bytes " asked=" #bytes "\n"
#define BUFFER(t, arena, address, bytes, id)                                                               \
	"alloc" AT(t) "arena=" #arena " address=" #address " reserved=" #bytes " asked=" #bytes " tag=trace trace=" #id "\n"
#define FREE(t, arena, address) "free" AT(t) "arena=" #arena " address=" #address "\n"
#define MARK(t, what, id) #what AT(t) "trace=" #id "\n"
#define REPLAYS(t, id, nr) "replays" AT(t) "trace=" #id " count=" #nr "\n"
#define TICK(t) "tick time_ns=" #t "\n"
#define FAILED(t, arena, asked, needed) \
	"failed" AT(t) "arena=" #arena " reason=throw asked=" #asked " needed=" #needed "\n"

static void check_rows(const char *stream, const char *expected)
{
	struct fold f = fold_new();

	fold(&f, stream);
	assert_string_equal(history_text(&f, 1), expected);
	fold_release(&f);
}

#define TRACED                                                                                             \
	ATTACH EMPTY POOLS ALLOC(2, 1, 5000, 300) ALLOC(3, 2, 5000, 200) MARK(4, capture, 0)               \
	ALLOC(5, 2, 5020, 100) MARK(6, captured, 0) BUFFER(6, 3, 5000, 640, 0) MARK(7, replay, 0)

static void phases_are_rows_with_what_lay_in_the_pools_at_their_end(void **state)
{
	(void)state;
	check_rows(TRACED REPLAYS(8, 0, 101) TICK(8) MARK(9, release, 0) FREE(9, 3, 5000),
		   "init +2 -0 0:DRAM=300(+300) 0:L1=200(+200)\n"
		   "capture 0 +1 -0 0:DRAM=300 0:L1=300(+100)\n"
		   "buffer 0 +1 -0 0:DRAM=300 0:L1=300 0:TRACE=640(+640)\n"
		   "execution 0 +0 -0 replays 101 0:DRAM=300 0:L1=300 0:TRACE=640\n"
		   "release 0 +0 -1 0:DRAM=300 0:L1=300 0:TRACE=0(-640)\n");
}

static void an_allocation_that_ends_a_phase_belongs_to_the_next(void **state)
{
	(void)state;
	check_rows(TRACED ALLOC(8, 1, 6000, 50),
		   "init +2 -0 0:DRAM=300(+300) 0:L1=200(+200)\n"
		   "capture 0 +1 -0 0:DRAM=300 0:L1=300(+100)\n"
		   "buffer 0 +1 -0 0:DRAM=300 0:L1=300 0:TRACE=640(+640)\n"
		   "execution 0 +0 -0 replays 0 0:DRAM=300 0:L1=300 0:TRACE=640\n"
		   "other +1 -0 0:DRAM=350(+50) 0:L1=300 0:TRACE=640\n");
}

static void frees_behind_a_release_are_not_of_the_trace(void **state)
{
	(void)state;
	check_rows(TRACED MARK(9, release, 0) FREE(9, 3, 5000) FREE(10, 2, 5000) "detach" AT(11) "reason=exit\n",
		   "init +2 -0 0:DRAM=300(+300) 0:L1=200(+200)\n"
		   "capture 0 +1 -0 0:DRAM=300 0:L1=300(+100)\n"
		   "buffer 0 +1 -0 0:DRAM=300 0:L1=300 0:TRACE=640(+640)\n"
		   "execution 0 +0 -0 replays 0 0:DRAM=300 0:L1=300 0:TRACE=640\n"
		   "release 0 +0 -1 0:DRAM=300 0:L1=300 0:TRACE=0(-640)\n"
		   "other +0 -1 0:DRAM=300 0:L1=100(-200)\n");
}

static void a_device_that_is_closed_has_nothing_and_is_told_once(void **state)
{
	(void)state;
	check_rows(ATTACH EMPTY POOLS ALLOC(2, 1, 5000, 300) "clear" AT(3) "arena=1\nclear" AT(3) "arena=1 reason=gone\n"
		   "clear" AT(3) "arena=2 reason=gone\nclear" AT(3) "arena=3 reason=gone\n" MARK(4, release, 0),
		   "init +1 -0 0:DRAM=300(+300)\n"
		   "clear +0 -1 0:DRAM=0(-300) gone 0:L1=0 gone 0:TRACE=0 gone\n"
		   "release 0 +0 -0\n");
}

static void what_was_there_before_has_no_change(void **state)
{
	(void)state;
	check_rows(ATTACH "census time_ns=1 process=1 reason=begin\n" POOLS
		   "block time_ns=1 process=1 arena=1 address=5000 reserved=500\ncensus time_ns=1 process=1 reason=end\n"
		   MARK(2, replay, 9) ALLOC(3, 1, 5100, 20),
		   "found +0 -0 0:DRAM=500(?)\n"
		   "execution 9 +0 -0 replays 0 0:DRAM=500\n"
		   "other +1 -0 0:DRAM=520(+20)\n");
}

static void two_traces_replayed_in_turn_are_one_execution(void **state)
{
	(void)state;
	check_rows(ATTACH EMPTY POOLS MARK(2, replay, 1) MARK(3, replay, 2) REPLAYS(4, 1, 5) REPLAYS(4, 2, 6) TICK(4),
		   "init +0 -0\nexecution 1,2 +0 -0 replays 11\n");
}

/* What a program does that serves a request. */
static void serve(struct fold *f, unsigned int nr)
{
	char text[1024];
	unsigned int t = 100 + 10 * nr;

	snprintf(text, sizeof(text),
		 "replay time_ns=%u process=1 tid=7 trace=0\n"
		 "alloc time_ns=%u process=1 tid=7 arena=2 address=5500 reserved=40 asked=40\n"
		 "free time_ns=%u process=1 tid=7 arena=2 address=5500\n",
		 t, t + 1, t + 2);
	fold(f, text);
}

static void a_million_rounds_are_one(void **state)
{
	struct fold f = fold_new();

	(void)state;
	fold(&f, TRACED ALLOC(8, 1, 6000, 50));
	for (unsigned int i = 0; i < 100003; i++)
		serve(&f, i);
	assert_string_equal(history_text(&f, 1),
			    "init +2 -0 0:DRAM=300(+300) 0:L1=200(+200)\n"
			    "capture 0 +1 -0 0:DRAM=300 0:L1=300(+100)\n"
			    "buffer 0 +1 -0 0:DRAM=300 0:L1=300 0:TRACE=640(+640)\n"
			    "execution 0 x100003 +0 -0 replays 0 0:DRAM=350 0:L1=300 0:TRACE=640\n"
			    "other x100003 +100003 -100002 0:DRAM=350 0:L1=300 0:TRACE=640\n"
			    "execution 0 +0 -0 replays 0 0:DRAM=350 0:L1=300 0:TRACE=640\n"
			    "other +1 -1 0:DRAM=350 0:L1=300 0:TRACE=640\n");
	assert_int_equal(ledger_process(f.ledger, 1)->history->phases, 5 + 2 * 100003);
	fold_release(&f);
}

static void replays_that_nobody_can_tell_apart_are_counted_once(void **state)
{
	(void)state;
	check_rows(ATTACH EMPTY POOLS MARK(2, replay, 1) ALLOC(3, 1, 5000, 10) MARK(4, replay, 1) REPLAYS(5, 1, 7) TICK(5)
		   REPLAYS(6, 1, 9) TICK(6),
		   "init +0 -0\n"
		   "execution 1 +0 -0 replays 7 shared\n"
		   "other +1 -0 0:DRAM=10(+10)\n"
		   "execution 1 +0 -0 replays 2 above 0:DRAM=10\n");
}

static void rows_are_bounded_and_what_is_left_out_is_counted(void **state)
{
	struct fold f = fold_new();
	const struct history *h;
	uint64_t times = 0, allocations = 0;
	char text[256];

	(void)state;
	fold(&f, ATTACH EMPTY POOLS);
	for (unsigned int i = 0; i < 1009; i++) {
		snprintf(text, sizeof(text),
			 "capture time_ns=%u process=1 trace=%u\nalloc time_ns=%u process=1 arena=1 address=5000 reserved=10\n"
			 "free time_ns=%u process=1 arena=1 address=5000\n", 2 + i, i, 2 + i, 2 + i);
		fold(&f, text);
	}
	h = ledger_process(f.ledger, 1)->history;
	assert_int_equal(h->rows.nr, HISTORY_ROWS);
	assert_int_equal(h->phases, 1010);
	for (size_t i = 0; i < h->rows.nr; i++) {
		times += h->rows.items[i].times;
		allocations += h->rows.items[i].allocations;
		assert_int_equal(h->rows.items[i].kind == HISTORY_LEFT_OUT, i == HISTORY_FIRST_ROWS);
	}
	assert_int_equal(times, 1009);
	assert_int_equal(allocations, 1008);
	assert_int_equal(h->rows.items[HISTORY_ROWS - 1].trace[0], 1007);
	assert_int_equal(h->traces.nr, HISTORY_KEPT_TRACES);
	assert_int_equal(h->traces_left_out, 1009 - HISTORY_KEPT_TRACES);
	fold_release(&f);
}

static void a_failure_is_exhausted_when_less_is_free_than_is_needed(void **state)
{
	struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY POOLS ALLOC(2, 1, 5000, 3200) ALLOC(3, 1, 5320, 3200) ALLOC(4, 1, 5640, 640)
		 FAILED(5, 1, 3000, 300));
	/* 320 with its rounding; 296 are free. */
	assert_string_equal(failures_text(&f, 1), "#1 x1 DRAM exhausted asked 3000 needed 300 of 1000 allocated 704 free 296 "
						  "largest 296 2x3200 1x640\n");
	fold_release(&f);
}

static void a_failure_is_fragmented_when_no_free_block_is_large_enough(void **state)
{
	struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY POOLS ALLOC(2, 1, 5000, 3200) ALLOC(3, 1, 5320, 3200) ALLOC(4, 1, 5640, 3200)
		 FREE(5, 1, 5000) FREE(6, 1, 5640) FAILED(7, 1, 4000, 400));
	assert_string_equal(failures_text(&f, 1),
			    "#1 x1 DRAM fragmented asked 4000 needed 400 of 1000 allocated 320 free 680 largest 360 1x3200\n");
	fold_release(&f);
}

static void a_failure_with_room_was_refused_and_without_figures_is_not_known(void **state)
{
	struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY POOLS ALLOC(2, 1, 5000, 320) FAILED(3, 1, 100, 10) "failed" AT(4) "reason=throw pool=L1\n"
		 ALLOC(5, 1, 5100, 320) "alloc" AT(6) "arena=1 address=5200\n" FAILED(7, 1, 100, 10));
	assert_string_equal(failures_text(&f, 1),
			    "#1 x1 DRAM refused asked 100 needed 10 of 1000 allocated 32 free 968 largest 968 1x320\n"
			    "#2 x1 L1 ? asked ? needed ? of ? allocated ? free ? largest ?\n"
			    "#3 x1 DRAM ? asked 100 needed 10 of ? allocated ? free ? largest ? 2x320 1x0\n");
	fold_release(&f);
}

static void the_same_failure_again_is_counted_and_a_retracted_one_is_none(void **state)
{
	struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY POOLS FAILED(2, 1, 20000, 2000) FAILED(3, 1, 20000, 2000) FAILED(4, 1, 20000, 2000)
		 "retract" AT(5) "\n" ALLOC(5, 1, 5000, 320) FAILED(6, 1, 20000, 2000));
	assert_string_equal(failures_text(&f, 1),
			    "#3 x2 DRAM exhausted asked 20000 needed 2000 of 1000 allocated 0 free 1000 largest 1000\n"
			    "#3 x1 DRAM exhausted asked 20000 needed 2000 of 1000 allocated 32 free 968 largest 968 1x320\n");
	assert_int_equal(ledger_process(f.ledger, 1)->history->failed, 3);
	fold_release(&f);
}

static void of_many_failures_the_newest_and_the_largest_are_kept(void **state)
{
	struct fold f = fold_new();
	const struct history *h;
	char text[256];

	(void)state;
	fold(&f, ATTACH EMPTY POOLS);
	/* The larger ones come first, and they are too many. */
	for (unsigned int i = 0; i < 101; i++) {
		snprintf(text, sizeof(text), "failed time_ns=%u process=1 tid=7 arena=1 reason=throw asked=%u needed=2000\n", 2 + i,
			 90000 - i);
		fold(&f, text);
	}
	h = ledger_process(f.ledger, 1)->history;
	assert_int_equal(h->failed, 101);
	assert_int_equal(h->failures.nr, HISTORY_FAILURES);
	assert_int_equal(h->failures_left_out, 101 - HISTORY_FAILURES);
	for (unsigned int i = 0; i < HISTORY_FAILURES; i++)
		assert_int_equal(h->failures.items[i].number,
				 i < HISTORY_LARGEST ? i + 1 : 101 - HISTORY_FAILURES + 1 + i);
	fold_release(&f);
}

static void holders_are_those_with_most_bytes_and_a_rest(void **state)
{
	struct fold f = fold_new();
	char text[256];

	(void)state;
	fold(&f, ATTACH EMPTY POOLS BUFFER(2, 1, 5900, 70, 3));
	for (unsigned int i = 1; i < 9; i++) {
		snprintf(text, sizeof(text), "alloc time_ns=3 process=1 arena=1 address=%u reserved=%u\n", 5000 + 20 * i, 10 * i);
		fold(&f, text);
	}
	fold(&f, FAILED(4, 1, 20000, 2000));
	assert_string_equal(failures_text(&f, 1),
			    "#1 x1 DRAM exhausted asked 20000 needed 2000 of 1000 allocated 43 free 957 largest 732 "
			    "1x80 1x70t 1x70 1x60 1x50 4x100rest\n");
	fold_release(&f);
}

static void a_pool_needs_what_it_spans_from_the_end_that_it_grows_from(void **state)
{
	struct fold f = fold_new();

	(void)state;
	/* From below, with a hole that stays. */
	fold(&f, ATTACH EMPTY POOLS ALLOC(2, 1, 5000, 1000) ALLOC(3, 1, 5100, 1000) FREE(4, 1, 5000) ALLOC(5, 1, 5200, 1500));
	assert_string_equal(need_text(&f, 1, "DRAM"), "peak 250 span 350 of 1000 x10 asked 2500");
	/* From above. */
	fold(&f, ALLOC(6, 2, 5900, 1000) ALLOC(7, 2, 5850, 500) FREE(8, 2, 5850));
	assert_string_equal(need_text(&f, 1, "L1"), "peak 150 span 150 of 1000 x10 asked 1500");
	/* From both. */
	fold(&f, ALLOC(9, 3, 5000, 100) ALLOC(10, 3, 5630, 100));
	assert_string_equal(need_text(&f, 1, "TRACE"), "peak 20 span 20 of 640 x10 asked 200");
	fold_release(&f);
}

static void what_failed_was_needed_as_well(void **state)
{
	struct fold f = fold_new();

	(void)state;
	/* 40 at the end are free and 320 are needed: the bank is 280 too small. */
	fold(&f, ATTACH EMPTY POOLS ALLOC(2, 1, 5000, 9600) FAILED(3, 1, 3000, 300));
	assert_string_equal(need_text(&f, 1, "DRAM"), "peak 960 span 1280 of 1000 x10 asked 9600 failed");
	fold_release(&f);
}

static void buffers_of_traces_in_another_pool_are_needed_apart(void **state)
{
	struct fold f = fold_new();
	struct history_need n;

	(void)state;
	fold(&f, ATTACH EMPTY POOLS ALLOC(2, 1, 5000, 100) BUFFER(3, 1, 5100, 500, 0) BUFFER(4, 1, 5200, 300, 1)
		 FREE(5, 1, 5100) BUFFER(6, 1, 5100, 200, 2));
	assert_true(history_need_tagged(ledger_process(f.ledger, 1), 0, "TRACE", &n));
	assert_int_equal(n.peak, 80);
	assert_int_equal(n.asked, 800);
	assert_string_equal(n.pool, "DRAM");
	assert_false(history_need_tagged(ledger_process(f.ledger, 1), 1, "TRACE", &n));
	assert_false(history_need_tagged(ledger_process(f.ledger, 1), 0, "L1", &n));
	fold_release(&f);
}

static void a_capture_without_a_buffer_was_refused(void **state)
{
	struct fold f = fold_new();
	const struct ledger_process *p;

	(void)state;
	fold(&f, ATTACH EMPTY POOLS MARK(2, capture, 0) MARK(3, captured, 0));
	p = ledger_process(f.ledger, 1);
	assert_false(history_refused(p, history_trace_of(p->history, 0)));
	fold(&f, ALLOC(4, 1, 5000, 10));
	assert_true(history_refused(p, history_trace_of(p->history, 0)));
	fold(&f, MARK(5, capture, 1) MARK(6, captured, 1) BUFFER(7, 3, 5000, 10, 1) MARK(8, replay, 1));
	assert_false(history_refused(p, history_trace_of(p->history, 1)));
	assert_null(history_trace_of(p->history, 2));
	fold_release(&f);
}

static void what_is_allocated_between_replays_is_counted_by_pool(void **state)
{
	struct fold f = fold_new();
	const struct history *h;

	(void)state;
	fold(&f, TRACED ALLOC(8, 1, 6000, 50) FREE(9, 2, 5020) ALLOC(10, 1, 5600, 30) MARK(11, replay, 0));
	h = ledger_process(f.ledger, 1)->history;
	assert_int_equal(h->meanwhile.nr, 2);
	assert_string_equal(h->meanwhile.items[0].pool, "DRAM");
	assert_int_equal(h->meanwhile.items[0].allocations, 2);
	assert_int_equal(h->meanwhile.items[0].allocated, 80);
	assert_int_equal(h->meanwhile.items[1].frees, 1);
	assert_int_equal(h->meanwhile.items[1].freed, 100);
	assert_int_equal(h->runs, 2);
	/* What is allocated while another is captured is its. */
	fold(&f, MARK(12, capture, 1) ALLOC(13, 1, 5700, 30) MARK(14, captured, 1));
	assert_int_equal(h->meanwhile.nr, 0);
	fold_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_are_rows_with_what_lay_in_the_pools_at_their_end),
		cmocka_unit_test(an_allocation_that_ends_a_phase_belongs_to_the_next),
		cmocka_unit_test(frees_behind_a_release_are_not_of_the_trace),
		cmocka_unit_test(a_device_that_is_closed_has_nothing_and_is_told_once),
		cmocka_unit_test(what_was_there_before_has_no_change),
		cmocka_unit_test(two_traces_replayed_in_turn_are_one_execution),
		cmocka_unit_test(a_million_rounds_are_one),
		cmocka_unit_test(replays_that_nobody_can_tell_apart_are_counted_once),
		cmocka_unit_test(rows_are_bounded_and_what_is_left_out_is_counted),
		cmocka_unit_test(a_failure_is_exhausted_when_less_is_free_than_is_needed),
		cmocka_unit_test(a_failure_is_fragmented_when_no_free_block_is_large_enough),
		cmocka_unit_test(a_failure_with_room_was_refused_and_without_figures_is_not_known),
		cmocka_unit_test(the_same_failure_again_is_counted_and_a_retracted_one_is_none),
		cmocka_unit_test(of_many_failures_the_newest_and_the_largest_are_kept),
		cmocka_unit_test(holders_are_those_with_most_bytes_and_a_rest),
		cmocka_unit_test(a_pool_needs_what_it_spans_from_the_end_that_it_grows_from),
		cmocka_unit_test(what_failed_was_needed_as_well),
		cmocka_unit_test(buffers_of_traces_in_another_pool_are_needed_apart),
		cmocka_unit_test(a_capture_without_a_buffer_was_refused),
		cmocka_unit_test(what_is_allocated_between_replays_is_counted_by_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
