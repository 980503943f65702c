/* Writing a recording. */
#include "stream/file.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/units.h"
#include "stream/file_chunk.h"
#include "stream/file_encode.h"
#include "stream/file_index.h"
#include "stream/file_shape.h"

enum {
	FLUSH_RECORDS = FILE_RECORDS_MAX,
	FLUSH_BYTES = 4 << 20,
	CHECKPOINT_BYTES = 4 << 20, /* what is behind the last one costs as much to read */
	CHECKPOINT_PARTS = 8,	    /* and checkpoints are a small part of the recording */
	LEVEL = 1, /* of zstd: recording must not cost the machine that is measured */
	LEVEL_SMALL = 5, /* but it may where little is recorded: frames of less than SMALL_BYTES */
	SMALL_BYTES = 16 << 10,
	PART_BOUND = 64,  /* at most what a part of a frame costs beyond its bytes */
	END_BYTES = 16,	  /* of the end's payload */
	INDEX_COST = 40, /* of a chunk in the index, at most */
	FIELD_COST = 24, /* of a field in a chunk: two columns, and where a text begins */
	SHAPE_COST = 32, /* of a shape's head, and of a chunk's */
};
/* What waits longer is written: nothing that is older is lost, however the recording ends. */
#define FLUSH_NS NS_PER_SEC
#define CHECKPOINT_NS (60 * NS_PER_SEC)

#define X(member, NAME, type) +(FIELD_TYPE_##type == FIELD_TYPE_TEXT)
enum { NR_TEXTS = 0 RECORD_FIELDS(X) };
#undef X
/* Whatever a record holds, its frame can be read. */
_Static_assert((uint64_t)NR_TEXTS *FILE_TEXT_MAX + 2 * FLUSH_BYTES < FILE_FRAME_MAX, "a record fits in a frame");
_Static_assert((uint64_t)NR_TEXTS *FILE_TEXT_MAX + 2 * FLUSH_BYTES + (1 << 20) < FILE_CHUNK_MAX, "in any case");
_Static_assert(FLUSH_BYTES / 8 + FILE_RECORDS_MAX + FILE_COLUMNS_MAX < FILE_VALUES_MAX, "its values are not too many");
_Static_assert(FLUSH_BYTES / 8 + FIELD_NR < FILE_TEXTS_MAX, "nor its texts");

/* What was written when the last checkpoint was, or when the recording began. */
struct last_checkpoint {
	uint64_t size;	  /* its bytes; 0: there was none */
	uint64_t end;	  /* of it in the file */
	uint64_t time_ns; /* of the record before it; of the first one when there was none */
	uint64_t records;
};

struct file_sink {
	struct sink sink;
	struct sink to_checkpoint; /* where a checkpoint's records are put */
	int fd;
	char *name;		      /* for messages, escaped */
	int error;		      /* the first one */
	bool patient;		      /* see file_sink_set_patient() */
	struct file_encoder *encoder; /* records that are not written yet */
	uint64_t nr_records;	      /* all, those of checkpoints apart */
	uint64_t nr_chunks;	      /* of them */
	uint64_t last_ns;	      /* the last one's time */
	uint64_t written;	      /* bytes */
	struct file_room *room;	      /* NULL: any */
	struct last_checkpoint checkpoint;
	bool parted; /* a part of the checkpoint that is being put was written */
	struct file_index index;
	struct str raw; /* a frame's content */
	file_part_ends parts;
	struct str header;
	char *chunk; /* header and payload */
	size_t chunk_cap;
	ZSTD_CCtx *zstd;
};

/* A pipe may be set to non-blocking by whoever shares it with us. */
static int wait_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

/* The disk is full. Has room been made? */
static bool made_room(struct file_sink *f, int err)
{
	return (err == -ENOSPC || err == -EDQUOT) && f->room && !f->room->ask(f->room, 0, true);
}

static int write_all(struct file_sink *f, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(f->fd, p, len);
		int err = 0;

		if (n > 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (!n)
			return -EIO;
		if (errno == EAGAIN)
			err = wait_writable(f->fd);
		else if (errno != EINTR)
			err = -errno;
		if (err && !made_room(f, err))
			return err;
	}
	return 0;
}

static int remember(struct file_sink *f, int err)
{
	if (!f->error)
		f->error = err;
	return err;
}

/* Where @bytes of a chunk's payload go. */
static char *payload_of(struct file_sink *f, size_t bytes)
{
	if (f->chunk_cap < FILE_CHUNK_HEADER + bytes) {
		f->chunk_cap = FILE_CHUNK_HEADER + bytes;
		f->chunk = xreallocarray(f->chunk, f->chunk_cap, 1);
	}
	return f->chunk + FILE_CHUNK_HEADER;
}

/* At most what comes behind a chunk of that type when the recording is ended there. */
static uint64_t end_bound(const struct file_sink *f, enum file_chunk_type type)
{
	uint64_t bytes = type == FILE_CHUNK_END ? 0 : FILE_CHUNK_HEADER + END_BYTES;

	if (type == FILE_CHUNK_END || type == FILE_CHUNK_INDEX)
		return bytes;
	return bytes + FILE_CHUNK_HEADER + ZSTD_compressBound((f->index.columns[0].nr + 2) * INDEX_COST) + PART_BOUND;
}

static int ask_for_room(struct file_sink *f, const struct file_chunk *c)
{
	if (!f->room)
		return 0;
	return f->room->ask(f->room, f->written + FILE_CHUNK_HEADER + c->len + end_bound(f, c->type), false);
}

/* Write a chunk whose payload is in its place. What there is no room for is no error of the recording. */
static int write_chunk(struct file_sink *f, struct file_chunk c)
{
	int err = ask_for_room(f, &c);

	if (err)
		return err;
	c.at = f->written;
	str_clear(&f->header);
	file_chunk_add_header(&f->header, &c, f->chunk + FILE_CHUNK_HEADER);
	memcpy(f->chunk, f->header.p, FILE_CHUNK_HEADER);
	err = write_all(f, f->chunk, FILE_CHUNK_HEADER + (size_t)c.len);
	f->written += FILE_CHUNK_HEADER + c.len;
	file_index_put(&f->index, &c);
	return remember(f, err);
}

static int write_small_chunk(struct file_sink *f, enum file_chunk_type type, const struct str *payload)
{
	memcpy(payload_of(f, payload->len), payload->p, payload->len);
	return write_chunk(f, (struct file_chunk){.type = type, .len = (uint32_t)payload->len});
}

/* One frame of the parts of @f->raw, each compressed for itself: what is alike is together. Returns its length. */
static uint32_t compress(struct file_sink *f)
{
	size_t bound = ZSTD_compressBound(f->raw.len) + f->parts.nr * PART_BOUND, begin = 0;
	ZSTD_outBuffer out = {payload_of(f, bound), bound, 0};

	BUG_ON(ZSTD_isError(ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_compressionLevel,
						   f->raw.len < SMALL_BYTES ? LEVEL_SMALL : LEVEL)));
	BUG_ON(ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(f->zstd, f->raw.len)));
	for (size_t i = 0; i < f->parts.nr; i++) {
		bool last = i + 1 == f->parts.nr;
		ZSTD_inBuffer in = {f->raw.p + begin, f->parts.items[i] - begin, 0};
		size_t left = ZSTD_compressStream2(f->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_flush);

		BUG_ON(ZSTD_isError(left) || left || in.pos != in.size);
		begin = f->parts.items[i];
	}
	return (uint32_t)out.pos;
}

/* Write what the encoder holds as a chunk of records, or part of a checkpoint; its time is known to the caller. */
static int write_records(struct file_sink *f, struct file_chunk c)
{
	c.records = (uint32_t)file_encoder_state(f->encoder).nr;
	file_encoder_take(f->encoder, &f->raw, &f->parts);
	c.len = compress(f);
	return write_chunk(f, c);
}

int file_sink_flush(struct sink *sink)
{
	struct file_sink *f = (struct file_sink *)sink;
	struct file_encoded state = file_encoder_state(f->encoder);

	if (f->error || !state.nr)
		return 0;
	f->nr_chunks++;
	return remember(f, write_records(f, (struct file_chunk){.type = FILE_CHUNK_RECORDS, .time_ns = state.first_ns}));
}

void file_sink_set_room(struct sink *sink, struct file_room *room)
{
	((struct file_sink *)sink)->room = room;
}

static bool has_long_text(const struct record *r)
{
#define X(member, NAME, type) | (FIELD_TYPE_##type == FIELD_TYPE_TEXT ? FIELD_BIT(NAME) : 0)
	for (uint64_t texts = r->has & (0 RECORD_FIELDS(X)); texts; texts &= texts - 1)
#undef X
		if (strlen(record_text(r, (enum field)__builtin_ctzll(texts))) > FILE_TEXT_MAX)
			return true;
	return false;
}

/* At most what a record adds to a chunk before compression, as file_encoder_state() counts. */
static uint64_t record_bound(const struct record *r)
{
	uint64_t bytes = 1;

	for (uint64_t has = r->has; has; has &= has - 1) {
		enum field field = (enum field)__builtin_ctzll(has);

		bytes += FIELD_COST;
		if (field_descs[field].type == FIELD_TYPE_TEXT)
			bytes += strlen(record_text(r, field)) + 1;
	}
	return bytes;
}

uint64_t file_sink_bound(const struct sink *sink, const struct record *more)
{
	const struct file_sink *f = (const struct file_sink *)sink;
	struct file_encoded state = file_encoder_state(f->encoder);
	uint64_t nr = state.nr + (more ? 1 : 0), bytes = state.bytes + (more ? record_bound(more) : 0);
	/* A value has 10 bytes at most; a column and a shape have a head. */
	uint64_t raw = 2 * bytes + SHAPE_COST * (nr < FILE_SHAPES_MAX ? nr : FILE_SHAPES_MAX) + SHAPE_COST;
	uint64_t chunk = FILE_CHUNK_HEADER + ZSTD_compressBound(raw) + PART_BOUND * (raw / 512 + 3);

	return f->written + (nr ? chunk : 0) + end_bound(f, FILE_CHUNK_RECORDS);
}

/* Nothing more has room in the chunk. */
static bool is_full(const struct file_encoded *state)
{
	return state->nr >= FLUSH_RECORDS || state->bytes >= FLUSH_BYTES || state->full;
}

/* A table that someone asked for is written at once, those that come by themselves with what else is due. */
static bool is_due(const struct file_sink *f, const struct file_encoded *state, const struct record *r)
{
	if (f->patient)
		return is_full(state);
	return is_full(state) || state->last_ns - state->first_ns >= FLUSH_NS ||
	       (r->kind == RECORD_TICK && !RECORD_HAS(r, INTERVAL_NS));
}

static int put(struct sink *sink, const struct record *r)
{
	struct file_sink *f = (struct file_sink *)sink;
	struct file_encoded state;

	if (f->error)
		return 0;
	if (has_long_text(r))
		return -EMSGSIZE;
	file_encoder_add(f->encoder, r);
	f->nr_records++;
	if (RECORD_HAS(r, TIME_NS))
		f->last_ns = r->time_ns;
	if (f->nr_records == 1)
		f->checkpoint.time_ns = f->last_ns;
	state = file_encoder_state(f->encoder);
	return is_due(f, &state, r) ? file_sink_flush(sink) : 0;
}

void file_sink_set_patient(struct sink *sink)
{
	((struct file_sink *)sink)->patient = true;
}

/* Also when the clock was set back, and nothing is older than it: who knows when it will be. */
static int idle(struct sink *sink)
{
	struct file_encoded state = file_encoder_state(((struct file_sink *)sink)->encoder);

	return state.nr && units_wall_ns() - state.first_ns >= FLUSH_NS ? file_sink_flush(sink) : 0;
}

/* ---- checkpoints ---- */

static int write_part(struct file_sink *f, bool more)
{
	struct file_chunk c = {.type = FILE_CHUNK_CHECKPOINT, .more = more, .continues = f->parted};

	c.time_ns = f->last_ns ? f->last_ns : file_encoder_state(f->encoder).first_ns;
	f->parted = more;
	return write_records(f, c);
}

static int put_to_checkpoint(struct sink *sink, const struct record *r)
{
	struct file_sink *f = (struct file_sink *)(void *)((char *)sink - offsetof(struct file_sink, to_checkpoint));
	struct file_encoded state;

	if (f->error)
		return 0;
	if (has_long_text(r))
		return -EMSGSIZE;
	file_encoder_add(f->encoder, r);
	state = file_encoder_state(f->encoder);
	return is_full(&state) ? write_part(f, true) : 0;
}

int file_sink_checkpoint(struct sink *sink, int (*put_all)(void *context, struct sink *to), void *context)
{
	struct file_sink *f = (struct file_sink *)sink;
	int err = file_sink_flush(sink);
	uint64_t begin = f->written;

	if (f->error)
		return err;
	f->parted = false;
	err = put_all(context, &f->to_checkpoint);
	if (err || f->error) {
		/* What was put so far is no checkpoint: the part that would be its last one is never written. */
		file_encoder_take(f->encoder, &f->raw, &f->parts);
		return err;
	}
	err = write_part(f, false);
	if (err)
		return err;
	f->checkpoint = (struct last_checkpoint){f->written - begin, f->written, f->last_ns, f->nr_records};
	return err;
}

bool file_sink_wants_checkpoint(const struct sink *sink)
{
	const struct file_sink *f = (const struct file_sink *)sink;
	const struct last_checkpoint *last = &f->checkpoint;
	uint64_t since = f->written - last->end;

	if (f->error || f->nr_records == last->records || since < last->size * CHECKPOINT_PARTS)
		return false;
	return since >= CHECKPOINT_BYTES || (f->last_ns > last->time_ns && f->last_ns - last->time_ns >= CHECKPOINT_NS);
}

uint64_t file_sink_checkpoint_bytes(const struct sink *sink)
{
	return ((const struct file_sink *)sink)->checkpoint.size;
}

uint64_t file_sink_chunks(const struct sink *sink)
{
	return ((const struct file_sink *)sink)->nr_chunks;
}

uint64_t file_sink_bytes(const struct sink *sink)
{
	return ((const struct file_sink *)sink)->written;
}

/* ---- begin and end ---- */

static void add_header(struct str *s, const struct file_header *header)
{
	const char *const texts[] = {header->tool, header->host, header->kernel};
	size_t len = FILE_HEADER_MIN;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		len += strlen(texts[i]);
	str_add(s, FILE_MAGIC);
	file_add_u32(s, FILE_VERSION);
	file_add_u32(s, FILE_OLDEST_READER);
	file_add_u32(s, (uint32_t)len);
	file_add_u64(s, header->wall_ns);
	file_add_u64(s, header->monotonic_ns);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		file_add_u16(s, (uint16_t)strlen(texts[i]));
		str_add(s, texts[i]);
	}
	file_add_u64(s, file_checksum(s->p, s->len));
}

static int begin(struct file_sink *f, const struct file_header *header)
{
	_cleanup_(str_release) struct str bytes = {}, schema = {};
	int err;

	add_header(&bytes, header);
	file_schema_add(&schema);
	err = remember(f, write_all(f, bytes.p, bytes.len));
	f->written = bytes.len;
	if (!err)
		err = write_small_chunk(f, FILE_CHUNK_SCHEMA, &schema);
	f->checkpoint.end = f->written;
	return err;
}

/* Where the index is; 0: there is none. */
static int write_index(struct file_sink *f, uint64_t *ret_at)
{
	int err;

	*ret_at = 0;
	str_clear(&f->raw);
	vec_clear(&f->parts);
	if (!file_index_add(&f->raw, &f->index))
		return 0;
	vec_push(&f->parts, f->raw.len);
	*ret_at = f->written;
	err = write_chunk(f, (struct file_chunk){.type = FILE_CHUNK_INDEX, .len = compress(f)});
	if (!err || f->error)
		return err;
	/* There is no room for it: it is not needed. */
	*ret_at = 0;
	return 0;
}

static int end(struct file_sink *f)
{
	_cleanup_(str_release) struct str payload = {};
	uint64_t index_at;
	int err = write_index(f, &index_at);

	if (err)
		return err;
	file_add_u64(&payload, f->nr_records);
	file_add_u64(&payload, index_at);
	return write_small_chunk(f, FILE_CHUNK_END, &payload);
}

int file_sink_close(struct sink *sink, struct diag *d)
{
	struct file_sink *f = (struct file_sink *)sink;
	int err;

	if (!f)
		return 0;
	file_sink_flush(sink);
	if (!f->error)
		end(f);
	/* A network's file system may say only now that there is no room. Linux has closed it even on EINTR. */
	if (close(f->fd) && errno != EINTR)
		remember(f, -errno);
	err = f->error ? diag_errno(d, f->error, "cannot write the recording '%s'", f->name) : 0;
	ZSTD_freeCCtx(f->zstd);
	file_encoder_free(f->encoder);
	file_index_release(&f->index);
	str_release(&f->raw);
	str_release(&f->header);
	vec_release(&f->parts);
	free(f->chunk);
	free(f->name);
	free(f);
	return err;
}

int file_sink_new(int fd, const char *name, const struct file_header *header, struct sink **ret, struct diag *d)
{
	_cleanup_(str_release) struct str escaped = {};
	struct file_sink *f = xcalloc(1, sizeof(*f));

	str_add_escaped(&escaped, name);
	f->sink = (struct sink){.put = put, .idle = idle};
	f->to_checkpoint = (struct sink){.put = put_to_checkpoint};
	f->fd = fd;
	f->name = xstrdup(str_text(&escaped));
	f->encoder = file_encoder_new();
	f->zstd = ZSTD_createCCtx();
	if (!f->zstd || begin(f, header)) {
		remember(f, -ENOMEM);
		return file_sink_close(&f->sink, d);
	}
	*ret = &f->sink;
	return 0;
}
