/*
 * books_find.c: the owners in a process's memory. They are known by their vtable; where a file has none for them, they
 * are looked for from the other end: lists by their vtable, the arenas that lead to a list, the owners that lead to arenas.
 */
#include "runtime/books_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef VEC(uint64_t) addresses;

static int compare_addresses(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* Ascending, each once. */
static void settle(addresses *a)
{
	size_t nr = 0;

	if (a->nr)
		qsort(a->items, a->nr, sizeof(*a->items), compare_addresses);
	for (size_t i = 0; i < a->nr; i++)
		if (!nr || a->items[nr - 1] != a->items[i])
			a->items[nr++] = a->items[i];
	a->nr = nr;
}

/* Where a word lies that is one of @a: @a becomes these places, @offset bytes before them. */
static int holders(struct books *books, addresses *a, int64_t offset)
{
	memory_hits hits = {};
	uint64_t bytes_read;
	int err = memory_scan(books->memory, a->items, a->nr, &hits, &bytes_read);

	vec_clear(a);
	for (size_t i = 0; i < hits.nr && !err; i++)
		vec_push(a, hits.items[i].address - (uint64_t)offset);
	settle(a);
	vec_release(&hits);
	return err;
}

/* As holders(), of vtables: the objects of devices are found on the same way. */
static int objects(struct books *books, addresses *a)
{
	const size_t nr = a->nr;
	enum rt_object object[RT_OBJECTS * PLACES_MAX] = {};
	memory_hits hits = {};
	uint64_t bytes_read;
	int err;

	for (int i = 0; i < RT_OBJECTS; i++) {
		vec_clear(&books->found[i]);
		for (size_t k = 0; k < books->nr_places && books->device_words[i][k]; k++) {
			object[a->nr - nr] = (enum rt_object)i;
			vec_push(a, books->device_words[i][k]);
		}
	}
	err = memory_scan(books->memory, a->items, a->nr, &hits, &bytes_read);
	vec_clear(a);
	for (size_t i = 0; i < hits.nr && !err; i++) {
		if (hits.items[i].word < nr)
			vec_push(a, hits.items[i].address);
		else
			vec_push(&books->found[object[hits.items[i].word - nr]], hits.items[i].address);
	}
	settle(a);
	vec_release(&hits);
	return err;
}

/* What is at the beginning of @chain when one of @a is at its end. */
static int leading_to(struct books *books, const struct code_chain *chain, addresses *a)
{
	int err = 0;

	for (size_t i = chain->nr_loads; i-- > 0 && !err;)
		err = chain->load[i].size == 8 ? holders(books, a, chain->load[i].offset) : -ENOTSUP;
	return err;
}

static bool has_arena(const struct owner *owner, size_t nr, uint64_t object)
{
	for (size_t i = 0; i < nr; i++)
		if (owner->arenas[i] == object)
			return true;
	return false;
}

/* Every arena must be one, and none is there twice. */
static int check_arenas(struct books *books, uint64_t address, struct owner *ret)
{
	struct book_arena arena;
	int err = books_owner(books, address, ret);

	for (size_t i = 0; i < books->nr_arenas && !err; i++)
		err = has_arena(ret, i, ret->arenas[i]) ? -ENOENT : books_arena(books, ret->arenas[i], &arena);
	return err;
}

/* Memory that was an owner once may still look like one: its arenas must be nobody else's. */
static int add_owner(struct books *books, uint64_t address)
{
	struct owner owner;
	int err = check_arenas(books, address, &owner);

	if (err)
		return err == -ENOENT ? 0 : err;
	for (size_t i = 0; i < books->nr_arenas; i++)
		if (books_know(books, owner.arenas[i]))
			return 0;
	vec_push(&books->owners, owner);
	return 0;
}

static int keep(struct books *books, addresses *a, int (*check)(struct books *books, uint64_t address))
{
	size_t nr = 0;

	for (size_t i = 0; i < a->nr; i++) {
		int err = check(books, a->items[i]);

		if (err && err != -ENOENT)
			return err;
		if (!err)
			a->items[nr++] = a->items[i];
	}
	a->nr = nr;
	return 0;
}

static int is_arena(struct books *books, uint64_t address)
{
	struct book_arena arena;

	return books_arena(books, address, &arena);
}

static int is_owner(struct books *books, uint64_t address)
{
	struct owner owner;

	return check_arenas(books, address, &owner);
}

/* Do two of @a have an arena in common? */
static int any_rivals(struct books *books, const addresses *a, bool *ret)
{
	addresses arenas = {};
	size_t nr;
	int err = 0;

	for (size_t i = 0; i < a->nr && !err; i++) {
		struct owner owner;

		err = books_owner(books, a->items[i], &owner);
		for (size_t k = 0; k < books->nr_arenas && !err; k++)
			vec_push(&arenas, owner.arenas[k]);
		err = err == -ENOENT ? 0 : err;
	}
	nr = arenas.nr;
	settle(&arenas);
	*ret = arenas.nr < nr;
	vec_release(&arenas);
	return err;
}

/*
 * Pointers to an owner's arenas may stand elsewhere in the same order, on a stack for one; but to what would be the owner
 * there, nothing points. Those of @a that something points to.
 */
static int keep_pointed_to(struct books *books, addresses *a)
{
	_cleanup_(freep) bool *pointed = xcalloc(a->nr, sizeof(*pointed));
	memory_hits hits = {};
	uint64_t bytes_read;
	int err = memory_scan(books->memory, a->items, a->nr, &hits, &bytes_read);
	size_t nr = 0;

	/* Every buffer points to its owner: those that were found will do. */
	err = err == -EOVERFLOW ? 0 : err;
	for (size_t i = 0; i < hits.nr && !err; i++)
		pointed[hits.items[i].word] = true;
	for (size_t i = 0; i < a->nr; i++)
		if (pointed[i])
			a->items[nr++] = a->items[i];
	a->nr = nr;
	vec_release(&hits);
	return err;
}

static int find_by_lists(struct books *books, addresses *a)
{
	bool rivals;
	int err;

	for (size_t i = 0; i < books->nr_places; i++)
		vec_push(a, books->binding->list_vtable + books->bias[i]);
	err = objects(books, a);
	if (!err)
		err = leading_to(books, &books->chain[ROLE_LIST], a);
	if (!err)
		err = keep(books, a, is_arena);
	if (!err)
		err = leading_to(books, &books->arenas[0], a);
	if (!err)
		err = keep(books, a, is_owner);
	if (!err)
		err = any_rivals(books, a, &rivals);
	return !err && rivals ? keep_pointed_to(books, a) : err;
}

static int find_by_vtables(struct books *books, addresses *a)
{
	for (size_t i = 0; i < books->nr_words; i++)
		vec_push(a, books->words[i]);
	return objects(books, a);
}

int books_scan(struct books *books, struct diag *d)
{
	addresses a = {};
	int err;

	vec_clear(&books->owners);
	memory_met_swapped(books->memory);
	err = books->nr_words ? find_by_vtables(books, &a) : find_by_lists(books, &a);
	for (size_t i = 0; i < a.nr && !err; i++)
		err = add_owner(books, a.items[i]);
	vec_release(&a);
	books->scan_swapped = memory_met_swapped(books->memory);
	return err ? diag_errno(d, err, "cannot search the memory for the books of runtime '%s'",
				books->binding->runtime->name) : 0;
}
