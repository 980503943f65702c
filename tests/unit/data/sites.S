/* Functions for test_code_site.c: where a probe may stand, and where it must not. */

.macro FUNCTION name
	.globl	\name
	.type	\name, @function
	.p2align 4
\name:
.endm

.macro END name
	.size	\name, . - \name
.endm

	.text

FUNCTION elsewhere
	ret
END elsewhere

/* The first that is emulated. */

FUNCTION push_first
	push	%rbp
	pop	%rbp
	ret
END push_first

FUNCTION endbr_push
	endbr64
	push	%rbp
	mov	%rsp, %rbp
	pop	%rbp
	ret
END endbr_push

FUNCTION endbr_push_r14
	endbr64
	push	%r14
	pop	%r14
	ret
END endbr_push_r14

FUNCTION mov_push
	mov	%rdi, %rax
	push	%rbx
	pop	%rbx
	ret
END mov_push

FUNCTION four_before_push
	endbr64
	mov	%fs:0x28, %rax
	xor	%r11d, %r11d
	lea	0x10(%rdi), %r10
	push	%rbx
	pop	%rbx
	ret
END four_before_push

FUNCTION reads_before_push
	mov	(%rdi), %rax
	cmpb	$0, 0x20(%rsi)
	push	%rbx
	pop	%rbx
	ret
END reads_before_push

FUNCTION vectors_before_push
	movdqu	(%rsi), %xmm0
	pxor	%xmm1, %xmm1
	push	%rbx
	pop	%rbx
	ret
END vectors_before_push

FUNCTION red_zone
	mov	%rdi, -8(%rsp)
	movups	%xmm0, -0x18(%rsp)
	push	%rbx
	pop	%rbx
	ret
END red_zone

FUNCTION endbr_branch
	endbr64
	test	%rdi, %rdi
	je	1f
	mov	$1, %eax
1:	ret
END endbr_branch

FUNCTION far_branch
	cmpb	$0, 0x2d0(%rdi)
	jne	far_branch.moved
	ret
END far_branch

FUNCTION mov_jump
	mov	0x18(%rdi), %rdi
	jmp	elsewhere
END mov_jump

/* Nops: those of several bytes are no site, and neither is one of one byte. */

FUNCTION nop5_first
	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00
	push	%rbp
	pop	%rbp
	ret
END nop5_first

FUNCTION endbr_nop5_push
	endbr64
	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00
	push	%rbp
	pop	%rbp
	ret
END endbr_nop5_push

FUNCTION endbr_nops
	endbr64
	nop
	.byte	0x66, 0x90
	.byte	0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00
	ret
END endbr_nops

/* Something comes before it that must not. */

FUNCTION overwrites_first
	mov	0x78(%rdi), %rdi
	push	%rbx
	pop	%rbx
	ret
END overwrites_first

FUNCTION overwrites_byte
	mov	$1, %dh
	push	%rbx
	pop	%rbx
	ret
END overwrites_byte

FUNCTION overwrites_last
	xor	%r9d, %r9d
	push	%rbx
	pop	%rbx
	ret
END overwrites_last

FUNCTION sub_push
	sub	$8, %rsp
	push	%rbx
	pop	%rbx
	add	$8, %rsp
	ret
END sub_push

FUNCTION lea_push
	lea	-8(%rsp), %rsp
	push	%rbx
	pop	%rbx
	lea	8(%rsp), %rsp
	ret
END lea_push

FUNCTION push_number
	endbr64
	push	$8
	push	%rbx
	pop	%rbx
	pop	%rax
	ret
END push_number

FUNCTION pop_first
	pop	%rax
	push	%rax
	ret
END pop_first

FUNCTION stores
	endbr64
	mov	%rsi, 0x10(%rdi)
	push	%rbx
	pop	%rbx
	ret
END stores

FUNCTION stores_at_return
	mov	%rdi, -4(%rsp)
	push	%rbx
	pop	%rbx
	ret
END stores_at_return

FUNCTION stores_indexed
	mov	%rdi, -0x40(%rsp,%rax,8)
	push	%rbx
	pop	%rbx
	ret
END stores_indexed

FUNCTION locks
	endbr64
	lock incl (%rdi)
	push	%rbx
	pop	%rbx
	ret
END locks

FUNCTION strings
	endbr64
	rep movsl
	push	%rbx
	pop	%rbx
	ret
END strings

FUNCTION exchanges
	xchg	%rdi, %rsi
	push	%rbx
	pop	%rbx
	ret
END exchanges

FUNCTION counts
	endbr64
	cpuid
	push	%rbx
	pop	%rbx
	ret
END counts

FUNCTION endbr_call
	endbr64
	call	elsewhere
	push	%rbx
	pop	%rbx
	ret
END endbr_call

FUNCTION endbr_ret
	endbr64
	ret
END endbr_ret

FUNCTION endbr_jump_table
	endbr64
	jmp	*(%rax,%rdi,8)
END endbr_jump_table

FUNCTION jrcxz_first
	jrcxz	1f
	push	%rbx
	pop	%rbx
1:	ret
END jrcxz_first

FUNCTION hinted
	endbr64
	.byte	0x3e, 0x74, 0x00
	push	%rbx
	pop	%rbx
	ret
END hinted

FUNCTION distant
	.rept	20
	mov	0x78(%rsi), %rax
	.endr
	push	%rbx
	pop	%rbx
	ret
END distant

/* Somebody else leads there. */

FUNCTION loop_to_site
	endbr64
1:	dec	%eax
	jne	1b
	ret
END loop_to_site

FUNCTION loop_to_entry
	dec	%eax
	jne	loop_to_entry
	ret
END loop_to_entry

FUNCTION loop_behind
	endbr64
	push	%rbx
1:	dec	%eax
	jne	1b
	pop	%rbx
	ret
END loop_behind

FUNCTION jump_back
	endbr64
1:	push	%rbx
	mov	(%rdi), %rdi
	pop	%rbx
	test	%rdi, %rdi
	jne	1b
	ret
END jump_back

FUNCTION far_jump_back
	endbr64
1:	push	%rbx
	pop	%rbx
	ret
	.skip	300, 0x90
	jmp	1b
END far_jump_back

FUNCTION calls_inside
	endbr64
1:	push	%rbx
	call	1b
	pop	%rbx
	ret
END calls_inside

FUNCTION calls_itself
	endbr64
	push	%rbx
	call	calls_itself
	pop	%rbx
	ret
END calls_itself

FUNCTION cold_jumps_back
	endbr64
1:	push	%rbx
	test	%rdi, %rdi
	je	cold_jumps_back.cold
	pop	%rbx
	ret
END cold_jumps_back

	.type	cold_jumps_back.cold, @function
cold_jumps_back.cold:
	mov	$1, %edi
	ret
	/* An exception's landing pad: no jump leads here. */
	pop	%rbx
	jmp	1b
END cold_jumps_back.cold

FUNCTION cold_stays_away
	endbr64
	push	%rbx
	test	%rdi, %rdi
	je	cold_stays_away.cold
2:	pop	%rbx
	ret
END cold_stays_away

	.type	cold_stays_away.cold, @function
cold_stays_away.cold:
	mov	$1, %edi
	jmp	2b
END cold_stays_away.cold

/* A part without a symbol, behind another function. */
FUNCTION lost_part_jumps_back
	endbr64
1:	test	%rdi, %rdi
	je	3f
	ret
END lost_part_jumps_back

FUNCTION lost_part_stays_away
	endbr64
	push	%rbx
	test	%rdi, %rdi
	je	4f
5:	pop	%rbx
	ret
END lost_part_stays_away

FUNCTION between
	ret
END between
	nop
3:	mov	$1, %edi
	jmp	1b
	nop
4:	xor	%eax, %eax
	jmp	5b

/* Computed jumps. */

FUNCTION switch_in_frame
	endbr64
	push	%rbp
	mov	%rsp, %rbp
	cmp	$3, %edi
	ja	1f
	lea	table(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	notrack jmp *%rax
1:	leave
	ret
END switch_in_frame

FUNCTION switch_without_frame
	endbr64
	cmp	$3, %edi
	ja	1f
	lea	table(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rax
	add	%rdx, %rax
	jmp	*%rax
1:	ret
END switch_without_frame

FUNCTION switch_absolute
	endbr64
	push	%rbx
	jmp	*(%rcx,%rdi,8)
1:	pop	%rbx
	ret
END switch_absolute

FUNCTION last_jump_by_register
	endbr64
	push	%rbx
	mov	0x10(%rdi), %rax
	pop	%rbx
	jmp	*%rax
END last_jump_by_register

FUNCTION last_jump_by_object
	endbr64
	push	%rbx
	mov	(%rdi), %rax
	pop	%rbx
	jmp	*0x10(%rax)
END last_jump_by_object

FUNCTION jump_through_stack
	endbr64
	mov	%rdi, -8(%rsp)
	test	%rdi, %rdi
	je	1f
	jmp	*-8(%rsp)
1:	ret
END jump_through_stack

FUNCTION switch_aligned
	endbr64
	push	%rbp
	mov	%rsp, %rbp
	and	$-32, %rsp
	lea	-8(%rbp), %rsp
	jmp	*%rax
	leave
	ret
END switch_aligned

FUNCTION switch_somewhere
	endbr64
	push	%rbp
	mov	%rsp, %rbp
	sub	%rax, %rsp
	jmp	*%rcx
	leave
	ret
END switch_somewhere

/* Two ways there, with the stack pointer at different places. */
FUNCTION switch_two_ways
	endbr64
	push	%rbp
	test	%rdi, %rdi
	je	1f
	push	%rbx
1:	jmp	*%rcx
	ret
END switch_two_ways

/* Nothing leads to this jump that could be followed. */
FUNCTION switch_unseen
	endbr64
	push	%rbp
	pop	%rbp
	ret
	jmp	*%rcx
END switch_unseen

/* Their extent. */

FUNCTION without_size
	endbr64
	push	%rbp
	pop	%rbp
	ret

	.globl	alias_one, alias_two
	.type	alias_one, @function
	.type	alias_two, @function
	.p2align 4
alias_one:
alias_two:
	endbr64
	push	%rbp
	pop	%rbp
	ret
	.size	alias_one, . - alias_one
	.size	alias_two, . - alias_two

FUNCTION has_inner
	endbr64

	.globl	inner
	.type	inner, @function
inner:
	push	%rbp
	pop	%rbp
	ret
END has_inner
	.size	inner, . - inner

FUNCTION has_local_inner
	endbr64
	.type	local_inner, @function
local_inner:
	push	%rbp
	pop	%rbp
	ret
END has_local_inner

FUNCTION not_code
	endbr64
	push	%rbp
	pop	%rbp
	ret
	.byte	0x06, 0x06
END not_code

FUNCTION jumps_between
	endbr64
	push	%rbp
	jmp	. + 3
	mov	$0x90909090, %eax
	pop	%rbp
	ret
END jumps_between

FUNCTION large
	endbr64
	push	%rbp
	pop	%rbp
	ret
	.skip	0x10000, 0x90
END large

	.section .text.unlikely, "ax", @progbits
far_branch.moved:
	ret

	.section .rodata
	.p2align 2
table:
	.long	0, 0, 0, 0
