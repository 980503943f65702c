/* found.h: what was there when a recording began that is a part of a longer stream: it begins with a checkpoint. */
#ifndef CMD_FOUND_H
#define CMD_FOUND_H

#include "cmd/trace.h"

/*
 * Behind the first checkpoint: tell the view, with `attach` and `block` records that are in no stream, of the processes that are
 * watched and the blocks that live. Returns what its put() returned.
 */
int found_put(struct trace *t, uint64_t time_ns);

#endif
