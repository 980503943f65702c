/* ledger/chips.h against a naive one, which adds up all blocks for each chip after each record, on random streams. */
#include "ledger_text.h"
#include "random_records.h"

enum {
	RECORDS = 20011,
	BANKS = 4,
	CHIPS = 7,
	DEVICES = 5, /* at a time */
	POOLS = 2,
	ADDRESSES = 6, /* few: devices overlap */
};

static const char *const pools[POOLS] = {"DRAM", "L1"};

struct naive_device {
	bool open, held;
	uint64_t owner, arena[POOLS];	   /* of its pools */
	uint64_t bytes[POOLS][ADDRESSES]; /* 0: free */
	bool on[CHIPS];			   /* stands on the chip; on none: it is not known on which */
	uint64_t capacity;
};

struct run {
	struct random random;
	struct fold fold;
	struct naive_device devices[DEVICES];
	uint64_t peaks[CHIPS][POOLS];
	uint64_t now, owners, arenas;
	bool moves; /* devices that hold blocks are described again: peaks have another meaning then */
	uint64_t known, unknown, groups_of_several;
};

static void put(struct run *run, struct record *r)
{
	RECORD_SET(r, TIME_NS, time_ns, ++run->now);
	RECORD_SET(r, PROCESS, process, 1);
	assert_int_equal(ledger_apply(run->fold.ledger, r, NULL), 0);
}

static bool shown(const struct naive_device *d)
{
	return d->open && d->held;
}

/* What chip @chip has in pool @pool; *@ret_nr is the number of devices that it is under. */
static uint64_t naive_sum(const struct run *run, size_t chip, size_t pool, uint64_t *ret_buffers, size_t *ret_nr)
{
	uint64_t sum = 0;

	*ret_buffers = *ret_nr = 0;
	for (size_t i = 0; i < DEVICES; i++) {
		const struct naive_device *d = &run->devices[i];

		if (!shown(d) || !d->on[chip])
			continue;
		++*ret_nr;
		for (size_t k = 0; k < ADDRESSES; k++) {
			sum += d->bytes[pool][k];
			*ret_buffers += d->bytes[pool][k] > 0;
		}
	}
	return sum;
}

static void follow_peaks(struct run *run)
{
	for (size_t chip = 0; chip < CHIPS; chip++) {
		for (size_t pool = 0; pool < POOLS; pool++) {
			uint64_t buffers, sum;
			size_t nr;

			sum = naive_sum(run, chip, pool, &buffers, &nr);
			if (!nr || sum > run->peaks[chip][pool])
				run->peaks[chip][pool] = nr ? sum : 0;
		}
	}
}

static void describe(struct run *run, struct naive_device *d)
{
	_cleanup_(str_release) struct str chips = {};
	struct record r = {.kind = RECORD_DEVICE};

	for (size_t i = 0; i < CHIPS; i++) {
		d->on[i] = random_below(&run->random, 3) == 0;
		if (d->on[i])
			str_addf(&chips, "%s%zu", chips.len ? "," : "", i);
	}
	RECORD_SET(&r, OWNER, owner, d->owner);
	if (chips.len)
		RECORD_SET(&r, CHIPS, chips, str_text(&chips));
	put(run, &r);
}

static void open_device(struct run *run, struct naive_device *d)
{
	*d = (struct naive_device){.open = true, .owner = 100 + run->owners++ % 9, .capacity = 1000 + random_below(&run->random, 3)};
	for (size_t i = 0; i < DEVICES; i++)
		if (&run->devices[i] != d && run->devices[i].open && run->devices[i].owner == d->owner)
			d->owner = 1000 + run->owners;
	for (size_t i = 0; i < POOLS; i++) {
		struct record r = {.kind = RECORD_ARENA};

		d->arena[i] = ++run->arenas;
		RECORD_SET(&r, ARENA, arena, d->arena[i]);
		RECORD_SET(&r, OBJECT, object, d->arena[i]);
		RECORD_SET(&r, OWNER, owner, d->owner);
		RECORD_SET(&r, POOL, pool, pools[i]);
		RECORD_SET(&r, BANKS, banks, BANKS);
		RECORD_SET(&r, BANK_BYTES, bank_bytes, d->capacity);
		RECORD_SET(&r, REASON, reason, "new");
		put(run, &r);
	}
	describe(run, d);
}

static void close_device(struct run *run, struct naive_device *d)
{
	for (size_t i = 0; i < POOLS; i++) {
		struct record r = {.kind = RECORD_CLEAR};

		RECORD_SET(&r, ARENA, arena, d->arena[i]);
		RECORD_SET(&r, REASON, reason, "gone");
		put(run, &r);
	}
	*d = (struct naive_device){};
}

static void change_block(struct run *run, struct naive_device *d)
{
	size_t pool = random_below(&run->random, POOLS), place = random_below(&run->random, ADDRESSES);
	bool free = d->bytes[pool][place];
	struct record r = {.kind = free ? RECORD_FREE : RECORD_ALLOC};

	RECORD_SET(&r, ARENA, arena, d->arena[pool]);
	RECORD_SET(&r, ADDRESS, address, 64 * place);
	if (!free)
		RECORD_SET(&r, RESERVED, reserved, BANKS * (1 + random_below(&run->random, 50)));
	put(run, &r);
	d->bytes[pool][place] = r.reserved;
	d->held = true;
}

static void step(struct run *run)
{
	struct naive_device *d = &run->devices[random_below(&run->random, DEVICES)];
	uint64_t of_hundred = random_below(&run->random, 100);

	if (!d->open)
		open_device(run, d);
	else if (of_hundred < 3)
		close_device(run, d);
	else if (of_hundred < 6 && (run->moves || !d->held))
		describe(run, d);
	else
		change_block(run, d);
	follow_peaks(run);
}

static void check_pool(struct run *run, const struct chip_group *g, unsigned int chip, size_t pool)
{
	uint64_t buffers, sum, capacity = 0;
	struct figures f;
	size_t nr;

	sum = naive_sum(run, chip, pool, &buffers, &nr);
	assert_int_equal(g->devices.nr, nr);
	assert_true(chip_group_figures(g, pools[pool], &f));
	assert_int_equal(f.reserved, sum);
	assert_int_equal(f.buffers, buffers);
	for (size_t i = 0; i < DEVICES; i++)
		if (shown(&run->devices[i]) && run->devices[i].on[chip] && run->devices[i].capacity > capacity)
			capacity = run->devices[i].capacity;
	assert_int_equal(f.capacity, BANKS * capacity);
	run->known += f.peak_known;
	run->unknown += !f.peak_known;
	if (f.peak_known && !run->moves)
		assert_int_equal(f.peak, run->peaks[chip][pool]);
}

/* Each chip that a device stands on is in one group, and each device whose chips are not known is one. */
static void check_all(struct run *run)
{
	const struct ledger_process *p = run->fold.ledger->processes.items[0];
	size_t seen[CHIPS] = {}, alone = 0;

	for (size_t i = 0; i < p->groups.nr; i++) {
		const struct chip_group *g = &p->groups.items[i];

		alone += !g->chips.nr;
		run->groups_of_several += g->chips.nr > 1 && g->devices.nr > 1;
		for (size_t k = 0; k < g->chips.nr; k++) {
			seen[g->chips.items[k]]++;
			for (size_t pool = 0; pool < POOLS; pool++)
				check_pool(run, g, g->chips.items[k], pool);
		}
	}
	for (size_t i = 0; i < DEVICES; i++) {
		bool any = false;

		for (size_t chip = 0; chip < CHIPS; chip++)
			any |= run->devices[i].on[chip];
		alone -= shown(&run->devices[i]) && !any;
	}
	assert_int_equal(alone, 0);
	for (size_t chip = 0; chip < CHIPS; chip++) {
		uint64_t buffers;
		size_t nr;

		naive_sum(run, chip, 0, &buffers, &nr);
		assert_int_equal(seen[chip], nr > 0);
	}
}

static void check_run(bool moves, unsigned int seed)
{
	struct run run = {.random = {seed}, .fold = fold_new(), .now = 100, .moves = moves};

	fold(&run.fold, "attach time_ns=100 process=1 pid=1 runtime=r pools=DRAM,L1\n");
	for (int i = 0; i < RECORDS; i++) {
		step(&run);
		check_all(&run);
	}
	/* The stream was one worth looking at. */
	assert_true(run.known > RECORDS && run.unknown > RECORDS / 10 && run.groups_of_several > RECORDS / 10);
	fold_release(&run.fold);
}

static void chips_have_what_their_devices_hold_and_held_at_most(void **state)
{
	(void)state;
	check_run(false, 3);
}

static void chips_have_what_their_devices_hold_though_they_move(void **state)
{
	(void)state;
	check_run(true, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chips_have_what_their_devices_hold_and_held_at_most),
		cmocka_unit_test(chips_have_what_their_devices_hold_though_they_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
