/* The rows of a chunk that was read, in their order, as records. */
#include "stream/file_decode_parts.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(const char *) == sizeof(uint64_t), "a value is a number or where a text is");

/* The next value of a column that only some rows have. */
static bool next_value(struct row_place *p, uint64_t *last)
{
	if (p->cursor == p->nr_more)
		return false;
	*last += column_unfold(p->more[p->cursor++ & p->more_mask]);
	*p->to = *last;
	return true;
}

static __attribute__((noinline)) struct context *new_context(struct file_decoder *d, uint64_t number)
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

static inline struct context *context_at(struct file_decoder *d, uint64_t number)
{
	if (number < d->places.nr && d->places.items[number])
		return &d->contexts.items[d->places.items[number] - 1];
	return new_context(d, number);
}

static inline bool make_block(struct row_place *p, struct context *c, uint64_t number)
{
	if (number > c->addresses.nr)
		return false;
	if (number) {
		*p->to = c->addresses.items[number - 1];
	} else {
		if (!next_value(p, &c->last_new))
			return false;
		vec_push(&c->addresses, *p->to);
	}
	vec_push(&c->made, *p->to);
	return true;
}

static inline bool take_block(struct row_place *p, struct context *c, uint64_t number)
{
	if (number > c->made.nr)
		return false;
	if (!number)
		return next_value(p, &c->last_taken);
	*p->to = c->made.items[c->made.nr - number];
	return true;
}

static bool set_place(struct file_decoder *d, enum file_role role, struct row_place *p, uint64_t number)
{
	struct context *c;

	if (!p->context || *p->context > FILE_CONTEXT_MAX || role == ROLE_NONE)
		return !number && next_value(p, &p->last);
	c = context_at(d, *p->context);
	return role == ROLE_MAKES ? make_block(p, c, number) : take_block(p, c, number);
}

/* False: there is no such combination. */
static bool set_group(struct row_group *g, uint64_t number)
{
	const uint64_t *values;

	if (number ? number > g->known : g->known == g->all)
		return false;
	g->last = number ? number : ++g->known;
	values = &g->values[(g->last - 1) * g->nr];
	for (size_t i = 0; i < g->nr; i++)
		memcpy(g->to[i], &values[i], sizeof(*values));
	return true;
}

static bool set_groups(struct shape *s, size_t at)
{
	for (unsigned i = 0; i < s->nr_groups; i++) {
		struct row_group *g = &s->groups[i];
		uint64_t number = g->numbers[at & g->mask];

		if ((!number || number != g->last) && !set_group(g, number))
			return false;
	}
	return true;
}

static bool set_texts(const struct file_decoder *d, const struct shape *s)
{
	for (unsigned i = 0; i < s->nr_texts; i++) {
		if (*s->texts[i].number >= d->texts.nr)
			return false;
		*s->texts[i].to = d->texts.items[*s->texts[i].number];
	}
	return true;
}

static bool set_places(struct file_decoder *d, struct shape *s, size_t at)
{
	for (unsigned i = 0; i < s->nr_places; i++)
		if (!set_place(d, s->role, &s->places[i], s->places[i].numbers[at & s->places[i].mask]))
			return false;
	return true;
}

/* All columns of the shape are read a window at a time. */
static void move_windows(const struct file_decoder *d, const struct shape *s, size_t at)
{
	for (unsigned i = 0; i < s->steps.nr; i++)
		column_move(&d->pool, &s->rows[i], at);
}

/* False: a value refers to one that is not there. */
static bool next_row(struct file_decoder *d, struct shape *s)
{
	size_t at = s->at++;

	if (at % COLUMN_WINDOW == 0)
		move_windows(d, s, at);
	if (!set_groups(s, at))
		return false;
	for (unsigned i = 0; i < s->nr_deltas; i++)
		*s->deltas[i].to += column_unfold(s->deltas[i].values[at & s->deltas[i].mask]);
	for (unsigned i = 0; i < s->nr_chains; i++)
		*s->chains[i].to = d->chain += column_unfold(s->chains[i].values[at & s->chains[i].mask]);
	return set_places(d, s, at) && set_texts(d, s);
}

int file_decoder_next(struct file_decoder *d, const struct record **ret, const char **ret_why)
{
	struct shape *s;

	*ret = NULL;
	if (d->at == d->nr)
		return 0;
	if (d->at % COLUMN_WINDOW == 0)
		column_move(&d->pool, &d->order, d->at);
	s = &d->shapes[column_window(&d->pool, &d->order)[d->at++ & d->order.mask]];
	if (!next_row(d, s)) {
		*ret_why = "a value refers to what is not there";
		return -EBADMSG;
	}
	*ret = &s->record;
	return 0;
}
