/* user/runtime/decode_table.c: tables of pools, clears by an object, functions that are looked up; how such rows are read and bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assemble.h"

#include "runtime/bind.h"
#include "runtime/decode.h"
#include "stream/text.h"
#include "view/runtimes.h"

#define FUNCTION(name) ".globl " name "\n.type " name ", @function\n" name ": nop\nret\n.size " name ", . - " name "\n"

/* g_pointer is called as a function is, and is none. */
static const char assembly[] = ".text\n" FUNCTION("g_alloc") FUNCTION("g_heaps") FUNCTION("g_create") FUNCTION("g_destroy") FUNCTION("g_find")
	".data\n.globl g_pointer\n.type g_pointer, @object\ng_pointer: .quad 0\n.size g_pointer, 8\n"
	".section .note.GNU-stack, \"\", @progbits\n";

#define RUNTIME                                                                                    \
	"runtime g\ndetect g_alloc\npool 0=ZERO 7=SEVEN 16=UNKNOWN\n"                              \
	"on g_alloc   return alloc pool=UNKNOWN address=ret owner=arg0 index=arg1:4\n"             \
	"on g_heaps   return table owner=arg0 items=*arg1+8:1 each 16 count=*arg1:4 ok=ret:4==0\n" \
	"on g_create  return table owner=*arg1 parent=arg0 ok=ret:4==0\n"                          \
	"on g_destroy return clear owner=arg0\n"                                                   \
	"on g_find or g_ask return lookup name=*arg0 address=ret\n"

enum { ALLOC, HEAPS, CREATE, DESTROY, FIND };
enum { GPU = 0x1000, OTHER = 0x2000, DEVICE = 0x5000 };

struct test {
	struct sink sink;
	struct decode_target target;
	struct assembled library;
	struct runtime *runtime;
	struct binding *binding;
	struct decoder *decoder;
	struct str out;
	uint64_t sequence, nr_arenas;
};

static int put(struct sink *sink, const struct record *r)
{
	struct test *t = (struct test *)sink;
	struct record copy = *r;

	copy.has &= ~(FIELD_BIT(TIME_NS) | FIELD_BIT(PID) | FIELD_BIT(PROCESS) | FIELD_BIT(TID));
	text_add(&t->out, &copy);
	str_add_char(&t->out, '\n');
	return 0;
}

static uint64_t define(struct decode_target *target, uint64_t process, uint64_t object, const struct arena_hint *hint)
{
	struct test *t = (struct test *)((char *)target - offsetof(struct test, target));

	assert_int_equal(process, 1);
	assert_int_equal(object >> 63, 1);
	str_addf(&t->out, "arena %llu %s of 0x%llx\n", (unsigned long long)++t->nr_arenas, hint->pool, (unsigned long long)hint->owner);
	return t->nr_arenas;
}

static void found(struct decode_target *target, uint64_t process, uint64_t name, uint64_t address)
{
	struct test *t = (struct test *)((char *)target - offsetof(struct test, target));

	str_addf(&t->out, "process %llu found %llu at 0x%llx\n", (unsigned long long)process, (unsigned long long)name,
		 (unsigned long long)address);
}

static struct elf_file *open_library(const struct test *t)
{
	struct elf_file *elf = NULL;
	struct diag d = {};

	if (elf_file_open(t->library.path, &elf, &d))
		fail_msg("%s", d.text);
	return elf;
}

static int begin(void **state)
{
	struct test *t = xcalloc(1, sizeof(*t));
	struct diag d = {};

	*state = t;
	if (!assembled_from_text(&t->library, "library.so", assembly))
		return -1;
	t->sink.put = put;
	t->target.arena = define;
	t->target.lookup = found;
	if (runtime_parse("g.rt", RUNTIME, strlen(RUNTIME), &t->runtime, &d) || binding_new(t->runtime, open_library(t), &t->binding, &d))
		fail_msg("%s", d.text);
	t->decoder = decoder_new(&t->sink, &t->target, 0);
	return 0;
}

static int end(void **state)
{
	struct test *t = *state;

	decoder_free(t->decoder);
	binding_free(t->binding);
	runtime_free(t->runtime);
	str_release(&t->out);
	assembled_release(&t->library);
	free(t);
	return 0;
}

struct value {
	enum rt_name name;
	uint64_t value;
};

static void set(struct wire_hit *h, int slot, uint64_t value)
{
	assert_in_range(slot, 0, WIRE_VALUES - 1);
	h->valid |= (uint16_t)(1u << slot);
	h->value[slot] = value;
}

/* Values by name; with @items those of a table as well. */
static void hit(struct test *t, size_t row, const struct value *values, const uint8_t *items)
{
	const struct bound_row *bound = &t->binding->rows.items[row];
	struct wire_hit h = {.thread = 1, .sequence = ++t->sequence, .tid = 7};

	for (; values->name < RT_NAMES_NR; values++)
		set(&h, bound->slot[values->name], values->value);
	for (int i = 0; items && i < RT_TABLE_ITEMS / RT_VALUE_ITEMS; i++) {
		uint64_t word;

		memcpy(&word, items + i * RT_VALUE_ITEMS, sizeof(word));
		set(&h, bound->slot[RT_ITEMS] + i, word);
	}
	assert_int_equal(decoder_hit(t->decoder, 1, t->binding, bound, &h), 0);
}

#define HIT(row, ...) hit(t, row, (const struct value[]){__VA_ARGS__, {RT_NAMES_NR, 0}}, NULL)
#define TABLE(items, ...) hit(t, HEAPS, (const struct value[]){__VA_ARGS__, {RT_NAMES_NR, 0}}, items)

static void gave(struct test *t, const char *expected)
{
	assert_string_equal(str_text(&t->out), expected);
	str_clear(&t->out);
}

static const uint8_t heaps[RT_TABLE_ITEMS] = {0, 7, [8] = 7, [30] = 0, [31] = 7};

static void a_table_tells_the_pool(void **state)
{
	struct test *t = *state;

	TABLE(heaps, {RT_OWNER, GPU}, {RT_COUNT, 31}, {RT_OK, 0});
	HIT(CREATE, {RT_OWNER, DEVICE}, {RT_PARENT, GPU}, {RT_OK, 0});
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 1}, {RT_ADDRESS, 64});
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 8}, {RT_ADDRESS, 65});
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 30}, {RT_ADDRESS, 66});
	gave(t, "arena 1 SEVEN of 0x5000\nalloc arena=1 address=64\nalloc arena=1 address=65\narena 2 ZERO of 0x5000\nalloc arena=2 address=66\n");
	/* The table ends before it; there is no such item; it could not be read. */
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 31}, {RT_ADDRESS, 67});
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 1000}, {RT_ADDRESS, 68});
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_ADDRESS, 69});
	gave(t, "arena 3 UNKNOWN of 0x5000\nalloc arena=3 address=67\nalloc arena=3 address=68\nalloc arena=3 address=69\n");
}

static void what_was_not_said_is_not_known(void **state)
{
	struct test *t = *state;

	HIT(CREATE, {RT_OWNER, DEVICE}, {RT_PARENT, GPU}, {RT_OK, 0});
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 1}, {RT_ADDRESS, 64});
	gave(t, "arena 1 UNKNOWN of 0x5000\nalloc arena=1 address=64\n");
	/* Of another one; by a call that has failed; a part of it. */
	TABLE(heaps, {RT_OWNER, OTHER}, {RT_COUNT, 31}, {RT_OK, 0});
	TABLE(heaps, {RT_OWNER, GPU}, {RT_COUNT, 31}, {RT_OK, 3});
	TABLE(NULL, {RT_OWNER, GPU}, {RT_COUNT, 31}, {RT_OK, 0});
	TABLE(heaps, {RT_OWNER, GPU}, {RT_OK, 0});
	HIT(CREATE, {RT_OWNER, DEVICE}, {RT_PARENT, OTHER}, {RT_OK, 9});
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 1}, {RT_ADDRESS, 65});
	gave(t, "alloc arena=1 address=65\n");
	/* It may come later than the device. */
	TABLE(heaps, {RT_OWNER, GPU}, {RT_COUNT, 31}, {RT_OK, 0});
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 1}, {RT_ADDRESS, 66});
	gave(t, "arena 2 SEVEN of 0x5000\nalloc arena=2 address=66\n");
	/* A table that could not be read takes the place of the one before. */
	TABLE(NULL, {RT_OWNER, GPU}, {RT_COUNT, 31}, {RT_OK, 0});
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 1}, {RT_ADDRESS, 67});
	gave(t, "alloc arena=1 address=67\n");
}

static void an_object_ends_with_its_pools(void **state)
{
	struct test *t = *state;

	TABLE(heaps, {RT_OWNER, GPU}, {RT_COUNT, 31}, {RT_OK, 0});
	HIT(CREATE, {RT_OWNER, DEVICE}, {RT_PARENT, GPU}, {RT_OK, 0});
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 1}, {RT_ADDRESS, 64});
	HIT(ALLOC, {RT_OWNER, DEVICE + 1}, {RT_INDEX, 1}, {RT_ADDRESS, 65});
	gave(t, "arena 1 SEVEN of 0x5000\nalloc arena=1 address=64\narena 2 UNKNOWN of 0x5001\nalloc arena=2 address=65\n");
	HIT(DESTROY, {RT_OWNER, DEVICE});
	gave(t, "clear arena=1\n");
	/* Of another one at its address nothing is known. */
	HIT(ALLOC, {RT_OWNER, DEVICE}, {RT_INDEX, 1}, {RT_ADDRESS, 66});
	gave(t, "arena 3 UNKNOWN of 0x5000\nalloc arena=3 address=66\n");
	hit(t, DESTROY, (const struct value[]){{RT_NAMES_NR, 0}}, NULL);
	gave(t, "unsettled reason=unread\n");
}

static void a_lookup_is_passed_on(void **state)
{
	struct test *t = *state;

	HIT(FIND, {RT_NAME, 77}, {RT_ADDRESS, 4096});
	gave(t, "process 1 found 77 at 0x1000\n");
	/* There is none, or it is not known. */
	HIT(FIND, {RT_NAME, 77}, {RT_ADDRESS, 0});
	HIT(FIND, {RT_ADDRESS, 4096});
	gave(t, "");
	t->target.lookup = NULL;
	HIT(FIND, {RT_NAME, 77}, {RT_ADDRESS, 4096});
	gave(t, "");
}

static void what_is_read_of_them(void **state)
{
	struct test *t = *state;
	const struct bound_row *row = &t->binding->rows.items[HEAPS];
	_cleanup_(str_release) struct str text = {};

	assert_int_equal(row->spec.nr_values, 3 + RT_TABLE_ITEMS / RT_VALUE_ITEMS);
	for (int i = 0; i < RT_TABLE_ITEMS / RT_VALUE_ITEMS; i++) {
		const struct wire_value *v = &row->spec.value[row->slot[RT_ITEMS] + i];

		assert_int_equal(v->base, WIRE_ARG0 + 1);
		assert_int_equal(v->nr_loads, 0);
		assert_int_equal(v->each, 16);
		assert_int_equal(v->offset[WIRE_LOADS - 1], 8 + i * RT_VALUE_ITEMS * 16);
	}
	assert_int_equal(t->binding->rows.items[FIND].spec.value[0].each, WIRE_NAME);
	assert_int_equal(t->binding->rows.items[FIND].spec.value[0].nr_loads, 1);
	assert_true(t->binding->rows.items[FIND].spec.flags & WIRE_LOOKUP);
	view_runtime(&text, t->runtime);
	assert_non_null(strstr(str_text(&text), "items = *arg1+0x8:1 each 16\n"));
	assert_non_null(strstr(str_text(&text), "name = *arg0\n"));
}

static void functions_that_were_found_have_their_rows(void **state)
{
	struct test *t = *state;
	const struct found_function functions[] = {{"g_alloc", 0x123}, {"g_ask", 0x456}, {"g_other", 0x789}};
	struct binding *b = binding_new_found(t->runtime, open_library(t), functions, ARRAY_SIZE(functions));

	assert_int_equal(b->rows.nr, 2);
	assert_string_equal(b->rows.items[0].symbol, "g_alloc");
	assert_int_equal(b->rows.items[0].file_offset, 0x123);
	assert_int_equal(b->rows.items[0].function_offset, 0x123);
	assert_true(b->rows.items[0].probed);
	assert_string_equal(b->rows.items[1].symbol, "g_ask");
	assert_int_equal(b->rows.items[1].row->verb, VERB_LOOKUP);
	binding_free(b);
}

static void a_pointer_is_no_function(void **state)
{
	static const char text[] = "runtime g\ndetect g_pointer\npool 0=ZERO\non g_pointer return alloc address=ret\n";
	struct test *t = *state;
	struct elf_file *elf = open_library(t);
	struct runtime *rt = NULL;

	assert_int_equal(runtime_parse("g.rt", text, strlen(text), &rt, NULL), 0);
	assert_false(runtime_detects(rt, elf));
	assert_true(runtime_detects(t->runtime, elf));
	runtime_free(rt);
	elf_file_free(elf);
}

static void mistake(const char *line, const char *expected)
{
	_cleanup_(freep) char *text = xasprintf("runtime g\ndetect f\npool 0=ZERO\n%s\n", line);
	struct runtime *rt = NULL;
	struct diag d = {};

	assert_int_not_equal(runtime_parse("x.rt", text, strlen(text), &rt, &d), 0);
	if (!strstr(d.text, expected))
		fail_msg("'%s' is not in: %s", expected, d.text);
}

static void mistakes_are_told(void **state)
{
	(void)state;
	mistake("on f return table items=*arg0:1 each 8", "x.rt:4:13: 'table' needs a value 'owner'");
	mistake("on f return table owner=arg0", "x.rt:4:13: 'table' needs a value 'parent' or 'items'");
	mistake("on f return table owner=arg0 items=*arg1:1", "x.rt:4:43: the line ends too early");
	mistake("on f return table owner=arg0 items=*arg1:4 each 8", "x.rt:4:30: 'items' is no table's items, a byte of each");
	mistake("on f return table owner=arg0 items=arg1 each 8", "x.rt:4:30: 'items' is no table's items, a byte of each");
	mistake("on f return table owner=arg0 items=*arg1:1 each 0", "x.rt:4:30: items cannot lie 0 bytes behind one another");
	mistake("on f return table owner=*arg0:1 each 8 parent=arg1", "x.rt:4:19: 'owner' is no table's items, a byte of each");
	mistake("on f return alloc address=ret items=*arg1:1 each 8", "x.rt:4:31: 'items' is no table's items, a byte of each");
	mistake("on f return lookup address=ret", "x.rt:4:13: 'lookup' needs a value 'name'");
	mistake("on f return lookup address=ret name=arg0", "x.rt:4:32: a lookup's first value is its name");
	mistake("on f lookup name=arg0 address=arg1", "x.rt:4:6: what a lookup has found is known at its return");
}

static void names_have_numbers(void **state)
{
	struct wire_name a = {}, b = {};

	(void)state;
	memcpy(&a, "cuMemAlloc", 11);
	memcpy(&b, "cuMemAlloc_v2", 14);
	assert_int_equal(wire_name_number(&a), wire_name_number(&a));
	assert_int_not_equal(wire_name_number(&a), wire_name_number(&b));
	b = (struct wire_name){};
	memcpy(&b, "cuMemAllod", 11);
	assert_int_not_equal(wire_name_number(&a), wire_name_number(&b));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_table_tells_the_pool),
		TEST(what_was_not_said_is_not_known),
		TEST(an_object_ends_with_its_pools),
		TEST(a_lookup_is_passed_on),
		TEST(what_is_read_of_them),
		TEST(functions_that_were_found_have_their_rows),
		TEST(a_pointer_is_no_function),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(names_have_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
