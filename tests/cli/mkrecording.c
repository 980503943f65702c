/*
 * mkrecording FILE [newer] [checkpoints N] [host NAME] [ring N]: a recording with the records whose text form
 * (user/stream/text.h) is on standard input, with a checkpoint after each N of them, of that host; or as a ring whose recorder was
 * killed, with N of them in each part.
 * With `newer` its header says that only a later pooltrace can read it (see docs/recording-format.md).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/str.h"
#include "ledger/checkpoint.h"
#include "stream/file.h"
#include "stream/file_ring.h"
#include "stream/text.h"

static int complain(const struct diag *d)
{
	fprintf(stderr, "mkrecording: %s\n", d->text);
	return 1;
}

static void read_all(struct str *text)
{
	char part[4096];
	size_t n;

	while ((n = fread(part, 1, sizeof(part), stdin)))
		str_add_bytes(text, part, n);
}

enum { OLDEST_READER_AT = 14, HEADER_BYTES_AT = 18, CHECKSUM_BYTES = 8 };

static bool make_newer(const char *path)
{
	unsigned char header[1024];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ssize_t n = pread(fd, header, sizeof(header), 0);
	size_t len = n > HEADER_BYTES_AT + 1 ? header[HEADER_BYTES_AT] + header[HEADER_BYTES_AT + 1] * 256U : 0;

	if (len < HEADER_BYTES_AT || len > (size_t)n)
		return false;
	header[OLDEST_READER_AT] = 99;

	uint64_t sum = XXH3_64bits(header, len - CHECKSUM_BYTES);

	for (size_t i = 0; i < CHECKSUM_BYTES; i++)
		header[len - CHECKSUM_BYTES + i] = (unsigned char)(sum >> 8 * i);
	return pwrite(fd, header, len, 0) == (ssize_t)len && !close(fd);
}

struct writer {
	struct sink sink, *file; /* NULL: it is a ring */
	struct file_ring *ring;
	struct ledger *l;
	unsigned long records, every; /* 0: no checkpoints */
};

static int put(struct sink *sink, const struct record *r)
{
	struct writer *w = (struct writer *)sink;
	int err = w->ring ? file_ring_put(w->ring, r) : sink_put(w->file, r);

	if (err || !w->every)
		return err;
	err = ledger_apply(w->l, r, NULL);
	if (!err && ++w->records % w->every == 0)
		err = w->ring ? file_ring_turn(w->ring, w->records, ledger_put_checkpoint, w->l) :
				file_sink_checkpoint(w->file, ledger_put_checkpoint, w->l);
	return err;
}

static int write_records(struct sink *sink, struct file_ring *ring, unsigned long every)
{
	_cleanup_(str_release) struct str text = {};
	struct writer w = {.sink.put = put, .file = sink, .ring = ring, .l = ledger_new(), .every = every};
	struct source *source;
	struct diag d = {};
	int err;

	read_all(&text);
	source = text_source_new(str_text(&text), text.len);
	err = source->run(source, &w.sink);
	if (err)
		complain(text_source_diag(source));
	source->free(source);
	ledger_free(w.l);
	if (ring ? file_ring_end(ring, &d) : file_sink_close(sink, &d))
		return complain(&d);
	return err ? 1 : 0;
}

static int write_ring(const char *path, unsigned long every)
{
	const struct file_ring_options options = {.force = true};
	struct file_ring *ring;
	struct diag d = {};
	int status;

	if (file_ring_open(path, &options, 0, &ring, &d))
		return complain(&d);
	status = write_records(NULL, ring, every);
	file_ring_free(ring);
	return status;
}

/* What stands behind @word among the arguments. */
static const char *argument(int argc, char **argv, const char *word)
{
	for (int i = 2; i + 1 < argc; i++)
		if (!strcmp(argv[i], word))
			return argv[i + 1];
	return NULL;
}

int main(int argc, char **argv)
{
	const char *every = argument(argc, argv, "checkpoints"), *host = argument(argc, argv, "host");
	const char *ring = argument(argc, argv, "ring");
	struct file_header header;
	const struct file_sink_options options = {.force = true, .header = &header};
	struct sink *sink;
	struct diag d = {};
	int status;

	if (ring)
		return write_ring(argv[1], strtoul(ring, NULL, 10));
	file_header_now(&header);
	if (host)
		snprintf(header.host, sizeof(header.host), "%s", host);
	if (argc < 2 || file_sink_open(argv[1], &options, &sink, &d))
		return complain(&d);
	status = write_records(sink, NULL, every ? strtoul(every, NULL, 10) : 0);
	if (!status && argc > 2 && !strcmp(argv[2], "newer") && !make_newer(argv[1]))
		return 1;
	return status;
}
