/*
 * Recordings: a sink that writes records to a file or pipe, and a source that reads them back. The format
 * is described to the byte in docs/recording-format.md, and known to file*.c and columns.c only.
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
	char host[256];		/* of several machines all names: see file_header_add_hosts() */
	char kernel[256];		/* its release; likewise */
	uint64_t wall_ns, monotonic_ns; /* both clocks at one moment */
};

/* The header of a recording that begins now, on this machine, in @ret. */
void file_header_now(struct file_header *ret);
/* Of a recording of several machines: their names, and kernels, each once, joined with ", "; "..." stands for those without room. */
void file_header_add_hosts(struct file_header *header, const struct file_header *more);
bool file_header_has_hosts(const struct file_header *header);

/* Write no chunk because of its age. */
void file_sink_set_patient(struct sink *sink);

struct file_sink_options {
	bool force;	   /* overwrite a file that exists */
	bool allow_stdout; /* "-" is standard output; else it is a file of that name */
	bool patient;	   /* nobody follows it, and what is lost can be made again: chunks are as large as can be */
	const struct file_header *header; /* NULL: of a recording that begins now */
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
 * put() keeps records in memory and writes them as one chunk when the oldest is a second old (by the records' times,
 * and by the clock at idle()), at a tick that was asked for, when there are 65,536 or 4 MiB of them, and here. The
 * first error of writing (-ENOSPC, ...) is returned once, by whichever call met it; from then on records are dropped
 * and 0 is returned, so that what else sees the stream goes on. A record with a text of more than 2 MiB is -EMSGSIZE,
 * and is left out.
 */
int file_sink_flush(struct sink *sink);

/* At most how large the recording is if @more (NULL: nothing) is put and it is closed then. */
uint64_t file_sink_bound(const struct sink *sink, const struct record *more);

/* Who decides how large a recording may become. */
struct file_room {
	/*
	 * A chunk is about to be written: the file has at most @bytes when the recording is ended behind it. With @full, @bytes is 0:
	 * the disk had no room for it. Returns 0: write it (once more); or -errno: do not, which is what then is returned.
	 */
	int (*ask)(struct file_room *room, uint64_t bytes, bool full);
};

/* @room lives as long as the sink. A checkpoint that is refused is no error of the recording; records that are, are. */
void file_sink_set_room(struct sink *sink, struct file_room *room);

/*
 * Write a checkpoint, for readers that begin there: put_all() puts records that say all that is known and alive after
 * the records so far (definitions first). They are no part of the stream: a reader from the beginning skips them, and
 * they are not counted. The checkpoint has the time of the last record before it, or if there is none of its own first.
 * Returns 0, what put_all() returned (then there is no checkpoint), or the recording's error as put() does.
 */
int file_sink_checkpoint(struct sink *sink, int (*put_all)(void *context, struct sink *to), void *context);

/* How many chunks of records were written. */
uint64_t file_sink_chunks(const struct sink *sink);

/* How many bytes of the file the last checkpoint took, and how many there are; 0: there was none. */
uint64_t file_sink_checkpoint_bytes(const struct sink *sink);
uint64_t file_sink_bytes(const struct sink *sink);

/*
 * Is one due? When since the last one, or the beginning, 8 times its size were written, and 4 MiB or records of 60 s; never
 * before any record was written.
 */
bool file_sink_wants_checkpoint(const struct sink *sink);

/*
 * Write what is left and the recording's end, close and free. Returns 0 or the recording's first error,
 * then @d says why: also one that put() or flush has returned before. NULL is allowed.
 */
int file_sink_close(struct sink *sink, struct diag *d);

struct file_source_options {
	bool follow; /* wait at a plain file's end for what its writer adds, up to the recording's end, as of a pipe */
	int stop_fd; /* readable: nothing more is waited for, and run() ends; -1: none */
};

/*
 * Open the recording @path ("-": standard input) and read its header. run() works once, and on pipes as
 * far as something has arrived; while it waits it calls the sink's idle(). @options may be NULL. Returns 0 or -errno,
 * then @d says why: -EBADMSG for what is not a recording or has a damaged header, -ENOTSUP for one that needs a newer
 * pooltrace.
 */
int file_source_open(const char *path, const struct file_source_options *options, struct source **ret, struct diag *d);
/* As file_source_open(), on a descriptor, which is the source's from here on (closed also on failure). */
int file_source_new(int fd, const char *name, const struct file_source_options *options, struct source **ret,
		    struct diag *d);

/*
 * Instead of run(): push the records of one chunk. Returns 1: there may be more; else what run() returns, and nothing is to be
 * pushed any more.
 */
int file_source_step(struct source *source, struct sink *sink);

/*
 * Before run(): begin with the last whole checkpoint whose time is not after @time_ns, or with the recording's first
 * record if there is none. What a checkpoint holds comes between two records, `checkpoint reason=begin` and
 * `reason=end`; then comes all that is behind it. Returns 0, -ESPIPE for what is not a plain file, or -errno of
 * reading.
 */
int file_source_begin_at(struct source *source, uint64_t time_ns);

/*
 * Are records missing before those that come now? From a damaged chunk, or where begin_at() began, to the end of the
 * next checkpoint, which is delivered then as it is after begin_at(): who folds can begin anew with it.
 */
bool file_source_in_gap(const struct source *source);

/*
 * How a run ended. Texts live as long as the source. run() returns
 *   0         read to its end, or to where it is cut (@cut);
 *   -EBADMSG  damaged: what could be read was delivered, the rest was not;
 *   else      -errno of reading, or what the sink returned (then @problem is empty).
 */
struct file_outcome {
	uint64_t offset;	  /* end of the last chunk that was read whole, in bytes from the file's begin */
	bool cut;		  /* the recording ends early: its writer was killed, or the file was cut */
	bool stopped;		  /* by stop_fd: it may go on */
	unsigned skipped_chunks;  /* damaged, and stretches without a chunk */
	uint64_t lost_bytes;	  /* of these */
	unsigned gaps;		  /* how many of them held records, or may have */
	uint64_t lost_from_ns;	  /* time of the last record before the first gap; 0: there was none */
	uint64_t lost_to_ns;	  /* time of the first record behind the last gap; 0: none has come */
	unsigned unknown_chunks;  /* of types that a newer pooltrace has */
	uint64_t records;	  /* delivered, those of checkpoints apart */
	uint64_t unknown_records; /* left out: of kinds that a newer pooltrace has */
	char problem[512];	  /* the first of all, with name and offset; empty: none */
};

const struct file_outcome *file_source_outcome(const struct source *source);
const struct file_header *file_source_header(const struct source *source);

#endif
