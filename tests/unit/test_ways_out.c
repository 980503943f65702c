/* Where the calls of a function end: tests/unit/data/ways.S has the functions. */
#include "target/ways_out.h"

#include "target/landings.h"

#include <errno.h>
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
	return assembled_from_file(&f->made, "ways.so", "tests/unit/data/ways.S") ? elf_file_open(f->made.path, &f->elf, NULL) : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	elf_file_free(f->elf);
	assembled_release(&f->made);
	free(f);
	return 0;
}

/* Of each: its ways as kind and place, "NAME+bytes" or, where there is no name, bytes behind the function. */
static const struct {
	const char *function, *ways;
} rows[] = {
	{ "mere_return", "return 0" },
	{ "forms", "return 5 return 12 return 14" },
	{ "in_frame", "return 12" },
	{ "loops", "return 7" },
	{ "never", "" },
	{ "ends_in_a_call", "return 13" },
	{ "ends_in_between", "return 11" },
	{ "ends_by_the_got", "return 12" },
	{ "last_jump_never_returns", "return 5" },
	{ "calls_itself", "return 7" },
	{ "dead_return", "return 4" },
	{ "cold_returns", "return 5 return cold_returns.cold+1" },
	{ "lost_part_returns", "return 7 return ?" },
	{ "catches", "return 7 return 10" },
	{ "catches_in_a_part", "return 7 return ?" },
	{ "jumps", "entry lower+0 shared lower+5 shared lower+8 jump 2" },
	{ "jumps_twice", "entry lower+0 shared lower+5 shared lower+8 entry jumps+0 jump jumps+2 jump 5 jump 8" },
	{ "jumps_to_a_nameless_one", "jump 3 entry ? shared ?" },
	{ "switches", "return 26 return 29 return 31 return ?" },
	{ "switches_by_byte", "return 26 return 28" },
	{ "switches_by_bits", "return 19" },
	{ "untold", "return 5 return 7" },
};

static const struct {
	const char *function, *why; /* a part of it */
} refused[] = {
	{ "lands_between", "exceptions land at 0x" },
	{ "lands_elsewhere", "exceptions land at 0x" },
	{ "jumps_maybe", "may lead to another function, or not" },
	{ "jumps_in_frame", "leads to another function, but not at its end" },
	{ "jumps_into_the_middle", "leads into the middle of another function" },
	{ "jumps_by_plt", "is to 'imported', which may be another file's" },
	{ "jumps_by_got", "is to 'imported', which may be another file's" },
	{ "jumps_by_object", "is its last jump, and nobody knows where it leads" },
	{ "jumps_by_register", "leads nobody knows where" },
	{ "jumps_to_its_entry", "leads to the entry again" },
	{ "jumps_to_what_refuses", "leads nobody knows where" },
	{ "switches_without_frame", "may lead to another function, or not" },
	{ "switches_unbounded", "leads nobody knows where" },
	{ "switches_after_a_change", "leads nobody knows where" },
	{ "switches_after_another_test", "leads nobody knows where" },
	{ "switches_behind_the_test", "leads nobody knows where" },
	{ "switches_too_small", "leads nobody knows where" },
	{ "switches_from_a_moved_base", "leads nobody knows where" },
	{ "switches_into_others", "leads to another function, but not at its end" },
	{ "returns_elsewhere", "'ret' at 0x" },
	{ "returns_to_a_pushed", "is reached with the stack pointer elsewhere" },
	{ "loses_the_stack", "is reached with the stack pointer nobody knows where" },
	{ "two_depths", "is reached with the stack pointer nobody knows where" },
	{ "retpoline", "calls into the function itself" },
	{ "far_return", "leads nobody knows where" },
	{ "runs_on", "is the last instruction, and goes on" },
	{ "jumps_between", "leads between its instructions" },
	{ "has_data", "not all of its code is understood" },
	{ "untold_part", "leads to code of which nothing is known" },
	{ "without_size", "size is not known" },
	{ "second_half", "the unwind tables know no code that begins at 0x" },
};

static struct elf_symbol symbol_of(struct elf_file *elf, const char *name)
{
	struct elf_symbol symbol = {};

	if (elf_file_find(elf, name, &symbol, 1) != 1)
		fail_msg("no %s", name);
	return symbol;
}

static void add_place(struct elf_file *elf, const struct elf_symbol *function, uint64_t address, struct str *s)
{
	struct elf_symbol symbol;

	if (address - function->address < function->size)
		str_addf(s, "%u", (unsigned int)(address - function->address));
	else if (elf_file_symbol_at(elf, address, &symbol))
		str_add(s, "?");
	else
		str_addf(s, "%s+%u", symbol.name, (unsigned int)(address - symbol.address));
}

static void all_ways_out_are_found(void **state)
{
	static const char *const kinds[] = { "return", "shared", "jump", "entry" };
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct elf_symbol function = symbol_of(fixture->elf, rows[i].function);
		_cleanup_(str_release) struct str found = {};
		struct ways_out out;
		struct diag d = {};
		size_t returns = 0;

		if (code_ways_out(fixture->elf, &function, &out, &d))
			fail_msg("%s: %s", rows[i].function, d.text);
		for (size_t k = 0; k < out.ways.nr; k++) {
			str_addf(&found, "%s%s ", k ? " " : "", kinds[out.ways.items[k].kind]);
			add_place(fixture->elf, &function, out.ways.items[k].address, &found);
			returns += out.ways.items[k].kind == WAY_RETURN || out.ways.items[k].kind == WAY_SHARED_RETURN;
		}
		if (strcmp(str_text(&found), rows[i].ways))
			fail_msg("%s: %s", rows[i].function, str_text(&found));
		assert_int_equal(out.nr_returns, returns);
		ways_out_release(&out);
	}
}

static void what_cannot_be_shown_is_refused(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct elf_symbol function = symbol_of(fixture->elf, refused[i].function);
		struct ways_out out;
		struct diag d = {};

		assert_int_equal(code_ways_out(fixture->elf, &function, &out, &d), -ENOTSUP);
		assert_int_equal(out.ways.nr, 0);
		if (!strstr(d.text, refused[i].why))
			fail_msg("%s: %s", refused[i].function, d.text);
		ways_out_release(&out);
	}
}

static void parts_are_what_the_unwind_tables_say(void **state)
{
	const struct fixture *fixture = *state;
	struct elf_symbol function = symbol_of(fixture->elf, "catches"), untold = symbol_of(fixture->elf, "untold");
	code_landings landings = {};
	struct code_part part;

	for (uint64_t i = 0; i < function.size; i++) {
		assert_int_equal(code_part_at(fixture->elf, function.address + i, &part), 0);
		assert_int_equal(part.address, function.address);
		assert_int_equal(part.bytes, function.size);
	}
	assert_int_equal(code_part_landings(fixture->elf, &part, &landings), 0);
	assert_int_equal(landings.nr, 1);
	assert_int_equal(landings.items[0].address, function.address + 1);
	assert_int_equal(landings.items[0].bytes, 5);
	assert_int_equal(landings.items[0].pad, function.address + 8);
	vec_release(&landings);
	assert_int_equal(code_part_at(fixture->elf, untold.address, &part), -ENOENT);
	assert_int_equal(code_part_at(fixture->elf, 0, &part), -ENOENT);
	assert_int_equal(code_part_at(fixture->elf, UINT64_MAX, &part), -ENOENT);
}

/* Ask for all functions of a file in which @nr bytes are others. */
static void ask_damaged(const char *path, const char *bytes, size_t len, unsigned int *seed)
{
	_cleanup_(freep) char *other = xmalloc(len);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct elf_file *elf = NULL;

	memcpy(other, bytes, len);
	/* Behind the headers, so that it stays a file that can be opened. */
	for (int i = 0; i < 24; i++)
		other[0x400 + (size_t)rand_r(seed) % (len - 0x400)] = (char)rand_r(seed);
	assert_int_equal(write(fd, other, len), len);
	close(fd);
	if (elf_file_open(path, &elf, NULL))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows) + ARRAY_SIZE(refused); i++) {
		const char *name = i < ARRAY_SIZE(rows) ? rows[i].function : refused[i - ARRAY_SIZE(rows)].function;
		struct elf_symbol function;
		struct ways_out out;
		struct diag d = {};

		if (elf_file_find(elf, name, &function, 1) != 1)
			continue;
		if (code_ways_out(elf, &function, &out, &d))
			assert_true(d.text[0]);
		ways_out_release(&out);
	}
	elf_file_free(elf);
}

static void damaged_files_are_refused_or_understood_but_crash_nobody(void **state)
{
	const struct fixture *fixture = *state;
	_cleanup_(freep) char *path = xasprintf("%s/damaged.so", fixture->made.directory);
	int fd = open(fixture->made.path, O_RDONLY | O_CLOEXEC);
	_cleanup_(freep) char *bytes = xmalloc(1 << 20);
	ssize_t len = read(fd, bytes, 1 << 20);
	unsigned int seed = 6;

	close(fd);
	assert_in_range(len, 0x1000, (1 << 20) - 1);
	for (int i = 0; i < 60; i++)
		ask_damaged(path, bytes, (size_t)len, &seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_ways_out_are_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_shown_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parts_are_what_the_unwind_tables_say, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_files_are_refused_or_understood_but_crash_nobody, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
