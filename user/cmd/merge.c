/*
 * merge.c: several recordings as one: of several hosts, or of several pooltraces on one. Times are those of the hosts' wall
 * clocks, as they were recorded; --shift corrects one that was wrong.
 */
#include "cmd/merge.h"

#include "base/plain_file.h"
#include "base/units.h"
#include "cmd/fail.h"
#include "cmd/signals.h"

#include <errno.h>
#include <string.h>

static void say_done(const struct options *o, const struct ledger *l, const struct merge_files *f)
{
	_cleanup_(str_release) struct str size = {};
	struct stat st;

	if (plain_file(o->output, &st)) {
		str_add(&size, ", ");
		units_add_bytes(&size, (uint64_t)st.st_size);
	}
	note("merged %zu recording%s: %llu events%s, %llu lost, to %s", f->nr, f->nr == 1 ? "" : "s",
	     (unsigned long long)l->events, str_text(&size), (unsigned long long)l->lost,
	     strcmp(o->output, "-") ? o->output : "stdout");
}

static int outcome(const struct options *o, const struct merge_files *f, const struct merge *m)
{
	const struct ledger *l = merge_ledger(m);
	unsigned long long twice = merge_twice(m);
	bool well = merge_files_outcome(f);

	if (twice)
		note("%llu process%s watched in two of the recordings at the same time: %s counted twice", twice,
		     twice == 1 ? " was" : "es were", twice == 1 ? "it is" : "they are");
	say_done(o, l, f);
	if (!well)
		return STATUS_FAILED;
	return l->lost ? STATUS_LOST : STATUS_DONE;
}

static int write_all(const struct options *o, const struct merge_files *f, struct sink *file)
{
	struct merge *m = merge_new(f->streams, f->nr);
	struct diag d = {};
	int err = merge_files_write(m, file), closed, status = STATUS_DONE;

	closed = file_sink_close(file, &d);
	if (closed) {
		status = STATUS_FAILED;
	} else if (err) {
		diag_errno(&d, err, "cannot merge into '%s'", o->output);
		status = STATUS_FAILED;
	}
	if (status) {
		remove_plain_file(o->output);
		/* Who reads the pipe has had enough. */
		status = closed == -EPIPE ? STATUS_DONE : fail(&d, status);
	} else {
		status = outcome(o, f, m);
	}
	merge_free(m);
	return status;
}

static int check_options(const struct options *o, struct diag *d)
{
	if (o->output)
		return 0;
	diag_set(d, -EINVAL, "'merge' needs the name of the recording that it makes");
	diag_hint(d, "-o FILE; -o - is stdout");
	return -EINVAL;
}

int cmd_merge(const struct options *o)
{
	struct file_sink_options so = {.force = o->force, .allow_stdout = true, .patient = true};
	struct merge_files files = {.rings = true};
	struct signals signals;
	struct sink *file = NULL;
	struct diag d = {};
	int err, status;

	if (check_options(o, &d))
		return fail(&d, STATUS_USAGE);
	signals_init(&signals, false, NULL);
	so.header = &files.header;
	err = merge_files_open(&files, o, &d);
	status = err == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
	if (err || file_sink_open(o->output, &so, &file, &d))
		fail(&d, status);
	else
		status = write_all(o, &files, file);
	merge_files_release(&files);
	return status;
}
