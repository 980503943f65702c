/* merge.h: a recording as one of the streams that become one, and what is checked before. See ledger/merge.h. */
#ifndef CMD_MERGE_H
#define CMD_MERGE_H

#include "base/diag.h"
#include "cmd/merge_ring.h"
#include "cmd/options.h"
#include "ledger/merge.h"
#include "runtime/symbolize.h"
#include "stream/file.h"

struct merge_file {
	struct merge_stream stream;
	struct source *source;	 /* NULL: it is a ring */
	struct merge_ring *ring; /* NULL: it is one file */
	const char *path;
	struct symbolizer *through; /* what all its records pass; NULL: nothing */
};

struct merge_files {
	bool rings; /* set before they are opened: what is left of a ring stands for all of it */
	struct merge_file *items;
	struct merge_stream **streams;
	size_t nr;
	struct file_header header; /* of what they become */
};

/* Open all recordings of @o: each once, and not its output. Returns 0 or -errno: @d says why; release it in any case. */
int merge_files_open(struct merge_files *f, const struct options *o, struct diag *d);
void merge_files_release(struct merge_files *f);
/* Put all of @m, which is made of our streams, into @file, with checkpoints. Returns what merge_run() returns. */
int merge_files_write(struct merge *m, struct sink *file);
/* Say how reading each of them ended. Returns false if something was wrong with one. */
bool merge_files_outcome(const struct merge_files *f);

#endif
