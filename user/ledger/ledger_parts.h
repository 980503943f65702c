/* ledger_parts.h: what the files of the fold share. */
#ifndef LEDGER_LEDGER_PARTS_H
#define LEDGER_LEDGER_PARTS_H

#include "ledger/ledger.h"

/* What a record is about; looked up and checked once, before anything changes. */
struct subject {
	struct ledger *l;
	struct ledger_process *process; /* NULL: none */
	struct arena *arena;		/* NULL: none */
	const struct device *device;	/* that it is about, where it names no arena */
	const struct block *old;	/* of a record about a block: what lives at its address before; NULL: nothing */
	struct effect *effect;
};

/* A checkpoint that is read: restore.c. Is @r part of it? What cannot be ends it: it is dropped. */
bool restore_wants(struct ledger *l, const struct record *r);
/* As ledger_apply(), of such a record. */
int restore_apply(struct ledger *l, const struct record *r);
/* Drop what was read of it. */
void restore_free(struct ledger *l);

/* The ledger's own copy of @text, the same for equal texts; "" for NULL. */
const char *ledger_text(struct ledger *l, const char *text);
/* What a record defines, as it is when nothing has happened to it yet. A block is the caller's to put; its texts are the ledger's. */
struct ledger_process *define_process(struct ledger *l, const struct record *r);
struct device *define_device(struct ledger_process *p, uint64_t owner);
struct arena *define_arena(struct ledger *l, struct ledger_process *p, struct device *d, const struct record *r);
struct block define_block(struct ledger *l, const struct record *r);

#endif
