/*
 * recorded.h: what a recording says of the files that were traced and their probes, as text and JSON: what runtimes.h says of a
 * process that runs.
 */
#ifndef VIEW_RECORDED_H
#define VIEW_RECORDED_H

#include "base/str.h"
#include "ledger/ledger.h"

#include <jansson.h>

/* Runtime, file and each row of all processes; those that have the same are told together. Names are escaped. */
void recorded_add(struct str *out, const struct ledger *l);

/* "begin", "cb, cb_void": verbs of the rows of a process that have no probe, each once; "-": all have. Escaped. */
void recorded_add_missing(struct str *out, const struct ledger *l, const struct ledger_process *p);

/* Key `traced` of @object, nothing if the recording does not say. docs/json.md is the contract. */
void recorded_set_json(json_t *object, const struct ledger *l, const struct ledger_process *p);

#endif
