/*
 * shapes.h: the members of all structs that a ledger is made of, by name: one table writes them into a checkpoint and reads them
 * from it. Who adds a member to one of these structs must say here where it is kept; else the compiler complains.
 */
#ifndef LEDGER_SHAPES_H
#define LEDGER_SHAPES_H

#include "ledger/history.h"

/* S(NAME, name, type). A member's name in a checkpoint is that of its shape and its own: "process.replays". */
#define SHAPES(S)                                       \
	S(LEDGER, ledger, struct ledger)                \
	S(PLACED, placed, struct circular_placed)       \
	S(PROBE, probe, struct probe_count)             \
	S(RUNTIME, runtime, struct ledger_runtime)      \
	S(MODULE, module, struct ledger_module)         \
	S(SITE, site, struct ledger_site)               \
	S(USES, uses, struct ledger_use)                \
	S(FRAME, frame, struct ledger_frame)            \
	S(STACK, stack, struct ledger_stack)            \
	S(SOURCE, source, struct ledger_source)         \
	S(PROCESS, process, struct ledger_process)      \
	S(DRIVER, driver, struct driver_figure)         \
	S(DEVICE, device, struct device)                \
	S(ARENA, arena, struct arena)                   \
	S(FIGURES, figures, struct figures)             \
	S(USE, use, struct arena_use)                   \
	S(BLOCK, block, struct block)                   \
	S(GROUP, group, struct chip_group)              \
	S(PEAK, peak, struct chip_peak)                 \
	S(CIRCULAR, circular, struct circular)          \
	S(PROGRAM, program, struct circular_program)    \
	S(HISTORY, history, struct history)             \
	S(ROW, row, struct history_row)                 \
	S(POOL, pool, struct history_figures)           \
	S(CORE, core, struct circular_figures)          \
	S(FAILURE, failure, struct history_failure)     \
	S(HOLDER, holder, struct history_holder)        \
	S(TRACE, trace, struct history_trace)           \
	S(MEANWHILE, meanwhile, struct history_meanwhile)

enum shape {
#define S(NAME, name, type) SHAPE_##NAME,
	SHAPES(S)
#undef S
	SHAPE_NR
};

/* ELSEWHERE: no `state` has it. */
enum member_type { MEMBER_NUMBER, MEMBER_TEXT, MEMBER_ELSEWHERE };

struct member {
	const char *name;
	size_t offset, bytes;
	enum member_type type;
	uint64_t most; /* of a number */
};

struct shape_desc {
	const char *name;
	size_t bytes;
	const struct member *members; /* all of them, in the struct's order */
	size_t nr;
};

extern const struct shape_desc shape_descs[SHAPE_NR];

/* The member of that name that a `state` may have, NULL if there is none; its shape in @ret. */
const struct member *member_by_name(const char *name, enum shape *ret);

uint64_t member_number(const struct member *m, const void *object);
const char *member_text(const struct member *m, const void *object);
/* @value is no more than m->most. */
void member_set_number(const struct member *m, void *object, uint64_t value);
/* @text lives as long as the object. */
void member_set_text(const struct member *m, void *object, const char *text);

#endif
