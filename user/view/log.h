/* log.h: the event log: a line an event. */
#ifndef VIEW_LOG_H
#define VIEW_LOG_H

#include "base/str.h"
#include "view/select.h"

struct log_options {
	const struct selection *selection;
	bool bytes, color;
	bool hosts; /* there are several: each line names its own */
};

/* A line of column titles. */
void log_add_title(struct str *out, const struct log_options *o);
/* The lines of one record (none, one, or two: an allocation that ends a phase says so in a line of its own). */
void log_add(struct str *out, const struct record *r, const struct effect *e, const struct log_options *o);

#endif
