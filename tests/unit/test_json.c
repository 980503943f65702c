/* view/json.h: docs/json.md as text out. */
#include "view_stream.h"

#include <jansson.h>

#include "view/json.h"

struct json_options {
	const struct selection *selection;
	bool events, by_mesh;
};

static void add_json(struct view *v, const struct record *r, const struct effect *e)
{
	const struct json_options *o = v->options;

	if (o->events)
		json_add_event(&v->out, r, e, o->selection);
	else if (r->kind == RECORD_TICK)
		json_add_state(&v->out, v->ledger, o->selection, o->by_mesh);
}

/* Every line must be JSON for its reader as well. */
static void check_lines(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		json_error_t error;
		json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

		if (!value)
			fail_msg("%s: %.*s", error.text, (int)len, text);
		json_decref(value);
		assert_int_equal(text[len], '\n');
		text += len + 1;
	}
}

static void check_json(const char *stream, const struct json_options *o, const char *expected)
{
	struct view v = {.add = add_json, .options = o};

	view_run(&v, stream);
	check_lines(str_text(&v.out));
	assert_string_equal(str_text(&v.out), expected);
	view_release(&v);
}

static void a_state_has_every_figure_that_is_known(void **state)
{
	(void)state;
	check_json(REPLAYED "check" S(345) "process=1 equal=1\n" "failed" S(345) "process=1 reason=throw\n" TICK(347),
		   &(struct json_options){},
		"{\"schema\":1,\"time\":\"1970-01-01T00:05:47.000Z\",\"processes\":[{\"pid\":4242,\"start_time_ns\":90000000000,"
		"\"name\":\"python\",\"command\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,"
		"\"phase\":\"execution\",\"phase_start_ns\":105000000000,\"trace\":0,\"replays\":1204,\"coverage\":\"exact\","
		"\"failed_allocations\":1,\"devices\":[{\"device\":\"0\",\"buffers\":3,\"pools\":{\"DRAM\":{\"reserved\":2125824,"
		"\"asked\":2106152,\"buffers\":2,\"peak\":2125824,\"capacity\":12884901888,\"largest_free\":1073044896,"
		"\"trace\":12288},\"L1\":{\"reserved\":2097152,\"asked\":2097152,\"buffers\":1,\"peak\":2097152,"
		"\"capacity\":89600000,\"largest_free\":1367232,\"trace\":0},\"L1_SMALL\":{\"reserved\":0,\"asked\":0,"
		"\"buffers\":0,\"peak\":0,\"capacity\":2097152,\"largest_free\":32768,\"trace\":0},\"TRACE\":{\"reserved\":0,"
		"\"asked\":0,\"buffers\":0,\"peak\":0,\"capacity\":12582912,\"largest_free\":1048576,\"trace\":0}}}]}],"
		"\"events\":7,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0,"
		"\"check\":{\"age_ms\":2000,\"equal\":true}}\n");
}

static void after_a_late_attach_what_is_not_known_is_left_out(void **state)
{
	(void)state;
	check_json(LATE TICK(102), &(struct json_options){},
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:42.000Z\",\"processes\":[{\"pid\":4242,\"start_time_ns\":90000000000,"
		"\"name\":\"python\",\"command\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,"
		"\"replays\":0,\"coverage\":\"exact\",\"devices\":[{\"device\":\"0\",\"buffers\":2,"
		"\"pools\":{\"DRAM\":{\"reserved\":8514449408,\"buffers\":2,\"capacity\":12884901888,\"largest_free\":364205398},"
		"\"TRACE\":{\"reserved\":0,\"asked\":0,\"buffers\":0,\"capacity\":0,\"largest_free\":0,\"trace\":0}}}]}],"
		"\"events\":0,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
}

static void the_books_alone_say_nothing_of_replays_and_failures(void **state)
{
	(void)state;
	check_json(PYTHON EMPTY "tick" S(100) "\n", &(struct json_options){},
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:40.000Z\",\"processes\":[{\"pid\":4242,\"start_time_ns\":90000000000,"
		"\"name\":\"python\",\"command\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,"
		"\"phase\":\"init\",\"phase_start_ns\":100000000000,\"coverage\":\"exact\",\"devices\":[]}],\"events\":0,"
		"\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
	check_json(LATE "tick" S(100) "\n" "unsettled" S(101) "process=1 reason=attach\n" "tick" S(101) "\n",
		   &(struct json_options){},
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:40.000Z\",\"processes\":[{\"pid\":4242,\"start_time_ns\":90000000000,"
		"\"name\":\"python\",\"command\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,"
		"\"coverage\":\"exact\",\"devices\":[{\"device\":\"0\",\"buffers\":2,"
		"\"pools\":{\"DRAM\":{\"reserved\":8514449408,\"buffers\":2,\"capacity\":12884901888,\"largest_free\":364205398},"
		"\"TRACE\":{\"reserved\":0,\"asked\":0,\"buffers\":0,\"capacity\":0,\"largest_free\":0,\"trace\":0}}}]}],"
		"\"events\":0,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n"
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:41.000Z\",\"processes\":[{\"pid\":4242,\"start_time_ns\":90000000000,"
		"\"name\":\"python\",\"command\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,"
		"\"replays\":0,\"coverage\":\"partial\",\"devices\":[{\"device\":\"0\",\"buffers\":2,"
		"\"pools\":{\"DRAM\":{\"reserved\":8514449408,\"buffers\":2,\"capacity\":12884901888,\"largest_free\":364205398},"
		"\"TRACE\":{\"reserved\":0,\"asked\":0,\"buffers\":0,\"capacity\":0,\"largest_free\":0,\"trace\":0}}}]}],"
		"\"events\":1,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
}

static void losses_differences_and_ends_are_told(void **state)
{
	(void)state;
	check_json(PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 7, 7) ALLOC(101, 1, 4096, 9, 8) FREE(102, 2, 5)
		   "lost" S(102) "count=13\n" "unread" S(102) "count=2\n"
		   "correction" S(103) "process=1 arena=2 address=65536 reserved=100 reason=missing\n"
		   "check" S(103) "process=1 equal=0\n" "detach" S(104) "process=1 reason=exit\n" TICK(105),
		   &(struct json_options){},
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:45.000Z\",\"processes\":[{\"pid\":4242,\"start_time_ns\":90000000000,"
		"\"name\":\"python\",\"command\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,"
		"\"ended\":\"exit\",\"ended_ns\":104000000000,\"phase\":\"none\",\"replays\":0,\"coverage\":\"exact\","
		"\"failed_allocations\":0,\"devices\":[]}],\"events\":3,\"lost\":13,\"corrections\":1,\"unread\":2,"
		"\"unknown_frees\":1,\"replaced\":1,\"check\":{\"age_ms\":2000,\"equal\":false}}\n");
}

static void pools_and_devices_are_selected(void **state)
{
	static const char *const known[] = {"DRAM", "L1", "TRACE", "HBM"};
	_cleanup_(selection_release) struct selection trace = {}, l1 = {}, device = {};

	(void)state;
	selection_add_pools(&trace, "TRACE", known, 4, NULL);
	check_json(TRACED ALLOC(105, 4, 4096, 4096, 4000) TICK(105), &(struct json_options){.selection = &trace},
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:45.000Z\",\"processes\":[{\"pid\":4242,\"start_time_ns\":90000000000,"
		"\"name\":\"python\",\"command\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,"
		"\"phase\":\"none\",\"replays\":0,\"coverage\":\"exact\",\"failed_allocations\":0,\"devices\":[{\"device\":\"0\","
		"\"buffers\":2,\"pools\":{\"DRAM\":{\"trace\":12288},\"TRACE\":{\"reserved\":4096,\"asked\":4000,\"buffers\":1,"
		"\"peak\":4096,\"capacity\":12582912,\"largest_free\":1048235,\"trace\":4096}}}]}],\"events\":6,\"lost\":0,"
		"\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
	check_json(LATE TICK(105), &(struct json_options){.selection = &trace},
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:45.000Z\",\"processes\":[{\"pid\":4242,\"start_time_ns\":90000000000,"
		"\"name\":\"python\",\"command\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,"
		"\"replays\":0,\"coverage\":\"exact\",\"devices\":[{\"device\":\"0\",\"buffers\":0,\"pools\":{\"DRAM\":{},"
		"\"TRACE\":{\"reserved\":0,\"asked\":0,\"buffers\":0,\"capacity\":0,\"largest_free\":0,\"trace\":0}}}]}],"
		"\"events\":0,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
	selection_add_pools(&l1, "l1", known, 4, NULL);
	check_json(TRACED TICK(105), &(struct json_options){.selection = &l1},
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:45.000Z\",\"processes\":[{\"pid\":4242,\"start_time_ns\":90000000000,"
		"\"name\":\"python\",\"command\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,"
		"\"phase\":\"none\",\"replays\":0,\"coverage\":\"exact\",\"failed_allocations\":0,\"devices\":[{\"device\":\"0\","
		"\"buffers\":1,\"pools\":{\"L1\":{\"reserved\":2097152,\"asked\":2097152,\"buffers\":1,\"peak\":2097152,"
		"\"capacity\":89600000,\"largest_free\":1367232,\"trace\":0}}}]}],\"events\":5,\"lost\":0,\"corrections\":0,"
		"\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
	selection_add_devices(&device, "1", NULL);
	check_json(TWO TICK(105), &(struct json_options){.selection = &device},
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:45.000Z\",\"processes\":[{\"pid\":4242,\"start_time_ns\":90000000000,"
		"\"name\":\"python\",\"command\":\"python serve.py\",\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,"
		"\"phase\":\"init\",\"phase_start_ns\":100000000000,\"replays\":0,\"coverage\":\"exact\","
		"\"failed_allocations\":0,\"devices\":[]},{\"pid\":7,\"name\":\"a "
		"b\",\"runtime\":\"other\",\"attached_ns\":101000000000,\"phase\":\"init\",\"phase_start_ns\":101000000000,"
		"\"replays\":0,\"coverage\":\"exact\",\"failed_allocations\":0,\"devices\":[{\"device\":\"1\",\"buffers\":1,"
		"\"pools\":{\"HBM\":{\"reserved\":2000,\"buffers\":1,\"peak\":2000,\"capacity\":2000,\"largest_free\":0,"
		"\"trace\":0}}}]}],\"events\":3,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
}

static void events_have_the_fields_that_apply(void **state)
{
	(void)state;
	check_json(REPLAYED "replays" S(345) "process=1 trace=0 count=1209\n" "check" S(346) "process=1 equal=1\n" TICK(347)
		   ALLOC(350, 1, 8192, 4096, 4096) ALLOC(350, 1, 8192, 4096, 4096) FREE(351, 1, 8192) FREE(351, 1, 8192)
		   "alloc" S(351) "process=1 arena=2 address=8192\n"
		   "failed" S(352) "process=1 tid=4243 arena=1 reserved=34361835520 asked=34359738368 reason=throw\n"
		   "retract" S(353) "process=1 tid=4243\n"
		   "clear" S(354) "process=1 arena=1\nclear" S(354) "process=1 arena=1\nclear" S(354) "process=1 arena=2 reason=gone\n"
		   "detach" S(360) "process=1 reason=exit\n",
		   &(struct json_options){.events = true},
		"{\"event\":\"phase\",\"time_ns\":100000000000,\"pid\":4242,\"phase\":\"init\",\"state\":\"begin\","
		"\"reason\":\"no device memory is in use yet\"}\n"
		"{\"event\":\"alloc\",\"time_ns\":101000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":2113536,\"asked\":2097152,\"address\":4096}\n"
		"{\"event\":\"alloc\",\"time_ns\":101000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"L1\","
		"\"reserved\":2097152,\"asked\":2097152,\"address\":4096}\n"
		"{\"event\":\"phase\",\"time_ns\":103000000000,\"pid\":4242,\"tid\":4243,\"phase\":\"init\",\"state\":\"end\","
		"\"reason\":\"the runtime is told to capture a trace\"}\n"
		"{\"event\":\"phase\",\"time_ns\":103000000000,\"pid\":4242,\"tid\":4243,\"phase\":\"capture\","
		"\"state\":\"begin\",\"reason\":\"the runtime is told to capture a trace\",\"trace\":0}\n"
		"{\"event\":\"phase\",\"time_ns\":104000000000,\"pid\":4242,\"tid\":4243,\"phase\":\"capture\",\"state\":\"end\","
		"\"reason\":\"the capture ends\",\"trace\":0}\n"
		"{\"event\":\"alloc\",\"time_ns\":104000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":12288,\"asked\":9000,\"address\":700000,\"trace\":0}\n"
		"{\"event\":\"phase\",\"time_ns\":105000000000,\"pid\":4242,\"tid\":4243,\"phase\":\"execution\","
		"\"state\":\"begin\",\"reason\":\"first replay\",\"trace\":0}\n"
		"{\"event\":\"check\",\"time_ns\":346000000000,\"pid\":4242,\"equal\":true}\n"
		"{\"event\":\"alloc\",\"time_ns\":350000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":4096,\"asked\":4096,\"address\":8192}\n"
		"{\"event\":\"phase\",\"time_ns\":350000000000,\"pid\":4242,\"tid\":4243,\"phase\":\"execution\","
		"\"state\":\"end\",\"reason\":\"an allocation\",\"trace\":0}\n"
		"{\"event\":\"alloc\",\"time_ns\":350000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":4096,\"asked\":4096,\"address\":8192,\"replaced\":true}\n"
		"{\"event\":\"free\",\"time_ns\":351000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":4096,\"asked\":4096,\"address\":8192}\n"
		"{\"event\":\"free\",\"time_ns\":351000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"address\":8192,\"unknown\":true}\n"
		"{\"event\":\"alloc\",\"time_ns\":351000000000,\"pid\":4242,\"device\":\"0\",\"pool\":\"L1\",\"address\":8192}\n"
		"{\"event\":\"failed\",\"time_ns\":352000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":34361835520,\"asked\":34359738368,\"reason\":\"throw\"}\n"
		"{\"event\":\"retract\",\"time_ns\":353000000000,\"pid\":4242,\"tid\":4243}\n"
		"{\"event\":\"free\",\"time_ns\":354000000000,\"pid\":4242,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":2125824,\"reason\":\"clear\",\"buffers\":2}\n"
		"{\"event\":\"free\",\"time_ns\":354000000000,\"pid\":4242,\"device\":\"0\",\"pool\":\"L1\",\"reserved\":2097152,"
		"\"reason\":\"gone\",\"buffers\":2}\n");
}

static void differences_are_events(void **state)
{
	(void)state;
	check_json(LATE "lost" S(105) "count=17 from_ns=104996000000\n" "unread" S(105) "process=1 count=1 probe=alloc\n"
		   "correction" S(107) "process=1 arena=1 address=65536 reserved=100 reason=missing\n"
		   "correction" S(107) "process=1 arena=1 address=4096 reason=extra\n"
		   "correction" S(107) "process=1 arena=1 address=4096 reason=extra\n"
		   "correction" S(107) "process=1 arena=1 reason=gone\n" "check" S(107) "process=1 equal=0 partial=1\n"
		   "replay" S(108) "process=1 tid=4243 trace=7\n",
		   &(struct json_options){.events = true},
		"{\"event\":\"lost\",\"time_ns\":105000000000,\"count\":17,\"from_ns\":104996000000}\n"
		"{\"event\":\"unread\",\"time_ns\":105000000000,\"pid\":4242,\"count\":1,\"probe\":\"alloc\"}\n"
		"{\"event\":\"correction\",\"time_ns\":107000000000,\"pid\":4242,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":100,\"address\":65536,\"reason\":\"missing\"}\n"
		"{\"event\":\"correction\",\"time_ns\":107000000000,\"pid\":4242,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":8514437120,\"address\":4096,\"reason\":\"extra\"}\n"
		"{\"event\":\"correction\",\"time_ns\":107000000000,\"pid\":4242,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"address\":4096,\"reason\":\"extra\"}\n"
		"{\"event\":\"correction\",\"time_ns\":107000000000,\"pid\":4242,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":12388,\"reason\":\"gone\",\"buffers\":2}\n"
		"{\"event\":\"check\",\"time_ns\":107000000000,\"pid\":4242,\"equal\":false,\"partial\":true}\n"
		"{\"event\":\"phase\",\"time_ns\":108000000000,\"pid\":4242,\"tid\":4243,\"phase\":\"execution\","
		"\"state\":\"begin\",\"reason\":\"first replay since pooltrace attached\",\"trace\":7}\n");
}

static void events_are_selected(void **state)
{
	static const char *const known[] = {"DRAM", "L1", "TRACE"};
	_cleanup_(selection_release) struct selection trace = {};

	(void)state;
	selection_add_pools(&trace, "TRACE", known, 3, NULL);
	check_json(TRACED ALLOC(350, 4, 8192, 4096, 4096), &(struct json_options){.selection = &trace, .events = true},
		"{\"event\":\"phase\",\"time_ns\":100000000000,\"pid\":4242,\"phase\":\"init\",\"state\":\"begin\","
		"\"reason\":\"no device memory is in use yet\"}\n"
		"{\"event\":\"phase\",\"time_ns\":103000000000,\"pid\":4242,\"tid\":4243,\"phase\":\"init\",\"state\":\"end\","
		"\"reason\":\"the runtime is told to capture a trace\"}\n"
		"{\"event\":\"phase\",\"time_ns\":103000000000,\"pid\":4242,\"tid\":4243,\"phase\":\"capture\","
		"\"state\":\"begin\",\"reason\":\"the runtime is told to capture a trace\",\"trace\":0}\n"
		"{\"event\":\"phase\",\"time_ns\":104000000000,\"pid\":4242,\"tid\":4243,\"phase\":\"capture\",\"state\":\"end\","
		"\"reason\":\"the capture ends\",\"trace\":0}\n"
		"{\"event\":\"alloc\",\"time_ns\":104000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"DRAM\","
		"\"reserved\":12288,\"asked\":9000,\"address\":700000,\"trace\":0}\n"
		"{\"event\":\"alloc\",\"time_ns\":350000000000,\"pid\":4242,\"tid\":4243,\"device\":\"0\",\"pool\":\"TRACE\","
		"\"reserved\":4096,\"asked\":4096,\"address\":8192}\n");
}

static void any_bytes_make_valid_json(void **state)
{
	(void)state;
	check_json("attach" S(1) "process=1 pid=3 name=\"\\xff\\\"\\\\\\x1b\" command=\"\\xc3\\xa4\\xc2\\x9b\" runtime=\"r\\x80\" "
		   "pools=\"P\\xfe\"\n" "arena" S(1) "process=1 arena=1 object=0x1 pool=\"P\\xfe\"\n"
		   "alloc" S(1) "process=1 arena=1 address=1 reserved=5\n" "tick" S(1) "\n",
		   &(struct json_options){},
		"{\"schema\":1,\"time\":\"1970-01-01T00:00:01.000Z\",\"processes\":[{\"pid\":3,"
		"\"name\":\"\\\\xff\\\"\\\\\\\\x1b\",\"command\":\"\xc3"
		"\xa4"
		"\\\\xc2\\\\x9b\",\"runtime\":\"r\\\\x80\","
		"\"attached_ns\":1000000000,\"replays\":0,\"coverage\":\"exact\",\"failed_allocations\":0,"
		"\"devices\":[{\"device\":\"0\",\"buffers\":1,\"pools\":{\"P\\\\xfe\":{\"reserved\":5,\"buffers\":1,"
		"\"trace\":0}}}]}],\"events\":1,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
	check_json("attach" S(1) "process=1 pid=3 runtime=r pools=P\nfailed" S(1) "process=1 pool=\"\\xff\" reason=\"\\x1b\\x0a\"\n"
		   "unread" S(1) "count=1 probe=\"\\xff\"\n",
		   &(struct json_options){.events = true},
		"{\"event\":\"failed\",\"time_ns\":1000000000,\"pid\":3,\"pool\":\"\\\\xff\",\"reason\":\"\\\\x1b\\\\x0a\"}\n"
		"{\"event\":\"unread\",\"time_ns\":1000000000,\"count\":1,\"probe\":\"\\\\xff\"}\n");
}

static void numbers_beyond_63_bits_are_left_out(void **state)
{
	(void)state;
	check_json("attach" S(1) "process=1 pid=3 start_ns=9223372036854775807 name=x runtime=r pools=P\n" ARENA(1, 1, 1, 10, P, 1, 18446744073709551615)
		   "alloc" S(1) "process=1 arena=1 address=18446744073709551615 reserved=9223372036854775808 asked=9223372036854775807\n"
		   TICK(1), &(struct json_options){},
		"{\"schema\":1,\"time\":\"1970-01-01T00:00:01.000Z\",\"processes\":[{\"pid\":3,"
		"\"start_time_ns\":9223372036854775807,\"name\":\"x\",\"runtime\":\"r\",\"attached_ns\":1000000000,\"replays\":0,"
		"\"coverage\":\"exact\",\"failed_allocations\":0,\"devices\":[{\"device\":\"0\",\"buffers\":1,"
		"\"pools\":{\"P\":{\"asked\":9223372036854775807,\"buffers\":1,\"trace\":0}}}]}],\"events\":1,\"lost\":0,"
		"\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
	check_json("lost" S(1) "count=18446744073709551615\n", &(struct json_options){.events = true},
		"{\"event\":\"lost\",\"time_ns\":1000000000}\n");
}

static void a_stream_without_a_process_has_a_state(void **state)
{
	(void)state;
	check_json("tick" S(1) "\n", &(struct json_options){},
		"{\"schema\":1,\"time\":\"1970-01-01T00:00:01.000Z\",\"processes\":[],\"events\":0,\"lost\":0,\"corrections\":0,"
		"\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_has_every_figure_that_is_known),
		cmocka_unit_test(after_a_late_attach_what_is_not_known_is_left_out),
		cmocka_unit_test(the_books_alone_say_nothing_of_replays_and_failures),
		cmocka_unit_test(losses_differences_and_ends_are_told),
		cmocka_unit_test(pools_and_devices_are_selected),
		cmocka_unit_test(events_have_the_fields_that_apply),
		cmocka_unit_test(differences_are_events),
		cmocka_unit_test(events_are_selected),
		cmocka_unit_test(any_bytes_make_valid_json),
		cmocka_unit_test(numbers_beyond_63_bits_are_left_out),
		cmocka_unit_test(a_stream_without_a_process_has_a_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
