/* fail.h: what the program says on stderr: errors with a hint, notes. Control characters never get through. */
#ifndef CMD_FAIL_H
#define CMD_FAIL_H

#include "base/diag.h"

/* Print `pooltrace: TEXT` and, if there is one, `hint: HINT`. Returns @status: `return fail(d, 1)` reads well. */
int fail(const struct diag *d, int status);

/* On a terminal: show @text, which is one line that fits, in place of the last one; "": none. What is said next begins in its place. */
void status_line(const char *text);

/* Print `pooltrace: TEXT`. */
void note(const char *format, ...) _printf_(1, 2);

#endif
