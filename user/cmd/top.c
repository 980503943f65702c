/* top.c: a table, or a JSON object, at each tick. */
#include "cmd/calls.h"
#include "cmd/child.h"
#include "cmd/fail.h"
#include "cmd/play.h"
#include "cmd/trace.h"

#include "base/units.h"
#include "view/json.h"
#include "view/table.h"
#include "view/table_calls.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TOP_INTERVAL_NS (500 * NS_PER_MS)

struct top {
	struct view view;
	struct play play;
	struct trace *trace;
	struct table_state before, state; /* as of the table before the one that is shown, and as of that */
	struct calls calls; /* of --by line and so on */
	bool by_call;
	struct str text; /* of the update */
	unsigned int rows, columns; /* of the window that it was made for */
	bool switched; /* as of play when it was made */
	uint64_t updates;
	bool plays; /* in place, with a line below that says where it is */
};

static void add_table(struct top *top, struct table_state *state)
{
	const struct trace *t = top->trace;
	const struct options *o = t->options;
	struct table_options table = {
		.selection = &t->selection,
		.asked = o->asked,
		.bytes = o->bytes,
		.delta = !o->no_delta && !o->at.kind,
		.wide = o->wide,
		.by_mesh = o->by == BY_MESH,
		.color = t->output.color,
	};

	output_window(&t->output, &top->rows, &top->columns);
	table.rows = top->rows - (top->plays && top->rows);
	table.columns = top->columns;
	top->switched = top->play.switched;
	str_clear(&top->text);
	if (top->by_call && !top->switched)
		table_calls_add(&top->text, &(struct table_calls){.l = t->ledger, .profile = &top->calls.profile, .by = calls_by(o),
								  .most = (size_t)o->most, .table = &table});
	else
		table_add(&top->text, t->ledger, &table, state);
}

static void add_json(struct top *top)
{
	const struct trace *t = top->trace;
	const struct options *o = t->options;

	str_clear(&top->text);
	if (top->by_call)
		table_calls_add_json(&top->text, &(struct table_calls){.l = t->ledger, .profile = &top->calls.profile, .by = calls_by(o)});
	else
		json_add_state(&top->text, t->ledger, &t->selection, o->by == BY_MESH);
}

static void copy_state(struct table_state *to, const struct table_state *from)
{
	table_state_release(to);
	to->shown = from->shown;
	for (struct map_entry *e = map_next(&from->figures, NULL); e; e = map_next(&from->figures, e))
		map_put(&to->figures, e->a, e->b, NULL)->value = e->value;
}

/* What is shown, filled with empty lines, and the line that says where in the recording it is. */
static int draw_played(struct top *top)
{
	_cleanup_(str_release) struct str frame = {}, help = {}, status = {};
	const char *text = str_text(&top->text);

	if (top->play.help) {
		play_add_help(&help);
		text = str_text(&help);
	}
	/* The last row stays free, see output.c. */
	for (unsigned int line = 0; line + 2 < top->rows; line++) {
		size_t len = strcspn(text, "\n");

		str_add_bytes(&frame, text, len);
		str_add_char(&frame, '\n');
		text += len + (text[len] == '\n');
	}
	if (!top->rows)
		str_add(&frame, text);
	play_add_status(&top->play, &status, top->columns);
	str_add(&frame, str_text(&status));
	return output_update(&top->trace->output, &frame, false);
}

/* With the figures of now where the window has changed: they are those that are shown, or a part of the next ones. */
static int show_again(struct play *p)
{
	struct top *top = (struct top *)((char *)p - offsetof(struct top, play));
	struct table_state state = {};
	unsigned int rows, columns;

	if (!top->plays || !p->tick)
		return 0;
	output_window(&top->trace->output, &rows, &columns);
	if (rows != top->rows || columns != top->columns || top->switched != top->play.switched) {
		copy_state(&state, &top->before);
		add_table(top, &state);
		table_state_release(&state);
	}
	return draw_played(top);
}

static int show(struct top *top)
{
	struct trace *t = top->trace;
	const struct options *o = t->options;
	int err;

	if (o->json) {
		add_json(top);
	} else {
		if (top->plays)
			copy_state(&top->before, &top->state);
		add_table(top, &top->state);
	}
	err = top->plays ? draw_played(top) : output_update(&t->output, &top->text, !o->json);
	if (err)
		return err;
	top->view.shown = true;
	return ++top->updates == o->count ? -ECANCELED : 0;
}

static int before(struct view *view, const struct record *r)
{
	return play_before(&((struct top *)view)->play, r);
}

static int idle(struct view *view)
{
	return play_idle(&((struct top *)view)->play);
}

static int update(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	struct top *top = (struct top *)view;
	enum play_show what;

	if (top->by_call)
		profile_apply(&top->calls.profile, r, effect);
	/* --at: one table, of the end. */
	if (r->kind != RECORD_TICK || t->options->at.kind || !selection_has_time(&t->selection, r->time_ns))
		return 0;
	if (!t->options->recording)
		return show(top);
	what = play_tick(&top->play, t->ledger->ticks, r->time_ns, r->interval_ns);
	if (what == PLAY_PREPARE && !t->options->json)
		add_table(top, &top->state);
	return what == PLAY_SHOW ? show(top) : 0;
}

/* What a command writes to the same terminal would lie in the table. */
static bool may_overwrite(const struct options *o)
{
	return !o->child || !isatty(STDERR_FILENO);
}

/* On a terminal a recording is played. */
static bool may_play(const struct options *o)
{
	return !o->at.kind;
}

/* The state at the end of what was read. */
static int run_to_moment(struct top *top, struct trace *t)
{
	int err = trace_run(t), last = trace_refused(t) ? 0 : show(top);

	return err && !trace_ended_well(t, err) ? err : last;
}

/* Is there nothing more to read, for whatever reason of the recording's? */
static bool has_ended(const struct trace *t, int err)
{
	return !err || t->past || !trace_ended_well(t, err);
}

/* As often as its user goes back. */
static int run_recording(struct top *top, struct trace *t)
{
	for (;;) {
		int err = trace_run(t), last = 0;

		if (trace_refused(t))
			return err;
		if (!top->play.rewind && !t->output.err && has_ended(t, err))
			last = play_end(&top->play);
		if (!top->play.rewind)
			return last && last != -ECANCELED ? last : err;
		err = trace_rewind(t, top->play.rewind_ns);
		if (err)
			return err;
		play_rewound(&top->play);
		table_state_release(&top->state);
		if (top->by_call) {
			calls_release(&top->calls);
			calls_init(&top->calls, t->options, &t->selection);
		}
	}
}

static int run(struct top *top, struct trace *t)
{
	int err;

	if (!t->options->recording)
		return trace_run(t);
	err = t->options->at.kind ? run_to_moment(top, t) : run_recording(top, t);
	/* Before anything is said. */
	play_release(&top->play);
	return err;
}

int cmd_top(const struct options *o)
{
	struct trace t;
	/* What was allocated in all, and held at most, is not told by what there was at a moment before. */
	struct top top = {.view = {.put = update, .found = calls_asked(o), .whole = calls_asked(o)}, .trace = &t, .by_call = calls_asked(o)};
	struct child child = CHILD_NONE;
	int status = trace_init(&t, o, &top.view, o->recording ? may_play(o) : may_overwrite(o)), command_status = -1;

	if (top.by_call)
		calls_init(&top.calls, o, &t.selection);
	if (!status && top.by_call && !o->recording && !o->stacks_given)
		note("for --by %s stacks are taken, as with --stacks", calls_by(o));
	if (!status)
		status = trace_start_child(&t, &child, true);

	const struct trace_plan plan = {.interval_ns = TOP_INTERVAL_NS, .child = child.pid, .output = o->output};

	if (!status)
		status = trace_open(&t, &plan);
	top.plays = !status && o->recording && t.output.in_place;
	play_init(&top.play, o, t.signals.fd, top.plays);
	top.play.show_again = show_again;
	top.play.can_switch = top.by_call;
	if (o->recording) {
		top.view.before = before;
		top.view.idle = idle;
	}
	if (!status && t.window.open)
		top.play.begin_ns = t.window.begin_ns;
	if (top.play.keys.fd >= 0)
		output_catch_keys();
	if (!status)
		status = trace_let_go(&t, &child);
	if (!status) {
		status = trace_finish(&t, run(&top, &t));
		if (o->child)
			command_status = child_wait(&child);
	}
	child_release(&child);
	play_release(&top.play);
	trace_release(&t);
	table_state_release(&top.before);
	table_state_release(&top.state);
	str_release(&top.text);
	calls_release(&top.calls);
	return command_status >= 0 ? command_status : status;
}
