/* json_state.h: the state as an object, for those that say more with it. docs/json.md is the contract. */
#ifndef VIEW_JSON_STATE_H
#define VIEW_JSON_STATE_H

#include "view/select.h"

#include <jansson.h>

/* As json_add_state(). The caller releases it. */
json_t *json_new_state(const struct ledger *l, const struct selection *selection, bool by_mesh);

#endif
