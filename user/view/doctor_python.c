#include "view/doctor_python.h"

#include <errno.h>

void doctor_add_python(findings *f, int pid, int err, unsigned int minor, const struct diag *why)
{
	struct finding *x;

	if (err == -ENOENT)
		return;
	if (!err)
		x = findings_add(f, "process", "Python frames", FINDING_OK, "of Python 3.%u, with --stacks", minor);
	else
		x = findings_add(f, "process", "Python frames", FINDING_NOTE, "none: with --stacks there is machine code alone");
	if (err)
		finding_why(x, "%s", why->text);
	x->pid = pid;
}
