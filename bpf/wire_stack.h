/*
 * What a thread was doing at a hit: its registers and a copy of its stack, in a ring of their own, so that a storm of them never
 * costs a hit. Sent before the hit, by which who has read the hit can read this as well. Like wire.h.
 */
#ifndef BPF_WIRE_STACK_H
#define BPF_WIRE_STACK_H

enum {
	WIRE_REGISTERS = 17, /* as DWARF numbers them: rax rdx rcx rbx rsi rdi rbp rsp r8 to r15, and the instruction pointer */
	WIRE_REGISTER_SP = 7,
	WIRE_REGISTER_IP = 16,
	WIRE_STACK_MAX = 32 << 10, /* bytes of a stack */
};

enum wire_stack_flags {
	WIRE_STACK_CALLED = 1 << 0, /* the instruction pointer is behind the call that has just returned */
	WIRE_STACK_WHOLE = 1 << 1,  /* the copy reaches to where the thread's stack begins */
};

/* What a record of the ring of stacks is. */
enum wire_stack_kind { WIRE_STACK_NATIVE, WIRE_STACK_PYTHON, WIRE_STACK_CODE };

struct wire_stack_head {
	__u32 kind;
	__u32 tgid;
	__u64 thread, sequence; /* of the hit, as in struct wire_hit */
	__u64 time_ns;
};

struct wire_stack {
	struct wire_stack_head head;
	__u32 flags; /* enum wire_stack_flags */
	__u32 bytes; /* that were copied, from the stack pointer on */
	__u64 reg[WIRE_REGISTERS];
	__u8 stack[];
};

#endif
