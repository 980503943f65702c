/* user/ledger/ against a naive ledger, which is plain arrays and searches all of them, on random streams. */
#include "ledger_text.h"
#include "random_records.h"

#include <errno.h>

enum {
	RECORDS = 20003,
	BANKS = 4,
	BANK_BYTES = 512,
	BASE = 64,
	STEP = 16, /* of addresses, and of bytes of a bank */
};

struct naive_block {
	bool alive;
	uint64_t process, arena, address, reserved, asked;
	bool has_asked, is_trace, from_books;
};

struct naive_arena {
	uint64_t process, object, owner, device, peak;
	const char *pool;
	bool gone;
};

struct naive_device {
	uint64_t process, owner;
	bool held;
	unsigned int number;
};

struct naive {
	VEC(struct naive_block) blocks;
	VEC(struct naive_arena) arenas; /* number - 1 */
	VEC(struct naive_device) devices;
	VEC(bool) ended; /* processes, number - 1 */
	uint64_t unknown_frees, replaced, corrections, refused;
};

struct run {
	struct random random;
	struct naive naive;
	struct fold fold;
	uint64_t now;
};

static const char *const pools[] = {"L1", "TRACE"};

static void naive_release(struct naive *n)
{
	vec_release(&n->blocks);
	vec_release(&n->arenas);
	vec_release(&n->devices);
	vec_release(&n->ended);
}

static struct naive_block *naive_find(struct naive *n, uint64_t arena, uint64_t address)
{
	for (size_t i = 0; i < n->blocks.nr; i++)
		if (n->blocks.items[i].alive && n->blocks.items[i].arena == arena &&
		    n->blocks.items[i].address == address)
			return &n->blocks.items[i];
	return NULL;
}

static uint64_t naive_reserved(const struct naive *n, uint64_t arena)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n->blocks.nr; i++)
		if (n->blocks.items[i].alive && n->blocks.items[i].arena == arena)
			sum += n->blocks.items[i].reserved;
	return sum;
}

static bool naive_device_gone(const struct naive *n, uint64_t device)
{
	for (size_t i = 0; i < n->arenas.nr; i++)
		if (n->arenas.items[i].device == device && !n->arenas.items[i].gone)
			return false;
	return true;
}

static void naive_hold(struct naive *n, uint64_t device)
{
	struct naive_device *d = &n->devices.items[device];
	bool taken = true;

	if (d->held)
		return;
	for (d->number = 0; taken; d->number += taken) {
		taken = false;
		for (size_t i = 0; i < n->devices.nr; i++)
			taken |= n->devices.items[i].process == d->process && n->devices.items[i].held &&
				 n->devices.items[i].number == d->number && !naive_device_gone(n, i);
	}
	d->held = true;
}

static void naive_clear(struct naive *n, uint64_t arena)
{
	for (size_t i = 0; i < n->blocks.nr; i++)
		if (n->blocks.items[i].arena == arena)
			n->blocks.items[i].alive = false;
}

static void naive_put(struct naive *n, const struct record *r)
{
	struct naive_arena *a = &n->arenas.items[r->arena - 1];
	struct naive_block *old = naive_find(n, r->arena, r->address);

	if (old)
		old->alive = false;
	n->replaced += old && r->kind == RECORD_ALLOC;
	vec_push(&n->blocks, ((struct naive_block){.alive = true,
						   .process = r->process,
						   .arena = r->arena,
						   .address = r->address,
						   .reserved = r->reserved,
						   .asked = r->asked,
						   .has_asked = RECORD_HAS(r, ASKED),
						   .is_trace = RECORD_HAS(r, TAG),
						   .from_books = r->kind != RECORD_ALLOC}));
	naive_hold(n, a->device);
	if (naive_reserved(n, r->arena) > a->peak)
		a->peak = naive_reserved(n, r->arena);
}

static void naive_arena(struct naive *n, const struct record *r)
{
	uint64_t device = 0;

	while (device < n->devices.nr && (n->devices.items[device].process != r->process ||
					  n->devices.items[device].owner != r->owner || naive_device_gone(n, device)))
		device++;
	if (device == n->devices.nr)
		vec_push(&n->devices, ((struct naive_device){.process = r->process, .owner = r->owner}));
	vec_push(&n->arenas, ((struct naive_arena){.process = r->process,
						   .object = r->object,
						   .owner = r->owner,
						   .device = device,
						   .pool = r->pool}));
}

static void naive_take(struct naive *n, const struct record *r)
{
	struct naive_block *b = naive_find(n, r->arena, r->address);

	if (b)
		b->alive = false;
	n->unknown_frees += !b && r->kind == RECORD_FREE;
}

static void naive_end(struct naive *n, uint64_t process)
{
	n->ended.items[process - 1] = true;
	for (size_t i = 0; i < n->arenas.nr; i++) {
		if (n->arenas.items[i].process != process)
			continue;
		n->arenas.items[i].gone = true;
		naive_clear(n, i + 1);
	}
}

static void naive_apply(struct naive *n, const struct record *r)
{
	bool gone = RECORD_HAS(r, REASON) && !strcmp(r->reason, "gone");

	n->corrections += r->kind == RECORD_CORRECTION;
	if (r->kind == RECORD_ATTACH)
		vec_push(&n->ended, false);
	else if (r->kind == RECORD_DETACH)
		naive_end(n, r->process);
	else if (r->kind == RECORD_ARENA)
		naive_arena(n, r);
	else if (r->kind == RECORD_CLEAR || gone)
		naive_clear(n, r->arena);
	else if (r->kind == RECORD_FREE || (RECORD_HAS(r, REASON) && !strcmp(r->reason, "extra")))
		naive_take(n, r);
	else
		naive_put(n, r);
	if (gone)
		n->arenas.items[r->arena - 1].gone = true;
}

/* Does the record contradict what came before? */
static bool naive_refuses(const struct naive *n, const struct record *r)
{
	if (r->kind == RECORD_ATTACH)
		return r->process != n->ended.nr + 1;
	if (!r->process || r->process > n->ended.nr || n->ended.items[r->process - 1])
		return true;
	if (r->kind == RECORD_ARENA)
		return r->arena != n->arenas.nr + 1;
	if (r->kind == RECORD_DETACH)
		return false;
	return !r->arena || r->arena > n->arenas.nr || n->arenas.items[r->arena - 1].gone ||
	       n->arenas.items[r->arena - 1].process != r->process;
}

static struct record attach_record(struct run *run, struct record r)
{
	r.kind = RECORD_ATTACH;
	if (random_below(&run->random, 7))
		RECORD_SET(&r, PROCESS, process, run->naive.ended.nr + 1);
	RECORD_SET(&r, PID, pid, 1 + random_below(&run->random, 3));
	RECORD_SET(&r, RUNTIME, runtime, "r");
	RECORD_SET(&r, POOLS, pools, "L1,TRACE");
	return r;
}

static struct record arena_record(struct run *run, struct record r)
{
	r.kind = RECORD_ARENA;
	if (random_below(&run->random, 7))
		RECORD_SET(&r, ARENA, arena, run->naive.arenas.nr + 1);
	RECORD_SET(&r, OBJECT, object, 1 + random_below(&run->random, 5));
	RECORD_SET(&r, OWNER, owner, 100 + random_below(&run->random, 3));
	RECORD_SET(&r, POOL, pool, pools[random_below(&run->random, ARRAY_SIZE(pools))]);
	RECORD_SET(&r, BANKS, banks, BANKS);
	RECORD_SET(&r, BANK_BYTES, bank_bytes, BANK_BYTES);
	RECORD_SET(&r, BASE, base, BASE);
	return r;
}

/* Kinds and reasons of records about an arena, and how many of a hundred there are. */
static const struct {
	enum record_kind kind;
	const char *reason;
	unsigned int often;
} kinds[] = {
	{RECORD_ALLOC, NULL, 45},	      {RECORD_FREE, NULL, 40},		 {RECORD_CLEAR, NULL, 1},
	{RECORD_CLEAR, "gone", 1},	      {RECORD_BLOCK, NULL, 4},		 {RECORD_CORRECTION, "missing", 2},
	{RECORD_CORRECTION, "extra", 2}, {RECORD_CORRECTION, "size", 2}, {RECORD_CORRECTION, "gone", 1},
};

/* Any arena's number, mostly of a process that it belongs to; sometimes none's. */
static struct record block_record(struct run *run, struct record r)
{
	uint64_t of_hundred = random_below(&run->random, 98), kind = 0;
	const struct naive *n = &run->naive;

	for (; of_hundred >= kinds[kind].often; kind++)
		of_hundred -= kinds[kind].often;
	r.kind = kinds[kind].kind;
	RECORD_SET(&r, ARENA, arena, random_below(&run->random, n->arenas.nr + 2));
	for (int tries = 0; tries < 9 && naive_refuses(n, &r); tries++) {
		r.arena = random_below(&run->random, n->arenas.nr + 2);
		if (r.arena && r.arena <= n->arenas.nr && random_below(&run->random, 31))
			r.process = n->arenas.items[r.arena - 1].process;
	}
	RECORD_SET(&r, ADDRESS, address, BASE + STEP * random_below(&run->random, BANK_BYTES / STEP));
	RECORD_SET(&r, RESERVED, reserved, BANKS * STEP * (1 + random_below(&run->random, 4)));
	if (r.kind == RECORD_ALLOC && random_below(&run->random, 4))
		RECORD_SET(&r, ASKED, asked, 1 + random_below(&run->random, r.reserved));
	if (r.kind == RECORD_ALLOC && !random_below(&run->random, 5))
		RECORD_SET(&r, TAG, tag, "trace");
	if (kinds[kind].reason)
		RECORD_SET(&r, REASON, reason, kinds[kind].reason);
	return r;
}

static struct record next_record(struct run *run)
{
	struct record r = {};
	uint64_t of_thousand = random_below(&run->random, 1000);

	RECORD_SET(&r, TIME_NS, time_ns, run->now += random_below(&run->random, 3));
	RECORD_SET(&r, PROCESS, process, 1 + random_below(&run->random, run->naive.ended.nr + 1));
	if (!run->naive.ended.nr || of_thousand < 4)
		return attach_record(run, r);
	if (!run->naive.arenas.nr || of_thousand < 30)
		return arena_record(run, r);
	if (of_thousand < 32) {
		r.kind = RECORD_DETACH;
		RECORD_SET(&r, REASON, reason, "exit");
		return r;
	}
	return block_record(run, r);
}

static struct figures naive_figures(const struct naive *n, uint64_t arena)
{
	const struct naive_arena *a = &n->arenas.items[arena - 1];
	struct figures f = {.peak = a->peak, .capacity = BANKS * BANK_BYTES, .has_capacity = true};

	for (size_t i = 0; i < n->blocks.nr; i++) {
		const struct naive_block *b = &n->blocks.items[i];
		bool trace = b->is_trace || !strcmp(a->pool, "TRACE");

		if (!b->alive || b->arena != arena)
			continue;
		f.buffers++;
		f.reserved += b->reserved;
		f.asked += b->has_asked ? b->asked : 0;
		f.asked_unknown += !b->has_asked;
		f.trace += trace ? b->reserved : 0;
		f.trace_unknown += !trace && b->from_books;
	}
	return f;
}

/* The longest run of bytes of a bank in which no block lies, looked at byte by byte. */
static uint64_t naive_largest_free(const struct naive *n, uint64_t arena)
{
	bool used[BASE + BANK_BYTES + 4 * STEP] = {};
	uint64_t largest = 0, length = 0;

	for (size_t i = 0; i < n->blocks.nr; i++) {
		const struct naive_block *b = &n->blocks.items[i];

		for (uint64_t byte = 0; b->alive && b->arena == arena && byte < b->reserved / BANKS; byte++)
			used[b->address + byte] = true;
	}
	for (uint64_t byte = BASE; byte < BASE + BANK_BYTES; byte++) {
		length = used[byte] ? 0 : length + 1;
		largest = length > largest ? length : largest;
	}
	return largest;
}

static void check_arena(struct run *run, uint64_t number)
{
	_cleanup_(str_release) struct str expected = {}, found = {};
	const struct naive_arena *n = &run->naive.arenas.items[number - 1];
	const struct arena *a = ledger_arena(run->fold.ledger, number);
	struct figures f = naive_figures(&run->naive, number);

	add_figures(&expected, &f);
	add_figures(&found, &a->figures);
	assert_string_equal(str_text(&found), str_text(&expected));
	assert_int_equal(a->gone, n->gone);
	assert_int_equal(a->blocks.nr, f.buffers);
	assert_int_equal(a->device->owner, n->owner);
	assert_int_equal(a->device->held, run->naive.devices.items[n->device].held);
	if (a->device->held)
		assert_int_equal(a->device->number, run->naive.devices.items[n->device].number);
}

static void check_device(struct run *run, uint64_t number)
{
	const struct device *d = ledger_arena(run->fold.ledger, number)->device;
	const struct naive_arena *a = run->naive.arenas.items;
	uint64_t expected = 0, found = 0, reserved = 0, nr = 0;
	struct figures f;

	for (size_t i = 0; i < run->naive.arenas.nr; i++) {
		uint64_t largest;

		if (a[i].device != a[number - 1].device || a[i].gone || strcmp(a[i].pool, "L1"))
			continue;
		nr++;
		reserved += naive_reserved(&run->naive, i + 1);
		largest = naive_largest_free(&run->naive, i + 1);
		expected = largest > expected ? largest : expected;
	}
	assert_int_equal(device_figures(d, "L1", &f), nr > 0);
	assert_int_equal(device_largest_free(d, "L1", &found), nr > 0);
	assert_int_equal(found, expected);
	if (nr)
		assert_int_equal(f.reserved, reserved);
}

static void check_all(struct run *run)
{
	const struct ledger *l = run->fold.ledger;

	assert_int_equal(l->arenas.nr, run->naive.arenas.nr);
	assert_int_equal(l->processes.nr, run->naive.ended.nr);
	assert_int_equal(l->unknown_frees, run->naive.unknown_frees);
	assert_int_equal(l->replaced, run->naive.replaced);
	assert_int_equal(l->corrections, run->naive.corrections);
	for (uint64_t i = 1; i <= l->arenas.nr; i++)
		check_arena(run, i);
}

static void random_streams_give_what_a_naive_ledger_says(void **state)
{
	struct run run = {.random = {11}, .fold = fold_new(), .now = 100};

	(void)state;
	for (int i = 0; i < RECORDS; i++) {
		struct record r = next_record(&run);
		int err = ledger_apply(run.fold.ledger, &r, i % 2 ? &run.fold.effect : NULL);

		assert_int_equal(err, naive_refuses(&run.naive, &r) ? -EINVAL : 0);
		run.naive.refused += err != 0;
		if (err)
			continue;
		naive_apply(&run.naive, &r);
		if (RECORD_HAS(&r, ARENA)) {
			check_arena(&run, r.arena);
			check_device(&run, r.arena);
		}
		if (i % 499 == 0)
			check_all(&run);
	}
	check_all(&run);
	/* The stream was one worth looking at. */
	assert_true(run.naive.refused > 97 && run.naive.refused < RECORDS / 2);
	assert_true(run.naive.unknown_frees > 997 && run.naive.replaced > 97 && run.naive.arenas.nr > 199);
	naive_release(&run.naive);
	fold_release(&run.fold);
}

static void any_record_is_folded_or_refused(void **state)
{
	struct random random = {13};
	struct fold f = fold_new();
	uint64_t folded = 0;

	(void)state;
	for (int i = 0; i < RECORDS; i++) {
		struct record r = random_record(&random);

		/* Small numbers, so that some of it makes sense. */
		r.process = random_below(&random, 4);
		r.arena = random_below(&random, 9);
		if (random_below(&random, 9))
			r.time_ns = f.ledger->time_ns;
		if (r.kind == RECORD_DETACH && random_below(&random, 9))
			r.kind = RECORD_ALLOC;
		folded += !fold_put(&f.sink, &r);
		record_release(&r);
	}
	assert_true(folded > 97);
	assert_true(strlen(ledger_text(&f)) > 0);
	fold_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_streams_give_what_a_naive_ledger_says),
		cmocka_unit_test(any_record_is_folded_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
