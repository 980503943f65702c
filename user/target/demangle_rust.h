/* demangle_rust.h: names as Rust's compilers made them until 2025, which end with a hash. libiberty knows their letters of ASCII only. */
#ifndef TARGET_DEMANGLE_RUST_H
#define TARGET_DEMANGLE_RUST_H

#include "base/str.h"

/* Add the function's path without the hash. False: it is no such name, and nothing was added. Never longer than @name. */
bool demangle_add_rust(struct str *s, const char *name);

#endif
