#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void str_release(struct str *s)
{
	free(s->p);
	*s = (struct str){};
}

void str_clear(struct str *s)
{
	s->len = 0;
	if (s->p)
		s->p[0] = '\0';
}

const char *str_text(const struct str *s)
{
	return s->p ? s->p : "";
}

static void str_reserve(struct str *s, size_t more)
{
	size_t need = s->len + more + 1;

	BUG_ON(need < more);
	if (need <= s->cap)
		return;
	s->cap = need < 64 ? 64 : need + need / 2;
	s->p = xreallocarray(s->p, s->cap, 1);
}

void str_add_bytes(struct str *s, const void *bytes, size_t len)
{
	str_reserve(s, len);
	if (len)
		memcpy(s->p + s->len, bytes, len);
	s->len += len;
	s->p[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_add_bytes(s, text, strlen(text));
}

void str_add_char(struct str *s, char c)
{
	str_add_bytes(s, &c, 1);
}

void str_add_capitals(struct str *s, const char *text)
{
	for (; *text; text++)
		str_add_char(s, *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text);
}

void str_vaddf(struct str *s, const char *format, va_list args)
{
	char *text = NULL;
	int len = vasprintf(&text, format, args);

	BUG_ON(len < 0);
	str_add_bytes(s, text, (size_t)len);
	free(text);
}

void str_addf(struct str *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	str_vaddf(s, format, args);
	va_end(args);
}

/* Bytes of the well-formed UTF-8 sequence at @p, 0 if there is none (Unicode 15, table 3-7). */
static size_t utf8_length(const unsigned char *p)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high, length;
	} rows[] = {
		{0x20, 0x7e, 0, 0, 1},	     {0xc3, 0xdf, 0x80, 0xbf, 2}, {0xc2, 0xc2, 0xa0, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (p[0] < rows[i].first_low || p[0] > rows[i].first_high)
			continue;
		if (rows[i].length > 1 && (p[1] < rows[i].second_low || p[1] > rows[i].second_high))
			continue;
		for (size_t k = 2; k < rows[i].length; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].length;
	}
	return 0;
}

/* U+061C, U+200E..F, U+2028..2E, U+2066..69: line breaks and direction marks that reorder what stands around them. */
static bool reorders(const unsigned char *p)
{
	if (p[0] == 0xd8)
		return p[1] == 0x9c;
	if (p[0] != 0xe2)
		return false;
	return (p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae))) ||
	       (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

void str_add_escaped(struct str *s, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		size_t length = utf8_length(p);

		if (length && !reorders(p)) {
			str_add_bytes(s, p, length);
			p += length;
		} else {
			str_addf(s, "\\x%02x", *p++);
		}
	}
}

size_t str_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += (*text & 0xc0) != 0x80;
	return columns;
}
