#include "ledger/chips.h"

#include "base/units.h"
#include "ledger/ledger.h"

#include <string.h>

bool chips_parse(const char *text, chip_list *ret)
{
	for (;;) {
		size_t len = strcspn(text, ",");
		_cleanup_(freep) char *number = xstrndup(text, len);
		uint64_t chip = 0;

		if (ret->nr == CHIPS_MAX || units_parse_number(number, CHIPS_END - 1, &chip) ||
		    (ret->nr && chip <= ret->items[ret->nr - 1]))
			break;
		vec_push(ret, (unsigned int)chip);
		if (!text[len])
			return true;
		text += len + 1;
	}
	vec_release(ret);
	return false;
}

static int by_number(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

bool chips_have(const chip_list *chips, unsigned int chip)
{
	return chips->nr && bsearch(&chip, chips->items, chips->nr, sizeof(chip), by_number);
}

void device_describe(struct device *d, const struct record *r)
{
	vec_release(&d->chips);
	if (RECORD_HAS(r, CHIPS))
		chips_parse(r->chips, &d->chips);
	d->count = r->count;
	d->has_count = RECORD_HAS(r, COUNT) && r->count;
	d->mesh = r->mesh;
	d->has_mesh = RECORD_HAS(r, MESH);
	d->parent = r->parent;
	d->has_parent = RECORD_HAS(r, PARENT);
}

bool device_chip_count(const struct device *d, uint64_t *ret)
{
	*ret = d->chips.nr ? d->chips.nr : d->count;
	return d->chips.nr || d->has_count;
}

bool same_chips(const struct device *a, const struct device *b)
{
	return a->chips.nr == b->chips.nr &&
	       (!a->chips.nr || !memcmp(a->chips.items, b->chips.items, a->chips.nr * sizeof(*a->chips.items)));
}

static void group_release(struct chip_group *g)
{
	vec_release(&g->chips);
	vec_release(&g->devices);
	vec_release(&g->peaks);
}

void chip_groups_release(chip_groups *groups)
{
	for (size_t i = 0; i < groups->nr; i++)
		group_release(&groups->items[i]);
	vec_release(groups);
}

static void add_group(chip_groups *groups, const struct device *const *devices, size_t nr)
{
	struct chip_group g = {};

	for (size_t i = 0; i < nr; i++)
		vec_push(&g.devices, devices[i]);
	vec_push(groups, g);
}

/* Each chip that one of the devices stands on, once. */
static void all_chips(const struct device *const *devices, size_t nr, chip_list *ret)
{
	size_t last = 0;

	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < devices[i]->chips.nr; k++)
			vec_push(ret, devices[i]->chips.items[k]);
	if (!ret->nr)
		return;
	qsort(ret->items, ret->nr, sizeof(*ret->items), by_number);
	for (size_t i = 1; i < ret->nr; i++)
		if (ret->items[i] != ret->items[last])
			ret->items[++last] = ret->items[i];
	ret->nr = last + 1;
}

static struct chip_group *group_under(const chip_groups *groups, const struct device *const *devices, size_t nr)
{
	for (size_t i = 0; i < groups->nr; i++)
		if (groups->items[i].devices.nr == nr &&
		    !memcmp(groups->items[i].devices.items, devices, nr * sizeof(*devices)))
			return &groups->items[i];
	return NULL;
}

void chip_groups_make(const struct device *const *devices, size_t nr, chip_groups *ret)
{
	chip_list chips = {};
	VEC(const struct device *) above = {};

	all_chips(devices, nr, &chips);
	for (size_t i = 0; i < chips.nr; i++) {
		vec_clear(&above);
		for (size_t k = 0; k < nr; k++)
			if (chips_have(&devices[k]->chips, chips.items[i]))
				vec_push(&above, devices[k]);
		if (!group_under(ret, above.items, above.nr))
			add_group(ret, above.items, above.nr);
		vec_push(&group_under(ret, above.items, above.nr)->chips, chips.items[i]);
	}
	for (size_t i = 0; i < nr; i++)
		if (!devices[i]->chips.nr)
			add_group(ret, &devices[i], 1);
	vec_release(&chips);
	vec_release(&above);
}

bool chip_group_count(const struct chip_group *g, uint64_t *ret)
{
	*ret = g->chips.nr;
	return g->chips.nr || device_chip_count(g->devices.items[0], ret);
}

bool chip_group_largest_free(const struct chip_group *g, const char *pool, uint64_t *ret)
{
	return g->devices.nr == 1 && device_largest_free(g->devices.items[0], pool, ret);
}
