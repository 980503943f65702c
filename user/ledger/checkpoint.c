#include "ledger/checkpoint.h"

#include "base/str.h"
#include "ledger/checkpoint_parts.h"
#include "ledger/describe.h"

#include <string.h>

struct record checkpoint_record(const struct checkpoint *c, enum record_kind kind)
{
	struct record r = {.kind = kind};

	RECORD_SET(&r, TIME_NS, time_ns, c->time_ns);
	return r;
}

void checkpoint_put(struct checkpoint *c, const struct record *r)
{
	if (!c->err)
		c->err = sink_put(c->to, r);
}

struct record checkpoint_state(const struct checkpoint *c, const char *name)
{
	struct record r = checkpoint_record(c, RECORD_STATE);

	RECORD_SET(&r, NAME, name, name);
	return r;
}

static void put_member(struct checkpoint *c, const struct member *m, const void *object)
{
	struct record r;

	if (m->type == MEMBER_TEXT ? !member_text(m, object) : !member_number(m, object))
		return;
	r = checkpoint_state(c, m->name);
	if (m->type == MEMBER_TEXT)
		RECORD_SET(&r, TAG, tag, member_text(m, object));
	else
		RECORD_SET(&r, COUNT, count, member_number(m, object));
	checkpoint_put(c, &r);
}

void checkpoint_put_members(struct checkpoint *c, enum shape shape, const void *object)
{
	for (size_t i = 0; i < shape_descs[shape].nr; i++)
		if (shape_descs[shape].members[i].type != MEMBER_ELSEWHERE)
			put_member(c, &shape_descs[shape].members[i], object);
}

static void set_source(struct record *r, uint64_t number)
{
	if (number)
		RECORD_SET(r, SOURCE, source, number);
}

static void put_totals(struct checkpoint *c, const struct ledger *l)
{
	checkpoint_put_members(c, SHAPE_LEDGER, l);
	for (size_t i = 0; i < l->probes.nr; i++) {
		struct record r = checkpoint_record(c, RECORD_PROBE);

		RECORD_SET(&r, PROBE, probe, l->probes.items[i].probe);
		RECORD_SET(&r, SEEN, seen, l->probes.items[i].seen);
		RECORD_SET(&r, COUNT, count, l->probes.items[i].lost);
		if (l->probes.items[i].has_left)
			RECORD_SET(&r, LEFT, left, l->probes.items[i].left);
		set_source(&r, l->probes.items[i].source);
		checkpoint_put(c, &r);
	}
	for (size_t i = 0; i < l->sources.nr; i++) {
		struct record r = checkpoint_state(c, "source");

		set_source(&r, i + 1);
		checkpoint_put(c, &r);
		checkpoint_put_members(c, SHAPE_SOURCE, &l->sources.items[i]);
	}
}

static void put_attach(struct checkpoint *c, const struct ledger_process *p)
{
	_cleanup_(str_release) struct str pools = {};
	struct record r = checkpoint_record(c, RECORD_ATTACH);

	/* An empty name is one only if a comma follows. */
	for (size_t i = 0; i < p->pools.nr; i++)
		str_addf(&pools, "%s%s", p->pools.items[i], i + 1 < p->pools.nr || !*p->pools.items[i] ? "," : "");
	describe_process(&r, p);
	set_source(&r, p->source);
	if (p->host)
		RECORD_SET(&r, HOST, host, p->host);
	if (p->copy > 1)
		RECORD_SET(&r, COPY, copy, p->copy);
	RECORD_SET(&r, POOLS, pools, str_text(&pools));
	RECORD_SET(&r, ADVICE, advice, p->advice);
	if (p->has_gap)
		RECORD_SET(&r, GAP_NS, gap_ns, p->gap_ns);
	if (p->visible)
		RECORD_SET(&r, VISIBLE, visible, p->visible);
	if (p->core)
		RECORD_SET(&r, CORE, core, p->core);
	checkpoint_put(c, &r);
	checkpoint_put_members(c, SHAPE_PROCESS, p);
}

static void put_driver(struct checkpoint *c, const struct ledger_process *p, const struct driver_figure *f)
{
	struct record r = checkpoint_record(c, RECORD_DRIVER);

	RECORD_SET(&r, PROCESS, process, p->id);
	RECORD_SET(&r, NAME, name, f->driver);
	RECORD_SET(&r, PATH, path, f->device);
	RECORD_SET(&r, POOL, pool, f->region);
	RECORD_SET(&r, LABEL, label, f->source);
	if (f->has_before) {
		struct record before = r;

		RECORD_SET(&before, REASON, reason, "attach");
		RECORD_SET(&before, FROM_NS, from_ns, f->before_ns);
		RECORD_SET(&before, BYTES, bytes, f->before);
		checkpoint_put(c, &before);
	}
	RECORD_SET(&r, BYTES, bytes, f->now);
	if (!f->has_before || f->now != f->before)
		checkpoint_put(c, &r);
}

static void put_device(struct checkpoint *c, const struct ledger_process *p, const struct device *d)
{
	_cleanup_(str_release) struct str chips = {};
	struct record r = checkpoint_record(c, RECORD_DEVICE);

	for (size_t i = 0; i < d->chips.nr; i++)
		str_addf(&chips, "%s%u", i ? "," : "", d->chips.items[i]);
	RECORD_SET(&r, PROCESS, process, p->id);
	RECORD_SET(&r, OWNER, owner, d->owner);
	if (d->chips.nr)
		RECORD_SET(&r, CHIPS, chips, str_text(&chips));
	if (d->has_count)
		RECORD_SET(&r, COUNT, count, d->count);
	if (d->has_mesh)
		RECORD_SET(&r, MESH, mesh, d->mesh);
	if (d->has_parent)
		RECORD_SET(&r, PARENT, parent, d->parent);
	checkpoint_put(c, &r);
	checkpoint_put_members(c, SHAPE_DEVICE, d);
}

static void put_process(struct checkpoint *c, const struct ledger_process *p)
{
	put_attach(c, p);
	checkpoint_put_probes(c, p);
	for (size_t i = 0; i < p->drivers.nr; i++)
		put_driver(c, p, &p->drivers.items[i]);
	for (size_t i = 0; i < p->devices.nr; i++)
		put_device(c, p, p->devices.items[i]);
	for (struct map_entry *e = map_next(&p->replays_by_trace, NULL); e; e = map_next(&p->replays_by_trace, e)) {
		struct record r = checkpoint_record(c, RECORD_REPLAYS);

		RECORD_SET(&r, PROCESS, process, p->id);
		RECORD_SET(&r, TRACE, trace, e->a);
		RECORD_SET(&r, COUNT, count, e->value);
		checkpoint_put(c, &r);
	}
}

static void put_block(struct checkpoint *c, const struct arena *a, const struct block *b)
{
	struct record r = checkpoint_record(c, RECORD_BLOCK);

	describe_block(&r, a, b);
	RECORD_SET(&r, FROM_NS, from_ns, b->time_ns);
	if (!b->has_reserved)
		RECORD_SET(&r, PARTIAL, partial, 1);
	if (b->has_trace)
		RECORD_SET(&r, TRACE, trace, b->trace);
	if (b->is_trace)
		RECORD_SET(&r, TAG, tag, "trace");
	if (b->has_time)
		RECORD_SET(&r, SEEN, seen, 1);
	if (b->tid)
		RECORD_SET(&r, TID, tid, b->tid);
	if (b->stack)
		RECORD_SET(&r, STACK, stack, b->stack);
	checkpoint_put(c, &r);
}

static struct record arena_record(const struct checkpoint *c, const struct arena *a)
{
	struct record r = checkpoint_record(c, RECORD_ARENA);

	RECORD_SET(&r, PROCESS, process, a->process->id);
	RECORD_SET(&r, ARENA, arena, a->id);
	RECORD_SET(&r, ID, id, a->device->place);
	RECORD_SET(&r, OBJECT, object, a->object);
	RECORD_SET(&r, POOL, pool, a->pool);
	if (a->has_owner)
		RECORD_SET(&r, OWNER, owner, a->owner);
	if (a->figures.has_banks)
		RECORD_SET(&r, BANKS, banks, a->figures.banks);
	if (a->figures.has_capacity || a->bank_bytes)
		RECORD_SET(&r, BANK_BYTES, bank_bytes, a->bank_bytes);
	if (a->has_base)
		RECORD_SET(&r, BASE, base, a->base);
	if (a->align)
		RECORD_SET(&r, ALIGN, align, a->align);
	if (a->grain)
		RECORD_SET(&r, GRAIN, grain, a->grain);
	if (a->figures.peak_known)
		RECORD_SET(&r, REASON, reason, "new");
	return r;
}

static void put_arena(struct checkpoint *c, const struct arena *a)
{
	struct record r = arena_record(c, a);
	struct block b;

	checkpoint_put(c, &r);
	checkpoint_put_members(c, SHAPE_ARENA, a);
	checkpoint_put_members(c, SHAPE_USE, &a->use);
	for (size_t at = 0; !c->err && blocks_next(&a->blocks, &at, &b);)
		put_block(c, a, &b);
	checkpoint_put_members(c, SHAPE_FIGURES, &a->figures);
}

static void put_groups(struct checkpoint *c, const struct ledger_process *p)
{
	for (size_t i = 0; i < p->groups.nr; i++) {
		const struct chip_group *g = &p->groups.items[i];
		struct record r = checkpoint_state(c, "group");

		RECORD_SET(&r, ID, id, i);
		if (g->peaks.nr)
			checkpoint_put(c, &r);
		for (size_t k = 0; k < g->peaks.nr; k++) {
			r = checkpoint_state(c, "peak");
			checkpoint_put(c, &r);
			checkpoint_put_members(c, SHAPE_PEAK, &g->peaks.items[k]);
		}
	}
}

static void put_programs(struct checkpoint *c, const struct ledger_process *p)
{
	const struct map *programs = &p->circular.programs;

	checkpoint_put_members(c, SHAPE_CIRCULAR, &p->circular);
	for (struct map_entry *e = map_next(programs, NULL); e; e = map_next(programs, e)) {
		const struct circular_program *program = e->pointer;
		struct record r = checkpoint_state(c, "program");

		RECORD_SET(&r, PROGRAM, program, e->a);
		if (program->device)
			RECORD_SET(&r, ID, id, program->device->place);
		checkpoint_put(c, &r);
		checkpoint_put_members(c, SHAPE_PROGRAM, program);
	}
}

static void put_more(struct checkpoint *c, const struct ledger_process *p)
{
	struct record r = checkpoint_state(c, "process");

	RECORD_SET(&r, PROCESS, process, p->id);
	checkpoint_put(c, &r);
	put_groups(c, p);
	put_programs(c, p);
	if (p->history)
		checkpoint_put_history(c, p->history);
}

static void put_placed(struct checkpoint *c, const struct circular_placed *placed)
{
	struct record r = checkpoint_state(c, "placed");

	if (!placed->process)
		return;
	RECORD_SET(&r, PROCESS, process, placed->process->id);
	RECORD_SET(&r, PROGRAM, program, placed->program);
	if (placed->device)
		RECORD_SET(&r, ID, id, placed->device->place);
	checkpoint_put(c, &r);
	checkpoint_put_members(c, SHAPE_PLACED, placed);
}

int ledger_checkpoint(const struct ledger *l, struct sink *to)
{
	struct checkpoint c = {.to = to, .time_ns = l->time_ns};

	put_totals(&c, l);
	checkpoint_put_modules(&c, l);
	checkpoint_put_stacks(&c, l);
	for (size_t i = 0; i < l->processes.nr; i++)
		put_process(&c, l->processes.items[i]);
	for (size_t i = 0; i < l->arenas.nr; i++)
		put_arena(&c, l->arenas.items[i]);
	for (size_t i = 0; i < l->processes.nr; i++)
		put_more(&c, l->processes.items[i]);
	put_placed(&c, &l->placed);
	return c.err;
}

int ledger_put_checkpoint(void *ledger, struct sink *to)
{
	return ledger_checkpoint(ledger, to);
}
