/* leaks.c: what grows with time, and what was left, of a recording; by whose code it is. */
#include "cmd/fail.h"
#include "cmd/trace.h"

#include "view/report_leaks.h"

enum { ROWS = 10 };

static const struct {
	enum call_group_by by;
	const char *name;
} groups[] = {
	[LEAKS_BY_LINE] = {CALL_BY_LINE, "line"},
	[LEAKS_BY_OP] = {CALL_BY_OP, "op"},
	[LEAKS_BY_FUNCTION] = {CALL_BY_FUNCTION, "function"},
	[LEAKS_BY_FILE] = {CALL_BY_FILE, "file"},
	[LEAKS_BY_STACK] = {CALL_BY_STACK, "stack"},
};

struct hunt {
	struct view view;
	struct leaks leaks;
	struct call_groups calls;
	struct suppressions suppressions;
	bool found;
};

static int take(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	(void)t;
	leaks_apply(&((struct hunt *)view)->leaks, r, effect);
	return 0;
}

/* Also of a damaged recording: what could be read is worth seeing. */
static int show(struct hunt *h, struct trace *t, int err)
{
	const struct options *o = t->options;
	_cleanup_(str_release) struct str text = {};
	const struct report_leaks report = {
		.l = t->ledger,
		.leaks = &h->leaks,
		.by = groups[o->leaks_by].name,
		.most = o->most ? (size_t)o->most : ROWS,
		.bytes = o->bytes,
		.color = t->output.color,
	};
	int write_err;

	if (trace_refused(t))
		return err;
	leaks_finish(&h->leaks, t->ledger);
	h->found = report_leaks_count(&h->leaks);
	if (o->json)
		report_leaks_add_json(&text, &report);
	else
		report_leaks_add(&text, &report);
	write_err = output_update(&t->output, &text, false);
	h->view.shown = !write_err;
	return err && !trace_ended_well(t, err) ? err : write_err;
}

static void tell_unused(const struct hunt *h, const char *path)
{
	for (size_t i = 0; h->view.shown && i < h->suppressions.items.nr; i++)
		if (!h->suppressions.items.items[i].used)
			note("%s:%zu: '%s' suppressed nothing", path, h->suppressions.items.items[i].line,
			     h->suppressions.items.items[i].text);
}

static int run(struct hunt *h, const struct options *o)
{
	const struct trace_plan plan = {};
	struct trace t;
	int status = trace_init(&t, o, &h->view, false);

	leaks_init(&h->leaks, &h->calls, &h->suppressions, &t.selection);
	if (!status)
		status = trace_open(&t, &plan);
	if (!status)
		status = trace_finish(&t, show(h, &t, trace_run(&t)));
	tell_unused(h, o->suppressions);
	leaks_release(&h->leaks);
	trace_release(&t);
	if (o->fail && h->found && (!status || status == STATUS_LOST))
		return STATUS_HOLDS;
	return status;
}

int cmd_leaks(const struct options *o)
{
	struct hunt h = {.view = {.put = take, .found = true},
			 .calls = {.by = groups[o->leaks_by].by, .own = o->own.items, .nr_own = o->own.nr}};
	struct diag d = {};
	int status = 0;

	if (o->suppressions && suppressions_load(&h.suppressions, o->suppressions, &d))
		status = fail(&d, STATUS_USAGE);
	if (!status)
		status = run(&h, o);
	suppressions_release(&h.suppressions);
	call_groups_release(&h.calls);
	return status;
}
