/* export.c: a recording in a format of others, into a file or to stdout. */
#include "cmd/export_file.h"
#include "cmd/fail.h"
#include "cmd/trace.h"

#include "view/export.h"

#include <errno.h>
#include <string.h>

enum { FLUSH_BYTES = 64 * 1024 };

struct export {
	struct view view;
	struct exporter *exporter;
	struct export_file file;
	struct str out; /* that waits to be written */
};

static int flush(struct export *e, struct trace *t)
{
	int err = output_write(&t->output, str_text(&e->out), e->out.len);

	str_clear(&e->out);
	e->view.shown |= t->output.written;
	return err;
}

static int take(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	struct export *e = (struct export *)view;

	e->exporter->put(e->exporter, &e->out, r, effect);
	return e->out.len > FLUSH_BYTES ? flush(e, t) : 0;
}

static int check_options(const struct options *o, struct diag *d)
{
	if (o->to < 0) {
		diag_set(d, -EINVAL, "'export' needs a format");
		diag_hint(d, "--to perfetto, pprof, folded, csv or ndjson");
		return -EINVAL;
	}
	if (o->sample >= 0 && !export_formats[o->to].samples) {
		diag_set(d, -EINVAL, "'--sample' means nothing for %s", export_formats[o->to].what);
		diag_hint(d, "it is for --to pprof and --to folded");
		return -EINVAL;
	}
	return 0;
}

static int check_terminal(const struct options *o, const struct output *out, struct diag *d)
{
	if (!out->terminal || !export_formats[o->to].binary || (o->output && strcmp(o->output, "-")))
		return 0;
	diag_set(d, -EINVAL, "%s is not written to a terminal", export_formats[o->to].what);
	diag_hint(d, "-o FILE names a file; or redirect stdout");
	return -EINVAL;
}

static int open_all(struct export *e, struct trace *t)
{
	const struct options *o = t->options;
	const struct trace_plan plan = {};
	struct diag d = {};
	int status;

	if (check_options(o, &d) || check_terminal(o, &t->output, &d))
		return fail(&d, STATUS_USAGE);
	status = trace_open(t, &plan);
	if (status)
		return status;
	e->exporter = export_formats[o->to].new(&(struct export_options){
		.selection = &t->selection, .sample = o->sample < 0 ? EXPORT_INUSE : (enum export_sample)o->sample});
	if (export_file_open(&e->file, &t->output, o->output, o->recording, o->force, &d))
		return fail(&d, STATUS_FAILED);
	return 0;
}

/* Also of a damaged recording: what could be read is exported. */
static int run(struct export *e, struct trace *t)
{
	int err = trace_run(t), last;

	if (t->output.err || trace_refused(t))
		return err;
	e->exporter->finish(e->exporter, &e->out, t->ledger);
	last = flush(e, t);
	return err ? err : last;
}

static void say_empty(const struct export *e, const struct options *o)
{
	if (!e->exporter->empty)
		return;
	if (o->sample <= EXPORT_INUSE)
		note("nothing was allocated at the end of '%s': --sample peak has what was there before", o->recording);
	else
		note("nothing was allocated in '%s'", o->recording);
}

int cmd_export(const struct options *o)
{
	struct export e = {.view = {.put = take, .found = true}, .file.fd = -1};
	struct trace t;
	int status = trace_init(&t, o, &e.view, false);

	if (!status)
		status = open_all(&e, &t);
	if (!status) {
		int err = run(&e, &t);

		export_file_close(&e.file, &t.output, !trace_refused(&t));
		say_empty(&e, o);
		status = trace_finish(&t, err);
	}
	if (e.exporter)
		e.exporter->free(e.exporter);
	trace_release(&t);
	export_file_release(&e.file);
	str_release(&e.out);
	return status;
}
