/* What a ring has left that nobody has ended: its parts, by their names. */
#include "stream/file_ring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "stream/file_format.h"

enum { DIGITS_MAX = 18 };

size_t file_ring_part_name(const char *path, uint64_t *ret_number)
{
	const char *dot = strrchr(path, '.'), *digits = dot ? dot + 1 : "";
	size_t len = strspn(digits, "0123456789");

	if (!len || len > DIGITS_MAX || digits[len] || dot == path || dot[-1] == '/')
		return 0;
	*ret_number = strtoull(digits, NULL, 10);
	return (size_t)(dot - path);
}

static bool is_recording(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char magic[FILE_MAGIC_BYTES];

	return fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) && !memcmp(magic, FILE_MAGIC, sizeof(magic));
}

void file_ring_paths_release(file_ring_paths *paths)
{
	for (size_t i = 0; i < paths->nr; i++)
		free(paths->items[i]);
	vec_release(paths);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = 0, y = 0;

	file_ring_part_name(*(char *const *)a, &x);
	file_ring_part_name(*(char *const *)b, &y);
	return x < y ? -1 : x > y;
}

int file_ring_find_left(const char *path, file_ring_paths *ret)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	_cleanup_(freep) char *folder = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup("./");
	size_t len = strlen(base);
	DIR *dir = opendir(folder);
	uint64_t number;

	/* What cannot be listed may be written to all the same. */
	if (!dir)
		return errno == EACCES ? 0 : -errno;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		char *whole;

		if (strncmp(e->d_name, base, len) || file_ring_part_name(e->d_name, &number) != len)
			continue;
		whole = xasprintf("%s%s", slash ? folder : "", e->d_name);
		if (is_recording(whole))
			vec_push(ret, whole);
		else
			free(whole);
	}
	closedir(dir);
	if (ret->nr)
		qsort(ret->items, ret->nr, sizeof(*ret->items), by_number);
	return 0;
}
