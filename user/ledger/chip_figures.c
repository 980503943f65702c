/* What one chip of a group has, and what it had at most. */
#include "ledger/chips.h"
#include "ledger/figures.h"
#include "ledger/ledger.h"

#include <string.h>

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static const struct ledger_process *process_of(const struct device *d)
{
	return d->arenas.nr ? d->arenas.items[0]->process : NULL;
}

/* The highest sum cannot be told from the sums of several highest: it is followed, or not known. */
static const struct chip_peak *peak_of(const struct chip_group *g, const char *pool)
{
	const struct ledger_process *p = process_of(g->devices.items[0]);

	for (size_t i = 0; p && pool && i < p->pools.nr && i < g->peaks.nr; i++)
		if (!strcmp(p->pools.items[i], pool))
			return &g->peaks.items[i];
	return NULL;
}

bool chip_group_figures(const struct chip_group *g, const char *pool, struct figures *ret)
{
	struct figures sum = {.peak_known = true, .has_capacity = true, .has_banks = true}, f;
	const struct chip_peak *peak = peak_of(g, pool);
	bool any = false;

	if (g->devices.nr == 1 && !g->peaks.nr)
		return device_figures(g->devices.items[0], pool, ret);
	for (size_t i = 0; i < g->devices.nr; i++) {
		if (!device_figures(g->devices.items[i], pool, &f))
			continue;
		figures_add(&sum, &f);
		sum.capacity = most(sum.capacity, f.capacity);
		sum.banks = most(sum.banks, f.banks);
		any = true;
	}
	if (!any)
		return false;
	sum.peak_known &= peak && peak->known;
	sum.peak = peak ? peak->peak : sum.reserved;
	*ret = sum;
	return true;
}

static bool has_device(const struct chip_group *g, const struct device *d)
{
	for (size_t i = 0; i < g->devices.nr; i++)
		if (g->devices.items[i] == d)
			return true;
	return false;
}

static uint64_t reserved_of(const struct chip_group *g, const char *pool)
{
	uint64_t sum = 0;
	struct figures f;

	for (size_t i = 0; i < g->devices.nr; i++)
		if (device_figures(g->devices.items[i], pool, &f))
			sum += f.reserved;
	return sum;
}

void chips_raise_peaks(struct ledger_process *p, const struct arena *a)
{
	for (size_t i = 0; i < p->groups.nr; i++) {
		struct chip_group *g = &p->groups.items[i];

		for (size_t k = 0; k < g->peaks.nr; k++) {
			if (p->pools.items[k] != a->pool || !has_device(g, a->device))
				continue;
			g->peaks.items[k].peak = most(g->peaks.items[k].peak, reserved_of(g, a->pool));
			g->peaks.items[k].known &= a->figures.peak_known;
		}
	}
}

/* A device comes to chips whose highest sum is @peak: of two that were not 0 nobody knows when they were. */
static void join(struct chip_peak *peak, const struct device *d, const char *pool)
{
	struct figures f;

	if (!device_figures(d, pool, &f))
		return;
	peak->known &= f.peak_known && (!f.peak || !peak->peak);
	peak->peak = most(peak->peak, f.peak);
}

/* The group in which @chip was; NULL: in none. */
static const struct chip_group *group_of_chip(const chip_groups *groups, unsigned int chip)
{
	for (size_t i = 0; i < groups->nr; i++)
		if (chips_have(&groups->items[i].chips, chip))
			return &groups->items[i];
	return NULL;
}

/* What the chips of @g had at most if they were in @before until now. */
static struct chip_peak peak_after(const struct chip_group *before, const struct chip_group *g, const char *pool, size_t place)
{
	struct chip_peak peak = {.known = true};

	if (before && before->peaks.nr)
		peak = before->peaks.items[place];
	else if (before)
		join(&peak, before->devices.items[0], pool);
	for (size_t i = 0; i < g->devices.nr; i++)
		if (!before || !has_device(before, g->devices.items[i]))
			join(&peak, g->devices.items[i], pool);
	peak.peak = most(peak.peak, reserved_of(g, pool));
	return peak;
}

/* Chips that come together may have had different peaks: then that of one of them is not known. */
static struct chip_peak peak_of_all(const chip_groups *old, const struct chip_group *g, const char *pool, size_t place)
{
	struct chip_peak peak = peak_after(group_of_chip(old, g->chips.items[0]), g, pool, place);

	for (size_t i = 1; i < g->chips.nr; i++) {
		struct chip_peak other = peak_after(group_of_chip(old, g->chips.items[i]), g, pool, place);

		peak.known &= other.known && other.peak == peak.peak;
		peak.peak = most(peak.peak, other.peak);
	}
	return peak;
}

/* One device, now and before: it follows its own peaks. */
static bool is_alone(const chip_groups *old, const struct chip_group *g)
{
	for (size_t i = 0; i < g->chips.nr; i++) {
		const struct chip_group *before = group_of_chip(old, g->chips.items[i]);

		if (before && (before->peaks.nr || before->devices.items[0] != g->devices.items[0]))
			return false;
	}
	return g->devices.nr == 1;
}

void chips_group(struct ledger_process *p)
{
	VEC(const struct device *) shown = {};

	for (size_t i = 0; i < p->devices.nr; i++)
		if (device_shown(p->devices.items[i]))
			vec_push(&shown, p->devices.items[i]);
	p->groups = (chip_groups){};
	chip_groups_make(shown.items, shown.nr, &p->groups);
	vec_release(&shown);
}

void chips_changed(struct ledger_process *p)
{
	chip_groups old = p->groups;

	chips_group(p);
	for (size_t i = 0; i < p->groups.nr; i++) {
		struct chip_group *g = &p->groups.items[i];
		bool alone = is_alone(&old, g);

		for (size_t k = 0; !alone && k < p->pools.nr; k++)
			vec_push(&g->peaks, peak_of_all(&old, g, p->pools.items[k], k));
	}
	chip_groups_release(&old);
}
