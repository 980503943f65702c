/*
 * Blocks that live as long as somebody refers to them: who makes one has the first reference, further ones are taken and dropped, and
 * a view holds the block that it is a view of. Only what has more than one is kept here: the ledger knows which blocks there are.
 *
 * What was not seen from its beginning has references that nobody has counted: that one is dropped says nothing.
 */
#include "runtime/decode_step.h"

#include "base/vec.h"

#include <stdlib.h>

/* An address may be that of a block in so many layers; views of views. */
enum { LAYERS = 64, PARENTS = 64 };

static uint64_t holder_of(const struct step *s, uint64_t address)
{
	struct decode_target *t = s->d->target;

	return t->holder ? t->holder(t, s->process, address, 0) : 0;
}

static bool is_known(const struct step *s, uint64_t address)
{
	return map_get(&s->d->views, s->process, address) || holder_of(s, address);
}

/* A function and one that it has called both tell of the same object: it ends in all layers. */
static int free_block(const struct step *s, uint64_t address)
{
	uint64_t arena = holder_of(s, address), last = 0;
	int err = 0;

	for (int i = 0; i < LAYERS && !err && arena && arena != last; i++) {
		struct record r = step_record(s, RECORD_FREE);

		RECORD_SET(&r, ARENA, arena, arena);
		RECORD_SET(&r, ADDRESS, address, address);
		err = sink_put(s->d->sink, &r);
		last = arena;
		arena = holder_of(s, address);
	}
	return err;
}

static bool has_more(const struct step *s, uint64_t address)
{
	struct map_entry *e = map_get(&s->d->references, s->process, address);

	if (!e)
		return false;
	if (!--e->value)
		map_del(&s->d->references, s->process, address);
	return true;
}

/* The end of a view drops a reference to what it is a view of. */
static int drop(const struct step *s, uint64_t address)
{
	for (int i = 0; i < PARENTS && !has_more(s, address); i++) {
		const struct map_entry *view = map_get(&s->d->views, s->process, address);
		uint64_t parent;

		if (!view)
			return free_block(s, address);
		parent = view->value;
		map_del(&s->d->views, s->process, address);
		if (!parent)
			return 0;
		address = parent;
	}
	return 0;
}

int references_begin(const struct step *s, uint64_t address)
{
	map_del(&s->d->references, s->process, address);
	return map_get(&s->d->views, s->process, address) ? drop(s, address) : 0;
}

int references_view(const struct step *s, uint64_t address, uint64_t parent)
{
	bool known = is_known(s, parent);
	int err;

	/* First, so that the parent does not end with an earlier view of it. */
	if (known)
		map_put(&s->d->references, s->process, parent, NULL)->value++;
	err = references_begin(s, address);
	map_put(&s->d->views, s->process, address, NULL)->value = known ? parent : 0;
	return err;
}

int step_retain(struct step *s)
{
	bool succeeded = true;
	uint64_t address;

	if (s->row->row->returns && (s->hit->call & WIRE_ALONE || !bound_row_succeeded(s->row, s->hit, &succeeded)))
		return step_unsettled(s, "unread");
	if (!succeeded)
		return 0;
	if (!bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address))
		return step_unsettled(s, "unread");
	if (address && is_known(s, address))
		map_put(&s->d->references, s->process, address, NULL)->value++;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of a range of addresses: all views that begin in it. */
static int drop_range(const struct step *s, uint64_t from, uint64_t bytes)
{
	VEC(uint64_t) views = {};
	int err = 0;

	for (struct map_entry *e = map_next(&s->d->views, NULL); e; e = map_next(&s->d->views, e))
		if (e->a == s->process && e->b - from < bytes)
			vec_push(&views, e->b);
	if (views.nr)
		qsort(views.items, views.nr, sizeof(views.items[0]), by_address);
	for (size_t i = 0; i < views.nr && !err; i++)
		err = drop(s, views.items[i]);
	vec_release(&views);
	return err;
}

int step_drop(struct step *s)
{
	uint64_t address, bytes;

	if (!bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address))
		return step_unsettled(s, "unread");
	if (!rt_row_names(s->row->row, RT_BYTES))
		return address ? drop(s, address) : 0;
	if (!bound_row_value(s->b, s->row, s->hit, RT_BYTES, &bytes))
		return step_unsettled(s, "unread");
	return drop_range(s, address, bytes);
}
