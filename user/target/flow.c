#include "target/flow.h"

#include <capstone/capstone.h>
#include <errno.h>
#include <string.h>

/* Bytes of a function or of a part of it, and instructions of parts whose end is not known. */
enum { FUNCTION_MAX = 1 << 16, STEPS_MAX = 1 << 15, INSTRUCTION_MAX = 15 };

struct extent {
	uint64_t address, bytes;
};

struct reader {
	struct elf_file *elf;
	struct flow *flow;
	struct diag *d;
	csh handle;
	cs_insn *insn;
	VEC(struct extent) extents; /* of which each instruction is decoded */
};

static bool is_register(const cs_x86_op *op, unsigned int id)
{
	return op->type == X86_OP_REG && op->reg == id;
}

/* The stack pointer, or what may hold a copy of it, in any width. */
static bool is_stack(const cs_x86_op *op)
{
	static const unsigned int registers[] = { X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL };

	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (is_register(op, registers[i]))
			return true;
	return false;
}

static bool is_base(const cs_x86_op *op)
{
	static const unsigned int registers[] = { X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL };

	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (is_register(op, registers[i]))
			return true;
	return false;
}

static struct flow_move move_from(unsigned int reg, int64_t plus)
{
	struct flow_move move = { MOVE_LOST, plus };

	if (reg == X86_REG_RSP)
		move.from = MOVE_FROM_SP;
	if (reg == X86_REG_RBP)
		move.from = MOVE_FROM_BP;
	return move;
}

/* What the first operand holds then, when it is a register of the stack. */
static struct flow_move moved(const cs_insn *insn)
{
	const cs_x86 *x = &insn->detail->x86;
	const cs_x86_op *to = &x->operands[0], *from = &x->operands[1];

	if (!is_register(to, X86_REG_RSP) && !is_register(to, X86_REG_RBP))
		return move_from(X86_REG_INVALID, 0);
	if (insn->id == X86_INS_MOV && from->type == X86_OP_REG)
		return move_from(from->reg, 0);
	if (insn->id == X86_INS_ADD && from->type == X86_OP_IMM)
		return move_from(to->reg, from->imm);
	if (insn->id == X86_INS_SUB && from->type == X86_OP_IMM)
		return move_from(to->reg, (int64_t)(0 - (uint64_t)from->imm));
	if (insn->id == X86_INS_LEA && from->mem.index == X86_REG_INVALID)
		return move_from(from->mem.base, from->mem.disp);
	return move_from(X86_REG_INVALID, 0);
}

static void note_operands(const cs_insn *insn, struct flow_step *step)
{
	const cs_x86 *x = &insn->detail->x86;
	bool exchanges = insn->id == X86_INS_XCHG || insn->id == X86_INS_XADD;

	if (insn->id == X86_INS_CMP || insn->id == X86_INS_TEST)
		return;
	for (uint8_t i = 0; i < x->op_count && i <= exchanges; i++) {
		struct flow_move move = exchanges ? move_from(X86_REG_INVALID, 0) : moved(insn);

		if (is_stack(&x->operands[i]))
			step->sp = move;
		if (is_base(&x->operands[i]))
			step->bp = move;
	}
}

/* What is said of the stack without an operand. */
static const struct {
	unsigned int id;
	struct flow_move sp, bp;
} implied[] = {
	{ X86_INS_PUSH, { MOVE_FROM_SP, -8 }, {} },
	{ X86_INS_PUSHFQ, { MOVE_FROM_SP, -8 }, {} },
	{ X86_INS_POPFQ, { MOVE_FROM_SP, 8 }, {} },
	{ X86_INS_LEAVE, { MOVE_FROM_BP, 8 }, { MOVE_LOST, 0 } },
	{ X86_INS_ENTER, { MOVE_LOST, 0 }, { MOVE_LOST, 0 } },
	{ X86_INS_PUSHF, { MOVE_LOST, 0 }, {} },
	{ X86_INS_POPF, { MOVE_LOST, 0 }, {} },
};

static void note_moves(const cs_insn *insn, struct flow_step *step)
{
	const cs_x86 *x = &insn->detail->x86;
	/* Of two bytes. */
	bool small = x->prefix[2] == X86_PREFIX_OPSIZE;

	for (size_t i = 0; i < ARRAY_SIZE(implied); i++)
		if (insn->id == implied[i].id) {
			step->sp = implied[i].sp;
			step->bp = implied[i].bp;
			step->sp.from = small ? MOVE_LOST : step->sp.from;
			return;
		}
	note_operands(insn, step);
	if (insn->id == X86_INS_POP && (small || is_stack(&x->operands[0])))
		step->sp = move_from(X86_REG_INVALID, 0);
	else if (insn->id == X86_INS_POP)
		step->sp = (struct flow_move){ MOVE_FROM_SP, 8 };
}

/* What lies on the stack was put there by the function itself. */
static enum flow_kind jump_kind(const cs_x86_op *op)
{
	if (op->type == X86_OP_IMM)
		return FLOW_JUMP;
	if (op->type != X86_OP_MEM || op->mem.index != X86_REG_INVALID || op->mem.base == X86_REG_INVALID ||
	    op->mem.base == X86_REG_RSP || op->mem.base == X86_REG_RBP)
		return FLOW_SOMEWHERE;
	return FLOW_AWAY;
}

static const struct {
	unsigned int id;
	enum flow_kind kind;
} kinds[] = {
	{ X86_INS_CALL, FLOW_CALL },	   { X86_INS_RET, FLOW_RETURN },      { X86_INS_UD2, FLOW_END },
	{ X86_INS_UD0, FLOW_END },	   { X86_INS_HLT, FLOW_END },	      { X86_INS_INT3, FLOW_END },
	{ X86_INS_LJMP, FLOW_SOMEWHERE },  { X86_INS_LCALL, FLOW_SOMEWHERE }, { X86_INS_RETF, FLOW_SOMEWHERE },
	{ X86_INS_RETFQ, FLOW_SOMEWHERE }, { X86_INS_IRET, FLOW_SOMEWHERE },  { X86_INS_IRETD, FLOW_SOMEWHERE },
	{ X86_INS_IRETQ, FLOW_SOMEWHERE }, { X86_INS_XBEGIN, FLOW_BRANCH },
};

static enum flow_kind kind_of(const cs_insn *insn)
{
	const cs_x86 *x = &insn->detail->x86;

	if (insn->id == X86_INS_JMP)
		return jump_kind(&x->operands[0]);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].id == insn->id)
			return kinds[i].kind;
	for (size_t i = 0; i < insn->detail->groups_count; i++)
		if (insn->detail->groups[i] == X86_GRP_JUMP)
			return x->op_count == 1 && x->operands[0].type == X86_OP_IMM ? FLOW_BRANCH : FLOW_SOMEWHERE;
	return FLOW_ON;
}

static void add_step(struct reader *r, const cs_insn *insn)
{
	const cs_x86 *x = &insn->detail->x86;
	struct flow_step *step = vec_add(&r->flow->steps);

	*step = (struct flow_step){ .address = insn->address, .bytes = (uint8_t)insn->size, .kind = kind_of(insn) };
	if ((step->kind == FLOW_CALL || step->kind == FLOW_BRANCH || step->kind == FLOW_JUMP) &&
	    x->operands[0].type == X86_OP_IMM)
		step->target = (uint64_t)x->operands[0].imm;
	note_moves(insn, step);
	map_put(&r->flow->by_address, insn->address, 0, NULL)->value = r->flow->steps.nr - 1;
}

static int unreadable(struct reader *r, uint64_t address)
{
	return diag_set(r->d, -ENOTSUP, "not all of its code is understood, at 0x%llx", (unsigned long long)address);
}

static bool is_decoded(const struct reader *r, uint64_t address)
{
	return map_get(&r->flow->by_address, address, 0);
}

/* Each instruction from @address on. */
static int sweep(struct reader *r, uint64_t address, uint64_t bytes)
{
	_cleanup_(freep) uint8_t *code = NULL;
	const uint8_t *at;
	size_t left = bytes;

	if (!bytes)
		return diag_set(r->d, -ENOTSUP, "the function's size is not known");
	if (bytes > FUNCTION_MAX)
		return diag_set(r->d, -ENOTSUP, "the function is larger than %d bytes", FUNCTION_MAX);
	at = code = xmalloc(bytes);
	if (elf_file_read(r->elf, address, code, bytes) != bytes)
		return unreadable(r, address);
	vec_push(&r->extents, ((struct extent){ address, bytes }));
	while (left) {
		if (!cs_disasm_iter(r->handle, &at, &left, &address, r->insn))
			return unreadable(r, address);
		if (!is_decoded(r, r->insn->address))
			add_step(r, r->insn);
	}
	return 0;
}

static bool is_swept(const struct reader *r, uint64_t address)
{
	for (size_t i = 0; i < r->extents.nr; i++)
		if (address >= r->extents.items[i].address && address - r->extents.items[i].address < r->extents.items[i].bytes)
			return true;
	return false;
}

/* Another function: whoever jumps there leaves this one. */
static bool is_function(const struct reader *r, uint64_t address, struct elf_symbol *symbol)
{
	if (elf_file_plt(r->elf, address))
		return true;
	if (elf_file_symbol_at(r->elf, address, symbol))
		*symbol = (struct elf_symbol){};
	return symbol->name && symbol->address == address && !strstr(symbol->name, ".cold");
}

static bool goes_on(enum flow_kind kind)
{
	return kind == FLOW_ON || kind == FLOW_CALL || kind == FLOW_BRANCH;
}

/* A part of the function that has no symbol, or another function that has none: one after another, as far as it goes on. */
static int follow(struct reader *r, uint64_t address)
{
	struct elf_symbol symbol;

	while (!is_decoded(r, address) && !is_function(r, address, &symbol)) {
		uint8_t code[INSTRUCTION_MAX];
		const uint8_t *at = code;
		size_t left = elf_file_read(r->elf, address, code, sizeof(code));

		if (r->flow->steps.nr > STEPS_MAX)
			return diag_set(r->d, -ENOTSUP, "it leads to more code than is followed");
		if (!cs_disasm_iter(r->handle, &at, &left, &address, r->insn))
			return unreadable(r, address);
		add_step(r, r->insn);
		if (!goes_on(r->flow->steps.items[r->flow->steps.nr - 1].kind))
			break;
	}
	return 0;
}

/* Where step @i jumps to must be an instruction that was decoded, or is now. */
static int add_target(struct reader *r, size_t i)
{
	const struct flow_step *step = &r->flow->steps.items[i];
	struct elf_symbol symbol;

	if ((step->kind != FLOW_BRANCH && step->kind != FLOW_JUMP) || is_decoded(r, step->target))
		return 0;
	if (is_swept(r, step->target))
		return diag_set(r->d, -ENOTSUP, "the jump at 0x%llx leads between its instructions",
				(unsigned long long)step->address);
	if (is_function(r, step->target, &symbol))
		return 0;
	/* A part that the compiler has moved away is whole, with what only exceptions lead to. */
	if (!symbol.name || !strstr(symbol.name, ".cold"))
		return follow(r, step->target);

	uint64_t target = step->target;
	int err = sweep(r, symbol.address, symbol.size);

	return err || is_decoded(r, target) ? err : unreadable(r, target);
}

static int read_extent(struct elf_file *f, uint64_t address, uint64_t bytes, struct flow *flow, struct diag *d)
{
	struct reader r = { .elf = f, .flow = flow, .d = d };
	size_t i = flow->steps.nr;
	int err;

	BUG_ON(cs_open(CS_ARCH_X86, CS_MODE_64, &r.handle) != CS_ERR_OK);
	BUG_ON(cs_option(r.handle, CS_OPT_DETAIL, CS_OPT_ON) != CS_ERR_OK);
	r.insn = cs_malloc(r.handle);
	BUG_ON(!r.insn);
	err = sweep(&r, address, bytes);
	/* There are more of them when one was followed. */
	for (; i < flow->steps.nr && !err; i++)
		err = add_target(&r, i);
	cs_free(r.insn, 1);
	cs_close(&r.handle);
	vec_release(&r.extents);
	return err;
}

int flow_read(struct elf_file *f, const struct elf_symbol *function, struct flow *ret, struct diag *d)
{
	*ret = (struct flow){};
	return read_extent(f, function->address, function->size, ret, d);
}

int flow_add(struct elf_file *f, uint64_t address, uint64_t bytes, struct flow *flow, struct diag *d)
{
	return read_extent(f, address, bytes, flow, d);
}

void flow_release(struct flow *flow)
{
	vec_release(&flow->steps);
	vec_release(&flow->edges);
	map_release(&flow->by_address);
}
