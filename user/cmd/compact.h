/*
 * compact.h: a recording of few events a second, in each of which a chunk was written, is several times as large as its records
 * need. When it is closed it is written anew, in chunks that are full, and the new file takes the place of the old one at once.
 * Who reads the old one goes on reading it: it is whole, and never changes.
 */
#ifndef CMD_COMPACT_H
#define CMD_COMPACT_H

#include "base/util.h"

/*
 * Of a recording that was closed and had @chunks of records. Does nothing where it is not worth the while, cannot be done without
 * changing more than the file's size (links, another owner, a directory that is not ours), or would take long.
 */
void recording_compact(const char *path, uint64_t chunks);

#endif
