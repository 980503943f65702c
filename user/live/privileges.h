/* privileges.h: what of our privileges is not needed any more once everything is open. */
#ifndef LIVE_PRIVILEGES_H
#define LIVE_PRIVILEGES_H

#include "base/util.h"

/*
 * Keep, of the capabilities that this thread has, only those that looking at processes, attaching to them and letting them go on
 * need; with @admin also CAP_SYS_ADMIN, which perf events as probes need; with @files also CAP_DAC_OVERRIDE, for files that are
 * made later in folders of others. Threads that are started later have no more.
 */
void privileges_drop(bool admin, bool files);
/* Keep only the one that signals to other users' processes need. */
void privileges_drop_to_signals(void);

#endif
