#include "stream/file_decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stream/columns.h"
#include "stream/file_shape.h"

enum {
	KEPT_NUMBERS = 1 << 20, /* in memory that is used again for the next chunk */
};

/* A step, and what its rows need. */
struct row_step {
	enum file_method method;
	bool has_text;
	const uint64_t *values, *more; /* of its first and second column */
	size_t mask, more_mask;
	size_t nr_more, cursor; /* of the second one: how many, and how many of them are used up */
	uint64_t number;	/* of the combination that the row before had; 0: there was none */
	const struct file_step *step;
	const uint64_t *context; /* a place's; NULL: it has none */
	uint64_t *slot, last;	 /* where its value goes; the last one, if differences are to those of this shape */
};

/* Where a text goes, by the number that was read for it. */
struct text_slot {
	const uint64_t *number;
	const char **text;
};

/* Records of one kind with the same fields. */
struct shape {
	struct record record; /* as it was last delivered: the next one has the same fields */
	enum file_role role;
	size_t nr, at; /* rows; the next one */
	unsigned nr_texts;
	bool texts_changed;
	struct file_steps steps;
	struct row_step rows[FILE_FIELDS_MAX];
	struct column columns[FILE_COLUMNS_MAX];
	struct text_slot texts[FILE_FIELDS_MAX];
	uint64_t *slot[FILE_FIELDS_MAX]; /* by field in the file, where its value goes: in the record, or to `other` */
	uint64_t other[FILE_FIELDS_MAX]; /* numbers of texts, and values of fields that are not known here */
};

struct context {
	numbers addresses, made; /* in order */
	uint64_t last_new, last_taken;
};

struct file_decoder {
	const struct file_schema *schema;
	struct shape *shapes;
	size_t nr_shapes, cap_shapes;
	struct column_pool pool;
	const uint64_t *order;
	size_t order_mask;
	size_t nr, at;
	VEC(const char *) texts;
	VEC(uint32_t) places;	     /* by number of the context: where it is in `contexts`, from 1; 0: not in use */
	VEC(struct context) contexts; /* those behind nr_contexts wait for the next chunk */
	VEC(uint32_t) used;	     /* numbers of those in use */
	uint64_t chain;
};

struct file_decoder *file_decoder_new(void)
{
	return xcalloc(1, sizeof(struct file_decoder));
}

static void free_contexts(struct file_decoder *d)
{
	for (size_t i = 0; i < d->contexts.nr; i++) {
		vec_release(&d->contexts.items[i].addresses);
		vec_release(&d->contexts.items[i].made);
	}
	vec_release(&d->contexts);
}

static void forget_contexts(struct file_decoder *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->used.nr; i++)
		d->places.items[d->used.items[i]] = 0;
	vec_clear(&d->used);
	for (size_t i = 0; i < d->contexts.nr; i++)
		kept += d->contexts.items[i].addresses.cap + d->contexts.items[i].made.cap;
	if (kept > KEPT_NUMBERS)
		free_contexts(d);
}

static void forget(struct file_decoder *d)
{
	d->nr_shapes = d->nr = d->at = 0;
	column_pool_clear(&d->pool, FILE_VALUES_MAX);
	forget_contexts(d);
	vec_clear(&d->texts);
	d->chain = 0;
}

void file_decoder_free(struct file_decoder *d)
{
	if (!d)
		return;
	free_contexts(d);
	column_pool_release(&d->pool);
	vec_release(&d->places);
	vec_release(&d->used);
	vec_release(&d->texts);
	free(d->shapes);
	free(d);
}

/* ---- a chunk ---- */

static const char *load_texts(struct file_decoder *d, struct file_bytes *b)
{
	uint64_t nr = 0, bytes = 0;
	const char *end;

	if (!file_varint(b, &nr) || !file_varint(b, &bytes) || bytes > (uint64_t)(b->end - b->p))
		return "its texts are cut";
	if (nr > FILE_TEXTS_MAX)
		return "it has more texts than a chunk may have";
	end = b->p + bytes;
	while (b->p < end && d->texts.nr < nr) {
		char *nul = memchr(b->p, '\0', (size_t)(end - b->p));

		if (!nul)
			return "a text has no end";
		vec_push(&d->texts, b->p);
		b->p = nul + 1;
	}
	return b->p == end && d->texts.nr == nr ? NULL : "it has another number of texts than it says";
}

/* The record of a shape: its kind and fields, as far as they are known here, and where its values go. */
static void prepare(const struct file_schema *schema, uint64_t mask, struct shape *s)
{
	for (unsigned number = 0; number < schema->nr_fields; number++) {
		int field = schema->fields[number];

		s->slot[number] = &s->other[number];
		if (!(mask & 1ULL << number) || field < 0)
			continue;
		s->record.has |= 1ULL << field;
		if (schema->types[number] == FILE_VALUE_TEXT)
			s->texts[s->nr_texts++] =
				(struct text_slot){&s->other[number], record_text_slot(&s->record, (enum field)field)};
		else
			s->slot[number] = record_slot(&s->record, (enum field)field);
	}
}

static const char *load_shape(struct file_decoder *d, struct file_bytes *b, struct shape *s)
{
	const struct file_schema *schema = d->schema;
	uint64_t kind = 0, mask = 0, nr = 0;

	if (!file_varint(b, &kind) || kind >= schema->nr_kinds)
		return "a record has a kind that the schema lacks";
	if (!file_varint(b, &mask) || (schema->nr_fields < 64 && mask >> schema->nr_fields))
		return "a record has a field that the schema lacks";
	if (!file_varint(b, &nr) || nr > d->nr)
		return "a shape has more records than the chunk";
	s->record = (struct record){.kind = (enum record_kind)schema->kinds[kind]};
	s->role = (enum file_role)schema->roles[kind];
	s->nr = nr;
	s->at = s->nr_texts = 0;
	s->texts_changed = false;
	prepare(schema, mask, s);
	file_steps(schema, mask, &s->steps);
	return NULL;
}

static const char *load_shapes(struct file_decoder *d, struct file_bytes *b)
{
	uint64_t nr = 0;
	const char *why = NULL;

	if (!file_varint(b, &nr) || nr > FILE_SHAPES_MAX || nr > (uint64_t)(b->end - b->p))
		return "its list of shapes is cut";
	if (d->cap_shapes < nr) {
		free(d->shapes);
		d->shapes = xcalloc(nr, sizeof(*d->shapes));
		d->cap_shapes = nr;
	}
	while (d->nr_shapes < nr && !why)
		why = load_shape(d, b, &d->shapes[d->nr_shapes++]);
	return why;
}

/* Each row is in the order once. */
static const char *check_order(struct file_decoder *d)
{
	size_t rows[FILE_SHAPES_MAX] = {};

	for (size_t i = 0; i < d->nr; i++) {
		uint64_t shape = d->order[i & d->order_mask];

		if (shape >= d->nr_shapes)
			return "a record has a shape that the chunk lacks";
		rows[shape]++;
	}
	for (size_t i = 0; i < d->nr_shapes; i++)
		if (rows[i] != d->shapes[i].nr)
			return "a shape has another number of records than it says";
	return NULL;
}

/* A group's combinations are whole, and become the values themselves. */
static const char *load_group(struct file_decoder *d, struct shape *s, const struct file_step *step)
{
	struct column *members = &s->columns[step->column + 1];

	for (unsigned i = 0; i < step->nr_members; i++) {
		if (members[i].nr != members[0].nr)
			return "a combination lacks a value";
		column_sum(&d->pool, &members[i]);
	}
	return NULL;
}

/* A step's first column has a value for each row. */
static const char *load_columns(struct file_decoder *d, struct shape *s, struct file_bytes *b)
{
	const char *why = NULL;

	for (unsigned i = 0; i < s->steps.nr_columns; i++)
		if (column_read(b, s->nr, &d->pool, &s->columns[i]))
			return "a column is malformed";
	for (unsigned i = 0; i < s->steps.nr && !why; i++) {
		const struct file_step *step = &s->steps.step[i];

		if (s->columns[step->column].nr != s->nr)
			return "a column has too few values";
		if (step->method == METHOD_GROUP)
			why = load_group(d, s, step);
	}
	return why;
}

static bool has_text(const struct file_decoder *d, const struct file_step *step)
{
	bool text = d->schema->types[step->field] == FILE_VALUE_TEXT;

	for (unsigned i = 0; i < step->nr_members; i++)
		text |= d->schema->types[step->members[i]] == FILE_VALUE_TEXT;
	return text;
}

/* What the rows of a shape need at hand, when all columns have their place. */
static void prepare_rows(const struct file_decoder *d, struct shape *s)
{
	for (unsigned i = 0; i < s->steps.nr; i++) {
		const struct file_step *step = &s->steps.step[i];
		const struct column *c = &s->columns[step->column];

		s->rows[i] = (struct row_step){
			.method = (enum file_method)step->method,
			.mask = column_mask(c),
			.values = column_values(&d->pool, c),
			.step = step,
			.context = step->context < FILE_FIELDS_MAX ? s->slot[step->context] : NULL,
			.slot = s->slot[step->field],
			.has_text = has_text(d, step),
		};
		if (step->method == METHOD_GROUP || step->method == METHOD_PLACE) {
			s->rows[i].more = column_values(&d->pool, c + 1);
			s->rows[i].more_mask = column_mask(c + 1);
			s->rows[i].nr_more = c[1].nr;
		}
	}
}

static const char *load(struct file_decoder *d, struct file_bytes *b, uint32_t expected)
{
	struct column order;
	uint64_t nr = 0;
	const char *why;

	if (!file_varint(b, &nr) || nr > FILE_RECORDS_MAX || nr != expected)
		return "its number of records is wrong";
	d->nr = nr;
	why = load_texts(d, b);
	if (!why)
		why = load_shapes(d, b);
	if (why)
		return why;
	if (column_read(b, d->nr, &d->pool, &order) || order.nr != d->nr)
		return "the order of its records is malformed";
	for (size_t i = 0; i < d->nr_shapes && !why; i++)
		why = load_columns(d, &d->shapes[i], b);
	d->order = column_values(&d->pool, &order);
	d->order_mask = column_mask(&order);
	if (!why)
		why = check_order(d);
	return why || b->p == b->end ? why : "something follows its columns";
}

int file_decoder_load(struct file_decoder *d, const struct file_schema *schema, struct file_bytes bytes, uint32_t nr,
		      const char **ret_why)
{
	const char *why;

	forget(d);
	d->schema = schema;
	why = load(d, &bytes, nr);
	if (why) {
		forget(d);
		*ret_why = why;
		return -EBADMSG;
	}
	for (size_t i = 0; i < d->nr_shapes; i++)
		prepare_rows(d, &d->shapes[i]);
	return 0;
}

/* ---- a record ---- */

/* The next value of a column that only some rows have. */
static bool next_value(struct row_step *row, uint64_t *last)
{
	if (row->cursor == row->nr_more)
		return false;
	*last += column_unfold(row->more[row->cursor++ & row->more_mask]);
	*row->slot = *last;
	return true;
}

static bool decode_group(const struct file_decoder *d, struct shape *s, struct row_step *row, uint64_t number)
{
	const struct file_step *step = row->step;
	const struct column *members = &s->columns[step->column + 1];

	if (number && number == row->number)
		return true;
	if (number ? number > row->cursor : row->cursor == row->nr_more)
		return false;
	row->number = number ? number : ++row->cursor;
	for (unsigned i = 0; i < step->nr_members; i++)
		*s->slot[step->members[i]] = column_values(&d->pool, &members[i])[row->number - 1];
	s->texts_changed |= row->has_text;
	return true;
}

static struct context *new_context(struct file_decoder *d, uint64_t number)
{
	while (d->places.nr <= number)
		vec_push(&d->places, 0);
	vec_push(&d->used, (uint32_t)number);
	if (d->contexts.nr < d->used.nr)
		vec_push(&d->contexts, (struct context){});
	d->places.items[number] = (uint32_t)d->used.nr;

	struct context *c = &d->contexts.items[d->used.nr - 1];

	vec_clear(&c->addresses);
	vec_clear(&c->made);
	c->last_new = c->last_taken = 0;
	return c;
}

static struct context *context_at(struct file_decoder *d, uint64_t number)
{
	if (number < d->places.nr && d->places.items[number])
		return &d->contexts.items[d->places.items[number] - 1];
	return new_context(d, number);
}

static bool decode_making(struct row_step *row, struct context *c, uint64_t number)
{
	if (number > c->addresses.nr)
		return false;
	if (number) {
		*row->slot = c->addresses.items[number - 1];
	} else {
		if (!next_value(row, &c->last_new))
			return false;
		vec_push(&c->addresses, *row->slot);
	}
	vec_push(&c->made, *row->slot);
	return true;
}

static bool decode_taking(struct row_step *row, struct context *c, uint64_t number)
{
	if (number > c->made.nr)
		return false;
	if (!number)
		return next_value(row, &c->last_taken);
	*row->slot = c->made.items[c->made.nr - number];
	return true;
}

static bool decode_place(struct file_decoder *d, const struct shape *s, struct row_step *row, uint64_t number)
{
	if (!row->context || *row->context > FILE_CONTEXT_MAX || s->role == ROLE_NONE)
		return !number && next_value(row, &row->last);
	if (s->role == ROLE_MAKES)
		return decode_making(row, context_at(d, *row->context), number);
	return decode_taking(row, context_at(d, *row->context), number);
}

static bool decode_step(struct file_decoder *d, struct shape *s, struct row_step *row)
{
	uint64_t value = row->values[s->at & row->mask];

	if (row->method == METHOD_GROUP)
		return decode_group(d, s, row, value);
	s->texts_changed |= row->has_text;
	if (row->method == METHOD_PLACE)
		return decode_place(d, s, row, value);

	uint64_t *last = row->method == METHOD_CHAIN ? &d->chain : &row->last;

	*last += column_unfold(value);
	*row->slot = *last;
	return true;
}

static bool take_texts(const struct file_decoder *d, struct shape *s)
{
	for (unsigned i = 0; i < s->nr_texts; i++) {
		if (*s->texts[i].number >= d->texts.nr)
			return false;
		*s->texts[i].text = d->texts.items[*s->texts[i].number];
	}
	s->texts_changed = false;
	return true;
}

/* False: a value refers to one that is not there. */
static bool decode_row(struct file_decoder *d, struct shape *s)
{
	for (unsigned i = 0; i < s->steps.nr; i++)
		if (!decode_step(d, s, &s->rows[i]))
			return false;
	s->at++;
	return !s->texts_changed || take_texts(d, s);
}

int file_decoder_next(struct file_decoder *d, const struct record **ret, const char **ret_why)
{
	struct shape *s;

	*ret = NULL;
	if (d->at == d->nr)
		return 0;
	s = &d->shapes[d->order[d->at++ & d->order_mask]];
	if (!decode_row(d, s)) {
		*ret_why = "a value refers to what is not there";
		return -EBADMSG;
	}
	*ret = &s->record;
	return 0;
}
