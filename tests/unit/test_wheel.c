/* target/wheel.h: which package a file is from. */
#include "target/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "assemble.h"

static void put(const char *folder, const char *package, const char *text)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", folder, package);
	_cleanup_(freep) char *record = xasprintf("%s/RECORD", path);

	assert_int_equal(mkdir(path, 0755), 0);

	FILE *f = fopen(record, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void check(const char *folder, const char *name, const char *expected)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", folder, name);
	_cleanup_(freep) char *found = wheel_of(getpid(), path);

	if (expected)
		assert_string_equal(found, expected);
	else
		assert_null(found);
}

static void a_file_is_of_the_package_that_lists_it(void **state)
{
	_cleanup_(freep) char *base = assemble_directory();
	/* The innermost counts. */
	_cleanup_(freep) char *outer = xasprintf("%s/site-packages", base);
	_cleanup_(freep) char *folder = xasprintf("%s/dist-packages", outer);
	const char *const arguments[] = {"rm", "-rf", base, NULL};

	(void)state;
	assert_int_equal(mkdir(outer, 0755), 0);
	assert_int_equal(mkdir(folder, 0755), 0);
	put(folder, "ttnn-0.81.1.dist-info", "ttnn/__init__.py,sha256=x,1\nttnn/lib/libtt.so,sha256=y,2\n");
	put(folder, "other_one-1.2+local-3.dist-info", "ttnn/lib/libtt.so.1,sha256=y,2\nlast.so,,");
	put(folder, "not-a-package", "lonely.so,,\n");
	check(folder, "ttnn/lib/libtt.so", "ttnn 0.81.1");
	check(folder, "ttnn/lib/libtt.so.1", "other_one 1.2+local-3");
	check(folder, "last.so", "other_one 1.2+local-3");
	check(folder, "lonely.so", NULL);
	check(folder, "ttnn/lib/libtt", NULL);
	check(outer, "ttnn/lib/libtt.so", NULL);
	check(base, "ttnn/lib/libtt.so", NULL);
	assert_null(wheel_of(getpid(), ""));
	assert_null(wheel_of(getpid(), "/nowhere/site-packages/x.so (deleted)"));
	assert_int_equal(assemble_run(arguments), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_of_the_package_that_lists_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
