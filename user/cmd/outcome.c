/* outcome.c: how a run ended, in words and as an exit status. */
#include "cmd/trace.h"

#include "cmd/fail.h"
#include "live/session.h"
#include "stream/file.h"
#include "stream/file_ring.h"

#include <errno.h>
#include <string.h>

bool trace_ended_well(const struct trace *t, int err)
{
	return !err || err == -ECANCELED || (err == -EPIPE && t->output.err == -EPIPE);
}

void recording_tell_parts(const struct options *o)
{
	_cleanup_(file_ring_paths_release) file_ring_paths parts = {};

	if (recording_is_file(o->recording) && !file_ring_find_left(o->recording, &parts) && parts.nr)
		note("'%s' is the newest part of a ring that was not ended: what was before it is in '%s'%s; "
		     "`pooltrace merge %s -o OUT` joins all of it", o->recording, parts.items[0],
		     parts.nr > 1 ? " and those with higher numbers" : "", o->recording);
}

/* What a recording that was read says about itself. Returns true when nothing was wrong with it. */
static bool recording_outcome(const struct trace *t, int err)
{
	const struct file_outcome *o = file_source_outcome(t->source);
	struct diag d = {};

	if (o->unknown_records || o->unknown_chunks)
		note("'%s' holds what only a newer pooltrace knows; that was left out", t->options->recording);
	/* A chunk that is missing can be why: it is told first. */
	if (o->problem[0] && t->contradicted)
		note("%s", o->problem);
	if (t->contradicted)
		diag_set(&d, 0, "'%s': record %llu, '%s', contradicts those before it", t->options->recording,
			 (unsigned long long)(t->options->pids.nr || t->options->names.nr ? t->pick.records : t->records), t->contradiction);
	else if (o->problem[0])
		diag_set(&d, 0, "%s", o->problem);
	else if (!trace_ended_well(t, err))
		diag_errno(&d, err, "cannot read '%s'", t->options->recording);
	if (d.text[0]) {
		diag_hint(&d, "what could be read of it was shown");
		fail(&d, 0);
	}
	recording_tell_parts(t->options);
	return !d.text[0];
}

static bool session_outcome(const struct trace *t, int err)
{
	const struct diag *d = session_diag(t->source);

	if (d && d->text[0])
		fail(d, 0);
	if (trace_ended_well(t, err))
		return true;
	if (!d || !d->text[0])
		note("tracing ended: %s", strerror(-err));
	return false;
}

/* Why the run ended; true when nothing failed. */
static bool run_outcome(const struct trace *t, int err)
{
	if (t->output.err && t->output.err != -EPIPE) {
		note("cannot write to %s: %s", t->output.name, strerror(-t->output.err));
		return false;
	}
	/* recorder_outcome() says it. */
	if (t->recorder.failed && t->recorder.stops)
		return true;
	if (t->options->recording)
		return recording_outcome(t, err);
	if (t->contradicted) {
		note("internal error: record %llu, '%s', contradicts those before it", (unsigned long long)t->records,
		     t->contradiction);
		return false;
	}
	return session_outcome(t, err);
}

static bool recorder_outcome(struct trace *t)
{
	struct diag d = {};

	if (!recorder_is_open(&t->recorder) || !recorder_close(&t->recorder, &d))
		return true;
	if (!d.hint[0])
		diag_hint(&d, "what was written before can be read");
	fail(&d, 0);
	return false;
}

static bool lost_outcome(const struct trace *t)
{
	if (!t->ledger->lost)
		return false;
	note("%llu events were lost: figures may be off from a loss to the next comparison with the runtime's books",
	     (unsigned long long)t->ledger->lost);
	return true;
}

int trace_finish(struct trace *t, int err)
{
	bool well, shown = (t->view && t->view->shown) || t->recorder.records;

	/* First the cursor, then words below the table. */
	output_release(&t->output);
	well = run_outcome(t, err);
	if (!recorder_outcome(t))
		well = false;
	if (trace_refused(t))
		fail(&t->refusal, 0);

	bool lost = !trace_refused(t) && lost_outcome(t);

	t->source->free(t->source);
	t->source = NULL;
	/* Nobody is watched any more: this may take its time. */
	recorder_compact(&t->recorder);
	if (!well)
		return STATUS_FAILED;
	if (trace_refused(t))
		return STATUS_USAGE;
	if (lost)
		return STATUS_LOST;
	return t->interrupted && !shown ? STATUS_INTERRUPTED : STATUS_DONE;
}
