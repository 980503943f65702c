/*
 * Recordings: a sink that writes records to a file or pipe, and a source that reads them back. The format
 * (the first one) is described to the byte in docs/recording-format.md, and known to file*.c only.
 *
 * What a source delivers is equal to what was put: same kinds, same fields, same order.
 */
#ifndef STREAM_FILE_H
#define STREAM_FILE_H

#include "base/diag.h"
#include "stream/record.h"

/* Where and when a recording was made. */
struct file_header {
	char tool[64]; /* version of the pooltrace that wrote it */
	char host[256];
	char kernel[256];		/* its release */
	uint64_t wall_ns, monotonic_ns; /* both clocks at one moment */
};

/* The header of a recording that begins now, on this machine, in @ret. */
void file_header_now(struct file_header *ret);

struct file_sink_options {
	bool force;	   /* overwrite a file that exists */
	bool allow_stdout; /* "-" is standard output; else it is a file of that name */
};

/*
 * Begin a recording at @path: write its header, and return its sink in @ret. Pipes and devices are written
 * to; a file that exists is refused without @options->force. Returns 0 or -errno, then @d says why.
 */
int file_sink_open(const char *path, const struct file_sink_options *options, struct sink **ret, struct diag *d);

/*
 * As file_sink_open(), on a descriptor, which is the sink's from here on (closed also on failure). @name
 * is for messages. A closed pipe raises SIGPIPE unless the caller ignores it; then it is -EPIPE.
 */
int file_sink_new(int fd, const char *name, const struct file_header *header, struct sink **ret, struct diag *d);

/*
 * put() keeps records in memory and writes them as one chunk at each tick, at more than 256 KiB, and here.
 * The first error of writing (-ENOSPC, ...) is returned once, by put() or flush; from then on records are
 * dropped and 0 is returned, so that what else sees the stream goes on. A record with a text of more than
 * 4 MiB is -EMSGSIZE, and is left out.
 */
int file_sink_flush(struct sink *sink);

/*
 * Write what is left and the recording's end, close and free. Returns 0 or the recording's first error,
 * then @d says why: also one that put() or flush has returned before. NULL is allowed.
 */
int file_sink_close(struct sink *sink, struct diag *d);

/*
 * Open the recording @path ("-": standard input) and read its header. run() works once, and on pipes as
 * far as something has arrived. Returns 0 or -errno, then @d says why: -EBADMSG for what is not a
 * recording or has a damaged header, -ENOTSUP for one that needs a newer pooltrace.
 */
int file_source_open(const char *path, struct source **ret, struct diag *d);
/* As file_source_open(), on a descriptor, which is the source's from here on (closed also on failure). */
int file_source_new(int fd, const char *name, struct source **ret, struct diag *d);

/*
 * How a run ended. Texts live as long as the source. run() returns
 *   0         read to its end, or to where it is cut (@cut);
 *   -EBADMSG  damaged: what could be read was delivered, the rest was not;
 *   else      -errno of reading, or what the sink returned (then @problem is empty).
 */
struct file_outcome {
	uint64_t offset;	  /* end of the last chunk that was read whole, in bytes from the file's begin */
	bool cut;		  /* the recording ends early: its writer was killed, or the file was cut */
	unsigned skipped_chunks;  /* damaged: their records are missing */
	unsigned unknown_chunks;  /* of types that a newer pooltrace has */
	uint64_t records;	  /* delivered */
	uint64_t unknown_records; /* left out: of kinds that a newer pooltrace has */
	char problem[512];	  /* the first of all, with name and offset; empty: none */
};

const struct file_outcome *file_source_outcome(const struct source *source);
const struct file_header *file_source_header(const struct source *source);

#endif
