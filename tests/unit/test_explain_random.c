/* Streams that no program makes: whatever the ledger takes, the history adds up, stays small, and a page can be made of it. */
#include "random_records.h"

#include <jansson.h>

#include "ledger/history.h"
#include "view/explain.h"

enum { PROCESSES = 3, ARENAS = 9, RECORDS = 4001, TEXTS = 5 };

/* Of what was taken, by process. */
struct count {
	uint64_t allocations, failed, phases;
};

static const char *const pools[TEXTS] = {"A", "TRACE", "C", "x", ""};
static const char *const reasons[TEXTS] = {"begin", "end", "gone", "new", "missing"};
static const char *const tags[TEXTS] = {"trace", "trace", "", "t", "trace "};
static const char *const advice[TEXTS] = {
	"A:a:bank=32", "TRACE:t:total=32:spread=8192,C:c:bank=1", "", "TRACE:t:spread=1099511627776", "A:a:total=1:bank=999999999"};

static uint64_t number(struct random *random)
{
	return random_below(random, 7) ? random_below(random, 5000) : random_number(random);
}

/* Mostly records that may be true. */
static struct record next_record(struct random *random, uint64_t time_ns)
{
	static const enum record_kind often[] = {RECORD_ALLOC,	RECORD_ALLOC,	 RECORD_FREE,	 RECORD_CAPTURE, RECORD_CAPTURED,
						 RECORD_REPLAY, RECORD_REPLAYS, RECORD_RELEASE, RECORD_FAILED,	 RECORD_TICK};
	uint64_t any = 1 + random_below(random, RECORD_NR - 1);
	struct record r = {.kind = random_below(random, 4) ? often[random_below(random, ARRAY_SIZE(often))] :
							     (enum record_kind)any};

	for (int f = 0; f < FIELD_NR; f++) {
		bool needed = kind_descs[r.kind].required & 1ULL << f;

		if ((!needed && random_below(random, 3) == 0) || field_descs[f].type == FIELD_TYPE_TEXT)
			continue;
		record_set_number(&r, (enum field)f, number(random));
	}
	RECORD_SET(&r, TIME_NS, time_ns, time_ns);
	RECORD_SET(&r, PROCESS, process, 1 + random_below(random, PROCESSES));
	if (r.kind != RECORD_FAILED || random_below(random, 3))
		RECORD_SET(&r, ARENA, arena, 1 + random_below(random, ARENAS));
	RECORD_SET(&r, ADDRESS, address, random_below(random, 40) * 10);
	RECORD_SET(&r, TRACE, trace, random_below(random, 4));
	RECORD_SET(&r, TID, tid, random_below(random, 3));
	RECORD_SET(&r, OWNER, owner, random_below(random, 3));
	RECORD_SET(&r, REASON, reason, reasons[random_below(random, TEXTS)]);
	RECORD_SET(&r, POOL, pool, pools[random_below(random, TEXTS)]);
	RECORD_SET(&r, TAG, tag, tags[random_below(random, TEXTS)]);
	RECORD_SET(&r, NAME, name, "n");
	RECORD_SET(&r, PROBE, probe, "p");
	RECORD_SET(&r, RUNTIME, runtime, "r");
	RECORD_SET(&r, POOLS, pools, "A,TRACE,C");
	RECORD_SET(&r, ADVICE, advice, advice[random_below(random, TEXTS)]);
	return r;
}

/* Definitions in order, or nothing would ever be taken. */
static void define(struct record *r, const struct ledger *l)
{
	if (r->kind == RECORD_ATTACH)
		RECORD_SET(r, PROCESS, process, l->processes.nr + 1);
	if (r->kind == RECORD_ARENA)
		RECORD_SET(r, ARENA, arena, l->arenas.nr + 1);
}

static void check_history(const struct ledger_process *p, const struct count *count)
{
	const struct history *h = p->history;
	uint64_t times = h->running.times, allocations = h->running.allocations, failures = h->failures_left_out;

	assert_true(h->rows.nr <= HISTORY_ROWS);
	assert_true(h->failures.nr <= HISTORY_FAILURES);
	assert_true(h->traces.nr <= HISTORY_KEPT_TRACES);
	for (size_t i = 0; i < h->rows.nr; i++) {
		times += h->rows.items[i].times;
		allocations += h->rows.items[i].allocations;
		assert_true(h->rows.items[i].begin_ns <= h->rows.items[i].end_ns);
	}
	for (size_t i = 0; i < h->failures.nr; i++)
		failures += h->failures.items[i].times;
	assert_int_equal(times, h->phases);
	assert_int_equal(allocations, count->allocations);
	/* A retraction takes one away that may have been left out already. */
	assert_true(failures >= h->failed);
	assert_true(h->failed <= count->failed);
}

static void check_pages(const struct ledger *l)
{
	static const struct explain_options options[] = {
		{}, {.bytes = true, .recorded = true}, {.rows = 10, .columns = 30, .color = true}, {.columns = 1}};
	struct str out = {};
	size_t known = 0;
	json_t *json;

	for (size_t i = 0; i < l->processes.nr; i++)
		known += l->processes.items[i]->history != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		str_clear(&out);
		explain_add(&out, l, &options[i]);
		assert_true(out.len > 0);
	}
	str_clear(&out);
	explain_add_json(&out, l, &options[1]);
	json = json_loads(str_text(&out), 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_array_size(json_object_get(json, "processes")), known);
	json_decref(json);
	str_release(&out);
}

static void run(uint64_t seed)
{
	struct random random = {.state = seed};
	struct ledger *l = ledger_new();
	struct count counts[PROCESSES] = {};

	for (uint64_t i = 0; i < RECORDS; i++) {
		struct record r = next_record(&random, i);

		if (i < PROCESSES)
			r.kind = RECORD_ATTACH;
		else if (i < PROCESSES + ARENAS)
			r.kind = RECORD_ARENA;
		else if (r.kind == RECORD_ATTACH || r.kind == RECORD_ARENA || (r.kind == RECORD_DETACH && random_below(&random, 50)))
			continue;
		define(&r, l);
		if (ledger_apply(l, &r, NULL))
			continue;
		counts[r.process - 1].allocations += r.kind == RECORD_ALLOC;
		counts[r.process - 1].failed += r.kind == RECORD_FAILED;
		if (i % 499 == 0)
			check_pages(l);
	}
	for (size_t i = 0; i < l->processes.nr; i++)
		if (l->processes.items[i]->history)
			check_history(l->processes.items[i], &counts[i]);
	ledger_free(l);
}

static void whatever_is_taken_adds_up_and_can_be_shown(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 101; seed++)
		run(seed * 0x9e3779b97f4a7c15ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_taken_adds_up_and_can_be_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
