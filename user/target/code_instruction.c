/* One instruction as text, and whether a probe on it is cheap. */
#include <capstone/capstone.h>
#include <errno.h>
#include <string.h>

#include "target/code.h"
#include "target/emulated.h"

enum { INSTRUCTION_MAX = 15 };

/* The nops that the kernel knows (x86_nops[], by length). */
static const uint8_t nops[][8] = {
	{ 0x90 },
	{ 0x66, 0x90 },
	{ 0x0f, 0x1f, 0x00 },
	{ 0x0f, 0x1f, 0x40, 0x00 },
	{ 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	{ 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	{ 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
	{ 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
};

static bool is_push(const uint8_t *code, size_t len)
{
	return (len == 1 || (len == 2 && code[0] == 0x41)) && code[len - 1] >= 0x50 && code[len - 1] <= 0x57;
}

static bool is_jump(const uint8_t *code, size_t len)
{
	if (len == 2)
		return code[0] == 0xeb || (code[0] >= 0x70 && code[0] <= 0x7f);
	if (len == 5)
		return code[0] == 0xe9;
	return len == 6 && code[0] == 0x0f && code[1] >= 0x80 && code[1] <= 0x8f;
}

bool instruction_is_site(const uint8_t *code, size_t len)
{
	return is_push(code, len) || is_jump(code, len);
}

/*
 * What arch/x86/kernel/uprobes.c emulates in all kernels with these probes: push of a register, nop, and jmp,
 * jcc and call with a relative target. Prefixed forms are left out: some kernels step them. So do kernels
 * before 6.16 with nops of several bytes.
 */
bool instruction_is_emulated(const uint8_t *code, size_t len)
{
	if (len && len <= ARRAY_SIZE(nops) && !memcmp(code, nops[len - 1], len))
		return true;
	return instruction_is_site(code, len) || (len == 5 && code[0] == 0xe8);
}

/* A register among the operands says how wide the instruction is, as does being a jump. */
static bool needs_suffix(const cs_insn *insn)
{
	const cs_detail *detail = insn->detail;

	for (size_t i = 0; i < detail->x86.op_count; i++)
		if (detail->x86.operands[i].type == X86_OP_REG)
			return false;
	for (size_t i = 0; i < detail->groups_count; i++)
		if (detail->groups[i] == X86_GRP_JUMP || detail->groups[i] == X86_GRP_CALL ||
		    detail->groups[i] == X86_GRP_RET)
			return false;
	return detail->x86.op_count;
}

/* As objdump writes it: "mov 0x20(%rdi),%eax", where capstone says "movl 0x20(%rdi), %eax". */
static void add_text(struct str *text, csh handle, const cs_insn *insn)
{
	const char *plain = cs_insn_name(handle, insn->id);
	size_t len = plain ? strlen(plain) : 0;

	if (len && !strncmp(insn->mnemonic, plain, len) && strlen(insn->mnemonic) == len + 1 && !needs_suffix(insn))
		str_add(text, plain);
	else
		str_add(text, insn->mnemonic);
	if (insn->op_str[0])
		str_add_char(text, ' ');
	for (const char *c = insn->op_str; *c; c++)
		if (*c != ' ' || c == insn->op_str || c[-1] != ',')
			str_add_char(text, *c);
}

int code_instruction(struct elf_file *f, uint64_t address, struct str *text, bool *ret_emulated)
{
	uint8_t bytes[INSTRUCTION_MAX] = {};
	size_t len = elf_file_read(f, address, bytes, sizeof(bytes));
	cs_insn *insn;
	csh handle;

	BUG_ON(cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK);
	BUG_ON(cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON) != CS_ERR_OK);
	BUG_ON(cs_option(handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT) != CS_ERR_OK);

	size_t nr = cs_disasm(handle, bytes, len, address, 1, &insn);

	if (nr) {
		add_text(text, handle, insn);
		*ret_emulated = instruction_is_emulated(bytes, insn->size);
		cs_free(insn, nr);
	}
	cs_close(&handle);
	return nr ? 0 : -ENOENT;
}
