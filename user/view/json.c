#include "view/json.h"

#include "base/units.h"
#include "view/json_object.h"
#include "view/log_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_known(json_t *object, const char *key, struct known n)
{
	if (n.has)
		set_number(object, key, n.value);
}

static json_t *new_pool(const struct device *d, const char *pool, const struct figures *f)
{
	json_t *object = json_object();
	uint64_t largest;

	set_number(object, "reserved", f->reserved);
	if (!f->asked_unknown)
		set_number(object, "asked", f->asked);
	set_number(object, "buffers", f->buffers);
	if (f->peak_known)
		set_number(object, "peak", f->peak);
	if (f->has_capacity)
		set_number(object, "capacity", f->capacity);
	if (device_largest_free(d, pool, &largest))
		set_number(object, "largest_free", largest);
	if (!f->trace_unknown)
		set_number(object, "trace", f->trace);
	return object;
}

/* A pool that is not selected, with trace memory that is. */
static json_t *new_trace_part(const struct figures *f)
{
	json_t *object = json_object();

	if (!f->trace_unknown)
		set_number(object, "trace", f->trace);
	return object;
}

static json_t *new_pools(const struct ledger_process *p, const struct device *d, const struct selection *s)
{
	json_t *pools = json_object();

	for (size_t i = 0; i < p->pools.nr; i++) {
		const char *pool = p->pools.items[i];
		struct str key = {};
		struct figures f;

		if (!device_figures(d, pool, &f))
			continue;
		str_add_escaped(&key, pool);
		if (selection_has_pool(s, pool))
			set(pools, str_text(&key), new_pool(d, pool, &f));
		else if (selection_seeks_trace(s) && (f.trace || f.trace_unknown))
			set(pools, str_text(&key), new_trace_part(&f));
		str_release(&key);
	}
	return pools;
}

static json_t *new_devices(const struct ledger_process *p, const struct selection *s)
{
	json_t *devices = json_array();

	for (size_t i = 0; i < p->devices.nr; i++) {
		const struct device *d = p->devices.items[i];
		struct figures f;
		char number[16];
		json_t *object;

		if (!device_shown(d) || !selection_has_device(s, d))
			continue;
		object = json_object();
		selection_figures(s, p, d, &f);
		snprintf(number, sizeof(number), "%u", d->number);
		set_text(object, "device", number);
		set_number(object, "buffers", f.buffers);
		set(object, "pools", new_pools(p, d, s));
		json_array_append_new(devices, object);
	}
	return devices;
}

static void set_phase(json_t *object, const struct ledger *l, const struct ledger_process *p)
{
	if (p->phase != PHASE_UNKNOWN)
		set_text(object, "phase", phase_name(p->phase));
	if (p->phase > PHASE_NONE && p->has_phase_start)
		set_number(object, "phase_start_ns", p->phase_start_ns);
	if (p->has_phase_trace)
		set_number(object, "trace", p->phase_trace);
	if (!ledger_from_books(l))
		set_number(object, "replays", p->replays);
}

static json_t *new_process(const struct ledger *l, const struct ledger_process *p, const struct selection *s)
{
	json_t *object = json_object();

	set_number(object, "pid", (uint64_t)p->pid);
	if (p->has_start)
		set_number(object, "start_time_ns", p->start_ns);
	set_text(object, "name", *p->name ? p->name : NULL);
	set_text(object, "command", *p->command ? p->command : NULL);
	set_text(object, "runtime", p->runtime);
	set_number(object, "attached_ns", p->attached_ns);
	set_text(object, "ended", p->ended);
	if (p->ended)
		set_number(object, "ended_ns", p->ended_ns);
	set_phase(object, l, p);
	set_text(object, "coverage", process_partial(p) ? "partial" : "exact");
	if (!p->before_attach && !p->census_running && !ledger_from_books(l))
		set_number(object, "failed_allocations", p->failed);
	set(object, "devices", new_devices(p, s));
	return object;
}

static void set_check(json_t *object, const struct ledger *l)
{
	uint64_t age_ns;
	json_t *check;
	bool equal;

	if (!ledger_checked(l, &age_ns, &equal))
		return;
	check = json_object();
	set_number(check, "age_ms", age_ns / NS_PER_MS);
	set(check, "equal", json_boolean(equal));
	set(object, "check", check);
}

static void set_probes(json_t *object, const struct ledger *l)
{
	json_t *probes = json_array();

	for (size_t i = 0; i < l->probes.nr; i++) {
		json_t *probe = json_object();

		set_text(probe, "probe", l->probes.items[i].probe);
		set_number(probe, "seen", l->probes.items[i].seen);
		set_number(probe, "lost", l->probes.items[i].lost);
		json_array_append_new(probes, probe);
	}
	if (l->probes.nr)
		set(object, "probes", probes);
	else
		json_decref(probes);
}

void json_add_state(struct str *out, const struct ledger *l, const struct selection *selection)
{
	json_t *state = json_object(), *processes = json_array();
	struct str time = {};

	units_add_time(&time, l->time_ns);
	set_number(state, "schema", SCHEMA);
	set_text(state, "time", str_text(&time));
	for (size_t i = 0; i < l->processes.nr; i++)
		if (process_shown(l, l->processes.items[i]))
			json_array_append_new(processes, new_process(l, l->processes.items[i], selection));
	set(state, "processes", processes);
	set_number(state, "events", l->events);
	set_number(state, "lost", l->lost);
	set_number(state, "corrections", l->corrections);
	set_number(state, "unread", l->unread);
	set_number(state, "unknown_frees", l->unknown_frees);
	set_number(state, "replaced", l->replaced);
	set_check(state, l);
	set_probes(state, l);
	add_line(out, state);
	str_release(&time);
}

static json_t *new_event(const struct event *event)
{
	json_t *object = json_object();
	char number[32];

	set_text(object, "event", event->name);
	set_number(object, "time_ns", event->time_ns);
	set_known(object, "pid", event->pid);
	set_known(object, "tid", event->tid);
	snprintf(number, sizeof(number), "%" PRIu64, event->device.value);
	set_text(object, "device", event->device.has ? number : NULL);
	set_text(object, "pool", event->pool);
	set_known(object, "reserved", event->reserved);
	set_known(object, "asked", event->asked);
	set_known(object, "address", event->address);
	set_text(object, "phase", event->phase);
	set_text(object, "state", event->state);
	set_text(object, "reason", event->reason);
	set_known(object, "trace", event->trace);
	set_known(object, "buffers", event->buffers);
	set_known(object, "count", event->count);
	set_known(object, "from_ns", event->from_ns);
	set_text(object, "probe", event->probe);
	if (event->equal.has)
		set(object, "equal", json_boolean(event->equal.value));
	if (event->partial.has)
		set(object, "partial", json_boolean(event->partial.value));
	if (event->unknown_free)
		set(object, "unknown", json_true());
	if (event->replaced)
		set(object, "replaced", json_true());
	return object;
}

void json_add_event(struct str *out, const struct record *r, const struct effect *e, const struct selection *selection)
{
	struct events events;

	events_of(r, e, selection, &events);
	for (size_t i = 0; i < events.nr; i++)
		add_line(out, new_event(&events.items[i]));
}
