/*
 * What the files of the recording format share: its numbers, and how integers and the schema are written as bytes. See
 * docs/recording-format.md.
 */
#ifndef STREAM_FILE_FORMAT_H
#define STREAM_FILE_FORMAT_H

#include "base/diag.h"
#include "base/str.h"
#include "stream/record.h"

#define FILE_MAGIC "POOLTRACE\n"

enum {
	FILE_VERSION = 2,	/* of the format that we write, and the newest that we can read */
	FILE_OLDEST_READER = 2, /* oldest version whose readers can read what we write */
	FILE_MAGIC_BYTES = 10,
	FILE_HEADER_FIXED = 38, /* bytes of a header before its texts */
	FILE_HEADER_MIN = 38 + 3 * 2 + 8,
	FILE_HEADER_MAX = 1 << 16,
	FILE_FRAME_MAX = 64 << 20, /* bytes of what is compressed in a chunk */
	FILE_CHUNK_MAX = 64 << 20, /* and of its payload */
	FILE_TEXT_MAX = 2 << 20,   /* that a sink writes */
	FILE_KINDS_MAX = 1024,
	FILE_FIELDS_MAX = 64,
};

enum file_chunk_type {
	FILE_CHUNK_SCHEMA = 1,
	FILE_CHUNK_RECORDS = 2,
	FILE_CHUNK_END = 3,
	FILE_CHUNK_CHECKPOINT = 4,
	FILE_CHUNK_INDEX = 5,
};

enum file_value_type {
	FILE_VALUE_NUMBER,
	FILE_VALUE_HEX, /* to be shown in hexadecimal */
	FILE_VALUE_TEXT,
	FILE_VALUE_DELTA, /* of the first format alone: a number, as the difference to the one before */
	FILE_VALUE_NR,
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

/* The numbers that stand for kinds and fields in a recording, and what they are here. */
struct file_schema {
	unsigned nr_kinds, nr_fields;
	uint16_t kinds[FILE_KINDS_MAX]; /* RECORD_NONE: not known here */
	uint8_t roles[FILE_KINDS_MAX];	/* enum file_role */
	int8_t fields[FILE_FIELDS_MAX]; /* enum field, -1: not known here */
	uint8_t types[FILE_FIELDS_MAX]; /* enum file_value_type: how it is written, also if it is not known */
	uint8_t methods[FILE_FIELDS_MAX];    /* enum file_method, as the second format has them */
	uint8_t parameters[FILE_FIELDS_MAX]; /* of the method */
};

/* What we write. */
void file_schema_ours(struct file_schema *ret);
/* Add its payload. */
void file_schema_add(struct str *s);
/* Read the one of a file of format @version. Returns -EBADMSG and in @ret_why the reason. */
int file_schema_parse(struct file_bytes payload, unsigned version, struct file_schema *ret, const char **ret_why);

/* Length and bytes of a text. It is not terminated. False if it is cut. */
bool file_text(struct file_bytes *b, struct file_bytes *ret);

#endif
