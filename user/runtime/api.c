/* What an `api` line says of a function's name. Files that others made have such lines: no pattern takes long. */
#include "runtime/runtime.h"

#include <string.h>

static bool is_separator(const char *name)
{
	return name[0] == ':' && name[1] == ':';
}

/* Behind the set "[A-Z_]" at @p. */
static const char *behind_set(const char *p)
{
	return strchr(p, ']') + 1;
}

static bool set_has(const char *p, char c)
{
	const char *end = strchr(++p, ']');

	while (p < end) {
		bool range = p + 2 < end && p[1] == '-';

		if (range ? c >= p[0] && c <= p[2] : c == *p)
			return true;
		p += range ? 3 : 1;
	}
	return false;
}

/* Where the pattern goes on if one character of it is @name's first; else NULL. */
static const char *step(const char *pattern, const char *name)
{
	if (!*name || (is_separator(name) && !is_separator(pattern)))
		return NULL;
	if (*pattern == '[')
		return set_has(pattern, *name) ? behind_set(pattern) : NULL;
	if (*pattern == '?')
		return pattern + 1;
	return *pattern == *name ? pattern + 1 : NULL;
}

/* What the last '*' stands for is all that can be tried otherwise: no other can reach beyond its part. */
static bool matches(const char *pattern, const char *name)
{
	const char *star = NULL, *until = NULL;

	while (*name || *pattern) {
		const char *next = *pattern == '*' ? NULL : step(pattern, name);

		if (*pattern == '*') {
			star = ++pattern;
			until = name;
		} else if (next) {
			pattern = next;
			name++;
		} else if (star && *until && !is_separator(until)) {
			pattern = star;
			name = ++until;
		} else {
			return false;
		}
	}
	return true;
}

bool runtime_has_api(const struct runtime *rt, const char *name)
{
	for (size_t i = 0; i < rt->api.nr; i++)
		if (matches(rt->api.items[i], name))
			return true;
	return false;
}
