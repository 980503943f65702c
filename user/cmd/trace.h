/*
 * trace.h: what top, events, record and report share: a source, live or a recording, runs into the ledger, into a
 * recording, and into a view; then its outcome becomes messages and an exit status.
 */
#ifndef CMD_TRACE_H
#define CMD_TRACE_H

#include "cmd/child.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/recorder.h"
#include "cmd/signals.h"
#include "cmd/window.h"
#include "ledger/summary.h"
#include "runtime/runtime.h"
#include "stream/pick.h"
#include "stream/tee.h"
#include "view/select.h"

struct trace;

/* What a command does with each record after the ledger has taken it. */
struct view {
	/*
	 * 0, or -errno to end the run; -ECANCELED and errors of trace.output are told apart by trace_finish(). NULL: all is
	 * shown at the end.
	 */
	int (*put)(struct view *view, struct trace *t, const struct record *r, const struct effect *effect);
	/* Before the ledger takes a record. 0, or -errno as put(). NULL: nothing. */
	int (*before)(struct view *view, const struct record *r);
	/* While the recording is waited for; several times a second. Likewise. */
	int (*idle)(struct view *view);
	bool late;  /* put() gets one record from behind --to as well: it may tell of what was before */
	bool whole; /* it must be told of all records: a recording is read from its beginning, whatever moment is asked for */
	bool found; /* put() is also told of what was there when the recording began, see found.h */
	bool shown; /* something that was asked for */
};

struct trace {
	struct sink sink; /* folds */
	const struct options *options;
	struct view *view; /* NULL: none */
	struct signals signals;
	struct output output;
	runtimes runtimes;
	struct selection selection;
	struct ledger *ledger;
	struct summary *summary; /* folds as well; NULL: none. The command's */
	struct window window;
	struct pick pick; /* of a recording, the processes of -p */
	struct source *source;
	struct recorder recorder;
	struct tee tee;
	uint64_t records;
	bool interrupted;
	bool contradicted; /* record number `records` of the recording cannot be true */
	const char *contradiction; /* its kind */
	bool begins_late; /* the recording begins with a checkpoint */
	bool mark, marking; /* a table is wanted behind this record; it is the one that was wanted */
	bool past; /* a recording was not read to its end: what comes then was not asked for */
	struct diag refusal; /* what was asked for is not in the recording; empty: it is */
};

struct trace_plan {
	uint64_t interval_ns; /* when none was given */
	int child;	      /* a command that we started; 0: none */
	const char *output;   /* of a recording; NULL: none */
	int stop_fd;	      /* readable: the end, instead of what the signals say; 0: none */
	int mark_fd;	      /* readable: a table, as session.h has it; 0: none */
	bool children;	      /* also the processes that those of -p start */
	bool only_records;    /* the recording is all there is: "-" is stdout, and its failure ends the run */
};

/*
 * In this order; trace_release() in any case. trace_init() sets up signals and output (@in_place: on a terminal,
 * updates may be drawn over one another). trace_open() makes the source, then the recording, so that nothing is
 * overwritten when there is nothing to record. Both return 0, or the exit status after having said why not.
 */
int trace_init(struct trace *t, const struct options *o, struct view *view, bool in_place);
int trace_open(struct trace *t, const struct trace_plan *plan);
/*
 * The command of the options, if there is one: start it before trace_open(), held; let it run after. @to_stderr: stdout is ours
 * alone. Both return 0, or the exit status after having said why not.
 */
int trace_start_child(const struct trace *t, struct child *child, bool to_stderr);
int trace_let_go(struct trace *t, struct child *child);
/* Run the source to its end, or to where the window ends. Returns what trace_finish() is to be told. */
int trace_run(struct trace *t);
/* From a view's put(): a table belongs right behind this record, in the recording as well. */
void trace_mark(struct trace *t);
/* What was asked for is not in the recording: there is nothing to show. */
bool trace_refused(const struct trace *t);
/*
 * Let trace_run() begin anew with a recording that is a file, at a record that is not after @time_ns, so that all that comes
 * behind it can be shown. The ledger is as it was there. Returns 0, or -errno and nothing has changed.
 */
int trace_rewind(struct trace *t, uint64_t time_ns);
/*
 * Say how it ended, free the source (which takes its probes away) and return the exit status. @err: what
 * trace_run() or a last write returned.
 */
int trace_finish(struct trace *t, int err);
void trace_release(struct trace *t);

/* True when @err is an end that the user or the reader of stdout wanted. */
bool trace_ended_well(const struct trace *t, int err);
/* Say so if the recording is what stays of a ring whose recorder was killed, or still writes: the newest part of it. */
void recording_tell_parts(const struct options *o);

#endif
