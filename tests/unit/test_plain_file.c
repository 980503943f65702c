/* base/plain_file.h: what keeps what is written to it. */
#include "random_records.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/plain_file.h"

/* A folder, its files: "file" of 3 bytes, "other", a "link" to the first, a hard link to it, a "pipe", a "lost" link. */
static int enter(void **state)
{
	static char folder[32];
	int fd;

	snprintf(folder, sizeof(folder), "/tmp/pooltrace-plain-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder))
		return -1;
	*state = folder;
	fd = open("file", O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "abc", 3), 3);
	close(fd);
	close(open("other", O_CREAT | O_WRONLY, 0600));
	/* A file of that name is not what the path says. */
	close(open("-", O_CREAT | O_WRONLY, 0600));
	return symlink("file", "symbolic") || link("file", "hard") || mkfifo("pipe", 0600) || symlink("nowhere", "lost");
}

static int leave(void **state)
{
	static const char *const names[] = {"file", "other", "-", "symbolic", "hard", "pipe", "lost"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(names[i]);
	return chdir("/") || rmdir(*state);
}

static void links_to_a_file_are_one_and_all_else_is_none(void **state)
{
	static const char *const files[] = {"file", "symbolic", "hard", "./-"};
	static const char *const none[] = {"-", ".", "pipe", "lost", "nowhere", "", "/dev/null"};
	struct stat st;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_true(plain_file(files[i], &st));
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_false(plain_file(none[i], &st));
	assert_true(plain_file("symbolic", &st));
	assert_int_equal(st.st_size, 3);
}

static void one_file_is_the_same_by_all_its_names(void **state)
{
	(void)state;
	assert_true(same_plain_file("file", "file"));
	assert_true(same_plain_file("symbolic", "./hard"));
	assert_false(same_plain_file("file", "other"));
	assert_false(same_plain_file("file", "nowhere"));
	assert_false(same_plain_file("-", "./-"));
	assert_false(same_plain_file("-", "-"));
	assert_false(same_plain_file("pipe", "pipe"));
}

static void only_a_file_is_removed(void **state)
{
	static const char *const stay[] = {"-", "pipe", "lost"};
	struct stat st;

	(void)state;
	remove_plain_file("other");
	assert_int_equal(lstat("other", &st), -1);
	for (size_t i = 0; i < ARRAY_SIZE(stay); i++) {
		remove_plain_file(stay[i]);
		assert_int_equal(lstat(stay[i], &st), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(links_to_a_file_are_one_and_all_else_is_none, enter, leave),
		cmocka_unit_test_setup_teardown(one_file_is_the_same_by_all_its_names, enter, leave),
		cmocka_unit_test_setup_teardown(only_a_file_is_removed, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
