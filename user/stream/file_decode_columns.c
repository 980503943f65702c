/* From the columns of a shape to what its rows need. */
#include "stream/file_decode_parts.h"

/* A value of a combination: whose, and where it goes. */
struct member {
	const uint64_t *values;
	bool text;
	void *to;
};

static bool is_context(const struct shape *s, unsigned field)
{
	for (unsigned i = 0; i < s->steps.nr; i++)
		if (s->steps.step[i].method == METHOD_PLACE && s->steps.step[i].context == field)
			return true;
	return false;
}

/* What is to be copied for each row that has another combination than the one before. A text may be a context as well, by its number. */
static unsigned list_members(const struct file_decoder *d, struct shape *s, const struct file_step *step, struct member *ret)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < step->nr_members; i++) {
		unsigned field = step->members[i];
		const uint64_t *values = column_values(&d->pool, &s->more[step->column + 1 + i]);

		if (s->text[field])
			ret[nr++] = (struct member){values, true, s->text[field]};
		if (!s->text[field] || is_context(s, field))
			ret[nr++] = (struct member){values, false, s->slot[field]};
	}
	return nr;
}

/* The combinations one behind the other, up to one with a text that is not there. Returns how many. */
static size_t pack(const struct file_decoder *d, const struct member *members, unsigned nr, size_t nr_rows, uint64_t *packed)
{
	for (size_t row = 0; row < nr_rows; row++) {
		for (unsigned i = 0; i < nr; i++) {
			uint64_t value = members[i].values[row];

			if (members[i].text && value >= d->texts.nr)
				return row;
			*packed++ = members[i].text ? (uintptr_t)d->texts.items[value] : value;
		}
	}
	return nr_rows;
}

/* A group's combinations are whole, and become one behind the other. */
static const char *load_group(struct file_decoder *d, struct shape *s, const struct file_step *step)
{
	struct column *members = &s->more[step->column + 1];
	struct member list[2 * FILE_FIELDS_MAX];
	unsigned nr;
	size_t at;

	for (unsigned i = 0; i < step->nr_members; i++) {
		if (members[i].nr != members[0].nr)
			return "a combination lacks a value";
		column_sum(&d->pool, &members[i]);
	}
	nr = list_members(d, s, step, list);
	at = column_pool_add(&d->pool, nr * members[0].nr);
	/* The pool may lie elsewhere now. */
	list_members(d, s, step, list);
	members[0].nr = pack(d, list, nr, members[0].nr, d->pool.values.items + at);
	members[0].at = at;
	return NULL;
}

static bool read_step(struct file_decoder *d, struct shape *s, const struct file_step *step, struct file_bytes *b)
{
	unsigned more = step->method == METHOD_GROUP ? step->nr_members : step->method == METHOD_PLACE;

	if (column_open(b, s->nr, &d->pool, &s->rows[step - s->steps.step]))
		return false;
	for (unsigned i = 1; i <= more; i++)
		if (column_read(b, s->nr, &d->pool, &s->more[step->column + i]))
			return false;
	return true;
}

const char *decode_columns(struct file_decoder *d, struct shape *s, struct file_bytes *b)
{
	const char *why = NULL;

	for (unsigned i = 0; i < s->steps.nr; i++)
		if (!read_step(d, s, &s->steps.step[i], b))
			return "a column is malformed";
	for (unsigned i = 0; i < s->steps.nr && !why; i++) {
		if (s->rows[i].nr != s->nr)
			return "a column has too few values";
		if (s->steps.step[i].method == METHOD_GROUP)
			why = load_group(d, s, &s->steps.step[i]);
	}
	return why;
}

/* ---- rows ---- */

static const struct column_stream *row_column(const struct shape *s, const struct file_step *step)
{
	return &s->rows[step - s->steps.step];
}

static void add_group(const struct file_decoder *d, struct shape *s, const struct file_step *step)
{
	const struct column_stream *c = row_column(s, step);
	const struct column *combinations = &s->more[step->column + 1];
	struct member list[2 * FILE_FIELDS_MAX];
	unsigned nr = list_members(d, s, step, list);

	s->groups[s->nr_groups++] = (struct row_group){
		.numbers = column_window(&d->pool, c),
		.mask = c->mask,
		.all = combinations->nr,
		.values = column_values(&d->pool, combinations),
		.to = &s->to[s->nr_to],
		.nr = nr,
	};
	for (unsigned i = 0; i < nr; i++)
		s->to[s->nr_to++] = list[i].to;
}

static void add_place(const struct file_decoder *d, struct shape *s, const struct file_step *step)
{
	const struct column_stream *c = row_column(s, step);
	const struct column *more = &s->more[step->column + 1];

	s->places[s->nr_places++] = (struct row_place){
		.numbers = column_window(&d->pool, c),
		.mask = c->mask,
		.more = column_values(&d->pool, more),
		.more_mask = column_mask(more),
		.nr_more = more->nr,
		.context = step->context < FILE_FIELDS_MAX ? s->slot[step->context] : NULL,
		.to = s->slot[step->field],
	};
}

static struct row_difference difference(const struct file_decoder *d, const struct shape *s, const struct file_step *step)
{
	const struct column_stream *c = row_column(s, step);

	return (struct row_difference){column_window(&d->pool, c), c->mask, s->slot[step->field]};
}

static void add_step(const struct file_decoder *d, struct shape *s, const struct file_step *step)
{
	switch ((enum file_method)step->method) {
	case METHOD_GROUP:
		add_group(d, s, step);
		return;
	case METHOD_PLACE:
		add_place(d, s, step);
		break;
	case METHOD_CHAIN:
		s->chains[s->nr_chains++] = difference(d, s, step);
		break;
	default:
		s->deltas[s->nr_deltas++] = difference(d, s, step);
	}
	if (s->text[step->field])
		s->texts[s->nr_texts++] = (struct row_text){s->slot[step->field], s->text[step->field]};
}

void decode_prepare_rows(const struct file_decoder *d, struct shape *s)
{
	s->nr_groups = s->nr_deltas = s->nr_chains = s->nr_places = s->nr_texts = s->nr_to = 0;
	for (unsigned i = 0; i < s->steps.nr; i++)
		add_step(d, s, &s->steps.step[i]);
}
