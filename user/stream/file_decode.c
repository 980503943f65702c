#include "stream/file_decode_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEPT_NUMBERS = 1 << 20, /* in memory that is used again for the next chunk */
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
		s->text[number] = NULL;
		if (!(mask & 1ULL << number) || field < 0)
			continue;
		s->record.has |= 1ULL << field;
		if (schema->types[number] == FILE_VALUE_TEXT)
			s->text[number] = record_text_slot(&s->record, (enum field)field);
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
	/* The first differences are to 0. */
	memset(s->other, 0, sizeof(s->other));
	s->at = 0;
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

/* Where one byte tells the shape it is read in its place: the window is for the rows. */
static inline uint64_t order_at(const struct file_decoder *d, size_t i)
{
	if (d->order.nr_planes == 1)
		return d->order.planes[i];
	if (i % COLUMN_WINDOW == 0)
		column_move(&d->pool, &d->order, i);
	return column_window(&d->pool, &d->order)[i & d->order.mask];
}

/* Each row is in the order once. */
static const char *check_order(struct file_decoder *d)
{
	size_t rows[FILE_SHAPES_MAX] = {};

	for (size_t i = 0; i < d->nr; i++) {
		uint64_t shape = order_at(d, i);

		if (shape >= d->nr_shapes)
			return "a record has a shape that the chunk lacks";
		rows[shape]++;
	}
	for (size_t i = 0; i < d->nr_shapes; i++)
		if (rows[i] != d->shapes[i].nr)
			return "a shape has another number of records than it says";
	return NULL;
}

static const char *load(struct file_decoder *d, struct file_bytes *b, uint32_t expected)
{
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
	if (column_open(b, d->nr, &d->pool, &d->order) || d->order.nr != d->nr)
		return "the order of its records is malformed";
	for (size_t i = 0; i < d->nr_shapes && !why; i++)
		why = decode_columns(d, &d->shapes[i], b);
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
		decode_prepare_rows(d, &d->shapes[i]);
	return 0;
}
