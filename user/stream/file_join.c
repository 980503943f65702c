#include "stream/file_join.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "stream/file_chunk.h"
#include "stream/file_index.h"

struct file_join {
	int fd;
	char *name; /* for messages, escaped */
	bool resumed; /* what is read now is there already */
	uint64_t at;  /* bytes so far */
	uint64_t records;
	struct str schema;
	struct file_index index;
	int error; /* nothing more can be written */
};

/* One of the recordings that are read. */
struct part {
	struct file_input in;
	const char *name;
	struct diag *d;
};

static int refuse(const struct part *p, int err, const char *why)
{
	_cleanup_(str_release) struct str name = {};

	str_add_escaped(&name, p->name);
	if (why)
		return diag_set(p->d, err, "'%s': %s", str_text(&name), why);
	return diag_errno(p->d, err, "cannot read '%s'", str_text(&name));
}

static int write_bytes(struct file_join *j, const void *bytes, size_t len, struct diag *d)
{
	const char *p = bytes;

	j->at += len;
	while (len && !j->resumed) {
		ssize_t n = write(j->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return diag_errno(d, n ? -errno : -EIO, "cannot write '%s'", j->name);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int take_header(struct file_join *j, struct part *p)
{
	size_t len = FILE_HEADER_FIXED;
	int err = file_input_want(&p->in, len);

	if (err)
		return refuse(p, err, NULL);
	if (file_input_len(&p->in) < len || memcmp(file_input_bytes(&p->in), FILE_MAGIC, FILE_MAGIC_BYTES))
		return refuse(p, -EBADMSG, "is not a recording");
	if (file_u32(file_input_bytes(&p->in) + FILE_MAGIC_BYTES) != FILE_VERSION)
		return refuse(p, -EBADMSG, "is a recording of another version");
	len = file_u32(file_input_bytes(&p->in) + 18);
	err = len < FILE_HEADER_MIN || len > FILE_HEADER_MAX ? -EBADMSG : file_input_want(&p->in, len);
	if (err || file_input_len(&p->in) < len)
		return refuse(p, err ? err : -EBADMSG, "its header is damaged");
	err = j->at ? 0 : write_bytes(j, file_input_bytes(&p->in), len, p->d);
	file_input_skip(&p->in, len);
	return err;
}

static int write_chunk(struct file_join *j, struct file_chunk c, const char *header, struct diag *d)
{
	int err;

	c.at = j->at;
	err = write_bytes(j, header, FILE_CHUNK_HEADER, d);
	if (!err)
		err = write_bytes(j, c.payload, c.len, d);
	file_index_put(&j->index, &c);
	j->records += c.type == FILE_CHUNK_RECORDS ? c.records : 0;
	return err;
}

static int take_schema(struct file_join *j, const struct file_chunk *c, struct part *p)
{
	if (!j->schema.len) {
		str_add_bytes(&j->schema, c->payload, c->len);
		return write_chunk(j, *c, file_input_bytes(&p->in), p->d);
	}
	if (j->schema.len == c->len && !memcmp(j->schema.p, c->payload, c->len))
		return 0;
	return refuse(p, -EINVAL, "is of another pooltrace: its records are written otherwise");
}

/* Sets *@ret_end where the recording ends. */
static int take_chunk(struct file_join *j, struct part *p, bool *ret_end)
{
	struct file_chunk c;
	int found = file_chunk_next(&p->in, FILE_VERSION, &c), err;

	if (found < 0)
		return refuse(p, found, NULL);
	if (found == CHUNK_WRONG)
		return refuse(p, -EBADMSG, "recording is damaged: where a chunk should be there is none");
	*ret_end = found != CHUNK_FOUND || c.type == FILE_CHUNK_INDEX || c.type == FILE_CHUNK_END;
	if (*ret_end)
		return 0;
	err = c.type == FILE_CHUNK_SCHEMA ? take_schema(j, &c, p) : write_chunk(j, c, file_input_bytes(&p->in), p->d);
	file_input_skip(&p->in, (size_t)c.header + c.len);
	return err;
}

static int take(struct file_join *j, int fd, const char *name, struct diag *d)
{
	struct part p = {.name = name, .d = d};
	bool end = false;
	int err;

	/* Its place is of the descriptor that it is a copy of as well. */
	if (lseek(fd, 0, SEEK_SET) < 0 || (fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0)
		return refuse(&p, -errno, NULL);
	file_input_init(&p.in, fd);
	err = take_header(j, &p);
	while (!err && !end)
		err = take_chunk(j, &p, &end);
	file_input_release(&p.in);
	return err;
}

/* What was written of it is cut off again. */
static void take_back(struct file_join *j, uint64_t at, uint64_t records, const struct file_index *index)
{
	if (ftruncate(j->fd, (off_t)at) || lseek(j->fd, (off_t)at, SEEK_SET) < 0)
		j->error = -errno;
	j->at = at;
	j->records = records;
	j->index.last = index->last;
	for (unsigned i = 0; i < FILE_INDEX_COLUMNS; i++)
		j->index.columns[i].nr = index->columns[i].nr;
}

int file_join_add(struct file_join *j, int fd, const char *name, struct diag *d)
{
	uint64_t at = j->at, records = j->records;
	/* Of its columns, only how long they are. */
	struct file_index index = j->index;
	int err = take(j, fd, name, d);

	if (err)
		take_back(j, at, records, &index);
	return err;
}

static int resume(struct file_join *j, const char *name, struct diag *d)
{
	off_t size = lseek(j->fd, 0, SEEK_END);
	int err;

	if (size < 0)
		return diag_errno(d, -errno, "cannot write '%s'", j->name);
	if (!size)
		return 0;
	j->resumed = true;
	err = take(j, j->fd, name, d);
	j->resumed = false;
	if (!err && (ftruncate(j->fd, (off_t)j->at) || lseek(j->fd, (off_t)j->at, SEEK_SET) < 0))
		err = diag_errno(d, -errno, "cannot write '%s'", j->name);
	return err;
}

int file_join_new(int fd, const char *name, struct file_join **ret, struct diag *d)
{
	_cleanup_(str_release) struct str escaped = {};
	struct file_join *j = xcalloc(1, sizeof(*j));
	int err;

	str_add_escaped(&escaped, name);
	j->fd = fd;
	j->name = xstrdup(str_text(&escaped));
	err = j->error = resume(j, name, d);
	if (err)
		file_join_end(j, NULL);
	else
		*ret = j;
	return err;
}

/* A chunk that is ours. @payload is freed by the caller. */
static int write_own(struct file_join *j, enum file_chunk_type type, char *payload, size_t len, struct diag *d)
{
	struct file_chunk c = {.type = type, .len = (uint32_t)len, .payload = payload};
	_cleanup_(str_release) struct str header = {};

	file_chunk_add_header(&header, &c, payload);
	return write_chunk(j, c, header.p, d);
}

/* Where the index is; 0: there is none. */
static int write_index(struct file_join *j, uint64_t *ret_at, struct diag *d)
{
	_cleanup_(str_release) struct str raw = {};
	_cleanup_(freep) char *frame = NULL;
	size_t bound, len;

	*ret_at = 0;
	if (!file_index_add(&raw, &j->index))
		return 0;
	bound = ZSTD_compressBound(raw.len);
	frame = xmalloc(bound);
	len = ZSTD_compress(frame, bound, raw.p, raw.len, 1);
	if (ZSTD_isError(len))
		return 0;
	*ret_at = j->at;
	return write_own(j, FILE_CHUNK_INDEX, frame, len, d);
}

static int write_end(struct file_join *j, struct diag *d)
{
	_cleanup_(str_release) struct str payload = {};
	uint64_t records = j->records, index_at;
	int err = write_index(j, &index_at, d);

	if (err)
		return err;
	file_add_u64(&payload, records);
	file_add_u64(&payload, index_at);
	return write_own(j, FILE_CHUNK_END, payload.p, payload.len, d);
}

int file_join_end(struct file_join *j, struct diag *d)
{
	int err;

	if (!j)
		return 0;
	err = j->error ? j->error : write_end(j, d);
	if (close(j->fd) && errno != EINTR && !err)
		err = diag_errno(d, -errno, "cannot write '%s'", j->name);
	file_index_release(&j->index);
	str_release(&j->schema);
	free(j->name);
	free(j);
	return err;
}
