#include "cmd/recorded.h"

#include "cmd/fail.h"
#include "cmd/trace.h"
#include "view/recorded.h"

#include <errno.h>
#include <string.h>

/* The last of its name: a merged recording may have several. */
static const struct ledger_runtime *find_runtime(const struct ledger *l, const char *name)
{
	for (size_t i = l->runtimes.nr; i > 0; i--)
		if (!strcmp(l->runtimes.items[i - 1].name, name))
			return &l->runtimes.items[i - 1];
	return NULL;
}

/* To a terminal as it may be shown, else to the letter. */
static void add_text(struct str *out, const char *text, bool terminal)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		_cleanup_(freep) char *line = xstrndup(text, len);

		if (terminal)
			str_add_escaped(out, line);
		else
			str_add(out, line);
		text += len;
		if (*text) {
			str_add_char(out, '\n');
			text++;
		}
	}
}

/* Nothing is printed when it is not there. */
static int add_runtime(struct str *out, struct trace *t)
{
	const char *name = t->options->print;
	const struct ledger_runtime *rt = find_runtime(t->ledger, name);
	_cleanup_(str_release) struct str others = {};

	if (rt && rt->text) {
		add_text(out, rt->text, t->output.terminal);
		return 0;
	}
	for (size_t i = 0; i < t->ledger->runtimes.nr; i++) {
		str_add(&others, i ? ", " : "");
		str_add(&others, t->ledger->runtimes.items[i].name);
	}
	diag_set(&t->refusal, -ENOENT, "no runtime file of '%s' in '%s'", name, t->options->recording);
	if (others.len)
		diag_hint(&t->refusal, "it has: %s", str_text(&others));
	else
		diag_hint(&t->refusal, "it has none: an older pooltrace made it, or nothing was traced");
	return -ECANCELED;
}

/* Also of a damaged recording: what could be read is worth seeing. */
static int show(struct trace *t, struct view *view, int err)
{
	_cleanup_(str_release) struct str text = {};
	int show_err = 0;

	if (trace_refused(t))
		return err;
	if (t->options->print)
		show_err = add_runtime(&text, t);
	else
		recorded_add(&text, t->ledger);
	if (!show_err)
		show_err = output_update(&t->output, &text, false);
	view->shown = !show_err;
	return err && !trace_ended_well(t, err) ? err : show_err;
}

int recorded_runtimes(const struct options *o)
{
	struct view view = {};
	const struct trace_plan plan = {};
	struct trace t;
	int status = trace_init(&t, o, &view, false);

	if (!status)
		status = trace_open(&t, &plan);
	if (!status)
		status = trace_finish(&t, show(&t, &view, trace_run(&t)));
	trace_release(&t);
	return status;
}
