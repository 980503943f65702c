/* runtimes_advice.h: the advice of a runtime file, for `pooltrace runtimes`. */
#ifndef VIEW_RUNTIMES_ADVICE_H
#define VIEW_RUNTIMES_ADVICE_H

#include "base/str.h"
#include "runtime/bind.h"

/* The lines of the file; those that hold for the file that was found. Nothing if there are none. */
void view_advice(struct str *s, const struct runtime *rt);
void view_bound_advice(struct str *s, const struct binding *b);

#endif
