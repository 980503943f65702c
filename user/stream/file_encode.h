/* file_encode.h: the records of one chunk, collected as columns. */
#ifndef STREAM_FILE_ENCODE_H
#define STREAM_FILE_ENCODE_H

#include "base/str.h"
#include "base/vec.h"
#include "stream/record.h"

struct file_encoder; /* opaque */

struct file_encoder *file_encoder_new(void);
void file_encoder_free(struct file_encoder *e);

/* Add a record; its texts are copied. */
void file_encoder_add(struct file_encoder *e, const struct record *r);

struct file_encoded {
	size_t nr;	       /* records */
	size_t bytes;	       /* about as many before compression */
	bool full;	       /* no more shapes: to be taken now */
	uint64_t first_ns, last_ns; /* time of the first and the last one that has one, 0 if none has */
};

/* What was added since the last take. */
struct file_encoded file_encoder_state(const struct file_encoder *e);

/*
 * Put what a chunk's frame holds into @parts, one after the other: bytes that are alike are in one part, so that each
 * can be compressed for itself. The encoder is empty after it. @parts hold @ret_nr ends of parts in @bytes.
 */
typedef VEC(size_t) file_part_ends;
void file_encoder_take(struct file_encoder *e, struct str *bytes, file_part_ends *ends);

#endif
