/* What machine code says about a layout: tests/unit/data/code.S has the functions. */
#include "target/code.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "assemble.h"

struct fixture {
	char *directory, *path;
	struct elf_file *elf;
};

static struct fixture fixture;

static int set_up(void **state)
{
	static const char *const flags[] = { "-shared", "-Wl,-z,lazy", NULL };
	struct diag d;

	(void)state;
	fixture.directory = assemble_directory();
	if (!fixture.directory)
		return -1;
	fixture.path = assemble(fixture.directory, "code.so", "tests/unit/data/code.S", flags);
	return fixture.path ? elf_file_open(fixture.path, &fixture.elf, &d) : -1;
}

static int tear_down(void **state)
{
	(void)state;
	elf_file_free(fixture.elf);
	free(fixture.path);
	assemble_remove(fixture.directory);
	return 0;
}

static struct elf_symbol function(const char *name)
{
	struct elf_symbol symbol = {};

	assert_int_equal(elf_file_find(fixture.elf, name, &symbol, 1), 1);
	return symbol;
}

/* A chain as text, or a piece of the reason why there is none. */
struct wanted {
	const char *name; /* of the test */
	const char *function;
	const char *chain;
	const char *reason;
	struct code_constants constants;
};

static void check(const struct wanted *w, int err, const struct code_chain *chain, const struct diag *d)
{
	struct str text = {};

	if (w->reason) {
		assert_true(err == -ENOTSUP || err == -ENOENT);
		if (!strstr(d->text, w->reason))
			fail_msg("'%s' is not in '%s'", w->reason, d->text);
		assert_non_null(strstr(d->text, w->function));
		return;
	}
	if (err)
		fail_msg("%s", d->text);
	code_chain_add(&text, chain);
	assert_string_equal(str_text(&text), w->chain);
	str_release(&text);
}

static const struct wanted returned[] = {
	{ "a getter of 32 bits is one load", "trivial", .chain = "*(arg0+0x20):4" },
	{ "a frame, a spill and endbr64 change nothing", "with_endbr", .chain = "*(arg0+0x2f):8" },
	{ "a getter behind a pointer is two loads", "two_loads", .chain = "*(*(arg0+0x10)+0x8):8" },
	{ "an offset may be negative and the argument another", "negative", .chain = "*(arg1-0x18):8" },
	{ "a path that throws at the end does not count", "throwing_tail", .chain = "*(*(arg0+0x10)+0x40):4" },
	{ "what stands behind a throw does not count", "throwing_first", .chain = "*(arg0+0x11):4" },
	{ "the C++ library's throwing helpers do not return", "throwing_std", .chain = "*(arg0+0x13):4" },
	{ "a path into a trap does not count", "traps", .chain = "*(arg0+0x17):4" },
	{ "two returns with one value are one value", "equal_returns", .chain = "*(arg0+0x3b):8" },
	{ "two returns with two values are refused", "different_returns",
	  .reason = "*(arg0+0x10):8 in one place, *(arg0+0x18):8 in another" },
	{ "two paths to one return with two values are refused", "different_paths", .reason = "differs between the paths" },
	{ "two sizes of one member are two values", "different_sizes", .reason = "in another" },
	{ "a tail call is refused", "tail_call", .reason = "it jumps to another function: 'jmp " },
	{ "a conditional tail call is refused", "tail_call_on_a_condition", .reason = "it jumps to another function: 'jne " },
	{ "a virtual tail call is refused", "virtual_tail_call", .reason = "it jumps to another function: 'jmp *0x10(%rax)'" },
	{ "a switch is refused", "switch_jump", .reason = "not followed, 'jmp *%rsi' at 0x" },
	{ "a byte that is zero-extended is a load of 1", "byte_zero_extended", .chain = "*(arg0+0x38):1" },
	{ "a word that is zero-extended is a load of 2", "word_zero_extended", .chain = "*(arg0+0x3a):2" },
	{ "a byte read over the pointer to it is a load of 1", "byte_alone", .chain = "*(*(arg0+0x10)+0x38):1" },
	{ "a word read alone is a load of 2", "word_alone", .chain = "*(arg0+0x3a):2" },
	{ "a byte put into a constant is refused", "byte_in_a_constant", .reason = "computed by 'mov 0x38(%rdi),%al'" },
	{ "a byte put into a zero is a load of 1", "byte_in_a_zero", .chain = "*(arg0+0x38):1" },
	{ "a byte put into another value is refused", "byte_in_another_value", .reason = "computed by 'mov 0x38(%rdi),%al'" },
	{ "the second byte of a register is refused", "second_byte", .reason = "computed by 'movzbl %ah,%eax'" },
	{ "a value that is cut is a smaller load", "narrowed", .chain = "*(arg0+0x10):4" },
	{ "a load that extends the sign is refused", "sign_extended", .reason = "computed by 'movslq 0x10(%rdi),%rax'" },
	{ "a sign extended later is refused", "sign_extended_later", .reason = "computed by 'cltq'" },
	{ "a computed value is refused", "computed", .reason = "computed by 'imul $3,%rax,%rax'" },
	{ "the result of a comparison is refused", "compared", .reason = "computed by 'sete %al'" },
	{ "a conditional move is refused", "chosen", .reason = "computed by 'cmove 0x18(%rdi),%rax'" },
	{ "a compare and exchange overwrites rax", "exchanged", .reason = "computed by 'lock cmpxchgq %rsi,0x18(%rdi)'" },
	{ "cpuid overwrites rax", "asked_the_processor", .reason = "computed by 'cpuid'" },
	{ "an address behind a load is the load and a constant", "sum", .chain = "*(arg0+0x10)+0x18" },
	{ "a member's address is the argument and a constant", "member_address", .chain = "arg0+0x48" },
	{ "a sum that goes too far is refused", "far_sum", .reason = "it is the sum *(arg0+0x10):8+0x80000000" },
	{ "a pointer that was moved is followed", "moved_pointer", .chain = "*(arg0+0x13):4" },
	{ "an argument itself is a chain without loads", "identity", .chain = "arg2" },
	{ "half an argument is refused", "half_identity", .reason = "it is 4 bytes of argument 2" },
	{ "a constant is refused", "constant", .reason = "it is the constant 0x2a" },
	{ "a value that is never set is refused", "nothing", .reason = "it is never set" },
	{ "a loop is refused", "loop", .reason = "it has a loop" },
	{ "a loop on a path that throws does not count", "loop_that_throws", .chain = "*(arg0+0x10):8" },
	{ "a jump backwards is no loop", "backwards", .chain = "*(arg0+0x25):4" },
	{ "a function that only throws is refused", "never_returns", .reason = "it never does" },
	{ "a function that runs off its end is refused", "runs_off", .reason = "it never does" },
	{ "a global variable is refused", "global_variable", .reason = "it is not behind an argument" },
	{ "a variable of the thread is refused", "thread_variable", .reason = "it is not behind an argument" },
	{ "an argument on the stack is refused", "seventh_argument", .reason = "it is not behind an argument" },
	{ "four loads are followed, each with its size", "four_loads", .chain = "*(**(*arg0+0x8):4+0x10):8" },
	{ "five loads are refused", "five_loads", .reason = "too many pointers" },
	{ "a saved register outlives a call", "over_a_call", .chain = "*(arg0+0x10):8" },
	{ "another register does not outlive a call", "lost_in_a_call", .reason = "it is never set" },
	{ "what a callee returned is refused", "returned_by_a_call", .reason = "it is what a callee returns to 'call " },
	{ "a spilled value outlives a call", "spilled_over_a_call", .chain = "*(arg0+0x10):8" },
	{ "a spilled value that the callee may change is refused", "spilled_and_given_away", .reason = "it is not behind an" },
	{ "a spilled value that was overwritten in part is refused", "spilled_and_overwritten",
	  .reason = "it is not behind an argument" },
	{ "a spilled value under an indexed store is refused", "spilled_under_an_index", .reason = "it is not behind an" },
	{ "a spilled value under a vector store is refused", "spilled_under_a_vector", .reason = "it is not behind an" },
	{ "a spill to an aligned stack is followed", "aligned_stack", .chain = "*(arg0+0x10):8" },
	{ "a member that the function itself sets is refused", "own_store", .reason = "the function itself may have written" },
	{ "a member beside one that the function sets is a load", "own_store_beside", .chain = "*(arg0+0x10):8" },
	{ "a member under a vector store is refused", "own_vector_store", .reason = "the function itself may have written" },
	{ "a member that is set on one path is refused", "own_store_on_a_path", .reason = "may have written by 'mov 0x10" },
	{ "a member is refused after a store to who knows where", "own_store_elsewhere", .reason = "may have written" },
	{ "a member is refused after a fill", "own_fill", .reason = "may have written" },
	{ "an index that is not known is refused", "indexed", .reason = "computed by 'mov (%rcx,%rax,8),%rax'" },
	{ "an index 0 is a load", "indexed", .chain = "**(arg0+0x3b0):8", .constants = { .known = 2 } },
	{ "an index 3 is a load", "indexed", .chain = "*(*(arg0+0x3b0)+0x18):8", .constants = { 2, { 0, 3 } } },
	{ "an index takes 32 bits of its argument", "indexed", .chain = "*(*(arg0+0x3b0)+0x18):8",
	  .constants = { 2, { 0, 0x700000003 } } },
	{ "a constant's sign is extended", "indexed_signed", .chain = "*(*(arg0+0x3b0)-0x8):8",
	  .constants = { 2, { 0, 0xffffffff } } },
	{ "a condition on what is not known goes both ways", "decided", .reason = "in another" },
	{ "a condition on a constant goes one way: greater", "decided", .chain = "*(arg0+0x18):8",
	  .constants = { 2, { 0, 3 } } },
	{ "a condition on a constant goes one way: zero", "decided", .chain = "*(arg0+0x20):8", .constants = { .known = 2 } },
	{ "a condition on a constant goes one way: negative", "decided", .chain = "*(arg0+0x10):8",
	  .constants = { 2, { 0, 0xfffffff9 } } },
	{ "a jump into the middle of an instruction is followed", "into_the_middle", .chain = "*(arg0+0x29):4" },
	{ "a jump into the middle of another function is refused", "out_into_the_middle", .reason = "to another function" },
	{ "a call into the function itself is refused", "call_into_itself", .reason = "a call into the function" },
	{ "a recursive call is a call", "recursive", .chain = "*(arg0+0x1f):4" },
	{ "bytes that are no instruction are refused", "no_instruction",
	  .reason = "an instruction that is not followed at 0x" },
	{ "a function with thousands of instructions is refused", "too_long", .reason = "more code than is followed" },
	{ "sixty conditions are not 2^60 paths", "many_paths", .chain = "*(arg0+0x61):4" },
	{ "a part that was moved away and throws does not count", "hot", .chain = "*(arg0+0x35):4" },
	{ "a part that was moved away and returns does count", "warm", .reason = "differs between the paths" },
};

static void check_returned(void **state)
{
	const struct wanted *w = *state;
	const struct elf_symbol f = function(w->function);
	struct code_chain chain = { .argument = 77 };
	struct diag d = {};
	int err = code_returns(fixture.elf, &f, &w->constants, &chain, &d);

	check(w, err, &chain, &d);
	if (err)
		assert_int_equal(chain.argument, 77);
	assert_int_equal(code_returns(fixture.elf, &f, &w->constants, &chain, NULL), err);
}

static const struct wanted stored[] = {
	{ "a parameter that is stored shows its member", "stores_once", .chain = "*(arg0+0x48):4" },
	{ "a store after a call and a loop counts", "stores_later", .chain = "*(arg0+0x4b):4" },
	{ "stores in two places are refused", "stores_twice",
	  .reason = "*(arg0+0x48):4 in one place, *(arg0+0x4c):4 in another" },
	{ "two stores in one place are one", "stores_twice_the_same", .chain = "*(arg0+0x48):4" },
	{ "a store of another size does not count", "stores_more", .reason = "it does not store that argument" },
	{ "a store of a sum does not count", "stores_a_sum", .reason = "it does not store that argument" },
	{ "a store into another object does not count", "stores_elsewhere", .reason = "it does not store that argument" },
	{ "a store before a throw does not count", "stores_and_throws", .reason = "it does not store that argument" },
};

static void check_stored(void **state)
{
	const struct wanted *w = *state;
	const struct elf_symbol f = function(w->function);
	struct code_chain chain;
	struct diag d = {};
	int err = code_stores(fixture.elf, &f, 4, 4, &chain, &d);

	check(w, err, &chain, &d);
}

static const struct wanted divided[] = {
	{ "what is divided is one value, in 64 bits or in 32", "divides_both_ways", .chain = "*(arg0+0x18):8" },
	{ "what is divided may lie behind a pointer", "divides_behind_a_pointer", .chain = "*(*(arg0+0x10)+0x8):8" },
	{ "what is divided may have 32 bits", "divides_32_bits", .chain = "*(arg0+0x1c):4" },
	{ "two dividends are refused", "divides_two", .reason = "*(arg0+0x18):8 in one place, *(arg0+0x20):8 in another" },
	{ "a dividend of 128 bits is refused", "divides_128_bits", .reason = "its high half is not known to be 0" },
	{ "a dividend that was computed is refused", "divides_a_product", .reason = "computed by 'imul $3,%rax,%rax'" },
	{ "a quotient that is divided is refused", "divides_its_quotient", .reason = "computed by 'div %rsi'" },
	{ "a division of bytes does not count", "divides_a_byte", .reason = "it divides nothing" },
	{ "a division before a throw does not count", "divides_and_throws", .reason = "it divides nothing" },
	{ "a function that does not divide shows no dividend", "two_loads", .reason = "it divides nothing" },
	{ "a dividend behind what is not followed is refused", "switch_jump", .reason = "not followed, 'jmp *%rsi'" },
};

static void check_divided(void **state)
{
	const struct wanted *w = *state;
	const struct elf_symbol f = function(w->function);
	struct code_chain chain = { .argument = 77 };
	struct diag d = {};
	int err = code_divides(fixture.elf, &f, &chain, &d);

	check(w, err, &chain, &d);
	if (err)
		assert_int_equal(chain.argument, 77);
}

/* constants.value[0]: with what. */
static const struct wanted compared[] = {
	{ "what is compared with 0 is one value", "compares_memory", .chain = "*(arg0+0x180):8" },
	{ "a test of a register with itself compares it with 0", "compares_register", .chain = "*(*(arg0+0x18)+0x58):8" },
	{ "what is compared twice is one value", "compares_twice", .chain = "*(arg0+0x30):4" },
	{ "what is compared with another number is another value", "compares_twice", .chain = "*(arg0+0x38):1",
	  .constants.value = { 7 } },
	{ "two values are refused", "compares_two", .reason = "*(arg0+0x18):8 in one place, *(arg0+0x20):8 in another" },
	{ "a value that was computed is refused", "compares_a_product", .reason = "computed by 'imul $3,%rax,%rax'" },
	{ "a comparison before a throw counts only on the way to a return", "compares_and_throws", .reason = "it compares nothing" },
	{ "a test of two registers compares with nothing", "compares_bits", .reason = "it compares nothing" },
	{ "a comparison with what is not a constant does not count", "compares_values", .reason = "it compares nothing" },
	{ "a comparison behind what is not followed is refused", "switch_jump", .reason = "not followed, 'jmp *%rsi'" },
};

static void check_compared(void **state)
{
	const struct wanted *w = *state;
	const struct elf_symbol f = function(w->function);
	struct code_chain chain = { .argument = 77 };
	struct diag d = {};
	int err = code_compares(fixture.elf, &f, w->constants.value[0], &chain, &d);

	check(w, err, &chain, &d);
	if (err)
		assert_int_equal(chain.argument, 77);
}

static void another_argument_is_stored_elsewhere(void **state)
{
	const struct elf_symbol f = function("stores_once");
	struct code_chain chain;

	(void)state;
	assert_int_equal(code_stores(fixture.elf, &f, 3, 8, &chain, NULL), 0);
	assert_int_equal(chain.load[0].offset, 0x50);
	assert_int_equal(chain.load[0].size, 8);
	assert_int_equal(code_stores(fixture.elf, &f, 3, 4, &chain, NULL), -ENOENT);
	assert_int_equal(code_stores(fixture.elf, &f, 6, 4, &chain, NULL), -EINVAL);
	assert_int_equal(code_stores(fixture.elf, &f, -1, 4, &chain, NULL), -EINVAL);
}

static const struct {
	const char *function, *callee;
	int argument;
	size_t max;
	int err;
	const char *text; /* chains with blanks between them, or a piece of the reason */
} passed[] = {
	{ "passes_through_plt", "callee", 0, 8, 0, "*(*(arg0+0x10)+0x30):8" },
	{ "passes_through_plt", "call*", 0, 8, 0, "*(*(arg0+0x10)+0x30):8" },
	{ "passes_through_plt", "calle", 0, 8, -ENOENT, "it does not call that function" },
	{ "passes_through_got", "imported", 0, 8, 0, "*(arg0+0x34):8" },
	{ "passes_through_got", "impor*", 0, 8, 0, "*(arg0+0x34):8" },
	{ "passes_through_got", "callee", 0, 8, -ENOENT, "it does not call that function" },
	{ "passes_directly", "local_callee", 0, 8, 0, "*(arg0+0x43):8" },
	{ "passes_directly", "callee", 0, 8, -ENOENT, "it does not call that function" },
	{ "passes_last", "callee", 1, 8, 0, "*(arg0+0x53):8" },
	{ "passes_each", "callee", 0, 8, 0, "*(arg0+0x30):8 *(arg0+0x38):8 *(arg0+0x40):8" },
	{ "passes_each", "callee", 0, 3, 0, "*(arg0+0x30):8 *(arg0+0x38):8 *(arg0+0x40):8" },
	{ "passes_each", "callee", 0, 2, -ENOTSUP, "there are too many different values" },
	{ "passes_each", "outside", 0, 8, 0, "arg0" },
	{ "passes_each", "thrower", 0, 8, -ENOENT, "it does not call that function" },
	{ "passes_in_a_loop", "callee", 0, 8, -ENOTSUP, "it differs between the paths" },
	{ "passes_in_a_steady_loop", "callee", 0, 8, 0, "*(arg0+0x47):8" },
	{ "passes_a_sum", "callee", 0, 8, 0, "arg0+0x8" },
	{ "passes_nothing", "callee", 0, 8, -ENOENT, "it does not call that function" },
	{ "passes_nothing", "", 0, 8, -ENOENT, "it does not call that function" },
	{ "passes_nothing", "other", 6, 8, -EINVAL, "no argument 6" },
	{ "passes_nothing", "other", -1, 8, -EINVAL, "no argument -1" },
	{ "switch_jump", "other", 0, 8, -ENOTSUP, "not followed, 'jmp *%rsi'" },
};

static void what_is_passed_is_found_through_every_kind_of_call(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++) {
		const struct elf_symbol f = function(passed[i].function);
		struct code_chain chains[8];
		struct str text = {};
		struct diag d = {};
		size_t nr = 0;
		int err = code_passes(fixture.elf, &f, passed[i].callee, passed[i].argument, chains, passed[i].max, &nr, &d);

		assert_int_equal(err, passed[i].err);
		for (size_t k = 0; k < nr; k++) {
			str_add(&text, k ? " " : "");
			code_chain_add(&text, &chains[k]);
		}
		if (!err)
			assert_string_equal(str_text(&text), passed[i].text);
		else if (!strstr(d.text, passed[i].text))
			fail_msg("'%s' is not in '%s'", passed[i].text, d.text);
		str_release(&text);
	}
}

static const struct {
	size_t bytes;
	const char *text;
	bool emulated;
} instructions[] = {
	{ 1, "push %rbp", true },
	{ 2, "push %r15", true },
	{ 1, "nop", true },
	{ 2, "nop", true },
	{ 5, "nopl (%rax,%rax)", true },
	{ 2, "jmp ", true },
	{ 5, "jmp ", true },
	{ 2, "jne ", true },
	{ 6, "je ", true },
	{ 5, "call ", true },
	{ 4, "endbr64", false },
	{ 3, "mov 0x20(%rdi),%eax", false },
	{ 4, "sub $0x28,%rsp", false },
	{ 2, "pushq $0x11", false },
	{ 2, "pushq (%rdi)", false },
	{ 1, "pop %rbp", false },
	{ 2, "call *%rax", false },
	{ 3, "jmp *(%rax,%rcx,8)", false },
	{ 2, "pause", false },
	{ 7, "movl $0x11,0x20(%rdi)", false },
	{ 4, "cmpb $1,0x11(%rax)", false },
	{ 1, "ret", false },
};

static void instructions_are_text_and_emulated_or_not(void **state)
{
	uint64_t address = function("instructions").address;
	struct str text = {};
	bool emulated;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++) {
		const char *wanted = instructions[i].text;

		str_clear(&text);
		assert_int_equal(code_instruction(fixture.elf, address, &text, &emulated), 0);
		if (wanted[strlen(wanted) - 1] == ' ') /* a target, which depends on the linker */
			assert_memory_equal(str_text(&text), wanted, strlen(wanted));
		else
			assert_string_equal(str_text(&text), wanted);
		assert_int_equal(emulated, instructions[i].emulated);
		address += instructions[i].bytes;
	}
	assert_int_equal(address, function("instructions").address + function("instructions").size);
	str_clear(&text);
	assert_int_equal(code_instruction(fixture.elf, address, &text, &emulated), -ENOENT);
	assert_int_equal(code_instruction(fixture.elf, UINT64_MAX, &text, &emulated), -ENOENT);
	assert_string_equal(str_text(&text), "");
	str_release(&text);
}

/* The library with @len bytes of @name changed, @skip bytes behind its beginning. */
static struct elf_file *patched(const char *name, size_t skip, const void *bytes, size_t len)
{
	char *path = xasprintf("%s/patched.so", fixture.directory);
	const char *copy[] = { "cp", fixture.path, path, NULL };
	struct elf_file *f = NULL;
	uint64_t offset;

	assert_int_equal(assemble_run(copy), 0);
	assert_int_equal(elf_file_offset(fixture.elf, function(name).address + skip, &offset), 0);

	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, len, (off_t)offset), len);
	close(fd);
	assert_int_equal(elf_file_open(path, &f, NULL), 0);
	free(path);
	return f;
}

static void a_patched_displacement_gives_the_patched_offset(void **state)
{
	static const uint8_t displacements[] = { 0x00, 0x20, 0x58, 0x7f, 0x80, 0xff };
	const struct elf_symbol f = function("trivial");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(displacements); i++) {
		/* mov disp8(%rdi), %eax */
		struct elf_file *elf = patched("trivial", 2, &displacements[i], 1);
		struct code_chain chain = {};

		assert_int_equal(code_returns(elf, &f, NULL, &chain, NULL), 0);
		assert_int_equal(chain.nr_loads, 1);
		assert_int_equal(chain.load[0].offset, (int8_t)displacements[i]);
		assert_int_equal(chain.load[0].size, 4);
		elf_file_free(elf);
	}
}

/* Two bytes anywhere in a function may make it any other function: it must be answered or refused, and nothing else. */
static void a_damaged_function_is_refused_or_followed(void **state)
{
	static const char *const names[] = { "throwing_tail", "indexed", "passes_each", "aligned_stack",
					     "divides_both_ways" };
	uint32_t random = 20261;
	size_t nr_answers = 0;

	(void)state;
	for (size_t i = 0; i < 211; i++) {
		const struct elf_symbol f = function(names[i % ARRAY_SIZE(names)]);
		struct code_chain chains[8];
		uint64_t sites[8];
		uint8_t bytes[2];
		size_t nr;

		random = random * 1664525 + 1013904223;
		bytes[0] = (uint8_t)(random >> 24);
		bytes[1] = (uint8_t)(random >> 16);

		struct elf_file *elf = patched(f.name, (random >> 8) % f.size, bytes, 2);
		struct diag d = {};
		int err = code_returns(elf, &f, NULL, chains, &d);

		assert_true(err == 0 || (err == -ENOTSUP && d.text[0]));
		nr_answers += !err;
		err = code_passes(elf, &f, "*", 0, chains, ARRAY_SIZE(chains), &nr, &d);
		assert_true(err == 0 || err == -ENOTSUP || err == -ENOENT);
		err = code_stores(elf, &f, 0, 8, chains, &d);
		assert_true(err == 0 || err == -ENOTSUP || err == -ENOENT);
		err = code_divides(elf, &f, chains, &d);
		assert_true(err == 0 || err == -ENOTSUP || err == -ENOENT);
		err = code_compares(elf, &f, 0, chains, &d);
		assert_true(err == 0 || err == -ENOTSUP || err == -ENOENT);
		err = code_calls(elf, &f, "*", sites, ARRAY_SIZE(sites), &nr, &d);
		assert_true(err == 0 || err == -ENOTSUP || err == -ENOENT);
		elf_file_free(elf);
	}
	assert_in_range(nr_answers, 1, 210);
}

static void a_symbol_that_is_not_in_the_file_is_refused(void **state)
{
	static const struct elf_symbol symbols[] = {
		{ "nowhere", 0x7fff12345000, 16, true },
		{ "without_size", 0, 0, true },
		{ "endless", 0, UINT64_MAX, true },
		{ "last", UINT64_MAX, 1, true },
	};
	struct code_chain chain;
	struct diag d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		assert_int_equal(code_returns(fixture.elf, &symbols[i], NULL, &chain, &d), -ENOTSUP);
		assert_non_null(strstr(d.text, symbols[i].name));
		assert_int_equal(code_divides(fixture.elf, &symbols[i], &chain, NULL), -ENOTSUP);
		assert_int_equal(code_compares(fixture.elf, &symbols[i], 0, &chain, NULL), -ENOTSUP);
	}
}

enum { OTHERS = 6 };

int main(void)
{
	static const struct CMUnitTest others[OTHERS] = {
		cmocka_unit_test(another_argument_is_stored_elsewhere),
		cmocka_unit_test(what_is_passed_is_found_through_every_kind_of_call),
		cmocka_unit_test(instructions_are_text_and_emulated_or_not),
		cmocka_unit_test(a_patched_displacement_gives_the_patched_offset),
		cmocka_unit_test(a_damaged_function_is_refused_or_followed),
		cmocka_unit_test(a_symbol_that_is_not_in_the_file_is_refused),
	};
	struct CMUnitTest tests[ARRAY_SIZE(returned) + ARRAY_SIZE(stored) + ARRAY_SIZE(divided) + ARRAY_SIZE(compared) + OTHERS] = {};
	size_t nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(returned); i++)
		tests[nr++] = (struct CMUnitTest){ returned[i].name, check_returned, NULL, NULL,
						   (void *)(uintptr_t)&returned[i] };
	for (size_t i = 0; i < ARRAY_SIZE(compared); i++)
		tests[nr++] = (struct CMUnitTest){ compared[i].name, check_compared, NULL, NULL,
						   (void *)(uintptr_t)&compared[i] };
	for (size_t i = 0; i < ARRAY_SIZE(stored); i++)
		tests[nr++] = (struct CMUnitTest){ stored[i].name, check_stored, NULL, NULL,
						   (void *)(uintptr_t)&stored[i] };
	for (size_t i = 0; i < ARRAY_SIZE(divided); i++)
		tests[nr++] = (struct CMUnitTest){ divided[i].name, check_divided, NULL, NULL,
						   (void *)(uintptr_t)&divided[i] };
	memcpy(tests + nr, others, sizeof(others));
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
