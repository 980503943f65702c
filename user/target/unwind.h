/*
 * unwind.h: the functions that a thread was in, from its registers and a copy of its stack. Nothing of the process is read but
 * that copy: it may have ended long since. What is needed of files is opened when their mappings become known.
 */
#ifndef TARGET_UNWIND_H
#define TARGET_UNWIND_H

#include "target/unwind_module.h"

enum { STACK_FRAMES = 256 };

/* A thread at an instruction that it has not executed yet. */
struct stack_sample {
	uint64_t reg[CFI_REGISTERS]; /* by DWARF numbers; [16] is the pc */
	uint64_t start;		     /* address of stack[0]: rsp, or up to 128 bytes below it, where a return may have left rbp */
	size_t bytes;
	const unsigned char *stack;
};

struct stack_frame {
	uint64_t pc; /* where it goes on: behind a call; of the innermost, and of what a signal interrupted, the next instruction */
	uint64_t sp; /* when it has called, or was interrupted: its part of the stack is [sp, cfa) */
	uint64_t cfa; /* 0: not known, in the last frame of a stack that was cut */
	const struct module *module; /* NULL: code of no file */
	/* A virtual address of the module's file, inside of the call or the instruction: for names and lines. 0 without an ELF file. */
	uint64_t address;
};

/* Why there is no further frame. */
enum stack_end {
	STACK_COMPLETE,	  /* nobody called this one: a thread's start */
	STACK_NO_MAPPING, /* no code was mapped there when the mappings were read: to be read anew */
	STACK_NO_FILE,	  /* code that is of no file, or of one that could not be opened */
	STACK_NO_TABLE,	  /* nothing says how to leave this function */
	STACK_BAD_TABLE,  /* what says so cannot be understood */
	STACK_SHORT,	  /* the rest is not in the copy */
	STACK_NO_VALUE,	  /* it depends on a register that nobody saved */
	STACK_LOOP,	  /* it would lead back */
	STACK_DEEP,	  /* more than STACK_FRAMES */
	STACK_END_NR
};

struct stack {
	enum stack_end end;
	size_t nr; /* at least 1 */
	struct stack_frame frames[STACK_FRAMES]; /* the innermost first */
};

/* A few words: "the copy of the stack ends". */
const char *stack_end_text(enum stack_end end);

struct unwinder; /* of one process */

/* @modules must live longer, and longer than all stacks of it. */
struct unwinder *unwinder_new(struct modules *modules, int pid);
void unwinder_free(struct unwinder *u);

/* What the process has mapped. New files are opened: the process should be there still. */
void unwinder_set_mappings(struct unwinder *u, const mappings *m);
/* Read it from /proc. */
int unwinder_read_mappings(struct unwinder *u, struct diag *d);
/* Code of @module at [start, end), @bias above its virtual addresses; until mappings are set. For who has no process: tests. */
void unwinder_place(struct unwinder *u, struct module *module, uint64_t start, uint64_t end, uint64_t bias);
/* Read the tables of all files now: a stack through a large one that is new takes milliseconds else. */
void unwinder_prepare(struct unwinder *u);

/*
 * The frames of @sample, at least the innermost. At most STACK_FRAMES steps, each of bounded time, whatever stack and tables say; about
 * 50 ns a frame through instructions that were met before.
 */
void unwinder_unwind(struct unwinder *u, const struct stack_sample *sample, struct stack *ret);

#endif
