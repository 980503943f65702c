/* Frames that no compiler would make, with what unwinders need to know of them. */
	.text

/* The CFA and rbx are found by expressions: behind rbx, which holds where the stack pointer was. */
	.globl stacks_by_expression
	.type stacks_by_expression, @function
stacks_by_expression:
	.cfi_startproc
	push %rbx
	.cfi_def_cfa_offset 16
	.cfi_offset %rbx, -16
	mov %rsp, %rbx
	.cfi_def_cfa_register %rbx
	sub $80, %rsp
	and $-64, %rsp
	mov %rdi, %rax
	mov %esi, %edi
	mov %rbx, 8(%rsp)
	/* DW_CFA_def_cfa_expression: breg7 + 8, deref, lit16, plus */
	.cfi_escape 0x0f, 5, 0x77, 8, 0x06, 0x40, 0x22
	/* DW_CFA_expression of rbx: the CFA, on the stack at first, minus 16 by const1s and plus */
	.cfi_escape 0x10, 3, 3, 0x09, 0xf0, 0x22
	mov $0, %ebx
	call *%rax
	mov 8(%rsp), %rbx
	mov %rbx, %rsp
	.cfi_def_cfa %rsp, 16
	pop %rbx
	.cfi_def_cfa_offset 8
	.cfi_same_value %rbx
	ret
	.cfi_endproc
	.size stacks_by_expression, . - stacks_by_expression

/* A stack pointer that moves between instructions, remembered states, and a register that lies in another one. */
	.globl stacks_pushing
	.type stacks_pushing, @function
stacks_pushing:
	.cfi_startproc
	push %r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	mov %r13, %r12
	.cfi_register %r13, %r12
	xor %r13d, %r13d
	.cfi_remember_state
	push %rsi
	.cfi_adjust_cfa_offset 8
	mov %rdi, %rax
	mov %esi, %edi
	call *%rax
	test %eax, %eax
	jz 1f
	pop %rsi
	.cfi_adjust_cfa_offset -8
	jmp 2f
1:
	.cfi_restore_state
	.cfi_adjust_cfa_offset 8
	pop %rsi
	.cfi_adjust_cfa_offset -8
2:
	mov %r12, %r13
	.cfi_restore %r13
	pop %r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r12
	ret
	.cfi_endproc
	.size stacks_pushing, . - stacks_pushing

/* A branch in an expression, and DW_CFA_val_expression. */
	.globl stacks_moved
	.type stacks_moved, @function
stacks_moved:
	.cfi_startproc
	push %rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	lea -8(%rsp), %rsp
	.cfi_def_cfa_offset 24
	mov %rdi, %rax
	mov %esi, %edi
	mov %rsp, %rbp
	/* DW_CFA_def_cfa_expression: breg6 + 32, lit8, minus, and lit1, bra over neg, which would be wrong, to nop */
	.cfi_escape 0x0f, 10, 0x76, 32, 0x38, 0x1c, 0x31, 0x28, 1, 0, 0x1f, 0x96
	/* DW_CFA_val_expression of r12: nop, breg12 + 0: what it is */
	.cfi_escape 0x16, 12, 3, 0x96, 0x7c, 0
	call *%rax
	lea 8(%rsp), %rsp
	.cfi_def_cfa %rsp, 16
	.cfi_restore %r12
	pop %rbp
	.cfi_def_cfa_offset 8
	.cfi_restore %rbp
	ret
	.cfi_endproc
	.size stacks_moved, . - stacks_moved

	.section .note.GNU-stack, "", @progbits
