/*
 * output.h: stdout. A terminal gets tables in place, each in one write, cut to the window; all else gets plain text.
 * Waiting for a slow reader never keeps a signal from ending the program.
 */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "base/str.h"
#include "cmd/options.h"

struct output {
	int fd;
	int stop_fd;   /* readable: do not wait for the reader. -1: none */
	bool terminal; /* fd is one */
	bool in_place; /* tables are drawn over one another */
	bool color;
	bool written;  /* something was */
	int err;       /* first error, -errno; -EPIPE: the reader has gone, which is no failure */
	const char *name; /* for messages */
};

/*
 * Descriptors 0 to 2 that are closed become unusable ones, so that no file of ours takes their numbers.
 */
void output_reserve(void);

/* Print a text, or the help of o->command, and return the exit status. */
int output_text(const char *text);
int output_help(const struct options *o);

/* @in_place: may draw in place if stdout is a terminal. */
void output_init(struct output *out, const struct options *o, int stop_fd, bool in_place);
/* From here on keys are read (keys.h): whatever ends or stops the program gives the terminal back. */
void output_catch_keys(void);
/* Leaves the cursor as it was, below what was shown. */
void output_release(struct output *out);

/* The window in which updates are drawn in place, as it is now; 0: no limit. */
void output_window(const struct output *out, unsigned int *ret_rows, unsigned int *ret_columns);

/* Columns of the terminal; 0: it is none, or nobody knows. */
unsigned int output_columns(const struct output *out);

/*
 * Write @text as it is; write one update: in place, or behind the one before, with a blank line between when @spaced.
 * Returns 0, or -errno (-ECANCELED: stop_fd became readable while the reader did not read).
 */
int output_write(struct output *out, const char *text, size_t len);
int output_update(struct output *out, const struct str *text, bool spaced);

/* @text as it is drawn in place in a window of that size: each line cut to the columns, escapes of colour kept. */
void output_add_frame(struct str *frame, const char *text, unsigned int rows, unsigned int columns);

#endif
