/* Reading a recording. Everything in it may be wrong: no length is believed before it is checked. */
#include "stream/file_source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stream/file_first.h"

enum {
	/*
	 * What a step of a run returns when there is nothing more to read, and when it did nothing; errors are
	 * negative.
	 */
	END = 1,
	AGAIN,
	/*
	 * Chunks with a wrong checksum in which the next one is looked for, each of which may cost 64 MiB to read
	 * again.
	 */
	SEARCHES_MAX = 64,
};

static void _printf_(2, 3) problem(struct file_source *f, const char *format, ...)
{
	char *text = f->outcome.problem;
	const size_t size = sizeof(f->outcome.problem);
	va_list args;
	int len;

	if (*text)
		return;
	len = snprintf(text, size, "'%.200s': ", f->name);
	va_start(args, format);
	vsnprintf(text + len, size - (size_t)len, format, args);
	va_end(args);
}

/* ---- what is lost ---- */

/* @bytes that cannot be read. Did they hold records? Then none that follows can be understood without them. */
static void lose(struct file_source *f, uint64_t bytes, bool records)
{
	f->damaged = true;
	f->in_checkpoint = false;
	f->outcome.skipped_chunks++;
	f->outcome.lost_bytes += bytes;
	if (!records)
		return;
	if (!f->outcome.gaps++)
		f->outcome.lost_from_ns = f->last_ns;
	f->outcome.lost_to_ns = 0;
	f->gap = f->wants_time = true;
}

/* The first time that is known behind what is lost. */
static void end_lost_range(struct file_source *f, uint64_t time_ns)
{
	if (!f->wants_time || !time_ns)
		return;
	f->outcome.lost_to_ns = time_ns;
	f->wants_time = false;
}

static bool holds_records(const struct file_chunk *c)
{
	return c->type == FILE_CHUNK_RECORDS || c->type == FILE_CHUNK_SCHEMA;
}

static int damaged_chunk(struct file_source *f, const struct file_chunk *c, const char *why)
{
	problem(f, "recording is damaged: the chunk of %llu bytes at byte %llu is lost: %s",
		(unsigned long long)c->len + c->header, (unsigned long long)c->at, why);
	lose(f, (uint64_t)c->len + c->header, holds_records(c));
	return 0;
}

static int ends_early(struct file_source *f, const char *why)
{
	problem(f, "recording ends early at byte %llu: %s", (unsigned long long)(f->in.offset + file_input_len(&f->in)),
		f->in.shorter ? "it became shorter while it was read" : why);
	f->outcome.cut = true;
	return END;
}

static int read_failed(struct file_source *f, int err)
{
	if (!f->in.refused)
		problem(f, "cannot read the recording at byte %llu: %s",
			(unsigned long long)(f->in.offset + file_input_len(&f->in)), strerror(-err));
	return err;
}

/* What is no chunk is lost, up to where one begins again. */
static int lost_bytes(struct file_source *f)
{
	uint64_t at = f->in.offset;
	bool found;
	int err = file_chunk_resume(&f->in, f->version, &found);

	if (err)
		return read_failed(f, err);
	problem(f, "recording is damaged: %llu bytes at byte %llu are lost: there is no chunk%s",
		(unsigned long long)(f->in.offset - at), (unsigned long long)at, found ? "" : ", and none follows");
	lose(f, f->in.offset - at, true);
	return found ? AGAIN : END;
}

/* ---- the next chunk ---- */

/* The file ends in a chunk; or bytes are missing in it, and another one follows. */
static int cut_chunk(struct file_source *f, const struct file_chunk *c)
{
	uint64_t end = f->in.offset + file_input_len(&f->in);
	bool found;
	int err = file_chunk_resume(&f->in, f->version, &found);

	if (err)
		return read_failed(f, err);
	if (!found)
		return ends_early(f, "the last chunk is cut");
	problem(f, "recording is damaged: the chunk of %llu bytes at byte %llu is lost: the file ends at byte %llu",
		(unsigned long long)c->len + c->header, (unsigned long long)c->at, (unsigned long long)end);
	lose(f, f->in.offset - c->at, holds_records(c));
	return AGAIN;
}

/* Does its length lead to another chunk, or to the file's end? If bytes are missing in it, it leads into nowhere. */
static int leads_on(struct file_source *f, const struct file_chunk *c, bool *ret)
{
	size_t len = c->header + (size_t)c->len;
	int err = file_input_want(&f->in, len + FILE_CHUNK_HEADER);
	struct file_chunk next;

	*ret = file_input_len(&f->in) < len + FILE_CHUNK_HEADER ||
	       file_chunk_parse_header(file_input_bytes(&f->in) + len, &next);
	return err;
}

/* A chunk with a wrong checksum. What is lost is it, or what is there up to where a chunk begins again. */
static int broken_chunk(struct file_source *f, const struct file_chunk *c)
{
	uint64_t len = (uint64_t)c->len + c->header;
	bool leads = true, found = true;
	int err = f->version >= 2 && f->searches < SEARCHES_MAX ? leads_on(f, c, &leads) : 0;

	if (!err && leads) {
		file_input_skip(&f->in, (size_t)len);
	} else if (!err) {
		f->searches++;
		err = file_chunk_resume(&f->in, f->version, &found);
	}
	if (err)
		return read_failed(f, err);
	problem(f, "recording is damaged: the chunk of %llu bytes at byte %llu is lost: its checksum is wrong",
		(unsigned long long)len, (unsigned long long)c->at);
	lose(f, f->in.offset - c->at, holds_records(c));
	return found ? AGAIN : END;
}

/* The next chunk, which stays in the input. Returns 0, AGAIN, END or -errno. */
static int next_chunk(struct file_source *f, struct file_chunk *ret)
{
	int found = file_chunk_next(&f->in, f->version, ret);

	if (found < 0)
		return read_failed(f, found);
	if (found == CHUNK_FOUND)
		return ret->whole ? 0 : broken_chunk(f, ret);
	if (found == CHUNK_WRONG)
		return lost_bytes(f);
	if (f->in.stopped)
		return END;
	if (found == CHUNK_CUT)
		return cut_chunk(f, ret);
	return ends_early(f, found == CHUNK_NONE ? "its writer was killed, or is still writing" :
						   "the last chunk's header is cut");
}

/* ---- what a chunk holds ---- */

static int take_schema(struct file_source *f, const struct file_chunk *c, struct sink *sink)
{
	const char *why = NULL;

	(void)sink;
	if (f->has_schema)
		why = "it is a second schema";
	else if (!file_schema_parse((struct file_bytes){c->payload, c->payload + c->len}, f->version, &f->schema, &why))
		f->has_schema = true;
	return why ? damaged_chunk(f, c, why) : 0;
}

/* Records of a checkpoint do not count: they were there before. */
static int deliver(struct file_source *f, const struct record *r, struct sink *sink)
{
	bool counts = !f->in_checkpoint;
	int err;

	f->nr_read += counts;
	if (r->kind == RECORD_NONE) {
		f->outcome.unknown_records++;
		return 0;
	}
	if (counts && RECORD_HAS(r, TIME_NS))
		f->last_ns = r->time_ns;
	err = sink_put(sink, r);
	f->outcome.records += !err && counts;
	return err;
}

static int deliver_first(struct file_source *f, const struct file_chunk *c, struct file_bytes bytes, struct sink *sink)
{
	struct file_first reader = {.schema = &f->schema, .bytes = bytes};
	const char *why;

	while (reader.bytes.p < reader.bytes.end) {
		struct record r;
		int err;

		if (file_first_next(&reader, &r, &why))
			return damaged_chunk(f, c, why);
		end_lost_range(f, r.time_ns);
		err = deliver(f, &r, sink);
		if (err)
			return err;
	}
	return 0;
}

static int deliver_columns(struct file_source *f, const struct file_chunk *c, struct file_bytes bytes,
			   struct sink *sink)
{
	const struct record *r;
	const char *why;
	int err;

	if (file_decoder_load(f->decoder, &f->schema, bytes, c->records, &why))
		return damaged_chunk(f, c, why);
	for (;;) {
		if (file_decoder_next(f->decoder, &r, &why))
			return damaged_chunk(f, c, why);
		if (!r)
			return 0;
		err = deliver(f, r, sink);
		if (err)
			return err;
	}
}

static int take_records(struct file_source *f, const struct file_chunk *c, struct sink *sink)
{
	struct file_bytes bytes;
	const char *why = f->has_schema ? file_frame_read(&f->frames, c, &bytes) : "there is no schema before it";

	f->begun = true;
	if (why)
		return damaged_chunk(f, c, why);
	return f->version >= 2 ? deliver_columns(f, c, bytes, sink) : deliver_first(f, c, bytes, sink);
}

/* The record that stands where a checkpoint begins or ends. */
static int deliver_mark(const struct file_chunk *c, const char *reason, struct sink *sink)
{
	struct record r = {.kind = RECORD_CHECKPOINT};

	RECORD_SET(&r, TIME_NS, time_ns, c->time_ns);
	RECORD_SET(&r, REASON, reason, reason);
	return sink_put(sink, &r);
}

/* A checkpoint is for those who do not have what was before it. */
static int take_checkpoint(struct file_source *f, const struct file_chunk *c, struct sink *sink)
{
	int err = 0;

	if (!f->has_schema)
		return damaged_chunk(f, c, "there is no schema before it");
	/* What it says was before the recording: it is one of a longer stream. */
	if (!f->begun && !c->continues)
		f->gap = true;
	if (f->gap && !c->continues) {
		f->in_checkpoint = true;
		err = deliver_mark(c, "begin", sink);
	}
	if (!err && f->in_checkpoint)
		err = take_records(f, c, sink);
	/* It may have been found to be damaged. */
	if (err || !f->in_checkpoint || c->more)
		return err;
	f->gap = f->in_checkpoint = false;
	return deliver_mark(c, "end", sink);
}

/* Its last part is missing. */
static void end_checkpoint(struct file_source *f, const struct file_chunk *c)
{
	problem(f, "recording is damaged: the checkpoint before byte %llu is not whole", (unsigned long long)c->at);
	f->damaged = true;
	f->in_checkpoint = false;
}

static int take_end(struct file_source *f, const struct file_chunk *c, struct sink *sink)
{
	unsigned long long written;

	(void)sink;
	if (c->len < (f->version >= 2 ? 16 : 8)) {
		damaged_chunk(f, c, "it is too short for the recording's end");
		return 0;
	}
	written = file_u64(c->payload);
	if (written != f->nr_read && !f->damaged && !f->begins_late) {
		problem(f, "recording is damaged: %llu records were written, %llu are there", written,
			(unsigned long long)f->nr_read);
		f->damaged = true;
	}
	return END;
}

/* file_seek.c has read it, if it was needed. */
static int take_index(struct file_source *f, const struct file_chunk *c, struct sink *sink)
{
	(void)f, (void)c, (void)sink;
	return 0;
}

static int take_chunk(struct file_source *f, const struct file_chunk *c, struct sink *sink)
{
	static int (*const take[])(struct file_source *, const struct file_chunk *, struct sink *) = {
		[FILE_CHUNK_SCHEMA] = take_schema, [FILE_CHUNK_RECORDS] = take_records,
		[FILE_CHUNK_END] = take_end,	   [FILE_CHUNK_CHECKPOINT] = take_checkpoint,
		[FILE_CHUNK_INDEX] = take_index,
	};

	/* The first format has no others. */
	size_t nr_types = f->version >= 2 ? ARRAY_SIZE(take) : FILE_CHUNK_END + 1;

	if (f->in_checkpoint && (c->type != FILE_CHUNK_CHECKPOINT || !c->continues))
		end_checkpoint(f, c);
	if (c->type == FILE_CHUNK_RECORDS || c->type == FILE_CHUNK_CHECKPOINT)
		end_lost_range(f, c->time_ns);
	if (c->type < nr_types && take[c->type])
		return take[c->type](f, c, sink);
	f->outcome.unknown_chunks++;
	return 0;
}

/* One chunk. Returns 0, END or -errno. */
static int step(struct file_source *f, struct sink *sink)
{
	unsigned skipped = f->outcome.skipped_chunks;
	struct file_chunk c;
	int err = next_chunk(f, &c);

	if (err)
		return err == AGAIN ? 0 : err;
	err = take_chunk(f, &c, sink);
	if (err < 0)
		return err;
	file_input_skip(&f->in, (size_t)c.header + c.len);
	if (skipped == f->outcome.skipped_chunks)
		f->outcome.offset = f->in.offset;
	return err;
}

/* Behind the end there is nothing: another recording that was appended would be lost silently. */
static int check_nothing_follows(struct file_source *f)
{
	int err;

	if (f->outcome.cut || f->in.stopped || f->damaged)
		return 0;
	f->in.follow = false;
	err = file_input_want(&f->in, 1);
	if (err)
		return read_failed(f, err);
	if (file_input_len(&f->in)) {
		problem(f, "recording is damaged: something follows its end at byte %llu",
			(unsigned long long)f->in.offset);
		f->damaged = true;
	}
	return 0;
}

int file_source_step(struct source *source, struct sink *sink)
{
	struct file_source *f = (struct file_source *)source;
	int err;

	f->in.idle = sink;
	err = step(f, sink);
	if (!err)
		return 1;
	if (err == END)
		err = check_nothing_follows(f);
	f->in.idle = NULL;
	f->outcome.stopped = f->in.stopped;
	return err ? err : f->damaged ? -EBADMSG : 0;
}

int file_source_run(struct source *source, struct sink *sink)
{
	int err;

	do
		err = file_source_step(source, sink);
	while (err > 0);
	return err;
}
