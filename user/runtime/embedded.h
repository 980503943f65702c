/* The runtime files that are built in: made by scripts/embed-runtimes, ends with a name that is NULL. */
#ifndef RUNTIME_EMBEDDED_H
#define RUNTIME_EMBEDDED_H

#include <stddef.h>

struct embedded_runtime {
	const char *name; /* "tt-metal.rt" */
	const char *text;
	size_t len;
};

extern const struct embedded_runtime embedded_runtimes[];

#endif
