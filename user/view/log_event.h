/* log_event.h: what a record says as an event: one description that the log and JSON write down. */
#ifndef VIEW_LOG_EVENT_H
#define VIEW_LOG_EVENT_H

#include "view/select.h"

/* A number that may be unknown. */
struct known {
	uint64_t value;
	bool has;
};

/* Texts are those of the record, the ledger or static. */
struct event {
	const char *name; /* "alloc", ... as docs/json.md lists them */
	uint64_t time_ns;
	const char *host; /* NULL: there is but one */
	struct known pid, tid;
	const struct device *device; /* NULL: none, or not known */
	const char *pool; /* NULL: none */
	struct known reserved, asked, address;
	bool sized;		/* it is about memory: sizes that are absent are not known */
	struct known trace;	/* of a phase, or whose buffer it is */
	struct known id;	/* of a buffer: the runtime's own number */
	const char *layout, *label; /* as in the record; NULL: not known */
	struct known buffers;	/* freed at once; circular buffers of a program */
	struct known end;	/* address behind a program's circular buffers */
	struct known limit;	/* address that they would have had to stay below */
	struct known core_bytes; /* that they take of each core */
	struct known count, from_ns;
	struct known equal, partial;
	const char *phase, *state; /* "execution", "begin" or "end" */
	const char *reason, *probe;
	struct known code;	/* of a call that failed: what it gave back, which may be below 0 */
	const char *process, *command, *runtime; /* of one that is watched from here on */
	const char *path, *build_id, *version; /* of a file in which it is traced */
	bool unknown_free, replaced;
	uint64_t stack; /* number of what it was called by, in the ledger; 0: not known, or nobody wants to know */
	const struct ledger *ledger;
};

/*
 * An allocation that ends a phase is two events; a release, the end of one phase and the begin of another, two. The circular
 * buffers of a program are one event, which comes before that of the next record.
 */
enum { EVENTS_MAX = 4 };

struct events {
	struct event items[EVENTS_MAX];
	size_t nr;
};

/* The events of a record that the selection has: often none. */
void events_of(const struct record *r, const struct effect *e, const struct selection *s, struct events *ret);
/*
 * As events_of(), for what has no eyes to see them pass: also `attach`, `module`, `detach`, `block` (found in the books) and
 * `replays`, so that what is allocated can be summed up.
 */
void all_events_of(const struct record *r, const struct effect *e, const struct selection *s, struct events *ret);
/* What is known of a block. */
void event_set_block(struct event *event, const struct block *b);

#endif
