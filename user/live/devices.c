/* What is known of each device: told when its arenas are defined, and again whenever it has changed. */
#include "live/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct told_device *find_told(struct watched *w, uint64_t owner)
{
	for (size_t i = 0; i < w->devices.nr; i++)
		if (w->devices.items[i].owner == owner)
			return &w->devices.items[i];
	vec_push(&w->devices, (struct told_device){.owner = owner});
	return &w->devices.items[w->devices.nr - 1];
}

void devices_release(struct watched *w)
{
	for (size_t i = 0; i < w->devices.nr; i++)
		free(w->devices.items[i].text);
	vec_release(&w->devices);
}

static void add_chips(struct str *s, const struct book_device *d)
{
	for (size_t i = 0; i < d->chips.nr; i++)
		str_addf(s, "%s%llu", i ? "," : "", (unsigned long long)d->chips.items[i]);
}

static int put_device(struct session *s, struct watched *w, uint64_t owner, const struct book_device *d, const char *chips)
{
	struct record r = watched_record(w, RECORD_DEVICE);

	/* As of the hit that made us look: it has no time of its own. */
	if (s->last_ns)
		RECORD_SET(&r, TIME_NS, time_ns, s->last_ns);
	RECORD_SET(&r, OWNER, owner, owner);
	if (d->has_mesh)
		RECORD_SET(&r, MESH, mesh, d->mesh);
	if (d->chips.nr)
		RECORD_SET(&r, CHIPS, chips, chips);
	else if (d->count)
		RECORD_SET(&r, COUNT, count, d->count);
	if (d->parent)
		RECORD_SET(&r, PARENT, parent, d->parent);
	return session_put(s, &r);
}

/* @anew: it is another device's record to those who read the stream, though it says the same. */
static int tell(struct session *s, struct watched *w, uint64_t owner, const struct book_device *d, bool anew)
{
	_cleanup_(str_release) struct str chips = {}, text = {};
	struct told_device *told = find_told(w, owner);

	add_chips(&chips, d);
	if (d->has_mesh || d->count)
		str_addf(&text, "%d %llu %llx %zu %s", d->has_mesh, (unsigned long long)d->mesh, (unsigned long long)d->parent,
			 d->count, str_text(&chips));
	if (!strcmp(str_text(&text), told->text ? told->text : "") && (!anew || !text.len))
		return 0;
	free(told->text);
	told->text = xstrdup(str_text(&text));
	return put_device(s, w, owner, d, str_text(&chips));
}

/* When the last scan found the owner, perhaps its device was still being made. */
static int read_anew(struct watched *w, uint64_t owner, struct book_device *ret)
{
	int err = books_device(w->books, owner, ret);

	if (err == -ENOENT && !books_scan(w->books, NULL))
		err = books_device(w->books, owner, ret);
	return err;
}

int devices_put(struct session *s, struct watched *w, uint64_t owner, bool anew)
{
	struct book_device d = {};
	int err = -ENOENT;

	if (w->books && owner)
		err = anew ? read_anew(w, owner, &d) : books_device(w->books, owner, &d);
	if (owner && (!err || anew))
		err = tell(s, w, owner, &d, anew);
	else
		err = 0;
	book_device_release(&d);
	return err;
}

int devices_put_changed(struct session *s, struct watched *w, const book_arenas *arenas)
{
	uint64_t done = 0; /* the arenas of an owner stand together */
	int err = 0;

	for (size_t i = 0; i < arenas->nr && !err; i++) {
		const struct book_arena *a = &arenas->items[i];

		if (a->owner == done || !decoder_arena(s->decoder, w->id, a->object))
			continue;
		done = a->owner;
		err = devices_put(s, w, a->owner, false);
	}
	return err;
}
