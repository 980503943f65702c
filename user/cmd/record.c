/* record.c: a recording, of running processes or of a command that we start. */
#include "cmd/child.h"
#include "cmd/fail.h"
#include "cmd/trace.h"

#include "base/units.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORD_INTERVAL_NS NS_PER_SEC

struct recording {
	struct view view;
	uint64_t ticks;
	struct trace trace;
	struct child child;
	const char *path;
	char default_path[64];
};

static int count_ticks(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	struct recording *rec = (struct recording *)view;

	(void)effect;
	if (r->kind != RECORD_TICK)
		return 0;
	return ++rec->ticks == t->options->count ? -ECANCELED : 0;
}

/* "pooltrace-4242-20261122-120000.pt", of the first process; "all" when there is none. */
static void choose_path(struct recording *rec, const struct options *o)
{
	int pid = rec->child.pid ? rec->child.pid : o->pids.nr ? o->pids.items[0] : 0;
	time_t now = (time_t)(units_wall_ns() / NS_PER_SEC);
	char of[16] = "all", when[32] = "";
	struct tm tm;

	rec->path = o->output;
	if (rec->path)
		return;
	if (pid)
		snprintf(of, sizeof(of), "%d", pid);
	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	snprintf(rec->default_path, sizeof(rec->default_path), "pooltrace-%s-%s.pt", of, when);
	rec->path = rec->default_path;
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
	if (!l->processes.nr)
		say_nothing_seen(rec);
	note("recorded %llu events%s, %llu lost, to %s", (unsigned long long)l->events, str_text(&size),
	     (unsigned long long)l->lost, strcmp(rec->path, "-") ? rec->path : "stdout");
}

static void write_status(const struct recording *rec, int status, int command_status)
{
	const struct trace *t = &rec->trace;
	_cleanup_(str_release) struct str path = {};
	uint64_t bytes = 0;
	json_t *line = json_object();

	if (t->options->status_fd < 0)
		return json_decref(line);
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
	if (json_dumpfd(line, t->options->status_fd, JSON_COMPACT) || write(t->options->status_fd, "\n", 1) != 1)
		note("cannot write to file descriptor %d", t->options->status_fd);
	json_decref(line);
}

static int open_all(struct recording *rec, const struct options *o)
{
	int status = trace_start_child(&rec->trace, &rec->child, o->output && !strcmp(o->output, "-"));

	if (status)
		return status;
	choose_path(rec, o);

	const struct trace_plan plan = {.interval_ns = RECORD_INTERVAL_NS,
					.child = rec->child.pid,
					.output = rec->path,
					.only_records = true};

	status = trace_open(&rec->trace, &plan);
	return status ? status : trace_let_go(&rec->trace, &rec->child);
}

int cmd_record(const struct options *o)
{
	struct recording rec = {.view.put = count_ticks,
				.child = CHILD_NONE};
	int status = trace_init(&rec.trace, o, &rec.view, false), command_status = -1;

	if (!status)
		status = open_all(&rec, o);
	if (!status) {
		status = trace_finish(&rec.trace, trace_run(&rec.trace));
		say_outcome(&rec, status);
		if (o->child)
			command_status = child_wait(&rec.child);
	}
	write_status(&rec, status, command_status);
	child_release(&rec.child);
	trace_release(&rec.trace);
	return command_status >= 0 ? command_status : status;
}
