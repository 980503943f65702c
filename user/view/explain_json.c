/* What the page of explain says, as JSON. docs/json.md is the contract. */
#include "view/explain_parts.h"

#include "view/device_name.h"
#include "view/hidden.h"
#include "view/json_device.h"
#include "view/json_core.h"
#include "view/json_object.h"

static void set_number_device(json_t *object, const struct ledger_process *p, unsigned int number)
{
	json_set_device(object, device_of_number(p, number));
}

static json_t *new_traces(const uint64_t *traces, size_t nr)
{
	json_t *array = json_array();

	for (size_t i = 0; i < nr; i++)
		if (traces[i] <= INT64_MAX)
			json_array_append_new(array, json_integer((json_int_t)traces[i]));
	return array;
}

static json_t *new_pool(const struct history_figures *f)
{
	json_t *pool = json_object();

	set_number(pool, "reserved", f->reserved);
	set_number(pool, "trace", f->trace);
	set_number(pool, "buffers", f->buffers);
	if (f->has_before)
		set(pool, "change", json_integer((json_int_t)(f->reserved - f->before)));
	if (f->is_core)
		json_set_core(pool, &f->circular, f->has_code, f->code);
	return pool;
}

/* The pools of one device: all figures from @first on that are its. */
static json_t *new_device(const struct ledger_process *p, const struct selection *s, const history_figures *figures, size_t first)
{
	const struct history_figures *f = &figures->items[first];
	json_t *device = json_object(), *pools = json_object();

	json_set_device(device, p->devices.items[f->device]);
	if (f->gone)
		set(device, "closed", json_true());
	for (size_t i = first; i < figures->nr && figures->items[i].device == f->device; i++) {
		_cleanup_(str_release) struct str key = {};

		if (!figures_selected(p, s, &figures->items[i]))
			continue;
		str_add_escaped(&key, figures->items[i].pool);
		set(pools, str_text(&key), new_pool(&figures->items[i]));
	}
	set(device, "pools", pools);
	return device;
}

static json_t *new_devices(const struct ledger_process *p, const struct selection *s, const history_figures *figures)
{
	json_t *devices = json_array();

	for (size_t i = 0; i < figures->nr; i++) {
		if (i && figures->items[i - 1].device == figures->items[i].device)
			continue;
		if (selection_has_device(s, p->devices.items[figures->items[i].device]))
			json_array_append_new(devices, new_device(p, s, figures, i));
	}
	return devices;
}

static json_t *new_phase(const struct ledger_process *p, const struct selection *s, const struct history_row *row,
			 const history_figures *figures)
{
	json_t *phase = json_object();

	set_text(phase, "phase", history_kind_name(row->kind));
	set(phase, "traces", new_traces(row->trace, row->nr_traces));
	set_number(phase, "times", row->times);
	set_number(phase, "begin_ns", row->begin_ns);
	if (row->end_ns)
		set_number(phase, "end_ns", row->end_ns);
	set_number(phase, "allocations", row->allocations);
	set_number(phase, "allocated", row->allocated);
	set_number(phase, "frees", row->frees);
	set_number(phase, "freed", row->freed);
	set_number(phase, "failed", row->failed);
	if (!row->replays_above || row->replays)
		set_number(phase, "replays", row->replays);
	if (row->replays_shared || row->replays_above)
		set(phase, "replays_shared", json_true());
	if (row->kind != HISTORY_LEFT_OUT)
		set(phase, "devices", new_devices(p, s, figures));
	return phase;
}

static json_t *new_phases(const struct ledger_process *p, const struct selection *s)
{
	const struct history *h = p->history;
	struct history_row running = h->running;
	json_t *phases = json_array();
	history_figures now = {};

	for (size_t i = 0; i < h->rows.nr; i++)
		json_array_append_new(phases, new_phase(p, s, &h->rows.items[i], &h->rows.items[i].figures));
	running.kind = history_kind_now(p);
	if (!h->ended)
		history_now(p, &now);
	json_array_append_new(phases, new_phase(p, s, &running, h->ended ? &h->running.figures : &now));
	vec_release(&now);
	return phases;
}

static json_t *new_trace(const struct ledger_process *p, const struct history_trace *t)
{
	const struct map_entry *e = map_get(&p->replays_by_trace, t->id, 0);
	uint64_t told = e ? e->value : 0;
	json_t *trace = json_object();

	set_number(trace, "trace", t->id);
	if (t->captured_ns)
		set_number(trace, "captured_ns", t->captured_ns);
	set_number(trace, "replays", told > t->replays_before ? told - t->replays_before : 0);
	if (t->has_buffer) {
		set_text(trace, "pool", t->pool);
		set_number(trace, "reserved", t->reserved);
	}
	if (t->released_ns)
		set_number(trace, "released_ns", t->released_ns);
	return trace;
}

static json_t *new_all_traces(const struct ledger_process *p)
{
	json_t *traces = json_array();

	for (size_t i = 0; i < p->history->traces.nr; i++)
		json_array_append_new(traces, new_trace(p, &p->history->traces.items[i]));
	return traces;
}

static json_t *new_meanwhile(const struct ledger_process *p, const struct selection *s)
{
	json_t *pools = json_object();

	for (size_t i = 0; i < p->history->meanwhile.nr; i++) {
		const struct history_meanwhile *m = &p->history->meanwhile.items[i];
		_cleanup_(str_release) struct str key = {};
		json_t *pool;

		if (!selection_has_pool(s, m->pool))
			continue;
		pool = json_object();
		set_number(pool, "allocations", m->allocations);
		set_number(pool, "allocated", m->allocated);
		set_number(pool, "frees", m->frees);
		set_number(pool, "freed", m->freed);
		str_add_escaped(&key, m->pool);
		set(pools, str_text(&key), pool);
	}
	return pools;
}

static json_t *new_advised(const struct ledger_process *p, const struct advised *a)
{
	json_t *object = json_object();

	set_number_device(object, p, a->device);
	set_text(object, "pool", a->pool);
	if (a->elsewhere)
		set_text(object, "lies_in", a->need.pool);
	set_number(object, "peak_bank", a->need.peak);
	set_number(object, "needed_bank", a->need.span);
	if (a->need.asked_known)
		set_number(object, "asked", a->need.asked);
	if (a->need.banks)
		set_number(object, "banks", a->need.banks);
	if (!a->elsewhere)
		set_number(object, "bank_bytes", a->need.bank_bytes);
	set_text(object, "argument", a->advice.argument);
	if (a->has_value)
		set_number(object, "value", a->value);
	if (a->has_value)
		set(object, "enough", json_boolean(a->known));
	if (a->has_becomes)
		set_number(object, "becomes_bank", a->becomes);
	return object;
}

static json_t *new_advice(const struct ledger_process *p, const struct selection *s)
{
	json_t *array = json_array();
	advised_list list = {};

	advised_list_fill(p, s, &list);
	for (size_t i = 0; i < list.nr; i++)
		if (list.items[i].need.known)
			json_array_append_new(array, new_advised(p, &list.items[i]));
	vec_release(&list);
	return array;
}

static json_t *new_holders(const struct history_failure *f)
{
	json_t *holders = json_array();

	for (size_t i = 0; i < f->nr_holders; i++) {
		const struct history_holder *h = &f->holders[i];
		json_t *holder = json_object();

		if (!h->rest)
			set_number(holder, "size", h->reserved);
		set_number(holder, "buffers", h->buffers);
		set_number(holder, "reserved", h->bytes);
		if (!h->rest)
			set(holder, "trace", json_boolean(h->trace));
		set_text(holder, "label", h->label);
		json_array_append_new(holders, holder);
	}
	return holders;
}

static void set_bank(json_t *object, const struct history_failure *f)
{
	if (f->has_needed)
		set_number(object, "needed_bank", f->needed);
	if (f->has_bank) {
		set_number(object, "bank_bytes", f->bank_bytes);
		set_number(object, "allocated_bank", f->allocated);
		set_number(object, "free_bank", f->free);
	}
	if (f->has_largest)
		set_number(object, "largest_free", f->largest_free);
}

static json_t *new_failure(const struct ledger_process *p, const struct history_failure *f)
{
	json_t *object = json_object();

	set_number(object, "number", f->number);
	set_number(object, "time_ns", f->time_ns);
	set_number(object, "times", f->times);
	set_number(object, "tid", f->tid);
	set_text(object, "during", history_kind_name(f->during));
	if (f->has_trace)
		set_number(object, "trace", f->trace);
	if (f->has_device)
		set_number_device(object, p, f->device);
	set_text(object, "pool", f->pool);
	set_text(object, "cause", history_cause_name(f->cause));
	if (f->has_asked)
		set_number(object, "asked", f->asked);
	if (history_is_program(f)) {
		set_number(object, "end", f->end);
		set_number(object, "limit", f->limit);
	} else {
		set_bank(object, f);
	}
	set(object, "holders", new_holders(f));
	return object;
}

static json_t *new_failures(const struct ledger_process *p, const struct selection *s)
{
	const struct history *h = p->history;
	json_t *failures = json_array();

	for (size_t i = 0; i < h->failures.nr; i++)
		if (failure_selected(p, s, &h->failures.items[i]))
			json_array_append_new(failures, new_failure(p, &h->failures.items[i]));
	return failures;
}

static json_t *new_hidden_list(const struct ledger_process *p, const struct selection *s)
{
	json_t *array = json_array();
	hidden_list list = {};

	hidden_list_fill(p, s, &list);
	for (size_t i = 0; i < list.nr; i++) {
		json_t *object = json_object();

		json_set_device(object, list.items[i].device);
		set_text(object, "pool", list.items[i].pool);
		set_text(object, "label", list.items[i].label);
		set_number(object, "buffers", list.items[i].buffers);
		set_number(object, "reserved", list.items[i].reserved);
		json_array_append_new(array, object);
	}
	vec_release(&list);
	return array;
}

static json_t *new_process(const struct ledger_process *p, const struct selection *s)
{
	json_t *object = json_object();

	json_set_process(object, p);
	set_text(object, "runtime", p->runtime);
	set_number(object, "attached_ns", p->attached_ns);
	set_text(object, "ended", p->ended);
	set_text(object, "coverage", process_partial(p) ? "partial" : "exact");
	set(object, "from_begin", json_boolean(history_from_begin(p)));
	set_number(object, "phases_seen", p->history->phases);
	set(object, "phases", new_phases(p, s));
	if (p->history->captured_ns)
		set_number(object, "captured_ns", p->history->captured_ns);
	set_number(object, "replays", p->replays);
	set(object, "traces", new_all_traces(p));
	set(object, "outside_of_traces", new_meanwhile(p, s));
	set(object, "hidden", new_hidden_list(p, s));
	set(object, "advice", new_advice(p, s));
	set_number(object, "failed", p->history->failed);
	set(object, "failures", new_failures(p, s));
	return object;
}

void explain_add_json(struct str *out, const struct ledger *l, const struct explain_options *o)
{
	json_t *page = new_page(l->time_ns), *processes = json_array();

	for (size_t i = 0; i < l->processes.nr; i++)
		if (explain_shows(l, l->processes.items[i], o))
			json_array_append_new(processes, new_process(l->processes.items[i], o->selection));
	set(page, "processes", processes);
	set_number(page, "events", l->events);
	set_number(page, "lost", l->lost);
	set_number(page, "corrections", l->corrections);
	add_line(out, page);
}
