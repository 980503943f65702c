#include "view/condition.h"

#include "base/units.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Of two recordings, or of one that is being made. */
enum language { LANGUAGE_CHANGE, LANGUAGE_NOW };

static const struct {
	const char *option, *hint;
} languages[] = {
	[LANGUAGE_CHANGE] = {"--fail-if", "such as 'peak(POOL) > +2%', 'end > +64MiB', 'failed > 0'"},
	[LANGUAGE_NOW] = {"--trigger", "such as 'peak(POOL) > 90%', 'now > 10GiB', 'failed > 2'"},
};

struct reader {
	const char *begin, *p;
	enum language language;
	struct diag *d;
};

/* Bytes, each of which may be four when it is escaped: a diag holds 1024. */
enum { SHOWN_BEFORE = 60, SHOWN_BEHIND = 40 };

static void add_part(struct str *s, const char *text, size_t len)
{
	_cleanup_(freep) char *copy = xstrndup(text, len);

	str_add_escaped(s, copy);
}

/* What is wrong, and a caret below where; of a long text what is around it. */
static _printf_(3, 4) int wrong(const struct reader *r, const char *at, const char *format, ...)
{
	const char *from = at - r->begin > SHOWN_BEFORE ? at - SHOWN_BEFORE : r->begin;
	_cleanup_(str_release) struct str what = {}, before = {}, behind = {};
	va_list args;

	va_start(args, format);
	str_vaddf(&what, format, args);
	va_end(args);
	str_add(&before, from > r->begin ? "..." : "");
	add_part(&before, from, (size_t)(at - from));
	add_part(&behind, at, SHOWN_BEHIND);
	str_add(&behind, strlen(at) > SHOWN_BEHIND ? "..." : "");
	diag_set(r->d, -EINVAL, "%s: %s\n    %s%s\n    %*s^", languages[r->language].option, str_text(&what), str_text(&before),
		 str_text(&behind), (int)str_columns(str_text(&before)), "");
	diag_hint(r->d, "%s", languages[r->language].hint);
	return -EINVAL;
}

static void skip_blanks(struct reader *r)
{
	r->p += strspn(r->p, " \t");
}

/* The end of a recording that is being made is now. */
static const char *figure_word(const struct reader *r, enum figure f)
{
	return r->language == LANGUAGE_NOW && f == FIGURE_END ? "now" : figure_descs[f].name;
}

static int read_figure(struct reader *r, struct condition *c)
{
	size_t len = strspn(r->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	_cleanup_(str_release) struct str known = {};

	for (enum figure f = 0; f < FIGURE_NR; f++) {
		if (strlen(figure_word(r, f)) == len && !strncasecmp(figure_word(r, f), r->p, len)) {
			c->figure = f;
			r->p += len;
			return 0;
		}
		str_addf(&known, "%s%s", !f ? "" : f + 1 == FIGURE_NR ? " or " : ", ", figure_word(r, f));
	}
	return wrong(r, r->p, "a figure comes first: %s", str_text(&known));
}

static int read_pool(struct reader *r, struct condition *c)
{
	size_t len;

	skip_blanks(r);
	if (*r->p != '(')
		return 0;
	r->p++;
	skip_blanks(r);
	len = strcspn(r->p, ")");
	if (!r->p[len])
		return wrong(r, r->p + len, "')' is missing");
	while (len && strchr(" \t", r->p[len - 1]))
		len--;
	if (!len)
		return wrong(r, r->p, "the name of a pool is missing");
	c->pool = xstrndup(r->p, len);
	r->p += len;
	skip_blanks(r);
	r->p++;
	return 0;
}

static bool is_more(__int128 a, __int128 b)
{
	return a > b;
}

static bool is_not_less(__int128 a, __int128 b)
{
	return a >= b;
}

static bool is_less(__int128 a, __int128 b)
{
	return a < b;
}

static bool is_not_more(__int128 a, __int128 b)
{
	return a <= b;
}

static bool is_equal(__int128 a, __int128 b)
{
	return a == b;
}

static bool is_different(__int128 a, __int128 b)
{
	return a != b;
}

static int read_comparison(struct reader *r, struct condition *c)
{
	/* Of those that begin alike, the longer first. */
	static const struct {
		const char *sign;
		bool (*compare)(__int128 a, __int128 b);
	} comparisons[] = {
		{">=", is_not_less}, {"<=", is_not_more}, {"==", is_equal}, {"!=", is_different}, {">", is_more}, {"<", is_less},
	};

	skip_blanks(r);
	for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++) {
		size_t len = strlen(comparisons[i].sign);

		if (strncmp(r->p, comparisons[i].sign, len))
			continue;
		c->compare = comparisons[i].compare;
		r->p += len;
		return 0;
	}
	return wrong(r, r->p, "a comparison is missing: > >= < <= == or !=");
}

enum { MILLION = 1000000, DECIMALS = 6 };

/* A decimal number, in millionths. */
static int read_number(struct reader *r, __int128 *ret)
{
	const char *begin = r->p;
	size_t whole = strspn(r->p, "0123456789"), decimals = 0;
	__int128 n = 0;

	if (!whole)
		return wrong(r, r->p, "a number is missing");
	if (whole > 18)
		return wrong(r, begin, "the number is too large");
	for (; whole; whole--)
		n = n * 10 + (*r->p++ - '0');
	n *= MILLION;
	if (*r->p == '.') {
		decimals = strspn(++r->p, "0123456789");
		if (!decimals || decimals > DECIMALS)
			return wrong(r, r->p, "one to six digits come behind the point");
	}
	for (int scale = MILLION / 10; decimals; decimals--, scale /= 10)
		n += (__int128)(*r->p++ - '0') * scale;
	*ret = n;
	return 0;
}

static int read_unit(struct reader *r, const struct condition *c, __int128 *ret)
{
	size_t len = strspn(r->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	int power = units_size_power(r->p, len);

	*ret = 1;
	if (!len)
		return 0;
	if (!figure_descs[c->figure].bytes)
		return wrong(r, r->p, "'%s' is a number: it has no unit", figure_word(r, c->figure));
	if (power < 0)
		return wrong(r, r->p, "the unit is none of B, KiB, MiB, GiB and TiB");
	*ret = (__int128)1 << power;
	r->p += len;
	return 0;
}

static int set_value(const struct reader *r, const char *at, struct condition *c, __int128 value)
{
	if (value > INT64_MAX || value < -(__int128)INT64_MAX)
		return wrong(r, at, "the number is too large");
	c->value = (int64_t)value;
	return 0;
}

static int read_sign(struct reader *r, struct condition *c, int *ret)
{
	*ret = *r->p == '-' ? -1 : 1;
	if (*r->p != '+' && *r->p != '-')
		return 0;
	if (r->language == LANGUAGE_NOW)
		return wrong(r, r->p, "a value with a sign is a change between two recordings");
	c->change = true;
	r->p++;
	return 0;
}

static int check_percentage(const struct reader *r, const char *begin, const struct condition *c)
{
	if (r->language == LANGUAGE_CHANGE && !c->change)
		return wrong(r, begin, "a percentage is of a change: it needs a sign, as in +2%%");
	if (r->language == LANGUAGE_NOW && c->figure != FIGURE_PEAK && c->figure != FIGURE_END)
		return wrong(r, begin, "a percentage is of a pool's capacity: '%s' has none", figure_word(r, c->figure));
	return 0;
}

static int read_value(struct reader *r, struct condition *c)
{
	__int128 millionths = 0, unit = 1;
	const char *begin;
	int sign, err;

	skip_blanks(r);
	begin = r->p;
	err = read_sign(r, c, &sign);
	if (!err)
		err = read_number(r, &millionths);
	if (err)
		return err;
	skip_blanks(r);
	if (*r->p == '%') {
		c->percent = true;
		err = check_percentage(r, begin, c);
		r->p++;
		return err ? err : set_value(r, begin, c, sign * millionths);
	}
	err = read_unit(r, c, &unit);
	if (err)
		return err;
	if (millionths * unit % MILLION)
		return wrong(r, begin, "this is not a whole number%s", figure_descs[c->figure].bytes ? " of bytes" : "");
	return set_value(r, begin, c, sign * millionths * unit / MILLION);
}

static int parse(const char *text, enum language language, struct condition *ret, struct diag *d)
{
	struct reader r = {.begin = text, .p = text, .language = language, .d = d};
	int err;

	*ret = (struct condition){.text = text};
	skip_blanks(&r);
	err = read_figure(&r, ret);
	if (!err)
		err = read_pool(&r, ret);
	if (!err)
		err = read_comparison(&r, ret);
	if (!err)
		err = read_value(&r, ret);
	if (err)
		return err;
	skip_blanks(&r);
	return *r.p ? wrong(&r, r.p, "the condition should end here") : 0;
}

int condition_parse(const char *text, struct condition *ret, struct diag *d)
{
	return parse(text, LANGUAGE_CHANGE, ret, d);
}

int condition_parse_now(const char *text, struct condition *ret, struct diag *d)
{
	return parse(text, LANGUAGE_NOW, ret, d);
}

void condition_release(struct condition *c)
{
	freep(&c->pool);
	c->pool = NULL;
}

int condition_check(const struct condition *c, const struct comparison *in, struct diag *d)
{
	_cleanup_(str_release) struct str known = {}, name = {};

	for (size_t i = 0; i < in->pools.nr; i++) {
		if (!c->pool || !strcasecmp(c->pool, in->pools.items[i]))
			return 0;
		str_add(&known, !i ? "" : i + 1 == in->pools.nr ? " and " : ", ");
		str_add_escaped(&known, in->pools.items[i]);
	}
	if (!c->pool)
		return 0;
	str_add_escaped(&name, c->pool);
	return diag_set(d, -EINVAL, "--fail-if: no pool '%s': there are %s", str_text(&name), known.len ? str_text(&known) : "none");
}

bool condition_holds(const struct condition *c, const struct compare_row *row)
{
	__int128 old = row->figures[SIDE_OLD][c->figure], new = row->figures[SIDE_NEW][c->figure];

	if (!compare_row_has(row, c->figure))
		return false;
	if (c->pool) {
		_cleanup_(str_release) struct str pool = {};

		str_add_escaped(&pool, c->pool);
		if (strcasecmp(str_text(&pool), row->pool))
			return false;
	}
	/* Exact, and also where OLD has 0. */
	if (c->percent)
		return c->compare((new - old) * 100 * MILLION, old * c->value);
	return c->compare(c->change ? new - old : new, c->value);
}

bool condition_holds_now(const struct condition *c, const char *pool, const uint64_t *figures, const uint64_t *capacity)
{
	if (c->pool && strcasecmp(c->pool, pool))
		return false;
	if (!c->percent)
		return c->compare(figures[c->figure], c->value);
	return capacity && c->compare((__int128)figures[c->figure] * 100 * MILLION, (__int128)*capacity * c->value);
}

void condition_add_text(struct str *out, const struct condition *c, const struct compare_row *row, bool bytes)
{
	_cleanup_(str_release) struct str percent = {};

	str_add_char(out, '\'');
	str_add_escaped(out, c->text);
	str_addf(out, "' holds: %s, device %s, %s: %s ", row->process, row->device, row->pool, figure_descs[c->figure].name);
	figure_add(out, c->figure, row->figures[SIDE_OLD][c->figure], bytes);
	str_add(out, ", then ");
	figure_add(out, c->figure, row->figures[SIDE_NEW][c->figure], bytes);
	figure_add_percent(&percent, c->figure, row);
	if (percent.len)
		str_addf(out, " (%s)", str_text(&percent));
}
