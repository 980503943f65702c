#include "stream/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_.,:/+-", c));
}

static void add_text(struct str *s, const char *text)
{
	bool bare = *text;

	for (const char *p = text; *p; p++)
		bare = bare && is_bare(*p);
	if (bare) {
		str_add(s, text);
		return;
	}
	str_add_char(s, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			str_addf(s, "\\%c", *text);
		else if (*text >= ' ' && *text <= '~')
			str_add_char(s, *text);
		else
			str_addf(s, "\\x%02x", (unsigned char)*text);
	}
	str_add_char(s, '"');
}

void text_add(struct str *s, const struct record *r)
{
	str_add(s, kind_descs[r->kind].name);
	for (int f = 0; f < FIELD_NR; f++) {
		if (!(r->has & 1ULL << f))
			continue;
		str_addf(s, " %s=", field_descs[f].name);
		switch (field_descs[f].type) {
		case FIELD_TYPE_NUMBER:
			str_addf(s, "%llu", (unsigned long long)record_number(r, f));
			break;
		case FIELD_TYPE_SIGNED:
			str_addf(s, "%lld", (long long)record_number(r, f));
			break;
		case FIELD_TYPE_HEX:
			str_addf(s, "0x%llx", (unsigned long long)record_number(r, f));
			break;
		case FIELD_TYPE_TEXT:
			add_text(s, record_text(r, f));
			break;
		}
	}
}

/* A line that is being read. Texts are known by where they begin in @texts, which moves while it grows. */
struct line {
	const char *begin, *p, *end;
	unsigned long number; /* of the line, 0 if it stands alone */
	struct str *texts;
	size_t text_at[FIELD_NR];
	struct diag *d;
};

static int _printf_(3, 4) mistake(const struct line *l, const char *at, const char *format, ...)
{
	_cleanup_(str_release) struct str s = {};
	va_list args;

	if (l->number)
		str_addf(&s, "line %lu, ", l->number);
	str_addf(&s, "column %zu: ", (size_t)(at - l->begin) + 1);
	va_start(args, format);
	str_vaddf(&s, format, args);
	va_end(args);
	return diag_set(l->d, -EINVAL, "%s", str_text(&s));
}

/* The mistake @what, and the word from @at to where the line has been read. */
static int mistaken_word(const struct line *l, const char *at, const char *what)
{
	_cleanup_(str_release) struct str bytes = {}, word = {};

	str_add_bytes(&bytes, at, (size_t)(l->p - at));
	str_add_escaped(&word, str_text(&bytes));
	return mistake(l, at, "%s '%s'", what, str_text(&word));
}

static bool at_blank(const struct line *l)
{
	return l->p < l->end && (*l->p == ' ' || *l->p == '\t');
}

static void skip_blanks(struct line *l)
{
	while (at_blank(l))
		l->p++;
}

static void skip_word(struct line *l, char stop)
{
	while (l->p < l->end && !at_blank(l) && *l->p != stop)
		l->p++;
}

static int hex_digit(char c)
{
	const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static int parse_number(struct line *l, uint64_t *ret)
{
	const char *at = l->p;

	skip_word(l, '\0');

	bool hex = l->p - at > 2 && at[0] == '0' && at[1] == 'x';
	uint64_t base = hex ? 16 : 10, value = 0;

	if (l->p == at)
		return mistake(l, at, "a number is missing");
	for (const char *p = hex ? at + 2 : at; p < l->p; p++) {
		int digit = hex_digit(*p);

		if (digit < 0 || (uint64_t)digit >= base)
			return mistaken_word(l, at, "not a number:");
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return mistaken_word(l, at, "more than 64 bits:");
	}
	*ret = value;
	return 0;
}

/* What stands behind a backslash. */
static int parse_escape(struct line *l, char *ret)
{
	const char *at = l->p;
	int high, low;

	if (l->end - at >= 2 && (at[1] == '"' || at[1] == '\\')) {
		*ret = at[1];
		l->p += 2;
		return 0;
	}
	if (l->end - at < 4 || at[1] != 'x')
		return mistake(l, at, "a backslash stands before \", \\ or xNN only");
	high = hex_digit(at[2]);
	low = hex_digit(at[3]);
	if (high < 0 || low < 0)
		return mistake(l, at, "\\x needs two hexadecimal digits");
	if (!high && !low)
		return mistake(l, at, "a text cannot hold a NUL");
	*ret = (char)(high << 4 | low);
	l->p += 4;
	return 0;
}

static int parse_quoted(struct line *l)
{
	const char *at = l->p++;

	while (l->p < l->end && *l->p != '"') {
		char c = *l->p;
		int err = 0;

		if (!c)
			return mistake(l, l->p, "a text cannot hold a NUL");
		if (c == '\\')
			err = parse_escape(l, &c);
		else
			l->p++;
		if (err)
			return err;
		str_add_char(l->texts, c);
	}
	if (l->p == l->end)
		return mistake(l, at, "the quote is never closed");
	l->p++;
	if (l->p < l->end && !at_blank(l))
		return mistake(l, l->p, "a blank is missing behind the quote");
	return 0;
}

static int parse_bare(struct line *l)
{
	const char *at = l->p;

	skip_word(l, '\0');
	if (l->p == at)
		return mistake(l, at, "a text is missing (an empty one is \"\")");
	for (const char *p = at; p < l->p; p++)
		if (!is_bare(*p))
			return mistake(l, p, "this character needs the text to be in double quotes");
	str_add_bytes(l->texts, at, (size_t)(l->p - at));
	return 0;
}

static int parse_text(struct line *l, int field)
{
	int err;

	l->text_at[field] = l->texts->len;
	err = l->p < l->end && *l->p == '"' ? parse_quoted(l) : parse_bare(l);
	if (!err)
		str_add_char(l->texts, '\0');
	return err;
}

static int parse_field(struct line *l, struct record *r)
{
	const char *at = l->p;
	uint64_t value = 0;
	int field, err;
	bool minus;

	skip_word(l, '=');
	field = field_by_name(at, (size_t)(l->p - at));
	if (field < 0)
		return mistaken_word(l, at, "no such field:");
	if (r->has & 1ULL << field)
		return mistaken_word(l, at, "given twice:");
	if (l->p == l->end || *l->p != '=')
		return mistake(l, l->p, "= and a value are missing");
	l->p++;
	r->has |= 1ULL << field;
	if (field_descs[field].type == FIELD_TYPE_TEXT)
		return parse_text(l, field);
	minus = field_descs[field].type == FIELD_TYPE_SIGNED && l->p < l->end && *l->p == '-';
	l->p += minus;
	err = parse_number(l, &value);
	if (minus)
		value = -value;
	if (!err)
		record_set_number(r, (enum field)field, value);
	return err;
}

static int parse_line(struct line *l, struct record *ret)
{
	struct record r = {};
	const char *at;
	int kind;

	str_clear(l->texts);
	skip_blanks(l);
	at = l->p;
	skip_word(l, '\0');
	kind = kind_by_name(at, (size_t)(l->p - at));
	if (kind < 0)
		return mistaken_word(l, at, "no such kind of record:");
	r.kind = (enum record_kind)kind;
	for (skip_blanks(l); l->p < l->end; skip_blanks(l)) {
		int err = parse_field(l, &r);

		if (err)
			return err;
	}
	for (int f = 0; f < FIELD_NR; f++)
		if (r.has & 1ULL << f && field_descs[f].type == FIELD_TYPE_TEXT)
			record_set_text(&r, f, l->texts->p + l->text_at[f]);
	*ret = r;
	return 0;
}

int text_parse(const char *line, size_t len, struct record *ret, struct str *texts, struct diag *d)
{
	struct line l = {.begin = line, .p = line, .end = line + len, .texts = texts, .d = d};

	return parse_line(&l, ret);
}

struct text_source {
	struct source source;
	const char *text;
	size_t len;
	struct str texts;
	struct diag d;
};

static bool is_skipped(struct line l)
{
	skip_blanks(&l);
	return l.p == l.end || *l.p == '#';
}

static int run(struct source *source, struct sink *sink)
{
	struct text_source *t = (struct text_source *)source;
	const char *p = t->text, *end = t->text + t->len;

	for (unsigned long number = 1; p < end; number++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		struct line l = {.begin = p,
				 .p = p,
				 .end = newline ? newline : end,
				 .number = number,
				 .texts = &t->texts,
				 .d = &t->d};
		struct record r;
		int err = 0;

		if (!is_skipped(l)) {
			err = parse_line(&l, &r);
			err = err ? err : sink_put(sink, &r);
		}
		if (err)
			return err;
		p = newline ? newline + 1 : end;
	}
	return 0;
}

static void text_source_free(struct source *source)
{
	struct text_source *t = (struct text_source *)source;

	if (t)
		str_release(&t->texts);
	free(t);
}

struct source *text_source_new(const char *text, size_t len)
{
	struct text_source *t = xcalloc(1, sizeof(*t));

	t->source = (struct source){.run = run, .free = text_source_free};
	t->text = text;
	t->len = len;
	return &t->source;
}

const struct diag *text_source_diag(const struct source *source)
{
	return &((const struct text_source *)source)->d;
}

static int put(struct sink *sink, const struct record *r)
{
	struct text_sink *t = (struct text_sink *)sink;

	text_add(t->out, r);
	str_add_char(t->out, '\n');
	return 0;
}

void text_sink_init(struct text_sink *t, struct str *out)
{
	*t = (struct text_sink){.sink = {.put = put}, .out = out};
}
