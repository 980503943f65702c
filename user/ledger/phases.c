/*
 * Init lasts until the first capture, replay or release. A capture lasts from its begin to the moment at which the
 * runtime is told to end it. Execution begins with the first replay of a run and ends with the next allocation,
 * capture, release or exit: a replay allocates nothing. Release lasts until the next capture, replay or allocation.
 * Between two of them there is none. After a late attach nothing is known until the first mark.
 */
#include "ledger/phases.h"

static const char *const names[] = {
	[PHASE_UNKNOWN] = NULL,		  [PHASE_NONE] = "none",	   [PHASE_INIT] = "init",
	[PHASE_CAPTURE] = "capture", [PHASE_EXECUTION] = "execution", [PHASE_RELEASE] = "release",
};

const char *phase_name(enum phase phase)
{
	return names[phase];
}

#define ANY (~0U)
#define IN(phase) (1U << PHASE_##phase)

/* On a record of this kind, a process in one of these phases goes to that one. */
#define TRANSITIONS(X)                                                                                    \
	X(CAPTURE, ANY, CAPTURE, "the runtime is told to capture a trace")                                \
	X(CAPTURED, ANY, NONE, "the capture ends")                                                        \
	X(REPLAY, ANY & ~IN(EXECUTION), EXECUTION, "first replay")                                        \
	X(RELEASE, ANY, RELEASE, "a trace is released")                                                   \
	X(ALLOC, IN(EXECUTION) | IN(RELEASE), NONE, "an allocation")                                      \
	X(DETACH, ANY & ~IN(UNKNOWN), NONE, "the process is not watched any more")                        \
	X(CENSUS, IN(UNKNOWN), INIT, "no device memory is in use yet") /* only if it is so, see begins() */

const unsigned int phases_left[RECORD_NR] = {
#define X(KIND, in, TO, why) [RECORD_##KIND] = (in),
	TRANSITIONS(X)
#undef X
};

static const struct {
	enum phase to;
	const char *why;
} transitions[RECORD_NR] = {
#define X(KIND, in, TO, why) [RECORD_##KIND] = {PHASE_##TO, why},
	TRANSITIONS(X)
#undef X
};

static void enter(struct ledger_process *p, const struct record *r, enum phase to, struct effect *e)
{
	e->from = p->phase;
	e->to = to;
	e->from_trace = p->phase_trace;
	e->has_from_trace = p->has_phase_trace;
	p->phase = to;
	p->phase_start_ns = r->time_ns;
	/* The first replay that we see of a process that we came late to is not the first of its run. */
	p->has_phase_start = e->from != PHASE_UNKNOWN || r->kind != RECORD_REPLAY;
	p->has_phase_trace = RECORD_HAS(r, TRACE) && to != PHASE_NONE;
	p->phase_trace = p->has_phase_trace ? r->trace : 0;
}

/* A process that had no block and no device when its books were first read is seen from its beginning. */
static bool begins(const struct ledger_process *p, const struct record *r)
{
	return !p->census_running && !p->without_books && !p->before_attach && !(RECORD_HAS(r, PARTIAL) && r->partial);
}

void phases_leave(struct ledger_process *p, const struct record *r, struct effect *e)
{
	if (r->kind == RECORD_CENSUS && !begins(p, r))
		return;
	enter(p, r, transitions[r->kind].to, e);
	e->why = transitions[r->kind].why;
}
