/* top.c: a table, or a JSON object, at each tick. */
#include "cmd/child.h"
#include "cmd/fail.h"
#include "cmd/trace.h"

#include "base/units.h"
#include "view/json.h"
#include "view/table.h"

#include <errno.h>
#include <unistd.h>

#define TOP_INTERVAL_NS (500 * NS_PER_MS)

struct top {
	struct view view;
	struct table_state state;
	struct str text; /* of the update; kept for its memory */
	uint64_t updates;
};

static void add_table(struct top *top, const struct trace *t)
{
	const struct options *o = t->options;
	struct table_options table = {
		.selection = &t->selection,
		.asked = o->asked,
		.bytes = o->bytes,
		.delta = !o->no_delta,
		.wide = o->wide,
		.by_mesh = o->by == BY_MESH,
		.color = t->output.color,
	};

	output_window(&t->output, &table.rows, &table.columns);
	table_add(&top->text, t->ledger, &table, &top->state);
}

static int update(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	struct top *top = (struct top *)view;
	const struct options *o = t->options;
	int err;

	(void)effect;
	if (r->kind != RECORD_TICK)
		return 0;
	str_clear(&top->text);
	if (o->json)
		json_add_state(&top->text, t->ledger, &t->selection, o->by == BY_MESH);
	else
		add_table(top, t);
	err = output_update(&t->output, &top->text, !o->json);
	if (err)
		return err;
	view->shown = true;
	return ++top->updates == o->count ? -ECANCELED : 0;
}

/* What a command writes to the same terminal would lie in the table. */
static bool may_overwrite(const struct options *o)
{
	return !o->child || !isatty(STDERR_FILENO);
}

int cmd_top(const struct options *o)
{
	struct top top = {.view.put = update};
	struct trace t;
	/* A recording is played as fast as it can be: in place nobody could read it. */
	struct child child = CHILD_NONE;
	int status = trace_init(&t, o, &top.view, !o->recording && may_overwrite(o)), command_status = -1;

	if (!status)
		status = trace_start_child(&t, &child, true);

	const struct trace_plan plan = {.interval_ns = TOP_INTERVAL_NS, .child = child.pid, .output = o->output};

	if (!status)
		status = trace_open(&t, &plan);
	if (!status)
		status = trace_let_go(&t, &child);
	if (!status) {
		status = trace_finish(&t, trace_run(&t));
		if (o->child)
			command_status = child_wait(&child);
	}
	child_release(&child);
	trace_release(&t);
	table_state_release(&top.state);
	str_release(&top.text);
	return command_status >= 0 ? command_status : status;
}
