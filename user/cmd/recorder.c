#include "cmd/recorder.h"

#include "cmd/fail.h"
#include "ledger/checkpoint.h"
#include "stream/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int recorder_put(struct sink *sink, const struct record *r)
{
	struct recorder *recorder = (struct recorder *)sink;

	recorder->records++;
	return go_on(recorder, sink_put(recorder->file, r));
}

static int recorder_idle(struct sink *sink)
{
	struct recorder *recorder = (struct recorder *)sink;

	return go_on(recorder, sink_idle(recorder->file));
}

static int put_ledger(void *context, struct sink *to)
{
	return ledger_checkpoint(context, to);
}

int recorder_checkpoint(struct recorder *r, const struct ledger *l)
{
	if (!r->file || !file_sink_wants_checkpoint(r->file))
		return 0;
	return go_on(r, file_sink_checkpoint(r->file, put_ledger, (void *)(uintptr_t)l));
}

int recorder_open(struct recorder *r, const char *path, bool force, bool to_stdout, struct diag *d)
{
	const struct file_sink_options o = {.force = force, .allow_stdout = to_stdout};
	struct sink *file = NULL;
	int err = file_sink_open(path, &o, &file, d);

	if (err)
		return err;
	*r = (struct recorder){.sink = {.put = recorder_put, .idle = recorder_idle}, .path = path, .file = file};
	return 0;
}

int recorder_close(struct recorder *r, struct diag *d)
{
	int err = file_sink_close(r->file, d);

	r->file = NULL;
	if (err)
		r->failed = true;
	return err;
}

static bool is_plain_file(const char *path, struct stat *st)
{
	return strcmp(path, "-") && !stat(path, st) && S_ISREG(st->st_mode);
}

void recorder_discard(struct recorder *r)
{
	struct stat st;

	if (!r->file)
		return;
	recorder_close(r, NULL);
	if (is_plain_file(r->path, &st))
		unlink(r->path);
	r->path = NULL;
}

bool recorder_bytes(const struct recorder *r, uint64_t *ret)
{
	struct stat st;

	if (!r->path || !is_plain_file(r->path, &st))
		return false;
	*ret = (uint64_t)st.st_size;
	return true;
}
