/*
 * Tables: what a runtime says once, of an object, tells later which pool a call is for. An object may have another one's table. What
 * was said before anybody looked is not known, and nothing takes its place.
 */
#include "runtime/decode_step.h"

enum { WORDS = RT_TABLE_ITEMS / RT_VALUE_ITEMS };

struct table {
	uint64_t count;
	uint64_t word[WORDS]; /* an item a byte */
};

void table_forget(const struct step *s, uint64_t owner)
{
	struct map_entry *e = map_get(&s->d->tables, s->process, owner);

	if (e)
		free(e->pointer);
	map_del(&s->d->tables, s->process, owner);
	map_del(&s->d->table_owners, s->process, owner);
}

void tables_forget(struct decoder *d, uint64_t process)
{
	struct map kept = {}, owners = {};

	for (struct map_entry *e = map_next(&d->tables, NULL); e; e = map_next(&d->tables, e)) {
		if (process && e->a != process)
			map_put(&kept, e->a, e->b, NULL)->pointer = e->pointer;
		else
			free(e->pointer);
	}
	for (struct map_entry *e = map_next(&d->table_owners, NULL); e; e = map_next(&d->table_owners, e))
		if (process && e->a != process)
			map_put(&owners, e->a, e->b, NULL)->value = e->value;
	map_release(&d->tables);
	map_release(&d->table_owners);
	d->tables = kept;
	d->table_owners = owners;
}

/* False: a part of it could not be read. */
static bool read_table(const struct step *s, struct table *ret)
{
	int first = s->row->slot[RT_ITEMS];

	ret->count = RT_TABLE_ITEMS;
	if (rt_row_names(s->row->row, RT_COUNT) && !bound_row_value(s->b, s->row, s->hit, RT_COUNT, &ret->count))
		return false;
	for (int i = 0; i < WORDS; i++) {
		if (first < 0 || !(s->hit->valid >> (first + i) & 1))
			return false;
		ret->word[i] = s->hit->value[first + i];
	}
	return true;
}

static void learn(const struct step *s, uint64_t owner)
{
	struct table t, *kept;
	uint64_t parent;

	if (rt_row_names(s->row->row, RT_PARENT)) {
		if (bound_row_value(s->b, s->row, s->hit, RT_PARENT, &parent))
			map_put(&s->d->table_owners, s->process, owner, NULL)->value = parent;
		return;
	}
	if (!read_table(s, &t))
		return;
	kept = xcalloc(1, sizeof(*kept));
	*kept = t;
	map_put(&s->d->tables, s->process, owner, NULL)->pointer = kept;
}

int step_table(struct step *s)
{
	bool succeeded = false, known = bound_row_succeeded(s->row, s->hit, &succeeded);
	uint64_t owner;

	if ((known && !succeeded) || !bound_row_value(s->b, s->row, s->hit, RT_OWNER, &owner))
		return 0;
	table_forget(s, owner);
	if (known)
		learn(s, owner);
	return 0;
}

int step_lookup(struct step *s)
{
	struct decode_target *t = s->d->target;
	uint64_t name, address;

	if (t->lookup && bound_row_value(s->b, s->row, s->hit, RT_NAME, &name) &&
	    bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address) && address)
		t->lookup(t, s->process, name, address);
	return 0;
}

bool table_item(const struct step *s, uint64_t *ret)
{
	const struct map_entry *e;
	const struct table *t;
	uint64_t index, owner;

	if (!bound_row_value(s->b, s->row, s->hit, RT_INDEX, &index) || !bound_row_value(s->b, s->row, s->hit, RT_OWNER, &owner))
		return false;
	e = map_get(&s->d->table_owners, s->process, owner);
	e = map_get(&s->d->tables, s->process, e ? e->value : owner);
	t = e ? e->pointer : NULL;
	if (!t || index >= t->count || index >= RT_TABLE_ITEMS)
		return false;
	*ret = t->word[index / RT_VALUE_ITEMS] >> index % RT_VALUE_ITEMS * 8 & UINT8_MAX;
	return true;
}
