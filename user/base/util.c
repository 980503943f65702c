#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void bug_at(const char *file, int line, const char *condition)
{
	fprintf(stderr, "pooltrace: internal error at %s:%d: %s\n", file, line, condition);
	abort();
}

static void *nonnull(void *p)
{
	if (!p) {
		static const char text[] = "pooltrace: out of memory\n";

		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
			abort();
		abort();
	}
	return p;
}

void *xmalloc(size_t bytes)
{
	return nonnull(malloc(bytes ? bytes : 1));
}

void *xcalloc(size_t nr, size_t bytes)
{
	return nonnull(calloc(nr ? nr : 1, bytes ? bytes : 1));
}

enum { LINE = 64 };

void *xcalloc_lines(size_t nr, size_t bytes)
{
	BUG_ON(!nr || bytes % LINE || nr > SIZE_MAX / bytes);
	return memset(nonnull(aligned_alloc(LINE, nr * bytes)), 0, nr * bytes);
}

void *xreallocarray(void *p, size_t nr, size_t bytes)
{
	return nonnull(reallocarray(p, nr ? nr : 1, bytes ? bytes : 1));
}

char *xstrdup(const char *s)
{
	return nonnull(strdup(s));
}

char *xstrndup(const char *s, size_t len)
{
	return nonnull(strndup(s, len));
}

char *xasprintf(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return nonnull(text);
}

void freep(void *p)
{
	free(*(void **)p);
}

void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
