#include "runtime/arithmetic.h"

#include "runtime/arithmetic_ops.h"

#include <stdlib.h>

static bool op_add(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_add_overflow(a, b, ret);
}

static bool op_sub(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_sub_overflow(a, b, ret);
}

static bool op_mul(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_mul_overflow(a, b, ret);
}

static bool op_div(uint64_t a, uint64_t b, uint64_t *ret)
{
	*ret = b ? a / b : 0;
	return b != 0;
}

static bool op_ceildiv(uint64_t a, uint64_t b, uint64_t *ret)
{
	*ret = b ? a / b + (a % b != 0) : 0;
	return b != 0;
}

static bool op_roundup(uint64_t x, uint64_t grain, uint64_t *ret)
{
	uint64_t grains;

	return op_ceildiv(x, grain, &grains) && op_mul(grains, grain, ret);
}

static bool op_bit(uint64_t x, uint64_t n, uint64_t *ret)
{
	*ret = n < 64 ? x >> n & 1 : 0;
	return n < 64;
}

static bool op_min(uint64_t a, uint64_t b, uint64_t *ret)
{
	*ret = a < b ? a : b;
	return true;
}

static bool op_max(uint64_t a, uint64_t b, uint64_t *ret)
{
	*ret = a > b ? a : b;
	return true;
}

static bool op_same(uint64_t a, uint64_t b, uint64_t *ret)
{
	*ret = a == b;
	return true;
}

typedef bool binary(uint64_t a, uint64_t b, uint64_t *ret);

static binary *const binaries[ARITHMETIC_CODES] = {
	[ARITHMETIC_ADD] = op_add, [ARITHMETIC_SUB] = op_sub,	      [ARITHMETIC_MUL] = op_mul,
	[ARITHMETIC_DIV] = op_div, [ARITHMETIC_CEILDIV] = op_ceildiv, [ARITHMETIC_ROUNDUP] = op_roundup,
	[ARITHMETIC_SAME] = op_same, [ARITHMETIC_BIT] = op_bit, [ARITHMETIC_MIN] = op_min,	      [ARITHMETIC_MAX] = op_max,
};

/* One step: @top is the first free item; returns the new one. */
static struct arithmetic_value *step(const struct arithmetic_op *op, struct arithmetic_value *top)
{
	if (op->code == ARITHMETIC_LOW32) {
		top[-1].value &= UINT32_MAX;
		return top;
	}
	if (op->code == ARITHMETIC_SELECT) {
		struct arithmetic_value chosen = top[-3].value ? top[-2] : top[-1];

		chosen.known &= top[-3].known;
		top[-3] = chosen;
		return top - 2;
	}

	if (op->code == ARITHMETIC_ELSE) {
		top[-2] = top[-2].known ? top[-2] : top[-1];
		return top - 1;
	}

	uint64_t result = 0;

	top[-2].known &= top[-1].known && binaries[op->code](top[-2].value, top[-1].value, &result);
	top[-2].value = result;
	return top - 1;
}

bool arithmetic_run(const struct rt_let *let, const struct arithmetic_value *names, uint64_t *ret)
{
	struct arithmetic_value stack[ARITHMETIC_STACK], *top = stack;

	for (size_t i = 0; i < let->ops.nr; i++) {
		const struct arithmetic_op *op = &let->ops.items[i];

		if (op->code == ARITHMETIC_CONSTANT)
			*top++ = (struct arithmetic_value){.value = op->operand, .known = true};
		else if (op->code == ARITHMETIC_NAME)
			*top++ = names[op->operand];
		else
			top = step(op, top);
	}
	BUG_ON(top != stack + 1);
	if (stack[0].known)
		*ret = stack[0].value;
	return stack[0].known;
}

bool arithmetic_possible(const struct rt_let *let, const bool *known)
{
	bool stack[ARITHMETIC_STACK], *top = stack;

	for (size_t i = 0; i < let->ops.nr; i++) {
		const struct arithmetic_op *op = &let->ops.items[i];

		if (op->code == ARITHMETIC_CONSTANT || op->code == ARITHMETIC_NAME) {
			*top++ = op->code == ARITHMETIC_CONSTANT || known[op->operand];
		} else if (op->code == ARITHMETIC_SELECT) {
			top[-3] &= top[-2] || top[-1];
			top -= 2;
		} else if (op->code == ARITHMETIC_ELSE) {
			top[-2] |= top[-1];
			top--;
		} else if (op->code != ARITHMETIC_LOW32) {
			top[-2] &= top[-1];
			top--;
		}
	}
	return stack[0];
}

void rt_let_free(struct rt_let *let)
{
	if (!let)
		return;
	for (size_t i = 0; i < let->names.nr; i++)
		free(let->names.items[i]);
	vec_release(&let->names);
	vec_release(&let->names_at);
	vec_release(&let->ops);
	free(let->name);
	free(let);
}
