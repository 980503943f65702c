#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _printf_(2, 0) void fill(struct diag *d, const char *format, va_list args)
{
	char text[sizeof(d->text)];

	/* Not in place: an argument may be the text that @d has, when a caller says more about it. */
	vsnprintf(text, sizeof(text), format, args);
	memcpy(d->text, text, sizeof(text));
	d->hint[0] = '\0';
}

int diag_set(struct diag *d, int err, const char *format, ...)
{
	va_list args;

	if (!d)
		return err;
	va_start(args, format);
	fill(d, format, args);
	va_end(args);
	return err;
}

int diag_errno(struct diag *d, int err, const char *format, ...)
{
	va_list args;

	if (!d)
		return err;
	va_start(args, format);
	fill(d, format, args);
	va_end(args);

	size_t len = strlen(d->text);

	snprintf(d->text + len, sizeof(d->text) - len, ": %s", strerror(-err));
	return err;
}

void diag_hint(struct diag *d, const char *format, ...)
{
	va_list args;

	if (!d)
		return;
	va_start(args, format);
	vsnprintf(d->hint, sizeof(d->hint), format, args);
	va_end(args);
}
