/* Bytes of a file or pipe, in order, in a buffer that grows with what has arrived, never with a promise. */
#ifndef STREAM_FILE_INPUT_H
#define STREAM_FILE_INPUT_H

#include "base/util.h"

struct file_input {
	int fd;
	char *buffer;
	size_t start, end, cap; /* bytes that are read and not yet skipped */
	uint64_t offset;	/* in the file, of the byte at `start` */
	bool at_end;
};

/* Takes @fd; release closes it. */
void file_input_init(struct file_input *in, int fd);
void file_input_release(struct file_input *in);

/* Wait until @len bytes are there, or the end. Returns 0 (file_input_len() may be less than @len) or -errno. */
int file_input_want(struct file_input *in, size_t len);

static inline size_t file_input_len(const struct file_input *in)
{
	return in->end - in->start;
}

/* The bytes, valid until the next file_input_want(). They may be changed. */
static inline char *file_input_bytes(const struct file_input *in)
{
	return in->buffer + in->start;
}

/* Go on behind @len bytes that are there. */
void file_input_skip(struct file_input *in, size_t len);

#endif
