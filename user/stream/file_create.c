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

#define SEPARATOR ", "
#define MORE "..."

static bool has_name(const char *names, const char *name, size_t len)
{
	for (; *names; names += *names ? sizeof(SEPARATOR) - 1 : 0) {
		const char *end = strstr(names, SEPARATOR);
		size_t n = end ? (size_t)(end - names) : strlen(names);

		if (n == len && !strncmp(names, name, len))
			return true;
		names += n;
	}
	return false;
}

/* Add those of @more that @names, of @size bytes, do not have. */
static void join_names(char *names, size_t size, const char *more)
{
	const size_t reserve = sizeof(SEPARATOR MORE);

	while (*more) {
		const char *end = strstr(more, SEPARATOR), *separator = *names ? SEPARATOR : "";
		size_t len = end ? (size_t)(end - more) : strlen(more), used = strlen(names);

		if (!has_name(names, more, len) && !has_name(names, MORE, sizeof(MORE) - 1)) {
			bool fits = used + strlen(separator) + len + reserve <= size;

			snprintf(names + used, size - used, "%s%.*s", separator, fits ? (int)len : (int)sizeof(MORE) - 1,
				 fits ? more : MORE);
		}
		more += len + (end ? sizeof(SEPARATOR) - 1 : 0);
	}
}

void file_header_add_hosts(struct file_header *header, const struct file_header *more)
{
	join_names(header->host, sizeof(header->host), more->host);
	join_names(header->kernel, sizeof(header->kernel), more->kernel);
}

bool file_header_has_hosts(const struct file_header *header)
{
	return strstr(header->host, SEPARATOR);
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
		int err;

		file_header_now(&header);
		err = file_sink_new(fd, is_stdout ? "standard output" : path, options->header ? options->header : &header, ret, d);
		if (!err && options->patient)
			file_sink_set_patient(*ret);
		return err;
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
