/* user/view/leaks.c: what is left, and of which place, wherever blocks begin and end. */
#include "view_stream.h"

#include "view/leaks.h"

struct hunt {
	struct leaks leaks;
	struct call_groups calls;
	struct suppressions suppressions;
	struct view view;
};

static void apply(struct view *v, const struct record *r, const struct effect *e)
{
	leaks_apply(v->state, r, e);
}

static void hunt_begin(struct hunt *h, const char *known, const char *stream)
{
	*h = (struct hunt){.view = {.add = apply, .state = &h->leaks}, .calls = {.by = CALL_BY_LINE}};
	assert_int_equal(suppressions_parse(&h->suppressions, "known", known, strlen(known), NULL), 0);
	leaks_init(&h->leaks, &h->calls, &h->suppressions, NULL);
	view_run(&h->view, stream);
}

static void hunt_end(struct hunt *h)
{
	leaks_release(&h->leaks);
	suppressions_release(&h->suppressions);
	call_groups_release(&h->calls);
	view_release(&h->view);
}

/* A line for each site that left something. */
static void leaves(const char *known, const char *stream, const char *expected)
{
	_cleanup_(str_release) struct str s = {};
	struct hunt h;

	hunt_begin(&h, known, stream);
	leaks_finish(&h.leaks, h.view.ledger);
	for (size_t i = 0; i < h.leaks.sites.nr; i++) {
		const struct leak_site *site = h.leaks.sites.items[i];

		str_addf(&s, "%s %s%s: %llu in %llu of %llu", site->place->pool,
			 site->label		       ? site->label :
			 site->origin == LEAK_BEFORE ? "before" :
			 site->has_size	       ? "size" :
						       "size ?",
			 site->suppressed ? " suppressed" : "", (unsigned long long)site->left.bytes,
			 (unsigned long long)site->left.blocks, (unsigned long long)site->made.blocks);
		if (site->cleared.blocks)
			str_addf(&s, ", %llu cleared", (unsigned long long)site->cleared.blocks);
		if (site->oldest_ns)
			str_addf(&s, ", %llu to %llu", (unsigned long long)(site->oldest_ns / 1000000000),
				 (unsigned long long)(site->newest_ns / 1000000000));
		str_addf(&s, " at %llu\n", (unsigned long long)(site->end_ns / 1000000000));
	}
	assert_string_equal(str_text(&s), expected);
	hunt_end(&h);
}

#define FRAMES                                                                                                           \
	"frame" S(101) "frame=1 path=/srv/a.py line=1 symbol=f\nframe" S(101) "frame=2 path=/srv/b.py line=2 symbol=g\n" \
	"stack" S(101) "stack=1 frame=1\nstack" S(101) "stack=2 frame=2 parent=1\n"
#define START PYTHON EMPTY POOLS(101) FRAMES
#define STACKED(time, arena, address, reserved, stack)                                                                    \
	"alloc" S(time) "process=1 arena=" #arena " address=" #address " reserved=" #reserved " stack=" #stack "\n"

static void what_is_freed_is_not_left(void **state)
{
	(void)state;
	leaves("", START, "");
	leaves("", START STACKED(102, 1, 4096, 64, 1) FREE(103, 1, 4096), "");
	leaves("", START STACKED(102, 1, 4096, 64, 1) STACKED(103, 1, 8192, 32, 1) STACKED(104, 2, 4096, 8, 2) FREE(105, 1, 4096) TICK(106),
	       "DRAM /srv/a.py:1 f: 32 in 1 of 2, 103 to 103 at 106\nL1 /srv/b.py:2 g: 8 in 1 of 1, 104 to 104 at 106\n");
}

static void what_a_process_leaves_is_as_of_its_end(void **state)
{
	(void)state;
	leaves("", START STACKED(102, 1, 4096, 64, 1) STACKED(103, 1, 8192, 32, 1) "detach" S(107) "process=1 reason=exit\n" TICK(150),
	       "DRAM /srv/a.py:1 f: 96 in 2 of 2, 102 to 103 at 107\n");
}

static void without_a_stack_sizes_are_told_apart(void **state)
{
	(void)state;
	leaves("", START ALLOC(102, 1, 4096, 64, 64) ALLOC(103, 1, 8192, 64, 64) ALLOC(104, 1, 12288, 0, 0),
	       "DRAM size: 128 in 2 of 2, 102 to 103 at 104\nDRAM size: 0 in 1 of 1, 104 to 104 at 104\n");
	/* What had no size has one later; and what was there before. */
	leaves("", START "alloc" S(102) "process=1 arena=1 address=4096\ncorrection" S(103) "process=1 arena=1 reason=size address=4096 reserved=640\n",
	       "DRAM size ?: 640 in 1 of 1, 102 to 102 at 103\n");
	leaves("", LATE, "DRAM before: 8514449408 in 2 of 2 at 100\n");
}

static void what_is_cleared_is_left_until_more_is_allocated(void **state)
{
	(void)state;
	leaves("", START STACKED(102, 1, 4096, 64, 1) "clear" S(103) "process=1 arena=1\n" TICK(110),
	       "DRAM /srv/a.py:1 f: 64 in 1 of 1, 1 cleared, 102 to 102 at 103\n");
	leaves("", START STACKED(102, 1, 4096, 64, 1) "correction" S(103) "process=1 arena=1 reason=gone\n",
	       "DRAM /srv/a.py:1 f: 64 in 1 of 1, 1 cleared, 102 to 102 at 103\n");
	leaves("", START STACKED(102, 1, 4096, 64, 1) "clear" S(103) "process=1 arena=1\n" STACKED(104, 1, 4096, 32, 1) TICK(110),
	       "DRAM /srv/a.py:1 f: 32 in 1 of 2, 104 to 104 at 110\n");
	leaves("", START STACKED(102, 1, 4096, 64, 1) "clear" S(103) "process=1 arena=1\n" STACKED(104, 1, 4096, 32, 1) FREE(105, 1, 4096), "");
}

static void what_is_suppressed_is_a_site_of_its_own(void **state)
{
	(void)state;
	leaves("function:g", START STACKED(102, 1, 4096, 64, 1) STACKED(103, 1, 8192, 32, 2),
	       "DRAM /srv/a.py:1 f: 64 in 1 of 1, 102 to 102 at 103\nDRAM /srv/b.py:2 g suppressed: 32 in 1 of 1, 103 to 103 at 103\n");
}

/* What has not come to its end is given back as well. */
static void it_can_end_anywhere(void **state)
{
	struct hunt h;

	(void)state;
	hunt_begin(&h, "file:*", TRACED STACKED(105, 2, 8192, 64, 0));
	assert_int_equal(h.leaks.sites.nr, 4);
	hunt_end(&h);
}

/* Of each ten blocks one stays, and the line says so; others are steady; the first in the list is what grows most. */
static void the_line_that_leaks_is_first(void **state)
{
	_cleanup_(str_release) struct str stream = {};
	struct hunt h;

	(void)state;
	str_add(&stream, START STACKED(102, 1, 1, 1000000, 1));
	for (unsigned int i = 1; i <= 640; i++) {
		str_addf(&stream, "alloc time_ns=%u000000000 process=1 arena=1 address=%u reserved=64 stack=2\n", 102 + i, 4096 * i);
		if (i % 10)
			str_addf(&stream, "free time_ns=%u000000000 process=1 arena=1 address=%u\n", 102 + i, 4096 * i);
	}
	hunt_begin(&h, "", str_text(&stream));
	leaks_finish(&h.leaks, h.view.ledger);
	assert_int_equal(h.leaks.sites.nr, 2);
	assert_true(leak_site_leaks(h.leaks.sites.items[0]));
	assert_string_equal(h.leaks.sites.items[0]->label, "/srv/b.py:2 g");
	assert_int_equal(h.leaks.sites.items[0]->left.bytes, 64 * 64);
	assert_int_equal(h.leaks.sites.items[1]->evidence.verdict, TREND_STEADY);
	assert_int_equal(h.leaks.processes.nr, 1);
	assert_int_equal(h.leaks.processes.items[0].left.bytes, 64 * 64 + 1000000);
	assert_int_equal(h.leaks.processes.items[0].leaked.bytes, 64 * 64);
	assert_int_equal(h.leaks.processes.items[0].leaked.blocks, 64);
	hunt_end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_freed_is_not_left),
		cmocka_unit_test(what_a_process_leaves_is_as_of_its_end),
		cmocka_unit_test(without_a_stack_sizes_are_told_apart),
		cmocka_unit_test(what_is_cleared_is_left_until_more_is_allocated),
		cmocka_unit_test(what_is_suppressed_is_a_site_of_its_own),
		cmocka_unit_test(it_can_end_anywhere),
		cmocka_unit_test(the_line_that_leaks_is_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
