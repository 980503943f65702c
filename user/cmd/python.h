/* python.h: the Python of a process, for `doctor`. */
#ifndef CMD_PYTHON_H
#define CMD_PYTHON_H

#include "runtime/interpreter.h"
#include "target/process.h"
#include "view/findings.h"

/* Add what is to be said of the interpreter of process @pid, which maps @maps, by those that are @known; nothing if it has none. */
void python_examine(int pid, const mappings *maps, const interpreters *known, findings *f);

#endif
