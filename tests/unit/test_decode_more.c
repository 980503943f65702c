/* user/runtime/decode.c and thread.c: contexts, arenas and their generations, processes. Calls: test_decode.c. */
#include "toy_decoder.h"

#define BEGIN "begin arena=16 pool=1 asked=8 page=1 banks=1\n"
#define ALLOC " arena=1 address=64 reserved=8 asked=8 page=1"

static void an_allocation_in_a_context_carries_its_tag_and_trace(void **state)
{
	(void)state;
	hits_give("7@900 captured trace=5\n7@800 context\n7@700 " BEGIN "7@600 alloc address=64\n",
		  "captured tid=7 trace=5\nalloc tid=7" ALLOC " trace=5 tag=trace\n");
	hits_give("7@900 captured\n7@800 context\n7@700 " BEGIN "7@600 alloc address=64\n",
		  "captured tid=7\nalloc tid=7" ALLOC " tag=trace\n");
	hits_give("7@900 captured trace=0\n7@800 context\n7@790 context\n7@700 " BEGIN "7@600 alloc address=64\n",
		  "captured tid=7 trace=0\nalloc tid=7" ALLOC " trace=0 tag=trace\n");
	hits_give("7@900 captured trace=5\n7@800 context\n8@700 " BEGIN "8@600 alloc address=64\n",
		  "captured tid=7 trace=5\nalloc tid=8" ALLOC "\n");
}

static void an_allocation_behind_a_capture_carries_nothing(void **state)
{
	(void)state;
	hits_give("7@900 capture trace=5\n7@700 " BEGIN "7@600 alloc address=64\n",
		  "capture tid=7 trace=5\nalloc tid=7" ALLOC "\n");
	hits_give("7@900 captured trace=5\n7@700 " BEGIN "7@600 alloc address=64\n",
		  "captured tid=7 trace=5\nalloc tid=7" ALLOC "\n");
	/* From a deeper call than the context's own: it looks as if the context lasted. */
	hits_give("7@900 captured trace=5\n7@800 context\n7@700 " BEGIN "7@600 alloc address=64\n"
		  "7@500 " BEGIN "7@400 alloc address=64\n",
		  "captured tid=7 trace=5\nalloc tid=7" ALLOC " trace=5 tag=trace\nalloc tid=7" ALLOC "\n");
	hits_give("7@800 context\n7@700 alloc address=0\n7@500 " BEGIN "7@400 alloc address=64\n",
		  "phantom tid=7\nalloc tid=7" ALLOC "\n");
	hits_give("7@800 context\n7@500 replay trace=5\n7@500 " BEGIN "7@400 alloc address=64\n",
		  "replay tid=7 trace=5\nalloc tid=7" ALLOC "\n");
	hits_give("7@900 captured trace=5\n7@500 captured trace=6\n7@400 context\n7@300 " BEGIN
		  "7@300 alloc address=64\n",
		  "captured tid=7 trace=5\ncaptured tid=7 trace=6\nalloc tid=7" ALLOC " trace=6 tag=trace\n");
}

static void the_hosts_own_memory_does_not_use_a_context_up(void **state)
{
	(void)state;
	hits_give("7@800 context\n7@700 begin arena=48 pool=2\n7@600 alloc address=32\n7@700 " BEGIN
		  "7@600 alloc address=64\n",
		  "alloc tid=7" ALLOC " tag=trace\n");
}

static void a_context_lasts_while_the_stack_pointer_is_below_its_own(void **state)
{
	static const struct {
		const char *hit;
		const char *labels;
	} rows[] = {
		{"7@799 clear arena=32\n", " trace=5 tag=trace\n"}, {"7@100 clear arena=32\n", " trace=5 tag=trace\n"},
		{"7@800 clear arena=32\n", "\n"},		    {"7@801 clear arena=32\n", "\n"},
		{"7@999 clear arena=32\n", "\n"},		    {"8@999 clear arena=32\n", " trace=5 tag=trace\n"},
		{"7@800 context\n", " trace=5 tag=trace\n"},	    {"7@899 context\n", " trace=5 tag=trace\n"},
		{"7@900 context\n", " tag=trace\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(str_release) struct str expected = {};
		struct toy *t = toy_new();

		toy_run(t, "7@900 captured trace=5\n7@800 context\n");
		toy_run(t, rows[i].hit);
		str_addf(&expected, "alloc tid=7" ALLOC "%s", rows[i].labels);
		toy_gives(t, "7@700 " BEGIN "7@700 alloc address=64\n", str_text(&expected));
		toy_free(t);
	}
}

static void a_context_that_was_left_by_a_throw_or_longjmp_labels_nothing(void **state)
{
	(void)state;
	hits_give("7@900 captured trace=5\n7@800 context\n7@700 " BEGIN "7@600 throw\n7@500 " BEGIN
		  "7@490 alloc address=64\n",
		  "captured tid=7 trace=5\nfailed tid=7 arena=1 pool=L1 reserved=8 asked=8 reason=throw\n"
		  "alloc tid=7" ALLOC "\n");
	/* longjmp: seen at the next hit that is not deeper. */
	hits_give("7@800 context\n7@700 " BEGIN "7@850 " BEGIN "7@690 alloc address=64\n",
		  "failed tid=7 arena=1 pool=L1 reserved=8 asked=8 reason=next-call\nalloc tid=7" ALLOC "\n");
	/* Several tries in one context: the one that succeeds is its allocation. */
	hits_give("7@800 context\n7@700 " BEGIN "7@700 " BEGIN "7@690 alloc address=64\n",
		  "failed tid=7 arena=1 pool=L1 reserved=8 asked=8 reason=next-call\nalloc tid=7" ALLOC " tag=trace\n");
}

static void of_contexts_too_deep_to_remember_the_innermost_count(void **state)
{
	struct toy *t = toy_new();

	(void)state;
	toy_run(t, "7@999 captured trace=5\n");
	for (int depth = 0; depth < 7; depth++) {
		char line[64];

		snprintf(line, sizeof(line), "7@%d context\n", 900 - depth);
		toy_run(t, line);
	}
	toy_gives(t, "7@800 " BEGIN "7@798 alloc address=64\n", "alloc tid=7" ALLOC " trace=5 tag=trace\n");
	toy_run(t, "7@999 captured trace=5\n");
	for (int depth = 0; depth < 23; depth++) {
		char line[64];

		snprintf(line, sizeof(line), "7@%d context\n", 900 - depth);
		toy_run(t, line);
	}
	toy_gives(t, "7@800 " BEGIN "7@798 alloc address=64\n", "alloc tid=7" ALLOC " tag=trace\n");
	toy_free(t);
}

static void after_a_loss_no_context_is_known(void **state)
{
	(void)state;
	hits_give("7@900 captured trace=5\n7@800 context\n7 lose 1\n7@700 " BEGIN "7@600 alloc address=64\n",
		  "captured tid=7 trace=5\nalloc tid=7" ALLOC "\n");
}

static void an_arena_is_asked_for_once_with_what_is_known_of_it(void **state)
{
	(void)state;
	hits_give("7 begin arena=80 pool=3 asked=8 page=1 banks=1 align=32\n7 alloc address=64 owner=99\n"
		  "7 begin arena=80 pool=3 asked=8 page=1 banks=1\n7 alloc address=96\n7 free arena=80 address=64\n"
		  "7 clear arena=80\n",
		  "ask 80 of 1 pool TRACE owner 99 banks 1 align 32\n"
		  "alloc tid=7 arena=3 address=64 reserved=8 asked=8 page=1\n"
		  "alloc tid=7 arena=3 address=96 reserved=8 asked=8 page=1\n"
		  "free tid=7 arena=3 address=64\nclear tid=7 arena=3\n");
}

static void an_arena_that_is_not_known_leaves_the_alloc_unsettled_and_the_rest_silent(void **state)
{
	(void)state;
	hits_give("7 begin arena=80 asked=8 page=1 banks=1\n7 alloc address=64\n7 free arena=80 address=64\n"
		  "7 clear arena=80\n"
		  "7 gone arena=80\n",
		  "ask 80 of 1 pool ? banks 1\nunsettled tid=7 address=64 reason=arena\nask 80 of 1 pool ?\n"
		  "ask 80 of 1 pool ?\n");
}

/* Only an alloc knows whose the arena is: what a begin knows must not define it. */
static void a_failure_on_a_new_arena_is_told_by_its_pool(void **state)
{
	(void)state;
	hits_give("7 begin arena=80 pool=3 asked=8 page=1 banks=1\n7 throw\n7 begin arena=80 pool=3\n"
		  "7 alloc address=64 owner=9\n"
		  "7 begin arena=80 pool=3\n7 throw\n",
		  "ask 80 of 1 pool ?\nfailed tid=7 pool=TRACE reserved=8 asked=8 reason=throw\n"
		  "ask 80 of 1 pool TRACE owner 9\nalloc tid=7 arena=3 address=64\n"
		  "failed tid=7 arena=3 pool=TRACE reason=throw\n");
}

static void a_free_or_clear_of_an_arena_that_the_books_have_is_told(void **state)
{
	struct toy *t = toy_new();

	(void)state;
	t->books = true;
	toy_gives(t, "7 free arena=80 address=64\n7 clear arena=96\n7 gone arena=112\n",
		  "ask 80 of 1 pool ?\nfree tid=7 arena=3 address=64\nask 96 of 1 pool ?\nclear tid=7 arena=4\n");
	toy_free(t);
}

static void gone_and_new_begin_a_generation_that_is_asked_for_again(void **state)
{
	struct toy *t = toy_new();

	(void)state;
	toy_gives(t, "7 gone arena=16\n7 " BEGIN "7 alloc address=64\n",
		  "clear tid=7 arena=1 reason=gone\nask 16 of 1 pool L1 banks 1\n"
		  "alloc tid=7 arena=3 address=64 reserved=8 asked=8 page=1\n");
	assert_false(decoder_constructed(t->decoder, 1, 16));
	toy_gives(t, "7 new arena=16\n7 " BEGIN "7 alloc address=64\n",
		  "clear tid=7 arena=3 reason=gone\nask 16 of 1 pool L1 banks 1 constructed\n"
		  "alloc tid=7 arena=4 address=64 reserved=8 asked=8 page=1\n");
	assert_true(decoder_constructed(t->decoder, 1, 16));
	assert_false(decoder_constructed(t->decoder, 2, 16));
	assert_int_equal(decoder_arena(t->decoder, 1, 16), 4);
	toy_gives(t, "7 new arena=80\n7 gone arena=80\n", "");
	assert_false(decoder_constructed(t->decoder, 1, 80));
	decoder_set_arena(t->decoder, 1, 16, 0);
	assert_int_equal(decoder_arena(t->decoder, 1, 16), 0);
	decoder_set_arena(t->decoder, 1, 16, 0);
	toy_free(t);
}

static void processes_have_arenas_of_their_own_at_one_address(void **state)
{
	(void)state;
	hits_give("7 " BEGIN "2:8 " BEGIN
		  "2:8 alloc address=64\n7 alloc address=64\n2:8 gone arena=16\n7 free arena=16 address=64\n",
		  "ask 16 of 2 pool L1 banks 1\nalloc process=2 tid=8 arena=3 address=64 reserved=8 asked=8 page=1\n"
		  "alloc tid=7" ALLOC "\nclear process=2 tid=8 arena=3 reason=gone\nfree tid=7 arena=1 address=64\n");
}

static void the_end_of_a_process_forgets_it_and_no_other(void **state)
{
	struct toy *t = toy_new();

	(void)state;
	toy_run(t, "7 " BEGIN "7.1 " BEGIN "7.1@800 context\n2:8 new arena=32\n2:8 " BEGIN "7 new arena=48\n");
	str_clear(&t->out);
	decoder_process_end(t->decoder, 1);
	assert_string_equal(str_text(&t->out), "");
	assert_int_equal(decoder_arena(t->decoder, 1, 16), 0);
	assert_false(decoder_constructed(t->decoder, 1, 48));
	assert_true(decoder_constructed(t->decoder, 2, 32));
	assert_false(decoder_allocating(t->decoder, 1, 16, 0));
	assert_true(decoder_allocating(t->decoder, 2, 16, 0));
	/* The threads of before are forgotten, and what they had open. */
	toy_gives(t, "7 exit\n7.1 exit\n2:8 throw\n",
		  "ask 16 of 2 pool ?\nfailed process=2 tid=8 pool=L1 reserved=8 asked=8 reason=throw\n");
	decoder_process_end(t->decoder, 2);
	decoder_process_end(t->decoder, 2);
	assert_false(decoder_constructed(t->decoder, 2, 32));
	toy_free(t);
}

static void a_thread_that_goes_on_in_another_program_is_in_no_call(void **state)
{
	struct toy *t = toy_new();

	(void)state;
	toy_run(t, "7 " BEGIN);
	decoder_process_end(t->decoder, 1);
	toy_gives(t, "2:7 alloc address=64\n", "unsettled process=2 tid=7 address=64 reason=lost\n");
	toy_free(t);
}

static void allocating_lasts_from_the_begin_to_what_ends_the_call(void **state)
{
	static const char *const ends[] = {"7 alloc address=64\n",
					   "7 alloc\n",
					   "7 throw\n",
					   "7 exit\n",
					   "7 exit all\n",
					   "7 capture trace=1\n",
					   "7 alloc address=0\n",
					   "7 begin arena=32 pool=0\n",
					   "7 lose 1\n7 free arena=16\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct toy *t = toy_new();

		assert_false(decoder_allocating(t->decoder, 1, 16, 0));
		toy_run(t, "8 begin arena=64 pool=1\n7 " BEGIN "7 free arena=16 address=96\n");
		assert_true(decoder_allocating(t->decoder, 1, 16, 0));
		assert_false(decoder_allocating(t->decoder, 1, 32, 0));
		assert_false(decoder_allocating(t->decoder, 2, 16, 0));
		toy_run(t, ends[i]);
		assert_false(decoder_allocating(t->decoder, 1, 16, 0));
		assert_true(decoder_allocating(t->decoder, 1, 64, 0));
		toy_free(t);
	}
}

static void a_call_that_was_begun_long_ago_is_not_taken_to_go_on(void **state)
{
	struct toy *t = toy_new();

	(void)state;
	toy_run(t, "7 " BEGIN);
	assert_true(decoder_allocating(t->decoder, 1, 16, t->time_ns));
	assert_false(decoder_allocating(t->decoder, 1, 16, t->time_ns + 1));
	toy_run(t, "8 " BEGIN);
	assert_true(decoder_allocating(t->decoder, 1, 16, t->time_ns));
	toy_free(t);
}

static void freeing_lasts_until_the_threads_next_hit(void **state)
{
	struct toy *t = toy_new();

	(void)state;
	toy_run(t, "7 free arena=16 address=96\n8 free arena=16 address=128\n8 free arena=32 address=160\n");
	assert_true(decoder_freeing(t->decoder, 1, 16, 96, 0));
	assert_false(decoder_freeing(t->decoder, 1, 16, 128, 0));
	assert_true(decoder_freeing(t->decoder, 1, 32, 160, 0));
	assert_false(decoder_freeing(t->decoder, 1, 32, 96, 0));
	assert_false(decoder_freeing(t->decoder, 2, 16, 96, 0));
	assert_true(decoder_freeing(t->decoder, 1, 32, 160, t->time_ns));
	assert_false(decoder_freeing(t->decoder, 1, 32, 160, t->time_ns + 1));
	toy_run(t, "7 " BEGIN);
	assert_false(decoder_freeing(t->decoder, 1, 16, 96, 0));
	toy_run(t, "8 exit\n");
	assert_false(decoder_freeing(t->decoder, 1, 32, 160, 0));
	/* Also when its arena is not known, and not when the address is not. */
	toy_run(t, "7 free arena=80 address=1\n8.1 free arena=16\n");
	assert_true(decoder_freeing(t->decoder, 1, 80, 1, 0));
	assert_false(decoder_freeing(t->decoder, 1, 16, 0, 0));
	toy_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allocation_in_a_context_carries_its_tag_and_trace),
		cmocka_unit_test(an_allocation_behind_a_capture_carries_nothing),
		cmocka_unit_test(the_hosts_own_memory_does_not_use_a_context_up),
		cmocka_unit_test(a_context_lasts_while_the_stack_pointer_is_below_its_own),
		cmocka_unit_test(a_context_that_was_left_by_a_throw_or_longjmp_labels_nothing),
		cmocka_unit_test(of_contexts_too_deep_to_remember_the_innermost_count),
		cmocka_unit_test(after_a_loss_no_context_is_known),
		cmocka_unit_test(an_arena_is_asked_for_once_with_what_is_known_of_it),
		cmocka_unit_test(an_arena_that_is_not_known_leaves_the_alloc_unsettled_and_the_rest_silent),
		cmocka_unit_test(a_failure_on_a_new_arena_is_told_by_its_pool),
		cmocka_unit_test(a_free_or_clear_of_an_arena_that_the_books_have_is_told),
		cmocka_unit_test(gone_and_new_begin_a_generation_that_is_asked_for_again),
		cmocka_unit_test(processes_have_arenas_of_their_own_at_one_address),
		cmocka_unit_test(the_end_of_a_process_forgets_it_and_no_other),
		cmocka_unit_test(a_thread_that_goes_on_in_another_program_is_in_no_call),
		cmocka_unit_test(allocating_lasts_from_the_begin_to_what_ends_the_call),
		cmocka_unit_test(a_call_that_was_begun_long_ago_is_not_taken_to_go_on),
		cmocka_unit_test(freeing_lasts_until_the_threads_next_hit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
