/* Functions of which only what is said of them counts: they are never run. Each is 16 bytes. */
	.macro function name
	.balign 16
	.globl \name
	.type \name, @function
\name:
	.cfi_startproc
	.endm

	.macro done name
	.skip 16 - (. - \name), 0x90
	.cfi_endproc
	.size \name, . - \name
	.endm

	.text
	/* The return address is on top of the stack. */
	function plain
	done plain

	/* 16 bytes more, with rbx. */
	function pushed
	.cfi_def_cfa_offset 16
	.cfi_offset %rbx, -16
	done pushed

	function by_rbx
	.cfi_def_cfa %rbx, 8
	done by_rbx

	/* rax is nobody's after a call. */
	function by_rax
	.cfi_def_cfa %rax, 8
	done by_rax

	function start
	.cfi_undefined %rip
	done start

	function no_start
	.cfi_def_cfa %rax, 8
	.cfi_undefined %rip
	done no_start

	function broken
	.cfi_escape 0x0b
	done broken

	/* rip, rsp and rbx lie on the stack, one after another. */
	function signalled
	.cfi_signal_frame
	.cfi_escape 0x0f, 3, 0x77, 8, 0x06
	.cfi_escape 0x10, 16, 2, 0x77, 0
	.cfi_escape 0x10, 7, 2, 0x77, 8
	.cfi_escape 0x10, 3, 2, 0x77, 16
	done signalled

	.balign 16
	.globl untold
	.type untold, @function
untold:
	.skip 16, 0x90
	.size untold, . - untold

	.section .note.GNU-stack, "", @progbits
