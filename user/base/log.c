#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static enum log_level limit = LOG_INFO;

void log_set_level(enum log_level level)
{
	limit = level;
}

void log_at(enum log_level level, const char *format, ...)
{
	va_list args;

	if (level > limit)
		return;
	va_start(args, format);
	fputs("pooltrace: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}
