#include "ledger/circular.h"

#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

struct circular_program *circular_program(struct ledger_process *p, uint64_t object)
{
	bool is_new;
	struct map_entry *e = map_put(&p->circular.programs, object, 0, &is_new);

	/* Whoever asks for it is about to change it. */
	p->circular.changes++;
	if (is_new)
		e->pointer = xcalloc(1, sizeof(struct circular_program));
	return e->pointer;
}

static void drop(struct ledger_process *p, uint64_t object)
{
	struct map_entry *e = map_get(&p->circular.programs, object, 0);

	if (!e)
		return;
	free(e->pointer);
	map_del(&p->circular.programs, object, 0);
}

static void note_placed(struct ledger *l, const struct ledger_process *p, const struct circular_program *program,
			const struct record *r)
{
	l->placed = (struct circular_placed){
		.process = p,
		.program = r->program,
		.time_ns = r->time_ns,
		.tid = r->tid,
		.buffers = program->buffers,
		.end = program->end,
		.device = program->device,
	};
}

void circular_put(struct ledger *l, struct ledger_process *p, const struct device *d, const struct record *r)
{
	struct circular_program *program = circular_program(p, r->program);
	uint64_t end;

	if (program->stale)
		*program = (struct circular_program){};
	program->device = d;
	program->buffers++;
	if (!r->placed && !__builtin_add_overflow(r->address, r->bytes, &end) && end > program->end)
		program->end = end;
	note_placed(l, p, program, r);
}

const struct device *circular_free(struct ledger_process *p, const struct record *r)
{
	struct map_entry *e = map_get(&p->circular.programs, r->program, 0);
	struct circular_program *program = e ? e->pointer : NULL;
	const struct device *d = program ? program->device : NULL;

	p->circular.changes++;
	if (program && r->reason && !strcmp(r->reason, "void"))
		program->stale = true;
	else
		drop(p, r->program);
	return d;
}

void circular_forget(struct ledger_process *p, const struct device *d)
{
	struct map kept = {};

	p->circular.changes++;
	for (struct map_entry *e = map_next(&p->circular.programs, NULL); e; e = map_next(&p->circular.programs, e)) {
		if (((struct circular_program *)e->pointer)->device == d)
			free(e->pointer);
		else
			map_put(&kept, e->a, 0, NULL)->pointer = e->pointer;
	}
	map_release(&p->circular.programs);
	p->circular.programs = kept;
}

void circular_release(struct ledger_process *p)
{
	p->circular.changes++;
	for (struct map_entry *e = map_next(&p->circular.programs, NULL); e; e = map_next(&p->circular.programs, e))
		free(e->pointer);
	map_release(&p->circular.programs);
}

void circular_doubt(const struct ledger *l, struct ledger_process *p)
{
	p->circular.doubted = l->arenas.nr;
}

bool circular_is_probe(const char *verb)
{
	static const char *const verbs[] = {"program", "cb", "cb_free", "cb_void"};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verb, verbs[i]))
			return true;
	return false;
}

bool failed_is_clash(const struct record *r)
{
	return !strcmp(r->reason, "clash") || !strcmp(r->reason, "overflow");
}

void circular_told(struct ledger *l, const struct record *r, struct circular_placed *ret)
{
	const struct ledger_process *p = l->placed.process;

	if (!p || (r->kind == RECORD_CB && r->process == p->id && r->program == l->placed.program))
		return;
	*ret = l->placed;
	l->placed = (struct circular_placed){};
}

struct arena *device_core_arena(const struct device *d)
{
	for (size_t i = 0; i < d->arenas.nr; i++) {
		struct arena *a = d->arenas.items[i];

		if (!a->gone && a->process->core && a->pool == a->process->core)
			return a;
	}
	return NULL;
}

bool device_code(const struct device *d, uint64_t *ret)
{
	const struct arena *a = device_core_arena(d);

	*ret = a ? a->base : 0;
	return a && a->has_base;
}

/* Where the lowest block begins, or the bank ends. False: neither is known. */
static bool lowest_used(struct arena *a, uint64_t *ret)
{
	uint64_t end = a->base + a->bank_bytes;
	bool known = blocks_lowest(&a->blocks, ret);

	if (a->figures.has_capacity && (!known || end < *ret))
		*ret = end;
	return known || a->figures.has_capacity;
}

static struct circular_sum sum_of(const struct circular *c, const struct device *d)
{
	struct circular_sum sum = {.as_of = c->changes + 1, .all = true};

	for (struct map_entry *e = map_next(&c->programs, NULL); e; e = map_next(&c->programs, e)) {
		const struct circular_program *program = e->pointer;

		if (!program->device || (program->device == d && program->stale))
			sum.all = false;
		if (program->device != d)
			continue;
		sum.programs++;
		if (!program->stale && program->end > sum.end)
			sum.end = program->end;
	}
	return sum;
}

/* The programs of the arena's device. */
static const struct circular_sum *programs_of(const struct arena *a)
{
	struct device *d = a->device;

	if (d->programs.as_of != a->process->circular.changes + 1)
		d->programs = sum_of(&a->process->circular, d);
	return &d->programs;
}

bool device_circular(const struct device *d, struct circular_figures *ret)
{
	struct arena *a = device_core_arena(d);
	const struct circular_sum *sum;
	uint64_t end, lowest;

	*ret = (struct circular_figures){};
	if (!a)
		return false;
	sum = programs_of(a);
	end = sum->end > a->base ? sum->end : a->base;
	ret->programs = sum->programs;
	if (!a->has_base || a->id <= a->process->circular.doubted)
		return true;
	ret->exact = sum->all && a->figures.peak_known;
	ret->known = ret->exact || ret->programs;
	ret->bytes = end - a->base;
	ret->has_room = ret->known && lowest_used(a, &lowest);
	if (ret->has_room)
		ret->room = lowest > end ? lowest - end : 0;
	return true;
}

bool chip_group_circular(const struct chip_group *g, struct circular_figures *ret)
{
	struct circular_figures f;
	bool any = false;

	*ret = (struct circular_figures){.exact = true};
	for (size_t i = 0; i < g->devices.nr; i++) {
		if (!device_circular(g->devices.items[i], &f))
			continue;
		any = true;
		ret->programs += f.programs;
		ret->known |= f.known;
		ret->exact &= f.exact;
		ret->bytes = f.bytes > ret->bytes ? f.bytes : ret->bytes;
		if (f.has_room && (!ret->has_room || f.room < ret->room))
			ret->room = f.room;
		ret->has_room |= f.has_room;
	}
	return any;
}
