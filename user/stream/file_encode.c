#include "stream/file_encode.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/map.h"
#include "stream/columns.h"
#include "stream/file_shape.h"

enum {
	PART_BYTES = 1 << 10, /* of a part at least: each costs some bytes of its own */
};

/* Of a group: the combinations so far, their values one behind the other, and the number of the last record's. */
struct combinations {
	numbers values;
	uint64_t last;
};

/* Records of one kind with the same fields. */
struct shape {
	enum record_kind kind;
	uint64_t mask;
	size_t nr;
	struct file_steps steps;
	numbers columns[FILE_COLUMNS_MAX];
	uint64_t last[FILE_FIELDS_MAX];		     /* by field */
	struct combinations combinations[FILE_FIELDS_MAX]; /* by step */
};

/* What is known of the addresses of one context. */
struct context {
	uint64_t nr_addresses, nr_made, last_new, last_taken;
};

struct file_encoder {
	struct file_schema schema; /* ours */
	VEC(struct shape *) shapes;
	size_t nr_shapes; /* in use; those behind it wait for the next chunk */
	size_t recent[RECORD_NR]; /* by kind: which shape its last record had */
	numbers order;
	struct str texts; /* each with its NUL */
	VEC(size_t) text_offsets;
	uint64_t last_text[FIELD_NR]; /* number of the last one */
	struct map text_numbers;      /* (hash, length) -> number of the text */
	struct map combinations; /* (hash of values, shape and step) -> number of the combination */
	struct map places; /* (context, address) -> number of the address << 32 | number of its last making; from 1 */
	VEC(struct context) contexts;
	uint64_t chain;
	struct file_encoded state;
};

struct file_encoder *file_encoder_new(void)
{
	struct file_encoder *e = xcalloc(1, sizeof(*e));

	file_schema_ours(&e->schema);
	return e;
}

static void shape_release(struct shape *s)
{
	for (unsigned i = 0; i < s->steps.nr_columns; i++)
		vec_release(&s->columns[i]);
	for (unsigned i = 0; i < s->steps.nr; i++)
		vec_release(&s->combinations[i].values);
}

void file_encoder_free(struct file_encoder *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->shapes.nr; i++) {
		shape_release(e->shapes.items[i]);
		free(e->shapes.items[i]);
	}
	vec_release(&e->shapes);
	vec_release(&e->order);
	str_release(&e->texts);
	vec_release(&e->text_offsets);
	map_release(&e->text_numbers);
	map_release(&e->combinations);
	map_release(&e->places);
	vec_release(&e->contexts);
	free(e);
}

struct file_encoded file_encoder_state(const struct file_encoder *e)
{
	return e->state;
}

static bool has_shape(const struct file_encoder *e, size_t i, const struct record *r)
{
	const struct shape *s = e->shapes.items[i];

	return s->kind == r->kind && s->mask == r->has;
}

static void swap(struct shape **a, struct shape **b)
{
	struct shape *kept = *a;

	*a = *b;
	*b = kept;
}

/*
 * A shape that is not in use becomes the record's: one more, or when there are many one that was left from an earlier
 * chunk.
 */
static size_t new_shape(struct file_encoder *e, const struct record *r)
{
	bool many = e->shapes.nr == FILE_SHAPES_MAX;
	size_t i = many ? e->nr_shapes : e->shapes.nr;

	BUG_ON(e->nr_shapes == FILE_SHAPES_MAX);
	if (many)
		shape_release(e->shapes.items[i]);
	else
		vec_push(&e->shapes, xmalloc(sizeof(struct shape)));
	*e->shapes.items[i] = (struct shape){.kind = r->kind, .mask = r->has};
	file_steps(&e->schema, r->has, &e->shapes.items[i]->steps);
	return i;
}

/* The number of the record's shape in this chunk. One of an earlier chunk is used again. */
static size_t shape_of(struct file_encoder *e, const struct record *r)
{
	size_t i = e->recent[r->kind];

	if (i < e->nr_shapes && has_shape(e, i, r))
		return i;
	for (i = 0; i < e->shapes.nr && !has_shape(e, i, r); i++)
		;
	if (i >= e->nr_shapes) {
		if (i == e->shapes.nr)
			i = new_shape(e, r);
		swap(&e->shapes.items[i], &e->shapes.items[e->nr_shapes]);
		i = e->nr_shapes++;
		e->state.full = e->nr_shapes == FILE_SHAPES_MAX;
	}
	e->recent[r->kind] = i;
	return i;
}

/* Is it the text with this number? */
static bool is_text(const struct file_encoder *e, uint64_t number, const char *text)
{
	return number < e->text_offsets.nr && !strcmp(e->texts.p + e->text_offsets.items[number], text);
}

static uint64_t text_number(struct file_encoder *e, const char *text)
{
	size_t len = strlen(text);
	bool is_new;
	struct map_entry *known = map_put(&e->text_numbers, XXH3_64bits(text, len), len, &is_new);

	if (!is_new && is_text(e, known->value, text))
		return known->value;
	known->value = e->text_offsets.nr;
	vec_push(&e->text_offsets, e->texts.len);
	str_add_bytes(&e->texts, text, len + 1);
	e->state.bytes += len + 1 + sizeof(uint64_t);
	return known->value;
}

static uint64_t value_of(struct file_encoder *e, const struct record *r, unsigned field)
{
	const char *text;

	if (field_descs[field].type != FIELD_TYPE_TEXT)
		return record_number(r, (enum field)field);
	text = record_text(r, (enum field)field);
	if (!is_text(e, e->last_text[field], text))
		e->last_text[field] = text_number(e, text);
	return e->last_text[field];
}

static void add(struct file_encoder *e, struct shape *s, unsigned at, uint64_t value)
{
	vec_push(&s->columns[at], value);
	e->state.bytes += sizeof(value);
}

/* A value as the difference to the last one at @last. */
static void add_difference(struct file_encoder *e, struct shape *s, unsigned at, uint64_t *last, uint64_t value)
{
	add(e, s, at, column_fold(value - *last));
	*last = value;
}

static void encode_delta(struct file_encoder *e, struct shape *s, const struct file_step *step, const struct record *r)
{
	add_difference(e, s, step->column, &s->last[step->field], value_of(e, r, step->field));
}

static void encode_chain(struct file_encoder *e, struct shape *s, const struct file_step *step, const struct record *r)
{
	add_difference(e, s, step->column, &e->chain, value_of(e, r, step->field));
}

static bool is_combination(const struct combinations *known, uint64_t number, const uint64_t *values, size_t nr)
{
	size_t same = 0;

	while (number && same < nr && known->values.items[(number - 1) * nr + same] == values[same])
		same++;
	return same == nr;
}

/* The number of the combination, from 1; 0: there was none like it, or another one with its hash. */
static uint64_t known_combination(struct file_encoder *e, struct shape *s, const struct file_step *step,
				  const uint64_t *values)
{
	struct combinations *known = &s->combinations[step - s->steps.step];
	size_t nr = step->nr_members;
	/* Shapes change places only when they become part of a chunk: in it each stays where it is in memory. */
	uint64_t where = (uint64_t)(uintptr_t)s + (uint64_t)(step - s->steps.step);
	struct map_entry *entry;

	if (is_combination(known, known->last, values, nr))
		return known->last;
	entry = map_put(&e->combinations, XXH3_64bits(values, nr * sizeof(*values)), where, NULL);
	if (is_combination(known, entry->value, values, nr))
		return known->last = entry->value;
	for (unsigned i = 0; i < nr; i++)
		vec_push(&known->values, values[i]);
	known->last = entry->value = known->values.nr / nr;
	return 0;
}

static void encode_group(struct file_encoder *e, struct shape *s, const struct file_step *step, const struct record *r)
{
	uint64_t values[FILE_FIELDS_MAX], number;

	/* A group has a member, which compilers do not know. */
	values[0] = 0;
	for (unsigned i = 0; i < step->nr_members; i++)
		values[i] = value_of(e, r, step->members[i]);
	number = known_combination(e, s, step, values);
	add(e, s, step->column, number);
	for (unsigned i = 0; i < step->nr_members && !number; i++)
		add_difference(e, s, step->column + 1 + i, &s->last[step->members[i]], values[i]);
}

static struct context *context_at(struct file_encoder *e, uint64_t number)
{
	while (e->contexts.nr <= number)
		vec_push(&e->contexts, (struct context){});
	return &e->contexts.items[number];
}

static void encode_making(struct file_encoder *e, struct shape *s, const struct file_step *step, struct context *c,
			  struct map_entry *place, uint64_t address)
{
	uint64_t number = place->value >> 32;

	c->nr_made++;
	add(e, s, step->column, number);
	if (!number) {
		number = ++c->nr_addresses;
		add_difference(e, s, step->column + 1, &c->last_new, address);
	}
	place->value = number << 32 | c->nr_made;
}

static void encode_taking(struct file_encoder *e, struct shape *s, const struct file_step *step, struct context *c,
			  struct map_entry *place, uint64_t address)
{
	uint64_t made = place ? (uint32_t)place->value : 0;

	add(e, s, step->column, made ? c->nr_made - made + 1 : 0);
	if (!made)
		add_difference(e, s, step->column + 1, &c->last_taken, address);
	else
		place->value &= ~(uint64_t)UINT32_MAX;
}

static void encode_place(struct file_encoder *e, struct shape *s, const struct file_step *step, const struct record *r)
{
	bool has_context = step->context < FILE_FIELDS_MAX;
	uint64_t address = value_of(e, r, step->field), context = has_context ? value_of(e, r, step->context) : 0;
	enum file_role role = file_role_of(r->kind);

	if (!has_context || context > FILE_CONTEXT_MAX || role == ROLE_NONE) {
		add(e, s, step->column, 0);
		add_difference(e, s, step->column + 1, &s->last[step->field], address);
	} else if (role == ROLE_MAKES) {
		encode_making(e, s, step, context_at(e, context), map_put(&e->places, context, address, NULL), address);
	} else {
		encode_taking(e, s, step, context_at(e, context), map_get(&e->places, context, address), address);
	}
}

void file_encoder_add(struct file_encoder *e, const struct record *r)
{
	static void (*const encode[])(struct file_encoder *, struct shape *, const struct file_step *,
				      const struct record *) = {
		[METHOD_DELTA] = encode_delta,
		[METHOD_CHAIN] = encode_chain,
		[METHOD_GROUP] = encode_group,
		[METHOD_PLACE] = encode_place,
	};
	size_t number = shape_of(e, r);
	struct shape *s = e->shapes.items[number];

	vec_push(&e->order, number);
	s->nr++;
	for (unsigned i = 0; i < s->steps.nr; i++)
		encode[s->steps.step[i].method](e, s, &s->steps.step[i], r);
	e->state.nr++;
	e->state.bytes++;
	if (RECORD_HAS(r, TIME_NS)) {
		e->state.last_ns = r->time_ns;
		if (!e->state.first_ns)
			e->state.first_ns = r->time_ns;
	}
}

static void end_part(const struct str *bytes, file_part_ends *ends, size_t least)
{
	size_t begin = ends->nr ? ends->items[ends->nr - 1] : 0;

	if (bytes->len - begin > least)
		vec_push(ends, bytes->len);
}

static void take_shape(struct shape *s, struct str *bytes, file_part_ends *ends)
{
	for (unsigned i = 0; i < s->steps.nr_columns; i++) {
		size_t before = bytes->len;

		column_add(bytes, s->columns[i].items, s->columns[i].nr);
		/* One that is large is alone in its part. */
		if (bytes->len - before > PART_BYTES && before > (ends->nr ? ends->items[ends->nr - 1] : 0))
			vec_push(ends, before);
		end_part(bytes, ends, PART_BYTES);
		vec_clear(&s->columns[i]);
	}
	for (unsigned i = 0; i < s->steps.nr; i++) {
		vec_clear(&s->combinations[i].values);
		s->combinations[i].last = 0;
	}
	memset(s->last, 0, sizeof(s->last));
	s->nr = 0;
}

static void forget(struct file_encoder *e)
{
	e->nr_shapes = 0;
	vec_clear(&e->order);
	str_clear(&e->texts);
	vec_clear(&e->text_offsets);
	map_clear(&e->text_numbers);
	map_clear(&e->combinations);
	map_clear(&e->places);
	vec_clear(&e->contexts);
	e->chain = 0;
	e->state = (struct file_encoded){};
}

void file_encoder_take(struct file_encoder *e, struct str *bytes, file_part_ends *ends)
{
	str_clear(bytes);
	vec_clear(ends);
	file_add_varint(bytes, e->state.nr);
	file_add_varint(bytes, e->text_offsets.nr);
	file_add_varint(bytes, e->texts.len);
	str_add_bytes(bytes, e->texts.p, e->texts.len);
	file_add_varint(bytes, e->nr_shapes);
	for (size_t i = 0; i < e->nr_shapes; i++) {
		const struct shape *s = e->shapes.items[i];

		file_add_varint(bytes, s->kind - 1);
		file_add_varint(bytes, s->mask);
		file_add_varint(bytes, s->nr);
	}
	end_part(bytes, ends, PART_BYTES);
	column_add(bytes, e->order.items, e->order.nr);
	end_part(bytes, ends, PART_BYTES);
	for (size_t i = 0; i < e->nr_shapes; i++)
		take_shape(e->shapes.items[i], bytes, ends);
	end_part(bytes, ends, 0);
	forget(e);
}
