/* diff.c: what changed between two recordings, and whether a condition of --fail-if holds. */
#include "cmd/fail.h"
#include "cmd/trace.h"

#include "view/condition.h"

#include <errno.h>

/* Of a condition that holds for very many pools. */
enum { TOLD_MAX = 5 };

static const struct {
	enum profile_by by;
	enum call_group_by calls; /* of PROFILE_BY_CALL */
	const char *kind;
} kinds[] = {
	[DIFF_BY_POOL] = {PROFILE_BY_POOL, 0, NULL},
	[DIFF_BY_SIZE] = {PROFILE_BY_SIZE, 0, "size"},
	[DIFF_BY_LABEL] = {PROFILE_BY_LABEL, 0, "label"},
	[DIFF_BY_LINE] = {PROFILE_BY_CALL, CALL_BY_LINE, "line"},
	[DIFF_BY_OP] = {PROFILE_BY_CALL, CALL_BY_OP, "op"},
	[DIFF_BY_FUNCTION] = {PROFILE_BY_CALL, CALL_BY_FUNCTION, "function"},
	[DIFF_BY_FILE] = {PROFILE_BY_CALL, CALL_BY_FILE, "file"},
	[DIFF_BY_STACK] = {PROFILE_BY_CALL, CALL_BY_STACK, "stack"},
};

struct diff {
	const struct options *options;
	VEC(struct condition) conditions;
	struct comparison pools; /* what conditions are tested on */
	struct comparison kinds; /* what is shown, unless that is pools as well */
};

/* One recording on its way into the comparisons. */
struct reading {
	struct view view;
	struct profile pools, kinds;
	struct call_groups calls;
};

static bool by_pool(const struct diff *d)
{
	return d->options->diff_by == DIFF_BY_POOL;
}

static int take(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	struct reading *reading = (struct reading *)view;

	profile_apply(&reading->pools, r, effect);
	if (t->options->diff_by != DIFF_BY_POOL)
		profile_apply(&reading->kinds, r, effect);
	return 0;
}

static void add_reading(struct diff *d, struct reading *reading, enum side side, const struct ledger *l)
{
	profile_finish(&reading->pools);
	comparison_add(&d->pools, side, &reading->pools, l);
	profile_finish(&reading->kinds);
	if (!by_pool(d))
		comparison_add(&d->kinds, side, &reading->kinds, l);
}

/* Returns its exit status. Also of a damaged recording: what could be read is compared. */
static int read_one(struct diff *d, enum side side, const char *path)
{
	struct options o = *d->options;
	const struct trace_plan plan = {};
	struct reading reading = {.view = {.put = take, .found = true},
				  .calls = {.by = kinds[o.diff_by].calls, .own = o.own.items, .nr_own = o.own.nr}};
	struct trace t;
	int status;

	o.recording = path;
	status = trace_init(&t, &o, &reading.view, false);
	profile_init(&reading.pools, PROFILE_BY_POOL, &t.selection);
	profile_init(&reading.kinds, kinds[o.diff_by].by, &t.selection);
	reading.kinds.calls = &reading.calls;
	if (!status)
		status = trace_open(&t, &plan);
	if (!status) {
		int err = trace_run(&t);

		reading.view.shown = true;
		add_reading(d, &reading, side, t.ledger);
		if (t.ledger->lost)
			note("of '%s':", path);
		status = trace_finish(&t, err);
		/* It was opened: there is something to compare. */
		status = status == STATUS_FAILED ? -STATUS_FAILED : status;
	}
	profile_release(&reading.pools);
	profile_release(&reading.kinds);
	call_groups_release(&reading.calls);
	trace_release(&t);
	return status;
}

static int parse_conditions(struct diff *d)
{
	const texts *given = &d->options->fail_if;

	for (size_t i = 0; i < given->nr; i++) {
		struct diag diag = {};

		if (condition_parse(given->items[i], vec_add(&d->conditions), &diag))
			return fail(&diag, STATUS_USAGE);
	}
	return 0;
}

static int check_conditions(const struct diff *d)
{
	for (size_t i = 0; i < d->conditions.nr; i++) {
		struct diag diag = {};

		if (condition_check(&d->conditions.items[i], &d->pools, &diag))
			return fail(&diag, STATUS_USAGE);
	}
	return 0;
}

static void tell(const struct diff *d, const struct condition *c, const struct compare_row *row)
{
	_cleanup_(str_release) struct str text = {};

	condition_add_text(&text, c, row, d->options->bytes);
	note("%s", str_text(&text));
}

/* For how many pools it holds. */
static size_t test_condition(const struct diff *d, const struct condition *c)
{
	size_t nr = 0;

	for (size_t i = 0; i < d->pools.rows.nr; i++)
		if (condition_holds(c, &d->pools.rows.items[i]) && ++nr <= TOLD_MAX)
			tell(d, c, &d->pools.rows.items[i]);
	if (nr > TOLD_MAX)
		note("and for %zu more", nr - TOLD_MAX);
	return nr;
}

static int show(const struct diff *d)
{
	const struct options *o = d->options;
	const struct comparison *shown = by_pool(d) ? &d->pools : &d->kinds;
	_cleanup_(str_release) struct str text = {};
	struct compare_options compare = {
		.kind = kinds[o->diff_by].kind, .bytes = o->bytes, .names = {o->recording, o->other}};
	struct output out;
	struct diag diag = {};
	int err;

	output_init(&out, o, -1, false);
	compare.color = out.color;
	if (o->json)
		comparison_add_json(&text, shown, &compare, d->conditions.items, d->conditions.nr, &d->pools);
	else
		comparison_add_text(&text, shown, &compare);
	err = output_write(&out, str_text(&text), text.len);
	if (!err || err == -EPIPE)
		return STATUS_DONE;
	diag_errno(&diag, err, "cannot write to stdout");
	return fail(&diag, STATUS_FAILED);
}

/* Of both recordings the worse. */
static int compare_both(struct diff *d)
{
	int old = read_one(d, SIDE_OLD, d->options->recording), new, status;
	size_t held = 0;

	if (old > 0 && old != STATUS_LOST)
		return old;
	new = read_one(d, SIDE_NEW, d->options->other);
	if (new > 0 && new != STATUS_LOST)
		return new;
	comparison_finish(&d->pools);
	comparison_finish(&d->kinds);
	status = check_conditions(d);
	if (!status)
		status = show(d);
	for (size_t i = 0; !status && i < d->conditions.nr; i++)
		held += test_condition(d, &d->conditions.items[i]);
	if (status)
		return status;
	if (held)
		return STATUS_HOLDS;
	return old < 0 || new < 0 ? STATUS_FAILED : old ? old : new;
}

int cmd_diff(const struct options *o)
{
	struct diff d = {.options = o};
	int status = parse_conditions(&d);

	if (!status)
		status = compare_both(&d);
	for (size_t i = 0; i < d.conditions.nr; i++)
		condition_release(&d.conditions.items[i]);
	vec_release(&d.conditions);
	comparison_release(&d.pools);
	comparison_release(&d.kinds);
	return status;
}
