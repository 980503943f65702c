/* checkpoint_parts.h: what the files checkpoint*.c and restore*.c share. */
#ifndef LEDGER_CHECKPOINT_PARTS_H
#define LEDGER_CHECKPOINT_PARTS_H

#include "ledger/shapes.h"

/* A checkpoint that is written. */
struct checkpoint {
	struct sink *to;
	uint64_t time_ns;
	int err; /* the first; nothing is put after it */
};

struct record checkpoint_record(const struct checkpoint *c, enum record_kind kind);
void checkpoint_put(struct checkpoint *c, const struct record *r);
/* A `state` that begins something. */
struct record checkpoint_state(const struct checkpoint *c, const char *name);
/* Those of @object's members that are kept as states, but for those that are 0 or NULL. */
void checkpoint_put_members(struct checkpoint *c, enum shape shape, const void *object);
void checkpoint_put_history(struct checkpoint *c, const struct history *h);
/* What all processes were traced with, and one of them. */
void checkpoint_put_modules(struct checkpoint *c, const struct ledger *l);
void checkpoint_put_stacks(struct checkpoint *c, const struct ledger *l);
void checkpoint_put_probes(struct checkpoint *c, const struct ledger_process *p);

/* A checkpoint that is read. */
struct restore {
	struct ledger *next; /* what is made of it */
	uint64_t unknown;    /* states */
	bool failed;	     /* it contradicts itself */
	bool defined;	     /* all devices and arenas are known */
	struct ledger_process *process; /* that was last begun; NULL: none */
	struct arena *arena;
	struct figures told; /* what the arena's blocks must add up to */
	struct chip_group *group;
	struct history_row *row;
	struct history_failure *failure;
	void *at[SHAPE_NR]; /* that states are members of; NULL: they have no place here */
};

/* What was begun is over: states that are members have no place until something else begins. */
void restore_forget_place(struct restore *s);
/* Takes a `state` without a dot. -ENOENT: no such. -EINVAL: it cannot be here. */
int restore_begin(struct restore *s, const struct record *r);
/* The arena is complete. -EINVAL: it contradicts itself. */
int restore_arena_end(struct restore *s);
/* All devices and arenas are known: see to it that groups are. */
int restore_define(struct restore *s);
/* The states that begin parts of a history. As restore_begin(). */
int restore_begin_history(struct restore *s, const struct record *r);
/* Has its history what whoever reads it relies on? */
bool restore_history_whole(const struct ledger_process *p);

#endif
