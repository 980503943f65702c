/* Opening a recording to be read: its header. */
#include "stream/file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void file_source_free(struct source *source)
{
	struct file_source *f = (struct file_source *)source;

	if (!f)
		return;
	file_frames_release(&f->frames);
	file_decoder_free(f->decoder);
	file_input_release(&f->in);
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
	f->version = file_u32(p + 10);
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

int file_source_new(int fd, const char *name, const struct file_source_options *options, struct source **ret,
		    struct diag *d)
{
	_cleanup_(str_release) struct str escaped = {};
	struct file_source *f = xcalloc(1, sizeof(*f));
	int err;

	str_add_escaped(&escaped, name);
	f->source = (struct source){.run = file_source_run, .free = file_source_free};
	f->name = xstrdup(str_text(&escaped));
	file_input_init(&f->in, fd);
	f->in.follow = options && options->follow;
	f->in.stop_fd = options ? options->stop_fd : -1;
	f->decoder = file_decoder_new();
	err = file_frames_init(&f->frames) ? read_header(f, d) : diag_errno(d, -ENOMEM, "cannot read '%s'", f->name);
	if (err)
		file_source_free(&f->source);
	else
		*ret = &f->source;
	return err;
}

int file_source_open(const char *path, const struct file_source_options *options, struct source **ret, struct diag *d)
{
	bool is_stdin = !strcmp(path, "-");
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_(str_release) struct str name = {};

	if (fd >= 0)
		return file_source_new(fd, is_stdin ? "standard input" : path, options, ret, d);

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

bool file_source_in_gap(const struct source *source)
{
	return ((const struct file_source *)source)->gap;
}
