#include "stream/file_frame.h"

#include <stdlib.h>

bool file_frames_init(struct file_frames *frames)
{
	*frames = (struct file_frames){.zstd = ZSTD_createDCtx()};
	return frames->zstd;
}

void file_frames_release(struct file_frames *frames)
{
	ZSTD_freeDCtx(frames->zstd);
	free(frames->bytes);
	*frames = (struct file_frames){};
}

const char *file_frame_read(struct file_frames *frames, const struct file_chunk *c, struct file_bytes *ret)
{
	unsigned long long size = ZSTD_getFrameContentSize(c->payload, c->len);
	size_t len;

	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
		return "it is not a zstd frame with a size";
	if (size > FILE_FRAME_MAX)
		return "it would be more than 64 MiB";
	if (ZSTD_findFrameCompressedSize(c->payload, c->len) != c->len)
		return "it is not one zstd frame";
	if (frames->cap < size) {
		frames->cap = size;
		frames->bytes = xreallocarray(frames->bytes, size, 1);
	}
	len = ZSTD_decompressDCtx(frames->zstd, frames->bytes, size, c->payload, c->len);
	if (len != size)
		return "its zstd frame is malformed";
	*ret = (struct file_bytes){frames->bytes, frames->bytes ? frames->bytes + len : NULL};
	return NULL;
}
