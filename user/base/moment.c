#include "base/moment.h"

#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <time.h>

/* Years that 64 bits of nanoseconds since 1970 hold in any zone. */
enum { YEAR_FIRST = 1970, YEAR_LAST = 2500 };
enum { FRACTION_DIGITS = 9 };

/* Exactly @digits of them, at *@p, which is moved behind. -1: not so, or more than @max. */
static int parse_digits(const char **p, int digits, int max)
{
	int value = 0;

	for (int i = 0; i < digits; i++, (*p)++) {
		if (!isdigit((unsigned char)**p))
			return -1;
		value = value * 10 + (**p - '0');
	}
	return value <= max ? value : -1;
}

/* What stands behind the point; further digits than a nanosecond has are read and mean nothing. */
static bool parse_fraction(const char **p, uint64_t *ret_ns, uint64_t *ret_granule)
{
	uint64_t unit = NS_PER_SEC, ns = 0;
	int digits = 0;

	for ((*p)++; isdigit((unsigned char)**p); (*p)++, digits++) {
		if (digits >= FRACTION_DIGITS)
			continue;
		unit /= 10;
		ns += unit * (unsigned int)(**p - '0');
	}
	*ret_ns = ns;
	*ret_granule = unit;
	return digits > 0;
}

/* "14:05", "14:05:03", "14:05:03.25". */
static bool parse_clock(const char **p, uint64_t *ret_ns, uint64_t *ret_granule)
{
	int hours = parse_digits(p, 2, 23), minutes = -1, seconds = 0;
	uint64_t fraction = 0;

	if (hours >= 0 && *(*p)++ == ':')
		minutes = parse_digits(p, 2, 59);
	if (minutes < 0)
		return false;
	*ret_granule = 60 * NS_PER_SEC;
	if (**p == ':') {
		(*p)++;
		seconds = parse_digits(p, 2, 59);
		*ret_granule = NS_PER_SEC;
		if (seconds < 0 || (**p == '.' && !parse_fraction(p, &fraction, ret_granule)))
			return false;
	}
	*ret_ns = ((uint64_t)hours * 3600 + (uint64_t)minutes * 60 + (uint64_t)seconds) * NS_PER_SEC + fraction;
	return true;
}

/* "Z", "+01:00", or nothing: local. */
static bool parse_zone(const char *p, bool *ret_local, int64_t *ret_seconds)
{
	int hours, minutes, sign = *p == '-' ? -1 : 1;

	*ret_local = !*p;
	*ret_seconds = 0;
	if (!*p || (*p == 'Z' && !p[1]))
		return true;
	if (*p != '+' && *p != '-')
		return false;
	p++;
	hours = parse_digits(&p, 2, 23);
	if (hours < 0 || *p++ != ':')
		return false;
	minutes = parse_digits(&p, 2, 59);
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return minutes >= 0 && !*p;
}

static bool is_day(int year, int month, int day)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);

	return month >= 1 && day >= 1 && day <= days[month - 1] && (month != 2 || leap || day < 29);
}

static int parse_date(const char *p, struct moment *ret)
{
	int year = parse_digits(&p, 4, 9999), month = -1, day = -1;
	int64_t seconds, offset;
	uint64_t of_day;
	struct tm tm;
	bool local;

	if (year >= 0 && *p++ == '-')
		month = parse_digits(&p, 2, 12);
	if (month >= 0 && *p++ == '-')
		day = parse_digits(&p, 2, 31);
	if (day < 0 || !is_day(year, month, day) || (*p != 'T' && *p != ' '))
		return -EINVAL;
	p++;
	if (!parse_clock(&p, &of_day, &ret->granule_ns) || !parse_zone(p, &local, &offset))
		return -EINVAL;
	tm = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_isdst = -1};
	tm.tm_sec = (int)(of_day / NS_PER_SEC);
	seconds = local ? mktime(&tm) : timegm(&tm) - offset;
	if (year < YEAR_FIRST || year > YEAR_LAST || seconds < 0)
		return -ERANGE;
	ret->ns = (uint64_t)seconds * NS_PER_SEC + of_day % NS_PER_SEC;
	return 0;
}

int moment_parse(const char *text, struct moment *ret)
{
	const char *p = text;

	*ret = (struct moment){.granule_ns = 1, .text = text};
	if (*text == '+' || *text == '-') {
		ret->kind = *text == '+' ? MOMENT_FROM_BEGIN : MOMENT_FROM_END;
		return units_parse_span(text + 1, &ret->ns);
	}
	ret->kind = MOMENT_CLOCK;
	if (parse_clock(&p, &ret->ns, &ret->granule_ns) && !*p)
		return 0;
	ret->kind = MOMENT_DATE;
	return parse_date(text, ret);
}

/* The first such time of day at or after @begin_ns, as far as its granule goes. */
static uint64_t next_clock(const struct moment *m, uint64_t begin_ns)
{
	time_t begin = (time_t)(begin_ns / NS_PER_SEC);
	uint64_t ns = begin_ns;
	struct tm day;

	if (!localtime_r(&begin, &day))
		return m->ns;
	for (int i = 0; i < 2; i++) {
		struct tm tm = {.tm_year = day.tm_year, .tm_mon = day.tm_mon, .tm_mday = day.tm_mday + i, .tm_isdst = -1};

		tm.tm_sec = (int)(m->ns / NS_PER_SEC);
		ns = (uint64_t)mktime(&tm) * NS_PER_SEC + m->ns % NS_PER_SEC;
		if (ns + m->granule_ns > begin_ns)
			break;
	}
	return ns;
}

int moment_resolve(const struct moment *m, uint64_t begin_ns, uint64_t end_ns, uint64_t *ret_first, uint64_t *ret_last)
{
	uint64_t first = m->ns;

	if (m->kind == MOMENT_CLOCK)
		first = next_clock(m, begin_ns);
	else if (m->kind == MOMENT_FROM_END && (end_ns == UINT64_MAX || m->ns > end_ns))
		return -ERANGE;
	else if (m->kind == MOMENT_FROM_END)
		first = end_ns - m->ns;
	else if (m->kind == MOMENT_FROM_BEGIN && __builtin_add_overflow(begin_ns, m->ns, &first))
		return -ERANGE;
	if (__builtin_add_overflow(first, m->granule_ns - 1, ret_last))
		return -ERANGE;
	*ret_first = first;
	return 0;
}
