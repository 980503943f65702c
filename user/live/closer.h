/*
 * closer.h: links are slow to go: each waits some 50 ms until no processor can run its program any more. Those of different
 * threads wait at the same time, and the session goes on meanwhile.
 */
#ifndef LIVE_CLOSER_H
#define LIVE_CLOSER_H

#include "live/kernel.h"

struct closer;

struct closer *closer_new(void);
/* Close the links and make @links empty: in threads, if there can be some. */
void closer_close(struct closer *c, link_fds *links);
/* Wait until all are closed. */
void closer_free(struct closer *c);

#endif
