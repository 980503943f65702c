/* history_parts.h: what the files history*.c share. */
#ifndef LEDGER_HISTORY_PARTS_H
#define LEDGER_HISTORY_PARTS_H

#include "ledger/history.h"

/* The running phase ends before @r; a phase of that kind begins with it. */
void history_finish(struct ledger_process *p, const struct record *r);
void history_begin(struct ledger_process *p, const struct record *r, enum history_kind kind);
void history_row_add_trace(struct history_row *row, uint64_t trace);
bool history_row_has_trace(const struct history_row *row, uint64_t trace);

/* Is the record about a trace's own buffer? */
bool history_own(const struct arena *a, const struct record *r);

/* The allocation that @r says has failed: why, from what lies in its pool now. */
void history_fail(struct ledger *l, struct ledger_process *p, const struct record *r);
/* The newest failure of this thread was none. */
void history_retract(struct history *h, uint64_t tid);

/* What @r, about a block of @a or all of them, does to what @a needs at most. */
void history_use(struct history *h, const struct arena *a, const struct record *r);
/* An allocation of @taken bytes a bank has failed in @a: what would have been large enough? */
void history_use_failed(struct history *h, const struct arena *a, uint64_t taken);
void history_uses_release(struct history *h);

#endif
