/*
 * file_ring.h: a recording that keeps what is newest. It lies in parts, each of which is a recording: PATH is written to, and
 * PATH.1, PATH.2 and so on, in their order, are what was written before; the oldest is removed when enough follows it. A part
 * begins with a checkpoint, so that it can be read without those before it, whatever becomes of us. At the end all of them become
 * one, PATH.
 *
 * A name, once given, stays: a part is renamed once, when it is complete, and never overwritten.
 */
#ifndef STREAM_FILE_RING_H
#define STREAM_FILE_RING_H

#include "base/diag.h"
#include "base/vec.h"
#include "stream/record.h"

typedef VEC(char *) file_ring_paths;
void file_ring_paths_release(file_ring_paths *paths);

/*
 * The parts of a ring at @path that are there, in their order, but for @path itself: somebody writes it, or was killed. Returns 0,
 * or -errno where its folder cannot be read, but for -EACCES, which finds none.
 */
int file_ring_find_left(const char *path, file_ring_paths *ret);
/* How long the name of the ring is in @path, that of a part such as "run.pt.12", and its number; 0: it is no such name. */
size_t file_ring_part_name(const char *path, uint64_t *ret_number);

enum {
	FILE_RING_PARTS = 8, /* of the span, and of the size, that a part has at most */
	FILE_RING_LEAST = 256 << 10, /* bytes: less has no room for its parts */
};

struct file_ring_options {
	uint64_t span_ns; /* what is held at least; 0: any */
	uint64_t bytes;	  /* of all files at most, also while they are joined; it goes before the span. 0: any */
	bool force;	  /* remove what is there: PATH, and parts that somebody left */
};

struct file_ring;

/*
 * Begin at @path; @now_ns here and below is CLOCK_MONOTONIC. Returns 0 or -errno, then @d says why: -EEXIST for a file or part that
 * is there, -EINVAL for what is no plain file.
 */
int file_ring_open(const char *path, const struct file_ring_options *o, uint64_t now_ns, struct file_ring **ret, struct diag *d);

/* As of a file's sink: the first error is returned once, then records are dropped. */
int file_ring_put(struct file_ring *r, const struct record *record);
int file_ring_idle(struct file_ring *r);

/* The sink of the part that is written to, for checkpoints; NULL after an error. */
struct sink *file_ring_part(const struct file_ring *r);

/* Is a new part to be begun? Not while it would hold nothing but what the last one holds. */
bool file_ring_due(struct file_ring *r, uint64_t now_ns);
/*
 * Complete the part, begin another one, and remove what is not needed any more. put_all() says all that is known, as for
 * file_sink_checkpoint(). Returns errors as put(); -EFBIG: what put_all() says has no room in a part.
 */
int file_ring_turn(struct file_ring *r, uint64_t now_ns, int (*put_all)(void *context, struct sink *to), void *context);

struct file_ring_state {
	uint64_t bytes;	  /* of all files */
	uint64_t held_ns; /* since what is held began */
	bool disk_full;	  /* parts were removed because the disk had no room */
	bool too_small;	  /* or because `bytes` are not enough for the span */
};

struct file_ring_state file_ring_state(const struct file_ring *r, uint64_t now_ns);

/* Descriptors of the complete parts, the oldest first, to be read; they stay what they are when the parts are removed. */
typedef VEC(int) file_ring_fds;
int file_ring_open_parts(const struct file_ring *r, file_ring_fds *ret, struct diag *d);

/* Complete the last part. Returns 0 or the ring's first error, then @d says why. */
int file_ring_end(struct file_ring *r, struct diag *d);
/* After that: make one recording of all parts. An error leaves parts that can be read: @d says which. */
int file_ring_join(struct file_ring *r, struct diag *d);
/* Also without both; the files stay. NULL is allowed. */
void file_ring_free(struct file_ring *r);

#endif
