#include "stream/file_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/str.h"
#include "stream/file.h"
#include "stream/file_format.h"
#include "stream/file_join.h"

struct part {
	char *path;
	uint64_t bytes, begin_ns;
};

struct file_ring {
	struct file_room room;
	struct file_ring_options o;
	char *path;
	VEC(struct part) parts; /* complete, the oldest first */
	uint64_t last_number;	/* of a part's name */
	struct sink *sink;	/* of the one that is written to; NULL: none */
	uint64_t begin_ns;	/* of it */
	uint64_t begin_bytes;	/* before its first record */
	uint64_t part_bytes;	/* that a part may have, if it does not begin with more */
	uint64_t now_ns;	/* as last told */
	bool empty;		/* no record was put since it began */
	bool disk_full, too_small;
	int error;
	struct diag why;
};

/* Puts @text into quotes, escaped. */
static void add_quoted(struct str *s, const char *text)
{
	str_add_char(s, '\'');
	str_add_escaped(s, text);
	str_add_char(s, '\'');
}

static _printf_(3, 4) int failed(struct file_ring *r, int err, const char *format, ...)
{
	va_list args;

	if (r->error)
		return err;
	r->error = err;
	if (r->why.text[0])
		return err;
	va_start(args, format);
	vsnprintf(r->why.text, sizeof(r->why.text), format, args);
	va_end(args);
	return err;
}

/* ---- what is there already ---- */

static int clear_left(const char *path, bool force, struct diag *d)
{
	_cleanup_(file_ring_paths_release) file_ring_paths left = {};
	_cleanup_(str_release) struct str quoted = {};
	int err = file_ring_find_left(path, &left);

	add_quoted(&quoted, err || !left.nr ? path : left.items[0]);
	if (err)
		return diag_errno(d, err, "cannot record to %s", str_text(&quoted));
	if (left.nr && !force) {
		diag_set(d, -EEXIST, "cannot record to a ring: %s is left of one that was not ended", str_text(&quoted));
		diag_hint(d, "`pooltrace merge %s -o OUT` makes one recording of all that is left; -f removes it", path);
		return -EEXIST;
	}
	for (size_t i = 0; i < left.nr; i++)
		if (unlink(left.items[i]) && errno != ENOENT)
			return diag_errno(d, -errno, "cannot remove '%s'", left.items[i]);
	return 0;
}

/* A ring makes files and removes them: it takes nothing that is something else. */
static int clear_place(const char *path, bool force, struct diag *d)
{
	_cleanup_(str_release) struct str quoted = {};
	struct stat st;

	add_quoted(&quoted, path);
	if (!lstat(path, &st)) {
		if (!S_ISREG(st.st_mode)) {
			diag_set(d, -EINVAL, "cannot record to a ring at %s: it is no plain file", str_text(&quoted));
			diag_hint(d, "a ring has several files, the names of which begin with this one");
			return -EINVAL;
		}
		if (force && unlink(path))
			return diag_errno(d, -errno, "cannot record to %s", str_text(&quoted));
	}
	return clear_left(path, force, d);
}

/* ---- parts ---- */

static bool drop_oldest(struct file_ring *r)
{
	struct part *oldest = r->parts.items;

	if (!r->parts.nr)
		return false;
	unlink(oldest->path);
	free(oldest->path);
	r->parts.nr--;
	memmove(oldest, oldest + 1, r->parts.nr * sizeof(*oldest));
	return true;
}

/* When what is held would begin without the oldest part. */
static uint64_t next_begin_ns(const struct file_ring *r)
{
	return r->parts.nr > 1 ? r->parts.items[1].begin_ns : r->begin_ns;
}

static bool is_covered(const struct file_ring *r)
{
	return r->now_ns >= r->o.span_ns && next_begin_ns(r) <= r->now_ns - r->o.span_ns;
}

/* With @bytes in the part that is written to: all parts, and the one that is there twice while they are joined. */
static uint64_t needed_bytes(const struct file_ring *r, uint64_t bytes)
{
	uint64_t sum = bytes, largest = r->parts.nr ? bytes : 0;

	for (size_t i = 0; i < r->parts.nr; i++) {
		sum += r->parts.items[i].bytes;
		if (i && r->parts.items[i].bytes > largest)
			largest = r->parts.items[i].bytes;
	}
	return sum + largest;
}

static int ask(struct file_room *room, uint64_t bytes, bool full)
{
	struct file_ring *r = (struct file_ring *)room;

	if (full) {
		r->disk_full = true;
		return drop_oldest(r) ? 0 : -ENOSPC;
	}
	while (r->o.bytes && needed_bytes(r, bytes) > r->o.bytes) {
		r->too_small |= r->parts.nr && r->o.span_ns && !is_covered(r);
		if (!drop_oldest(r))
			return -EFBIG;
	}
	return 0;
}

static uint64_t part_limit(const struct file_ring *r)
{
	/* What a part begins with must not be most of it. */
	return r->part_bytes < 2 * r->begin_bytes ? 2 * r->begin_bytes : r->part_bytes;
}

static int open_part(struct file_ring *r)
{
	const struct file_sink_options o = {};
	struct diag d = {};
	int err;

	for (;;) {
		err = file_sink_open(r->path, &o, &r->sink, &d);
		if (err != -ENOSPC && err != -EDQUOT)
			break;
		unlink(r->path);
		if (ask(&r->room, 0, true))
			break;
	}
	if (err) {
		r->sink = NULL;
		r->why = d;
		return failed(r, err, "cannot record to '%s'", r->path);
	}
	file_sink_set_room(r->sink, &r->room);
	r->begin_ns = r->now_ns;
	r->begin_bytes = file_sink_bytes(r->sink);
	r->empty = true;
	return 0;
}

/* The part that was written to gets a name of its own. */
static int name_part(struct file_ring *r, uint64_t bytes)
{
	for (;;) {
		char *path = xasprintf("%s.%llu", r->path, (unsigned long long)++r->last_number);
		int err = 0;

		if (renameat2(AT_FDCWD, r->path, AT_FDCWD, path, RENAME_NOREPLACE))
			err = -errno;
		/* Some file systems cannot say whether there is one. */
		if (err == -EINVAL || err == -ENOSYS)
			err = !access(path, F_OK) ? -EEXIST : rename(r->path, path) ? -errno : 0;
		if (!err) {
			vec_push(&r->parts, ((struct part){path, bytes, r->begin_ns}));
			return 0;
		}
		free(path);
		if (err != -EEXIST)
			return failed(r, err, "cannot rename '%s': %s", r->path, strerror(-err));
	}
}

static int complete_part(struct file_ring *r)
{
	struct stat st = {};
	struct diag d = {};
	int err = file_sink_close(r->sink, &d);

	r->sink = NULL;
	if (err) {
		r->why = d;
		return failed(r, err, "cannot write '%s'", r->path);
	}
	if (stat(r->path, &st))
		return failed(r, -errno, "cannot record to '%s': %s", r->path, strerror(errno));
	return name_part(r, (uint64_t)st.st_size);
}

/* Without a size it is the disk that limits the ring: when that is full there must be parts that can be removed. */
static uint64_t choose_part_bytes(const struct file_ring *r)
{
	struct statvfs s;

	if (r->o.bytes)
		return r->o.bytes / FILE_RING_PARTS;
	return statvfs(r->path, &s) ? UINT64_MAX / 2 : (uint64_t)s.f_bavail * s.f_frsize / (2 * FILE_RING_PARTS);
}

int file_ring_open(const char *path, const struct file_ring_options *o, uint64_t now_ns, struct file_ring **ret, struct diag *d)
{
	struct file_ring *r = xcalloc(1, sizeof(*r));
	int err;

	r->room.ask = ask;
	r->o = *o;
	r->path = xstrdup(path);
	r->now_ns = now_ns;
	err = clear_place(path, o->force, d);
	if (!err) {
		err = open_part(r);
		if (err && d)
			*d = r->why;
		r->part_bytes = choose_part_bytes(r);
	}
	if (err) {
		file_ring_free(r);
		return err;
	}
	*ret = r;
	return 0;
}

struct sink *file_ring_part(const struct file_ring *r)
{
	return r->sink;
}

static int remember(struct file_ring *r, int err)
{
	if (err == -EFBIG && !r->error) {
		diag_hint(&r->why, "a larger size for --ring");
		return failed(r, err, "the ring is too small: each of its parts begins with all that is allocated, which has no room");
	}
	return err ? failed(r, err, "cannot write the recording '%s': %s", r->path, strerror(-err)) : 0;
}

int file_ring_put(struct file_ring *r, const struct record *record)
{
	int err;

	if (!r->sink)
		return 0;
	r->empty = false;
	err = sink_put(r->sink, record);
	/* So that a part does not become much larger than it should. */
	if (!err && file_sink_bound(r->sink, NULL) >= part_limit(r))
		err = file_sink_flush(r->sink);
	return remember(r, err);
}

int file_ring_idle(struct file_ring *r)
{
	return r->sink ? remember(r, sink_idle(r->sink)) : 0;
}

bool file_ring_due(struct file_ring *r, uint64_t now_ns)
{
	uint64_t limit = part_limit(r);

	r->now_ns = now_ns;
	if (!r->sink || r->empty)
		return false;
	return (r->o.span_ns && now_ns - r->begin_ns >= r->o.span_ns / FILE_RING_PARTS) ||
	       file_sink_bytes(r->sink) >= limit - limit / 16;
}

static int begin_part(struct file_ring *r, int (*put_all)(void *context, struct sink *to), void *context)
{
	int err = open_part(r);

	if (err)
		return err;
	err = file_sink_checkpoint(r->sink, put_all, context);
	r->begin_bytes = file_sink_bytes(r->sink);
	return remember(r, err);
}

int file_ring_turn(struct file_ring *r, uint64_t now_ns, int (*put_all)(void *context, struct sink *to), void *context)
{
	int err;

	r->now_ns = now_ns;
	if (!r->sink)
		return 0;
	err = complete_part(r);
	if (!err)
		err = begin_part(r, put_all, context);
	while (!err && r->o.span_ns && r->parts.nr && is_covered(r))
		drop_oldest(r);
	return err;
}

struct file_ring_state file_ring_state(const struct file_ring *r, uint64_t now_ns)
{
	struct file_ring_state s = {.disk_full = r->disk_full, .too_small = r->too_small};

	s.bytes = r->sink ? file_sink_bytes(r->sink) : 0;
	for (size_t i = 0; i < r->parts.nr; i++)
		s.bytes += r->parts.items[i].bytes;
	s.held_ns = now_ns - (r->parts.nr ? r->parts.items[0].begin_ns : r->begin_ns);
	return s;
}

int file_ring_open_parts(const struct file_ring *r, file_ring_fds *ret, struct diag *d)
{
	for (size_t i = 0; i < r->parts.nr; i++) {
		int fd = open(r->parts.items[i].path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

		if (fd < 0)
			return diag_errno(d, -errno, "cannot open '%s'", r->parts.items[i].path);
		vec_push(ret, fd);
	}
	return 0;
}

/* ---- the end ---- */

int file_ring_end(struct file_ring *r, struct diag *d)
{
	struct diag why = {};
	int err = file_sink_close(r->sink, &why);

	r->sink = NULL;
	if (err && !r->error) {
		r->error = err;
		r->why = why;
	}
	if (r->error && d)
		*d = r->why;
	return r->error;
}

static int append(struct file_join *j, int out, const char *path, struct diag *d)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int err;

	if (fd < 0)
		return errno == ENOENT ? 0 : diag_errno(d, -errno, "cannot open '%s'", path);
	err = file_join_add(j, fd, path, d);
	/* It is removed when nothing can take away its copy. */
	if (!err && fdatasync(out))
		err = diag_errno(d, -errno, "cannot write '%s'", path);
	if (!err && unlink(path))
		err = diag_errno(d, -errno, "cannot remove '%s'", path);
	return err;
}

static int join_all(struct file_ring *r, struct diag *d)
{
	const char *first = r->parts.items[0].path;
	int out = open(first, O_RDWR | O_CLOEXEC | O_NOCTTY), err, end_err;
	struct file_join *j = NULL;

	if (out < 0)
		return diag_errno(d, -errno, "cannot open '%s'", first);
	err = file_join_new(out, first, &j, d);
	for (size_t i = 1; i < r->parts.nr && !err; i++)
		err = append(j, out, r->parts.items[i].path, d);
	if (!err)
		err = append(j, out, r->path, d);
	/* Also when not all could be joined: what was is whole. */
	end_err = file_join_end(j, err ? NULL : d);
	if (!err)
		err = end_err;
	if (!err && rename(first, r->path))
		err = diag_errno(d, -errno, "cannot rename '%s'", first);
	return err;
}

int file_ring_join(struct file_ring *r, struct diag *d)
{
	struct diag why = {};
	int err = r->parts.nr ? join_all(r, &why) : 0;

	if (!err || !d)
		return err;
	*d = why;
	diag_hint(d, "the parts of the recording were not joined: '%s' and those with higher numbers, then '%s'; each can be read",
		  r->parts.items[0].path, r->path);
	return err;
}

void file_ring_free(struct file_ring *r)
{
	if (!r)
		return;
	if (r->sink)
		file_sink_close(r->sink, NULL);
	for (size_t i = 0; i < r->parts.nr; i++)
		free(r->parts.items[i].path);
	vec_release(&r->parts);
	free(r->path);
	free(r);
}
