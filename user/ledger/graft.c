#include "ledger/graft.h"

#include "ledger/checkpoint.h"
#include "ledger/history.h"
#include "ledger/ledger_parts.h"

/* Of the ledger's sums, which have one name in both structs. */
#define TOTALS(X) X(events) X(lost) X(corrections) X(unread) X(unknown_frees) X(unstacked) X(replaced) X(gaps)

struct totals totals_of(const struct ledger *l)
{
	return (struct totals){
#define X(member) .member = l->member,
		TOTALS(X)
#undef X
	};
}

void totals_add(struct totals *sum, const struct totals *now, const struct totals *before)
{
#define X(member) sum->member += now->member - before->member;
	TOTALS(X)
#undef X
}

static uint64_t number_of(const struct graft *g, enum numbered of, uint64_t number)
{
	return number ? renumber_of(g->renumber, of, number) : 0;
}

/* 0, where the stream has no sources and the whole neither. */
static uint64_t source_of(const struct graft *g, uint64_t source)
{
	return g->renumber->sources ? g->renumber->numbers[NUMBERED_SOURCE].items[source] : source;
}

static void renumber_history(const struct graft *g, struct history *h)
{
	for (size_t i = 0; i < h->failures.nr; i++)
		h->failures.items[i].arena = number_of(g, NUMBERED_ARENA, h->failures.items[i].arena);
	for (size_t i = 0; i < h->traces.nr; i++)
		h->traces.items[i].arena = number_of(g, NUMBERED_ARENA, h->traces.items[i].arena);
}

static void renumber_process(const struct graft *g, struct ledger_process *p)
{
	p->id = number_of(g, NUMBERED_PROCESS, p->id);
	p->source = source_of(g, p->source);
	if (!p->host && g->host)
		p->host = ledger_text(g->part, g->host);
	p->circular.doubted = number_of(g, NUMBERED_ARENA, p->circular.doubted);
	for (size_t i = 0; i < p->probes.uses.nr; i++)
		p->probes.uses.items[i].module = number_of(g, NUMBERED_MODULE, p->probes.uses.items[i].module);
	if (p->history)
		renumber_history(g, p->history);
}

static void renumber_part(const struct graft *g)
{
	struct ledger *part = g->part;

	for (size_t i = 0; i < part->processes.nr; i++)
		renumber_process(g, part->processes.items[i]);
	for (size_t i = 0; i < part->arenas.nr; i++) {
		part->arenas.items[i]->id = number_of(g, NUMBERED_ARENA, part->arenas.items[i]->id);
		blocks_renumber_stacks(&part->arenas.items[i]->blocks, g->renumber->numbers[NUMBERED_STACK].items);
	}
	for (size_t i = 0; i < part->modules.nr; i++) {
		part->modules.items[i].id = number_of(g, NUMBERED_MODULE, part->modules.items[i].id);
		part->modules.items[i].runtime = number_of(g, NUMBERED_RUNTIME, part->modules.items[i].runtime);
	}
	for (size_t i = 0; i < part->frames.nr; i++)
		part->frames.items[i].module = number_of(g, NUMBERED_MODULE, part->frames.items[i].module);
	for (size_t i = 0; i < part->stacks.nr; i++) {
		struct ledger_stack *s = &part->stacks.items[i];

		s->frame = (uint32_t)number_of(g, NUMBERED_FRAME, s->frame);
		s->parent = (uint32_t)number_of(g, NUMBERED_STACK, s->parent);
	}
	for (size_t i = 0; i < part->probes.nr; i++)
		part->probes.items[i].source = source_of(g, part->probes.items[i].source);
}

/* An array of the whole's items, with the part's items in their places. */
#define JOIN(ret, g, what, of)                                                                                   \
	do {                                                                                                     \
		for (size_t at = 0; at < (g)->whole->what.nr; at++)                                              \
			vec_push(&(ret)->what, (g)->whole->what.items[at]);                                      \
		for (size_t at = 0; at < (g)->part->what.nr; at++) {                                             \
			uint64_t number = number_of(g, of, at + 1);                                              \
                                                                                                                 \
			while ((ret)->what.nr < number)                                                          \
				vec_push(&(ret)->what, (g)->part->what.items[at]);                               \
			(ret)->what.items[number - 1] = (g)->part->what.items[at];                               \
		}                                                                                                \
	} while (0)

static bool is_of_part(const struct graft *g, uint64_t source)
{
	for (size_t i = 0; i < g->renumber->numbers[NUMBERED_SOURCE].nr; i++)
		if (source && g->renumber->numbers[NUMBERED_SOURCE].items[i] == source)
			return true;
	return !g->renumber->sources;
}

static void join_probes(struct ledger *ret, const struct graft *g)
{
	for (size_t i = 0; i < g->whole->probes.nr; i++)
		if (!is_of_part(g, g->whole->probes.items[i].source))
			vec_push(&ret->probes, g->whole->probes.items[i]);
	for (size_t i = 0; i < g->part->probes.nr; i++)
		vec_push(&ret->probes, g->part->probes.items[i]);
}

static void join_sources(struct ledger *ret, const struct graft *g)
{
	for (size_t i = 0; i < g->whole->sources.nr; i++)
		vec_push(&ret->sources, g->whole->sources.items[i]);
	for (size_t i = 1; i <= g->part->sources.nr; i++) {
		uint64_t source = source_of(g, i);

		if (!source)
			continue;
		define_source(ret, source);
		ret->sources.items[source - 1] = g->part->sources.items[i - 1];
	}
}

static void join_totals(struct ledger *ret, const struct graft *g)
{
	const struct totals part = totals_of(g->part);

#define X(member) ret->member = g->whole->member - g->counted->member + part.member;
	TOTALS(X)
#undef X
}

/* Shallow: what it points to are the whole's and the part's. */
static struct ledger join(const struct graft *g)
{
	struct ledger ret = {
		.time_ns = g->part->time_ns,
		.interval_ns = g->whole->interval_ns,
		.ticks = g->whole->ticks,
		.gaps_from_ns = g->whole->gaps_from_ns,
		.gaps_to_ns = g->whole->gaps_to_ns,
		.placed = g->part->placed,
	};
	const struct ledger_process *placing = g->whole->placed.process;

	if (!ret.placed.process && placing && !is_of_part(g, placing->source))
		ret.placed = g->whole->placed;

	JOIN(&ret, g, processes, NUMBERED_PROCESS);
	JOIN(&ret, g, arenas, NUMBERED_ARENA);
	JOIN(&ret, g, runtimes, NUMBERED_RUNTIME);
	JOIN(&ret, g, modules, NUMBERED_MODULE);
	JOIN(&ret, g, frames, NUMBERED_FRAME);
	JOIN(&ret, g, stacks, NUMBERED_STACK);
	join_probes(&ret, g);
	join_sources(&ret, g);
	join_totals(&ret, g);
	return ret;
}

int ledger_graft(const struct graft *g, struct sink *to)
{
	struct ledger joined;
	int err;

	renumber_part(g);
	joined = join(g);
	err = ledger_checkpoint(&joined, to);
	vec_release(&joined.processes);
	vec_release(&joined.arenas);
	vec_release(&joined.runtimes);
	vec_release(&joined.modules);
	vec_release(&joined.frames);
	vec_release(&joined.stacks);
	vec_release(&joined.probes);
	vec_release(&joined.sources);
	return err;
}
