/* Writing a recording. */
#include "stream/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zstd.h>

#include "base/units.h"
#include "stream/file_format.h"

enum {
	FLUSH_BYTES = 256 << 10,
	LEVEL = 1, /* of zstd: recording must not cost the machine that is measured */
};

#define X(member, NAME, type) +(FIELD_TYPE_##type == FIELD_TYPE_TEXT)
enum { NR_TEXTS = 0 RECORD_FIELDS(X) };
#undef X
/* Whatever a record holds, its frame can be read. */
_Static_assert((uint64_t)NR_TEXTS *FILE_TEXT_MAX + FLUSH_BYTES + 64 * 20 < FILE_FRAME_MAX, "a record fits in a frame");
_Static_assert(FILE_CHUNK_MAX >= FILE_FRAME_MAX, "and so does what cannot be compressed");

struct file_sink {
	struct sink sink;
	int fd;
	char *name;	/* for messages, escaped */
	int error;	/* the first one */
	struct str raw; /* records that are not written yet */
	struct file_deltas deltas;
	uint64_t nr_records;
	char *chunk; /* where one is put together */
	size_t chunk_cap;
	ZSTD_CCtx *zstd;
};

/* A pipe may be set to non-blocking by whoever shares it with us. */
static int wait_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

static int write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);
		int err = 0;

		if (n > 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (!n)
			return -EIO;
		if (errno == EAGAIN)
			err = wait_writable(fd);
		else if (errno != EINTR)
			err = -errno;
		if (err)
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

/* Room for a chunk of @payload bytes, which are put at the address that is returned. */
static char *chunk_payload(struct file_sink *f, size_t payload)
{
	if (f->chunk_cap < FILE_CHUNK_HEADER + payload) {
		f->chunk_cap = FILE_CHUNK_HEADER + payload;
		f->chunk = xreallocarray(f->chunk, f->chunk_cap, 1);
	}
	return f->chunk + FILE_CHUNK_HEADER;
}

/* Write the chunk whose payload lies where chunk_payload() said. */
static int write_chunk(struct file_sink *f, enum file_chunk_type type, size_t len)
{
	_cleanup_(str_release) struct str header = {};

	file_add_u32(&header, type);
	file_add_u32(&header, (uint32_t)len);
	memcpy(f->chunk, header.p, header.len);
	file_add_u64(&header, file_chunk_checksum(f->chunk));
	memcpy(f->chunk, header.p, header.len);
	return write_all(f->fd, f->chunk, FILE_CHUNK_HEADER + len);
}

static int write_plain_chunk(struct file_sink *f, enum file_chunk_type type, const struct str *payload)
{
	memcpy(chunk_payload(f, payload->len), payload->p, payload->len);
	return write_chunk(f, type, payload->len);
}

static int write_records(struct file_sink *f)
{
	size_t bound = ZSTD_compressBound(f->raw.len);
	char *payload = chunk_payload(f, bound);
	size_t len = ZSTD_compressCCtx(f->zstd, payload, bound, f->raw.p, f->raw.len, LEVEL);

	BUG_ON(ZSTD_isError(len));
	str_clear(&f->raw);
	f->deltas = (struct file_deltas){};
	return write_chunk(f, FILE_CHUNK_RECORDS, len);
}

int file_sink_flush(struct sink *sink)
{
	struct file_sink *f = (struct file_sink *)sink;

	if (f->error || !f->raw.len)
		return 0;
	return remember(f, write_records(f));
}

static bool has_long_text(const struct record *r)
{
	for (int field = 0; field < FIELD_NR; field++)
		if (r->has & 1ULL << field && field_descs[field].type == FIELD_TYPE_TEXT &&
		    strlen(record_text(r, (enum field)field)) > FILE_TEXT_MAX)
			return true;
	return false;
}

static int put(struct sink *sink, const struct record *r)
{
	struct file_sink *f = (struct file_sink *)sink;

	if (f->error)
		return 0;
	if (has_long_text(r))
		return -EMSGSIZE;
	file_record_add(&f->raw, &f->deltas, r);
	f->nr_records++;
	return r->kind == RECORD_TICK || f->raw.len > FLUSH_BYTES ? file_sink_flush(sink) : 0;
}

void file_header_now(struct file_header *ret)
{
	struct utsname names = {};

	*ret = (struct file_header){.wall_ns = units_wall_ns(), .monotonic_ns = units_monotonic_ns()};
	uname(&names);
	snprintf(ret->tool, sizeof(ret->tool), "%s", POOLTRACE_VERSION);
	snprintf(ret->host, sizeof(ret->host), "%s", names.nodename);
	snprintf(ret->kernel, sizeof(ret->kernel), "%s", names.release);
}

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
	err = write_all(f->fd, bytes.p, bytes.len);
	return remember(f, err ? err : write_plain_chunk(f, FILE_CHUNK_SCHEMA, &schema));
}

static int end(struct file_sink *f)
{
	_cleanup_(str_release) struct str count = {};

	file_add_u64(&count, f->nr_records);
	return write_plain_chunk(f, FILE_CHUNK_END, &count);
}

int file_sink_close(struct sink *sink, struct diag *d)
{
	struct file_sink *f = (struct file_sink *)sink;
	int err;

	if (!f)
		return 0;
	file_sink_flush(sink);
	if (!f->error)
		remember(f, end(f));
	/* A network's file system may say only now that there is no room. Linux has closed it even on EINTR. */
	if (close(f->fd) && errno != EINTR)
		remember(f, -errno);
	err = f->error ? diag_errno(d, f->error, "cannot write the recording '%s'", f->name) : 0;
	ZSTD_freeCCtx(f->zstd);
	str_release(&f->raw);
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
	f->sink.put = put;
	f->fd = fd;
	f->name = xstrdup(str_text(&escaped));
	f->zstd = ZSTD_createCCtx();
	if (!f->zstd || begin(f, header)) {
		remember(f, -ENOMEM);
		return file_sink_close(&f->sink, d);
	}
	*ret = &f->sink;
	return 0;
}

/* What is there already is written to if nothing is lost by that: a pipe, a device. */
static int open_existing(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (S_ISREG(st.st_mode))
		err = -EEXIST;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int open_path(const char *path, bool force)
{
	int fd;

	/* Without O_CREAT: with it, root may not open a user's file in /tmp (fs.protected_regular). */
	if (force) {
		fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
		if (fd >= 0 || errno != ENOENT)
			return fd < 0 ? -errno : fd;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0 && errno == EEXIST)
		return open_existing(path);
	return fd < 0 ? -errno : fd;
}

static int open_stdout(void)
{
	int fd;

	if (isatty(STDOUT_FILENO))
		return -ENOTSUP;
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? -errno : fd;
}

int file_sink_open(const char *path, const struct file_sink_options *options, struct sink **ret, struct diag *d)
{
	bool is_stdout = options->allow_stdout && !strcmp(path, "-");
	int fd = is_stdout ? open_stdout() : open_path(path, options->force);
	_cleanup_(str_release) struct str name = {};
	struct file_header header;

	if (fd >= 0) {
		file_header_now(&header);
		return file_sink_new(fd, is_stdout ? "standard output" : path, &header, ret, d);
	}
	if (is_stdout && fd == -ENOTSUP) {
		diag_set(d, fd, "cannot record to a terminal");
		diag_hint(d, "name a file, or send standard output to one");
		return fd;
	}
	str_add_escaped(&name, path);
	diag_errno(d, fd, "cannot record to '%s'", str_text(&name));
	if (fd == -EEXIST)
		diag_hint(d, "-f overwrites it");
	return fd;
}
