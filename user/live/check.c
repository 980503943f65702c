/*
 * The runtime's books are the judge: every few seconds the ledger is compared with them. A difference counts
 * only when it is there in two reads a tick apart, when its key had no hit in between, and when no call is open that
 * could explain it. It becomes a correction record.
 */
#include "live/watch.h"

#include "base/units.h"

#include <errno.h>

#define CHECK_EVERY_NS (3 * NS_PER_SEC)
#define SECOND_READ_NS (100 * NS_PER_MS)
/* A comparison that could not be whole is done again soon. */
#define PARTIAL_NS (500 * NS_PER_MS)
/* A call that was begun longer ago than this is none any more: its end was lost. */
#define CALL_NS NS_PER_SEC
/* What was swapped out is looked for again after a while, which is longer where the search takes long. */
#define RESCAN_NS (5 * NS_PER_SEC)
enum { READ_TRIES = 50, RESCAN_TIMES = 50 };

void check_release(struct check *c)
{
	map_release(&c->found);
	map_release(&c->bytes);
	map_release(&c->gone);
}

void check_hurry(struct watched *w, uint64_t now_ns)
{
	if (!w->check.second)
		w->check.due_ns = now_ns;
}

/* What one read says against the ledger, but for keys with a hit since tracking began. */
struct comparison {
	struct session *s;
	struct watched *w;
	struct map found, bytes, gone;
	bool partial;
};

static void note(struct comparison *c, uint64_t arena, uint64_t address, enum difference difference, uint64_t bytes)
{
	if (hits_touched(c->w, arena, address))
		return;
	map_put(&c->found, arena, address, NULL)->value = difference;
	map_put(&c->bytes, arena, address, NULL)->value = bytes;
}

/* May a thread be inside a free of this block, which its hit has removed from the ledger, before it changes the books? */
static bool freeing(const struct comparison *c, uint64_t object, uint64_t arena, uint64_t address)
{
	return !hits_touched(c->w, arena, address) &&
	       decoder_freeing(c->s->decoder, c->w->id, object, address, units_monotonic_ns() - CALL_NS);
}

static void compare_arena(struct comparison *c, const struct book_arena *a, const struct arena *known)
{
	struct map in_books = {};
	struct block l;

	for (size_t i = 0; i < a->blocks.nr; i++) {
		const struct book_block *b = &a->blocks.items[i];
		bool lives = blocks_get(&known->blocks, b->address, &l);

		map_put(&in_books, b->address, 0, NULL);
		if (!lives && freeing(c, a->object, known->id, b->address))
			c->partial = true;
		else if (!lives)
			note(c, known->id, b->address, DIFFERENT_MISSING, b->bytes * a->banks);
		else if (l.reserved != b->bytes * a->banks)
			note(c, known->id, b->address, DIFFERENT_SIZE, b->bytes * a->banks);
	}
	for (size_t at = 0; blocks_next(&known->blocks, &at, &l);)
		if (!map_get(&in_books, l.address, 0))
			note(c, known->id, l.address, DIFFERENT_EXTRA, 0);
	map_release(&in_books);
}

/* Sub-devices may take a part of its banks away from an arena, and give it back. */
static int compare_size(struct comparison *c, const struct book_arena *a, const struct arena *known)
{
	struct record r = watched_record(c->w, RECORD_RESIZE);

	if (known->figures.has_capacity && known->bank_bytes == a->bank_bytes && known->has_base && known->base == a->base)
		return 0;
	RECORD_SET(&r, ARENA, arena, known->id);
	RECORD_SET(&r, BANK_BYTES, bank_bytes, a->bank_bytes);
	RECORD_SET(&r, BASE, base, a->base);
	return session_put(c->s, &r);
}

/* Arenas of the ledger that the books do not have any more. */
static void compare_gone(struct comparison *c, const book_arenas *arenas)
{
	for (size_t i = 0; i < c->s->ledger->arenas.nr; i++) {
		const struct arena *a = c->s->ledger->arenas.items[i];
		bool found = false;

		if (a->gone || a->process->id != c->w->id)
			continue;
		for (size_t k = 0; k < arenas->nr && !found; k++)
			found = arenas->items[k].object == a->object;
		if (!found && !map_get(&c->w->touched, a->id, 0))
			map_put(&c->gone, a->id, 0, NULL);
	}
}

/* When something was lost, perhaps the making of a device, and where devices may lie in what was swapped out. */
static void search(struct watched *w)
{
	uint64_t now = units_monotonic_ns(), end;

	if (!w->unsettled && !(w->rescan_ns && now >= w->rescan_ns))
		return;
	books_scan(w->books, NULL);
	end = units_monotonic_ns();
	w->rescan_ns = end + RESCAN_NS + RESCAN_TIMES * (end - now);
}

static int compare(struct comparison *c)
{
	book_arenas arenas = {};
	bool whole;
	int err;

	search(c->w);
	err = books_read(c->w->books, READ_TRIES, &arenas);
	whole = books_whole(c->w->books);
	c->partial |= !whole;
	c->w->rescan_ns = whole ? 0 : c->w->rescan_ns ? c->w->rescan_ns : units_monotonic_ns() + RESCAN_NS;
	if (!err)
		err = session_drain(c->s);
	for (size_t i = 0; i < arenas.nr && !err; i++) {
		const struct book_arena *a = &arenas.items[i];
		uint64_t number = decoder_arena(c->s->decoder, c->w->id, a->object);

		if (!a->consistent)
			c->partial = true;
		if (!number && a->blocks.nr) {
			err = census_define(c->s, c->w, a, false);
			if (!err)
				err = devices_put(c->s, c->w, a->owner, true);
			number = decoder_arena(c->s->decoder, c->w->id, a->object);
		}
		if (decoder_allocating(c->s->decoder, c->w->id, a->object, units_monotonic_ns() - CALL_NS))
			c->partial = true;
		else if (number && a->consistent)
			compare_arena(c, a, ledger_arena(c->s->ledger, number));
		if (!err && number && a->consistent)
			err = compare_size(c, a, ledger_arena(c->s->ledger, number));
	}
	if (!err)
		err = devices_put_changed(c->s, c->w, &arenas);
	if (!err && whole)
		compare_gone(c, &arenas);
	book_arenas_release(&arenas);
	return err;
}

static const char *const reasons[] = {
	[DIFFERENT_MISSING] = "missing",
	[DIFFERENT_EXTRA] = "extra",
	[DIFFERENT_SIZE] = "size",
};

static int correct(struct session *s, struct watched *w, const struct map_entry *e, uint64_t bytes)
{
	struct record r = watched_record(w, RECORD_CORRECTION);

	RECORD_SET(&r, REASON, reason, reasons[e->value]);
	RECORD_SET(&r, ARENA, arena, e->a);
	RECORD_SET(&r, ADDRESS, address, e->b);
	if (e->value != DIFFERENT_EXTRA) {
		const struct arena *a = ledger_arena(s->ledger, e->a);

		RECORD_SET(&r, RESERVED, reserved, bytes);
		census_describe(w, &(struct book_arena){.owner = a->owner, .pool = a->pool, .banks = 1},
				&(struct book_block){e->b, bytes}, &r);
	}
	return session_put(s, &r);
}

static int correct_gone(struct session *s, struct watched *w, const struct map_entry *e)
{
	struct record r = watched_record(w, RECORD_CORRECTION);
	const struct arena *a = ledger_arena(s->ledger, e->a);

	RECORD_SET(&r, REASON, reason, "gone");
	RECORD_SET(&r, ARENA, arena, e->a);
	decoder_set_arena(s->decoder, w->id, a->object, 0);
	return session_put(s, &r);
}

/* Correct what both reads found alike. */
static int settle(struct comparison *c, uint64_t *ret_nr)
{
	struct check *first = &c->w->check;
	int err = 0;

	for (struct map_entry *e = map_next(&c->found, NULL); e && !err; e = map_next(&c->found, e)) {
		const struct map_entry *before = map_get(&first->found, e->a, e->b);
		uint64_t bytes = map_get(&c->bytes, e->a, e->b)->value;

		if (!before || before->value != e->value || map_get(&first->bytes, e->a, e->b)->value != bytes ||
		    hits_touched(c->w, e->a, e->b))
			continue;
		err = correct(c->s, c->w, e, bytes);
		++*ret_nr;
	}
	for (struct map_entry *e = map_next(&c->gone, NULL); e && !err; e = map_next(&c->gone, e)) {
		if (!map_get(&first->gone, e->a, 0))
			continue;
		err = correct_gone(c->s, c->w, e);
		++*ret_nr;
	}
	return err;
}

/* What was lost while we compared may have been the last hit of a key that we left out for its hits: compare again. */
static int put_check(struct comparison *c, bool equal)
{
	struct record r = watched_record(c->w, RECORD_CHECK);

	c->partial |= c->w->unsettled != c->w->check.unsettled;
	RECORD_SET(&r, EQUAL, equal, equal);
	if (c->partial)
		RECORD_SET(&r, PARTIAL, partial, 1);
	return session_put(c->s, &r);
}

static void finish(struct comparison *c)
{
	struct watched *w = c->w;

	check_release(&w->check);
	w->check = (struct check){.due_ns = units_monotonic_ns() + (c->partial ? PARTIAL_NS : CHECK_EVERY_NS)};
	w->tracking = false;
	map_clear(&w->touched);
	if (!c->partial)
		w->unsettled = 0;
}

static int first_step(struct comparison *c)
{
	struct check *check = &c->w->check;
	int err;

	c->w->tracking = true;
	check->unsettled = c->w->unsettled;
	err = compare(c);
	if (err)
		return err;
	if (!c->found.nr && !c->gone.nr) {
		err = put_check(c, true);
		finish(c);
		return err;
	}
	check->second = true;
	check->due_ns = units_monotonic_ns() + SECOND_READ_NS;
	check->found = c->found;
	check->bytes = c->bytes;
	check->gone = c->gone;
	c->found = c->bytes = c->gone = (struct map){};
	return 0;
}

/* Is there a block that is to be added? */
static bool any_in_books(const struct comparison *c)
{
	for (struct map_entry *e = map_next(&c->found, NULL); e; e = map_next(&c->found, e))
		if (e->value != DIFFERENT_EXTRA)
			return true;
	return false;
}

static int second_step(struct comparison *c)
{
	uint64_t corrections = 0;
	int err = compare(c);

	if (!err && any_in_books(c))
		books_read_buffers(c->w->books, &c->w->buffers);
	if (!err)
		err = settle(c, &corrections);
	vec_release(&c->w->buffers);
	if (!err)
		err = put_check(c, !corrections);
	finish(c);
	if (corrections)
		check_hurry(c->w, units_monotonic_ns() + SECOND_READ_NS);
	return err;
}

int check_step(struct session *s, struct watched *w, uint64_t now_ns)
{
	struct comparison c = {.s = s, .w = w};
	int err;

	if (!s->o.check || !w->books || !w->armed || now_ns < w->check.due_ns)
		return 0;
	err = w->check.second ? second_step(&c) : first_step(&c);
	map_release(&c.found);
	map_release(&c.bytes);
	map_release(&c.gone);
	return err == -ESRCH ? 0 : err;
}
