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
	X(TRACE, "trace")	/* id of a trace */

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
 * new       an arena's object is constructed at this address
 * throw     an exception is thrown: an open call of this thread has failed
 * context   the next allocation that its thread makes inside the call carries `tag`: one, see thread.c
 * capture, captured, replay, release    of a trace. captured is a context as well: what is tagged in it
 *           carries the trace's id
 */
#define RT_VERBS(X)                                                                                \
	X(BEGIN, "begin", WIRE_BEGIN)                                                              \
	X(ALLOC, "alloc", WIRE_END | WIRE_ENDS_RUN)                                                \
	X(FREE, "free", 0)                                                                         \
	X(CLEAR, "clear", 0)                                                                       \
	X(GONE, "gone", 0)                                                                         \
	X(NEW, "new", 0)                                                                           \
	X(THROW, "throw", WIRE_IF_OPEN | WIRE_WAKE)                                                \
	X(CONTEXT, "context", 0)                                                                   \
	X(CAPTURE, "capture", WIRE_ENDS_RUN | WIRE_WAKE)                                           \
	X(CAPTURED, "captured", WIRE_ENDS_RUN | WIRE_WAKE)                                         \
	X(REPLAY, "replay", WIRE_COUNT | WIRE_WAKE)                                                \
	X(RELEASE, "release", WIRE_ENDS_RUN | WIRE_WAKE)

enum rt_verb {
#define X(VERB, name, flags) VERB_##VERB,
	RT_VERBS(X)
#undef X
	VERB_NR
};

const char *rt_verb_name(enum rt_verb verb);
const char *rt_name_text(enum rt_name name);
/* WIRE_BEGIN and so on. */
unsigned int rt_verb_flags(enum rt_verb verb);
/* The names, as bits 1 << RT_x, without which a row of this verb means nothing. */
unsigned int rt_verb_needs(enum rt_verb verb);

/* Where in its .rt file something stands, for messages. */
struct rt_position {
	unsigned int line, column;
};

/* How a layout value is found in an ELF file: a `value` line. */
enum rt_rule { RULE_RETURNED, RULE_PASSED, RULE_STORED, RULE_DIVIDED };

struct rt_value {
	char *name;
	enum rt_rule rule;
	char *function; /* pattern */
	char *callee;	/* RULE_PASSED: pattern */
	int argument;	/* RULE_PASSED: of the callee; RULE_STORED: of the function */
	uint32_t size;	/* RULE_STORED: bytes of it */
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
	/* WIRE_ARG0 + n, WIRE_STACK, WIRE_RETURN; in books lines RT_BASE_x */
	int base;
	size_t nr_steps;
	struct rt_step step[RT_STEPS];
	struct rt_position at;
};

enum { RT_BASE_OWNER = 64, RT_BASE_ARENA, RT_BASE_LIST };

struct rt_assignment {
	char *name;
	struct rt_place place;
	struct rt_position at; /* of the name */
};

struct rt_row {
	char *symbol; /* pattern */
	VEC(char *) others; /* patterns, for a file in which no function matches those before */
	enum rt_verb verb;
	char *tag;    /* context, captured: what allocations are for; NULL */
	bool any_library; /* the symbol is looked for in all mapped files (the C++ library's __cxa_throw) */
	VEC(struct rt_assignment) values;
	struct rt_position at;
};

struct rt_pool {
	uint64_t id;
	char *name;
};

/* What makes a pool larger: an `advice` line. Steps that are 0 do not hold; see advice.h of the ledger. */
struct rt_advice {
	char *pool, *argument;
	uint64_t total, spread, bank;
	char *function; /* pattern: the line is for files that define it; NULL: for all */
	struct rt_position at;
};

struct rt_let; /* arithmetic.h */

/* The runtime's books, see books.h. Places by role; absent ones have nr_steps 0 and base -1. */
struct rt_books {
	bool present;
	VEC(char *) owner_vtables; /* symbols: an object whose first word is symbol + 16 (+ load bias) is an owner */
	char *list_vtable;
	struct rt_place arena; /* from RT_BASE_OWNER; may use an `each` value */
	struct rt_place pool, banks, align; /* from RT_BASE_ARENA */
	struct rt_place list; /* from RT_BASE_ARENA: the list's object */
	struct rt_place bank_bytes, base, grain; /* from RT_BASE_LIST */
	/* std::vector members (begin, end, capacity) of the list: offsets, and bytes of an item */
	struct {
		int32_t offset;
		uint32_t size;
	} address, bytes, live, used;
};

struct runtime {
	char *name;
	char *about;
	char *path;   /* for messages; "built in: NAME.rt" */
	char *detect; /* pattern: a mapped file that defines it has this runtime */
	VEC(struct rt_pool) pools;
	VEC(struct rt_value) values;
	VEC(struct rt_row) rows;
	VEC(struct rt_let *) lets;
	VEC(struct rt_advice) advice; /* of several of a pool the first one holds */
	struct rt_books books;
};

/* Parse a .rt file's text. Errors say file, line and column, the line and a caret. Never crashes on any bytes. */
int runtime_parse(const char *path, const char *text, size_t len, struct runtime **ret, struct diag *d);
void runtime_free(struct runtime *rt);

/* Name of pool @id, NULL when the runtime has none to show by that number. */
const char *runtime_pool(const struct runtime *rt, uint64_t id);
/* "DRAM,L1,L1_SMALL,TRACE" */
void runtime_add_pools(struct str *s, const struct runtime *rt);

/* The files that are built in, and those added with --runtime (last wins by name). */
typedef VEC(struct runtime *) runtimes;
int runtimes_load(runtimes *ret, const char *const *paths, size_t nr_paths, struct diag *d);
void runtimes_release(runtimes *r);

#endif
