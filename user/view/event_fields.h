/* event_fields.h: the fields of an event by name: one table for all that write events down, as JSON, CSV or arguments. */
#ifndef VIEW_EVENT_FIELDS_H
#define VIEW_EVENT_FIELDS_H

#include "base/str.h"
#include "view/log_event.h"

enum event_type {
	EVENT_TEXT,
	EVENT_NUMBER,
	EVENT_SIGNED,  /* one that may be below 0 */
	EVENT_ADDRESS, /* a number */
	EVENT_YES_NO,  /* 1 or 0 */
	EVENT_FLAG,    /* 1, or there is none */
};

struct event_field {
	const char *name; /* as docs/json.md has it */
	enum event_type type;
	enum { EVENT_FROM_TEXT, EVENT_FROM_KNOWN, EVENT_FROM_TIME, EVENT_FROM_BOOL, EVENT_FROM_DEVICE, EVENT_FROM_MESH } from;
	size_t offset; /* of the member of struct event that it is from */
};

enum { EVENT_FIELDS_NR = 36 };

/* In the order of docs/json.md. */
extern const struct event_field event_fields[EVENT_FIELDS_NR];

/* False: the event has no such field, or it is not known. A text is added to @text, escaped; all else is *@number. */
bool event_get(const struct event *event, const struct event_field *field, struct str *text, uint64_t *number);

#endif
