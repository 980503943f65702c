#include "target/demangle_rust.h"

#include <string.h>

enum { HASH_DIGITS = 16, HASH_LEN = 1 + HASH_DIGITS, DIFFERENT_LEAST = 5, ESCAPE_MAX = 8, LENGTH_MAX = 1 << 16 };

/* ---- _ZN LENGTH NAME ... 17hHASH E ---- */

/* The name that begins at *@at, which goes behind it. NULL: there is none. */
static const char *take_name(const char **at, size_t *ret_len)
{
	const char *p = *at;
	size_t len = 0;

	if (*p < '1' || *p > '9')
		return NULL;
	for (; *p >= '0' && *p <= '9' && len < LENGTH_MAX; p++)
		len = len * 10 + (size_t)(*p - '0');
	if (strnlen(p, len) < len)
		return NULL;
	*at = p + len;
	*ret_len = len;
	return p;
}

/* Names of C++ may look like one; but not by chance. */
static bool is_hash(const char *name, size_t len)
{
	unsigned int seen = 0;

	if (len != HASH_LEN || name[0] != 'h' || strspn(name + 1, "0123456789abcdef") < HASH_DIGITS)
		return false;
	for (size_t i = 1; i < len; i++)
		seen |= 1U << (name[i] <= '9' ? name[i] - '0' : name[i] - 'a' + 10);
	return __builtin_popcount(seen) >= DIFFERENT_LEAST;
}

/* Where the last name, the hash, begins with its length. NULL: it is another language's. */
static const char *find_end(const char *first)
{
	const char *at = first, *name = NULL, *last = NULL;
	size_t len = 0;

	while (*at != 'E') {
		last = at;
		name = take_name(&at, &len);
		if (!name)
			return NULL;
	}
	/* Behind it, what a compiler says of a copy or a part of the function. */
	return last && last != first && is_hash(name, len) && (!at[1] || at[1] == '.') ? last : NULL;
}

/* ---- $LT$, $u7e$ ---- */

static bool add_character(struct str *s, uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		return false;
	if (c < 0x80) {
		str_add_char(s, (char)c);
		return true;
	}
	if (c < 0x800) {
		str_add_char(s, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		str_add_char(s, (char)(0xe0 | c >> 12));
		str_add_char(s, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		str_add_char(s, (char)(0xf0 | c >> 18));
		str_add_char(s, (char)(0x80 | (c >> 12 & 0x3f)));
		str_add_char(s, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	str_add_char(s, (char)(0x80 | (c & 0x3f)));
	return true;
}

static bool add_escape(struct str *s, const char *word, size_t len)
{
	static const char *const words[][2] = { { "SP", "@" }, { "BP", "*" }, { "RF", "&" }, { "LT", "<" },
						{ "GT", ">" }, { "LP", "(" }, { "RP", ")" }, { "C", "," } };
	uint32_t c = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i][0]) == len && !strncmp(words[i][0], word, len)) {
			str_add(s, words[i][1]);
			return true;
		}
	if (len < 2 || len > ESCAPE_MAX || word[0] != 'u' || strspn(word + 1, "0123456789abcdef") != len - 1)
		return false;
	for (size_t i = 1; i < len; i++)
		c = c << 4 | (uint32_t)(word[i] <= '9' ? word[i] - '0' : word[i] - 'a' + 10);
	return add_character(s, c);
}

static void add_name(struct str *s, const char *name, size_t len)
{
	const char *end = name + len;

	/* No name may begin with an escape: what stands before it is none of it. */
	name += len > 1 && name[0] == '_' && name[1] == '$';
	while (name < end) {
		const char *close = *name == '$' ? memchr(name + 1, '$', (size_t)(end - name - 1)) : NULL;
		size_t plain = 1;

		if (close && add_escape(s, name + 1, (size_t)(close - name - 1))) {
			name = close + 1;
			continue;
		}
		if (*name == '.' && name + 1 < end && name[1] == '.') {
			str_add(s, "::");
			name += 2;
			continue;
		}
		while (name + plain < end && name[plain] != '$' && name[plain] != '.')
			plain++;
		str_add_bytes(s, name, plain);
		name += plain;
	}
}

bool demangle_add_rust(struct str *s, const char *name)
{
	const bool mangled = !strncmp(name, "_ZN", strlen("_ZN"));
	const char *at = mangled ? name + strlen("_ZN") : name, *end = mangled ? find_end(at) : NULL;

	while (end && at < end) {
		size_t len;
		const char *part = take_name(&at, &len);

		add_name(s, part, len);
		if (at < end)
			str_add(s, "::");
	}
	return end;
}
