/* Reading a recording. Everything in it may be wrong: no length is believed before it is checked. */
#include "stream/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "stream/file_format.h"
#include "stream/file_input.h"

struct file_source {
	struct source source;
	struct file_input in;
	char *name; /* for messages, escaped */
	struct file_header header;
	struct file_schema schema;
	bool has_schema;
	struct file_outcome outcome;
	bool damaged;
	char *raw; /* records of one chunk */
	size_t raw_cap;
	ZSTD_DCtx *zstd;
};

struct chunk {
	uint64_t at; /* in the file */
	uint32_t type, len;
	char *payload;
	bool valid;
};

/* What a step of run() returns when there is nothing more to read; errors are negative. */
enum { END = 1 };

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

static int damaged_chunk(struct file_source *f, const struct chunk *c, const char *why)
{
	problem(f, "recording is damaged: the chunk of %llu bytes at byte %llu is lost: %s",
		(unsigned long long)c->len + FILE_CHUNK_HEADER, (unsigned long long)c->at, why);
	f->damaged = true;
	f->outcome.skipped_chunks++;
	return 0;
}

static int ends_early(struct file_source *f, const char *why)
{
	problem(f, "recording ends early at byte %llu: %s", (unsigned long long)(f->in.offset + file_input_len(&f->in)),
		why);
	f->outcome.cut = true;
	return END;
}

static int read_failed(struct file_source *f, int err)
{
	problem(f, "cannot read the recording at byte %llu: %s",
		(unsigned long long)(f->in.offset + file_input_len(&f->in)), strerror(-err));
	return err;
}

/* The next chunk, which stays in the input. Returns 0, END or -errno. */
static int next_chunk(struct file_source *f, struct chunk *ret)
{
	struct chunk c = {.at = f->in.offset};
	int err = file_input_want(&f->in, FILE_CHUNK_HEADER);
	uint64_t checksum;
	char *p;

	if (err)
		return read_failed(f, err);
	if (!file_input_len(&f->in))
		return ends_early(f, "its writer was killed, or is still writing");
	if (file_input_len(&f->in) < FILE_CHUNK_HEADER)
		return ends_early(f, "the last chunk's header is cut");
	p = file_input_bytes(&f->in);
	c.type = file_u32(p);
	c.len = file_u32(p + 4);
	checksum = file_u64(p + 8);
	if (!c.type || c.type > FILE_CHUNK_TYPE_MAX || c.len > FILE_CHUNK_MAX) {
		damaged_chunk(f, &c, "its header is wrong, and where the next one begins is not known");
		return END;
	}
	err = file_input_want(&f->in, FILE_CHUNK_HEADER + c.len);
	if (err)
		return read_failed(f, err);
	if (file_input_len(&f->in) < FILE_CHUNK_HEADER + c.len)
		return ends_early(f, "the last chunk is cut");
	p = file_input_bytes(&f->in);
	c.payload = p + FILE_CHUNK_HEADER;
	c.valid = file_chunk_checksum(p) == checksum;
	*ret = c;
	return 0;
}

static int take_schema(struct file_source *f, const struct chunk *c, struct sink *sink)
{
	const char *why = NULL;

	(void)sink;
	if (f->has_schema)
		return damaged_chunk(f, c, "it is a second schema");
	if (file_schema_parse((struct file_bytes){c->payload, c->payload + c->len}, &f->schema, &why))
		return damaged_chunk(f, c, why);
	f->has_schema = true;
	return 0;
}

/* What the chunk's frame holds, in @ret. Returns why it cannot be read, NULL if it can. */
static const char *decompress(struct file_source *f, const struct chunk *c, struct file_bytes *ret)
{
	unsigned long long size = ZSTD_getFrameContentSize(c->payload, c->len);
	size_t len;

	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
		return "it is not a zstd frame with a size";
	if (size > FILE_FRAME_MAX)
		return "it would be more than 64 MiB";
	if (ZSTD_findFrameCompressedSize(c->payload, c->len) != c->len)
		return "it is not one zstd frame";
	if (f->raw_cap < size) {
		f->raw_cap = size;
		f->raw = xreallocarray(f->raw, f->raw_cap, 1);
	}
	len = ZSTD_decompressDCtx(f->zstd, f->raw, size, c->payload, c->len);
	if (len != size)
		return "its zstd frame is malformed";
	*ret = (struct file_bytes){f->raw, f->raw ? f->raw + len : NULL};
	return NULL;
}

static int deliver(struct file_source *f, const struct record *r, struct sink *sink)
{
	int err;

	if (r->kind == RECORD_NONE) {
		f->outcome.unknown_records++;
		return 0;
	}
	err = sink_put(sink, r);
	if (!err)
		f->outcome.records++;
	return err;
}

static int take_records(struct file_source *f, const struct chunk *c, struct sink *sink)
{
	struct file_reader reader = {.schema = &f->schema};
	const char *why = f->has_schema ? decompress(f, c, &reader.bytes) : "there is no schema before it";

	if (why)
		return damaged_chunk(f, c, why);
	while (reader.bytes.p < reader.bytes.end) {
		struct record r;
		int err;

		if (file_record_next(&reader, &r, &why))
			return damaged_chunk(f, c, why);
		err = deliver(f, &r, sink);
		if (err)
			return err;
	}
	return 0;
}

static int take_end(struct file_source *f, const struct chunk *c, struct sink *sink)
{
	uint64_t records = f->outcome.records + f->outcome.unknown_records;
	unsigned long long written;

	(void)sink;
	if (c->len < 8)
		return damaged_chunk(f, c, "it is too short for the recording's end");
	written = file_u64(c->payload);
	if (written != records && !f->damaged) {
		problem(f, "recording is damaged: %llu records were written, %llu are there", written,
			(unsigned long long)records);
		f->damaged = true;
	}
	return END;
}

static int take_chunk(struct file_source *f, const struct chunk *c, struct sink *sink)
{
	static int (*const take[])(struct file_source *, const struct chunk *, struct sink *) = {
		[FILE_CHUNK_SCHEMA] = take_schema,
		[FILE_CHUNK_RECORDS] = take_records,
		[FILE_CHUNK_END] = take_end,
	};

	if (!c->valid)
		return damaged_chunk(f, c, "its checksum is wrong");
	if (c->type < ARRAY_SIZE(take) && take[c->type])
		return take[c->type](f, c, sink);
	f->outcome.unknown_chunks++;
	return 0;
}

/* One chunk. Returns 0, END or -errno. */
static int step(struct file_source *f, struct sink *sink)
{
	unsigned skipped = f->outcome.skipped_chunks;
	struct chunk c;
	int err = next_chunk(f, &c);

	if (err)
		return err;
	err = take_chunk(f, &c, sink);
	if (err < 0)
		return err;
	file_input_skip(&f->in, FILE_CHUNK_HEADER + c.len);
	if (skipped == f->outcome.skipped_chunks)
		f->outcome.offset = f->in.offset;
	return err;
}

/* Behind the end there is nothing: another recording that was appended would be lost silently. */
static int check_nothing_follows(struct file_source *f)
{
	int err = f->outcome.cut || f->damaged ? 0 : file_input_want(&f->in, 1);

	if (err)
		return read_failed(f, err);
	if (file_input_len(&f->in) && !f->outcome.cut && !f->damaged) {
		problem(f, "recording is damaged: something follows its end at byte %llu",
			(unsigned long long)f->in.offset);
		f->damaged = true;
	}
	return 0;
}

static int run(struct source *source, struct sink *sink)
{
	struct file_source *f = (struct file_source *)source;
	int err;

	do
		err = step(f, sink);
	while (!err);
	if (err == END)
		err = check_nothing_follows(f);
	return err ? err : f->damaged ? -EBADMSG : 0;
}

static void file_source_free(struct source *source)
{
	struct file_source *f = (struct file_source *)source;

	if (!f)
		return;
	ZSTD_freeDCtx(f->zstd);
	file_input_release(&f->in);
	free(f->raw);
	free(f->name);
	free(f);
}

/* A text of the header, of @size bytes at most in @ret. False if it does not fit in the header. */
static bool header_text(struct file_bytes *b, char *ret, size_t size)
{
	size_t len;

	if (b->end - b->p < 2)
		return false;
	len = file_u16(b->p);
	b->p += 2;
	if ((size_t)(b->end - b->p) < len)
		return false;
	snprintf(ret, size, "%.*s", (int)len, b->p);
	b->p += len;
	return true;
}

static int parse_header(struct file_source *f, char *p, size_t len, struct diag *d)
{
	struct file_header *h = &f->header;
	struct file_bytes texts = {p + FILE_HEADER_FIXED, p + len - 8};
	uint32_t oldest_reader = file_u32(p + 14);
	_cleanup_(str_release) struct str tool = {};

	if (file_checksum(p, len - 8) != file_u64(p + len - 8))
		return diag_set(d, -EBADMSG,
				"'%s': recording is damaged: the checksum at byte %zu, of its header, is wrong",
				f->name, len - 8);
	h->wall_ns = file_u64(p + 22);
	h->monotonic_ns = file_u64(p + 30);
	if (!header_text(&texts, h->tool, sizeof(h->tool)) || !header_text(&texts, h->host, sizeof(h->host)) ||
	    !header_text(&texts, h->kernel, sizeof(h->kernel)))
		return diag_set(d, -EBADMSG, "'%s': recording is damaged: a text in its header is cut at byte %zu",
				f->name, (size_t)(texts.p - p));
	if (oldest_reader <= FILE_VERSION)
		return 0;
	str_add_escaped(&tool, h->tool);
	diag_set(d, -ENOTSUP,
		 "'%s' was recorded by pooltrace %s, in a format for readers of version %u; this is version %d",
		 f->name, str_text(&tool), (unsigned)oldest_reader, FILE_VERSION);
	diag_hint(d, "read it with pooltrace %s or a newer one", str_text(&tool));
	return -ENOTSUP;
}

static int not_a_recording(const struct file_source *f, struct diag *d, const char *why)
{
	diag_set(d, -EBADMSG, "'%s' is not a recording: %s", f->name, why);
	diag_hint(d, "`pooltrace record -o FILE` makes one");
	return -EBADMSG;
}

static int header_is_cut(const struct file_source *f, struct diag *d)
{
	return diag_set(d, -EBADMSG, "'%s': recording ends early at byte %zu: its header is cut", f->name,
			file_input_len(&f->in));
}

static int read_header(struct file_source *f, struct diag *d)
{
	int err = file_input_want(&f->in, FILE_HEADER_FIXED);
	size_t len = file_input_len(&f->in);

	if (err)
		return diag_errno(d, err, "cannot read '%s'", f->name);
	if (!len)
		return not_a_recording(f, d, "it is empty");
	if (memcmp(file_input_bytes(&f->in), FILE_MAGIC, len < FILE_MAGIC_BYTES ? len : FILE_MAGIC_BYTES))
		return not_a_recording(f, d, "it does not begin with POOLTRACE");
	if (len < FILE_HEADER_FIXED)
		return header_is_cut(f, d);
	len = file_u32(file_input_bytes(&f->in) + 18);
	if (len < FILE_HEADER_MIN || len > FILE_HEADER_MAX)
		return diag_set(d, -EBADMSG,
				"'%s': recording is damaged: the header's length at byte 18, %zu, is wrong", f->name,
				len);
	err = file_input_want(&f->in, len);
	if (err)
		return diag_errno(d, err, "cannot read '%s'", f->name);
	if (file_input_len(&f->in) < len)
		return header_is_cut(f, d);
	err = parse_header(f, file_input_bytes(&f->in), len, d);
	if (err)
		return err;
	file_input_skip(&f->in, len);
	f->outcome.offset = f->in.offset;
	return 0;
}

int file_source_new(int fd, const char *name, struct source **ret, struct diag *d)
{
	_cleanup_(str_release) struct str escaped = {};
	struct file_source *f = xcalloc(1, sizeof(*f));
	int err;

	str_add_escaped(&escaped, name);
	f->source = (struct source){.run = run, .free = file_source_free};
	f->name = xstrdup(str_text(&escaped));
	file_input_init(&f->in, fd);
	f->zstd = ZSTD_createDCtx();
	err = f->zstd ? read_header(f, d) : diag_errno(d, -ENOMEM, "cannot read '%s'", f->name);
	if (err)
		file_source_free(&f->source);
	else
		*ret = &f->source;
	return err;
}

int file_source_open(const char *path, struct source **ret, struct diag *d)
{
	bool is_stdin = !strcmp(path, "-");
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_(str_release) struct str name = {};

	if (fd >= 0)
		return file_source_new(fd, is_stdin ? "standard input" : path, ret, d);

	int err = -errno;

	str_add_escaped(&name, path);
	return diag_errno(d, err, "cannot open '%s'", str_text(&name));
}

const struct file_outcome *file_source_outcome(const struct source *source)
{
	return &((const struct file_source *)source)->outcome;
}

const struct file_header *file_source_header(const struct source *source)
{
	return &((const struct file_source *)source)->header;
}
