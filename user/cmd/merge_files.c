#include "cmd/merge.h"

#include "base/plain_file.h"
#include "base/units.h"
#include "cmd/fail.h"
#include "ledger/checkpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int pull(struct merge_stream *stream, struct sink *to)
{
	const struct merge_file *f = (const struct merge_file *)stream;

	return f->ring ? merge_ring_pull(f->ring, to) : file_source_step(f->source, f->through ? symbolizer_sink(f->through, to) : to);
}

static bool in_gap(const struct merge_stream *stream)
{
	const struct merge_file *f = (const struct merge_file *)stream;

	return f->ring ? merge_ring_in_gap(f->ring) : file_source_in_gap(f->source);
}

static unsigned int gaps(const struct merge_stream *stream)
{
	const struct merge_file *f = (const struct merge_file *)stream;

	return f->ring ? merge_ring_gaps(f->ring) : file_source_outcome(f->source)->gaps;
}

static const struct file_header *header_of(const struct merge_file *f)
{
	return f->ring ? merge_ring_header(f->ring) : file_source_header(f->source);
}

/* Also stdin, which is no file. */
static bool is_same_input(const char *a, const char *b)
{
	return (!strcmp(a, "-") && !strcmp(b, "-")) || same_plain_file(a, b);
}

/* Both began at the same nanosecond of two clocks of one host: one is a copy of the other. */
static bool is_copy(const struct file_header *a, const struct file_header *b)
{
	return a->wall_ns == b->wall_ns && a->monotonic_ns == b->monotonic_ns && !strcmp(a->host, b->host);
}

static int check_new(const struct merge_files *f, const struct merge_file *new, struct diag *d)
{
	for (const struct merge_file *old = f->items; old < new; old++) {
		bool same = is_same_input(old->path, new->path);

		if (!same && !is_copy(header_of(old), header_of(new)))
			continue;
		diag_set(d, -EINVAL, same ? "'%s' is '%s': it is given twice" : "'%s' is a copy of '%s', or of a part of it",
			 new->path, old->path);
		diag_hint(d, "all that is in it would count twice");
		return -EINVAL;
	}
	return 0;
}

static int check_output(const struct options *o, const char *path, struct diag *d)
{
	if (!same_plain_file(path, o->output))
		return 0;
	diag_set(d, -EEXIST, "'%s' is one of the recordings that are merged", o->output);
	diag_hint(d, "name another file");
	return -EEXIST;
}

/* ---- --shift ---- */

static struct merge_file *find(const struct merge_files *f, const char *path, size_t len)
{
	for (size_t i = 0; i < f->nr; i++)
		if (strlen(f->items[i].path) == len && !strncmp(f->items[i].path, path, len))
			return &f->items[i];
	return NULL;
}

/* "FILE=+1.5s": what is behind the last =. */
static int shift(struct merge_files *f, const char *text, struct diag *d)
{
	const char *equals = strrchr(text, '='), *time = equals ? equals + 1 : "";
	struct merge_file *file = equals ? find(f, text, (size_t)(equals - text)) : NULL;
	bool back = *time == '-';
	uint64_t ns = 0;

	if (!equals || units_parse_span(time + (back || *time == '+'), &ns) || ns > INT64_MAX) {
		diag_set(d, -EINVAL, "'%s' for '--shift' must be FILE=TIME", text);
		diag_hint(d, "such as %s=+1.5s, or =-200ms", f->items[0].path);
		return -EINVAL;
	}
	if (!file) {
		diag_set(d, -EINVAL, "'%s' for '--shift' names none of the recordings", text);
		diag_hint(d, "name it as among the files, such as %s=%s", f->items[0].path, time);
		return -EINVAL;
	}
	file->stream.shift_ns = back ? -(int64_t)ns : (int64_t)ns;
	return 0;
}

/* ---- all of them ---- */

static int open_ring(struct merge_file *file, const file_ring_paths *parts, const struct options *o, struct diag *d)
{
	for (size_t i = 0; i < parts->nr; i++)
		if (check_output(o, parts->items[i], d))
			return -EEXIST;
	return merge_ring_new(parts, &file->ring, d);
}

static int open_one(struct merge_files *f, const char *path, const file_ring_paths *parts, const struct options *o, struct diag *d)
{
	struct merge_file *file = &f->items[f->nr];
	int err;

	*file = (struct merge_file){.stream = {.pull = pull, .in_gap = in_gap, .gaps = gaps}, .path = path};
	f->streams[f->nr++] = &file->stream;
	err = check_output(o, path, d);
	if (!err)
		err = parts->nr ? open_ring(file, parts, o, d) : file_source_open(path, NULL, &file->source, d);
	if (err == -EEXIST)
		return err;
	if (!err)
		return check_new(f, file, d);
	if (!d->hint[0])
		diag_hint(d, "nothing was written: all recordings must have a beginning that can be read");
	return err;
}

static uint64_t shifted(const struct merge_file *file)
{
	return header_of(file)->wall_ns + (uint64_t)file->stream.shift_ns;
}

/* Its clocks are those of the recording that began first. */
static void make_header(struct merge_files *f)
{
	const struct merge_file *first = &f->items[0];

	file_header_now(&f->header);
	f->header.host[0] = f->header.kernel[0] = '\0';
	for (size_t i = 0; i < f->nr; i++) {
		file_header_add_hosts(&f->header, header_of(&f->items[i]));
		if (shifted(&f->items[i]) < shifted(first))
			first = &f->items[i];
	}
	f->header.wall_ns = shifted(first);
	f->header.monotonic_ns = header_of(first)->monotonic_ns;
	/* Of several hosts each process says on which it runs. */
	for (size_t i = 0; file_header_has_hosts(&f->header) && i < f->nr; i++)
		f->items[i].stream.host = header_of(&f->items[i])->host;
}

int merge_files_open(struct merge_files *f, const struct options *o, struct diag *d)
{
	int err = 0;

	f->items = xcalloc(o->recordings.nr, sizeof(*f->items));
	f->streams = xcalloc(o->recordings.nr, sizeof(struct merge_stream *));
	for (size_t i = 0; !err && i < o->recordings.nr; i++) {
		_cleanup_(file_ring_paths_release) file_ring_paths parts = {};

		if (!f->rings || merge_ring_paths(o, i, &parts))
			err = open_one(f, o->recordings.items[i], &parts, o, d);
	}
	for (size_t i = 0; !err && i < o->shifts.nr; i++)
		err = shift(f, o->shifts.items[i], d);
	if (!err)
		make_header(f);
	return err;
}

void merge_files_release(struct merge_files *f)
{
	for (size_t i = 0; i < f->nr; i++) {
		if (f->items[i].source)
			f->items[i].source->free(f->items[i].source);
		merge_ring_free(f->items[i].ring);
	}
	free(f->items);
	free(f->streams);
}

static bool outcome_of(const struct merge_file *file)
{
	static const struct file_outcome told = {};
	const struct file_outcome *o = file->ring ? &told : file_source_outcome(file->source);
	const struct merge_stream *s = &file->stream;
	bool well = !file->ring || merge_ring_outcome(file->ring);
	struct diag d = {};

	if (o->unknown_records || o->unknown_chunks)
		note("'%s' holds what only a newer pooltrace knows; that was left out", file->path);
	if (s->contradiction && o->problem[0])
		note("%s", o->problem);
	if (s->contradiction)
		diag_set(&d, 0, "'%s': record %llu, '%s', contradicts those before it", file->path,
			 (unsigned long long)s->records, s->contradiction);
	else if (o->problem[0])
		diag_set(&d, 0, "%s", o->problem);
	else if (s->err && !file->ring)
		diag_errno(&d, s->err, "cannot read '%s'", file->path);
	if (!d.text[0])
		return well;
	diag_hint(&d, "what could be read of it was %s", file->through ? "written" : "merged");
	fail(&d, 0);
	return false;
}

bool merge_files_outcome(const struct merge_files *f)
{
	bool well = true;

	for (size_t i = 0; i < f->nr; i++)
		well &= outcome_of(&f->items[i]);
	return well;
}

/* ---- writing ---- */

/* How often, in records, it is asked whether a reader should be able to begin here. */
enum { CHECKPOINT_RECORDS = 4096 };

struct writer {
	struct sink sink, *file;
	const struct merge *merge;
	uint64_t records;
};

static int put(struct sink *sink, const struct record *r)
{
	struct writer *w = (struct writer *)sink;
	const struct ledger *l = merge_ledger(w->merge);

	int err = sink_put(w->file, r);

	if (!err && ++w->records % CHECKPOINT_RECORDS == 0 && !ledger_in_checkpoint(l, r) && file_sink_wants_checkpoint(w->file))
		err = file_sink_checkpoint(w->file, ledger_put_checkpoint, (void *)(uintptr_t)l);
	return err;
}

int merge_files_write(struct merge *m, struct sink *file)
{
	struct writer w = {.sink.put = put, .file = file, .merge = m};

	return merge_run(m, &w.sink);
}
