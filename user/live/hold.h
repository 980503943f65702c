/*
 * hold.h: processes of a command that we started are held until their probes are set: see bpf/hold.bpf.c, which stops them.
 * Here they are found, attached to, and continued. Used in this room alone.
 */
#ifndef LIVE_HOLD_H
#define LIVE_HOLD_H

#include "live/watch.h"

struct hold;

/* Before the kernel half is loaded: hold_fd() goes there. */
int hold_new(struct hold **ret, struct diag *d);
/* Take the probes off the dynamic linkers. */
void hold_end(struct hold *h, struct closer *c);
/* When the kernel half is gone: all that are held go on. */
void hold_free(struct hold *h);
/* The map of processes that are stopped. */
int hold_fd(const struct hold *h);

/* From now on @pid, the command, is held when it executes its program, and so are its children. */
int hold_first(struct session *s, int pid, struct diag *d);

/* What the kernel half says about such processes; false: it was about something else. */
bool hold_receive(struct hold *h, const struct wire_hit *hit);
/* Serve those that wait. */
int hold_step(struct session *s);
/* Monotonic: when hold_step() is to be called even though nothing happens. */
uint64_t hold_due_ns(const struct hold *h);

/* Is @pid stopped for us now? */
bool hold_holds(const struct hold *h, int pid);
/* Will we be told when it maps a runtime? Until then it is to be left alone: it would be found while it maps it. */
bool hold_will_tell(const struct hold *h, int pid);
/* The census of a process that is held. */
int hold_census(struct session *s, struct watched *w);

#endif
