/* user/ledger/circular.c: how far circular buffers reach, how much is left, and when that is not known. */
#include "history_text.h"

#include "random_records.h"

#define ATTACH "attach time_ns=100 process=1 pid=4242 runtime=r pools=A,CORE core=CORE\n"
/* A device at owner 0x10: 64 banks of 1000 bytes from 500 on. */
#define DEVICE(first, second, owner, more)                                                                       \
	"arena time_ns=101 process=1 arena=" #first " object=0x1" #first " owner=0x" #owner " pool=A banks=2 bank_bytes=9000 " \
	"base=900" more "\n"                                                                                     \
	"arena time_ns=101 process=1 arena=" #second " object=0x1" #second " owner=0x" #owner " pool=CORE banks=64 " \
	"bank_bytes=1000 base=500" more "\n"
#define NEW DEVICE(1, 2, 10, " reason=new")
#define OLD DEVICE(1, 2, 10, "")
#define HELD "alloc time_ns=102 process=1 arena=1 address=900 reserved=2\n"
#define CB(program, address, bytes) \
	"cb time_ns=110 process=1 tid=7 owner=0x10 address=" #address " program=0x" #program " bytes=" #bytes "\n"
#define PLACED(program, address, bytes) \
	"cb time_ns=110 process=1 tid=7 owner=0x10 address=" #address " program=0x" #program " bytes=" #bytes " placed=1\n"
#define CB_FREE(program) "cb-free time_ns=120 process=1 program=0x" #program "\n"
#define BLOCK(address) "alloc time_ns=115 process=1 arena=2 address=" #address " reserved=64\n"

static void add_circular(struct str *s, bool any, const struct circular_figures *f)
{
	if (!any) {
		str_add(s, "none");
		return;
	}
	if (!f->known) {
		str_add(s, "?");
		return;
	}
	str_addf(s, "%s%" PRIu64 " of %" PRIu64, f->exact ? "" : ">=", f->bytes, f->programs);
	add_known(s, "room", f->room, f->has_room);
}

/* Of the first device, and of its chips, which are the same. */
static void check(const char *stream, const char *expected)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	_cleanup_(str_release) struct str s = {}, chips = {};
	struct chip_group g = {};
	struct circular_figures c;
	bool any;

	fold(&f, stream);
	any = device_circular(f.ledger->processes.items[0]->devices.items[0], &c);
	add_circular(&s, any, &c);
	assert_string_equal(str_text(&s), expected);
	vec_push(&g.devices, f.ledger->processes.items[0]->devices.items[0]);
	any = chip_group_circular(&g, &c);
	add_circular(&chips, any, &c);
	assert_string_equal(str_text(&chips), expected);
	vec_release(&g.devices);
}

static void programs_lie_over_one_another(void **state)
{
	(void)state;
	check(ATTACH NEW HELD, "0 of 0 room 1000");
	check(ATTACH NEW CB(a, 500, 100), "100 of 1 room 900");
	check(ATTACH NEW CB(a, 500, 100) CB(a, 600, 20), "120 of 1 room 880");
	check(ATTACH NEW CB(a, 600, 20) CB(a, 500, 100), "120 of 1 room 880");
	check(ATTACH NEW CB(a, 500, 100) CB(b, 500, 300) CB(c, 500, 200), "300 of 3 room 700");
	check(ATTACH NEW CB(a, 500, 100) CB(b, 500, 300) CB_FREE(b), "100 of 1 room 900");
	check(ATTACH NEW CB(a, 500, 100) CB_FREE(b) CB_FREE(a), "0 of 0 room 1000");
	check(ATTACH NEW CB(a, 500, 100) CB_FREE(a) "cb time_ns=121 process=1 owner=0x10 address=500 program=0xa bytes=7\n",
	      "7 of 1 room 993");
}

static void those_in_a_block_are_counted_there(void **state)
{
	(void)state;
	check(ATTACH NEW PLACED(a, 1400, 64), "0 of 1 room 1000");
	check(ATTACH NEW CB(a, 500, 10) PLACED(a, 1400, 64), "10 of 1 room 990");
}

static void the_lowest_block_bounds_the_room(void **state)
{
	(void)state;
	check(ATTACH NEW CB(a, 500, 100) BLOCK(1400) BLOCK(1200) BLOCK(1300), "100 of 1 room 600");
	check(ATTACH NEW CB(a, 500, 100) BLOCK(600), "100 of 1 room 0");
	/* A program that was placed before the block was: it will be refused. */
	check(ATTACH NEW CB(a, 500, 100) BLOCK(550), "100 of 1 room 0");
	check(ATTACH NEW BLOCK(600) "free time_ns=116 process=1 arena=2 address=600\n", "0 of 0 room 1000");
}

static void what_was_before_makes_a_bound_of_it(void **state)
{
	(void)state;
	check(ATTACH OLD HELD, "?");
	check(ATTACH OLD CB(a, 500, 100), ">=100 of 1 room 900");
	check(ATTACH OLD CB(a, 500, 100) CB_FREE(a), "?");
	/* In flight when we came: one of those before. */
	check(ATTACH NEW CB(a, 500, 100) "unsettled time_ns=111 process=1 reason=attach probe=cb\n", "100 of 1 room 900");
}

static void what_was_lost_makes_it_unknown(void **state)
{
	(void)state;
	check(ATTACH NEW CB(a, 500, 100) "unsettled time_ns=111 process=1 reason=lost probe=cb\n", "?");
	check(ATTACH NEW CB(a, 500, 100) "unsettled time_ns=111 process=1 reason=lost\n", "100 of 1 room 900");
	check(ATTACH NEW CB(a, 500, 100) "lost time_ns=111 count=3\n", "100 of 1 room 900");
	check(ATTACH NEW CB(a, 500, 100) "probe time_ns=111 probe=alloc seen=9 count=3\n", "100 of 1 room 900");
	check(ATTACH NEW CB(a, 500, 100) "probe time_ns=111 probe=cb_free seen=9 count=0\n", "100 of 1 room 900");
	check(ATTACH NEW CB(a, 500, 100) "probe time_ns=111 probe=cb_free seen=9 count=3\n", "?");
	check(ATTACH NEW CB(a, 500, 100) "probe time_ns=111 probe=program seen=9 count=3\n", "?");
	/* Told again: nothing more was lost. A device that came after it is seen from its beginning. */
	check("attach time_ns=99 process=1 pid=1 runtime=r pools=A,CORE core=CORE\nprobe time_ns=99 probe=cb seen=9 count=3\n" NEW
	      "probe time_ns=105 probe=cb seen=19 count=3\n" CB(a, 500, 100), "100 of 1 room 900");
}

static void programs_of_no_known_device_make_a_bound_of_it(void **state)
{
	(void)state;
	check(ATTACH NEW "cb time_ns=110 process=1 address=500 program=0xa bytes=7\n", "?");
	check(ATTACH NEW CB(b, 500, 100) "cb time_ns=110 process=1 address=500 program=0xa bytes=7\n", ">=100 of 1 room 900");
	check(ATTACH NEW CB(b, 500, 100) "cb time_ns=110 process=1 address=500 program=0xa bytes=7\n" CB_FREE(a),
	      "100 of 1 room 900");
	/* The device's arenas may be told after its first program. */
	check(ATTACH CB(a, 500, 100) "arena time_ns=111 process=1 arena=1 object=0x11 owner=0x10 pool=CORE banks=64 bank_bytes=1000 "
	      "base=500 reason=new\n", "100 of 1 room 900");
}

static void void_ones_are_somewhere(void **state)
{
	(void)state;
	check(ATTACH NEW CB(a, 500, 100) CB(b, 500, 50) "cb-free time_ns=120 process=1 program=0xa reason=void\n",
	      ">=50 of 2 room 950");
	check(ATTACH NEW CB(a, 500, 100) "cb-free time_ns=110 process=1 program=0xa reason=void\n" CB(a, 500, 30) CB(a, 530, 30),
	      "60 of 1 room 940");
	check(ATTACH NEW CB(a, 500, 100) "cb-free time_ns=110 process=1 program=0xa reason=void\n" CB_FREE(a), "0 of 0 room 1000");
}

static void devices_and_runtimes_without_have_none(void **state)
{
	(void)state;
	check("attach time_ns=100 process=1 pid=4242 runtime=r pools=A,CORE\n" NEW CB(a, 500, 100), "none");
	check(ATTACH "arena time_ns=101 process=1 arena=1 object=0x11 owner=0x10 pool=A\n" CB(a, 500, 100), "none");
	check(ATTACH "arena time_ns=101 process=1 arena=1 object=0x11 owner=0x10 pool=CORE reason=new\n" CB(a, 500, 100), "?");
	check(ATTACH "arena time_ns=101 process=1 arena=1 object=0x11 owner=0x10 pool=CORE base=500 reason=new\n" CB(a, 500, 100),
	      "100 of 1 room ?");
	/* Sums that no machine has. */
	check(ATTACH NEW "cb time_ns=110 process=1 owner=0x10 address=18446744073709551615 program=0xa bytes=2\n", "0 of 1 room 1000");
}

static void a_device_that_is_gone_takes_its_programs_along(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	struct circular_figures c;

	(void)state;
	fold(&f, ATTACH NEW DEVICE(3, 4, 20, " reason=new") CB(a, 500, 100)
	     "cb time_ns=110 process=1 owner=0x20 address=500 program=0xb bytes=30\n"
	     "clear time_ns=111 process=1 arena=1 reason=gone\n");
	assert_true(device_circular(f.ledger->processes.items[0]->devices.items[0], &c));
	assert_int_equal(c.bytes, 100);
	fold(&f, "clear time_ns=112 process=1 arena=2 reason=gone\n");
	assert_int_equal(f.ledger->processes.items[0]->circular.programs.nr, 1);
	/* Another one at the same address. */
	fold(&f, "arena time_ns=113 process=1 arena=5 object=0x12 owner=0x10 pool=CORE banks=64 bank_bytes=1000 base=500 reason=new\n");
	assert_true(device_circular(ledger_arena(f.ledger, 5)->device, &c));
	assert_int_equal(c.programs, 0);
	assert_true(c.exact);
	fold(&f, "detach time_ns=114 process=1 reason=exit\n");
	assert_int_equal(f.ledger->processes.items[0]->circular.programs.nr, 0);
}

static void a_chip_has_the_most_of_its_devices(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	struct chip_group g = {};
	struct circular_figures c;

	(void)state;
	fold(&f, ATTACH NEW DEVICE(3, 4, 20, "") CB(a, 500, 100) BLOCK(1400)
	     "cb time_ns=115 process=1 owner=0x20 address=500 program=0xb bytes=30\n"
	     "alloc time_ns=115 process=1 arena=4 address=540 reserved=64\n");
	for (size_t i = 0; i < 2; i++)
		vec_push(&g.devices, f.ledger->processes.items[0]->devices.items[i]);
	assert_true(chip_group_circular(&g, &c));
	assert_int_equal(c.programs, 2);
	assert_int_equal(c.bytes, 100);
	assert_int_equal(c.room, 10);
	assert_true(c.known && !c.exact && c.has_room);
	vec_release(&g.devices);
}

static void code_is_what_lies_below_the_base(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct device *d;
	uint64_t code = 0;

	(void)state;
	fold(&f, ATTACH "arena time_ns=101 process=1 arena=1 object=0x11 owner=0x10 pool=A base=900\n");
	d = f.ledger->processes.items[0]->devices.items[0];
	assert_false(device_code(d, &code));
	fold(&f, "arena time_ns=101 process=1 arena=2 object=0x12 owner=0x10 pool=CORE base=500\n");
	assert_true(device_code(d, &code));
	assert_int_equal(code, 500);
}

/* What the effect of each record tells of what was placed before. */
static void check_told(const char *stream, const char *expected)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	_cleanup_(str_release) struct str s = {};
	_cleanup_(freep) char *copy = xstrdup(stream);
	char *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		_cleanup_(freep) char *whole = xasprintf("%s\n", line);

		fold(&f, whole);
		if (f.effect.placed.process)
			str_addf(&s, "%" PRIx64 ": %" PRIu64 " to %" PRIu64 " at %" PRIu64 "; ", f.effect.placed.program,
				 f.effect.placed.buffers, f.effect.placed.end, f.effect.placed.time_ns);
	}
	assert_string_equal(str_text(&s), expected);
}

static void a_placement_is_told_once_when_something_else_comes(void **state)
{
	(void)state;
	check_told(ATTACH NEW CB(a, 500, 100) CB(a, 600, 20) CB(b, 500, 10) "tick time_ns=130\ntick time_ns=131\n",
		   "a: 2 to 620 at 110; b: 1 to 510 at 110; ");
	check_told(ATTACH NEW CB(a, 500, 100) CB_FREE(a) "tick time_ns=130\n", "a: 1 to 600 at 110; ");
	check_told(ATTACH NEW PLACED(a, 1400, 100) "detach time_ns=130 process=1 reason=exit\n", "a: 1 to 0 at 110; ");
}

#define CLASH(time, end, limit) \
	"failed time_ns=" #time " process=1 tid=7 owner=0x10 pool=CORE address=" #limit " program=0xa end=" #end " reason=clash\n"

static void a_refused_program_is_no_failed_allocation(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct history_failure *failure;
	const struct ledger_process *p;

	(void)state;
	fold(&f, ATTACH NEW CB(a, 500, 100) BLOCK(550) CLASH(120, 600, 550) CLASH(121, 600, 550) CLASH(122, 610, 550)
	     "failed time_ns=123 process=1 tid=7 arena=2 asked=9 reason=throw\nretract time_ns=124 process=1 tid=7\n"
	     "failed time_ns=125 process=1 tid=7 pool=CORE address=9 end=10 reason=overflow\n");
	p = f.ledger->processes.items[0];
	assert_int_equal(p->failed, 0);
	assert_int_equal(p->clashes, 4);
	assert_int_equal(p->history->clashes, 4);
	assert_int_equal(p->history->failed, 4);
	assert_int_equal(p->history->failures.nr, 3);
	failure = &p->history->failures.items[0];
	assert_int_equal(failure->times, 2);
	assert_int_equal(failure->end, 600);
	assert_int_equal(failure->limit, 550);
	assert_true(history_is_program(failure) && failure->has_device);
	assert_string_equal(history_cause_name(failure->cause), "clash");
	assert_string_equal(failure->pool, "CORE");
	assert_int_equal(failure->nr_holders, 1);
	failure = &p->history->failures.items[2];
	assert_string_equal(history_cause_name(failure->cause), "overflow");
	assert_false(failure->has_device);
	assert_int_equal(failure->nr_holders, 0);
}

static void a_phase_has_what_was_there_at_its_end(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct history_figures *figures;
	const struct history *h;

	(void)state;
	fold(&f, ATTACH NEW HELD CB(a, 500, 100) "capture time_ns=111 process=1 trace=1\n" CB_FREE(a));
	h = f.ledger->processes.items[0]->history;
	figures = h->rows.items[0].figures.items;
	assert_false(figures[0].is_core);
	assert_true(figures[1].is_core && figures[1].has_code && figures[1].circular.exact);
	assert_int_equal(figures[1].code, 500);
	assert_int_equal(figures[1].circular.bytes, 100);
}

enum { PROGRAMS = 5, OWNERS = 2 };

/* What is known of a program without a ledger. */
struct naive {
	bool lives, stale;
	unsigned int owner;
	uint64_t end;
};

static void put_random(struct fold *f, struct random *random, struct naive *programs)
{
	size_t i = (size_t)random_below(random, PROGRAMS);
	uint64_t address = 400 + random_below(random, 1000), bytes = random_below(random, 200);
	struct record r = {.kind = random_below(random, 3) ? RECORD_CB : RECORD_CB_FREE};

	RECORD_SET(&r, TIME_NS, time_ns, 200);
	RECORD_SET(&r, PROCESS, process, 1);
	RECORD_SET(&r, PROGRAM, program, i);
	if (r.kind == RECORD_CB_FREE) {
		bool stale = !random_below(random, 3);

		if (stale)
			RECORD_SET(&r, REASON, reason, "void");
		programs[i].stale = stale && programs[i].lives;
		programs[i].lives &= stale;
	} else {
		unsigned int owner = (unsigned int)random_below(random, OWNERS);
		bool placed = !random_below(random, 4);

		if (!programs[i].lives || programs[i].stale)
			programs[i] = (struct naive){.lives = true};
		RECORD_SET(&r, OWNER, owner, owner ? 0x20 : 0x10);
		RECORD_SET(&r, ADDRESS, address, address);
		RECORD_SET(&r, BYTES, bytes, bytes);
		RECORD_SET(&r, PLACED, placed, placed);
		programs[i].owner = owner;
		if (!placed && address + bytes > programs[i].end)
			programs[i].end = address + bytes;
	}
	assert_int_equal(ledger_apply(f->ledger, &r, &f->effect), 0);
}

static void check_naive(const struct fold *f, const struct naive *programs)
{
	for (unsigned int owner = 0; owner < OWNERS; owner++) {
		const struct device *d = f->ledger->processes.items[0]->devices.items[owner];
		struct circular_figures c;
		uint64_t nr = 0, end = 500;
		bool exact = true;

		for (size_t i = 0; i < PROGRAMS; i++) {
			if (!programs[i].lives || programs[i].owner != owner)
				continue;
			nr++;
			exact &= !programs[i].stale;
			if (!programs[i].stale && programs[i].end > end)
				end = programs[i].end;
		}
		assert_true(device_circular(d, &c));
		assert_int_equal(c.programs, nr);
		assert_int_equal(c.exact, exact);
		assert_int_equal(c.known, exact || nr);
		assert_int_equal(c.bytes, end - 500);
		if (c.known)
			assert_int_equal(c.room, end < 1500 ? 1500 - end : 0);
	}
}

static void random_placements_are_as_a_naive_ledger_has_them(void **state)
{
	struct random random = {20263};

	(void)state;
	for (int round = 0; round < 50; round++) {
		_cleanup_(fold_release) struct fold f = fold_new();
		struct naive programs[PROGRAMS] = {};

		fold(&f, ATTACH NEW DEVICE(3, 4, 20, " reason=new"));
		for (int i = 0; i < 100; i++) {
			put_random(&f, &random, programs);
			check_naive(&f, programs);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_lie_over_one_another),
		cmocka_unit_test(those_in_a_block_are_counted_there),
		cmocka_unit_test(the_lowest_block_bounds_the_room),
		cmocka_unit_test(what_was_before_makes_a_bound_of_it),
		cmocka_unit_test(what_was_lost_makes_it_unknown),
		cmocka_unit_test(programs_of_no_known_device_make_a_bound_of_it),
		cmocka_unit_test(void_ones_are_somewhere),
		cmocka_unit_test(devices_and_runtimes_without_have_none),
		cmocka_unit_test(a_device_that_is_gone_takes_its_programs_along),
		cmocka_unit_test(a_chip_has_the_most_of_its_devices),
		cmocka_unit_test(code_is_what_lies_below_the_base),
		cmocka_unit_test(a_placement_is_told_once_when_something_else_comes),
		cmocka_unit_test(a_refused_program_is_no_failed_allocation),
		cmocka_unit_test(a_phase_has_what_was_there_at_its_end),
		cmocka_unit_test(random_placements_are_as_a_naive_ledger_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
