/* report.c: the table as of a recording's end. */
#include "cmd/trace.h"

#include "view/json.h"
#include "view/table.h"

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
	struct table_state state = {};

	if (o->json)
		json_add_state(text, t->ledger, &t->selection, o->by == BY_MESH);
	else
		table_add(text, t->ledger, &table, &state);
	table_state_release(&state);
}

/* Also of a damaged recording: what could be read is worth seeing. */
static int show(struct trace *t, struct view *view, int err)
{
	_cleanup_(str_release) struct str text = {};
	int write_err;

	add_report(&text, t);
	write_err = output_update(&t->output, &text, false);
	view->shown = !write_err;
	return err ? err : write_err;
}

static int ignore(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	(void)view;
	(void)t;
	(void)r;
	(void)effect;
	return 0;
}

int cmd_report(const struct options *o)
{
	struct view view = {.put = ignore};
	struct trace t;
	int status = trace_init(&t, o, &view, false);
	const struct trace_plan plan = {};

	if (!status)
		status = trace_open(&t, &plan);
	if (!status)
		status = trace_finish(&t, show(&t, &view, trace_run(&t)));
	trace_release(&t);
	return status;
}
