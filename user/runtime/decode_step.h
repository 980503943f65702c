/* decode_step.h: a hit on its way, for the files decode*.c. Private to them. */
#ifndef RUNTIME_DECODE_STEP_H
#define RUNTIME_DECODE_STEP_H

#include "base/map.h"
#include "runtime/decode.h"
#include "runtime/thread.h"

struct decoder {
	struct sink *sink;
	struct decode_target *target;
	uint64_t wall_offset_ns;
	struct map threads;	/* (thread, 0) -> struct thread * */
	struct map arenas;	/* (process, object) -> number */
	struct map constructed; /* (process, object): its constructor was seen */
	struct map owners;	/* (process, object): the device that it stands for */
	struct map programs;	/* (process, object) -> struct program * */
	struct map references;	/* (process, address): how many more than one a block or a view has */
	struct map tables;	/* (process, object) -> struct table * */
	struct map table_owners; /* (process, object) -> the one whose table it has */
	struct map views;	/* (process, address) -> the block that it is a view of; 0: one that is not known */
};

/* One hit with all that handling it needs. */
struct step {
	struct decoder *d;
	struct thread *thread;
	uint64_t process;
	const struct binding *b;
	const struct bound_row *row;
	const struct wire_hit *hit;
};

/* A record of the hit's time, process and thread. */
struct record step_record(const struct step *s, enum record_kind kind);
/* Copy the value @name of the hit to the field, if it is known. */
bool step_take(const struct step *s, struct record *r, enum rt_name name, enum field field);
/* Put that the step's call was not seen whole. */
int step_unsettled(const struct step *s, const char *reason);
/* A step that cannot be inside an open call: the call is over, and its alloc did not come. */
int step_end_call(const struct step *s);

/*
 * The number of the arena at @object, asked for with @hint if it is not known yet. 0: it cannot be known, or it is no pool that is
 * shown.
 */
uint64_t step_arena(const struct step *s, uint64_t object, struct arena_hint *hint);

/* ---- decode_call.c, decode_device.c: where a row is all of a call ---- */

int step_call_alloc(struct step *s);
int step_call_free(struct step *s);
int step_device(struct step *s);
int step_owner(struct step *s);
int step_push(struct step *s);
int step_pop(struct step *s);
int step_call_clear(struct step *s);
/* Which device the call is for. False: that is not known. */
bool step_call_device(const struct step *s, uint64_t *ret);

/* ---- decode_table.c ---- */

/* A function was looked up. */
int step_lookup(struct step *s);

int step_table(struct step *s);
/* The item of the owner's table that the call names. False: that is not known. */
bool table_item(const struct step *s, uint64_t *ret);
/* An object is gone: another one may come to be at its address. */
void table_forget(const struct step *s, uint64_t owner);
/* Forget the tables of a process; of all if it is 0. */
void tables_forget(struct decoder *d, uint64_t process);

/* ---- decode_references.c ---- */

int step_retain(struct step *s);
int step_drop(struct step *s);
/* There is a view of the block at @parent, which lives as long as the view does. */
int references_view(const struct step *s, uint64_t address, uint64_t parent);
/* What is made at @address now has one reference: what was known of an earlier one there is over. */
int references_begin(const struct step *s, uint64_t address);

/* ---- decode_program.c ---- */

int step_program(struct step *s);
int step_cb(struct step *s);
int step_cb_free(struct step *s);
int step_cb_void(struct step *s);
int step_clash(struct step *s);
int step_overflow(struct step *s);
/* Forget the programs of a process; of all if it is 0. */
void programs_forget(struct decoder *d, uint64_t process);

#endif
