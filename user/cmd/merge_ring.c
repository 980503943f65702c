#include "cmd/merge_ring.h"

#include "base/units.h"
#include "cmd/fail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct part {
	char *path;
	struct source *source; /* NULL: it has no beginning that can be read */
	struct diag why;
	uint64_t lost_from_ns, lost_to_ns; /* records that are missing before it; 0: none */
	int err;			   /* how reading it ended */
};

/* Parts are one stream: what each begins with repeats what those before it have said. */
struct merge_ring {
	struct sink sink, *to;
	VEC(struct part) parts;
	size_t at;	   /* the one that is read */
	unsigned int gaps; /* of those before it, and between them */
	uint64_t last_ns;  /* of the last record */
	bool begun;	   /* something of this part came */
	bool in_gap;	   /* the part before ended in one */
	bool repeats;	   /* what comes now is known */
};

/* ---- which files ---- */

static bool is_given(const struct options *o, const char *name, size_t len)
{
	for (size_t i = 0; i < o->recordings.nr; i++)
		if (strlen(o->recordings.items[i]) == len && !strncmp(o->recordings.items[i], name, len))
			return true;
	return false;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = 0, y = 0;

	file_ring_part_name(*(char *const *)a, &x);
	file_ring_part_name(*(char *const *)b, &y);
	return x < y ? -1 : x > y;
}

/* All parts that are given of the ring whose name has @len bytes. False: one was given before @i. */
static bool given_parts(const struct options *o, size_t i, size_t len, file_ring_paths *ret)
{
	uint64_t number;

	for (size_t k = 0; k < o->recordings.nr; k++) {
		const char *path = o->recordings.items[k];

		if (file_ring_part_name(path, &number) != len || strncmp(path, o->recordings.items[i], len))
			continue;
		if (k < i)
			return false;
		vec_push(ret, xstrdup(path));
	}
	qsort(ret->items, ret->nr, sizeof(*ret->items), by_number);
	return true;
}

bool merge_ring_paths(const struct options *o, size_t i, file_ring_paths *ret)
{
	const char *path = o->recordings.items[i];
	uint64_t number;
	size_t len = file_ring_part_name(path, &number);

	if (len && (is_given(o, path, len) || !given_parts(o, i, len, ret)))
		return false;
	if (ret->nr > 1)
		return true;
	file_ring_paths_release(ret);
	if (strcmp(path, "-"))
		file_ring_find_left(path, ret);
	if (ret->nr && !access(path, F_OK))
		vec_push(ret, xstrdup(path));
	return true;
}

/* ---- are they of one ring? ---- */

/* What a part begins with: the processes, and whether all that is known then is told. */
struct beginning {
	struct sink sink;
	VEC(struct record) attaches;
	bool any, checkpoint, done;
	uint64_t time_ns;
};

static int put_beginning(struct sink *sink, const struct record *r)
{
	struct beginning *b = (struct beginning *)sink;

	if (!b->any) {
		b->checkpoint = r->kind == RECORD_CHECKPOINT;
		b->time_ns = r->time_ns;
	}
	b->any = true;
	if (r->kind == RECORD_ATTACH)
		vec_push(&b->attaches, *r);
	if (!b->checkpoint || r->kind != RECORD_CHECKPOINT || strcmp(r->reason, "end"))
		return 0;
	b->done = true;
	return -ECANCELED;
}

/* Of the ring's very first part it is one chunk. */
static void read_beginning(const char *path, struct beginning *b)
{
	struct source *source = NULL;

	b->sink.put = put_beginning;
	if (file_source_open(path, NULL, &source, NULL))
		return;
	while (file_source_step(source, &b->sink) > 0 && (!b->any || (b->checkpoint && !b->done)))
		continue;
	source->free(source);
}

static bool same_processes(const struct beginning *a, const struct beginning *b)
{
	for (size_t i = 0; i < a->attaches.nr; i++)
		for (size_t k = 0; k < b->attaches.nr; k++) {
			const struct record *x = &a->attaches.items[i], *y = &b->attaches.items[k];

			if (x->process == y->process && (x->pid != y->pid || x->start_ns != y->start_ns))
				return false;
		}
	return true;
}

/* Why @later cannot be of the ring of @part; NULL: it may be. */
static const char *contradiction(const struct part *part, const struct beginning *b, const struct part *later,
				 const struct beginning *next)
{
	if (strcmp(file_source_header(part->source)->host, file_source_header(later->source)->host))
		return "it was recorded on another host";
	if (!next->any)
		return NULL;
	if (!next->checkpoint)
		return "it does not go on with anything";
	if (next->time_ns < b->time_ns)
		return "it begins earlier";
	return same_processes(b, next) ? NULL : "it is of other processes";
}

static int check_parts(const struct merge_ring *r, struct diag *d)
{
	struct beginning before = {};
	const char *why = NULL;
	size_t i = 0;

	read_beginning(r->parts.items[0].path, &before);
	for (i = 1; i < r->parts.nr && r->parts.items[i].source && !why; i++) {
		struct beginning next = {};

		read_beginning(r->parts.items[i].path, &next);
		why = contradiction(&r->parts.items[i - 1], &before, &r->parts.items[i], &next);
		vec_release(&before.attaches);
		before = next;
	}
	vec_release(&before.attaches);
	if (!why)
		return 0;
	diag_set(d, -EINVAL, "'%s' is no part of the ring that '%s' is of: %s", r->parts.items[i - 1].path, r->parts.items[i - 2].path, why);
	diag_hint(d, "name the parts that belong together, as FILE.1 FILE.2 ...; each can also be read by itself");
	return -EINVAL;
}

/* ---- all of them ---- */

static int open_parts(struct merge_ring *r, const file_ring_paths *paths, struct diag *d)
{
	for (size_t i = 0; i < paths->nr; i++) {
		struct part *p = vec_add(&r->parts);
		int err;

		*p = (struct part){.path = xstrdup(paths->items[i])};
		err = file_source_open(p->path, NULL, &p->source, &p->why);
		if (!err)
			continue;
		p->source = NULL;
		/* Its writer was killed before it had written anything. */
		if (i && i + 1 == paths->nr && err == -EBADMSG)
			return 0;
		*d = p->why;
		return err;
	}
	return 0;
}

int merge_ring_new(const file_ring_paths *paths, struct merge_ring **ret, struct diag *d)
{
	struct merge_ring *r = xcalloc(1, sizeof(*r));
	int err = open_parts(r, paths, d);

	if (!err)
		err = check_parts(r, d);
	if (err)
		merge_ring_free(r);
	else
		*ret = r;
	return err;
}

void merge_ring_free(struct merge_ring *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->parts.nr; i++) {
		if (r->parts.items[i].source)
			r->parts.items[i].source->free(r->parts.items[i].source);
		free(r->parts.items[i].path);
	}
	vec_release(&r->parts);
	free(r);
}

const char *merge_ring_part(const struct merge_ring *r, size_t i)
{
	return i < r->parts.nr ? r->parts.items[i].path : NULL;
}

const struct file_header *merge_ring_header(const struct merge_ring *r)
{
	return file_source_header(r->parts.items[0].source);
}

/* ---- as one stream ---- */

/* The first record of a part that is not the oldest: a checkpoint, which says what is known, or what was missed. */
static int begin_part(struct merge_ring *r, uint64_t time_ns)
{
	struct part *p = &r->parts.items[r->at];

	if (time_ns < r->last_ns)
		return diag_set(&p->why, -EINVAL, "'%s' is no part of this ring: it begins before '%s' ends", p->path, p[-1].path);
	r->repeats = time_ns == r->last_ns && !r->in_gap;
	if (r->repeats)
		return 0;
	r->gaps += !r->in_gap;
	p->lost_from_ns = r->last_ns;
	p->lost_to_ns = time_ns;
	return 0;
}

static int put(struct sink *sink, const struct record *record)
{
	struct merge_ring *r = (struct merge_ring *)sink;
	bool repeats;
	int err = !r->begun && r->at ? begin_part(r, record->time_ns) : 0;

	if (err)
		return err;
	r->begun = true;
	r->last_ns = record->time_ns;
	repeats = r->repeats;
	if (repeats && record->kind == RECORD_CHECKPOINT && !strcmp(record->reason, "end"))
		r->repeats = false;
	return repeats ? 0 : sink_put(r->to, record);
}

int merge_ring_pull(struct merge_ring *r, struct sink *to)
{
	struct part *p = &r->parts.items[r->at];
	int more;

	r->sink.put = put;
	r->to = to;
	more = file_source_step(p->source, &r->sink);
	if (more > 0)
		return more;
	p->err = more;
	/* What is behind it does not go on with anything either. */
	if (more == -EINVAL)
		return more;
	if (r->at + 1 == r->parts.nr || !r->parts.items[r->at + 1].source)
		return more;
	r->in_gap = file_source_in_gap(p->source);
	r->gaps += file_source_outcome(p->source)->gaps;
	r->begun = r->repeats = false;
	r->at++;
	return 1;
}

bool merge_ring_in_gap(const struct merge_ring *r)
{
	return file_source_in_gap(r->parts.items[r->at].source);
}

unsigned int merge_ring_gaps(const struct merge_ring *r)
{
	return r->gaps + file_source_outcome(r->parts.items[r->at].source)->gaps;
}

/* ---- how it ended ---- */

static bool part_outcome(const struct part *p)
{
	_cleanup_(str_release) struct str lost = {};
	const struct file_outcome *o = p->source ? file_source_outcome(p->source) : NULL;
	struct diag d = p->why;

	if (p->lost_to_ns) {
		units_add_duration(&lost, p->lost_to_ns - p->lost_from_ns);
		note("%s before '%s' are missing: a part of the ring is not there, or not whole", str_text(&lost), p->path);
	}
	if (o && o->problem[0])
		diag_set(&d, 0, "%s", o->problem);
	else if (p->err && !d.text[0])
		diag_errno(&d, p->err, "cannot read '%s'", p->path);
	if (!d.text[0])
		return !p->lost_to_ns;
	diag_hint(&d, p->source && p->err != -EINVAL ? "what could be read of it was merged" : "the parts before it were merged");
	fail(&d, 0);
	return false;
}

bool merge_ring_outcome(const struct merge_ring *r)
{
	bool well = true;

	note("joined the %zu parts of a ring that was not ended, '%s' to '%s'", r->parts.nr, r->parts.items[0].path,
	     r->parts.items[r->parts.nr - 1].path);
	for (size_t i = 0; i < r->parts.nr; i++)
		well &= part_outcome(&r->parts.items[i]);
	return well;
}
