/* user/runtime/decode_program.c: circular buffers of programs, and programs that are refused. */
#include "toy_decoder.h"

#define PROGRAM "program program=80 device=200 id=5\n"
#define CB "cb tid=7 owner=0x10 "

static void circular_buffers_within_the_call_are_its_programs(void **state)
{
	(void)state;
	hits_give("7@900 " PROGRAM "7@800 cb address=1000 bytes=64 flag=0 device=3\n7@899 cb address=1064 bytes=32 flag=0 device=3\n",
		  CB "address=1000 program=0x50 bytes=64\n" CB "address=1064 program=0x50 bytes=32\n");
	/* Of one in a block the flag's lowest bit is set; the others are junk. */
	hits_give("7@900 " PROGRAM "7@800 cb address=9 bytes=8 flag=255 device=3\n7@800 cb address=8 bytes=8 flag=254 device=3\n",
		  CB "address=9 program=0x50 bytes=8 placed=1\n" CB "address=8 program=0x50 bytes=8\n");
	/* Another thread's are not. */
	hits_give("7@900 " PROGRAM "8@800 cb address=9 bytes=8 device=3\n", "unsettled tid=8 reason=attach probe=cb\n");
}

static void a_device_that_is_not_known_has_no_owner(void **state)
{
	(void)state;
	hits_give("7@900 program program=80 device=201 id=5\n7@800 cb address=9 bytes=8 device=3\n",
		  "cb tid=7 address=9 program=0x50 bytes=8\n");
	hits_give("7@900 program program=80\n7@800 cb address=9 bytes=8\n", "cb tid=7 address=9 program=0x50 bytes=8\n");
	hits_give("2:7@900 " PROGRAM "2:7@800 cb address=9 bytes=8 device=3\n",
		  "cb process=2 tid=7 address=9 program=0x50 bytes=8\n");
}

static void what_is_told_again_for_other_cores_and_chips_is_told_once(void **state)
{
	(void)state;
	hits_give("7@900 " PROGRAM "7@800 cb address=9 bytes=8 device=3\n7@800 cb address=9 bytes=8 device=3\n"
		  "7@800 cb address=17 bytes=8 device=3\n7@800 cb address=9 bytes=8 device=4\n7@800 cb address=17 bytes=8 device=4\n",
		  CB "address=9 program=0x50 bytes=8\n" CB "address=17 program=0x50 bytes=8\n");
	/* The same place in the next placement is news. */
	hits_give("7@900 " PROGRAM "7@800 cb address=9 bytes=8 device=3\n7@900 " PROGRAM "7@800 cb address=9 bytes=8 device=4\n",
		  CB "address=9 program=0x50 bytes=8\ncb-free tid=7 program=0x50\n" CB "address=9 program=0x50 bytes=8\n");
}

static void a_program_that_is_placed_anew_loses_the_former_ones_with_the_first(void **state)
{
	(void)state;
	hits_give("7@900 " PROGRAM "7@800 cb address=9 bytes=8 device=3\n7@800 cb address=17 bytes=8 device=3\n"
		  "7@900 " PROGRAM "8@900 " PROGRAM "7@800 cb address=99 bytes=8 device=3\n7@800 cb address=107 bytes=8 device=3\n",
		  CB "address=9 program=0x50 bytes=8\n" CB "address=17 program=0x50 bytes=8\n"
		  "cb-free tid=7 program=0x50\n" CB "address=99 program=0x50 bytes=8\n" CB "address=107 program=0x50 bytes=8\n");
}

static void a_destroyed_program_takes_back_what_it_had(void **state)
{
	(void)state;
	hits_give("7@900 " PROGRAM "7@800 cb address=9 bytes=8 device=3\n8 cb_free program=80\n8 cb_free program=80\n",
		  CB "address=9 program=0x50 bytes=8\ncb-free tid=8 program=0x50\n");
	/* One that had none, or of which nothing is known, has nothing to take back. */
	hits_give("7@900 " PROGRAM "8 cb_free program=80\n7 cb_free program=81\n8 cb_void program=81\n", "");
	hits_give("7@900 " PROGRAM "7@800 cb address=9 bytes=8 device=3\n2:8 cb_free program=80\n",
		  CB "address=9 program=0x50 bytes=8\n");
	hits_give("7@900 " PROGRAM "7@800 cb address=9 bytes=8 device=3\n8 cb_void program=80\n8 cb_free program=80\n",
		  CB "address=9 program=0x50 bytes=8\ncb-free tid=8 program=0x50 reason=void\ncb-free tid=8 program=0x50\n");
	hits_give("7 cb_free\n8 cb_void\n", "unsettled tid=7 reason=unread probe=cb_free\nunsettled tid=8 reason=unread probe=cb_void\n");
}

static void a_loss_or_a_return_ends_the_call(void **state)
{
	(void)state;
	hits_give("7@900 " PROGRAM "7 lose 1\n7@800 cb address=9 bytes=8 device=3\n", "unsettled tid=7 reason=lost probe=cb\n");
	hits_give("7@900 " PROGRAM "7@900 cb address=9 bytes=8 device=3\n", "unsettled tid=7 reason=alone probe=cb\n");
	hits_give("7@900 " PROGRAM "7@800 cb address=9 device=3\n7@800 cb bytes=9\n",
		  "unsettled tid=7 reason=unread probe=cb\nunsettled tid=7 reason=unread probe=cb\n");
	hits_give("7@900 program device=200\n7@800 cb address=9 bytes=8\n", "unsettled tid=7 reason=unread probe=cb\n");
	/* The program was destroyed meanwhile, by another thread. */
	hits_give("7@900 " PROGRAM "8 cb_free program=80\n7@800 cb address=9 bytes=8\n", "unsettled tid=7 reason=alone probe=cb\n");
	/* What came before is known still. */
	hits_give("7@900 " PROGRAM "7@800 cb address=9 bytes=8 device=3\n7 lose 1\n7 cb_free program=80\n",
		  CB "address=9 program=0x50 bytes=8\ncb-free tid=7 program=0x50\n");
}

static void an_allocation_is_none_of_its_business(void **state)
{
	(void)state;
	hits_give("7@900 begin arena=16 pool=1 asked=8 page=1 banks=1\n7@900 " PROGRAM
		  "7@800 cb address=9 bytes=8 device=3\n7@800 alloc address=64\n",
		  CB "address=9 program=0x50 bytes=8\nalloc tid=7 arena=1 address=64 reserved=8 asked=8 page=1\n");
}

static void a_clash_is_a_failure_with_the_runtimes_figures(void **state)
{
	(void)state;
	/* By its number, however long ago the program was placed. */
	hits_give("7@900 " PROGRAM "8@900 program program=81 device=201 id=6\n7 clash id=5 address=1000 end=2000\n",
		  "failed tid=7 owner=0x10 pool=L1 address=1000 program=0x50 end=2000 reason=clash\n");
	hits_give("7@900 " PROGRAM "7@800 clash id=6 address=1000 end=2000\n",
		  "failed tid=7 pool=L1 address=1000 end=2000 reason=clash\n");
	hits_give("7 clash end=2000\n", "failed tid=7 pool=L1 end=2000 reason=clash\n");
	hits_give("2:7@900 " PROGRAM "7 clash id=5 address=1 end=2\n", "failed tid=7 pool=L1 address=1 end=2 reason=clash\n");
	/* An allocation that was open has ended before. */
	hits_give("7@900 " PROGRAM "7 begin arena=16 pool=1 asked=8 page=1 banks=1\n7 clash id=5 address=1 end=2\n",
		  "failed tid=7 arena=1 pool=L1 reserved=8 asked=8 reason=next-call\n"
		  "failed tid=7 owner=0x10 pool=L1 address=1 program=0x50 end=2 reason=clash\n");
}

static void an_overflow_is_of_the_program_that_is_being_placed(void **state)
{
	(void)state;
	hits_give("7@900 " PROGRAM "7@800 overflow address=1000 end=2000\n",
		  "failed tid=7 owner=0x10 pool=L1 address=1000 program=0x50 end=2000 reason=overflow\n");
	hits_give("7@900 " PROGRAM "7@950 overflow address=1000 end=2000\n8 overflow address=1 end=2\n",
		  "failed tid=7 pool=L1 address=1000 end=2000 reason=overflow\nfailed tid=8 pool=L1 address=1 end=2 reason=overflow\n");
}

static void a_process_that_ends_leaves_nothing(void **state)
{
	struct toy *t = toy_new();

	(void)state;
	toy_run(t, "7@900 " PROGRAM "7@800 cb address=9 bytes=8 device=3\n2:8@900 " PROGRAM "2:8@800 cb address=9 bytes=8 device=3\n");
	decoder_process_end(t->decoder, 1);
	toy_gives(t, "7.1 cb_free program=80\n2:8 cb_free program=80\n", "cb-free process=2 tid=8 program=0x50\n");
	toy_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(circular_buffers_within_the_call_are_its_programs),
		cmocka_unit_test(a_device_that_is_not_known_has_no_owner),
		cmocka_unit_test(what_is_told_again_for_other_cores_and_chips_is_told_once),
		cmocka_unit_test(a_program_that_is_placed_anew_loses_the_former_ones_with_the_first),
		cmocka_unit_test(a_destroyed_program_takes_back_what_it_had),
		cmocka_unit_test(a_loss_or_a_return_ends_the_call),
		cmocka_unit_test(an_allocation_is_none_of_its_business),
		cmocka_unit_test(a_clash_is_a_failure_with_the_runtimes_figures),
		cmocka_unit_test(an_overflow_is_of_the_program_that_is_being_placed),
		cmocka_unit_test(a_process_that_ends_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
