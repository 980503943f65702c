/* Functions and vtables for test_runtime_device.c: a runtime's devices, as two of its releases have them. */

.macro FUNCTION name
	.globl	\name
	.type	\name, @function
\name:
.endm

.macro END name
	.size	\name, . - \name
.endm

	.text

FUNCTION dev_free
	ret
END dev_free

/* What is looked for in vain in the other release. */
FUNCTION impl_id
	mov	0x68(%rdi), %eax
	ret
END impl_id

FUNCTION mesh_id
	mov	0x28(%rdi), %eax
	ret
END mesh_id

FUNCTION hostile_id
	lea	(%rdi, %rdi, 2), %rax
	ret
END hostile_id

FUNCTION get_view
	mov	0x70(%rdi), %rax
	test	%rax, %rax
	je	1f
	ret
1:	ud2
END get_view

FUNCTION is_parent
	cmpq	$0, 0x180(%rdi)
	sete	%al
	ret
END is_parent

FUNCTION half_parent
	cmpl	$0, 0x180(%rdi)
	sete	%al
	ret
END half_parent

/* Makes an object where its first argument says. */
FUNCTION get_devices
	push	%rbx
	mov	%rdi, %rbx
	mov	$0x178, %eax
	add	(%rsi), %rax
	mov	%rax, %rsi
	call	extract@PLT
	mov	%rbx, %rax
	pop	%rbx
	ret
END get_devices

FUNCTION extract
	ret
END extract

FUNCTION allocator
	lea	0x248(%rdi), %rax
	ret
END allocator

FUNCTION managers
	mov	0x70(%rdi), %rax
	lea	(%rax, %rsi, 8), %rax
	ret
END managers

FUNCTION far_member
	lea	0x7fffffff(%rdi), %rax
	ret
END far_member

	.data
.macro VTABLE name
	.globl	\name
	.type	\name, @object
\name:
	.zero	32
	.size	\name, 32
.endm

VTABLE vtable_owner
VTABLE vtable_list
VTABLE vtable_mesh
VTABLE vtable_chip

	.section .note.GNU-stack, "", @progbits
