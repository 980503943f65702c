/* user/ledger/summary: against what a list of all that ever happened gives, on random streams; and its classes. */
#include "ledger_text.h"
#include "random_records.h"

#include <errno.h>

#include "ledger/summary.h"

enum { RECORDS = 9001, BASE = 64, STEP = 16, ADDRESSES = 40, MOST = 7, TIDS = 3, PROCESSES = 14 };

/* How a block came, and how it went. */
enum cause { ALIVE, ALLOCATED, IN_BOOKS, FREED, REMOVED, REPLACED, PROCESS_ENDED };

struct life {
	uint64_t arena, process, address, reserved, born_ns, died_ns, sized_ns;
	bool has_reserved; /* when it was born */
	enum cause born, died;
};

struct level {
	uint64_t arena, time_ns, reserved;
};

struct failure {
	uint64_t process, arena, time_ns, tid;
	const char *pool;
	bool retracted;
	uint64_t retracted_ns;
};

struct place {
	uint64_t process;
	bool gone;
};

struct naive {
	VEC(struct life) lives;
	VEC(struct level) levels; /* of an arena, after each record about it */
	VEC(struct failure) failures;
	VEC(struct place) arenas; /* by number - 1 */
	VEC(bool) ended;
	uint64_t unknown_frees;
};

enum { SUMMARIES = 4 };

struct run {
	struct random random;
	struct naive naive;
	struct ledger *ledger[SUMMARIES];
	struct summary *summary[SUMMARIES];
	uint64_t now;
};

static int larger(const struct block *a, const struct block *b)
{
	if (a->reserved != b->reserved)
		return a->reserved < b->reserved ? -1 : 1;
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->time_ns < b->time_ns ? -1 : a->time_ns > b->time_ns;
}

/* Of those at even addresses / STEP. */
static bool chosen(const void *context, const struct arena *a, const struct block *b)
{
	(void)a;
	return !*(const bool *)context || b->address / STEP % 2 == 0;
}

static struct life *living(struct naive *n, uint64_t arena, uint64_t address)
{
	for (size_t i = n->lives.nr; i > 0; i--) {
		struct life *b = &n->lives.items[i - 1];

		if (b->died == ALIVE && b->arena == arena && b->address == address)
			return b;
	}
	return NULL;
}

static void die(struct life *b, enum cause cause, uint64_t time_ns)
{
	if (!b)
		return;
	b->died = cause;
	b->died_ns = time_ns;
}

static void be_born(struct naive *n, const struct record *r, enum cause cause, enum cause other)
{
	die(living(n, r->arena, r->address), other, r->time_ns);
	vec_push(&n->lives, ((struct life){.arena = r->arena,
					   .process = r->process,
					   .address = r->address,
					   .reserved = r->reserved,
					   .has_reserved = RECORD_HAS(r, RESERVED),
					   .born_ns = r->time_ns,
					   .born = cause}));
}

static void all_die(struct naive *n, const struct record *r, enum cause cause)
{
	for (size_t i = 0; i < n->lives.nr; i++) {
		struct life *b = &n->lives.items[i];

		if (b->died == ALIVE && (cause == PROCESS_ENDED ? b->process == r->process : b->arena == r->arena))
			die(b, cause, r->time_ns);
	}
}

static void settle(struct naive *n, const struct record *r)
{
	struct life *b = living(n, r->arena, r->address);

	if (!b || b->has_reserved || b->sized_ns) {
		be_born(n, r, IN_BOOKS, REMOVED);
		return;
	}
	b->reserved = r->reserved;
	b->sized_ns = r->time_ns;
}

static void naive_correct(struct naive *n, const struct record *r)
{
	if (!strcmp(r->reason, "missing"))
		be_born(n, r, IN_BOOKS, REMOVED);
	else if (!strcmp(r->reason, "extra"))
		die(living(n, r->arena, r->address), REMOVED, r->time_ns);
	else if (!strcmp(r->reason, "size"))
		settle(n, r);
	else
		all_die(n, r, REMOVED);
	n->arenas.items[r->arena - 1].gone |= !strcmp(r->reason, "gone");
}

static void naive_fail(struct naive *n, const struct record *r)
{
	vec_push(&n->failures, ((struct failure){.process = r->process, .arena = r->arena, .time_ns = r->time_ns, .tid = r->tid, .pool = r->pool}));
}

static void naive_retract(struct naive *n, const struct record *r)
{
	for (size_t i = n->failures.nr; i > 0; i--) {
		struct failure *f = &n->failures.items[i - 1];

		if (f->process != r->process || f->tid != r->tid)
			continue;
		f->retracted_ns = f->retracted ? f->retracted_ns : r->time_ns;
		f->retracted = true;
		return;
	}
}

static void naive_apply(struct naive *n, const struct record *r)
{
	switch (r->kind) {
	case RECORD_ATTACH: vec_push(&n->ended, false); return;
	case RECORD_DETACH:
		n->ended.items[r->process - 1] = true;
		for (size_t i = 0; i < n->arenas.nr; i++)
			n->arenas.items[i].gone |= n->arenas.items[i].process == r->process;
		all_die(n, r, PROCESS_ENDED);
		return;
	case RECORD_ARENA: vec_push(&n->arenas, ((struct place){.process = r->process})); return;
	case RECORD_ALLOC: be_born(n, r, ALLOCATED, REPLACED); break;
	case RECORD_BLOCK: be_born(n, r, IN_BOOKS, REPLACED); break;
	case RECORD_FREE:
		n->unknown_frees += !living(n, r->arena, r->address);
		die(living(n, r->arena, r->address), FREED, r->time_ns);
		break;
	case RECORD_CLEAR:
		all_die(n, r, FREED);
		n->arenas.items[r->arena - 1].gone |= r->reason && !strcmp(r->reason, "gone");
		break;
	case RECORD_CORRECTION: naive_correct(n, r); break;
	case RECORD_FAILED: naive_fail(n, r); return;
	case RECORD_RETRACT: naive_retract(n, r); return;
	default: return;
	}

	struct level level = {.arena = r->arena, .time_ns = r->time_ns};

	for (size_t i = 0; i < n->lives.nr; i++)
		if (n->lives.items[i].died == ALIVE && n->lives.items[i].arena == r->arena)
			level.reserved += n->lives.items[i].reserved;
	vec_push(&n->levels, level);
}

static bool naive_refuses(const struct naive *n, const struct record *r)
{
	if (r->kind == RECORD_ATTACH)
		return r->process != n->ended.nr + 1;
	if (!r->process || r->process > n->ended.nr || n->ended.items[r->process - 1])
		return true;
	if (r->kind == RECORD_ARENA)
		return r->arena != n->arenas.nr + 1;
	if (!RECORD_HAS(r, ARENA))
		return false;
	return !r->arena || r->arena > n->arenas.nr || n->arenas.items[r->arena - 1].gone ||
	       n->arenas.items[r->arena - 1].process != r->process;
}

static const struct {
	enum record_kind kind;
	const char *reason;
	unsigned int often;
} kinds[] = {
	{RECORD_ALLOC, NULL, 400},	    {RECORD_FREE, NULL, 350},		{RECORD_CLEAR, NULL, 5},
	{RECORD_CLEAR, "gone", 5},	    {RECORD_BLOCK, NULL, 30},		{RECORD_CORRECTION, "missing", 20},
	{RECORD_CORRECTION, "extra", 20}, {RECORD_CORRECTION, "size", 60}, {RECORD_CORRECTION, "gone", 5},
	{RECORD_FAILED, "throw", 50},	    {RECORD_RETRACT, NULL, 30},		{RECORD_DETACH, "exit", 1},
};

static struct record about_blocks(struct run *run, struct record r)
{
	const struct naive *n = &run->naive;

	if (r.kind == RECORD_FAILED && random_below(&run->random, 3)) {
		static const char *const pools[] = {"L1", "TRACE", "NONE"};

		if (random_below(&run->random, 4))
			RECORD_SET(&r, POOL, pool, pools[random_below(&run->random, 3)]);
		return r;
	}
	if (r.kind == RECORD_RETRACT || r.kind == RECORD_DETACH)
		return r;
	RECORD_SET(&r, ARENA, arena, 1 + random_below(&run->random, n->arenas.nr));
	if (random_below(&run->random, 31))
		r.process = n->arenas.items[r.arena - 1].process;
	if (r.kind == RECORD_CLEAR || r.kind == RECORD_FAILED)
		return r;
	RECORD_SET(&r, ADDRESS, address, BASE + STEP * random_below(&run->random, ADDRESSES));
	if (r.kind != RECORD_ALLOC || random_below(&run->random, 5))
		RECORD_SET(&r, RESERVED, reserved, 1 + random_below(&run->random, 1 << random_below(&run->random, 20)));
	return r;
}

static struct record next_record(struct run *run)
{
	uint64_t of_all = random_below(&run->random, 976), kind = 0;
	struct record r = {};

	for (; of_all >= kinds[kind].often; kind++)
		of_all -= kinds[kind].often;
	/* From no time at all to minutes. */
	run->now += random_below(&run->random, 1ULL << random_below(&run->random, 36));
	RECORD_SET(&r, TIME_NS, time_ns, run->now);
	RECORD_SET(&r, PROCESS, process, 1 + random_below(&run->random, run->naive.ended.nr + 1));
	RECORD_SET(&r, TID, tid, 1 + random_below(&run->random, TIDS));
	if (run->naive.ended.nr < 2 || (run->naive.ended.nr < PROCESSES && !random_below(&run->random, 300))) {
		r.kind = RECORD_ATTACH;
		r.process = run->naive.ended.nr + 1;
		RECORD_SET(&r, PID, pid, 7);
		RECORD_SET(&r, RUNTIME, runtime, "r");
		RECORD_SET(&r, POOLS, pools, "L1,TRACE");
		return r;
	}
	if (run->naive.arenas.nr < 3 || !random_below(&run->random, 60)) {
		r.kind = RECORD_ARENA;
		RECORD_SET(&r, ARENA, arena, run->naive.arenas.nr + 1);
		RECORD_SET(&r, OBJECT, object, 1 + random_below(&run->random, 5));
		RECORD_SET(&r, POOL, pool, random_below(&run->random, 2) ? "L1" : "TRACE");
		return r;
	}
	r.kind = kinds[kind].kind;
	if (kinds[kind].reason)
		RECORD_SET(&r, REASON, reason, kinds[kind].reason);
	return about_blocks(run, r);
}

static void add_life(struct arena_summary *sum, const struct life *b, uint64_t from_ns)
{
	bool born = b->born_ns >= from_ns, died = b->died != ALIVE && b->died_ns >= from_ns;
	struct tally one = {1, b->reserved}, *lived = &sum->ageless;

	if (born && b->born == ALLOCATED) {
		sum->allocations.nr++;
		sum->allocations.bytes += b->reserved;
		sum->unsized += !b->has_reserved && !b->sized_ns;
		if (b->has_reserved || b->sized_ns)
			sum->sizes[summary_size(b->reserved)].nr++, sum->sizes[summary_size(b->reserved)].bytes += b->reserved;
	}
	if (born && b->born == IN_BOOKS)
		sum->found.nr++, sum->found.bytes += b->reserved;
	if (died && b->died == REMOVED)
		sum->removed.nr++, sum->removed.bytes += b->reserved;
	sum->replaced += died && b->died == REPLACED;
	if (!died || b->died != FREED)
		return;
	if (b->born == ALLOCATED)
		lived = &sum->lives[summary_life(b->died_ns - b->born_ns)];
	lived->nr += one.nr, lived->bytes += one.bytes;
	sum->frees.nr += one.nr, sum->frees.bytes += one.bytes;
}

/* Of one arena, from the list. */
static struct arena_summary naive_arena(const struct naive *n, uint64_t arena, uint64_t from_ns)
{
	struct arena_summary sum = {};

	for (size_t i = 0; i < n->lives.nr; i++)
		if (n->lives.items[i].arena == arena)
			add_life(&sum, &n->lives.items[i], from_ns);
	for (size_t i = 0; i < n->failures.nr; i++) {
		const struct failure *f = &n->failures.items[i];

		sum.failed += f->arena == arena && f->time_ns >= from_ns && !f->retracted;
	}
	/* The level at the begin is the first. */
	for (size_t i = 0; i < n->levels.nr; i++) {
		const struct level *level = &n->levels.items[i];
		uint64_t at_ns = level->time_ns < from_ns ? from_ns : level->time_ns;

		if (level->arena != arena)
			continue;
		if (level->time_ns < from_ns)
			sum.peak = sum.peak_ns = 0;
		if (level->reserved > sum.peak) {
			sum.peak = level->reserved;
			sum.peak_ns = at_ns;
		}
	}
	return sum;
}

static void assert_amounts(const struct tally *a, const struct tally *b)
{
	assert_int_equal(a->nr, b->nr);
	assert_int_equal(a->bytes, b->bytes);
}

static void check_arena(const struct run *run, const struct summary *s, uint64_t arena)
{
	struct arena_summary expected = naive_arena(&run->naive, arena, s->from_ns);
	const struct arena_summary none = {}, *sum = summary_arena(s, arena) ? summary_arena(s, arena) : &none;

	assert_amounts(&sum->allocations, &expected.allocations);
	assert_amounts(&sum->frees, &expected.frees);
	assert_amounts(&sum->found, &expected.found);
	assert_amounts(&sum->removed, &expected.removed);
	assert_amounts(&sum->ageless, &expected.ageless);
	assert_int_equal(sum->unsized, expected.unsized);
	assert_int_equal(sum->replaced, expected.replaced);
	assert_int_equal(sum->failed, expected.failed);
	/* What was there before is known when it begins. */
	assert_int_equal(sum->peak, s->begun ? expected.peak : 0);
	assert_int_equal(sum->peak_ns, s->begun ? expected.peak_ns : 0);
	for (size_t i = 0; i < SUMMARY_LIVES; i++)
		assert_amounts(&sum->lives[i], &expected.lives[i]);
	for (size_t i = 0; i < SUMMARY_SIZES; i++)
		assert_amounts(&sum->sizes[i], &expected.sizes[i]);
}

/* What lives, or lived when its process ended; not what went otherwise. */
static bool at_end(const struct life *b, uint64_t from_ns)
{
	return b->died == ALIVE || (b->died == PROCESS_ENDED && b->died_ns >= from_ns);
}

static void check_end(const struct run *run, const struct ledger *l, const struct summary *s, uint64_t arena)
{
	struct figures f = {};

	for (size_t i = 0; i < run->naive.lives.nr; i++) {
		const struct life *b = &run->naive.lives.items[i];

		if (b->arena != arena || !at_end(b, s->from_ns))
			continue;
		f.buffers++;
		f.reserved += b->reserved;
	}
	assert_int_equal(summary_end(s, ledger_arena(l, arena))->buffers, f.buffers);
	assert_int_equal(summary_end(s, ledger_arena(l, arena))->reserved, f.reserved);
}

static void check_blocks(const struct run *run, const struct ledger *l, const struct summary *s)
{
	bool even = *(const bool *)s->choice.context;
	VEC(struct block) all = {};
	summary_blocks found = {};

	for (size_t i = 0; i < run->naive.lives.nr; i++) {
		const struct life *b = &run->naive.lives.items[i];

		if (at_end(b, s->from_ns) && (!even || b->address / STEP % 2 == 0))
			vec_push(&all, ((struct block){.address = b->address, .reserved = b->reserved, .time_ns = b->born_ns}));
	}
	summary_blocks_fill(s, l, &found);
	assert_int_equal(found.nr, all.nr < MOST ? all.nr : MOST);
	for (size_t i = 0; i < found.nr; i++) {
		size_t best = 0;

		for (size_t k = 1; k < all.nr; k++)
			if (larger(&all.items[k], &all.items[best]) > 0)
				best = k;
		assert_int_equal(larger(&found.items[i].block, &all.items[best]), 0);
		all.items[best] = all.items[--all.nr];
	}
	vec_release(&all);
	vec_release(&found);
}

static void check_failures(const struct run *run, const struct summary *s)
{
	static const char *const pools[] = {"L1", "TRACE"};

	for (uint64_t p = 1; p <= run->naive.ended.nr; p++) {
		const struct process_summary *sum = summary_process(s, p);
		uint64_t expected[3] = {}, all = 0;

		for (size_t i = 0; i < run->naive.failures.nr; i++) {
			const struct failure *f = &run->naive.failures.items[i];
			size_t pool = 0;

			while (pool < 2 && (!f->pool || strcmp(pools[pool], f->pool)))
				pool++;
			all += f->process == p && f->time_ns >= s->from_ns && !f->retracted;
			expected[pool] += f->process == p && !f->arena && f->time_ns >= s->from_ns && !f->retracted;
		}
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(sum && i < sum->pool_failed.nr ? sum->pool_failed.items[i] : 0, expected[i]);
		assert_int_equal(sum ? sum->nowhere_failed : 0, expected[2]);
		assert_int_equal(sum ? sum->failed : 0, all);
	}
}

static void check_all(const struct run *run)
{
	for (size_t i = 0; i < SUMMARIES; i++) {
		for (uint64_t a = 1; a <= run->naive.arenas.nr; a++) {
			check_arena(run, run->summary[i], a);
			check_end(run, run->ledger[i], run->summary[i], a);
		}
		check_blocks(run, run->ledger[i], run->summary[i]);
		check_failures(run, run->summary[i]);
	}
}

static void naive_release(struct naive *n)
{
	vec_release(&n->lives);
	vec_release(&n->levels);
	vec_release(&n->failures);
	vec_release(&n->arenas);
	vec_release(&n->ended);
}

/* A failure can be retracted once: the generator's second one finds none. */
static bool retracts_nothing(const struct naive *n, const struct record *r)
{
	for (size_t i = n->failures.nr; r->kind == RECORD_RETRACT && i > 0; i--)
		if (n->failures.items[i - 1].process == r->process && n->failures.items[i - 1].tid == r->tid)
			return n->failures.items[i - 1].retracted;
	return r->kind == RECORD_RETRACT;
}

static void random_streams_give_what_a_list_of_all_that_happened_gives(void **state)
{
	static const bool any = false, even = true;
	static const uint64_t from[SUMMARIES] = {0, 1000, 900000000000ULL, UINT64_MAX};
	struct run run = {.random = {19}, .now = 100};
	uint64_t refused = 0;

	(void)state;
	for (size_t i = 0; i < SUMMARIES; i++) {
		const struct summary_choice choice = {MOST, larger, chosen, i % 2 ? &even : &any};

		run.ledger[i] = ledger_new();
		run.summary[i] = summary_new(from[i], &choice);
	}
	for (int n = 0; n < RECORDS; n++) {
		struct record r = next_record(&run);
		bool refuses = naive_refuses(&run.naive, &r);
		struct effect e;

		if (retracts_nothing(&run.naive, &r))
			continue;
		for (size_t i = 0; i < SUMMARIES; i++)
			assert_int_equal(summary_apply(run.summary[i], run.ledger[i], &r, &e), refuses ? -EINVAL : 0);
		refused += refuses;
		if (!refuses)
			naive_apply(&run.naive, &r);
		if (n % 1499 == 0)
			check_all(&run);
	}
	check_all(&run);
	/* The stream was one worth looking at. */
	assert_true(run.now > 2 * from[2] && run.naive.arenas.nr > 99 && run.naive.ended.nr == PROCESSES);
	assert_true(refused > 97 && refused < RECORDS / 2 && run.naive.unknown_frees > 97 && run.naive.failures.nr > 197);
	for (size_t i = 0; i < SUMMARIES; i++) {
		ledger_free(run.ledger[i]);
		summary_free(run.summary[i]);
	}
	naive_release(&run.naive);
}

static void a_class_is_the_number_of_digits(void **state)
{
	uint64_t n = 1;

	(void)state;
	assert_int_equal(summary_life(0), 0);
	assert_int_equal(summary_size(0), 0);
	for (size_t digits = 1; digits < SUMMARY_LIVES; digits++, n *= 10) {
		assert_int_equal(summary_life(n), digits);
		assert_int_equal(summary_life(n - 1), digits - 1);
		assert_int_equal(summary_life_least(digits), n);
	}
	assert_int_equal(summary_life(UINT64_MAX), SUMMARY_LIVES - 1);
	for (size_t digits = 1; digits < SUMMARY_SIZES; digits++) {
		assert_int_equal(summary_size(1ULL << (digits - 1)), digits);
		assert_int_equal(summary_size((1ULL << (digits - 1)) - 1), digits - 1);
		assert_int_equal(summary_size_least(digits), 1ULL << (digits - 1));
	}
	assert_int_equal(summary_size(UINT64_MAX), SUMMARY_SIZES - 1);
}

struct summarised {
	struct sink sink;
	struct ledger *l;
	struct summary *s;
};

static int put(struct sink *sink, const struct record *r)
{
	struct summarised *x = (struct summarised *)sink;
	struct effect e;

	return summary_apply(x->s, x->l, r, &e);
}

static void losses_and_counters_are_those_of_the_part(void **state)
{
	static const char *const text = "attach time_ns=10 process=1 pid=4 runtime=r pools=L1\n"
					"lost time_ns=20 count=3 from_ns=15\n"
					"replays time_ns=21 process=1 trace=0 count=5\n"
					"lost time_ns=40 count=4 from_ns=33\n"
					"lost time_ns=50 count=5\n"
					"replays time_ns=60 process=1 trace=0 count=9\n";
	const struct summary_choice choice = {1, larger, NULL, NULL};
	struct summarised x = {{.put = put}, ledger_new(), summary_new(40, &choice)};
	struct source *source = text_source_new(text, strlen(text));

	(void)state;
	assert_int_equal(source->run(source, &x.sink), 0);
	summary_close(x.s, x.l);
	assert_int_equal(x.s->begin_ns, 40);
	assert_int_equal(x.s->end_ns, 60);
	assert_int_equal(x.s->losses, 2);
	assert_int_equal(x.s->lost_from_ns, 33);
	assert_int_equal(x.s->lost_to_ns, 50);
	assert_int_equal(x.l->lost - x.s->lost, 9);
	assert_int_equal(x.l->processes.items[0]->replays - summary_process(x.s, 1)->replays, 4);
	source->free(source);
	ledger_free(x.l);
	summary_free(x.s);
}

/* Then what there was is what there is, from where it was asked for to where the ledger has come. */
static void a_part_in_which_nothing_happened_has_what_was_there(void **state)
{
	static const char *const text = "attach time_ns=10 process=1 pid=4 runtime=r pools=L1\n"
					"arena time_ns=11 process=1 arena=1 object=0x10 owner=0x5 pool=L1 banks=1 bank_bytes=4096\n"
					"alloc time_ns=20 process=1 arena=1 address=64 reserved=640\n"
					"lost time_ns=21 count=3 from_ns=15\n";
	const struct summary_choice choice = {1, larger, NULL, NULL};
	struct summarised x = {{.put = put}, ledger_new(), summary_new(30, &choice)};
	struct source *source = text_source_new(text, strlen(text));

	(void)state;
	assert_int_equal(source->run(source, &x.sink), 0);
	summary_close(x.s, x.l);
	assert_false(x.s->begun);
	ledger_pass(x.l, 50);
	ledger_pass(x.l, 45);
	summary_close(x.s, x.l);
	assert_true(x.s->begun);
	assert_int_equal(x.s->begin_ns, 30);
	assert_int_equal(x.s->end_ns, 50);
	assert_int_equal(x.l->events - x.s->events, 0);
	assert_int_equal(x.l->lost - x.s->lost, 0);
	assert_int_equal(summary_arena(x.s, 1)->peak, 640);
	assert_int_equal(summary_arena(x.s, 1)->peak_ns, 30);
	assert_int_equal(summary_arena(x.s, 1)->allocations.nr, 0);
	source->free(source);
	ledger_free(x.l);
	summary_free(x.s);
}

/* A thread's failure is taken back once, and only one that counted. */
static void a_failure_is_taken_back_once(void **state)
{
	static const char *const text = "attach time_ns=10 process=1 pid=4 runtime=r pools=L1\n"
					"failed time_ns=20 process=1 tid=7 reason=throw pool=L1\n"
					"retract time_ns=31 process=1 tid=7\n"
					"failed time_ns=32 process=1 tid=7 reason=throw pool=L1\n"
					"failed time_ns=33 process=1 tid=8 reason=throw pool=L1\n"
					"retract time_ns=34 process=1 tid=7\n"
					"retract time_ns=35 process=1 tid=7\n";
	const struct summary_choice choice = {1, larger, NULL, NULL};
	struct summarised x = {{.put = put}, ledger_new(), summary_new(30, &choice)};
	struct source *source = text_source_new(text, strlen(text));

	(void)state;
	assert_int_equal(source->run(source, &x.sink), 0);
	assert_int_equal(summary_process(x.s, 1)->failed, 1);
	assert_int_equal(summary_process(x.s, 1)->pool_failed.items[0], 1);
	source->free(source);
	ledger_free(x.l);
	summary_free(x.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_streams_give_what_a_list_of_all_that_happened_gives),
		cmocka_unit_test(a_class_is_the_number_of_digits),
		cmocka_unit_test(losses_and_counters_are_those_of_the_part),
		cmocka_unit_test(a_part_in_which_nothing_happened_has_what_was_there),
		cmocka_unit_test(a_failure_is_taken_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
