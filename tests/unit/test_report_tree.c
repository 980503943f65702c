/* user/view/branches.c and report_tree.c: stacks merged into a tree, and the tree as text and JSON. */
#include "view_stream.h"

#include "view/branches.h"
#include "view/report_tree.h"

#include <jansson.h>

enum { DEEP = 3 * BRANCHES_DEPTH };

static const struct selection all;

struct tree {
	struct view view;
	struct profile profile;
	struct call_groups calls;
};

static void add_to_profile(struct view *v, const struct record *r, const struct effect *e)
{
	profile_apply(v->state, r, e);
}

static void tree_init(struct tree *t, const char *stream)
{
	*t = (struct tree){.view = {.add = add_to_profile, .state = &t->profile}, .calls = {.by = CALL_BY_FRAMES}};
	profile_init(&t->profile, PROFILE_BY_CALL, &all);
	t->profile.calls = &t->calls;
	view_run(&t->view, stream);
	profile_finish(&t->profile);
}

static void tree_release(struct tree *t)
{
	profile_release(&t->profile);
	call_groups_release(&t->calls);
	view_release(&t->view);
}

#define FRAME(nr, symbol) "frame" S(101) "frame=" #nr " path=/a.py line=" #nr " symbol=\"" symbol "\"\n"
#define STACK(nr, frame, parent) "stack" S(101) "stack=" #nr " frame=" #frame " parent=" #parent "\n"
#define BLOCK(address, bytes, stack) \
	"alloc" S(102) "process=1 arena=1 address=" #address " reserved=" #bytes " stack=" #stack "\n"
/* main calls load, which calls read, and step, which calls add and mul. Names: one that is the beginning of another; a long one. */
#define STREAM                                                                                                   \
	PYTHON EMPTY POOLS(101) FRAME(1, "main") FRAME(2, "step") FRAME(3, "ad") FRAME(4, "add") FRAME(5, "load") \
	FRAME(6, "lüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüng") "stack" S(101) "stack=1 frame=1\n"      \
	STACK(2, 2, 1) STACK(3, 3, 2) STACK(4, 4, 2) STACK(5, 5, 1) STACK(6, 6, 5)                                \
	BLOCK(4096, 512, 3) BLOCK(8192, 1024, 4) BLOCK(12288, 1024, 4) BLOCK(16384, 64, 6)                       \
	"alloc" S(102) "process=1 arena=1 address=20480 reserved=6\n" FREE(103, 1, 4096) TICK(104)

static void is(const char *stream, const struct report_tree *options, const char *expected)
{
	struct report_tree r = *options;
	struct tree t;
	struct str out = {};

	tree_init(&t, stream);
	r.l = t.view.ledger;
	r.profile = &t.profile;
	report_tree_add(&out, &r);
	assert_string_equal(str_text(&out), expected);
	str_release(&out);
	tree_release(&t);
}

static void what_stacks_have_in_common_is_one_branch(void **state)
{
	(void)state;
	is(STREAM, &(struct report_tree){.most = 10, .bytes = true},
	   " AT PEAK   SHARE  BUFFERS  CALLS\n"
	   "    2630  100.0%        5  python, device 0, DRAM\n"
	   "    2624   99.8%        4    a.py:1 main\n"
	   "    2560   97.3%        3      a.py:2 step\n"
	   "    2048   77.9%        2        a.py:4 add\n"
	   "     512   19.5%        1        a.py:3 ad\n"
	   "      64    2.4%        1      a.py:5 load > a.py:6 lüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüng\n"
	   "       6    0.2%        1    (no stack)\n");
}

static void figures_of_the_end_rows_and_columns_can_be_limited(void **state)
{
	(void)state;
	is(STREAM, &(struct report_tree){.most = 1, .now = true, .columns = 64},
	   "     NOW   SHARE  BUFFERS  CALLS\n"
	   "2.07 KiB  100.0%        4  python, device 0, DRAM\n"
	   "2.06 KiB   99.7%        3    a.py:1 main\n"
	   "2.00 KiB   96.7%        2      a.py:2 step\n"
	   "2.00 KiB   96.7%        2        a.py:4 add\n"
	   "                                 ... and 1 more, see --top\n"
	   "                               ... and 1 more, see --top\n"
	   "                             ... and 1 more, see --top\n");
}

static void long_rows_are_continued_and_long_names_lose_their_middle(void **state)
{
	static const char stream[] = PYTHON EMPTY POOLS(101) FRAME(1, "main") FRAME(2, "step")
		FRAME(3, "lüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüng") "stack" S(101) "stack=1 frame=1\n"
		STACK(2, 2, 1) STACK(3, 3, 2) STACK(4, 2, 3) BLOCK(4096, 512, 4);

	(void)state;
	is(stream, &(struct report_tree){.most = 10, .columns = 60},
	   " AT PEAK   SHARE  BUFFERS  CALLS\n"
	   "   512 B  100.0%        1  python, device 0, DRAM\n"
	   "   512 B  100.0%        1    a.py:1 main > a.py:2 step >\n"
	   "                             a.py:3 lüüüüü...üüüüüüüüüüng >\n"
	   "                             a.py:2 step\n");
}

static void a_stack_of_any_depth_is_a_tree(void **state)
{
	struct str stream = {}, json = {};
	struct tree t;
	json_t *o, *calls;
	int depth = 0;

	(void)state;
	str_add(&stream, PYTHON EMPTY POOLS(101) FRAME(1, "main") "stack" S(101) "stack=1 frame=1\n");
	for (int i = 2; i <= DEEP; i++)
		str_addf(&stream, "stack" S(101) "stack=%d frame=1 parent=%d\n", i, i - 1);
	str_addf(&stream, "alloc" S(102) "process=1 arena=1 address=4096 reserved=64 stack=%d\n", DEEP);
	tree_init(&t, str_text(&stream));
	report_tree_add_json(&json, &(struct report_tree){.l = t.view.ledger, .profile = &t.profile});
	o = json_loads(str_text(&json), 0, NULL);
	calls = json_object_get(json_array_get(json_object_get(o, "pools"), 0), "calls");
	for (; calls; calls = json_object_get(json_array_get(calls, 0), "calls"))
		depth++;
	assert_int_equal(depth, BRANCHES_DEPTH);
	json_decref(o);
	str_release(&json);
	str_release(&stream);
	tree_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stacks_have_in_common_is_one_branch),
		cmocka_unit_test(figures_of_the_end_rows_and_columns_can_be_limited),
		cmocka_unit_test(long_rows_are_continued_and_long_names_lose_their_middle),
		cmocka_unit_test(a_stack_of_any_depth_is_a_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
