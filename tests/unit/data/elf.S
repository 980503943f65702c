/* Symbols for test_elf_file.c: names, aliases, sizes, places; PLT entries as each linker writes them. */

.macro FUNCTION name
	.globl	\name
	.type	\name, @function
\name:
.endm

.macro END name
	.size	\name, . - \name
.endm

	.text

FUNCTION _ZN5thing5firstEv
	ret
END _ZN5thing5firstEv

FUNCTION _ZN5thingC1Ev
	.globl	_ZN5thingC2Ev
	.type	_ZN5thingC2Ev, @function
_ZN5thingC2Ev:
	nop
	nop
	ret
END _ZN5thingC1Ev
END _ZN5thingC2Ev

	.byte	0xcc, 0xcc, 0xcc

FUNCTION _ZN5thing6secondEv
	call	imported@PLT
	call	_ZN5thing5firstEv@PLT
	ret
END _ZN5thing6secondEv

FUNCTION outer
	nop
FUNCTION inner
	nop
	nop
END inner
	nop
END outer

	.globl	without_size
	.type	without_size, @function
without_size:
	ret

	.type	hidden_one, @function
hidden_one:
	nop
	ret
	.size	hidden_one, . - hidden_one

	.type	hidden_two, @function
hidden_two:
	ret
	.size	hidden_two, . - hidden_two

	.p2align 4
FUNCTION resolver
	ret
END resolver

FUNCTION plt_plain
	jmp	*imported@GOTPCREL(%rip)
END plt_plain

FUNCTION plt_endbr
	endbr64
	jmp	*imported@GOTPCREL(%rip)
END plt_endbr

FUNCTION plt_bnd
	endbr64
	.byte	0xf2
	jmp	*imported@GOTPCREL(%rip)
END plt_bnd

FUNCTION plt_lld
	mov	$0x2a, %r11d
	jmp	*imported@GOTPCREL(%rip)
END plt_lld

FUNCTION plt_none
	jmp	*(%rax)
	nop
	nop
	nop
	nop
END plt_none

FUNCTION plt_elsewhere
	jmp	*1f(%rip)
1:	.quad	0
END plt_elsewhere

	.data
	.globl	_ZTV5thing
	.type	_ZTV5thing, @object
_ZTV5thing:
	.quad	0, 0, 0x1122334455667788
	.size	_ZTV5thing, . - _ZTV5thing

	.bss
	.globl	zeroes
	.type	zeroes, @object
zeroes:
	.zero	0x1234
	.size	zeroes, . - zeroes

	.section .note.GNU-stack, "", @progbits
