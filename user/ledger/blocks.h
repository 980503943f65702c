/*
 * blocks.h: the living blocks of an arena, by address. There may be millions: each takes 48 bytes, and 6 to 12 of the index.
 */
#ifndef LEDGER_BLOCKS_H
#define LEDGER_BLOCKS_H

#include "base/map.h"
#include "base/vec.h"

/* A living allocation. Its key is (arena, address): an arena is one generation of a pool's object. */
struct block {
	uint64_t address;
	uint64_t reserved; /* all banks of one chip */
	uint64_t asked;
	uint64_t trace;	  /* id of the trace whose buffer it is */
	uint64_t time_ns; /* of its allocation; else (has_time) since when it is known */
	uint64_t id;	  /* the runtime's own number */
	const char *layout, *label; /* as in the record; NULL: not known */
	uint32_t tid;
	uint32_t stack; /* number of what its allocation was called by; 0: not known */
	bool has_reserved, has_asked, has_trace, has_time, has_id;
	bool is_trace;	    /* the buffer of a trace, by the call that made it */
	bool before_attach; /* from the books: who made it, and for what, is not known */
};

struct blocks_slot;
struct index_group;

/* What many blocks have in common: who made them, and as what. Kept once. */
struct blocks_origin {
	uint64_t trace;
	const char *layout, *label;
	uint32_t tid, stack;
};

enum { BLOCKS_RECENT = 64 };

/* `struct blocks b = {};` is empty and valid. Only `nr` is for reading. */
struct blocks {
	size_t nr;
	VEC(struct blocks_slot *) chunks;
	uint32_t used;	 /* slots of the chunks that have ever held one */
	uint32_t unused; /* of these the last that became free, counted from 1; 0: none */
	struct index_group *index; /* by hash: slots, counted from 1 */
	unsigned index_bits;	   /* of the number of its groups */
	size_t room;		   /* so many blocks make it grow */
	struct {
		uint64_t address;
		struct index_group *group; /* NULL: it is not there */
		unsigned entry;
		bool known; /* nothing has changed since */
	} sought; /* by the last blocks_seek() */
	VEC(struct blocks_origin) origins;
	struct map by_origin; /* (hash, try) -> its place among them */
	uint32_t recent_origins[BLOCKS_RECENT]; /* of them, by hash; which is there is to be seen */
	bool lowest_known;
	uint64_t lowest; /* address */
};

/* False if none is there. @ret may be NULL. */
bool blocks_get(const struct blocks *b, uint64_t address, struct block *ret);
/* The same, for who will put or remove it next: that does not search again. */
bool blocks_seek(struct blocks *b, uint64_t address, struct block *ret);
/* The lowest address. False: there is none. Walks if the block that was there has gone. */
bool blocks_lowest(struct blocks *b, uint64_t *ret);
/* Its texts are not copied. What is at its address is replaced. */
void blocks_put(struct blocks *b, const struct block *block);
void blocks_remove(struct blocks *b, uint64_t address);
/* Walk in no order: `for (size_t at = 0; blocks_next(b, &at, &block);)`; no change meanwhile. */
bool blocks_next(const struct blocks *b, size_t *at, struct block *ret);
/* Stacks have other numbers now: that of number n is @numbers[n - 1]. No block is put or removed any more. */
void blocks_renumber_stacks(struct blocks *b, const uint64_t *numbers);
/* All are gone, and their memory. */
void blocks_release(struct blocks *b);

#endif
