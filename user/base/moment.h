/* moment.h: a point of time in a recording, as people write it. */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include "base/util.h"

enum moment_kind {
	MOMENT_NONE,
	MOMENT_CLOCK, /* time of day, local: the first such time in the recording */
	MOMENT_DATE,
	MOMENT_FROM_BEGIN,
	MOMENT_FROM_END,
};

struct moment {
	enum moment_kind kind;
	uint64_t ns;	     /* of the day, since 1970, or of distance */
	uint64_t granule_ns; /* 14:05:03 is a whole second, 14:05:03.25 a hundredth; of a distance 1 */
	const char *text;    /* as it was written; the caller's */
};

/*
 * "14:05", "14:05:03.25", "2026-11-22T14:05:03" (a blank will do for the T; local, or with Z or +01:00), "+12.5s", "-3s".
 * -EINVAL; -ERANGE: too far. @ret keeps @text.
 */
int moment_parse(const char *text, struct moment *ret);

/*
 * The moment in a recording from @begin_ns to @end_ns (UINT64_MAX: not known, which only one from the end needs), as the first
 * and the last nanosecond of what is written; these may lie outside of the recording. -ERANGE: it is before 1970, or
 * after what a clock can say.
 */
int moment_resolve(const struct moment *m, uint64_t begin_ns, uint64_t end_ns, uint64_t *ret_first, uint64_t *ret_last);

#endif
