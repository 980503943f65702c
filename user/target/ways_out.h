/*
 * ways_out.h: where the calls of a function end, all of it: its `ret` instructions. A probe on each of them sees what the call gives
 * back, and replaces no return address: exceptions pass.
 */
#ifndef TARGET_WAYS_OUT_H
#define TARGET_WAYS_OUT_H

#include "base/vec.h"
#include "target/elf_file.h"

/*
 * A function may end in a jump to another one, whose return is its own; but that one is called by others as well. Whose call it is
 * that arrives there shows only if the jump was seen right before.
 */
enum way_kind {
	WAY_RETURN,	   /* a `ret` of the function alone */
	WAY_SHARED_RETURN, /* a `ret` of a function that it jumps to at its end */
	WAY_JUMP,	   /* such a jump */
	WAY_ENTRY,	   /* where it leads to */
};

struct way_out {
	uint64_t address; /* of the instruction, whose stack pointer is at the return address */
	enum way_kind kind;
};

struct ways_out {
	VEC(struct way_out) ways; /* sorted by address */
	size_t nr_returns;	  /* of both kinds; 0: the function never returns */
};

/*
 * All ways out of @function. -ENOTSUP with the reason when it cannot be shown that they are all. Other than by them a call ends by
 * an exception, by longjmp(), or never. The caller releases @ret, also after an error.
 */
int code_ways_out(struct elf_file *f, const struct elf_symbol *function, struct ways_out *ret, struct diag *d);
void ways_out_release(struct ways_out *ways);

#endif
