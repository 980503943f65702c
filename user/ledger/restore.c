/* A checkpoint read: a ledger made of records beside the one that is there, whose place it takes when it is whole. */
#include "ledger/checkpoint_parts.h"

#include "ledger/figures.h"
#include "ledger/history_parts.h"

#include <errno.h>
#include <string.h>

void restore_forget_place(struct restore *s)
{
	memset(s->at, 0, sizeof(s->at));
	s->process = NULL;
	s->arena = NULL;
	s->group = NULL;
	s->row = NULL;
	s->failure = NULL;
}

int restore_arena_end(struct restore *s)
{
	struct arena *a = s->arena;
	const struct figures *told = &s->told, *f = a ? &a->figures : NULL;

	if (!a)
		return 0;
	if (told->buffers != f->buffers || told->reserved != f->reserved || told->asked != f->asked ||
	    told->asked_unknown != f->asked_unknown || told->trace != f->trace || told->trace_unknown != f->trace_unknown ||
	    (a->gone && f->buffers))
		return -EINVAL;
	a->figures.peak = told->peak;
	return 0;
}

static int on_attach(struct restore *s, const struct record *r)
{
	if (r->process != s->next->processes.nr + 1 || r->source > SOURCES_MAX || restore_arena_end(s))
		return -EINVAL;
	restore_forget_place(s);
	s->process = define_process(s->next, r);
	s->process->attached_ns = 0;
	s->at[SHAPE_PROCESS] = s->process;
	return 0;
}

static int on_device(struct restore *s, const struct record *r)
{
	struct device *d;

	if (!s->process || r->process != s->process->id)
		return -EINVAL;
	d = define_device(s->process, r->owner);
	device_describe(d, r);
	s->at[SHAPE_DEVICE] = d;
	return 0;
}

static int on_replays(struct restore *s, const struct record *r)
{
	if (!s->process || r->process != s->process->id)
		return -EINVAL;
	map_put(&s->process->replays_by_trace, r->trace, 0, NULL)->value = r->count;
	return 0;
}

static int on_arena(struct restore *s, const struct record *r)
{
	struct ledger_process *p = ledger_process(s->next, r->process);

	if (r->arena != s->next->arenas.nr + 1 || !p || !RECORD_HAS(r, ID) || r->id >= p->devices.nr || restore_arena_end(s))
		return -EINVAL;
	restore_forget_place(s);
	s->arena = define_arena(s->next, p, p->devices.items[r->id], r);
	s->told = (struct figures){};
	s->at[SHAPE_ARENA] = s->arena;
	s->at[SHAPE_USE] = &s->arena->use;
	s->at[SHAPE_FIGURES] = &s->told;
	return 0;
}

static int on_block(struct restore *s, const struct record *r)
{
	struct block b;

	if (!s->arena || r->arena != s->arena->id || r->process != s->arena->process->id ||
	    blocks_get(&s->arena->blocks, r->address, NULL))
		return -EINVAL;
	b = define_block(s->next, r);
	b.has_reserved = !r->partial;
	b.time_ns = r->from_ns;
	b.has_time = r->seen;
	b.before_attach = !b.has_time;
	arena_put(s->arena, &b, NULL);
	return 0;
}

static int on_probe(struct restore *s, const struct record *r)
{
	const struct probe_count count = {
		.probe = ledger_text(s->next, r->probe), .seen = r->seen, .lost = r->count, .source = r->source,
		.left = r->left, .has_left = RECORD_HAS(r, LEFT)};

	for (size_t i = 0; i < s->next->probes.nr; i++)
		if (s->next->probes.items[i].probe == count.probe && s->next->probes.items[i].source == count.source)
			return -EINVAL;
	vec_push(&s->next->probes, count);
	return 0;
}

static int on_driver(struct restore *s, const struct record *r)
{
	struct ledger_process *p = ledger_process(s->next, r->process);

	if (!p)
		return -EINVAL;
	define_driver(s->next, p, r);
	return 0;
}

static int on_traced(struct restore *s, const struct record *r)
{
	if (!traced_fits(s->next, r) || (RECORD_HAS(r, PROCESS) && (!s->process || r->process != s->process->id)))
		return -EINVAL;
	define_traced(s->next, s->process, r);
	return 0;
}

static int on_state(struct restore *s, const struct record *r)
{
	enum shape shape = SHAPE_LEDGER;
	const struct member *m = member_by_name(r->name, &shape);
	int err;

	if (!m) {
		err = restore_begin(s, r);
		s->unknown += err == -ENOENT;
		return err == -ENOENT ? 0 : err;
	}
	if (!s->at[shape] || r->count > m->most || (m->type == MEMBER_TEXT) != RECORD_HAS(r, TAG))
		return -EINVAL;
	if (m->type == MEMBER_TEXT)
		member_set_text(m, s->at[shape], ledger_text(s->next, r->tag));
	else
		member_set_number(m, s->at[shape], r->count);
	return 0;
}

/* @defines: not behind the first `state process`. */
static const struct {
	int (*apply)(struct restore *s, const struct record *r);
	bool defines;
} kinds[RECORD_NR] = {
	[RECORD_ATTACH] = {on_attach, true}, [RECORD_DEVICE] = {on_device, true}, [RECORD_REPLAYS] = {on_replays, true},
	[RECORD_ARENA] = {on_arena, true},   [RECORD_BLOCK] = {on_block, true},	  [RECORD_PROBE] = {on_probe, true},
	[RECORD_STATE] = {on_state, false},  [RECORD_RUNTIME] = {on_traced, true}, [RECORD_MODULE] = {on_traced, true},
	[RECORD_SITE] = {on_traced, true},     [RECORD_USES] = {on_traced, true},
	[RECORD_DRIVER] = {on_driver, true},   [RECORD_FRAME] = {on_traced, true}, [RECORD_STACK] = {on_traced, true},
};

static bool is_whole(const struct ledger_process *p)
{
	for (size_t i = 0; i < p->devices.nr; i++)
		if (p->devices.items[i]->held && !p->devices.items[i]->arenas.nr)
			return false;
	for (size_t i = 0; i < p->groups.nr; i++)
		if (p->groups.items[i].peaks.nr && p->groups.items[i].peaks.nr != p->pools.nr)
			return false;
	return !p->history || restore_history_whole(p);
}

int restore_define(struct restore *s)
{
	if (s->defined)
		return 0;
	if (restore_arena_end(s))
		return -EINVAL;
	for (size_t i = 0; i < s->next->processes.nr; i++)
		chips_group(s->next->processes.items[i]);
	s->defined = true;
	return 0;
}

/* All that is there is in it as well: numbers of processes, arenas and modules are never given again. */
static int check_whole(struct restore *s, const struct ledger *l)
{
	if (s->failed || restore_define(s) || s->next->processes.nr < l->processes.nr || s->next->arenas.nr < l->arenas.nr)
		return -EINVAL;
	if (s->next->modules.nr < l->modules.nr || s->next->runtimes.nr < l->runtimes.nr)
		return -EINVAL;
	if (s->next->frames.nr < l->frames.nr || s->next->stacks.nr < l->stacks.nr)
		return -EINVAL;
	for (size_t i = 0; i < s->next->processes.nr; i++)
		if (!is_whole(s->next->processes.items[i]))
			return -EINVAL;
	return 0;
}

/* What stays where it is in memory changes its contents, and what points to the new one is told. */
static void keep_processes(struct ledger *l, struct ledger *next)
{
	for (size_t i = 0; i < l->processes.nr; i++) {
		struct ledger_process *old = l->processes.items[i], *new = next->processes.items[i], contents = *old;

		*old = *new;
		*new = contents;
		next->processes.items[i] = old;
		l->processes.items[i] = new;
	}
	for (size_t i = 0; i < next->arenas.nr; i++)
		next->arenas.items[i]->process = next->processes.items[next->arenas.items[i]->process->id - 1];
	if (next->placed.process)
		next->placed.process = next->processes.items[next->placed.process->id - 1];
}

static void keep_arenas(struct ledger *l, struct ledger *next)
{
	for (size_t i = 0; i < l->arenas.nr; i++) {
		struct arena *old = l->arenas.items[i], *new = next->arenas.items[i], contents = *old;

		*old = *new;
		*new = contents;
		next->arenas.items[i] = old;
		l->arenas.items[i] = new;
	}
	for (size_t i = 0; i < next->arenas.nr; i++) {
		const struct arena *a = next->arenas.items[i];

		for (size_t k = 0; i < l->arenas.nr && k < a->device->arenas.nr; k++)
			if (a->device->arenas.items[k] == l->arenas.items[i])
				a->device->arenas.items[k] = next->arenas.items[i];
	}
}

static void give_texts(struct ledger *from, struct ledger *to)
{
	to->texts = from->texts;
	to->words = from->words;
	memset(&from->texts, 0, sizeof(from->texts));
	from->words = (struct words){};
}

static int restore_new(struct ledger *l)
{
	struct restore *s = xcalloc(1, sizeof(*s));

	restore_free(l);
	s->next = ledger_new();
	s->next->all_layers = l->all_layers;
	s->at[SHAPE_LEDGER] = s->next;
	/* What views have of texts stays valid. */
	give_texts(l, s->next);
	l->restore = s;
	return 0;
}

static void drop(struct restore *s)
{
	ledger_free(s->next);
	free(s);
}

void restore_free(struct ledger *l)
{
	if (!l->restore)
		return;
	give_texts(l->restore->next, l);
	drop(l->restore);
	l->restore = NULL;
}

static int restore_end(struct ledger *l)
{
	struct restore *s = l->restore;
	struct ledger old = *l;

	if (check_whole(s, l)) {
		restore_free(l);
		return -EINVAL;
	}
	keep_processes(l, s->next);
	keep_arenas(l, s->next);
	s->next->unknown_states = l->unknown_states + s->unknown;
	s->next->time_ns = l->time_ns;
	*l = *s->next;
	*s->next = old;
	s->next->restore = NULL;
	drop(s);
	return 0;
}

static bool may_be_in_one(const struct record *r)
{
	return r->kind == RECORD_CHECKPOINT || (r->kind > RECORD_NONE && r->kind < RECORD_NR && kinds[r->kind].apply);
}

bool restore_wants(struct ledger *l, const struct record *r)
{
	if (l->restore && !may_be_in_one(r))
		restore_free(l);
	return ledger_in_checkpoint(l, r);
}

static int take(struct restore *s, const struct record *r)
{
	if (s->failed || r->kind == RECORD_CHECKPOINT || (kinds[r->kind].defines && s->defined))
		return -EINVAL;
	return kinds[r->kind].apply(s, r);
}

static bool is_bound(const struct record *r, const char *reason)
{
	return r->kind == RECORD_CHECKPOINT && r->reason && !strcmp(r->reason, reason);
}

int restore_apply(struct ledger *l, const struct record *r)
{
	int err = -EINVAL;

	if (r->kind > RECORD_NONE && r->kind < RECORD_NR && !record_missing(r) && r->time_ns >= l->time_ns) {
		l->time_ns = r->time_ns;
		if (is_bound(r, "begin"))
			return restore_new(l);
		if (l->restore && is_bound(r, "end"))
			return restore_end(l);
		if (l->restore)
			err = take(l->restore, r);
	}
	if (err && l->restore)
		l->restore->failed = true;
	return err;
}
