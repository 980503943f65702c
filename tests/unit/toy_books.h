/*
 * A toy runtime whose books lie in a child's memory: laid out before the fork, and changed afterwards from outside.
 * For tests of books.h.
 */
#ifndef TESTS_TOY_BOOKS_H
#define TESTS_TOY_BOOKS_H

#include "runtime/books.h"

#include <sys/mman.h>
#include <sys/uio.h>

#include "child.h"

/* As a compiler would lay them out. */
struct toy_vector {
	uint64_t begin, end, capacity;
};

struct toy_list {
	uint64_t vtable, bank_bytes, base, grain;
	struct toy_vector address, bytes, live, used; /* of 8, 8, 1 and 1 bytes */
};

struct toy_arena {
	uint32_t pool, banks;
	struct toy_list **slot;
	uint32_t unused, align;
	struct toy_list *inline_slot;
};

/* As libstdc++ has a set of pointers. */
struct toy_node {
	struct toy_node *next;
	struct toy_buffer *buffer;
};

struct toy_set {
	uint64_t buckets, nr_buckets;
	struct toy_node *first;
	uint64_t count;
};

struct toy_owner {
	uint64_t vtable, unused;
	struct toy_arena *arenas[3];
	struct toy_set set;
};

struct toy_buffer {
	uint32_t pool, layout;
	uint64_t address, asked, id;
	struct toy_owner *owner;
};

static const char toy[] =
	"runtime toy\n"
	"detect toy_new\n"
	"pool 0=FAR 1=NEAR\n"
	"layout 0=PLAIN 2=SPREAD\n"
	"value toy_banks returned by toy_banks\n"
	"value toy_align returned by toy_align\n"
	"value toy_list returned by toy_list\n"
	"value toy_arena each passed as arg0 to toy_clear by toy_clear_all\n"
	"on toy_free free arena=arg0 address=arg1\n"
	"books owner vtable toy_simple_owner\n"
	"books owner vtable toy_other_owner\n"
	"books owner vtable toy_absent_owner\n"
	"books arena toy_arena(owner)\n"
	"books pool *arena:4\n"
	"books banks toy_banks(arena)\n"
	"books align toy_align(arena)\n"
	"books list toy_list(arena) vtable toy_list\n"
	"books bank_bytes *list+8:8\n"
	"books base *list+16:8\n"
	"books grain *list+24:8\n"
	"books blocks address=32:8 bytes=56:8 live=80:1 used=104:1\n"
	"books buffers *owner+40\n"
	"books buffer address=*buffer+8 pool=*buffer:4 owner=*buffer+32 asked=*buffer+16 id=*buffer+24 layout=*buffer+4:4\n";

enum {
	VALUE_BANKS,
	VALUE_ALIGN,
	VALUE_LIST,
	VALUE_ARENA,
	OWNER_VTABLE = 0x4510,
	OTHER_VTABLE = 0x9918,
	LIST_VTABLE = 0x7730,
	BASE = 1 << 20,
	GRAIN = 32,
	REGION = 8 << 20,
	ARENAS = 3, /* of an owner: pools 0, 1 and 2, which has no name */
	CAPACITY = 8,
};

#define BIAS 0x7f4200000000ULL

static inline struct code_chain chain(size_t nr, int32_t first, uint32_t first_size, int32_t second)
{
	return (struct code_chain){ .nr_loads = nr, .load = { { first, first_size }, { second, 8 } } };
}

/* What the binding to a file would have given. */
struct toy {
	struct runtime *rt;
	struct binding binding;
	char *region; /* the objects; shared with nobody after the fork */
	size_t used;
	struct child child;
	struct memory *memory;
	struct books *books;
};

static inline void add_value(struct toy *t, struct code_chain c)
{
	struct bound_value v = { .nr_chains = 1, .chain = { c } };

	vec_push(&t->binding.values, v);
}

static inline void toy_bind(struct toy *t)
{
	struct diag d = {};

	assert_int_equal(runtime_parse("toy.rt", toy, sizeof(toy) - 1, &t->rt, &d), 0);
	t->binding.runtime = t->rt;
	add_value(t, chain(1, offsetof(struct toy_arena, banks), 4, 0));
	add_value(t, chain(1, offsetof(struct toy_arena, align), 4, 0));
	add_value(t, chain(2, offsetof(struct toy_arena, slot), 8, 0));

	struct bound_value arenas = { .nr_chains = ARENAS };

	for (size_t i = 0; i < ARENAS; i++)
		arenas.chain[i] = chain(1, (int32_t)(offsetof(struct toy_owner, arenas) + i * 8), 8, 0);
	vec_push(&t->binding.values, arenas);
	vec_push(&t->binding.owner_vtables, OWNER_VTABLE);
	vec_push(&t->binding.owner_vtables, OTHER_VTABLE);
	vec_push(&t->binding.owner_vtables, 0);
	t->binding.list_vtable = LIST_VTABLE;
}

static inline int toy_setup(void **state)
{
	struct toy *t = xcalloc(1, sizeof(*t));

	toy_bind(t);
	t->region = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(t->region != MAP_FAILED);
	madvise(t->region, REGION, MADV_NOHUGEPAGE);
	*state = t;
	return 0;
}

static inline int toy_teardown(void **state)
{
	struct toy *t = *state;

	books_free(t->books);
	memory_free(t->memory);
	child_kill(&t->child);
	child_reap(&t->child);
	/* Nothing comes to lie here again: later children have in their heap what was remembered of these owners. */
	assert_true(mmap(t->region, REGION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == t->region);
	vec_release(&t->binding.values);
	vec_release(&t->binding.owner_vtables);
	runtime_free(t->rt);
	free(t);
	return 0;
}

static inline void *place(struct toy *t, size_t bytes)
{
	void *p = t->region + t->used;

	t->used += (bytes + 15) / 16 * 16;
	assert_true(t->used <= REGION);
	return p;
}

struct toy_block {
	uint64_t address, bytes;
	bool live, used;
};

static inline struct toy_vector toy_column(struct toy *t, size_t size, size_t nr)
{
	uint64_t p = (uintptr_t)place(t, CAPACITY * size);

	return (struct toy_vector){ p, p + nr * size, p + CAPACITY * size };
}

static inline struct toy_list *toy_list(struct toy *t, const struct toy_block *blocks, size_t nr, uint64_t bank_bytes)
{
	struct toy_list *list = place(t, sizeof(*list));

	*list = (struct toy_list){ LIST_VTABLE + BIAS, bank_bytes, BASE, GRAIN, .address = toy_column(t, 8, nr),
				   .bytes = toy_column(t, 8, nr), .live = toy_column(t, 1, nr),
				   .used = toy_column(t, 1, nr) };
	for (size_t i = 0; i < nr; i++) {
		((uint64_t *)list->address.begin)[i] = blocks[i].address;
		((uint64_t *)list->bytes.begin)[i] = blocks[i].bytes;
		((uint8_t *)list->live.begin)[i] = blocks[i].live;
		((uint8_t *)list->used.begin)[i] = blocks[i].used;
	}
	return list;
}

static inline struct toy_arena *toy_arena(struct toy *t, uint32_t pool, uint32_t banks, struct toy_list *list)
{
	struct toy_arena *arena = place(t, sizeof(*arena));

	*arena = (struct toy_arena){ .pool = pool, .banks = banks, .align = 16, .inline_slot = list };
	arena->slot = &arena->inline_slot;
	return arena;
}

static const struct toy_block some_blocks[] = {
	{ 0, 256, true, true },	   { 640, 384, false, true }, { 77777, 99, true, false }, { 256, 128, false, true },
	{ 384, 256, true, true }, { 123, 456, false, false },
};

enum { SOME_BYTES = 1024 };

static inline struct toy_owner *toy_owner(struct toy *t, uint64_t vtable)
{
	struct toy_owner *owner = place(t, sizeof(*owner));

	/* Who has it. */
	memcpy(place(t, sizeof(owner)), &owner, sizeof(owner));
	owner->vtable = vtable + BIAS;
	owner->arenas[0] = toy_arena(t, 0, 12, toy_list(t, some_blocks, ARRAY_SIZE(some_blocks), SOME_BYTES));
	owner->arenas[1] = toy_arena(t, 1, 0, toy_list(t, &(struct toy_block){ 0, 0, false, true }, 1, 0));
	owner->arenas[2] = toy_arena(t, 2, 1, toy_list(t, some_blocks, ARRAY_SIZE(some_blocks), SOME_BYTES));
	return owner;
}

/* From here on the objects are the child's: what is written here reaches it by toy_write() only. */
static inline void toy_start(struct toy *t, void (*body)(int said))
{
	struct diag d = {};

	t->child = child_start(body);
	assert_int_equal(memory_open(t->child.pid, &t->memory, &d), 0);
	assert_int_equal(books_new(&t->binding, t->memory, BIAS, &t->books, &d), 0);
	assert_int_equal(books_scan(t->books, &d), 0);
}

static inline void toy_write(const struct toy *t, const void *address, const void *bytes, size_t len)
{
	struct iovec local = { (void *)bytes, len }, remote = { (void *)address, len };

	assert_int_equal(process_vm_writev(t->child.pid, &local, 1, &remote, 1, 0), len);
}

static inline void toy_write_word(const struct toy *t, const void *address, uint64_t word)
{
	toy_write(t, address, &word, sizeof(word));
}

#endif
