/*
 * runtime/: what the vendors' runtimes do, as data. A .rt file is parsed (parse.c), bound to the ELF file
 * that a process has mapped (bind.c: symbols to offsets, getters to loads), and from then on hits mean
 * something (decode.c: hits to records) and the runtime's own books can be read (books.c).
 * No vendor's name occurs in this folder. The language is described in pooltrace-rt(5).
 *
 * runtime.h: a parsed .rt file.
 */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include "base/diag.h"
#include "base/vec.h"
#include "runtime/interpreter.h"
#include "target/code.h"

/* Names of values that the program knows the meaning of; a .rt file may use further ones in its arithmetic. */
#define RT_NAMES(X)                                                                                \
	X(ARENA, "arena")	/* the pool's object */                                            \
	X(OWNER, "owner")	/* the device's object */                                          \
	X(POOL, "pool")		/* the pool's number in the `pool` line */                         \
	X(ADDRESS, "address")	/* of the block; 0: nothing was reserved */                        \
	X(ASKED, "asked")	/* bytes requested */                                              \
	X(RESERVED, "reserved") /* bytes taken from the pool, all banks */                         \
	X(NEEDED, "needed")	/* bytes needed in each bank, before the pool rounds them up */    \
	X(PAGE, "page")		/* page size */                                                    \
	X(BANKS, "banks")	/* of the pool */                                                  \
	X(BANK_BYTES, "bank_bytes")                                                                \
	X(BASE, "base")		/* first address of a bank */                                      \
	X(ALIGN, "align")                                                                          \
	X(GRAIN, "grain")                                                                          \
	X(TRACE, "trace")	/* id of a trace */                                                \
	X(ID, "id")		/* the runtime's own number of a buffer, or of a program */        \
	X(PROGRAM, "program")	/* the object of a program that runs on cores */                   \
	X(DEVICE, "device")	/* an object of the device that it is for; where pools have no objects, its number */ \
	X(BYTES, "bytes")	/* of a circular buffer, on each of its cores; of views, their range */ \
	X(PLACED, "placed")	/* not 0: the circular buffer lies in a block of a pool */         \
	X(END, "end")		/* where a program's circular buffers would end */                 \
	X(LAYOUT, "layout")	/* how it is spread over banks: a number in the `layout` line */   \
	X(DEFAULT, "default")	/* device of a thread that has not chosen one */                   \
	X(OK, "ok")		/* what tells whether the call has succeeded */                    \
	X(CODE, "code")		/* what the runtime says why it has not */                         \
	X(PARENT, "parent")	/* not 0: it is a view of the block at this address; of a table: the object that has the same */ \
	X(INDEX, "index")	/* of the item in its owner's table that is the pool's number */   \
	X(ITEMS, "items")	/* of a table, one byte each */                                    \
	X(COUNT, "count")	/* how many they are */                                            \
	X(NAME, "name")		/* of a function that is looked up */

enum rt_name {
#define X(NAME, name) RT_##NAME,
	RT_NAMES(X)
#undef X
	RT_NAMES_NR
};

/*
 * Verbs of `on` rows: what a call of the symbol means.
 *
 * begin     an allocation is tried (opens a call on its thread); alloc: it succeeded (closes it)
 * free      at entry;  clear: all blocks of the arena are freed;  gone: the arena's object is destroyed
 * new       an arena's object is constructed at this address;  resize: it will be larger or smaller than it was
 * throw     an exception is thrown: an open call of this thread has failed
 * context   the next allocation that its thread makes inside the call carries `tag` and `label`: one, see thread.c
 * capture, captured, replay, release    of a trace. captured is a context as well: what is tagged in it
 *           carries the trace's id
 * program   the circular buffers of `program` are given their places within the call; cb: one of them is
 * cb_free   a program is destroyed;  cb_void: its circular buffers are to be placed anew
 * clash, overflow    a program is refused: its circular buffers would reach into blocks, or beyond the bank
 * device    the thread's calls are for this device from here on;  push, pop: until it goes back to the one before
 * owner     an object stands for a device
 * retain    a block has one more reference;  drop: one less, and without the last one it is freed
 * table     an object has a table of pools, by which later rows tell theirs
 * lookup    the function of this name is at this address: rows on it count there as well
 */
#define RT_VERBS(X)                                                                                \
	X(BEGIN, "begin", WIRE_BEGIN)                                                              \
	X(ALLOC, "alloc", WIRE_END | WIRE_ENDS_RUN)                                                \
	X(FREE, "free", 0)                                                                         \
	X(CLEAR, "clear", WIRE_CHANGES)                                                            \
	X(GONE, "gone", WIRE_CHANGES)                                                              \
	X(NEW, "new", WIRE_CHANGES)                                                                \
	X(RESIZE, "resize", WIRE_WAKE | WIRE_CHANGES)                                              \
	X(THROW, "throw", WIRE_IF_OPEN | WIRE_WAKE)                                                \
	X(CONTEXT, "context", WIRE_CONTEXT)                                                        \
	X(CAPTURE, "capture", WIRE_ENDS_RUN | WIRE_WAKE)                                           \
	X(CAPTURED, "captured", WIRE_ENDS_RUN | WIRE_WAKE | WIRE_CONTEXT)                          \
	X(REPLAY, "replay", WIRE_COUNT | WIRE_WAKE)                                                \
	X(RELEASE, "release", WIRE_ENDS_RUN | WIRE_WAKE)                                           \
	X(PROGRAM, "program", 0)                                                                   \
	X(CB, "cb", 0)                                                                             \
	X(CB_FREE, "cb_free", 0)                                                                   \
	X(CB_VOID, "cb_void", 0)                                                                   \
	X(CLASH, "clash", WIRE_WAKE)                                                               \
	X(OVERFLOW, "overflow", WIRE_WAKE)                                                         \
	X(DEVICE, "device", 0)                                                                     \
	X(OWNER, "owner", 0)                                                                       \
	X(PUSH, "push", 0)                                                                         \
	X(POP, "pop", 0)                                                                           \
	X(RETAIN, "retain", 0)                                                                     \
	X(DROP, "drop", 0)                                                                         \
	X(TABLE, "table", 0)                                                                       \
	X(LOOKUP, "lookup", WIRE_LOOKUP | WIRE_WAKE)

enum rt_verb {
#define X(VERB, name, flags) VERB_##VERB,
	RT_VERBS(X)
#undef X
	VERB_NR
};

const char *rt_verb_name(enum rt_verb verb);
/* Is it the name of a C++ function, through which an exception may pass? */
bool rt_is_mangled(const char *symbol);
const char *rt_name_text(enum rt_name name);
/* WIRE_BEGIN and so on. */
unsigned int rt_verb_flags(enum rt_verb verb);
/* Flags of a row of this verb that has a probe at entry and return; 0: it can have none. */
unsigned int rt_verb_call_flags(enum rt_verb verb);

/* Where in its .rt file something stands, for messages. */
struct rt_position {
	unsigned int line, column;
};

/* How a layout value is found in an ELF file: a `value` line. */
enum rt_rule { RULE_RETURNED, RULE_PASSED, RULE_STORED, RULE_DIVIDED, RULE_COMPARED, RULE_READ };

struct rt_value {
	char *name;
	enum rt_rule rule;
	char *function; /* pattern */
	VEC(char *) others; /* patterns, for a file in which no function matches those before */
	char *callee;	/* RULE_PASSED: pattern */
	int argument;	/* RULE_PASSED: of the callee; RULE_STORED: of the function */
	int object;	/* the function's argument that is the object */
	uint32_t size;	/* RULE_STORED: bytes of it */
	uint64_t number; /* RULE_COMPARED: with which */
	bool address;	/* what is found is a member's address: a load must stand before it */
	bool maybe;	/* of the first line: where a file has none of the functions, nothing is missing */
	bool each;	/* RULE_PASSED: every such call gives one; else there is exactly one */
	bool holder;	/* RULE_RETURNED: not what is returned, but the object that holds it */
	struct code_constants constants; /* RULE_RETURNED: `with arg1=0` */
	struct rt_position at;
	struct rt_value *other; /* the next line of this name: used when this one does not show it. Owned; NULL */
};

/*
 * A place expression: `arg1`, `*arg0+8:4`, `banks(arg0)`, `*free_list(arg0)+0x20:8`. A base, then steps: either a
 * load, or the loads of a value.
 */
struct rt_step {
	int value; /* index of the rt_value whose loads are done here, -1: the load below */
	int32_t offset;
	uint32_t size;
};

enum { RT_STEPS = 4 };

struct rt_place {
	/* WIRE_ARG0 + n, WIRE_STACK, WIRE_RETURN; RT_BASE_NUMBER; in books lines RT_BASE_x */
	int base;
	uint32_t size;	 /* without a load: bytes of the register that count, 0: all */
	uint64_t number; /* RT_BASE_NUMBER */
	size_t nr_steps;
	struct rt_step step[RT_STEPS];
	struct rt_position at;
};

enum {
	RT_BASE_NUMBER = 63, /* no place at all: a number that the file gives */
	RT_BASE_OWNER,
	RT_BASE_ARENA,
	RT_BASE_LIST,
	RT_BASE_BUFFER,
	RT_BASE_MESH,
	RT_BASE_HANDLE,
	RT_BASE_CHIP,
};

/* Items of a table, and of one value of a hit. */
enum { RT_TABLE_ITEMS = 32, RT_VALUE_ITEMS = 8 };

struct rt_assignment {
	char *name;
	struct rt_place place;
	uint16_t each; /* not 0: the place is that of the first of RT_TABLE_ITEMS items, which lie so far behind one another */
	struct rt_position at; /* of the name */
};

struct rt_row {
	char *symbol; /* pattern */
	VEC(char *) others; /* patterns, for a file in which no function matches those before */
	char *caller; /* pattern: the row is about calls of `symbol` in this function, at the call instruction; NULL: its entry */
	enum rt_verb verb;
	char *tag;    /* context, captured: what allocations are for; NULL */
	char *label;  /* context: what makes the allocation, for people; NULL */
	bool maybe; /* where a file has none of the functions nothing is missing */
	bool any_library; /* the symbol is looked for in all mapped files (the C++ library's __cxa_throw) */
	bool returns; /* the probe is at entry and return: places are evaluated at the return, of arguments as at the entry */
	bool at_entry; /* the probe is at the function's first instruction, whatever a hit costs there */
	bool whole; /* alloc: the row is all of the call, there is no `begin`; free: by the address alone */
	bool unequal; /* of the value `ok`: it must not be, else it must be */
	uint64_t ok; /* what it is compared with */
	VEC(struct rt_assignment) values;
	size_t lasting; /* index of the first value that lasts as long as the arena, which is the first of all; 0: none does */
	struct rt_position at, verb_at;
};

/* The pattern of the row that is this name; NULL: it is none of them. */
const char *rt_row_pattern(const struct rt_row *row, const char *name);
/* Does the row have a value of this name, be it known in a file or not? */
bool rt_row_names(const struct rt_row *row, enum rt_name name);
/* The names, as bits 1 << RT_x, without which the row means nothing. */
unsigned int rt_row_needs(const struct rt_row *row);
/* One of these at least, 0: none. */
unsigned int rt_row_needs_one(const struct rt_row *row);

/* A pool or a layout: the runtime's number, and how it is called. */
struct rt_pool {
	uint64_t id;
	char *name;
};

typedef VEC(struct rt_pool) rt_numbered;

/* What makes a pool larger: an `advice` line. Steps that are 0 do not hold; see advice.h of the ledger. */
struct rt_advice {
	char *pool, *argument;
	uint64_t total, spread, bank;
	char *function; /* pattern: the line is for files that define it; NULL: for all */
	struct rt_position at;
};

struct rt_let; /* arithmetic.h */

/*
 * The objects of devices. A mesh stands on chips and has an owner; a handle is another object that stands for a mesh; a chip may
 * have an owner of its own.
 */
enum rt_object { RT_MESH, RT_HANDLE, RT_CHIP, RT_OBJECTS };

/* What is read of them: X(NAME, object, word). Of several places of a role the first that is known counts. */
#define RT_DEVICE_ROLES(X)                                                                         \
	X(MESH_OWNER, MESH, "owner")                                                               \
	X(MESH_ID, MESH, "id")                                                                     \
	X(MESH_PARENT, MESH, "parent") /* a mesh or a handle, or 0 */                              \
	X(MESH_CHIPS, MESH, "chips")   /* the first word of a std::vector of pointers to chips */  \
	X(HANDLE_MESH, HANDLE, "mesh")                                                             \
	X(CHIP_OWNER, CHIP, "owner")                                                               \
	X(CHIP_ID, CHIP, "id")

enum rt_device_role {
#define X(NAME, object, word) RT_##NAME,
	RT_DEVICE_ROLES(X)
#undef X
	RT_DEVICE_ROLES_NR
};

/* An item of the vector: `bytes`, of which the first eight are the pointer; if tag_size: where the tag has that value. */
struct rt_item {
	uint32_t bytes;
	int32_t tag_offset;
	uint32_t tag_size;
	uint64_t tag;
};

struct rt_device_place {
	enum rt_device_role role;
	struct rt_place place;
	struct rt_item item; /* RT_MESH_CHIPS */
};

const char *rt_object_name(enum rt_object object);
/* "owner", "id" ... */
const char *rt_device_role_name(enum rt_device_role role);
enum rt_object rt_device_role_object(enum rt_device_role role);

/* What the runtime itself knows of a living buffer: a `books buffer` line. */
enum rt_buffer { RT_BUFFER_ADDRESS, RT_BUFFER_POOL, RT_BUFFER_OWNER, RT_BUFFER_ASKED, RT_BUFFER_ID, RT_BUFFER_LAYOUT, RT_BUFFER_NR };

/* The runtime's books, see books.h. Places by role; absent ones have nr_steps 0 and base -1. */
struct rt_books {
	bool present;
	VEC(char *) owner_vtables; /* symbols: an object whose first word is symbol + 16 (+ load bias) is an owner */
	char *list_vtable;
	struct rt_place arena; /* from RT_BASE_OWNER; may use an `each` value */
	struct rt_place pool, banks, align; /* from RT_BASE_ARENA */
	struct rt_place lists; /* from RT_BASE_ARENA: how many lists it has: more than one where parts of banks are handed out */
	struct rt_place list; /* from RT_BASE_ARENA: the list's object */
	struct rt_place bank_bytes, base, grain; /* from RT_BASE_LIST */
	struct rt_place shrunk; /* from RT_BASE_LIST: bytes at the banks' begin that the list may not hand out */
	VEC(char *) device_vtables[RT_OBJECTS]; /* symbols; the first that the file has counts */
	VEC(struct rt_device_place) device_places;
	/* std::vector members (begin, end, capacity) of the list: offsets, and bytes of an item */
	struct {
		int32_t offset;
		uint32_t size;
	} address, bytes, live, used;
	struct rt_place buffers; /* from RT_BASE_OWNER: first word of an std::unordered_set of pointers to buffers */
	struct rt_place buffer[RT_BUFFER_NR]; /* from RT_BASE_BUFFER */
};

struct runtime {
	char *name;
	char *about;
	char *path;   /* for messages; "built in: NAME.rt" */
	char *text;   /* of the file, whole */
	char *detect; /* pattern: a mapped file that defines it has this runtime */
	/* Patterns as well. With any, the runtime is in parts: all files of a process that define one are one runtime together. */
	VEC(char *) parts;
	rt_numbered pools;
	char *core; /* name of the pool whose banks are the cores' own memory; NULL: none */
	rt_numbered layouts; /* ways in which a buffer is spread over banks */
	VEC(struct rt_value) values;
	VEC(struct rt_row) rows;
	VEC(struct rt_let *) lets;
	VEC(struct rt_advice) advice; /* of several of a pool the first one holds */
	VEC(char *) api; /* patterns of names of functions that programs call, see runtime_has_api() */
	VEC(char *) environment; /* variables that say which of the machine's chips a process may use */
	struct rt_books books;
};

/* Parse a .rt file's text. Errors say file, line and column, the line and a caret. Never crashes on any bytes. */
int runtime_parse(const char *path, const char *text, size_t len, struct runtime **ret, struct diag *d);
void runtime_free(struct runtime *rt);
/* What the file at @path is: a runtime's, or an interpreter's. The caller frees it. As runtime_parse(), or why it cannot be read. */
struct runtime_file {
	struct runtime *runtime;
	struct interpreter *interpreter;
};
int runtime_file_load(const char *path, struct runtime_file *ret, struct diag *d);
/* Free what is in it, but not @value, nor the next line of its name. */
void rt_value_release(struct rt_value *value);

/* Name of pool @id, NULL when the runtime has none to show by that number. */
const char *runtime_pool(const struct runtime *rt, uint64_t id);
/* Name of layout @id, NULL when the runtime has none by that number. */
const char *runtime_layout(const struct runtime *rt, uint64_t id);
/*
 * Is a function part of what programs call? @name: as its source has it, "space::name", without arguments of templates. '*' of a
 * pattern stands for no "::".
 */
bool runtime_has_api(const struct runtime *rt, const char *name);
/* "DRAM,L1,L1_SMALL,TRACE" */
void runtime_add_pools(struct str *s, const struct runtime *rt);

/* The files that are built in, and those added with --runtime (last wins by name). */
typedef struct {
	struct runtime **items; /* as of a VEC */
	size_t nr, cap;
	interpreters interpreters;
} runtimes;
int runtimes_load(runtimes *ret, const char *const *paths, size_t nr_paths, struct diag *d);
void runtimes_release(runtimes *r);
/* All their probes are to stand at functions' first instructions: to see what choosing them is worth. */
void runtimes_probe_entries(runtimes *r);

#endif
