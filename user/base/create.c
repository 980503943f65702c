#include "base/create.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLAGS = O_WRONLY | O_CLOEXEC | O_NOCTTY };

/* What is there already is written to if nothing is lost by that: a pipe, a device. */
static int open_existing(const char *path)
{
	int fd = open(path, FLAGS);
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

int create_file(const char *path, bool force)
{
	int fd;

	/* Without O_CREAT: with it, root may not open a user's file in /tmp (fs.protected_regular). */
	if (force) {
		fd = open(path, FLAGS | O_TRUNC);
		if (fd >= 0 || errno != ENOENT)
			return fd < 0 ? -errno : fd;
	}
	fd = open(path, FLAGS | O_CREAT | O_EXCL, 0644);
	if (fd < 0 && errno == EEXIST)
		return open_existing(path);
	return fd < 0 ? -errno : fd;
}
