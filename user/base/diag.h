/*
 * An error on its way up: what was wanted, on what and why, and what to do. Deeper rooms fill one and
 * return -errno; only cmd/ prints it, once.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/util.h"

struct diag {
	char text[1024]; /* lower case, no full stop, subject in single quotes, already escaped; may hold lines */
	char hint[512];	 /* empty: none */
};

/* Fill @d (which may be NULL) and return @err, so that `return diag_set(d, -EINVAL, ...)` reads well. */
int diag_set(struct diag *d, int err, const char *format, ...) _printf_(3, 4);
/* As diag_set(), with ": strerror(err)" at the end. @err is negative. */
int diag_errno(struct diag *d, int err, const char *format, ...) _printf_(3, 4);
void diag_hint(struct diag *d, const char *format, ...) _printf_(2, 3);

#endif
