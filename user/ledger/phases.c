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
static const struct {
	unsigned int in;
	enum phase to;
	const char *why;
} transitions[RECORD_NR] = {
	[RECORD_CAPTURE] = {ANY, PHASE_CAPTURE, "the runtime is told to capture a trace"},
	[RECORD_CAPTURED] = {ANY, PHASE_NONE, "the capture ends"},
	[RECORD_REPLAY] = {ANY & ~IN(EXECUTION), PHASE_EXECUTION, "first replay"},
	[RECORD_RELEASE] = {ANY, PHASE_RELEASE, "a trace is released"},
	[RECORD_ALLOC] = {IN(EXECUTION) | IN(RELEASE), PHASE_NONE, "an allocation"},
	[RECORD_DETACH] = {ANY & ~IN(UNKNOWN), PHASE_NONE, "the process is not watched any more"},
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
	return r->kind == RECORD_CENSUS && !p->census_running && !p->without_books && p->phase == PHASE_UNKNOWN && !p->before_attach &&
	       !(RECORD_HAS(r, PARTIAL) && r->partial);
}

void phases_apply(struct ledger_process *p, const struct record *r, struct effect *e)
{
	e->from = e->to = p->phase;
	if (begins(p, r)) {
		enter(p, r, PHASE_INIT, e);
		e->why = "no device memory is in use yet";
		return;
	}
	if (!(transitions[r->kind].in & (1U << p->phase)))
		return;
	enter(p, r, transitions[r->kind].to, e);
	e->why = transitions[r->kind].why;
}
