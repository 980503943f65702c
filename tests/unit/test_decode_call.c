/* user/runtime/decode_call.c, and rows that say `return`: how they are read, bound to a file, and what their hits tell. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assemble.h"

#include "base/map.h"
#include "runtime/bind.h"
#include "runtime/decode.h"
#include "stream/text.h"
#include "view/runtimes.h"

#define FUNCTION(name) ".globl " name "\n.type " name ", @function\n" name ": nop\nret\n.size " name ", . - " name "\n"

/* c_same is another name of c_alloc, _Z1av looks like a C++ function. */
static const char assembly[] = ".text\n" FUNCTION("c_alloc") ".globl c_same\n.type c_same, @function\n.set c_same, c_alloc\n"
	FUNCTION("c_free") FUNCTION("c_view") FUNCTION("c_retain") FUNCTION("c_drop") FUNCTION("c_later") FUNCTION("c_set") FUNCTION("c_create") FUNCTION("c_on") FUNCTION("c_from") FUNCTION("c_current") FUNCTION("_Z1av")
	".section .note.GNU-stack, \"\", @progbits\n";

#define HEAD "runtime c\ndetect c_free\n"
#define RUNTIME                                                                                    \
	HEAD "pool 4=NEAR 5=FAR\n"                                                                 \
	"on c_alloc  return alloc  pool=FAR address=*arg0 asked=arg1 reserved=arg1 ok=ret:4==0\n" \
	"on c_create return alloc  pool=arg0:4 address=ret reserved=arg1 ok=ret!=0 code=*arg2:4\n" \
	"on c_on     return alloc  pool=4 address=ret device=arg0:4\n"                             \
	"on c_from   return alloc  pool=4 address=ret arena=arg0\n"                                \
	"on c_set    return device device=arg0:4 ok=ret:4==0\n"                                    \
	"on c_free   free address=arg0\n"                                                          \
	"on c_view   return alloc  kind=4 address=ret parent=*arg1\n"                              \
	"on c_retain retain address=arg0\n"                                                        \
	"on c_drop   drop   address=arg0\n"                                                        \
	"on c_absent maybe drop address=arg0\n"                                                    \
	"on c_later  free   first=arg0\n"                                                          \
	"on c_current return device owner=arg0 ok=ret:4==0\n"                                     \
	"let pool = kind\n"                                                                        \
	"let address = first\n"

enum { ALLOC, CREATE, ON, FROM, SET, FREE, VIEW, RETAIN, DROP, LATER, CURRENT };

struct test {
	struct sink sink;
	struct decode_target target;
	struct assembled library;
	struct runtime *runtime;
	struct binding *binding;
	struct decoder *decoder;
	struct str out;
	uint64_t sequence, nr_arenas;
	struct map blocks; /* (address, layer) -> arena */
};

static int put(struct sink *sink, const struct record *r)
{
	struct test *t = (struct test *)sink;
	struct record copy = *r;

	copy.has &= ~(FIELD_BIT(TIME_NS) | FIELD_BIT(PID) | FIELD_BIT(PROCESS) | FIELD_BIT(TID));
	text_add(&t->out, &copy);
	if (r->kind == RECORD_FREE && (r->has & FIELD_BIT(ARENA)))
		for (uint64_t layer = 0; layer < 2; layer++)
			if (map_get(&t->blocks, r->address, layer) && map_get(&t->blocks, r->address, layer)->value == r->arena)
				map_del(&t->blocks, r->address, layer);
	str_add_char(&t->out, '\n');
	return 0;
}

static uint64_t define(struct decode_target *target, uint64_t process, uint64_t object, const struct arena_hint *hint)
{
	struct test *t = (struct test *)((char *)target - offsetof(struct test, target));

	assert_int_equal(process, 1);
	assert_true(hint->has & FIELD_BIT(OWNER));
	str_addf(&t->out, "arena %llu %s", (unsigned long long)++t->nr_arenas, hint->pool);
	if (hint->has_number)
		str_addf(&t->out, " of device %llu", (unsigned long long)hint->number);
	else if (hint->owner)
		str_add(&t->out, hint->owner == OWNER_UNKNOWN ? " of ?" : " of an object");
	assert_int_equal(hint->made_up, object >> 63);
	str_add_char(&t->out, '\n');
	return t->nr_arenas;
}

static uint64_t holder(struct decode_target *target, uint64_t process, uint64_t address, unsigned int layer)
{
	struct test *t = (struct test *)((char *)target - offsetof(struct test, target));
	struct map_entry *e = map_get(&t->blocks, address, layer);

	assert_int_equal(process, 1);
	e = e ? e : map_get(&t->blocks, address, !layer);
	return e ? e->value : 0;
}

static struct runtime *parse(const char *text)
{
	struct runtime *rt = NULL;
	struct diag d = {};

	if (runtime_parse("c.rt", text, strlen(text), &rt, &d))
		fail_msg("%s", d.text);
	return rt;
}

static struct binding *bind(const struct test *t, const struct runtime *rt)
{
	struct elf_file *elf = NULL;
	struct binding *b = NULL;
	struct diag d = {};

	if (elf_file_open(t->library.path, &elf, &d) || binding_new(rt, elf, &b, &d))
		fail_msg("%s", d.text);
	return b;
}

static int begin(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));

	*state = t;
	if (!assembled_from_text(&t->library, "library.so", assembly))
		return -1;
	t->sink.put = put;
	t->target.arena = define;
	t->target.holder = holder;
	t->runtime = parse(RUNTIME);
	t->binding = bind(t, t->runtime);
	t->decoder = decoder_new(&t->sink, &t->target, 0);
	return 0;
}

static int end(void **state)
{
	struct test *t = *state;

	decoder_free(t->decoder);
	binding_free(t->binding);
	runtime_free(t->runtime);
	map_release(&t->blocks);
	str_release(&t->out);
	assembled_release(&t->library);
	free(t);
	return 0;
}

/* A hit of a row with these values, by name; -1 is the end. What is not named could not be read. */
struct value {
	enum rt_name name;
	uint64_t value;
};
#define NONE {RT_NAMES_NR, 0}

static void hit(struct test *t, size_t row, unsigned int call, const struct value *values)
{
	const struct bound_row *bound = &t->binding->rows.items[row];
	struct wire_hit h = {.thread = 1, .sequence = ++t->sequence, .tid = 7, .call = (uint16_t)call};

	for (; values->name < RT_NAMES_NR; values++) {
		assert_in_range(bound->slot[values->name], 0, WIRE_VALUES - 1);
		h.valid |= (uint16_t)(1u << bound->slot[values->name]);
		h.value[bound->slot[values->name]] = values->value;
	}
	assert_int_equal(decoder_hit(t->decoder, 1, t->binding, bound, &h), 0);
}

#define HIT(row, call, ...) hit(t, row, call, (const struct value[]){__VA_ARGS__, NONE})

static void gave(struct test *t, const char *expected)
{
	assert_string_equal(str_text(&t->out), expected);
	str_clear(&t->out);
}

#define JUNK 0x5a5a5a5a00000000ULL
#define DEPTH(n) ((n) << WIRE_DEPTH_SHIFT | ((n) ? WIRE_NESTED : 0))

static void a_status_decides(void **state)
{
	struct test *t = *state;

	HIT(ALLOC, 0, {RT_OK, JUNK}, {RT_ADDRESS, 4096}, {RT_ASKED, 10}, {RT_RESERVED, 10});
	gave(t, "arena 1 FAR of ?\nalloc arena=1 address=4096 reserved=10 asked=10\n");
	HIT(ALLOC, 0, {RT_OK, JUNK | 2}, {RT_ADDRESS, 4096}, {RT_ASKED, 10});
	gave(t, "failed arena=1 pool=FAR asked=10 reason=status code=2\n");
	/* Nothing was wanted, and given. */
	HIT(ALLOC, 0, {RT_OK, 0}, {RT_ADDRESS, 0});
	gave(t, "phantom\n");
	HIT(ALLOC, 0, {RT_ADDRESS, 4096});
	HIT(ALLOC, 0, {RT_OK, 0});
	gave(t, "unsettled address=4096 reason=unread\nunsettled reason=unread\n");
}

static void a_handle_decides_and_the_code_is_elsewhere(void **state)
{
	struct test *t = *state;

	HIT(CREATE, 0, {RT_POOL, JUNK | 4}, {RT_OK, 64}, {RT_ADDRESS, 64}, {RT_RESERVED, 3}, {RT_CODE, 0});
	gave(t, "arena 1 NEAR of ?\nalloc arena=1 address=64 reserved=3\n");
	HIT(CREATE, 0, {RT_POOL, 5}, {RT_OK, 0}, {RT_ADDRESS, 0}, {RT_RESERVED, 3}, {RT_CODE, 0xfffffffc});
	HIT(CREATE, 0, {RT_POOL, 5}, {RT_OK, 0}, {RT_ADDRESS, 0});
	gave(t, "failed pool=FAR reserved=3 reason=status code=-4\nfailed pool=FAR reason=status\n");
	/* A pool without a name is not shown; one that is not known is not guessed. */
	HIT(CREATE, 0, {RT_POOL, 9}, {RT_OK, 64}, {RT_ADDRESS, 64});
	gave(t, "");
	HIT(CREATE, 0, {RT_OK, 64}, {RT_ADDRESS, 64});
	gave(t, "unsettled address=64 reason=unread\n");
}

/* A library that has its own objects for what its caller chose by number. */
static void what_a_choice_does_inside_does_not_undo_it(void **state)
{
	struct test *t = *state;

	HIT(SET, 0, {RT_DEVICE, 1}, {RT_OK, 0});
	HIT(CURRENT, WIRE_NESTED, {RT_OWNER, 77}, {RT_OK, 0});
	HIT(ALLOC, 0, {RT_OK, 0}, {RT_ADDRESS, 1});
	gave(t, "arena 1 FAR of device 1\nalloc arena=1 address=1\n");
	HIT(CURRENT, 0, {RT_OWNER, 77}, {RT_OK, 0});
	HIT(ALLOC, 0, {RT_OK, 0}, {RT_ADDRESS, 2});
	gave(t, "arena 2 FAR of ?\nalloc arena=2 address=2\n");
}

static void a_device_is_the_threads_or_the_calls(void **state)
{
	struct test *t = *state;

	HIT(SET, 0, {RT_DEVICE, JUNK | 1}, {RT_OK, 0});
	HIT(ALLOC, 0, {RT_OK, 0}, {RT_ADDRESS, 1});
	HIT(SET, 0, {RT_DEVICE, 2}, {RT_OK, 101});
	HIT(ALLOC, 0, {RT_OK, 0}, {RT_ADDRESS, 2});
	HIT(ON, 0, {RT_DEVICE, 0}, {RT_ADDRESS, 3});
	gave(t, "arena 1 FAR of device 1\nalloc arena=1 address=1\nalloc arena=1 address=2\narena 2 NEAR of device 0\nalloc arena=2 address=3\n");
	/* A lost hit may have chosen another; a value that could not be read may be any. */
	t->sequence++;
	HIT(ALLOC, 0, {RT_OK, 0}, {RT_ADDRESS, 4});
	HIT(SET, 0, {RT_DEVICE, 1}, {RT_OK, 0});
	HIT(SET, 0, {RT_OK, 0});
	HIT(ALLOC, 0, {RT_OK, 0}, {RT_ADDRESS, 5});
	HIT(ON, 0, {RT_ADDRESS, 6});
	gave(t, "arena 3 FAR of ?\nalloc arena=3 address=4\nalloc arena=3 address=5\narena 4 NEAR of ?\nalloc arena=4 address=6\n");
	/* An arena that the call names. */
	HIT(FROM, 0, {RT_ARENA, 4096}, {RT_ADDRESS, 7});
	HIT(FROM, 0, {RT_ADDRESS, 7});
	gave(t, "arena 5 NEAR of ?\nalloc arena=5 address=7\nunsettled address=7 reason=unread\n");
}

static void inner_calls_have_pools_of_their_own(void **state)
{
	struct test *t = *state;

	HIT(ALLOC, DEPTH(1), {RT_OK, 0}, {RT_ADDRESS, 1});
	HIT(ALLOC, DEPTH(63), {RT_OK, 0}, {RT_ADDRESS, 1});
	HIT(ALLOC, 0, {RT_OK, 0}, {RT_ADDRESS, 1});
	HIT(ALLOC, DEPTH(1), {RT_OK, 2});
	gave(t, "arena 1 FAR/1 of ?\nalloc arena=1 address=1\narena 2 FAR/63 of ?\nalloc arena=2 address=1\narena 3 FAR of ?\n"
		"alloc arena=3 address=1\nfailed arena=1 pool=FAR/1 reason=status code=2\n");
	HIT(FROM, DEPTH(2), {RT_ARENA, 4096}, {RT_ADDRESS, 7});
	gave(t, "arena 4 NEAR/2 of ?\nalloc arena=4 address=7\n");
	assert_int_equal(layer_of_pool("FAR/63"), 63);
	assert_int_equal(layer_of_pool("FAR"), 0);
}

static void a_free_finds_its_block(void **state)
{
	struct test *t = *state;

	map_put(&t->blocks, 16, 0, NULL)->value = 3;
	map_put(&t->blocks, 16, 1, NULL)->value = 4;
	HIT(FREE, 0, {RT_ADDRESS, 16});
	HIT(FREE, DEPTH(1), {RT_ADDRESS, 16});
	gave(t, "free arena=3 address=16\nfree arena=4 address=16\n");
	HIT(FREE, 0, {RT_ADDRESS, 32});
	HIT(FREE, WIRE_NESTED, {RT_ADDRESS, 32});
	HIT(FREE, 0, {RT_ADDRESS, 0});
	gave(t, "free address=32\n");
	hit(t, FREE, 0, (const struct value[]){NONE});
	gave(t, "unsettled reason=unread\n");
}

static void lives(struct test *t, uint64_t address, uint64_t arena)
{
	map_put(&t->blocks, address, 0, NULL)->value = arena;
}

static void a_block_lives_until_its_last_reference(void **state)
{
	struct test *t = *state;

	lives(t, 16, 3);
	HIT(RETAIN, 0, {RT_ADDRESS, 16});
	HIT(RETAIN, 0, {RT_ADDRESS, 16});
	HIT(DROP, 0, {RT_ADDRESS, 16});
	HIT(DROP, 0, {RT_ADDRESS, 16});
	gave(t, "");
	HIT(DROP, 0, {RT_ADDRESS, 16});
	gave(t, "free arena=3 address=16\n");
	/* In both layers in which it was told. */
	lives(t, 32, 3);
	map_put(&t->blocks, 32, 1, NULL)->value = 4;
	HIT(DROP, 0, {RT_ADDRESS, 32});
	gave(t, "free arena=3 address=32\nfree arena=4 address=32\n");
	/* What was not seen from its beginning, and nothing. */
	HIT(DROP, 0, {RT_ADDRESS, 64});
	HIT(RETAIN, 0, {RT_ADDRESS, 64});
	HIT(RETAIN, 0, {RT_ADDRESS, 0});
	HIT(DROP, 0, {RT_ADDRESS, 0});
	gave(t, "");
	hit(t, DROP, 0, (const struct value[]){NONE});
	hit(t, RETAIN, 0, (const struct value[]){NONE});
	gave(t, "unsettled reason=unread\nunsettled reason=unread\n");
}

static void a_view_takes_nothing_and_holds_its_block(void **state)
{
	struct test *t = *state;

	lives(t, 16, 3);
	HIT(VIEW, 0, {RT_ADDRESS, 100}, {RT_PARENT, 16});
	HIT(VIEW, 0, {RT_ADDRESS, 200}, {RT_PARENT, 100});
	HIT(RETAIN, 0, {RT_ADDRESS, 200});
	HIT(DROP, 0, {RT_ADDRESS, 16});
	HIT(DROP, 0, {RT_ADDRESS, 100});
	HIT(DROP, 0, {RT_ADDRESS, 200});
	gave(t, "");
	HIT(DROP, 0, {RT_ADDRESS, 200});
	gave(t, "free arena=3 address=16\n");
	/* Of a block that nobody knows, one that failed, and none at all. */
	HIT(VIEW, 0, {RT_ADDRESS, 100}, {RT_PARENT, 32});
	lives(t, 32, 3);
	HIT(DROP, 0, {RT_ADDRESS, 100});
	HIT(VIEW, 0, {RT_ADDRESS, 0}, {RT_PARENT, 32});
	gave(t, "");
	HIT(VIEW, 0, {RT_ADDRESS, 300}, {RT_PARENT, 0});
	gave(t, "arena 1 NEAR of ?\nalloc arena=1 address=300\n");
	HIT(VIEW, 0, {RT_ADDRESS, 300});
	HIT(VIEW, 0, {RT_PARENT, 32});
	gave(t, "unsettled address=300 reason=unread\nunsettled reason=unread\n");
}

static void what_was_known_of_an_address_is_over_when_it_is_used_again(void **state)
{
	struct test *t = *state;

	lives(t, 16, 3);
	HIT(RETAIN, 0, {RT_ADDRESS, 16});
	HIT(VIEW, 0, {RT_ADDRESS, 100}, {RT_PARENT, 16});
	/* The ends of both were lost. A view that is told twice, by a function and one that it calls, holds its block once. */
	HIT(VIEW, 0, {RT_ADDRESS, 16}, {RT_PARENT, 0});
	HIT(DROP, 0, {RT_ADDRESS, 16});
	gave(t, "arena 1 NEAR of ?\nalloc arena=1 address=16\nfree arena=3 address=16\n");
	lives(t, 32, 3);
	HIT(VIEW, DEPTH(1), {RT_ADDRESS, 200}, {RT_PARENT, 32});
	HIT(VIEW, 0, {RT_ADDRESS, 200}, {RT_PARENT, 32});
	HIT(DROP, 0, {RT_ADDRESS, 32});
	gave(t, "");
	HIT(DROP, 0, {RT_ADDRESS, 200});
	gave(t, "free arena=3 address=32\n");
	/* A process that ends takes its references along. */
	lives(t, 48, 3);
	HIT(RETAIN, 0, {RT_ADDRESS, 48});
	decoder_process_end(t->decoder, 1);
	HIT(DROP, 0, {RT_ADDRESS, 48});
	gave(t, "free arena=3 address=48\n");
}

static void what_a_verb_needs_may_be_computed(void **state)
{
	struct test *t = *state;
	const struct bound_row *row = &t->binding->rows.items[LATER];
	struct wire_hit h = {.thread = 1, .sequence = ++t->sequence, .valid = 1, .value = {16}};

	lives(t, 16, 3);
	assert_int_equal(decoder_hit(t->decoder, 1, t->binding, row, &h), 0);
	gave(t, "free arena=3 address=16\n");
	/* A row whose function the file does not have is none. */
	assert_int_equal(t->binding->rows.nr, CURRENT + 1);
}

static void a_return_without_its_entry_is_none_of_an_allocation(void **state)
{
	struct test *t = *state;

	hit(t, ALLOC, WIRE_ALONE, (const struct value[]){NONE});
	gave(t, "unsettled reason=attach\n");
}

/* What became of a row behind @head: "probed" and flags, or why not. */
static void check_bound(const struct test *t, const char *rows, size_t row, bool probed, const char *problem)
{
	_cleanup_(freep) char *text = xasprintf(HEAD "pool 0=A\n%s", rows);
	struct runtime *rt = parse(text);
	struct binding *b = bind(t, rt);
	const struct bound_row *r = &b->rows.items[row];

	assert_int_equal(r->probed, probed);
	if (problem)
		assert_string_equal(r->problem, problem);
	else
		assert_null(r->problem);
	binding_free(b);
	runtime_free(rt);
}

/* The same of the second row, which is probed: at its ends alone, which are so many, or by a return probe. */
static void check_ways(const struct test *t, const char *rows, size_t ways)
{
	_cleanup_(freep) char *text = xasprintf(HEAD "pool 0=A\n%s", rows);
	struct runtime *rt = parse(text);
	struct binding *b = bind(t, rt);
	const struct bound_row *r = &b->rows.items[1];

	assert_true(r->probed);
	assert_int_equal(r->by_ways, ways > 0);
	assert_int_equal(!(r->spec.flags & WIRE_BY_WAYS), !ways);
	assert_int_equal(r->ways.nr, ways);
	for (size_t i = 0; i < ways; i++)
		assert_int_equal(r->ways.items[i].file_offset, r->function_offset + 1);
	binding_free(b);
	runtime_free(rt);
}

static void a_function_has_one_return_probe_and_a_cpp_function_none(void **state)
{
	struct test *t = *state;

	check_bound(t, "on c_free free address=arg0\non c_alloc return alloc address=ret\n", 1, true, NULL);
	check_bound(t, "on c_free free address=arg0\non c_alloc return alloc address=ret\non c_same return alloc address=ret\n", 2, false,
		    "another row has a return probe on this function");
	check_bound(t, "on c_free free address=arg0\non c_alloc return alloc address=ret\non c_same free address=arg1\n", 2, true, NULL);
	check_ways(t, "on c_free free address=arg0\non c_alloc return alloc address=ret\n", 0);
	check_ways(t, "on c_free free address=arg0\non _* return alloc address=ret\n", 1);
	check_ways(t, "on c_free free address=arg0\non c_alloc return alloc address=ret\non t throw in any library\n", 1);
	assert_int_equal(t->binding->rows.items[ALLOC].spec.flags & (WIRE_RETURNS | WIRE_MAKES | WIRE_AT_ENTRY), WIRE_RETURNS | WIRE_MAKES);
	assert_int_equal(t->binding->rows.items[FREE].spec.flags & WIRE_RETURNS, 0);
}

static void what_was_read_is_shown(void **state)
{
	struct test *t = *state;
	_cleanup_(str_release) struct str s = {}, bound = {};

	view_runtime(&s, t->runtime);
	assert_non_null(strstr(str_text(&s), "  alloc       c_create return\n              pool = arg0:4\n              address = ret\n"
			       "              reserved = arg1\n              ok = ret != 0\n              code = *arg2:4\n"));
	assert_non_null(strstr(str_text(&s), "  device      c_set return\n              device = arg0:4\n              ok = ret:4 == 0\n"));
	assert_non_null(strstr(str_text(&s), "              pool = 5\n"));
	view_binding(&bound, t->binding);
	assert_non_null(strstr(str_text(&bound), "ok = ret:4 == 0\n"));
	assert_non_null(strstr(str_text(&bound), "pool = 5\n"));
}

static void check_mistake(const char *rows, const char *expected)
{
	_cleanup_(freep) char *text = xasprintf(HEAD "pool 0=A 1=B\n%s\n", rows);
	struct runtime *rt = NULL;
	struct diag d = {};

	assert_int_equal(runtime_parse("x.rt", text, strlen(text), &rt, &d), -EINVAL);
	if (strncmp(d.text, expected, strlen(expected)))
		fail_msg("%s\nis not\n%s", d.text, expected);
}

static void mistakes_are_shown_with_a_caret(void **state)
{
	(void)state;
	check_mistake("on _Z1av return alloc address=ret pool=0 in any library",
		      "x.rt:4:4: no return probe on a C++ function in another library: an exception could not pass it");
	check_mistake("on a or _Z1av return alloc address=ret pool=0 in any library",
		      "x.rt:4:4: no return probe on a C++ function in another library");
	check_mistake("on a called by b return alloc address=ret", "x.rt:4:18: a row on calls ('called by') has no return");
	check_mistake("on a return begin arena=arg0", "x.rt:4:13: there is no 'return begin'");
	check_mistake("on a alloc address=ret pool=0", "x.rt:4:20: unknown name 'ret'");
	check_mistake("on a alloc address=arg0 pool=0 ok=arg0==0", "x.rt:4:32: whether a call has succeeded is known at its return");
	check_mistake("on a return free address=arg0 ok=ret==0", "x.rt:4:31: 'free' counts at the call");
	check_mistake("on a return alloc address=ret pool=0 ok=ret=0", "x.rt:4:45: unexpected '0'");
	check_mistake("on a return alloc address=ret pool=0 ok=ret==x", "x.rt:4:46: unexpected 'x'");
	check_mistake("on a return alloc address=ret:3 pool=0", "x.rt:4:31: '3' is not a size");
	check_mistake("on a return alloc address=ret pool=C", "x.rt:4:36: unknown name 'C'");
	check_mistake("on a return alloc address=ret", "x.rt:4:4: from which of the 2 pools the function allocates is not said");
	check_mistake("on a return alloc address=ret pool=0 in any library\non t throw in any library",
		      "x.rt:4:4: no return probe in another library where a 'throw' row says");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_status_decides),
		TEST(a_handle_decides_and_the_code_is_elsewhere),
		TEST(what_a_choice_does_inside_does_not_undo_it),
		TEST(a_device_is_the_threads_or_the_calls),
		TEST(inner_calls_have_pools_of_their_own),
		TEST(a_free_finds_its_block),
		TEST(a_block_lives_until_its_last_reference),
		TEST(a_view_takes_nothing_and_holds_its_block),
		TEST(what_was_known_of_an_address_is_over_when_it_is_used_again),
		TEST(what_a_verb_needs_may_be_computed),
		TEST(a_return_without_its_entry_is_none_of_an_allocation),
		TEST(a_function_has_one_return_probe_and_a_cpp_function_none),
		TEST(what_was_read_is_shown),
		cmocka_unit_test(mistakes_are_shown_with_a_caret),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
