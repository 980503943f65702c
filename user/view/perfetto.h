/*
 * perfetto.h: packets of a Perfetto trace, by their published field numbers: tracks, slices, instants and counters. Times are
 * wall-clock nanoseconds, and the trace says so.
 */
#ifndef VIEW_PERFETTO_H
#define VIEW_PERFETTO_H

#include "view/event_fields.h"

/* What stands at the begin: the clock, and the names of arguments. @time_ns: of the first event. */
void perfetto_add_begin(struct str *out, uint64_t time_ns);

/* A packet with what later ones refer to by number: fields of InternedData are added between the two calls. */
struct perfetto_interned {
	size_t packet, data;
};

struct perfetto_interned perfetto_begin_interned(struct str *out);
void perfetto_end_interned(struct str *out, struct perfetto_interned i);

/*
 * Tracks. Their numbers are the caller's, from 1, each used once. Tracks of one parent with the same name are shown as one, with
 * as many lines. A @parent that is 0 is none. Texts are escaped already.
 */
struct perfetto_process {
	uint64_t track;
	int pid;
	const char *name, *command;
	uint64_t start_ns;
	bool has_start;
};

void perfetto_add_process(struct str *out, const struct perfetto_process *p);
void perfetto_add_track(struct str *out, uint64_t track, uint64_t parent, const char *name);
/* Of bytes. */
void perfetto_add_counter(struct str *out, uint64_t track, uint64_t parent, const char *name);

/* Events on a track: a slice's begin has a name and arguments, as has an instant; an end has neither. */
enum perfetto_type { PERFETTO_BEGIN = 1, PERFETTO_END, PERFETTO_INSTANT };

struct perfetto_event {
	enum perfetto_type type;
	uint64_t time_ns, track;
	const char *category, *name; /* escaped */
	const struct event *arguments; /* NULL: none */
	uint64_t stack, line_text, stack_text; /* numbers of what was told of its call stack: perfetto_stacks.h. 0: none */
};

void perfetto_add_event(struct str *out, const struct perfetto_event *e);
void perfetto_add_value(struct str *out, uint64_t time_ns, uint64_t track, uint64_t bytes);

#endif
