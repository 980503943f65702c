/*
 * libFuzzer: no bytes make the reader of recordings crash, hang, or deliver what is not a record.
 *
 *     clang -fsanitize=fuzzer,address,undefined ... tests/fuzz/fuzz_file.c; ./fuzz_file tests/fuzz/corpus/file
 *
 * Checksums would stop nearly every change, so the bytes are read three times: as they are; with the
 * checksums put right; and behind a good header, as the schema (up to the first 0xff, or all) and as the
 * records of a chunk.
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

static void read_bytes(const void *bytes, size_t len)
{
	struct sink sink = {check_put};
	struct source *source = NULL;
	struct diag d = {};
	int fd = bytes_fd(bytes, len), err;

	BUG_ON(fd < 0);
	err = file_source_new(fd, "fuzz", &source, &d);
	if (err) {
		BUG_ON(!d.text[0]);
		return;
	}
	err = source->run(source, &sink);
	BUG_ON(err && !file_source_outcome(source)->problem[0]);
	BUG_ON(file_source_outcome(source)->offset > len);
	source->free(source);
}

static uint32_t le32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void put_le64(char *p, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		p[i] = (char)(value >> 8 * i);
}

/* Put the checksum of the header right, and of each chunk that follows as far as lengths lead. */
static void repair(char *p, size_t len)
{
	size_t at = len >= 22 ? le32(p + 18) : 0;

	if (at < 8 || at > len)
		return;
	put_le64(p + at - 8, XXH3_64bits(p, at - 8));
	while (len - at >= 16 && le32(p + at + 4) <= len - at - 16) {
		struct str sealed = {};
		size_t payload = le32(p + at + 4);

		str_add_bytes(&sealed, p + at, 8);
		str_add_bytes(&sealed, p + at + 16, payload);
		put_le64(p + at + 8, XXH3_64bits(sealed.p, sealed.len));
		str_release(&sealed);
		at += 16 + payload;
	}
}

static void read_as_contents(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0xff, size) : NULL;
	size_t schema = end ? (size_t)(end - data) : size;
	struct str bytes = {};

	add_header(&bytes, 1, 1, "1.2.3");
	add_chunk(&bytes, 1, data, schema);
	if (end)
		add_records_chunk(&bytes, end + 1, size - schema - 1);
	add_end_chunk(&bytes, 1);
	read_bytes(bytes.p, bytes.len);
	str_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = xmalloc(size);

	memcpy(copy, data, size);
	read_bytes(copy, size);
	repair(copy, size);
	read_bytes(copy, size);
	free(copy);
	read_as_contents(data, size);
	return 0;
}
