/* describe.h: what is there, as the records that told of it would say it. For those that put records of their own. */
#ifndef LEDGER_DESCRIBE_H
#define LEDGER_DESCRIBE_H

#include "ledger/ledger.h"

/* Set process, pid, name, command, runtime and, if it is known, start_ns of an `attach`. */
void describe_process(struct record *r, const struct ledger_process *p);
/* Set process, arena, address, reserved and, where they are known, asked, id, layout and label of a `block`. */
void describe_block(struct record *r, const struct arena *a, const struct block *b);

#endif
