#include "view/report.h"

#include "base/units.h"
#include "view/device_name.h"
#include "view/report_parts.h"
#include "view/table_header.h"

#include <inttypes.h>
#include <string.h>

void report_add_title(const struct report *r, struct pen *pen, const char *title)
{
	(void)r;
	pen_end_line(pen);
	pen_add(pen, title, TONE_TITLE);
	pen_end_line(pen);
}

void report_add_bytes(const struct report *r, struct str *out, uint64_t bytes)
{
	if (r->table->bytes)
		str_addf(out, "%" PRIu64, bytes);
	else
		units_add_bytes(out, bytes);
}

/* Local time of day, cut to milliseconds. */
static void add_clock(struct str *out, uint64_t time_ns)
{
	struct str s = {};

	units_add_clock(&s, time_ns);
	str_add_bytes(out, str_text(&s), s.len - 3);
	str_release(&s);
}

void report_add_when(const struct report *r, struct str *out, uint64_t time_ns)
{
	struct str day = {}, first = {};

	units_add_date(&day, time_ns);
	units_add_date(&first, r->begin_ns);
	if (strcmp(str_text(&day), str_text(&first)))
		str_addf(out, "%s ", str_text(&day));
	add_clock(out, time_ns);
	str_release(&day);
	str_release(&first);
}

void report_add_device(struct str *out, const struct ledger_process *p, const struct device *d)
{
	struct str times = {};

	device_add_own_name(out, p, d);
	device_add_times(&times, d);
	if (times.len)
		str_addf(out, " %s", str_text(&times));
	str_release(&times);
}

static void add_host(const struct report *r, struct pen *pen)
{
	const struct file_header *h = r->header;
	struct str text = {};

	str_add(&text, "on ");
	str_add_escaped(&text, *h->host ? h->host : "?");
	str_add(&text, ", Linux ");
	str_add_escaped(&text, *h->kernel ? h->kernel : "?");
	str_add(&text, ", by pooltrace ");
	str_add_escaped(&text, *h->tool ? h->tool : "?");
	pen_add_words(pen, " - ", str_text(&text), TONE_PLAIN);
	str_release(&text);
}

/* "2026-11-22 14:03:05.120 to 14:05:17.900 (2 min 12 s)" */
static void add_range(const struct report *r, struct str *out, uint64_t first_ns, uint64_t last_ns)
{
	report_add_when(r, out, first_ns);
	str_add(out, " to ");
	report_add_when(r, out, last_ns);
	str_add(out, " (");
	units_add_span(out, last_ns - first_ns);
	str_add(out, ")");
}

/* What the file is, and which part of it this is about. */
static void add_recording(const struct report *r, struct pen *pen)
{
	bool whole = !r->at && r->to_ns == UINT64_MAX;
	struct str text = {};

	str_add_escaped(&text, strcmp(r->name, "-") ? r->name : "standard input");
	pen_add(pen, str_text(&text), TONE_TITLE);
	str_clear(&text);
	if (!r->begin_ns) {
		str_add(&text, "nothing was recorded");
	} else {
		units_add_date(&text, r->begin_ns);
		str_add_char(&text, ' ');
		if (whole)
			add_range(r, &text, r->begin_ns, r->l->time_ns);
		else
			add_clock(&text, r->begin_ns);
	}
	pen_add_words(pen, whole || !r->begin_ns ? ": " : ": from ", str_text(&text), TONE_PLAIN);
	add_host(r, pen);
	pen_end_line(pen);
	str_clear(&text);
	if (r->at)
		report_add_when(r, &text, r->l->time_ns);
	else if (r->s->begun)
		add_range(r, &text, r->s->begin_ns, r->s->end_ns);
	if (r->at || (r->s->begun && (!whole || r->from_ns))) {
		pen_add(pen, r->at ? "as of " : "only what happened from ", TONE_PLAIN);
		pen_add(pen, str_text(&text), TONE_PLAIN);
		pen_end_line(pen);
	}
	str_release(&text);
}

/* Nobody is watched any more: the table has no rows. */
static bool table_is_empty(const struct report *r)
{
	for (size_t i = 0; i < r->l->processes.nr; i++)
		if (!r->l->processes.items[i]->ended)
			return false;
	return r->l->processes.nr;
}

static void add_table(const struct report *r, struct pen *pen)
{
	struct table_state state = {};

	pen_end_line(pen);
	/* Of processes that ended, the lines above the table: what they had is told below. */
	if (table_is_empty(r) && !r->at)
		table_header_add(pen, r->l, r->table);
	else
		table_add(pen->out, r->l, r->table, &state);
	table_state_release(&state);
}

static void add_hints(const struct report *r, struct pen *pen)
{
	struct grid g = {};

	if (!r->nr_hints)
		return;
	*vec_add(&g.columns) = (struct grid_column){.title = "WHAT TO TYPE NEXT", .left = true};
	*vec_add(&g.columns) = (struct grid_column){.title = "", .left = true};
	for (size_t i = 0; i < r->nr_hints; i++) {
		struct grid_cell *cells = grid_add_line(&g);

		str_add_escaped(&cells[0].text, r->hints[i].command);
		str_add(&cells[1].text, r->hints[i].what);
	}
	pen_end_line(pen);
	grid_print(&g, pen);
	grid_release(&g);
}

void report_add(struct str *out, const struct report *r)
{
	struct pen pen = {.out = out, .color = r->table->color};
	report_rows rows = {};

	report_rows_fill(r, &rows);
	add_recording(r, &pen);
	add_table(r, &pen);
	if (!r->at) {
		report_add_processes(r, &pen);
		report_add_traced(r, &pen);
		report_add_memory(r, &pen, &rows);
	}
	report_add_blocks(r, &pen, &rows);
	if (!r->at) {
		report_add_lives(r, &pen, &rows);
		report_add_sizes(r, &pen, &rows);
		report_add_phases(r, &pen);
	}
	report_add_doubts(r, &pen, &rows);
	add_hints(r, &pen);
	vec_release(&rows);
}
