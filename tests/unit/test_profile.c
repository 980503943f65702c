/* view/profile.h against plain arrays that are searched, on random streams; and what its kinds are called. */
#include "random_records.h"
#include "view_stream.h"

#include <stdio.h>

#include "view/profile.h"

enum { STEPS = 4000, ADDRESSES = 12, POOLS = 3 };

static const char *const pools[POOLS] = {"DRAM", "L1", "TRACE"};

/* What is known of a block, as text: what profiles by kind tell apart. */
struct naive_block {
	bool alive, has_reserved, seen;
	uint64_t process, arena, address, reserved;
	size_t pool;
	char kind[48];
};

struct naive_amount {
	char kind[48];
	struct amount amount;
};

/* One pool of one process; there is one device each. */
struct naive_pool {
	uint64_t peak, at_end;
	VEC(struct naive_amount) composition; /* when it was highest */
};

struct run {
	struct random random;
	struct ledger *ledger;
	struct profile kinds, pools;
	VEC(struct naive_block) blocks;
	VEC(struct naive_pool) naive; /* (process - 1) * POOLS + pool */
	VEC(uint64_t) first_arenas;   /* of processes: arenas are POOLS in a row */
	uint64_t now;
	uint64_t applied;
};

static struct record new_record(struct run *run, enum record_kind kind)
{
	struct record r = {.kind = kind};

	RECORD_SET(&r, TIME_NS, time_ns, ++run->now);
	if (kind != RECORD_TICK)
		RECORD_SET(&r, PROCESS, process, run->first_arenas.nr);
	return r;
}

static void apply(struct run *run, const struct record *r)
{
	struct effect e;

	assert_int_equal(ledger_apply(run->ledger, r, &e), 0);
	profile_apply(&run->kinds, r, &e);
	profile_apply(&run->pools, r, &e);
	run->applied++;
}

static void attach(struct run *run)
{
	struct record r;

	vec_push(&run->first_arenas, run->first_arenas.nr * POOLS + 1);
	r = new_record(run, RECORD_ATTACH);
	RECORD_SET(&r, PID, pid, 100 + run->first_arenas.nr);
	RECORD_SET(&r, NAME, name, "python");
	RECORD_SET(&r, RUNTIME, runtime, "rt");
	RECORD_SET(&r, POOLS, pools, "DRAM,L1,TRACE");
	apply(run, &r);
	for (size_t i = 0; i < POOLS; i++) {
		r = new_record(run, RECORD_ARENA);
		RECORD_SET(&r, ARENA, arena, run->first_arenas.items[run->first_arenas.nr - 1] + i);
		RECORD_SET(&r, OBJECT, object, 0x1000 + i);
		RECORD_SET(&r, OWNER, owner, 0x50);
		RECORD_SET(&r, POOL, pool, pools[i]);
		apply(run, &r);
		vec_push(&run->naive, ((struct naive_pool){}));
	}
}

static struct naive_block *find(struct run *run, uint64_t arena, uint64_t address)
{
	for (size_t i = 0; i < run->blocks.nr; i++)
		if (run->blocks.items[i].alive && run->blocks.items[i].arena == arena &&
		    run->blocks.items[i].address == address)
			return &run->blocks.items[i];
	return NULL;
}

static void set_kind(struct naive_block *b, const char *label, bool trace)
{
	unsigned int class = 0;

	while (class < 63 && b->reserved >> (class + 1))
		class++;
	if (label)
		snprintf(b->kind, sizeof(b->kind), "%s", label);
	else if (trace)
		snprintf(b->kind, sizeof(b->kind), "trace");
	else if (!b->has_reserved)
		snprintf(b->kind, sizeof(b->kind), "size ?");
	else if (!b->reserved)
		snprintf(b->kind, sizeof(b->kind), "0 B");
	else
		snprintf(b->kind, sizeof(b->kind), "%llu B to %llu %s", 1ULL << class, class == 9 ? 1 : 2ULL << class,
			 class == 9 ? "KiB" : "B");
}

static void put(struct run *run, struct record *r, size_t pool)
{
	static const char *const labels[] = {NULL, NULL, "conv", "matmul"};
	struct naive_block b = {.alive = true, .process = r->process, .arena = r->arena, .address = r->address, .pool = pool};
	const char *label = labels[random_below(&run->random, ARRAY_SIZE(labels))];
	bool trace = random_below(&run->random, 8) == 0, sized = r->kind != RECORD_ALLOC || random_below(&run->random, 8);
	struct naive_block *old = find(run, r->arena, r->address);
	bool correction = r->kind == RECORD_CORRECTION;

	if (sized)
		RECORD_SET(r, RESERVED, reserved, random_below(&run->random, 600));
	if (label && !correction)
		RECORD_SET(r, LABEL, label, label);
	if (trace && !correction)
		RECORD_SET(r, TAG, tag, "trace");
	b.reserved = r->reserved;
	b.has_reserved = sized;
	b.seen = r->kind == RECORD_ALLOC;
	set_kind(&b, r->label, r->tag || pool == 2);
	/* Of a block whose size was not known the books add the size alone. */
	if (old && correction && !strcmp(r->reason, "size") && !old->has_reserved) {
		bool sizes = !strcmp(old->kind, "size ?");

		old->reserved = r->reserved;
		old->has_reserved = true;
		if (sizes)
			set_kind(old, NULL, false);
	} else {
		if (old)
			old->alive = false;
		vec_push(&run->blocks, b);
	}
	apply(run, r);
}

static void step(struct run *run)
{
	static const enum record_kind kinds[] = {RECORD_ALLOC, RECORD_ALLOC, RECORD_ALLOC, RECORD_BLOCK, RECORD_FREE,
						 RECORD_FREE,  RECORD_CORRECTION, RECORD_CLEAR};
	static const char *const reasons[] = {"missing", "size", "extra"};
	enum record_kind kind = kinds[random_below(&run->random, ARRAY_SIZE(kinds) - (random_below(&run->random, 9) != 0))];
	size_t pool = random_below(&run->random, POOLS);
	struct record r = new_record(run, kind);
	struct naive_block *b;

	RECORD_SET(&r, ARENA, arena, run->first_arenas.items[run->first_arenas.nr - 1] + pool);
	RECORD_SET(&r, ADDRESS, address, 64 * random_below(&run->random, ADDRESSES));
	if (kind == RECORD_CORRECTION)
		RECORD_SET(&r, REASON, reason, reasons[random_below(&run->random, ARRAY_SIZE(reasons))]);
	if (kind == RECORD_ALLOC || kind == RECORD_BLOCK || (kind == RECORD_CORRECTION && strcmp(r.reason, "extra"))) {
		put(run, &r, pool);
		return;
	}
	for (size_t i = 0; kind == RECORD_CLEAR && i < run->blocks.nr; i++)
		run->blocks.items[i].alive &= run->blocks.items[i].arena != r.arena;
	b = find(run, r.arena, r.address);
	if (b)
		b->alive = false;
	apply(run, &r);
}

static struct amount *amount_of(struct naive_pool *pool, const char *kind)
{
	struct naive_amount *new;

	for (size_t i = 0; i < pool->composition.nr; i++)
		if (!strcmp(pool->composition.items[i].kind, kind))
			return &pool->composition.items[i].amount;
	new = vec_add(&pool->composition);
	*new = (struct naive_amount){};
	snprintf(new->kind, sizeof(new->kind), "%s", kind);
	return &new->amount;
}

/* After each record: sums, and what they are made of when they are highest. */
static void follow(struct run *run)
{
	uint64_t process = run->first_arenas.nr;

	for (size_t pool = 0; pool < POOLS; pool++) {
		struct naive_pool *n = &run->naive.items[(process - 1) * POOLS + pool];
		uint64_t sum = 0;

		for (size_t i = 0; i < run->blocks.nr; i++)
			if (run->blocks.items[i].alive && run->blocks.items[i].process == process &&
			    run->blocks.items[i].pool == pool)
				sum += run->blocks.items[i].reserved;
		n->at_end = sum;
		if (sum <= n->peak)
			continue;
		n->peak = sum;
		vec_clear(&n->composition);
		for (size_t i = 0; i < run->blocks.nr; i++) {
			const struct naive_block *b = &run->blocks.items[i];
			struct amount *amount;

			if (!b->alive || b->process != process || b->pool != pool)
				continue;
			amount = amount_of(n, b->kind);
			amount->blocks++;
			amount->bytes += b->reserved;
		}
	}
}

static void detach(struct run *run)
{
	struct record r = new_record(run, RECORD_DETACH);

	RECORD_SET(&r, REASON, reason, "exit");
	apply(run, &r);
}

/* Sums of nodes are those of their pool, and each node is what the arrays say. */
static void check_node(struct run *run, const struct profile_node *node)
{
	size_t pool = 0;
	struct naive_pool *n;
	struct amount *expected;
	struct str kind = {};

	while (strcmp(pools[pool], node->place->pool))
		pool++;
	n = &run->naive.items[(node->place->process->id - 1) * POOLS + pool];
	profile_add_kind(&kind, node);
	expected = amount_of(n, str_text(&kind));
	assert_int_equal(node->peak.bytes, expected->bytes);
	assert_int_equal(node->peak.blocks, expected->blocks);
	assert_true(node->highest >= node->peak.bytes && node->highest >= node->inuse.bytes);
	str_release(&kind);
}

static void check_pools(struct run *run)
{
	for (size_t i = 0; i < run->pools.nodes.nr; i++) {
		const struct profile_node *node = run->pools.nodes.items[i];
		struct amount inuse = {}, peak = {}, allocated = {}, found = {};
		size_t pool = 0;

		while (strcmp(pools[pool], node->place->pool))
			pool++;
		for (size_t k = 0; k < run->kinds.nodes.nr; k++) {
			const struct profile_node *part = run->kinds.nodes.items[k];

			if (part->place->process != node->place->process || part->place->pool != node->place->pool)
				continue;
			inuse.bytes += part->inuse.bytes;
			inuse.blocks += part->inuse.blocks;
			peak.bytes += part->peak.bytes;
			peak.blocks += part->peak.blocks;
			allocated.bytes += part->allocated.bytes;
			allocated.blocks += part->allocated.blocks;
			found.bytes += part->found.bytes;
			found.blocks += part->found.blocks;
		}
		assert_memory_equal(&inuse, &node->inuse, sizeof(inuse));
		assert_memory_equal(&peak, &node->peak, sizeof(peak));
		assert_memory_equal(&allocated, &node->allocated, sizeof(allocated));
		assert_memory_equal(&found, &node->found, sizeof(found));
		assert_int_equal(node->highest, run->naive.items[(node->place->process->id - 1) * POOLS + pool].peak);
		assert_int_equal(node->inuse.bytes, run->naive.items[(node->place->process->id - 1) * POOLS + pool].at_end);
	}
}

static void check_allocated(struct run *run)
{
	struct amount seen = {}, found = {}, sums[2] = {};

	for (size_t i = 0; i < run->blocks.nr; i++) {
		struct amount *a = run->blocks.items[i].seen ? &seen : &found;

		a->blocks++;
		a->bytes += run->blocks.items[i].reserved;
	}
	for (size_t i = 0; i < run->pools.nodes.nr; i++) {
		sums[0].blocks += run->pools.nodes.items[i]->allocated.blocks;
		sums[0].bytes += run->pools.nodes.items[i]->allocated.bytes;
		sums[1].blocks += run->pools.nodes.items[i]->found.blocks;
		sums[1].bytes += run->pools.nodes.items[i]->found.bytes;
	}
	assert_memory_equal(&sums[0], &seen, sizeof(seen));
	assert_memory_equal(&sums[1], &found, sizeof(found));
}

static void run_release(struct run *run)
{
	profile_release(&run->kinds);
	profile_release(&run->pools);
	ledger_free(run->ledger);
	for (size_t i = 0; i < run->naive.nr; i++)
		vec_release(&run->naive.items[i].composition);
	vec_release(&run->naive);
	vec_release(&run->blocks);
	vec_release(&run->first_arenas);
}

static void profiles_are_what_arrays_say(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct run run = {.random.state = seed * 7919, .ledger = ledger_new()};

		profile_init(&run.kinds, PROFILE_BY_KIND, NULL);
		profile_init(&run.pools, PROFILE_BY_POOL, NULL);
		attach(&run);
		for (int i = 0; i < STEPS; i++) {
			step(&run);
			follow(&run);
			if (i % 1500 == 1499) {
				detach(&run);
				attach(&run);
			}
		}
		profile_finish(&run.kinds);
		profile_finish(&run.pools);
		assert_true(run.kinds.nodes.nr > 50);
		for (size_t i = 0; i < run.kinds.nodes.nr; i++)
			check_node(&run, run.kinds.nodes.items[i]);
		check_pools(&run);
		check_allocated(&run);
		run_release(&run);
	}
}

/* What lives is what the ledger has, pool by pool, also where a pool is cleared or its object is gone. */

static void compare_with_ledger(struct view *v, const struct record *r, const struct effect *e)
{
	struct lives *lives = v->state;

	lives_apply(lives, r, e);
	for (size_t i = 0; i < lives->places.nr; i++) {
		const struct place *place = lives->places.items[i];
		uint64_t sum = 0;

		for (size_t k = 0; k < v->ledger->arenas.nr; k++) {
			const struct arena *a = v->ledger->arenas.items[k];

			if (a->process == place->process && a->pool == place->pool && a->device->held &&
			    a->device->number == place->device)
				sum += a->figures.reserved;
		}
		assert_int_equal(place->reserved, sum);
	}
}

static void lives_end_wherever_blocks_do(void **state)
{
	static const struct lives_user nobody = {};
	struct lives lives = {.calls = &nobody};
	struct view v = {.add = compare_with_ledger, .state = &lives};

	(void)state;
	view_run(&v, TRACED ALLOC(105, 2, 8192, 64, 64) "clear" S(106) "process=1 arena=2\n" ALLOC(107, 2, 4096, 96, 96)
		 "clear" S(108) "process=1 arena=1 reason=gone\n" ALLOC(109, 3, 4096, 32, 32)
		 "correction" S(110) "process=1 arena=3 reason=size address=4096 reserved=64\n"
		 "correction" S(111) "process=1 arena=2 reason=gone\n"
		 "alloc" S(112) "process=1 arena=4 address=4096\n"
		 "correction" S(113) "process=1 arena=4 reason=size address=4096 reserved=640\n"
		 "correction" S(114) "process=1 arena=4 reason=extra address=4096\n"
		 "correction" S(115) "process=1 arena=4 reason=missing address=4096 reserved=96\n"
		 "detach" S(116) "process=1 reason=exit\n");
	assert_int_equal(lives.places.nr, 4);
	for (size_t i = 0; i < lives.places.nr; i++)
		assert_int_equal(lives.places.items[i]->reserved, 0);
	view_release(&v);
	lives_release(&lives);
}

static void apply_profile(struct view *v, const struct record *r, const struct effect *e)
{
	profile_apply(v->state, r, e);
}

/* "python, device 0, L1: 1 MiB to 2 MiB" and so on, a line a node. */
static void check_names(const char *stream, enum profile_by by, const char *expected)
{
	struct profile p;
	struct view v = {.add = apply_profile, .state = &p};
	struct str s = {};

	profile_init(&p, by, NULL);
	view_run(&v, stream);
	profile_finish(&p);
	for (size_t i = 0; i < p.nodes.nr; i++) {
		profile_add_process(&s, p.nodes.items[i], v.ledger);
		str_add(&s, ", ");
		profile_add_device(&s, p.nodes.items[i]);
		str_add(&s, ", ");
		profile_add_pool(&s, p.nodes.items[i]);
		str_add(&s, ": ");
		profile_add_kind(&s, p.nodes.items[i]);
		str_addf(&s, " (%u)\n", (unsigned int)p.nodes.items[i]->failed);
	}
	assert_string_equal(str_text(&s), expected);
	str_release(&s);
	profile_release(&p);
	view_release(&v);
}

#define SIZES ALLOC(102, 1, 4096, 1, 1) ALLOC(102, 1, 8192, 1023, 1) ALLOC(102, 1, 16384, 1024, 1) ALLOC(102, 1, 32768, 2097151, 1)
#define HUGE_ONE "alloc" S(105) "process=1 arena=2 address=4096 reserved=18446744073709551615 label=\"a\\x1bb\"\n"

static void kinds_have_names(void **state)
{
	(void)state;
	check_names(PYTHON EMPTY POOLS(101) SIZES, PROFILE_BY_SIZE,
		    "python, device 0, DRAM: 1 B to 2 B (0)\npython, device 0, DRAM: 512 B to 1 KiB (0)\n"
		    "python, device 0, DRAM: 1 KiB to 2 KiB (0)\npython, device 0, DRAM: 1 MiB to 2 MiB (0)\n");
	check_names(PYTHON EMPTY POOLS(101) HUGE_ONE, PROFILE_BY_SIZE, "python, device 0, L1: 8 EiB to 16 EiB (0)\n");
	check_names(PYTHON EMPTY POOLS(101) HUGE_ONE, PROFILE_BY_KIND, "python, device 0, L1: a\\x1bb (0)\n");
	check_names(TRACED HUGE_ONE, PROFILE_BY_LABEL,
		    "python, device 0, DRAM: trace (0)\npython, device 0, DRAM: no label (0)\n"
		    "python, device 0, L1: a\\x1bb (0)\npython, device 0, L1: no label (0)\n");
	check_names(TWO, PROFILE_BY_POOL, "python, device 0, DRAM:  (0)\na b, device 0, HBM:  (0)\na b, device 1, HBM:  (0)\n");
}

static void failures_are_counted_and_taken_back(void **state)
{
	(void)state;
	check_names(PYTHON EMPTY POOLS(101) "failed" S(102) "process=1 tid=7 pool=L1 reason=throw\n"
		    "failed" S(102) "process=1 tid=8 pool=L1 reason=throw\nretract" S(103) "process=1 tid=7\n"
		    "failed" S(104) "process=1 tid=9 reason=throw\nfailed" S(104) "process=1 tid=9 pool=XY reason=throw\n"
		    ALLOC(105, 2, 4096, 64, 64), PROFILE_BY_POOL,
		    "python, device 0, L1:  (0)\npython, device ?, L1:  (1)\npython, device ?, ?:  (2)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_are_what_arrays_say),
		cmocka_unit_test(lives_end_wherever_blocks_do),
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(failures_are_counted_and_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
