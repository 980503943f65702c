/* create.h: files that are written: nothing that someone has is lost unasked. */
#ifndef BASE_CREATE_H
#define BASE_CREATE_H

#include <stdbool.h>

/*
 * Open @path for writing. A new file is made; one that exists is -EEXIST, or emptied with @force; pipes and devices are written
 * to. Returns a descriptor, which the caller closes, or -errno.
 */
int create_file(const char *path, bool force);

#endif
