/* Functions for test_ways_out.c: where their calls end. */

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

/* A part that has no symbol. */
.macro PART
	.p2align 4
	.cfi_startproc
.endm

	.text

FUNCTION mere_return
	ret
END mere_return

FUNCTION forms
	test	%rdi, %rdi
	je	1f
	rep ret
1:	test	%rsi, %rsi
	je	2f
	.byte	0xf2
	ret
2:	ret	$16
END forms

FUNCTION in_frame
	push	%rbp
	mov	%rsp, %rbp
	sub	%rdi, %rsp
	and	$-32, %rsp
	leave
	ret
END in_frame

FUNCTION loops
	push	%rbx
1:	dec	%rdi
	jne	1b
	pop	%rbx
	ret
END loops

FUNCTION never
	ud2
END never

FUNCTION ends_in_a_call
	sub	$8, %rsp
	test	%rdi, %rdi
	je	1f
	add	$8, %rsp
	ret
1:	call	abort@plt
END ends_in_a_call

/* What does not come back has nothing behind it that is reached: here with another stack pointer. */
FUNCTION ends_in_between
	test	%rdi, %rdi
	je	1f
	push	%rbx
	call	abort@plt
1:	ret
END ends_in_between

FUNCTION ends_by_the_got
	test	%rdi, %rdi
	je	1f
	push	%rbx
	call	*abort@GOTPCREL(%rip)
1:	ret
END ends_by_the_got

FUNCTION last_jump_never_returns
	test	%rdi, %rdi
	je	1f
	ret
1:	jmp	abort@plt
END last_jump_never_returns

FUNCTION calls_itself
	push	%rbx
	call	.Lcalls_itself
	pop	%rbx
	ret
END calls_itself
	.set	.Lcalls_itself, calls_itself

/* Dead code, and what looks like it, is never probed. */
FUNCTION dead_return
	jmp	1f
	ret
1:	nop
	ret
END dead_return

/* Parts elsewhere. */

FUNCTION cold_returns
	test	%rdi, %rdi
	je	cold_returns.cold
	ret
END cold_returns

	.type	cold_returns.cold, @function
cold_returns.cold:
	.cfi_startproc
	nop
	ret
END cold_returns.cold

FUNCTION lost_part_returns
	push	%rbx
	test	%rdi, %rdi
	je	1f
	pop	%rbx
	ret
END lost_part_returns
	PART
	nop
1:	pop	%rbx
	ret
	.cfi_endproc

/* Exceptions. */

FUNCTION personality
	ret
END personality
	.set	.Lpersonality, personality

FUNCTION catches
	.cfi_personality 0x1b, .Lpersonality
	.cfi_lsda 0x1b, .Lcatches
	push	%rbx
	.cfi_adjust_cfa_offset 8
.Lcatches_begin:
	call	elsewhere
.Lcatches_end:
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	ret
.Lcatches_pad:
	pop	%rbx
	nop
	ret
END catches

FUNCTION catches_in_a_part
	.cfi_personality 0x1b, .Lpersonality
	.cfi_lsda 0x1b, .Lpart
	push	%rbx
.Lpart_begin:
	call	elsewhere
.Lpart_end:
	pop	%rbx
	ret
END catches_in_a_part
	PART
.Lpart_pad:
	pop	%rbx
	ret
	.cfi_endproc

FUNCTION lands_between
	.cfi_personality 0x1b, .Lpersonality
	.cfi_lsda 0x1b, .Llands
.Llands_begin:
	call	elsewhere
.Llands_end:
	mov	$0x12345678, %eax
.Llands_pad:
	ret
END lands_between

FUNCTION lands_elsewhere
	.cfi_personality 0x1b, .Lpersonality
	.cfi_lsda 0x1b, .Lfar
.Lfar_begin:
	call	elsewhere
.Lfar_end:
	ret
END lands_elsewhere

FUNCTION elsewhere
	nop
	ret
END elsewhere

	.section .gcc_except_table, "a", @progbits
.macro TABLE name, begin, end, from, pad
\name:	.byte	0xff, 0xff, 0x01
	.uleb128 2f - 1f
1:	.uleb128 \begin - \from
	.uleb128 \end - \begin
	.uleb128 \pad
	.uleb128 0
2:
.endm
TABLE .Lcatches, .Lcatches_begin, .Lcatches_end, catches, (.Lcatches_pad-catches)
TABLE .Llands, .Llands_begin, .Llands_end, lands_between, (.Llands_pad-lands_between-3)
TABLE .Lfar, .Lfar_begin, .Lfar_end, lands_elsewhere, (elsewhere-lands_elsewhere)
/* The landing's own beginning is given. */
.Lpart:	.byte	0x1b
	.long	.Lpart_pad - 1 - .
	.byte	0xff, 0x01
	.uleb128 2f - 1f
1:	.uleb128 .Lpart_begin - catches_in_a_part
	.uleb128 .Lpart_end - .Lpart_begin
	.uleb128 1
	.uleb128 0
2:
	.text

/* Last jumps. */

FUNCTION lower
	test	%rdi, %rdi
	je	1f
	ret
1:	xor	%eax, %eax
	ret
END lower
	.set	.Llower, lower

FUNCTION jumps
	push	%rbx
	pop	%rbx
	jmp	.Llower
END jumps

FUNCTION jumps_twice
	test	%rsi, %rsi
	je	1f
	jmp	.Ljumps
1:	nop
	jmp	.Llower
END jumps_twice
	.set	.Ljumps, jumps

FUNCTION jumps_to_a_nameless_one
	mov	%rdi, %rax
	jmp	1f
END jumps_to_a_nameless_one
	PART
1:	nop
	ret
	.cfi_endproc

FUNCTION jumps_maybe
	test	%rdi, %rdi
	je	.Llower
	ret
END jumps_maybe

FUNCTION jumps_in_frame
	push	%rbx
	jmp	.Llower
END jumps_in_frame

FUNCTION jumps_into_the_middle
	jmp	.Llower + 5
END jumps_into_the_middle

FUNCTION jumps_by_plt
	jmp	imported@plt
END jumps_by_plt

FUNCTION jumps_by_got
	jmp	*imported@GOTPCREL(%rip)
END jumps_by_got

FUNCTION jumps_by_object
	mov	(%rdi), %rax
	jmp	*0x10(%rax)
END jumps_by_object

FUNCTION jumps_by_register
	mov	(%rdi), %rax
	mov	0x10(%rax), %rax
	jmp	*%rax
END jumps_by_register

FUNCTION jumps_to_its_entry
	dec	%rdi
	jne	.Lentry
	ret
END jumps_to_its_entry
	.set	.Lentry, jumps_to_its_entry

FUNCTION jumps_to_what_refuses
	nop
	jmp	.Lrefuses
END jumps_to_what_refuses
	.set	.Lrefuses, jumps_by_register

/* Tables. */

FUNCTION switches
	push	%rbx
	cmp	$2, %edi
	ja	1f
	mov	%edi, %edi
	lea	three(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	notrack jmp *%rax
.Lfirst:
	pop	%rbx
	ret
.Lsecond:
	pop	%rbx
	nop
	ret
1:	pop	%rbx
	ret
END switches
	PART
.Lthird:
	pop	%rbx
	ret
	.cfi_endproc

/* A part of it, or another function? */
FUNCTION switches_without_frame
	cmp	$0, %edi
	ja	1f
	lea	six(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	jmp	*%rax
1:	ret
END switches_without_frame
	PART
.Lsixth:
	ret
	.cfi_endproc

FUNCTION switches_by_byte
	push	%rbx
	cmpb	$1, (%rdi)
	ja	1f
	movzbl	(%rdi), %ecx
	lea	two(%rip), %rsi
	movslq	(%rsi,%rcx,4), %rcx
	add	%rcx, %rsi
	jmp	*%rsi
.Lfourth:
	pop	%rbx
	ret
1:	pop	%rbx
	ret
END switches_by_byte

FUNCTION switches_by_bits
	and	$1, %edi
	lea	one(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	jmp	*%rax
.Lfifth:
	ret
END switches_by_bits

/* Who tells how many there are? */
FUNCTION switches_unbounded
	lea	three(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	jmp	*%rax
END switches_unbounded

FUNCTION switches_after_a_change
	cmp	$2, %edi
	ja	1f
	add	$5, %edi
	lea	three(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	jmp	*%rax
1:	ret
END switches_after_a_change

FUNCTION switches_after_another_test
	cmp	$2, %esi
	ja	1f
	lea	three(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	jmp	*%rax
1:	ret
END switches_after_another_test

/* The comparison is not passed by all. */
FUNCTION switches_behind_the_test
	test	%rsi, %rsi
	jne	2f
	cmp	$2, %edi
	ja	1f
2:	lea	three(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	jmp	*%rax
1:	ret
END switches_behind_the_test

FUNCTION switches_too_small
	cmp	$2, %dil
	ja	1f
	lea	three(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	jmp	*%rax
1:	ret
END switches_too_small

FUNCTION switches_from_a_moved_base
	cmp	$2, %edi
	ja	1f
	lea	three(%rip), %rdx
	add	$8, %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	jmp	*%rax
1:	ret
END switches_from_a_moved_base

FUNCTION switches_into_others
	push	%rbx
	cmp	$0, %edi
	ja	1f
	lea	far(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	jmp	*%rax
1:	pop	%rbx
	ret
END switches_into_others

	.section .rodata
	.p2align 2
three:	.long	.Lfirst - three, .Lsecond - three, .Lthird - three
two:	.long	.Lfourth - two, .Lfourth - two
one:	.long	.Lfifth - one, .Lfifth - one
six:	.long	.Lsixth - six
far:	.long	.Llower - far
	.text

/* What no compiler makes. */

FUNCTION returns_elsewhere
	push	%rdi
	ret
END returns_elsewhere

FUNCTION returns_to_a_pushed
	pop	%rax
	ret
END returns_to_a_pushed

FUNCTION loses_the_stack
	mov	%rdi, %rsp
	ret
END loses_the_stack

FUNCTION two_depths
	test	%rdi, %rdi
	je	1f
	push	%rbx
1:	ret
END two_depths

FUNCTION retpoline
	call	1f
2:	pause
	jmp	2b
1:	mov	%rax, (%rsp)
	ret
END retpoline

FUNCTION far_return
	lretq
END far_return

FUNCTION runs_on
	test	%rdi, %rdi
	je	1f
	ret
1:	nop
END runs_on

FUNCTION jumps_between
	test	%rdi, %rdi
	je	1f + 1
1:	mov	$0xc3c3c3c3, %eax
	ret
END jumps_between

FUNCTION has_data
	jmp	1f
	.byte	0x06, 0x06
1:	ret
END has_data

/* Assembly, of which the unwind tables know nothing. */
	.globl	untold
	.type	untold, @function
untold:
	test	%rdi, %rdi
	je	1f
	ret
1:	nop
	ret
	.size	untold, . - untold

	.globl	untold_part
	.type	untold_part, @function
untold_part:
	push	%rbx
	test	%rdi, %rdi
	je	1f
	pop	%rbx
	ret
	.size	untold_part, . - untold_part
	nop
1:	pop	%rbx
	ret

	.globl	without_size
	.type	without_size, @function
without_size:
	nop
	ret

/* The unwind tables have two functions as one. */
	.globl	first_half
	.type	first_half, @function
first_half:
	.cfi_startproc
	nop
	.size	first_half, . - first_half
	.globl	second_half
	.type	second_half, @function
second_half:
	ret
	.cfi_endproc
	.size	second_half, . - second_half

	.section .note.GNU-stack, "", @progbits
