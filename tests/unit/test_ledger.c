/* user/ledger/: the fold. Streams as text in, the ledger's state as text out. Phases: test_ledger_phases.c. */
#include "ledger_text.h"

#include <errno.h>

#define ATTACH "attach time_ns=100 process=1 pid=4242 runtime=r pools=DRAM,L1,TRACE\n"
#define EMPTY "census time_ns=100 process=1 reason=begin\ncensus time_ns=100 process=1 reason=end\n"
#define L1                                                                                                           \
	"arena time_ns=101 process=1 arena=1 object=0x10 owner=0xa pool=L1 banks=4 bank_bytes=1024 base=64 "         \
	"reason=new\n"
#define DRAM "arena time_ns=101 process=1 arena=2 object=0x20 owner=0xa pool=DRAM banks=2 bank_bytes=4096 reason=new\n"

static void check_ledger(struct fold *f, const char *expected)
{
	assert_string_equal(ledger_text(f), expected);
}

/* @line is refused, and nothing has changed. */
static void check_refused(struct fold *f, const char *line)
{
	char *before = xstrdup(ledger_text(f));

	if (fold_try(f, line) != -EINVAL)
		fail_msg("not refused: '%s'", line);
	assert_string_equal(ledger_text(f), before);
	assert_null(f->effect.process);
	free(before);
}

static void allocs_and_frees_are_counted_per_arena(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY L1 DRAM
	     "alloc time_ns=110 process=1 tid=7 arena=1 address=64 reserved=400 asked=399\n"
	     "alloc time_ns=111 process=1 tid=8 arena=2 address=64 reserved=200 asked=150\n"
	     "alloc time_ns=112 process=1 tid=7 arena=1 address=164 reserved=80\n"
	     "free time_ns=113 process=1 tid=9 arena=1 address=64\n");
	assert_true(f.effect.has_block);
	assert_int_equal(f.effect.block.asked, 399);
	assert_int_equal(f.effect.block.tid, 7);
	assert_string_equal(f.effect.arena->pool, "L1");
	assert_int_equal(f.effect.device->number, 0);
	assert_int_equal(f.effect.process->pid, 4242);
	check_ledger(&f, "events 4 lost 0 corrections 0 unread 0 unknown-frees 0 replaced 0 ticks 0 at 113\n"
			 "process 1 pid 4242 phase init events 4 failed 0 unsettled 0 corrections 0 replays 0\n"
			 " device 0xa number 0\n"
			 "  arena 1 L1: 1 buffers 80 of 4096 asked 0+1? trace 0+0? peak 480\n"
			 "    164: reserved 80 asked ? since 112\n"
			 "  arena 2 DRAM: 1 buffers 200 of 8192 asked 150+0? trace 0+0? peak 200\n"
			 "    64: reserved 200 asked 150 since 111\n");
	assert_string_equal(pool_text(&f, f.ledger->processes.items[0]->devices.items[0], "L1"),
			    "1 buffers 80 of 4096 asked 0+1? trace 0+0? peak 480");
	assert_string_equal(pool_text(&f, f.ledger->processes.items[0]->devices.items[0], NULL),
			    "2 buffers 280 of 12288 asked 150+1? trace 0+0? peak >=680");
	assert_string_equal(pool_text(&f, f.ledger->processes.items[0]->devices.items[0], "TRACE"), "");
}

static void a_free_of_an_unknown_address_changes_no_figure_and_is_counted(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY L1 "alloc time_ns=110 process=1 arena=1 address=64 reserved=400\n"
				 "free time_ns=111 process=1 arena=1 address=96\n");
	assert_true(f.effect.unknown_free);
	assert_false(f.effect.has_block);
	assert_int_equal(f.ledger->unknown_frees, 1);
	assert_int_equal(f.ledger->arenas.items[0]->figures.reserved, 400);
	fold(&f, "free time_ns=112 process=1 arena=1 address=64\n");
	assert_false(f.effect.unknown_free);
	fold(&f, "free time_ns=113 process=1 arena=1 address=64\n");
	assert_true(f.effect.unknown_free);
	assert_int_equal(f.ledger->unknown_frees, 2);
}

static void a_free_of_an_unknown_address_during_the_census_means_nothing(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH "census time_ns=101 process=1 reason=begin\n" L1
			"free time_ns=110 process=1 arena=1 address=96\n");
	assert_false(f.effect.unknown_free);
	assert_int_equal(f.ledger->unknown_frees, 0);
	fold(&f, "census time_ns=111 process=1 reason=end\nfree time_ns=112 process=1 arena=1 address=96\n");
	assert_true(f.effect.unknown_free);
	assert_int_equal(f.ledger->unknown_frees, 1);
}

static void an_allocation_at_a_living_address_replaces_it(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY L1 "alloc time_ns=110 process=1 arena=1 address=64 reserved=400 asked=1 tag=trace\n"
				 "alloc time_ns=111 process=1 arena=1 address=64 reserved=40\n");
	assert_true(f.effect.replaced);
	check_ledger(&f, "events 2 lost 0 corrections 0 unread 0 unknown-frees 0 replaced 1 ticks 0 at 111\n"
			 "process 1 pid 4242 phase init events 2 failed 0 unsettled 0 corrections 0 replays 0\n"
			 " device 0xa number 0\n"
			 "  arena 1 L1: 1 buffers 40 of 4096 asked 0+1? trace 0+0? peak 400\n"
			 "    64: reserved 40 asked ? since 111\n");
}

static void a_clear_frees_all_blocks_and_gone_ends_the_arena(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY L1 DRAM "alloc time_ns=110 process=1 arena=1 address=64 reserved=400\n"
				      "alloc time_ns=110 process=1 arena=1 address=164 reserved=40\n"
				      "alloc time_ns=110 process=1 arena=2 address=164 reserved=7\n"
				      "clear time_ns=111 process=1 arena=1\n");
	assert_int_equal(f.effect.cleared, 2);
	assert_int_equal(f.effect.cleared_bytes, 440);
	fold(&f, "alloc time_ns=112 process=1 arena=1 address=64 reserved=4\n"
		 "clear time_ns=113 process=1 arena=1 reason=gone\n");
	assert_int_equal(f.effect.cleared, 1);
	assert_int_equal(f.effect.cleared_bytes, 4);
	check_refused(&f, "alloc time_ns=114 process=1 arena=1 address=64 reserved=4\n");
	check_ledger(&f, "events 6 lost 0 corrections 0 unread 0 unknown-frees 0 replaced 0 ticks 0 at 113\n"
			 "process 1 pid 4242 phase init events 6 failed 0 unsettled 0 corrections 0 replays 0\n"
			 " device 0xa number 0\n"
			 "  arena 1 L1 gone: 0 buffers 0 of 4096 asked 0+0? trace 0+0? peak 440\n"
			 "  arena 2 DRAM: 1 buffers 7 of 8192 asked 0+1? trace 0+0? peak 7\n"
			 "    164: reserved 7 asked ? since 110\n");
}

static void generations_at_one_object_address_are_different_arenas(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	struct block b;

	(void)state;
	fold(&f, ATTACH EMPTY L1 "alloc time_ns=110 process=1 arena=1 address=64 reserved=400\n");
	assert_false(ledger_arena(f.ledger, 1)->gone);
	fold(&f, "clear time_ns=111 process=1 arena=1 reason=gone\n");
	assert_true(ledger_arena(f.ledger, 1)->gone);
	fold(&f, "arena time_ns=112 process=1 arena=2 object=0x10 owner=0xb pool=L1\n"
		 "alloc time_ns=113 process=1 arena=2 address=64 reserved=8\n");
	assert_false(ledger_arena(f.ledger, 2)->gone);
	assert_false(blocks_get(&ledger_arena(f.ledger, 1)->blocks, 64, NULL));
	assert_true(blocks_get(&ledger_arena(f.ledger, 2)->blocks, 64, &b));
	assert_int_equal(b.reserved, 8);
	assert_null(ledger_arena(f.ledger, 0));
	assert_null(ledger_arena(f.ledger, 3));
	assert_null(ledger_process(f.ledger, 0));
	assert_null(ledger_process(f.ledger, 2));
}

static void the_same_address_in_two_arenas_and_in_two_processes_is_another_block(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH L1 "attach time_ns=102 process=2 pid=4242 runtime=r pools=L1\n"
			   "arena time_ns=102 process=2 arena=2 object=0x10 owner=0xa pool=L1\n"
			   "arena time_ns=102 process=1 arena=3 object=0x30 owner=0xa pool=L1\n"
			   "alloc time_ns=110 process=1 arena=1 address=64 reserved=1\n"
			   "alloc time_ns=110 process=2 arena=2 address=64 reserved=2\n"
			   "alloc time_ns=110 process=1 arena=3 address=64 reserved=4\n"
			   "free time_ns=111 process=2 arena=2 address=64\n");
	assert_int_equal(f.effect.block.reserved, 2);
	assert_int_equal(f.ledger->replaced, 0);
	assert_ptr_equal(ledger_arena(f.ledger, 2)->process, ledger_process(f.ledger, 2));
	assert_false(ledger_arena(f.ledger, 2)->gone);
	assert_string_equal(pool_text(&f, f.ledger->processes.items[0]->devices.items[0], "L1"),
			    "2 buffers 5 of ? asked 0+2? trace 0+0? peak >=5");
	check_refused(&f, "free time_ns=112 process=1 arena=2 address=64\n");
}

static void blocks_of_the_census_say_what_is_not_known_of_them(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH "census time_ns=101 process=1 reason=begin\n"
			"arena time_ns=102 process=1 arena=1 object=0x10 owner=0xa pool=DRAM banks=2 bank_bytes=64\n"
			"arena time_ns=102 process=1 arena=2 object=0x20 owner=0xa pool=TRACE banks=2 bank_bytes=64\n"
			"alloc time_ns=103 process=1 arena=1 address=0 reserved=10 asked=9\n"
			"block time_ns=104 process=1 arena=1 address=8 reserved=20\n"
			"block time_ns=104 process=1 arena=2 address=8 reserved=30\n"
			"census time_ns=105 process=1 reason=end partial=1\n");
	check_ledger(&f, "events 1 lost 0 corrections 0 unread 0 unknown-frees 0 replaced 0 ticks 0 at 105\n"
			 "process 1 pid 4242 phase unknown events 1 failed 0 unsettled 0 corrections 0 replays 0 "
			 "before-attach partial\n"
			 " device 0xa number 0\n"
			 "  arena 1 DRAM: 2 buffers 30 of 128 asked 9+1? trace 0+1? peak >=30\n"
			 "    0: reserved 10 asked 9 since 103\n"
			 "    8: reserved 20 asked ? since ? from-books\n"
			 "  arena 2 TRACE: 1 buffers 30 of 128 asked 0+1? trace 30+0? peak >=30\n"
			 "    8: reserved 30 asked ? since ? from-books\n");
	fold(&f, "free time_ns=106 process=1 arena=1 address=8\ncheck time_ns=107 process=1 equal=1\n");
	assert_false(f.ledger->processes.items[0]->partial);
	assert_int_equal(f.ledger->processes.items[0]->checked_ns, 107);
	assert_string_equal(pool_text(&f, f.ledger->processes.items[0]->devices.items[0], "DRAM"),
			    "1 buffers 10 of 128 asked 9+0? trace 0+0? peak >=30");
}

static void trace_memory_is_found_by_its_tag_in_any_pool(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	struct block b;

	(void)state;
	fold(&f, ATTACH EMPTY
	     "arena time_ns=101 process=1 arena=1 object=0x20 owner=0xa pool=DRAM reason=new\n"
	     "arena time_ns=101 process=1 arena=2 object=0x30 owner=0xa pool=trace reason=new\n"
	     "alloc time_ns=110 process=1 arena=1 address=64 reserved=5 tag=trace trace=17\n"
	     "alloc time_ns=110 process=1 arena=1 address=96 reserved=7 tag=other trace=17\n"
	     "alloc time_ns=110 process=1 arena=2 address=64 reserved=11\n");
	assert_string_equal(pool_text(&f, f.ledger->processes.items[0]->devices.items[0], "DRAM"),
			    "2 buffers 12 of ? asked 0+2? trace 5+0? peak 12");
	assert_string_equal(pool_text(&f, f.ledger->processes.items[0]->devices.items[0], "trace"),
			    "1 buffers 11 of ? asked 0+1? trace 11+0? peak 11");
	assert_true(blocks_get(&ledger_arena(f.ledger, 1)->blocks, 64, &b));
	assert_true(b.is_trace);
	assert_int_equal(b.trace, 17);
	fold(&f, "free time_ns=111 process=1 arena=1 address=64\nfree time_ns=111 process=1 arena=2 address=64\n");
	assert_string_equal(pool_text(&f, f.ledger->processes.items[0]->devices.items[0], NULL),
			    "1 buffers 7 of ? asked 0+1? trace 0+0? peak >=23");
}

static void corrections_follow_the_books(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY L1 "alloc time_ns=110 process=1 arena=1 address=64 reserved=400 asked=1 tag=trace\n"
				 "correction time_ns=111 process=1 arena=1 address=96 reserved=30 reason=missing\n"
				 "correction time_ns=112 process=1 arena=1 address=64 reserved=40 reason=size\n");
	assert_true(f.effect.has_block);
	assert_int_equal(f.effect.block.reserved, 40);
	check_ledger(&f, "events 1 lost 0 corrections 2 unread 0 unknown-frees 0 replaced 0 ticks 0 at 112\n"
			 "process 1 pid 4242 phase init events 1 failed 0 unsettled 0 corrections 2 replays 0\n"
			 " device 0xa number 0\n"
			 "  arena 1 L1: 2 buffers 70 of 4096 asked 0+2? trace 0+2? peak 430\n"
			 "    64: reserved 40 asked ? since ? from-books\n"
			 "    96: reserved 30 asked ? since ? from-books\n");
	fold(&f, "correction time_ns=113 process=1 arena=1 address=64 reason=extra\n");
	assert_int_equal(f.effect.block.reserved, 40);
	fold(&f, "correction time_ns=114 process=1 arena=1 address=64 reason=extra\n");
	assert_false(f.effect.has_block);
	fold(&f, "correction time_ns=115 process=1 arena=1 reason=gone\n");
	assert_int_equal(f.effect.cleared, 1);
	check_ledger(&f, "events 1 lost 0 corrections 5 unread 0 unknown-frees 0 replaced 0 ticks 0 at 115\n"
			 "process 1 pid 4242 phase init events 1 failed 0 unsettled 0 corrections 5 replays 0\n"
			 " device 0xa\n"
			 "  arena 1 L1 gone: 0 buffers 0 of 4096 asked 0+0? trace 0+0? peak 430\n");
}

static void a_size_that_was_not_known_is_unsettled_until_the_books_tell_it(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	uint64_t largest;

	(void)state;
	fold(&f, ATTACH EMPTY L1 "alloc time_ns=110 process=1 tid=7 arena=1 address=64 asked=33 tag=trace trace=5\n");
	assert_int_equal(f.ledger->processes.items[0]->unsettled, 1);
	assert_false(device_largest_free(f.ledger->processes.items[0]->devices.items[0], "L1", &largest));
	fold(&f, "correction time_ns=111 process=1 arena=1 address=64 reserved=40 reason=size\n"
		 "check time_ns=112 process=1 equal=0\n");
	check_ledger(&f, "events 1 lost 0 corrections 1 unread 0 unknown-frees 0 replaced 0 ticks 0 at 112\n"
			 "process 1 pid 4242 phase init events 1 failed 0 unsettled 0 corrections 1 replays 0\n"
			 " device 0xa number 0\n"
			 "  arena 1 L1: 1 buffers 40 of 4096 asked 33+0? trace 40+0? peak 40\n"
			 "    64: reserved 40 asked 33 since 110 trace 5 is-trace\n");
	assert_true(device_largest_free(f.ledger->processes.items[0]->devices.items[0], "L1", &largest));
	assert_int_equal(largest, 1014);
}

static void detach_and_exec_end_a_process_and_all_that_it_held(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY L1 DRAM "alloc time_ns=110 process=1 arena=1 address=64 reserved=400\n"
				      "alloc time_ns=110 process=1 arena=2 address=64 reserved=40\n"
				      "detach time_ns=111 process=1 reason=exec\n");
	assert_int_equal(f.effect.cleared, 2);
	assert_int_equal(f.effect.cleared_bytes, 440);
	assert_string_equal(f.ledger->processes.items[0]->ended, "exec");
	assert_int_equal(f.ledger->processes.items[0]->ended_ns, 111);
	check_refused(&f, "tick time_ns=112 process=1\n");
	check_refused(&f, "arena time_ns=112 process=1 arena=3 object=0x10 pool=L1\n");
	check_refused(&f, "detach time_ns=112 process=1 reason=exit\n");
	fold(&f, "attach time_ns=113 process=2 pid=4242 runtime=r pools=L1,,TRACE,\n"
		 "arena time_ns=114 process=2 arena=3 object=0x10 owner=0xa pool=L1\n"
		 "alloc time_ns=115 process=2 arena=3 address=64 reserved=8\n");
	assert_int_equal(f.effect.device->number, 0);
	assert_int_equal(f.ledger->processes.items[1]->pools.nr, 3);
	assert_string_equal(f.ledger->processes.items[1]->pools.items[2], "TRACE");
	assert_ptr_equal(ledger_arena(f.ledger, 3)->process, ledger_process(f.ledger, 2));
	assert_true(ledger_arena(f.ledger, 2)->gone);
	assert_false(ledger_arena(f.ledger, 3)->gone);
}

static unsigned int number_of(const struct fold *f, size_t device)
{
	return f->ledger->processes.items[0]->devices.items[device]->number;
}

static void devices_are_numbered_when_they_first_hold_a_block(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct device *empty;

	(void)state;
	fold(&f, ATTACH EMPTY "arena time_ns=101 process=1 arena=1 object=0x1 owner=0xa pool=L1\n"
			      "arena time_ns=101 process=1 arena=2 object=0x2 owner=0xb pool=L1\n"
			      "arena time_ns=101 process=1 arena=3 object=0x3 owner=0xc pool=L1\n"
			      "arena time_ns=101 process=1 arena=4 object=0x4 owner=0xd pool=L1\n"
			      "arena time_ns=101 process=1 arena=5 object=0x5 owner=0xd pool=DRAM\n"
			      "block time_ns=110 process=1 arena=3 address=64 reserved=1\n"
			      "alloc time_ns=111 process=1 arena=1 address=64 reserved=1\n"
			      "correction time_ns=112 process=1 arena=4 address=64 reserved=1 reason=missing\n");
	empty = f.ledger->processes.items[0]->devices.items[1];
	assert_false(device_shown(empty));
	assert_int_equal(number_of(&f, 2), 0);
	assert_int_equal(number_of(&f, 0), 1);
	assert_int_equal(number_of(&f, 3), 2);
	/* A device is there as long as one of its arenas is; a number that is free again goes to the next. */
	fold(&f, "clear time_ns=113 process=1 arena=4 reason=gone\nclear time_ns=113 process=1 arena=1 reason=gone\n"
		 "alloc time_ns=114 process=1 arena=2 address=64 reserved=1\n");
	assert_true(device_shown(f.ledger->processes.items[0]->devices.items[3]));
	assert_false(device_shown(f.ledger->processes.items[0]->devices.items[0]));
	assert_true(device_shown(empty));
	assert_int_equal(empty->number, 1);
	fold(&f, "clear time_ns=115 process=1 arena=3 reason=gone\n"
		 "arena time_ns=115 process=1 arena=6 object=0x3 owner=0xc pool=L1\n"
		 "arena time_ns=115 process=1 arena=7 object=0x7 owner=0xd pool=TRACE\n"
		 "alloc time_ns=116 process=1 arena=7 address=64 reserved=1\n"
		 "alloc time_ns=116 process=1 arena=6 address=64 reserved=1\n");
	assert_int_equal(f.effect.device->number, 0);
	assert_int_equal(f.ledger->processes.items[0]->devices.nr, 5);
	assert_int_equal(number_of(&f, 3), 2);
	assert_ptr_equal(ledger_arena(f.ledger, 7)->device, f.ledger->processes.items[0]->devices.items[3]);
}

static void arenas_of_unknown_owners_are_devices_of_their_own(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH "arena time_ns=101 process=1 arena=1 object=0x10 pool=L1\n"
			"arena time_ns=101 process=1 arena=2 object=0x20 pool=DRAM\n"
			"arena time_ns=101 process=1 arena=3 object=0x30 owner=0x10 pool=DRAM\n");
	assert_int_equal(f.ledger->processes.items[0]->devices.nr, 2);
	assert_ptr_not_equal(ledger_arena(f.ledger, 1)->device, ledger_arena(f.ledger, 2)->device);
}

static void the_largest_free_run_is_known_where_the_bounds_are(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct device *d;
	uint64_t largest = 1;

	(void)state;
	fold(&f, ATTACH L1 DRAM);
	d = f.ledger->processes.items[0]->devices.items[0];
	assert_false(device_largest_free(d, "DRAM", &largest));
	assert_false(device_largest_free(d, "TRACE", &largest));
	assert_true(device_largest_free(d, "L1", &largest));
	assert_int_equal(largest, 1024);
	/* Bytes of a bank: 100 at 64, 200 at 464 (behind 300 that are free), 24 at the end. */
	fold(&f, "alloc time_ns=110 process=1 arena=1 address=464 reserved=800\n"
		 "alloc time_ns=110 process=1 arena=1 address=64 reserved=400\n"
		 "alloc time_ns=110 process=1 arena=1 address=1064 reserved=96\n");
	assert_true(device_largest_free(d, "L1", &largest));
	assert_int_equal(largest, 400);
	fold(&f, "arena time_ns=111 process=1 arena=3 object=0x30 owner=0xa pool=L1 banks=4 bank_bytes=600 base=64\n");
	assert_true(device_largest_free(d, "L1", &largest));
	assert_int_equal(largest, 600);
	fold(&f, "arena time_ns=111 process=1 arena=4 object=0x40 owner=0xa pool=L1 banks=0 bank_bytes=600 base=64\n");
	assert_false(device_largest_free(d, "L1", &largest));
}

static void totals_count_failures_losses_and_replays(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY
	     "failed time_ns=110 process=1 reason=throw\nfailed time_ns=110 process=1 reason=next-call\n"
	     "retract time_ns=111 process=1 tid=7\nphantom time_ns=112 process=1\n"
	     "unsettled time_ns=112 process=1 reason=lost\n"
	     "lost time_ns=113 count=13 from_ns=112\nlost time_ns=114 count=4\n"
	     "unread time_ns=114 count=3 probe=alloc\nprobe time_ns=114 probe=alloc seen=7 count=2\n"
	     "probe time_ns=114 probe=free seen=1 count=0\nprobe time_ns=115 probe=alloc seen=9 count=3\n"
	     "replay time_ns=115 process=1 trace=5\n"
	     "replays time_ns=115 process=1 trace=5 count=101\nreplays time_ns=116 process=1 trace=6 count=10\n"
	     "replays time_ns=117 process=1 trace=5 count=103\ntick time_ns=118 interval_ns=500\n");
	assert_int_equal(map_get(&f.ledger->processes.items[0]->replays_by_trace, 5, 0)->value, 103);
	assert_int_equal(map_get(&f.ledger->processes.items[0]->replays_by_trace, 6, 0)->value, 10);
	assert_int_equal(f.ledger->interval_ns, 500);
	assert_int_equal(f.ledger->probes.nr, 2);
	assert_string_equal(f.ledger->probes.items[0].probe, "alloc");
	assert_int_equal(f.ledger->probes.items[0].seen, 9);
	assert_int_equal(f.ledger->probes.items[0].lost, 3);
	check_ledger(
		&f,
		"events 5 lost 17 corrections 0 unread 3 unknown-frees 0 replaced 0 ticks 1 at 118\n"
		"process 1 pid 4242 phase execution of 5 events 5 failed 1 unsettled 18 corrections 0 replays 113\n");
	fold(&f, "retract time_ns=119 process=1 tid=7\nretract time_ns=119 process=1 tid=7\n"
		 "check time_ns=120 process=1 equal=1\n");
	check_ledger(
		&f,
		"events 5 lost 17 corrections 0 unread 3 unknown-frees 0 replaced 0 ticks 1 at 120\n"
		"process 1 pid 4242 phase execution of 5 events 5 failed 0 unsettled 0 corrections 0 replays 113\n");
}

static void contradictions_are_refused_and_change_nothing(void **state)
{
	static const char *const lines[] = {
		"tick\n",
		"tick time_ns=109\n",
		"tick time_ns=111 process=2\n",
		"tick time_ns=111 process=0\n",
		"attach time_ns=111 process=1 pid=1 runtime=r pools=L1\n",
		"attach time_ns=111 process=3 pid=1 runtime=r pools=L1\n",
		"attach time_ns=111 process=2 runtime=r pools=L1\n",
		"attach time_ns=111 process=2 pid=1 runtime=r\n",
		"arena time_ns=111 process=1 arena=1 object=0x10 pool=L1\n",
		"arena time_ns=111 process=1 arena=3 object=0x10 pool=L1\n",
		"arena time_ns=111 process=2 arena=2 object=0x10 pool=L1\n",
		"arena time_ns=111 process=1 arena=2 object=0x10\n",
		"arena time_ns=111 process=1 arena=2 pool=L1\n",
		"alloc time_ns=111 process=1 arena=0 address=96 reserved=1\n",
		"alloc time_ns=111 process=1 arena=2 address=96 reserved=1\n",
		"alloc time_ns=109 process=1 arena=1 address=96 reserved=1\n",
		"alloc time_ns=111 process=1 arena=1 reserved=1\n",
		"alloc time_ns=111 process=1 address=96 reserved=1\n",
		"alloc time_ns=111 arena=1 address=96 reserved=1\n",
		"free time_ns=111 process=1 arena=1\n",
		"free time_ns=111 process=1 arena=18446744073709551615 address=64\n",
		"free time_ns=111 process=18446744073709551615 arena=1 address=64\n",
		"clear time_ns=111 process=1\n",
		"block time_ns=111 process=1 arena=1 address=96\n",
		"census time_ns=111 process=1\n",
		"check time_ns=111 process=1\n",
		"lost time_ns=111\n",
		"replays time_ns=111 process=1 trace=1\n",
		"failed time_ns=111 process=1\n",
		"failed time_ns=111 process=1 reason=throw arena=2\n",
		"detach time_ns=111 process=1\n",
		"correction time_ns=111 process=1 arena=1 address=64\n",
		"correction time_ns=111 process=1 arena=1 address=64 reason=missing\n",
		"correction time_ns=111 process=1 arena=1 address=64 reason=size\n",
		"correction time_ns=111 process=1 arena=1 reserved=64 reason=size\n",
		"correction time_ns=111 process=1 arena=1 reason=extra\n",
		"correction time_ns=111 process=1 arena=1 address=64 reserved=1 reason=other\n",
	};
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ATTACH EMPTY L1 "alloc time_ns=110 process=1 arena=1 address=64 reserved=400\n");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		check_refused(&f, lines[i]);
	fold(&f, "tick time_ns=110\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocs_and_frees_are_counted_per_arena),
		cmocka_unit_test(a_free_of_an_unknown_address_changes_no_figure_and_is_counted),
		cmocka_unit_test(a_free_of_an_unknown_address_during_the_census_means_nothing),
		cmocka_unit_test(an_allocation_at_a_living_address_replaces_it),
		cmocka_unit_test(a_clear_frees_all_blocks_and_gone_ends_the_arena),
		cmocka_unit_test(generations_at_one_object_address_are_different_arenas),
		cmocka_unit_test(the_same_address_in_two_arenas_and_in_two_processes_is_another_block),
		cmocka_unit_test(blocks_of_the_census_say_what_is_not_known_of_them),
		cmocka_unit_test(trace_memory_is_found_by_its_tag_in_any_pool),
		cmocka_unit_test(corrections_follow_the_books),
		cmocka_unit_test(a_size_that_was_not_known_is_unsettled_until_the_books_tell_it),
		cmocka_unit_test(detach_and_exec_end_a_process_and_all_that_it_held),
		cmocka_unit_test(devices_are_numbered_when_they_first_hold_a_block),
		cmocka_unit_test(arenas_of_unknown_owners_are_devices_of_their_own),
		cmocka_unit_test(the_largest_free_run_is_known_where_the_bounds_are),
		cmocka_unit_test(totals_count_failures_losses_and_replays),
		cmocka_unit_test(contradictions_are_refused_and_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
