/* file_source.h: the state of a recording that is being read, for file_open.c, file_seek.c and file_source.c. */
#ifndef STREAM_FILE_SOURCE_H
#define STREAM_FILE_SOURCE_H

#include "stream/file.h"
#include "stream/file_decode.h"
#include "stream/file_frame.h"

struct file_source {
	struct source source;
	struct file_input in;
	char *name; /* for messages, escaped */
	struct file_header header;
	unsigned version; /* of the format */
	struct file_schema schema;
	bool has_schema;
	struct file_outcome outcome;
	bool damaged;	    /* something in it is wrong */
	bool begun;	    /* there was a chunk of records, or what may have been one */
	bool gap;	    /* records are missing before what comes now, and no checkpoint has followed */
	bool begins_late;   /* records were left out on purpose */
	bool in_checkpoint; /* its begin was delivered, its end not yet */
	bool wants_time;    /* of what follows a gap */
	uint64_t nr_read;   /* records, those of checkpoints apart */
	uint64_t last_ns;   /* time of the last one */
	unsigned searches;  /* for the next chunk, in one that is broken */
	struct file_frames frames;
	struct file_decoder *decoder;
};

/* The source's run(). */
int file_source_run(struct source *source, struct sink *sink);

#endif
