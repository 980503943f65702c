/* record.c: a recording, of running processes or of a command that we start. */
#include "cmd/child.h"
#include "cmd/fail.h"
#include "cmd/file_names.h"
#include "cmd/flight.h"
#include "cmd/progress.h"
#include "cmd/trace.h"

#include "base/units.h"
#include "live/session.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define RECORD_INTERVAL_NS NS_PER_SEC

struct recording {
	struct view view;
	uint64_t ticks;
	struct trace trace;
	struct child child;
	struct flight flight;
	struct progress progress;
	const char *path;
	char *default_path;
	int stop_fd, timer_fd; /* -1: none */
	uint64_t held_ns;      /* of a ring, at its end */
};

static int put_record(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	struct recording *rec = (struct recording *)view;

	flight_look(&rec->flight, t, r, effect);
	if (r->kind != RECORD_TICK)
		return 0;
	if (t->marking || session_marks(t->source))
		return flight_mark(&rec->flight, t);
	return ++rec->ticks == t->options->count ? -ECANCELED : 0;
}

static struct progress_figures figures_of(const struct recording *rec, uint64_t now_ns)
{
	const struct recorder *r = &rec->trace.recorder;
	struct file_ring_state ring = {};

	if (r->ring)
		ring = file_ring_state(r->ring, now_ns);
	return (struct progress_figures){
		.events = rec->trace.ledger->events,
		.lost = rec->trace.ledger->lost,
		.bytes = r->file ? file_sink_bytes(r->file) : ring.bytes,
		.held_ns = ring.held_ns,
	};
}

static int idle_record(struct view *view)
{
	struct recording *rec = (struct recording *)view;
	uint64_t now = units_monotonic_ns();

	if (rec->flight.copy)
		progress_clear(&rec->progress);
	flight_step(&rec->flight);
	if (progress_due(&rec->progress, now)) {
		const struct progress_figures f = figures_of(rec, now);

		progress_draw(&rec->progress, now, &f);
	}
	return 0;
}

/* ---- the end ---- */

static bool is_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&p, 1, 0) == 1;
}

/* Why it ended, if that was by an option; else NULL. */
static const char *limit_met(const struct recording *rec)
{
	if (rec->trace.recorder.full)
		return "max-size";
	return is_readable(rec->timer_fd) ? "duration" : NULL;
}

static void say_limit(const struct recording *rec)
{
	const struct options *o = rec->trace.options;
	_cleanup_(str_release) struct str text = {};

	if (!limit_met(rec) || o->quiet)
		return;
	if (rec->trace.recorder.full) {
		str_add(&text, "the recording ends at ");
		units_add_bytes(&text, o->max_size);
		str_add(&text, " (--max-size)");
	} else {
		str_add(&text, "the recording ends after ");
		units_add_interval(&text, o->duration_ns);
		str_add(&text, " (--duration)");
	}
	if (o->child)
		str_add(&text, "; the command goes on");
	note("%s", str_text(&text));
}

static void say_nothing_seen(const struct recording *rec)
{
	const struct options *o = rec->trace.options;
	struct diag d = {};

	if (o->child)
		diag_set(&d, 0, "'%s' ran without a runtime that is known: there was nothing to record", o->child[0]);
	else
		diag_set(&d, 0, "no process mapped a known runtime: there was nothing to record");
	diag_hint(&d, "`pooltrace runtimes` lists those that are known");
	fail(&d, 0);
}

static void say_outcome(const struct recording *rec, int status)
{
	const struct ledger *l = rec->trace.ledger;
	_cleanup_(str_release) struct str size = {};
	uint64_t bytes = 0;

	if (status != STATUS_DONE && status != STATUS_LOST)
		return;
	if (recorder_bytes(&rec->trace.recorder, &bytes)) {
		str_add(&size, ", ");
		units_add_bytes(&size, bytes);
	}
	if (rec->held_ns) {
		str_add(&size, " of the last ");
		units_add_span(&size, rec->held_ns);
	}
	if (!l->processes.nr)
		say_nothing_seen(rec);
	if (l->unstacked)
		str_addf(&size, ", %llu allocations without a stack", (unsigned long long)l->unstacked);
	if (!rec->trace.options->quiet)
		note("recorded %llu events%s, %llu lost, to %s", (unsigned long long)l->events, str_text(&size),
		     (unsigned long long)l->lost, strcmp(rec->path, "-") ? rec->path : "stdout");
}

/* False: a ring could not hold what was asked for. */
static bool ring_outcome(const struct file_ring_state *s)
{
	_cleanup_(str_release) struct str held = {};

	if (!s->disk_full && !s->too_small)
		return true;
	units_add_span(&held, s->held_ns);
	note("%s: parts of it were removed early, and it holds the last %s",
	     s->disk_full ? "the disk was full when the ring was written" : "the ring's size is not enough for its time", str_text(&held));
	return !s->disk_full;
}

/* What is done when no process pays for probes any more. */
static int finish(struct recording *rec, int err)
{
	struct trace *t = &rec->trace;
	struct file_ring_state ring = {};
	struct diag d = {};
	int status;

	if (t->recorder.ring)
		ring = file_ring_state(t->recorder.ring, units_monotonic_ns());
	rec->held_ns = ring.held_ns;
	progress_clear(&rec->progress);
	say_limit(rec);
	status = trace_finish(t, err);
	flight_end(&rec->flight);
	if (t->recorder.ring && !ring_outcome(&ring) && status == STATUS_DONE)
		status = STATUS_FAILED;
	if (recorder_join(&t->recorder, &d))
		status = fail(&d, STATUS_FAILED);
	say_outcome(rec, status);
	return status;
}

static json_t *texts_of(const struct flight *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->files.nr; i++) {
		_cleanup_(str_release) struct str path = {};

		str_add_escaped(&path, f->files.items[i]);
		json_array_append_new(list, json_string(str_text(&path)));
	}
	return list;
}

static json_t *outcome_of(const struct recording *rec, int status, int command_status)
{
	const struct trace *t = &rec->trace;
	_cleanup_(str_release) struct str path = {};
	json_t *line = json_object();
	uint64_t bytes = 0;

	json_object_set_new(line, "status", json_integer(status));
	if (command_status >= 0)
		json_object_set_new(line, "command_status", json_integer(command_status));
	if (t->recorder.path) {
		str_add_escaped(&path, t->recorder.path);
		json_object_set_new(line, "recording", json_string(str_text(&path)));
		json_object_set_new(line, "events", json_integer((json_int_t)t->ledger->events));
		json_object_set_new(line, "lost", json_integer((json_int_t)t->ledger->lost));
	}
	if (recorder_bytes(&t->recorder, &bytes))
		json_object_set_new(line, "bytes", json_integer((json_int_t)bytes));
	if (t->recorder.path && limit_met(rec))
		json_object_set_new(line, "limit", json_string(limit_met(rec)));
	if (rec->flight.files.nr)
		json_object_set_new(line, "files", texts_of(&rec->flight));
	return line;
}

static void write_status(const struct recording *rec, int status, int command_status)
{
	int fd = rec->trace.options->status_fd;
	json_t *line = fd < 0 ? NULL : outcome_of(rec, status, command_status);

	if (line && (json_dumpfd(line, fd, JSON_COMPACT) || write(fd, "\n", 1) != 1))
		note("cannot write to file descriptor %d", fd);
	json_decref(line);
}

/* ---- the begin ---- */

static int watch(int epoll, int fd)
{
	struct epoll_event e = {.events = EPOLLIN};

	return fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

/* What ends it: the time, and signals, unless they are for a command. */
static int open_stop(struct recording *rec, const struct options *o, struct diag *d)
{
	int err;

	if (!o->duration_ns)
		return 0;
	rec->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	rec->stop_fd = epoll_create1(EPOLL_CLOEXEC);
	err = watch(rec->stop_fd, rec->timer_fd);
	if (!err && !o->child)
		err = watch(rec->stop_fd, rec->trace.signals.fd);
	return err ? diag_errno(d, err, "cannot wait for a time") : 0;
}

static void start_timer(const struct recording *rec, uint64_t ns)
{
	const struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(ns / NS_PER_SEC), .tv_nsec = (long)(ns % NS_PER_SEC)}};

	if (rec->timer_fd >= 0)
		timerfd_settime(rec->timer_fd, 0, &when, NULL);
}

static void choose_path(struct recording *rec, const struct options *o)
{
	rec->path = o->output;
	if (rec->path)
		return;
	rec->default_path = file_name_of_recording(o, rec->child.pid, units_wall_ns());
	rec->path = rec->default_path;
}

static int prepare(struct recording *rec, const struct options *o)
{
	struct diag d = {};
	int err = flight_init(&rec->flight, o, &d);

	if (!err)
		err = flight_take_signal(&rec->flight, &d);
	if (!err)
		err = open_stop(rec, o, &d);
	return err ? fail(&d, STATUS_FAILED) : 0;
}

static int open_all(struct recording *rec, const struct options *o)
{
	int status = trace_start_child(&rec->trace, &rec->child, o->output && !strcmp(o->output, "-"));

	if (status)
		return status;
	choose_path(rec, o);
	rec->flight.path = rec->path;

	const struct trace_plan plan = {.interval_ns = RECORD_INTERVAL_NS,
					.child = rec->child.pid,
					.output = rec->path,
					.stop_fd = rec->stop_fd >= 0 ? rec->stop_fd : 0,
					.mark_fd = rec->flight.signal_fd,
					.children = !o->no_children,
					.only_records = true};

	status = trace_open(&rec->trace, &plan);
	if (!status && rec->default_path)
		note("recording to %s", rec->path);
	return status ? status : trace_let_go(&rec->trace, &rec->child);
}

static void release(struct recording *rec)
{
	child_release(&rec->child);
	flight_release(&rec->flight);
	trace_release(&rec->trace);
	closep(&rec->stop_fd);
	closep(&rec->timer_fd);
	free(rec->default_path);
}

int cmd_record(const struct options *o)
{
	struct recording rec = {.view = {.put = put_record, .idle = idle_record},
				.child = CHILD_NONE,
				.flight.signal_fd = -1,
				.stop_fd = -1,
				.timer_fd = -1};
	int status = trace_init(&rec.trace, o, &rec.view, false), command_status = -1;

	if (!status)
		status = prepare(&rec, o);
	if (!status)
		status = open_all(&rec, o);
	if (!status) {
		progress_init(&rec.progress, !o->quiet && !o->child);
		start_timer(&rec, o->duration_ns);
		status = finish(&rec, trace_run(&rec.trace));
		if (o->child)
			command_status = child_wait(&rec.child);
	}
	write_status(&rec, status, command_status);
	release(&rec);
	return command_status >= 0 ? command_status : status;
}
