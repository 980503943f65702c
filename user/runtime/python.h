/*
 * python.h: the Python interpreter of a process: where its threads find their frames, and what its code objects say. Versions differ, and
 * builds as well: what a build shows by its functions and by what it says of itself is read from there, the rest is known by version
 * (interpreter.h). What is not known, or does not fit, is refused with the reason: a wrong line is worse than none.
 */
#ifndef RUNTIME_PYTHON_H
#define RUNTIME_PYTHON_H

#include "base/diag.h"
#include "runtime/interpreter.h"
#include "target/memory.h"
#include "target/unwind_module.h"

#include <linux/types.h>
#include "wire_stack.h"
#include "wire_python.h"

struct python {
	unsigned int minor; /* of 3.minor */
	struct wire_python wire; /* without its epoch */
	uint32_t activation_back; /* in what stands for a call of the interpreter: the one before it; WIRE_PYTHON_NONE */
	uint64_t eval_start, eval_end; /* where the process has the function that runs frames; 0: not known */
	uint32_t instructions;	  /* in a code object, where `at` is an address; WIRE_PYTHON_NONE: `at` counts units of 2 bytes */
};

struct python_process {
	int pid;
	struct modules *modules;
	const mappings *maps;
	struct memory *memory;
};

/* By what is known of interpreters. -ENOENT: the process has none. -ENOTSUP: one that we cannot follow, with the reason. */
int python_find(const struct python_process *p, const interpreters *known, struct python *ret, struct diag *d);

/* A code object, by what it is called. The texts are the caller's to free; NULL: not known. */
struct python_code {
	char *path, *name;
	uint32_t first_line;
	uint8_t *table;
	size_t table_bytes;
};

/* What a code object that BPF has copied says. Nothing of it is trusted. */
void python_code_read(const struct python *p, const struct wire_python_code *wire, struct python_code *ret);
void python_code_release(struct python_code *code);
/* The line of a frame in its code; 0: it has none, or it is not known. */
uint32_t python_line(const struct python *p, const struct python_code *code, const struct wire_python_frame *frame);

#endif
