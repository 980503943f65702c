#include "view/profile_json.h"

void profile_set_place(json_t *object, const struct place *place)
{
	set_text(object, "process", place->process->name);
	set_text(object, "host", place->process->host);
	set_number(object, "pid", (uint64_t)place->process->pid);
	if (place->process->copy > 1)
		set_number(object, "copy", place->process->copy);
	if (place->has_device)
		set_number(object, "device", place->device);
	set_text(object, "pool", place->pool);
}

void profile_set_group(json_t *object, const struct profile_node *n, const char *by)
{
	if (n->label)
		set(object, by, json_string(n->label)); /* escaped already */
	else
		set(object, n->class == CLASS_BEFORE ? "before_attach" : n->class == CLASS_NO_OP ? "no_op" : "no_stack", json_true());
}

void profile_set_amount(json_t *object, const char *key, struct amount a)
{
	json_t *amount = json_object();

	set_number(amount, "buffers", a.blocks);
	set_number(amount, "bytes", a.bytes);
	set(object, key, amount);
}
