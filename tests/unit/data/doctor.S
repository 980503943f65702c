/* A library with most of a runtime in it, for test_doctor.c. */
#define FUNCTION(name)	.globl name; .type name, @function; name:
#define END(name)	.size name, . - name
#define OBJECT(name)	.globl name; .type name, @object; name: .zero 32; .size name, 32

	.text
FUNCTION(toy_begin)
	push %rbp
	pop %rbp
	ret
END(toy_begin)
FUNCTION(toy_alloc)
	mov %rdi, %rax
	ret
END(toy_alloc)
FUNCTION(toy_banks)
	mov 0x20(%rdi), %eax
	ret
END(toy_banks)

	.data
OBJECT(toy_owner)

	.section .note.GNU-stack, "", @progbits
