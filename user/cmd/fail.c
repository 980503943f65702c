#include "cmd/fail.h"

#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines and tabs are ours (a message may show a line of a file and a caret below it); all else is escaped. */
static void add_lines(struct str *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n\t");
		char *part = xstrndup(text, len);

		str_add_escaped(out, part);
		free(part);
		text += len;
		if (*text)
			str_add_char(out, *text++);
	}
}

/* One write for a message: two processes that share a terminal must not mix their lines. */
static void say(const struct str *s)
{
	for (size_t at = 0; at < s->len;) {
		ssize_t n = write(STDERR_FILENO, s->p + at, s->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

int fail(const struct diag *d, int status)
{
	_cleanup_(str_release) struct str s = {};

	str_add(&s, "pooltrace: ");
	add_lines(&s, d->text);
	str_add(&s, "\n");
	if (d->hint[0]) {
		str_add(&s, "hint: ");
		add_lines(&s, d->hint);
		str_add(&s, "\n");
	}
	say(&s);
	return status;
}

void status_line(const char *text)
{
	_cleanup_(str_release) struct str s = {};

	str_add(&s, "\r\033[K");
	str_add_escaped(&s, text);
	str_add(&s, "\r");
	say(&s);
}

void note(const char *format, ...)
{
	_cleanup_(str_release) struct str text = {};
	_cleanup_(str_release) struct str s = {};
	va_list args;

	va_start(args, format);
	str_vaddf(&text, format, args);
	va_end(args);
	str_add(&s, "pooltrace: ");
	add_lines(&s, str_text(&text));
	str_add(&s, "\n");
	say(&s);
}
