/*
 * What was there before: the runtime's books, read while the process runs. Armed first, so that every change after the
 * read is a hit: for a key with a hit since arming its last hit decides, for all others the books do.
 */
#include "live/watch.h"

#include "base/log.h"
#include "base/units.h"

#include <errno.h>
#include <string.h>

enum {
	READ_TRIES = 50,   /* of a torn arena: of a single read one in four is torn at 100,000 allocations a second */
	ROUNDS = 8,	   /* reads until nothing is in flight any more */
	ONCE_TRIES = 200,  /* pairs of reads without probes */
};

/* It has no time of its own: that of now would be later than the hit's that made us ask. */
static struct record arena_record(const struct session *s, const struct watched *w)
{
	struct record r = watched_record(w, RECORD_ARENA);

	if (s->last_ns)
		RECORD_SET(&r, TIME_NS, time_ns, s->last_ns);
	return r;
}

int census_define(struct session *s, struct watched *w, const struct book_arena *a, bool constructed)
{
	struct record r = arena_record(s, w);

	RECORD_SET(&r, ARENA, arena, ++s->nr_arenas);
	RECORD_SET(&r, OBJECT, object, a->object);
	if (a->owner)
		RECORD_SET(&r, OWNER, owner, a->owner);
	RECORD_SET(&r, POOL, pool, a->pool);
	RECORD_SET(&r, BANKS, banks, a->banks);
	RECORD_SET(&r, BANK_BYTES, bank_bytes, a->bank_bytes);
	RECORD_SET(&r, BASE, base, a->base);
	RECORD_SET(&r, GRAIN, grain, a->grain);
	RECORD_SET(&r, ALIGN, align, a->align);
	if (constructed)
		RECORD_SET(&r, REASON, reason, "new");
	decoder_set_arena(s->decoder, w->id, a->object, s->nr_arenas);
	return session_put(s, &r);
}

/* Define all arenas of the device that @owner is. */
static int define_device(struct session *s, struct watched *w, uint64_t owner, const book_arenas *arenas)
{
	bool any = false;

	for (size_t i = 0; i < arenas->nr; i++) {
		const struct book_arena *a = &arenas->items[i];
		int err;

		if (a->owner != owner || decoder_arena(s->decoder, w->id, a->object))
			continue;
		err = census_define(s, w, a, decoder_constructed(s->decoder, w->id, a->object));
		if (err)
			return err;
		any = true;
	}
	return any ? devices_put(s, w, owner, true) : 0;
}

/* Of a device that is known by its number alone. */
static int put_number(struct session *s, struct watched *w, const struct arena_hint *hint)
{
	struct record r = watched_record(w, RECORD_DEVICE);
	_cleanup_(freep) char *number = xasprintf("%llu", (unsigned long long)hint->number);

	RECORD_SET(&r, TIME_NS, time_ns, s->last_ns);
	RECORD_SET(&r, OWNER, owner, hint->owner);
	RECORD_SET(&r, CHIPS, chips, number);
	return session_put(s, &r);
}

/* What the hit alone tells, when the process's memory cannot be read (any more). */
static uint64_t define_by_hint(struct session *s, struct watched *w, uint64_t object, const struct arena_hint *hint)
{
	struct record r = arena_record(s, w);

	if (!hint->pool)
		return 0;
	RECORD_SET(&r, ARENA, arena, ++s->nr_arenas);
	RECORD_SET(&r, OBJECT, object, object);
	RECORD_SET(&r, POOL, pool, hint->pool);
	r.owner = hint->owner;
	r.banks = hint->banks;
	r.align = hint->align;
	r.grain = hint->grain;
	r.has |= hint->has & (FIELD_BIT(OWNER) | FIELD_BIT(BANKS) | FIELD_BIT(ALIGN) | FIELD_BIT(GRAIN));
	if (hint->constructed)
		RECORD_SET(&r, REASON, reason, "new");
	if (session_put(s, &r))
		return 0;
	return (hint->has_number ? put_number(s, w, hint) : devices_put(s, w, r.owner, true)) ? 0 : s->nr_arenas;
}

uint64_t census_arena(struct decode_target *t, uint64_t process, uint64_t object, const struct arena_hint *hint)
{
	struct session *s = (struct session *)((char *)t - offsetof(struct session, target));
	struct watched *w = session_watched(s, process);
	struct book_arena a = {};
	book_arenas arenas = {};
	uint64_t number;

	if (!w)
		return 0;
	if (!w->books || hint->made_up)
		return define_by_hint(s, w, object, hint);
	if (!books_know(w->books, object))
		books_scan(w->books, NULL);
	if (books_know(w->books, object) && !books_read(w->books, 1, &arenas)) {
		for (size_t i = 0; i < arenas.nr; i++)
			if (arenas.items[i].object == object)
				define_device(s, w, arenas.items[i].owner, &arenas);
	}
	book_arenas_release(&arenas);
	number = decoder_arena(s->decoder, w->id, object);
	if (number)
		return number;
	if (books_hide(w->books, object))
		return ARENA_HIDDEN;
	/* An owner that is not in the books, but the hit names it. */
	if (!books_read_arena(w->books, object, false, &a) && a.pool) {
		if (!a.owner && (hint->has & FIELD_BIT(OWNER)))
			a.owner = hint->owner;
		census_define(s, w, &a, hint->constructed);
		devices_put(s, w, a.owner, true);
		return decoder_arena(s->decoder, w->id, object);
	}
	return define_by_hint(s, w, object, hint);
}

static const struct book_arena *find_arena(const book_arenas *arenas, uint64_t object)
{
	for (size_t i = 0; i < arenas->nr; i++)
		if (arenas->items[i].object == object)
			return &arenas->items[i];
	return NULL;
}

static bool find_block(const struct book_arena *a, const struct book_block *b)
{
	size_t low = 0, high = a->blocks.nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (a->blocks.items[middle].address < b->address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < a->blocks.nr && a->blocks.items[low].address == b->address && a->blocks.items[low].bytes == b->bytes;
}

void census_describe(const struct watched *w, const struct book_arena *a, const struct book_block *b, struct record *r)
{
	const struct book_buffer *buffer = book_buffers_find(&w->buffers, a, b);

	if (!buffer)
		return;
	if (buffer->has_asked)
		RECORD_SET(r, ASKED, asked, buffer->asked);
	if (buffer->has_id)
		RECORD_SET(r, ID, id, buffer->id);
	if (buffer->layout)
		RECORD_SET(r, LAYOUT, layout, buffer->layout);
}

static int put_block(struct session *s, struct watched *w, const struct book_arena *a, const struct book_block *b)
{
	struct record r = watched_record(w, RECORD_BLOCK);

	RECORD_SET(&r, ARENA, arena, decoder_arena(s->decoder, w->id, a->object));
	RECORD_SET(&r, ADDRESS, address, b->address);
	RECORD_SET(&r, RESERVED, reserved, b->bytes * a->banks);
	census_describe(w, a, b, &r);
	return session_put(s, &r);
}

static bool wanted(const struct watched *w, bool all, uint64_t address)
{
	for (size_t i = 0; i < w->in_flight.nr && !all; i++)
		if (w->in_flight.items[i] == address)
			return true;
	return all;
}

/*
 * Put the blocks of one arena on which two reads agree, that had no hit since tracking began and that the ledger does not
 * have: all of them, or only those whose alloc was in flight.
 */
static int put_blocks(struct session *s, struct watched *w, const struct book_arena *a, const struct book_arena *again, bool all)
{
	uint64_t number = decoder_arena(s->decoder, w->id, a->object);
	struct arena *known = ledger_arena(s->ledger, number);

	for (size_t i = 0; i < a->blocks.nr && known; i++) {
		const struct book_block *b = &a->blocks.items[i];
		int err;

		if (!find_block(again, b) || hits_touched(w, number, b->address) || !wanted(w, all, b->address) ||
		    blocks_get(&known->blocks, b->address, NULL))
			continue;
		err = put_block(s, w, a, b);
		if (err)
			return err;
	}
	return 0;
}

static bool any_block(const book_arenas *arenas, uint64_t owner)
{
	for (size_t i = 0; i < arenas->nr; i++)
		if (arenas->items[i].owner == owner && arenas->items[i].blocks.nr)
			return true;
	return false;
}

/* Fold two reads. A device without any block is not shown: a chip's own managers stand beside its mesh's. */
static int put_reads(struct session *s, struct watched *w, const book_arenas *reads, bool all, bool *ret_partial)
{
	for (size_t i = 0; i < reads[0].nr; i++) {
		const struct book_arena *a = &reads[0].items[i], *again = find_arena(&reads[1], a->object);
		int err;

		if (!again || map_get(&w->touched, a->object, TOUCHED_OBJECT))
			continue;
		if (!a->consistent || !again->consistent)
			*ret_partial = true;
		if (!any_block(&reads[0], a->owner) && !decoder_arena(s->decoder, w->id, a->object))
			continue;
		err = define_device(s, w, a->owner, &reads[0]);
		if (!err)
			err = put_blocks(s, w, a, again, all);
		if (err)
			return err;
	}
	return 0;
}

int census_put(struct session *s, struct watched *w, const char *reason, bool partial)
{
	struct record r = watched_record(w, RECORD_CENSUS);

	RECORD_SET(&r, REASON, reason, reason);
	if (partial)
		RECORD_SET(&r, PARTIAL, partial, 1);
	return session_put(s, &r);
}

/* Fold two reads. A process that has ended since has nothing more to say. */
static int put_if_alive(struct session *s, struct watched *w, book_arenas *reads, int err, bool all, bool *ret_partial)
{
	if (!err)
		err = put_reads(s, w, reads, all, ret_partial);
	book_arenas_release(&reads[0]);
	book_arenas_release(&reads[1]);
	vec_release(&w->buffers);
	return err == -ESRCH ? 0 : err;
}

/* Read twice, with a drain after each, and put those blocks whose alloc was in flight. */
static int read_in_flight(struct session *s, struct watched *w)
{
	book_arenas reads[2] = {};
	bool partial;
	int err = 0;

	books_read_buffers(w->books, &w->buffers);
	for (size_t i = 0; i < 2 && !err; i++) {
		err = books_read(w->books, READ_TRIES, &reads[i]);
		if (!err)
			err = session_drain(s);
	}
	return put_if_alive(s, w, reads, err, false, &partial);
}

static int settle_in_flight(struct session *s, struct watched *w)
{
	int err = 0;

	for (int i = 0; i < ROUNDS && !err && w->in_flight.nr; i++) {
		size_t nr = w->in_flight.nr;

		err = read_in_flight(s, w);
		if (w->in_flight.nr == nr)
			break;
	}
	vec_clear(&w->in_flight);
	return err;
}

/*
 * Put what was there before: what the books held soon after we were armed, and hold still when every thread has left the
 * call that it was in then. A block that came in between has a hit, or its thread is about to have one.
 */
static int read_before(struct session *s, struct watched *w, bool *ret_partial)
{
	book_arenas reads[2] = {};
	int err, quiet_err = 0;

	if (books_scan(w->books, NULL))
		*ret_partial = true;
	err = books_read(w->books, READ_TRIES, &reads[0]);
	if (!err && !quiet_wait(s, w, units_monotonic_ns(), &quiet_err))
		*ret_partial = true;
	if (!err)
		err = quiet_err;
	books_read_buffers(w->books, &w->buffers);
	if (!err)
		err = books_read(w->books, READ_TRIES, &reads[1]);
	*ret_partial |= !books_whole(w->books);
	if (!err)
		err = session_drain(s);
	return put_if_alive(s, w, reads, err, true, ret_partial);
}

static int read_census(struct session *s, struct watched *w)
{
	bool partial = false;
	int err = census_put(s, w, "begin", false);

	if (!err)
		err = read_before(s, w, &partial);
	w->unsettled = 0;
	if (!err)
		err = settle_in_flight(s, w);
	return err ? err : census_put(s, w, "end", partial);
}

int census_run(struct session *s, struct watched *w)
{
	int err = w->books ? read_census(s, w) : census_put(s, w, "none", !parts_whole(&s->target, w->id));

	vec_clear(&w->in_flight);
	w->tracking = false;
	map_clear(&w->touched);
	return err;
}

int census_settle(struct session *s, struct watched *w)
{
	int err = 0;

	w->tracking = true;
	if (w->books)
		err = settle_in_flight(s, w);
	vec_clear(&w->in_flight);
	if (!w->check.second) {
		w->tracking = false;
		map_clear(&w->touched);
	}
	return err;
}

static bool same_arena(const struct book_arena *a, const struct book_arena *b)
{
	return b && a->consistent && b->consistent && a->blocks.nr == b->blocks.nr && a->bank_bytes == b->bank_bytes &&
	       (!a->blocks.nr || !memcmp(a->blocks.items, b->blocks.items, a->blocks.nr * sizeof(*a->blocks.items)));
}

/* Put the arenas on which two reads agree and that are not put yet. True: there is none left. */
static bool put_agreed(struct session *s, struct watched *w, const book_arenas *reads, struct map *done, int *ret_err)
{
	bool all = true;

	for (size_t i = 0; i < reads[0].nr && !*ret_err; i++) {
		const struct book_arena *a = &reads[0].items[i];

		if (map_get(done, a->object, 0))
			continue;
		if (!same_arena(a, find_arena(&reads[1], a->object))) {
			all = false;
			continue;
		}
		map_put(done, a->object, 0, NULL);
		if (!any_block(&reads[0], a->owner) && !decoder_arena(s->decoder, w->id, a->object))
			continue;
		*ret_err = define_device(s, w, a->owner, &reads[0]);
		for (size_t k = 0; k < a->blocks.nr && !*ret_err; k++)
			*ret_err = put_block(s, w, a, &a->blocks.items[k]);
	}
	return all;
}

static int read_once(struct session *s, struct watched *w)
{
	struct map done = {};
	bool all = false, whole = true;
	int err = census_put(s, w, "begin", false);

	if (!err)
		err = books_scan(w->books, &s->diag);
	for (int i = 0; i < ONCE_TRIES && !err && !all; i++) {
		book_arenas reads[2] = {};

		err = books_read(w->books, READ_TRIES, &reads[0]);
		books_read_buffers(w->books, &w->buffers);
		if (!err)
			err = books_read(w->books, READ_TRIES, &reads[1]);
		whole &= books_whole(w->books);
		if (!err)
			all = put_agreed(s, w, reads, &done, &err);
		book_arenas_release(&reads[0]);
		book_arenas_release(&reads[1]);
	}
	map_release(&done);
	vec_release(&w->buffers);
	return err ? err : census_put(s, w, "end", !all || !whole);
}

int census_once(struct session *s, struct watched *w)
{
	return w->books ? read_once(s, w) : census_put(s, w, "none", true);
}
