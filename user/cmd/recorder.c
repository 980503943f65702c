#include "cmd/recorder.h"

#include "base/plain_file.h"
#include "base/units.h"
#include "cmd/compact.h"
#include "cmd/fail.h"
#include "ledger/checkpoint.h"

#include <errno.h>
#include <string.h>

/* Say that it ends, and go on without it, unless it is all that there is to do. */
static int go_on(struct recorder *recorder, int err)
{
	if (!err)
		return 0;
	recorder->failed = true;
	if (recorder->stops)
		return err;
	note("cannot write the recording '%s': %s: it ends here, the display goes on", recorder->path, strerror(-err));
	return 0;
}

/* What a last table may take, and the chunk that it is in. */
enum { LAST_TICK_BYTES = 1024 };

static bool fits(const struct recorder *recorder, const struct record *r)
{
	return file_sink_bound(recorder->file, r) + LAST_TICK_BYTES <= recorder->max_bytes;
}

/* Make room for the record if there is some: what is not written yet may take less than we must assume. */
static int make_room(struct recorder *recorder, const struct record *r)
{
	int err = fits(recorder, r) ? 0 : file_sink_flush(recorder->file);

	return err ? err : fits(recorder, r) ? 0 : -EFBIG;
}

static int end_full(struct recorder *recorder)
{
	struct record tick = {.kind = RECORD_TICK};

	recorder->full = true;
	RECORD_SET(&tick, TIME_NS, time_ns, recorder->last_ns);
	return recorder->records ? go_on(recorder, sink_put(recorder->file, &tick)) : 0;
}

static int recorder_put(struct sink *sink, const struct record *r)
{
	struct recorder *recorder = (struct recorder *)sink;

	int err = recorder->max_bytes && !recorder->full && !recorder->failed ? make_room(recorder, r) : 0;

	if (err == -EFBIG)
		return end_full(recorder);
	if (err)
		return go_on(recorder, err);
	if (recorder->full)
		return 0;
	recorder->records++;
	recorder->last_ns = r->time_ns;
	return go_on(recorder, recorder->ring ? file_ring_put(recorder->ring, r) : sink_put(recorder->file, r));
}

static int recorder_idle(struct sink *sink)
{
	struct recorder *recorder = (struct recorder *)sink;

	return go_on(recorder, recorder->ring ? file_ring_idle(recorder->ring) : sink_idle(recorder->file));
}

static int ask(struct file_room *room, uint64_t bytes, bool full)
{
	const struct recorder *r = (const struct recorder *)(void *)((char *)room - offsetof(struct recorder, room));

	if (full)
		return -ENOSPC;
	return bytes + (r->in_checkpoint ? LAST_TICK_BYTES : 0) > r->max_bytes ? -EFBIG : 0;
}

int recorder_turn(struct recorder *r, const struct ledger *l)
{
	return go_on(r, file_ring_turn(r->ring, units_monotonic_ns(), ledger_put_checkpoint, (void *)(uintptr_t)l));
}

bool recorder_is_open(const struct recorder *r)
{
	return r->file || (r->ring && !r->closed);
}

static int put_checkpoint(struct recorder *r, struct sink *file, const struct ledger *l)
{
	int err = file_sink_flush(file);

	if (err)
		return go_on(r, err);
	r->in_checkpoint = true;
	err = file_sink_checkpoint(file, ledger_put_checkpoint, (void *)(uintptr_t)l);
	r->in_checkpoint = false;
	if (err != -EFBIG)
		return go_on(r, err);
	/* Nobody needs it. */
	r->no_checkpoint = true;
	return 0;
}

int recorder_checkpoint(struct recorder *r, const struct ledger *l, const struct record *record)
{
	struct sink *file = r->ring ? file_ring_part(r->ring) : r->file;

	if (!file || r->full)
		return 0;
	if (r->ring && file_ring_due(r->ring, units_monotonic_ns()))
		return recorder_turn(r, l);
	if (!record || record->kind != RECORD_TICK || r->no_checkpoint || !file_sink_wants_checkpoint(file))
		return 0;
	return put_checkpoint(r, file, l);
}

static int open_ring(struct recorder *r, const char *path, const struct recorder_options *o, struct diag *d)
{
	const struct file_ring_options ring = {.span_ns = o->span_ns, .bytes = o->ring_bytes, .force = o->force};

	return file_ring_open(path, &ring, units_monotonic_ns(), &r->ring, d);
}

int recorder_open(struct recorder *r, const char *path, const struct recorder_options *o, struct diag *d)
{
	const struct file_sink_options file = {.force = o->force, .allow_stdout = o->to_stdout};
	struct recorder fresh = {.sink = {.put = recorder_put, .idle = recorder_idle}, .room.ask = ask, .path = path};
	int err = o->ring ? open_ring(&fresh, path, o, d) : file_sink_open(path, &file, &fresh.file, d);

	if (err)
		return err;
	*r = fresh;
	r->max_bytes = o->max_bytes;
	if (r->max_bytes && r->file)
		file_sink_set_room(r->file, &r->room);
	return 0;
}

int recorder_close(struct recorder *r, struct diag *d)
{
	uint64_t chunks = r->file ? file_sink_chunks(r->file) : 0;
	int err = r->ring ? file_ring_end(r->ring, d) : file_sink_close(r->file, d);

	r->file = NULL;
	r->closed = true;
	r->chunks = err ? 0 : chunks;
	if (err)
		r->failed = true;
	return err;
}

void recorder_compact(const struct recorder *r)
{
	/* How much room there is was said. */
	if (r->path && r->chunks && !r->max_bytes && strcmp(r->path, "-"))
		recording_compact(r->path, r->chunks);
}

int recorder_join(struct recorder *r, struct diag *d)
{
	int err = r->ring ? file_ring_join(r->ring, d) : 0;

	file_ring_free(r->ring);
	r->ring = NULL;
	return err;
}

void recorder_discard(struct recorder *r)
{
	bool was_open = recorder_is_open(r);

	if (was_open)
		recorder_close(r, NULL);
	file_ring_free(r->ring);
	r->ring = NULL;
	if (!was_open)
		return;
	remove_plain_file(r->path);
	r->path = NULL;
}

bool recorder_bytes(const struct recorder *r, uint64_t *ret)
{
	struct stat st;

	if (!r->path || !plain_file(r->path, &st))
		return false;
	*ret = (uint64_t)st.st_size;
	return true;
}
