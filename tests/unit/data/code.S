/* Functions for test_code.c: what a compiler makes of getters, constructors and callers, and what it must not be told. */

.macro FUNCTION name
	.globl	\name
	.type	\name, @function
\name:
.endm

.macro END name
	.size	\name, . - \name
.endm

	.text

FUNCTION outside
	ret
END outside

/* What is returned. */

FUNCTION trivial
	mov	0x20(%rdi), %eax
	ret
END trivial

FUNCTION with_endbr
	endbr64
	push	%rbp
	mov	%rsp, %rbp
	mov	%rdi, -8(%rbp)
	mov	-8(%rbp), %rax
	mov	0x2f(%rax), %rax
	pop	%rbp
	ret
END with_endbr

FUNCTION two_loads
	mov	0x10(%rdi), %rax
	mov	0x8(%rax), %rax
	ret
END two_loads

FUNCTION negative
	mov	-0x18(%rsi), %rax
	ret
END negative

FUNCTION throwing_tail
	mov	0x10(%rdi), %rax
	cmpb	$0, 0x38(%rax)
	je	1f
	mov	0x40(%rax), %eax
	ret
1:	push	%rax
	mov	$0x3e, %esi
	call	thrower@PLT
END throwing_tail

FUNCTION throwing_first
	cmpl	$0, (%rdi)
	jne	1f
	call	__cxa_throw@PLT
	xor	%eax, %eax
	ret
1:	mov	0x11(%rdi), %eax
	ret
END throwing_first

FUNCTION throwing_std
	cmpl	$0, (%rdi)
	jne	1f
	call	*_ZSt20__throw_length_errorPKc@GOTPCREL(%rip)
	xor	%eax, %eax
	ret
1:	mov	0x13(%rdi), %eax
	ret
END throwing_std

FUNCTION traps
	cmpl	$0, (%rdi)
	je	1f
	cmpl	$1, (%rdi)
	je	2f
	cmpl	$2, (%rdi)
	je	3f
	mov	0x17(%rdi), %eax
	ret
1:	ud2
	ret
2:	int3
	ret
3:	hlt
	ret
END traps

FUNCTION equal_returns
	cmpl	$0, 0x58(%rdi)
	je	1f
	mov	0x3b(%rdi), %rax
	ret
1:	mov	%rdi, %rcx
	mov	0x3b(%rcx), %rax
	ret
END equal_returns

FUNCTION different_returns
	cmpl	$0, 0x58(%rdi)
	je	1f
	mov	0x10(%rdi), %rax
	ret
1:	mov	0x18(%rdi), %rax
	ret
END different_returns

FUNCTION different_paths
	mov	0x10(%rdi), %rax
	cmpl	$0, 0x58(%rdi)
	je	1f
	mov	0x18(%rdi), %rax
1:	ret
END different_paths

FUNCTION different_sizes
	cmpl	$0, 0x58(%rdi)
	je	1f
	mov	0x10(%rdi), %rax
	ret
1:	mov	0x10(%rdi), %eax
	ret
END different_sizes

FUNCTION tail_call
	mov	0x10(%rdi), %rdi
	jmp	trivial@PLT
END tail_call

FUNCTION tail_call_on_a_condition
	mov	0x10(%rdi), %rax
	test	%rax, %rax
	jne	outside
	ret
END tail_call_on_a_condition

FUNCTION virtual_tail_call
	mov	(%rdi), %rax
	jmp	*0x10(%rax)
END virtual_tail_call

FUNCTION switch_jump
	mov	%esi, %esi
	lea	1f(%rip), %rcx
	add	%rcx, %rsi
	jmp	*%rsi
1:	ret
END switch_jump

FUNCTION byte_zero_extended
	movzbl	0x38(%rdi), %eax
	ret
END byte_zero_extended

FUNCTION word_zero_extended
	movzwl	0x3a(%rdi), %eax
	ret
END word_zero_extended

FUNCTION byte_alone
	mov	0x10(%rdi), %rax
	mov	0x38(%rax), %al
	ret
END byte_alone

FUNCTION word_alone
	mov	0x3a(%rdi), %ax
	ret
END word_alone

FUNCTION byte_in_a_constant
	mov	$0x100, %eax
	mov	0x38(%rdi), %al
	ret
END byte_in_a_constant

FUNCTION byte_in_a_zero
	xor	%eax, %eax
	mov	0x38(%rdi), %al
	ret
END byte_in_a_zero

FUNCTION byte_in_another_value
	mov	0x10(%rdi), %rax
	mov	0x38(%rdi), %al
	ret
END byte_in_another_value

FUNCTION second_byte
	mov	0x10(%rdi), %rax
	movzbl	%ah, %eax
	ret
END second_byte

FUNCTION narrowed
	mov	0x10(%rdi), %rax
	mov	%eax, %eax
	ret
END narrowed

FUNCTION sign_extended
	movslq	0x10(%rdi), %rax
	ret
END sign_extended

FUNCTION sign_extended_later
	mov	0x10(%rdi), %eax
	cltq
	ret
END sign_extended_later

FUNCTION computed
	mov	0x10(%rdi), %rax
	imul	$3, %rax, %rax
	ret
END computed

FUNCTION compared
	mov	0x10(%rdi), %rax
	cmpb	$1, 0x38(%rax)
	sete	%al
	ret
END compared

FUNCTION chosen
	mov	0x10(%rdi), %rax
	test	%rsi, %rsi
	cmove	0x18(%rdi), %rax
	ret
END chosen

FUNCTION exchanged
	mov	0x10(%rdi), %rax
	lock cmpxchg %rsi, 0x18(%rdi)
	ret
END exchanged

FUNCTION asked_the_processor
	mov	0x10(%rdi), %rax
	cpuid
	ret
END asked_the_processor

FUNCTION sum
	mov	0x10(%rdi), %rax
	add	$0x18, %rax
	ret
END sum

FUNCTION member_address
	lea	0x48(%rdi), %rax
	ret
END member_address

FUNCTION moved_pointer
	add	$0x40, %rdi
	inc	%rdi
	sub	$0x10, %rdi
	lea	-0x20(%rdi), %rax
	mov	0x2(%rax), %eax
	ret
END moved_pointer

FUNCTION identity
	mov	%rdx, %rax
	ret
END identity

FUNCTION half_identity
	mov	%edx, %eax
	ret
END half_identity

FUNCTION constant
	mov	$0x2a, %eax
	ret
END constant

FUNCTION nothing
	ret
END nothing

FUNCTION loop
	xor	%eax, %eax
1:	mov	(%rdi,%rax,8), %rcx
	inc	%rax
	test	%rcx, %rcx
	jne	1b
	mov	0x10(%rdi), %rax
	ret
END loop

FUNCTION loop_that_throws
	cmpl	$0, (%rdi)
	je	1f
	mov	0x10(%rdi), %rax
	ret
1:	mov	%rdi, %rsi
2:	inc	%rsi
	cmpb	$0, (%rsi)
	jne	2b
	call	thrower@PLT
END loop_that_throws

FUNCTION backwards
	jmp	2f
1:	mov	0x25(%rdi), %eax
	ret
2:	test	%esi, %esi
	jmp	1b
END backwards

FUNCTION never_returns
	call	thrower@PLT
END never_returns

FUNCTION runs_off
	mov	0x10(%rdi), %rax
END runs_off

FUNCTION global_variable
	mov	1f(%rip), %rax
1:	ret
END global_variable

FUNCTION thread_variable
	mov	%fs:0x28, %rax
	ret
END thread_variable

FUNCTION seventh_argument
	mov	0x8(%rsp), %rax
	mov	0x10(%rax), %rax
	ret
END seventh_argument

FUNCTION five_loads
	mov	(%rdi), %rax
	mov	(%rax), %rax
	mov	(%rax), %rax
	mov	(%rax), %rax
	mov	(%rax), %rax
	ret
END five_loads

FUNCTION four_loads
	mov	(%rdi), %rax
	mov	0x8(%rax), %rax
	mov	(%rax), %eax
	mov	0x10(%rax), %rax
	ret
END four_loads

FUNCTION over_a_call
	push	%rbx
	mov	%rdi, %rbx
	call	other@PLT
	mov	0x10(%rbx), %rax
	pop	%rbx
	ret
END over_a_call

FUNCTION lost_in_a_call
	push	%rax
	mov	0x10(%rdi), %rcx
	call	other@PLT
	mov	%rcx, %rax
	pop	%rcx
	ret
END lost_in_a_call

FUNCTION returned_by_a_call
	push	%rax
	call	other@PLT
	mov	0x10(%rax), %rax
	pop	%rcx
	ret
END returned_by_a_call

FUNCTION spilled_over_a_call
	sub	$0x18, %rsp
	mov	%rdi, 0x8(%rsp)
	call	other@PLT
	mov	0x8(%rsp), %rax
	mov	0x10(%rax), %rax
	add	$0x18, %rsp
	ret
END spilled_over_a_call

FUNCTION spilled_and_given_away
	sub	$0x18, %rsp
	mov	%rdi, 0x8(%rsp)
	lea	0x8(%rsp), %rdi
	call	other@PLT
	mov	0x8(%rsp), %rax
	mov	0x10(%rax), %rax
	add	$0x18, %rsp
	ret
END spilled_and_given_away

FUNCTION spilled_and_overwritten
	mov	%rdi, -0x10(%rsp)
	movb	$0, -0xc(%rsp)
	mov	-0x10(%rsp), %rax
	mov	0x10(%rax), %rax
	ret
END spilled_and_overwritten

FUNCTION spilled_under_an_index
	mov	%rdi, -0x10(%rsp)
	movb	$0, -0x20(%rsp,%rsi)
	mov	-0x10(%rsp), %rax
	mov	0x10(%rax), %rax
	ret
END spilled_under_an_index

FUNCTION spilled_under_a_vector
	mov	%rdi, -0x10(%rsp)
	vmovups	%ymm0, -0x28(%rsp)
	mov	-0x10(%rsp), %rax
	mov	0x10(%rax), %rax
	ret
END spilled_under_a_vector

FUNCTION aligned_stack
	push	%rbp
	mov	%rsp, %rbp
	and	$-0x20, %rsp
	sub	$0x40, %rsp
	mov	%rdi, 0x8(%rsp)
	call	other@PLT
	mov	0x8(%rsp), %rax
	mov	0x10(%rax), %rax
	leave
	ret
END aligned_stack

FUNCTION own_store
	mov	%esi, 0x10(%rdi)
	mov	0x10(%rdi), %rax
	ret
END own_store

FUNCTION own_store_beside
	movl	$1, 0xc(%rdi)
	movups	%xmm0, (%rdi)
	mov	0x10(%rdi), %rax
	ret
END own_store_beside

FUNCTION own_vector_store
	vmovups	%ymm0, 0x8(%rdi)
	mov	0x10(%rdi), %rax
	ret
END own_vector_store

FUNCTION own_store_on_a_path
	test	%esi, %esi
	je	1f
	mov	%rsi, 0x10(%rdi)
1:	mov	0x10(%rdi), %rax
	ret
END own_store_on_a_path

FUNCTION own_store_elsewhere
	movl	$1, (%rsi)
	mov	0x10(%rdi), %rax
	ret
END own_store_elsewhere

FUNCTION own_fill
	mov	%rdi, %rdx
	rep stosb
	mov	0x10(%rdx), %rax
	ret
END own_fill

FUNCTION indexed
	push	%rax
	mov	%esi, 0x4(%rsp)
	mov	0x58(%rdi), %eax
	cmp	%eax, %esi
	jae	1f
	mov	%esi, %eax
	mov	0x3b0(%rdi), %rcx
	mov	(%rcx,%rax,8), %rax
	pop	%rcx
	ret
1:	mov	%rsp, %rax
	call	thrower@PLT
END indexed

FUNCTION indexed_signed
	movslq	%esi, %rax
	shl	$4, %rax
	add	0x3b0(%rdi), %rax
	mov	0x8(%rax), %rax
	ret
END indexed_signed

FUNCTION decided
	cmp	$2, %esi
	jg	1f
	test	%esi, %esi
	je	2f
	mov	0x10(%rdi), %rax
	ret
1:	mov	0x18(%rdi), %rax
	ret
2:	mov	0x20(%rdi), %rax
	ret
END decided

FUNCTION into_the_middle
into_the_middle_too:
	jmp	1f + 1
1:	.byte	0xb8			/* mov $..., %eax, if one does not jump over it */
	mov	0x29(%rdi), %eax
	ret
END into_the_middle

FUNCTION out_into_the_middle
	test	%esi, %esi
	je	into_the_middle_too + 3
	mov	0x29(%rdi), %eax
	ret
END out_into_the_middle

FUNCTION call_into_itself
	call	1f
1:	pop	%rax
	ret
END call_into_itself

FUNCTION recursive
recursive_too:
	push	%rbx
	mov	%rdi, %rbx
	mov	0x8(%rdi), %rdi
	call	recursive_too
	mov	0x1f(%rbx), %eax
	pop	%rbx
	ret
END recursive

FUNCTION no_instruction
	test	%esi, %esi
	je	1f
	mov	0x10(%rdi), %rax
	ret
1:	.byte	0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06
END no_instruction

FUNCTION too_long
	.rept	5000
	nop
	.endr
	mov	0x10(%rdi), %rax
	ret
END too_long

FUNCTION many_paths
	.rept	60
	cmpl	$0, (%rdi)
	je	1f
	mov	%rdi, %rcx
1:
	.endr
	mov	0x61(%rdi), %eax
	ret
END many_paths

FUNCTION hot
	cmpl	$0, (%rdi)
	je	hot.cold
	mov	0x35(%rdi), %eax
	ret
END hot

FUNCTION warm
	cmpl	$0, (%rdi)
	je	warm.cold
	mov	0x37(%rdi), %eax
1:	ret
END warm

	.section .text.unlikely, "ax", @progbits
	.type	hot.cold, @function
hot.cold:
	push	%rax
	call	thrower@PLT
	.size	hot.cold, . - hot.cold
	.type	warm.cold, @function
warm.cold:
	mov	0x41(%rdi), %eax
	jmp	1b
	.size	warm.cold, . - warm.cold
	.text

/* What is passed. */

FUNCTION callee
	ret
END callee

	.globl	callee_alias
	.type	callee_alias, @function
	.set	callee_alias, callee
	.size	callee_alias, 1

	.type	local_callee, @function
local_callee:
	ret
	.size	local_callee, . - local_callee

FUNCTION passes_through_plt
	push	%rax
	mov	0x10(%rdi), %rax
	mov	0x30(%rax), %rdi
	call	callee@PLT
	pop	%rcx
	ret
END passes_through_plt

FUNCTION passes_through_got
	push	%rax
	mov	0x34(%rdi), %rdi
	call	*imported@GOTPCREL(%rip)
	pop	%rcx
	ret
END passes_through_got

FUNCTION passes_directly
	push	%rax
	mov	0x43(%rdi), %rdi
	call	local_callee
	pop	%rcx
	ret
END passes_directly

FUNCTION passes_last
	mov	0x53(%rdi), %rsi
	jmp	callee@PLT
END passes_last

FUNCTION passes_each
	push	%r14
	push	%rbx
	push	%rax
	mov	%rdi, %r14
	lea	0x8(%rdi), %rbx
	mov	%rbx, %rdi
	call	other@PLT
	test	%eax, %eax
	jne	3f
	mov	0x30(%r14), %rdi
	call	callee@PLT
	mov	0x38(%r14), %rdi
	call	callee@PLT
	mov	0x30(%r14), %rdi
	call	callee@PLT
	mov	0x40(%r14), %rdi
	call	callee@PLT
	cmpb	$1, 0x291(%r14)
	je	2f
1:	mov	%rbx, %rdi
	add	$0x8, %rsp
	pop	%rbx
	pop	%r14
	jmp	other@PLT
2:	mov	%r14, %rdi
	call	outside@PLT
	jmp	1b
3:	mov	%eax, %edi
	call	thrower@PLT
	mov	%rbx, %rdi
	call	callee@PLT
	call	_Unwind_Resume@PLT
END passes_each

FUNCTION passes_in_a_loop
	push	%rbx
	mov	%rdi, %rbx
1:	mov	(%rbx), %rdi
	call	callee@PLT
	add	$8, %rbx
	cmpq	$0, (%rbx)
	jne	1b
	pop	%rbx
	ret
END passes_in_a_loop

FUNCTION passes_in_a_steady_loop
	push	%rbx
	mov	%rdi, %rbx
1:	mov	0x47(%rbx), %rdi
	call	callee@PLT
	test	%eax, %eax
	jne	1b
	pop	%rbx
	ret
END passes_in_a_steady_loop

FUNCTION passes_a_sum
	push	%rax
	add	$8, %rdi
	call	callee@PLT
	pop	%rcx
	ret
END passes_a_sum

FUNCTION passes_nothing
	push	%rax
	call	other@PLT
	pop	%rcx
	ret
END passes_nothing

/* What is stored. */

FUNCTION stores_once
	push	%rbx
	mov	%rdi, %rbx
	mov	%r8d, 0x48(%rdi)
	mov	%rcx, 0x50(%rdi)
	movl	$0, 0x58(%rdi)
	call	other@PLT
	pop	%rbx
	ret
END stores_once

FUNCTION stores_later
	push	%rbp
	push	%rbx
	push	%rax
	mov	%r8d, 0x4(%rsp)
	mov	%rdi, %rbx
	lea	0x8(%rdi), %rbp
	mov	%rbp, %rdi
	call	other@PLT
1:	dec	%rbp
	jne	1b
	mov	0x4(%rsp), %eax
	mov	%eax, 0x4b(%rbx)
	pop	%rax
	pop	%rbx
	pop	%rbp
	ret
END stores_later

FUNCTION stores_twice
	mov	%r8d, 0x48(%rdi)
	mov	%r8d, 0x4c(%rdi)
	ret
END stores_twice

FUNCTION stores_twice_the_same
	mov	%r8d, 0x48(%rdi)
	test	%esi, %esi
	je	1f
	mov	%r8d, 0x48(%rdi)
1:	ret
END stores_twice_the_same

FUNCTION stores_more
	mov	%r8, 0x48(%rdi)
	ret
END stores_more

FUNCTION stores_a_sum
	inc	%r8d
	mov	%r8d, 0x48(%rdi)
	ret
END stores_a_sum

FUNCTION stores_elsewhere
	mov	(%rdi), %rax
	mov	%r8d, 0x48(%rax)
	mov	%r8d, -0x8(%rsp)
	ret
END stores_elsewhere

FUNCTION stores_and_throws
	test	%esi, %esi
	je	1f
	ret
1:	mov	%r8d, 0x48(%rdi)
	call	thrower@PLT
END stores_and_throws

/* What is divided. */

FUNCTION far_sum
	mov	0x10(%rdi), %rax
	add	$0x7fffffff, %rax
	inc	%rax
	ret
END far_sum

FUNCTION compares_memory
	cmpq	$0, 0x180(%rdi)
	sete	%al
	ret
END compares_memory

FUNCTION compares_register
	mov	0x18(%rdi), %rax
	mov	0x58(%rax), %rcx
	test	%rcx, %rcx
	sete	%al
	ret
END compares_register

FUNCTION compares_twice
	cmpl	$0, 0x30(%rdi)
	je	1f
	cmpb	$7, 0x38(%rdi)
	ret
1:	mov	0x30(%rdi), %eax
	test	%eax, %eax
	ret
END compares_twice

FUNCTION compares_two
	cmpq	$0, 0x18(%rdi)
	je	1f
	cmpq	$0, 0x20(%rdi)
1:	ret
END compares_two

FUNCTION compares_a_product
	mov	0x18(%rdi), %rax
	imul	$3, %rax, %rax
	test	%rax, %rax
	ret
END compares_a_product

FUNCTION compares_and_throws
	test	%esi, %edx
	je	1f
	ret
1:	cmpq	$0, 0x18(%rdi)
	call	thrower@plt
END compares_and_throws

FUNCTION compares_bits
	mov	0x18(%rdi), %rax
	test	%rax, %rsi
	sete	%al
	ret
END compares_bits

FUNCTION compares_values
	mov	0x18(%rdi), %rax
	cmp	%rax, %rsi
	sete	%al
	ret
END compares_values

FUNCTION divides_both_ways
	mov	0x58(%rdi), %rcx
	test	%rcx, %rcx
	je	2f
	mov	0x18(%rdi), %rax
	mov	%rax, %rdx
	or	%rcx, %rdx
	shr	$0x20, %rdx
	je	1f
	xor	%edx, %edx
	div	%rcx
	ret
1:	xor	%edx, %edx
	div	%ecx
	ret
2:	xor	%eax, %eax
	ret
END divides_both_ways

FUNCTION divides_behind_a_pointer
	mov	0x10(%rdi), %rdi
	mov	0x8(%rdi), %rax
	xor	%edx, %edx
	divq	0x48(%rdi)
	ret
END divides_behind_a_pointer

FUNCTION divides_32_bits
	mov	0x1c(%rdi), %eax
	xor	%edx, %edx
	divl	0x58(%rdi)
	ret
END divides_32_bits

FUNCTION divides_two
	test	%esi, %esi
	je	1f
	mov	0x18(%rdi), %rax
	xor	%edx, %edx
	div	%rsi
	ret
1:	mov	0x20(%rdi), %rax
	xor	%edx, %edx
	div	%rcx
	ret
END divides_two

FUNCTION divides_128_bits
	mov	0x18(%rdi), %rax
	mov	0x20(%rdi), %rdx
	div	%rsi
	ret
END divides_128_bits

FUNCTION divides_a_product
	mov	0x18(%rdi), %rax
	imul	$3, %rax, %rax
	xor	%edx, %edx
	div	%rsi
	ret
END divides_a_product

FUNCTION divides_a_byte
	movzbl	0x18(%rdi), %eax
	divb	0x58(%rdi)
	ret
END divides_a_byte

FUNCTION divides_and_throws
	test	%esi, %esi
	je	1f
	ret
1:	mov	0x18(%rdi), %rax
	xor	%edx, %edx
	div	%rsi
	call	thrower@PLT
END divides_and_throws

FUNCTION divides_its_quotient
	mov	0x18(%rdi), %rax
	xor	%edx, %edx
	div	%rsi
	xor	%edx, %edx
	div	%rsi
	ret
END divides_its_quotient

/* What is read first. */

FUNCTION reads_a_member_first
	push	%rbx
	sub	$0x10, %rsp
	mov	%esi, (%rsp)
	mov	(%rsp), %ecx
	lea	0x99(%rdi), %rbx
	mov	0x24(%rdi), %eax
	add	$-2, %eax
	cmp	$3, %eax
	jae	1f
	mov	0x58(%rdi), %eax
1:	add	$0x10, %rsp
	pop	%rbx
	ret
END reads_a_member_first

FUNCTION reads_behind_a_pointer_first
	mov	0x10(%rdi), %rax
	mov	0x14(%rax), %eax
	ret
END reads_behind_a_pointer_first

FUNCTION reads_by_comparing
	cmpb	$1, 0xa8(%rdi)
	jne	1f
	mov	0x20(%rdi), %eax
1:	ret
END reads_by_comparing

FUNCTION reads_after_a_branch
	test	%esi, %esi
	je	1f
	mov	0x24(%rdi), %eax
1:	ret
END reads_after_a_branch

FUNCTION reads_after_a_call
	push	%rbx
	mov	%rdi, %rbx
	call	callee@PLT
	mov	0x24(%rbx), %eax
	pop	%rbx
	ret
END reads_after_a_call

FUNCTION reads_an_item
	movslq	%esi, %rsi
	mov	(%rdi,%rsi,8), %rax
	ret
END reads_an_item

FUNCTION reads_a_vector
	movups	0x20(%rdi), %xmm0
	mov	0x24(%rdi), %eax
	ret
END reads_a_vector

FUNCTION reads_nothing
	lea	0x24(%rdi), %rax
	ret
END reads_nothing

/* Instructions, and which of them the kernel emulates. */

FUNCTION instructions
	push	%rbp
	push	%r15
	nop
	.byte	0x66, 0x90
	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00
	.byte	0xeb, 0x00
	.byte	0xe9, 0x00, 0x00, 0x00, 0x00
	.byte	0x75, 0x00
	.byte	0x0f, 0x84, 0x00, 0x00, 0x00, 0x00
	.byte	0xe8, 0x00, 0x00, 0x00, 0x00
	endbr64
	mov	0x20(%rdi), %eax
	sub	$0x28, %rsp
	push	$0x11
	pushq	(%rdi)
	pop	%rbp
	call	*%rax
	jmp	*(%rax,%rcx,8)
	.byte	0xf3, 0x90
	movl	$0x11, 0x20(%rdi)
	cmpb	$0x1, 0x11(%rax)
	ret
END instructions
	.byte	0x06

	.section .note.GNU-stack, "", @progbits
