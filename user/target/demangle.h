/* demangle.h: names of functions as their source has them. */
#ifndef TARGET_DEMANGLE_H
#define TARGET_DEMANGLE_H

#include "base/str.h"

enum { DEMANGLED_MAX = 1 << 13 };

/*
 * Add the name of a C++ or Rust function as it is written, without its parameters, or @name as it is. A name may be made to
 * stand for a text of any length: it ends after DEMANGLED_MAX bytes, with "...".
 */
void demangle_add(struct str *s, const char *name);

#endif
