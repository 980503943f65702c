/* phases.h: what a process is doing, from the marks in the stream: init, capture, execution, release. */
#ifndef LEDGER_PHASES_H
#define LEDGER_PHASES_H

#include "ledger/ledger.h"

/* Move @p to the phase that @r leads to, if it leads to one, and say so in @e. */
void phases_apply(struct ledger_process *p, const struct record *r, struct effect *e);

#endif
