/* Registers and operands: what an instruction reads, and where it writes. */
#include "target/paths_machine.h"

#define ROW(r, q, d, w, b)                                                                                           \
	[X86_REG_##q] = { true, r, 8 }, [X86_REG_##d] = { true, r, 4 }, [X86_REG_##w] = { true, r, 2 },              \
	[X86_REG_##b] = { true, r, 1 }
#define NUMBERED(n) ROW(R##n, R##n, R##n##D, R##n##W, R##n##B)

static const struct general {
	bool valid;
	uint8_t index, bytes; /* bytes 0: the second byte of it (%ah) */
} registers[X86_REG_ENDING] = {
	ROW(RAX, RAX, EAX, AX, AL),
	ROW(RCX, RCX, ECX, CX, CL),
	ROW(RDX, RDX, EDX, DX, DL),
	ROW(RBX, RBX, EBX, BX, BL),
	ROW(RSP, RSP, ESP, SP, SPL),
	ROW(RBP, RBP, EBP, BP, BPL),
	ROW(RSI, RSI, ESI, SI, SIL),
	ROW(RDI, RDI, EDI, DI, DIL),
	NUMBERED(8),
	NUMBERED(9),
	NUMBERED(10),
	NUMBERED(11),
	NUMBERED(12),
	NUMBERED(13),
	NUMBERED(14),
	NUMBERED(15),
	[X86_REG_AH] = { true, RAX, 0 },
	[X86_REG_CH] = { true, RCX, 0 },
	[X86_REG_DH] = { true, RDX, 0 },
	[X86_REG_BH] = { true, RBX, 0 },
};

struct value *machine_register(const struct machine *m, unsigned int reg)
{
	const struct general *r = &registers[reg < X86_REG_ENDING ? reg : 0];

	return r->valid ? &m->s->reg[r->index] : NULL;
}

struct value machine_computed(const struct machine *m, bool stack)
{
	return value_unknown(WHY_COMPUTED, m->insn->address, stack);
}

static struct value read_register(const struct machine *m, x86_reg reg)
{
	const struct general *r = &registers[reg];

	if (!r->valid || !r->bytes)
		return machine_computed(m, false);
	return value_truncate(&m->s->reg[r->index], r->bytes, m->insn->address);
}

void machine_forget_register(struct machine *m, unsigned int reg, bool stack)
{
	struct value *v = machine_register(m, reg);

	if (v)
		*v = machine_computed(m, stack);
}

/*
 * A write to %al or %ax keeps the rest of the register. When the rest means nothing (never set, zero, or the
 * pointer through which the new value was just read) the result is the new value; else it is made of two.
 */
static struct value partial(const struct machine *m, const struct value *old, const struct value *v, uint8_t bytes)
{
	const x86_op_mem *mem = &m->x86->operands[1].mem;
	bool through = m->x86->op_count == 2 && m->x86->operands[1].type == X86_OP_MEM &&
		       mem->index == X86_REG_INVALID && old == machine_register(m, mem->base);

	if (old->kind == VALUE_NOTHING || (old->kind == VALUE_CONSTANT && !(old->number >> (bytes * 8))) ||
	    (through && old->kind == VALUE_CHAIN))
		return *v;
	if (old->kind == VALUE_CONSTANT && v->kind == VALUE_CONSTANT)
		return value_constant((old->number >> (bytes * 8) << (bytes * 8)) | v->number);
	return machine_computed(m, value_on_stack(old));
}

static void write_register(struct machine *m, x86_reg reg, const struct value *v)
{
	const struct general *r = &registers[reg];

	if (!r->valid)
		return;

	struct value *to = &m->s->reg[r->index];
	struct value low = value_truncate(v, r->bytes ? r->bytes : 1, m->insn->address);

	if (!r->bytes || (r->bytes < 4 && v->kind == VALUE_UNKNOWN))
		machine_forget_register(m, reg, value_on_stack(to));
	else
		*to = r->bytes < 4 ? partial(m, to, &low, r->bytes) : low;
}

struct value machine_place(const struct machine *m, const x86_op_mem *mem)
{
	uint64_t at = m->insn->address;

	if (mem->segment == X86_REG_FS || mem->segment == X86_REG_GS || mem->base == X86_REG_RIP ||
	    m->x86->addr_size != 8)
		return value_unknown(WHY_PLACE, at, m->x86->addr_size != 8);

	struct value zero = value_constant(0), disp = value_constant((uint64_t)mem->disp);
	struct value base = mem->base == X86_REG_INVALID ? zero : read_register(m, mem->base);
	struct value index = mem->index == X86_REG_INVALID ? zero : read_register(m, mem->index);

	if (index.kind == VALUE_CONSTANT)
		index.number *= (uint64_t)mem->scale;
	else if (mem->scale != 1)
		index = machine_computed(m, value_on_stack(&index));
	base = value_sum(&base, &index, at);
	return value_sum(&base, &disp, at);
}

struct value machine_read(const struct machine *m, size_t i)
{
	const cs_x86_op *op = &m->x86->operands[i];

	if (op->type == X86_OP_REG)
		return read_register(m, op->reg);
	if (op->type == X86_OP_IMM)
		return value_constant((uint64_t)op->imm);

	struct value place = machine_place(m, &op->mem);

	return state_load(m->s, &place, op->size, m->insn->address);
}

void machine_write(struct machine *m, size_t i, const struct value *v)
{
	const cs_x86_op *op = &m->x86->operands[i];

	if (op->type == X86_OP_REG) {
		write_register(m, op->reg, v);
	} else if (op->type == X86_OP_MEM) {
		struct value place = machine_place(m, &op->mem), low = value_truncate(v, op->size, m->insn->address);

		/* Capstone gives no size for what is as large as the processor's features make it (xsave). */
		if (!op->size)
			state_store_anywhere(m->s);
		state_store(m->s, &place, op->size, &low);
		m->step->stores = place.kind != VALUE_STACK;
		m->step->place = place;
		m->step->stored = low;
		m->step->bytes = op->size;
	}
}
