/* A sink that passes each record on to several sinks: to the screen and to a file, say. */
#ifndef STREAM_TEE_H
#define STREAM_TEE_H

#include "base/vec.h"
#include "stream/record.h"

/* `struct tee t; tee_init(&t);`, then &t.sink is a sink. A tee without sinks drops what it gets. */
struct tee {
	struct sink sink;
	VEC(struct sink *) sinks;
};

void tee_init(struct tee *t);
/* Frees the tee, not its sinks. */
void tee_release(struct tee *t);

/*
 * @sink, which must live as long as the tee, gets each record from here on, behind those that were added
 * before. All sinks get all records, also when one of them fails: put() of the tee returns the first
 * error that a sink returned for this record.
 */
/* All of them; or the only one, at less cost. */
struct sink *tee_sink(struct tee *t);
void tee_add(struct tee *t, struct sink *sink);

#endif
