/* history_parts.h: what the files history*.c share. */
#ifndef LEDGER_HISTORY_PARTS_H
#define LEDGER_HISTORY_PARTS_H

#include "ledger/history.h"
#include "ledger/ledger_parts.h"

/* Fold @r before the ledger takes it: what a phase has at its end is what lies there before the record that ends it. */
void history_apply(const struct subject *s, const struct record *r);
void history_free(struct history *h);

/* The running phase ends before @r; a phase of that kind begins with it. */
void history_finish(struct ledger_process *p, const struct record *r);
void history_begin(struct ledger_process *p, const struct record *r, enum history_kind kind);
void history_row_add_trace(struct history_row *row, uint64_t trace);
bool history_row_has_trace(const struct history_row *row, uint64_t trace);

/* Is the record about a trace's own buffer? */
bool history_own(const struct subject *s, const struct record *r);

/* The allocation that @r says has failed: why, from what lies in its pool now. */
void history_fail(const struct subject *s, const struct record *r);
/* The newest failure of this thread was none. */
void history_retract(struct history *h, uint64_t tid);

/* What @r, about a block of an arena or all of them, does to what that needs at most. */
void history_use(const struct subject *s, const struct record *r);
/* An allocation of @taken bytes a bank has failed in @a: what would have been large enough? */
void history_use_failed(struct arena *a, uint64_t taken);

#endif
