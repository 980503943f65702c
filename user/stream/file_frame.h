/* file_frame.h: what is compressed in a chunk. */
#ifndef STREAM_FILE_FRAME_H
#define STREAM_FILE_FRAME_H

#include <zstd.h>

#include "stream/file_chunk.h"

/* Frames are read one after the other, in the same memory. */
struct file_frames {
	ZSTD_DCtx *zstd;
	char *bytes;
	size_t cap;
};

/* False: there is no memory. */
bool file_frames_init(struct file_frames *frames);
void file_frames_release(struct file_frames *frames);

/*
 * What the frame in @c's payload holds, whose checksum was right: valid until the next call. Returns why it cannot be
 * read, NULL if it can.
 */
const char *file_frame_read(struct file_frames *frames, const struct file_chunk *c, struct file_bytes *ret);

#endif
