/*
 * Recordings made by hand, from docs/recording-format.md and not with the code that is tested: bytes with
 * right checksums around contents that may be wrong. And how a test reads and writes bytes as files.
 */
#ifndef TESTS_RECORDING_H
#define TESTS_RECORDING_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include "base/str.h"

static inline void add_le(struct str *s, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		str_add_char(s, (char)(value >> 8 * i));
}

static inline void add_varint(struct str *s, uint64_t value)
{
	for (; value > 127; value >>= 7)
		str_add_char(s, (char)(value % 128 + 128));
	str_add_char(s, (char)value);
}

static inline void add_text(struct str *s, const char *text)
{
	add_varint(s, strlen(text));
	str_add(s, text);
}

static inline void add_header(struct str *s, uint32_t version, uint32_t oldest_reader, const char *tool)
{
	size_t begin = s->len;

	str_add(s, "POOLTRACE\n");
	add_le(s, version, 4);
	add_le(s, oldest_reader, 4);
	add_le(s, 38 + 2 + strlen(tool) + 2 + 4 + 2 + 3 + 8, 4);
	add_le(s, 1795348800000000000, 8);
	add_le(s, 12345, 8);
	add_le(s, strlen(tool), 2);
	str_add(s, tool);
	add_le(s, 4, 2);
	str_add(s, "host");
	add_le(s, 3, 2);
	str_add(s, "6.1");
	add_le(s, XXH3_64bits(s->p + begin, s->len - begin), 8);
}

/* What a chunk's header says. */
struct says {
	uint32_t type, records;
	uint64_t time_ns;
};

static inline void add_chunk(struct str *s, struct says says, const void *payload, size_t len)
{
	size_t begin = s->len;

	str_add_bytes(s, "\x89PTC", 4);
	add_le(s, says.type, 4);
	add_le(s, len, 4);
	add_le(s, says.records, 4);
	add_le(s, says.time_ns, 8);
	add_le(s, XXH3_64bits(payload, len), 8);
	add_le(s, XXH3_64bits(s->p + begin, 32), 4);
	str_add_bytes(s, payload, len);
}

static inline void add_frame_chunk(struct str *s, struct says says, const void *content, size_t len)
{
	size_t bound = ZSTD_compressBound(len);
	void *frame = xmalloc(bound);

	add_chunk(s, says, frame, ZSTD_compress(frame, bound, content, len, 3));
	free(frame);
}

static inline void add_end_chunk(struct str *s, uint64_t nr_records, uint64_t index_at)
{
	struct str payload = {};

	add_le(&payload, nr_records, 8);
	add_le(&payload, index_at, 8);
	add_chunk(s, (struct says){.type = 3}, payload.p, payload.len);
	str_release(&payload);
}

/* A column of one number, often. */
static inline void add_same(struct str *s, uint64_t nr, uint64_t value)
{
	add_varint(s, 0);
	add_varint(s, nr);
	add_varint(s, value);
}

/* ---- the first format ---- */

static inline void add_first_chunk(struct str *s, uint32_t type, const void *payload, size_t len)
{
	struct str sealed = {};

	add_le(&sealed, type, 4);
	add_le(&sealed, len, 4);
	str_add_bytes(&sealed, payload, len);
	str_add_bytes(s, sealed.p, 8);
	add_le(s, XXH3_64bits(sealed.p, sealed.len), 8);
	str_add_bytes(s, payload, len);
	str_release(&sealed);
}

static inline void add_first_records(struct str *s, const void *records, size_t len)
{
	size_t bound = ZSTD_compressBound(len);
	void *frame = xmalloc(bound);

	add_first_chunk(s, 2, frame, ZSTD_compress(frame, bound, records, len, 3));
	free(frame);
}

static inline void add_first_end(struct str *s, uint64_t nr_records)
{
	struct str count = {};

	add_le(&count, nr_records, 8);
	add_first_chunk(s, 3, count.p, count.len);
	str_release(&count);
}

/* A descriptor from which @len bytes can be read. -1 on failure. */
static inline int bytes_fd(const void *bytes, size_t len)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, bytes, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* All that can be read from @fd. */
static inline void add_fd(struct str *s, int fd)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		str_add_bytes(s, bytes, (size_t)n);
}

#endif
