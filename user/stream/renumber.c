#include "stream/renumber.h"

#include <errno.h>
#include <string.h>

/* Which fields are numbers of what, and in records of which kind that is defined. */
static const struct reference {
	enum field field;
	enum record_kind in; /* RECORD_NONE: in all kinds */
	enum numbered of;
} references[] = {
	{FIELD_PROCESS, RECORD_NONE, NUMBERED_PROCESS}, {FIELD_ARENA, RECORD_NONE, NUMBERED_ARENA},
	{FIELD_MODULE, RECORD_NONE, NUMBERED_MODULE},	{FIELD_ID, RECORD_RUNTIME, NUMBERED_RUNTIME},
	{FIELD_ID, RECORD_MODULE, NUMBERED_RUNTIME},	{FIELD_FRAME, RECORD_NONE, NUMBERED_FRAME},
	{FIELD_STACK, RECORD_NONE, NUMBERED_STACK},	{FIELD_PARENT, RECORD_STACK, NUMBERED_STACK},
};

static const struct {
	enum record_kind kind;
	enum field field;
} definers[NUMBERED_NR] = {
	[NUMBERED_PROCESS] = {RECORD_ATTACH, FIELD_PROCESS}, [NUMBERED_ARENA] = {RECORD_ARENA, FIELD_ARENA},
	[NUMBERED_RUNTIME] = {RECORD_RUNTIME, FIELD_ID},     [NUMBERED_MODULE] = {RECORD_MODULE, FIELD_MODULE},
	[NUMBERED_FRAME] = {RECORD_FRAME, FIELD_FRAME},	     [NUMBERED_STACK] = {RECORD_STACK, FIELD_STACK},
	[NUMBERED_SOURCE] = {RECORD_NONE, FIELD_SOURCE},
};

static const bool has_source[RECORD_NR] = {
	[RECORD_ATTACH] = true, [RECORD_LOST] = true,	 [RECORD_PROBE] = true, [RECORD_UNREAD] = true,
	[RECORD_TICK] = true,	[RECORD_SETTLED] = true, [RECORD_END] = true,	[RECORD_GAP] = true,
	[RECORD_UNSTACKED] = true,
};

/* Lengths of time have such names as well. */
static const char *const lengths[] = {"ledger.interval_ns", "row.lasted_ns"};

void renumber_release(struct renumber *n)
{
	for (size_t i = 0; i < NUMBERED_NR; i++)
		vec_release(&n->numbers[i]);
}

/* 0 is no time, and stays. */
static void shift(const struct renumber *n, uint64_t *time_ns)
{
	uint64_t by = n->shift_ns < 0 ? -(uint64_t)n->shift_ns : (uint64_t)n->shift_ns;

	if (!*time_ns)
		return;
	if (n->shift_ns < 0)
		*time_ns = *time_ns > by ? *time_ns - by : 1;
	else
		*time_ns += by;
}

/* A member of what a checkpoint keeps that is a moment. */
static bool is_moment(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		if (!strcmp(name, lengths[i]))
			return false;
	return strchr(name, '.') && len > 3 && !strcmp(name + len - 3, "_ns");
}

void renumber_shift(const struct renumber *n, struct record *r)
{
	if (!n->shift_ns)
		return;
	shift(n, &r->time_ns);
	shift(n, &r->start_ns);
	shift(n, &r->from_ns);
	if (r->kind == RECORD_STATE && r->name && is_moment(r->name))
		shift(n, &r->count);
}

uint64_t renumber_of(const struct renumber *n, enum numbered of, uint64_t number)
{
	return n->numbers[of].items[number - 1];
}

void renumber_define(struct renumber *n, enum numbered of, uint64_t nr)
{
	while (n->numbers[of].nr < nr)
		vec_push(&n->numbers[of], ++n->whole->nr[of]);
}

int renumber_source(struct renumber *n, uint64_t number, uint64_t *ret)
{
	if (number > SOURCES_MAX)
		return -EINVAL;
	while (n->numbers[NUMBERED_SOURCE].nr <= number)
		vec_push(&n->numbers[NUMBERED_SOURCE], 0);
	if (!n->numbers[NUMBERED_SOURCE].items[number]) {
		if (n->whole->nr[NUMBERED_SOURCE] == SOURCES_MAX)
			return -EINVAL;
		n->numbers[NUMBERED_SOURCE].items[number] = ++n->whole->nr[NUMBERED_SOURCE];
	}
	*ret = n->numbers[NUMBERED_SOURCE].items[number];
	return 0;
}

static bool is_in(const struct reference *ref, const struct record *r)
{
	return r->has & 1ULL << ref->field && (ref->in == RECORD_NONE || ref->in == r->kind);
}

/* What the record defines; NUMBERED_NR: nothing. */
static enum numbered defined_by(const struct record *r)
{
	enum numbered of = 0;

	while (of < NUMBERED_NR && (definers[of].kind == RECORD_NONE || definers[of].kind != r->kind))
		of++;
	return of;
}

/* What it defines must be the next one. */
static bool fits(const struct renumber *n, const struct record *r, enum numbered defines)
{
	return defines == NUMBERED_NR || record_number(r, definers[defines].field) == n->numbers[defines].nr + 1;
}

static void refer(const struct renumber *n, struct record *r, const struct reference *ref)
{
	uint64_t number = record_number(r, ref->field);

	record_set_number(r, ref->field, number && number <= n->numbers[ref->of].nr ? renumber_of(n, ref->of, number) : 0);
}

int renumber_apply(struct renumber *n, struct record *r)
{
	enum numbered defines = defined_by(r);

	if (record_missing(r) || !fits(n, r, defines))
		return -EINVAL;
	if (n->sources && has_source[r->kind]) {
		uint64_t source;
		int err = renumber_source(n, r->source, &source);

		if (err)
			return err;
		RECORD_SET(r, SOURCE, source, source);
	}
	if (defines < NUMBERED_NR)
		renumber_define(n, defines, n->numbers[defines].nr + 1);
	for (size_t i = 0; i < ARRAY_SIZE(references); i++)
		if (is_in(&references[i], r))
			refer(n, r, &references[i]);
	return 0;
}

void renumber_undo(struct renumber *n, const struct record *r)
{
	enum numbered of = defined_by(r);

	if (of == NUMBERED_NR)
		return;
	n->numbers[of].nr--;
	n->whole->nr[of]--;
}
