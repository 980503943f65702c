/* Streams that no program makes, put down and taken up again; and checkpoints that nobody has put. */
#include "checkpointed.h"

enum { PROCESSES = 3, ARENAS = 12, OWNERS = 4, TEXTS = 6, RECORDS = 1601, SEEDS = 41, MUTANTS = 1501 };

static const char *const pools[TEXTS] = {"A", "TRACE", "C", "x", "", "L"};
static const char *const reasons[TEXTS] = {"begin", "end", "gone", "new", "missing", "clash"};
static const char *const tags[TEXTS] = {"trace", "trace", "", "t", "trace ", "trace"};
static const char *const words[TEXTS] = {"p", "cb", "n", "a b", "program", ""};
static const char *const chips[TEXTS] = {"0", "0,1", "1,2,3", "2", "0,1,2,3,4,5,6,7", "no chips"};
static const char *const advice[TEXTS] = {
	"A:a:bank=32", "TRACE:t:total=32:spread=8192,C:c:bank=1", "", "TRACE:t:spread=1099511627776", "A:a:total=1:bank=9999", "L"};

struct stream {
	struct random random;
	uint64_t time_ns;
};

static const char *any(struct stream *s, const char *const *texts)
{
	return texts[random_below(&s->random, TEXTS)];
}

static uint64_t number(struct random *random)
{
	return random_below(random, 9) ? random_below(random, 5000) : random_number(random);
}

static void set_texts(struct stream *s, struct record *r)
{
	static const struct {
		enum field field;
		const char *const *texts;
		uint64_t often; /* of 4 */
	} fields[] = {
		{FIELD_REASON, reasons, 4}, {FIELD_POOL, pools, 4},   {FIELD_TAG, tags, 2},	{FIELD_NAME, words, 4},
		{FIELD_PROBE, words, 4},    {FIELD_RUNTIME, words, 4}, {FIELD_ADVICE, advice, 3}, {FIELD_CHIPS, chips, 3},
		{FIELD_LABEL, words, 1},    {FIELD_LAYOUT, words, 1}, {FIELD_VISIBLE, chips, 2}, {FIELD_CORE, pools, 3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (random_below(&s->random, 4) < fields[i].often)
			record_set_text(r, fields[i].field, any(s, fields[i].texts));
	RECORD_SET(r, POOLS, pools, random_below(&s->random, 4) ? "A,TRACE,C,L" : "L,,A,");
}

/* Mostly records that may be true. */
static struct record next_record(struct stream *s)
{
	static const enum record_kind often[] = {RECORD_ALLOC,	RECORD_ALLOC,	RECORD_ALLOC,  RECORD_FREE,   RECORD_FREE,
						 RECORD_CAPTURE, RECORD_CAPTURED, RECORD_REPLAY, RECORD_REPLAYS, RECORD_RELEASE,
						 RECORD_FAILED, RECORD_CB,	RECORD_DEVICE, RECORD_TICK,   RECORD_CORRECTION};
	uint64_t kind = 1 + random_below(&s->random, RECORD_NR - 1);
	struct record r = {.kind = random_below(&s->random, 4) ? often[random_below(&s->random, ARRAY_SIZE(often))] :
								  (enum record_kind)kind};

	for (int f = 0; f < FIELD_NR; f++) {
		bool needed = kind_descs[r.kind].required & 1ULL << f;

		if ((!needed && random_below(&s->random, 3) == 0) || field_descs[f].type == FIELD_TYPE_TEXT)
			continue;
		record_set_number(&r, (enum field)f, number(&s->random));
	}
	RECORD_SET(&r, TIME_NS, time_ns, s->time_ns += random_below(&s->random, 3));
	RECORD_SET(&r, PROCESS, process, 1 + random_below(&s->random, PROCESSES));
	if (r.kind != RECORD_FAILED || random_below(&s->random, 3))
		RECORD_SET(&r, ARENA, arena, 1 + random_below(&s->random, 2 * ARENAS));
	RECORD_SET(&r, ADDRESS, address, random_below(&s->random, 40) * 10);
	RECORD_SET(&r, TRACE, trace, random_below(&s->random, 40) ? random_below(&s->random, 4) : random_number(&s->random));
	RECORD_SET(&r, TID, tid, random_below(&s->random, 3));
	RECORD_SET(&r, OWNER, owner, random_below(&s->random, OWNERS));
	RECORD_SET(&r, PROGRAM, program, random_below(&s->random, 4));
	RECORD_SET(&r, PARTIAL, partial, random_below(&s->random, 2));
	if (random_below(&s->random, 2))
		RECORD_SET(&r, BANKS, banks, random_below(&s->random, 5));
	set_texts(s, &r);
	return r;
}

/* Definitions first, and no end of all too soon. False for a record that is left out. */
static bool is_wanted(struct stream *s, struct record *r, uint64_t i)
{
	if (i < PROCESSES)
		r->kind = RECORD_ATTACH;
	else if (i < PROCESSES + ARENAS)
		r->kind = RECORD_ARENA;
	else if (r->kind == RECORD_CHECKPOINT || r->kind == RECORD_STATE)
		return false;
	else if (r->kind == RECORD_ATTACH || r->kind == RECORD_DETACH)
		return !random_below(&s->random, 20);
	else if (r->reason && !strcmp(r->reason, "gone"))
		return !random_below(&s->random, 10);
	return true;
}

/* Numbers in order, or nothing would ever be taken. */
static void define(struct stream *s, struct record *r, const struct ledger *l)
{
	const struct arena *a = ledger_arena(l, RECORD_HAS(r, ARENA) ? r->arena : 0);

	if (a && random_below(&s->random, 9))
		r->process = a->process->id;
	if (r->kind == RECORD_ATTACH)
		RECORD_SET(r, PROCESS, process, l->processes.nr + 1);
	if (r->kind == RECORD_ARENA)
		RECORD_SET(r, ARENA, arena, l->arenas.nr + 1);
}

static size_t run(uint64_t seed)
{
	struct stream stream = {.random = {seed}};
	struct sides s = sides_new();
	uint64_t first = random_below(&stream.random, RECORDS), again = first + random_below(&stream.random, RECORDS - first);
	size_t taken = 0;

	for (uint64_t i = 0; i < RECORDS; i++) {
		struct record r = next_record(&stream);

		if (i == first || i == again)
			sides_checkpoint(&s);
		if (!is_wanted(&stream, &r, i))
			continue;
		define(&stream, &r, s.side[WHOLE].ledger);
		taken += sides_apply(&s, &r, i < first ? FRESH : SIDES);
		if (r.kind == RECORD_TICK && random_below(&stream.random, 8) == 0)
			compare_changes(&s);
		if (i > first && i % 499 == 0)
			compare_all(&s);
	}
	compare_all(&s);
	sides_release(&s);
	return taken;
}

static void ledgers_go_on_from_checkpoints_whatever_they_have_seen(void **state)
{
	size_t taken = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		taken += run(seed * 0x9e3779b97f4a7c15ULL);
	assert_true(taken > SEEDS * RECORDS / 5);
}

static void fold(struct stream *s, struct ledger *l, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		struct record r = next_record(s);

		if (!is_wanted(s, &r, l->processes.nr ? i + PROCESSES + ARENAS : i))
			continue;
		define(s, &r, l);
		ledger_apply(l, &r, NULL);
	}
}

/* One of the records is another one, or none, or there twice, or of another state. */
static void mutate(struct random *random, struct keeper *k)
{
	struct record *r, copy;
	const struct record *other;
	enum field f;

	if (!k->records.nr)
		return;
	r = &k->records.items[random_below(random, k->records.nr)];
	other = &k->records.items[random_below(random, k->records.nr)];
	switch (random_below(random, 6)) {
	case 0:
		copy = *r;
		*r = record_copy(other);
		record_release(&copy);
		return;
	case 1:
		if (other->kind == RECORD_STATE && r->kind == RECORD_STATE) {
			copy = *r;
			record_set_text(r, FIELD_NAME, xstrdup(other->name));
			free((char *)(uintptr_t)copy.name);
		}
		return;
	case 2:
		copy = *r;
		*r = k->records.items[--k->records.nr];
		record_release(&copy);
		return;
	case 3:
		copy = record_copy(other);
		vec_push(&k->records, copy);
		return;
	default:
		f = (enum field)random_below(random, FIELD_NR);
		if (field_descs[f].type != FIELD_TYPE_TEXT && f != FIELD_TIME_NS && (r->has & 1ULL << f || !random_below(random, 4)))
			record_set_number(r, f, random_below(random, 2) ? random_below(random, 12) : random_number(random));
	}
}

/* Whether its end was reached and taken. */
static bool give_mutant(struct ledger *l, const struct keeper *k)
{
	int err = give_bound(l, "begin");

	for (size_t i = 0; i < k->records.nr && !err; i++)
		err = ledger_apply(l, &k->records.items[i], NULL);
	return !err && !give_bound(l, "end");
}

static void a_checkpoint_that_nobody_has_put_never_breaks_anything(void **state)
{
	size_t taken = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= MUTANTS; seed++) {
		struct stream s = {.random = {seed * 0x9e3779b97f4a7c15ULL}};
		struct ledger *l = ledger_new(), *fresh = ledger_new();
		struct side side = {};
		struct keeper k = {};

		fold(&s, l, 20 + random_below(&s.random, 400));
		take_checkpoint(l, &k);
		for (uint64_t i = random_below(&s.random, 4); i > 0; i--)
			mutate(&s.random, &k);
		if (give_mutant(fresh, &k))
			taken++;
		side.ledger = fresh;
		say_all(&side);
		fold(&s, fresh, 300);
		str_clear(&side.said);
		say_all(&side);
		give_mutant(l, &k);
		fold(&s, l, 100);
		table_state_release(&side.tables);
		str_release(&side.said);
		keeper_release(&k);
		ledger_free(fresh);
		ledger_free(l);
	}
	/* Not all were refused at once. */
	assert_true(taken > MUTANTS / 4 && taken < MUTANTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ledgers_go_on_from_checkpoints_whatever_they_have_seen),
		cmocka_unit_test(a_checkpoint_that_nobody_has_put_never_breaks_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
