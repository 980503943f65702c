/*
 * code.h: what a function's machine code says about a layout. "The getter is the layout": a small
 * exported function that loads a member shows where the member lies, in whatever release it is from.
 *
 * The instructions are followed from the entry with symbolic values (argument N, loads behind it, known
 * constants) along every path; what is found must be the same on each path that gets there. A path that
 * leaves the function without returning (a call that throws, at the end) does not count. Refused with a
 * reason, never guessed: two paths with different answers, a value that was computed, a switch's jump, an
 * instruction that is not understood and touches the answer; for what is returned also a loop or a jump
 * out of the function. How: paths.h.
 */
#ifndef TARGET_CODE_H
#define TARGET_CODE_H

#include "base/str.h"
#include "target/elf_file.h"

enum { CODE_LOADS = 4 };

/*
 * value = argument @argument; then for each load: value = `size` bytes at value + offset, zero-extended; then value
 * += plus: not 0 where the answer is a member's address.
 */
struct code_chain {
	int argument; /* 0 to 5 */
	int32_t plus;
	size_t nr_loads;
	struct {
		int32_t offset;
		uint32_t size; /* 1, 2, 4, 8 */
	} load[CODE_LOADS];
};

/* Constants that arguments are known to hold: bit i of @known says that argument i is value[i]. */
struct code_constants {
	unsigned int known;
	uint64_t value[6];
};

/* What @function returns in rax. @constants may be NULL (none). -ENOTSUP with the reason and the address. */
int code_returns(struct elf_file *f, const struct elf_symbol *function, const struct code_constants *constants,
		 struct code_chain *ret, struct diag *d);

/*
 * What @function passes as argument @argument in its calls (and last jumps) of @callee: a pattern as in
 * elf_file_find(), matched against direct callees, PLT entries and words of the GOT. One chain for each different
 * one, in the order of the calls; -ENOENT when there is no such call, -ENOTSUP when one of them is not known or there
 * are more than @max.
 */
int code_passes(struct elf_file *f, const struct elf_symbol *function, const char *callee, int argument,
		struct code_chain *chains, size_t max, size_t *ret_nr, struct diag *d);

/*
 * The first memory behind its arguments that @function reads, before it branches or calls: a chain of what it reads there.
 * -ENOENT when it reads none, -ENOTSUP when it is not known what it reads first.
 */
int code_reads_first(struct elf_file *f, const struct elf_symbol *function, struct code_chain *ret, struct diag *d);

/*
 * Where @function stores its argument @argument (@size bytes of it) into the object that its argument 0 points to:
 * a chain of one load, of the member. -ENOENT when it does not, -ENOTSUP when in more than one place.
 */
int code_stores(struct elf_file *f, const struct elf_symbol *function, int argument, uint32_t size,
		struct code_chain *ret, struct diag *d);

/*
 * What @function divides: the one value that it does that to, whatever it divides it by. -ENOENT when it divides nothing,
 * -ENOTSUP when it is not known in one place, or not the same in all.
 */
int code_divides(struct elf_file *f, const struct elf_symbol *function, struct code_chain *ret, struct diag *d);

/*
 * What @function compares with the constant @number: the one value that it does that to. -ENOENT when it compares nothing with
 * it, -ENOTSUP when it is not known in one place, or not the same in all.
 */
int code_compares(struct elf_file *f, const struct elf_symbol *function, uint64_t number, struct code_chain *ret,
		  struct diag *d);

/*
 * Where @function calls @callee (a pattern, as in code_passes()): the addresses of the call instructions, ascending. Also of
 * those that lead to no return: a call that throws. -ENOENT when there is none, -ENOTSUP when there are more than @max, when
 * a last jump leads there, which is no call, or when the function cannot be followed.
 */
int code_calls(struct elf_file *f, const struct elf_symbol *function, const char *callee, uint64_t *addresses, size_t max,
	       size_t *ret_nr, struct diag *d);

/*
 * The instruction at @address, added to @text as objdump writes it ("push %rbp"), and whether the kernel's uprobes
 * emulate it (no single step). -ENOENT when there is no instruction.
 */
int code_instruction(struct elf_file *f, uint64_t address, struct str *text, bool *ret_emulated);

/* "*(*(arg0+0x10)+0x40):4", "*arg0:8", "*arg0+0x10"; a size of 8 is left out but at the end. */
void code_chain_add(struct str *s, const struct code_chain *chain);

#endif
