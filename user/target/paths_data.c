/* Instructions that move and compute: those that getters are made of, and arithmetic on constants. */
#include "target/paths_machine.h"

static void step_mov(struct machine *m)
{
	struct value v = machine_read(m, 1);

	machine_write(m, 0, &v);
}

static void step_lea(struct machine *m)
{
	struct value v = machine_place(m, &m->x86->operands[1].mem);

	machine_write(m, 0, &v);
}

uint64_t machine_sign_extended(uint64_t v, uint32_t bytes)
{
	uint32_t shift = bytes < 8 ? 64 - bytes * 8 : 0;

	return (uint64_t)((int64_t)(v << shift) >> shift);
}

/* Only of a constant: a chain of loads has no word for it. */
static void step_sign_extend(struct machine *m)
{
	struct value v = machine_read(m, 1);

	if (v.kind == VALUE_CONSTANT)
		v.number = machine_sign_extended(v.number, m->x86->operands[1].size);
	else
		v = machine_computed(m, value_on_stack(&v));
	machine_write(m, 0, &v);
}

static void step_cdqe(struct machine *m)
{
	struct value *rax = &m->s->reg[RAX];

	if (rax->kind == VALUE_CONSTANT)
		rax->number = machine_sign_extended(rax->number, 4);
	else
		*rax = machine_computed(m, value_on_stack(rax));
}

static void move_stack(struct machine *m, int64_t by)
{
	struct value *sp = &m->s->reg[RSP], offset = value_constant((uint64_t)by);

	*sp = value_sum(sp, &offset, m->insn->address);
}

static void step_push(struct machine *m)
{
	struct value v = machine_read(m, 0);
	uint32_t bytes = m->x86->operands[0].size == 2 ? 2 : 8;

	move_stack(m, -(int64_t)bytes);
	state_store(m->s, &m->s->reg[RSP], bytes, &v);
}

static void step_pop(struct machine *m)
{
	uint32_t bytes = m->x86->operands[0].size == 2 ? 2 : 8;
	struct value v = state_load(m->s, &m->s->reg[RSP], bytes, m->insn->address);

	move_stack(m, bytes);
	machine_write(m, 0, &v);
}

static void step_leave(struct machine *m)
{
	m->s->reg[RSP] = m->s->reg[RBP];
	m->s->reg[RBP] = state_load(m->s, &m->s->reg[RSP], 8, m->insn->address);
	move_stack(m, 8);
}

static uint64_t fold_add(uint64_t a, uint64_t b)
{
	return a + b;
}

static uint64_t fold_sub(uint64_t a, uint64_t b)
{
	return a - b;
}

static uint64_t fold_and(uint64_t a, uint64_t b)
{
	return a & b;
}

static uint64_t fold_or(uint64_t a, uint64_t b)
{
	return a | b;
}

static uint64_t fold_xor(uint64_t a, uint64_t b)
{
	return a ^ b;
}

static uint64_t fold_shl(uint64_t a, uint64_t b)
{
	return b < 64 ? a << b : 0;
}

static const struct {
	unsigned int id;
	uint64_t (*fold)(uint64_t a, uint64_t b);
} folds[] = {
	{ X86_INS_ADD, fold_add }, { X86_INS_INC, fold_add }, { X86_INS_SUB, fold_sub }, { X86_INS_DEC, fold_sub },
	{ X86_INS_AND, fold_and }, { X86_INS_OR, fold_or },   { X86_INS_XOR, fold_xor }, { X86_INS_SHL, fold_shl },
};

static uint64_t fold(unsigned int id, uint64_t a, uint64_t b)
{
	for (size_t i = 0; i < ARRAY_SIZE(folds); i++)
		if (folds[i].id == id)
			return folds[i].fold(a, b);
	BUG_ON(true);
	return 0;
}

static struct value combine(const struct machine *m, const struct value *a, const struct value *b)
{
	bool adds = m->insn->id == X86_INS_ADD || m->insn->id == X86_INS_INC;
	bool subtracts = m->insn->id == X86_INS_SUB || m->insn->id == X86_INS_DEC;
	uint32_t bytes = m->x86->operands[0].size;
	struct value offset = *b;

	if (m->insn->id == X86_INS_SHL) /* as the processor does */
		offset.number &= bytes == 8 ? 63 : 31;
	if (a->kind == VALUE_CONSTANT && b->kind == VALUE_CONSTANT)
		return value_constant(fold(m->insn->id, a->number, offset.number));
	if (adds && bytes == 8)
		return value_sum(a, b, m->insn->address);
	if (subtracts && bytes == 8 && b->kind == VALUE_CONSTANT) {
		offset.number = -offset.number;
		return value_sum(a, &offset, m->insn->address);
	}
	return machine_computed(m, value_on_stack(a) || value_on_stack(b));
}

/*
 * `and $-32, %rsp`: how far that goes down is not known, and does not matter: a function reaches its locals
 * from the new stack pointer and its saved registers from the frame pointer, never one in both ways.
 */
static bool aligns_stack(const struct machine *m)
{
	const cs_x86_op *op = m->x86->operands;

	return m->insn->id == X86_INS_AND && op[0].type == X86_OP_REG && op[0].reg == X86_REG_RSP &&
	       op[1].type == X86_OP_IMM && op[1].imm < 0 && m->s->reg[RSP].kind == VALUE_STACK;
}

static void step_combine(struct machine *m)
{
	const cs_x86_op *op = m->x86->operands;
	bool one = m->x86->op_count == 1;
	bool same = !one && op[0].type == X86_OP_REG && op[1].type == X86_OP_REG && op[0].reg == op[1].reg;
	struct value a = machine_read(m, 0), b = one ? value_constant(1) : machine_read(m, 1);
	struct value v = combine(m, &a, &b);

	if (same && (m->insn->id == X86_INS_XOR || m->insn->id == X86_INS_SUB))
		v = value_constant(0);
	if (aligns_stack(m))
		m->s->reg[RSP].number &= (uint64_t)op[1].imm;
	else
		machine_write(m, 0, &v);
	m->step->stores = false;
}

/* Is this a comparison of a value with a constant? `test` with itself is one with 0. */
static bool compares_constant(const struct machine *m, const struct value *b)
{
	const cs_x86_op *op = m->x86->operands;

	if (m->insn->id == X86_INS_CMP)
		return b->kind == VALUE_CONSTANT;
	return op[0].type == X86_OP_REG && op[1].type == X86_OP_REG && op[0].reg == op[1].reg;
}

static void step_compare(struct machine *m)
{
	struct value a = machine_read(m, 0), b = machine_read(m, 1);
	uint32_t bytes = m->x86->operands[0].size;

	if (compares_constant(m, &b)) {
		m->step->compares = true;
		m->step->stored = a;
		m->step->number = m->insn->id == X86_INS_CMP ? value_truncate(&b, bytes, 0).number : 0;
	}
	m->s->compared.known = a.kind == VALUE_CONSTANT && b.kind == VALUE_CONSTANT;
	m->s->compared.a = value_truncate(&a, bytes, 0).number;
	m->s->compared.b = value_truncate(&b, bytes, 0).number;
	m->s->compared.bytes = bytes;
	if (m->insn->id == X86_INS_TEST) { /* sets the flags that comparing the `and` with 0 does */
		m->s->compared.a &= m->s->compared.b;
		m->s->compared.b = 0;
	}
}

static void step_nothing(struct machine *m)
{
	(void)m;
}

static const struct {
	unsigned int id;
	void (*step)(struct machine *m);
	bool keeps_flags;
} steps[] = {
	{ X86_INS_MOV, step_mov, true },
	{ X86_INS_MOVABS, step_mov, true },
	{ X86_INS_MOVZX, step_mov, true },
	{ X86_INS_MOVSX, step_sign_extend, true },
	{ X86_INS_MOVSXD, step_sign_extend, true },
	{ X86_INS_CDQE, step_cdqe, true },
	{ X86_INS_LEA, step_lea, true },
	{ X86_INS_PUSH, step_push, true },
	{ X86_INS_POP, step_pop, true },
	{ X86_INS_LEAVE, step_leave, true },
	{ X86_INS_ADD, step_combine, false },
	{ X86_INS_SUB, step_combine, false },
	{ X86_INS_AND, step_combine, false },
	{ X86_INS_OR, step_combine, false },
	{ X86_INS_XOR, step_combine, false },
	{ X86_INS_SHL, step_combine, false },
	{ X86_INS_INC, step_combine, false },
	{ X86_INS_DEC, step_combine, false },
	{ X86_INS_CMP, step_compare, true },
	{ X86_INS_TEST, step_compare, true },
	{ X86_INS_NOP, step_nothing, true },
	{ X86_INS_ENDBR64, step_nothing, true },
	{ X86_INS_PAUSE, step_nothing, true },
	{ X86_INS_PREFETCHNTA, step_nothing, true },
	{ X86_INS_PREFETCHT0, step_nothing, true },
	{ X86_INS_PREFETCHT1, step_nothing, true },
	{ X86_INS_PREFETCHT2, step_nothing, true },
	{ X86_INS_PREFETCHW, step_nothing, true },
};

bool machine_data(struct machine *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i].id != m->insn->id)
			continue;
		steps[i].step(m);
		if (!steps[i].keeps_flags)
			m->s->compared.known = false;
		return true;
	}
	return false;
}
