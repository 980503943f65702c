#include "view/device_name.h"
#include "view/json_device.h"
#include "view/json_object.h"
#include "view/json_state.h"
#include "view/recorded.h"
#include "view/report_parts.h"

#include <string.h>

static json_t *new_recording(const struct report *r)
{
	json_t *object = json_object();

	set_text(object, "file", r->name);
	set_text(object, "tool", r->header->tool);
	set_text(object, "host", *r->header->host ? r->header->host : NULL);
	set_text(object, "kernel", *r->header->kernel ? r->header->kernel : NULL);
	if (r->header->wall_ns) {
		set_number(object, "wall_ns", r->header->wall_ns);
		set_number(object, "monotonic_ns", r->header->monotonic_ns);
	}
	if (r->begin_ns && !r->at)
		set_number(object, "begin_ns", r->begin_ns);
	if (r->begin_ns && r->to_ns == UINT64_MAX)
		set_number(object, "end_ns", r->l->time_ns);
	if (r->from_ns)
		set_number(object, "from_ns", r->from_ns);
	if (r->to_ns != UINT64_MAX)
		set_number(object, r->at ? "at_ns" : "to_ns", r->to_ns);
	return object;
}

/* Classes that are not empty, as the text tells them. */
static json_t *new_classes(const struct tally *amounts, const struct report_class *classes, size_t nr, const char *least)
{
	json_t *array = json_array();

	for (size_t i = 0; i < nr; i++) {
		struct tally a = report_amounts(amounts, classes[i].first, classes[i].end);
		json_t *object;

		if (!a.nr)
			continue;
		object = json_object();
		set_number(object, least, classes[i].least);
		set_number(object, "blocks", a.nr);
		set_number(object, "bytes", a.bytes);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *new_pool(const struct report_row *row)
{
	const struct arena_summary *sum = &row->sum;
	json_t *object = json_object();

	set_number(object, "reserved", row->end.reserved);
	set_number(object, "buffers", row->end.buffers);
	if (row->peak_known)
		set_number(object, "peak", row->peak);
	if (row->peak_known && row->peak)
		set_number(object, "peak_ns", row->peak_ns);
	if (row->end.has_capacity)
		set_number(object, "capacity", row->end.capacity);
	set_number(object, "allocations", sum->allocations.nr);
	if (!sum->unsized)
		set_number(object, "allocated", sum->allocations.bytes);
	set_number(object, "frees", sum->frees.nr);
	set_number(object, "freed", sum->frees.bytes);
	set_number(object, "found", sum->found.nr);
	set_number(object, "removed", sum->removed.nr);
	set_number(object, "replaced", sum->replaced);
	set_number(object, "unknown_frees", sum->unknown_frees);
	set_number(object, "failed", sum->failed);
	set_number(object, "ageless", sum->ageless.nr);
	set(object, "lifetimes", new_classes(sum->lives, report_lives, REPORT_LIVES, "least_ns"));
	set(object, "sizes", new_classes(sum->sizes, report_sizes, REPORT_SIZES, "least"));
	return object;
}

static json_t *new_device(const struct device *d)
{
	json_t *object = json_object();
	uint64_t count;

	json_set_device(object, d);
	if (device_chip_count(d, &count))
		set_number(object, "count", count);
	return object;
}

static void set_pool(json_t *pools, const struct report_row *row)
{
	_cleanup_(str_release) struct str key = {};

	str_add_escaped(&key, row->pool);
	set(pools, str_text(&key), new_pool(row));
}

/* Rows of one device follow one another. */
static json_t *new_devices(const struct ledger_process *p, const report_rows *rows)
{
	json_t *devices = json_array(), *device = NULL, *pools = NULL;
	const struct device *last = NULL;

	for (size_t i = 0; i < rows->nr; i++) {
		const struct report_row *row = &rows->items[i];

		if (row->process != p || !row->device)
			continue;
		if (row->device != last) {
			device = new_device(row->device);
			pools = json_object();
			set(device, "pools", pools);
			json_array_append_new(devices, device);
			last = row->device;
		}
		set_pool(pools, row);
	}
	return devices;
}

/* Failures of which nobody knows on which device, or in which pool, they were. */
static json_t *new_elsewhere(const struct ledger_process *p, const report_rows *rows)
{
	json_t *array = json_array();

	for (size_t i = 0; i < rows->nr; i++) {
		const struct report_row *row = &rows->items[i];
		json_t *object;

		if (row->process != p || row->device)
			continue;
		object = json_object();
		set_text(object, "pool", row->pool);
		set_number(object, "failed", row->sum.failed);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *new_process(const struct report *r, const struct ledger_process *p, const report_rows *rows)
{
	const struct process_summary none = {}, *sum = summary_process(r->s, p->id);
	json_t *object = json_object();

	sum = sum ? sum : &none;
	json_set_process(object, p);
	set_text(object, "runtime", *p->runtime ? p->runtime : NULL);
	recorded_set_json(object, r->l, p);
	set_number(object, "attached_ns", p->attached_ns);
	set_text(object, "ended", p->ended);
	if (p->ended)
		set_number(object, "ended_ns", p->ended_ns);
	set(object, "before_attach", json_boolean(p->before_attach));
	set_number(object, "events", p->events - sum->events);
	set_number(object, "replays", p->replays - sum->replays);
	set_number(object, "failed", sum->failed);
	if (p->core)
		set_number(object, "refused_programs", p->clashes - sum->clashes);
	set_number(object, "corrections", p->corrections - sum->corrections);
	set(object, "devices", new_devices(p, rows));
	set(object, "failed_elsewhere", new_elsewhere(p, rows));
	return object;
}

static json_t *new_summary(const struct report *r, const report_rows *rows)
{
	json_t *object = json_object(), *processes = json_array();
	const struct summary *s = r->s;

	for (size_t i = 0; i < r->l->processes.nr; i++)
		json_array_append_new(processes, new_process(r, r->l->processes.items[i], rows));
	set(object, "processes", processes);
	set_number(object, "events", r->l->events - s->events);
	set_number(object, "lost", r->l->lost - s->lost);
	set_number(object, "losses", s->losses);
	if (s->losses) {
		set_number(object, "lost_from_ns", s->lost_from_ns);
		set_number(object, "lost_to_ns", s->lost_to_ns);
	}
	if (r->l->gaps)
		set_number(object, "gaps", r->l->gaps);
	set_number(object, "corrections", r->l->corrections - s->corrections);
	set_number(object, "unread", r->l->unread - s->unread);
	set_number(object, "unknown_frees", r->l->unknown_frees - s->unknown_frees);
	set_number(object, "replaced", r->l->replaced - s->replaced);
	return object;
}

static json_t *new_block(const struct report *r, const struct summary_block *sb)
{
	const struct arena *a = ledger_arena(r->l, sb->arena);
	const struct block *b = &sb->block;
	json_t *object = json_object();

	set_text(object, "host", a->process->host);
	set_number(object, "pid", (uint64_t)a->process->pid);
	if (b->tid)
		set_number(object, "tid", b->tid);
	json_set_device(object, a->device);
	set_text(object, "pool", a->pool);
	set_number(object, "address", b->address);
	if (b->has_reserved)
		set_number(object, "reserved", b->reserved);
	if (b->has_asked)
		set_number(object, "asked", b->asked);
	if (b->has_time) {
		set_number(object, "time_ns", b->time_ns);
		set_number(object, "age_ns", sb->seen_ns - b->time_ns);
	}
	if (b->is_trace && b->has_trace)
		set_number(object, "trace", b->trace);
	if (b->has_id)
		set_number(object, "id", b->id);
	set_text(object, "layout", b->layout);
	set_text(object, "label", b->label);
	return object;
}

void report_add_json(struct str *out, const struct report *r)
{
	json_t *object = json_new_state(r->l, r->table->selection, r->table->by_mesh), *array = json_array();
	summary_blocks blocks = {};
	report_rows rows = {};

	report_rows_fill(r, &rows);
	summary_blocks_fill(r->s, r->l, &blocks);
	for (size_t i = 0; i < blocks.nr; i++)
		json_array_append_new(array, new_block(r, &blocks.items[i]));
	set(object, "recording", new_recording(r));
	if (!r->at)
		set(object, "summary", new_summary(r, &rows));
	set(object, "blocks", array);
	add_line(out, object);
	vec_release(&blocks);
	vec_release(&rows);
}
