/* From the ring to the decoder, and from the decoder to the stream. */
#include "live/watch.h"

#include "base/units.h"
#include "live/hold.h"

#include <string.h>

#define RESIZE_NS (100 * NS_PER_MS)

bool hits_touched(const struct watched *w, uint64_t arena, uint64_t address)
{
	return map_get(&w->touched, arena, address) || map_get(&w->touched, arena, 0);
}

static void touch(const struct session *s, struct watched *w, const struct record *r)
{
	const struct arena *a = ledger_arena(s->ledger, r->arena);

	if (!w->tracking || !a || r->kind == RECORD_FAILED)
		return;
	map_put(&w->touched, r->arena, r->address, NULL);
	/* What was read at this address may be of the generation before. */
	if (r->kind == RECORD_CLEAR)
		map_put(&w->touched, a->object, TOUCHED_OBJECT, NULL);
}

uint64_t hits_device(struct decode_target *t, uint64_t process, uint64_t object)
{
	const struct session *s = (struct session *)((char *)t - offsetof(struct session, target));

	(void)process;
	return s->current->books ? books_owner_of_device(s->current->books, object) : 0;
}

/* What became of an alloc in flight is known once its address has another hit. */
static void forget_in_flight(struct watched *w, uint64_t address)
{
	for (size_t i = 0; i < w->in_flight.nr;)
		if (w->in_flight.items[i] == address)
			w->in_flight.items[i] = w->in_flight.items[--w->in_flight.nr];
		else
			i++;
}

int hits_put(struct sink *sink, const struct record *r)
{
	struct session *s = (struct session *)((char *)sink - offsetof(struct session, filter));
	struct watched *w = s->current;
	struct record copy = *r;

	touch(s, w, r);
	if (r->kind == RECORD_ALLOC || r->kind == RECORD_FREE)
		forget_in_flight(w, r->address);
	if (r->kind == RECORD_UNSETTLED) {
		w->unsettled++;
		if (RECORD_HAS(r, ADDRESS) && !strcmp(r->reason, "attach"))
			vec_push(&w->in_flight, r->address);
		/* What a call is about to do takes some time. */
		check_hurry(w, units_monotonic_ns() + (strcmp(r->reason, "resize") ? 0 : RESIZE_NS));
	}
	return session_put(s, &copy);
}

static int receive_event(struct session *s, struct watched *w, const struct wire_hit *hit)
{
	if (hit->spec == WIRE_THREAD_EXIT)
		return decoder_thread_exit(s->decoder, w->id, hit);
	if (hit->spec == WIRE_EXEC)
		w->execed = true;
	return 0;
}

int hits_receive(void *context, const struct wire_hit *hit)
{
	struct session *s = context;
	struct watched *w = session_find(s, (int)hit->tgid);
	uint64_t index = hit->spec - WIRE_FIRST_ROW;
	const struct bound_row *row;
	struct library *l;

	if (hold_receive(s->hold, hit) || !w || w->execed)
		return 0;
	s->current = w;
	if (hit->spec < WIRE_FIRST_ROW)
		return receive_event(s, w, hit);
	if (index >= s->spec_library.nr)
		return 0;
	l = s->spec_library.items[index];
	row = &l->binding->rows.items[hit->spec - l->first_spec];
	if (w->moved)
		map_put(w->moved, hit->tid, 0, NULL)->value = row->row->verb == VERB_BEGIN ? hit->time_ns : 0;
	return decoder_hit(s->decoder, w->id, l->binding, row, hit);
}

int hits_put_counts(struct session *s, struct watched *w)
{
	kernel_counts counts = {};
	int err = kernel_read_counts(s->kernel, w->process.pid, &counts);

	for (size_t i = 0; i < counts.nr && !err; i++) {
		struct record r = watched_record(w, RECORD_REPLAYS);
		struct map_entry *told = map_put(&w->replays, counts.items[i].key, 0, NULL);

		if (told->value == counts.items[i].count)
			continue;
		told->value = counts.items[i].count;
		RECORD_SET(&r, TRACE, trace, counts.items[i].key);
		RECORD_SET(&r, COUNT, count, counts.items[i].count);
		err = session_put(s, &r);
	}
	vec_release(&counts);
	return err;
}

int hits_put_probes(struct session *s)
{
	struct {
		uint64_t seen, lost;
	} sums[VERB_NR] = {};
	int err = 0;

	for (uint32_t i = 0; i < s->spec_library.nr; i++) {
		const struct library *l = s->spec_library.items[i];
		enum rt_verb verb = l->binding->rows.items[WIRE_FIRST_ROW + i - l->first_spec].row->verb;
		struct wire_stats stats = kernel_stats(s->kernel, WIRE_FIRST_ROW + i);

		sums[verb].seen += stats.seen;
		sums[verb].lost += stats.lost;
	}
	for (int verb = 0; verb < VERB_NR && !err; verb++) {
		struct record r = {.kind = RECORD_PROBE};

		if (!sums[verb].seen && !sums[verb].lost)
			continue;
		RECORD_SET(&r, PROBE, probe, rt_verb_name(verb));
		RECORD_SET(&r, SEEN, seen, sums[verb].seen);
		RECORD_SET(&r, COUNT, count, sums[verb].lost);
		err = session_put(s, &r);
	}
	return err;
}
