#include "stream/file_input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_BYTES = 64 << 10,
	WAIT_MS = 100, /* so often a file that grows is looked at, and who waits is told */
};

void file_input_init(struct file_input *in, int fd)
{
	off_t origin = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	*in = (struct file_input){.fd = fd, .stop_fd = -1};
	in->plain = origin >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode);
	in->origin = in->plain ? (uint64_t)origin : 0;
	in->cap = READ_BYTES;
	in->buffer = xmalloc(in->cap);
}

void file_input_release(struct file_input *in)
{
	closep(&in->fd);
	free(in->buffer);
	*in = (struct file_input){.fd = -1};
}

uint64_t file_input_size(const struct file_input *in)
{
	struct stat st;

	return fstat(in->fd, &st) || (uint64_t)st.st_size < in->origin ? 0 : (uint64_t)st.st_size - in->origin;
}

/* How large the buffer may be on the way to @len bytes: as a file has bytes left, or twice what a pipe has sent. */
static size_t room_for(const struct file_input *in, size_t len)
{
	uint64_t size = in->plain ? file_input_size(in) : 0;
	size_t most = size > in->offset ? (size_t)(size - in->offset) : in->cap * 2;

	return len < most ? len : most;
}

/* Room behind the bytes that are there, on the way to @len. */
static void make_room(struct file_input *in, size_t len)
{
	size_t room;

	if (in->end < in->cap && in->cap - in->start >= len)
		return;
	if (in->start) {
		memmove(in->buffer, in->buffer + in->start, in->end - in->start);
		in->end -= in->start;
		in->start = 0;
	}
	room = in->end < in->cap ? in->cap : room_for(in, len);
	if (room > in->cap) {
		in->cap = room;
		in->buffer = xreallocarray(in->buffer, room, 1);
	}
}

static int tell_idle(struct file_input *in)
{
	int err = in->idle ? sink_idle(in->idle) : 0;

	in->refused = err;
	return err;
}

/* Wait until there is something to read, at most so long that it is time to tell who waits. */
static int wait_readable(struct file_input *in, bool *ret_ready)
{
	struct pollfd p[] = {{.fd = in->plain ? -1 : in->fd, .events = POLLIN}, {.fd = in->stop_fd, .events = POLLIN}};
	int n = poll(p, 2, WAIT_MS);

	*ret_ready = false;
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[1].revents) {
		in->stopped = in->at_end = true;
		return 0;
	}
	*ret_ready = n > 0;
	return n ? 0 : tell_idle(in);
}

/* At the end of a file that grows. */
static int wait_growth(struct file_input *in)
{
	bool ready;

	if (file_input_size(in) < in->offset + file_input_len(in)) {
		in->shorter = in->at_end = true;
		return 0;
	}
	return wait_readable(in, &ready);
}

static int read_some(struct file_input *in)
{
	ssize_t n = read(in->fd, in->buffer + in->end, in->cap - in->end);

	if (n > 0) {
		in->end += (size_t)n;
		return 0;
	}
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (in->plain && in->follow)
		return wait_growth(in);
	in->at_end = true;
	return 0;
}

int file_input_want(struct file_input *in, size_t len)
{
	int err = 0;

	while (file_input_len(in) < len && !in->at_end && !err) {
		bool ready = in->plain;

		if (!ready)
			err = wait_readable(in, &ready);
		if (!ready || err)
			continue;
		make_room(in, len);
		err = read_some(in);
	}
	return err;
}

void file_input_skip(struct file_input *in, size_t len)
{
	BUG_ON(len > file_input_len(in));
	in->start += len;
	in->offset += len;
}

int file_input_seek(struct file_input *in, uint64_t offset)
{
	if (lseek(in->fd, (off_t)(in->origin + offset), SEEK_SET) < 0)
		return -errno;
	in->start = in->end = 0;
	in->offset = offset;
	in->at_end = in->stopped = in->shorter = false;
	return 0;
}

bool file_input_peek(const struct file_input *in, uint64_t offset, void *ret, size_t len)
{
	char *p = ret;

	while (len) {
		ssize_t n = pread(in->fd, p, len, (off_t)(in->origin + offset));

		if (n <= 0 && !(n < 0 && errno == EINTR))
			return false;
		if (n < 0)
			continue;
		p += n;
		offset += (size_t)n;
		len -= (size_t)n;
	}
	return true;
}
