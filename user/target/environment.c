/* The environment that a process was started with. */
#include "target/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* More than a kernel lets anyone pass to an exec by default. */
enum { ENVIRONMENT_MAX = 8 << 20, CHUNK = 1 << 16 };

/* The whole file. An entry that is cut off at the end is left out by its missing NUL. */
static int read_all(int fd, struct str *ret)
{
	_cleanup_(freep) char *chunk = xmalloc(CHUNK);

	while (ret->len < ENVIRONMENT_MAX) {
		ssize_t n = read(fd, chunk, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		str_add_bytes(ret, chunk, (size_t)n);
	}
	return 0;
}

/* The entry of @name, NULL when it is not set. */
static const char *find_entry(const struct str *environment, const char *name)
{
	const char *p = environment->p, *end = p + environment->len;
	size_t len = strlen(name);

	while (p < end) {
		const char *next = memchr(p, '\0', (size_t)(end - p));

		if (!next)
			return NULL;
		if ((size_t)(next - p) > len && !memcmp(p, name, len) && p[len] == '=')
			return p;
		p = next + 1;
	}
	return NULL;
}

int process_environment(int pid, const char *const *names, size_t nr, struct str *ret)
{
	_cleanup_(str_release) struct str environment = {};
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);

	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = read_all(fd, &environment);
	for (size_t i = 0; i < nr && !err && environment.len; i++) {
		const char *entry = find_entry(&environment, names[i]);

		if (entry)
			str_addf(ret, "%s%s", ret->len ? " " : "", entry);
	}
	return err;
}
