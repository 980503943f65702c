/*
 * bind.h: a runtime and one ELF file. Every row has a place in the file or a reason why not; every layout value has its
 * loads or a reason why not.
 */
#ifndef RUNTIME_BIND_H
#define RUNTIME_BIND_H

#include "runtime/runtime.h"

#include <linux/types.h>
#include "wire.h"

struct bound_value {
	size_t nr_chains; /* 0: not known */
	struct code_chain chain[8];
	bool absent;   /* the file has nothing of it, and need not: rows go without it, and lack nothing */
	char *how;     /* "mov 0x20(%rdi),%eax at num_banks+0x0", for `pooltrace runtimes` */
	char *problem; /* why it is not known, or why lines before the one that shows it were refused; NULL */
};

/* A `let` line in a row: where the names in it come from. */
struct bound_let {
	int *source;	/* by index in rt_let.names: >= 0 the hit's value, BOUND_ABSENT, or bound_let_source(another let) */
	uint32_t needs; /* the lets that it uses, directly or not, and itself: bit i is runtime->lets[i] */
	bool possible;	/* false: something that it needs is not there in this row */
};

enum { BOUND_ABSENT = -1 };

struct bound_number {
	const char *name;
	uint64_t value;
};

/* A probe where calls of a function end, or which is needed to know that they do: see target/ways_out.h. */
struct bound_way {
	uint64_t file_offset;
	enum wire_way way;
};

/* One probe: a row on one symbol (a pattern may match several). */
struct bound_row {
	const struct rt_row *row;
	const char *symbol;   /* NULL: no symbol matched, or the row is `in any library` */
	bool probed;	      /* false: no probe, `problem` says why. A row `in any library` is probed where that is found */
	uint64_t file_offset; /* of the probed instruction; 0 for `in any library` */
	uint64_t function_offset; /* of its function's entry; of a row `called by` that of the call */
	char *site_why; /* as in struct code_site; NULL: there is nothing to say */
	/* A row with `return` on a function that exceptions may pass: it has probes at all ways out instead of a return probe. */
	bool by_ways;
	VEC(struct bound_way) ways;
	struct wire_spec spec;
	/* Which of the hit's values is which name: index, -1 absent. Further names of the row's arithmetic: `names`. */
	int slot[RT_NAMES_NR];
	VEC(const char *) names; /* name of each of the hit's values, by index */
	uint32_t size[WIRE_VALUES]; /* of each: bytes of it that count, 0: all */
	VEC(struct bound_number) numbers; /* values that the file gives: their index is that behind WIRE_VALUES */
	int let[RT_NAMES_NR];	 /* the `let` line that gives the name: index in runtime->lets, -1 none */
	struct bound_let *lets;	 /* as runtime->lets */
	char *problem; /* why the row has no probe, or which value it must do without; NULL */
};

struct binding {
	const struct runtime *runtime;
	struct elf_file *elf; /* owned */
	VEC(struct bound_value) values; /* as runtime->values */
	VEC(struct bound_row) rows;
	/* books: resolved addresses of vtables (symbol + 16, without load bias), 0 when the symbol is not there */
	VEC(uint64_t) owner_vtables;
	uint64_t list_vtable;
	uint64_t device_vtables[RT_OBJECTS];
	/* books: the first place of each role that is known; no loads: none is, and why not (NULL: the file has no line for it) */
	struct code_chain device_chain[RT_DEVICE_ROLES_NR];
	struct rt_item device_item; /* of RT_MESH_CHIPS */
	char *device_problem[RT_DEVICE_ROLES_NR];
};

/* Does this file have the runtime? */
bool runtime_detects(const struct runtime *rt, struct elf_file *elf);

/* A function that the file does not name, but that a process has looked up. */
struct found_function {
	const char *name;
	uint64_t offset; /* of its first instruction, in the file */
};

/* Rows of the runtime on functions at these places of a file, nothing else of it. Takes @elf over. */
struct binding *binding_new_found(const struct runtime *rt, struct elf_file *elf, const struct found_function *functions, size_t nr);

/* Takes @elf over, whether it succeeds or not. Fails only when nothing of the runtime was found. */
int binding_new(const struct runtime *rt, struct elf_file *elf, struct binding **ret, struct diag *d);
void binding_free(struct binding *b);

/* Are circular buffers of all programs seen: is there a probe for each row that tells of them? */
bool binding_sees_programs(const struct binding *b);

/*
 * Is it the runtime itself: what allocates and what frees is there, and what its books are found by, if it has some? Else a file
 * that has some of its names.
 */
bool binding_is_whole(const struct binding *b);

/* The value that @name has in a hit of @row: captured, or computed by a `let` line. False: not known. */
bool bound_row_value(const struct binding *b, const struct bound_row *row, const struct wire_hit *hit,
		     enum rt_name name, uint64_t *ret);

/* Has the call of @hit succeeded, as the row's `ok` says? False: that is not known. A row without one: it has. */
bool bound_row_succeeded(const struct bound_row *row, const struct wire_hit *hit, bool *ret);
/* The bytes of value @name that the row reads, of a register or of memory; 8 where it is computed. */
uint32_t bound_row_bytes(const struct bound_row *row, enum rt_name name);

/* Is the value, known or not, for places of devices alone that are known, by another value if need be? */
bool bound_value_spare(const struct binding *b, size_t value);

/* Is the place of a value that the file does not have, and need not have? */
bool bound_place_absent(const struct binding *b, const struct rt_place *place);

/* Loads of a place whose base is known: resolves the steps' values. False (and a reason): a value is not known, or there
 * are too many loads. A place with an `each` value gives several. */
bool bound_place(const struct binding *b, const struct rt_place *place, struct code_chain *chains, size_t max,
		 size_t *ret_nr, char **ret_problem);

#endif
