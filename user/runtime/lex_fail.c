/* Errors in a .rt file: the message, the line, and a caret under the column. */
#include "runtime/lex.h"

#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* A diag holds 1024 bytes: what is shown of a path, a message and a line must leave room for one another. */
enum { SHOWN_PATH = 150, SHOWN_MESSAGE = 200, SHOWN_BEFORE = 60, SHOWN_AFTER = 40 };

static bool continues(char c)
{
	return (c & 0xc0) == 0x80;
}

/* Bytes of a text are at most four times as many when they are escaped. */
static void add_escaped(struct str *s, const char *text, size_t len)
{
	_cleanup_(freep) char *copy = xstrndup(text, len);

	str_add_escaped(s, copy);
}

/* As add_escaped(), but tabs stay, and a NUL is a byte like others. */
static void add_line(struct str *s, const char *p, const char *end)
{
	while (p < end) {
		const char *q = p;

		while (q < end && *q != '\t' && *q != '\0')
			q++;
		add_escaped(s, p, (size_t)(q - p));
		if (q < end)
			str_add(s, *q == '\t' ? "\t" : "\\x00");
		p = q + 1;
	}
}

static void add_caret(struct str *s, const char *line_before)
{
	for (const char *p = line_before; *p; p++)
		if (!continues(*p))
			str_add_char(s, *p == '\t' ? '\t' : ' ');
	str_add_char(s, '^');
}

/* Line @nr of the text, without its newline. */
static const char *find_line(const struct lexer *lx, unsigned int nr, const char **ret_end)
{
	const char *p = lx->text;
	const char *newline;

	while (nr-- > 1 && (newline = memchr(p, '\n', (size_t)(lx->end - p))))
		p = newline + 1;
	newline = p < lx->end ? memchr(p, '\n', (size_t)(lx->end - p)) : NULL;
	*ret_end = newline ? newline : lx->end;
	if (*ret_end > p && (*ret_end)[-1] == '\r')
		(*ret_end)--;
	return p;
}

static const char *find_column(const char *line, const char *end, unsigned int column)
{
	const char *p = line;

	for (unsigned int n = 1; n < column && p < end; n++)
		for (p++; p < end && continues(*p);)
			p++;
	return p;
}

/* The line around @point, cut where it is long, and the caret below it. */
static void add_excerpt(struct str *s, const char *line, const char *point, const char *end)
{
	const char *from = point - line > SHOWN_BEFORE ? point - SHOWN_BEFORE : line;
	const char *to = end - point > SHOWN_AFTER ? point + SHOWN_AFTER : end;
	_cleanup_(str_release) struct str before = {};

	/* Not within a character. What stands before the point is text, behind it there may be anything. */
	while (from < point && continues(*from))
		from++;
	for (int i = 0; i < 3 && to > point && to < end && continues(*to); i++)
		to--;
	str_add(&before, from > line ? "  ..." : "  ");
	add_line(&before, from, point);
	str_add_char(s, '\n');
	str_add(s, str_text(&before));
	add_line(s, point, to);
	str_add(s, to < end ? "...\n" : "\n");
	add_caret(s, str_text(&before));
}

/* The last part of a long path: that is where the file's name is. */
static void add_path(struct str *s, const char *path)
{
	_cleanup_(str_release) struct str escaped = {};

	str_add_escaped(&escaped, path);
	if (escaped.len <= SHOWN_PATH) {
		str_add(s, str_text(&escaped));
		return;
	}

	const char *p = escaped.p + escaped.len - SHOWN_PATH;

	while (continues(*p))
		p++;
	str_addf(s, "...%s", p);
}

int lex_fail_file(struct lexer *lx, const char *hint, const char *message)
{
	_cleanup_(str_release) struct str s = {};

	add_path(&s, lx->path);
	diag_set(lx->d, -EINVAL, "%s: %s", str_text(&s), message);
	if (hint)
		diag_hint(lx->d, "%s", hint);
	return -EINVAL;
}

static void fail_at(struct lexer *lx, struct rt_position at, const char *point, const char *message)
{
	_cleanup_(str_release) struct str s = {};
	const char *end;
	const char *line = find_line(lx, at.line, &end);

	add_path(&s, lx->path);
	str_addf(&s, ":%u:%u: %.*s", at.line, at.column, SHOWN_MESSAGE, message);
	add_excerpt(&s, line, point ? point : find_column(line, end, at.column), end);
	diag_set(lx->d, -EINVAL, "%s", str_text(&s));
}

int lex_fail(struct lexer *lx, struct rt_position at, const char *hint, const char *format, ...)
{
	_cleanup_(str_release) struct str message = {};
	va_list args;

	va_start(args, format);
	str_vaddf(&message, format, args);
	va_end(args);
	fail_at(lx, at, NULL, str_text(&message));
	if (hint)
		diag_hint(lx->d, "%s", hint);
	return -EINVAL;
}

int lex_fail_byte(struct lexer *lx, struct rt_position at, const char *point)
{
	_cleanup_(freep) char *message = xasprintf("the byte 0x%02x is not text", (unsigned char)*point);

	fail_at(lx, at, point, message);
	diag_hint(lx->d, "a runtime file is text: UTF-8 without control characters");
	return -EINVAL;
}

int lex_unexpected(struct lexer *lx, const char *expected)
{
	const struct token *t = &lx->token;
	_cleanup_(str_release) struct str hint = {}, found = {};

	str_addf(&hint, "expected %s", expected);
	if (t->kind == TOKEN_END)
		return lex_fail(lx, t->at, str_text(&hint), "the line ends too early");
	add_escaped(&found, t->p, t->len > 60 ? 60 : t->len);
	return lex_fail(lx, t->at, str_text(&hint), "unexpected '%s'", str_text(&found));
}
