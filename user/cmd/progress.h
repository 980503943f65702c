/* progress.h: one line on a terminal that says how a recording goes, refreshed once a second. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include "base/str.h"

struct progress {
	bool on;	   /* stderr is a terminal, and nobody else writes to it */
	bool drawn;
	uint64_t begin_ns; /* monotonic */
	uint64_t due_ns, last_ns, last_events;
};

struct progress_figures {
	uint64_t events, bytes, lost;
	uint64_t held_ns; /* of a ring; 0: it is none */
};

void progress_init(struct progress *p, bool wanted);
/* Is a new line due? */
bool progress_due(const struct progress *p, uint64_t now_ns);
void progress_draw(struct progress *p, uint64_t now_ns, const struct progress_figures *f);
/* Before something else is said, and at the end. */
void progress_clear(struct progress *p);

#endif
