/*
 * What file_sink.c and file_source.c share: the numbers of the recording format, and how integers, chunks,
 * the schema and records are written as bytes. See docs/recording-format.md.
 */
#ifndef STREAM_FILE_FORMAT_H
#define STREAM_FILE_FORMAT_H

#include "base/diag.h"
#include "base/str.h"
#include "stream/record.h"

#define FILE_MAGIC "POOLTRACE\n"

enum {
	FILE_VERSION = 1,	/* of the format that we write, and the newest that we can read */
	FILE_OLDEST_READER = 1, /* oldest version whose readers can read what we write */
	FILE_MAGIC_BYTES = 10,
	FILE_HEADER_FIXED = 38, /* bytes of a header before its texts */
	FILE_HEADER_MIN = 38 + 3 * 2 + 8,
	FILE_HEADER_MAX = 1 << 16,
	FILE_CHUNK_HEADER = 16,
	FILE_CHUNK_TYPE_MAX = 255,
	FILE_CHUNK_MAX = 64 << 20, /* bytes of a chunk's payload */
	FILE_FRAME_MAX = 64 << 20, /* and of what is compressed in it */
	FILE_TEXT_MAX = 4 << 20,   /* that a sink writes */
	FILE_KINDS_MAX = 1024,
	FILE_FIELDS_MAX = 64,
};

enum file_chunk_type { FILE_CHUNK_SCHEMA = 1, FILE_CHUNK_RECORDS = 2, FILE_CHUNK_END = 3 };

enum file_value_type {
	FILE_VALUE_NUMBER, /* varint */
	FILE_VALUE_HEX,	   /* varint, to be shown in hexadecimal */
	FILE_VALUE_TEXT,   /* varint: bytes, then these */
	FILE_VALUE_DELTA,  /* varint: zigzag of the difference to this field's last value in the chunk, at first 0 */
	FILE_VALUE_NR
};

/* Integers, little endian. */
void file_add_u16(struct str *s, uint16_t value);
void file_add_u32(struct str *s, uint32_t value);
void file_add_u64(struct str *s, uint64_t value);
uint16_t file_u16(const void *p);
uint32_t file_u32(const void *p);
uint64_t file_u64(const void *p);

/* Bytes that are read from @p on. */
struct file_bytes {
	char *p, *end;
};

void file_add_varint(struct str *s, uint64_t value);
/* False if it is cut or has more than 64 bits. */
bool file_varint(struct file_bytes *b, uint64_t *ret);

/* Of the header: XXH3-64. */
uint64_t file_checksum(const void *bytes, size_t len);

/*
 * Checksum of a chunk whose header and payload lie at @chunk: of type, length and payload. Puts type and
 * length over the old checksum, so that they are next to the payload.
 */
uint64_t file_chunk_checksum(char *chunk);

/* The numbers that stand for kinds and fields in a recording, and what they are here. */
struct file_schema {
	unsigned nr_kinds, nr_fields;
	uint16_t kinds[FILE_KINDS_MAX]; /* RECORD_NONE: not known here */
	int8_t fields[FILE_FIELDS_MAX]; /* enum field, -1: not known here */
	uint8_t types[FILE_FIELDS_MAX]; /* enum file_value_type: how it is written, also if it is not known */
};

/* Add the payload of our schema. */
void file_schema_add(struct str *s);
/* Read one. Returns -EBADMSG and in @ret_why the reason. */
int file_schema_parse(struct file_bytes payload, struct file_schema *ret, const char **ret_why);

/* Last values of DELTA fields in the chunk, by number of the field in the file. */
struct file_deltas {
	uint64_t last[FILE_FIELDS_MAX];
};

/* Add a record, in the numbers of file_schema_add(). */
void file_record_add(struct str *s, struct file_deltas *deltas, const struct record *r);

/* Where a chunk's records are read. */
struct file_reader {
	const struct file_schema *schema;
	struct file_deltas deltas;
	struct file_bytes bytes;
};

/*
 * Read a record. Its texts lie in @reader->bytes, which are changed. @ret->kind is RECORD_NONE if the kind
 * is not known here. Returns -EBADMSG and in @ret_why the reason.
 */
int file_record_next(struct file_reader *reader, struct record *ret, const char **ret_why);

#endif
