/*
 * paths.h: a function's machine code, followed from the entry along every path with symbolic values. Shared
 * by the files code*.c and paths*.c only.
 *
 * Each instruction has one state: what registers and stack slots hold whichever way one gets there. Where
 * two ways meet, a value on which they differ is unknown; a loop is followed until nothing changes. So the
 * work is bounded by the code, not by the number of paths, and what is known holds on all of them.
 *
 * Trusted: that callees keep rbx, rbp, r12 to r15 and rsp, and that they write to the stack only behind
 * addresses that were given away. What a callee changes elsewhere is not seen: a load after a call says
 * where the value lies, as does one before it.
 */
#ifndef TARGET_PATHS_H
#define TARGET_PATHS_H

#include "base/vec.h"
#include "target/code.h"

enum value_kind {
	VALUE_NOTHING, /* never set, or gone with a call */
	VALUE_UNKNOWN,
	VALUE_CONSTANT, /* `number` */
	VALUE_CHAIN,	/* `chain`, plus `number` */
	VALUE_STACK,	/* `number` bytes from where rsp pointed at the entry */
};

enum value_reason { WHY_COMPUTED, WHY_CALL, WHY_PATHS, WHY_WRITTEN, WHY_DEEP, WHY_PLACE, WHY_NR };

struct value {
	enum value_kind kind;
	enum value_reason why; /* UNKNOWN: the reason, and the instruction's address */
	uint64_t at;
	bool stack;	/* UNKNOWN: may be an address on the stack */
	uint32_t width; /* CHAIN without loads: that many bytes of the argument, zero-extended */
	uint64_t number;
	struct code_chain chain;
};

enum { REGISTERS = 16, SLOTS = 32, ARGUMENTS = 6 };

/* Numbers of registers as instructions encode them. */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

struct stack_slot {
	int64_t offset;
	uint32_t bytes;
	struct value value;
};

enum extent { EXTENT_NONE, EXTENT_RANGE, EXTENT_ANY };

struct state {
	struct value reg[REGISTERS];
	struct stack_slot slot[SLOTS];
	size_t nr_slots;
	int64_t escaped; /* the lowest stack offset that others may know; INT64_MAX: none */
	struct {	 /* other memory that the function has written: `from` to `to` behind `base` */
		enum extent extent;
		struct value base;
		int64_t from, to;
	} written;
	struct { /* flags: of comparing two constants */
		bool known;
		uint64_t a, b;
		uint32_t bytes;
	} compared;
};

struct step { /* what an instruction did, besides changing the state */
	uint64_t next;
	bool falls;  /* goes on with `next` */
	bool jumps;  /* goes on with `target` */
	bool calls;  /* calls `target`, or through the GOT word at `slot`, or (both 0) who knows what */
	bool leaves; /* jumps out of the function, to `target` or through `slot` */
	bool returns;
	uint64_t target, slot;
	bool divides; /* rdx:rax, or their low halves */
	bool reads; /* memory, at `source` */
	struct value source;
	uint32_t source_bytes; /* 0: not known */
	bool stores; /* a general register or a constant, not into the stack */
	bool compares; /* `stored` with the constant `number` */
	struct value place, stored;
	uint64_t number;
	uint32_t bytes;
};

struct path_node {
	uint64_t address;
	struct state *before;
	struct step step;
	size_t next[2], nr_next; /* nodes */
	bool queued, met;
	bool ends_well; /* a return, or a jump out of the function, can be reached from here */
};

struct code_range {
	uint64_t address;
	size_t len;
	uint8_t *bytes;
};

struct paths {
	struct elf_file *elf;
	VEC(struct path_node) nodes;
	VEC(size_t) order;	    /* nodes as they were first met, what falls through before what is jumped to */
	struct code_range range[2]; /* the function, and the part that gcc moved away ("NAME.cold") */
	size_t nr_ranges;
};

/* Register of argument @i. */
unsigned int argument_register(int i);
const char *value_reason_text(enum value_reason why);
bool value_equal(const struct value *a, const struct value *b);
struct value value_constant(uint64_t number);
struct value value_unknown(enum value_reason why, uint64_t at, bool stack);
/* May it be an address on the stack? */
bool value_on_stack(const struct value *v);
/* The low @bytes of it, zero-extended. @at: who asks. */
struct value value_truncate(const struct value *v, uint32_t bytes, uint64_t at);
struct value value_sum(const struct value *a, const struct value *b, uint64_t at);

void state_init(struct state *s, const struct code_constants *constants);
/* What holds in both. @at: where they meet. Returns true when @s has changed. */
bool state_merge(struct state *s, const struct state *other, uint64_t at);
struct value state_load(const struct state *s, const struct value *place, uint32_t bytes, uint64_t at);
void state_store(struct state *s, const struct value *place, uint32_t bytes, const struct value *v);
/* Something was written, nobody knows where. */
void state_store_anywhere(struct state *s);
void state_call(struct state *s, uint64_t at);

enum { CALLEES_MAX = 64 };

/* The functions that a callee's pattern means. */
struct callee {
	const char *pattern;
	struct elf_symbol symbols[CALLEES_MAX];
	size_t nr;
};

void callee_find(struct elf_file *f, const char *pattern, struct callee *ret);
/* Is the step a call of it, or a last jump to it? */
bool callee_is_met(const struct callee *callee, const struct paths *p, const struct step *step);

struct disassembler; /* capstone's handle */
struct disassembler *disassembler_new(void);
void disassembler_free(struct disassembler *d);
/* Run the instruction in @code (at @address) on @s. -ENOTSUP: one that cannot be followed. */
int decoder_step(struct disassembler *d, const struct code_range *code, uint64_t address, struct state *s,
		 struct step *ret);

/*
 * Follow @function. -ENOTSUP with a reason and an address in @d ("a call into the function, 'call 0x1234' at
 * 0x1230"). The caller releases @ret, also after an error.
 */
int paths_follow(struct elf_file *f, const struct elf_symbol *function, const struct code_constants *constants,
		 struct paths *ret, struct diag *d);
void paths_release(struct paths *p);
/* Is it the name of a function that never returns, of the C or the C++ library? NULL is none. */
bool name_never_returns(const char *name);
/* Is there a way round? Only among instructions that a return can be reached from. */
bool paths_loop(const struct paths *p);

#endif
