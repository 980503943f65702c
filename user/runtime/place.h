/* place.h: a place as it is written in a .rt file, for people to read. */
#ifndef RUNTIME_PLACE_H
#define RUNTIME_PLACE_H

#include "runtime/runtime.h"

#include "base/str.h"

/* "*free_list(arg0)+0x20": parsing it gives the same place. */
void rt_place_add(struct str *s, const struct runtime *rt, const struct rt_place *place);

#endif
