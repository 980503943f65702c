#include "cmd/trace.h"

#include "base/log.h"
#include "cmd/fail.h"
#include "cmd/names.h"
#include "live/session.h"
#include "stream/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What env(1) and shells give for a command that cannot be run. */
enum { STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

static int trace_put(struct sink *sink, const struct record *r)
{
	struct trace *t = (struct trace *)sink;
	struct effect effect;
	int err;

	t->records++;
	err = ledger_apply(t->ledger, r, &effect);
	if (err) {
		t->contradicted = true;
		t->contradiction = kind_descs[r->kind].name;
		return err;
	}
	return t->view ? t->view->put(t->view, t, r, &effect) : 0;
}

int trace_init(struct trace *t, const struct options *o, struct view *view, bool in_place)
{
	struct diag d = {};

	*t = (struct trace){.sink.put = trace_put, .options = o, .view = view, .signals.fd = -1};
	tee_init(&t->tee);
	if (signals_init(&t->signals, !o->recording, &d))
		return fail(&d, STATUS_FAILED);
	output_init(&t->output, o, t->signals.fd, in_place);
	return 0;
}

static int open_session(struct trace *t, const struct trace_plan *plan, struct diag *d)
{
	const struct options *o = t->options;
	bool on_request = o->tick_fd >= 0 && !o->interval_ns;
	const struct session_options so = {
		.runtimes = &t->runtimes,
		.pids = plan->child ? &plan->child : o->pids.items,
		.nr_pids = plan->child ? 1 : o->pids.nr,
		.child = plan->child,
		.wait = o->wait,
		.once = o->once,
		.check = o->check == CHECK_ON,
		.census = true,
		.interval_ns = o->interval_ns ? o->interval_ns : on_request ? 0 : plan->interval_ns,
		.tick_fd = o->tick_fd,
		.stop_fd = plan->child ? -1 : t->signals.fd,
		.mode = (enum attach_mode)o->attach,
		.ring_bytes = (uint32_t)o->ring_bytes,
	};

	return session_new(&so, t->ledger, &t->source, d);
}

static int open_recording(struct trace *t, const struct trace_plan *plan, struct diag *d)
{
	int err;

	if (!plan->output)
		return 0;
	err = recorder_open(&t->recorder, plan->output, t->options->force, plan->only_records, d);
	if (err && !d->hint[0])
		diag_hint(d, "-o FILE names a file that can be written");
	if (err)
		return err;
	t->recorder.stops = plan->only_records;
	/* Before the view: what is shown has been handed to the recording, also when the view ends the run. */
	tee_add(&t->tee, &t->recorder.sink);
	return 0;
}

int trace_open(struct trace *t, const struct trace_plan *plan)
{
	const struct options *o = t->options;
	struct diag d = {};
	int err;

	err = runtimes_load(&t->runtimes, o->runtime_files.items, o->runtime_files.nr, &d);
	if (err)
		return fail(&d, STATUS_FAILED);
	err = names_select(o, &t->runtimes, &t->selection, &d);
	if (err == -EINVAL)
		return fail(&d, STATUS_USAGE);
	t->ledger = ledger_new();
	if (!err)
		err = o->recording ? file_source_open(o->recording, &t->source, &d) : open_session(t, plan, &d);
	if (err && o->recording && !d.hint[0])
		diag_hint(&d, "%s", err == -EBADMSG ? "nothing of it can be read: its beginning is not whole" :
						      "name a recording, which `pooltrace record -o FILE` makes");
	if (err)
		return fail(&d, STATUS_FAILED);
	err = open_recording(t, plan, &d);
	if (err)
		return fail(&d, STATUS_FAILED);
	if (!o->recording)
		session_drop_privileges(t->source);
	tee_add(&t->tee, &t->sink);
	return 0;
}

int trace_start_child(const struct trace *t, struct child *child, bool to_stderr)
{
	const int ours[] = {t->options->tick_fd, t->options->status_fd};
	struct diag d = {};

	/* A command that we run has no business with them. */
	for (size_t i = 0; t->options->child && i < ARRAY_SIZE(ours); i++)
		if (ours[i] > STDERR_FILENO)
			fcntl(ours[i], F_SETFD, FD_CLOEXEC);
	if (t->options->child && child_start(child, t->options->child, &t->signals, to_stderr, &d))
		return fail(&d, STATUS_FAILED);
	return 0;
}

int trace_let_go(struct trace *t, struct child *child)
{
	struct diag d = {};
	int err = t->options->child ? child_go(child) : 0;

	if (!err)
		return 0;
	recorder_discard(&t->recorder);
	child_wait(child);
	diag_errno(&d, err, "cannot run '%s'", t->options->child[0]);
	return fail(&d, err == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

int trace_run(struct trace *t)
{
	int err = t->source->run(t->source, &t->tee.sink);

	t->interrupted = signals_pending(&t->signals);
	log_debug("the stream ended after %llu records: %s", (unsigned long long)t->records,
		  err ? strerror(-err) : "no error");
	return err;
}

void trace_release(struct trace *t)
{
	output_release(&t->output);
	if (t->source)
		t->source->free(t->source);
	recorder_discard(&t->recorder);
	tee_release(&t->tee);
	ledger_free(t->ledger);
	selection_release(&t->selection);
	runtimes_release(&t->runtimes);
	signals_release(&t->signals);
}
