/* advice.h: what to type for a pool that is too small, of one release of a runtime, as an attach record has it. */
#ifndef RUNTIME_ADVICE_H
#define RUNTIME_ADVICE_H

#include "base/str.h"
#include "runtime/bind.h"

/* "TRACE:trace_region_size:total=32:spread=8192,...": of each pool the first line whose function the file defines. */
void binding_add_advice(struct str *s, const struct binding *b);

#endif
