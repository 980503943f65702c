/* Stacks of functions that are never run (tests/unit/data/unwind.S): frames, ends, and the files that they are of. */
#include "target/unwind.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "assemble.h"

enum { SP = 0x7ffe0000, BASE = 0x40000000, WORDS_MAX = 1024 };

struct fixture {
	struct assembled library;
	struct modules *modules;
	struct unwinder *u;
	struct elf_file *elf;
	struct stack stack;
};

static struct fixture fixture;

static struct mapping mapping_of(const char *path, uint64_t start)
{
	struct stat st = {};

	assert_int_equal(stat(path, &st), 0);
	return (struct mapping){ .start = start,
				 .end = start + (uint64_t)st.st_size / 4096 * 4096 + 4096,
				 .device = st.st_dev,
				 .inode = st.st_ino,
				 .permissions = "r-xp",
				 .path = (char *)(uintptr_t)path };
}

static void map_all(struct mapping *all, size_t nr)
{
	unwinder_set_mappings(fixture.u, &(mappings){ .items = all, .nr = nr });
}

static int set_up(void **state)
{
	(void)state;
	if (!assembled_from_file(&fixture.library, "unwind.so", "tests/unit/data/unwind.S") ||
	    elf_file_open(fixture.library.path, &fixture.elf, NULL))
		return -1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	elf_file_free(fixture.elf);
	assembled_release(&fixture.library);
	return 0;
}

static int begin(void **state)
{
	struct mapping m = mapping_of(fixture.library.path, BASE);

	(void)state;
	fixture.modules = modules_new();
	fixture.u = unwinder_new(fixture.modules, getpid());
	map_all(&m, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unwinder_free(fixture.u);
	modules_free(fixture.modules);
	return 0;
}

/* Where a function of the library would be in the process. */
static uint64_t at(const char *name)
{
	struct elf_symbol symbol = {};
	uint64_t bias = 0;

	assert_int_equal(elf_file_find(fixture.elf, name, &symbol, 1), 1);
	assert_int_equal(elf_file_bias(fixture.elf, BASE, 0, &bias), 0);
	return symbol.address + bias;
}

/* The stack of a thread in function @name with @words on it. */
static const struct stack *unwind_words(const char *name, const uint64_t *words, size_t nr)
{
	struct stack_sample sample = { .start = SP, .bytes = nr * 8, .stack = (const unsigned char *)words };

	sample.reg[CFI_RSP] = SP;
	sample.reg[CFI_RBX] = SP;
	sample.reg[CFI_RIP] = at(name);
	memset(&fixture.stack, 0xa5, sizeof(fixture.stack));
	unwinder_unwind(fixture.u, &sample, &fixture.stack);
	return &fixture.stack;
}

#define UNWIND(name, ...) \
	unwind_words(name, (const uint64_t[]){ __VA_ARGS__ }, sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

/* ---- frames ---- */

static void frames_have_places(void **state)
{
	const struct stack *s = UNWIND("plain", at("pushed") + 4, 77, at("plain") + 5, at("start") + 6);
	const struct stack_frame *f = s->frames;

	(void)state;
	assert_int_equal(s->end, STACK_COMPLETE);
	assert_int_equal(s->nr, 4);
	assert_int_equal(f[0].pc, at("plain"));
	assert_int_equal(f[1].pc, at("pushed") + 4);
	assert_int_equal(f[2].pc, at("plain") + 5);
	assert_int_equal(f[3].pc, at("start") + 6);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(f[i].cfa, f[i + 1].sp);
		assert_string_equal(f[i].module->path, fixture.library.path);
		assert_string_equal(f[i].module->build_id, elf_file_build_id(fixture.elf));
	}
	assert_int_equal(f[0].sp, SP);
	assert_int_equal(f[1].sp, SP + 8);
	assert_int_equal(f[2].sp, SP + 24);
	assert_int_equal(f[3].sp, SP + 32);
	/* of the call, but of the innermost */
	assert_int_equal(f[0].address + f[1].pc - f[0].pc, f[1].address + 1);
	assert_int_equal(f[1].address + f[2].pc - f[1].pc, f[2].address);
}

/* A call may be the last instruction of a function: what it returns to is another one's. */
static void a_caller_is_where_the_call_is(void **state)
{
	const struct stack *s = UNWIND("plain", at("pushed") + 16, 77, 0);

	(void)state;
	assert_int_equal(s->nr, 2);
	assert_int_equal(s->end, STACK_COMPLETE);
	assert_int_equal(s->frames[1].cfa, SP + 24);
}

/* What a signal has interrupted has not been executed: its first byte counts. */
static void what_a_signal_interrupts_is_no_call(void **state)
{
	const uint64_t above = SP + 4 * 8;
	const struct stack *s = UNWIND("plain", at("signalled") + 1, at("pushed"), above, 77, 78, at("start") + 1);

	(void)state;
	assert_int_equal(s->end, STACK_COMPLETE);
	assert_int_equal(s->nr, 4);
	assert_int_equal(s->frames[2].pc, at("pushed"));
	assert_int_equal(s->frames[2].sp, above);
	assert_int_equal(s->frames[2].cfa, above + 16);
	assert_int_equal(s->frames[2].address - s->frames[1].address, at("pushed") - at("signalled"));
	assert_int_equal(s->frames[3].pc, at("start") + 1);
}

static void registers_that_were_saved_are_used(void **state)
{
	const struct stack *s = UNWIND("pushed", SP + 32, at("by_rbx") + 1, 0, 0, at("start") + 1);

	(void)state;
	assert_int_equal(s->end, STACK_COMPLETE);
	assert_int_equal(s->nr, 3);
	assert_int_equal(s->frames[1].cfa, SP + 40);
}

/* ---- ends ---- */

static void assert_end(const struct stack *s, enum stack_end why, size_t nr)
{
	assert_int_equal(s->end, why);
	assert_int_equal(s->nr, nr);
	if (why != STACK_COMPLETE)
		assert_string_not_equal(stack_end_text(why), stack_end_text(STACK_COMPLETE));
}

static void a_stack_ends_for_a_reason(void **state)
{
	(void)state;
	assert_end(UNWIND("start", 0), STACK_COMPLETE, 1);
	assert_end(UNWIND("no_start", 0), STACK_COMPLETE, 1);
	assert_end(UNWIND("plain", 0), STACK_COMPLETE, 1);
	assert_end(UNWIND("plain", at("untold") + 1), STACK_NO_TABLE, 2);
	assert_int_equal(fixture.stack.frames[1].address, fixture.stack.frames[0].address + at("untold") - at("plain"));
	assert_end(UNWIND("plain", at("broken") + 1), STACK_BAD_TABLE, 2);
	assert_end(UNWIND("plain", at("by_rax") + 1, 0), STACK_NO_VALUE, 2);
	assert_end(UNWIND("plain", 0x1234), STACK_NO_MAPPING, 2);
	assert_null(fixture.stack.frames[1].module);
	assert_int_equal(fixture.stack.frames[1].cfa, 0);
	assert_end(UNWIND("plain", at("pushed") + 1, 77), STACK_SHORT, 2);
	assert_end(UNWIND("plain", at("by_rbx") + 1, 0, 0), STACK_LOOP, 2);
	assert_end(unwind_words("plain", NULL, 0), STACK_SHORT, 1);
}

static void a_stack_that_is_too_deep_is_cut(void **state)
{
	uint64_t words[WORDS_MAX];

	(void)state;
	for (size_t i = 0; i < WORDS_MAX; i++)
		words[i] = at("plain") + 1;
	assert_end(unwind_words("plain", words, WORDS_MAX), STACK_DEEP, STACK_FRAMES);
	words[STACK_FRAMES - 2] = at("start") + 1;
	assert_end(unwind_words("plain", words, WORDS_MAX), STACK_COMPLETE, STACK_FRAMES);
	assert_end(unwind_words("plain", words, STACK_FRAMES - 3), STACK_SHORT, STACK_FRAMES - 2);
}

/* More places than are remembered, twice. */
static void places_are_forgotten(void **state)
{
	struct mapping m = mapping_of(fixture.library.path, BASE);

	(void)state;
	for (size_t again = 0; again < 2; again++)
		for (size_t i = 0; i < 70000; i++)
			assert_end(UNWIND("plain", 0x100000 + i), STACK_NO_MAPPING, 2);
	map_all(&m, 1);
	assert_end(UNWIND("plain", at("start") + 1), STACK_COMPLETE, 2);
}

/* ---- files ---- */

static void code_of_no_file_ends_a_stack(void **state)
{
	struct mapping all[] = {
		mapping_of(fixture.library.path, BASE),
		{ .start = 0x1000, .end = 0x2000, .permissions = "rwxp", .path = (char[]){ "" } },
		mapping_of("tests/unit/data/unwind.S", 0x10000),
		mapping_of(fixture.library.path, 0x20000),
		{ .start = 0x8000, .end = 0x9000, .permissions = "r-xp", .path = (char[]){ "[vsyscall]" } },
	};
	_cleanup_(freep) char *source = realpath("tests/unit/data/unwind.S", NULL);

	(void)state;
	all[2].path = source;
	all[3].inode++;
	map_all(all, ARRAY_SIZE(all));
	assert_end(UNWIND("plain", 0x1234), STACK_NO_FILE, 2);
	assert_null(fixture.stack.frames[1].module);
	assert_end(UNWIND("plain", 0x10001), STACK_NO_FILE, 2);
	assert_string_equal(fixture.stack.frames[1].module->path, source);
	assert_string_equal(fixture.stack.frames[1].module->why, "it is no x86-64 program or library");
	assert_end(UNWIND("plain", 0x20001), STACK_NO_FILE, 2);
	assert_string_equal(fixture.stack.frames[1].module->why, "the file was replaced after it was mapped");
	assert_end(UNWIND("plain", 0x8001), STACK_NO_FILE, 2);
	assert_string_equal(fixture.stack.frames[1].module->path, "[vsyscall]");
	assert_end(UNWIND("plain", at("start") + 1), STACK_COMPLETE, 2);
}

/* What is mapped later is known when it is told. */
static void mappings_may_change(void **state)
{
	struct mapping both[] = { mapping_of(fixture.library.path, BASE), mapping_of(fixture.library.path, 0x100000) };
	const uint64_t later = at("start") + 1 - BASE + 0x100000;

	(void)state;
	assert_end(UNWIND("plain", later), STACK_NO_MAPPING, 2);
	map_all(both, 2);
	assert_end(UNWIND("plain", later), STACK_COMPLETE, 2);
	assert_ptr_equal(fixture.stack.frames[0].module, fixture.stack.frames[1].module);
	map_all(both, 1);
	assert_end(UNWIND("plain", later), STACK_NO_MAPPING, 2);
	map_all(both, 0);
	assert_end(UNWIND("plain", later), STACK_NO_MAPPING, 1);
}

static void a_file_is_opened_once(void **state)
{
	struct mapping m = mapping_of(fixture.library.path, BASE);
	struct module *first = modules_mapped(fixture.modules, getpid(), &m), *second, *third;
	char *path = xasprintf("%s/other.so", fixture.library.directory);
	const char *arguments[] = { "cp", fixture.library.path, path, NULL };
	struct diag d = {};

	(void)state;
	assert_ptr_equal(modules_mapped(fixture.modules, getpid(), &m), first);
	assert_int_equal(modules_count(fixture.modules), 1);
	assert_int_equal(assemble_run(arguments), 0);
	second = modules_file(fixture.modules, path, &d);
	assert_non_null(second);
	assert_ptr_not_equal(second, first);
	/* its name, and with it its times, are others: its contents are not */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(link(fixture.library.path, path), 0);
	assert_ptr_equal(modules_file(fixture.modules, path, &d), first);
	/* another file of that name */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(assemble_run((const char *[]){ "cp", "/bin/true", path, NULL }), 0);
	third = modules_file(fixture.modules, path, &d);
	assert_non_null(third);
	assert_ptr_not_equal(third, first);
	assert_ptr_equal(modules_at(fixture.modules, third->number), third);
	assert_int_equal(unlink(path), 0);
	assert_null(modules_file(fixture.modules, path, &d));
	assert_null(modules_file(fixture.modules, "tests/unit/data/unwind.S", &d));
	assert_non_null(strstr(d.text, "no x86-64"));
	free(path);
}

/* As they are in this process: the kernel's own code, and a file whose name is gone. */
static void mappings_of_a_process_are_read(void **state)
{
	char *path = xasprintf("%s/removed.so", fixture.library.directory);
	const struct module *removed = NULL, *vdso = NULL;
	struct diag d = {};
	void *mapped;
	int fd;

	(void)state;
	assert_int_equal(assemble_run((const char *[]){ "cp", fixture.library.path, path, NULL }), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	mapped = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unwinder_read_mappings(fixture.u, &d), 0);
	unwinder_prepare(fixture.u);
	for (size_t i = 0; i < modules_count(fixture.modules); i++) {
		const struct module *m = modules_at(fixture.modules, i);

		if (!strcmp(m->path, "[vdso]"))
			vdso = m;
		if (!strncmp(m->path, path, strlen(path)))
			removed = m;
	}
	assert_non_null(vdso);
	assert_non_null(vdso->cfi);
	assert_non_null(removed);
	if (removed->elf)
		assert_string_equal(removed->path, path);
	else
		assert_non_null(removed->why); /* /proc/PID/map_files is for root */
	munmap(mapped, 4096);
	free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(frames_have_places),
		TEST(a_caller_is_where_the_call_is),
		TEST(what_a_signal_interrupts_is_no_call),
		TEST(registers_that_were_saved_are_used),
		TEST(a_stack_ends_for_a_reason),
		TEST(a_stack_that_is_too_deep_is_cut),
		TEST(places_are_forgotten),
		TEST(code_of_no_file_ends_a_stack),
		TEST(mappings_may_change),
		TEST(a_file_is_opened_once),
		TEST(mappings_of_a_process_are_read),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
