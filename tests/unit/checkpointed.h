/* checkpointed.h: ledgers that saw a stream whole, went on from a checkpoint, or began at one; and all that is said of them. */
#ifndef TESTS_CHECKPOINTED_H
#define TESTS_CHECKPOINTED_H

#include "same_ledger.h"

#include <errno.h>

#include "ledger/checkpoint.h"
#include "view/explain.h"
#include "view/json.h"
#include "view/log.h"
#include "view/recorded.h"
#include "view/table.h"

/* WHOLE saw everything, BASED as well, and the checkpoint of itself then; FRESH only the checkpoint, and what came behind. */
enum { WHOLE, BASED, FRESH, SIDES };

struct side {
	struct ledger *ledger;
	struct table_state tables; /* of all tables since the checkpoint */
	struct table_state all_tables; /* not of FRESH */
	struct str said;
};

struct sides {
	struct side side[SIDES];
};

static inline struct sides sides_new(void)
{
	struct sides s = {};

	for (int i = 0; i < SIDES; i++)
		s.side[i].ledger = ledger_new();
	return s;
}

static inline void sides_release(struct sides *s)
{
	for (int i = 0; i < SIDES; i++) {
		ledger_free(s->side[i].ledger);
		table_state_release(&s->side[i].tables);
		table_state_release(&s->side[i].all_tables);
		str_release(&s->side[i].said);
	}
}

/* All that can be said of it as it is. */
static inline void say_all(struct side *side)
{
	static const struct table_options tables[] = {
		{}, {.by_mesh = true, .bytes = true}, {.wide = true, .asked = true}, {.recorded = true, .rows = 12, .columns = 70}};
	static const struct explain_options pages[] = {{}, {.bytes = true, .recorded = true}};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct table_state none = {};

		table_add(&side->said, side->ledger, &tables[i], &none);
		table_state_release(&none);
	}
	table_add(&side->said, side->ledger, &(struct table_options){.delta = true, .bytes = true, .recorded = true}, &side->tables);
	json_add_state(&side->said, side->ledger, NULL, false);
	json_add_state(&side->said, side->ledger, NULL, true);
	recorded_add(&side->said, side->ledger);
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		explain_add(&side->said, side->ledger, &pages[i]);
		explain_add_json(&side->said, side->ledger, &pages[i]);
	}
}

/* The first line that is not the same. */
static inline void compare_texts(const char *found, const char *expected, const char *when)
{
	for (;;) {
		size_t n = strcspn(found, "\n"), m = strcspn(expected, "\n");

		if (n != m || memcmp(found, expected, n))
			fail_msg("%s: %.*s\ninstead of: %.*s", when, (int)n, found, (int)m, expected);
		if (!found[n])
			return;
		found += n + 1;
		expected += m + 1;
	}
}

static inline void compare_said(struct sides *s, const char *when)
{
	for (int i = 1; i < SIDES; i++)
		compare_texts(str_text(&s->side[i].said), str_text(&s->side[WHOLE].said), when);
	for (int i = 0; i < SIDES; i++)
		str_clear(&s->side[i].said);
}

static inline void compare_all(struct sides *s)
{
	for (int i = 0; i < SIDES; i++)
		say_all(&s->side[i]);
	compare_said(s, "in all views");
	for (int i = 1; i < SIDES; i++)
		same_ledger(s->side[WHOLE].ledger, s->side[i].ledger);
}

/* The tables' changes since the table before. */
static inline void compare_changes(struct sides *s)
{
	const struct table_options o = {.delta = true, .bytes = true, .recorded = true};

	for (int i = 0; i < FRESH; i++)
		table_add(&s->side[i].said, s->side[i].ledger, &o, &s->side[i].all_tables);
	str_add(&s->side[FRESH].said, str_text(&s->side[WHOLE].said));
	compare_said(s, "in the changes of a table");
}

/* Fold in those from @first on; all of them take it, or none. Log lines are the same. */
static inline bool sides_apply(struct sides *s, const struct record *r, int nr)
{
	int err[SIDES];

	for (int i = 0; i < nr; i++) {
		struct side *side = &s->side[i];
		struct effect e;

		err[i] = ledger_apply(side->ledger, r, &e);
		assert_int_equal(err[i], err[WHOLE]);
		if (err[i])
			continue;
		log_add(&side->said, r, &e, &(struct log_options){.bytes = true});
		json_add_event(&side->said, r, &e, NULL);
	}
	if (nr == SIDES)
		compare_said(s, kind_descs[r->kind].name);
	for (int i = 0; i < nr; i++)
		str_clear(&s->side[i].said);
	return !err[WHOLE];
}

static inline void take_checkpoint(const struct ledger *l, struct keeper *ret)
{
	ret->sink.put = keeper_put;
	assert_int_equal(ledger_checkpoint(l, &ret->sink), 0);
}

static inline int give_bound(struct ledger *l, const char *reason)
{
	struct record r = {.kind = RECORD_CHECKPOINT};

	RECORD_SET(&r, TIME_NS, time_ns, l->time_ns);
	RECORD_SET(&r, REASON, reason, reason);
	return ledger_apply(l, &r, NULL);
}

static inline void give_checkpoint(struct ledger *l, const struct keeper *k)
{
	assert_int_equal(give_bound(l, "begin"), 0);
	for (size_t i = 0; i < k->records.nr; i++) {
		struct effect e;

		if (ledger_apply(l, &k->records.items[i], &e))
			fail_msg("record %zu of a checkpoint is refused: %s %s", i, kind_descs[k->records.items[i].kind].name,
				 k->records.items[i].name ? k->records.items[i].name : "");
		assert_true(e.checkpoint && !e.process && !e.placed.process);
	}
	assert_int_equal(give_bound(l, "end"), 0);
	assert_int_equal(l->unknown_states, 0);
}

/* BASED is put down and taken up again, and FRESH begins. */
static inline void sides_checkpoint(struct sides *s)
{
	struct keeper k = {};

	take_checkpoint(s->side[BASED].ledger, &k);
	give_checkpoint(s->side[BASED].ledger, &k);
	give_checkpoint(s->side[FRESH].ledger, &k);
	keeper_release(&k);
	compare_all(s);
}

#endif
