#include "view/lives.h"

#include <limits.h>
#include <string.h>

/* Pools are the ledger's texts: equal ones are the same. */
static const char *own_pool(const struct ledger_process *p, const char *pool)
{
	for (size_t i = 0; pool && i < p->pools.nr; i++)
		if (!strcmp(p->pools.items[i], pool))
			return p->pools.items[i];
	return NULL;
}

static struct place *place_of(struct lives *l, const struct ledger_process *p, const struct device *d, const char *pool)
{
	uint64_t device = d ? d->number : UINT_MAX;
	struct map_entry *e;
	struct place *place;
	bool is_new;

	e = map_put(&l->by_place, p->id << 32 | device, (uintptr_t)pool, &is_new);
	if (!is_new)
		return e->pointer;
	place = xcalloc(1, sizeof(*place));
	*place = (struct place){.process = p, .pool = pool, .index = l->places.nr};
	place->has_device = d != NULL;
	place->device = d ? d->number : 0;
	vec_push(&l->places, place);
	e->pointer = place;
	return place;
}

struct place *lives_place(struct lives *l, const struct ledger_process *p, const struct device *d, const char *pool)
{
	return place_of(l, p, d && d->held ? d : NULL, own_pool(p, pool));
}

static struct map *arena_lives(struct lives *l, const struct arena *a)
{
	while (l->arenas.nr < a->id)
		vec_push(&l->arenas, ((struct map){}));
	return &l->arenas.items[a->id - 1];
}

static void end(struct lives *l, struct life *life, const struct record *r)
{
	life->place->reserved -= life->reserved;
	if (l->calls->end)
		l->calls->end(l->user, life, r);
	free(life);
}

static void end_at(struct lives *l, const struct arena *a, uint64_t address, const struct record *r)
{
	struct map *lives = arena_lives(l, a);
	struct map_entry *e = map_get(lives, address, 0);
	struct life *life;

	if (!e)
		return;
	life = e->pointer;
	map_del(lives, address, 0);
	end(l, life, r);
}

static void end_all(struct lives *l, const struct arena *a, const struct record *r)
{
	struct map *lives = arena_lives(l, a);

	for (struct map_entry *e = map_next(lives, NULL); e; e = map_next(lives, e))
		end(l, e->pointer, r);
	map_clear(lives);
}

static void begin(struct lives *l, const struct record *r, const struct effect *e)
{
	const struct arena *a = e->arena;
	const struct block *b = &e->block;
	struct life *life;

	end_at(l, a, b->address, r);
	if (!selection_has_device(l->selection, a->device) || !selection_has_block(l->selection, a->pool, b))
		return;
	life = xcalloc(1, sizeof(*life));
	life->place = place_of(l, a->process, a->device, a->pool);
	life->address = b->address;
	life->reserved = b->reserved;
	life->has_reserved = b->has_reserved;
	life->seen = r->kind == RECORD_ALLOC;
	life->place->reserved += b->reserved;
	map_put(arena_lives(l, a), b->address, 0, NULL)->pointer = life;
	if (l->calls->begin)
		l->calls->begin(l->user, life, b, r);
}

/* The books say how large a block is: of one whose size was not known no more, else it is another. */
static void resize(struct lives *l, const struct record *r, const struct effect *e)
{
	struct map_entry *entry = map_get(arena_lives(l, e->arena), e->block.address, 0);
	struct life *life = entry ? entry->pointer : NULL;

	if (!life || life->has_reserved) {
		begin(l, r, e);
		return;
	}
	life->reserved = e->block.reserved;
	life->has_reserved = true;
	life->place->reserved += life->reserved;
	if (l->calls->sized)
		l->calls->sized(l->user, life, &e->block, r);
}

static void correct(struct lives *l, const struct record *r, const struct effect *e)
{
	if (!strcmp(r->reason, "gone"))
		end_all(l, e->arena, r);
	else if (!strcmp(r->reason, "size"))
		resize(l, r, e);
	else if (!strcmp(r->reason, "extra"))
		end_at(l, e->arena, r->address, r);
	else
		begin(l, r, e);
}

static void end_one(struct lives *l, const struct record *r, const struct effect *e)
{
	if (e->arena)
		end_at(l, e->arena, r->address, r);
}

static void clear(struct lives *l, const struct record *r, const struct effect *e)
{
	end_all(l, e->arena, r);
}

static void detach(struct lives *l, const struct record *r, const struct effect *e)
{
	for (size_t i = 0; i < e->process->devices.nr; i++) {
		const struct device *d = e->process->devices.items[i];

		for (size_t k = 0; k < d->arenas.nr; k++)
			end_all(l, d->arenas.items[k], r);
	}
}

void lives_apply(struct lives *l, const struct record *r, const struct effect *e)
{
	static void (*const kinds[RECORD_NR])(struct lives *l, const struct record *r, const struct effect *e) = {
		[RECORD_ALLOC] = begin,	 [RECORD_BLOCK] = begin,   [RECORD_CORRECTION] = correct,
		[RECORD_FREE] = end_one, [RECORD_CLEAR] = clear,   [RECORD_DETACH] = detach,
	};

	/* What an inner layer does is a part of what was told of the outermost. */
	if (kinds[r->kind] && !e->checkpoint && !(e->arena && pool_is_inner(e->arena->pool)))
		kinds[r->kind](l, r, e);
}

void lives_release(struct lives *l)
{
	for (size_t i = 0; i < l->arenas.nr; i++) {
		for (struct map_entry *e = map_next(&l->arenas.items[i], NULL); e; e = map_next(&l->arenas.items[i], e))
			free(e->pointer);
		map_release(&l->arenas.items[i]);
	}
	for (size_t i = 0; i < l->places.nr; i++)
		free(l->places.items[i]);
	vec_release(&l->arenas);
	vec_release(&l->places);
	map_release(&l->by_place);
}
