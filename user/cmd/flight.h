/*
 * flight.h: the flight recorder's moments: when a trigger of `record --ring` fires, what the ring holds is copied into a file of its
 * own, by a thread, while the recording goes on.
 */
#ifndef CMD_FLIGHT_H
#define CMD_FLIGHT_H

#include "cmd/trace.h"
#include "view/trigger.h"

struct copy; /* a file that is being written */

struct flight {
	bool on; /* there is a ring */
	struct triggers triggers;
	bool by_signal; /* SIGUSR2 is a trigger */
	const char *path; /* the recording's */
	int signal_fd;	  /* SIGUSR2; -1: none */
	const struct trigger *wanted; /* fired: the file is written at the table that marks its moment; NULL: none */
	struct str what;
	struct copy *copy; /* NULL: none is being written */
	uint64_t next_ns;  /* monotonic: not before */
	uint64_t skipped;  /* moments without a file since the last one */
	VEC(char *) files; /* that were written */
};

/* `struct flight f = {.signal_fd = -1};` is valid, and off. @path lives as long as it. 0 or a usage error, which the options' parser has excluded. */
int flight_init(struct flight *f, const struct options *o, struct diag *d);
/* Take over SIGUSR2, before any thread or process is started. -errno. */
int flight_take_signal(struct flight *f, struct diag *d);
/* After the ledger has taken @r: marks its moment in the stream if a trigger fires. */
void flight_look(struct flight *f, struct trace *t, const struct record *r, const struct effect *e);
/* At the table that marks a moment: a trigger's, or that of a signal. 0, or what the recorder returned. */
int flight_mark(struct flight *f, struct trace *t);
/* Several times a second: says what has been written. */
void flight_step(struct flight *f);
/* Wait for what is being written, and say so. */
void flight_end(struct flight *f);
void flight_release(struct flight *f);

#endif
