#include "runtime/lex.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
	return is_name(c) || c == '-' || c == '.';
}

static bool is_symbol(char c)
{
	return is_name(c) || c == '.' || c == '$';
}

static bool is_glob(char c)
{
	return is_symbol(c) || (c && strchr(":*?[]-~", c));
}

/* Is this the end of a physical line: its newline (a carriage return before it is not looked at), or the text's end? */
static bool at_newline(const struct lexer *lx, const char *p)
{
	if (p < lx->end && *p == '\r')
		p++;
	return p >= lx->end || *p == '\n';
}

/* From inside a line to the beginning of the next one, or to the text's end. */
static void cross_newline(struct lexer *lx)
{
	const char *newline = memchr(lx->p, '\n', (size_t)(lx->end - lx->p));

	lx->p = newline ? newline + 1 : lx->end;
	if (!newline)
		return;
	lx->line_start = lx->p;
	lx->line++;
}

static void skip_blanks(struct lexer *lx)
{
	while (lx->p < lx->end) {
		if (*lx->p == ' ' || *lx->p == '\t')
			lx->p++;
		else if (*lx->p == '\\' && at_newline(lx, lx->p + 1))
			cross_newline(lx);
		else
			return;
	}
}

static unsigned int column(const struct lexer *lx, const char *p)
{
	unsigned int n = 1;

	for (const char *q = lx->line_start; q < p; q++)
		n += (*q & 0xc0) != 0x80;
	return n;
}

static unsigned int digit(char c)
{
	if (is_digit(c))
		return (unsigned int)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 16;
}

static void read_number(struct token *t)
{
	unsigned int base = t->len > 2 && t->p[0] == '0' && (t->p[1] | 0x20) == 'x' ? 16 : 10;

	t->number = 0;
	for (size_t i = base == 16 ? 2 : 0; i < t->len; i++) {
		if (digit(t->p[i]) >= base) {
			t->bad = "is not a number";
			return;
		}
		if (__builtin_mul_overflow(t->number, base, &t->number) ||
		    __builtin_add_overflow(t->number, digit(t->p[i]), &t->number))
			t->bad = "is too large a number";
	}
}

static size_t span(const struct lexer *lx, const char *p, bool (*is)(char))
{
	const char *q = p;

	while (q < lx->end && is(*q))
		q++;
	return (size_t)(q - p);
}

void lex_next(struct lexer *lx)
{
	skip_blanks(lx);

	struct token *t = &lx->token;

	*t = (struct token){.kind = TOKEN_END, .p = lx->p, .at = {.line = lx->line, .column = column(lx, lx->p)}};
	if (at_newline(lx, lx->p) || *lx->p == '#')
		return;
	t->len = span(lx, lx->p, is_name);
	if (t->len && is_digit(*t->p)) {
		t->kind = TOKEN_NUMBER;
		read_number(t);
	} else if (t->len) {
		t->kind = TOKEN_NAME;
	} else {
		t->kind = TOKEN_MARK;
		t->len = 1;
		while (t->p + t->len < lx->end && (t->p[t->len] & 0xc0) == 0x80)
			t->len++;
	}
	lx->p = t->p + t->len;
}

bool lex_next_statement(struct lexer *lx)
{
	do {
		cross_newline(lx);
		lex_next(lx);
		if (lx->token.kind != TOKEN_END)
			return true;
	} while (lx->p < lx->end);
	return false;
}

bool lex_is(const struct lexer *lx, const char *text)
{
	size_t len = strlen(text);

	return lx->token.kind != TOKEN_END && lx->token.len == len && memcmp(lx->token.p, text, len) == 0;
}

bool lex_take(struct lexer *lx, const char *text)
{
	if (!lex_is(lx, text))
		return false;
	lex_next(lx);
	return true;
}

bool lex_followed_by(const struct lexer *lx, char c)
{
	struct lexer ahead = *lx;

	skip_blanks(&ahead);
	return ahead.p < ahead.end && *ahead.p == c;
}

int lex_expect(struct lexer *lx, const char *text)
{
	if (lex_take(lx, text))
		return 0;

	_cleanup_(str_release) struct str quoted = {};

	str_addf(&quoted, "'%s'", text);
	return lex_unexpected(lx, str_text(&quoted));
}

int lex_expect_end(struct lexer *lx)
{
	return lx->token.kind == TOKEN_END ? 0 : lex_unexpected(lx, "the end of the line");
}

/* The current token and what of @is follows it, then the next token. */
static char *take_span(struct lexer *lx, size_t len)
{
	char *text = xstrndup(lx->token.p, len);

	lx->p = lx->token.p + len;
	lex_next(lx);
	return text;
}

static int take(struct lexer *lx, bool (*is)(char), const char *what, char **ret)
{
	size_t len = lx->token.kind == TOKEN_END ? 0 : span(lx, lx->token.p, is);

	if (!len)
		return lex_unexpected(lx, what);
	*ret = take_span(lx, len);
	return 0;
}

int lex_name(struct lexer *lx, const char *what, char **ret)
{
	if (lx->token.kind != TOKEN_NAME)
		return lex_unexpected(lx, what);
	return take(lx, is_name, what, ret);
}

int lex_word(struct lexer *lx, const char *what, char **ret)
{
	return take(lx, is_word, what, ret);
}

int lex_symbol(struct lexer *lx, const char *what, char **ret)
{
	if (lx->token.kind == TOKEN_NUMBER)
		return lex_unexpected(lx, what);
	return take(lx, is_symbol, what, ret);
}

int lex_glob(struct lexer *lx, const char *what, char **ret)
{
	if (lx->token.kind == TOKEN_NUMBER)
		return lex_unexpected(lx, what);
	return take(lx, is_glob, what, ret);
}

int lex_pattern(struct lexer *lx, const char *what, char **ret)
{
	if (lx->token.kind != TOKEN_NAME && lx->token.kind != TOKEN_MARK)
		return lex_unexpected(lx, what);

	size_t len = span(lx, lx->token.p, is_symbol);

	if (!len)
		return lex_unexpected(lx, what);
	len += lx->token.p + len < lx->end && lx->token.p[len] == '*';
	*ret = take_span(lx, len);
	return 0;
}

int lex_rest(struct lexer *lx, const char *what, char **ret)
{
	if (lx->token.kind == TOKEN_END)
		return lex_unexpected(lx, what);

	const char *p = lx->token.p;
	size_t len = 0, shown = 0;

	for (; !at_newline(lx, p + len) && p[len] != '#'; len++)
		if (p[len] != ' ' && p[len] != '\t')
			shown = len + 1;
	*ret = take_span(lx, shown);
	return 0;
}

int lex_number(struct lexer *lx, const char *what, uint64_t max, uint64_t *ret)
{
	const struct token *t = &lx->token;

	if (t->kind != TOKEN_NUMBER)
		return lex_unexpected(lx, what);
	if (t->bad || t->number > max) {
		_cleanup_(str_release) struct str hint = {};
		const char *bad = t->bad ? t->bad : "is too large";

		str_addf(&hint, "expected %s, at most %llu", what, (unsigned long long)max);
		return lex_fail(lx, t->at, str_text(&hint), "'%.*s' %s", (int)(t->len > 40 ? 40 : t->len), t->p, bad);
	}
	*ret = t->number;
	lex_next(lx);
	return 0;
}

/* The first byte of a line that is not text: what str_add_escaped() would have to change. */
static const char *first_bad_byte(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		_cleanup_(str_release) struct str escaped = {};
		char sequence[5] = {};
		size_t nr = 1;

		if (line[i] == '\t' || (line[i] == '\r' && i == len - 1) || (line[i] >= ' ' && line[i] <= '~'))
			continue;
		while (nr < 4 && i + nr < len && (line[i + nr] & 0xc0) == 0x80)
			nr++;
		memcpy(sequence, line + i, nr);
		str_add_escaped(&escaped, sequence);
		if (!sequence[0] || strcmp(str_text(&escaped), sequence) != 0)
			return line + i;
		i += nr - 1;
	}
	return NULL;
}

static int check_line(struct lexer *lx, const char *line, size_t len)
{
	const char *bad = first_bad_byte(line, len);

	if (bad) {
		struct rt_position at = {.line = lx->line, .column = column(lx, bad)};

		return lex_fail_byte(lx, at, bad);
	}
	if (len > LEX_LINE_BYTES) {
		struct rt_position at = {.line = lx->line, .column = column(lx, line + LEX_LINE_BYTES)};

		return lex_fail(lx, at, "end a line with '\\' to continue it on the next",
				"the line is longer than %d bytes", LEX_LINE_BYTES);
	}
	return 0;
}

int lex_start(struct lexer *lx, const char *path, const char *text, size_t len, struct diag *d)
{
	*lx = (struct lexer){.path = path, .text = text, .end = text + len, .p = text, .line_start = text, .line = 1};
	lx->d = d;
	if (len > LEX_TEXT_BYTES)
		return lex_fail_file(lx, NULL, "the file is larger than 1 MiB");
	while (lx->p < lx->end) {
		const char *newline = memchr(lx->p, '\n', (size_t)(lx->end - lx->p));
		int err = check_line(lx, lx->p, (size_t)((newline ? newline : lx->end) - lx->p));

		if (err)
			return err;
		cross_newline(lx);
	}
	lx->p = lx->line_start = text;
	lx->line = 1;
	lex_next(lx);
	return 0;
}
