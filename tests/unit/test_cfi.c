/*
 * Rows of unwind tables: those of this program and of the libraries that it has mapped are what elfutils makes of them, at every
 * instruction where they may change; with and without the linker's search table; and tables that are broken.
 */
#include "target/cfi.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "target/cfi_internal.h"
#include "target/process.h"

struct compared {
	struct elf_file *elf;
	struct cfi *ours;
	Dwarf_CFI *theirs;
	size_t rows, rules;
};

/* ---- elfutils ---- */

/* CFA + a constant, as elfutils writes it. False: it is something else. */
static bool is_from_cfa(const Dwarf_Op *ops, size_t nr, int64_t *ret, bool *ret_value)
{
	size_t at = 1;

	if (!nr || ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	*ret = 0;
	if (at < nr && ops[at].atom == DW_OP_plus_uconst)
		*ret = (int64_t)ops[at++].number;
	*ret_value = at < nr && ops[at].atom == DW_OP_stack_value;
	return at + *ret_value == nr;
}

static const struct cfi_rule *rule_of(const struct cfi_row *row, unsigned int reg)
{
	for (size_t i = 0; i < row->nr; i++)
		if (row->rules[i].reg == reg)
			return &row->rules[i];
	return NULL;
}

static void compare_register(struct compared *c, const struct cfi_row *row, Dwarf_Frame *frame, unsigned int reg)
{
	const struct cfi_rule *rule = rule_of(row, reg);
	Dwarf_Op room[3], *ops;
	int64_t offset = 0;
	bool value = false;
	size_t nr;

	/* What nothing is said of: theirs has other ideas (see test_unwind_peer.c); the stack pointer is the CFA. */
	if (!rule)
		return;
	assert_int_equal(dwarf_frame_register(frame, (int)reg, room, &ops, &nr), 0);
	c->rules++;
	if (rule->kind == CFI_AT_CFA || rule->kind == CFI_IS_CFA) {
		assert_true(is_from_cfa(ops, nr, &offset, &value));
		assert_int_equal(offset, rule->value);
		assert_int_equal(value, rule->kind == CFI_IS_CFA);
	} else if (rule->kind != CFI_IS_REGISTER) {
		assert_true(nr > 0);
		assert_false(is_from_cfa(ops, nr, &offset, &value));
	}
}

static void compare_cfa(const struct cfi_row *row, Dwarf_Frame *frame)
{
	Dwarf_Op *ops;
	size_t nr;

	assert_int_equal(dwarf_frame_cfa(frame, &ops, &nr), 0);
	if (row->cfa_len) {
		assert_true(nr > 1);
		return;
	}
	assert_int_equal(nr, 1);
	assert_int_equal(ops[0].atom, DW_OP_bregx);
	assert_int_equal(ops[0].number, row->cfa_register);
	assert_int_equal((int64_t)ops[0].number2, row->cfa_value);
}

/* Both say the same of @address. Returns where what they say ends. */
static uint64_t compare_at(struct compared *c, uint64_t address)
{
	Dwarf_Addr start = 0, end = 0;
	Dwarf_Frame *frame = NULL;
	struct cfi_row row;
	bool signal = false;

	assert_int_equal(dwarf_cfi_addrframe(c->theirs, address, &frame), 0);
	dwarf_frame_info(frame, &start, &end, &signal);
	assert_int_equal(cfi_row(c->ours, address, &row), 0);
	assert_int_equal(signal, row.signal);
	compare_cfa(&row, frame);
	for (unsigned int reg = 0; reg < CFI_REGISTERS; reg++)
		compare_register(c, &row, frame, reg);
	free(frame);
	c->rows++;
	return end;
}

static void compare_function(struct compared *c, uint64_t start)
{
	uint64_t from, to;

	assert_int_equal(cfi_function(c->ours, start, &from, &to), 0);
	assert_int_equal(from, start);
	for (uint64_t at = from; at < to;) {
		uint64_t end = compare_at(c, at);

		assert_true(end > at);
		at = end;
	}
}

/* All functions of a file, by the search table; then all again, by walking. */
static void compare_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	struct compared c = { .theirs = dwarf_getcfi_elf(elf) };
	size_t before;

	assert_non_null(c.theirs);
	assert_int_equal(elf_file_open(path, &c.elf, NULL), 0);
	assert_int_equal(cfi_open(c.elf, &c.ours, NULL), 0);
	assert_true(c.ours->nr > 100);
	for (size_t i = 0; i < c.ours->nr; i++) {
		int32_t word;

		memcpy(&word, c.ours->header.p + c.ours->table + 8 * i, sizeof(word));
		compare_function(&c, c.ours->header.address + (uint64_t)(int64_t)word);
	}
	before = c.rows;
	c.ours->table = 0;
	for (size_t i = 0; !i || i < c.ours->places.nr; i++) {
		struct cfi_entry entry;

		assert_int_not_equal(cfi_entry(c.ours, 0, &entry), 0);
		compare_at(&c, c.ours->places.items[i].start);
	}
	assert_int_equal(c.ours->places.nr, c.ours->nr);
	print_message("# %s: %zu rows, %zu rules\n", path, before, c.rules);
	cfi_free(c.ours);
	elf_file_free(c.elf);
	dwarf_cfi_end(c.theirs);
	elf_end(elf);
	close(fd);
}

static void rows_are_what_elfutils_reads(void **state)
{
	static const char *const names[] = { "/libc.so", "/libm.so", "/ld-linux", "/libcapstone", "/test_cfi" };
	size_t found = 0;
	mappings all = {};

	(void)state;
	elf_version(EV_CURRENT);
	assert_int_equal(mappings_read(getpid(), &all, NULL), 0);
	for (size_t i = 0; i < all.nr; i++)
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			if (all.items[i].permissions[2] == 'x' && strstr(all.items[i].path, names[k])) {
				compare_file(all.items[i].path);
				found++;
			}
	mappings_release(&all);
	assert_true(found >= 2);
}

/* ---- by hand ---- */

/* One CIE (CFA rsp + 8, the return address below it, factors 1 and -8), one function at 0x1000 of 0x100 bytes. */
struct by_hand {
	uint8_t bytes[256];
	size_t len;
	struct cfi *cfi;
};

static void add_bytes(struct by_hand *h, const void *bytes, size_t len)
{
	memcpy(h->bytes + h->len, bytes, len);
	h->len += len;
}

static void add_word(struct by_hand *h, uint32_t word)
{
	add_bytes(h, &word, sizeof(word));
}

static void make(struct by_hand *h, const uint8_t *program, size_t len)
{
	static const uint8_t common[] = { 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 3, 0x0c, 7, 8, 0x90, 1, 0, 0 };
	static const struct cfi_bytes none;

	*h = (struct by_hand){};
	add_word(h, sizeof(common));
	add_bytes(h, common, sizeof(common));
	add_word(h, (uint32_t)(4 + 8 + 1 + len));
	add_word(h, (uint32_t)h->len);
	add_word(h, 0x1000);
	add_word(h, 0x100);
	add_bytes(h, "", 1);
	add_bytes(h, program, len);
	h->cfi = cfi_new(&(struct cfi_bytes){ .p = h->bytes, .len = h->len, .address = 0x5000 }, &none);
}

static int row_of(const uint8_t *program, size_t len, uint64_t address, struct cfi_row *ret)
{
	struct by_hand h;
	int err;

	make(&h, program, len);
	err = cfi_row(h.cfi, address, ret);
	cfi_free(h.cfi);
	return err;
}

#define ROW(address, row, ...) row_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), address, row)

static void assert_rule(const struct cfi_row *row, unsigned int reg, enum cfi_kind kind, int32_t value)
{
	const struct cfi_rule *rule = rule_of(row, reg);

	assert_non_null(rule);
	assert_int_equal(rule->kind, kind);
	assert_int_equal(rule->value, value);
	assert_false(row->kept >> reg & 1);
}

static void every_operation_has_its_meaning(void **state)
{
	struct cfi_row row;

	(void)state;
	assert_int_equal(ROW(0x1000, &row, 0), 0);
	assert_int_equal(row.cfa_register, CFI_RSP);
	assert_int_equal(row.cfa_value, 8);
	assert_int_equal(row.kept, 0xf048);
	assert_true(row.simple);
	assert_rule(&row, CFI_RIP, CFI_AT_CFA, -8);
	/* extended offset, with a sign, negative; offsets of values; expressions; registers */
	assert_int_equal(ROW(0x10ff, &row, 0x05, 3, 2, 0x11, 6, 0x7d, 0x2f, 12, 4, 0x14, 13, 5, 0x15, 14, 0x7f), 0);
	assert_rule(&row, 3, CFI_AT_CFA, -16);
	assert_rule(&row, 6, CFI_AT_CFA, 24);
	assert_rule(&row, 12, CFI_AT_CFA, 32);
	assert_rule(&row, 13, CFI_IS_CFA, -40);
	assert_rule(&row, 14, CFI_IS_CFA, 8);
	assert_false(row.simple);
	assert_int_equal(ROW(0x1000, &row, 0x10, 3, 1, 0x30, 0x16, 6, 2, 0x31, 0x96, 0x09, 12, 0, 0x07, 13, 0x08, 0), 0);
	assert_int_equal(rule_of(&row, 3)->kind, CFI_AT);
	assert_int_equal(rule_of(&row, 3)->len, 1);
	assert_int_equal(rule_of(&row, 6)->kind, CFI_IS);
	assert_int_equal(rule_of(&row, 6)->len, 2);
	assert_rule(&row, 12, CFI_IS_REGISTER, 0);
	assert_null(rule_of(&row, 13));
	assert_int_equal(row.kept, 1U << 14 | 1U << 15 | 1);
	/* the CFA, in all forms */
	assert_int_equal(ROW(0x1000, &row, 0x12, 6, 0x7e), 0);
	assert_int_equal(row.cfa_register, 6);
	assert_int_equal(row.cfa_value, 16);
	assert_int_equal(ROW(0x1000, &row, 0x0d, 6, 0x0e, 64, 0x13, 0x7d), 0);
	assert_int_equal(row.cfa_register, 6);
	assert_int_equal(row.cfa_value, 24);
	assert_int_equal(ROW(0x1000, &row, 0x0f, 2, 0x77, 8), 0);
	assert_int_equal(row.cfa_len, 2);
	assert_int_equal(ROW(0x1000, &row, 0x07, 16), 0);
	assert_true(row.outermost);
	/* registers that are none of ours, and bytes of arguments */
	assert_int_equal(ROW(0x1000, &row, 0x05, 40, 1, 0x2e, 16, 0x07, 50, 0xc0 | 40), 0);
	assert_int_equal(row.nr, 1);
}

static void a_row_is_of_its_address(void **state)
{
	/* push rbx at 0; all again at 2; remembered, and taken back at 0x12; 2 and 4 bytes; to an address */
	static const uint8_t program[] = { 0x41, 0x0e, 16,   0x83, 2,	 0x0a, 0x41, 0xc3, 0x0e, 8, 0x02, 0x10,
					   0x0b, 0x03, 0x20, 0,	   0x0e, 32,   0x04, 0x10, 0,	 0, 0,	  0x0e,
					   48,	 0x01, 0x80, 0x10, 0,	 0,    0x06, 3,	   0x0e, 56 };
	static const struct {
		uint64_t address;
		int32_t cfa;
		bool rbx;
	} expected[] = {
		{ 0x1000, 8, false }, { 0x1001, 16, true }, { 0x1002, 8, false }, { 0x1011, 8, false }, { 0x1012, 16, true },
		{ 0x1031, 16, true }, { 0x1032, 32, true }, { 0x1041, 32, true }, { 0x1042, 48, true }, { 0x107f, 48, true },
		{ 0x1080, 56, false }, { 0x10ff, 56, false },
	};
	struct cfi_row row;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(row_of(program, sizeof(program), expected[i].address, &row), 0);
		assert_int_equal(row.cfa_value, expected[i].cfa);
		assert_int_equal(rule_of(&row, 3) != NULL, expected[i].rbx);
	}
	assert_int_equal(row_of(program, sizeof(program), 0xfff, &row), -ENOENT);
	assert_int_equal(row_of(program, sizeof(program), 0x1100, &row), -ENOENT);
}

static void what_is_not_understood_is_refused(void **state)
{
	struct cfi_row row;

	(void)state;
	assert_int_equal(ROW(0x1000, &row, 0x30), -EINVAL); /* no operation */
	assert_int_equal(ROW(0x1000, &row, 0x2d), -EINVAL); /* of another machine */
	assert_int_equal(ROW(0x1000, &row, 0x0b), -EINVAL); /* nothing was remembered */
	assert_int_equal(ROW(0x1000, &row, 0x0e), -EINVAL); /* ends too early */
	assert_int_equal(ROW(0x1000, &row, 0x0f, 0), -EINVAL);
	assert_int_equal(ROW(0x1000, &row, 0x0f, 200, 1), -EINVAL);
	assert_int_equal(ROW(0x1000, &row, 0x0f, 1, 0x30, 0x0e, 8), -EINVAL); /* a part of what is an expression */
	assert_int_equal(ROW(0x1000, &row, 0x0c, 17, 8), -EINVAL);
	assert_int_equal(ROW(0x1000, &row, 0x09, 3, 17), -EINVAL);
	assert_int_equal(ROW(0x1000, &row, 0x0e, 0x80, 0x80, 0x80, 0x80, 0x10), -EINVAL);
	assert_int_equal(ROW(0x1000, &row, 0x05, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), -EINVAL);
	assert_int_equal(ROW(0x1000, &row, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a), -EINVAL);
}

/* ---- expressions ---- */

static int evaluate(const uint8_t *expression, size_t len, uint64_t *ret)
{
	static const uint64_t stack[] = { 0x1111222233334444, 0xffffffffffff8001, 3 };
	struct cfi_machine m = { .known = 1U << CFI_RSP | 1U << CFI_RBP,
				 .stack = (const uint8_t *)stack,
				 .bytes = sizeof(stack),
				 .start = 0x7000 };
	struct cfi_bytes bytes = { .p = expression, .len = len }, none = {};
	struct cfi *cfi = cfi_new(&bytes, &none);
	const uint64_t initial = 0x55;
	int err;

	m.reg[CFI_RSP] = 0x7000;
	m.reg[CFI_RBP] = 0x7010;
	err = cfi_evaluate(cfi, 0, (uint16_t)len, &m, &initial, ret);
	cfi_free(cfi);
	return err;
}

static void expressions_are_evaluated(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t len;
		int err;
		uint64_t value;
	} expected[] = {
		{ { 0x96 }, 1, 0, 0x55 },		     /* what lies there at first */
		{ { 0x77, 8 }, 2, 0, 0x7008 },		     /* rsp + 8 */
		{ { 0x76, 0x78, 0x06 }, 3, 0, 0xffffffffffff8001 }, /* *(rbp - 8) */
		{ { 0x77, 8, 0x94, 2 }, 4, 0, 0x8001 },	     /* 2 bytes of it */
		{ { 0x77, 17, 0x06 }, 3, -EFAULT, 0 },	     /* not all of it is there */
		{ { 0x77, 0x7f, 0x06 }, 3, -EFAULT, 0 },
		{ { 0x73, 0 }, 2, -ENODATA, 0 },	     /* rbx is not known */
		{ { 0x8f, 0 }, 2, -ENODATA, 0 },	     /* a vector register */
		{ { 0x35, 0x33, 0x1c }, 3, 0, 2 },	     /* 5 - 3 */
		{ { 0x35, 0x33, 0x1e, 0x23, 0x80, 1 }, 6, 0, 143 }, /* 5 * 3 + 128 */
		{ { 0x09, 0xff, 0x34, 0x26 }, 4, 0, UINT64_MAX }, /* -1 >> 4, with the sign */
		{ { 0x09, 0xff, 0x08, 60, 0x25 }, 5, 0, 15 },	  /* without */
		{ { 0x31, 0x08, 64, 0x24 }, 4, 0, 0 },		  /* 1 << 64 */
		{ { 0x0b, 0xfe, 0xff, 0x1f }, 4, 0, 2 },	  /* -(-2) */
		{ { 0x11, 0x7f, 0x20 }, 3, 0, 0 },		  /* ~-1 */
		{ { 0x3c, 0x3a, 0x1a }, 3, 0, 8 },		  /* 12 & 10 */
		{ { 0x3c, 0x3a, 0x21 }, 3, 0, 14 },
		{ { 0x3c, 0x3a, 0x27 }, 3, 0, 6 },
		{ { 0x31, 0x32, 0x16, 0x1c }, 4, 0, 1 },	  /* swapped: 2 - 1 */
		{ { 0x31, 0x32, 0x14 }, 3, 0, 1 },		  /* over */
		{ { 0x31, 0x32, 0x33, 0x15, 2 }, 5, 0, 1 },	  /* picked */
		{ { 0x31, 0x32, 0x13, 0x12, 0x22 }, 5, 0, 2 },	  /* dropped, doubled */
		{ { 0x11, 0x7f, 0x31, 0x2d }, 4, 0, 1 },	  /* -1 < 1 */
		{ { 0x31, 0x28, 1, 0, 0x13, 0x96 }, 6, 0, 0x55 }, /* a branch that is taken */
		{ { 0x30, 0x28, 1, 0, 0x37, 0x96 }, 6, 0, 7 },	  /* one that is not */
		{ { 0x2f, 0xfd, 0xff }, 3, -EINVAL, 0 },	  /* for ever */
		{ { 0x2f, 0xf0, 0xff }, 3, -EINVAL, 0 },	  /* out of it */
		{ { 0x2f, 1, 0 }, 3, -EINVAL, 0 },
		{ { 0x13, 0x13 }, 2, -EINVAL, 0 },		  /* nothing is there */
		{ { 0x13 }, 1, -EINVAL, 0 },			  /* nothing is left */
		{ { 0x12, 0x2f, 0xfc, 0xff }, 4, -EINVAL, 0 },	  /* too much is there */
		{ { 0x77 }, 1, -EINVAL, 0 },
		{ { 0x03, 0, 0, 0, 0, 0, 0, 0, 0 }, 9, -EINVAL, 0 }, /* a place in the file */
		{ { 0x9c }, 1, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		uint64_t value = 0;

		assert_int_equal(evaluate(expected[i].bytes, expected[i].len, &value), expected[i].err);
		assert_int_equal(value, expected[i].value);
	}
}

/* The one that GNU ld writes for PLT entries: CFA = rsp + 8, and 8 more behind the entry's push. */
static void the_expression_of_plt_entries(void **state)
{
	static const uint8_t expression[] = { 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22 };
	struct cfi_machine m = { .known = 1U << CFI_RSP | 1U << CFI_RIP };
	struct cfi_bytes bytes = { .p = expression, .len = sizeof(expression) }, none = {};
	struct cfi *cfi = cfi_new(&bytes, &none);

	(void)state;
	m.reg[CFI_RSP] = 0x7000;
	for (uint64_t pc = 0x1020; pc < 0x1040; pc++) {
		uint64_t value = 0;

		m.reg[CFI_RIP] = pc;
		assert_int_equal(cfi_evaluate(cfi, 0, sizeof(expression), &m, NULL, &value), 0);
		assert_int_equal(value, pc % 16 >= 11 ? 0x7010 : 0x7008);
	}
	cfi_free(cfi);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_what_elfutils_reads),
		cmocka_unit_test(every_operation_has_its_meaning),
		cmocka_unit_test(a_row_is_of_its_address),
		cmocka_unit_test(what_is_not_understood_is_refused),
		cmocka_unit_test(expressions_are_evaluated),
		cmocka_unit_test(the_expression_of_plt_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
