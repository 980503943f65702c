/*
 * Where to begin in a recording: at its last checkpoint before a time. The index leads there, or else the headers of
 * all chunks do, one after the other; what they hold is not read.
 */
#include "stream/file_source.h"

#include <errno.h>
#include <stdlib.h>

#include "stream/file_index.h"

enum {
	END_BYTES = FILE_CHUNK_HEADER + 16, /* of the chunk that is the end */
	TRIES_MAX = 16,			    /* checkpoints that turn out to be damaged */
	PLACES_MAX = 1 << 10,		    /* where there is no chunk, each of which may cost 64 KiB to read */
};

/* The chunks of a recording, one after the other: as the index has them, or as they stand in the file. */
struct chunks {
	struct file_source *f;
	bool by_index;
	struct file_index_view index;
	uint64_t begin, at;
	unsigned places; /* without a chunk that were met */
};

static bool header_at(const struct file_source *f, uint64_t at, struct file_chunk *ret)
{
	char bytes[FILE_CHUNK_HEADER];

	if (!file_input_peek(&f->in, at, bytes, sizeof(bytes)) || !file_chunk_parse_header(bytes, ret))
		return false;
	ret->at = at;
	return true;
}

static uint64_t end_of(const struct file_chunk *c)
{
	return c->at + c->header + c->len;
}

/* The whole chunk at @at, which has @c's header already; the caller frees its payload. False: it is cut or wrong. */
static bool chunk_at(const struct file_source *f, uint64_t at, struct file_chunk *ret)
{
	if (!header_at(f, at, ret) || end_of(ret) > file_input_size(&f->in))
		return false;
	ret->payload = xmalloc((size_t)ret->len + 1);
	ret->whole = file_input_peek(&f->in, at + ret->header, ret->payload, ret->len) &&
		     file_checksum(ret->payload, ret->len) == ret->checksum;
	return ret->whole;
}

/* Where the end says that the index is; 0: nowhere. */
static uint64_t index_place(const struct file_source *f, uint64_t size)
{
	struct file_chunk c = {};
	uint64_t at = 0;

	if (size > END_BYTES && chunk_at(f, size - END_BYTES, &c) && c.type == FILE_CHUNK_END && end_of(&c) == size)
		at = file_u64(c.payload + 8);
	free(c.payload);
	return at;
}

static bool read_index(struct chunks *chunks)
{
	struct file_source *f = chunks->f;
	uint64_t size = file_input_size(&f->in), at = index_place(f, size);
	struct file_chunk c = {};
	struct file_bytes content;
	bool right = at && chunk_at(f, at, &c) && c.type == FILE_CHUNK_INDEX && end_of(&c) == size - END_BYTES &&
		     !file_frame_read(&f->frames, &c, &content) && !file_index_read(content, &chunks->index);

	free(c.payload);
	return right;
}

/* The next header in the file; what is none is stepped over, but not for ever. */
static bool next_header(struct chunks *chunks, struct file_chunk *ret)
{
	struct file_input *in = &chunks->f->in;
	bool found;

	while (!header_at(chunks->f, chunks->at, ret)) {
		if (chunks->places++ == PLACES_MAX || file_input_seek(in, chunks->at) ||
		    file_chunk_resume(in, chunks->f->version, &found) || !found)
			return false;
		chunks->at = in->offset;
	}
	chunks->at = end_of(ret);
	return true;
}

static bool next_chunk(struct chunks *chunks, struct file_chunk *ret)
{
	return chunks->by_index ? file_index_next(&chunks->index, ret) : next_header(chunks, ret);
}

static void rewind_chunks(struct chunks *chunks)
{
	file_index_rewind(&chunks->index);
	chunks->at = chunks->begin;
	chunks->places = 0;
}

/* The last checkpoint of before @time_ns that begins before the byte @before. Times only grow. */
static bool find_checkpoint(struct chunks *chunks, uint64_t time_ns, uint64_t before, struct file_chunk *ret)
{
	struct file_chunk c;
	bool found = false;

	rewind_chunks(chunks);
	while (next_chunk(chunks, &c) && c.time_ns <= time_ns && c.at < before) {
		if (c.type != FILE_CHUNK_CHECKPOINT || c.continues)
			continue;
		*ret = c;
		found = true;
	}
	return found;
}

/* All parts of the checkpoint that is said to be @c are there and right. */
static bool is_whole(const struct file_source *f, const struct file_chunk *c)
{
	struct file_chunk part;
	uint64_t at = c->at;
	bool right;

	do {
		part = (struct file_chunk){};
		right = chunk_at(f, at, &part) && part.type == FILE_CHUNK_CHECKPOINT && part.time_ns == c->time_ns &&
			part.continues == (at != c->at);
		free(part.payload);
		at = end_of(&part);
	} while (right && part.more);
	return right;
}

/* Where the last whole checkpoint of before @time_ns begins; 0: there is none. @ret_right: what led there was right. */
static uint64_t checkpoint_place(struct chunks *chunks, uint64_t time_ns, bool *ret_right)
{
	uint64_t before = UINT64_MAX;
	struct file_chunk c;

	*ret_right = true;
	for (unsigned i = 0; i < TRIES_MAX && find_checkpoint(chunks, time_ns, before, &c); i++) {
		if (is_whole(chunks->f, &c))
			return c.at;
		*ret_right = false;
		before = c.at;
	}
	return 0;
}

/*
 * The schema, which a reader needs wherever it begins. False: it is not where it must be, and a reader from there will
 * say so.
 */
static bool read_schema(struct file_source *f)
{
	struct file_chunk c;
	const char *why;

	if (file_chunk_next(&f->in, f->version, &c) != CHUNK_FOUND || !c.whole || c.type != FILE_CHUNK_SCHEMA ||
	    file_schema_parse((struct file_bytes){c.payload, c.payload + c.len}, f->version, &f->schema, &why))
		return false;
	f->has_schema = true;
	file_input_skip(&f->in, (size_t)c.header + c.len);
	f->outcome.offset = f->in.offset;
	return true;
}

/* Where to begin; 0: there is no checkpoint. */
static uint64_t find_place(struct file_source *f, uint64_t time_ns)
{
	struct chunks chunks = {.f = f, .begin = f->in.offset};
	uint64_t place = 0;
	bool right = false;

	chunks.by_index = read_index(&chunks);
	if (chunks.by_index)
		place = checkpoint_place(&chunks, time_ns, &right);
	chunks.by_index = false;
	if (!right)
		place = checkpoint_place(&chunks, time_ns, &right);
	file_index_view_release(&chunks.index);
	return place;
}

int file_source_begin_at(struct source *source, uint64_t time_ns)
{
	struct file_source *f = (struct file_source *)source;
	bool follow = f->in.follow, readable;
	uint64_t place, begin;
	int err;

	if (!f->in.plain)
		return -ESPIPE;
	/* What is not there yet is later than any time. */
	f->in.follow = false;
	readable = f->version >= 2 && read_schema(f);
	begin = f->in.offset;
	place = readable ? find_place(f, time_ns) : 0;
	f->in.follow = follow;
	err = file_input_seek(&f->in, place ? place : begin);
	if (err || !place)
		return err;
	f->outcome.offset = place;
	f->gap = f->begins_late = true;
	return 0;
}
