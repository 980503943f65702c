/* Streams that no program makes, put down and taken up again; and checkpoints that nobody has put. */
#include "checkpointed.h"
#include "random_stream.h"

enum { RECORDS = 1601, SEEDS = 41, MUTANTS = 1501 };

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
