/* Recordings written and read back by the tests of stream/file.h. */
#ifndef TESTS_READING_H
#define TESTS_READING_H

#include "random_records.h"

#include <unistd.h>

#include "base/str.h"
#include "recording.h"
#include "stream/file.h"
#include "stream/text.h"

static const struct file_header header = {"1.2.3", "host", "6.1", 1795348800000000000, 12345};

static inline struct sink *sink_of(int fd)
{
	struct sink *sink = NULL;

	assert_int_equal(file_sink_new(fd, "x.pt", &header, &sink, NULL), 0);
	return sink;
}

/* Record a text; the recording's bytes in @ret. */
static inline void record_text_lines(struct str *ret, const char *text)
{
	struct source *source = text_source_new(text, strlen(text));
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));

	assert_int_equal(source->run(source, sink), 0);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	source->free(source);
	lseek(fd, 0, SEEK_SET);
	add_fd(ret, fd);
	close(fd);
}

/* Read the recording in @fd as text. */
static inline int read_text_lines(int fd, struct str *ret, struct file_outcome *ret_outcome)
{
	struct source *source = NULL;
	struct text_sink sink;
	int err;

	text_sink_init(&sink, ret);
	assert_int_equal(file_source_new(fd, "x.pt", NULL, &source, NULL), 0);
	err = source->run(source, &sink.sink);
	*ret_outcome = *file_source_outcome(source);
	source->free(source);
	return err;
}

/* What reading some bytes gave. */
struct reading {
	int open_err, run_err;
	struct diag d;
	struct file_outcome outcome;
	struct str lines;
};

static inline void reading_release(struct reading *r)
{
	str_release(&r->lines);
}

static inline struct reading read_bytes(const void *bytes, size_t len)
{
	struct reading r = {};
	struct source *source = NULL;
	struct text_sink sink;

	text_sink_init(&sink, &r.lines);
	r.open_err = file_source_new(bytes_fd(bytes, len), "x.pt", NULL, &source, &r.d);
	if (r.open_err) {
		assert_null(source);
		assert_true(r.d.text[0]);
		return r;
	}
	r.run_err = source->run(source, &sink.sink);
	r.outcome = *file_source_outcome(source);
	source->free(source);
	return r;
}

/*
 * Frames that deceive: @refused asserts that a chunk is refused, and why, and that what stands beside it is read. @good: what a
 * right frame holds.
 */
static inline void assert_frames_refused(void (*refused)(uint32_t type, const void *payload, size_t len, const char *why),
					 const void *good, size_t good_len)
{
	char frame[64], two[128], zeros[512] = "";
	size_t len = ZSTD_compress(frame, sizeof(frame), good, good_len, 1);
	size_t bound = ZSTD_compressBound((64 << 20) + 1);
	char *bomb = xcalloc((64 << 20) + 1, 1), *small = xmalloc(bound);

	memcpy(two, frame, len);
	memcpy(two + len, frame, len);
	refused(2, zeros, sizeof(zeros), "it is not a zstd frame with a size");
	refused(2, NULL, 0, "it is not a zstd frame with a size");
	refused(2, two, 2 * len, "it is not one zstd frame");
	refused(2, frame, len - 1, "it is not one zstd frame");
	refused(2, small, ZSTD_compress(small, bound, bomb, (64 << 20) + 1, 1), "it would be more than 64 MiB");
	free(bomb);
	free(small);
}

#endif
