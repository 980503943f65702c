#include "cmd/window.h"

#include "base/plain_file.h"
#include "base/units.h"
#include "stream/file.h"

#include <errno.h>

bool recording_is_file(const char *path)
{
	struct stat st;

	return plain_file(path, &st);
}

/* The first record, or the last one. */
struct seen {
	struct sink sink;
	uint64_t time_ns;
	bool any, enough;
};

static int put_seen(struct sink *sink, const struct record *r)
{
	struct seen *seen = (struct seen *)sink;

	seen->time_ns = r->time_ns;
	seen->any = true;
	return seen->enough ? -ECANCELED : 0;
}

/* How it ends is told when it is read for good. */
static bool look(const char *path, struct seen *seen, uint64_t *ret_ns)
{
	struct source *source = NULL;

	seen->sink.put = put_seen;
	if (file_source_open(path, NULL, &source, NULL))
		return false;
	/* Where it has no checkpoint, all of it is read. */
	if (!seen->enough)
		file_source_begin_at(source, UINT64_MAX);
	source->run(source, &seen->sink);
	source->free(source);
	*ret_ns = seen->time_ns;
	return seen->any;
}

bool recording_begin(const char *path, uint64_t *ret_ns)
{
	struct seen seen = {.enough = true};

	return look(path, &seen, ret_ns);
}

bool recording_end(const char *path, uint64_t *ret_ns)
{
	struct seen seen = {};

	return look(path, &seen, ret_ns);
}

/* Of those that count from the end. */
static int find_end(struct window *w, const struct moment *m, struct diag *d)
{
	const char *path = w->options->recording;

	if (m->kind != MOMENT_FROM_END || w->end_ns != UINT64_MAX)
		return 0;
	if (!recording_is_file(path)) {
		diag_set(d, -EINVAL, "'%s' is counted from the recording's end, which a pipe does not tell", m->text);
		diag_hint(d, "+12.5s is counted from its beginning; or write it to a file first");
		return -EINVAL;
	}
	/* What cannot be read is told when it is opened. */
	if (!recording_end(path, &w->end_ns))
		w->end_ns = UINT64_MAX;
	return 0;
}

int window_init(struct window *w, const struct options *o, struct diag *d)
{
	const struct moment *moments[] = {&o->at, &o->from, &o->until};
	uint64_t first_ns;
	bool any = false;

	*w = (struct window){.options = o, .end_ns = UINT64_MAX, .to_ns = UINT64_MAX};
	for (size_t i = 0; o->recording && i < ARRAY_SIZE(moments); i++) {
		any |= moments[i]->kind != MOMENT_NONE;
		if (find_end(w, moments[i], d))
			return -EINVAL;
	}
	if (any && recording_is_file(o->recording) && recording_begin(o->recording, &first_ns))
		return window_open(w, first_ns, d);
	return 0;
}

static void add_time(struct str *out, uint64_t time_ns)
{
	struct str clock = {};

	units_add_date(out, time_ns);
	units_add_clock(&clock, time_ns);
	str_addf(out, " %.12s", str_text(&clock));
	str_release(&clock);
}

static int outside(const struct window *w, const struct moment *m, uint64_t last_ns, struct diag *d)
{
	_cleanup_(str_release) struct str range = {};

	str_add(&range, "begins at ");
	add_time(&range, w->begin_ns);
	if (last_ns != UINT64_MAX) {
		str_add(&range, " and ends at ");
		add_time(&range, last_ns);
	}
	diag_set(d, -EINVAL, "'%s' is not in the recording, which %s", m->text, str_text(&range));
	diag_hint(d, "a time is 14:05:03, 2026-11-22T14:05:03Z, +12.5s (from the beginning) or -3s (from the end)");
	return -EINVAL;
}

static int resolve(const struct window *w, const struct moment *m, uint64_t *ret_first, uint64_t *ret_last, struct diag *d)
{
	if (m->kind != MOMENT_NONE && moment_resolve(m, w->begin_ns, w->end_ns, ret_first, ret_last))
		return outside(w, m, w->end_ns, d);
	return 0;
}

int window_open(struct window *w, uint64_t first_ns, struct diag *d)
{
	const struct options *o = w->options;
	const struct moment *end = o->at.kind ? &o->at : &o->until;
	uint64_t first = 0, last = UINT64_MAX, ignored;

	w->open = true;
	w->begin_ns = first_ns;
	if (resolve(w, &o->from, &w->from_ns, &ignored, d) || resolve(w, end, &first, &last, d))
		return -EINVAL;
	w->to_ns = last;
	if (last < first_ns)
		return outside(w, end, w->end_ns, d);
	if (w->from_ns > w->to_ns) {
		diag_set(d, -EINVAL, "'--from %s' is after '--to %s'", o->from.text, o->until.text);
		diag_hint(d, "of a time of day the first after the recording's beginning is meant");
		return -EINVAL;
	}
	return 0;
}

int window_check(const struct window *w, uint64_t last_ns, struct diag *d)
{
	const struct options *o = w->options;
	uint64_t first = 0, last;

	if (!w->open)
		return 0;
	if (w->from_ns > last_ns)
		return outside(w, &o->from, last_ns, d);
	if (o->at.kind && !resolve(w, &o->at, &first, &last, d) && first > last_ns)
		return outside(w, &o->at, last_ns, d);
	return 0;
}
