/* files.h: the files that a process maps, and the runtimes that they have. */
#ifndef CMD_FILES_H
#define CMD_FILES_H

#include "cmd/options.h"

#include "runtime/bind.h"
#include "target/process.h"

/* The runtimes that are built in and those of --runtime, with probes where --sites says. As runtimes_load(). */
int files_load_runtimes(const struct options *o, runtimes *ret, struct diag *d);

/*
 * The runtime that the file @name has, which can be opened by @path, bound to it. NULL: none, or nothing of it could be
 * used (@d says why).
 */
struct binding *files_bind(const char *path, const char *name, const runtimes *known, struct diag *d);
/* Was the file of mapping @i mapped by one before it that can be executed? */
bool files_seen_before(const mappings *maps, size_t i);

#endif
