/* recorder.h: the recording beside what is shown. When it fails, the view goes on: the failure is told at once. */
#ifndef CMD_RECORDER_H
#define CMD_RECORDER_H

#include "base/diag.h"
#include "ledger/ledger.h"

struct recorder {
	struct sink sink; /* put() fails only when `stops` is set */
	const char *path;
	struct sink *file; /* NULL: not open */
	bool stops;	   /* a failure ends the run: there is nothing else to do */
	bool failed;
	uint64_t records;
};

/* `struct recorder r = {};` is closed. A file that exists is refused without @force; "-" is stdout if allowed. */
int recorder_open(struct recorder *r, const char *path, bool force, bool to_stdout, struct diag *d);
/* Write down what @l knows, if it is time: a reader can begin there. @l has folded all that was put. As put(). */
int recorder_checkpoint(struct recorder *r, const struct ledger *l);
/* Write the rest. Returns 0 or the recording's first error, then @d says why. */
int recorder_close(struct recorder *r, struct diag *d);
/* Close and remove what recorder_open() made: nothing was recorded after all. */
void recorder_discard(struct recorder *r);
/* Bytes of the recording; false: it is no plain file. */
bool recorder_bytes(const struct recorder *r, uint64_t *ret);

#endif
