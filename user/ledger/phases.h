/* phases.h: what a process is doing, from the marks in the stream: init, capture, execution, release. */
#ifndef LEDGER_PHASES_H
#define LEDGER_PHASES_H

#include "ledger/ledger.h"

/* By kind of record: the phases, as bits, in which it may begin another. */
extern const unsigned int phases_left[RECORD_NR];
/* For phases_apply(): of such a record. */
void phases_leave(struct ledger_process *p, const struct record *r, struct effect *e);

/* Move @p to the phase that @r leads to, if it leads to one, and say so in @e. */
static inline void phases_apply(struct ledger_process *p, const struct record *r, struct effect *e)
{
	e->from = e->to = p->phase;
	if (phases_left[r->kind] & 1U << p->phase)
		phases_leave(p, r, e);
}

#endif
