/*
 * One instruction's effect on symbolic values: calls, jumps, and all that is not followed. Of the latter only
 * what it overwrites is known, and where capstone is vague about that, more is forgotten.
 */
#include <errno.h>
#include <stdlib.h>

#include "target/paths_machine.h"

struct disassembler {
	csh handle;
	cs_insn *insn;
};

struct disassembler *disassembler_new(void)
{
	struct disassembler *d = xcalloc(1, sizeof(*d));

	BUG_ON(cs_open(CS_ARCH_X86, CS_MODE_64, &d->handle) != CS_ERR_OK);
	BUG_ON(cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON) != CS_ERR_OK);
	d->insn = cs_malloc(d->handle);
	BUG_ON(!d->insn);
	return d;
}

void disassembler_free(struct disassembler *d)
{
	if (!d)
		return;
	cs_free(d->insn, 1);
	cs_close(&d->handle);
	free(d);
}

static void step_refuse(struct machine *m)
{
	m->refused = true;
}

static void step_stop(struct machine *m)
{
	m->step->falls = false;
}

static void step_return(struct machine *m)
{
	m->step->falls = false;
	m->step->returns = true;
}

/* Where a call or jump goes: an address, a word of the GOT, or neither. */
static void find_target(struct machine *m)
{
	const cs_x86_op *op = &m->x86->operands[0];

	if (op->type == X86_OP_IMM)
		m->step->target = (uint64_t)op->imm;
	else if (op->type == X86_OP_MEM && op->mem.base == X86_REG_RIP)
		m->step->slot = m->step->next + (uint64_t)op->mem.disp;
}

static void step_call(struct machine *m)
{
	find_target(m);
	m->step->calls = true;
	state_call(m->s, m->insn->address);
}

static void step_jump(struct machine *m)
{
	const cs_x86_op *op = &m->x86->operands[0];

	find_target(m);
	m->step->falls = false;
	m->step->jumps = op->type == X86_OP_IMM;
	m->step->leaves = op->type == X86_OP_MEM;
	/* A table of a switch, most likely: it may go anywhere. */
	m->refused = op->type == X86_OP_REG || (op->type == X86_OP_MEM && op->mem.index != X86_REG_INVALID);
}

enum condition { ALWAYS_BOTH, EQUAL, BELOW, BELOW_EQUAL, LESS, LESS_EQUAL, NEGATIVE };

static const struct {
	unsigned int id;
	enum condition condition;
	bool inverted;
} conditions[] = {
	{ X86_INS_JE, EQUAL, false },	  { X86_INS_JNE, EQUAL, true },	       { X86_INS_JB, BELOW, false },
	{ X86_INS_JAE, BELOW, true },	  { X86_INS_JBE, BELOW_EQUAL, false }, { X86_INS_JA, BELOW_EQUAL, true },
	{ X86_INS_JL, LESS, false },	  { X86_INS_JGE, LESS, true },	       { X86_INS_JLE, LESS_EQUAL, false },
	{ X86_INS_JG, LESS_EQUAL, true }, { X86_INS_JS, NEGATIVE, false },     { X86_INS_JNS, NEGATIVE, true },
};

static bool holds(const struct state *s, enum condition condition)
{
	uint64_t a = s->compared.a, b = s->compared.b;
	int64_t sa = (int64_t)machine_sign_extended(a, s->compared.bytes),
		sb = (int64_t)machine_sign_extended(b, s->compared.bytes);

	switch (condition) {
	case EQUAL:
		return a == b;
	case BELOW:
		return a < b;
	case BELOW_EQUAL:
		return a <= b;
	case LESS:
		return sa < sb;
	case LESS_EQUAL:
		return sa <= sb;
	case NEGATIVE:
		return (int64_t)machine_sign_extended(a - b, s->compared.bytes) < 0;
	case ALWAYS_BOTH:
		break;
	}
	return false;
}

static void step_branch(struct machine *m)
{
	find_target(m);
	m->step->jumps = true;
	for (size_t i = 0; m->s->compared.known && i < ARRAY_SIZE(conditions); i++)
		if (conditions[i].id == m->insn->id) {
			m->step->jumps = holds(m->s, conditions[i].condition) != conditions[i].inverted;
			m->step->falls = !m->step->jumps;
		}
}

/* Of all other instructions: what do they overwrite? Too much does no harm. */
static void forget_operands(struct machine *m, bool stack)
{
	bool repeats = m->x86->prefix[0] == X86_PREFIX_REP || m->x86->prefix[0] == X86_PREFIX_REPNE;

	for (size_t i = 0; i < m->x86->op_count; i++) {
		const cs_x86_op *op = &m->x86->operands[i];
		struct value unknown = machine_computed(m, stack);

		/* Capstone calls some destinations read-only: the first operand counts as one in any case. */
		if (i && op->access == CS_AC_READ)
			continue;
		if (op->type == X86_OP_REG)
			machine_forget_register(m, op->reg, stack);
		if (op->type == X86_OP_MEM && repeats)
			state_store_anywhere(m->s);
		else if (op->type == X86_OP_MEM)
			machine_write(m, i, &unknown);
	}
	m->step->stores = false;
}

/* Instructions without operands write registers that capstone does not always list; these write none of ours. */
static const unsigned int harmless[] = {
	X86_INS_VZEROUPPER, X86_INS_VZEROALL, X86_INS_MFENCE, X86_INS_LFENCE,
	X86_INS_SFENCE,	    X86_INS_CLD,      X86_INS_EMMS,
};

/* Registers that capstone does not list. */
static const struct {
	unsigned int id;
	uint8_t reg[2];
} forgotten[] = {
	{ X86_INS_CMPXCHG, { RAX, RAX } },    { X86_INS_CMPXCHG8B, { RAX, RDX } },
	{ X86_INS_CMPXCHG16B, { RAX, RDX } }, { X86_INS_PCMPESTRI, { RCX, RCX } },
	{ X86_INS_PCMPISTRI, { RCX, RCX } },  { X86_INS_VPCMPESTRI, { RCX, RCX } },
	{ X86_INS_VPCMPISTRI, { RCX, RCX } },
};

static bool is_harmless(unsigned int id)
{
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (harmless[i] == id)
			return true;
	return false;
}

static void step_other(struct machine *m)
{
	static const uint8_t implicit[] = { RAX, RBX, RCX, RDX, RSI, RDI, R11 };
	const cs_detail *detail = m->insn->detail;
	bool stack = false;

	for (size_t i = 0; i < m->x86->op_count; i++) {
		const cs_x86_op *op = &m->x86->operands[i];
		const struct value *v = op->type == X86_OP_REG ? machine_register(m, op->reg) : NULL;

		stack |= v && value_on_stack(v);
	}
	forget_operands(m, stack);
	for (size_t i = 0; i < detail->regs_write_count; i++)
		machine_forget_register(m, detail->regs_write[i], stack);
	for (size_t i = 0; i < ARRAY_SIZE(forgotten); i++)
		for (size_t k = 0; forgotten[i].id == m->insn->id && k < ARRAY_SIZE(forgotten[i].reg); k++)
			m->s->reg[forgotten[i].reg[k]] = machine_computed(m, stack);
	for (size_t i = 0; !m->x86->op_count && !is_harmless(m->insn->id) && i < ARRAY_SIZE(implicit); i++)
		m->s->reg[implicit[i]] = machine_computed(m, value_on_stack(&m->s->reg[implicit[i]]));
	m->s->compared.known = false;
}

static void step_divide(struct machine *m)
{
	m->step->divides = m->x86->operands[0].size >= 4;
	step_other(m);
}

static const struct {
	unsigned int id;
	void (*step)(struct machine *m);
} steps[] = {
	{ X86_INS_CALL, step_call },	  { X86_INS_JMP, step_jump },	  { X86_INS_RET, step_return },
	{ X86_INS_UD2, step_stop },	  { X86_INS_UD0, step_stop },	  { X86_INS_HLT, step_stop },
	{ X86_INS_INT3, step_stop },	  { X86_INS_LOOP, step_refuse },  { X86_INS_LOOPE, step_refuse },
	{ X86_INS_LOOPNE, step_refuse },  { X86_INS_LJMP, step_refuse },  { X86_INS_LCALL, step_refuse },
	{ X86_INS_RETF, step_refuse },	  { X86_INS_RETFQ, step_refuse }, { X86_INS_IRET, step_refuse },
	{ X86_INS_IRETD, step_refuse },	  { X86_INS_IRETQ, step_refuse }, { X86_INS_SYSRET, step_refuse },
	{ X86_INS_SYSEXIT, step_refuse }, { X86_INS_ENTER, step_refuse }, { X86_INS_XBEGIN, step_refuse },
	{ X86_INS_INT, step_refuse },	  { X86_INS_DIV, step_divide },
};

static bool is_branch(const struct machine *m)
{
	for (size_t i = 0; i < m->insn->detail->groups_count; i++)
		if (m->insn->detail->groups[i] == X86_GRP_JUMP)
			return m->x86->op_count == 1 && m->x86->operands[0].type == X86_OP_IMM;
	return false;
}

static void run(struct machine *m)
{
	if (machine_data(m))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i].id == m->insn->id) {
			steps[i].step(m);
			return;
		}
	if (is_branch(m))
		step_branch(m);
	else
		step_other(m);
}

/* Where it reads from, if that is not the stack. */
static void note_source(struct machine *m)
{
	if (m->insn->id == X86_INS_LEA || m->insn->id == X86_INS_NOP)
		return;
	for (uint8_t i = 0; i < m->x86->op_count; i++) {
		const cs_x86_op *op = &m->x86->operands[i];

		if (op->type != X86_OP_MEM || !(op->access & CS_AC_READ))
			continue;
		m->step->source = machine_place(m, &op->mem);
		m->step->source_bytes = op->size;
		m->step->reads |= !value_on_stack(&m->step->source);
	}
}

int decoder_step(struct disassembler *d, const struct code_range *code, uint64_t address, struct state *s,
		 struct step *ret)
{
	const uint8_t *bytes = code->bytes + (address - code->address);
	size_t len = code->len - (size_t)(address - code->address);
	uint64_t at = address;

	if (!cs_disasm_iter(d->handle, &bytes, &len, &at, d->insn))
		return -ENOTSUP;

	struct step step = { .next = at, .falls = true };
	struct machine m = { .insn = d->insn, .x86 = &d->insn->detail->x86, .s = s, .step = &step };
	struct value *sp = &s->reg[RSP];

	note_source(&m);
	run(&m);
	/* Whatever is pushed by it later may lie over any slot. */
	if (sp->kind != VALUE_STACK)
		*sp = value_unknown(WHY_COMPUTED, address, true);
	*ret = step;
	return m.refused ? -ENOTSUP : 0;
}
