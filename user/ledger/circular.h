/*
 * circular.h: the circular buffers of programs that run on cores. They lie in a pool's banks, which are the cores' own memory,
 * but in no pool: from its base upwards, while its blocks come down from the end. Programs run one after another, so those
 * of different programs lie over one another, and what they take of a core is what the largest of them takes.
 */
#ifndef LEDGER_CIRCULAR_H
#define LEDGER_CIRCULAR_H

#include "base/map.h"

struct arena;
struct chip_group;
struct device;
struct ledger;
struct ledger_process;
struct record;

struct circular {
	struct map programs; /* (object, 0) -> struct circular_program * */
	uint64_t doubted;    /* arenas up to this one lived when something of programs was lost */
	uint64_t changes;    /* of programs, counted */
};

/* What the programs of a device are together: each phase that ends asks for it, and few have changed any. */
struct circular_sum {
	uint64_t as_of;	   /* the number of changes, and one; 0: it was never asked for */
	uint64_t programs; /* that are its */
	uint64_t end;	   /* the highest */
	bool all;	   /* else of some it is not known whether they are its, or where they end */
};

/* Circular buffers of one program that were placed, as far as they were told when something else was. */
struct circular_placed {
	const struct ledger_process *process; /* NULL: there are none */
	uint64_t program;		      /* its object */
	uint64_t time_ns, tid;
	uint64_t buffers;
	uint64_t end; /* address behind the last that lies in no block; 0: all lie in blocks */
	const struct device *device; /* NULL: not known */
};

/* Bytes are of one core. */
struct circular_figures {
	uint64_t programs; /* living ones that have circular buffers */
	bool known;	   /* else nothing below is */
	bool exact;	   /* all programs are known; else `bytes` is the least that it may be, and `room` the most */
	uint64_t bytes;	   /* from the pool's base to the end of the largest program's */
	uint64_t room;	   /* from there to the lowest block of the pool, or the bank's end */
	bool has_room;
};

/* Of a device. False: its runtime has no circular buffers, or it has no such pool. O(n) of the pool's blocks. */
bool device_circular(const struct device *d, struct circular_figures *ret);
/* Of a chip: the largest of its devices, whose programs run one after another as well. */
bool chip_group_circular(const struct chip_group *g, struct circular_figures *ret);
/* The arena that circular buffers lie in, NULL if there is none. */
struct arena *device_core_arena(const struct device *d);
/* What each core keeps below that pool's base, for code. False: not known, or there is none. */
bool device_code(const struct device *d, uint64_t *ret);

/* For ledger*.c. */
struct circular_program {
	const struct device *device; /* NULL: not known */
	uint64_t buffers;
	uint64_t end; /* of those that lie in no block; 0: there are none */
	bool stale;   /* they are to be placed anew: where is not known */
};

/* The program that is there, or a new one. */
struct circular_program *circular_program(struct ledger_process *p, uint64_t object);
/* @d: the record's device, NULL if it is not known. */
void circular_put(struct ledger *l, struct ledger_process *p, const struct device *d, const struct record *r);
/* Returns the device that they were on, NULL if it is not known. */
const struct device *circular_free(struct ledger_process *p, const struct record *r);
/* The device is gone, and its programs with it. */
void circular_forget(struct ledger_process *p, const struct device *d);
void circular_release(struct ledger_process *p);
/* Something of programs was lost, or not seen whole. */
void circular_doubt(const struct ledger *l, struct ledger_process *p);
/* Is it the verb of a probe that tells of programs? */
bool circular_is_probe(const char *verb);
/* Was a program refused, for want of room for its circular buffers? @r: a `failed`. */
bool failed_is_clash(const struct record *r);
/* What was placed before @r, in @ret, if @r is not one more of the same; it is told once. */
void circular_told(struct ledger *l, const struct record *r, struct circular_placed *ret);

#endif
