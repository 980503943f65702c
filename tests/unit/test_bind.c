/* runtime/bind.c and what belongs to it, on a small library that is made here: every instruction in it is written below. */
#include "runtime/bind.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assemble.h"

#include "view/runtimes.h"

#define FUNCTION(name, code)                                                                       \
	".globl " name "\n.type " name ", @function\n" name ":\n" code "\n.size " name ", . - " name "\n"
#define OBJECT(name) ".globl " name "\n.type " name ", @object\n" name ": .zero 32\n.size " name ", 32\n"

static const char assembly[] =
	".text\n"
	FUNCTION("rt_begin_one", "push %rbp\npop %rbp\nret")
	FUNCTION("rt_begin_two", "mov %rdi, %rax\nret")
	FUNCTION("rt_begin_two.cold", "push %rbx\npop %rbx\nret")
	".globl rt_begin_alias\n.set rt_begin_alias, rt_begin_one\n.type rt_begin_alias, @function\n"
	FUNCTION("rt_alloc", "push %rbp\npop %rbp\nret")
	FUNCTION("rt_free", "push %rbp\npop %rbp\nret")
	FUNCTION("rt_clear", "push %rbp\npop %rbp\nret")
	FUNCTION("rt_num_banks", "mov 0x20(%rdi), %eax\nret")
	FUNCTION("rt_list", "mov 0x3b0(%rdi), %rax\nmov (%rax), %rax\nret")
	FUNCTION("rt_deep", "mov 0x8(%rdi), %rax\nmov (%rax), %rax\nmov (%rax), %rax\nmov (%rax), %rax\nret")
	FUNCTION("rt_second", "mov 0x8(%rsi), %rax\nret")
	FUNCTION("rt_computed", "lea (%rdi,%rdi,2), %rax\nret")
	FUNCTION("rt_same_a", "mov %r8d, 0x48(%rdi)\nret")
	FUNCTION("rt_same_b", "mov %r8d, 0x48(%rdi)\nret")
	FUNCTION("rt_odd_a", "mov %r8d, 0x48(%rdi)\nret")
	FUNCTION("rt_odd_b", "mov %r8d, 0x4c(%rdi)\nret")
	FUNCTION("rt_some_a", "mov %r8d, 0x48(%rdi)\nret")
	FUNCTION("rt_some_b", "ret")
	FUNCTION("rt_two_paths", "test %esi, %esi\nje 1f\nmov 0x20(%rdi), %eax\nret\n1: mov 0x24(%rdi), %eax\nret")
	FUNCTION("rt_size_of_list", "mov 0x78(%rdi), %rax\nmov 0x8(%rax), %rax\nret")
	FUNCTION("rt_half_pointer", "mov 0x78(%rdi), %eax\nmov 0x8(%rax), %rax\nret")
	FUNCTION("rt_pages", "mov 0x18(%rdi), %rax\nxor %edx, %edx\ndivq 0x58(%rdi)\nret")
	FUNCTION("rt_each", "push %rbx\nmov %rdi, %rbx\nmov 0x8(%rbx), %rdi\ncall rt_clear@plt\n"
			    "mov 0x10(%rbx), %rdi\ncall rt_clear@plt\npop %rbx\nret")
	".data\n"
	OBJECT("rt_owner_vtable") OBJECT("rt_list_vtable") OBJECT("rt_begin_data")
	".section .note.GNU-stack, \"\", @progbits\n";

#define HEAD                                                                                       \
	"runtime r\ndetect rt_begin*\npool 0=A\n"                                                  \
	"value banks returned by rt_num_banks\nvalue list returned by rt_list\n"                   \
	"value same stored from arg4:4 by rt_same*\nvalue odd stored from arg4:4 by rt_odd*\n"     \
	"value some stored from arg4:4 by rt_some*\nvalue computed returned by rt_computed\n"      \
	"value second returned by rt_second\nvalue gone returned by rt_nowhere*\n"                 \
	"value deep returned by rt_deep\nvalue one passed as arg0 to rt_clear by rt_each\n"        \
	"value each each passed as arg0 to rt_clear by rt_each\n"

enum { VALUE_BANKS, VALUE_LIST, VALUE_SAME, VALUE_ODD, VALUE_SOME, VALUE_COMPUTED, VALUE_SECOND, VALUE_GONE, VALUE_DEEP,
       VALUE_ONE, VALUE_EACH };

static int make_library(void **state)
{
	struct assembled *a = xcalloc(1, sizeof(*a));

	*state = a;
	return assembled_from_text(a, "library.so", assembly) ? 0 : -1;
}

static int remove_library(void **state)
{
	assembled_release(*state);
	free(*state);
	return 0;
}

struct bound {
	struct runtime *rt;
	struct binding *b;
};

static int try_bind(void **state, const char *lines, struct bound *ret, struct diag *d)
{
	const struct assembled *m = *state;
	_cleanup_(freep) char *text = xasprintf("%s%s", HEAD, lines);
	struct elf_file *elf = NULL;

	if (runtime_parse("x.rt", text, strlen(text), &ret->rt, d) || elf_file_open(m->path, &elf, d))
		fail_msg("%s", d->text);
	return binding_new(ret->rt, elf, &ret->b, d);
}

static struct bound bind_lines(void **state, const char *lines)
{
	struct bound bound = {};
	struct diag d = {};

	if (try_bind(state, lines, &bound, &d))
		fail_msg("%s\nhint: %s", d.text, d.hint);
	return bound;
}

static void unbind(struct bound *bound)
{
	binding_free(bound->b);
	runtime_free(bound->rt);
}

#define FREE "on rt_free free arena=arg0 address=arg1\n"

static void what_lasts_is_read_once_where_new_arenas_are_seen(void **state)
{
	static const char row[] = "on rt_begin_one begin arena=arg0 asked=arg1 lasting pool=*arg0:4 banks=banks(arg0)\n"
				 "on rt_alloc alloc address=arg0\n" FREE;
	_cleanup_(freep) char *whole = xasprintf("%son rt_list new arena=arg0\n", row);
	_cleanup_(freep) char *lacks = xasprintf("%son rt_nowhere new arena=arg0\n", row);
	struct bound seen = bind_lines(state, whole), unseen = bind_lines(state, lacks), none = bind_lines(state, row);

	assert_int_equal(seen.b->rows.items[0].spec.nr_values, 4);
	assert_int_equal(seen.b->rows.items[0].spec.nr_lasting, 2);
	assert_int_equal(seen.b->rows.items[1].spec.nr_lasting, 0);
	assert_true(seen.b->rows.items[3].spec.flags & WIRE_CHANGES);
	assert_false(seen.b->rows.items[0].spec.flags & WIRE_CHANGES);
	assert_int_equal(unseen.b->rows.items[0].spec.nr_values, 4);
	assert_int_equal(unseen.b->rows.items[0].spec.nr_lasting, 0);
	assert_int_equal(none.b->rows.items[0].spec.nr_lasting, 0);
	unbind(&seen);
	unbind(&unseen);
	unbind(&none);
}

/* A number is none of a hit's values, and a place that is not known neither. */
static void of_what_lasts_the_values_of_a_hit_count(void **state)
{
	struct bound bound = bind_lines(state, "on rt_begin_one begin arena=arg0 asked=arg1 lasting pool=0 banks=gone(arg0) align=*arg0+4:4\n"
					       "on rt_list new arena=arg0\non rt_alloc alloc address=arg0\n" FREE);

	assert_int_equal(bound.b->rows.items[0].spec.nr_values, 3);
	assert_int_equal(bound.b->rows.items[0].spec.nr_lasting, 1);
	unbind(&bound);
}

static void a_pattern_gives_a_row_a_function(void **state)
{
	struct bound bound = bind_lines(state, "on rt_begin* begin arena=arg0\non rt_alloc alloc address=arg0\n");
	const struct bound_row *r = bound.b->rows.items;
	uint64_t address;

	/* Not the alias, which is the same address; not the .cold part; not the object. */
	assert_int_equal(bound.b->rows.nr, 3);
	assert_true(strcmp(r[0].symbol, "rt_begin_one") == 0 || strcmp(r[0].symbol, "rt_begin_alias") == 0);
	assert_string_equal(r[1].symbol, "rt_begin_two");
	assert_ptr_equal(r[0].row, r[1].row);
	assert_true(r[0].probed && r[1].probed && r[2].probed);
	assert_int_equal(r[0].spec.flags, WIRE_BEGIN);
	assert_int_equal(r[2].spec.flags, WIRE_END | WIRE_ENDS_RUN);
	assert_int_equal(elf_file_address(bound.b->elf, r[1].file_offset, &address), 0);

	struct elf_symbol two;

	assert_int_equal(elf_file_find(bound.b->elf, "rt_begin_two", &two, 1), 1);
	assert_int_equal(address, two.address);
	unbind(&bound);
}

static void values_become_loads(void **state)
{
	struct bound bound = bind_lines(state, "on rt_free free arena=arg0 address=*list(arg1)+0x20:4 banks=banks(*arg2-8) "
					       "page=*stack+16:8 align=same(arg0)\n");
	const struct bound_row *r = &bound.b->rows.items[0];
	const struct wire_value *v = r->spec.value;

	assert_null(r->problem);
	assert_int_equal(r->spec.nr_values, 5);
	assert_int_equal(v[0].base, WIRE_ARG0);
	assert_int_equal(v[0].nr_loads, 0);
	assert_int_equal(v[1].base, WIRE_ARG0 + 1);
	assert_int_equal(v[1].nr_loads, 3);
	assert_int_equal(v[1].offset[0], 0x3b0);
	assert_int_equal(v[1].size[1], 8);
	assert_int_equal(v[1].offset[2], 0x20);
	assert_int_equal(v[1].size[2], 4);
	assert_int_equal(v[2].nr_loads, 2);
	assert_int_equal(v[2].offset[0], -8);
	assert_int_equal(v[2].offset[1], 0x20);
	assert_int_equal(v[2].size[1], 4);
	assert_int_equal(v[3].base, WIRE_STACK);
	assert_int_equal(v[4].offset[0], 0x48);
	assert_int_equal(r->slot[RT_ADDRESS], 1);
	assert_int_equal(r->slot[RT_PAGE], 3);
	assert_int_equal(r->slot[RT_POOL], -1);
	assert_string_equal(r->names.items[2], "banks");
	unbind(&bound);
}

static void check_problem(const struct bound_value *value, const char *part)
{
	assert_int_equal(value->nr_chains, 0);
	if (!strstr(value->problem, part))
		fail_msg("'%s' is not in '%s'", part, value->problem);
}

static void a_value_is_known_or_says_why_not(void **state)
{
	struct bound bound = bind_lines(state, FREE);
	const struct bound_value *v = bound.b->values.items;

	assert_int_equal(v[VALUE_BANKS].nr_chains, 1);
	assert_non_null(strstr(v[VALUE_BANKS].how, "returned by rt_num_banks, which begins 'mov"));
	assert_string_equal(v[VALUE_SAME].how, "stored by rt_same_a and 1 more, which agree");
	check_problem(&v[VALUE_ODD], "rt_odd_a and rt_odd_b do not agree");
	check_problem(&v[VALUE_SOME], "rt_some_b");
	check_problem(&v[VALUE_COMPUTED], "rt_computed");
	check_problem(&v[VALUE_SECOND], "rt_second has it from its argument 1, not from its first");
	check_problem(&v[VALUE_GONE], "no function matches 'rt_nowhere*'");
	check_problem(&v[VALUE_ONE], "rt_each passes 2 different ones");
	assert_int_equal(v[VALUE_EACH].nr_chains, 2);
	assert_int_equal(v[VALUE_EACH].chain[1].load[0].offset, 0x10);
	unbind(&bound);
}

static void the_first_line_that_shows_a_value_is_taken(void **state)
{
	struct bound bound = bind_lines(state, "value a returned by rt_nowhere\nvalue a divided in rt_pages\n"
					       "value a returned by rt_num_banks\n"
					       "value b returned by rt_two_paths\nvalue b divided in rt_num_banks\n"
					       "value b returned by rt_num_banks\n"
					       "value c returned by rt_nowhere\nvalue c returned by rt_two_paths\n"
					       "value d divided in rt_num_banks\n"
					       "on rt_free free arena=arg0 address=a(arg1) pool=c(arg1)\n");
	const struct bound_value *v = bound.b->values.items + VALUE_EACH + 1;
	const struct bound_row *r = &bound.b->rows.items[0];

	assert_int_equal(v[0].chain[0].load[0].offset, 0x18);
	assert_string_equal(v[0].how, "divided in rt_pages");
	assert_null(v[0].problem);
	/* What is refused is told; what only does something else is not. */
	assert_int_equal(v[1].nr_chains, 1);
	assert_int_equal(v[1].chain[0].load[0].offset, 0x20);
	assert_string_equal(v[1].problem, "rt_two_paths: cannot tell what 'rt_two_paths' returns: *(arg0+0x20):4 in one place, "
					  "*(arg0+0x24):4 in another");
	assert_int_equal(v[2].nr_chains, 0);
	assert_non_null(strstr(v[2].problem, "in another; no function matches 'rt_nowhere'"));
	check_problem(&v[3], "it divides nothing");
	assert_int_equal(r->spec.nr_values, 2);
	assert_non_null(strstr(r->problem, "without pool: c is not known: rt_two_paths: "));
	unbind(&bound);
}

static void what_holds_a_value_is_the_object_before_its_last_load(void **state)
{
	struct bound bound = bind_lines(state, "value a holds what is returned by rt_size_of_list\n"
					       "value b holds what is returned by rt_num_banks\n"
					       "value c holds what is returned by rt_half_pointer\n"
					       "value d returned by rt_half_pointer\n" FREE);
	const struct bound_value *v = bound.b->values.items + VALUE_EACH + 1;

	assert_int_equal(v[0].nr_chains, 1);
	assert_int_equal(v[0].chain[0].nr_loads, 1);
	assert_int_equal(v[0].chain[0].load[0].offset, 0x78);
	assert_non_null(strstr(v[0].how, "holds what is returned by rt_size_of_list, which begins"));
	check_problem(&v[1], "not held by another object");
	check_problem(&v[2], "not held by another object");
	check_problem(&v[3], "rt_half_pointer has it behind what is too small for a pointer");
	unbind(&bound);
}

static void a_row_is_for_the_first_functions_that_the_file_has(void **state)
{
	struct bound bound = bind_lines(state, "on rt_nowhere or rt_begin* or rt_free clear arena=arg0\n"
					       "on rt_free or rt_begin* free arena=arg0 address=arg1\n"
					       "on rt_nowhere or rt_begin_data new arena=arg0\n");
	const struct bound_row *r = bound.b->rows.items;

	assert_int_equal(bound.b->rows.nr, 4);
	assert_ptr_equal(r[0].row, r[1].row);
	assert_string_equal(r[1].symbol, "rt_begin_two");
	assert_string_equal(r[2].symbol, "rt_free");
	assert_false(r[3].probed);
	assert_string_equal(r[3].problem, "no function matches 'rt_nowhere' or 'rt_begin_data'");
	unbind(&bound);
}

static void a_row_does_without_a_value_that_is_not_known(void **state)
{
	struct bound bound = bind_lines(state, "on rt_free free arena=arg0 pool=odd(arg0) address=arg1 page=*deep(arg0)\n");
	const struct bound_row *r = &bound.b->rows.items[0];

	assert_true(r->probed);
	assert_int_equal(r->spec.nr_values, 2);
	assert_int_equal(r->slot[RT_POOL], -1);
	assert_int_equal(r->slot[RT_ADDRESS], 1);
	assert_string_equal(r->problem, "without pool: odd is not known: rt_odd_a and rt_odd_b do not agree\n"
					"without page: it takes more than 4 loads");
	unbind(&bound);
}

static void a_row_without_its_identity_has_no_probe(void **state)
{
	struct bound bound = bind_lines(state, FREE "on rt_clear clear arena=gone(arg0)\non rt_free free arena=arg0 "
						    "address=gone(arg1)\non rt_nowhere new arena=arg0\n");
	const struct bound_row *r = bound.b->rows.items;

	assert_int_equal(bound.b->rows.nr, 4);
	assert_true(r[0].probed);
	assert_false(r[1].probed);
	assert_string_equal(r[1].problem, "without arena: gone is not known: no function matches 'rt_nowhere*'");
	assert_false(r[2].probed);
	assert_non_null(strstr(r[2].problem, "without address: "));
	assert_false(r[3].probed);
	assert_null(r[3].symbol);
	assert_string_equal(r[3].problem, "no function matches 'rt_nowhere'");
	unbind(&bound);
}

static void a_row_in_any_library_has_no_place_here(void **state)
{
	struct bound bound = bind_lines(state, FREE "on rt_clear throw in any library\n");
	const struct bound_row *r = &bound.b->rows.items[1];

	assert_null(r->symbol);
	assert_true(r->probed);
	assert_null(r->problem);
	assert_int_equal(r->file_offset, 0);
	assert_int_equal(r->spec.flags, WIRE_IF_OPEN | WIRE_WAKE);
	unbind(&bound);
}

static void a_file_where_nothing_allocates_is_refused(void **state)
{
	struct bound bound = {};
	struct diag d = {};

	assert_int_equal(try_bind(state, "on rt_nowhere free arena=arg0 address=arg1\non rt_clear clear arena=arg0\n", &bound,
				  &d), -ENOTSUP);
	assert_null(bound.b);
	assert_non_null(strstr(d.text, "no function that allocates or frees for runtime 'r' was found in '"));
	assert_string_equal(d.hint, "no function matches 'rt_nowhere'");
	unbind(&bound);
}

static void a_file_has_the_runtime_if_it_defines_its_symbol(void **state)
{
	struct bound bound = bind_lines(state, FREE);
	struct runtime *other = NULL;
	static const char text[] = "runtime o\ndetect rt_nowhere*\n";

	assert_true(runtime_detects(bound.rt, bound.b->elf));
	assert_int_equal(runtime_parse("o.rt", text, strlen(text), &other, NULL), 0);
	assert_false(runtime_detects(other, bound.b->elf));
	runtime_free(other);
	unbind(&bound);
}

#define LETS                                                                                       \
	"let spread = bit(shards, 32) ? low32(shards) : banks\n"                                   \
	"let reserved = roundup(ceildiv(ceildiv(asked, page), spread) * roundup(page, align), grain) * banks\n"

static void arithmetic_gives_what_a_row_does_not_capture(void **state)
{
	struct bound bound = bind_lines(state, "on rt_free free arena=arg0 address=arg0 asked=arg1 page=arg2 shards=arg3 "
					       "banks=arg4 align=arg5 grain=*stack+8\n" LETS);
	const struct bound_row *r = &bound.b->rows.items[0];
	struct wire_hit hit = {.valid = 0xff, .value = {1, 2, 2097152, 2048, 0, 12, 32, 32}};
	uint64_t value = 7;

	assert_true(bound_row_value(bound.b, r, &hit, RT_RESERVED, &value));
	assert_int_equal(value, 2113536);
	assert_true(bound_row_value(bound.b, r, &hit, RT_ASKED, &value));
	assert_int_equal(value, 2097152);
	hit.value[4] = 1ULL << 32 | 1;
	assert_true(bound_row_value(bound.b, r, &hit, RT_RESERVED, &value));
	assert_int_equal(value, 2097152 * 12);

	/* The banks are not needed to spread, but to multiply. */
	value = 7;
	hit.valid = 0xff & ~(1u << r->slot[RT_BANKS]);
	assert_false(bound_row_value(bound.b, r, &hit, RT_RESERVED, &value));
	assert_false(bound_row_value(bound.b, r, &hit, RT_BANKS, &value));
	assert_false(bound_row_value(bound.b, r, &hit, RT_POOL, &value));
	assert_int_equal(value, 7);
	unbind(&bound);
}

static void arithmetic_is_left_out_where_it_has_no_chance(void **state)
{
	struct bound bound = bind_lines(state, "on rt_free free arena=arg0 address=arg0 asked=arg1 page=arg2 shards=arg3 "
					       "banks=gone(arg4) align=arg5 grain=*stack+8\n"
					       "on rt_alloc alloc address=arg0 reserved=arg1\n" LETS "let base = 0x1000\n");
	const struct bound_row *r = bound.b->rows.items;
	struct wire_hit hit = {.valid = 0xff, .value = {1, 77}};
	uint64_t value;

	assert_int_equal(r[0].let[RT_RESERVED], -1);
	assert_false(bound_row_value(bound.b, &r[0], &hit, RT_RESERVED, &value));

	/* What a row captures it does not compute. A constant is known everywhere. */
	assert_true(bound_row_value(bound.b, &r[1], &hit, RT_RESERVED, &value));
	assert_int_equal(value, 77);
	assert_true(bound_row_value(bound.b, &r[1], &hit, RT_BASE, &value));
	assert_int_equal(value, 0x1000);
	unbind(&bound);
}

#define BOOKS                                                                                      \
	"books owner vtable rt_owner_vtable\nbooks owner vtable rt_nowhere\nbooks arena each(owner)\n" \
	"books pool *arena:4\nbooks banks banks(arena)\nbooks align odd(arena)\nbooks list list(arena) vtable rt_list_vtable\n" \
	"books bank_bytes *list+8\nbooks base *list+16\nbooks blocks address=1:8 bytes=2:8 live=3:1 used=4:1\n"

static void books_have_a_chain_for_each_arena(void **state)
{
	struct bound bound = bind_lines(state, FREE BOOKS);
	const struct rt_books *books = &bound.rt->books;
	struct code_chain chains[4];
	struct elf_symbol symbol;
	char *problem = NULL;
	size_t nr = 0;

	assert_int_equal(elf_file_find(bound.b->elf, "rt_owner_vtable", &symbol, 1), 1);
	assert_int_equal(bound.b->owner_vtables.nr, 2);
	assert_int_equal(bound.b->owner_vtables.items[0], symbol.address + 16);
	assert_int_equal(bound.b->owner_vtables.items[1], 0);
	assert_int_not_equal(bound.b->list_vtable, 0);
	assert_true(bound_place(bound.b, &books->arena, chains, 4, &nr, &problem));
	assert_int_equal(nr, 2);
	assert_int_equal(chains[0].load[0].offset, 8);
	assert_int_equal(chains[1].load[0].offset, 16);
	assert_false(bound_place(bound.b, &books->arena, chains, 1, &nr, &problem));
	assert_string_equal(problem, "there are more than 1 of it");
	free(problem);
	assert_false(bound_place(bound.b, &books->grain, chains, 4, &nr, &problem));
	assert_string_equal(problem, "the runtime file does not say where it lies");
	free(problem);
	unbind(&bound);
}

static void a_file_without_its_owners_vtables_has_them_found_by_their_lists(void **state)
{
	struct bound bound = bind_lines(state, FREE BOOKS "value banks divided in rt_nowhere\n"
					       "on rt_clear or rt_nowhere clear arena=arg0\n");
	static const char by_lists[] = "  owner       by what points to its lists\n";
	_cleanup_(str_release) struct str s = {};

	view_binding(&s, bound.b);
	assert_null(strstr(str_text(&s), by_lists));
	bound.b->owner_vtables.items[0] = 0;
	str_clear(&s);
	view_binding(&s, bound.b);
	assert_non_null(strstr(str_text(&s), by_lists));
	bound.b->list_vtable = 0;
	str_clear(&s);
	view_binding(&s, bound.b);
	assert_non_null(strstr(str_text(&s), "  owner       not known\n"));
	/* As it was written. */
	str_clear(&s);
	view_runtime(&s, bound.rt);
	assert_non_null(strstr(str_text(&s), "  banks       returned by rt_num_banks\n           or divided in rt_nowhere\n"));
	assert_non_null(strstr(str_text(&s), "  clear       rt_clear\n           or rt_nowhere\n"));
	unbind(&bound);
}

static void a_binding_is_shown_with_all_its_reasons(void **state)
{
	struct bound bound = bind_lines(state, FREE "on rt_begin_two context tag=trace\non rt_clear clear arena=gone(arg0)\n"
					       "on rt_alloc throw in any library\nlet asked = 5 * 3\n" BOOKS);
	static const char *const parts[] = {
		"probes\n  free        rt_free\n",
		": entry push %rbp: emulated\n              arena = arg0\n              address = arg1\n"
		"              asked computed (line 19)\n",
		"  context     rt_begin_two tag=trace\n",
		": entry mov %rdi,%rax: single-stepped, slower: no emulated instruction comes before 'ret', which returns\n",
		"  clear       rt_clear\n              no probe\n"
		"              ! without arena: gone is not known: no function matches 'rt_nowhere*'\n",
		"  throw       rt_alloc in any library\n",
		"  banks       *(arg0+0x20):4\n              returned by rt_num_banks, which begins 'mov",
		"  odd         not known\n              ! rt_odd_a and rt_odd_b do not agree\n",
		"  owner       vtable rt_nowhere not there\n  arena       *(owner+0x8):8, *(owner+0x10):8\n"
		"  pool        *arena:4\n",
		"  align       not known\n              ! odd is not known: rt_odd_a and rt_odd_b do not agree\n",
	};
	_cleanup_(str_release) struct str s = {};

	view_binding(&s, bound.b);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strstr(str_text(&s), parts[i]))
			fail_msg("'%s' is not in\n%s", parts[i], str_text(&s));
	unbind(&bound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_gives_a_row_a_function),
		cmocka_unit_test(values_become_loads),
		cmocka_unit_test(a_value_is_known_or_says_why_not),
		cmocka_unit_test(the_first_line_that_shows_a_value_is_taken),
		cmocka_unit_test(what_holds_a_value_is_the_object_before_its_last_load),
		cmocka_unit_test(a_row_is_for_the_first_functions_that_the_file_has),
		cmocka_unit_test(a_row_does_without_a_value_that_is_not_known),
		cmocka_unit_test(a_row_without_its_identity_has_no_probe),
		cmocka_unit_test(a_row_in_any_library_has_no_place_here),
		cmocka_unit_test(a_file_where_nothing_allocates_is_refused),
		cmocka_unit_test(a_file_has_the_runtime_if_it_defines_its_symbol),
		cmocka_unit_test(arithmetic_gives_what_a_row_does_not_capture),
		cmocka_unit_test(arithmetic_is_left_out_where_it_has_no_chance),
		cmocka_unit_test(books_have_a_chain_for_each_arena),
		cmocka_unit_test(a_file_without_its_owners_vtables_has_them_found_by_their_lists),
		cmocka_unit_test(what_lasts_is_read_once_where_new_arenas_are_seen),
		cmocka_unit_test(of_what_lasts_the_values_of_a_hit_count),
		cmocka_unit_test(a_binding_is_shown_with_all_its_reasons),
	};

	return cmocka_run_group_tests(tests, make_library, remove_library);
}
