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
	const struct watched *w = session_watched(s, process);

	return w && w->books ? books_owner_of_device(w->books, object) : 0;
}

uint64_t hits_holder(struct decode_target *t, uint64_t process, uint64_t address, unsigned int layer)
{
	const struct session *s = (struct session *)((char *)t - offsetof(struct session, target));
	const struct ledger_process *p = ledger_process(s->ledger, process);
	uint64_t found = 0;

	for (size_t i = 0; p && i < p->devices.nr; i++)
		for (size_t k = 0; k < p->devices.items[i]->arenas.nr; k++) {
			const struct arena *a = p->devices.items[i]->arenas.items[k];

			if (a->gone || !blocks_get(&a->blocks, address, NULL))
				continue;
			if (layer_of_pool(a->pool) == layer)
				return a->id;
			found = found ? found : a->id;
		}
	return found;
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
	struct watched *w = session_watched(s, r->process);
	struct record copy = *r;

	if (!w)
		return session_put(s, &copy);
	touch(s, w, r);
	if (r->kind == RECORD_ALLOC || r->kind == RECORD_FREE)
		forget_in_flight(w, r->address);
	if (r->kind == RECORD_ALLOC && stacks_join(s, &copy))
		return s->out_err;
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
	for (size_t i = 0; i < s->watched.nr && hit->spec == WIRE_EXEC; i++)
		if (s->watched.items[i]->process.pid == w->process.pid)
			s->watched.items[i]->execed = true;
	return 0;
}

/* Who wants to know of threads that move gets to know it from the hits of any runtime of the process. */
static void note_moved(struct session *s, const struct bound_row *row, const struct wire_hit *hit)
{
	for (size_t i = 0; i < s->watched.nr; i++) {
		const struct watched *w = s->watched.items[i];

		if (w->moved && w->process.pid == (int)hit->tgid)
			map_put(w->moved, hit->tid, 0, NULL)->value = row->row->verb == VERB_BEGIN ? hit->time_ns : 0;
	}
}

static int receive(struct session *s, const struct wire_hit *hit)
{
	struct watched *first = session_find(s, (int)hit->tgid), *w = first;
	uint64_t index = hit->spec - WIRE_FIRST_ROW;
	const struct bound_row *row;
	struct library *l;

	if (hold_receive(s->hold, hit) || !w || w->execed)
		return 0;
	if (hit->spec < WIRE_FIRST_ROW)
		return receive_event(s, w, hit);
	if (index >= s->spec_library.nr)
		return 0;
	l = s->spec_library.items[index];
	row = &l->binding->rows.items[hit->spec - l->first_spec];
	w = first->library == l ? first : session_find_copy(s, (int)hit->tgid, l);
	s->current = w;
	if (!w || hit->time_ns < w->armed_ns)
		return decoder_skip(s->decoder, first->id, hit);
	note_moved(s, row, hit);
	return decoder_hit(s->decoder, w->id, l->binding, row, hit);
}

int hits_receive(void *context, const struct wire_hit *hit)
{
	struct session *s = context;
	int err;

	s->hit = hit;
	err = receive(s, hit);
	s->hit = NULL;
	return err;
}

static const struct library *library_of_spec(const struct session *s, uint32_t spec)
{
	return spec - WIRE_FIRST_ROW < s->spec_library.nr ? s->spec_library.items[spec - WIRE_FIRST_ROW] : NULL;
}

int hits_put_counts(struct session *s, struct watched *w)
{
	kernel_counts counts = {};
	int err = 0;

	kernel_read_counts(s->kernel, w->process.pid, &counts);
	for (size_t i = 0; i < counts.nr && !err; i++) {
		struct record r = watched_record(w, RECORD_REPLAYS);
		struct map_entry *told;

		if (library_of_spec(s, counts.items[i].spec) != w->library)
			continue;
		told = map_put(&w->replays, counts.items[i].key, 0, NULL);
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
		uint64_t seen, lost, entered, finished;
	} sums[VERB_NR] = {};
	int err = 0;

	for (uint32_t i = 0; i < s->spec_library.nr; i++) {
		const struct library *l = s->spec_library.items[i];
		enum rt_verb verb = l->binding->rows.items[WIRE_FIRST_ROW + i - l->first_spec].row->verb;
		struct kernel_stats stats = kernel_stats(s->kernel, WIRE_FIRST_ROW + i);

		sums[verb].seen += stats.seen;
		sums[verb].lost += stats.lost;
		sums[verb].entered += stats.entered;
		sums[verb].finished += stats.finished;
	}
	for (int verb = 0; verb < VERB_NR && !err; verb++) {
		struct record r = {.kind = RECORD_PROBE};

		if (!sums[verb].seen && !sums[verb].lost && !sums[verb].entered)
			continue;
		RECORD_SET(&r, PROBE, probe, rt_verb_name(verb));
		RECORD_SET(&r, SEEN, seen, sums[verb].seen);
		RECORD_SET(&r, COUNT, count, sums[verb].lost);
		if (sums[verb].entered)
			RECORD_SET(&r, LEFT, left, sums[verb].entered - sums[verb].finished);
		err = session_put(s, &r);
	}
	return err;
}
