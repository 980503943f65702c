/* Streams that no program makes, of which most records may be true; the same for the same seed. */
#ifndef TESTS_RANDOM_STREAM_H
#define TESTS_RANDOM_STREAM_H

#include "ledger/ledger.h"
#include "random_records.h"

enum { PROCESSES = 3, ARENAS = 12, OWNERS = 4, TEXTS = 6 };

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

static inline const char *any(struct stream *s, const char *const *texts)
{
	return texts[random_below(&s->random, TEXTS)];
}

static inline uint64_t number(struct random *random)
{
	return random_below(random, 9) ? random_below(random, 5000) : random_number(random);
}

static inline void set_texts(struct stream *s, struct record *r)
{
	static const struct {
		enum field field;
		const char *const *texts;
		uint64_t often; /* of 4 */
	} fields[] = {
		{FIELD_REASON, reasons, 4}, {FIELD_POOL, pools, 4},   {FIELD_TAG, tags, 2},	{FIELD_NAME, words, 4},
		{FIELD_PROBE, words, 4},    {FIELD_RUNTIME, words, 4}, {FIELD_ADVICE, advice, 3}, {FIELD_CHIPS, chips, 3},
		{FIELD_LABEL, words, 1},    {FIELD_LAYOUT, words, 1}, {FIELD_VISIBLE, chips, 2}, {FIELD_CORE, pools, 3},
		{FIELD_PATH, words, 2},	    {FIELD_BUILD_ID, tags, 2}, {FIELD_VERSION, words, 1}, {FIELD_SYMBOL, words, 3},
		{FIELD_TEXT, words, 3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (random_below(&s->random, 4) < fields[i].often)
			record_set_text(r, fields[i].field, any(s, fields[i].texts));
	RECORD_SET(r, POOLS, pools, random_below(&s->random, 4) ? "A,TRACE,C,L" : "L,,A,");
}

/* Mostly records that may be true. */
static inline struct record next_record(struct stream *s)
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
	if (RECORD_HAS(&r, SOURCE))
		r.source %= 3;
	if (random_below(&s->random, 2))
		RECORD_SET(&r, BANKS, banks, random_below(&s->random, 5));
	set_texts(s, &r);
	return r;
}

/* Definitions first, and no end of all too soon. False for a record that is left out. */
static inline bool is_wanted(struct stream *s, struct record *r, uint64_t i)
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

static inline void leave_out(struct record *r, enum field field)
{
	record_set_number(r, field, 0);
	r->has &= ~(1ULL << field);
}

static inline void define_traced(struct stream *s, struct record *r, const struct ledger *l)
{
	bool of_process = random_below(&s->random, 3) == 0;

	if (r->kind == RECORD_RUNTIME)
		RECORD_SET(r, ID, id, l->runtimes.nr + 1);
	if (r->kind == RECORD_MODULE)
		RECORD_SET(r, ID, id, 1 + random_below(&s->random, l->runtimes.nr + 1));
	if (r->kind == RECORD_MODULE && random_below(&s->random, 4) == 0)
		leave_out(r, FIELD_ID);
	if (r->kind == RECORD_MODULE || r->kind == RECORD_SITE || r->kind == RECORD_USES)
		RECORD_SET(r, MODULE, module, 1 + (r->kind == RECORD_MODULE ? l->modules.nr : random_below(&s->random, l->modules.nr + 1)));
	if (r->kind == RECORD_SITE)
		leave_out(r, of_process ? FIELD_MODULE : FIELD_PROCESS);
	if (r->kind == RECORD_MODULE || r->kind == RECORD_RUNTIME || r->kind == RECORD_SITE || r->kind == RECORD_USES)
		leave_out(r, FIELD_ARENA);
	if (r->kind == RECORD_FRAME) {
		leave_out(r, FIELD_ARENA);
		RECORD_SET(r, FRAME, frame, l->frames.nr + 1);
		if (!RECORD_HAS(r, MODULE) || !l->modules.nr)
			leave_out(r, FIELD_MODULE);
		else
			RECORD_SET(r, MODULE, module, 1 + random_below(&s->random, l->modules.nr));
	}
	if (r->kind == RECORD_STACK) {
		leave_out(r, FIELD_ARENA);
		RECORD_SET(r, STACK, stack, l->stacks.nr + 1);
		RECORD_SET(r, FRAME, frame, random_below(&s->random, l->frames.nr + 1));
		if (!RECORD_HAS(r, PARENT) || !l->stacks.nr)
			leave_out(r, FIELD_PARENT);
		else
			RECORD_SET(r, PARENT, parent, 1 + random_below(&s->random, l->stacks.nr));
	}
	if (r->kind == RECORD_ALLOC && random_below(&s->random, 3))
		RECORD_SET(r, STACK, stack, random_below(&s->random, l->stacks.nr + 1));
}

/* Numbers in order, or nothing would ever be taken. */
static inline void define(struct stream *s, struct record *r, const struct ledger *l)
{
	const struct arena *a = ledger_arena(l, RECORD_HAS(r, ARENA) ? r->arena : 0);

	if (a && random_below(&s->random, 9))
		r->process = a->process->id;
	if (r->kind == RECORD_ATTACH)
		RECORD_SET(r, PROCESS, process, l->processes.nr + 1);
	if (r->kind == RECORD_ARENA)
		RECORD_SET(r, ARENA, arena, l->arenas.nr + 1);
	define_traced(s, r, l);
}

#endif
