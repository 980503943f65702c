/* doctor_python.h: can the Python frames of a process be told? */
#ifndef VIEW_DOCTOR_PYTHON_H
#define VIEW_DOCTOR_PYTHON_H

#include "base/diag.h"
#include "view/findings.h"

/* @err: what python_find() returned, @minor the version that it found, @why its reason. Nothing for -ENOENT. */
void doctor_add_python(findings *f, int pid, int err, unsigned int minor, const struct diag *why);

#endif
