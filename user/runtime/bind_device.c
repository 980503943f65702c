/* Where the objects of devices have what is read of them: of several places of a role the first that is known. */
#include "runtime/bind_parts.h"

#include "base/str.h"

#include <stdlib.h>

/* What is followed to another object, not read as a number. */
static bool is_pointer(enum rt_device_role role)
{
	return role != RT_MESH_ID && role != RT_CHIP_ID;
}

/* NULL, or why the place cannot be used. */
static char *bind_place(const struct binding *b, const struct rt_device_place *place, struct code_chain *ret)
{
	char *problem = NULL;
	size_t nr = 0;

	if (!bound_place(b, &place->place, ret, 1, &nr, &problem))
		return problem;
	if (is_pointer(place->role) && ret->load[ret->nr_loads - 1].size != 8)
		return xasprintf("it is too small for a pointer");
	return NULL;
}

/* More than one place of a role that is not known. */
static void add_problem(char **problem, char *more)
{
	char *both = *problem ? xasprintf("%s; %s", *problem, more) : more;

	if (both != more)
		free(more);
	free(*problem);
	*problem = both;
}

static bool place_uses(const struct rt_place *place, size_t value)
{
	for (size_t i = 0; i < place->nr_steps; i++)
		if (place->step[i].value >= 0 && (size_t)place->step[i].value == value)
			return true;
	return false;
}

bool bound_value_spare(const struct binding *b, size_t value)
{
	bool used = false;

	for (size_t i = 0; i < b->runtime->books.device_places.nr; i++) {
		const struct rt_device_place *place = &b->runtime->books.device_places.items[i];

		if (!place_uses(&place->place, value))
			continue;
		used = true;
		if (!b->device_chain[place->role].nr_loads)
			return false;
	}
	return used;
}

void binding_devices(struct binding *b)
{
	for (size_t i = 0; i < b->runtime->books.device_places.nr; i++) {
		const struct rt_device_place *place = &b->runtime->books.device_places.items[i];
		struct code_chain *chain = &b->device_chain[place->role], found = {};
		char *problem;

		if (chain->nr_loads)
			continue;
		problem = bind_place(b, place, &found);
		if (problem) {
			add_problem(&b->device_problem[place->role], problem);
			continue;
		}
		*chain = found;
		if (place->role == RT_MESH_CHIPS)
			b->device_item = place->item;
	}
}
