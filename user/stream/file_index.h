/* file_index.h: which chunks a recording has, and where: who wants one of them need not look for it. */
#ifndef STREAM_FILE_INDEX_H
#define STREAM_FILE_INDEX_H

#include "stream/columns.h"
#include "stream/file_chunk.h"

enum {
	FILE_INDEX_MAX = 1 << 20, /* chunks: a recording of more has no index */
	FILE_INDEX_COLUMNS = 4,
};

/* Of a recording that is being written. */
struct file_index {
	numbers columns[FILE_INDEX_COLUMNS];
	struct file_chunk last;
};

void file_index_release(struct file_index *index);
/* Add a chunk: @c->at, type, more, continues, time_ns, records. */
void file_index_put(struct file_index *index, const struct file_chunk *c);
/* Add what the frame of an index holds. False: there are too many chunks. */
bool file_index_add(struct str *s, const struct file_index *index);

/* One that is read; everything in it may be wrong. {} is empty. */
struct file_index_view {
	struct column_pool pool;
	struct column columns[FILE_INDEX_COLUMNS];
	struct file_chunk last;
	size_t next;
};

void file_index_view_release(struct file_index_view *view);
/* Read what an index chunk's frame holds. -EBADMSG when it is malformed. */
int file_index_read(struct file_bytes content, struct file_index_view *ret);
/* The next chunk, as far as the index tells it; false at the end. */
bool file_index_next(struct file_index_view *view, struct file_chunk *ret);
/* Begin again with the first one. */
void file_index_rewind(struct file_index_view *view);

#endif
