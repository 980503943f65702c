#include "view/json_core.h"

#include "view/json_object.h"

void json_set_core(json_t *pool, const struct circular_figures *f, bool has_code, uint64_t code)
{
	json_t *object;

	if (has_code)
		set_number(pool, "core_code", code);
	if (!f->known)
		return;
	object = json_object();
	set_number(object, "programs", f->programs);
	set_number(object, "core_bytes", f->bytes);
	if (f->has_room)
		set_number(object, "core_room", f->room);
	set(object, "exact", json_boolean(f->exact));
	set(pool, "circular_buffers", object);
}

void json_set_group_core(json_t *pool, const struct chip_group *g)
{
	struct circular_figures f;
	uint64_t code = 0;
	bool has_code;

	if (!chip_group_circular(g, &f))
		return;
	has_code = device_code(g->devices.items[0], &code);
	json_set_core(pool, &f, has_code, code);
}
