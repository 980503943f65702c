#include "cmd/export_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/create.h"
#include "base/plain_file.h"

int export_file_open(struct export_file *f, struct output *out, const char *path, const char *source, bool force, struct diag *d)
{
	int fd;

	if (!path || !strcmp(path, "-"))
		return 0;
	if (same_plain_file(path, source)) {
		diag_set(d, -EEXIST, "'%s' is the recording that is exported", path);
		diag_hint(d, "name another file");
		return -EEXIST;
	}
	fd = create_file(path, force);
	if (fd < 0) {
		diag_errno(d, fd, "cannot write to '%s'", path);
		diag_hint(d, fd == -EEXIST ? "-f overwrites it" : "-o FILE names a file that can be written");
		return fd;
	}
	*f = (struct export_file){.name = xasprintf("'%s'", path), .path = path, .fd = fd};
	out->fd = fd;
	out->terminal = false;
	out->name = f->name;
	return 0;
}

void export_file_close(struct export_file *f, struct output *out, bool keep)
{
	if (f->fd < 0)
		return;
	/* A network's file system may say only now that there is no room. Linux has closed it even on EINTR. */
	if (close(f->fd) && errno != EINTR && !out->err)
		out->err = -errno;
	f->fd = -1;
	if (out->err || !keep)
		remove_plain_file(f->path);
}

void export_file_release(struct export_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->name);
	*f = (struct export_file){.fd = -1};
}
