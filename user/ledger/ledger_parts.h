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
	const struct block *old;	/* of a record about a block: what lived at its address, in the effect; NULL: nothing */
	struct effect *effect;
};

/* A checkpoint that is read: restore.c. Is @r part of it? What cannot be ends it: it is dropped. */
bool restore_wants(struct ledger *l, const struct record *r);
/* As ledger_apply(), of such a record. */
int restore_apply(struct ledger *l, const struct record *r);
/* Drop what was read of it. */
void restore_free(struct ledger *l);

/* What ledger_apply() does for records that are about no process, by kind: ledger_totals.c. They return 0. */
int totals_lost(struct subject *s, const struct record *r);
int totals_probe(struct subject *s, const struct record *r);
int totals_unread(struct subject *s, const struct record *r);
int totals_unstacked(struct subject *s, const struct record *r);
int totals_tick(struct subject *s, const struct record *r);
int totals_end(struct subject *s, const struct record *r);
int totals_gap(struct subject *s, const struct record *r);

/* The ledger's own copy of @text, the same for equal texts; "" for NULL. */
const char *ledger_text(struct ledger *l, const char *text);
/* There is a source of that number. */
void define_source(struct ledger *l, uint64_t number);
/* What a record defines, as it is when nothing has happened to it yet. A block is the caller's to put; its texts are the ledger's. */
struct ledger_process *define_process(struct ledger *l, const struct record *r);
struct device *define_device(struct ledger_process *p, uint64_t owner);
struct arena *define_arena(struct ledger *l, struct ledger_process *p, struct device *d, const struct record *r);
struct block define_block(struct ledger *l, const struct record *r);
/* Keep what a driver says of @p. */
void define_driver(struct ledger *l, struct ledger_process *p, const struct record *r);

/*
 * Of the kinds runtime, module, site, uses, frame and stack, with all fields that must be there: may it come next, as far as numbers go? Then
 * define_traced() keeps it, @p being its process if it names one, and returns the module of a `uses`, else NULL.
 */
bool traced_fits(const struct ledger *l, const struct record *r);
const struct ledger_module *define_traced(struct ledger *l, struct ledger_process *p, const struct record *r);
/* Of the kinds frame and stack: as above. */
bool frame_fits(const struct ledger *l, const struct record *r);
bool stack_fits(const struct ledger *l, const struct record *r);
void define_frame(struct ledger *l, struct ledger_process *p, const struct record *r);
void define_stack(struct ledger *l, struct ledger_process *p, const struct record *r);
void probes_release(struct ledger_probes *probes);
/* Modules and runtimes. */
void traced_release(struct ledger *l);

#endif
