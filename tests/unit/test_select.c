/* view/select.h: what is shown. */
#include "view_stream.h"

#include <errno.h>

#include "view/select.h"

static const char *const pools[] = {"DRAM", "L1", "L1_SMALL", "TRACE"};

static int add_pools(struct selection *s, const char *text, struct diag *d)
{
	return selection_add_pools(s, text, pools, ARRAY_SIZE(pools), d);
}

static void nothing_selected_is_everything(void **state)
{
	_cleanup_(selection_release) struct selection s = {};
	struct device d = {.number = 7};

	(void)state;
	assert_true(selection_has_pool(&s, "L1"));
	assert_true(selection_has_pool(NULL, "L1"));
	assert_true(selection_has_device(&s, &d));
	assert_true(selection_has_device(NULL, &d));
	assert_false(selection_seeks_trace(&s));
}

static void pools_are_named_in_any_case(void **state)
{
	_cleanup_(selection_release) struct selection s = {};

	(void)state;
	assert_int_equal(add_pools(&s, "trace,l1", NULL), 0);
	assert_true(selection_has_pool(&s, "TRACE"));
	assert_true(selection_has_pool(&s, "L1"));
	assert_false(selection_has_pool(&s, "L1_SMALL"));
	assert_false(selection_has_pool(&s, "DRAM"));
	assert_int_equal(add_pools(&s, "DRAM", NULL), 0);
	assert_true(selection_has_pool(&s, "DRAM"));
}

static void an_exclamation_mark_negates_the_whole_list(void **state)
{
	_cleanup_(selection_release) struct selection s = {};
	struct diag d = {};

	(void)state;
	assert_int_equal(add_pools(&s, "!DRAM,TRACE", NULL), 0);
	assert_false(selection_has_pool(&s, "DRAM"));
	assert_false(selection_has_pool(&s, "TRACE"));
	assert_true(selection_has_pool(&s, "L1"));
	assert_int_equal(add_pools(&s, "L1", &d), -EINVAL);
	assert_string_equal(d.text, "pools are either selected or left out: '!' is for all of them or none");
}

static void an_unknown_pool_lists_what_there_is(void **state)
{
	static const struct {
		const char *list, *text;
	} rows[] = {
		{"L2", "no pool 'L2': there are DRAM, L1, L1_SMALL and TRACE"},
		{"L1,", "no pool '': there are DRAM, L1, L1_SMALL and TRACE"},
		{"", "no pool '': there are DRAM, L1, L1_SMALL and TRACE"},
		{"!", "no pool '': there are DRAM, L1, L1_SMALL and TRACE"},
		{"L1,!DRAM", "no pool '!DRAM': there are DRAM, L1, L1_SMALL and TRACE"},
		{"\033[31mL1", "no pool '\\x1b[31mL1': there are DRAM, L1, L1_SMALL and TRACE"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(selection_release) struct selection s = {};
		struct diag d = {};

		assert_int_equal(add_pools(&s, rows[i].list, &d), -EINVAL);
		assert_string_equal(d.text, rows[i].text);
		assert_string_not_equal(d.hint, "");
	}
}

static void devices_are_numbers(void **state)
{
	static const struct {
		const char *list;
		int err;
	} rows[] = {{"", -EINVAL}, {"x", -EINVAL}, {"1,", -EINVAL}, {"-1", -EINVAL}, {"4294967296", -ERANGE},
		    {"1-", -EINVAL}, {"1-x", -EINVAL}, {"1-2-3", -EINVAL}, {"0,1-4294967296", -ERANGE}};
	_cleanup_(selection_release) struct selection s = {};
	struct device devices[] = {{.number = 0}, {.number = 1}, {.number = 2}};

	(void)state;
	assert_int_equal(selection_add_devices(&s, "0,2", NULL), 0);
	assert_true(selection_has_device(&s, &devices[0]));
	assert_false(selection_has_device(&s, &devices[1]));
	assert_true(selection_has_device(&s, &devices[2]));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(selection_release) struct selection bad = {};
		struct diag d = {};

		assert_int_equal(selection_add_devices(&bad, rows[i].list, &d), rows[i].err);
		assert_non_null(strstr(d.text, "a number is wanted"));
	}
}

static void chips_are_selected_by_number_and_range(void **state)
{
	_cleanup_(selection_release) struct selection s = {}, bad = {};
	unsigned int low[] = {0, 1, 2}, high[] = {3, 8}, far[] = {2, 9};
	struct device known = {.number = 4, .chips = {low, 3, 3}}, other = {.number = 0, .chips = {far, 2, 2}}, unknown = {.number = 4};
	struct chip_group group = {.chips = {high, 2, 2}};
	struct diag d = {};

	(void)state;
	assert_int_equal(selection_add_devices(&s, "0,4-7", NULL), 0);
	assert_true(selection_has_device(&s, &known));
	assert_false(selection_has_device(&s, &other));
	assert_true(selection_has_device(&s, &unknown));
	vec_push(&group.devices, &unknown);
	assert_false(selection_has_group(&s, &group));
	assert_true(selection_has_group(NULL, &group));
	assert_int_equal(selection_add_devices(&s, "8-8", NULL), 0);
	assert_true(selection_has_group(&s, &group));
	group.chips.nr = 0;
	assert_true(selection_has_group(&s, &group));
	vec_release(&group.devices);
	assert_int_equal(selection_add_devices(&bad, "3,7-4", &d), -EINVAL);
	assert_string_equal(d.text, "no device '7-4': a range ends with the higher number");
	assert_string_equal(d.hint, "devices are numbered from 0; several are separated by commas, and 4-7 is 4 to 7");
}

static void trace_selects_trace_buffers_wherever_they_lie(void **state)
{
	struct block trace = {.is_trace = true}, other = {};
	_cleanup_(selection_release) struct selection only = {}, without = {}, not_dram = {};

	(void)state;
	add_pools(&only, "TRACE", NULL);
	assert_true(selection_seeks_trace(&only));
	assert_true(selection_has_block(&only, "DRAM", &trace));
	assert_false(selection_has_block(&only, "DRAM", &other));
	assert_true(selection_has_block(&only, "TRACE", &other));
	add_pools(&without, "L1", NULL);
	assert_false(selection_has_block(&without, "DRAM", &trace));
	add_pools(&not_dram, "!DRAM", NULL);
	assert_false(selection_seeks_trace(&not_dram));
	assert_false(selection_has_block(&not_dram, "DRAM", &trace));
	assert_true(selection_has_block(&not_dram, "L1", &trace));
}

static void nothing(struct view *v, const struct record *r, const struct effect *e)
{
	(void)v;
	(void)r;
	(void)e;
}

static void selected_figures_are_of_whole_pools_and_of_trace_buffers_elsewhere(void **state)
{
	struct view v = {.add = nothing};
	_cleanup_(selection_release) struct selection trace = {}, l1 = {};
	struct figures f;

	(void)state;
	view_run(&v, PYTHON EMPTY POOLS(100) ALLOC(101, 1, 4096, 1000, 900) ALLOC(101, 2, 4096, 300, 200)
			     ALLOC(101, 4, 4096, 70, 60) "alloc" S(102) "process=1 arena=1 address=8192 reserved=24 tag=trace\n");
	add_pools(&trace, "TRACE", NULL);
	selection_figures(&trace, &v.ledger->processes.items[0]->groups.items[0], &f);
	assert_int_equal(f.reserved, 94);
	assert_int_equal(f.buffers, 2);
	assert_int_equal(f.asked, 60);
	assert_int_equal(f.asked_unknown, 1);
	add_pools(&l1, "L1", NULL);
	selection_figures(&l1, &v.ledger->processes.items[0]->groups.items[0], &f);
	assert_int_equal(f.reserved, 300);
	selection_figures(NULL, &v.ledger->processes.items[0]->groups.items[0], &f);
	assert_int_equal(f.reserved, 1394);
	assert_int_equal(f.buffers, 4);
	view_release(&v);
}

static void a_process_that_ended_is_told_of_for_a_minute_beside_others(void **state)
{
	struct view v = {.add = nothing};
	const struct ledger_process *ended, *other;

	(void)state;
	view_run(&v, PYTHON "detach" S(200) "process=1 reason=exit\n" TICK(900));
	ended = v.ledger->processes.items[0];
	assert_true(process_shown(v.ledger, ended));
	assert_true(process_current(v.ledger, ended));
	view_release(&v);

	v = (struct view){.add = nothing};
	view_run(&v, PYTHON "attach" S(100) "process=2 pid=7 runtime=x pools=P\n"
			    "detach" S(200) "process=1 reason=exit\n" TICK(259));
	ended = v.ledger->processes.items[0];
	other = v.ledger->processes.items[1];
	assert_true(process_shown(v.ledger, ended));
	assert_false(process_current(v.ledger, ended));
	assert_true(process_current(v.ledger, other));
	v.ledger->time_ns += 1000000000;
	assert_false(process_shown(v.ledger, ended));
	assert_true(process_shown(v.ledger, other));
	view_release(&v);
}

static void the_check_is_that_of_the_process_whose_last_one_is_oldest(void **state)
{
	struct view v = {.add = nothing};
	uint64_t age_ns;
	bool equal;

	(void)state;
	view_run(&v, PYTHON "attach" S(100) "process=2 pid=7 runtime=x pools=P\ncheck" S(101) "process=1 equal=1\n");
	assert_false(ledger_checked(v.ledger, &age_ns, &equal));
	view_release(&v);

	v = (struct view){.add = nothing};
	view_run(&v, PYTHON "attach" S(100) "process=2 pid=7 runtime=x pools=P\n"
			    "check" S(101) "process=1 equal=0\ncheck" S(103) "process=2 equal=1\n" TICK(104));
	assert_true(ledger_checked(v.ledger, &age_ns, &equal));
	assert_int_equal(age_ns, 3000000000);
	assert_false(equal);
	view_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_selected_is_everything),
		cmocka_unit_test(pools_are_named_in_any_case),
		cmocka_unit_test(an_exclamation_mark_negates_the_whole_list),
		cmocka_unit_test(an_unknown_pool_lists_what_there_is),
		cmocka_unit_test(devices_are_numbers),
		cmocka_unit_test(chips_are_selected_by_number_and_range),
		cmocka_unit_test(trace_selects_trace_buffers_wherever_they_lie),
		cmocka_unit_test(selected_figures_are_of_whole_pools_and_of_trace_buffers_elsewhere),
		cmocka_unit_test(a_process_that_ended_is_told_of_for_a_minute_beside_others),
		cmocka_unit_test(the_check_is_that_of_the_process_whose_last_one_is_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
