/*
 * books.c: reading the arenas' lists of blocks while the process goes on changing them (books_find.c: whose arenas). What
 * is read may be anything: freed memory that still looks like an object, or a list in the middle of a change. Nothing
 * is believed that does not fit together.
 */
#include "runtime/books_parts.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCKS_MAX = 1 << 22,
	BANKS_MAX = 1 << 16,
	READ_ARENA_TRIES = 8,
};

#define BANK_BYTES_MAX (1ULL << 46)

static const struct {
	const char *name;
	size_t place;
	bool required;
} roles[NR_ROLES] = {
	[ROLE_POOL] = { "pool", offsetof(struct rt_books, pool), true },
	[ROLE_BANKS] = { "banks", offsetof(struct rt_books, banks), true },
	[ROLE_ALIGN] = { "align", offsetof(struct rt_books, align), false },
	[ROLE_LISTS] = { "lists", offsetof(struct rt_books, lists), false },
	[ROLE_LIST] = { "list", offsetof(struct rt_books, list), true },
	[ROLE_BANK_BYTES] = { "bank_bytes", offsetof(struct rt_books, bank_bytes), true },
	[ROLE_BASE] = { "base", offsetof(struct rt_books, base), true },
	[ROLE_SHRUNK] = { "shrunk", offsetof(struct rt_books, shrunk), false },
	[ROLE_GRAIN] = { "grain", offsetof(struct rt_books, grain), false },
};

enum { HEADER_RANGES = NR_VECTORS + 1 };

static void arenas_truncate(book_arenas *a, size_t nr)
{
	for (; a->nr > nr; a->nr--)
		vec_release(&a->items[a->nr - 1].blocks);
}

void book_arenas_release(book_arenas *a)
{
	arenas_truncate(a, 0);
	vec_release(a);
}

static int bind_place(struct books *books, const char *name, const struct rt_place *place, struct code_chain *chains,
		      size_t max, size_t *ret_nr, struct diag *d)
{
	_cleanup_(freep) char *problem = NULL;

	if (bound_place(books->binding, place, chains, max, ret_nr, &problem) && *ret_nr)
		return 0;
	return diag_set(d, -ENOTSUP, "cannot read the books of runtime '%s': where '%s' lies is not known%s%s",
			books->binding->runtime->name, name, problem ? ": " : "", problem ? problem : "");
}

static int bind_roles(struct books *books, struct diag *d)
{
	const struct rt_books *rt = &books->binding->runtime->books;

	for (size_t i = 0; i < NR_ROLES; i++) {
		const struct rt_place *place = (const void *)((const char *)rt + roles[i].place);
		size_t nr;
		int err = bind_place(books, roles[i].name, place, &books->chain[i], 1, &nr,
				     roles[i].required ? d : NULL);

		if (err && roles[i].required)
			return err;
		if (err)
			books->chain[i] = (struct code_chain){};
	}
	return 0;
}

int books_add_place(struct books *books, uint64_t bias)
{
	const struct binding *b = books->binding;

	for (size_t i = 0; i < books->nr_places; i++)
		if (books->bias[i] == bias)
			return 0;
	if (books->nr_places == PLACES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < b->owner_vtables.nr && i < OWNERS_MAX; i++)
		if (b->owner_vtables.items[i])
			books->words[books->nr_words++] = b->owner_vtables.items[i] + bias;
	books->bias[books->nr_places] = bias;
	books_device_bind(books, books->nr_places++);
	return 0;
}

static int books_bind(struct books *books, struct diag *d)
{
	const struct binding *b = books->binding;
	const struct runtime *rt = b->runtime;

	if (!rt->books.present)
		return diag_set(d, -ENOTSUP, "runtime '%s' has no books that could be read", rt->name);
	if (!books->nr_words && !b->list_vtable)
		return diag_set(d, -ENOTSUP,
				"cannot read the books of runtime '%s': the file has no vtable of its owners or lists",
				rt->name);

	int err = bind_place(books, "arena", &rt->books.arena, books->arenas, ARENAS_MAX, &books->nr_arenas, d);

	if (err)
		return err;
	books->vector[VECTOR_ADDRESS] = rt->books.address;
	books->vector[VECTOR_BYTES] = rt->books.bytes;
	books->vector[VECTOR_LIVE] = rt->books.live;
	books->vector[VECTOR_USED] = rt->books.used;
	return bind_roles(books, d);
}

int books_new(const struct binding *b, struct memory *memory, uint64_t bias, struct books **ret, struct diag *d)
{
	struct books *books = xcalloc(1, sizeof(*books));

	books->binding = b;
	books->memory = memory;
	books_add_place(books, bias);

	int err = books_bind(books, d);

	if (err)
		books_free(books);
	else
		*ret = books;
	return err;
}

void books_free(struct books *books)
{
	if (!books)
		return;
	vec_release(&books->owners);
	books_device_release(books);
	free(books);
}

int books_follow(struct books *books, uint64_t base, const struct code_chain *chains, size_t nr, uint64_t *values)
{
	for (size_t i = 0; i < nr; i++)
		values[i] = chains[i].nr_loads ? base : 0;
	for (size_t depth = 0; depth < CODE_LOADS; depth++) {
		struct memory_range ranges[ARENAS_MAX];
		uint64_t loaded[ARENAS_MAX] = {};
		size_t nr_ranges = 0;

		for (size_t i = 0; i < nr; i++) {
			if (depth < chains[i].nr_loads)
				ranges[nr_ranges++] = (struct memory_range){ values[i] + chains[i].load[depth].offset,
									     &loaded[i], chains[i].load[depth].size };
			else
				loaded[i] = values[i];
		}

		int err = memory_read_ranges(books->memory, ranges, nr_ranges);

		if (err)
			return err;
		memcpy(values, loaded, nr * sizeof(*values));
	}
	return 0;
}

/* The part of a list that moves: compared, to see whether it moved while its vectors were read. */
struct list_header {
	uint64_t vtable;
	struct {
		uint64_t begin, end;
	} vector[NR_VECTORS];
};

/*
 * Read @nr ranges and, as the kernel keeps their order, after them the header; @ranges has room for it.
 * -ENOENT: there is no list at this address (any more).
 */
static int read_list(struct books *books, uint64_t list, struct memory_range *ranges, size_t nr,
		     struct list_header *ret)
{
	uint64_t vtable = books->binding->list_vtable;

	ranges[nr++] = (struct memory_range){ list, &ret->vtable, sizeof(ret->vtable) };
	for (size_t i = 0; i < NR_VECTORS; i++)
		ranges[nr++] = (struct memory_range){ list + books->vector[i].offset, &ret->vector[i],
						      sizeof(ret->vector[i]) };

	int err = memory_read_ranges(books->memory, ranges, nr);

	if (err)
		return err;
	for (size_t i = 0; i < books->nr_places && vtable; i++)
		if (ret->vtable == vtable + books->bias[i])
			return 0;
	return vtable ? -ENOENT : 0;
}

/* How many items the vectors have, all the same. -EAGAIN: they do not, or it cannot be. */
static int count_items(const struct books *books, const struct book_arena *a, const struct list_header *header,
		       size_t *ret)
{
	/* A block has a grain at least; what has been used before and is not now stands in the vectors, too. */
	uint64_t most = a->grain ? 2 * (a->bank_bytes / a->grain) + 64 : BLOCKS_MAX;
	uint64_t nr = (header->vector[0].end - header->vector[0].begin) / books->vector[0].size;

	if (nr > most || nr > BLOCKS_MAX)
		return -EAGAIN;
	for (size_t i = 0; i < NR_VECTORS; i++) {
		if (header->vector[i].end - header->vector[i].begin != nr * books->vector[i].size)
			return -EAGAIN;
	}
	*ret = nr;
	return 0;
}

/* The vectors' items, one vector behind the other, as @ret (the caller frees it). -EAGAIN: the list changed. */
static int read_vectors(struct books *books, uint64_t list, const struct list_header *header, char **ret)
{
	struct memory_range ranges[NR_VECTORS + HEADER_RANGES];
	struct list_header after;
	size_t total = 0, at = 0;

	for (size_t i = 0; i < NR_VECTORS; i++)
		total += header->vector[i].end - header->vector[i].begin;

	char *bytes = xmalloc(total);

	for (size_t i = 0; i < NR_VECTORS; at += ranges[i++].len)
		ranges[i] = (struct memory_range){ header->vector[i].begin, bytes + at,
						   header->vector[i].end - header->vector[i].begin };
	int err = read_list(books, list, ranges, NR_VECTORS, &after);

	if (!err && memcmp(header, &after, sizeof(after)))
		err = -EAGAIN;
	if (err)
		free(bytes);
	else
		*ret = bytes;
	return err == -EFAULT ? -EAGAIN : err;
}

struct item {
	uint64_t address, bytes;
	bool live;
};

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Those of @nr items that are used, by address. One of no bytes is what an empty bank consists of. */
static size_t used_items(const struct books *books, const char *bytes, size_t nr, struct item *items)
{
	const char *column[NR_VECTORS];
	size_t nr_used = 0;

	for (size_t i = 0; i < NR_VECTORS; i++) {
		column[i] = bytes;
		bytes += nr * books->vector[i].size;
	}
	for (size_t i = 0; i < nr; i++) {
		uint64_t value[NR_VECTORS] = {};

		for (size_t k = 0; k < NR_VECTORS; k++)
			memcpy(&value[k], column[k] + i * books->vector[k].size, books->vector[k].size);
		if (value[VECTOR_USED] && value[VECTOR_BYTES])
			items[nr_used++] = (struct item){ value[VECTOR_ADDRESS], value[VECTOR_BYTES], value[VECTOR_LIVE] };
	}
	if (nr_used)
		qsort(items, nr_used, sizeof(*items), compare_items);
	return nr_used;
}

static bool items_tile(const struct item *items, size_t nr, const struct book_arena *a)
{
	uint64_t end = a->shrunk, limit = a->shrunk + a->bank_bytes;

	for (size_t i = 0; i < nr; i++) {
		if (items[i].address != end || items[i].bytes > limit - end)
			return false;
		end += items[i].bytes;
	}
	return end == limit;
}

/* Fill in the live blocks. -EAGAIN: torn; -ENOENT: no list. */
static int read_blocks(struct books *books, struct book_arena *a)
{
	_cleanup_(freep) char *bytes = NULL;
	struct memory_range ranges[HEADER_RANGES];
	struct list_header header;
	size_t nr;
	int err = read_list(books, a->list, ranges, 0, &header);

	if (!err)
		err = count_items(books, a, &header, &nr);
	if (!err)
		err = read_vectors(books, a->list, &header, &bytes);
	if (err)
		return err;

	_cleanup_(freep) struct item *items = xcalloc(nr, sizeof(*items));
	size_t nr_used = used_items(books, bytes, nr, items);

	if (!items_tile(items, nr_used, a))
		return -EAGAIN;
	for (size_t i = 0; i < nr_used; i++) {
		if (items[i].live)
			vec_push(&a->blocks, ((struct book_block){ items[i].address + a->base - a->shrunk, items[i].bytes }));
	}
	a->consistent = true;
	return 0;
}

/* The owner that has the arena @object, 0 if none is known. */
static uint64_t owner_of(const struct books *books, uint64_t object)
{
	for (size_t i = 0; i < books->owners.nr; i++) {
		for (size_t k = 0; k < books->nr_arenas; k++) {
			if (books->owners.items[i].arenas[k] == object)
				return books->owners.items[i].address;
		}
	}
	return 0;
}

bool books_know(const struct books *books, uint64_t object)
{
	return owner_of(books, object) != 0;
}

/* -EFAULT is as if there were none to the callers: the memory of an arena that has just been used is present. */
int books_arena(struct books *books, uint64_t object, struct book_arena *ret)
{
	struct memory_range ranges[HEADER_RANGES];
	uint64_t value[NR_ROLES];
	struct list_header header;
	int err = books_follow(books, object, books->chain, FIRST_LIST_ROLE, value);

	if (!err)
		err = read_list(books, value[ROLE_LIST], ranges, 0, &header);
	if (!err)
		err = books_follow(books, value[ROLE_LIST], books->chain + FIRST_LIST_ROLE, NR_ROLES - FIRST_LIST_ROLE,
			     value + FIRST_LIST_ROLE);
	if (err)
		return err == -EFAULT ? -ENOENT : err;

	struct book_arena a = {
		.object = object,
		.owner = owner_of(books, object),
		.pool = runtime_pool(books->binding->runtime, value[ROLE_POOL]),
		.list = value[ROLE_LIST],
		.banks = value[ROLE_BANKS],
		.bank_bytes = value[ROLE_BANK_BYTES],
		.base = value[ROLE_BASE] + value[ROLE_SHRUNK],
		.shrunk = value[ROLE_SHRUNK],
		.grain = value[ROLE_GRAIN],
		.align = value[ROLE_ALIGN],
		.lists = value[ROLE_LISTS],
	};

	if (a.banks > BANKS_MAX || a.bank_bytes > BANK_BYTES_MAX || a.shrunk > BANK_BYTES_MAX ||
	    value[ROLE_BASE] > UINT64_MAX - a.bank_bytes - a.shrunk)
		return -ENOENT;
	*ret = a;
	return 0;
}

/* An arena with its blocks, if it has a pool to show. */
static int read_arena_blocks(struct books *books, uint64_t object, unsigned int tries, struct book_arena *ret)
{
	struct book_arena a;
	int err = books_arena(books, object, &a);

	if (err)
		return err;
	for (unsigned int i = 0; i < tries && a.pool && !a.consistent && (!err || err == -EAGAIN); i++) {
		if (err) /* who was interrupted in the middle of a change may wait for this very processor */
			sched_yield();
		err = read_blocks(books, &a);
	}
	if (err && err != -EAGAIN)
		return err == -EFAULT ? -ENOENT : err;
	*ret = a;
	return 0;
}

int books_owner(struct books *books, uint64_t address, struct owner *ret)
{
	uint64_t word;
	int err = memory_read(books->memory, address, &word, sizeof(word));

	if (!err)
		err = books_follow(books, address, books->arenas, books->nr_arenas, ret->arenas);
	if (err)
		return err == -EFAULT ? -ENOENT : err;
	ret->address = address;
	if (!books->nr_words)
		return 0;
	for (size_t i = 0; i < books->nr_words; i++) {
		if (books->words[i] == word)
			return 0;
	}
	return -ENOENT;
}

/* Takes its blocks over. */
static int add_arena(struct books *books, struct book_arena *arena, book_arenas *list)
{
	int mirrors = books_mirrors(books, arena);

	if (!mirrors)
		vec_push(list, *arena);
	else
		vec_release(&arena->blocks);
	return mirrors < 0 ? mirrors : 0;
}

/* Add the arenas of an owner; none if it is not what it was at the last scan. */
static int add_owner(struct books *books, const struct owner *known, unsigned int tries, book_arenas *list)
{
	size_t nr = list->nr;
	struct owner now;
	int err = books_owner(books, known->address, &now);

	if (!err && memcmp(now.arenas, known->arenas, books->nr_arenas * sizeof(*now.arenas)))
		err = -ENOENT;
	for (size_t i = 0; i < books->nr_arenas && !err; i++) {
		struct book_arena arena;

		err = read_arena_blocks(books, known->arenas[i], tries, &arena);
		if (!err && arena.pool)
			err = add_arena(books, &arena, list);
	}
	if (err)
		arenas_truncate(list, nr);
	return err == -ENOENT ? 0 : err;
}

int books_read(struct books *books, unsigned int tries, book_arenas *ret)
{
	book_arenas list = {};

	memory_met_swapped(books->memory);
	for (size_t i = 0; i < books->owners.nr; i++) {
		int err = add_owner(books, &books->owners.items[i], tries, &list);

		if (err) {
			book_arenas_release(&list);
			return err;
		}
	}
	books->read_swapped = memory_met_swapped(books->memory);
	*ret = list;
	return 0;
}

bool books_whole(const struct books *books)
{
	return !books->scan_swapped && !books->read_swapped;
}

int books_read_arena(struct books *books, uint64_t object, bool blocks, struct book_arena *ret)
{
	struct book_arena arena;
	int err = read_arena_blocks(books, object, blocks ? READ_ARENA_TRIES : 0, &arena);

	if (err)
		return err;
	if (!arena.pool)
		return -ENOENT;
	*ret = arena;
	return 0;
}
