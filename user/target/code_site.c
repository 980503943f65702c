#include "target/code_site.h"

#include <capstone/capstone.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "target/code.h"
#include "target/emulated.h"
#include "target/flow.h"

/* A site that is farther behind the entry is worth no search. */
enum { LOOKED_AT = 64 };

struct search {
	struct elf_file *elf;
	const struct elf_symbol *function;
	unsigned int arguments; /* those that are needed, bits */
	csh handle;
	cs_insn *insn;
	size_t nr; /* instructions that were passed over */
};

/* Instructions that write nothing, or just their first operand. Of all others it is not known here what they do. */
static const struct {
	unsigned int id;
	bool writes;
} known[] = {
	{ X86_INS_ENDBR64, false }, { X86_INS_NOP, false },    { X86_INS_CMP, false },	   { X86_INS_TEST, false },
	{ X86_INS_MOV, true },	    { X86_INS_MOVABS, true },  { X86_INS_MOVZX, true },	   { X86_INS_MOVSX, true },
	{ X86_INS_MOVSXD, true },   { X86_INS_LEA, true },     { X86_INS_XOR, true },	   { X86_INS_AND, true },
	{ X86_INS_OR, true },	    { X86_INS_ADD, true },     { X86_INS_SUB, true },	   { X86_INS_SHL, true },
	{ X86_INS_SHR, true },	    { X86_INS_SAR, true },     { X86_INS_NEG, true },	   { X86_INS_NOT, true },
	{ X86_INS_ADC, true },	    { X86_INS_SBB, true },     { X86_INS_BT, false },	   { X86_INS_BSWAP, true },
	{ X86_INS_INC, true },	    { X86_INS_DEC, true },     { X86_INS_MOVAPS, true },   { X86_INS_MOVUPS, true },
	{ X86_INS_MOVDQA, true },   { X86_INS_MOVDQU, true },  { X86_INS_MOVQ, true },	   { X86_INS_MOVD, true },
	{ X86_INS_MOVSS, true },    { X86_INS_MOVSD, true },   { X86_INS_PXOR, true },	   { X86_INS_XORPS, true },
	{ X86_INS_VMOVAPS, true },  { X86_INS_VMOVUPS, true }, { X86_INS_VMOVDQA, true },  { X86_INS_VMOVDQU, true },
	{ X86_INS_VMOVQ, true },    { X86_INS_VMOVD, true },   { X86_INS_VPXOR, true },	   { X86_INS_VXORPS, true },
};

/* Arguments in the order of the calling convention, all widths. */
static const unsigned int argument_registers[][5] = {
	{ X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL },
	{ X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL },
	{ X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH },
	{ X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH },
	{ X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B },
	{ X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B },
};

static unsigned int argument_of(unsigned int reg)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(argument_registers); i++)
		for (size_t k = 0; k < ARRAY_SIZE(argument_registers[i]) && argument_registers[i][k]; k++)
			if (argument_registers[i][k] == reg)
				return 1u << i;
	return 0;
}

static bool is_stack(unsigned int reg)
{
	return reg == X86_REG_RSP || reg == X86_REG_ESP || reg == X86_REG_SP || reg == X86_REG_SPL;
}

/* Below the return address, where nobody has anything yet. */
static bool is_below_stack(const cs_x86_op *op)
{
	return op->mem.base == X86_REG_RSP && op->mem.index == X86_REG_INVALID && op->mem.segment == X86_REG_INVALID &&
	       op->size && op->mem.disp < 0 && op->mem.disp + op->size <= 0;
}

/* An instruction of which is not known here what it does. */
static const char *what_is_unknown(const cs_insn *insn)
{
	static const struct {
		uint8_t group;
		const char *what;
	} groups[] = {
		{ X86_GRP_CALL, "which calls another function" },
		{ X86_GRP_RET, "which returns" },
		{ X86_GRP_JUMP, "which may lead elsewhere" },
	};

	if (insn->id == X86_INS_PUSH || insn->id == X86_INS_POP)
		return "which moves the stack pointer";
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		for (size_t k = 0; k < insn->detail->groups_count; k++)
			if (insn->detail->groups[k] == groups[i].group)
				return groups[i].what;
	return "which is not followed here";
}

/* What the instruction does that must not have happened at the site. NULL: nothing. */
static const char *what_it_does(const struct search *s)
{
	const cs_insn *insn = s->insn;
	const cs_x86 *x = &insn->detail->x86;
	const cs_x86_op *to = &x->operands[0];
	size_t i = 0;

	while (i < ARRAY_SIZE(known) && known[i].id != insn->id)
		i++;
	/* Repeated or locked ones are others. */
	if (i == ARRAY_SIZE(known) || x->prefix[0] == X86_PREFIX_LOCK ||
	    (x->prefix[0] && x->op_count > 1 && to->type == X86_OP_MEM && x->operands[1].type == X86_OP_MEM))
		return what_is_unknown(insn);
	if (!known[i].writes || !x->op_count)
		return NULL;
	if (to->type == X86_OP_MEM)
		return is_below_stack(to) ? NULL : "which writes to memory";
	if (to->type != X86_OP_REG)
		return what_is_unknown(insn);
	if (is_stack(to->reg))
		return "which moves the stack pointer";
	if (argument_of(to->reg) & s->arguments)
		return "which overwrites an argument";
	return NULL;
}

static char *text_at(const struct search *s, uint64_t address)
{
	_cleanup_(str_release) struct str text = {};
	bool emulated;

	if (code_instruction(s->elf, address, &text, &emulated))
		str_addf(&text, "0x%llx", (unsigned long long)address);
	return xstrdup(str_text(&text));
}

/*
 * From the entry on, to the first that a probe may stand on. 0: that is @ret_address. -ENOENT: something that comes before it
 * must not; @ret_why.
 */
static int find_candidate(struct search *s, uint64_t *ret_address, char **ret_why)
{
	uint8_t code[LOOKED_AT];
	const uint8_t *at = code;
	uint64_t address = s->function->address;
	size_t left = elf_file_read(s->elf, address, code, s->function->size < sizeof(code) ? s->function->size : sizeof(code));

	for (; cs_disasm_iter(s->handle, &at, &left, &address, s->insn); s->nr++) {
		const char *what;

		*ret_address = s->insn->address;
		if (s->nr && instruction_is_site(s->insn->bytes, s->insn->size))
			return 0;
		what = what_it_does(s);
		if (!what)
			continue;
		_cleanup_(freep) char *text = text_at(s, s->insn->address);

		*ret_why = xasprintf("no emulated instruction comes before '%s', %s", text, what);
		return -ENOENT;
	}
	*ret_why = xstrdup(s->function->size ? "no emulated instruction is near" : "the function's size is not known");
	return -ENOENT;
}

/* Is @target one that a call from outside passes before the site, or that itself, but not the entry? */
static bool is_before(const struct search *s, uint64_t target, uint64_t site)
{
	return target > s->function->address && target <= site;
}

static char *named(const struct search *s, uint64_t address, const char *what)
{
	_cleanup_(freep) char *text = text_at(s, address);

	return xasprintf("'%s' at 0x%llx %s", text, (unsigned long long)address, what);
}

/* Who else leads there? NULL: nobody. */
static char *who_leads_there(const struct search *s, const struct flow *flow, uint64_t site)
{
	_cleanup_(freep) struct flow_depth *depths = flow_depths(flow);

	for (size_t i = 0; i < flow->steps.nr; i++) {
		const struct flow_step *step = &flow->steps.items[i];
		uint64_t address = step->address;

		if (step->target && is_before(s, step->target, site))
			return named(s, address, "leads there as well");
		if (step->kind == FLOW_SOMEWHERE && (depths[i].known != DEPTH_KNOWN || !depths[i].bytes))
			return named(s, address, "might lead there");
	}
	return NULL;
}

/* Why the candidate is not passed just once a call. NULL: it is. */
static char *why_not(const struct search *s, uint64_t site)
{
	struct elf_symbol other;
	struct diag d = {};
	struct flow flow;
	char *why = NULL;

	if (elf_file_begins(s->elf, s->function->address, site, &other))
		return xstrdup("another function begins in between");
	if (flow_read(s->elf, s->function, &flow, &d))
		why = xstrdup(d.text);
	else
		why = who_leads_there(s, &flow, site);
	flow_release(&flow);
	return why;
}

static void choose(struct search *s, struct code_site *ret)
{
	uint64_t site = 0, entry = s->function->address;
	char *why;

	if (find_candidate(s, &site, &ret->why))
		return;
	why = why_not(s, site);
	_cleanup_(freep) char *text = text_at(s, why ? site : entry);

	if (why) {
		ret->why = xasprintf("the next emulated instruction is '%s' at entry+%llu, but %s", text,
				     (unsigned long long)(site - entry), why);
		free(why);
		return;
	}
	ret->address = site;
	ret->into = (uint32_t)(site - entry);
	ret->why = s->nr == 1 ? xasprintf("after %s", text) : xasprintf("after %zu instructions", s->nr);
}

void code_choose_site(struct elf_file *f, const struct elf_symbol *function, unsigned int arguments, struct code_site *ret)
{
	struct search s = { .elf = f, .function = function, .arguments = arguments };
	_cleanup_(str_release) struct str text = {};
	bool emulated = false;

	*ret = (struct code_site){ .address = function->address };
	if (code_instruction(f, function->address, &text, &emulated) || emulated)
		return;
	BUG_ON(cs_open(CS_ARCH_X86, CS_MODE_64, &s.handle) != CS_ERR_OK);
	BUG_ON(cs_option(s.handle, CS_OPT_DETAIL, CS_OPT_ON) != CS_ERR_OK);
	s.insn = cs_malloc(s.handle);
	BUG_ON(!s.insn);
	choose(&s, ret);
	cs_free(s.insn, 1);
	cs_close(&s.handle);
}

void code_site_release(struct code_site *site)
{
	free(site->why);
	*site = (struct code_site){};
}
