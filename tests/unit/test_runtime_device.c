/* The lines of a runtime file that are about devices, and what becomes of them in the library that tests/unit/data/device.S makes. */
#include "runtime/bind.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assemble.h"
#include "view/runtimes.h"

struct fixture {
	char *directory, *path;
};

static int set_up(void **state)
{
	static const char *const flags[] = { "-shared", "-Wl,-z,lazy", NULL };
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	f->directory = assemble_directory();
	if (f->directory)
		f->path = assemble(f->directory, "device.so", "tests/unit/data/device.S", flags);
	return f->path ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assemble_remove(f->directory);
	free(f->path);
	free(f);
	return 0;
}

#define HEAD                                                                                       \
	"runtime r\ndetect dev_free\npool 0=A\non dev_free free arena=arg0 address=arg1\n"         \
	"books owner vtable vtable_owner\nbooks arena *owner\nbooks pool *arena\nbooks banks *arena\n" \
	"books list *arena vtable vtable_list\nbooks bank_bytes *list\nbooks base *list\n"         \
	"books blocks address=1:8 bytes=2:8 live=3:1 used=4:1\n"

static struct runtime *parse(const char *lines)
{
	_cleanup_(freep) char *text = xasprintf("%s%s", HEAD, lines);
	struct runtime *rt = NULL;
	struct diag d = {};

	if (runtime_parse("x.rt", text, strlen(text), &rt, &d))
		fail_msg("%s\nhint: %s", d.text, d.hint);
	return rt;
}

static struct binding *bind_lines(void **state, const char *lines, struct runtime **ret)
{
	const struct fixture *f = *state;
	struct elf_file *elf = NULL;
	struct binding *b = NULL;
	struct diag d = {};

	*ret = parse(lines);
	if (elf_file_open(f->path, &elf, &d) || binding_new(*ret, elf, &b, &d))
		fail_msg("%s", d.text);
	return b;
}

/* The mistake is in the first line. */
static void mistake(const char *line, const char *message, const char *hint)
{
	struct runtime *rt = NULL;
	struct diag d = {};

	assert_int_equal(runtime_parse("x.rt", line, strlen(line), &rt, &d), -EINVAL);
	assert_string_equal(d.text, message);
	assert_string_equal(d.hint, hint);
}

/* What must be missing is only known at the end of the file. */
static void lack(const char *lines, const char *message)
{
	_cleanup_(freep) char *text = xasprintf("%s%s", HEAD, lines);
	struct runtime *rt = NULL;
	struct diag d = {};

	assert_int_equal(runtime_parse("x.rt", text, strlen(text), &rt, &d), -EINVAL);
	if (!strstr(d.text, message))
		fail_msg("'%s' is not in '%s'", message, d.text);
}

static void assert_holds(const struct str *text, const char *part)
{
	if (!strstr(str_text(text), part))
		fail_msg("'%s' is not in '%s'", part, str_text(text));
}

#define VALUES                                                                                     \
	"value id returned by impl_id or mesh_id\nvalue view returned by get_view\n"               \
	"value parent compared with 0 in is_parent\n"                                              \
	"value locals address passed as arg1 to extract by get_devices of arg1\n"                  \
	"value manager address returned by managers with arg1=0\nvalue own address returned by allocator\n"

#define DEVICES                                                                                    \
	"books mesh vtable vtable_nowhere or vtable_mesh\nbooks mesh id id(mesh)\n"                \
	"books mesh owner *own(mesh)\nbooks mesh parent parent(mesh)\n"                            \
	"books mesh chips *locals(view(mesh)) of 16 if 8:1=1\n"                                    \
	"books handle vtable vtable_nowhere\nbooks handle mesh *handle+0x18\n"                     \
	"books chip vtable vtable_chip\nbooks chip id *chip+8:4\nbooks chip owner *own(chip)\n"

static void lines_are_shown_as_they_were_written(void **state)
{
	struct runtime *rt = parse(VALUES DEVICES "environment VISIBLE_CHIPS MACHINE\n");
	_cleanup_(str_release) struct str text = {};

	(void)state;
	view_runtime(&text, rt);
	assert_holds(&text, "  id          returned by impl_id or mesh_id\n");
	assert_holds(&text, "  parent      compared with 0 in is_parent\n");
	assert_holds(&text, "  locals      address passed as arg1 to extract by get_devices of arg1\n");
	assert_holds(&text, "  manager     address returned by managers with arg1=0\n");
	assert_holds(&text, "  mesh        vtable vtable_nowhere or vtable_mesh\n");
	assert_holds(&text, "  mesh's chips *locals(view(mesh)) of 16 if 0x8:1=1\n");
	assert_holds(&text, "  handle's mesh *handle+0x18\n");
	assert_holds(&text, "  chip's id   *chip+0x8:4\n");
	assert_holds(&text, "environment\n  VISIBLE_CHIPS MACHINE\n");
	assert_int_equal(rt->environment.nr, 2);
	runtime_free(rt);
}

static void check_chain(const struct code_chain *chain, const char *wanted)
{
	_cleanup_(str_release) struct str text = {};

	code_chain_add(&text, chain);
	assert_string_equal(str_text(&text), wanted);
}

static void places_of_devices_become_loads(void **state)
{
	struct runtime *rt;
	struct binding *b = bind_lines(state, VALUES DEVICES, &rt);
	struct elf_symbol symbol;

	assert_int_equal(elf_file_find(b->elf, "vtable_mesh", &symbol, 1), 1);
	assert_int_equal(b->device_vtables[RT_MESH], symbol.address + 16);
	assert_int_equal(b->device_vtables[RT_HANDLE], 0);
	assert_int_not_equal(b->device_vtables[RT_CHIP], 0);
	check_chain(&b->device_chain[RT_MESH_ID], "*(arg0+0x68):4");
	check_chain(&b->device_chain[RT_MESH_OWNER], "*(arg0+0x248):8");
	check_chain(&b->device_chain[RT_MESH_PARENT], "*(arg0+0x180):8");
	/* The vector lies behind what the view points to. */
	check_chain(&b->device_chain[RT_MESH_CHIPS], "*(**(arg0+0x70)+0x178):8");
	check_chain(&b->device_chain[RT_CHIP_ID], "*(arg0+0x8):4");
	assert_int_equal(b->device_item.bytes, 16);
	assert_int_equal(b->device_item.tag_offset, 8);
	assert_int_equal(b->device_item.tag, 1);
	for (int i = 0; i < RT_DEVICE_ROLES_NR; i++)
		assert_null(b->device_problem[i]);
	assert_true(bound_value_spare(b, 3));
	assert_false(bound_value_spare(b, 4)); /* no place uses it */
	binding_free(b);
	runtime_free(rt);
}

static void an_address_is_a_value_until_something_is_loaded_there(void **state)
{
	struct runtime *rt;
	struct binding *b = bind_lines(state, VALUES, &rt);
	_cleanup_(str_release) struct str text = {};

	check_chain(&b->values.items[3].chain[0], "*arg0+0x178");
	check_chain(&b->values.items[4].chain[0], "*(arg0+0x70):8");
	check_chain(&b->values.items[5].chain[0], "arg0+0x248");
	view_binding(&text, b);
	assert_holds(&text, "  locals      *arg0+0x178\n");
	binding_free(b);
	runtime_free(rt);
}

static void what_is_no_address_must_not_be_a_sum(void **state)
{
	struct runtime *rt;
	struct binding *b = bind_lines(state, "value own returned by allocator\nvalue far address returned by far_member\n"
					      "value locals address passed as arg1 to extract by get_devices\n"
					      "on dev_free clear arena=arg0 page=*far(arg0)+8\n", &rt);
	const struct bound_value *v = b->values.items;

	assert_string_equal(v[0].problem, "allocator has it from the sum arg0+0x248");
	assert_int_equal(v[1].nr_chains, 1);
	assert_string_equal(v[2].problem, "get_devices has it from its argument 1, not from its first");
	assert_string_equal(b->rows.items[1].problem, "without page: it lies too far behind its object");
	binding_free(b);
	runtime_free(rt);
}

static void the_first_place_that_is_known_counts(void **state)
{
	struct runtime *rt;
	struct binding *b = bind_lines(state, "value id returned by hostile_id\nvalue gone returned by nowhere or nothing*\n"
					      "value half compared with 0 in half_parent\n"
					      "books mesh vtable vtable_mesh\nbooks mesh owner gone(mesh)\n"
					      "books mesh owner *mesh+8\nbooks mesh owner *mesh+16\nbooks mesh id id(mesh)\n"
					      "books mesh id gone(mesh)\nbooks mesh chips gone(mesh) of 16 if 8:1=1\n"
					      "books mesh chips *mesh+24 of 8\nbooks mesh parent half(mesh)\n", &rt);
	_cleanup_(str_release) struct str text = {};

	check_chain(&b->device_chain[RT_MESH_OWNER], "*(arg0+0x8):8");
	assert_int_equal(b->device_item.bytes, 8);
	assert_int_equal(b->device_item.tag_size, 0);
	assert_int_equal(b->device_chain[RT_MESH_ID].nr_loads, 0);
	assert_non_null(strstr(b->device_problem[RT_MESH_ID], "id is not known: hostile_id: "));
	assert_non_null(strstr(b->device_problem[RT_MESH_ID], "; gone is not known: no function matches 'nowhere' or 'nothing*'"));
	assert_string_equal(b->device_problem[RT_MESH_PARENT], "it is too small for a pointer");
	view_binding(&text, b);
	assert_holds(&text, "  mesh's owner *(mesh+0x8):8\n");
	assert_holds(&text, "  mesh's chips *(mesh+0x18):8 of 8\n");
	assert_holds(&text, "  mesh's id   not known\n              ! id is not known: hostile_id");
	assert_holds(&text, "  mesh's parent not known\n              ! it is too small for a pointer\n");
	/* `gone` is for the owner, which another place shows, and for the number, which none does. */
	assert_false(bound_value_spare(b, 1));
	assert_false(bound_value_spare(b, 0));
	binding_free(b);
	runtime_free(rt);
}

/* Another function is for files that lack the first: a first one that is refused leaves the value unknown. */
static void another_function_is_asked_only_where_the_first_is_not_there(void **state)
{
	struct runtime *rt;
	struct binding *b = bind_lines(state, "value a returned by hostile_id or mesh_id\nvalue b returned by nowhere or mesh_id\n"
					      "value c returned by nowhere or vtable_mesh or mesh_id or hostile_id\n", &rt);

	assert_int_equal(b->values.items[0].nr_chains, 0);
	assert_non_null(strstr(b->values.items[0].problem, "hostile_id"));
	check_chain(&b->values.items[1].chain[0], "*(arg0+0x28):4");
	check_chain(&b->values.items[2].chain[0], "*(arg0+0x28):4");
	binding_free(b);
	runtime_free(rt);
}

static void mistakes_in_values_are_shown(void **state)
{
	(void)state;
	mistake("value a address divided in f", "x.rt:1:9: 'address' belongs to 'returned' and 'passed'\n"
		"  value a address divided in f\n          ^", "");
	mistake("value a address f", "x.rt:1:17: unexpected 'f'\n  value a address f\n                  ^",
		"expected 'returned' or 'passed'");
	mistake("value a returned by f\nvalue a address returned by f", "x.rt:2:7: 'a' is an 'address' in line 2 and not in line 1\n"
		"  value a address returned by f\n        ^", "");
	mistake("value a returned by f or", "x.rt:1:25: the line ends too early\n  value a returned by f or\n"
		"                          ^", "expected a function's symbol, or the beginning of one and '*'");
	mistake("value a compared with b in f", "x.rt:1:23: unexpected 'b'\n  value a compared with b in f\n"
		"                        ^", "expected a number");
	mistake("value a passed as arg0 to f by g of arg7", "x.rt:1:37: unexpected 'arg7'\n"
		"  value a passed as arg0 to f by g of arg7\n                                      ^",
		"expected an argument: arg0 to arg5");
	mistake("value a address returned by f\non g free arena=a(arg0) address=arg1",
		"x.rt:2:17: 'a' is an address: write *a(...)\n  on g free arena=a(arg0) address=arg1\n                  ^",
		"'*' loads what lies there");
}

static void mistakes_in_devices_are_shown(void **state)
{
	(void)state;
	mistake("books mesh name *mesh", "x.rt:1:12: unexpected 'name'\n  books mesh name *mesh\n             ^",
		"expected one of: vtable owner id parent chips");
	mistake("books chip mesh *chip", "x.rt:1:12: unexpected 'mesh'\n  books chip mesh *chip\n             ^",
		"expected one of: vtable owner id");
	mistake("books chip id *mesh", "x.rt:1:16: unknown name 'mesh'\n  books chip id *mesh\n                 ^",
		"a place begins with '*', '(' or one of: chip");
	mistake("books mesh id mesh", "x.rt:1:15: that is the mesh itself\n  books mesh id mesh\n                ^", "");
	mistake("books mesh vtable a\nbooks mesh vtable b", "x.rt:2:12: there is a second line 'books mesh vtable'\n"
		"  books mesh vtable b\n             ^", "");
	mistake("books mesh vtable a or", "x.rt:1:23: the line ends too early\n  books mesh vtable a or\n"
		"                        ^", "expected a vtable's symbol");
	mistake("books mesh chips *mesh", "x.rt:1:23: the line ends too early\n  books mesh chips *mesh\n"
		"                        ^", "expected 'of'");
	mistake("books mesh chips *mesh of 7", "x.rt:1:27: an item begins with a pointer: it has 8 bytes at least\n"
		"  books mesh chips *mesh of 7\n                            ^", "");
	mistake("books mesh chips *mesh of 4097", "x.rt:1:27: '4097' is too large\n  books mesh chips *mesh of 4097\n"
		"                            ^", "expected the bytes of an item, at most 4096");
	mistake("books mesh chips *mesh of 16 if 9:8=1", "x.rt:1:33: an item has only 16 bytes\n"
		"  books mesh chips *mesh of 16 if 9:8=1\n                                  ^", "");
	mistake("books mesh chips *mesh of 16 if 8:3=1", "x.rt:1:35: '3' is not a size\n"
		"  books mesh chips *mesh of 16 if 8:3=1\n                                    ^", "expected a size: 1, 2, 4 or 8");
	mistake("value a each passed as arg0 to f by g\nbooks mesh id a(mesh)",
		"x.rt:2:15: the place uses a value of which there may be several ('each')\n  books mesh id a(mesh)\n                ^",
		"");
	mistake("environment", "x.rt:1:12: the line ends too early\n  environment\n             ^",
		"expected the name of an environment variable");
	mistake("environment A B A", "x.rt:1:17: 'A' is there twice\n  environment A B A\n                  ^", "");
}

static void what_is_described_must_be_whole(void **state)
{
	_cleanup_(str_release) struct str places = {}, variables = {}, others = {};

	(void)state;
	lack("books mesh owner *mesh\n", "there is no line 'books mesh vtable'\n  books mesh owner *mesh\n");
	lack("books mesh vtable v\nbooks mesh id *mesh\n", "the books lack a line 'books mesh owner'");
	lack("books handle vtable v\n", "the books lack a line 'books handle mesh'");
	lack("books chip vtable v\nbooks chip owner *chip\n", "the books lack a line 'books chip id'");
	for (int i = 0; i < 33; i++)
		str_add(&places, "books mesh id *mesh\n");
	lack(str_text(&places), "there are more than 32 places of meshes, handles and chips");
	str_add(&variables, "environment");
	str_add(&others, "books mesh vtable v");
	for (int i = 0; i < 9; i++) {
		str_addf(&variables, " V%d", i);
		str_add(&others, " or v");
	}
	lack(str_text(&variables), "there are more than 8 variables");
	lack(str_text(&others), "there are more than 7 symbols behind 'or'");
	str_clear(&others);
	str_add(&others, "value a returned by f");
	for (int i = 0; i < 8; i++)
		str_add(&others, " or g");
	lack(str_text(&others), "there are more than 7 patterns behind 'or'");
}

static void every_beginning_is_read_or_refused(void **state)
{
	static const char text[] = HEAD VALUES DEVICES "environment A B\n";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct runtime *rt = NULL;
		struct diag d = {};

		if (runtime_parse("x.rt", text, len, &rt, &d))
			assert_true(strncmp(d.text, "x.rt:", 5) == 0);
		else
			runtime_free(rt);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_shown_as_they_were_written),
		cmocka_unit_test(places_of_devices_become_loads),
		cmocka_unit_test(an_address_is_a_value_until_something_is_loaded_there),
		cmocka_unit_test(what_is_no_address_must_not_be_a_sum),
		cmocka_unit_test(the_first_place_that_is_known_counts),
		cmocka_unit_test(another_function_is_asked_only_where_the_first_is_not_there),
		cmocka_unit_test(mistakes_in_values_are_shown),
		cmocka_unit_test(mistakes_in_devices_are_shown),
		cmocka_unit_test(what_is_described_must_be_whole),
		cmocka_unit_test(every_beginning_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
