#include "view/json_device.h"

#include "view/device_name.h"
#include "view/json_object.h"

void json_set_process(json_t *object, const struct ledger_process *p)
{
	set_text(object, "host", p->host);
	set_number(object, "pid", (uint64_t)p->pid);
	if (p->copy > 1)
		set_number(object, "copy", p->copy);
	if (p->has_start)
		set_number(object, "start_time_ns", p->start_ns);
	set_text(object, "name", *p->name ? p->name : NULL);
	set_text(object, "command", *p->command ? p->command : NULL);
}

static void set_chips(json_t *object, const chip_list *chips)
{
	json_t *array;

	if (!chips->nr)
		return;
	array = json_array();
	for (size_t i = 0; i < chips->nr; i++)
		json_array_append_new(array, json_integer(chips->items[i]));
	set(object, "chips", array);
}

static void set_meshes(json_t *object, const struct chip_group *g)
{
	json_t *array = json_array();

	for (size_t i = 0; i < g->devices.nr; i++)
		if (g->devices.items[i]->has_mesh && g->devices.items[i]->mesh <= INT64_MAX)
			json_array_append_new(array, json_integer((json_int_t)g->devices.items[i]->mesh));
	if (json_array_size(array))
		set(object, "meshes", array);
	else
		json_decref(array);
}

static void set_mesh(json_t *object, const struct ledger_process *p, const struct device *d)
{
	uint64_t parent;

	if (d->has_mesh)
		set_number(object, "mesh", d->mesh);
	if (device_parent_mesh(p, d, &parent))
		set_number(object, "parent", parent);
}

void json_set_group(json_t *object, const struct ledger_process *p, const struct chip_group *g)
{
	_cleanup_(str_release) struct str name = {};
	uint64_t count;

	chip_group_add_name(&name, g);
	set_text(object, "device", str_text(&name));
	set_chips(object, &g->chips);
	if (chip_group_count(g, &count))
		set_number(object, "count", count);
	if (p && g->devices.nr > 1)
		set_meshes(object, g);
	else if (p)
		set_mesh(object, p, g->devices.items[0]);
}

void json_set_device(json_t *object, const struct device *d)
{
	_cleanup_(str_release) struct str name = {};

	device_add_name(&name, d);
	set_text(object, "device", str_text(&name));
	if (d->has_mesh)
		set_number(object, "mesh", d->mesh);
}
