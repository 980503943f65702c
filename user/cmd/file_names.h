/* file_names.h: what recordings are called when nobody says. */
#ifndef CMD_FILE_NAMES_H
#define CMD_FILE_NAMES_H

#include "cmd/options.h"

/* "pooltrace-python-4242-20261122-120000.pt": program, pid and local time; "pooltrace-all-..." of every process. Freed by the caller. */
char *file_name_of_recording(const struct options *o, int child, uint64_t wall_ns);
/* "run-20261122-120000-failure.pt" of "run.pt"; from the second @number on it is "run-...-failure-2.pt". Freed by the caller. */
char *file_name_of_moment(const char *recording, const char *trigger, uint64_t wall_ns, unsigned int number);

#endif
