/*
 * stacks.h: what the threads were doing that allocate. A stack comes in a ring of its own, before its hit: it is unwound when it is
 * received, kept by its thread and running number, and told with the allocation that the hit becomes.
 */
#ifndef LIVE_STACKS_H
#define LIVE_STACKS_H

#include "stream/record.h"

struct session;
struct stacks;
struct watched;

struct stacks *stacks_new(struct session *s);
void stacks_free(struct stacks *s);

/* Read what is needed to leave the functions of a process, before its first hit: large files take milliseconds. */
void stacks_prepare(struct session *s, struct watched *w);
/* It has mapped something since. */
void stacks_remapped(const struct session *s, int pid);
/* Read what was mapped since. */
void stacks_step(struct session *s);
void stacks_forget(struct watched *w);

/* Receive the stacks of all hits that were taken out of their ring before. */
int stacks_drain(struct session *s);
/* Set the stack of an allocation that comes of the hit under way, if there is one. Puts what has not been told of it. */
int stacks_join(struct session *s, struct record *alloc);
/* All hits that were taken out of the ring have been received: stacks that none of them had belong to lost ones. */
void stacks_settle(struct session *s);
/* Put how many allocations have no stack, if that has changed. */
int stacks_put_losses(struct session *s);

#endif
