#include "view/log_event.h"

#include <string.h>

static struct known known(uint64_t value)
{
	return (struct known){.value = value, .has = true};
}

/* What is said of every event: when, who, where. */
static struct event base_event(const char *name, const struct record *r, const struct effect *e)
{
	struct event event = {.name = name, .time_ns = r->time_ns, .pool = r->pool};

	if (e->process) {
		event.host = e->process->host;
		event.pid = known((uint64_t)e->process->pid);
	} else if (RECORD_HAS(r, PID)) {
		event.pid = known(r->pid);
	}
	if (RECORD_HAS(r, TID))
		event.tid = known(r->tid);
	if (e->device && e->device->held)
		event.device = e->device;
	if (e->arena)
		event.pool = e->arena->pool;
	return event;
}

static struct event *add(struct events *events, struct event event)
{
	BUG_ON(events->nr == EVENTS_MAX);
	events->items[events->nr] = event;
	return &events->items[events->nr++];
}

/* Of inner layers a process lists the pools only where they were asked for. */
static bool process_lists(const struct ledger_process *p, const char *pool)
{
	for (size_t i = 0; p && i < p->pools.nr; i++)
		if (!strcmp(p->pools.items[i], pool))
			return true;
	return false;
}

/* What is not known is not left out. */
static bool selected(const struct record *r, const struct effect *e, const struct selection *s)
{
	const char *pool = e->arena ? e->arena->pool : r->kind == RECORD_CB_FREE ? e->process->core : r->pool;

	if (pool && pool_is_inner(pool) && !process_lists(e->process, pool))
		return false;
	if (e->device && e->device->held && !selection_has_device(s, e->device))
		return false;
	return !pool || (e->has_block ? selection_has_block(s, pool, &e->block) : selection_has_pool(s, pool));
}

void event_set_block(struct event *event, const struct block *b)
{
	event->sized = true;
	event->address = known(b->address);
	if (b->has_reserved)
		event->reserved = known(b->reserved);
	if (b->has_asked)
		event->asked = known(b->asked);
	if (b->is_trace && b->has_trace)
		event->trace = known(b->trace);
	if (b->has_id)
		event->id = known(b->id);
	event->layout = b->layout;
	event->label = b->label;
}

static void add_alloc(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("alloc", r, e));

	event_set_block(event, &e->block);
	event->reserved.has = RECORD_HAS(r, RESERVED);
	event->replaced = e->replaced;
}

static void add_free(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("free", r, e));

	event->sized = true;
	event->address = known(r->address);
	event->unknown_free = e->unknown_free;
	if (e->has_block)
		event_set_block(event, &e->block);
}

/* The blocks of a pool that are freed at once; a pool that was empty is no event. */
static void add_clear(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event;

	if (!e->cleared)
		return;
	event = add(events, base_event("free", r, e));
	event->buffers = known(e->cleared);
	event->reserved = known(e->cleared_bytes);
	event->reason = r->reason && !strcmp(r->reason, "gone") ? "gone" : "clear";
}

/* A program that was refused, for want of room for its circular buffers. */
static void set_refused(struct event *event, const struct record *r)
{
	event->sized = false;
	event->limit = (struct known){r->address, RECORD_HAS(r, ADDRESS)};
	event->end = (struct known){r->end, RECORD_HAS(r, END)};
}

static void add_failed(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("failed", r, e));

	event->sized = true;
	event->reserved = (struct known){r->reserved, RECORD_HAS(r, RESERVED)};
	event->asked = (struct known){r->asked, RECORD_HAS(r, ASKED)};
	event->reason = r->reason;
	event->code = (struct known){r->code, RECORD_HAS(r, CODE)};
	if (failed_is_clash(r))
		set_refused(event, r);
}

static void add_cb_free(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("cb-free", r, e));

	event->pool = e->process->core;
	event->reason = r->reason;
}

/* A program's circular buffers, when all of them are told. */
static void add_placed(struct events *events, const struct circular_placed *placed, const struct selection *s)
{
	const struct device *d;
	struct event *event;
	const char *pool;
	uint64_t base;

	if (!placed->process)
		return;
	d = placed->device && placed->device->held ? placed->device : NULL;
	pool = placed->process->core;
	if ((d && !selection_has_device(s, d)) || (pool && !selection_has_pool(s, pool)))
		return;
	event = add(events, (struct event){.name = "cb", .time_ns = placed->time_ns, .device = d, .pool = pool});
	event->host = placed->process->host;
	event->pid = known((uint64_t)placed->process->pid);
	event->tid = known(placed->tid);
	event->buffers = known(placed->buffers);
	if (placed->end)
		event->end = known(placed->end);
	if (d && device_code(d, &base))
		event->core_bytes = known(placed->end > base ? placed->end - base : 0);
}

static void add_retract(struct events *events, const struct record *r, const struct effect *e)
{
	add(events, base_event("retract", r, e));
}

static void add_correction(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("correction", r, e));

	event->reason = r->reason;
	if (e->has_block) {
		event_set_block(event, &e->block);
	} else if (!strcmp(r->reason, "gone")) {
		event->buffers = known(e->cleared);
		event->reserved = known(e->cleared_bytes);
	} else if (RECORD_HAS(r, ADDRESS)) {
		event->address = known(r->address);
	}
}

static void add_lost(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("lost", r, e));

	event->count = known(r->count);
	event->from_ns = (struct known){r->from_ns, RECORD_HAS(r, FROM_NS)};
}

static void add_unread(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("unread", r, e));

	event->count = known(r->count);
	event->probe = r->probe;
}

/* A check that finds what the one before found is no news: a log is silent while nothing happens. */
static void add_check(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event;

	if (r->equal && !e->check_changed)
		return;
	event = add(events, base_event("check", r, e));
	event->equal = known(r->equal);
	event->partial = (struct known){r->partial, RECORD_HAS(r, PARTIAL)};
}

/* @placed: it happens in a pool, so that the selection decides. */
static const struct {
	void (*add)(struct events *events, const struct record *r, const struct effect *e);
	bool placed;
} kinds[RECORD_NR] = {
	[RECORD_ALLOC] = {add_alloc, true},	[RECORD_FREE] = {add_free, true},
	[RECORD_CLEAR] = {add_clear, true},	[RECORD_FAILED] = {add_failed, true},
	[RECORD_RETRACT] = {add_retract, false}, [RECORD_CORRECTION] = {add_correction, true},
	[RECORD_LOST] = {add_lost, false},	[RECORD_UNREAD] = {add_unread, false},
	[RECORD_CHECK] = {add_check, false},	[RECORD_CB_FREE] = {add_cb_free, true},
};

static const char *why(const struct record *r, const struct effect *e)
{
	if (r->kind == RECORD_REPLAY && e->from == PHASE_UNKNOWN && e->process->before_attach)
		return "first replay since pooltrace attached";
	return e->why;
}

static void add_phase(struct events *events, const struct record *r, const struct effect *e, bool begins)
{
	enum phase phase = begins ? e->to : e->from;
	struct event *event;

	if (phase == PHASE_UNKNOWN || phase == PHASE_NONE)
		return;
	event = add(events, base_event("phase", r, e));
	event->phase = phase_name(phase);
	event->state = begins ? "begin" : "end";
	event->reason = why(r, e);
	/* It is the process's, whatever memory the record is about. */
	event->pool = NULL;
	event->device = NULL;
	if (begins)
		event->trace = (struct known){e->process->phase_trace, e->process->has_phase_trace};
	else
		event->trace = (struct known){e->from_trace, e->has_from_trace};
}

static void add_stack(struct events *events, const struct effect *e)
{
	for (size_t i = 0; i < events->nr; i++)
		if (!strcmp(events->items[i].name, "alloc")) {
			events->items[i].stack = e->block.stack;
			events->items[i].ledger = e->ledger;
		}
}

/* Of a record, what it tells of may have been before it. */
static void drop_untimely(struct events *events, const struct selection *s)
{
	size_t nr = 0;

	for (size_t i = 0; i < events->nr; i++)
		if (selection_has_time(s, events->items[i].time_ns))
			events->items[nr++] = events->items[i];
	events->nr = nr;
}

void events_of(const struct record *r, const struct effect *e, const struct selection *s, struct events *ret)
{
	ret->nr = 0;
	if (e->checkpoint)
		return;
	add_placed(ret, &e->placed, s);
	if (kinds[r->kind].add && (!kinds[r->kind].placed || selected(r, e, s)))
		kinds[r->kind].add(ret, r, e);
	if (e->process && e->why) {
		add_phase(ret, r, e, false);
		add_phase(ret, r, e, true);
	}
	if (s && s->stacks && r->kind == RECORD_ALLOC)
		add_stack(ret, e);
	if (s && s->timed)
		drop_untimely(ret, s);
}

static void add_attach(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("attach", r, e));

	event->process = r->name;
	event->command = r->command;
	event->runtime = r->runtime;
}

/* A file in which the process is traced. */
static void add_module(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("module", r, e));
	const ledger_sites *sites = &e->module->sites;
	uint64_t probes = 0;

	for (size_t i = 0; i < sites->nr; i++)
		probes += sites->items[i].probed;
	event->path = RECORD_HAS(r, PATH) ? r->path : e->module->path;
	event->build_id = e->module->build_id;
	event->version = e->module->version;
	event->count = known(probes);
}

static void add_detach(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("detach", r, e));

	event->reason = r->reason;
	event->buffers = known(e->cleared);
	event->reserved = known(e->cleared_bytes);
}

static void add_block(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("block", r, e));

	event_set_block(event, &e->block);
	event->replaced = e->replaced;
}

static void add_replays(struct events *events, const struct record *r, const struct effect *e)
{
	struct event *event = add(events, base_event("replays", r, e));

	event->trace = (struct known){r->trace, RECORD_HAS(r, TRACE)};
	event->count = known(r->count);
}

/* As kinds[], of what events_of() has nothing to say. */
static const struct {
	void (*add)(struct events *events, const struct record *r, const struct effect *e);
	bool placed;
} more_kinds[RECORD_NR] = {
	[RECORD_ATTACH] = {add_attach, false},
	[RECORD_USES] = {add_module, false},
	[RECORD_DETACH] = {add_detach, false},
	[RECORD_BLOCK] = {add_block, true},
	[RECORD_REPLAYS] = {add_replays, false},
};

void all_events_of(const struct record *r, const struct effect *e, const struct selection *s, struct events *ret)
{
	events_of(r, e, s, ret);
	if (!e->checkpoint && more_kinds[r->kind].add && (!more_kinds[r->kind].placed || selected(r, e, s)))
		more_kinds[r->kind].add(ret, r, e);
}
