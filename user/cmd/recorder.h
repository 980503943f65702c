/* recorder.h: the recording beside what is shown. When it fails, the view goes on: the failure is told at once. */
#ifndef CMD_RECORDER_H
#define CMD_RECORDER_H

#include "base/diag.h"
#include "ledger/ledger.h"
#include "stream/file.h"
#include "stream/file_ring.h"

struct recorder_options {
	bool force;
	bool to_stdout;	    /* "-" is stdout */
	uint64_t max_bytes; /* of the whole file; 0: any */
	bool ring;	    /* keep what is newest, of span_ns or ring_bytes; one of them may be 0 */
	uint64_t span_ns, ring_bytes;
};

struct recorder {
	struct sink sink; /* put() fails only when `stops` is set */
	struct file_room room;
	const char *path;
	struct sink *file;	/* NULL: not open, or a ring */
	struct file_ring *ring; /* NULL: not open, or no ring */
	uint64_t max_bytes;
	bool stops;	   /* a failure ends the run: there is nothing else to do */
	bool failed;
	bool full;	   /* there is no room for more: nothing is put any more */
	bool no_checkpoint; /* nor for a checkpoint */
	bool in_checkpoint; /* one is being put */
	bool closed;
	uint64_t records;
	uint64_t last_ns; /* time of the last one */
	uint64_t chunks;  /* of records, of a file that is closed and whole */
};

/* `struct recorder r = {};` is closed. A file that exists is refused without @o->force. */
int recorder_open(struct recorder *r, const char *path, const struct recorder_options *o, struct diag *d);
/* Is it? Then it is to be closed. */
bool recorder_is_open(const struct recorder *r);
/*
 * Write down what @l knows, if it is time: a reader can begin there. @l has folded all that was put, last @record (NULL: nobody
 * knows). As put().
 */
int recorder_checkpoint(struct recorder *r, const struct ledger *l, const struct record *record);
/* Of a ring: complete the part that is written to, so that all that was put is in complete ones. As put(). */
int recorder_turn(struct recorder *r, const struct ledger *l);
/* Write the rest. Returns 0 or the recording's first error, then @d says why. A ring is to be joined then. */
int recorder_close(struct recorder *r, struct diag *d);
/* Of a file that is closed: write it anew where that makes it smaller, see compact.h. */
void recorder_compact(const struct recorder *r);
/* Of a ring that is closed: make one file of its parts. Returns 0, or -errno and @d says why. */
int recorder_join(struct recorder *r, struct diag *d);
/* Close and remove what recorder_open() made, if it is open: nothing was recorded after all. Frees all in any case. */
void recorder_discard(struct recorder *r);
/* Bytes of the recording; false: it is no plain file. */
bool recorder_bytes(const struct recorder *r, uint64_t *ret);

#endif
