/*
 * flow.h: the instructions of a function, each decoded once: where it leads, and what it does to the stack pointer. No values:
 * that is paths.h. All of the function's bytes are decoded, so that what only an exception or a table of addresses leads to is
 * seen as well; and the parts of it that lie elsewhere, as far as its jumps lead there.
 */
#ifndef TARGET_FLOW_H
#define TARGET_FLOW_H

#include "base/map.h"
#include "base/vec.h"
#include "target/elf_file.h"

enum flow_kind {
	FLOW_ON,	/* goes on with the next one */
	FLOW_CALL,	/* of `target`, 0: not known; goes on */
	FLOW_BRANCH,	/* to `target`, or goes on */
	FLOW_JUMP,	/* to `target` */
	FLOW_AWAY,	/* a jump to an address that lies in an object or in the GOT: out of the function */
	FLOW_SOMEWHERE, /* a jump to an address that was computed: a table of a switch, or out of the function */
	FLOW_RETURN,
	FLOW_END,	/* never goes on */
	FLOW_LAST_CALL, /* a call that never returns: not known here, but by those who look at it */
};

/* Where a register points to behind the instruction: where another one did, plus bytes. */
struct flow_move {
	enum { MOVE_NONE, MOVE_FROM_SP, MOVE_FROM_BP, MOVE_LOST } from;
	int64_t plus;
};

struct flow_step {
	uint64_t address, target;
	enum flow_kind kind;
	uint8_t bytes;
	struct flow_move sp, bp;
};

/* A way that an instruction does not show: to where an exception out of a call lands, or to an entry of a switch's table. */
struct flow_edge {
	uint64_t from, to; /* addresses of instructions */
};

struct flow {
	VEC(struct flow_step) steps; /* the first is the function's entry */
	struct map by_address;	     /* to an index */
	VEC(struct flow_edge) edges; /* of those that the caller knows of; sorted by `from` */
};

/*
 * Decode @function. -ENOTSUP with a reason when not all of it can be: no size, too large, unknown instructions, jumps between
 * them. The caller releases @ret, also after an error.
 */
int flow_read(struct elf_file *f, const struct elf_symbol *function, struct flow *ret, struct diag *d);
/* Decode so many bytes at @address as well, and what jumps in them lead to. Errors as above. */
int flow_add(struct elf_file *f, uint64_t address, uint64_t bytes, struct flow *flow, struct diag *d);
void flow_release(struct flow *flow);

/* Where rsp points to before each step, from where it did at the entry: found along all ways, edges too, where they agree. */
struct flow_depth {
	enum { DEPTH_UNSEEN, DEPTH_KNOWN, DEPTH_LOST } known; /* UNSEEN: nothing that was decoded leads there */
	int64_t bytes;
};

/* As flow->steps; the caller frees it. */
struct flow_depth *flow_depths(const struct flow *flow);

#endif
