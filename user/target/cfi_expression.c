/*
 * DWARF expressions of .eh_frame: linkers write one for PLT entries, compilers for functions that align their stack, C libraries
 * for what a signal has interrupted. No variables, no types, no calls, and nothing but the copy of the stack is read.
 */
#include "target/cfi.h"

#include <dwarf.h>
#include <errno.h>
#include <string.h>

#include "target/cfi_internal.h"

enum { STEPS_MAX = 256, STACK_MAX = 16 };

struct evaluation {
	struct cfi_reader r;
	const struct cfi_machine *machine;
	size_t begin;
	uint64_t stack[STACK_MAX];
	size_t nr;
	int err;
};

bool cfi_machine_read(const struct cfi_machine *m, uint64_t address, uint64_t *ret)
{
	uint64_t at = address - m->start;

	if (m->bytes < sizeof(*ret) || at > m->bytes - sizeof(*ret))
		return false;
	memcpy(ret, m->stack + at, sizeof(*ret));
	return true;
}

static void push(struct evaluation *e, uint64_t value)
{
	if (e->nr < STACK_MAX)
		e->stack[e->nr++] = value;
	else
		e->err = -EINVAL;
}

static uint64_t pop(struct evaluation *e)
{
	if (e->nr)
		return e->stack[--e->nr];
	e->err = -EINVAL;
	return 0;
}

static void push_picked(struct evaluation *e, size_t depth)
{
	if (depth < e->nr)
		push(e, e->stack[e->nr - 1 - depth]);
	else
		e->err = -EINVAL;
}

static void push_register(struct evaluation *e, uint64_t reg, int64_t plus)
{
	if (reg >= CFI_REGISTERS || !(e->machine->known >> reg & 1))
		e->err = -ENODATA;
	else
		push(e, e->machine->reg[reg] + (uint64_t)plus);
}

static void dereference(struct evaluation *e, size_t bytes)
{
	const struct cfi_machine *m = e->machine;
	uint64_t at = pop(e) - m->start, value = 0;

	if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) {
		e->err = -EINVAL;
		return;
	}
	if (m->bytes < bytes || at > m->bytes - bytes) {
		e->err = -EFAULT;
		return;
	}
	memcpy(&value, m->stack + at, bytes);
	push(e, value);
}

static uint64_t sign_extended(uint64_t value, size_t bytes)
{
	unsigned int shift = 64 - 8 * (unsigned int)bytes;

	return (uint64_t)((int64_t)(value << shift) >> shift);
}

/* DW_OP_const1u to DW_OP_const8s: sizes of two each, the second one with a sign. */
static void push_constant(struct evaluation *e, unsigned int index)
{
	size_t bytes = (size_t)1 << index / 2;
	uint64_t value = cfi_take(&e->r, bytes);

	push(e, index % 2 ? sign_extended(value, bytes) : value);
}

static void go_to(struct evaluation *e, bool taken)
{
	int64_t by = (int64_t)sign_extended(cfi_take(&e->r, 2), 2);
	int64_t to = (int64_t)e->r.at + by;

	if (!taken)
		return;
	if (to < (int64_t)e->begin || to > (int64_t)e->r.end)
		e->err = -EINVAL;
	else
		e->r.at = (size_t)to;
}

static uint64_t shifted(uint8_t code, uint64_t value, uint64_t by)
{
	bool negative = code == DW_OP_shra && value >> 63;

	if (by > 63)
		return negative ? UINT64_MAX : 0;
	if (code == DW_OP_shl)
		return value << by;
	return value >> by | (negative && by ? UINT64_MAX << (64 - by) : 0);
}

static bool compared(uint8_t code, int64_t a, int64_t b)
{
	switch (code) {
	case DW_OP_eq:
		return a == b;
	case DW_OP_ge:
		return a >= b;
	case DW_OP_gt:
		return a > b;
	case DW_OP_le:
		return a <= b;
	case DW_OP_lt:
		return a < b;
	default:
		return a != b;
	}
}

/* Of two values. False: it is another operation. */
static bool run_binary(struct evaluation *e, uint8_t code)
{
	uint64_t b, a;

	if (code != DW_OP_and && code != DW_OP_minus && code != DW_OP_mul && !(code >= DW_OP_or && code <= DW_OP_plus) &&
	    !(code >= DW_OP_shl && code <= DW_OP_xor) && !(code >= DW_OP_eq && code <= DW_OP_ne))
		return false;
	b = pop(e);
	a = pop(e);
	switch (code) {
	case DW_OP_and:
		push(e, a & b);
		break;
	case DW_OP_or:
		push(e, a | b);
		break;
	case DW_OP_xor:
		push(e, a ^ b);
		break;
	case DW_OP_minus:
		push(e, a - b);
		break;
	case DW_OP_mul:
		push(e, a * b);
		break;
	case DW_OP_plus:
		push(e, a + b);
		break;
	case DW_OP_shl:
	case DW_OP_shr:
	case DW_OP_shra:
		push(e, shifted(code, a, b));
		break;
	default:
		push(e, compared(code, (int64_t)a, (int64_t)b));
	}
	return true;
}

/* Of one value, or that move values. False: it is another operation. */
static bool run_unary(struct evaluation *e, uint8_t code)
{
	uint64_t a, b;

	switch (code) {
	case DW_OP_dup:
		push_picked(e, 0);
		return true;
	case DW_OP_over:
		push_picked(e, 1);
		return true;
	case DW_OP_pick:
		push_picked(e, cfi_take(&e->r, 1));
		return true;
	case DW_OP_drop:
		pop(e);
		return true;
	case DW_OP_swap:
		a = pop(e);
		b = pop(e);
		push(e, a);
		push(e, b);
		return true;
	case DW_OP_neg:
		push(e, -pop(e));
		return true;
	case DW_OP_not:
		push(e, ~pop(e));
		return true;
	case DW_OP_plus_uconst:
		push(e, pop(e) + cfi_take_uleb(&e->r));
		return true;
	default:
		return false;
	}
}

static void run_one(struct evaluation *e)
{
	uint8_t code = (uint8_t)cfi_take(&e->r, 1);

	if (code >= DW_OP_lit0 && code <= DW_OP_lit31)
		push(e, code - DW_OP_lit0);
	else if (code >= DW_OP_breg0 && code <= DW_OP_breg31)
		push_register(e, code - DW_OP_breg0, cfi_take_sleb(&e->r));
	else if (code >= DW_OP_const1u && code <= DW_OP_const8s)
		push_constant(e, code - DW_OP_const1u);
	else if (code == DW_OP_constu)
		push(e, cfi_take_uleb(&e->r));
	else if (code == DW_OP_consts)
		push(e, (uint64_t)cfi_take_sleb(&e->r));
	else if (code == DW_OP_deref)
		dereference(e, sizeof(uint64_t));
	else if (code == DW_OP_deref_size)
		dereference(e, cfi_take(&e->r, 1));
	else if (code == DW_OP_skip)
		go_to(e, true);
	else if (code == DW_OP_bra)
		go_to(e, pop(e) != 0);
	else if (code != DW_OP_nop && !run_binary(e, code) && !run_unary(e, code))
		e->err = -EINVAL;
}

int cfi_evaluate(const struct cfi *c, int32_t begin, uint16_t len, const struct cfi_machine *m, const uint64_t *initial,
		 uint64_t *ret)
{
	struct evaluation e = { .machine = m };
	size_t steps = 0;

	if (begin < 0 || (size_t)begin > c->frames.len || len > c->frames.len - (size_t)begin)
		return -EINVAL;
	e.begin = (size_t)begin;
	e.r = (struct cfi_reader){ .from = &c->frames, .at = e.begin, .end = e.begin + len };
	if (initial)
		push(&e, *initial);
	while (e.r.at < e.r.end && !e.err) {
		run_one(&e);
		if (e.r.failed || ++steps > STEPS_MAX)
			e.err = e.err ? e.err : -EINVAL;
	}
	if (!e.err && !e.nr)
		e.err = -EINVAL;
	if (!e.err)
		*ret = e.stack[e.nr - 1];
	return e.err;
}
