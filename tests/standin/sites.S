/*
 * The functions of pool.h as other compilers, and hands, would begin them. Each calls the one of pool.c, which has PLAIN_ before its
 * name. What the first instructions leave in the argument registers afterwards is junk.
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

/* Calls the function of pool.c from within a frame, and comes back. */
.macro FRAME
	push	%rbx
	.cfi_adjust_cfa_offset 8
.endm

.macro LEAVE
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	ret
.endm

	.text

FUNCTION my_pool_alloc
	endbr64
	FRAME
	mov	%rdi, %rbx
	call	PLAIN_my_pool_alloc
	LEAVE
END my_pool_alloc

/* The argument is gone when the stack pointer is moved, but not at the push. */
FUNCTION my_pool_free
	mov	%rdi, %rax
	FRAME
	xor	%edi, %edi
	mov	%rax, %rdi
	call	PLAIN_my_pool_free
	LEAVE
END my_pool_free

FUNCTION my_pool_call
	mov	%rsi, -8(%rsp)
	lea	(%rdi,%rdi), %r11
	FRAME
	call	PLAIN_my_pool_call
	LEAVE
END my_pool_call

/* Ends with a jump, which is the first that is emulated. */
FUNCTION my_pool_jump
	endbr64
	mov	%rdi, %r10
	jmp	my_pool_alloc
END my_pool_jump

FUNCTION dev_set
	endbr64
	test	%edi, %edi
	js	1f
	FRAME
	call	PLAIN_dev_set
	LEAVE
1:	mov	$101, %eax
	ret
END dev_set

/* The stack pointer moves first. */
FUNCTION dev_alloc
	sub	$8, %rsp
	.cfi_adjust_cfa_offset 8
	nop
	call	PLAIN_dev_alloc
	add	$8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
END dev_alloc

/* The argument is overwritten first. */
FUNCTION dev_free
	mov	%rdi, %rax
	xor	%edi, %edi
	FRAME
	mov	%rax, %rdi
	call	PLAIN_dev_free
	LEAVE
END dev_free

/* A loop leads back between the entry and what is emulated. */
FUNCTION drv_alloc
	endbr64
	mov	$3, %eax
1:	dec	%eax
	jne	1b
	FRAME
	call	PLAIN_drv_alloc
	LEAVE
END drv_alloc

FUNCTION drv_free
	FRAME
	call	PLAIN_drv_free
	LEAVE
END drv_free

FUNCTION host_create
	cmpl	$0, (%rsi)
	je	1f
1:	FRAME
	call	PLAIN_host_create
	LEAVE
END host_create

FUNCTION host_release
	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00
	FRAME
	call	PLAIN_host_release
	LEAVE
END host_release

	.section .note.GNU-stack, "", @progbits
