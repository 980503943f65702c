/* Names and lines of functions of tests/unit/data/named.cpp: in the library itself, and when they are somewhere else. */
#include "target/symbols.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "assemble.h"
#include "target/demangle.h"
#include "target/process.h"

#define BUILD_ID "00ff8023aabbccdd"

/* Of one library: whole; without symbols; what was taken out of it, in two forms. */
struct fixture {
	char *directory, *whole, *stripped, *debug, *packed, *folder;
	struct elf_file *elf;
};

static struct fixture fixture;

#define RUN(...) assemble_run((const char *[]){ __VA_ARGS__, NULL })

/* As distributions do it: the symbols alone, packed by xz. */
static bool pack(const char *from, const char *to)
{
	static uint8_t plain[1 << 20], packed[1 << 20];
	_cleanup_(closep) int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_(closep) int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t len = in < 0 ? -1 : read(in, plain, sizeof(plain));
	size_t at = 0;

	return len > 0 && out >= 0 &&
	       lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, plain, (size_t)len, packed, &at, sizeof(packed)) == LZMA_OK &&
	       write(out, packed, at) == (ssize_t)at;
}

static bool make_packed(void)
{
	_cleanup_(freep) char *symbols = xasprintf("%s/symbols", fixture.directory);
	_cleanup_(freep) char *xz = xasprintf("%s/symbols.xz", fixture.directory);
	_cleanup_(freep) char *section = xasprintf(".gnu_debugdata=%s", xz);

	return !RUN("objcopy", "--strip-debug", "--remove-section=.comment", fixture.debug, symbols) && pack(symbols, xz) &&
	       !RUN("objcopy", "--add-section", section, fixture.stripped, fixture.packed);
}

static int set_up(void **state)
{
	_cleanup_(freep) char *parent = NULL;

	(void)state;
	fixture.directory = assemble_directory();
	if (!fixture.directory)
		return -1;
	fixture.folder = xasprintf("%s/folder", fixture.directory);
	parent = xasprintf("%s/.build-id/00", fixture.folder);
	fixture.whole = xasprintf("%s/libnamed.so", fixture.directory);
	fixture.stripped = xasprintf("%s/stripped.so", fixture.directory);
	fixture.packed = xasprintf("%s/packed.so", fixture.directory);
	fixture.debug = xasprintf("%s/ff8023aabbccdd.debug", parent);
	if (RUN("mkdir", "-p", parent) ||
	    RUN("c++", "-O2", "-g", "-shared", "-fPIC", "-Wl,--build-id=0x" BUILD_ID, "-o", fixture.whole,
		"tests/unit/data/named.cpp") ||
	    RUN("objcopy", "--only-keep-debug", fixture.whole, fixture.debug) ||
	    RUN("objcopy", "--strip-all", fixture.whole, fixture.stripped) || !make_packed() ||
	    elf_file_open(fixture.whole, &fixture.elf, NULL))
		return -1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	elf_file_free(fixture.elf);
	free(fixture.whole);
	free(fixture.stripped);
	free(fixture.packed);
	free(fixture.debug);
	free(fixture.folder);
	assemble_remove(fixture.directory);
	return 0;
}

static uint64_t address_of(const char *name)
{
	struct elf_symbol symbol = {};

	assert_int_equal(elf_file_find(fixture.elf, name, &symbol, 1), 1);
	return symbol.address;
}

struct opened {
	struct elf_file *elf;
	struct symbols *symbols;
	const char *folders[1];
};

static void open_symbols(struct opened *o, const char *path, bool folder)
{
	assert_int_equal(elf_file_open(path, &o->elf, NULL), 0);
	o->folders[0] = fixture.folder;
	o->symbols = symbols_new(o->elf, &(struct symbol_folders){ .paths = o->folders, .nr = folder });
}

static void close_symbols(struct opened *o)
{
	symbols_free(o->symbols);
	elf_file_free(o->elf);
}

/* NULL: there is none. */
static const char *name_at(struct opened *o, uint64_t address, uint64_t start)
{
	const char *name = NULL;
	uint64_t begin = 0;
	int err = symbols_at(o->symbols, address, &name, &begin);

	if (err) {
		assert_int_equal(err, -ENOENT);
		return NULL;
	}
	assert_int_equal(begin, start);
	return name;
}

static void assert_names(const char *path, bool folder, bool hidden)
{
	const uint64_t put = address_of("_ZN4shop5shelfIcE3putERKSt6vectorIcSaIcEE");
	const uint64_t one = address_of("_ZL10hidden_onei"), exported = address_of("exported");
	struct opened o;

	open_symbols(&o, path, folder);
	assert_string_equal(name_at(&o, put, put), "shop::shelf<char>::put");
	assert_string_equal(name_at(&o, put + 3, put), "shop::shelf<char>::put");
	assert_string_equal(name_at(&o, exported + 2, exported), "exported");
	if (hidden)
		assert_string_equal(name_at(&o, one + 1, one), "hidden_one");
	else
		assert_null(name_at(&o, one + 1, one));
	assert_null(name_at(&o, 1, 0));
	assert_null(name_at(&o, UINT64_MAX, 0));
	close_symbols(&o);
}

static void names_are_in_the_file(void **state)
{
	(void)state;
	assert_names(fixture.whole, false, true);
}

/* Only what is exported; and no neighbour's name for what is not. */
static void names_that_are_stripped_are_not_known(void **state)
{
	(void)state;
	assert_names(fixture.stripped, false, false);
}

static void names_are_packed_in_the_file(void **state)
{
	(void)state;
	assert_names(fixture.packed, false, true);
}

static void names_are_in_a_folder(void **state)
{
	(void)state;
	assert_names(fixture.stripped, true, true);
	assert_names(fixture.debug, false, true);
}

static void what_has_no_size_ends_with_its_entry(void **state)
{
	struct opened o;
	uint64_t start = 0, after = 0;
	struct elf_symbol next;
	const char *name;

	(void)state;
	open_symbols(&o, fixture.whole, false);
	/* the first address behind hidden and exported functions that has this name */
	for (uint64_t at = 0x1000; at < 0x3000 && !start; at++)
		if (!symbols_at(o.symbols, at, &name, &after) && !strcmp(name, "unsized"))
			start = at;
	assert_true(start);
	assert_int_equal(after, start);
	for (uint64_t at = start; at < start + 3; at++)
		assert_string_equal(name_at(&o, at, start), "unsized");
	/* `bare` follows, of which nothing is known but where it begins */
	assert_null(name_at(&o, start + 3, 0));
	assert_null(name_at(&o, start + 4, 0));
	assert_int_equal(elf_file_symbol_at(o.elf, start, &next), -ENOENT);
	close_symbols(&o);
}

/* Of the function itself, also where another one was put into it, whose line is in another file. */
static void lines_are_in_the_debug_information(void **state)
{
	const uint64_t put = address_of("_ZN4shop5shelfIcE3putERKSt6vectorIcSaIcEE");
	const struct {
		const char *path;
		bool folder, known;
	} cases[] = { { fixture.whole, false, true },
		      { fixture.debug, false, true },
		      { fixture.stripped, true, true },
		      { fixture.stripped, false, false },
		      { fixture.packed, false, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int line = 0;
		const char *file = NULL;
		bool found = false;
		struct opened o;

		open_symbols(&o, cases[i].path, cases[i].folder);
		assert_int_equal(symbols_line(o.symbols, 1, &file, &line), -ENOENT);
		for (uint64_t at = put; at < put + 8; at++) {
			assert_int_equal(symbols_line(o.symbols, at, &file, &line), cases[i].known ? 0 : -ENOENT);
			if (!cases[i].known)
				continue;
			assert_non_null(strstr(file, "tests/unit/data/named.cpp"));
			assert_in_range(line, 10, 13);
			found |= line == 12;
		}
		assert_int_equal(found, cases[i].known);
		close_symbols(&o);
	}
}

/* The process that reads lines: 0 if there is none. */
static int reader(void)
{
	int found = 0;
	pids all = {};

	assert_int_equal(process_list(&all), 0);
	for (size_t i = 0; i < all.nr; i++)
		if (process_parent(all.items[i]) == getpid())
			found = all.items[i];
	vec_release(&all);
	return found;
}

static size_t count_descriptors(int pid)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/fd", pid);
	DIR *folder = opendir(path);
	size_t nr = 0;

	assert_non_null(folder);
	for (struct dirent *e = readdir(folder); e; e = readdir(folder))
		nr += e->d_name[0] != '.';
	closedir(folder);
	return nr;
}

/* Who reads them may die of a file. What it has said is known still; it had nothing that it did not need. */
static void lines_are_read_by_a_child(void **state)
{
	const uint64_t put = address_of("_ZN4shop5shelfIcE3putERKSt6vectorIcSaIcEE");
	unsigned int line = 0;
	const char *file;
	struct opened o;

	(void)state;
	assert_int_equal(reader(), 0);
	open_symbols(&o, fixture.whole, false);
	assert_int_equal(symbols_line(o.symbols, put, &file, &line), 0);
	assert_true(reader() > 0);
	/* 0 to 2, the file, and the one that it is asked through */
	assert_in_range(count_descriptors(reader()), 2, 5);
	assert_int_equal(kill(reader(), SIGKILL), 0);
	assert_int_equal(symbols_line(o.symbols, put + 1, &file, &line), -ENOENT);
	assert_int_equal(reader(), 0);
	assert_int_equal(symbols_line(o.symbols, put + 2, &file, &line), -ENOENT);
	assert_int_equal(symbols_line(o.symbols, put, &file, &line), 0);
	assert_non_null(strstr(file, "named.cpp"));
	close_symbols(&o);
	open_symbols(&o, fixture.whole, false);
	assert_int_equal(symbols_line(o.symbols, put + 1, &file, &line), 0);
	close_symbols(&o);
	assert_int_equal(reader(), 0);
}

/* ---- finding files ---- */

static int find(const char *path, const char *id, const char *folder, char **ret_path, struct diag *d)
{
	struct symbol_folders folders = { .paths = &folder, .nr = folder != NULL };
	struct elf_file *f = NULL;
	int err = symbols_find_file(path, id, &folders, &f, d);

	if (!err)
		*ret_path = xstrdup(elf_file_path(f));
	elf_file_free(f);
	return err;
}

static void assert_found(const char *path, const char *folder, const char *where)
{
	_cleanup_(freep) char *found = NULL;
	struct diag d = {};

	assert_int_equal(find(path, BUILD_ID, folder, &found, &d), 0);
	assert_string_equal(found, where);
}

static void a_file_is_known_by_its_build_id(void **state)
{
	_cleanup_(freep) char *found = NULL;
	struct diag d = {};

	(void)state;
	assert_found(fixture.whole, NULL, fixture.whole);
	assert_found("/nowhere/libnamed.so", fixture.directory, fixture.whole);
	assert_found("/nowhere/libnamed.so", fixture.folder, fixture.debug);
	assert_found("libnamed.so", fixture.directory, fixture.whole);
	assert_int_equal(find("/nowhere/libnamed.so", BUILD_ID, NULL, &found, &d), -ENOENT);
	assert_string_equal(d.text, "no file '/nowhere/libnamed.so' with build id " BUILD_ID ": there is none");
	assert_int_equal(find(fixture.whole, "11223344556677", NULL, &found, &d), -ENOENT);
	assert_non_null(strstr(d.text, "is another file (build id " BUILD_ID ")"));
	/* none, and what would lead elsewhere */
	assert_int_equal(find(fixture.whole, "", NULL, &found, &d), -EINVAL);
	assert_int_equal(find(fixture.whole, "../../../../etc", fixture.folder, &found, &d), -EINVAL);
	assert_null(found);
}

/* ---- names ---- */

static void names_are_written_as_in_the_source(void **state)
{
	static const char *const names[][2] = {
		{ "main", "main" },
		{ "_ZN2ns5thing3putEi", "ns::thing::put" },
		{ "_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector<int, std::allocator<int> >::push_back" },
		{ "_ZN12_GLOBAL__N_16insideEv", "(anonymous namespace)::inside" },
		{ "_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()" },
		{ "_ZN2ns3runEv.cold", "ns::run" },
		{ "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad" },
		{ "_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar" },
		{ "_Z", "_Z" },
		{ "_ZN", "_ZN" },
		{ "_R", "_R" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(str_release) struct str text = {};

		str_add(&text, "> ");
		demangle_add(&text, names[i][0]);
		assert_string_equal(str_text(&text) + 2, names[i][1]);
	}
}

/* Each argument is twice the one before: 2^33 of them, if nobody stops it. */
static void a_name_that_grows_is_cut(void **state)
{
	static const char digits[] = "123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	_cleanup_(str_release) struct str name = {}, text = {};

	(void)state;
	str_add(&name, "_Z1fI1aIiiE");
	for (const char *digit = digits; digit[1]; digit++)
		str_addf(&name, "S0_IS%c_S%c_E", digit[0], digit[0]);
	str_add(&name, "Evv");
	demangle_add(&text, str_text(&name));
	assert_int_equal(text.len, DEMANGLED_MAX + 3);
	assert_string_equal(text.p + DEMANGLED_MAX, "...");
	/* too long to be looked at */
	str_clear(&name);
	str_clear(&text);
	str_add(&name, "_Z");
	for (size_t i = 0; i < 20000; i++)
		str_add(&name, "P");
	demangle_add(&text, str_text(&name));
	assert_string_equal(str_text(&text), str_text(&name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_in_the_file),
		cmocka_unit_test(names_that_are_stripped_are_not_known),
		cmocka_unit_test(names_are_packed_in_the_file),
		cmocka_unit_test(names_are_in_a_folder),
		cmocka_unit_test(what_has_no_size_ends_with_its_entry),
		cmocka_unit_test(lines_are_in_the_debug_information),
		cmocka_unit_test(lines_are_read_by_a_child),
		cmocka_unit_test(a_file_is_known_by_its_build_id),
		cmocka_unit_test(names_are_written_as_in_the_source),
		cmocka_unit_test(a_name_that_grows_is_cut),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
