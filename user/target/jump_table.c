/*
 * The form, in any registers, with other instructions in between:
 *
 *	cmp $LAST, index; ja elsewhere; lea table(%rip), base; movslq (base,index,4), to; add base, to; jmp *to
 */
#include "target/jump_table.h"

#include <capstone/capstone.h>
#include <string.h>

enum { BEFORE = 32, ENTRY_BYTES = 4, ENTRIES_MAX = 4096, WIDTHS = 5 };

struct lines {
	struct elf_file *elf;
	const struct flow *flow;
	csh handle;
	cs_insn *insn; /* the straight way to the jump, which is the last one */
	size_t nr;
};

/* A register in all its widths is one. */
static unsigned int whole(unsigned int reg)
{
	static const unsigned int registers[][WIDTHS] = {
		{ X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH }, { X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH },
		{ X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH }, { X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH },
		{ X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL },		  { X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL },
		{ X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL },		  { X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B },
		{ X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B },		  { X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B },
		{ X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B },	  { X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B },
		{ X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B },	  { X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B },
		{ X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B },
	};

	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		for (size_t k = 0; k < WIDTHS; k++)
			if (reg != X86_REG_INVALID && registers[i][k] == reg)
				return registers[i][0];
	return reg;
}

static const cs_x86_op *operand(const struct lines *l, size_t i, size_t nr)
{
	return &l->insn[i].detail->x86.operands[nr];
}

static bool is_register(const cs_x86_op *op, unsigned int reg)
{
	return op->type == X86_OP_REG && whole(op->reg) == reg;
}

static bool writes(const struct lines *l, size_t i, unsigned int reg)
{
	cs_regs read, written;
	uint8_t nr_read = 0, nr_written = 0;

	/* What is not known may have been written. */
	if (cs_regs_access(l->handle, &l->insn[i], read, &nr_read, written, &nr_written))
		return true;
	for (uint8_t k = 0; k < nr_written; k++)
		if (whole(written[k]) == reg)
			return true;
	return false;
}

/* The last instruction before @end that writes the register; @end: none does. */
static size_t last_write(const struct lines *l, size_t end, unsigned int reg)
{
	for (size_t i = end; i-- > 0;)
		if (writes(l, i, reg))
			return i;
	return end;
}

/* The table that the register points to. */
static bool find_table(const struct lines *l, size_t end, unsigned int reg, uint64_t *ret)
{
	size_t i = last_write(l, end, reg);

	if (i == end || l->insn[i].id != X86_INS_LEA || operand(l, i, 1)->mem.base != X86_REG_RIP ||
	    operand(l, i, 1)->mem.index != X86_REG_INVALID)
		return false;
	*ret = l->insn[i].address + l->insn[i].size + (uint64_t)operand(l, i, 1)->mem.disp;
	return true;
}

/* Is it the load of an entry, of a table at *@ret_base with *@ret_index? */
static bool is_load(const struct lines *l, size_t i, unsigned int *ret_base, unsigned int *ret_index)
{
	const cs_x86_op *from = operand(l, i, 1);

	if (l->insn[i].id != X86_INS_MOVSXD || from->type != X86_OP_MEM || from->mem.scale != ENTRY_BYTES || from->mem.disp ||
	    from->mem.segment != X86_REG_INVALID)
		return false;
	*ret_base = whole(from->mem.base);
	*ret_index = whole(from->mem.index);
	return *ret_base != X86_REG_INVALID && *ret_index != X86_REG_INVALID;
}

static bool is_same(const cs_x86_op *a, const cs_x86_op *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == X86_OP_REG)
		return whole(a->reg) == whole(b->reg);
	return a->type == X86_OP_MEM && a->size == b->size && !memcmp(&a->mem, &b->mem, sizeof(a->mem));
}

/* Does instruction @i say how many values there are of what @op holds, of whose low @bytes it is known that they are all? */
static bool says_how_many(const struct lines *l, size_t i, const cs_x86_op *op, unsigned int bytes, uint64_t *ret)
{
	const cs_x86_op *to = operand(l, i, 0), *with = operand(l, i, 1);
	unsigned int next = l->insn[i + 1].id;

	if (l->insn[i].detail->x86.op_count != 2 || with->type != X86_OP_IMM || with->imm < 0 || !is_same(to, op) || to->size < bytes)
		return false;
	*ret = (uint64_t)with->imm + 1;
	if (l->insn[i].id == X86_INS_AND)
		return true;
	*ret -= next == X86_INS_JAE;
	return l->insn[i].id == X86_INS_CMP && (next == X86_INS_JA || next == X86_INS_JAE);
}

/* May instruction @i have changed what the operand holds? */
static bool changes(const struct lines *l, size_t i, const cs_x86_op *op)
{
	if (op->type == X86_OP_REG)
		return writes(l, i, whole(op->reg));
	for (uint8_t k = 0; k < l->insn[i].detail->x86.op_count; k++)
		if (operand(l, i, k)->type == X86_OP_MEM && operand(l, i, k)->access & CS_AC_WRITE)
			return true;
	return writes(l, i, whole(op->mem.base)) || (op->mem.index != X86_REG_INVALID && writes(l, i, whole(op->mem.index)));
}

/* Entries of the table, by what the index was compared with before @end; *@ret_first: from where on that must have been passed. */
static bool find_number(const struct lines *l, size_t end, unsigned int index, uint64_t *ret, size_t *ret_first)
{
	cs_x86_op op = { .type = X86_OP_REG, .reg = (x86_reg)index };
	unsigned int bytes = 4;

	for (size_t i = end; i-- > 0;) {
		*ret_first = i;
		if (says_how_many(l, i, &op, bytes, ret))
			return *ret <= ENTRIES_MAX;
		if (!changes(l, i, &op))
			continue;
		/* A copy, with zeros above it. */
		if (op.type != X86_OP_REG || !is_register(operand(l, i, 0), whole(op.reg)) || operand(l, i, 0)->size < 4 ||
		    (l->insn[i].id != X86_INS_MOV && l->insn[i].id != X86_INS_MOVZX) || operand(l, i, 1)->type == X86_OP_IMM)
			return false;
		op = *operand(l, i, 1);
		bytes = op.size < bytes ? op.size : bytes;
	}
	return false;
}

/* Does anything lead to behind instruction @first otherwise than through it? */
static bool is_entered(const struct lines *l, size_t first)
{
	uint64_t after = l->insn[first].address, last = l->insn[l->nr - 1].address;

	for (size_t i = 0; i < l->flow->steps.nr; i++)
		if (l->flow->steps.items[i].target > after && l->flow->steps.items[i].target <= last)
			return true;
	for (size_t i = 0; i < l->flow->edges.nr; i++)
		if (l->flow->edges.items[i].to > after && l->flow->edges.items[i].to <= last)
			return true;
	return false;
}

static bool read_table(const struct lines *l, uint64_t table, uint64_t nr, addresses *ret)
{
	_cleanup_(freep) int32_t *entries = xcalloc(nr, sizeof(*entries));

	if (elf_file_read(l->elf, table, entries, nr * sizeof(*entries)) != nr * sizeof(*entries))
		return false;
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t address = table + (uint64_t)(int64_t)entries[i];
		bool known = false;

		for (size_t k = 0; k < ret->nr && !known; k++)
			known = ret->items[k] == address;
		if (!known)
			vec_push(ret, address);
	}
	return true;
}

static bool match(const struct lines *l, addresses *ret)
{
	size_t jump = l->nr - 1, add, load, first = 0;
	unsigned int to = whole(operand(l, jump, 0)->reg), base, index, other;
	uint64_t table, nr = 0;

	if (operand(l, jump, 0)->type != X86_OP_REG)
		return false;
	add = last_write(l, jump, to);
	if (add == jump || l->insn[add].id != X86_INS_ADD || !is_register(operand(l, add, 0), to) ||
	    operand(l, add, 1)->type != X86_OP_REG || operand(l, add, 0)->size != 8)
		return false;
	other = whole(operand(l, add, 1)->reg);
	/* Either of the two was loaded. */
	load = last_write(l, add, to);
	if (load == add || !is_load(l, load, &base, &index) || base != other) {
		load = last_write(l, add, other);
		if (load == add || !is_load(l, load, &base, &index) || base != to)
			return false;
	}
	if (last_write(l, add, base) > load && last_write(l, add, base) != add)
		return false;
	return find_table(l, load, base, &table) && find_number(l, load, index, &nr, &first) && !is_entered(l, first) &&
	       read_table(l, table, nr, ret);
}

/* The steps before the jump that go on to the next one. */
static size_t first_before(const struct flow *flow, size_t jump)
{
	size_t first = jump;

	while (first && jump - first < BEFORE) {
		const struct flow_step *step = &flow->steps.items[first - 1];

		if ((step->kind != FLOW_ON && step->kind != FLOW_BRANCH) ||
		    step->address + step->bytes != flow->steps.items[first].address)
			break;
		first--;
	}
	return first;
}

bool jump_table_read(struct elf_file *f, const struct flow *flow, size_t jump, addresses *ret)
{
	const struct flow_step *from = &flow->steps.items[first_before(flow, jump)], *last = &flow->steps.items[jump];
	size_t bytes = last->address + last->bytes - from->address;
	_cleanup_(freep) uint8_t *code = xmalloc(bytes);
	struct lines l = { .elf = f, .flow = flow };
	bool found;

	if (elf_file_read(f, from->address, code, bytes) != bytes)
		return false;
	BUG_ON(cs_open(CS_ARCH_X86, CS_MODE_64, &l.handle) != CS_ERR_OK);
	BUG_ON(cs_option(l.handle, CS_OPT_DETAIL, CS_OPT_ON) != CS_ERR_OK);
	l.nr = cs_disasm(l.handle, code, bytes, from->address, 0, &l.insn);
	found = l.nr && l.insn[l.nr - 1].address == last->address && match(&l, ret);
	cs_free(l.insn, l.nr);
	cs_close(&l.handle);
	return found;
}
