/*
 * libFuzzer: no bytes make the reader of recordings crash, hang, or deliver what is not a record.
 *
 *     clang -fsanitize=fuzzer,address,undefined ... tests/fuzz/fuzz_file.c; ./fuzz_file tests/fuzz/corpus/file
 *
 * Checksums would stop nearly every change, so the bytes are read several times: as they are; with the
 * checksums put right; and behind a good header, as the schema (up to the first 0xff, or all) and as what
 * a chunk holds, in both formats. Each is read from its beginning and from its last checkpoint.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/recording.h"
#include "stream/file.h"
#include "stream/text.h"

/* Each record can be written as text and read back: so it is one. */
static int check_put(struct sink *sink, const struct record *r)
{
	_cleanup_(str_release) struct str line = {}, texts = {};
	struct record back;

	(void)sink;
	BUG_ON(r->kind <= RECORD_NONE || r->kind >= RECORD_NR);
	text_add(&line, r);
	BUG_ON(text_parse(line.p, line.len, &back, &texts, NULL));
	BUG_ON(back.kind != r->kind || back.has != r->has);
	return 0;
}

static void read_from(const void *bytes, size_t len, bool at_end)
{
	struct sink sink = {.put = check_put};
	struct source *source = NULL;
	struct diag d = {};
	int fd = bytes_fd(bytes, len), err;

	BUG_ON(fd < 0);
	err = file_source_new(fd, "fuzz", NULL, &source, &d);
	if (err) {
		BUG_ON(!d.text[0]);
		return;
	}
	BUG_ON(at_end && file_source_begin_at(source, UINT64_MAX));
	err = source->run(source, &sink);
	BUG_ON(err && !file_source_outcome(source)->problem[0]);
	BUG_ON(file_source_outcome(source)->offset > len || file_source_outcome(source)->lost_bytes > len);
	source->free(source);
}

static void read_bytes(const void *bytes, size_t len)
{
	read_from(bytes, len, false);
	read_from(bytes, len, true);
}

static uint32_t le32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void put_le(char *p, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (char)(value >> 8 * i);
}

/* Put the checksum of each chunk right, as far as lengths lead. */
static void repair_first(char *p, size_t len, size_t at)
{
	while (len - at >= 16 && le32(p + at + 4) <= len - at - 16) {
		struct str sealed = {};
		size_t payload = le32(p + at + 4);

		str_add_bytes(&sealed, p + at, 8);
		str_add_bytes(&sealed, p + at + 16, payload);
		put_le(p + at + 8, XXH3_64bits(sealed.p, sealed.len), 8);
		str_release(&sealed);
		at += 16 + payload;
	}
}

static void repair_second(char *p, size_t len, size_t at)
{
	while (len - at >= 36 && le32(p + at + 8) <= len - at - 36) {
		size_t payload = le32(p + at + 8);

		put_le(p + at + 24, XXH3_64bits(p + at + 36, payload), 8);
		put_le(p + at + 32, XXH3_64bits(p + at, 32), 4);
		at += 36 + payload;
	}
}

static void repair(char *p, size_t len)
{
	size_t at = len >= 22 ? le32(p + 18) : 0;

	if (at < 14 || at > len)
		return;
	put_le(p + at - 8, XXH3_64bits(p, at - 8), 8);
	(le32(p + 10) < 2 ? repair_first : repair_second)(p, len, at);
}

/* The number that @p begins with. */
static uint32_t number_at(const uint8_t *p, size_t len)
{
	uint32_t value = 0;

	for (size_t i = 0; i < len && i < 4; i++) {
		value |= (p[i] & 0x7fU) << 7 * i;
		if (p[i] < 0x80)
			break;
	}
	return value;
}

/* A gap before the checkpoint makes a reader want it. */
static void read_as_contents(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
	size_t schema = end ? (size_t)(end - data) : size, len = end ? size - schema - 1 : 0, index;
	uint32_t records = end ? number_at(end + 1, len) : 0;
	struct str bytes = {};

	add_header(&bytes, 2, 2, "1.2.3");
	add_chunk(&bytes, (struct says){.type = 1}, data, schema);
	if (end) {
		add_frame_chunk(&bytes, (struct says){2, records, 5}, end + 1, len);
		str_add(&bytes, "a gap");
		add_frame_chunk(&bytes, (struct says){4, records, 5}, end + 1, len);
	}
	index = bytes.len;
	if (end)
		add_frame_chunk(&bytes, (struct says){.type = 5}, end + 1, len);
	add_end_chunk(&bytes, 1, index);
	read_bytes(bytes.p, bytes.len);
	str_release(&bytes);
}

static void read_as_first_contents(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
	size_t schema = end ? (size_t)(end - data) : size;
	struct str bytes = {};

	add_header(&bytes, 1, 1, "0.1.0");
	add_first_chunk(&bytes, 1, data, schema);
	if (end)
		add_first_records(&bytes, end + 1, size - schema - 1);
	add_first_end(&bytes, 1);
	read_from(bytes.p, bytes.len, false);
	str_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = xmalloc(size + 1);

	memcpy(copy, data, size);
	read_bytes(copy, size);
	repair(copy, size);
	read_bytes(copy, size);
	free(copy);
	read_as_contents(data, size);
	read_as_first_contents(data, size);
	return 0;
}
