/* runtimes_interpreter.h: what an interpreter's file says, as text. */
#ifndef VIEW_RUNTIMES_INTERPRETER_H
#define VIEW_RUNTIMES_INTERPRETER_H

#include "base/str.h"
#include "runtime/interpreter.h"

/* As view_runtime(). */
void view_interpreter(struct str *s, const struct interpreter *in);

#endif
