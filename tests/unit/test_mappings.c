/* process.h: mappings as they are, and the lines of maps as anybody may have named his files. */
#include "target/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those above */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Parses a copy without a terminator: an access beyond the end is seen by the sanitizer. */
static int parse(const char *line, size_t len, struct mapping *ret)
{
	_cleanup_(freep) char *copy = xmalloc(len);

	memcpy(copy, line, len);
	return mapping_parse(copy, len, ret);
}

static void a_line_of_maps_is_taken_apart(void **state)
{
	static const char line[] = "7f12a4c00000-7f12a4c21000 r-xp 0001f000 103:02 1234567                    /usr/lib/a b.so";
	struct mapping m = {};

	(void)state;
	assert_int_equal(parse(line, sizeof(line) - 1, &m), 0);
	assert_int_equal(m.start, 0x7f12a4c00000);
	assert_int_equal(m.end, 0x7f12a4c21000);
	assert_int_equal(m.offset, 0x1f000);
	assert_int_equal(m.device, makedev(0x103, 2));
	assert_int_equal(m.inode, 1234567);
	assert_string_equal(m.permissions, "r-xp");
	assert_string_equal(m.path, "/usr/lib/a b.so");
	free(m.path);
}

static void names_keep_all_but_the_escape_that_the_kernel_makes(void **state)
{
	static const struct {
		const char *text, *path;
	} cases[] = {
		{ "", "" },
		{ " ", "" },
		{ " [heap]", "[heap]" },
		{ " /a\\012b", "/a\nb" },
		{ " /\\012\\012", "/\n\n" },
		{ " /a\\040b\\\\012", "/a\\040b\\\n" },
		{ " /a\\01", "/a\\01" },
		{ " /a\\", "/a\\" },
		{ " /a  b ", "/a  b " },
		{ " /memfd:x (deleted)", "/memfd:x (deleted)" },
		{ " \xff\xfe\x1b[2J", "\xff\xfe\x1b[2J" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *line = xasprintf("1000-2000 rw-p 00000000 00:00 0%s", cases[i].text);
		struct mapping m = {};

		assert_int_equal(parse(line, strlen(line), &m), 0);
		assert_string_equal(m.path, cases[i].path);
		free(m.path);
	}
}

static void a_line_that_is_none_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"-",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 ",
		"1000-2000 rw-p",
		"1000-2000 rw-",
		"1000-2000 rw-p 0",
		"1000-2000 rw-p 0 00",
		"1000-2000 rw-p 0 00:00",
		"1000-2000 rw-p 0 00:00 ",
		"1000-2000 rw-p 0 00:00 x",
		"1000-2000 rw-p 0 00:00 0x",
		"1000-2000 rw-p 0 00-00 0",
		"1000-2000 rw-p 0 100000000:00 0",
		"1000-2000 rwxq 0 00:00 0",
		"1000-2000 wr-p 0 00:00 0",
		"1000-2000 rw-p  0 00:00 0",
		"2000-1000 rw-p 0 00:00 0",
		"1000-1000 rw-p 0 00:00 0",
		" 1000-2000 rw-p 0 00:00 0",
		"-1000-2000 rw-p 0 00:00 0",
		"0x1000-2000 rw-p 0 00:00 0",
		"10000000000000000-20000000000000000 rw-p 0 00:00 0",
		"1000-2000 rw-p 0 00:00 18446744073709551616",
		"1000-2000 RW-P 0 00:00 0",
	};
	struct mapping m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(parse(lines[i], strlen(lines[i]), &m), -EINVAL);
	assert_int_equal(parse("1000-2000 rw-p 0 00:00 0 /a\0b", 29, &m), -EINVAL);
}

static void a_path_of_a_mebibyte_is_kept_whole(void **state)
{
	enum { LEN = 1 << 20 };
	_cleanup_(freep) char *path = xmalloc(LEN + 1);
	struct mapping m = {};

	(void)state;
	memset(path, '\\', LEN);
	path[0] = '/';
	path[LEN] = '\0';

	_cleanup_(freep) char *line = xasprintf("1000-2000 rw-p 0 00:00 7 %s", path);

	assert_int_equal(parse(line, strlen(line), &m), 0);
	assert_string_equal(m.path, path);
	free(m.path);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void damaged_lines_give_a_mapping_or_an_error(void **state)
{
	static const char good[] = "7f12a4c00000-7f12a4c21000 r-xp 0001f000 103:02 1234567  /a\\012b\\012";
	uint64_t seed = 88172645463325252ULL;
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < 100003; i++) {
		char line[sizeof(good)];
		size_t len = next_random(&seed) % sizeof(good);
		struct mapping m = {};

		memcpy(line, good, sizeof(good));
		for (size_t k = next_random(&seed) % 4; k; k--)
			line[next_random(&seed) % sizeof(line)] = (char)next_random(&seed);
		if (parse(line, len, &m)) {
			refused++;
			continue;
		}
		assert_true(m.start < m.end && strlen(m.path) <= len);
		free(m.path);
	}
	assert_true(refused > 1000 && refused < 100000);
}

static const struct mapping *mapping_at(const mappings *maps, const void *address)
{
	for (size_t i = 0; i < maps->nr; i++) {
		if ((uintptr_t)address >= maps->items[i].start && (uintptr_t)address < maps->items[i].end)
			return &maps->items[i];
	}
	return NULL;
}

/* A file of four bytes, mapped. */
static char *map_file(const char *path, const char *text)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && write(fd, text, 4) == 4);

	char *p = mmap(NULL, 4, PROT_READ, MAP_PRIVATE, fd, 0);

	assert_true(p != MAP_FAILED);
	close(fd);
	return p;
}

static void assert_file_has(const char *path, const char *text)
{
	char bytes[5] = {};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, bytes, 4), 4);
	assert_string_equal(bytes, text);
	close(fd);
}

static void the_mappings_of_a_process_are_all_there(void **state)
{
	static const char *const names[] = { "plain", "two words", "new\nline", "back\\slash", "octal\\040", " " };
	char folder[] = P_tmpdir "/pooltrace-test-XXXXXX";
	char *mapped[ARRAY_SIZE(names)], *paths[ARRAY_SIZE(names)];
	mappings maps = {};
	struct diag d = {};

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		paths[i] = xasprintf("%s/%s", folder, names[i]);
		mapped[i] = map_file(paths[i], "abcd");
	}
	assert_int_equal(mappings_read(getpid(), &maps, &d), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct mapping *m = mapping_at(&maps, mapped[i]);
		struct stat st;

		assert_non_null(m);
		assert_string_equal(m->path, paths[i]);
		assert_string_equal(m->permissions, "r--p");
		assert_int_equal(stat(paths[i], &st), 0);
		assert_int_equal(m->inode, st.st_ino);

		_cleanup_(freep) char *file = mapping_file(getpid(), m);

		assert_file_has(file, "abcd");
		unlink(paths[i]);
		free(paths[i]);
		munmap(mapped[i], 4);
	}
	assert_non_null(mapping_at(&maps, &maps));
	mappings_release(&maps);
	assert_int_equal(rmdir(folder), 0);
}

static void a_mapped_file_can_be_opened_after_it_was_replaced(void **state)
{
	char folder[] = P_tmpdir "/pooltrace-test-XXXXXX";
	mappings maps = {};
	struct diag d = {};

	(void)state;
	assert_non_null(mkdtemp(folder));

	_cleanup_(freep) char *path = xasprintf("%s/library", folder);
	char *old = map_file(path, "1111");

	unlink(path);

	char *new = map_file(path, "2222");

	assert_int_equal(mappings_read(getpid(), &maps, &d), 0);

	_cleanup_(freep) char *old_file = mapping_file(getpid(), mapping_at(&maps, old));
	_cleanup_(freep) char *new_file = mapping_file(getpid(), mapping_at(&maps, new));

	assert_file_has(new_file, "2222");
	/* Only by map_files, which needs a capability; without it the name is all there is. */
	if (strstr(old_file, "/map_files/"))
		assert_file_has(old_file, "1111");
	else
		assert_non_null(strstr(old_file, "library (deleted)"));
	munmap(old, 4);
	munmap(new, 4);
	unlink(path);
	mappings_release(&maps);
	assert_int_equal(rmdir(folder), 0);
}

static void a_mapping_without_a_file_has_a_path_that_cannot_be_opened(void **state)
{
	struct mapping m = { .start = 0x1000, .end = 0x2000, .path = (char *)"" };
	_cleanup_(freep) char *file = mapping_file(getpid(), &m);

	(void)state;
	assert_int_equal(open(file, O_RDONLY | O_CLOEXEC), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_maps_is_taken_apart),
		cmocka_unit_test(names_keep_all_but_the_escape_that_the_kernel_makes),
		cmocka_unit_test(a_line_that_is_none_is_refused),
		cmocka_unit_test(a_path_of_a_mebibyte_is_kept_whole),
		cmocka_unit_test(damaged_lines_give_a_mapping_or_an_error),
		cmocka_unit_test(the_mappings_of_a_process_are_all_there),
		cmocka_unit_test(a_mapped_file_can_be_opened_after_it_was_replaced),
		cmocka_unit_test(a_mapping_without_a_file_has_a_path_that_cannot_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
