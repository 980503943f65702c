/*
 * Which device a call is for, where the runtime's pools have no objects: as the call says, or as its thread has chosen, by a number
 * or by an object that stands for the device.
 */
#include "runtime/decode_step.h"

/* The device that @s names, by an object of it as well. */
static bool named(const struct step *s, uint64_t *ret)
{
	const struct map_entry *e;
	uint64_t owner;

	if (bound_row_value(s->b, s->row, s->hit, RT_DEVICE, ret))
		return true;
	if (!bound_row_value(s->b, s->row, s->hit, RT_OWNER, &owner))
		return false;
	e = map_get(&s->d->owners, s->process, owner);
	*ret = e ? e->value : 0;
	return e;
}

bool step_call_device(const struct step *s, uint64_t *ret)
{
	struct decode_target *t = s->d->target;

	if (s->row->let[RT_DEVICE] >= 0 || rt_row_names(s->row->row, RT_DEVICE) || rt_row_names(s->row->row, RT_OWNER))
		return named(s, ret);
	*ret = s->thread->device.device;
	if (s->thread->device.chosen != CHOSEN_NONE)
		return s->thread->device.chosen == CHOSEN_ONE;
	/* Before we looked it may have chosen another one. */
	return bound_row_value(s->b, s->row, s->hit, RT_DEFAULT, ret) && t->whole && t->whole(t, s->process);
}

static void learn(const struct step *s, uint64_t device)
{
	uint64_t owner;

	if (bound_row_value(s->b, s->row, s->hit, RT_OWNER, &owner) && owner)
		map_put(&s->d->owners, s->process, owner, NULL)->value = device;
}

/* False: the call has failed, and means nothing. */
static bool choose(const struct step *s, struct choice *ret)
{
	bool succeeded = false, known = bound_row_succeeded(s->row, s->hit, &succeeded);

	if (known && !succeeded)
		return false;
	*ret = (struct choice){.chosen = CHOSEN_UNKNOWN};
	if (known && named(s, &ret->device))
		ret->chosen = CHOSEN_ONE;
	bound_row_value(s->b, s->row, s->hit, RT_OWNER, &ret->owner);
	if (ret->chosen == CHOSEN_ONE)
		learn(s, ret->device);
	return true;
}

/* What a call that is for a device does inside of it, with an object of which nothing is known, is for that device still. */
int step_device(struct step *s)
{
	struct choice choice;

	if (choose(s, &choice) && (choice.chosen == CHOSEN_ONE || !(s->hit->call & WIRE_NESTED)))
		s->thread->device = choice;
	return 0;
}

int step_owner(struct step *s)
{
	struct choice choice;

	choose(s, &choice);
	return 0;
}

int step_push(struct step *s)
{
	struct choice choice;

	if (choose(s, &choice))
		thread_push_device(s->thread, choice);
	return 0;
}

int step_pop(struct step *s)
{
	struct choice gone;

	if (!choose(s, &gone) || (rt_row_names(s->row->row, RT_OWNER) && gone.owner != s->thread->device.owner))
		return 0;
	thread_pop_device(s->thread);
	return 0;
}
