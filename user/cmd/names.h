/* names.h: --pool and --device, whose names are known when the runtimes or the recording are. */
#ifndef CMD_NAMES_H
#define CMD_NAMES_H

#include "cmd/options.h"
#include "runtime/runtime.h"
#include "view/select.h"

/*
 * Fill @ret from the texts of --pool and --device. Pools are those of all @known runtimes; of a recording, those
 * that it names, for which it is read once more (a pipe cannot be: then those of the runtimes). -EINVAL: the text
 * lists what there is. The caller releases @ret in any case.
 */
int names_select(const struct options *o, const runtimes *known, struct selection *ret, struct diag *d);

#endif
