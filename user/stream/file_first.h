/*
 * file_first.h: records of recordings of the first format, one behind the other, in the numbers of their schema. We
 * read them, and write them no more.
 */
#ifndef STREAM_FILE_FIRST_H
#define STREAM_FILE_FIRST_H

#include "stream/file_format.h"

/* Where a chunk's records are read. */
struct file_first {
	const struct file_schema *schema;
	uint64_t last[FILE_FIELDS_MAX]; /* values of DELTA fields in the chunk, by number of the field in the file */
	struct file_bytes bytes;
};

/*
 * Read a record. Its texts lie in @reader->bytes, which are changed. @ret->kind is RECORD_NONE if the kind
 * is not known here. Returns -EBADMSG and in @ret_why the reason.
 */
int file_first_next(struct file_first *reader, struct record *ret, const char **ret_why);

#endif
