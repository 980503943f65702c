#include "view/json.h"
#include "view/call_stack.h"

#include "base/units.h"
#include "view/device_rows.h"
#include "view/driver_words.h"
#include "view/event_fields.h"
#include "view/json_core.h"
#include "view/json_device.h"
#include "view/json_object.h"
#include "view/json_state.h"

#include <string.h>

static json_t *new_pool(const struct ledger_process *p, const struct chip_group *g, const char *pool, const struct figures *f)
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
	if (chip_group_largest_free(g, pool, &largest))
		set_number(object, "largest_free", largest);
	if (!f->trace_unknown)
		set_number(object, "trace", f->trace);
	if (pool == p->core)
		json_set_group_core(object, g);
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

static json_t *new_pools(const struct ledger_process *p, const struct chip_group *g, const struct selection *s)
{
	json_t *pools = json_object();

	for (size_t i = 0; i < p->pools.nr; i++) {
		const char *pool = p->pools.items[i];
		struct str key = {};
		struct figures f;

		if (!chip_group_figures(g, pool, &f))
			continue;
		str_add_escaped(&key, pool);
		if (selection_has_pool(s, pool))
			set(pools, str_text(&key), new_pool(p, g, pool, &f));
		else if (selection_seeks_trace(s) && (f.trace || f.trace_unknown))
			set(pools, str_text(&key), new_trace_part(&f));
		str_release(&key);
	}
	return pools;
}

/* What a row of the table is about, and its figures. */
static void set_row(json_t *object, const struct device_row *row, const struct selection *s)
{
	struct figures f;

	json_set_group(object, row->nr_processes > 1 ? NULL : row->process, &row->group);
	selection_figures(s, &row->group, &f);
	set_number(object, "buffers", f.buffers);
	set(object, "pools", new_pools(row->process, &row->group, s));
}

static json_t *new_devices(const struct ledger_process *p, const struct selection *s, bool by_mesh)
{
	json_t *devices = json_array();
	device_rows rows = {};

	device_rows_add(&rows, p, s, by_mesh);
	for (size_t i = 0; i < rows.nr; i++) {
		json_t *object = json_object();

		set_row(object, &rows.items[i], s);
		json_array_append_new(devices, object);
	}
	device_rows_release(&rows);
	return devices;
}

static json_t *new_pids(const struct device_row *row)
{
	json_t *pids = json_array();

	for (size_t i = 0; i < row->nr_processes; i++)
		json_array_append_new(pids, json_integer(device_row_process(row, i)->pid));
	return pids;
}

/* What several processes have on the same chips; nothing where there are none. */
static void set_sums(json_t *state, const struct ledger *l, const struct selection *s)
{
	json_t *sums = json_array();
	device_rows rows = {};

	device_rows_add_sums(&rows, l, s);
	for (size_t i = 0; i < rows.nr; i++) {
		json_t *object = json_object();

		set_text(object, "host", rows.items[i].process->host);
		set_text(object, "runtime", rows.items[i].process->runtime);
		set_text(object, "visible", rows.items[i].process->visible);
		set(object, "pids", new_pids(&rows.items[i]));
		set_row(object, &rows.items[i], s);
		json_array_append_new(sums, object);
	}
	if (rows.nr)
		set(state, "sums", sums);
	else
		json_decref(sums);
	device_rows_release(&rows);
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

static json_t *new_process(const struct ledger *l, const struct ledger_process *p, const struct selection *s, bool by_mesh)
{
	json_t *object = json_object();

	json_set_process(object, p);
	set_text(object, "runtime", p->runtime);
	set_number(object, "attached_ns", p->attached_ns);
	if (p->has_gap)
		set_number(object, "gap_ns", p->gap_ns);
	set_text(object, "visible", p->visible);
	set_text(object, "ended", p->ended);
	if (p->ended)
		set_number(object, "ended_ns", p->ended_ns);
	set_phase(object, l, p);
	set_text(object, "coverage", process_partial(p) ? "partial" : "exact");
	if (!p->before_attach && !p->census_running && !ledger_from_books(l))
		set_number(object, "failed_allocations", p->failed);
	if (p->core && !ledger_from_books(l))
		set_number(object, "refused_programs", p->clashes);
	if (p->drivers.nr)
		set(object, "drivers", drivers_new_json(p));
	set(object, "devices", new_devices(p, s, by_mesh));
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

/* The sum of all sources; of one that has no probe of this name before it. */
static json_t *new_probe(const struct ledger *l, size_t first)
{
	struct probe_count sum = {};
	json_t *probe;

	for (size_t i = 0; i < l->probes.nr; i++) {
		if (l->probes.items[i].probe != l->probes.items[first].probe)
			continue;
		if (i < first)
			return NULL;
		sum.seen += l->probes.items[i].seen;
		sum.lost += l->probes.items[i].lost;
		sum.left += l->probes.items[i].left;
		sum.has_left |= l->probes.items[i].has_left;
	}
	probe = json_object();
	set_text(probe, "probe", l->probes.items[first].probe);
	set_number(probe, "seen", sum.seen);
	set_number(probe, "lost", sum.lost);
	if (sum.has_left)
		set_number(probe, "left", sum.left);
	return probe;
}

static void set_probes(json_t *object, const struct ledger *l)
{
	json_t *probes = json_array();

	for (size_t i = 0; i < l->probes.nr; i++) {
		json_t *probe = new_probe(l, i);

		if (probe)
			json_array_append_new(probes, probe);
	}
	if (l->probes.nr)
		set(object, "probes", probes);
	else
		json_decref(probes);
}

json_t *json_new_state(const struct ledger *l, const struct selection *selection, bool by_mesh)
{
	json_t *state = new_page(l->time_ns), *processes = json_array();

	for (size_t i = 0; i < l->processes.nr; i++)
		if (process_shown(l, l->processes.items[i]))
			json_array_append_new(processes, new_process(l, l->processes.items[i], selection, by_mesh));
	set(state, "processes", processes);
	if (!by_mesh)
		set_sums(state, l, selection);
	set_number(state, "events", l->events);
	set_number(state, "lost", l->lost);
	set_number(state, "corrections", l->corrections);
	set_number(state, "unread", l->unread);
	set_number(state, "unknown_frees", l->unknown_frees);
	set_number(state, "replaced", l->replaced);
	if (l->unstacked)
		set_number(state, "unstacked", l->unstacked);
	set_check(state, l);
	set_probes(state, l);
	return state;
}

void json_add_state(struct str *out, const struct ledger *l, const struct selection *selection, bool by_mesh)
{
	add_line(out, json_new_state(l, selection, by_mesh));
}

static void set_field(json_t *object, const struct event *event, const struct event_field *field)
{
	struct str text = {};
	uint64_t number;

	if (!event_get(event, field, &text, &number))
		return;
	if (field->type == EVENT_TEXT)
		set(object, field->name, json_string(str_text(&text)));
	else if (field->type == EVENT_YES_NO || field->type == EVENT_FLAG)
		set(object, field->name, json_boolean(number));
	else if (field->type == EVENT_SIGNED)
		set(object, field->name, json_integer((json_int_t)number));
	else
		set_number(object, field->name, number);
	str_release(&text);
}

static json_t *new_event(const struct event *event)
{
	json_t *object = json_object();

	for (size_t i = 0; i < EVENT_FIELDS_NR; i++)
		set_field(object, event, &event_fields[i]);
	if (event->stack)
		call_stack_set_json(object, event->ledger, event->stack);
	return object;
}

void json_add_event_line(struct str *out, const struct event *event)
{
	add_line(out, new_event(event));
}

void json_add_event(struct str *out, const struct record *r, const struct effect *e, const struct selection *selection)
{
	struct events events;

	events_of(r, e, selection, &events);
	for (size_t i = 0; i < events.nr; i++)
		json_add_event_line(out, &events.items[i]);
}
