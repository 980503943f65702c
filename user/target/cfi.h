/*
 * cfi.h: what a file says of how to leave its functions (.eh_frame): at which address which register of the caller is where.
 * Compilers write it for exceptions, so that it is there in stripped files as well, and holds at each instruction.
 *
 * Read by ourselves, not by elfutils: of hostile tables that costs as little time and memory as of good ones, a row that is new
 * takes half a microsecond, and nothing is prepared where the linker wrote a search table (.eh_frame_hdr). The tests compare all
 * with elfutils.
 */
#ifndef TARGET_CFI_H
#define TARGET_CFI_H

#include "target/elf_file.h"

/* Registers by their DWARF numbers: rax rdx rcx rbx rsi rdi rbp rsp r8 .. r15, the return address. */
enum { CFI_RBX = 3, CFI_RBP = 6, CFI_RSP = 7, CFI_RIP = 16, CFI_REGISTERS };

enum cfi_kind {
	CFI_UNDEFINED,	 /* is not to be had */
	CFI_AT_CFA,	 /* lies at CFA + value */
	CFI_IS_CFA,	 /* is CFA + value */
	CFI_IS_REGISTER, /* is what register `value` is */
	CFI_AT,		 /* lies where the expression says, which is told the CFA */
	CFI_IS,		 /* is what the expression says */
};

struct cfi_rule {
	uint8_t reg;
	uint8_t kind;
	uint16_t len;  /* of the expression */
	int32_t value; /* or where the expression begins, from .eh_frame's beginning */
};

/* What holds at one instruction. The CFA is what the stack pointer was before the call of this function. */
struct cfi_row {
	int32_t cfa_value;   /* CFA = register + value, or where the expression begins */
	uint16_t cfa_len;    /* of the expression; 0: there is none */
	uint8_t cfa_register;
	bool signal;	     /* not called, but interrupted: the caller's pc is of an instruction that has not run */
	bool outermost;	     /* nobody called it: its return address is said to be undefined */
	bool simple;	     /* all rules are CFI_AT_CFA, and the CFA is no expression */
	uint8_t nr;
	uint32_t kept;	     /* bit i: register i is what it was */
	struct cfi_rule rules[CFI_REGISTERS];
};

/* Bytes of a file that lie at a virtual address of it. */
struct cfi_bytes {
	const uint8_t *p;
	size_t len;
	uint64_t address;
};

struct cfi; /* opaque */

/*
 * The tables of @f, which are copied. -ENOENT when it has none, with the reason. A file of 65 MB: 2 ms; to be done before it is
 * asked for in a hurry.
 */
int cfi_open(struct elf_file *f, struct cfi **ret, struct diag *d);
/* The same, read when first asked for, and its own. NULL when it has none. */
struct cfi *cfi_of(struct elf_file *f);
/* From bytes that stay there: .eh_frame, and .eh_frame_hdr or nothing (its len 0). */
struct cfi *cfi_new(const struct cfi_bytes *frames, const struct cfi_bytes *header);
void cfi_free(struct cfi *c);

/* What holds at @address (a virtual one of the file). -ENOENT: no function is there; -EINVAL: its entry cannot be understood. */
int cfi_row(struct cfi *c, uint64_t address, struct cfi_row *ret);
/* The function that holds @address, or the part of it that lies there. -ENOENT, -EINVAL. */
int cfi_function(struct cfi *c, uint64_t address, uint64_t *ret_start, uint64_t *ret_end);

/* What an expression works on: the registers that are known, and a copy of a part of the stack. */
struct cfi_machine {
	uint64_t reg[CFI_REGISTERS];
	uint32_t known; /* bit i: register i */
	const uint8_t *stack;
	size_t bytes;
	uint64_t start; /* address of stack[0] */
};

/* 8 bytes of the stack. False when they are not in the copy. */
bool cfi_machine_read(const struct cfi_machine *m, uint64_t address, uint64_t *ret);
/*
 * The value of an expression of a row; @initial, if it is not NULL, lies on its stack at first. -EFAULT: it reads what is not in the copy
 * of the stack; -ENODATA: a register that is not known; -EINVAL: it cannot be understood, or has more than 256 steps.
 */
int cfi_evaluate(const struct cfi *c, int32_t begin, uint16_t len, const struct cfi_machine *m, const uint64_t *initial,
		 uint64_t *ret);

#endif
