/* books_parts.h: what the files that find and read the books share. Private to them. */
#ifndef RUNTIME_BOOKS_PARTS_H
#define RUNTIME_BOOKS_PARTS_H

#include "runtime/books.h"

enum {
	OWNERS_MAX = 16, /* kinds of owners */
	ARENAS_MAX = 16, /* of an owner */
	PLACES_MAX = 8,	 /* where a process has loaded the file */
};

/* What is read of an arena's object, then of its list. */
enum role { ROLE_POOL, ROLE_BANKS, ROLE_ALIGN, ROLE_LISTS, ROLE_LIST, ROLE_BANK_BYTES, ROLE_BASE, ROLE_GRAIN, ROLE_SHRUNK, NR_ROLES };
enum { FIRST_LIST_ROLE = ROLE_BANK_BYTES };

enum { VECTOR_ADDRESS, VECTOR_BYTES, VECTOR_LIVE, VECTOR_USED, NR_VECTORS };

struct owner {
	uint64_t address;
	uint64_t arenas[ARENAS_MAX];
};

struct books {
	const struct binding *binding;
	struct memory *memory;
	size_t nr_places;
	uint64_t bias[PLACES_MAX];
	size_t nr_words; /* 0: an owner is known by its arenas alone */
	uint64_t words[OWNERS_MAX * PLACES_MAX]; /* that an owner may begin with, in this process */
	size_t nr_arenas; /* of each owner */
	struct code_chain arenas[ARENAS_MAX];
	struct code_chain chain[NR_ROLES]; /* no loads: not known */
	__typeof__(((struct rt_books *)NULL)->address) vector[NR_VECTORS];
	VEC(struct owner) owners;
	bool scan_swapped, read_swapped; /* the last scan, the last read met pages that are swapped out */
	/* Of devices: words that their objects begin with in this process, 0 if not known; what the last scan found. */
	uint64_t device_words[RT_OBJECTS][PLACES_MAX];
	VEC(uint64_t) found[RT_OBJECTS];
};

/* Follow @nr chains (up to ARENAS_MAX) from @base, 0 for one that is not known; the loads of one depth are one system call. */
int books_follow(struct books *books, uint64_t base, const struct code_chain *chains, size_t nr, uint64_t *values);

/* All of an arena but its blocks; its pool is NULL if it is not to be shown. -ENOENT: no arena is there. */
int books_arena(struct books *books, uint64_t object, struct book_arena *ret);
/* The arenas of the owner at @address, not looked at. -ENOENT: it is none. */
int books_owner(struct books *books, uint64_t address, struct owner *ret);

/* books_mirror.c: does the arena only repeat what another device's has allocated? 1, 0, -ESRCH. */
int books_mirrors(struct books *books, const struct book_arena *a);

/* What the objects of devices begin with where the file was loaded as @place-th, as far as it is known. */
void books_device_bind(struct books *books, size_t place);
void books_device_release(struct books *books);

#endif
