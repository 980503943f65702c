/* What a record of one stream is in the whole. */
#include "ledger/merge_parts.h"

#include "base/units.h"

#include <string.h>

/* Two pooltraces see the start of a process through clocks of their own. */
#define SAME_START_NS NS_PER_SEC

static int put(struct merge *m, struct merge_input *in, const struct record *r, struct sink *to)
{
	const struct totals before = totals_of(m->l);
	struct totals now;

	if (ledger_apply(m->l, r, NULL))
		return MERGE_CONTRADICTION;
	now = totals_of(m->l);
	totals_add(&in->counted, &now, &before);
	in->put_ns = r->time_ns;
	return sink_put(to, r);
}

/* ---- checkpoints ---- */

static int put_mark(const struct merge *m, const struct record *r, const char *reason, struct sink *to)
{
	struct record mark = {.kind = RECORD_CHECKPOINT};
	int err;

	RECORD_SET(&mark, TIME_NS, time_ns, r->time_ns);
	RECORD_SET(&mark, REASON, reason, reason);
	err = ledger_apply(m->l, &mark, NULL);
	return err ? err : sink_put(to, &mark);
}

/* Where a graft's records go: to the whole. */
struct grafted {
	struct sink sink, *to;
	struct ledger *l;
};

static int put_grafted(struct sink *sink, const struct record *r)
{
	struct grafted *grafted = (struct grafted *)sink;
	int err = ledger_apply(grafted->l, r, NULL);

	return err ? err : sink_put(grafted->to, r);
}

/* All that the part has gets a number. False: it has less than was there before, or too many sources. */
static bool define_part(struct merge_input *in)
{
	const struct ledger *part = in->part;
	const size_t nr[] = {[NUMBERED_PROCESS] = part->processes.nr, [NUMBERED_ARENA] = part->arenas.nr,
			     [NUMBERED_RUNTIME] = part->runtimes.nr,  [NUMBERED_MODULE] = part->modules.nr,
			     [NUMBERED_FRAME] = part->frames.nr,      [NUMBERED_STACK] = part->stacks.nr};
	uint64_t ignored;

	for (size_t i = 0; i < ARRAY_SIZE(nr); i++)
		if (nr[i] < in->renumber.numbers[i].nr)
			return false;
	for (size_t i = 0; in->renumber.sources && i < part->processes.nr; i++)
		if (renumber_source(&in->renumber, part->processes.items[i]->source, &ignored))
			return false;
	for (size_t i = 0; in->renumber.sources && i < part->probes.nr; i++)
		if (renumber_source(&in->renumber, part->probes.items[i].source, &ignored))
			return false;
	for (size_t i = 1; in->renumber.sources && i <= part->sources.nr; i++)
		if (renumber_source(&in->renumber, i, &ignored))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(nr); i++)
		renumber_define(&in->renumber, (enum numbered)i, nr[i]);
	return true;
}

static void own_processes(struct merge *m, const struct merge_input *in)
{
	while (m->owners.nr < m->numbers.nr[NUMBERED_PROCESS])
		vec_push(&m->owners, (size_t)(in - m->inputs));
}

/* The checkpoint is whole: what it says takes the place of what was known of this stream. */
static int graft(struct merge *m, struct merge_input *in, const struct record *end, struct sink *to)
{
	struct grafted grafted = {.sink.put = put_grafted, .to = to, .l = m->l};
	struct graft g = {.whole = m->l, .part = in->part, .renumber = &in->renumber, .counted = &in->counted, .host = in->stream->host};
	const struct totals part = totals_of(in->part);
	int err;

	if (end->time_ns < m->l->time_ns || !define_part(in))
		return MERGE_CONTRADICTION;
	own_processes(m, in);
	err = put_mark(m, end, "begin", to);
	if (!err)
		err = ledger_graft(&g, &grafted.sink);
	if (!err)
		err = put_mark(m, end, "end", to);
	in->counted = part;
	return err;
}

/* Is it part of a checkpoint? Then what it does is in *@ret. */
static bool take_checkpoint(struct merge *m, struct merge_input *in, const struct record *r, struct sink *to, int *ret)
{
	struct effect effect;
	bool end;
	int err;

	if (!in->part && r->kind != RECORD_CHECKPOINT && r->kind != RECORD_STATE)
		return false;
	if (!in->part)
		in->part = ledger_new();
	err = ledger_apply(in->part, r, &effect);
	end = !in->part->restore;
	if (effect.checkpoint && end && !err)
		*ret = graft(m, in, r, to);
	else if (effect.checkpoint && err)
		*ret = MERGE_CONTRADICTION;
	if (end) {
		ledger_free(in->part);
		in->part = NULL;
	}
	return effect.checkpoint;
}

/* ---- ticks, hosts, processes that are in several streams ---- */

/* A table is of all: the streams take turns. */
static void take_tick(struct merge *m, const struct merge_input *in, struct record *r)
{
	if (m->leader == m->nr || (m->inputs[m->leader].ended && r->time_ns > m->table_ns))
		m->leader = (size_t)(in - m->inputs);
	if (&m->inputs[m->leader] == in) {
		m->table_ns = r->time_ns;
		return;
	}
	*r = (struct record){.kind = RECORD_SETTLED,
			     .has = FIELD_BIT(TIME_NS) | FIELD_BIT(SOURCE),
			     .time_ns = r->time_ns,
			     .source = r->source};
}

static bool is_same(const struct ledger_process *p, const struct record *r)
{
	uint64_t apart = p->start_ns > r->start_ns ? p->start_ns - r->start_ns : r->start_ns - p->start_ns;
	bool same_host = p->host && r->host ? !strcmp(p->host, r->host) : !p->host && !r->host;

	return p->pid == (int)r->pid && same_host && p->has_start && RECORD_HAS(r, START_NS) && apart < SAME_START_NS &&
	       p->copy == (r->copy > 1 ? r->copy : 1);
}

static int put_detach(struct merge *m, struct merge_input *in, const struct ledger_process *p, uint64_t time_ns, struct sink *to)
{
	struct record r = {.kind = RECORD_DETACH};

	RECORD_SET(&r, TIME_NS, time_ns, time_ns);
	RECORD_SET(&r, PROCESS, process, p->id);
	RECORD_SET(&r, PID, pid, (uint64_t)p->pid);
	RECORD_SET(&r, REASON, reason, "detached");
	return put(m, in, &r, to);
}

/* Another stream has watched this process: to its end, or it still does. */
static int before_attach(struct merge *m, const struct merge_input *in, const struct record *r, struct sink *to)
{
	for (size_t i = 0; i < m->l->processes.nr; i++) {
		struct merge_input *other = &m->inputs[m->owners.items[i]];
		int err = 0;

		if (other == in || m->l->processes.items[i]->ended || !is_same(m->l->processes.items[i], r))
			continue;
		if (other->ended)
			err = put_detach(m, other, m->l->processes.items[i], r->time_ns, to);
		else
			m->twice++;
		if (err)
			return err;
	}
	return 0;
}

int merge_end(struct merge *m, struct merge_input *in, struct sink *to)
{
	for (size_t i = 0; in->renumber.sources && i < in->renumber.numbers[NUMBERED_SOURCE].nr; i++) {
		uint64_t source = in->renumber.numbers[NUMBERED_SOURCE].items[i];
		struct record r = {.kind = RECORD_END};
		int err;

		if (!source || (source <= m->l->sources.nr && m->l->sources.items[source - 1].ended_ns))
			continue;
		RECORD_SET(&r, TIME_NS, time_ns, m->l->time_ns);
		RECORD_SET(&r, SOURCE, source, source);
		/* What it was found to be wrong at came later than all that could be believed. */
		if (in->put_ns < r.time_ns)
			RECORD_SET(&r, FROM_NS, from_ns, in->put_ns);
		err = put(m, in, &r, to);
		if (err)
			return err;
	}
	return 0;
}

int merge_take(struct merge *m, struct merge_input *in, struct record *r, struct sink *to)
{
	int err = 0;

	if (take_checkpoint(m, in, r, to, &err))
		return err;
	if (renumber_apply(&in->renumber, r))
		return MERGE_CONTRADICTION;
	if (r->kind == RECORD_ATTACH && in->stream->host && !RECORD_HAS(r, HOST))
		RECORD_SET(r, HOST, host, in->stream->host);
	if (ledger_check(m->l, r)) {
		renumber_undo(&in->renumber, r);
		return MERGE_CONTRADICTION;
	}
	if (r->kind == RECORD_TICK)
		take_tick(m, in, r);
	if (r->kind == RECORD_ATTACH) {
		own_processes(m, in);
		err = before_attach(m, in, r, to);
	}
	if (!err)
		err = put(m, in, r, to);
	/* Of this gap the stream itself knows nothing: what it tells behind it does not count it. */
	if (!err && in->mark & MARK_OURS)
		in->counted.gaps--;
	return err;
}
