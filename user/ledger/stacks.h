/*
 * stacks.h: what allocations were called by. Definitions of the stream: they change no figure. Stacks are a tree, so those that
 * have their outer part in common share it.
 */
#ifndef LEDGER_STACKS_H
#define LEDGER_STACKS_H

#include "base/vec.h"
#include "stream/record.h"

/* A place in code. Texts live as long as the ledger, equal ones are one, and are NULL where they are not known. */
struct ledger_frame {
	const char *path;   /* of a source file */
	const char *symbol; /* its function: of machine code as in the file */
	uint64_t module;    /* number of the struct ledger_module that it is in; 0: it is no machine code, or that is not known */
	uint64_t offset;    /* in the module, as it was linked */
	uint64_t line;	    /* 0: not known */
};

struct ledger_stack {
	uint32_t parent; /* number of the stack that is its outer part; 0: there is none */
	uint32_t frame;	 /* number of its innermost one */
	bool partial;	 /* it has no parent, since what called its frame is not known */
};

struct ledger;

/* By number, from 1 on; NULL if there is none. Valid until another is defined. */
const struct ledger_frame *ledger_frame(const struct ledger *l, uint64_t number);
const struct ledger_stack *ledger_stack(const struct ledger *l, uint64_t number);

#endif
