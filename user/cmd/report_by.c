/* report_by.c: who holds memory, of a recording whose allocations have stacks. */
#include "cmd/report_by.h"

#include "cmd/calls.h"
#include "cmd/trace.h"
#include "view/report_calls.h"
#include "view/report_tree.h"

enum { ROWS = 10 };

struct holders {
	struct view view;
	struct calls calls;
};

static int take(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	(void)t;
	profile_apply(&((struct holders *)view)->calls.profile, r, effect);
	return 0;
}

static void add_tree(struct str *text, struct holders *h, const struct trace *t)
{
	const struct options *o = t->options;
	const struct report_tree report = {
		.l = t->ledger,
		.profile = &h->calls.profile,
		.most = o->most ? (size_t)o->most : ROWS,
		.now = o->at.kind != MOMENT_NONE,
		.bytes = o->bytes,
		.color = t->output.color,
		.columns = output_columns(&t->output),
	};

	if (o->json)
		report_tree_add_json(text, &report);
	else
		report_tree_add(text, &report);
}

static void add_rows(struct str *text, struct holders *h, const struct trace *t)
{
	const struct options *o = t->options;
	const struct report_calls report = {
		.l = t->ledger,
		.profile = &h->calls.profile,
		.by = calls_by(o),
		.most = o->most ? (size_t)o->most : ROWS,
		.bytes = o->bytes,
		.color = t->output.color,
	};

	if (o->json)
		report_calls_add_json(text, &report);
	else
		report_calls_add(text, &report);
}

/* Also of a damaged recording: what could be read is worth seeing. */
static int show(struct holders *h, struct trace *t, int err)
{
	_cleanup_(str_release) struct str text = {};
	int write_err;

	if (trace_refused(t))
		return err;
	profile_finish(&h->calls.profile);
	if (t->options->tree)
		add_tree(&text, h, t);
	else
		add_rows(&text, h, t);
	write_err = output_update(&t->output, &text, false);
	h->view.shown = !write_err;
	return err && !trace_ended_well(t, err) ? err : write_err;
}

int report_by(const struct options *o)
{
	/* What is allocated in all, and held at most, is not told by what there was at a moment before. */
	struct holders h = {.view = {.put = take, .found = true, .whole = o->at.kind}};
	const struct trace_plan plan = {};
	struct trace t;
	int status = trace_init(&t, o, &h.view, false);

	calls_init(&h.calls, o, &t.selection);
	if (!status)
		status = trace_open(&t, &plan);
	if (!status)
		status = trace_finish(&t, show(&h, &t, trace_run(&t)));
	calls_release(&h.calls);
	trace_release(&t);
	return status;
}
