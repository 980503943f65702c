/* Programs that run on cores: where their circular buffers lie, and when they are refused. */
#include "runtime/decode_step.h"

#include <stdlib.h>

struct program {
	uint64_t device; /* an object of the device that it is for */
	uint64_t id;	 /* the runtime's own number */
	bool has_device, has_id;
	bool told; /* a circular buffer of it was put, and not taken back */
};

static struct program *find(const struct step *s, uint64_t object)
{
	struct map_entry *e = map_get(&s->d->programs, s->process, object);

	return e ? e->pointer : NULL;
}

/* The record's owner, where it is known. */
static void set_owner(const struct step *s, struct record *r, const struct program *p)
{
	uint64_t owner = 0;

	if (p && p->has_device && s->d->target->device)
		owner = s->d->target->device(s->d->target, s->process, p->device);
	if (owner)
		RECORD_SET(r, OWNER, owner, owner);
}

int step_program(struct step *s)
{
	struct placing *placing = &s->thread->placing;
	struct map_entry *e;
	struct program *p;
	uint64_t object;
	bool is_new;

	if (!bound_row_value(s->b, s->row, s->hit, RT_PROGRAM, &object)) {
		*placing = (struct placing){.none = "unread"};
		return 0;
	}
	*placing = (struct placing){.stack = s->hit->stack, .program = object};
	e = map_put(&s->d->programs, s->process, object, &is_new);
	if (is_new)
		e->pointer = xcalloc(1, sizeof(struct program));
	p = e->pointer;
	p->has_device = bound_row_value(s->b, s->row, s->hit, RT_DEVICE, &p->device);
	p->has_id = bound_row_value(s->b, s->row, s->hit, RT_ID, &p->id);
	return 0;
}

/* The stack grows down: what was called from within has its stack pointer below that of the call's entry. */
static const char *why_alone(const struct step *s)
{
	const struct placing *placing = &s->thread->placing;

	if (placing->none)
		return placing->none;
	return s->hit->stack < placing->stack ? NULL : "alone";
}

/* A circular buffer whose program is not known, or of which something could not be read. */
static int unsettled(const struct step *s, const char *reason)
{
	struct record r = step_record(s, RECORD_UNSETTLED);

	RECORD_SET(&r, REASON, reason, reason);
	RECORD_SET(&r, PROBE, probe, rt_verb_name(s->row->row->verb));
	return sink_put(s->d->sink, &r);
}

/* Was this one told already: for another chip of the same device, or for another range of cores? */
static bool is_again(const struct step *s, uint64_t address, uint64_t bytes)
{
	struct placing *placing = &s->thread->placing;
	uint64_t device = 0;

	bound_row_value(s->b, s->row, s->hit, RT_DEVICE, &device);
	if (!placing->begun)
		placing->device = device;
	else if (device != placing->device || (address == placing->address && bytes == placing->bytes))
		return true;
	placing->begun = true;
	placing->address = address;
	placing->bytes = bytes;
	return false;
}

static int put_free(const struct step *s, uint64_t object, const char *reason)
{
	struct record r = step_record(s, RECORD_CB_FREE);

	RECORD_SET(&r, PROGRAM, program, object);
	if (reason)
		RECORD_SET(&r, REASON, reason, reason);
	return sink_put(s->d->sink, &r);
}

static int put_cb(const struct step *s, const struct program *p, uint64_t address, uint64_t bytes)
{
	struct record r = step_record(s, RECORD_CB);
	uint64_t placed;

	RECORD_SET(&r, PROGRAM, program, s->thread->placing.program);
	set_owner(s, &r, p);
	RECORD_SET(&r, ADDRESS, address, address);
	RECORD_SET(&r, BYTES, bytes, bytes);
	if (bound_row_value(s->b, s->row, s->hit, RT_PLACED, &placed) && placed)
		RECORD_SET(&r, PLACED, placed, 1);
	return sink_put(s->d->sink, &r);
}

/* Those of an earlier placement are gone with the first of a new one. */
int step_cb(struct step *s)
{
	const char *alone = why_alone(s);
	bool begun = s->thread->placing.begun;
	uint64_t address, bytes;
	struct program *p;
	int err = 0;

	if (alone)
		return unsettled(s, alone);
	if (!bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address) ||
	    !bound_row_value(s->b, s->row, s->hit, RT_BYTES, &bytes))
		return unsettled(s, "unread");
	p = find(s, s->thread->placing.program);
	if (!p)
		return unsettled(s, "alone");
	if (is_again(s, address, bytes))
		return 0;
	if (p->told && !begun)
		err = put_free(s, s->thread->placing.program, NULL);
	p->told = true;
	return err ? err : put_cb(s, p, address, bytes);
}

/* A program of which nothing was told has nothing to take back. */
int step_cb_free(struct step *s)
{
	struct program *p;
	uint64_t object;
	bool told;

	if (!bound_row_value(s->b, s->row, s->hit, RT_PROGRAM, &object))
		return unsettled(s, "unread");
	p = find(s, object);
	if (!p)
		return 0;
	told = p->told;
	free(p);
	map_del(&s->d->programs, s->process, object);
	return told ? put_free(s, object, NULL) : 0;
}

int step_cb_void(struct step *s)
{
	struct program *p;
	uint64_t object;

	if (!bound_row_value(s->b, s->row, s->hit, RT_PROGRAM, &object))
		return unsettled(s, "unread");
	p = find(s, object);
	return p && p->told ? put_free(s, object, "void") : 0;
}

/* The program that is refused: by its number, or the one that is being placed. 0: not known. */
static uint64_t refused(const struct step *s)
{
	uint64_t id;

	if (!bound_row_value(s->b, s->row, s->hit, RT_ID, &id))
		return why_alone(s) ? 0 : s->thread->placing.program;
	for (struct map_entry *e = map_next(&s->d->programs, NULL); e; e = map_next(&s->d->programs, e)) {
		const struct program *p = e->pointer;

		if (e->a == s->process && p->has_id && p->id == id)
			return e->b;
	}
	return 0;
}

static int refuse(struct step *s, const char *reason)
{
	struct record r = step_record(s, RECORD_FAILED);
	uint64_t object = refused(s);
	int err = step_end_call(s);

	if (err)
		return err;
	RECORD_SET(&r, REASON, reason, reason);
	if (s->b->runtime->core)
		RECORD_SET(&r, POOL, pool, s->b->runtime->core);
	if (object) {
		RECORD_SET(&r, PROGRAM, program, object);
		set_owner(s, &r, find(s, object));
	}
	step_take(s, &r, RT_ADDRESS, FIELD_ADDRESS);
	step_take(s, &r, RT_END, FIELD_END);
	return sink_put(s->d->sink, &r);
}

int step_clash(struct step *s)
{
	return refuse(s, "clash");
}

int step_overflow(struct step *s)
{
	return refuse(s, "overflow");
}

void programs_forget(struct decoder *d, uint64_t process)
{
	struct map kept = {};

	for (struct map_entry *e = map_next(&d->programs, NULL); e; e = map_next(&d->programs, e)) {
		if (!process || e->a == process)
			free(e->pointer);
		else
			map_put(&kept, e->a, e->b, NULL)->pointer = e->pointer;
	}
	map_release(&d->programs);
	d->programs = kept;
}
