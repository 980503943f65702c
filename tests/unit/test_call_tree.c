/* runtime/call_tree.h: call stacks as a tree, each part of it told once; view/call_group.h: what they are summed up by. */
#include "runtime/call_tree.h"

#include "ledger_text.h"
#include "view/call_group.h"
#include "view/call_stack.h"

#include <errno.h>

struct files {
	struct call_tree_files files;
	unsigned int asked;
};

static int describe(struct call_tree_files *files, const struct call_place *place, struct record *frame)
{
	((struct files *)files)->asked++;
	if (place->module)
		RECORD_SET(frame, MODULE, module, place->module);
	if (place->module)
		RECORD_SET(frame, OFFSET, offset, place->address);
	if (place->path)
		RECORD_SET(frame, PATH, path, place->path);
	if (place->function)
		RECORD_SET(frame, SYMBOL, symbol, place->function);
	if (place->line)
		RECORD_SET(frame, LINE, line, place->line);
	return 0;
}

static uint32_t add_code(struct call_tree *t, uint32_t parent, uint32_t module, uint64_t address)
{
	return call_tree_add(t, parent, &(struct call_place){.module = module, .address = address}, false);
}

static uint32_t add_source(struct call_tree *t, uint32_t parent, const char *path, const char *function, uint64_t line)
{
	return call_tree_add(t, parent, &(struct call_place){.path = path, .function = function, .line = line}, false);
}

static uint64_t tell(struct call_tree *t, uint32_t stack, struct str *text)
{
	struct files files = {.files.describe = describe};
	struct text_sink sink;
	uint64_t number = 0;

	text_sink_init(&sink, text);
	assert_int_equal(call_tree_tell(t, stack, &files.files, &sink.sink, 5, &number), 0);
	return number;
}

static void what_stacks_have_in_common_is_told_once(void **state)
{
	struct call_tree *t = call_tree_new(CALL_TREE_MOST);
	struct str text = {};
	uint32_t outer, one, two;

	(void)state;
	outer = add_source(t, add_code(t, 0, 2, 0x10), "serve.py", "step", 7);
	one = add_code(t, outer, 2, 0x20);
	two = add_code(t, outer, 2, 0x10);
	assert_int_equal(tell(t, one, &text), 3);
	assert_string_equal(str_text(&text),
		"frame time_ns=5 module=2 offset=0x10 frame=1\nstack time_ns=5 frame=1 stack=1\n"
		"frame time_ns=5 path=serve.py symbol=step frame=2 line=7\nstack time_ns=5 parent=0x1 frame=2 stack=2\n"
		"frame time_ns=5 module=2 offset=0x20 frame=3\nstack time_ns=5 parent=0x2 frame=3 stack=3\n");
	str_clear(&text);
	assert_int_equal(tell(t, two, &text), 4);
	assert_string_equal(str_text(&text), "stack time_ns=5 parent=0x2 frame=1 stack=4\n");
	str_clear(&text);
	assert_int_equal(tell(t, one, &text), 3);
	assert_int_equal(tell(t, outer, &text), 2);
	assert_int_equal(text.len, 0);
	str_release(&text);
	call_tree_free(t);
}

static void places_are_the_same_only_if_all_of_them_is(void **state)
{
	struct call_tree *t = call_tree_new(CALL_TREE_MOST);
	char path[] = "a.py";
	uint32_t first = add_source(t, 0, "a.py", "f", 1);

	(void)state;
	assert_int_equal(add_source(t, 0, path, "f", 1), first);
	assert_int_not_equal(add_source(t, 0, "a.py", "f", 2), first);
	assert_int_not_equal(add_source(t, 0, "b.py", "f", 1), first);
	assert_int_not_equal(add_source(t, 0, "a.py", "g", 1), first);
	assert_int_not_equal(add_source(t, 0, "a.py", NULL, 1), first);
	assert_int_not_equal(add_source(t, first, "a.py", "f", 1), first);
	assert_int_not_equal(add_code(t, 0, 1, 16), add_code(t, 0, 2, 16));
	assert_int_not_equal(call_tree_add(t, 0, &(struct call_place){.module = 1, .address = 16}, true), add_code(t, 0, 1, 16));
	call_tree_free(t);
}

static void what_has_no_room_is_no_stack_and_the_rest_stays(void **state)
{
	struct call_tree *t = call_tree_new(3);
	uint32_t stack = add_code(t, add_code(t, 0, 1, 1), 1, 2);

	(void)state;
	assert_int_not_equal(add_code(t, stack, 1, 1), 0);
	assert_int_equal(add_code(t, stack, 1, 2), 0);
	assert_int_equal(add_code(t, 0, 1, 2), 0);
	assert_int_equal(add_code(t, add_code(t, 0, 1, 1), 1, 2), stack);
	call_tree_free(t);

	t = call_tree_new(1);
	assert_int_not_equal(add_source(t, 0, "a", "f", 1), 0);
	assert_int_equal(add_source(t, 0, "a", "f", 2), 0);
	assert_int_equal(add_code(t, 0, 1, 1), 0);
	call_tree_free(t);
}

/* Of a stack: the runtime's function, called by a library's, called by a Python function, called by what is not known. */
#define STREAM                                                                                                            \
	"attach time_ns=1 process=1 pid=42 runtime=rt pools=L1\n"                                                         \
	"runtime time_ns=1 id=1 name=rt\nmodule time_ns=1 module=1 id=1 path=/lib/librt.so build_id=ab\n"                 \
	"site time_ns=1 module=1 probe=alloc symbol=a offset=0x1\nuses time_ns=1 process=1 module=1\n"                   \
	"module time_ns=1 module=2 path=/lib/librt.so build_id=ab\nmodule time_ns=1 module=3 path=/lib/libop.so\n"        \
	"frame time_ns=1 frame=1 path=/home/serve.py symbol=step line=7\nframe time_ns=1 frame=2 module=3 offset=0x30\n"   \
	"frame time_ns=1 frame=3 module=2 offset=0x40 symbol=rt::make\n"                                                  \
	"stack time_ns=1 stack=1 frame=1 partial=1\nstack time_ns=1 stack=2 parent=0x1 frame=2\n"                         \
	"stack time_ns=1 stack=3 parent=0x2 frame=3\nstack time_ns=1 stack=4 parent=0x1 frame=3\nstack time_ns=1 stack=5 frame=3\n"
/* Without a source file; of an installed package, and of one that the program's own code has called. */
#define MORE                                                                                                              \
	"frame time_ns=1 frame=4 path=/x/site-packages/op.py symbol=run\nstack time_ns=1 stack=6 frame=2\n"             \
	"stack time_ns=1 stack=7 parent=0x6 frame=4\nstack time_ns=1 stack=8 parent=0x1 frame=4\n"

static void a_stack_has_a_line_a_frame_and_groups(void **state)
{
	struct fold f = fold_new();
	struct str text = {};
	const struct {
		enum call_group_by by;
		uint32_t stack;
		const char *name;
	} groups[] = {
		{CALL_BY_FUNCTION, 3, "step (/home/serve.py)"}, {CALL_BY_LINE, 3, "/home/serve.py:7 step"},
		{CALL_BY_FUNCTION, 5, "rt::make"},	 {CALL_BY_FUNCTION, 9, NULL},	{CALL_BY_FUNCTION, 0, NULL},
		{CALL_BY_FILE, 3, "/home/serve.py"},	 {CALL_BY_FILE, 5, "/lib/librt.so"},
		{CALL_BY_FUNCTION, 6, "libop.so+0x30"},	 {CALL_BY_FILE, 6, "/lib/libop.so"},	{CALL_BY_LINE, 6, "libop.so+0x30"},
		{CALL_BY_LINE, 8, "/home/serve.py:7 step"}, {CALL_BY_LINE, 7, "/x/site-packages/op.py:? run"},
		{CALL_BY_STACK, 3, "... > serve.py:7 step > libop.so+0x30 > rt::make"},
	};

	(void)state;
	fold(&f, STREAM MORE);
	call_stack_add_lines(&text, f.ledger, 3);
	assert_string_equal(str_text(&text), "    rt::make (librt.so)\n    libop.so+0x30\n    step (/home/serve.py:7)\n"
					     "    ... (what called it is not known)\n");
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		struct call_groups g = {.by = groups[i].by};
		const struct block b = {.stack = groups[i].stack};
		const char *name = call_group_of(&g, f.ledger, NULL, &b);

		if (groups[i].name)
			assert_string_equal(name, groups[i].name);
		assert_ptr_equal(name, groups[i].name ? call_group_of(&g, f.ledger, NULL, &b) : NULL);
		call_groups_release(&g);
	}
	str_release(&text);
	fold_release(&f);
}

static void whose_code_is_the_programs_own_can_be_chosen(void **state)
{
	static const char *const own[] = {"/nowhere/*", "*/site-packages/*"};
	struct call_groups g = {.by = CALL_BY_LINE, .own = own, .nr_own = ARRAY_SIZE(own)};
	struct fold f = fold_new();

	(void)state;
	fold(&f, STREAM MORE);
	assert_string_equal(call_group_of(&g, f.ledger, NULL, &(struct block){.stack = 8}), "/x/site-packages/op.py:? run");
	/* Where nothing is, it is the innermost source. */
	assert_string_equal(call_group_of(&g, f.ledger, NULL, &(struct block){.stack = 3}), "/home/serve.py:7 step");
	call_groups_release(&g);
	fold_release(&f);
}

static void definitions_that_lead_nowhere_are_refused(void **state)
{
	static const char *const wrong[] = {
		"frame time_ns=2 frame=5\n", "frame time_ns=2 frame=3\n", "frame time_ns=2 frame=4 module=9\n",
		"stack time_ns=2 stack=7 frame=1\n", "stack time_ns=2 stack=6 frame=4\n", "stack time_ns=2 stack=6 frame=0\n",
		"stack time_ns=2 stack=6 parent=0x6 frame=1\n", "stack time_ns=2 stack=6 parent=0x0 frame=1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct fold f = fold_new();

		fold(&f, STREAM);
		assert_int_equal(fold_try(&f, wrong[i]), -EINVAL);
		fold(&f, "frame time_ns=2 frame=4\nstack time_ns=2 stack=6 parent=0x5 frame=4\n");
		fold_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stacks_have_in_common_is_told_once),
		cmocka_unit_test(places_are_the_same_only_if_all_of_them_is),
		cmocka_unit_test(what_has_no_room_is_no_stack_and_the_rest_stays),
		cmocka_unit_test(a_stack_has_a_line_a_frame_and_groups),
		cmocka_unit_test(whose_code_is_the_programs_own_can_be_chosen),
		cmocka_unit_test(definitions_that_lead_nowhere_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
