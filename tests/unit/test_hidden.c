/* Labels, numbers and layouts of blocks, from the stream to what is shown; and pools that change their size. */
#include "view_stream.h"

#include <stdio.h>

#include "ledger/words.h"
#include "view/explain.h"
#include "view/json.h"
#include "view/log.h"

#define LABELLED                                                                                                 \
	"alloc" S(102) "process=1 tid=4243 arena=1 address=8192 reserved=24576 asked=9 label=\"kernel binaries\" "       \
	"id=17 layout=INTERLEAVED\n"                                                                              \
	"alloc" S(102) "process=1 tid=4243 arena=1 address=16384 reserved=4096 asked=9 label=\"kernel binaries\"\n"      \
	"alloc" S(102) "process=1 tid=4243 arena=1 address=32768 reserved=2048 asked=9 label=\"a \\x1b[31m table\"\n"   \
	"alloc" S(103) "process=1 tid=4243 arena=3 address=8192 reserved=2048 label=\"kernel binaries\"\n"

static void add_page(struct view *v, const struct record *r, const struct effect *e)
{
	(void)e;
	if (r->kind == RECORD_TICK)
		explain_add(&v->out, v->ledger, v->options);
}

static void add_page_json(struct view *v, const struct record *r, const struct effect *e)
{
	(void)e;
	if (r->kind == RECORD_TICK)
		explain_add_json(&v->out, v->ledger, v->options);
}

static void add_events(struct view *v, const struct record *r, const struct effect *e)
{
	struct selection none = {};

	if (r->kind != RECORD_TICK)
		json_add_event(&v->out, r, e, &none);
}

static void has(void (*add)(struct view *v, const struct record *r, const struct effect *e), const char *stream, const char *text,
		bool expected)
{
	const struct explain_options o = {};
	struct view v = {.add = add, .options = &o};

	view_run(&v, stream);
	/* Where lines end is another test's matter. */
	for (char *p = v.out.p; p && *p; p++)
		if (*p == '\n' && p[1] && p[1] != '{')
			*p = ' ';
	if (!strstr(str_text(&v.out), text) == expected)
		fail_msg("'%s' is %sin:\n%s", text, expected ? "not " : "", str_text(&v.out));
	view_release(&v);
}

static void explain_says_what_belongs_to_no_tensor(void **state)
{
	(void)state;
	has(add_page, PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 1000, 900) LABELLED TICK(110),
	    "Now allocated, and in no tensor of the program: kernel binaries 28.0 KiB of DRAM in 2 buffers,", true);
	has(add_page, PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 1000, 900) LABELLED TICK(110), "kernel binaries 2.00 KiB of L1_SMALL.",
	    true);
	has(add_page, PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 1000, 900) LABELLED TICK(110), "\x1b[31m table", false);
	has(add_page, PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 1000, 900) TICK(110), "in no tensor", false);
	has(add_page, PYTHON EMPTY POOLS(101) LABELLED FREE(104, 1, 8192) FREE(104, 1, 16384) TICK(110), "kernel binaries 28.0", false);
	has(add_page_json, PYTHON EMPTY POOLS(101) LABELLED TICK(110),
	    "\"hidden\":[{\"device\":\"0\",\"pool\":\"DRAM\",\"label\":\"kernel binaries\",\"buffers\":2,\"reserved\":28672},", true);
}

static void events_have_number_layout_and_label_of_what_is_freed_as_well(void **state)
{
	(void)state;
	has(add_events, PYTHON EMPTY POOLS(101) LABELLED TICK(110),
	    "\"address\":8192,\"id\":17,\"layout\":\"INTERLEAVED\",\"label\":\"kernel binaries\"}\n", true);
	has(add_events, PYTHON EMPTY POOLS(101) LABELLED FREE(104, 1, 8192) TICK(110),
	    "{\"event\":\"free\",\"time_ns\":104000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"DRAM\",\"reserved\":24576,"
	    "\"asked\":9,\"address\":8192,\"id\":17,\"layout\":\"INTERLEAVED\",\"label\":\"kernel binaries\"}\n", true);
}

static void holders_of_a_pool_are_told_apart_by_label(void **state)
{
	(void)state;
	has(add_page, PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 24576, 900) LABELLED
		      "failed" S(105) "process=1 tid=4243 arena=1 reason=throw asked=100000000000 needed=9000000000\n" TICK(110),
	    "1 x 24.0 KiB, 1 x 24.0 KiB (kernel binaries),", true);
}

static void a_pool_that_is_resized_has_another_capacity_and_keeps_its_blocks(void **state)
{
	struct view v = {.add = add_events};
	struct figures f;

	(void)state;
	view_run(&v, PYTHON EMPTY POOLS(101) ALLOC(101, 2, 8192, 640, 600)
			     "resize" S(102) "process=1 arena=2 bank_bytes=1000000 base=404096\n");
	assert_true(device_figures(v.ledger->processes.items[0]->devices.items[0], "L1", &f));
	assert_true(f.has_capacity && f.peak_known);
	assert_int_equal(f.capacity, 64 * 1000000);
	assert_int_equal(f.reserved, 640);
	assert_int_equal(f.peak, 640);
	view_release(&v);
}

static void words_are_kept_once(void **state)
{
	struct words words = {};
	char text[16];
	const char *first = words_keep(&words, "one");

	(void)state;
	assert_null(words_keep(&words, NULL));
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "w%d", i);
		assert_string_equal(words_keep(&words, text), text);
	}
	snprintf(text, sizeof(text), "one");
	assert_ptr_equal(words_keep(&words, text), first);
	assert_int_equal(words.map.nr, 1001);
	words_release(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explain_says_what_belongs_to_no_tensor),
		cmocka_unit_test(events_have_number_layout_and_label_of_what_is_freed_as_well),
		cmocka_unit_test(holders_of_a_pool_are_told_apart_by_label),
		cmocka_unit_test(a_pool_that_is_resized_has_another_capacity_and_keeps_its_blocks),
		cmocka_unit_test(words_are_kept_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
