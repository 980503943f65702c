/*
 * mappings.c: the lines of /proc/PID/maps, and by which path a mapped file can be opened. The text comes from
 * the kernel, but the names in it come from whoever made the files.
 */
#include "target/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/str.h"
#include "base/units.h"
#include "target/host.h"

struct cursor {
	const char *p, *end;
};

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

static bool take_number(struct cursor *c, unsigned int base, uint64_t *ret)
{
	const char *first = c->p;
	uint64_t value = 0;

	for (; c->p < c->end; c->p++) {
		unsigned int digit = digit_of(*c->p);

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret = value;
	return c->p > first;
}

static bool take_char(struct cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

static bool take_permissions(struct cursor *c, char permissions[5])
{
	static const char *const allowed[] = { "r-", "w-", "x-", "ps" };

	if (c->end - c->p < 4)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		char letter = *c->p++;

		if (letter != allowed[i][0] && letter != allowed[i][1])
			return false;
		permissions[i] = letter;
	}
	permissions[4] = '\0';
	return true;
}

/*
 * The kernel escapes the newline and nothing else, not even the backslash: any other \NNN is part of a name.
 * The result is never longer than the text.
 */
static char *take_path(struct cursor *c)
{
	static const char newline[] = "\\012";
	const size_t len = sizeof(newline) - 1;

	while (take_char(c, ' '))
		continue;

	char *path = xmalloc(c->end - c->p + 1);
	char *out = path;

	while (c->p < c->end) {
		if ((size_t)(c->end - c->p) >= len && !memcmp(c->p, newline, len)) {
			*out++ = '\n';
			c->p += len;
		} else {
			*out++ = *c->p++;
		}
	}
	*out = '\0';
	return path;
}

int mapping_parse(const char *line, size_t len, struct mapping *ret)
{
	struct cursor c = { line, line + len };
	struct mapping m = {};
	uint64_t major_number, minor_number;

	if (len && memchr(line, '\0', len))
		return -EINVAL;
	if (!take_number(&c, 16, &m.start) || !take_char(&c, '-') || !take_number(&c, 16, &m.end) || m.start >= m.end)
		return -EINVAL;
	if (!take_char(&c, ' ') || !take_permissions(&c, m.permissions) || !take_char(&c, ' '))
		return -EINVAL;
	if (!take_number(&c, 16, &m.offset) || !take_char(&c, ' '))
		return -EINVAL;
	if (!take_number(&c, 16, &major_number) || !take_char(&c, ':') || !take_number(&c, 16, &minor_number))
		return -EINVAL;
	if (major_number > UINT32_MAX || minor_number > UINT32_MAX)
		return -EINVAL;
	if (!take_char(&c, ' ') || !take_number(&c, 10, &m.inode) || (c.p < c.end && *c.p != ' '))
		return -EINVAL;
	m.device = makedev(major_number, minor_number);
	m.path = take_path(&c);
	*ret = m;
	return 0;
}

void mappings_release(mappings *m)
{
	for (size_t i = 0; i < m->nr; i++)
		free(m->items[i].path);
	vec_release(m);
}

static int read_all(int fd, struct str *text)
{
	enum { CHUNK = 64 << 10 };
	_cleanup_(freep) char *chunk = xmalloc(CHUNK);

	for (;;) {
		ssize_t n = read(fd, chunk, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		str_add_bytes(text, chunk, n);
	}
}

static int parse_all(const char *text, size_t len, mappings *ret)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', end - text);
		const char *line_end = newline ? newline : end;
		struct mapping m;
		int err = mapping_parse(text, line_end - text, &m);

		if (err)
			return err;
		vec_push(ret, m);
		text = newline ? newline + 1 : end;
	}
	return 0;
}

static int no_mappings(int pid, int err, struct diag *d)
{
	if (err == -ENOENT || err == -ESRCH)
		return diag_set(d, -ESRCH, "no mappings of process %d: it has ended, or is one of the kernel's own", pid);
	diag_errno(d, err, "cannot read the mappings of process %d", pid);
	if (err == -EACCES || err == -EPERM)
		diag_hint(d, "run as root, or grant " HOST_TO_LOOK);
	return err;
}

static int read_maps(int pid, struct str *text)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/maps", pid);
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : read_all(fd, text);

	return err ? err : text->len ? 0 : -ESRCH;
}

int mappings_read(int pid, mappings *ret, struct diag *d)
{
	_cleanup_(str_release) struct str text = {};
	int reader = pid, err = read_maps(pid, &text);
	mappings all = {};

	if (err == -ESRCH && (reader = process_reader(pid)) != pid)
		err = read_maps(reader, &text);
	if (err)
		return no_mappings(pid, err, d);
	err = parse_all(text.p, text.len, &all);
	if (err) {
		mappings_release(&all);
		return diag_set(d, err, "cannot understand '/proc/%d/maps'", pid);
	}
	*ret = all;
	return 0;
}

static char *map_file(int pid, const struct mapping *m, bool *ret_there)
{
	char *path = xasprintf("/proc/%d/map_files/%llx-%llx", pid, (unsigned long long)m->start,
			       (unsigned long long)m->end);
	/* O_PATH: what is mapped may be a device, and to open one is to use it. */
	_cleanup_(closep) int fd = open(path, O_PATH | O_CLOEXEC);

	*ret_there = fd >= 0;
	return path;
}

char *mapping_file(int pid, const struct mapping *m)
{
	bool there;
	char *path = map_file(pid, m, &there);
	int reader = there ? pid : process_reader(pid);

	if (reader != pid) {
		free(path);
		path = map_file(reader, m, &there);
	}
	if (there || m->path[0] != '/')
		return path;
	free(path);
	return xasprintf("/proc/%d/root%s", reader, m->path);
}

int file_state_read(const char *path, struct file_state *ret)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	ret->changed_ns = (uint64_t)st.st_ctim.tv_sec * NS_PER_SEC + (uint64_t)st.st_ctim.tv_nsec;
	ret->bytes = (uint64_t)st.st_size;
	ret->looked_ns = units_monotonic_ns();
	return 0;
}
