/* runtime/parse.c and what belongs to it: every construct of the language, and every mistake with its line and caret. */
#include "runtime/runtime.h"

#include "runtime/arithmetic.h"
#include "runtime/place.h"

#include <errno.h>
#include <linux/types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "view/runtimes.h"
#include "wire.h"

#define HEAD "runtime r\ndetect d\n"

static struct runtime *parse(const char *text)
{
	struct runtime *rt = NULL;
	struct diag d = {};

	if (runtime_parse("x.rt", text, strlen(text), &rt, &d))
		fail_msg("%s\nhint: %s", d.text, d.hint);
	return rt;
}

/* The file has this one mistake: @message is the whole text, with its line and caret. */
static void check_error(const char *text, size_t len, const char *message, const char *hint)
{
	struct runtime *rt = NULL;
	struct diag d = {};

	assert_int_equal(runtime_parse("x.rt", text, len, &rt, &d), -EINVAL);
	assert_null(rt);
	assert_string_equal(d.text, message);
	assert_string_equal(d.hint, hint);
	assert_int_equal(runtime_parse("x.rt", text, len, &rt, NULL), -EINVAL);
}

static void mistake(const char *text, const char *message, const char *hint)
{
	check_error(text, strlen(text), message, hint);
}

static void lines_of_every_kind_are_read(void **state)
{
	struct runtime *rt = parse("runtime tt-1.2   # a comment\r\n"
				   "about\tA few  words \t# and a comment\n"
				   "detect _ZN1aE*\n"
				   "pool 0=DRAM 0x11=L1 \\\n  3=L1_SMALL\n"
				   "pool 18446744073709551615=LAST\n");

	(void)state;
	assert_string_equal(rt->name, "tt-1.2");
	assert_string_equal(rt->about, "A few  words");
	assert_string_equal(rt->detect, "_ZN1aE*");
	assert_string_equal(rt->path, "x.rt");
	assert_string_equal(runtime_pool(rt, 17), "L1");
	assert_string_equal(runtime_pool(rt, UINT64_MAX), "LAST");
	assert_null(runtime_pool(rt, 2));

	_cleanup_(str_release) struct str pools = {};

	runtime_add_pools(&pools, rt);
	assert_string_equal(str_text(&pools), "DRAM,L1,L1_SMALL,LAST");
	assert_false(rt->books.present);
	assert_int_equal(rt->books.arena.base, -1);
	runtime_free(rt);
}

static void value_lines_say_how_a_layout_is_found(void **state)
{
	struct runtime *rt = parse(HEAD "value a returned by f*\n"
					"value b returned by g with arg1=0 arg2=0x10\n"
					"value c passed as arg3 to h* by f.g\n"
					"value d each passed as arg0 to h by f$g\n"
					"value e stored from arg4:4 by k*\n");
	const struct rt_value *v = rt->values.items;

	(void)state;
	assert_int_equal(rt->values.nr, 5);
	assert_int_equal(v[0].rule, RULE_RETURNED);
	assert_string_equal(v[0].function, "f*");
	assert_int_equal(v[0].constants.known, 0);
	assert_int_equal(v[1].constants.known, 1 << 1 | 1 << 2);
	assert_int_equal(v[1].constants.value[2], 16);
	assert_int_equal(v[2].rule, RULE_PASSED);
	assert_int_equal(v[2].argument, 3);
	assert_string_equal(v[2].callee, "h*");
	assert_string_equal(v[2].function, "f.g");
	assert_false(v[2].each);
	assert_true(v[3].each);
	assert_int_equal(v[4].rule, RULE_STORED);
	assert_int_equal(v[4].argument, 4);
	assert_int_equal(v[4].size, 4);
	assert_int_equal(v[4].at.line, 7);
	runtime_free(rt);
}

static void lines_of_one_name_are_alternatives(void **state)
{
	struct runtime *rt = parse(HEAD "value a returned by f\nvalue b divided in k\n"
					"value a holds what is returned by g* with arg1=3\nvalue a divided in h\n"
					"on c clear arena=a(arg0)\n");
	const struct rt_value *v = rt->values.items;

	(void)state;
	assert_int_equal(rt->values.nr, 2);
	assert_int_equal(v[0].rule, RULE_RETURNED);
	assert_false(v[0].holder);
	assert_string_equal(v[0].other->function, "g*");
	assert_int_equal(v[0].other->rule, RULE_RETURNED);
	assert_true(v[0].other->holder);
	assert_int_equal(v[0].other->constants.known, 1 << 1);
	assert_int_equal(v[0].other->other->rule, RULE_DIVIDED);
	assert_int_equal(v[0].other->other->at.line, 6);
	assert_null(v[0].other->other->other);
	assert_int_equal(v[1].rule, RULE_DIVIDED);
	assert_null(v[1].other);
	runtime_free(rt);
}

static void a_row_may_have_functions_for_other_files(void **state)
{
	struct runtime *rt = parse(HEAD "on a* or b or \\\n c* clear arena=arg0\non or or or or or clear arena=arg1\n");
	const struct rt_row *r = rt->rows.items;

	(void)state;
	assert_string_equal(r[0].symbol, "a*");
	assert_int_equal(r[0].others.nr, 2);
	assert_string_equal(r[0].others.items[0], "b");
	assert_string_equal(r[0].others.items[1], "c*");
	assert_int_equal(r[0].verb, VERB_CLEAR);
	assert_string_equal(r[1].symbol, "or");
	assert_int_equal(r[1].others.nr, 2);
	assert_string_equal(r[1].others.items[1], "or");
	runtime_free(rt);
}

static void rows_have_a_verb_and_values(void **state)
{
	struct runtime *rt = parse(HEAD "on a* begin arena=arg0 pool = *arg0:4\n"
					"on b alloc address=*stack+8\n"
					"on c throw in any library\n"
					"on d context tag=trace-1\n"
					"on e captured trace=arg1 tag=t\n");
	const struct rt_row *r = rt->rows.items;

	(void)state;
	assert_int_equal(rt->rows.nr, 5);
	assert_int_equal(r[0].verb, VERB_BEGIN);
	assert_string_equal(r[0].symbol, "a*");
	assert_int_equal(r[0].values.nr, 2);
	assert_string_equal(r[0].values.items[1].name, "pool");
	assert_int_equal(r[0].values.items[1].at.line, 3);
	assert_int_equal(r[0].values.items[1].at.column, 24);
	assert_int_equal(r[1].values.items[0].place.base, WIRE_STACK);
	assert_true(r[2].any_library);
	assert_string_equal(r[3].tag, "trace-1");
	assert_string_equal(r[4].tag, "t");
	assert_int_equal(r[4].values.nr, 1);
	runtime_free(rt);
}

static void the_verbs_are_those_of_the_header(void **state)
{
	(void)state;
	assert_string_equal(rt_verb_name(VERB_BEGIN), "begin");
	assert_string_equal(rt_verb_name(VERB_RELEASE), "release");
	assert_int_equal(rt_verb_flags(VERB_BEGIN), WIRE_BEGIN);
	assert_int_equal(rt_verb_flags(VERB_REPLAY), WIRE_COUNT | WIRE_WAKE);
	assert_int_equal(rt_row_needs(&(struct rt_row){.verb = VERB_CLEAR}), 1 << RT_ARENA);
	assert_int_equal(rt_row_needs(&(struct rt_row){.verb = VERB_FREE}), 1 << RT_ADDRESS);
	assert_int_equal(rt_row_needs(&(struct rt_row){.verb = VERB_THROW}), 0);
	assert_int_equal(rt_verb_call_flags(VERB_ALLOC), WIRE_RETURNS | WIRE_MAKES);
	assert_int_equal(rt_verb_call_flags(VERB_FREE), WIRE_RETURNS | WIRE_TAKES | WIRE_AT_ENTRY);
	assert_int_equal(rt_verb_call_flags(VERB_BEGIN), 0);
}

static void check_place(const char *written, const char *shown, size_t steps)
{
	_cleanup_(freep) char *text =
		xasprintf(HEAD "value v returned by f\non a free arena=arg0 address=%s\n", written);
	struct runtime *rt = parse(text);
	const struct rt_place *place = &rt->rows.items[0].values.items[1].place;
	_cleanup_(str_release) struct str s = {};

	rt_place_add(&s, rt, place);
	assert_string_equal(str_text(&s), shown);
	assert_int_equal(place->nr_steps, steps);
	runtime_free(rt);
}

static void places_are_bases_loads_and_values(void **state)
{
	static const struct {
		const char *written, *shown;
		size_t steps;
	} rows[] = {
		{"arg5", "arg5", 0},
		{"(arg1)", "arg1", 0},
		{"*arg0", "*arg0", 1},
		{"*arg0+0x8:4", "*arg0+0x8:4", 1},
		{"* arg0 - 16 : 1", "*arg0-0x10:1", 1},
		{"**arg0", "*(*arg0)", 2},
		{"**arg0+8:8+4:2", "*(*arg0+0x8)+0x4:2", 2},
		{"*(*arg0+8)+4:4", "*(*arg0+0x8)+0x4:4", 2},
		{"v(arg0)", "v(arg0)", 1},
		{"*v(arg0)+0x20:8", "*v(arg0)+0x20", 2},
		{"v(*arg0+8)", "v(*arg0+0x8)", 2},
		{"v(v(v(v(arg0))))", "v(v(v(v(arg0))))", 4},
		{"****stack", "*(*(*(*stack)))", 4},
		{"*stack+2147483647", "*stack+0x7fffffff", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		check_place(rows[i].written, rows[i].shown, rows[i].steps);
		check_place(rows[i].shown, rows[i].shown, rows[i].steps);
	}
}

static void the_steps_of_a_place_stand_in_the_order_they_are_done(void **state)
{
	struct runtime *rt = parse(HEAD "value v returned by f\non a clear arena=*v(*arg2-4:4)+8:2\n");
	const struct rt_place *place = &rt->rows.items[0].values.items[0].place;

	(void)state;
	assert_int_equal(place->base, WIRE_ARG0 + 2);
	assert_int_equal(place->nr_steps, 3);
	assert_int_equal(place->step[0].value, -1);
	assert_int_equal(place->step[0].offset, -4);
	assert_int_equal(place->step[0].size, 4);
	assert_int_equal(place->step[1].value, 0);
	assert_int_equal(place->step[2].offset, 8);
	assert_int_equal(place->step[2].size, 2);
	runtime_free(rt);
}

#define BOOKS                                                                                      \
	"value m each passed as arg0 to f by g\n"                                                  \
	"books owner vtable _ZTV1a\nbooks owner vtable _ZTV1b\nbooks arena m(owner)\n"             \
	"books pool *arena:4\nbooks banks *arena+8\nbooks list *arena+16 vtable _ZTV1l\n"          \
	"books bank_bytes *list+8\nbooks base *list+16\n"

static void books_say_where_each_part_lies(void **state)
{
	struct runtime *rt = parse(HEAD BOOKS "books blocks address=0x40:8 bytes=0x58:8 live=0xa0:1 used=0xb8:1\n");
	const struct rt_books *b = &rt->books;

	(void)state;
	assert_true(b->present);
	assert_int_equal(b->owner_vtables.nr, 2);
	assert_string_equal(b->owner_vtables.items[1], "_ZTV1b");
	assert_string_equal(b->list_vtable, "_ZTV1l");
	assert_int_equal(b->arena.base, RT_BASE_OWNER);
	assert_int_equal(b->arena.step[0].value, 0);
	assert_int_equal(b->list.base, RT_BASE_ARENA);
	assert_int_equal(b->bank_bytes.base, RT_BASE_LIST);
	assert_int_equal(b->grain.base, -1);
	assert_int_equal(b->used.offset, 0xb8);
	assert_int_equal(b->address.size, 8);
	runtime_free(rt);
}

static void a_function_is_of_the_api_by_its_parts(void **state)
{
	static const char text[] = HEAD "api a::* a::b::[a-z]* \\\n c[A-DX_]*\napi d::*::e g?h *l*m*::n*o*o p:*\n"
				   "api z*z*z*z*z*z*z*z*z*z*z*z*z*z*z*z*z*z*z*z*y\n";
	static const char *const api[] = {"a::f", "a::", "a::b::f", "cC", "cXY", "c_", "d::x::e", "gxh", "g:h", "lm::noo", "xlxlxmx::nxoxoxo",
					  "p:", "p:q", "zzzzzzzzzzzzzzzzzzzzy"};
	static const char *const others[] = {"a", "f", "a::b::F", "a::b::c::f", "b::a::f", "cf", "cE", "c", "d::e", "d::x::y::e", "", "gh",
					     "g::h", "gxxh", "lm::no", "l::m::noo", "lm::n::oo", "p::q", "c]"};
	_cleanup_(str_release) struct str long_name = {};
	struct runtime *rt = NULL;
	struct diag d = {};

	(void)state;
	assert_int_equal(runtime_parse("x.rt", text, strlen(text), &rt, &d), 0);
	assert_int_equal(rt->api.nr, 8);
	for (size_t i = 0; i < ARRAY_SIZE(api); i++)
		assert_true(runtime_has_api(rt, api[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(runtime_has_api(rt, others[i]));
	/* With a '*' in a '*', it would take for ever. */
	while (long_name.len < 8192)
		str_add_char(&long_name, 'z');
	assert_false(runtime_has_api(rt, str_text(&long_name)));
	runtime_free(rt);
}

static void mistakes_in_lines_are_shown_with_a_caret(void **state)
{
	(void)state;
	mistake(HEAD "\n\non f*\tbegn arena=arg0\n",
		"x.rt:5:7: unknown verb 'begn'\n"
		"  on f*\tbegn arena=arg0\n"
		"       \t^",
		"verbs are: begin alloc free clear gone new resize throw context capture captured replay release program cb cb_free cb_void "
		"clash overflow device owner push pop retain drop table lookup");
	mistake(HEAD "prob f\n",
		"x.rt:3:1: unknown line 'prob'\n  prob f\n  ^",
		"lines are: runtime about detect pool core layout value on let books advice environment api");
	mistake(HEAD "=\n", "x.rt:3:1: unexpected '='\n  =\n  ^",
		"expected a line that begins with: runtime about detect pool core layout value on let books advice environment api");
	mistake(HEAD "api\n", "x.rt:3:4: the line ends too early\n  api\n     ^",
		"expected a function's name as its source has it, in which '*' stands for any part");
	mistake(HEAD "api a::* (b)\n", "x.rt:3:10: unexpected '('\n  api a::* (b)\n           ^",
		"expected a function's name as its source has it, in which '*' stands for any part");
	mistake(HEAD "api a::* b[A-Z\n", "x.rt:3:10: '[' is not closed in 'b[A-Z'\n  api a::* b[A-Z\n           ^",
		"[A-Z] is any one of these letters");
	mistake(HEAD "api a::*\napi b a::*\n", "x.rt:4:7: 'a::*' is there twice\n  api b a::*\n        ^", "");
	mistake("runtime r\nruntime s\n", "x.rt:2:1: there is a second 'runtime' line\n  runtime s\n  ^", "");
	mistake("runtime\n", "x.rt:1:8: the line ends too early\n  runtime\n         ^", "expected the runtime's name");
	mistake("runtime r s\n", "x.rt:1:11: unexpected 's'\n  runtime r s\n            ^", "expected the end of the line");
	mistake("about é\nabout b", "x.rt:2:1: there is a second 'about' line\n  about b\n  ^", "");
	mistake(HEAD "detect *\n", "x.rt:3:1: there is a second 'detect' line\n  detect *\n  ^", "");
	mistake("detect *\n", "x.rt:1:8: unexpected '*'\n  detect *\n         ^",
		"expected a symbol, or the beginning of one and '*'");
	mistake("detect a*b\n", "x.rt:1:10: unexpected 'b'\n  detect a*b\n           ^", "expected the end of the line");
	mistake("", "x.rt: there is no 'runtime' line", "its first line is: runtime NAME");
	mistake("# only\n\\\n\n", "x.rt: there is no 'runtime' line", "its first line is: runtime NAME");
	mistake("runtime r", "x.rt: there is no 'detect' line",
		"a line 'detect SYMBOL' says which mapped files have this runtime");
}

static void mistakes_in_numbers_and_pools_are_shown(void **state)
{
	(void)state;
	mistake("pool 1=A 1=B", "x.rt:1:10: pool 1 is there twice\n  pool 1=A 1=B\n           ^", "");
	mistake("pool 1=A\npool 2=A", "x.rt:2:6: two pools have the name 'A'\n  pool 2=A\n       ^", "");
	mistake("pool 18446744073709551616=A",
		"x.rt:1:6: '18446744073709551616' is too large a number\n  pool 18446744073709551616=A\n       ^",
		"expected a pool as NUMBER=NAME, at most 18446744073709551615");
	mistake("pool 0x=A", "x.rt:1:6: '0x' is not a number\n  pool 0x=A\n       ^",
		"expected a pool as NUMBER=NAME, at most 18446744073709551615");
	mistake("pool 12z=A", "x.rt:1:6: '12z' is not a number\n  pool 12z=A\n       ^",
		"expected a pool as NUMBER=NAME, at most 18446744073709551615");
	mistake("pool A=1", "x.rt:1:6: unexpected 'A'\n  pool A=1\n       ^", "expected a pool as NUMBER=NAME");
	mistake("pool 1", "x.rt:1:7: the line ends too early\n  pool 1\n        ^", "expected '='");
	mistake("pool", "x.rt:1:5: the line ends too early\n  pool\n      ^", "expected a pool as NUMBER=NAME");
}

static void mistakes_in_values_are_shown(void **state)
{
	(void)state;
	mistake("value a returned by f\nvalue a each passed as arg0 to f by g",
		"x.rt:2:7: 'a' is 'each' in line 2 and not in line 1\n  value a each passed as arg0 to f by g\n        ^", "");
	mistake("value a each passed as arg0 to f by g\nvalue a divided in f",
		"x.rt:2:7: 'a' is 'each' in line 1 and not in line 2\n  value a divided in f\n        ^", "");
	mistake("value a divided by f", "x.rt:1:17: unexpected 'by'\n  value a divided by f\n                  ^",
		"expected 'in'");
	mistake("value a holds what f returns", "x.rt:1:20: unexpected 'f'\n  value a holds what f returns\n"
		"                     ^", "expected 'is'");
	mistake("value a found by f", "x.rt:1:9: unexpected 'found'\n  value a found by f\n          ^",
		"expected one of: returned passed stored divided compared read holds maybe each address");
	mistake("value a each returned by f", "x.rt:1:9: 'each' belongs to 'passed'\n  value a each returned by f\n          ^",
		"each passed as argN to FUNCTION by FUNCTION");
	mistake("value a stored from arg6:4 by f", "x.rt:1:21: unexpected 'arg6'\n"
		"  value a stored from arg6:4 by f\n                      ^", "expected an argument: arg0 to arg5");
	mistake("value a stored from arg4:3 by f", "x.rt:1:26: '3' is not a size\n"
		"  value a stored from arg4:3 by f\n                           ^", "expected a size: 1, 2, 4 or 8");
	mistake("value a stored from arg4:9 by f", "x.rt:1:26: '9' is too large\n"
		"  value a stored from arg4:9 by f\n                           ^",
		"expected a size: 1, 2, 4 or 8, at most 8");
	mistake("value a returned by f with arg1=1 arg1=2", "x.rt:1:35: arg1 is there twice\n"
		"  value a returned by f with arg1=1 arg1=2\n                                    ^", "");
	mistake("value a returned by f with", "x.rt:1:27: the line ends too early\n"
		"  value a returned by f with\n                            ^", "expected an argument: arg0 to arg5");
	mistake("value 1a returned by f", "x.rt:1:7: unexpected '1a'\n  value 1a returned by f\n        ^",
		"expected the value's name");
}

static void mistakes_in_rows_are_shown(void **state)
{
	(void)state;
	mistake(HEAD "on a begin pool=arg0\n", "x.rt:3:6: 'begin' needs a value 'arena'\n  on a begin pool=arg0\n       ^", "");
	mistake(HEAD "on a free arena=arg0\n", "x.rt:3:6: 'free' needs a value 'address'\n  on a free arena=arg0\n       ^", "");
	mistake(HEAD "on a begin arena=arg0 lasting pool=*arg0:4 lasting banks=*arg0:4", "x.rt:3:44: 'lasting' is there twice\n"
		"  on a begin arena=arg0 lasting pool=*arg0:4 lasting banks=*arg0:4\n"
		"                                             ^", "");
	mistake(HEAD "on a begin asked=arg1 arena=arg0 lasting pool=*arg0:4",
		"x.rt:3:34: what lasts does so as long as an arena, which is the row's first value\n"
		"  on a begin asked=arg1 arena=arg0 lasting pool=*arg0:4\n"
		"                                   ^", "as in: on FUNCTION begin arena=arg0 asked=arg1 lasting banks=*arg0+8:4");
	mistake(HEAD "on a begin arena=arg0 lasting",
		"x.rt:3:6: 1 to 4 values are 'lasting'\n  on a begin arena=arg0 lasting\n       ^", "");
	mistake(HEAD "on a begin arena=arg0 lasting a=arg1 b=arg1 c=arg1 d=arg1 e=arg1",
		"x.rt:3:6: 1 to 4 values are 'lasting'\n  on a begin arena=arg0 lasting a=arg1 b=arg1 c...\n"
		"       ^", "");
	mistake(HEAD "on a clear arena=arg0 arena=arg1", "x.rt:3:23: 'arena' is there twice\n"
		"  on a clear arena=arg0 arena=arg1\n                        ^", "");
	mistake(HEAD "on a throw arena=arg0", "x.rt:3:12: 'throw' has no values\n"
		"  on a throw arena=arg0\n             ^", "");
	mistake(HEAD "on a replay pool=arg0", "x.rt:3:13: 'replay' has no value 'pool'\n"
		"  on a replay pool=arg0\n              ^", "its one value is: trace");
	mistake(HEAD "on a replay tag=x", "x.rt:3:13: 'replay' has no tag\n  on a replay tag=x\n              ^",
		"'context' and 'captured' have one");
	mistake(HEAD "on a context", "x.rt:3:6: 'context' needs a tag or a label\n  on a context\n       ^",
		"as in: context label=kernel binaries");
	mistake(HEAD "on a free label=x", "x.rt:3:11: 'free' has no label\n  on a free label=x\n            ^", "'context' has one");
	mistake(HEAD "on a throw in some library", "x.rt:3:15: unexpected 'some'\n"
		"  on a throw in some library\n                ^", "expected 'any'");
	mistake(HEAD "on a or* throw", "x.rt:3:8: unexpected '*'\n  on a or* throw\n         ^",
		"expected a function's symbol, or the beginning of one and '*'");
	mistake(HEAD "on a begin arena=arg0", "x.rt:3:4: there is a 'begin' row, but no 'alloc' row\n"
		"  on a begin arena=arg0\n     ^", "an 'alloc' row says that what has begun has succeeded");
	mistake(HEAD "on a clear arena=arg0 ownr=arg1", "x.rt:3:23: nothing uses 'ownr'\n"
		"  on a clear arena=arg0 ownr=arg1\n                        ^",
		"no 'let' line uses it, and the names that have a meaning are: arena owner pool address asked reserved needed page "
		"banks bank_bytes base align grain trace id program device bytes placed end layout default ok code parent index items count name");
	mistake(HEAD "on a clear arena=arg0 owner== pool=1", "x.rt:3:29: unexpected '='\n"
		"  on a clear arena=arg0 owner== pool=1\n                              ^",
		"expected a place, as arg0, *arg0+8:4 or value(arg0)");
	mistake(HEAD "on a clear arena=arg0 owner=arg0 pool=arg0 address=arg0 asked=arg0 page=arg0 banks=arg0 \\\n"
		"base=arg0 id=arg0 layout=arg0 device=arg0 bytes=arg0 align=arg0", "x.rt:4:54: a row may have 12 values, 'align' is one too many\n"
		"  base=arg0 id=arg0 layout=arg0 device=arg0 bytes=arg0 align=arg0\n                                                       ^", "");
}

static void mistakes_in_places_are_shown(void **state)
{
	static const char bases[] = "a place begins with '*', '(' or one of: arg0 arg1 arg2 arg3 arg4 arg5 stack v()";

	(void)state;
#define ROW HEAD "value v returned by f\nvalue w each passed as arg0 to f by g\non a clear arena="
	mistake(HEAD "value v returned by f\non a clear arena=arg6", "x.rt:4:18: unknown name 'arg6'\n"
		"  on a clear arena=arg6\n                   ^", bases);
	mistake(HEAD "value v returned by f\non a clear arena=u (arg0)", "x.rt:4:18: unknown value 'u'\n"
		"  on a clear arena=u (arg0)\n                   ^", bases);
	mistake(ROW "stack:4", "x.rt:5:23: unexpected ':'\n  on a clear arena=stack:4\n                        ^",
		"only a load or a register has a size, as in *arg0:4 or arg0:4");
	mistake(ROW "*arg0+2147483648", "x.rt:5:24: '2147483648' is too large\n"
		"  on a clear arena=*arg0+2147483648\n                         ^", "expected an offset, at most 2147483647");
	mistake(ROW "*arg0:0", "x.rt:5:24: '0' is not a size\n  on a clear arena=*arg0:0\n                         ^",
		"expected a size: 1, 2, 4 or 8");
	mistake(ROW "v(arg0", "x.rt:5:24: the line ends too early\n  on a clear arena=v(arg0\n                         ^",
		"expected ')'");
	mistake(ROW "*****arg0", "x.rt:5:18: a place may have 4 loads, this one has more\n"
		"  on a clear arena=*****arg0\n                   ^", "");
	mistake(ROW "((((((((((((((((arg0))))))))))))))))", "x.rt:5:34: the place is nested too deeply\n"
		"  on a clear arena=((((((((((((((((arg0))))))))))))))))\n                                   ^", "");
	mistake(ROW "w(arg0)", "x.rt:5:18: the place uses a value of which there may be several ('each')\n"
		"  on a clear arena=w(arg0)\n                   ^", "such a value has its place in 'books arena'");
}

static void mistakes_in_lets_are_shown(void **state)
{
	(void)state;
#define LET HEAD "on a clear arena=arg0 page=arg1 x=arg2\n"
	mistake(LET "let reserved = x +", "x.rt:4:19: the line ends too early\n  let reserved = x +\n                    ^",
		"expected a number, a name, a function or '('");
	mistake(LET "let reserved = x y", "x.rt:4:18: unexpected 'y'\n  let reserved = x y\n                   ^",
		"expected an operator (+ - * / ?) or the end of the line");
	mistake(LET "let reserved = rounddown(x, 1)", "x.rt:4:16: unknown function 'rounddown'\n"
		"  let reserved = rounddown(x, 1)\n                 ^", "functions are: roundup ceildiv bit low32 min max same else");
	mistake(LET "let reserved = min(x)", "x.rt:4:21: unexpected ')'\n"
		"  let reserved = min(x)\n                      ^", "expected ','");
	mistake(LET "let reserved = x ? 1", "x.rt:4:21: the line ends too early\n"
		"  let reserved = x ? 1\n                      ^", "expected ':'");
	mistake(LET "let reserved = x * pages", "x.rt:4:20: unknown name 'pages'\n"
		"  let reserved = x * pages\n                     ^",
		"a name is a row's value or that of a 'let' line before this one");
	mistake(LET "let reserved = later\nlet later = x", "x.rt:4:16: unknown name 'later'\n"
		"  let reserved = later\n                 ^", "a name is a row's value or that of a 'let' line before this one");
	mistake(LET "let asked = x\nlet asked = x", "x.rt:5:5: 'asked' is there twice, first in line 4\n"
		"  let asked = x\n      ^", "");
	mistake(LET "let asked = x\nlet spare = x", "x.rt:5:5: nothing uses 'spare'\n  let spare = x\n      ^",
		"no 'let' line uses it, and the names that have a meaning are: arena owner pool address asked reserved needed page "
		"banks bank_bytes base align grain trace id program device bytes placed end layout default ok code parent index items count name");
	mistake(LET "let asked = ((((((((((((((((((((((((((((((((x", "x.rt:4:45: the expression is nested too deeply\n"
		"  let asked = ((((((((((((((((((((((((((((((((x\n                                              ^", "");
	mistake(LET "let asked = x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x", "x.rt:4:61: the expression is too long\n"
		"  let asked = x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x+(x\n"
		"                                                              ^",
		"give a part of it a name with a 'let' line of its own");
}

static void advice_is_read(void **state)
{
	struct runtime *rt = parse(HEAD "pool 1=A 2=B\nadvice A size total=32 spread=0x2000 if f*\nadvice A size bank=1\n"
				   "advice B b-size spread=7\n");
	const struct rt_advice *a = rt->advice.items;

	(void)state;
	assert_int_equal(rt->advice.nr, 3);
	assert_string_equal(a[0].pool, "A");
	assert_string_equal(a[0].argument, "size");
	assert_int_equal(a[0].total, 32);
	assert_int_equal(a[0].spread, 8192);
	assert_int_equal(a[0].bank, 0);
	assert_string_equal(a[0].function, "f*");
	assert_int_equal(a[1].bank, 1);
	assert_null(a[1].function);
	assert_string_equal(a[2].argument, "b-size");
	assert_int_equal(a[2].spread, 7);
	runtime_free(rt);
}

static void mistakes_in_advice_are_shown(void **state)
{
	(void)state;
#define POOLED HEAD "pool 1=A\n"
	mistake(POOLED "advice B size bank=1", "x.rt:4:8: unknown pool 'B'\n  advice B size bank=1\n         ^",
		"pools are named by a 'pool' line before this one");
	mistake(POOLED "advice A size", "x.rt:4:1: 'spread=STEP' or 'bank=STEP' is missing: what a bank has of the argument\n"
		"  advice A size\n  ^", "");
	mistake(POOLED "advice A size bank=1 spread=1", "x.rt:4:1: an argument is either spread over the banks or that of a bank\n"
		"  advice A size bank=1 spread=1\n  ^", "");
	mistake(POOLED "advice A size bank=0", "x.rt:4:20: nothing can be rounded up to 0\n"
		"  advice A size bank=0\n                     ^", "1 if it is not rounded");
	mistake(POOLED "advice A size bank=1 bank=2", "x.rt:4:22: the limit is there twice\n"
		"  advice A size bank=1 bank=2\n                       ^", "");
	mistake(POOLED "advice A size what=1", "x.rt:4:15: unexpected 'what'\n  advice A size what=1\n                ^",
		"expected one of: total=STEP spread=STEP bank=STEP if");
	mistake(POOLED "advice A size bank=1 if f g", "x.rt:4:27: unexpected 'g'\n"
		"  advice A size bank=1 if f g\n                            ^", "expected the end of the line");
}

static void mistakes_in_books_are_shown(void **state)
{
	static const char blocks[] = "books blocks address=1:8 bytes=2:8 live=3:1";

	(void)state;
	mistake(HEAD "books owner vtable v\n", "x.rt:3:1: the books lack a line 'books blocks'\n"
		"  books owner vtable v\n  ^", "");
	mistake(HEAD "books pool *arena", "x.rt:3:1: the books lack a line 'books owner'\n  books pool *arena\n  ^", "");
	mistake(HEAD "books pool *owner", "x.rt:3:13: unknown name 'owner'\n  books pool *owner\n              ^",
		"a place begins with '*', '(' or one of: arena");
	mistake(HEAD "books pol *arena", "x.rt:3:7: unexpected 'pol'\n  books pol *arena\n        ^",
		"expected one of: owner arena pool banks align lists list bank_bytes base grain shrunk blocks buffers buffer mesh handle chip");
	mistake(HEAD "books pool *arena\nbooks pool *arena", "x.rt:4:7: there is a second line 'books pool'\n"
		"  books pool *arena\n        ^", "");
	mistake(HEAD "books list *arena\n", "x.rt:3:18: the line ends too early\n  books list *arena\n                   ^",
		"expected 'vtable'");
	mistake(blocks, "x.rt:1:44: 'used=OFFSET:SIZE' is missing\n"
		"  books blocks address=1:8 bytes=2:8 live=3:1\n                                             ^", "");
	mistake("books blocks live=3:1 live=3:1", "x.rt:1:23: the member is there twice\n"
		"  books blocks live=3:1 live=3:1\n                        ^", "");
	mistake("books blocks size=3:1", "x.rt:1:14: unexpected 'size'\n  books blocks size=3:1\n               ^",
		"expected one of: address= bytes= live= used=");
	mistake(HEAD "books owner vtable v*", "x.rt:3:21: unexpected '*'\n  books owner vtable v*\n                      ^",
		"expected the end of the line");
}

static void bytes_that_are_not_text_are_refused(void **state)
{
	static const char nul[] = "runtime r\nabout a\0b\n";
	static const char text_hint[] = "a runtime file is text: UTF-8 without control characters";

	(void)state;
	check_error(nul, sizeof(nul) - 1, "x.rt:2:8: the byte 0x00 is not text\n  about a\\x00b\n         ^", text_hint);
	mistake("about é\x1b[31m", "x.rt:1:8: the byte 0x1b is not text\n  about é\\x1b[31m\n         ^", text_hint);
	mistake("# \xff\n", "x.rt:1:3: the byte 0xff is not text\n  # \\xff\n    ^", text_hint);
	mistake("#\xa0\xa0\n", "x.rt:1:2: the byte 0xa0 is not text\n  #\\xa0\\xa0\n   ^", text_hint);
	mistake("# \xe2\x80\xae\n", "x.rt:1:3: the byte 0xe2 is not text\n  # \\xe2\\x80\\xae\n    ^", text_hint);
	mistake("a\rb\n", "x.rt:1:2: the byte 0x0d is not text\n  a\\x0db\n   ^", text_hint);
	mistake("é", "x.rt:1:1: unexpected 'é'\n  é\n  ^",
		"expected a line that begins with: runtime about detect pool core layout value on let books advice environment api");
}

static void overlong_lines_and_files_are_refused(void **state)
{
	_cleanup_(freep) char *text = xmalloc(1 << 21);
	struct diag d = {};
	struct runtime *rt;

	(void)state;
	memset(text, '#', 1 << 21);
	assert_int_equal(runtime_parse("x.rt", text, 1 << 21, &rt, &d), -EINVAL);
	assert_string_equal(d.text, "x.rt: the file is larger than 1 MiB");
	assert_int_equal(runtime_parse("x.rt", text, 513, &rt, &d), -EINVAL);
	assert_non_null(strstr(d.text, "x.rt:1:513: the line is longer than 512 bytes\n  ...###"));
	assert_int_equal(runtime_parse("x.rt", text, 512, &rt, &d), -EINVAL);
	assert_string_equal(d.text, "x.rt: there is no 'runtime' line");
}

static void long_lines_are_cut_around_the_mistake(void **state)
{
	_cleanup_(str_release) struct str text = {}, path = {}, expected = {};
	struct runtime *rt;
	struct diag d = {};

	(void)state;
	str_add(&text, HEAD "on ");
	for (int i = 0; i < 200; i++)
		str_add_char(&text, 'f');
	str_add(&text, " begn arena=arg0 arena=arg0 arena=arg0 arena=arg0 arena=arg0");
	for (int i = 0; i < 500; i++)
		str_add_char(&path, 'p');
	assert_int_equal(runtime_parse(str_text(&path), str_text(&text), text.len, &rt, &d), -EINVAL);
	str_addf(&expected, "...%.150s:3:205: unknown verb 'begn'\n  ...%.59s begn arena=arg0 arena=arg0 arena=arg0 ar...\n",
		 str_text(&path), "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
	str_addf(&expected, "%*s^", 5 + 60, "");
	assert_string_equal(d.text, str_text(&expected));
}

static void tables_have_an_end(void **state)
{
	_cleanup_(str_release) struct str pools = {}, values = {}, rows = {}, lets = {}, alternatives = {}, others = {};

	(void)state;
	str_add(&others, HEAD "on f");
	for (int i = 0; i < 8; i++)
		str_add(&others, " or f");
	str_add(&others, " throw\n");
	str_add(&rows, HEAD);
	str_add(&lets, HEAD "on a clear arena=arg0\n");
	for (int i = 0; i < 129; i++) {
		str_addf(&pools, "pool %d=P%d\n", i, i);
		str_addf(&values, "value v%d returned by f\n", i);
		str_add(&alternatives, "value v returned by f\n");
		str_add(&rows, "on f throw\n");
		str_addf(&lets, "let v%d = arena\n", i);
	}
	mistake(str_text(&pools), "x.rt:33:6: there are more than 32 pools\n  pool 32=P32\n       ^", "");
	mistake(str_text(&values), "x.rt:65:7: there are more than 64 values\n  value v64 returned by f\n        ^", "");
	mistake(str_text(&alternatives), "x.rt:9:7: there are more than 8 lines for value 'v'\n  value v returned by f\n        ^",
		"");
	mistake(str_text(&others), "x.rt:3:44: a row may have 8 functions, this one has more\n"
		"  on f or f or f or f or f or f or f or f or f throw\n                                             ^", "");
	mistake(str_text(&rows), "x.rt:131:1: there are more than 128 rows\n  on f throw\n  ^", "");
	mistake(str_text(&lets), "x.rt:36:1: there are more than 32 'let' lines\n  let v32 = arena\n  ^", "");
}

static void every_beginning_of_a_file_is_read_or_refused(void **state)
{
	static const char text[] = HEAD BOOKS "pool 1=A\non a begin arena=*m2(arg0)+8:4 x=arg1\n"
					      "let reserved = roundup(x, 8) ? 1 : 2\n";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct runtime *rt = NULL;
		struct diag d = {};

		if (runtime_parse("x.rt", text, len, &rt, &d))
			assert_true(strncmp(d.text, "x.rt:", 5) == 0);
		runtime_free(rt);
	}
}

static const struct runtime *find(const runtimes *r, const char *name)
{
	for (size_t i = 0; i < r->nr; i++)
		if (strcmp(r->items[i]->name, name) == 0)
			return r->items[i];
	return NULL;
}

static void the_files_that_are_built_in_are_whole(void **state)
{
	runtimes r = {};
	struct diag d = {};

	(void)state;
	if (runtimes_load(&r, NULL, 0, &d))
		fail_msg("%s\nhint: %s", d.text, d.hint);

	const struct runtime *rt = find(&r, "tt-metal");

	assert_non_null(rt);
	assert_string_equal(rt->path, "built in: tt-metal.rt");
	assert_int_equal(rt->pools.nr, 4);
	assert_true(rt->rows.nr > 12);
	assert_int_equal(rt->lets.nr, 4);
	assert_int_equal(rt->advice.nr, 3);
	assert_true(rt->books.present);

	_cleanup_(str_release) struct str s = {};

	view_runtime(&s, rt);
	assert_non_null(strstr(str_text(&s), "grain = *free_list(arg0)+0x20, once of each arena\n"));
	assert_non_null(strstr(str_text(&s), "pools\n  0=DRAM 1=L1 3=L1_SMALL 4=TRACE\n"));
	assert_non_null(strstr(str_text(&s), "advice\n  TRACE trace_region_size total=32 spread=8192 if _ZTV"));
	runtimes_release(&r);
}

static void check_load(const char *text, runtimes *r, struct diag *d, int expected)
{
	_cleanup_(closep) int fd = memfd_create("runtime", MFD_CLOEXEC);
	_cleanup_(freep) char *path = xasprintf("/proc/self/fd/%d", fd);
	const char *paths[] = {path};

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(runtimes_load(r, paths, 1, d), expected);
}

static void a_file_of_the_user_replaces_one_of_the_same_name(void **state)
{
	runtimes r = {};
	struct diag d = {};

	(void)state;
	check_load("runtime tt-metal\ndetect mine\n", &r, &d, 0);
	assert_string_equal(find(&r, "tt-metal")->detect, "mine");
	runtimes_release(&r);
	check_load("runtime other\ndetect mine\n", &r, &d, 0);
	assert_non_null(find(&r, "tt-metal"));
	assert_string_equal(r.items[r.nr - 1]->name, "other");
	runtimes_release(&r);
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
	static const char *const paths[] = {"/nonexistent/a\033.rt"}, *const folder[] = {"/"};
	runtimes r = {};
	struct diag d = {};

	(void)state;
	assert_int_equal(runtimes_load(&r, paths, 1, &d), -ENOENT);
	assert_string_equal(d.text, "cannot read the runtime file '/nonexistent/a\\x1b.rt': No such file or directory");
	assert_int_equal(runtimes_load(&r, folder, 1, &d), -EISDIR);
	assert_int_equal(r.nr, 0);
	check_load("runtime a\nrow\n", &r, &d, -EINVAL);
	assert_non_null(strstr(d.text, ":2:1: unknown line 'row'\n  row\n  ^"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_every_kind_are_read),
		cmocka_unit_test(value_lines_say_how_a_layout_is_found),
		cmocka_unit_test(lines_of_one_name_are_alternatives),
		cmocka_unit_test(a_row_may_have_functions_for_other_files),
		cmocka_unit_test(rows_have_a_verb_and_values),
		cmocka_unit_test(the_verbs_are_those_of_the_header),
		cmocka_unit_test(places_are_bases_loads_and_values),
		cmocka_unit_test(the_steps_of_a_place_stand_in_the_order_they_are_done),
		cmocka_unit_test(books_say_where_each_part_lies),
		cmocka_unit_test(a_function_is_of_the_api_by_its_parts),
		cmocka_unit_test(mistakes_in_lines_are_shown_with_a_caret),
		cmocka_unit_test(mistakes_in_numbers_and_pools_are_shown),
		cmocka_unit_test(mistakes_in_values_are_shown),
		cmocka_unit_test(mistakes_in_rows_are_shown),
		cmocka_unit_test(mistakes_in_places_are_shown),
		cmocka_unit_test(mistakes_in_lets_are_shown),
		cmocka_unit_test(advice_is_read),
		cmocka_unit_test(mistakes_in_advice_are_shown),
		cmocka_unit_test(mistakes_in_books_are_shown),
		cmocka_unit_test(bytes_that_are_not_text_are_refused),
		cmocka_unit_test(overlong_lines_and_files_are_refused),
		cmocka_unit_test(long_lines_are_cut_around_the_mistake),
		cmocka_unit_test(tables_have_an_end),
		cmocka_unit_test(every_beginning_of_a_file_is_read_or_refused),
		cmocka_unit_test(the_files_that_are_built_in_are_whole),
		cmocka_unit_test(a_file_of_the_user_replaces_one_of_the_same_name),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
