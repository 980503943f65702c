#include "cmd/compact.h"

#include "base/log.h"
#include "cmd/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHUNKS_LEAST = 16,	   /* fewer waste nothing */
	CHUNK_BYTES_MOST = 4 << 10, /* of a chunk on average: larger ones hold many records each */
	BYTES_MOST = 32 << 20,	   /* takes some seconds */
};

struct compact {
	char *path, *folder; /* without links */
	char *temporary;     /* beside it: only for a moment */
	struct stat old;
	int fd; /* the new file, without a name */
	struct options options;
	struct merge_files files;
};

static bool is_worth_it(const struct stat *st, uint64_t chunks)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1 && chunks >= CHUNKS_LEAST && st->st_size <= BYTES_MOST &&
	       (uint64_t)st->st_size / chunks <= CHUNK_BYTES_MOST;
}

static int begin(struct compact *c, const char *path, uint64_t chunks)
{
	char *copy;

	c->path = realpath(path, NULL);
	if (!c->path || stat(c->path, &c->old) || !is_worth_it(&c->old, chunks))
		return -ECANCELED;
	copy = xstrdup(c->path);
	c->folder = xstrdup(dirname(copy));
	free(copy);
	c->temporary = xasprintf("%s.%d.new", c->path, getpid());
	/* A name comes when all is written: whatever kills us before leaves nothing. */
	c->fd = open(c->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, c->old.st_mode & 0777);
	return c->fd < 0 ? -errno : 0;
}

/* Is all of it in the new file? */
static bool is_whole(const struct merge_files *f)
{
	const struct file_outcome *o = file_source_outcome(f->items[0].source);

	return !f->items[0].stream.err && !f->items[0].stream.contradiction && !o->problem[0] && !o->unknown_records &&
	       !o->unknown_chunks;
}

static int write_new(struct compact *c)
{
	struct sink *file = NULL;
	struct merge *m;
	int err;

	vec_push(&c->options.recordings, c->path);
	c->options.output = c->temporary;
	err = merge_files_open(&c->files, &c->options, NULL);
	if (!err)
		err = file_sink_new(fcntl(c->fd, F_DUPFD_CLOEXEC, 3), c->temporary, &c->files.header, &file, NULL);
	if (err)
		return err;
	file_sink_set_patient(file);
	m = merge_new(c->files.streams, c->files.nr);
	err = merge_files_write(m, file);
	merge_free(m);
	if (file_sink_close(file, NULL) || err)
		return -EIO;
	return is_whole(&c->files) ? 0 : -EBADMSG;
}

/* As it was for everybody who may look at it. */
static int make_alike(const struct compact *c)
{
	struct stat st;

	if (fstat(c->fd, &st) || st.st_size > c->old.st_size / 4 * 3)
		return -ECANCELED;
	if ((st.st_uid != c->old.st_uid || st.st_gid != c->old.st_gid) && fchown(c->fd, c->old.st_uid, c->old.st_gid))
		return -errno;
	if (fchmod(c->fd, c->old.st_mode & 07777))
		return -errno;
	/* Its bytes come before its name: a power cut must not leave a name without them. */
	return fsync(c->fd) ? -errno : 0;
}

/* The same file as before has that name, which is the new one's from now on. */
static int take_place(const struct compact *c)
{
	char descriptor[64];
	struct stat st;

	snprintf(descriptor, sizeof(descriptor), "/proc/self/fd/%d", c->fd);
	if (stat(c->path, &st) || st.st_ino != c->old.st_ino || st.st_dev != c->old.st_dev || st.st_size != c->old.st_size)
		return -ESTALE;
	if (linkat(AT_FDCWD, descriptor, AT_FDCWD, c->temporary, AT_SYMLINK_FOLLOW))
		return -errno;
	if (!rename(c->temporary, c->path))
		return 0;

	int err = -errno;

	unlink(c->temporary);
	return err;
}

void recording_compact(const char *path, uint64_t chunks)
{
	struct compact c = {.fd = -1};
	int err = begin(&c, path, chunks);

	if (!err)
		err = write_new(&c);
	if (!err)
		err = make_alike(&c);
	if (!err)
		err = take_place(&c);
	if (err && err != -ECANCELED)
		log_debug("'%s' stays as it was written: %s", path, strerror(-err));
	merge_files_release(&c.files);
	options_release(&c.options);
	if (c.fd >= 0)
		close(c.fd);
	free(c.path);
	free(c.folder);
	free(c.temporary);
}
