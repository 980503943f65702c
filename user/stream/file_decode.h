/* file_decode.h: a chunk's columns as records again. Everything in them may be wrong. */
#ifndef STREAM_FILE_DECODE_H
#define STREAM_FILE_DECODE_H

#include "stream/file_format.h"

struct file_decoder; /* opaque */

struct file_decoder *file_decoder_new(void);
void file_decoder_free(struct file_decoder *d);

/*
 * Begin with a chunk's content, which has @nr records, as its header says. @schema must outlive it; @bytes are used
 * until the next load. -EBADMSG, and the reason in @ret_why, when it is malformed.
 */
int file_decoder_load(struct file_decoder *d, const struct file_schema *schema, struct file_bytes bytes, uint32_t nr,
		      const char **ret_why);

/*
 * The next record, valid until the next call; NULL at the end. Its kind is RECORD_NONE if that is not known here.
 * -EBADMSG, and the reason in @ret_why: no more can be read from this chunk.
 */
int file_decoder_next(struct file_decoder *d, const struct record **ret, const char **ret_why);

#endif
