#include "ledger/advice.h"

#include <string.h>

/* Steps and needs are far below this; what is above comes from a broken file. */
#define SANE (1ULL << 40)

enum { MOST_BANKS = 1 << 20 };

/* The text up to one of @ends, if it fits. */
static bool take_name(const char **text, const char *end, char *ret)
{
	size_t len = strcspn(*text, ":,");

	if (*text + len > end || !len || len >= ADVICE_NAME || (*text)[len] != ':')
		return false;
	memcpy(ret, *text, len);
	ret[len] = '\0';
	*text += len + 1;
	return true;
}

static bool take_number(const char **text, uint64_t *ret)
{
	uint64_t n = 0;

	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		n = n * 10 + (uint64_t)(**text - '0');
		if (n > SANE)
			return false;
	}
	*ret = n;
	return n > 0;
}

static bool take_limit(const char **text, struct advice *a)
{
	const struct {
		const char *name;
		uint64_t *step;
	} limits[] = {{"total=", &a->total}, {"spread=", &a->spread}, {"bank=", &a->bank}};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		size_t len = strlen(limits[i].name);

		if (strncmp(*text, limits[i].name, len))
			continue;
		*text += len;
		return take_number(text, limits[i].step);
	}
	return false;
}

static bool parse(const char *text, const char *end, struct advice *ret)
{
	if (!take_name(&text, end, ret->pool) || !take_name(&text, end, ret->argument))
		return false;
	while (take_limit(&text, ret)) {
		if (text == end)
			return true;
		if (*text++ != ':')
			return false;
	}
	return false;
}

bool advice_next(const char **text, struct advice *ret)
{
	while (**text) {
		const char *start = *text, *end = start + strcspn(start, ",");
		struct advice a = {};

		*text = end + (*end == ',');
		if (!parse(start, end, &a))
			continue;
		*ret = a;
		return true;
	}
	return false;
}

static uint64_t rounded_up(uint64_t n, uint64_t step)
{
	return (n + step - 1) / step * step;
}

/* The least number that becomes at least @n when it is rounded up to @step. */
static uint64_t least_for(uint64_t n, uint64_t step)
{
	return n ? rounded_up(n, step) - step + 1 : 0;
}

/* The least sum of which each of @banks has a share that becomes at least @n. */
static uint64_t least_spread(uint64_t n, uint64_t step, uint64_t banks)
{
	return n ? (rounded_up(n, step) - step) * banks + 1 : 0;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

bool advice_value(const struct advice *a, const struct history_need *need, uint64_t *ret)
{
	uint64_t value = 0;

	if (!need->known || need->span > SANE || need->asked > SANE || need->banks > MOST_BANKS || (a->spread && !need->banks))
		return false;
	if (a->total)
		value = least_for(need->asked, a->total);
	if (a->spread)
		value = most(value, least_spread(need->span, a->spread, need->banks));
	if (a->bank)
		value = most(value, least_for(need->span, a->bank));
	*ret = value;
	return true;
}

bool advice_bank_bytes(const struct advice *a, const struct history_need *need, uint64_t value, uint64_t *ret)
{
	if (a->bank)
		*ret = rounded_up(value, a->bank);
	else if (a->spread && need->banks)
		*ret = rounded_up((value + need->banks - 1) / need->banks, a->spread);
	return a->bank || (a->spread && need->banks);
}
