/* Which instruction of a function is probed: tests/unit/data/sites.S has the functions. */
#include "target/code_site.h"

#include "target/code.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "assemble.h"
#include "base/str.h"

struct fixture {
	struct assembled made;
	struct elf_file *elf;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	return assembled_from_file(&f->made, "sites.so", "tests/unit/data/sites.S") ?
		       elf_file_open(f->made.path, &f->elf, NULL) : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	elf_file_free(f->elf);
	assembled_release(&f->made);
	free(f);
	return 0;
}

static struct elf_symbol symbol_of(const struct fixture *fixture, const char *name)
{
	struct elf_symbol symbol = {};

	if (elf_file_find(fixture->elf, name, &symbol, 1) != 1)
		fail_msg("no %s", name);
	return symbol;
}

enum { ALL = 0x3f, NONE = 0 };

static const struct {
	const char *function;
	unsigned int arguments;
	uint32_t into;
	const char *why; /* a part of it, NULL: there is nothing to say */
} rows[] = {
	{ "push_first", ALL, 0, NULL },
	{ "endbr_push", ALL, 4, "after endbr64" },
	{ "endbr_push_r14", ALL, 4, "after endbr64" },
	{ "mov_push", ALL, 3, "after mov %rdi,%rax" },
	{ "four_before_push", ALL, 20, "after 4 instructions" },
	{ "reads_before_push", ALL, 7, "after 2 instructions" },
	{ "vectors_before_push", ALL, 8, "after 2 instructions" },
	{ "red_zone", ALL, 10, "after 2 instructions" },
	{ "endbr_branch", ALL, 7, "after 2 instructions" },
	{ "far_branch", ALL, 7, "after cmpb $0,0x2d0(%rdi)" },
	{ "mov_jump", ALL & ~1, 4, "after mov 0x18(%rdi),%rdi" },
	{ "mov_jump", 1, 0, "no emulated instruction comes before 'mov 0x18(%rdi),%rdi', which overwrites an argument" },
	{ "nop5_first", ALL, 0, NULL },
	{ "endbr_nop5_push", ALL, 9, "after 2 instructions" },
	{ "endbr_nops", ALL, 0, "'ret', which returns" },
	{ "overwrites_first", 1, 0, "'mov 0x78(%rdi),%rdi', which overwrites an argument" },
	{ "overwrites_first", ALL & ~1, 4, "after mov" },
	{ "overwrites_byte", 4, 0, "'mov $1,%dh', which overwrites an argument" },
	{ "overwrites_byte", ALL & ~4, 2, "after mov" },
	{ "overwrites_last", 32, 0, "which overwrites an argument" },
	{ "overwrites_last", ALL & ~32, 3, "after xor" },
	{ "sub_push", NONE, 0, "'sub $8,%rsp', which moves the stack pointer" },
	{ "lea_push", NONE, 0, "which moves the stack pointer" },
	{ "push_number", NONE, 0, "'pushq $8', which moves the stack pointer" },
	{ "pop_first", NONE, 0, "'pop %rax', which moves the stack pointer" },
	{ "stores", NONE, 0, "'mov %rsi,0x10(%rdi)', which writes to memory" },
	{ "stores_at_return", NONE, 0, "which writes to memory" },
	{ "stores_indexed", NONE, 0, "which writes to memory" },
	{ "locks", NONE, 0, "which is not followed here" },
	{ "strings", NONE, 0, "which is not followed here" },
	{ "exchanges", NONE, 0, "which is not followed here" },
	{ "counts", NONE, 0, "'cpuid', which is not followed here" },
	{ "endbr_call", NONE, 0, "which calls another function" },
	{ "endbr_ret", NONE, 0, "'ret', which returns" },
	{ "endbr_jump_table", NONE, 0, "which may lead elsewhere" },
	{ "jrcxz_first", NONE, 0, "which may lead elsewhere" },
	{ "hinted", NONE, 0, "which may lead elsewhere" },
	{ "distant", NONE, 0, "no emulated instruction is near" },
	{ "loop_to_site", NONE, 0, "leads there as well" },
	/* Whoever jumps to the entry passes the entry again, too. */
	{ "loop_to_entry", NONE, 2, "after dec %eax" },
	{ "loop_behind", NONE, 4, "after endbr64" },
	{ "jump_back", NONE, 0, "'push %rbx' at entry+4, but 'jne " },
	{ "far_jump_back", NONE, 0, "leads there as well" },
	{ "calls_inside", NONE, 0, "'push %rbx' at entry+4, but 'call " },
	{ "calls_itself", NONE, 4, "after endbr64" },
	{ "cold_jumps_back", NONE, 0, "leads there as well" },
	{ "cold_stays_away", NONE, 4, "after endbr64" },
	{ "lost_part_jumps_back", NONE, 0, "leads there as well" },
	{ "lost_part_stays_away", NONE, 4, "after endbr64" },
	{ "switch_in_frame", NONE, 4, "after endbr64" },
	{ "switch_without_frame", NONE, 0, "but 'jmp *%rax' at 0x" },
	{ "switch_absolute", NONE, 4, "after endbr64" },
	{ "last_jump_by_register", NONE, 0, "might lead there" },
	{ "last_jump_by_object", NONE, 4, "after endbr64" },
	{ "jump_through_stack", NONE, 0, "might lead there" },
	{ "switch_aligned", NONE, 4, "after endbr64" },
	{ "switch_somewhere", NONE, 0, "might lead there" },
	{ "switch_two_ways", NONE, 0, "might lead there" },
	{ "switch_unseen", NONE, 0, "might lead there" },
	{ "without_size", NONE, 0, "the function's size is not known" },
	{ "alias_one", NONE, 4, "after endbr64" },
	{ "alias_two", NONE, 4, "after endbr64" },
	{ "has_inner", NONE, 0, "but another function begins in between" },
	{ "has_local_inner", NONE, 0, "but another function begins in between" },
	{ "inner", NONE, 0, NULL },
	{ "not_code", NONE, 0, "not all of its code is understood, at 0x" },
	{ "jumps_between", NONE, 0, "leads between its instructions" },
	{ "large", NONE, 0, "larger than 65536 bytes" },
};

static void the_first_emulated_instruction_that_is_as_good_as_the_entry(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct elf_symbol function = symbol_of(fixture, rows[i].function);
		struct code_site site;

		code_choose_site(fixture->elf, &function, rows[i].arguments, &site);
		if (site.into != rows[i].into || !rows[i].why != !site.why || (site.why && !strstr(site.why, rows[i].why)))
			fail_msg("%s: entry+%u, %s", rows[i].function, site.into, site.why ? site.why : "nothing");
		assert_int_equal(site.address, function.address + site.into);
		code_site_release(&site);
	}
}

static void a_symbol_that_is_not_in_the_file_is_probed_at_its_entry(void **state)
{
	static const struct elf_symbol symbols[] = {
		{ "nowhere", 0x7fff12345000, 16, true }, { "without_size", 0, 0, true }, { "endless", 0, UINT64_MAX, true }};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		struct code_site site;

		code_choose_site(fixture->elf, &symbols[i], ALL, &site);
		assert_int_equal(site.into, 0);
		assert_int_equal(site.address, symbols[i].address);
		code_site_release(&site);
	}
}

/* What must hold of any site, whatever the bytes are. */
static void check_site(struct elf_file *elf, const struct elf_symbol *function)
{
	_cleanup_(str_release) struct str text = {};
	struct code_site site;
	bool emulated;

	code_choose_site(elf, function, ALL, &site);
	assert_int_equal(site.address, function->address + site.into);
	assert_true(site.into < function->size || !site.into);
	if (site.into) {
		assert_non_null(site.why);
		assert_int_equal(code_instruction(elf, site.address, &text, &emulated), 0);
		assert_true(emulated);
		assert_true(!strncmp(str_text(&text), "push %r", 7) || str_text(&text)[0] == 'j');
	}
	code_site_release(&site);
}

/* Bytes that no compiler made: nothing is read beyond them, and what is chosen is what may be. */
static void any_bytes_are_survived(void **state)
{
	const struct fixture *fixture = *state;
	int fd = open(fixture->made.path, O_RDWR | O_CLOEXEC);
	unsigned int random = 7;

	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct elf_symbol function = symbol_of(fixture, rows[i].function);
		uint64_t offset;
		uint8_t old[64];
		size_t len = function.size < sizeof(old) ? function.size : sizeof(old);

		assert_int_equal(elf_file_offset(fixture->elf, function.address, &offset), 0);
		assert_int_equal(pread(fd, old, len, (off_t)offset), len);
		for (int k = 0; k < 20 && len; k++) {
			uint8_t byte;

			random = random * 1103515245 + 12345;
			byte = (uint8_t)(random >> 16);
			assert_int_equal(pwrite(fd, &byte, 1, (off_t)(offset + (random >> 24) % len)), 1);
			check_site(fixture->elf, &function);
		}
		assert_int_equal(pwrite(fd, old, len, (off_t)offset), len);
	}
	close(fd);
}

/* A file that ends within a function. */
static void a_file_that_has_shrunk_is_survived(void **state)
{
	const struct fixture *fixture = *state;
	struct elf_symbol function = symbol_of(fixture, "switch_in_frame");
	uint64_t offset;
	struct code_site site;

	assert_int_equal(elf_file_offset(fixture->elf, function.address, &offset), 0);
	assert_int_equal(truncate(fixture->made.path, (off_t)(offset + 10)), 0);
	code_choose_site(fixture->elf, &function, ALL, &site);
	assert_int_equal(site.into, 0);
	assert_non_null(strstr(site.why, "not all of its code is understood"));
	code_site_release(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_emulated_instruction_that_is_as_good_as_the_entry, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_symbol_that_is_not_in_the_file_is_probed_at_its_entry, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_bytes_are_survived, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_has_shrunk_is_survived, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
