/* arithmetic_ops.h: the steps that `let` lines are compiled into. Private to arithmetic.c and arithmetic_parse.c. */
#ifndef RUNTIME_ARITHMETIC_OPS_H
#define RUNTIME_ARITHMETIC_OPS_H

/* Each takes its operands from the stack and puts its result there. */
enum arithmetic_code {
	ARITHMETIC_CONSTANT,
	ARITHMETIC_NAME,
	ARITHMETIC_SELECT, /* condition, then, else */
	ARITHMETIC_LOW32,
	ARITHMETIC_ELSE, /* the second where the first is not known */
	ARITHMETIC_SAME,
	ARITHMETIC_ADD,
	ARITHMETIC_SUB,
	ARITHMETIC_MUL,
	ARITHMETIC_DIV,
	ARITHMETIC_CEILDIV,
	ARITHMETIC_ROUNDUP,
	ARITHMETIC_BIT,
	ARITHMETIC_MIN,
	ARITHMETIC_MAX,
	ARITHMETIC_CODES,
};

#endif
