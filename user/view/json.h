/* json.h: docs/json.md is the contract. One line each, keys in a fixed order, nothing that is not known. */
#ifndef VIEW_JSON_H
#define VIEW_JSON_H

#include "base/str.h"
#include "view/select.h"

struct event;

/* The whole state: one object and a newline. @by_mesh: as struct table_options has it. */
void json_add_state(struct str *out, const struct ledger *l, const struct selection *selection, bool by_mesh);

/* One event and a newline; nothing for records that are no event, or that the selection leaves out. */
void json_add_event(struct str *out, const struct record *r, const struct effect *e, const struct selection *selection);
/* A line of that. */
void json_add_event_line(struct str *out, const struct event *event);

#endif
