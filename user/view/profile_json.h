/* profile_json.h: parts of a profile as JSON, as docs/json.md has them. */
#ifndef VIEW_PROFILE_JSON_H
#define VIEW_PROFILE_JSON_H

#include "view/json_object.h"
#include "view/profile.h"

/* `process`, `host`, `pid`, `copy`, `device`, `pool`. */
void profile_set_place(json_t *object, const struct place *place);
/* Of PROFILE_BY_CALL: the group as @by, or why it has none. */
void profile_set_group(json_t *object, const struct profile_node *n, const char *by);
/* `buffers` and `bytes`. */
void profile_set_amount(json_t *object, const char *key, struct amount a);

#endif
