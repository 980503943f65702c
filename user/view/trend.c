#include "view/trend.h"

#include "base/units.h"

enum { QUARTERS = 4, LATE_SHARE = 5 };

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Two windows become one. */
static void merge(struct trend *t)
{
	for (unsigned int i = 0; i < t->nr; i += 2) {
		struct trend_window w = t->windows[i];

		if (i + 1 < t->nr) {
			const struct trend_window *next = &t->windows[i + 1];

			w.end = next->end;
			w.low = min(w.low, next->low);
			w.time_ns = next->time_ns ? next->time_ns : w.time_ns;
			w.made += next->made;
			w.living += next->living;
		}
		t->windows[i / 2] = w;
	}
	t->nr = (t->nr + 1) / 2;
	t->shift++;
}

static uint64_t place_of(const struct trend *t, uint64_t order)
{
	return order > t->first ? (order - t->first) >> t->shift : 0;
}

/* The window of @order, in which nothing has happened yet if it is a new one. */
static struct trend_window *window_at(struct trend *t, uint64_t order)
{
	while (place_of(t, order) >= TREND_WINDOWS)
		merge(t);
	while (t->nr <= place_of(t, order))
		t->windows[t->nr++] = (struct trend_window){.end = t->level, .low = t->level};
	return &t->windows[t->nr - 1];
}

static void set_level(struct trend *t, struct trend_window *w, uint64_t level)
{
	t->level = level;
	w->end = level;
	w->low = min(w->low, level);
}

void trend_grow(struct trend *t, uint64_t order, uint64_t time_ns, uint64_t bytes)
{
	struct trend_window *w;

	if (!t->nr) {
		t->first = order;
		t->first_ns = time_ns;
	}
	w = window_at(t, order);
	w->made++;
	w->time_ns = time_ns;
	set_level(t, w, t->level + bytes);
}

void trend_shrink(struct trend *t, uint64_t order, uint64_t bytes)
{
	set_level(t, window_at(t, order), t->level - bytes);
}

void trend_resize(struct trend *t, uint64_t order, uint64_t bytes)
{
	set_level(t, window_at(t, order), t->level + bytes);
}

void trend_living(struct trend *t, uint64_t order)
{
	uint64_t place = place_of(t, order);

	if (place < t->nr)
		t->windows[place].living++;
}

/* What lived at the end of each window and was never less from there on. */
static void fill_floors(const struct trend *t, uint64_t floors[TREND_WINDOWS])
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = t->nr; i; i--) {
		floors[i - 1] = min(least, t->windows[i - 1].end);
		least = min(floors[i - 1], t->windows[i - 1].low);
	}
}

/* The first window of that quarter of those after the first; of number 4, where they end. */
static unsigned int quarter_begin(const struct trend *t, unsigned int quarter)
{
	return 1 + quarter * (t->nr - 1) / QUARTERS;
}

static bool quarter_grows(const struct trend *t, const uint64_t floors[TREND_WINDOWS], unsigned int quarter)
{
	unsigned int begin = quarter_begin(t, quarter), end = quarter_begin(t, quarter + 1);
	uint64_t living = 0;

	for (unsigned int i = begin; i < end; i++)
		living += t->windows[i].living;
	return living && floors[end - 1] > floors[begin - 1];
}

static bool all_quarters_grow(const struct trend *t, const uint64_t floors[TREND_WINDOWS])
{
	for (unsigned int i = 0; i < QUARTERS; i++)
		if (!quarter_grows(t, floors, i))
			return false;
	return true;
}

/* When something was last allocated in the last window whose floor is higher than that before. */
static uint64_t last_rise(const struct trend *t, const uint64_t floors[TREND_WINDOWS])
{
	for (unsigned int i = t->nr; i > 1; i--)
		if (floors[i - 1] > floors[i - 2] && t->windows[i - 1].time_ns)
			return t->windows[i - 1].time_ns;
	return t->first_ns;
}

static bool is_late(const struct trend *t, const uint64_t floors[TREND_WINDOWS], const struct trend_evidence *e)
{
	uint64_t half = floors[quarter_begin(t, QUARTERS / 2) - 1], rise = last_rise(t, floors);

	return floors[t->nr - 1] - half >= e->growth / LATE_SHARE && rise > t->first_ns && rise - t->first_ns >= e->span_ns / 2;
}

static enum trend_verdict verdict(const struct trend *t, const uint64_t floors[TREND_WINDOWS], const struct trend_evidence *e)
{
	if (!e->growth)
		return TREND_STEADY;
	if (e->windows < TREND_LEAST)
		return TREND_UNCLEAR;
	if (floors[t->nr - 1] == floors[quarter_begin(t, QUARTERS - 1) - 1])
		return TREND_STOPPED;
	return all_quarters_grow(t, floors) && is_late(t, floors, e) ? TREND_GROWS : TREND_UNCLEAR;
}

struct trend_evidence trend_judge(struct trend *t, uint64_t order, uint64_t time_ns)
{
	struct trend_evidence e = {};
	uint64_t floors[TREND_WINDOWS] = {};

	if (!t->nr)
		return e;
	window_at(t, order);
	fill_floors(t, floors);
	e.windows = t->nr - 1;
	e.growth = floors[t->nr - 1] - floors[0];
	e.span_ns = time_ns > t->first_ns ? time_ns - t->first_ns : 0;
	for (unsigned int i = 1; i < t->nr; i++)
		e.grew += floors[i] > floors[i - 1];
	for (unsigned int i = 0; i < (t->nr + 1) / 2; i++) {
		e.early += t->windows[i].made;
		e.early_living += t->windows[i].living;
	}
	e.verdict = verdict(t, floors, &e);
	return e;
}

bool trend_per_minute(const struct trend_evidence *e, uint64_t *ret)
{
	const double minute = 60.0 * NS_PER_SEC;
	double bytes;

	if (!e->span_ns)
		return false;
	bytes = (double)e->growth * minute / (double)e->span_ns;
	*ret = bytes < 0x1p63 ? (uint64_t)bytes : INT64_MAX;
	return true;
}
