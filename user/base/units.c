#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DURATION_MAX_NS 1000000000000000000ULL /* 31 years: sums of two do not overflow */

void units_add_bytes(struct str *s, uint64_t bytes)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;
	int decimals;

	if (bytes < 1024) {
		str_addf(s, "%u B", (unsigned int)bytes);
		return;
	}
	/* 1023.96 would print as 1024: three digits of the next unit say it better. */
	while (value >= 999.5 && unit + 1 < ARRAY_SIZE(names)) {
		value /= 1024;
		unit++;
	}
	decimals = value < 0.9995 ? 3 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	str_addf(s, "%.*f %s", decimals, value, names[unit]);
}

void units_add_duration(struct str *s, uint64_t ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"d", 86400 * NS_PER_SEC}, {"h", 3600 * NS_PER_SEC}, {"min", 60 * NS_PER_SEC}, {"s", NS_PER_SEC},
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (ns < units[i].ns)
			continue;
		str_addf(s, "%llu %s", (unsigned long long)(ns / units[i].ns), units[i].name);
		if (i + 1 < ARRAY_SIZE(units) && ns % units[i].ns >= units[i + 1].ns)
			str_addf(s, " %llu %s", (unsigned long long)(ns % units[i].ns / units[i + 1].ns),
				 units[i + 1].name);
		return;
	}
	str_addf(s, "%llu ms", (unsigned long long)(ns / NS_PER_MS));
}

void units_add_span(struct str *s, uint64_t ns)
{
	if (ns < NS_PER_SEC || ns >= 60 * NS_PER_SEC)
		units_add_duration(s, ns);
	else
		str_addf(s, "%.1f s", (double)ns / NS_PER_SEC);
}

static const struct {
	const char *name;
	uint64_t ns;
} interval_units[] = {
	{"h", 3600 * NS_PER_SEC}, {"min", 60 * NS_PER_SEC}, {"s", NS_PER_SEC}, {"ms", NS_PER_MS}, {"us", 1000}, {"ns", 1},
};

void units_add_interval(struct str *s, uint64_t ns)
{
	for (size_t i = 0; i < ARRAY_SIZE(interval_units); i++) {
		uint64_t unit = interval_units[i].ns;

		if (ns < unit || (ns % unit && unit != NS_PER_SEC))
			continue;
		str_addf(s, "%llu", (unsigned long long)(ns / unit));
		if (ns % unit) {
			str_addf(s, ".%09llu", (unsigned long long)(ns % unit));
			while (s->p[s->len - 1] == '0')
				s->p[--s->len] = '\0';
		}
		str_add(s, interval_units[i].name);
		return;
	}
	str_add(s, "0s");
}

void units_add_time(struct str *s, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SEC);
	char text[64];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		snprintf(text, sizeof(text), "?");
	str_addf(s, "%s.%03uZ", text, (unsigned int)(time_ns % NS_PER_SEC / NS_PER_MS));
}

void units_add_clock(struct str *s, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SEC);
	char text[64];
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%H:%M:%S", &tm))
		snprintf(text, sizeof(text), "?");
	str_addf(s, "%s.%06u", text, (unsigned int)(time_ns % NS_PER_SEC / 1000));
}

void units_add_date(struct str *s, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SEC);
	char text[64];
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d", &tm))
		snprintf(text, sizeof(text), "?");
	str_add(s, text);
}

/* Digits, and a fraction of @ret_scale parts. Not strtod(), which knows locales, exponents and rounding. */
static const char *parse_decimal(const char *p, unsigned __int128 *ret, uint64_t *ret_scale)
{
	const unsigned __int128 limit = (unsigned __int128)1 << 120;
	unsigned __int128 value = 0;
	uint64_t scale = 1;
	bool in_fraction = false;

	for (; isdigit((unsigned char)*p) || (*p == '.' && !in_fraction); p++) {
		if (*p == '.') {
			in_fraction = true;
			continue;
		}
		if (in_fraction && scale >= 1000000000000000ULL)
			continue;
		value = value < limit / 16 ? value * 10 + (unsigned int)(*p - '0') : limit;
		scale *= in_fraction ? 10 : 1;
	}
	*ret = value;
	*ret_scale = scale;
	return p;
}

static uint64_t interval_unit(const char *name)
{
	if (!*name)
		return NS_PER_SEC;
	for (size_t i = 0; i < ARRAY_SIZE(interval_units); i++)
		if (!strcmp(name, interval_units[i].name))
			return interval_units[i].ns;
	return 0;
}

int units_parse_span(const char *text, uint64_t *ret_ns)
{
	unsigned __int128 value = 0;
	uint64_t scale = 1, unit;
	bool zero;

	if (!isdigit((unsigned char)text[text[0] == '.']))
		return -EINVAL;
	unit = interval_unit(parse_decimal(text, &value, &scale));
	zero = !value;
	if (!unit)
		return -EINVAL;
	if (value / scale > DURATION_MAX_NS / unit)
		return -ERANGE;
	value = (value * unit + scale / 2) / scale;
	if ((!value && !zero) || value > DURATION_MAX_NS)
		return -ERANGE;
	*ret_ns = (uint64_t)value;
	return 0;
}

int units_parse_duration(const char *text, uint64_t *ret_ns)
{
	uint64_t ns = 0;
	int err = units_parse_span(text, &ns);

	if (!err && !ns)
		return -EINVAL;
	if (!err)
		*ret_ns = ns;
	return err;
}

int units_size_power(const char *unit, size_t len)
{
	static const struct {
		const char *name;
		int power;
	} units[] = {{"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		bool whole = strlen(units[i].name) == len && !strncasecmp(units[i].name, unit, len);

		/* Of one letter: "m" is a minute to some. */
		if (whole || (len == 1 && *unit == *units[i].name))
			return units[i].power;
	}
	return -1;
}

int units_parse_size(const char *text, uint64_t *ret_bytes)
{
	unsigned __int128 value = 0;
	uint64_t scale = 1;
	const char *unit;
	int power;

	if (!isdigit((unsigned char)text[text[0] == '.']))
		return -EINVAL;
	unit = parse_decimal(text, &value, &scale);
	unit += *unit == ' ';
	power = *unit ? units_size_power(unit, strlen(unit)) : 0;
	if (power < 0 || !value)
		return -EINVAL;
	if (value / scale > (uint64_t)INT64_MAX >> power)
		return -ERANGE;
	value = (value << power) / scale;
	if (!value || value > INT64_MAX)
		return -ERANGE;
	*ret_bytes = (uint64_t)value;
	return 0;
}

int units_parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	unsigned long long value;
	char *end = NULL;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

uint64_t units_wall_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}

uint64_t units_monotonic_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}
