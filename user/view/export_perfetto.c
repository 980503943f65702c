/*
 * export_perfetto.c: a Perfetto trace: below each process its devices, and below these for each pool a counter of its bytes
 * and the lives of its blocks; beside them phases, and what went wrong.
 */
#include "base/units.h"
#include "view/device_name.h"
#include "view/export.h"
#include "view/host_name.h"
#include "view/lives.h"
#include "view/perfetto_stacks.h"

#include <inttypes.h>
#include <string.h>

/* Lives overlap, slices of one track must not: a pool has as many tracks as blocks that lived at once. */
struct lane {
	uint64_t track, free_ns; /* since when nothing is on it */
};

struct pool_tracks {
	uint64_t counter, device;
	char *name;
	VEC(struct lane) free;
	bool changed;
};

struct process_tracks {
	uint64_t process, events, phases;
	bool in_phase;
};

struct perfetto {
	struct exporter x;
	struct lives lives;
	const struct selection *selection;
	struct str *out; /* of the record that is being put */
	const struct ledger *ledger;
	struct perfetto_stacks stacks;
	bool begun;
	uint64_t tracks; /* how many there are */
	uint64_t stream; /* track of what is about no process; 0: there is none yet */
	VEC(struct process_tracks) processes; /* by id - 1 */
	VEC(struct pool_tracks) pools;	      /* as lives.places */
	VEC(size_t) changed;		      /* pools */
	struct map devices;		      /* (process, number) -> track */
};

static struct process_tracks add_process(struct perfetto *p, const struct ledger_process *process)
{
	_cleanup_(str_release) struct str name = {}, command = {};
	struct process_tracks tracks = {.process = ++p->tracks, .events = ++p->tracks, .phases = ++p->tracks};

	str_add_escaped(&name, process->name);
	str_add_escaped(&command, process->command);
	/* There a pid is one process: those of several hosts are tracks with a name. */
	if (process->host) {
		str_addf(&name, " %d", process->pid);
		process_add_on_host(&name, process);
		perfetto_add_track(p->out, tracks.process, 0, str_text(&name));
	} else {
		perfetto_add_process(p->out, &(struct perfetto_process){
			.track = tracks.process,
			.pid = process->pid,
			.name = str_text(&name),
			.command = str_text(&command),
			.start_ns = process->start_ns,
			.has_start = process->has_start,
		});
	}
	perfetto_add_track(p->out, tracks.events, tracks.process, "events");
	perfetto_add_track(p->out, tracks.phases, tracks.process, "phases");
	return tracks;
}

/* The ledger may have others, of which nothing was told: they ended before the recording begins, or are behind a gap. */
static struct process_tracks *process_of(struct perfetto *p, const struct ledger_process *process)
{
	struct process_tracks *tracks;

	while (p->processes.nr < process->id)
		vec_push(&p->processes, ((struct process_tracks){}));
	tracks = &p->processes.items[process->id - 1];
	if (!tracks->process)
		*tracks = add_process(p, process);
	return tracks;
}

static uint64_t device_track(struct perfetto *p, const struct place *place)
{
	bool is_new;
	struct map_entry *e = map_put(&p->devices, place->process->id, place->device, &is_new);
	_cleanup_(str_release) struct str name = {};

	if (!is_new)
		return e->value;
	e->value = ++p->tracks;
	number_add_words(&name, place->process, place->device);
	perfetto_add_track(p->out, e->value, process_of(p, place->process)->process, str_text(&name));
	return e->value;
}

static struct pool_tracks *pool_of(struct perfetto *p, const struct place *place)
{
	_cleanup_(str_release) struct str name = {}, counter = {};
	struct pool_tracks tracks;

	if (place->index < p->pools.nr)
		return &p->pools.items[place->index];
	str_add_escaped(&name, place->pool);
	str_addf(&counter, "%s bytes", str_text(&name));
	str_add(&name, " blocks");
	tracks = (struct pool_tracks){.device = device_track(p, place), .name = xstrdup(str_text(&name))};
	tracks.counter = ++p->tracks;
	perfetto_add_counter(p->out, tracks.counter, tracks.device, str_text(&counter));
	vec_push(&p->pools, tracks);
	return &p->pools.items[place->index];
}

static void change(struct perfetto *p, const struct place *place)
{
	struct pool_tracks *pool = pool_of(p, place);

	if (!pool->changed)
		vec_push(&p->changed, place->index);
	pool->changed = true;
}

/* A track on which nothing is at @time_ns, nor later. */
static uint64_t take_lane(struct perfetto *p, struct pool_tracks *pool, uint64_t time_ns)
{
	if (pool->free.nr && pool->free.items[pool->free.nr - 1].free_ns <= time_ns)
		return pool->free.items[--pool->free.nr].track;
	perfetto_add_track(p->out, ++p->tracks, pool->device, pool->name);
	return p->tracks;
}

static void add_name(struct str *name, const struct block *b)
{
	if (b->label && *b->label)
		str_add_escaped(name, b->label);
	else if (b->is_trace && b->has_trace)
		str_addf(name, "trace %" PRIu64, b->trace);
	else if (b->is_trace)
		str_add(name, "trace");
	else if (b->has_reserved)
		units_add_bytes(name, b->reserved);
	else
		str_add(name, "size ?");
}

static void begin(void *user, struct life *life, const struct block *b, const struct record *r)
{
	struct perfetto *p = user;
	const struct ledger_process *process = life->place->process;
	struct event arguments = {.tid = {r->tid, RECORD_HAS(r, TID)}};
	struct perfetto_event e = {.type = PERFETTO_BEGIN, .time_ns = r->time_ns, .arguments = &arguments};
	_cleanup_(str_release) struct str name = {};

	if (r->kind == RECORD_BLOCK && process->census_running)
		e.time_ns = process->attached_ns;
	e.track = life->data = take_lane(p, pool_of(p, life->place), e.time_ns);
	e.category = !life->seen ? "found" : b->is_trace ? "trace" : "allocation";
	add_name(&name, b);
	e.name = str_text(&name);
	event_set_block(&arguments, b);
	perfetto_stacks_set(&p->stacks, p->out, p->ledger, b, &e);
	perfetto_add_event(p->out, &e);
	change(p, life->place);
}

static void sized(void *user, struct life *life, const struct block *b, const struct record *r)
{
	(void)b;
	(void)r;
	change(user, life->place);
}

static void end(void *user, struct life *life, const struct record *r)
{
	struct perfetto *p = user;

	perfetto_add_event(p->out, &(struct perfetto_event){
		.type = PERFETTO_END, .time_ns = r->time_ns, .track = life->data});
	vec_push(&pool_of(p, life->place)->free, ((struct lane){life->data, r->time_ns}));
	change(p, life->place);
}

static void add_values(struct perfetto *p, uint64_t time_ns)
{
	for (size_t i = 0; i < p->changed.nr; i++) {
		size_t index = p->changed.items[i];

		p->pools.items[index].changed = false;
		perfetto_add_value(p->out, time_ns, p->pools.items[index].counter, p->lives.places.items[index]->reserved);
	}
	vec_clear(&p->changed);
}

static void add_phase_name(struct str *name, const struct event *event, bool as_instant)
{
	bool replay = as_instant && !strcmp(event->phase, "execution");

	str_add(name, replay ? "first replay" : event->phase);
	if (event->trace.has)
		str_addf(name, " of trace %" PRIu64, event->trace.value);
}

/* A slice as long as the phase, and an instant where it begins. */
static void add_phase(struct perfetto *p, const struct ledger_process *process, const struct event *event)
{
	struct process_tracks *tracks = process_of(p, process);
	_cleanup_(str_release) struct str slice = {}, instant = {};
	struct perfetto_event e = {.time_ns = event->time_ns, .category = "phase", .arguments = event};

	if (!strcmp(event->state, "end")) {
		if (tracks->in_phase)
			perfetto_add_event(p->out, &(struct perfetto_event){
				.type = PERFETTO_END, .time_ns = event->time_ns, .track = tracks->phases});
		tracks->in_phase = false;
		return;
	}
	tracks->in_phase = true;
	add_phase_name(&slice, event, false);
	add_phase_name(&instant, event, true);
	e.type = PERFETTO_BEGIN;
	e.track = tracks->phases;
	e.name = str_text(&slice);
	perfetto_add_event(p->out, &e);
	e.type = PERFETTO_INSTANT;
	e.track = tracks->events;
	e.name = str_text(&instant);
	perfetto_add_event(p->out, &e);
}

static uint64_t stream_track(struct perfetto *p)
{
	if (!p->stream) {
		p->stream = ++p->tracks;
		perfetto_add_track(p->out, p->stream, 0, "pooltrace");
	}
	return p->stream;
}

static void add_instant(struct perfetto *p, const struct ledger_process *process, const struct event *event)
{
	static const char *const categories[][2] = {
		{"attach", "process"}, {"detach", "process"}, {"failed", "failure"},	   {"retract", "failure"},
		{"lost", "loss"},      {"unread", "loss"},    {"correction", "correction"}, {"check", "correction"},
	};
	struct perfetto_event e = {.type = PERFETTO_INSTANT, .time_ns = event->time_ns, .name = event->name, .arguments = event};

	for (size_t i = 0; i < ARRAY_SIZE(categories) && !e.category; i++)
		if (!strcmp(categories[i][0], event->name))
			e.category = categories[i][1];
	if (!e.category)
		return;
	e.track = process ? process_of(p, process)->events : stream_track(p);
	perfetto_add_event(p->out, &e);
}

static void put(struct exporter *x, struct str *out, const struct record *r, const struct effect *e)
{
	struct perfetto *p = (struct perfetto *)x;
	struct events events;

	p->out = out;
	p->ledger = e->ledger;
	if (!p->begun)
		perfetto_add_begin(out, r->time_ns);
	p->begun = true;
	if (r->kind == RECORD_ATTACH && !e->checkpoint)
		process_of(p, e->process);
	all_events_of(r, e, p->selection, &events);
	for (size_t i = 0; i < events.nr; i++)
		if (events.items[i].phase)
			add_phase(p, e->process, &events.items[i]);
		else
			add_instant(p, e->process, &events.items[i]);
	lives_apply(&p->lives, r, e);
	add_values(p, r->time_ns);
}

static void finish(struct exporter *x, struct str *out, const struct ledger *l)
{
	struct perfetto *p = (struct perfetto *)x;

	/* A file without a packet is no trace. */
	if (!p->begun)
		perfetto_add_begin(out, l->time_ns);
}

static void free_exporter(struct exporter *x)
{
	struct perfetto *p = (struct perfetto *)x;

	for (size_t i = 0; i < p->pools.nr; i++) {
		free(p->pools.items[i].name);
		vec_release(&p->pools.items[i].free);
	}
	vec_release(&p->processes);
	vec_release(&p->pools);
	vec_release(&p->changed);
	map_release(&p->devices);
	lives_release(&p->lives);
	perfetto_stacks_release(&p->stacks);
	free(p);
}

struct exporter *export_perfetto_new(const struct export_options *o)
{
	static const struct lives_user calls = {.begin = begin, .sized = sized, .end = end};
	struct perfetto *p = xcalloc(1, sizeof(*p));

	p->x = (struct exporter){.put = put, .finish = finish, .free = free_exporter};
	p->selection = o->selection;
	p->lives = (struct lives){.user = p, .calls = &calls, .selection = o->selection};
	return &p->x;
}
