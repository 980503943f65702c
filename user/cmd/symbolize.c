/*
 * symbolize.c: the functions, files and lines of a recording's stacks, looked up later, and on any machine that has the files that
 * they are in. What comes out is a recording of its own, equal in all else.
 */
#include "cmd/merge.h"

#include "base/plain_file.h"
#include "cmd/fail.h"
#include "cmd/signals.h"
#include "cmd/trace.h"
#include "runtime/symbolize.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int check_options(const struct options *o, struct diag *d)
{
	if (!o->output) {
		diag_set(d, -EINVAL, "'symbolize' needs the name of the recording that it makes");
		diag_hint(d, "-o FILE; -o - is stdout");
		return -EINVAL;
	}
	if (!same_plain_file(o->recording, o->output))
		return 0;
	diag_set(d, -EINVAL, "'%s' is the recording that is read", o->output);
	diag_hint(d, "name another file");
	return -EINVAL;
}

static int check_folders(const struct options *o, struct diag *d)
{
	for (size_t i = 0; i < o->debug_dirs.nr; i++) {
		struct stat st;
		int err = stat(o->debug_dirs.items[i], &st) ? -errno : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;

		if (err)
			return diag_errno(d, err, "cannot look for files in '%s'", o->debug_dirs.items[i]);
	}
	return 0;
}

static void say_missing(const struct symbolizer *s)
{
	symbolizer_missing_list missing = {};

	symbolizer_missing(s, &missing);
	for (size_t i = 0; i < missing.nr; i++)
		note("%s; %llu frame%s of it %s no name", missing.items[i].why, (unsigned long long)missing.items[i].frames,
		     missing.items[i].frames == 1 ? "" : "s", missing.items[i].frames == 1 ? "has" : "have");
	vec_release(&missing);
}

static void say_done(const struct options *o, const struct symbolizer *s)
{
	struct symbolizer_counts n;

	say_missing(s);
	symbolizer_count(s, &n);
	note("of %llu frames of machine code %llu have a name (%llu had one), %llu a line (%llu had one); to %s",
	     (unsigned long long)n.frames, (unsigned long long)n.named, (unsigned long long)n.were_named, (unsigned long long)n.lined,
	     (unsigned long long)n.were_lined, strcmp(o->output, "-") ? o->output : "stdout");
}

static int write_all(const struct options *o, const struct merge_files *f, const struct symbolizer *s, struct sink *file)
{
	struct merge *m = merge_new(f->streams, f->nr);
	struct diag d = {};
	int err = merge_files_write(m, file), closed = file_sink_close(file, &d), status = STATUS_DONE;

	if (!closed && err)
		diag_errno(&d, err, "cannot write '%s'", o->output);
	if (closed || err) {
		remove_plain_file(o->output);
		/* Who reads the pipe has had enough. */
		status = closed == -EPIPE ? STATUS_DONE : fail(&d, STATUS_FAILED);
	} else {
		bool well = merge_files_outcome(f);

		recording_tell_parts(o);
		say_done(o, s);
		status = !well ? STATUS_FAILED : merge_ledger(m)->lost ? STATUS_LOST : STATUS_DONE;
	}
	merge_free(m);
	return status;
}

/* A stream that becomes one with no other is what it was. */
static int run(const struct options *o, struct symbolizer *s)
{
	struct file_sink_options so = {.force = o->force, .allow_stdout = true, .patient = true};
	struct options one = {.output = o->output};
	struct merge_files files = {};
	struct sink *file = NULL;
	struct diag d = {};
	int err, status;

	vec_push(&one.recordings, o->recording);
	err = merge_files_open(&files, &one, &d);
	if (!err) {
		files.items[0].through = s;
		files.header = *file_source_header(files.items[0].source);
	}
	so.header = &files.header;
	if (err || file_sink_open(o->output, &so, &file, &d))
		status = fail(&d, STATUS_FAILED);
	else
		status = write_all(o, &files, s, file);
	merge_files_release(&files);
	options_release(&one);
	return status;
}

int cmd_symbolize(const struct options *o)
{
	struct symbol_folders folders = {.paths = o->debug_dirs.items, .nr = o->debug_dirs.nr};
	struct symbolizer *s;
	struct signals signals;
	struct diag d = {};
	int status;

	if (check_options(o, &d))
		return fail(&d, STATUS_USAGE);
	if (check_folders(o, &d))
		return fail(&d, STATUS_FAILED);
	signals_init(&signals, false, NULL);
	folders.tree = symbol_tree_new(folders.paths, folders.nr);
	s = symbolizer_new(&folders);
	status = run(o, s);
	symbolizer_free(s);
	symbol_tree_free(folders.tree);
	return status;
}
