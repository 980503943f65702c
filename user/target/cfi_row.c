/*
 * What holds at one instruction of a function: the entry's program is run up to there, if it is not too long. Numbers that fit
 * nowhere make the row be refused.
 */
#include "target/cfi.h"

#include <errno.h>
#include <string.h>

#include "target/cfi_internal.h"

enum { SAVED_STATES = 8, STEPS_MAX = 1 << 16 };

/* What a function has to leave as it was, in the psABI for x86-64: rbx, rbp, r12 to r15. */
#define CALLEE_SAVED (1U << CFI_RBX | 1U << CFI_RBP | 0xfU << 12)

enum rule_state { RULE_NONE, RULE_SAME, RULE_SET };

struct rule {
	enum rule_state state;
	uint8_t kind;
	uint16_t len;
	int32_t value;
};

struct state {
	struct rule rules[CFI_REGISTERS];
	bool cfa_set;
	uint64_t cfa_register;
	int32_t cfa_value;
	uint16_t cfa_len;
};

struct run {
	struct cfi_reader r;
	const struct cfi_entry *entry;
	uint64_t address, at; /* what is asked for; what the program has come to */
	struct state now, initial, saved[SAVED_STATES];
	size_t nr_saved;
	bool failed, done;
};

static int32_t narrow(struct run *run, int64_t value)
{
	if (value < INT32_MIN || value > INT32_MAX)
		run->failed = true;
	return (int32_t)value;
}

/* In units of the entry's. */
static int32_t factored(struct run *run, int64_t value)
{
	int64_t product = 0;

	if (__builtin_mul_overflow(value, run->entry->data_factor, &product))
		run->failed = true;
	return narrow(run, product);
}

static int64_t take_count(struct run *run)
{
	uint64_t value = cfi_take_uleb(&run->r);

	if (value > INT64_MAX)
		run->failed = true;
	return (int64_t)(value & INT64_MAX);
}

/* Registers of other kinds (vectors, segments) are nothing to us: what is said of them goes to @none. */
static struct rule *rule_of(struct run *run, uint64_t reg, struct rule *none)
{
	return reg < CFI_REGISTERS ? &run->now.rules[reg] : none;
}

static void set_rule(struct run *run, uint64_t reg, enum cfi_kind kind, int32_t value)
{
	struct rule none;

	*rule_of(run, reg, &none) = (struct rule){ .state = RULE_SET, .kind = (uint8_t)kind, .value = value };
}

static void take_expression(struct run *run, int32_t *ret_begin, uint16_t *ret_len)
{
	uint64_t len = cfi_take_uleb(&run->r);

	*ret_begin = narrow(run, (int64_t)run->r.at);
	*ret_len = (uint16_t)len;
	if (!len || len > UINT16_MAX)
		run->failed = true;
	cfi_skip(&run->r, len);
}

static void set_expression(struct run *run, enum cfi_kind kind)
{
	uint64_t reg = cfi_take_uleb(&run->r);
	struct rule rule = { .state = RULE_SET, .kind = (uint8_t)kind }, none;

	take_expression(run, &rule.value, &rule.len);
	*rule_of(run, reg, &none) = rule;
}

static void advance(struct run *run, uint64_t units)
{
	uint64_t bytes = 0, to = 0;

	if (__builtin_mul_overflow(units, run->entry->code_factor, &bytes) ||
	    __builtin_add_overflow(run->at, bytes, &to)) {
		run->failed = true;
		return;
	}
	if (to > run->address)
		run->done = true;
	run->at = to;
}

static void restore(struct run *run, uint64_t reg)
{
	struct rule none;

	if (reg < CFI_REGISTERS)
		*rule_of(run, reg, &none) = run->initial.rules[reg];
}

static void define_cfa(struct run *run, uint64_t reg, int32_t value)
{
	run->now.cfa_set = true;
	run->now.cfa_register = reg;
	run->now.cfa_value = value;
	run->now.cfa_len = 0;
}

/* One of the two that make it up; the other has to be there. */
static void change_cfa(struct run *run, uint64_t reg, int32_t value)
{
	if (!run->now.cfa_set || run->now.cfa_len)
		run->failed = true;
	define_cfa(run, reg, value);
}

/* ---- instructions ---- */

static void op_nop(struct run *run)
{
	(void)run;
}

static void op_set_loc(struct run *run)
{
	uint64_t to = cfi_take_pointer(&run->r, run->entry->encoding, 0);

	if (to < run->at)
		run->failed = true;
	if (to > run->address)
		run->done = true;
	run->at = to;
}

static void op_advance1(struct run *run)
{
	advance(run, cfi_take(&run->r, 1));
}

static void op_advance2(struct run *run)
{
	advance(run, cfi_take(&run->r, 2));
}

static void op_advance4(struct run *run)
{
	advance(run, cfi_take(&run->r, 4));
}

static void op_offset(struct run *run)
{
	uint64_t reg = cfi_take_uleb(&run->r);

	set_rule(run, reg, CFI_AT_CFA, factored(run, take_count(run)));
}

static void op_offset_signed(struct run *run)
{
	uint64_t reg = cfi_take_uleb(&run->r);

	set_rule(run, reg, CFI_AT_CFA, factored(run, cfi_take_sleb(&run->r)));
}

static void op_offset_negative(struct run *run)
{
	uint64_t reg = cfi_take_uleb(&run->r);

	set_rule(run, reg, CFI_AT_CFA, factored(run, -take_count(run)));
}

static void op_value_offset(struct run *run)
{
	uint64_t reg = cfi_take_uleb(&run->r);

	set_rule(run, reg, CFI_IS_CFA, factored(run, take_count(run)));
}

static void op_value_offset_signed(struct run *run)
{
	uint64_t reg = cfi_take_uleb(&run->r);

	set_rule(run, reg, CFI_IS_CFA, factored(run, cfi_take_sleb(&run->r)));
}

static void op_restore(struct run *run)
{
	restore(run, cfi_take_uleb(&run->r));
}

static void op_undefined(struct run *run)
{
	set_rule(run, cfi_take_uleb(&run->r), CFI_UNDEFINED, 0);
}

static void op_same(struct run *run)
{
	struct rule none;

	*rule_of(run, cfi_take_uleb(&run->r), &none) = (struct rule){ .state = RULE_SAME };
}

static void op_register(struct run *run)
{
	uint64_t reg = cfi_take_uleb(&run->r), other = cfi_take_uleb(&run->r);

	if (reg < CFI_REGISTERS && other >= CFI_REGISTERS)
		run->failed = true;
	set_rule(run, reg, CFI_IS_REGISTER, (int32_t)(other % CFI_REGISTERS));
}

static void op_remember(struct run *run)
{
	if (run->nr_saved == SAVED_STATES)
		run->failed = true;
	else
		run->saved[run->nr_saved++] = run->now;
}

static void op_recall(struct run *run)
{
	if (run->nr_saved)
		run->now = run->saved[--run->nr_saved];
	else
		run->failed = true;
}

static void op_cfa(struct run *run)
{
	uint64_t reg = cfi_take_uleb(&run->r);

	define_cfa(run, reg, narrow(run, take_count(run)));
}

static void op_cfa_signed(struct run *run)
{
	uint64_t reg = cfi_take_uleb(&run->r);

	define_cfa(run, reg, factored(run, cfi_take_sleb(&run->r)));
}

static void op_cfa_register(struct run *run)
{
	change_cfa(run, cfi_take_uleb(&run->r), run->now.cfa_value);
}

static void op_cfa_offset(struct run *run)
{
	change_cfa(run, run->now.cfa_register, narrow(run, take_count(run)));
}

static void op_cfa_offset_signed(struct run *run)
{
	change_cfa(run, run->now.cfa_register, factored(run, cfi_take_sleb(&run->r)));
}

static void op_cfa_expression(struct run *run)
{
	define_cfa(run, 0, 0);
	take_expression(run, &run->now.cfa_value, &run->now.cfa_len);
}

static void op_expression(struct run *run)
{
	set_expression(run, CFI_AT);
}

static void op_value_expression(struct run *run)
{
	set_expression(run, CFI_IS);
}

/* Bytes of arguments on the stack: for exceptions' landing pads. */
static void op_arguments(struct run *run)
{
	cfi_take_uleb(&run->r);
}

static void (*const operations[0x40])(struct run *run) = {
	[0x00] = op_nop,
	[0x01] = op_set_loc,
	[0x02] = op_advance1,
	[0x03] = op_advance2,
	[0x04] = op_advance4,
	[0x05] = op_offset,
	[0x06] = op_restore,
	[0x07] = op_undefined,
	[0x08] = op_same,
	[0x09] = op_register,
	[0x0a] = op_remember,
	[0x0b] = op_recall,
	[0x0c] = op_cfa,
	[0x0d] = op_cfa_register,
	[0x0e] = op_cfa_offset,
	[0x0f] = op_cfa_expression,
	[0x10] = op_expression,
	[0x11] = op_offset_signed,
	[0x12] = op_cfa_signed,
	[0x13] = op_cfa_offset_signed,
	[0x14] = op_value_offset,
	[0x15] = op_value_offset_signed,
	[0x16] = op_value_expression,
	[0x2e] = op_arguments,
	[0x2f] = op_offset_negative,
};

static void run_one(struct run *run)
{
	uint8_t code = (uint8_t)cfi_take(&run->r, 1), low = code & 0x3f;

	switch (code >> 6) {
	case 1:
		advance(run, low);
		break;
	case 2:
		set_rule(run, low, CFI_AT_CFA, factored(run, take_count(run)));
		break;
	case 3:
		restore(run, low);
		break;
	default:
		if (operations[low])
			operations[low](run);
		else
			run->failed = true;
	}
}

static void run_all(struct run *run, const struct cfi *c, size_t begin, size_t end)
{
	run->r = (struct cfi_reader){ .from = &c->frames, .at = begin, .end = end };
	for (size_t steps = 0; run->r.at < run->r.end && !run->failed && !run->done; steps++) {
		run_one(run);
		run->failed |= run->r.failed || steps == STEPS_MAX;
	}
}

/* ---- the row ---- */

static void add_rule(struct cfi_row *row, size_t reg, const struct rule *from)
{
	struct cfi_rule rule = { (uint8_t)reg, from->kind, from->len, from->value };

	if (rule.kind == CFI_UNDEFINED)
		return;
	if (rule.kind != CFI_AT_CFA)
		row->simple = false;
	row->rules[row->nr++] = rule;
}

static int make_row(const struct run *run, struct cfi_row *ret)
{
	const struct rule *back = &run->now.rules[CFI_RIP];
	struct cfi_row row = { .cfa_value = run->now.cfa_value,
			       .cfa_len = run->now.cfa_len,
			       .cfa_register = (uint8_t)run->now.cfa_register,
			       .signal = run->entry->signal,
			       .outermost = back->state == RULE_SET && back->kind == CFI_UNDEFINED,
			       .simple = !run->now.cfa_len,
			       .kept = CALLEE_SAVED };

	if (run->failed || !run->now.cfa_set || run->now.cfa_register >= CFI_REGISTERS || back->state == RULE_NONE)
		return -EINVAL;
	for (size_t i = 0; i < CFI_REGISTERS; i++) {
		const struct rule *rule = &run->now.rules[i];

		if (rule->state == RULE_SAME)
			row.kept |= 1U << i;
		if (rule->state != RULE_SET)
			continue;
		row.kept &= ~(1U << i);
		add_rule(&row, i, rule);
	}
	*ret = row;
	return 0;
}

int cfi_row(struct cfi *c, uint64_t address, struct cfi_row *ret)
{
	struct cfi_entry entry;
	int err = cfi_entry(c, address, &entry);
	struct run run;

	if (err)
		return err;
	/* Not the saved states: they are large, and hardly one is used. */
	memset(&run.now, 0, sizeof(run.now));
	run.entry = &entry;
	run.address = address;
	run.at = entry.start;
	run.nr_saved = 0;
	run.failed = run.done = false;
	run.initial = run.now;
	run_all(&run, c, entry.first, entry.first_end);
	run.initial = run.now;
	if (!run.done)
		run_all(&run, c, entry.own, entry.own_end);
	return make_row(&run, ret);
}
