/*
 * Calls that one hit tells whole: functions that give back whether they have succeeded, and where what they allocated lies. Their
 * runtimes have pools, but no objects for them that a call would name: an arena stands for a pool of a device, in a layer.
 */
#include "runtime/decode_step.h"

#include "base/str.h"

#include <string.h>

/* Of a made-up object: no address of a process has the first bit. */
enum { KEY_POOL_SHIFT = 8, KEY_OWNER_SHIFT = 16, KEY_POOL_NAMED = 0xff };
#define KEY_MADE_UP (1ULL << 63)

/* The arena that a call allocates from. */
struct pool_of {
	const char *pool; /* name; NULL: none that is shown */
	uint64_t object;
	unsigned int layer;
	struct arena_hint hint;
};

unsigned int layer_of_pool(const char *pool)
{
	const char *slash = strrchr(pool, '/');

	return slash ? (unsigned int)strtoul(slash + 1, NULL, 10) : 0;
}

/* Calls that allocate may call others that do: what these give is a part of what the outermost one does. */
static unsigned int layer_of(const struct step *s)
{
	return s->hit->call >> WIRE_DEPTH_SHIFT & WIRE_DEPTH_MAX;
}

static bool has_devices(const struct runtime *rt)
{
	for (size_t i = 0; i < rt->rows.nr; i++)
		if (rt->rows.items[i].verb == VERB_DEVICE)
			return true;
	return false;
}

/* Whose memory it is: of an object, of a device by its number, of the one that the thread has chosen. */
static void set_owner(const struct step *s, struct arena_hint *hint)
{
	hint->has |= FIELD_BIT(OWNER);
	hint->has_number = step_call_device(s, &hint->number);
	/* 0 is for those that have none. */
	if (hint->has_number)
		hint->owner = hint->number + 1;
	else if (!bound_row_value(s->b, s->row, s->hit, RT_OWNER, &hint->owner))
		/* One memory, where nobody speaks of devices. */
		hint->owner = has_devices(s->b->runtime) || rt_row_names(s->row->row, RT_DEVICE) ||
					      rt_row_names(s->row->row, RT_OWNER) ? OWNER_UNKNOWN : 0;
}

static uint64_t made_up(uint64_t owner, uint64_t pool, unsigned int layer)
{
	return KEY_MADE_UP | owner << KEY_OWNER_SHIFT | pool << KEY_POOL_SHIFT | layer;
}

/* The pool's place among the runtime's, which has at most 32. */
static bool find_pool(const struct step *s, size_t *ret)
{
	const rt_numbered *pools = &s->b->runtime->pools;
	uint64_t id;

	*ret = 0;
	if (!table_item(s, &id) && !bound_row_value(s->b, s->row, s->hit, RT_POOL, &id))
		return pools->nr == 1 && !rt_row_names(s->row->row, RT_POOL);
	while (*ret < pools->nr && pools->items[*ret].id != id)
		++*ret;
	return true;
}

/* False: which pool it is is not known. */
static bool find_place(const struct step *s, struct pool_of *ret)
{
	const rt_numbered *pools = &s->b->runtime->pools;
	uint64_t arena;
	size_t pool;

	*ret = (struct pool_of){.layer = layer_of(s)};
	if (!find_pool(s, &pool))
		return false;
	ret->pool = pool < pools->nr ? pools->items[pool].name : NULL;
	set_owner(s, &ret->hint);
	ret->object = made_up(ret->hint.owner, pool, ret->layer);
	ret->hint.made_up = true;
	if (!rt_row_names(s->row->row, RT_ARENA))
		return true;
	if (!bound_row_value(s->b, s->row, s->hit, RT_ARENA, &arena))
		return false;
	ret->hint.made_up = ret->layer;
	ret->object = ret->layer ? made_up(arena, KEY_POOL_NAMED, ret->layer) : arena;
	return true;
}

static char *pool_name(const struct pool_of *p)
{
	return p->layer ? xasprintf("%s/%u", p->pool, p->layer) : xstrdup(p->pool);
}

/* What the runtime says why: what it gave back, if it is that which tells. */
static void take_code(const struct step *s, struct record *r)
{
	bool status = !s->row->row->unequal && s->row->slot[RT_OK] >= 0;
	enum rt_name name = rt_row_names(s->row->row, RT_CODE) ? RT_CODE : RT_OK;
	uint64_t code;

	if ((name == RT_OK && !status) || !bound_row_value(s->b, s->row, s->hit, name, &code))
		return;
	if (bound_row_bytes(s->row, name) == sizeof(int32_t))
		code = (uint64_t)(int32_t)code;
	RECORD_SET(r, CODE, code, code);
}

static void take_sizes(const struct step *s, struct record *r)
{
	step_take(s, r, RT_RESERVED, FIELD_RESERVED);
	step_take(s, r, RT_ASKED, FIELD_ASKED);
	step_take(s, r, RT_PAGE, FIELD_PAGE);
}

/* An arena is not made of an allocation that failed. */
static int put_failed(const struct step *s, const struct pool_of *p)
{
	struct record r = step_record(s, RECORD_FAILED);
	_cleanup_(freep) char *name = pool_name(p);
	uint64_t arena = decoder_arena(s->d, s->process, p->object);

	RECORD_SET(&r, REASON, reason, "status");
	RECORD_SET(&r, POOL, pool, name);
	if (arena)
		RECORD_SET(&r, ARENA, arena, arena);
	take_code(s, &r);
	take_sizes(s, &r);
	return sink_put(s->d->sink, &r);
}

static int put_alloc(const struct step *s, struct pool_of *p, uint64_t address)
{
	struct record r = step_record(s, RECORD_ALLOC);
	_cleanup_(freep) char *name = pool_name(p);
	uint64_t arena, layout;

	thread_label(s->thread, &r);
	p->hint.pool = name;
	arena = step_arena(s, p->object, &p->hint);
	if (!arena)
		return step_unsettled(s, "arena");
	RECORD_SET(&r, ARENA, arena, arena);
	RECORD_SET(&r, ADDRESS, address, address);
	take_sizes(s, &r);
	step_take(s, &r, RT_ID, FIELD_ID);
	if (bound_row_value(s->b, s->row, s->hit, RT_LAYOUT, &layout) && runtime_layout(s->b->runtime, layout))
		RECORD_SET(&r, LAYOUT, layout, runtime_layout(s->b->runtime, layout));
	return sink_put(s->d->sink, &r);
}

/* What takes no memory of its own has not failed to get some. */
static int put_view(const struct step *s, bool succeeded, uint64_t parent)
{
	uint64_t address;

	if (!succeeded)
		return 0;
	if (!bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address))
		return step_unsettled(s, "unread");
	return address ? references_view(s, address, parent) : 0;
}

/* The block that it is a view of, 0: it is none. False: not known. */
static bool find_parent(const struct step *s, uint64_t *ret)
{
	*ret = 0;
	return !rt_row_names(s->row->row, RT_PARENT) || bound_row_value(s->b, s->row, s->hit, RT_PARENT, ret);
}

int step_call_alloc(struct step *s)
{
	bool succeeded, tested = s->row->slot[RT_OK] >= 0;
	struct pool_of place;
	uint64_t address, parent;

	if (s->hit->call & WIRE_ALONE)
		return step_unsettled(s, "attach");
	if (!bound_row_succeeded(s->row, s->hit, &succeeded) || !find_place(s, &place) || !find_parent(s, &parent))
		return step_unsettled(s, "unread");
	if (parent)
		return put_view(s, succeeded, parent);
	if (!place.pool)
		return 0;
	if (!succeeded)
		return put_failed(s, &place);
	if (!bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address))
		return step_unsettled(s, "unread");
	if (address) {
		int err = references_begin(s, address);

		return err ? err : put_alloc(s, &place, address);
	}
	if (!tested)
		return put_failed(s, &place);

	struct record r = step_record(s, RECORD_PHANTOM);

	return sink_put(s->d->sink, &r);
}

/* In whichever pool it is. A call inside of another one gives back what was a part of that one's, and may never have been seen. */
int step_call_free(struct step *s)
{
	struct record r = step_record(s, RECORD_FREE);
	struct decode_target *t = s->d->target;
	uint64_t address, arena;

	if (!bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address))
		return step_unsettled(s, "unread");
	arena = address && t->holder ? t->holder(t, s->process, address, layer_of(s)) : 0;
	if (!address || (!arena && s->hit->call & WIRE_NESTED))
		return 0;
	if (arena)
		RECORD_SET(&r, ARENA, arena, arena);
	RECORD_SET(&r, ADDRESS, address, address);
	return sink_put(s->d->sink, &r);
}

static bool is_of(uint64_t object, uint64_t owner)
{
	return object & KEY_MADE_UP && (object & ~KEY_MADE_UP) >> KEY_OWNER_SHIFT == owner;
}

static int put_clear(const struct step *s, uint64_t arena)
{
	struct record r = step_record(s, RECORD_CLEAR);

	RECORD_SET(&r, ARENA, arena, arena);
	return sink_put(s->d->sink, &r);
}

/* All pools of a device, or of the object that stands for one, in all layers. */
int step_call_clear(struct step *s)
{
	bool succeeded = false, known = bound_row_succeeded(s->row, s->hit, &succeeded);
	struct arena_hint hint = {};
	uint64_t object;
	int err = 0;

	if (known && !succeeded)
		return 0;
	set_owner(s, &hint);
	if (!known || !hint.owner || hint.owner == OWNER_UNKNOWN)
		return step_unsettled(s, "unread");
	for (struct map_entry *e = map_next(&s->d->arenas, NULL); e && !err; e = map_next(&s->d->arenas, e))
		if (e->a == s->process && e->value != ARENA_HIDDEN && is_of(e->b, hint.owner))
			err = put_clear(s, e->value);
	if (bound_row_value(s->b, s->row, s->hit, RT_OWNER, &object))
		table_forget(s, object);
	return err;
}
