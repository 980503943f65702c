/* file_chunk.h: the frames of a recording: where each chunk begins and ends, and whether it is whole. */
#ifndef STREAM_FILE_CHUNK_H
#define STREAM_FILE_CHUNK_H

#include "stream/file_format.h"
#include "stream/file_input.h"

enum {
	FILE_CHUNK_HEADER = 36,	      /* bytes before a payload */
	FILE_CHUNK_HEADER_FIRST = 16, /* in the first format */
};

#define FILE_CHUNK_MARK "\x89PTC"

struct file_chunk {
	uint64_t at;		   /* in the file */
	enum file_chunk_type type; /* or another number up to 255; 0: a newer pooltrace knows what it is */
	bool more;		   /* what it holds goes on in the next chunk */
	bool continues;		   /* it goes on with what the chunk before holds */
	uint32_t len;		   /* of the payload */
	uint32_t records;	   /* in it */
	uint64_t time_ns;	   /* of its first record; a checkpoint: see file_sink_checkpoint(); 0: none has one */
	uint64_t checksum;	   /* of the payload */
	uint32_t header;	   /* bytes before the payload */
	char *payload;		   /* in the input's buffer */
	bool whole;		   /* the checksum is right */
};

/* Type and flags, as a header has them; and back. */
uint32_t file_chunk_type_word(const struct file_chunk *c);
void file_chunk_set_type(struct file_chunk *c, uint32_t word);

/* Write the header of a chunk: @c->type, more, continues, len, records and time_ns; its payload is at @payload. */
void file_chunk_add_header(struct str *s, const struct file_chunk *c, const char *payload);
/* Read one. False: it is none, or damaged. */
bool file_chunk_parse_header(const char *p, struct file_chunk *ret);

enum file_chunk_found {
	CHUNK_FOUND,	  /* and stays in the input: skip header + len bytes */
	CHUNK_NONE,	  /* the file ends where one would begin */
	CHUNK_CUT_HEADER, /* it ends inside a header */
	CHUNK_CUT,	  /* it ends inside a payload */
	CHUNK_WRONG,	  /* what is there is no chunk's header */
};

/* The next chunk of a file of format @version. Returns enum file_chunk_found or -errno of reading. */
int file_chunk_next(struct file_input *in, unsigned version, struct file_chunk *ret);

/*
 * Go on to where the next chunk begins, one byte further at least, and say whether one was found. If not, all has been
 * skipped; in the first format none can be found. Returns 0 or -errno of reading.
 */
int file_chunk_resume(struct file_input *in, unsigned version, bool *ret_found);

#endif
