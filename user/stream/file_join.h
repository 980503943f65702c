/*
 * file_join.h: recordings of one stream, one behind the other, as one recording: chunks are copied as they are, since each can be
 * understood by itself; index and end are made anew.
 */
#ifndef STREAM_FILE_JOIN_H
#define STREAM_FILE_JOIN_H

#include "base/diag.h"

struct file_join; /* opaque */

/*
 * Begin with what @fd has, a plain file that is open for reading and writing: nothing, or a recording, which is gone on with: its
 * index and end are cut off. @fd is the join's from here on (closed also on failure); @name is for messages. Returns 0, -EBADMSG
 * for what is no recording of this version, or -errno; then @d says why.
 */
int file_join_new(int fd, const char *name, struct file_join **ret, struct diag *d);
/*
 * Append what the recording @fd holds, up to its end or to where it is cut; its stream is the one of those before, and it is later.
 * @fd stays the caller's. Errors likewise, also -EINVAL: its records are written otherwise. After one nothing of it was added.
 */
int file_join_add(struct file_join *j, int fd, const char *name, struct diag *d);
/* Write index and end, close and free. Returns 0 or the first error, then @d says why. NULL is allowed. */
int file_join_end(struct file_join *j, struct diag *d);

#endif
