/* books_parts.h: what the files that find and read the books share. Private to them. */
#ifndef RUNTIME_BOOKS_PARTS_H
#define RUNTIME_BOOKS_PARTS_H

#include "runtime/books.h"

enum {
	OWNERS_MAX = 16, /* kinds of owners */
	ARENAS_MAX = 16, /* of an owner */
};

/* What is read of an arena's object, then of its list. */
enum role { ROLE_POOL, ROLE_BANKS, ROLE_ALIGN, ROLE_LIST, ROLE_BANK_BYTES, ROLE_BASE, ROLE_GRAIN, NR_ROLES };
enum { FIRST_LIST_ROLE = ROLE_BANK_BYTES };

enum { VECTOR_ADDRESS, VECTOR_BYTES, VECTOR_LIVE, VECTOR_USED, NR_VECTORS };

struct owner {
	uint64_t address;
	uint64_t arenas[ARENAS_MAX];
};

struct books {
	const struct binding *binding;
	struct memory *memory;
	uint64_t bias;
	size_t nr_words; /* 0: an owner is known by its arenas alone */
	uint64_t words[OWNERS_MAX]; /* that an owner may begin with, in this process */
	size_t nr_arenas; /* of each owner */
	struct code_chain arenas[ARENAS_MAX];
	struct code_chain chain[NR_ROLES]; /* no loads: not known */
	__typeof__(((struct rt_books *)NULL)->address) vector[NR_VECTORS];
	VEC(struct owner) owners;
};

/* All of an arena but its blocks; its pool is NULL if it is not to be shown. -ENOENT: no arena is there. */
int books_arena(struct books *books, uint64_t object, struct book_arena *ret);
/* The arenas of the owner at @address, not looked at. -ENOENT: it is none. */
int books_owner(struct books *books, uint64_t address, struct owner *ret);

#endif
