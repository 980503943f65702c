/* runtimes_json.h: `pooltrace runtimes --json`: what of a runtime was found in a program's file. docs/json.md is the contract. */
#ifndef VIEW_RUNTIMES_JSON_H
#define VIEW_RUNTIMES_JSON_H

#include "base/str.h"
#include "runtime/bind.h"

/* One object and a newline. @path: the file, as process @pid maps it (0: no process does). */
void view_binding_json(struct str *out, const struct binding *b, const char *path, int pid);

#endif
