/* user/runtime/decode.c: calls and what is lost of them. Contexts, arenas and processes: test_decode_more.c. */
#include "toy_decoder.h"

#include <errno.h>

#define BEGIN "begin arena=16 pool=1 asked=100 page=32 banks=4\n"
#define BEGIN_DRAM "begin arena=32 pool=0 asked=1000 page=1000 banks=2\n"
#define BEGIN_HOST "begin arena=48 pool=2 asked=7 page=1 banks=1\n"
#define FAILED " arena=1 pool=L1 reserved=512 asked=100 reason="
#define ALLOC_64 " arena=1 address=64 reserved=512 asked=100 page=32\n"

static void a_begin_and_its_alloc_are_one_allocation(void **state)
{
	struct toy *t = toy_new();

	(void)state;
	t->whole = true;
	toy_gives(t, "7 " BEGIN "7 alloc address=64 owner=9\n",
		  "alloc time_ns=6002 process=1 pid=42 tid=7 arena=1 address=64 reserved=512 asked=100 page=32\n");
	toy_free(t);
}

static void what_the_alloc_says_was_asked_is_more_than_what_the_begin_says(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "7 alloc address=64 asked=99\n",
		  "alloc tid=7 arena=1 address=64 reserved=512 asked=99 page=32\n");
}

static void calls_of_interleaved_threads_are_paired_by_thread(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "8 " BEGIN_DRAM "9 " BEGIN "8 alloc address=64\n7 alloc address=96\n9 throw\n",
		  "alloc tid=8 arena=2 address=64 reserved=2000 asked=1000 page=1000\n"
		  "alloc tid=7 arena=1 address=96 reserved=512 asked=100 page=32\n"
		  "failed tid=9" FAILED "throw\n");
}

static void a_begin_without_alloc_has_failed_at_the_next_begin_or_mark(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "7 " BEGIN_DRAM "7 alloc address=64\n",
		  "failed tid=7" FAILED "next-call\n"
		  "alloc tid=7 arena=2 address=64 reserved=2000 asked=1000 page=1000\n");
	hits_give("7 " BEGIN "7 capture trace=1\n", "failed tid=7" FAILED "next-call\ncapture tid=7 trace=1\n");
	hits_give("7 " BEGIN "7 captured trace=1\n", "failed tid=7" FAILED "next-call\ncaptured tid=7 trace=1\n");
	hits_give("7 " BEGIN "7 replay trace=1\n", "failed tid=7" FAILED "next-call\nreplay tid=7 trace=1\n");
	hits_give("7 " BEGIN "7 release trace=1\n", "failed tid=7" FAILED "next-call\nrelease tid=7 trace=1\n");
}

static void a_begin_without_alloc_has_failed_at_a_throw_or_its_threads_exit(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "7 throw\n7 throw\n7 " BEGIN_DRAM "7 alloc address=64\n",
		  "failed tid=7" FAILED "throw\nalloc tid=7 arena=2 address=64 reserved=2000 asked=1000 page=1000\n");
	hits_give("7 " BEGIN "7 exit\n", "failed tid=7" FAILED "thread-exit\n");
	hits_give("7 " BEGIN "7 throw\n7 exit\n", "failed tid=7" FAILED "throw\n");
	hits_give("7 " BEGIN "7 exit all\n", "");
	hits_give("7 exit\n", "");
	hits_give("7 throw\n", "");
}

static void what_may_happen_inside_a_call_does_not_end_it(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "7 free arena=16 address=96\n7 clear arena=32\n7 context\n7 alloc address=64\n",
		  "free tid=7 arena=1 address=96\nclear tid=7 arena=2\nalloc tid=7" ALLOC_64);
	hits_give("7 " BEGIN "8 throw\n8 exit\n8.1 " BEGIN_DRAM "7 alloc address=64\n", "alloc tid=7" ALLOC_64);
}

static void an_alloc_that_still_comes_wins_over_a_failure(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "7 throw\n7 alloc address=64\n7 alloc address=96\n",
		  "failed tid=7" FAILED "throw\nretract tid=7\nalloc tid=7" ALLOC_64
		  "unsettled tid=7 address=96 reason=alone\n");
	hits_give("7 " BEGIN "7 throw\n7 alloc\n",
		  "failed tid=7" FAILED "throw\nunsettled tid=7 reason=unread\n");
	hits_give("7 " BEGIN "7 throw\n7 alloc address=0\n7 alloc address=64\n",
		  "failed tid=7" FAILED "throw\nphantom tid=7\nunsettled tid=7 address=64 reason=alone\n");
}

static void a_loss_breaks_the_open_call_and_nothing_has_failed(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "7 lose 1\n7 alloc address=64 asked=3\n",
		  "unsettled tid=7 reason=lost\nunsettled tid=7 address=64 asked=3 reason=lost\n");
	hits_give("7 " BEGIN "7 lose 1\n7 " BEGIN_DRAM "7 alloc address=64\n",
		  "unsettled tid=7 reason=lost\nalloc tid=7 arena=2 address=64 reserved=2000 asked=1000 page=1000\n");
	hits_give("7 " BEGIN "7 lose 1\n7 throw\n", "unsettled tid=7 reason=lost\n");
	hits_give("7 " BEGIN "7 lose 1\n7 exit\n", "unsettled tid=7 reason=lost\n");
	hits_give("7 " BEGIN "7 lose 1\n7 exit all\n", "unsettled tid=7 reason=lost\n");
	hits_give("7 " BEGIN "7 lose 1\n7 replay trace=1\n", "unsettled tid=7 reason=lost\nreplay tid=7 trace=1\n");
	hits_give("7 " BEGIN "7 lose 1\n7 free arena=16 address=96\n7 " BEGIN "7 throw\n",
		  "unsettled tid=7 reason=lost\nfree tid=7 arena=1 address=96\nfailed tid=7" FAILED "throw\n");
	hits_give("7 " BEGIN "7 throw\n7 lose 1\n7 alloc address=64\n",
		  "failed tid=7" FAILED "throw\nunsettled tid=7 address=64 reason=lost\n");
}

static void a_loss_on_one_thread_is_none_on_another(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "8 " BEGIN "8 lose 3\n7 throw\n8 exit\n",
		  "failed tid=7" FAILED "throw\nunsettled tid=8 reason=lost\n");
}

static void a_loss_before_a_threads_first_hit_is_a_loss(void **state)
{
	(void)state;
	hits_give("7 lose 1\n7 alloc address=64\n", "unsettled tid=7 address=64 reason=lost\n");
	hits_give("7 lose 1\n7 throw\n7 exit\n", "");
	hits_give("7 lose 2\n7 " BEGIN "7 alloc address=64\n", "alloc tid=7" ALLOC_64);
	hits_give("7 lose 2\n7 free arena=16 address=96\n7 alloc address=64\n",
		  "free tid=7 arena=1 address=96\nunsettled tid=7 address=64 reason=lost\n");
}

static void an_alloc_before_a_threads_first_begin_was_in_flight_at_attach(void **state)
{
	(void)state;
	hits_give("7 alloc address=64 asked=3\n7 alloc address=96\n7 " BEGIN
		  "7 alloc address=64\n7 alloc address=128\n",
		  "unsettled tid=7 address=64 asked=3 reason=attach\nunsettled tid=7 address=96 reason=attach\n"
		  "alloc tid=7" ALLOC_64 "unsettled tid=7 address=128 reason=alone\n");
	hits_give("7 free arena=16 address=96\n7 alloc address=64\n",
		  "free tid=7 arena=1 address=96\nunsettled tid=7 address=64 reason=attach\n");
}

static void an_alloc_at_address_0_reserved_nothing(void **state)
{
	(void)state;
	hits_give("7 alloc address=0\n7 alloc address=0\n7 " BEGIN "7 alloc address=64\n",
		  "phantom tid=7\nphantom tid=7\nalloc tid=7" ALLOC_64);
	/* No pool has an address 0: it is none that the begin has asked for. */
	hits_give("7 " BEGIN "7 alloc address=0\n7 alloc address=64\n",
		  "failed tid=7" FAILED "next-call\nphantom tid=7\nunsettled tid=7 address=64 reason=alone\n");
	hits_give("7 alloc address=0 pool=2\n", "");
	hits_give("7 " BEGIN "7 lose 1\n7 alloc address=0\n", "unsettled tid=7 reason=lost\nphantom tid=7\n");
}

static void a_value_that_could_not_be_read_is_absent_and_never_0(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "7 alloc asked=5\n", "unsettled tid=7 asked=5 reason=unread\n");
	hits_give("7 begin pool=1 asked=100\n7 throw\n7 alloc address=64\n7 exit\n",
		  "unsettled tid=7 asked=100 reason=unread\nunsettled tid=7 address=64 reason=unread\n");
	hits_give("7 begin arena=16 pool=1 asked=100 page=32\n7 alloc address=64\n",
		  "alloc tid=7 arena=1 address=64 asked=100 page=32\n");
	hits_give("7 begin arena=16 pool=1 asked=100 page=0 banks=4\n7 alloc address=64\n",
		  "alloc tid=7 arena=1 address=64 asked=100 page=0\n");
	hits_give("7 begin arena=16 pool=1\n7 throw\n", "failed tid=7 arena=1 pool=L1 reason=throw\n");
	hits_give("7 free arena=16\n7 free address=64\n",
		  "unsettled tid=7 reason=unread\nunsettled tid=7 address=64 reason=unread\n");
	hits_give("7 clear\n7 gone\n7 new\n", "unsettled tid=7 reason=unread\nunsettled tid=7 reason=unread\n"
					      "unsettled tid=7 reason=unread\n");
	hits_give("7 capture\n7 captured\n7 replay\n7 release\n",
		  "capture tid=7\ncaptured tid=7\nreplay tid=7\nrelease tid=7\n");
}

static void a_pool_that_could_not_be_read_does_not_hide_an_allocation(void **state)
{
	(void)state;
	hits_give("7 begin arena=16 asked=100 page=32 banks=4\n7 alloc address=64\n", "alloc tid=7" ALLOC_64);
	hits_give("7 begin arena=16 asked=100 page=32 banks=4\n7 throw\n",
		  "failed tid=7 arena=1 reserved=512 asked=100 reason=throw\n");
	hits_give("7 begin arena=80 asked=1 page=1 banks=4\n7 alloc address=64 pool=3\n",
		  "ask 80 of 1 pool TRACE banks 4\nalloc tid=7 arena=3 address=64 reserved=4 asked=1 page=1\n");
	hits_give("7 begin arena=80 asked=1 page=1 banks=4\n7 alloc address=64 pool=2\n", "");
	hits_give("7 begin arena=80 asked=1 page=1 banks=4\n7 alloc address=64\n",
		  "ask 80 of 1 pool ? banks 4\nunsettled tid=7 address=64 reason=arena\n");
}

static void the_hosts_own_memory_gives_no_record(void **state)
{
	(void)state;
	hits_give("7 " BEGIN_HOST "7 alloc address=64\n7 " BEGIN_HOST "7 throw\n7 alloc address=64\n"
		  "7 " BEGIN_HOST "7 " BEGIN_HOST "7 exit\n",
		  "");
	hits_give("7 alloc address=64 pool=2\n", "");
	hits_give("7 " BEGIN_HOST "7 throw\n7 " BEGIN "7 throw\n", "failed tid=7" FAILED "throw\n");
}

static void a_tid_that_is_used_again_is_another_thread(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "7.1 alloc address=64\n7.1 exit\n7 exit\n",
		  "unsettled tid=7 address=64 reason=attach\nfailed tid=7" FAILED "thread-exit\n");
	hits_give("7 " BEGIN "7 exit\n7.1 alloc address=64\n7.1 " BEGIN "7.1 alloc address=64\n",
		  "failed tid=7" FAILED "thread-exit\nunsettled tid=7 address=64 reason=attach\nalloc tid=7" ALLOC_64);
}

static void an_error_of_the_sink_is_returned(void **state)
{
	static const char *const last[] = {
		"alloc address=64", "alloc", "alloc address=0",		"throw",	  "exit",
		"capture trace=1",  BEGIN,   "free arena=16 address=3", "clear arena=16", "new arena=16"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(last); i++) {
		_cleanup_(str_release) struct str line = {};
		struct toy *t = toy_new();

		toy_run(t, "7 " BEGIN);
		t->put_err = -EPIPE;
		str_addf(&line, "7 %s\n", last[i]);
		assert_int_equal(toy_run(t, str_text(&line)), -EPIPE);
		toy_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_begin_and_its_alloc_are_one_allocation),
		cmocka_unit_test(what_the_alloc_says_was_asked_is_more_than_what_the_begin_says),
		cmocka_unit_test(calls_of_interleaved_threads_are_paired_by_thread),
		cmocka_unit_test(a_begin_without_alloc_has_failed_at_the_next_begin_or_mark),
		cmocka_unit_test(a_begin_without_alloc_has_failed_at_a_throw_or_its_threads_exit),
		cmocka_unit_test(what_may_happen_inside_a_call_does_not_end_it),
		cmocka_unit_test(an_alloc_that_still_comes_wins_over_a_failure),
		cmocka_unit_test(a_loss_breaks_the_open_call_and_nothing_has_failed),
		cmocka_unit_test(a_loss_on_one_thread_is_none_on_another),
		cmocka_unit_test(a_loss_before_a_threads_first_hit_is_a_loss),
		cmocka_unit_test(an_alloc_before_a_threads_first_begin_was_in_flight_at_attach),
		cmocka_unit_test(an_alloc_at_address_0_reserved_nothing),
		cmocka_unit_test(a_value_that_could_not_be_read_is_absent_and_never_0),
		cmocka_unit_test(a_pool_that_could_not_be_read_does_not_hide_an_allocation),
		cmocka_unit_test(the_hosts_own_memory_gives_no_record),
		cmocka_unit_test(a_tid_that_is_used_again_is_another_thread),
		cmocka_unit_test(an_error_of_the_sink_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
