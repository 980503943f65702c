/* report.c: what a recording says as a whole, or the state at one of its moments. */
#include "cmd/trace.h"

#include "cmd/calls.h"
#include "cmd/report_by.h"
#include "stream/file.h"
#include "view/report.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 10 };

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Of blocks that are alike otherwise: those that are older, then at lower addresses. */
static int by_place(const struct block *a, const struct block *b)
{
	int older = -compare(a->time_ns, b->time_ns);

	return older ? older : -compare(a->address, b->address);
}

static int by_size(const struct block *a, const struct block *b)
{
	int larger = compare(a->reserved, b->reserved);

	return larger ? larger : by_place(a, b);
}

static int by_asked(const struct block *a, const struct block *b)
{
	int larger = compare(a->asked, b->asked);

	return larger ? larger : by_size(a, b);
}

/* What is from before attach is older than all else. */
static int by_age(const struct block *a, const struct block *b)
{
	int older = -compare(a->has_time ? a->time_ns : 0, b->has_time ? b->time_ns : 0);

	return older ? older : by_size(a, b);
}

static int by_newness(const struct block *a, const struct block *b)
{
	int younger = compare(a->has_time ? a->time_ns : 0, b->has_time ? b->time_ns : 0);

	return younger ? younger : by_size(a, b);
}

static const struct {
	int (*compare)(const struct block *a, const struct block *b);
	const char *order;
} sorts[] = {
	[SORT_SIZE] = {by_size, "largest"},
	[SORT_ASKED] = {by_asked, "most requested"},
	[SORT_AGE] = {by_age, "oldest"},
	[SORT_NEW] = {by_newness, "newest"},
};

static bool is_selected(const void *context, const struct arena *a, const struct block *b)
{
	return selection_has_device(context, a->device) && selection_has_block(context, a->pool, b);
}

/* As a shell reads it. */
static void add_quoted(struct str *out, const char *text)
{
	if (*text && !strpbrk(text, " \t\n'\"\\$`!&|;<>()[]{}*?#~=%^") && *text != '-') {
		str_add(out, text);
		return;
	}
	str_add(out, *text == '-' ? "./'" : "'");
	for (; *text; text++) {
		if (*text == '\'')
			str_add(out, "'\\''");
		else
			str_add_char(out, *text);
	}
	str_add_char(out, '\'');
}

/* What else there is to know of a recording; commands are those of this program. */
static const struct {
	const char *command, *before, *behind, *what;
	bool traced; /* only where the recording says what was traced */
} next[] = {
	{"explain", "", "", "its phases, why allocations failed, and what to ask for instead", false},
	{"top", "-r ", "", "all its tables, as they were shown; on a terminal it is played", false},
	{"events", "-r ", "", "a line an event", false},
	{"report", "", " --at +1s", "the state at a moment; --from and --to: a part of it", false},
	{"diff", "", " OTHER", "what another run has otherwise", false},
	{"export", "--to perfetto ", " -o OUT", "for https://ui.perfetto.dev; also pprof, folded, csv, ndjson", false},
	{"runtimes", "-r ", "", "which functions were probed, and why others were not", true},
};

static bool has_command(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return true;
	return false;
}

static size_t fill_hints(const struct trace *t, struct report_hint *hints, struct str *lines)
{
	const char *file = t->options->recording;
	size_t nr = 0;

	/* A pipe is read once. */
	for (size_t i = 0; recording_is_file(file) && i < ARRAY_SIZE(next); i++) {
		if (!has_command(next[i].command) || (next[i].traced && !ledger_says_traced(t->ledger)))
			continue;
		str_addf(&lines[nr], "pooltrace %s %s", next[i].command, next[i].before);
		add_quoted(&lines[nr], file);
		str_add(&lines[nr], next[i].behind);
		hints[nr] = (struct report_hint){str_text(&lines[nr]), next[i].what};
		nr++;
	}
	return nr;
}

static void add_report(struct str *text, const struct trace *t)
{
	const struct options *o = t->options;
	const struct table_options table = {
		.selection = &t->selection,
		.asked = o->asked,
		.bytes = o->bytes,
		.wide = o->wide,
		.by_mesh = o->by == BY_MESH,
		.color = t->output.color,
		.recorded = true,
	};
	struct report_hint hints[ARRAY_SIZE(next)];
	struct str lines[ARRAY_SIZE(next)] = {};
	const struct report report = {
		.l = t->ledger,
		.s = t->summary,
		.header = file_source_header(t->source),
		.name = o->recording,
		.table = &table,
		.order = sorts[o->sort].order,
		.hints = hints,
		.nr_hints = fill_hints(t, hints, lines),
		.outcome = file_source_outcome(t->source),
		.begin_ns = t->window.begin_ns,
		.from_ns = t->window.from_ns,
		.to_ns = t->window.to_ns,
		.at = o->at.kind != MOMENT_NONE,
	};

	if (o->json)
		report_add_json(text, &report);
	else
		report_add(text, &report);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		str_release(&lines[i]);
}

/* Also of a damaged recording: what could be read is worth seeing. */
static int show(struct trace *t, struct view *view, int err)
{
	_cleanup_(str_release) struct str text = {};
	int write_err;

	if (trace_refused(t))
		return err;
	summary_close(t->summary, t->ledger);
	add_report(&text, t);
	write_err = output_update(&t->output, &text, false);
	view->shown = !write_err;
	return err && !trace_ended_well(t, err) ? err : write_err;
}

static int report_all(const struct options *o)
{
	struct view view = {};
	struct trace t;
	int status = trace_init(&t, o, &view, false);
	const struct trace_plan plan = {};
	const struct summary_choice choice = {
		.most = o->most ? (size_t)o->most : BLOCKS,
		.compare = sorts[o->sort].compare,
		.chosen = is_selected,
		.context = &t.selection,
	};

	t.summary = summary_new(0, &choice);
	if (!status)
		status = trace_open(&t, &plan);
	if (!status)
		status = trace_finish(&t, show(&t, &view, trace_run(&t)));
	summary_free(t.summary);
	trace_release(&t);
	return status;
}

int cmd_report(const struct options *o)
{
	return calls_asked(o) ? report_by(o) : report_all(o);
}
