/*
 * Bytes of a file or pipe, in order, in a buffer that grows with what is there, never with a promise. While nothing is
 * there it waits, if more can come: from a pipe, or in a file that grows.
 */
#ifndef STREAM_FILE_INPUT_H
#define STREAM_FILE_INPUT_H

#include "stream/record.h"

struct file_input {
	int fd;
	bool plain;	   /* a file, with a size, in which one can go to a place */
	bool follow;	   /* a plain file's end is not the end */
	int stop_fd;	   /* readable: nothing more is waited for; -1: none */
	struct sink *idle; /* its idle() is called while we wait; NULL: none */
	char *buffer;
	size_t start, end, cap; /* bytes that are read and not yet skipped */
	uint64_t offset;	/* of the byte at `start`, from where the file was when it was given to us */
	uint64_t origin;	/* which was here */
	bool at_end;
	bool stopped; /* at_end is not the end: stop_fd was readable */
	bool shorter; /* the file has become shorter than what was read of it */
	bool refused; /* the error that want() returned is the one of idle() */
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

/* Of a plain file: go to @offset, wherever that is. Returns 0 or -errno. */
int file_input_seek(struct file_input *in, uint64_t offset);
/* Of a plain file: @len bytes at @offset, without going there. False if they are not there. */
bool file_input_peek(const struct file_input *in, uint64_t offset, void *ret, size_t len);
/* Of a plain file: its size now, 0 if it is not known. */
uint64_t file_input_size(const struct file_input *in);

#endif
