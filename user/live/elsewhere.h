/* elsewhere.h: functions of rows `in any library`: not in the file that was detected, but in whichever the process has mapped. */
#ifndef LIVE_ELSEWHERE_H
#define LIVE_ELSEWHERE_H

#include "runtime/runtime.h"
#include "target/process.h"

struct elsewhere {
	const struct mapping *mapping; /* one of the file's; NULL: no file has the function */
	uint64_t offset;
};

/*
 * Where each of the @nr @rows has its function among the files in @maps of process @pid; @ret has room for as many. A row's
 * first pattern comes before those behind `or`, whatever file they are in. Each file is looked at once.
 */
void elsewhere_find(int pid, const mappings *maps, const struct rt_row *const *rows, size_t nr, struct elsewhere *ret);

#endif
