#include "ledger/blocks.h"

#include <emmintrin.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 128, FEW_ORIGINS = 256, ENTRIES = 12, TAG = 0x80 };

struct blocks_slot {
	uint64_t address, reserved, asked, time_ns, id;
	uint32_t origin; /* of one that is free: the one that became free before it */
	bool live : 1, has_reserved : 1, has_asked : 1, has_trace : 1, has_time : 1, has_id : 1, is_trace : 1, before_attach : 1;
};

_Static_assert(sizeof(struct blocks_slot) == 48, "there are millions of them");

/*
 * Twelve entries of the index. A tag, some bits of its hash, says of each whether it is worth a look, without a branch that
 * nobody can foresee.
 */
struct index_group {
	uint8_t tags[ENTRIES]; /* with TAG set; 0: there is no entry */
	uint32_t passed;       /* so many that are in a later group were looked for here first */
	uint32_t slots[ENTRIES];
};

_Static_assert(sizeof(struct index_group) == 64, "a line of the processor's cache");

static struct blocks_slot *slot_of(const struct blocks *b, uint32_t number)
{
	return &b->chunks.items[(number - 1) / CHUNK][(number - 1) % CHUNK];
}

/* ---- the index ---- */

/* Addresses are multiples of 32 and near one another: the product's high bits are spread evenly. */
static uint64_t hash_of(uint64_t address)
{
	return address * 0x9e3779b97f4a7c15ULL;
}

static size_t home_of(const struct blocks *b, uint64_t hash)
{
	return (size_t)(hash >> 1 >> (63 - b->index_bits));
}

static uint8_t tag_of(const struct blocks *b, uint64_t hash)
{
	return (uint8_t)(TAG | hash << b->index_bits >> 57);
}

/* Which entries have this tag, as bits. */
static unsigned with_tag(const struct index_group *g, uint8_t tag)
{
	__m128i tags = _mm_load_si128((const __m128i *)(const void *)g);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag))) & ((1U << ENTRIES) - 1);
}

static size_t next_group(const struct blocks *b, size_t group)
{
	return (group + 1) & ((1ULL << b->index_bits) - 1);
}

/* The group and the entry of an address. NULL: it is not there. */
static inline struct index_group *find(const struct blocks *b, uint64_t address, unsigned *ret_entry)
{
	uint64_t hash = hash_of(address);
	uint8_t tag = tag_of(b, hash);

	/* All of them may have passed something on: then the search is over where it began. */
	for (size_t i = home_of(b, hash), left = 1ULL << b->index_bits; left; i = next_group(b, i), left--) {
		struct index_group *g = &b->index[i];

		for (unsigned which = with_tag(g, tag); which; which &= which - 1) {
			unsigned entry = (unsigned)__builtin_ctz(which);

			if (slot_of(b, g->slots[entry])->address != address)
				continue;
			*ret_entry = entry;
			return g;
		}
		if (!g->passed)
			return NULL;
	}
	return NULL;
}

/* What is not there yet; there is room. */
static void add_entry(struct blocks *b, uint64_t address, uint32_t number)
{
	uint64_t hash = hash_of(address);
	size_t i = home_of(b, hash);
	unsigned entry, empty;

	while (!(empty = with_tag(&b->index[i], 0))) {
		b->index[i].passed++;
		i = next_group(b, i);
	}
	entry = (unsigned)__builtin_ctz(empty);
	b->index[i].tags[entry] = tag_of(b, hash);
	b->index[i].slots[entry] = number;
}

static void remove_entry(struct blocks *b, uint64_t address, struct index_group *g, unsigned entry)
{
	size_t i = home_of(b, hash_of(address));

	g->tags[entry] = 0;
	for (; &b->index[i] != g; i = next_group(b, i))
		b->index[i].passed--;
}

static void grow_index(struct blocks *b)
{
	size_t groups;

	b->index_bits += b->index != NULL;
	groups = 1ULL << b->index_bits;
	free(b->index);
	b->index = xcalloc_lines(groups, sizeof(*b->index));
	b->room = groups * ENTRIES - groups * ENTRIES / 8;
	for (uint32_t i = 1; i <= b->used; i++)
		if (slot_of(b, i)->live)
			add_entry(b, slot_of(b, i)->address, i);
}

/* ---- slots, and what they have in common ---- */

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
	return o->tid == block->tid && o->stack == block->stack && o->label == block->label && o->layout == block->layout && o->trace == block->trace;
}

static uint64_t hash_of_origin(const struct block *block)
{
	uint64_t hash = (uintptr_t)block->label;

	hash = hash * 0x9e3779b97f4a7c15ULL + (uintptr_t)block->layout;
	hash = hash * 0x9e3779b97f4a7c15ULL + block->trace;
	hash = hash * 0x9e3779b97f4a7c15ULL + block->stack;
	return hash * 0x9e3779b97f4a7c15ULL + block->tid;
}

static uint32_t add_origin(struct blocks *b, const struct block *block, uint64_t hash)
{
	for (uint64_t i = 0;; i++) {
		bool first;
		struct map_entry *e = map_put(&b->by_origin, hash, i, &first);

		if (first) {
			e->value = b->origins.nr;
			vec_push(&b->origins, ((struct blocks_origin){.trace = block->trace,
								      .layout = block->layout,
								      .label = block->label,
								      .tid = block->tid,
								      .stack = block->stack}));
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
		.stack = o->stack,
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
		slot->origin = add_origin(b, &block, hash_of_origin(&block));
	}
	vec_release(&old.origins);
	map_release(&old.by_origin);
}

static uint32_t origin_of(struct blocks *b, const struct block *block)
{
	uint64_t hash = hash_of_origin(block);
	uint32_t *recent = &b->recent_origins[hash * 0x9e3779b97f4a7c15ULL >> 32 & (BLOCKS_RECENT - 1)];

	if (*recent < b->origins.nr && same_origin(&b->origins.items[*recent], block))
		return *recent;
	if (b->origins.nr > 2 * b->nr + FEW_ORIGINS)
		forget_origins(b);
	*recent = add_origin(b, block, hash);
	return *recent;
}

/* ---- blocks ---- */

bool blocks_get(const struct blocks *b, uint64_t address, struct block *ret)
{
	unsigned entry;
	struct index_group *g = b->nr ? find(b, address, &entry) : NULL;

	if (g && ret)
		*ret = block_of(b, slot_of(b, g->slots[entry]));
	return g;
}

/* As find(), but what was sought is known. */
static struct index_group *find_sought(struct blocks *b, uint64_t address, unsigned *ret_entry)
{
	if (b->sought.known && b->sought.address == address) {
		*ret_entry = b->sought.entry;
		return b->sought.group;
	}
	return b->nr ? find(b, address, ret_entry) : NULL;
}

bool blocks_seek(struct blocks *b, uint64_t address, struct block *ret)
{
	b->sought.known = true;
	b->sought.address = address;
	b->sought.group = b->nr ? find(b, address, &b->sought.entry) : NULL;
	if (b->sought.group)
		*ret = block_of(b, slot_of(b, b->sought.group->slots[b->sought.entry]));
	return b->sought.group;
}

static uint32_t add_block(struct blocks *b, uint64_t address)
{
	uint32_t number;

	if (b->nr == b->room)
		grow_index(b);
	number = new_slot(b);
	add_entry(b, address, number);
	b->lowest_known |= !b->nr;
	if (!b->nr++ || address < b->lowest)
		b->lowest = address;
	return number;
}

void blocks_put(struct blocks *b, const struct block *block)
{
	uint32_t origin = origin_of(b, block), number;
	unsigned entry;
	struct index_group *g = find_sought(b, block->address, &entry);

	number = g ? g->slots[entry] : add_block(b, block->address);
	b->sought.known = false;
	*slot_of(b, number) = (struct blocks_slot){
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

void blocks_remove(struct blocks *b, uint64_t address)
{
	unsigned entry;
	struct index_group *g = find_sought(b, address, &entry);
	uint32_t number;

	b->sought.known = false;
	if (!g)
		return;
	number = g->slots[entry];
	remove_entry(b, address, g, entry);
	*slot_of(b, number) = (struct blocks_slot){.origin = b->unused};
	b->unused = number;
	b->nr--;
	b->lowest_known &= address != b->lowest;
}

bool blocks_lowest(struct blocks *b, uint64_t *ret)
{
	struct block block;

	if (!b->lowest_known) {
		b->lowest = UINT64_MAX;
		for (size_t at = 0; blocks_next(b, &at, &block);)
			if (block.address < b->lowest)
				b->lowest = block.address;
		b->lowest_known = b->nr;
	}
	*ret = b->lowest;
	return b->nr;
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

void blocks_renumber_stacks(struct blocks *b, const uint64_t *numbers)
{
	for (size_t i = 0; i < b->origins.nr; i++)
		if (b->origins.items[i].stack)
			b->origins.items[i].stack = (uint32_t)numbers[b->origins.items[i].stack - 1];
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
