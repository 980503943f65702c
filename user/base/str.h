/* A growing string. `struct str s = {}` is empty and valid; str_text() is never NULL. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/util.h"

#include <stdarg.h>

struct str {
	char *p;
	size_t len, cap;
};

void str_release(struct str *s);
void str_clear(struct str *s);
const char *str_text(const struct str *s);

void str_add(struct str *s, const char *text);
void str_add_bytes(struct str *s, const void *bytes, size_t len);
void str_add_char(struct str *s, char c);
void str_addf(struct str *s, const char *format, ...) _printf_(2, 3);
void str_vaddf(struct str *s, const char *format, va_list args) _printf_(2, 0);

/* Add @text with its letters of ASCII as capitals. */
void str_add_capitals(struct str *s, const char *text);
/* Add @text as it may be shown on a terminal: control characters, C1 and broken UTF-8 as \xNN. */
void str_add_escaped(struct str *s, const char *text);

/* Columns that @text takes on a terminal (UTF-8 code points; escapes of ours do not occur in it). */
size_t str_columns(const char *text);

#endif
