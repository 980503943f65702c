/*
 * paths_machine.h: what the files that know instructions share (capstone is included here, in
 * code_instruction.c, code_site.c and flow.c only).
 */
#ifndef TARGET_PATHS_MACHINE_H
#define TARGET_PATHS_MACHINE_H

#include "target/paths.h"

#include <capstone/capstone.h>

struct machine { /* one instruction on its way */
	const cs_insn *insn;
	const cs_x86 *x86;
	struct state *s;
	struct step *step;
	bool refused;
};

/* A value that the instruction has made in a way that is not followed. @stack: it may be an address on the stack. */
struct value machine_computed(const struct machine *m, bool stack);
/* The state's register that @reg is (a part of), or NULL when it is no general register. */
struct value *machine_register(const struct machine *m, unsigned int reg);
void machine_forget_register(struct machine *m, unsigned int reg, bool stack);
struct value machine_place(const struct machine *m, const x86_op_mem *mem);
struct value machine_read(const struct machine *m, size_t operand);
void machine_write(struct machine *m, size_t operand, const struct value *v);

/* Run an instruction that moves or computes data. False: it is none that is followed. */
bool machine_data(struct machine *m);
uint64_t machine_sign_extended(uint64_t v, uint32_t bytes);

#endif
