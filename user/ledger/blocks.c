#include "ledger/blocks.h"

#include <stdlib.h>

enum { CHUNK = 128, FIRST_INDEX = 16, FEW_ORIGINS = 256 };

struct blocks_slot {
	uint64_t address, reserved, asked, time_ns, id;
	uint32_t origin; /* of one that is free: the one that became free before it */
	bool live : 1, has_reserved : 1, has_asked : 1, has_trace : 1, has_time : 1, has_id : 1, is_trace : 1, before_attach : 1;
};

_Static_assert(sizeof(struct blocks_slot) == 48, "there are millions of them");

static struct blocks_slot *slot_of(const struct blocks *b, uint32_t number)
{
	return &b->chunks.items[(number - 1) / CHUNK][(number - 1) % CHUNK];
}

/* Addresses are multiples of 32 and near one another: the product's high bits are spread evenly. */
static size_t home(const struct blocks *b, uint64_t address)
{
	return (size_t)(address * 0x9e3779b97f4a7c15ULL >> __builtin_clzll(b->index_size - 1));
}

/* Where the address is, or the free place where it would be put. */
static size_t find(const struct blocks *b, uint64_t address)
{
	size_t i = home(b, address);

	while (b->index[i] && slot_of(b, b->index[i])->address != address)
		i = (i + 1) & (b->index_size - 1);
	return i;
}

static void grow_index(struct blocks *b)
{
	uint32_t *old = b->index;
	size_t old_size = b->index_size;

	b->index_size = old_size ? old_size * 2 : FIRST_INDEX;
	b->index = xcalloc(b->index_size, sizeof(*b->index));
	for (size_t i = 0; i < old_size; i++)
		if (old[i])
			b->index[find(b, slot_of(b, old[i])->address)] = old[i];
	free(old);
}

static uint32_t new_slot(struct blocks *b)
{
	uint32_t number = b->unused;

	if (number) {
		b->unused = slot_of(b, number)->origin;
		return number;
	}
	if (b->used == b->chunks.nr * CHUNK)
		vec_push(&b->chunks, xcalloc(CHUNK, sizeof(struct blocks_slot)));
	return ++b->used;
}

static bool same_origin(const struct blocks_origin *o, const struct block *block)
{
	return o->tid == block->tid && o->label == block->label && o->layout == block->layout && o->trace == block->trace;
}

static uint64_t hash_of(const struct block *block)
{
	uint64_t hash = (uintptr_t)block->label;

	hash = hash * 0x9e3779b97f4a7c15ULL + (uintptr_t)block->layout;
	hash = hash * 0x9e3779b97f4a7c15ULL + block->trace;
	return hash * 0x9e3779b97f4a7c15ULL + block->tid;
}

static uint32_t add_origin(struct blocks *b, const struct block *block)
{
	for (uint64_t hash = hash_of(block), i = 0;; i++) {
		bool first;
		struct map_entry *e = map_put(&b->by_origin, hash, i, &first);

		if (first) {
			e->value = b->origins.nr;
			vec_push(&b->origins, ((struct blocks_origin){.trace = block->trace,
								      .layout = block->layout,
								      .label = block->label,
								      .tid = block->tid}));
		}
		if (!same_origin(&b->origins.items[e->value], block))
			continue;
		return (uint32_t)e->value;
	}
}

static struct block block_of(const struct blocks *b, const struct blocks_slot *slot)
{
	const struct blocks_origin *o = &b->origins.items[slot->origin];

	return (struct block){
		.address = slot->address,
		.reserved = slot->reserved,
		.asked = slot->asked,
		.trace = o->trace,
		.time_ns = slot->time_ns,
		.id = slot->id,
		.layout = o->layout,
		.label = o->label,
		.tid = o->tid,
		.has_reserved = slot->has_reserved,
		.has_asked = slot->has_asked,
		.has_trace = slot->has_trace,
		.has_time = slot->has_time,
		.has_id = slot->has_id,
		.is_trace = slot->is_trace,
		.before_attach = slot->before_attach,
	};
}

/* Of blocks that are gone: a program may begin a thread for each request that it serves. */
static void forget_origins(struct blocks *b)
{
	struct blocks old = *b;

	b->origins.items = NULL;
	b->origins.nr = b->origins.cap = 0;
	b->by_origin = (struct map){};
	for (uint32_t i = 1; i <= b->used; i++) {
		struct blocks_slot *slot = slot_of(b, i);
		struct block block;

		if (!slot->live)
			continue;
		block = block_of(&old, slot);
		slot->origin = add_origin(b, &block);
	}
	vec_release(&old.origins);
	map_release(&old.by_origin);
}

static uint32_t origin_of(struct blocks *b, const struct block *block)
{
	if (b->origins.nr && same_origin(&b->origins.items[b->last_origin], block))
		return b->last_origin;
	if (b->origins.nr > 2 * b->nr + FEW_ORIGINS)
		forget_origins(b);
	b->last_origin = add_origin(b, block);
	return b->last_origin;
}

bool blocks_get(const struct blocks *b, uint64_t address, struct block *ret)
{
	uint32_t number = b->nr ? b->index[find(b, address)] : 0;

	if (number && ret)
		*ret = block_of(b, slot_of(b, number));
	return number;
}

void blocks_put(struct blocks *b, const struct block *block)
{
	uint32_t origin = origin_of(b, block);
	size_t i;

	if (b->nr * 4 >= b->index_size * 3)
		grow_index(b);
	i = find(b, block->address);
	if (!b->index[i]) {
		b->index[i] = new_slot(b);
		b->nr++;
	}
	*slot_of(b, b->index[i]) = (struct blocks_slot){
		.address = block->address,
		.reserved = block->reserved,
		.asked = block->asked,
		.time_ns = block->time_ns,
		.id = block->id,
		.origin = origin,
		.live = true,
		.has_reserved = block->has_reserved,
		.has_asked = block->has_asked,
		.has_trace = block->has_trace,
		.has_time = block->has_time,
		.has_id = block->has_id,
		.is_trace = block->is_trace,
		.before_attach = block->before_attach,
	};
}

/* Close the gap: move back each follower that a search from its home place would no longer reach. */
static void close_gap(struct blocks *b, size_t i)
{
	size_t mask = b->index_size - 1;

	for (size_t next = (i + 1) & mask; b->index[next]; next = (next + 1) & mask) {
		size_t from = home(b, slot_of(b, b->index[next])->address);

		if (((next - from) & mask) < ((next - i) & mask))
			continue;
		b->index[i] = b->index[next];
		i = next;
	}
	b->index[i] = 0;
}

void blocks_remove(struct blocks *b, uint64_t address)
{
	size_t i = b->nr ? find(b, address) : 0;
	uint32_t number = b->nr ? b->index[i] : 0;

	if (!number)
		return;
	*slot_of(b, number) = (struct blocks_slot){.origin = b->unused};
	b->unused = number;
	b->nr--;
	close_gap(b, i);
}

bool blocks_next(const struct blocks *b, size_t *at, struct block *ret)
{
	while (*at < b->used) {
		const struct blocks_slot *slot = slot_of(b, (uint32_t)++*at);

		if (!slot->live)
			continue;
		*ret = block_of(b, slot);
		return true;
	}
	return false;
}

void blocks_release(struct blocks *b)
{
	for (size_t i = 0; i < b->chunks.nr; i++)
		free(b->chunks.items[i]);
	vec_release(&b->chunks);
	free(b->index);
	vec_release(&b->origins);
	map_release(&b->by_origin);
	*b = (struct blocks){};
}
