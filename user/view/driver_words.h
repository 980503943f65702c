/* driver_words.h: what drivers said that a process had before it was watched: beside the pools' figures, never among them. */
#ifndef VIEW_DRIVER_WORDS_H
#define VIEW_DRIVER_WORDS_H

#include "base/str.h"
#include "ledger/ledger.h"

#include <jansson.h>

/* "before attach, by driver: i915 0000:00:02.0 local0 1.2 GiB, now 1.5 GiB"; nothing where no driver said anything of it. */
void drivers_add_words(struct str *out, const struct ledger_process *p, bool bytes);
/* The member "drivers" of a process, as docs/json.md has it; NULL: there is none. */
json_t *drivers_new_json(const struct ledger_process *p);

#endif
