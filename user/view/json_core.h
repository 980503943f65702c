/* json_core.h: what lies in the cores' own memory, but in no pool. docs/json.md is the contract. */
#ifndef VIEW_JSON_CORE_H
#define VIEW_JSON_CORE_H

#include "ledger/ledger.h"

#include <jansson.h>

/* Keys of the object of the pool whose banks that memory is: core_code, circular_buffers. Bytes of one core. */
void json_set_core(json_t *pool, const struct circular_figures *f, bool has_code, uint64_t code);
/* Of chips. */
void json_set_group_core(json_t *pool, const struct chip_group *g);

#endif
