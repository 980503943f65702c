/* ledger/chips.h: which chips have which figures, and what a chip had at most. */
#include "ledger_text.h"

#include <errno.h>

#define ATTACH                                                                                                       \
	"attach time_ns=100 process=1 pid=4242 runtime=r pools=DRAM,L1\n"                                            \
	"census time_ns=100 process=1 reason=begin\ncensus time_ns=100 process=1 reason=end\n"
/* Arena @number, of device @owner. */
#define ARENA(number, owner, pool)                                                                                   \
	"arena time_ns=110 process=1 arena=" #number " object=0x" #number " owner=0x" #owner " pool=" #pool          \
	" banks=4 bank_bytes=1024 base=64 reason=new\n"
#define DEVICE(owner, fields) "device time_ns=110 process=1 owner=0x" #owner " " fields "\n"
#define ALLOC(arena, address, bytes)                                                                                 \
	"alloc time_ns=110 process=1 arena=" #arena " address=" #address " reserved=" #bytes " asked=" #bytes "\n"
#define FREE(arena, address) "free time_ns=110 process=1 arena=" #arena " address=" #address "\n"
#define GONE(arena) "clear time_ns=110 process=1 arena=" #arena " reason=gone\n"

static void add_group(struct str *out, const struct chip_group *g, const struct ledger_process *p)
{
	str_add(out, "chips");
	for (size_t i = 0; i < g->chips.nr; i++)
		str_addf(out, " %u", g->chips.items[i]);
	str_add(out, g->chips.nr ? " under" : " ? under");
	for (size_t i = 0; i < g->devices.nr; i++)
		str_addf(out, " 0x%" PRIx64, g->devices.items[i]->owner);
	for (size_t i = 0; i < p->pools.nr; i++) {
		struct figures f;

		if (!chip_group_figures(g, p->pools.items[i], &f))
			continue;
		str_addf(out, "; %s ", p->pools.items[i]);
		add_figures(out, &f);
	}
	str_add_char(out, '\n');
}

/* The groups after @stream. */
static void check_groups(struct fold *f, const char *stream, const char *expected)
{
	_cleanup_(str_release) struct str text = {};
	const struct ledger_process *p;

	fold(f, stream);
	p = f->ledger->processes.items[0];
	for (size_t i = 0; i < p->groups.nr; i++)
		add_group(&text, &p->groups.items[i], p);
	assert_string_equal(str_text(&text), expected);
}

static void lists_of_chips_ascend(void **state)
{
	static const char *const bad[] = {"", ",", "0,", "1,0", "1,1", "x", "0-3", "-1", "1073741824", "0,,1", "99999999999999999999"};
	_cleanup_(str_release) struct str many = {};
	chip_list chips = {};

	(void)state;
	assert_true(chips_parse("0,3,1073741823", &chips));
	assert_int_equal(chips.nr, 3);
	assert_true(chips_have(&chips, 0) && chips_have(&chips, 3) && chips_have(&chips, 1073741823));
	assert_false(chips_have(&chips, 1) || chips_have(&chips, 4));
	vec_release(&chips);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (chips_parse(bad[i], &chips))
			fail_msg("taken for chips: '%s'", bad[i]);
		assert_int_equal(chips.nr, 0);
	}
	for (int i = 0; i < CHIPS_MAX; i++)
		str_addf(&many, "%s%d", i ? "," : "", i);
	assert_true(chips_parse(str_text(&many), &chips));
	vec_release(&chips);
	str_add(&many, ",5000");
	assert_false(chips_parse(str_text(&many), &chips));
	assert_int_equal(chips.nr, 0);
}

static void chips_of_one_device_are_one_group(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	/* Not before it holds a block. */
	check_groups(&f, ATTACH ARENA(1, a, DRAM) DEVICE(a, "mesh=1 chips=0,1,2,3"), "");
	check_groups(&f, ALLOC(1, 64, 400), "chips 0 1 2 3 under 0xa; DRAM 1 buffers 400 of 4096 asked 400+0? trace 0+0? peak 400\n");
	check_groups(&f, DEVICE(a, "count=8"), "chips ? under 0xa; DRAM 1 buffers 400 of 4096 asked 400+0? trace 0+0? peak 400\n");
	/* Chips that are no list are not known. */
	check_groups(&f, DEVICE(a, "chips=3,2"), "chips ? under 0xa; DRAM 1 buffers 400 of 4096 asked 400+0? trace 0+0? peak 400\n");
	check_groups(&f, GONE(1), "");
}

static void a_description_may_come_before_the_arena_and_replaces_the_one_before(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct device *d;
	uint64_t count;

	(void)state;
	fold(&f, ATTACH DEVICE(a, "mesh=1 chips=0,1 count=2 parent=0xb") ARENA(1, a, DRAM));
	assert_int_equal(f.ledger->processes.items[0]->devices.nr, 1);
	d = f.ledger->processes.items[0]->devices.items[0];
	assert_true(d->has_mesh && d->has_parent && d->has_count && d->chips.nr == 2);
	assert_true(d->mesh == 1 && d->parent == 0xb);
	assert_true(device_chip_count(d, &count) && count == 2);
	fold(&f, DEVICE(a, "count=8"));
	assert_false(d->has_mesh || d->has_parent || d->chips.nr);
	assert_true(device_chip_count(d, &count) && count == 8);
	fold(&f, DEVICE(a, "count=0"));
	assert_false(device_chip_count(d, &count));
	assert_int_equal(fold_try(&f, "device time_ns=110 process=2 owner=0xa\n"), -EINVAL);
	assert_int_equal(fold_try(&f, "device time_ns=110 process=1\n"), -EINVAL);
}

/* A mesh of four and a submesh of two: the two have both, and room for neither twice. */
#define MESHES ATTACH ARENA(1, a, DRAM) ARENA(2, a, L1) ARENA(3, b, DRAM) DEVICE(a, "mesh=1 chips=0,1,2,3") DEVICE(b, "mesh=2 chips=2,3 parent=0xa")

static void a_chip_has_the_sum_of_its_devices_and_its_capacity_once(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct ledger_process *p;
	uint64_t bytes;

	(void)state;
	check_groups(&f, MESHES ALLOC(1, 64, 1600) ALLOC(2, 64, 8) FREE(1, 64) ALLOC(1, 64, 400),
		     "chips 0 1 2 3 under 0xa; DRAM 1 buffers 400 of 4096 asked 400+0? trace 0+0? peak 1600; "
		     "L1 1 buffers 8 of 4096 asked 8+0? trace 0+0? peak 8\n");
	/* The same address: another device's. */
	check_groups(&f, ALLOC(3, 64, 20) ALLOC(3, 164, 4) FREE(3, 164),
		     "chips 0 1 under 0xa; DRAM 1 buffers 400 of 4096 asked 400+0? trace 0+0? peak 1600; "
		     "L1 1 buffers 8 of 4096 asked 8+0? trace 0+0? peak 8\n"
		     "chips 2 3 under 0xa 0xb; DRAM 2 buffers 420 of 4096 asked 420+0? trace 0+0? peak 1600; "
		     "L1 1 buffers 8 of 4096 asked 8+0? trace 0+0? peak 8\n");
	p = f.ledger->processes.items[0];
	assert_true(chip_group_largest_free(&p->groups.items[0], "DRAM", &bytes));
	assert_int_equal(bytes, 924);
	assert_false(chip_group_largest_free(&p->groups.items[1], "DRAM", &bytes));
	assert_true(chip_group_count(&p->groups.items[1], &bytes) && bytes == 2);
}

static void the_peak_of_a_chip_is_the_highest_sum_that_there_was(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	/* 1000 and 24 were never there at once. */
	check_groups(&f, MESHES ALLOC(1, 64, 100) ALLOC(3, 64, 24) FREE(3, 64) ALLOC(1, 264, 900) FREE(1, 264) ALLOC(3, 64, 12),
		     "chips 0 1 under 0xa; DRAM 1 buffers 100 of 4096 asked 100+0? trace 0+0? peak 1000; "
		     "L1 0 buffers 0 of 4096 asked 0+0? trace 0+0? peak 0\n"
		     "chips 2 3 under 0xa 0xb; DRAM 2 buffers 112 of 4096 asked 112+0? trace 0+0? peak 1000; "
		     "L1 0 buffers 0 of 4096 asked 0+0? trace 0+0? peak 0\n");
	/* Without the submesh chips 2 and 3 have what the others have, but had more: nobody says which of them the row means. */
	check_groups(&f, ALLOC(3, 164, 1200) GONE(3),
		     "chips 0 1 2 3 under 0xa; DRAM 1 buffers 100 of 4096 asked 100+0? trace 0+0? peak >=1312; "
		     "L1 0 buffers 0 of 4096 asked 0+0? trace 0+0? peak 0\n");
	check_groups(&f, GONE(1) GONE(2), "");
}

static void a_chip_that_loses_one_of_two_devices_keeps_its_peak(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	check_groups(&f,
		     ATTACH ARENA(1, a, DRAM) ARENA(2, b, DRAM) DEVICE(a, "chips=5") DEVICE(b, "chips=5")
			     ALLOC(1, 64, 100) ALLOC(2, 64, 10) GONE(2) ALLOC(1, 364, 4),
		     "chips 5 under 0xa; DRAM 2 buffers 104 of 4096 asked 104+0? trace 0+0? peak 110\n");
}

static void a_peak_from_two_that_were_not_followed_together_is_not_known(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	check_groups(&f, ATTACH ARENA(1, a, DRAM) ARENA(2, b, DRAM) ALLOC(1, 64, 100) ALLOC(2, 64, 10),
		     "chips ? under 0xa; DRAM 1 buffers 100 of 4096 asked 100+0? trace 0+0? peak 100\n"
		     "chips ? under 0xb; DRAM 1 buffers 10 of 4096 asked 10+0? trace 0+0? peak 10\n");
	check_groups(&f, DEVICE(a, "chips=0") DEVICE(b, "chips=0"),
		     "chips 0 under 0xa 0xb; DRAM 2 buffers 110 of 4096 asked 110+0? trace 0+0? peak >=110\n");
	/* Chips that come to the ones of a device had nothing, and now all that it has. */
	check_groups(&f, DEVICE(a, "chips=0,1") DEVICE(b, "chips=3"),
		     "chips 0 1 under 0xa; DRAM 1 buffers 100 of 4096 asked 100+0? trace 0+0? peak >=110\n"
		     "chips 3 under 0xb; DRAM 1 buffers 10 of 4096 asked 10+0? trace 0+0? peak 10\n");
}

static void what_is_not_known_of_one_device_is_not_known_of_the_chip(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	check_groups(&f,
		     ATTACH ARENA(1, a, DRAM) DEVICE(a, "chips=0") DEVICE(b, "chips=0")
		     "arena time_ns=110 process=1 arena=2 object=0x9 owner=0xb pool=DRAM\n"
		     ALLOC(1, 64, 100) "block time_ns=110 process=1 arena=2 address=64 reserved=10\n",
		     "chips 0 under 0xa 0xb; DRAM 2 buffers 110 of ? asked 100+1? trace 0+1? peak >=110\n");
}

static void the_end_of_a_process_leaves_no_chips(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	check_groups(&f, MESHES ALLOC(1, 64, 100) ALLOC(3, 64, 24) "detach time_ns=110 process=1 reason=exit\n", "");
}

static void devices_of_several_processes_are_grouped_alike(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct device *devices[2];
	chip_groups groups = {};
	struct figures figures;

	(void)state;
	fold(&f, MESHES ALLOC(1, 64, 100) "attach time_ns=112 process=2 pid=2 runtime=r pools=DRAM visible=\"\"\n"
	     "arena time_ns=112 process=2 arena=4 object=0x1 owner=0xa pool=DRAM banks=2 bank_bytes=8192\n"
	     "device time_ns=112 process=2 owner=0xa chips=1\n"
	     "alloc time_ns=112 process=2 arena=4 address=64 reserved=7\n");
	assert_null(f.ledger->processes.items[0]->visible);
	assert_string_equal(f.ledger->processes.items[1]->visible, "");
	devices[0] = f.ledger->processes.items[0]->devices.items[0];
	devices[1] = f.ledger->processes.items[1]->devices.items[0];
	chip_groups_make(devices, 2, &groups);
	assert_int_equal(groups.nr, 2);
	assert_int_equal(groups.items[0].chips.nr, 3);
	assert_int_equal(groups.items[1].chips.nr, 1);
	assert_true(chip_group_figures(&groups.items[1], "DRAM", &figures));
	assert_true(figures.reserved == 107 && figures.buffers == 2 && figures.capacity == 16384 && figures.banks == 4);
	assert_false(figures.peak_known);
	assert_false(chip_group_figures(&groups.items[1], "HBM", &figures));
	chip_groups_release(&groups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_chips_ascend),
		cmocka_unit_test(chips_of_one_device_are_one_group),
		cmocka_unit_test(a_description_may_come_before_the_arena_and_replaces_the_one_before),
		cmocka_unit_test(a_chip_has_the_sum_of_its_devices_and_its_capacity_once),
		cmocka_unit_test(the_peak_of_a_chip_is_the_highest_sum_that_there_was),
		cmocka_unit_test(a_chip_that_loses_one_of_two_devices_keeps_its_peak),
		cmocka_unit_test(a_peak_from_two_that_were_not_followed_together_is_not_known),
		cmocka_unit_test(what_is_not_known_of_one_device_is_not_known_of_the_chip),
		cmocka_unit_test(the_end_of_a_process_leaves_no_chips),
		cmocka_unit_test(devices_of_several_processes_are_grouped_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
