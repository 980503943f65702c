/*
 * user/runtime/decode.c under loss: threads that allocate, fail, throw, jump away and exit, in random order, with
 * hits lost at random. What is told is compared with what happened: no failure, retraction, pairing or phantom that
 * was none.
 */
#include "random_records.h"
#include "toy_decoder.h"

enum { THREADS = 7, QUEUE = 8, HITS = 20011, STRIDE = 64, HOST_POOL = 2 };

/* What became of a call, and what was told of it. */
struct truth {
	bool succeeds, caught, host;
	bool begun;	 /* its begin was delivered */
	bool broken;	 /* a hit of its thread was lost while it was open */
	bool told_throw; /* its throw was delivered */
	bool ended;	 /* its alloc was delivered, or something that it cannot contain */
	int failures, retracts, allocs, unsettled;
};

struct planned {
	enum rt_verb verb;
	uint64_t call; /* 0: none */
	bool phantom;
	bool exit; /* of the thread, instead of a verb */
};

struct worker {
	uint64_t thread, open_call, last_failure, losses;
	uint32_t tid;
	int kernel_open; /* as the kernel half has it: a throw is sent once while a call is open */
	struct planned queue[QUEUE];
	size_t nr_queued, next;
};

struct run {
	struct sink sink;
	struct toy *toy;
	struct random random;
	struct worker workers[THREADS];
	VEC(struct truth) calls; /* number - 1 */
	struct planned current; /* the hit that is delivered */
	uint64_t next_thread, nr_lost, nr_told, nr_phantoms;
	unsigned int loss_of_thousand;
	bool burst, bursts, attached;
};

static struct truth *call_of(struct run *run, uint64_t call)
{
	assert_true(call > 0 && call <= run->calls.nr);
	return &run->calls.items[call - 1];
}

static struct worker *worker_of(struct run *run, uint64_t tid)
{
	for (size_t i = 0; i < THREADS; i++)
		if (run->workers[i].tid == tid)
			return &run->workers[i];
	fail_msg("no thread has the tid %d", (int)tid);
	return NULL;
}

static void check_failed(struct run *run, const struct record *r)
{
	struct truth *c = call_of(run, r->asked);

	if (c->succeeds && !(c->caught && !strcmp(r->reason, "throw")))
		fail_msg("call %d has not failed: %s", (int)r->asked, r->reason);
	assert_false(c->broken);
	assert_false(c->host);
	assert_int_equal(c->allocs, 0);
	assert_int_equal(c->failures++, 0);
	worker_of(run, r->tid)->last_failure = r->asked;
}

static void check_retract(struct run *run, const struct record *r)
{
	struct truth *c = call_of(run, worker_of(run, r->tid)->last_failure);

	assert_true(c->succeeds && c->caught);
	assert_int_equal(c->failures, 1);
	assert_int_equal(c->retracts++, 0);
}

static void check_alloc(struct run *run, const struct record *r)
{
	struct truth *c = call_of(run, r->address / STRIDE);

	assert_int_equal(r->asked, r->address / STRIDE);
	assert_int_equal(r->reserved, r->asked);
	assert_true(c->succeeds && !c->host && !c->broken && c->begun);
	assert_int_equal(c->failures, c->retracts);
	assert_int_equal(c->allocs++, 0);
}

static void check_unsettled(struct run *run, const struct record *r)
{
	const struct worker *w = worker_of(run, r->tid);

	if (!strcmp(r->reason, "lost"))
		assert_true(w->losses > 0);
	else
		assert_string_equal(r->reason, "attach");
	if (!RECORD_HAS(r, ADDRESS))
		return;
	assert_false(call_of(run, r->address / STRIDE)->begun && !call_of(run, r->address / STRIDE)->broken);
	assert_int_equal(call_of(run, r->address / STRIDE)->unsettled++, 0);
}

static int check_put(struct sink *sink, const struct record *r)
{
	struct run *run = (struct run *)sink;

	run->nr_told++;
	if (r->kind == RECORD_FAILED)
		check_failed(run, r);
	else if (r->kind == RECORD_RETRACT)
		check_retract(run, r);
	else if (r->kind == RECORD_ALLOC)
		check_alloc(run, r);
	else if (r->kind == RECORD_UNSETTLED)
		check_unsettled(run, r);
	else if (r->kind == RECORD_PHANTOM)
		assert_true(run->current.phantom);
	run->nr_phantoms += r->kind == RECORD_PHANTOM;
	return 0;
}

static void plan(struct worker *w, struct planned hit)
{
	w->queue[w->nr_queued++] = hit;
}

static uint64_t new_call(struct run *run, struct truth truth)
{
	truth.host = !random_below(&run->random, 13);
	vec_push(&run->calls, truth);
	return run->calls.nr;
}

static void plan_call(struct run *run, struct worker *w, bool succeeds, bool throws)
{
	uint64_t call = new_call(run, (struct truth){.succeeds = succeeds, .caught = succeeds && throws});

	plan(w, (struct planned){.verb = VERB_BEGIN, .call = call});
	if (!random_below(&run->random, 5))
		plan(w, (struct planned){.verb = VERB_FREE});
	if (throws)
		plan(w, (struct planned){.verb = VERB_THROW, .call = call});
	if (!random_below(&run->random, 5))
		plan(w, (struct planned){.verb = VERB_FREE});
	if (succeeds)
		plan(w, (struct planned){.verb = VERB_ALLOC, .call = call});
}

/* What a thread does next, now and then once more before what comes behind it. */
static void plan_next(struct run *run, struct worker *w)
{
	uint64_t of_hundred = random_below(&run->random, 100);

	w->nr_queued = w->next = 0;
	if (of_hundred < 45)
		plan_call(run, w, true, false);
	else if (of_hundred < 55)
		plan_call(run, w, false, true);
	else if (of_hundred < 65)
		plan_call(run, w, false, false);
	else if (of_hundred < 70)
		plan_call(run, w, true, true);
	else if (of_hundred < 75)
		plan(w, (struct planned){.verb = VERB_ALLOC, .phantom = true});
	else if (of_hundred < 80)
		plan(w, (struct planned){.verb = VERB_THROW});
	else if (of_hundred < 83)
		plan(w, (struct planned){.verb = VERB_REPLAY});
	else if (of_hundred < 86)
		plan(w, (struct planned){.exit = true});
	else
		plan(w, (struct planned){.verb = VERB_FREE});
}

/* Does the kernel half send it? */
static bool is_sent(struct worker *w, const struct planned *hit)
{
	if (hit->exit)
		return true;
	if (hit->verb == VERB_THROW && w->kernel_open != 1)
		return false;
	if (hit->verb == VERB_THROW)
		w->kernel_open = 2;
	if (hit->verb == VERB_BEGIN)
		w->kernel_open = 1;
	if (hit->verb == VERB_ALLOC)
		w->kernel_open = 0;
	return true;
}

static bool is_lost(struct run *run)
{
	if (run->bursts && !random_below(&run->random, run->burst ? 31 : 301))
		run->burst = !run->burst;
	return run->burst || random_below(&run->random, 1000) < run->loss_of_thousand;
}

/* Bookkeeping of the truth, before the decoder sees the hit. */
static void note(struct run *run, struct worker *w, const struct planned *hit, bool lost)
{
	struct truth *open = w->open_call ? call_of(run, w->open_call) : NULL;

	if (lost && open)
		open->broken = true;
	if (hit->verb == VERB_BEGIN && !hit->exit) {
		w->open_call = hit->call;
		call_of(run, hit->call)->begun = !lost;
	}
	if (open && hit->verb == VERB_THROW && !hit->exit)
		open->told_throw |= !lost;
	if (open && (hit->exit || hit->verb != VERB_FREE) && hit->verb != VERB_THROW) {
		open->ended = !lost;
		if (hit->verb != VERB_BEGIN || hit->exit)
			w->open_call = 0;
	}
	w->losses += lost;
	run->nr_lost += lost;
}

static void deliver(struct run *run, struct worker *w, const struct planned *p, struct wire_hit *hit)
{
	const struct bound_row *row = toy_verb(run->toy, p->verb);
	const struct truth *c = p->call ? call_of(run, p->call) : NULL;

	if (p->exit) {
		hit->valid = 1;
		assert_int_equal(decoder_thread_exit(run->toy->decoder, 1, hit), 0);
		return;
	}
	if (p->verb == VERB_BEGIN) {
		toy_value(row, hit, "arena", 16);
		toy_value(row, hit, "pool", c->host ? HOST_POOL : 1);
		toy_value(row, hit, "asked", p->call);
		toy_value(row, hit, "page", 1);
		toy_value(row, hit, "banks", 1);
	} else if (p->verb == VERB_ALLOC) {
		toy_value(row, hit, "address", p->phantom ? 0 : STRIDE * p->call);
		toy_value(row, hit, "pool", c && c->host ? HOST_POOL : 1);
	} else if (p->verb == VERB_FREE) {
		toy_value(row, hit, "arena", 16);
		toy_value(row, hit, "address", 1 + w->tid);
	}
	assert_int_equal(decoder_hit(run->toy->decoder, 1, &run->toy->binding, row, hit), 0);
}

static void start_thread(struct run *run, struct worker *w, uint32_t tid)
{
	*w = (struct worker){.thread = ++run->next_thread, .tid = tid};
}

static void step(struct run *run)
{
	struct worker *w = &run->workers[random_below(&run->random, THREADS)];
	struct planned *p;

	if (w->next == w->nr_queued)
		plan_next(run, w);
	p = &w->queue[w->next++];
	if (run->attached && is_sent(w, p)) {
		struct wire_hit hit = toy_hit(run->toy, w->thread, w->tid);
		bool lost = is_lost(run);

		run->current = *p;
		note(run, w, p, lost);
		if (!lost)
			deliver(run, w, p, &hit);
	}
	/* Its tid is used again at once. */
	if (p->exit)
		start_thread(run, w, w->tid);
}

/* What was seen whole must have been told. */
static void check_call(const struct truth *c, uint64_t number)
{
	bool whole = c->begun && !c->broken && !c->host;

	if (!whole)
		return;
	if (c->succeeds && c->ended && c->allocs != 1)
		fail_msg("allocation %d was not told", (int)number);
	if (!c->succeeds && (c->told_throw || c->ended) && c->failures != 1)
		fail_msg("failure %d was not told", (int)number);
	if (c->succeeds && c->ended)
		assert_int_equal(c->failures, c->retracts);
}

static struct run *run_new(uint64_t seed)
{
	struct run *run = xcalloc(1, sizeof(*run));

	run->sink.put = check_put;
	run->toy = toy_new();
	decoder_free(run->toy->decoder);
	run->toy->decoder = decoder_new(&run->sink, &run->toy->target, 0);
	decoder_set_arena(run->toy->decoder, 1, 16, 1);
	run->random.state = seed;
	for (uint32_t i = 0; i < THREADS; i++)
		start_thread(run, &run->workers[i], 100 + i);
	return run;
}

static void run_free(struct run *run)
{
	toy_free(run->toy);
	vec_release(&run->calls);
	free(run);
}

/* @late: hits before attach. Returns how many were lost. */
static uint64_t try_run(uint64_t seed, unsigned int loss_of_thousand, bool bursts, int late)
{
	struct run *run = run_new(seed);
	uint64_t lost;

	run->loss_of_thousand = loss_of_thousand;
	run->bursts = bursts;
	for (int i = 0; i < late; i++)
		step(run);
	run->attached = true;
	for (int i = 0; i < HITS; i++)
		step(run);
	for (uint64_t i = 0; i < run->calls.nr; i++)
		check_call(&run->calls.items[i], i + 1);
	assert_true(run->nr_told > 997 && run->nr_phantoms > 97);
	lost = run->nr_lost;
	run_free(run);
	return lost;
}

static void without_loss_everything_is_told_and_nothing_else(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 12; seed++)
		assert_int_equal(try_run(seed, 0, false, 0), 0);
}

static void attached_in_the_middle_of_calls_nothing_false_is_told(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 12; seed++)
		assert_int_equal(try_run(seed, 0, false, 31 + (int)seed), 0);
}

static void with_single_hits_lost_nothing_false_is_told(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 12; seed++)
		assert_true(try_run(seed, 30, false, seed % 2 ? 0 : 31) > 397);
}

static void with_every_third_hit_lost_nothing_false_is_told(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 12; seed++)
		assert_true(try_run(seed, 333, false, 0) > 4001);
}

static void with_long_stretches_lost_nothing_false_is_told(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 12; seed++)
		assert_true(try_run(seed, 1, true, seed % 2 ? 31 : 0) > 797);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_loss_everything_is_told_and_nothing_else),
		cmocka_unit_test(attached_in_the_middle_of_calls_nothing_false_is_told),
		cmocka_unit_test(with_single_hits_lost_nothing_false_is_told),
		cmocka_unit_test(with_every_third_hit_lost_nothing_false_is_told),
		cmocka_unit_test(with_long_stretches_lost_nothing_false_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
