/* host_name.h: on which machine a process runs, where a recording has processes of several. */
#ifndef VIEW_HOST_NAME_H
#define VIEW_HOST_NAME_H

#include "base/str.h"
#include "ledger/ledger.h"

/* Has it processes of several machines? Then who a process is takes a pid and a host. */
bool ledger_has_hosts(const struct ledger *l);
/* How many machines these are: one that is not known is one. */
size_t ledger_count_hosts(const struct ledger *l);
/* " on HOST", escaped; nothing where there is but one machine. */
void process_add_on_host(struct str *out, const struct ledger_process *p);
/* "HOST", escaped; "?" if it is not known. */
void process_add_host(struct str *out, const struct ledger_process *p);

#endif
