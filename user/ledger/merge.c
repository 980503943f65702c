#include "ledger/merge.h"

#include "ledger/merge_parts.h"

#include <stdlib.h>
#include <string.h>

struct merge *merge_new(struct merge_stream **streams, size_t nr)
{
	struct merge *m = xcalloc(1, sizeof(*m));

	m->l = ledger_new();
	m->inputs = xcalloc(nr, sizeof(*m->inputs));
	m->nr = nr;
	m->leader = nr;
	for (size_t i = 0; i < nr; i++) {
		struct merge_input *in = &m->inputs[i];

		in->stream = streams[i];
		in->renumber = (struct renumber){
			.whole = &m->numbers, .sources = nr > 1, .shift_ns = streams[i]->shift_ns};
	}
	return m;
}

void merge_free(struct merge *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->nr; i++) {
		queue_release(&m->inputs[i].queue);
		renumber_release(&m->inputs[i].renumber);
		ledger_free(m->inputs[i].part);
	}
	vec_release(&m->owners);
	ledger_free(m->l);
	free(m->inputs);
	free(m);
}

const struct ledger *merge_ledger(const struct merge *m)
{
	return m->l;
}

uint64_t merge_twice(const struct merge *m)
{
	return m->twice;
}

/* ---- what comes in ---- */

static void put_gap(struct merge_input *in, uint64_t time_ns)
{
	struct record r = {.kind = RECORD_GAP};

	RECORD_SET(&r, TIME_NS, time_ns, time_ns);
	if (in->last_ns)
		RECORD_SET(&r, FROM_NS, from_ns, in->last_ns);
	queue_put(&in->queue, &r, MARK_GAP | MARK_OURS);
}

static void note_gaps(struct merge_input *in, uint64_t time_ns)
{
	for (unsigned int gaps = in->stream->gaps(in->stream); in->gaps < gaps; in->gaps++)
		put_gap(in, time_ns);
}

static int put_in(struct sink *sink, const struct record *r)
{
	struct merge_input *in = (struct merge_input *)sink;

	note_gaps(in, r->time_ns);
	queue_put(&in->queue, r, in->stream->in_gap(in->stream) ? MARK_GAP : 0);
	in->last_ns = r->time_ns;
	return 0;
}

static void pull(struct merge_input *in)
{
	int more = in->stream->pull(in->stream, &in->sink);

	if (more > 0)
		return;
	in->pulled = true;
	in->stream->err = more;
	if (in->last_ns)
		note_gaps(in, in->last_ns);
}

/* Have its next record at hand, if there is one. */
static void fetch(struct merge_input *in)
{
	while (!in->has_next && !in->ended) {
		in->has_next = queue_take(&in->queue, &in->next, &in->mark);
		if (in->has_next)
			renumber_shift(&in->renumber, &in->next);
		else if (in->pulled)
			in->ended = true;
		else
			pull(in);
	}
}

/* ---- order ---- */

static bool is_before(const struct merge_input *a, const struct merge_input *b)
{
	return a->next.time_ns < b->next.time_ns || (a->next.time_ns == b->next.time_ns && a < b);
}

/* The input whose turn it is; NULL: all have ended. In *@ret_second the one after it. */
static struct merge_input *choose(struct merge *m, struct merge_input **ret_second)
{
	struct merge_input *first = NULL, *second = NULL;

	for (size_t i = 0; i < m->nr; i++) {
		struct merge_input *in = &m->inputs[i];

		fetch(in);
		if (!in->has_next)
			continue;
		if (!first || is_before(in, first)) {
			second = first;
			first = in;
		} else if (!second || is_before(in, second)) {
			second = in;
		}
	}
	*ret_second = second;
	return first;
}

/* The next record of @in contradicts those before it: nothing of it can be relied on any more. */
static void end_input(struct merge_input *in)
{
	in->stream->contradiction = kind_descs[in->next.kind].name;
	in->has_next = false;
	in->ended = true;
	queue_release(&in->queue);
}

static int take_next(struct merge *m, struct merge_input *in, struct sink *to)
{
	struct record r = in->next;
	int err;

	in->stream->records += !(in->mark & MARK_OURS);
	err = merge_take(m, in, &r, to);
	if (err != MERGE_CONTRADICTION) {
		in->has_next = false;
		return err;
	}
	if (in->mark & MARK_GAP) {
		in->has_next = false;
		return 0;
	}
	end_input(in);
	return 0;
}

int merge_run(struct merge *m, struct sink *to)
{
	for (size_t i = 0; i < m->nr; i++)
		m->inputs[i].sink.put = put_in;
	for (;;) {
		struct merge_input *second, *in = choose(m, &second);

		if (!in)
			return 0;
		/* As long as it is its turn, the others need not be looked at. */
		do {
			int err = take_next(m, in, to);

			fetch(in);
			if (!err && in->ended)
				err = merge_end(m, in, to);
			if (err)
				return err;
		} while (in->has_next && (!second || is_before(in, second)));
	}
}
