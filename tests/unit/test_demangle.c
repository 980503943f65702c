/* user/target/demangle*.c: names of Rust, against what Rust's own library makes of them (tests/unit/data/rust.names). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "target/demangle.h"

enum { LINE_MAX_LEN = 4096, NAMES_LEAST = 45 };

typedef void (*use_names)(const char *mangled, const char *name);

static void with_each(use_names use)
{
	FILE *file = fopen("tests/unit/data/rust.names", "re");
	char line[LINE_MAX_LEN];
	size_t nr = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char *tab = strchr(line, '\t');

		line[strcspn(line, "\n")] = '\0';
		if (*line == '#')
			continue;
		assert_non_null(tab);
		*tab = '\0';
		use(line, tab + 1);
		nr++;
	}
	assert_true(nr >= NAMES_LEAST);
	fclose(file);
}

static void assert_name(const char *mangled, const char *name)
{
	_cleanup_(str_release) struct str text = {};

	demangle_add(&text, mangled);
	assert_string_equal(str_text(&text), name);
}

static void names_are_as_rust_writes_them(void **state)
{
	(void)state;
	with_each(assert_name);
}

/* A copy that an optimizer made is the function still. */
static void assert_copy(const char *mangled, const char *name)
{
	static const char *const suffixes[] = { ".llvm.1234567890", ".cold", ".llvm.12.cold" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_(freep) char *copy = xasprintf("%s%s", mangled, suffixes[i]);

		assert_name(copy, name);
	}
}

static void copies_have_the_name_of_the_function(void **state)
{
	(void)state;
	with_each(assert_copy);
}

/* Cut anywhere, and with any byte another one: a text comes out, which is not longer than may be. */
static void damage(const char *mangled, const char *name)
{
	static const char bytes[] = "E$_.Z0\x7f\xff";
	size_t len = strlen(mangled);

	(void)name;
	for (size_t i = 0; i < len; i++) {
		_cleanup_(freep) char *copy = xstrdup(mangled);
		_cleanup_(str_release) struct str text = {};

		copy[i] = bytes[i % (sizeof(bytes) - 1)];
		demangle_add(&text, copy);
		copy[i] = '\0';
		demangle_add(&text, copy);
		assert_true(text.len <= 2 * (DEMANGLED_MAX + 3));
	}
}

static void damaged_names_do_no_harm(void **state)
{
	(void)state;
	with_each(damage);
}

static void what_is_no_name_of_rust_stays(void **state)
{
	static const char *const names[][2] = {
		/* of C++: the hash has too few different digits, or something follows */
		{ "_ZN4prog4main17h0000000000000011E", "prog::main::h0000000000000011" },
		{ "_ZN4prog4main17h0123456789abcdefEv", "prog::main::h0123456789abcdef" },
		{ "_ZN17h0123456789abcdefE", "h0123456789abcdef" },
		{ "_ZN99999999999999999999999999a17h0123456789abcdefE", "_ZN99999999999999999999999999a17h0123456789abcdefE" },
		/* escapes that are none, and characters that nobody could see */
		{ "_ZN9$ud800$.x17h0123456789abcdefE", "$ud800$.x" },
		{ "_ZN5$u1b$17h0123456789abcdefE", "$u1b$" },
		{ "_ZN7$unknow17h0123456789abcdefE", "$unknow" },
		{ "_ZN10$u1f600$..17h0123456789abcdefE", "\xf0\x9f\x98\x80::" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_name(names[i][0], names[i][1]);
}

static void a_long_name_is_cut(void **state)
{
	_cleanup_(str_release) struct str name = {}, text = {};

	(void)state;
	str_add(&name, "_ZN10000");
	for (size_t i = 0; i < 10000; i++)
		str_add_char(&name, 'x');
	str_add(&name, "17h0123456789abcdefE");
	demangle_add(&text, str_text(&name));
	assert_int_equal(text.len, DEMANGLED_MAX + 3);
	assert_string_equal(text.p + DEMANGLED_MAX, "...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_as_rust_writes_them),
		cmocka_unit_test(copies_have_the_name_of_the_function),
		cmocka_unit_test(damaged_names_do_no_harm),
		cmocka_unit_test(what_is_no_name_of_rust_stays),
		cmocka_unit_test(a_long_name_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
