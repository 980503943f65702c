#include "view/device_name.h"

#include <inttypes.h>

/* Longer lists are cut: --json has all. */
enum { LIST_COLUMNS = 20 };

static void add_chips(struct str *out, const chip_list *chips)
{
	const unsigned int *c = chips->items;
	size_t begin = out->len, last;

	for (size_t i = 0; i < chips->nr; i = last + 1) {
		for (last = i; last + 1 < chips->nr && c[last + 1] == c[last] + 1; last++)
			;
		str_add(out, i ? "," : "");
		if (out->len - begin > LIST_COLUMNS) {
			str_add(out, "...");
			return;
		}
		str_addf(out, last == i ? "%u" : "%u-%u", c[i], c[last]);
	}
}

static bool is_mesh(const struct device *d)
{
	return d->has_mesh || d->has_parent;
}

/* Would its number be taken for that of a chip? */
static bool among_chips(const struct device *d)
{
	const struct ledger_process *p = d->arenas.nr ? d->arenas.items[0]->process : NULL;

	for (size_t i = 0; p && i < p->devices.nr; i++)
		if (p->devices.items[i]->chips.nr)
			return true;
	return false;
}

void device_add_name(struct str *out, const struct device *d)
{
	if (d->chips.nr)
		add_chips(out, &d->chips);
	else if (d->has_count)
		str_addf(out, "mesh of %" PRIu64, d->count);
	else if (is_mesh(d))
		str_add(out, "mesh");
	else if (d->owner == OWNER_UNKNOWN)
		str_add_char(out, '?');
	else
		str_addf(out, among_chips(d) ? "device %u" : "%u", d->number);
}

void chip_group_add_name(struct str *out, const struct chip_group *g)
{
	if (g->chips.nr)
		add_chips(out, &g->chips);
	else
		device_add_name(out, g->devices.items[0]);
}

void device_add_mesh_name(struct str *out, const struct device *d)
{
	if (!d->has_mesh) {
		device_add_name(out, d);
		return;
	}
	str_addf(out, "mesh %" PRIu64, d->mesh);
	if (d->chips.nr) {
		str_add(out, " (");
		add_chips(out, &d->chips);
		str_add_char(out, ')');
	} else if (d->has_count) {
		str_addf(out, " of %" PRIu64, d->count);
	}
}

bool device_parent_mesh(const struct ledger_process *p, const struct device *d, uint64_t *ret)
{
	for (size_t i = p->devices.nr; d->has_parent && i > 0; i--) {
		const struct device *parent = p->devices.items[i - 1];

		if (parent->owner != d->parent)
			continue;
		*ret = parent->mesh;
		return parent->has_mesh;
	}
	return false;
}

void device_add_parent(struct str *out, const struct ledger_process *p, const struct device *d)
{
	uint64_t mesh;

	if (device_parent_mesh(p, d, &mesh))
		str_addf(out, " in mesh %" PRIu64, mesh);
	else if (d->has_parent)
		str_add(out, " in mesh ?");
}

/* Devices of one number came one after the other, at the same place. */
static bool has_own_chips(const struct ledger_process *p, const struct device *d)
{
	for (size_t i = 0; i < p->devices.nr; i++) {
		const struct device *other = p->devices.items[i];

		if (!other->held || other->number == d->number)
			continue;
		if (!d->chips.nr && is_mesh(d) && !other->chips.nr)
			return false;
		for (size_t k = 0; k < d->chips.nr; k++)
			if (chips_have(&other->chips, d->chips.items[k]))
				return false;
	}
	return true;
}

void device_add_own_name(struct str *out, const struct ledger_process *p, const struct device *d)
{
	if (has_own_chips(p, d))
		device_add_name(out, d);
	else
		device_add_mesh_name(out, d);
}

const struct device *device_of_number(const struct ledger_process *p, unsigned int number)
{
	for (size_t i = p->devices.nr; i > 0; i--)
		if (p->devices.items[i - 1]->held && p->devices.items[i - 1]->number == number)
			return p->devices.items[i - 1];
	return NULL;
}

void number_add_words(struct str *out, const struct ledger_process *p, unsigned int number)
{
	const struct device *d = device_of_number(p, number);
	_cleanup_(str_release) struct str name = {};

	if (d)
		device_add_own_name(&name, p, d);
	else
		str_addf(&name, "%u", number);
	/* Of a list of chips, or a number, it must be said what it is of. */
	str_add(out, *str_text(&name) >= '0' && *str_text(&name) <= '9' ? "device " : "");
	str_add(out, str_text(&name));
}

void device_add_times(struct str *out, const struct device *d)
{
	uint64_t count;

	if (!device_chip_count(d, &count))
		str_add(out, is_mesh(d) ? "x?" : "");
	else if (count > 1)
		str_addf(out, "x%" PRIu64, count);
}

void chip_group_add_times(struct str *out, const struct chip_group *g)
{
	if (!g->chips.nr)
		device_add_times(out, g->devices.items[0]);
	else if (g->chips.nr > 1)
		str_addf(out, "x%zu", g->chips.nr);
}
