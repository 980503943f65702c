#include "view/report_leaks.h"

#include "base/units.h"
#include "view/json_object.h"
#include "view/table_grid.h"

#include <inttypes.h>

static const char *const verdicts[] = {
	[TREND_STEADY] = "steady",
	[TREND_STOPPED] = "stopped",
	[TREND_UNCLEAR] = "unclear",
	[TREND_GROWS] = "grows",
};

size_t report_leaks_count(const struct leaks *l)
{
	size_t nr = 0;

	while (nr < l->sites.nr && leak_site_leaks(l->sites.items[nr]))
		nr++;
	return nr;
}

static void add_bytes(struct str *out, const struct report_leaks *r, uint64_t bytes)
{
	if (r->bytes)
		str_addf(out, "%" PRIu64, bytes);
	else
		units_add_bytes(out, bytes);
}

static void add_trend(struct grid_cell *cell, const struct leak_site *site)
{
	str_add(&cell->text, site->origin == LEAK_BEFORE ? "?" : verdicts[site->evidence.verdict]);
	if (site->suppressed)
		str_add(&cell->text, ", suppressed");
	if (leak_site_leaks(site))
		cell->tone = TONE_WARNING;
}

static void add_age(struct str *out, const struct leak_site *site, uint64_t time_ns)
{
	if (time_ns && site->end_ns >= time_ns)
		units_add_duration(out, site->end_ns - time_ns);
	else
		str_add_char(out, '?');
}

/* Bytes a minute, of what has not stopped. False: that is not known. */
static bool growth_of(const struct leak_site *site, uint64_t *ret)
{
	bool grows = site->evidence.verdict == TREND_GROWS || site->evidence.verdict == TREND_UNCLEAR;

	*ret = 0;
	return site->origin != LEAK_BEFORE && (!grows || trend_per_minute(&site->evidence, ret));
}

/* "34 of 40": how many blocks of the first half of the windows are still there. */
static void add_evidence(struct grid_cell **cell, const struct report_leaks *r, const struct leak_site *site)
{
	const struct trend_evidence *e = &site->evidence;
	uint64_t minute;

	if (growth_of(site, &minute))
		add_bytes(&(*cell)++->text, r, minute);
	else
		str_add(&(*cell)++->text, "?");
	str_addf(&(*cell)++->text, "%u of %u", e->grew, e->windows);
	str_addf(&(*cell)++->text, "%" PRIu64 " of %" PRIu64, e->early_living, e->early);
	str_addf(&(*cell)++->text, "%" PRIu64 " of %" PRIu64, site->left.blocks, site->made.blocks);
}

/* Sites without a label: in the table, and in JSON. */
static const struct {
	const char *title, *key;
} nameless[] = {
	[LEAK_BEFORE] = {"(before attach)", "before_attach"},
	[LEAK_NO_STACK] = {"(no stack)", "no_stack"},
	[LEAK_NO_OP] = {"(no operation)", "no_op"},
};

static void add_what(struct str *out, const struct leak_site *site)
{
	if (site->label) {
		str_add(out, site->label);
		return;
	}
	str_add(out, nameless[site->origin].title);
	if (site->origin == LEAK_BEFORE)
		return;
	if (site->has_size)
		str_addf(out, " of %" PRIu64 " B", site->size);
	else
		str_add(out, " of size ?");
}

static void add_process(struct str *out, const struct ledger_process *p, const struct ledger *l)
{
	const struct place place = {.process = p};
	const struct profile_node node = {.place = &place};

	profile_add_process(out, &node, l);
}

static void add_row(struct grid *g, const struct report_leaks *r, const struct leak_site *site)
{
	const struct profile_node node = {.place = site->place};
	struct grid_cell *cell = grid_add_line(g);

	profile_add_process(&cell++->text, &node, r->l);
	profile_add_device(&cell++->text, &node);
	profile_add_pool(&cell++->text, &node);
	add_trend(cell++, site);
	add_bytes(&cell++->text, r, site->left.bytes);
	str_addf(&cell++->text, "%" PRIu64, site->left.blocks);
	add_age(&cell++->text, site, site->oldest_ns);
	add_evidence(&cell, r, site);
	add_what(&cell->text, site);
}

static void add_columns(struct grid *g, const char *title)
{
	const struct grid_column columns[] = {
		{.title = "PROCESS", .left = true}, {.title = "DEVICE", .left = true}, {.title = "POOL", .left = true},
		{.title = "TREND", .left = true}, {.title = "LEFT"}, {.title = "BUFFERS"}, {.title = "OLDEST"}, {.title = "A MINUTE"},
		{.title = "GREW"}, {.title = "EARLY LEFT"}, {.title = "ALL LEFT"}, {.title = title, .left = true}};

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		vec_push(&g->columns, columns[i]);
}

/* Rows from @begin on: at most so many as were asked for. */
static void add_rows(struct grid *g, const struct report_leaks *r, size_t begin, size_t end)
{
	for (size_t i = begin; i < end && i - begin < r->most; i++)
		add_row(g, r, r->leaks->sites.items[i]);
	if (end - begin > r->most)
		str_addf(grid_add_note(g), "... and %zu more, see --top", end - begin - r->most);
}

static void add_amount(struct str *out, const struct report_leaks *r, const struct amount *a)
{
	add_bytes(out, r, a->bytes);
	str_addf(out, "%s in %" PRIu64 " %s", r->bytes ? " B" : "", a->blocks, a->blocks == 1 ? "buffer" : "buffers");
}

static void add_process_sentence(struct str *out, const struct report_leaks *r, const struct leak_process *p)
{
	add_process(out, p->process, r->l);
	if (p->process->ended) {
		str_add(out, ": ended (");
		str_add_escaped(out, p->process->ended);
		str_add(out, "), and left ");
	} else {
		str_add(out, ": had not ended, and held ");
	}
	add_amount(out, r, &p->left);
	if (p->leaked.blocks) {
		str_add(out, "; of that grows ");
		add_amount(out, r, &p->leaked);
	}
	str_add_char(out, '\n');
}

static void add_limits(struct str *out, const struct report_leaks *r)
{
	if (!r->l->stacks.nr)
		str_add(out, "no allocation has a stack, so that there is no line: it was recorded without them\n");
	else if (r->leaks->calls->by == CALL_BY_OP && call_groups_lack_api(r->leaks->calls, r->l))
		str_add(out, "no operation is known: the runtime file of the recording has no line 'api'\n");
	if (r->l->unstacked)
		str_addf(out, "%" PRIu64 " allocations have no stack that should have one\n", r->l->unstacked);
	if (r->l->lost)
		str_addf(out, "%" PRIu64 " events were lost: a free among them leaves a buffer here that is gone\n", r->l->lost);
}

void report_leaks_add(struct str *out, const struct report_leaks *r)
{
	size_t leaks = report_leaks_count(r->leaks), all = r->leaks->sites.nr;
	struct pen pen = {.out = out, .color = r->color};
	_cleanup_(str_release) struct str title = {};
	struct grid g = {};

	str_add_capitals(&title, r->by);
	add_columns(&g, str_text(&title));
	add_rows(&g, r, 0, leaks);
	add_rows(&g, r, leaks, all);
	if (all)
		grid_print(&g, &pen);
	grid_release(&g);
	if (leaks)
		str_addf(out, "%zu %s\n", leaks, leaks == 1 ? "leak" : "leaks");
	else
		str_add(out, all ? "no leak: nothing that was left still grew\n" : "no leak: nothing was left\n");
	for (size_t i = 0; i < r->leaks->processes.nr; i++)
		add_process_sentence(out, r, &r->leaks->processes.items[i]);
	add_limits(out, r);
}

static json_t *new_amount(const struct amount *a)
{
	json_t *object = json_object();

	set_number(object, "buffers", a->blocks);
	set_number(object, "bytes", a->bytes);
	return object;
}

static json_t *new_trend(const struct leak_site *site)
{
	const struct trend_evidence *e = &site->evidence;
	json_t *trend = json_object();
	uint64_t minute;

	set_text(trend, "verdict", verdicts[e->verdict]);
	set_number(trend, "windows", e->windows);
	set_number(trend, "grew", e->grew);
	set_number(trend, "growth", e->growth);
	set_number(trend, "span_ns", e->span_ns);
	if (growth_of(site, &minute))
		set_number(trend, "growth_per_minute", minute);
	set_number(trend, "early", e->early);
	set_number(trend, "early_left", e->early_living);
	return trend;
}

static void set_ages(json_t *row, const struct leak_site *site)
{
	if (!site->oldest_ns)
		return;
	set_number(row, "oldest_ns", site->oldest_ns);
	set_number(row, "newest_ns", site->newest_ns);
	if (site->oldest_ns <= site->end_ns)
		set_number(row, "age_ns", site->end_ns - site->oldest_ns);
}

static void set_what(json_t *row, const struct report_leaks *r, const struct leak_site *site)
{
	if (site->label)
		set(row, r->by, json_string(site->label)); /* escaped already */
	else
		set(row, nameless[site->origin].key, json_true());
	if (site->has_size)
		set_number(row, "size", site->size);
}

static json_t *new_row(const struct report_leaks *r, const struct leak_site *site)
{
	json_t *row = json_object();

	set_text(row, "process", site->place->process->name);
	set_number(row, "pid", (uint64_t)site->place->process->pid);
	if (site->place->has_device)
		set_number(row, "device", site->place->device);
	set_text(row, "pool", site->place->pool);
	set_what(row, r, site);
	set(row, "leak", json_boolean(leak_site_leaks(site)));
	if (site->suppressed)
		set(row, "suppressed", json_true());
	set(row, "left", new_amount(&site->left));
	if (site->cleared.blocks)
		set(row, "cleared", new_amount(&site->cleared));
	set(row, "allocated", new_amount(&site->made));
	set_ages(row, site);
	if (site->origin != LEAK_BEFORE)
		set(row, "trend", new_trend(site));
	return row;
}

static json_t *new_process(const struct leak_process *p)
{
	json_t *object = json_object();

	set_text(object, "process", p->process->name);
	set_number(object, "pid", (uint64_t)p->process->pid);
	set_text(object, "ended", p->process->ended);
	set(object, "left", new_amount(&p->left));
	set(object, "leaked", new_amount(&p->leaked));
	return object;
}

static json_t *new_suppressions(const struct suppressions *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->items.nr; i++) {
		json_t *item = json_object();

		set_text(item, "suppression", s->items.items[i].text);
		set_number(item, "line", s->items.items[i].line);
		set(item, "used", json_boolean(s->items.items[i].used));
		json_array_append_new(array, item);
	}
	return array;
}

void report_leaks_add_json(struct str *out, const struct report_leaks *r)
{
	json_t *object = json_object(), *rows = json_array(), *processes = json_array();

	for (size_t i = 0; i < r->leaks->sites.nr; i++)
		json_array_append_new(rows, new_row(r, r->leaks->sites.items[i]));
	for (size_t i = 0; i < r->leaks->processes.nr; i++)
		json_array_append_new(processes, new_process(&r->leaks->processes.items[i]));
	set_number(object, "schema", SCHEMA);
	set_text(object, "by", r->by);
	set_number(object, "leaks", report_leaks_count(r->leaks));
	set_number(object, "lost", r->l->lost);
	set_number(object, "unstacked", r->l->unstacked);
	set(object, "rows", rows);
	set(object, "processes", processes);
	if (r->leaks->suppressions->items.nr)
		set(object, "suppressions", new_suppressions(r->leaks->suppressions));
	add_line(out, object);
}
