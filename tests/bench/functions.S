/*
 * What bench-functions calls: pairs of NAME_alloc(bytes), which gives back an address that it never gave before, and NAME_free(address).
 * Their names say how they begin. They do next to nothing else.
 */

.macro FUNCTION name
	.globl	\name
	.type	\name, @function
	.p2align 4
\name:
	.cfi_startproc
.endm

.macro END name
	.cfi_endproc
	.size	\name, . - \name
.endm

.macro FRAME
	push	%rbx
	.cfi_adjust_cfa_offset 8
.endm

.macro LEAVE
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	ret
.endm

.macro NEXT
	lock xadd %rax, next(%rip)
.endm

	.text

FUNCTION push_alloc
	FRAME
	mov	$0x1000, %eax
	NEXT
	LEAVE
END push_alloc

FUNCTION push_free
	FRAME
	mov	%rdi, %rbx
	LEAVE
END push_free

FUNCTION endbr_alloc
	endbr64
	FRAME
	mov	$0x1000, %eax
	NEXT
	LEAVE
END endbr_alloc

FUNCTION endbr_free
	endbr64
	FRAME
	mov	%rdi, %rbx
	LEAVE
END endbr_free

FUNCTION mov_alloc
	mov	$0x1000, %eax
	FRAME
	NEXT
	LEAVE
END mov_alloc

FUNCTION mov_free
	mov	%rdi, %rax
	FRAME
	mov	%rax, %rbx
	LEAVE
END mov_free

/* Of these no kernel emulates an instruction. */
FUNCTION leaf_alloc
	mov	$0x1000, %eax
	NEXT
	ret
END leaf_alloc

FUNCTION leaf_free
	mov	%rdi, %rax
	ret
END leaf_free

	.data
	.p2align 3
next:
	.quad	0x100000

	.section .note.GNU-stack, "", @progbits
