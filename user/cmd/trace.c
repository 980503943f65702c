#include "cmd/trace.h"

#include "base/log.h"
#include "cmd/fail.h"
#include "cmd/files.h"
#include "cmd/found.h"
#include "cmd/names.h"
#include "live/session.h"
#include "stream/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Bytes a second: at 0.12 us a KiB, 3 hundredths of a processor. */
enum { STACKS_BUDGET = 256 << 20 };

/* What env(1) and shells give for a command that cannot be run. */
enum { STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

static void apply_window(struct trace *t)
{
	const struct window *w = &t->window;

	t->selection.timed = w->from_ns || w->to_ns != UINT64_MAX;
	t->selection.from_ns = w->from_ns;
	t->selection.to_ns = w->to_ns;
	if (t->summary)
		summary_set_from(t->summary, t->options->at.kind ? UINT64_MAX : w->from_ns);
}

static int open_window(struct trace *t, uint64_t first_ns)
{
	if (window_open(&t->window, first_ns, &t->refusal))
		return -ECANCELED;
	apply_window(t);
	return 0;
}

/* Sets *@ret_left_out when the record contradicts those before it because some are missing: it is as if it were as well. */
static int fold(struct trace *t, const struct record *r, struct effect *effect, bool *ret_left_out)
{
	int err = t->summary ? summary_apply(t->summary, t->ledger, r, effect) : ledger_apply(t->ledger, r, effect);

	*ret_left_out = err && t->options->recording && file_source_in_gap(t->source);
	if (!err || *ret_left_out)
		return 0;
	t->contradicted = true;
	t->contradiction = kind_descs[r->kind].name;
	return err;
}

void trace_mark(struct trace *t)
{
	t->mark = true;
}

/* The table that was wanted goes to all who see the stream. */
static int put_mark(struct trace *t)
{
	struct record tick = {.kind = RECORD_TICK};
	int err;

	RECORD_SET(&tick, TIME_NS, time_ns, t->ledger->time_ns);
	if (t->ledger->interval_ns)
		RECORD_SET(&tick, INTERVAL_NS, interval_ns, t->ledger->interval_ns);
	t->mark = false;
	t->marking = true;
	err = sink_put(&t->tee.sink, &tick);
	t->marking = false;
	return err;
}

/* The first record, or the end of the checkpoint that was the first. */
static int look_at_begin(struct trace *t, const struct record *r)
{
	if (t->records == 1)
		t->begins_late = r->kind == RECORD_CHECKPOINT;
	if (!t->begins_late || r->kind != RECORD_CHECKPOINT || strcmp(r->reason, "end"))
		return 0;
	t->begins_late = false;
	return t->view && t->view->found ? found_put(t, r->time_ns) : 0;
}

static int trace_put(struct sink *sink, const struct record *r)
{
	struct trace *t = (struct trace *)sink;
	struct effect effect;
	bool left_out = false;
	int err = 0;

	/* What the recording has not got has not happened. */
	if (t->recorder.full)
		return -ECANCELED;
	t->records++;
	if (!t->window.open && t->options->recording && open_window(t, r->time_ns))
		return -ECANCELED;
	t->past = r->time_ns > t->window.to_ns;
	if (t->past && !(t->view && t->view->late))
		return -ECANCELED;
	if (t->view && t->view->before)
		err = t->view->before(t->view, r);
	if (!err)
		err = fold(t, r, &effect, &left_out);
	if (!err && t->view && t->view->put && !left_out)
		err = t->view->put(t->view, t, r, &effect);
	if (!err)
		err = look_at_begin(t, r);
	if (!err && t->mark)
		err = put_mark(t);
	if (!err && (t->recorder.file || t->recorder.ring))
		err = recorder_checkpoint(&t->recorder, t->ledger, r);
	return !err && t->past ? -ECANCELED : err;
}

static int trace_idle(struct sink *sink)
{
	struct trace *t = (struct trace *)sink;
	int err = t->view && t->view->idle ? t->view->idle(t->view) : 0;

	return err ? err : recorder_checkpoint(&t->recorder, t->ledger, NULL);
}

static void start_pick(struct trace *t)
{
	const struct options *o = t->options;

	pick_init(&t->pick, &t->tee.sink, o->pids.items, o->pids.nr);
	pick_add_names(&t->pick, o->names.items, o->names.nr);
}

int trace_init(struct trace *t, const struct options *o, struct view *view, bool in_place)
{
	struct diag d = {};

	*t = (struct trace){.sink = {.put = trace_put, .idle = trace_idle}, .options = o, .view = view};
	t->signals.fd = -1;
	t->window.to_ns = UINT64_MAX;
	tee_init(&t->tee);
	start_pick(t);
	/* Of a recording all is read at once, and nobody would look for signals meanwhile. */
	if (signals_init(&t->signals, !o->recording || o->follow || (in_place && isatty(STDOUT_FILENO)), &d))
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
		.names = o->names.items,
		.nr_names = plan->child ? 0 : o->names.nr,
		.child = plan->child,
		.wait = o->wait,
		.once = o->once,
		.check = o->check == CHECK_ON,
		.census = true,
		.interval_ns = o->interval_ns ? o->interval_ns : on_request ? 0 : plan->interval_ns,
		.tick_fd = o->tick_fd,
		.stop_fd = plan->stop_fd ? plan->stop_fd : plan->child ? -1 : t->signals.fd,
		.mark_fd = plan->mark_fd,
		.children = plan->children || (plan->child && !o->no_children),
		.stacks = o->once ? STACKS_OFF : (enum session_stacks)o->stacks,
		.symbols_later = o->symbols == SYMBOLS_LATER,
		.stack_budget = o->stacks_budget ? o->stacks_budget : STACKS_BUDGET,
		.mode = (enum attach_mode)o->attach,
		.ring_bytes = (uint32_t)o->ring_bytes,
	};

	return session_new(&so, t->ledger, &t->source, d);
}

static int open_recording(struct trace *t, const struct trace_plan *plan, struct diag *d)
{
	const struct options *o = t->options;
	const struct recorder_options ro = {.force = o->force,
					    .to_stdout = plan->only_records,
					    .max_bytes = o->max_size,
					    .ring = o->ring,
					    .span_ns = o->ring_ns,
					    .ring_bytes = o->ring_limit};
	int err;

	if (!plan->output)
		return 0;
	err = recorder_open(&t->recorder, plan->output, &ro, d);
	if (err && !d->hint[0])
		diag_hint(d, "-o FILE names a file that can be written");
	if (err)
		return err;
	t->recorder.stops = plan->only_records;
	/* Before the view: what is shown has been handed to the recording, also when the view ends the run. */
	tee_add(&t->tee, &t->recorder.sink);
	return 0;
}

static bool picks(const struct trace *t)
{
	return t->options->recording && (t->options->pids.nr || t->options->names.nr);
}

/* Checkpoints are about all processes: where some of them are picked, all must be read from the beginning. */
static void begin_at(struct trace *t, struct source *source, uint64_t time_ns)
{
	if (!picks(t) && !(t->view && t->view->whole) && time_ns)
		file_source_begin_at(source, time_ns);
}

static int open_source(const struct trace *t, struct source **ret, struct diag *d)
{
	const struct file_source_options so = {.follow = t->options->follow, .stop_fd = t->signals.fd};

	return file_source_open(t->options->recording, &so, ret, d);
}

static int open_file(struct trace *t, struct diag *d)
{
	int err = open_source(t, &t->source, d);

	if (err)
		return err;
	if (t->window.open)
		apply_window(t);
	/* On a terminal what is new is wanted; one can go back from there. */
	if (t->options->follow && t->output.in_place && !t->window.open)
		begin_at(t, t->source, UINT64_MAX);
	else if (t->options->at.kind && t->window.open)
		begin_at(t, t->source, t->window.to_ns);
	else if (t->window.from_ns)
		/* What is in a checkpoint of that very moment would not be told. */
		begin_at(t, t->source, t->window.from_ns - 1);
	return 0;
}

int trace_open(struct trace *t, const struct trace_plan *plan)
{
	const struct options *o = t->options;
	struct diag d = {};
	int err;

	err = files_load_runtimes(o, &t->runtimes, &d);
	if (err)
		return fail(&d, STATUS_FAILED);
	err = window_init(&t->window, o, &d);
	if (err)
		return fail(&d, STATUS_USAGE);
	err = names_select(o, &t->runtimes, &t->selection, &d);
	if (err == -EINVAL)
		return fail(&d, STATUS_USAGE);
	t->ledger = ledger_new();
	t->ledger->all_layers = t->options->layer == LAYER_ALL;
	if (!err)
		err = o->recording ? open_file(t, &d) : open_session(t, plan, &d);
	if (err && o->recording && !d.hint[0])
		diag_hint(&d, "%s", err == -EBADMSG ? "nothing of it can be read: its beginning is not whole" :
						      "name a recording, which `pooltrace record -o FILE` makes");
	if (err) {
		fail(&d, STATUS_FAILED);
		/* Its recorder may have been killed when it had just begun the newest part. */
		if (o->recording)
			recording_tell_parts(o);
		return STATUS_FAILED;
	}
	err = open_recording(t, plan, &d);
	if (err)
		return fail(&d, STATUS_FAILED);
	if (!o->recording)
		session_drop_privileges(t->source, o->ring);
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

bool trace_refused(const struct trace *t)
{
	return t->refusal.text[0];
}

static void refuse_pids(struct trace *t)
{
	_cleanup_(str_release) struct str others = {};

	for (size_t i = 0; i < t->pick.others.nr; i++)
		str_addf(&others, "%s%d", i ? ", " : "", t->pick.others.items[i]);
	if (t->options->names.nr)
		diag_set(&t->refusal, -EINVAL, "no process of name '%s'%s in '%s'", t->options->names.items[0],
			 t->options->names.nr > 1 ? ", nor another of '--name'," : "", t->options->recording);
	else
		diag_set(&t->refusal, -EINVAL, "no process %d%s in '%s'", t->options->pids.items[0],
			 t->options->pids.nr > 1 ? ", nor another of '--pid'," : "", t->options->recording);
	if (others.len)
		diag_hint(&t->refusal, "it has %s", str_text(&others));
	else
		diag_hint(&t->refusal, "it has none");
}

/* Was there what was asked for? @err: how reading ended. */
static void check_window(struct trace *t, int err)
{
	bool ended_early = t->past || (err && trace_ended_well(t, err));

	if (t->pick.late) {
		diag_set(&t->refusal, -EINVAL, "'%s' begins in the midst: --%s picks processes from a recording's beginning on",
			 t->options->recording, t->options->names.nr ? "name" : "pid");
		diag_hint(&t->refusal, "without it, all of its processes are shown");
		return;
	}
	/* What has been written so far may go on. */
	if (t->options->recording && file_source_outcome(t->source)->stopped)
		return;
	if (!t->options->recording || trace_refused(t) || ended_early)
		return;
	/* What ends it may be about others. */
	if (!window_check(&t->window, picks(t) ? t->pick.time_ns : t->ledger->time_ns, &t->refusal) && picks(t) &&
	    !t->pick.nr_processes)
		refuse_pids(t);
}

int trace_rewind(struct trace *t, uint64_t time_ns)
{
	struct source *source = NULL;
	int err = open_source(t, &source, NULL);

	if (err)
		return err;
	begin_at(t, source, time_ns);
	t->source->free(t->source);
	t->source = source;
	ledger_free(t->ledger);
	t->ledger = ledger_new();
	t->ledger->all_layers = t->options->layer == LAYER_ALL;
	pick_release(&t->pick);
	start_pick(t);
	t->records = 0;
	return 0;
}

int trace_run(struct trace *t)
{
	int err = t->source->run(t->source, picks(t) ? &t->pick.sink : tee_sink(&t->tee));

	check_window(t, err);
	if (t->past)
		ledger_pass(t->ledger, t->window.to_ns);
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
	pick_release(&t->pick);
	ledger_free(t->ledger);
	selection_release(&t->selection);
	runtimes_release(&t->runtimes);
	signals_release(&t->signals);
}
