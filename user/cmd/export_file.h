/* export_file.h: where an export goes: stdout, or a file of its own. */
#ifndef CMD_EXPORT_FILE_H
#define CMD_EXPORT_FILE_H

#include "base/diag.h"
#include "cmd/output.h"

struct export_file {
	char *name; /* for messages; NULL: it is stdout */
	const char *path;
	int fd;
};

/*
 * `struct export_file f = {.fd = -1};` is closed. Makes @out write to @path (NULL or "-": leaves it as it is). A file that exists is
 * refused without @force, and so is @source, the recording that is read. Returns 0, or -errno: @d says why.
 */
int export_file_open(struct export_file *f, struct output *out, const char *path, const char *source, bool force, struct diag *d);
/* Removes the file if it is not whole: without @keep, or as output.err says, where a last error of closing it is put. */
void export_file_close(struct export_file *f, struct output *out, bool keep);
void export_file_release(struct export_file *f);

#endif
