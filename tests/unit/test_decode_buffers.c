/* What an allocation's record says of its buffer: number, layout, label; and arenas of which nothing is to be told. */
#include "toy_decoder.h"

#include "runtime/thread.h"

#define BEGIN "7 begin arena=16 pool=0 asked=100 page=32 banks=2 align=32\n"

static void number_and_layout_are_told_where_they_are_known(void **state)
{
	(void)state;
	hits_give(BEGIN "7 alloc address=4096 id=5 layout=2", "alloc tid=7 arena=1 address=4096 reserved=256 asked=100 page=32 id=5 "
		  "layout=SPREAD\n");
	hits_give(BEGIN "7 alloc address=4096 layout=1", "alloc tid=7 arena=1 address=4096 reserved=256 asked=100 page=32\n");
	hits_give(BEGIN "7 alloc address=4096 id=0", "alloc tid=7 arena=1 address=4096 reserved=256 asked=100 page=32 id=0\n");
}

static void a_pool_that_changes_its_size_is_left_to_the_books(void **state)
{
	(void)state;
	hits_give("7 resize arena=16", "unsettled tid=7 reason=resize\n");
	hits_give("7 resize arena=48", "");
	hits_give("7 resize", "unsettled tid=7 reason=unread\n");
}

/* One allocation there takes a call for each core. */
static void of_a_hidden_arena_only_exceptions_are_told(void **state)
{
	struct toy *t = toy_new();

	(void)state;
	t->hidden = 64;
	t->books = true;
	toy_gives(t, "7 begin arena=64 pool=1 asked=10 page=32 banks=2\n7 begin arena=64 pool=1 asked=10 page=32 banks=2\n"
		     "7 begin arena=64 pool=1 asked=10 page=32 banks=2\n7 alloc address=96 asked=30\n7 free arena=64 address=96\n"
		     "7 clear arena=64", "ask 64 of 1 pool ?\n");
	toy_gives(t, "7 begin arena=64 pool=1 asked=10 page=32 banks=2\n7 begin arena=64 pool=1 asked=10 page=32 banks=2\n7 throw",
		  "failed tid=7 pool=L1 reserved=64 asked=10 reason=throw\n");
	/* Another object at its address. */
	t->hidden = 0;
	toy_gives(t, "7 new arena=64\n7 begin arena=64 pool=1 asked=10 page=32 banks=2\n7 alloc address=96",
		  "ask 64 of 1 pool L1 banks 2 constructed\nalloc tid=7 arena=3 address=96 reserved=64 asked=10 page=32\n");
	toy_free(t);
}

static struct thread *thread_in(const struct context *contexts, size_t nr)
{
	struct thread *t = thread_new();
	struct record mark = {};

	for (size_t i = 0; i < nr; i++)
		thread_enter(t, &contexts[i], &mark);
	return t;
}

static void check_label(struct thread *t, const char *tag, const char *label)
{
	struct record r = {.kind = RECORD_ALLOC};

	thread_label(t, &r);
	assert_int_equal(RECORD_HAS(&r, TAG), tag != NULL);
	assert_int_equal(RECORD_HAS(&r, LABEL), label != NULL);
	if (tag)
		assert_string_equal(r.tag, tag);
	if (label)
		assert_string_equal(r.label, label);
}

static void a_label_is_for_one_allocation_and_the_innermost(void **state)
{
	const struct context contexts[] = {
		{.stack = 900, .sequence = 1}, {.stack = 800, .label = "outer", .sequence = 2}, {.stack = 700, .label = "inner", .sequence = 3}};
	struct thread *t = thread_in(contexts, ARRAY_SIZE(contexts));

	(void)state;
	check_label(t, NULL, "inner");
	check_label(t, NULL, NULL);
	assert_int_equal(t->nr_contexts, 1); /* what has no label lasts: a capture's end */
	free(t);
}

static void a_tag_and_its_label_go_together(void **state)
{
	const struct context contexts[] = {{.stack = 900}, {.stack = 800, .tag = "trace", .label = "trace buffer"}};
	struct thread *t = thread_in(contexts, ARRAY_SIZE(contexts));

	(void)state;
	check_label(t, "trace", "trace buffer");
	check_label(t, NULL, NULL);
	assert_int_equal(t->nr_contexts, 0);
	free(t);
}

static void contexts_that_have_returned_label_nothing(void **state)
{
	const struct context contexts[] = {
		{.stack = 900, .label = "outer", .sequence = 11}, {.stack = 800, .label = "inner", .sequence = 13}};
	struct thread *t = thread_in(contexts, ARRAY_SIZE(contexts));

	(void)state;
	thread_returned(t, 14);
	assert_int_equal(t->nr_contexts, 2);
	thread_returned(t, 12);
	check_label(t, NULL, "outer");
	free(t);
	t = thread_in(contexts, ARRAY_SIZE(contexts));
	thread_returned(t, 11);
	check_label(t, NULL, NULL);
	free(t);
}

/* The kernel half looks at the return address on the stack: later hits come from as deep, but not from inside. */
static void a_hit_tells_which_contexts_have_returned(void **state)
{
	struct toy *t = toy_new();
	struct wire_hit hit;
	char values[] = "arena=16 pool=0 asked=100 page=32 banks=2";

	(void)state;
	toy_gives(t, "7@800 context", "");
	hit = toy_hit(t, 7000, 7);
	hit.stack = 700;
	hit.returned = 1;
	assert_int_equal(toy_send(t, 1, &hit, "begin", values), 0);
	toy_gives(t, "7@600 alloc address=4096", "alloc tid=7 arena=1 address=4096 reserved=256 asked=100 page=32\n");
	toy_gives(t, "7@800 context\n7@700 begin arena=16 pool=0 asked=100 page=32 banks=2\n7@600 alloc address=8192",
		  "alloc tid=7 arena=1 address=8192 reserved=256 asked=100 page=32 tag=trace\n");
	toy_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_and_layout_are_told_where_they_are_known),
		cmocka_unit_test(a_pool_that_changes_its_size_is_left_to_the_books),
		cmocka_unit_test(of_a_hidden_arena_only_exceptions_are_told),
		cmocka_unit_test(a_label_is_for_one_allocation_and_the_innermost),
		cmocka_unit_test(a_tag_and_its_label_go_together),
		cmocka_unit_test(contexts_that_have_returned_label_nothing),
		cmocka_unit_test(a_hit_tells_which_contexts_have_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
