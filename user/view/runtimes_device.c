#include "view/runtimes_device.h"

#include "runtime/place.h"

#include <string.h>

enum { WIDTH = 11 };

static const char *const role_names[RT_DEVICE_ROLES_NR] = {
	[RT_MESH_OWNER] = "mesh's owner",   [RT_MESH_ID] = "mesh's id",	      [RT_MESH_PARENT] = "mesh's parent",
	[RT_MESH_CHIPS] = "mesh's chips",   [RT_HANDLE_MESH] = "handle's mesh", [RT_CHIP_OWNER] = "chip's owner",
	[RT_CHIP_ID] = "chip's id",
};

static void add_item(struct str *s, const struct rt_item *item)
{
	if (item->bytes)
		str_addf(s, " of %u", item->bytes);
	if (item->tag_size)
		str_addf(s, " if 0x%x:%u=%llu", item->tag_offset, item->tag_size, (unsigned long long)item->tag);
}

static void add_vtables(struct str *s, const struct runtime *rt, enum rt_object object)
{
	for (size_t i = 0; i < rt->books.device_vtables[object].nr; i++)
		str_addf(s, "%s%s", i ? " or " : "vtable ", rt->books.device_vtables[object].items[i]);
}

void view_environment(struct str *s, const struct runtime *rt)
{
	if (!rt->environment.nr)
		return;
	str_add(s, "environment\n ");
	for (size_t i = 0; i < rt->environment.nr; i++)
		str_addf(s, " %s", rt->environment.items[i]);
	str_add_char(s, '\n');
}

void view_api(struct str *s, const struct runtime *rt)
{
	if (!rt->api.nr)
		return;
	str_add(s, "what programs call\n ");
	for (size_t i = 0; i < rt->api.nr; i++)
		str_addf(s, " %s", rt->api.items[i]);
	str_add_char(s, '\n');
}

void view_devices(struct str *s, const struct runtime *rt)
{
	for (size_t i = 0; i < RT_OBJECTS; i++) {
		if (!rt->books.device_vtables[i].nr)
			continue;
		str_addf(s, "  %-*s ", WIDTH, rt_object_name((enum rt_object)i));
		add_vtables(s, rt, (enum rt_object)i);
		str_add_char(s, '\n');
	}
	for (size_t i = 0; i < rt->books.device_places.nr; i++) {
		const struct rt_device_place *place = &rt->books.device_places.items[i];

		str_addf(s, "  %-*s ", WIDTH, role_names[place->role]);
		rt_place_add(s, rt, &place->place);
		add_item(s, &place->item);
		str_add_char(s, '\n');
	}
}

static void vtable_part(const struct binding *b, enum rt_object object, struct books_part *part)
{
	if (!b->runtime->books.device_vtables[object].nr)
		return;
	part->name = rt_object_name(object);
	part->known = b->device_vtables[object];
	add_vtables(&part->text, b->runtime, object);
	if (part->known)
		str_addf(&part->text, " at 0x%llx", (unsigned long long)b->device_vtables[object] - 16);
	else
		str_add(&part->text, " not there");
}

static bool is_described(const struct binding *b, enum rt_device_role role)
{
	for (size_t i = 0; i < b->runtime->books.device_places.nr; i++)
		if (b->runtime->books.device_places.items[i].role == role)
			return true;
	return false;
}

/* The first place of the role that is known. */
static void role_part(const struct binding *b, enum rt_device_role role, struct books_part *part)
{
	const struct code_chain *chain = &b->device_chain[role];

	if (!is_described(b, role))
		return;
	part->name = role_names[role];
	part->known = chain->nr_loads;
	if (!part->known) {
		str_add(&part->text, "not known");
		part->problem = b->device_problem[role] ? xstrdup(b->device_problem[role]) : NULL;
		return;
	}
	view_chain(&part->text, chain, rt_object_name(rt_device_role_object(role)));
	if (role == RT_MESH_CHIPS)
		add_item(&part->text, &b->device_item);
}

bool view_device_part(const struct binding *b, size_t i, struct books_part *ret)
{
	if (i < RT_OBJECTS)
		vtable_part(b, (enum rt_object)i, ret);
	else if (i < RT_OBJECTS + (size_t)RT_DEVICE_ROLES_NR)
		role_part(b, (enum rt_device_role)(i - RT_OBJECTS), ret);
	else
		return false;
	return true;
}
