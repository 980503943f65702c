/*
 * arithmetic.h: `let` lines. An expression over 64-bit numbers without sign, compiled once into steps on a small stack.
 * What is not known makes what is computed from it not known; so do a division by zero and a result that 64 bits cannot
 * hold. Only the branch that is taken counts.
 */
#ifndef RUNTIME_ARITHMETIC_H
#define RUNTIME_ARITHMETIC_H

#include "runtime/runtime.h"

struct lexer;

enum { ARITHMETIC_NAMES = 16, ARITHMETIC_OPS = 64, ARITHMETIC_STACK = 16 };

/* A number, or not known. */
struct arithmetic_value {
	uint64_t value;
	bool known;
};

struct arithmetic_op {
	uint32_t code;
	uint64_t operand; /* the constant, or the index in `names` */
};

struct rt_let {
	char *name;
	struct rt_position at;
	VEC(char *) names; /* that occur, each once */
	VEC(struct rt_position) names_at;
	VEC(struct arithmetic_op) ops;
};

/* Read an expression to the end of the line into @let's names and ops. -EINVAL. */
int arithmetic_parse(struct lexer *lx, struct rt_let *let);
void rt_let_free(struct rt_let *let);

/* The value for these @names, as let->names. False: not known. */
bool arithmetic_run(const struct rt_let *let, const struct arithmetic_value *names, uint64_t *ret);
/* Could there be a result, whatever the values of the names that are @known? */
bool arithmetic_possible(const struct rt_let *let, const bool *known);

#endif
