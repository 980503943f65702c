#include "stream/file_input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10 };

void file_input_init(struct file_input *in, int fd)
{
	*in = (struct file_input){.fd = fd};
	in->cap = READ_BYTES;
	in->buffer = xmalloc(in->cap);
}

void file_input_release(struct file_input *in)
{
	closep(&in->fd);
	free(in->buffer);
	*in = (struct file_input){.fd = -1};
}

/* Room behind the bytes that are there: as many again at most, so that a length that lies costs nothing. */
static void make_room(struct file_input *in)
{
	if (in->end < in->cap)
		return;
	if (in->start) {
		memmove(in->buffer, in->buffer + in->start, in->end - in->start);
		in->end -= in->start;
		in->start = 0;
	}
	if (in->end > in->cap / 2) {
		in->cap *= 2;
		in->buffer = xreallocarray(in->buffer, in->cap, 1);
	}
}

static int wait_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

int file_input_want(struct file_input *in, size_t len)
{
	while (file_input_len(in) < len && !in->at_end) {
		int err = 0;
		ssize_t n;

		make_room(in);
		n = read(in->fd, in->buffer + in->end, in->cap - in->end);
		if (n > 0)
			in->end += (size_t)n;
		else if (!n)
			in->at_end = true;
		else if (errno == EAGAIN)
			err = wait_readable(in->fd);
		else if (errno != EINTR)
			err = -errno;
		if (err)
			return err;
	}
	return 0;
}

void file_input_skip(struct file_input *in, size_t len)
{
	BUG_ON(len > file_input_len(in));
	in->start += len;
	in->offset += len;
}
