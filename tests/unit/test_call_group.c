/* user/view/call_group.c and call_stack.c: whose code an allocation is, by the frames that led to it. */
#include "view_stream.h"

#include "view/call_group.h"

#define RUNTIME \
	"runtime" S(101) "id=1 name=r path=r.rt text=\"runtime r\\x0adetect f\\x0aapi ops::* *::operator*\\x0a\"\n"
#define MODULES RUNTIME "module" S(101) "module=1 id=1 path=/usr/lib/libpython3.12.so\nmodule" S(101) "module=2 path=/opt/libops.so\n" USES
#define USES "uses" S(101) "process=1 module=1\n"
#define FRAME(nr, rest) "frame" S(101) "frame=" #nr " " rest "\n"
#define STACK(nr, rest) "stack" S(101) "stack=" #nr " " rest "\n"

/* Outermost first: main, its loop, a line of the program, the interpreter between lines, one of a package, an operation. */
#define FRAMES                                                                                                   \
	FRAME(1, "module=1 offset=16 symbol=Py_BytesMain") FRAME(2, "path=/srv/serve.py line=118 symbol=step")  \
	FRAME(3, "module=1 offset=32 symbol=_PyEval_Vector")                                                     \
	FRAME(4, "path=/venv/site-packages/nn/model.py line=64 symbol=\"<listcomp>\"")                               \
	FRAME(5, "module=2 offset=48 symbol=\"ops::add<int, std::less<(3 > 2)> >(int)::{lambda(int (*)(int))#1}::operator()\"")     \
	FRAME(6, "module=2 offset=64 symbol=\"(anonymous namespace)::operator<< <char>\"") FRAME(7, "module=2 offset=80") \
	FRAME(8, "module=2 offset=96 symbol=kernel path=/src/ops.cpp line=9")
#define STACKS                                                                                                   \
	STACK(1, "frame=1") STACK(2, "frame=2 parent=1") STACK(3, "frame=3 parent=2") STACK(4, "frame=4 parent=3") \
	STACK(5, "frame=5 parent=4") STACK(6, "frame=6 partial=1") STACK(7, "frame=7 parent=6") \
	STACK(8, "frame=8 parent=5") STACK(9, "frame=8 parent=1")
#define BLOCK(stack) "alloc" S(102) "process=1 arena=1 address=4096 reserved=64 stack=" #stack "\n" TICK(103)

static struct call_groups groups, owned;

static void add_group(struct view *v, const struct record *r, const struct effect *e)
{
	const char *name;

	(void)e;
	if (r->kind != RECORD_ALLOC)
		return;
	name = call_group_of(&groups, v->ledger, v->ledger->processes.items[0], &(struct block){.stack = (uint32_t)r->stack});
	str_add(&v->out, name ? name : "none");
}

static void is(enum call_group_by by, const char *block, const char *expected)
{
	_cleanup_(str_release) struct str stream = {};
	struct view v = {.add = add_group};

	groups = (struct call_groups){.by = by, .own = owned.own, .nr_own = owned.nr_own};
	str_addf(&stream, "%s%s", PYTHON EMPTY POOLS(101) MODULES FRAMES STACKS, block);
	view_run(&v, str_text(&stream));
	assert_string_equal(str_text(&v.out), expected);
	view_release(&v);
	call_groups_release(&groups);
}

static void it_is_the_innermost_code_of_the_programs_own(void **state)
{
	(void)state;
	is(CALL_BY_LINE, BLOCK(5), "/srv/serve.py:118 step");
	is(CALL_BY_FUNCTION, BLOCK(5), "step (/srv/serve.py)");
	is(CALL_BY_FILE, BLOCK(5), "/srv/serve.py");
	is(CALL_BY_FILE, BLOCK(7), "/opt/libops.so");
	is(CALL_BY_LINE, BLOCK(7), "libops.so+0x50");
}

static void an_operation_is_the_outermost_function_of_the_api(void **state)
{
	(void)state;
	is(CALL_BY_OP, FRAME(9, "module=2 offset=98 symbol=\"ops::add<a, b<c> >\"") FRAME(10, "module=2 offset=97 symbol=\"ops::mul [clone .cold]\"")
	   STACK(10, "frame=9 parent=4") STACK(11, "frame=10 parent=10") BLOCK(11), "ops::add");
	is(CALL_BY_OP, FRAME(9, "module=2 offset=97 symbol=\"ops::mul [clone .cold]\"") STACK(10, "frame=9 parent=5") BLOCK(10), "ops::mul");
	is(CALL_BY_OP, BLOCK(7), "(anonymous namespace)::operator<<");
	/* A function of a program's source that has such a name is none, nor is part of one. */
	is(CALL_BY_OP, FRAME(9, "path=/srv/x.py line=1 symbol=\"ops::add\"") STACK(10, "frame=9 parent=4") BLOCK(10), "none");
	is(CALL_BY_OP, BLOCK(5), "none");
}

/* What was looked up later does not change whose code it is, unless somebody says so. */
static void lines_of_machine_code_are_nobodys(void **state)
{
	static const char *const own[] = {"/src/*"};

	(void)state;
	is(CALL_BY_LINE, BLOCK(8), "/srv/serve.py:118 step");
	is(CALL_BY_LINE, BLOCK(9), "/src/ops.cpp:9 kernel");
	is(CALL_BY_STACK, BLOCK(9), "Py_BytesMain > ops.cpp:9 kernel");
	is(CALL_BY_STACK, BLOCK(8), "serve.py:118 step > model.py:64 <listcomp> > "
				    "ops::add<...>(...)::{lambda(...)#1}::operator() > ops.cpp:9 kernel");
	owned = (struct call_groups){.own = own, .nr_own = 1};
	is(CALL_BY_LINE, BLOCK(8), "/src/ops.cpp:9 kernel");
	owned = (struct call_groups){};
}

static void a_stack_is_short_and_has_no_interpreter(void **state)
{
	(void)state;
	is(CALL_BY_STACK, BLOCK(5),
	   "serve.py:118 step > model.py:64 <listcomp> > ops::add<...>(...)::{lambda(...)#1}::operator()");
	is(CALL_BY_STACK, BLOCK(7), "... > (anonymous namespace)::operator<< <...> > libops.so+0x50");
	/* Without a line of source nothing is an interpreter's. */
	is(CALL_BY_STACK, BLOCK(1), "Py_BytesMain");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_innermost_code_of_the_programs_own),
		cmocka_unit_test(an_operation_is_the_outermost_function_of_the_api),
		cmocka_unit_test(lines_of_machine_code_are_nobodys),
		cmocka_unit_test(a_stack_is_short_and_has_no_interpreter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
