/* Symbolic values: what is known of a register or a stack slot, and what is left when two ways meet. */
#include <limits.h>
#include <string.h>

#include "target/paths.h"

unsigned int argument_register(int i)
{
	static const uint8_t registers[ARGUMENTS] = { RDI, RSI, RDX, RCX, R8, R9 };

	BUG_ON(i < 0 || i >= ARGUMENTS);
	return registers[i];
}

const char *value_reason_text(enum value_reason why)
{
	static const char *const texts[WHY_NR] = {
		[WHY_COMPUTED] = "it is computed by",
		[WHY_CALL] = "it is what a callee returns to",
		[WHY_PATHS] = "it differs between the paths that meet at",
		[WHY_WRITTEN] = "it is read from where the function itself may have written by",
		[WHY_DEEP] = "it lies behind too many pointers for",
		[WHY_PLACE] = "it is not behind an argument but read or made by",
	};

	return texts[why];
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind || a->number != b->number || a->width != b->width || a->stack != b->stack)
		return false;
	if (a->chain.argument != b->chain.argument || a->chain.nr_loads != b->chain.nr_loads)
		return false;
	for (size_t i = 0; i < a->chain.nr_loads; i++)
		if (a->chain.load[i].offset != b->chain.load[i].offset ||
		    a->chain.load[i].size != b->chain.load[i].size)
			return false;
	return true;
}

struct value value_constant(uint64_t number)
{
	return (struct value){ .kind = VALUE_CONSTANT, .number = number };
}

struct value value_unknown(enum value_reason why, uint64_t at, bool stack)
{
	return (struct value){ .kind = VALUE_UNKNOWN, .why = why, .at = at, .stack = stack };
}

bool value_on_stack(const struct value *v)
{
	return v->kind == VALUE_STACK || (v->kind == VALUE_UNKNOWN && v->stack);
}

static uint64_t mask(uint32_t bytes)
{
	return bytes < 8 ? (1ULL << (bytes * 8)) - 1 : UINT64_MAX;
}

struct value value_truncate(const struct value *v, uint32_t bytes, uint64_t at)
{
	struct value r = *v;

	if (bytes >= 8 || v->kind == VALUE_UNKNOWN || v->kind == VALUE_NOTHING)
		return r;
	if (v->kind == VALUE_STACK || (v->kind == VALUE_CHAIN && v->number))
		return value_unknown(WHY_COMPUTED, at, value_on_stack(v));
	if (v->kind == VALUE_CONSTANT)
		r.number &= mask(bytes);
	else if (!v->chain.nr_loads)
		r.width = v->width < bytes ? v->width : bytes;
	else if (v->chain.load[v->chain.nr_loads - 1].size > bytes)
		r.chain.load[v->chain.nr_loads - 1].size = bytes; /* little endian: the low bytes come first */
	return r;
}

struct value value_sum(const struct value *a, const struct value *b, uint64_t at)
{
	const struct value *base = b->kind == VALUE_CONSTANT ? a : b;
	const struct value *offset = b->kind == VALUE_CONSTANT ? b : a;
	struct value r = *base;
	bool part = base->kind == VALUE_CHAIN && !base->chain.nr_loads && base->width < 8;

	if (offset->kind == VALUE_CONSTANT && !offset->number)
		return r;
	if (base->kind == VALUE_UNKNOWN && offset->kind == VALUE_CONSTANT)
		return r;
	if (offset->kind != VALUE_CONSTANT || base->kind == VALUE_NOTHING || part)
		return value_unknown(WHY_COMPUTED, at, value_on_stack(a) || value_on_stack(b));
	r.number += offset->number;
	return r;
}

static bool value_merge(struct value *v, const struct value *other, uint64_t at)
{
	if (value_equal(v, other))
		return false;

	bool stack = value_on_stack(v) || value_on_stack(other);

	if (v->kind == VALUE_UNKNOWN && v->stack == stack)
		return false;
	*v = value_unknown(WHY_PATHS, at, stack);
	return true;
}

void state_init(struct state *s, const struct code_constants *constants)
{
	memset(s, 0, sizeof(*s));
	s->escaped = INT64_MAX;
	for (int i = 0; i < ARGUMENTS; i++) {
		struct value *v = &s->reg[argument_register(i)];

		if (constants && constants->known & (1U << i))
			*v = value_constant(constants->value[i]);
		else
			*v = (struct value){ .kind = VALUE_CHAIN, .width = 8, .chain.argument = i };
	}
	s->reg[RSP].kind = VALUE_STACK;
}

static const struct stack_slot *find_slot(const struct state *s, int64_t offset, uint32_t bytes)
{
	for (size_t i = 0; i < s->nr_slots; i++)
		if (s->slot[i].offset == offset && s->slot[i].bytes == bytes)
			return &s->slot[i];
	return NULL;
}

static bool merge_slots(struct state *s, const struct state *other, uint64_t at)
{
	size_t kept = 0, nr = s->nr_slots;

	for (size_t i = 0; i < nr; i++) {
		struct stack_slot slot = s->slot[i];
		const struct stack_slot *same = find_slot(other, slot.offset, slot.bytes);

		if (same && !value_merge(&slot.value, &same->value, at))
			s->slot[kept++] = slot;
	}
	s->nr_slots = kept;
	return kept != nr;
}

static bool merge_written(struct state *s, const struct state *other)
{
	if (other->written.extent == EXTENT_NONE || s->written.extent == EXTENT_ANY)
		return false;
	if (s->written.extent == EXTENT_NONE) {
		s->written = other->written;
		return true;
	}
	if (other->written.extent == EXTENT_ANY || !value_equal(&s->written.base, &other->written.base)) {
		s->written.extent = EXTENT_ANY;
		return true;
	}
	if (other->written.from >= s->written.from && other->written.to <= s->written.to)
		return false;
	if (other->written.from < s->written.from)
		s->written.from = other->written.from;
	if (other->written.to > s->written.to)
		s->written.to = other->written.to;
	return true;
}

bool state_merge(struct state *s, const struct state *other, uint64_t at)
{
	bool changed = merge_slots(s, other, at);

	for (size_t i = 0; i < REGISTERS; i++)
		changed |= value_merge(&s->reg[i], &other->reg[i], at);
	changed |= merge_written(s, other);
	if (other->escaped < s->escaped) {
		s->escaped = other->escaped;
		changed = true;
	}
	if (s->compared.known && (!other->compared.known || s->compared.a != other->compared.a ||
				  s->compared.b != other->compared.b || s->compared.bytes != other->compared.bytes)) {
		s->compared.known = false;
		changed = true;
	}
	return changed;
}

/* Forget slots that have a byte in from..to. */
static void forget_slots(struct state *s, int64_t from, int64_t to)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->nr_slots; i++) {
		const struct stack_slot *slot = &s->slot[i];

		if (slot->offset >= to || slot->offset + (int64_t)slot->bytes <= from)
			s->slot[kept++] = *slot;
	}
	s->nr_slots = kept;
}

static int64_t saturated(int64_t a, uint32_t b)
{
	return a > INT64_MAX - (int64_t)b ? INT64_MAX : a + (int64_t)b;
}

static struct value load_slot(const struct state *s, int64_t offset, uint32_t bytes, uint64_t at)
{
	for (size_t i = 0; i < s->nr_slots; i++)
		if (s->slot[i].offset == offset && s->slot[i].bytes >= bytes)
			return value_truncate(&s->slot[i].value, bytes, at);
	/* What the caller has pushed knows nothing of our frame, as long as nobody does. */
	return value_unknown(WHY_PLACE, at, offset < 8 || s->escaped != INT64_MAX);
}

static bool may_be_written(const struct state *s, const struct value *base, int64_t offset, uint32_t bytes)
{
	if (s->written.extent != EXTENT_RANGE)
		return s->written.extent == EXTENT_ANY;
	return !value_equal(&s->written.base, base) ||
	       (offset < s->written.to && saturated(offset, bytes) > s->written.from);
}

struct value state_load(const struct state *s, const struct value *place, uint32_t bytes, uint64_t at)
{
	int64_t offset = (int64_t)place->number;
	struct value r = *place, base = *place;

	if (place->kind == VALUE_STACK)
		return load_slot(s, offset, bytes, at);
	if (place->kind == VALUE_UNKNOWN) {
		/* What it was read through is why it is not known. */
		r.stack = place->stack || s->escaped != INT64_MAX;
		return r;
	}
	if (place->kind != VALUE_CHAIN || (!place->chain.nr_loads && place->width < 8) || bytes > 8 ||
	    (bytes & (bytes - 1)) || !bytes)
		return value_unknown(WHY_PLACE, at, s->escaped != INT64_MAX);
	if (place->chain.nr_loads == CODE_LOADS || offset < INT32_MIN || offset > INT32_MAX)
		return value_unknown(WHY_DEEP, at, false);
	base.number = 0;
	if (may_be_written(s, &base, offset, bytes))
		return value_unknown(WHY_WRITTEN, at, s->escaped != INT64_MAX);
	r.chain.load[r.chain.nr_loads].offset = (int32_t)offset;
	r.chain.load[r.chain.nr_loads].size = bytes;
	r.chain.nr_loads++;
	r.number = 0;
	r.width = 0;
	return r;
}

static void give_away(struct state *s, const struct value *v)
{
	int64_t lowest = v->kind == VALUE_STACK ? (int64_t)v->number : INT64_MIN;

	if (value_on_stack(v) && lowest < s->escaped)
		s->escaped = lowest;
}

void state_store_anywhere(struct state *s)
{
	s->nr_slots = 0;
	s->written.extent = EXTENT_ANY;
}

static void store_elsewhere(struct state *s, const struct value *place, uint32_t bytes)
{
	int64_t offset = (int64_t)place->number;
	struct state other = { .written = { .extent = EXTENT_ANY } };

	forget_slots(s, value_on_stack(place) ? INT64_MIN : s->escaped, INT64_MAX);
	if (place->kind == VALUE_CHAIN) {
		other.written.extent = EXTENT_RANGE;
		other.written.base = *place;
		other.written.base.number = 0;
		other.written.from = offset;
		other.written.to = saturated(offset, bytes);
	}
	merge_written(s, &other);
}

void state_store(struct state *s, const struct value *place, uint32_t bytes, const struct value *v)
{
	int64_t offset = (int64_t)place->number;

	give_away(s, v);
	if (place->kind != VALUE_STACK) {
		store_elsewhere(s, place, bytes);
		return;
	}
	if (offset < INT32_MIN || offset > INT32_MAX) {
		state_store_anywhere(s);
		return;
	}
	forget_slots(s, offset, offset + (int64_t)bytes);
	if (v->kind == VALUE_UNKNOWN || v->kind == VALUE_NOTHING || bytes > 8 || s->nr_slots == SLOTS)
		return;
	s->slot[s->nr_slots++] = (struct stack_slot){ .offset = offset, .bytes = bytes, .value = *v };
}

void state_call(struct state *s, uint64_t at)
{
	static const uint8_t clobbered[] = { RCX, RDX, RSI, RDI, R8, R9, R10, R11 };
	const struct value *sp = &s->reg[RSP];

	for (int i = 0; i < ARGUMENTS; i++)
		give_away(s, &s->reg[argument_register(i)]);
	forget_slots(s, s->escaped, INT64_MAX);
	forget_slots(s, INT64_MIN, sp->kind == VALUE_STACK ? (int64_t)sp->number : INT64_MIN);
	for (size_t i = 0; i < ARRAY_SIZE(clobbered); i++)
		s->reg[clobbered[i]] = (struct value){ .kind = VALUE_NOTHING };
	s->reg[RAX] = value_unknown(WHY_CALL, at, s->escaped != INT64_MAX);
	s->compared.known = false;
}
