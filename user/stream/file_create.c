/* Where a recording goes: a new file, one that may be overwritten, a pipe, standard output. */
#include "stream/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/units.h"

void file_header_now(struct file_header *ret)
{
	struct utsname names = {};

	*ret = (struct file_header){.wall_ns = units_wall_ns(), .monotonic_ns = units_monotonic_ns()};
	uname(&names);
	snprintf(ret->tool, sizeof(ret->tool), "%s", POOLTRACE_VERSION);
	snprintf(ret->host, sizeof(ret->host), "%s", names.nodename);
	snprintf(ret->kernel, sizeof(ret->kernel), "%s", names.release);
}

/* What is there already is written to if nothing is lost by that: a pipe, a device. */
static int open_existing(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (S_ISREG(st.st_mode))
		err = -EEXIST;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int open_path(const char *path, bool force)
{
	int fd;

	/* Without O_CREAT: with it, root may not open a user's file in /tmp (fs.protected_regular). */
	if (force) {
		fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
		if (fd >= 0 || errno != ENOENT)
			return fd < 0 ? -errno : fd;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0 && errno == EEXIST)
		return open_existing(path);
	return fd < 0 ? -errno : fd;
}

static int open_stdout(void)
{
	int fd;

	if (isatty(STDOUT_FILENO))
		return -ENOTSUP;
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? -errno : fd;
}

int file_sink_open(const char *path, const struct file_sink_options *options, struct sink **ret, struct diag *d)
{
	bool is_stdout = options->allow_stdout && !strcmp(path, "-");
	int fd = is_stdout ? open_stdout() : open_path(path, options->force);
	_cleanup_(str_release) struct str name = {};
	struct file_header header;

	if (fd >= 0) {
		file_header_now(&header);
		return file_sink_new(fd, is_stdout ? "standard output" : path, &header, ret, d);
	}
	if (is_stdout && fd == -ENOTSUP) {
		diag_set(d, fd, "cannot record to a terminal");
		diag_hint(d, "name a file, or send standard output to one");
		return fd;
	}
	str_add_escaped(&name, path);
	diag_errno(d, fd, "cannot record to '%s'", str_text(&name));
	if (fd == -EEXIST)
		diag_hint(d, "-f overwrites it");
	return fd;
}
