/* Where a recording goes: a new file, one that may be overwritten, a pipe, standard output. */
#include "stream/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/create.h"
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
	int fd = is_stdout ? open_stdout() : create_file(path, options->force);
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
