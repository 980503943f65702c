/*
 * lives.h: blocks from their begin to their end, one by one, also where a pool is cleared at once or a process ends: for what
 * is made of a whole recording.
 */
#ifndef VIEW_LIVES_H
#define VIEW_LIVES_H

#include "view/select.h"

/* A pool of a device of a process. Devices that follow one another at the same place have one number, and are one here. */
struct place {
	const struct ledger_process *process;
	bool has_device;
	unsigned int device; /* its number */
	const char *pool;    /* as of the ledger; NULL: not known */
	size_t index;	     /* in lives.places */
	uint64_t reserved;   /* of the blocks that live */
};

struct life {
	struct place *place;
	uint64_t address, reserved;
	bool has_reserved;
	bool seen;   /* was allocated while somebody watched; else the books told of it */
	uint64_t data; /* the user's */
};

/* Called in the order of the records; @r is the one that says so. Any may be NULL. */
struct lives_user {
	void (*begin)(void *user, struct life *life, const struct block *b, const struct record *r);
	/* Its size has become known. */
	void (*sized)(void *user, struct life *life, const struct block *b, const struct record *r);
	/* place->reserved is without it already. By a detach: nobody knows what became of it, the process is not watched any more. */
	void (*end)(void *user, struct life *life, const struct record *r);
};

/* `struct lives l = {.user = ..., .calls = ..., .selection = ...};` is empty and valid. */
struct lives {
	void *user;
	const struct lives_user *calls;
	const struct selection *selection; /* blocks that it leaves out do not exist here */
	VEC(struct place *) places;	   /* in the order seen */
	struct map by_place;
	VEC(struct map) arenas; /* by id - 1: (address, 0) -> struct life * */
};

void lives_release(struct lives *l);
/* @r and its effect on the ledger. */
void lives_apply(struct lives *l, const struct record *r, const struct effect *e);
/* The place of that pool, made if there was none. @d: NULL if it is not known, or holds nothing. @pool: NULL if it is not known. */
struct place *lives_place(struct lives *l, const struct ledger_process *p, const struct device *d, const char *pool);

#endif
