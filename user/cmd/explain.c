/* explain.c: phases, what they mean, what to type and why allocations failed: at each tick, or as of a recording's end. */
#include "cmd/trace.h"

#include "base/units.h"
#include "view/explain.h"

#include <errno.h>

#define EXPLAIN_INTERVAL_NS NS_PER_SEC

struct explain {
	struct view view;
	struct str text; /* of the update; kept for its memory */
	uint64_t updates;
};

static int show(struct explain *e, struct trace *t)
{
	const struct options *o = t->options;
	struct explain_options explain = {
		.selection = &t->selection,
		.bytes = o->bytes,
		.color = t->output.color,
		.recorded = o->recording != NULL,
	};
	int err;

	output_window(&t->output, &explain.rows, &explain.columns);
	str_clear(&e->text);
	if (o->json)
		explain_add_json(&e->text, t->ledger, &explain);
	else
		explain_add(&e->text, t->ledger, &explain);
	err = output_update(&t->output, &e->text, !o->json);
	e->view.shown |= !err;
	return err;
}

/* A recording is explained as a whole. */
static int update(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	struct explain *e = (struct explain *)view;
	int err;

	(void)effect;
	if (r->kind != RECORD_TICK || t->options->recording)
		return 0;
	err = show(e, t);
	if (err)
		return err;
	return ++e->updates == t->options->count ? -ECANCELED : 0;
}

/* Also of a damaged recording: what could be read is worth seeing. */
static int run(struct explain *e, struct trace *t)
{
	int err = trace_run(t), last = t->options->recording ? show(e, t) : 0;

	return err ? err : last;
}

int cmd_explain(const struct options *o)
{
	struct explain e = {.view.put = update};
	struct trace t;
	int status = trace_init(&t, o, &e.view, !o->recording);
	const struct trace_plan plan = {.interval_ns = EXPLAIN_INTERVAL_NS, .output = o->output};

	if (!status)
		status = trace_open(&t, &plan);
	if (!status)
		status = trace_finish(&t, run(&e, &t));
	trace_release(&t);
	str_release(&e.text);
	return status;
}
