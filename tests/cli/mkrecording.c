/*
 * mkrecording FILE [newer]: a recording with the records whose text form (user/stream/text.h) is on standard input.
 * With `newer` its header says that only a later pooltrace can read it (see docs/recording-format.md).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/str.h"
#include "stream/file.h"
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

static int write_records(struct sink *sink)
{
	_cleanup_(str_release) struct str text = {};
	struct source *source;
	struct diag d = {};
	int err;

	read_all(&text);
	source = text_source_new(str_text(&text), text.len);
	err = source->run(source, sink);
	if (err)
		complain(text_source_diag(source));
	source->free(source);
	if (file_sink_close(sink, &d))
		return complain(&d);
	return err ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct file_sink_options options = {.force = true};
	struct sink *sink;
	struct diag d = {};
	int status;

	if (argc < 2 || file_sink_open(argv[1], &options, &sink, &d))
		return complain(&d);
	status = write_records(sink);
	if (!status && argc > 2 && !strcmp(argv[2], "newer") && !make_newer(argv[1]))
		return 1;
	return status;
}
