#include "cmd/flight.h"

#include "base/create.h"
#include "base/units.h"
#include "cmd/fail.h"
#include "cmd/file_names.h"
#include "stream/file_join.h"
#include "stream/file_ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* One file a second: what happens in between is in the next one. */
#define PAUSE_NS NS_PER_SEC

enum { NAMES_MAX = 100 };

struct copy {
	pthread_t thread;
	file_ring_fds parts;
	int out;
	char *path;
	struct str what; /* why it is written */
	uint64_t held_ns, bytes;
	int err;
	struct diag d;
	atomic_bool done;
};

int flight_init(struct flight *f, const struct options *o, struct diag *d)
{
	int err = 0;

	triggers_init(&f->triggers);
	f->on = o->ring;
	for (size_t i = 0; i < o->triggers.nr && !err; i++)
		err = trigger_parse(o->triggers.items[i], vec_add(&f->triggers.items), d);
	triggers_begin(&f->triggers);
	f->by_signal = o->ring && (!o->triggers.nr || triggers_find(&f->triggers, TRIGGER_SIGNAL));
	return err;
}

int flight_take_signal(struct flight *f, struct diag *d)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	f->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return f->signal_fd < 0 ? diag_errno(d, -errno, "cannot wait for signals") : 0;
}

static bool take_signal(struct flight *f)
{
	struct signalfd_siginfo info;
	bool came = false;

	while (read(f->signal_fd, &info, sizeof(info)) == sizeof(info))
		came = true;
	return came;
}

/* ---- writing ---- */

static void copy_free(struct copy *c)
{
	for (size_t i = 0; i < c->parts.nr; i++)
		if (c->parts.items[i] >= 0)
			close(c->parts.items[i]);
	vec_release(&c->parts);
	closep(&c->out);
	free(c->path);
	str_release(&c->what);
	free(c);
}

/* What was copied is let go: the ring may have removed it meanwhile. */
static void *run_copy(void *arg)
{
	struct copy *c = arg;
	struct file_join *j = NULL;
	struct stat st = {};
	int err = file_join_new(dup(c->out), c->path, &j, &c->d), end_err;

	for (size_t i = 0; i < c->parts.nr && !err; i++) {
		err = file_join_add(j, c->parts.items[i], c->path, &c->d);
		closep(&c->parts.items[i]);
		c->parts.items[i] = -1;
	}
	end_err = file_join_end(j, err ? NULL : &c->d);
	c->err = err ? err : end_err;
	if (!fstat(c->out, &st))
		c->bytes = (uint64_t)st.st_size;
	atomic_store(&c->done, true);
	return NULL;
}

/* A new file, called after the recording, the time and the trigger. */
static int make_file(struct flight *f, struct copy *c, struct diag *d)
{
	_cleanup_(str_release) struct str trigger = {}, name = {};

	trigger_add_name(&trigger, f->wanted);
	for (unsigned int i = 1; i <= NAMES_MAX; i++) {
		free(c->path);
		c->path = file_name_of_moment(f->path, str_text(&trigger), units_wall_ns(), i);
		c->out = create_file(c->path, false);
		if (c->out != -EEXIST)
			break;
	}
	str_add_escaped(&name, c->path);
	return c->out < 0 ? diag_errno(d, c->out, "cannot write '%s'", str_text(&name)) : 0;
}

static int start_copy(struct flight *f, const struct recorder *recorder, struct diag *d)
{
	struct copy *c = xcalloc(1, sizeof(*c));
	int err;

	c->out = -1;
	c->held_ns = file_ring_state(recorder->ring, units_monotonic_ns()).held_ns;
	str_add(&c->what, str_text(&f->what));
	err = file_ring_open_parts(recorder->ring, &c->parts, d);
	if (!err)
		err = make_file(f, c, d);
	if (!err) {
		err = -pthread_create(&c->thread, NULL, run_copy, c);
		if (err)
			diag_errno(d, err, "cannot write '%s'", c->path);
	}
	if (err)
		copy_free(c);
	else
		f->copy = c;
	return err;
}

static void finish_copy(struct flight *f)
{
	_cleanup_(str_release) struct str text = {};
	struct copy *c = f->copy;

	pthread_join(c->thread, NULL);
	f->copy = NULL;
	if (c->err) {
		note("%s: %s: nothing is kept of it", str_text(&c->what), c->d.text);
		unlink(c->path);
		copy_free(c);
		return;
	}
	str_addf(&text, "%s: the last ", str_text(&c->what));
	units_add_span(&text, c->held_ns);
	str_add(&text, " are in '");
	str_add_escaped(&text, c->path);
	str_add(&text, "', ");
	units_add_bytes(&text, c->bytes);
	note("%s", str_text(&text));
	vec_push(&f->files, xstrdup(c->path));
	copy_free(c);
}

/* ---- moments ---- */

/* So many files of moments that follow closely say the same. */
static bool is_too_soon(struct flight *f)
{
	if (!f->copy && units_monotonic_ns() >= f->next_ns)
		return false;
	f->skipped++;
	return true;
}

static void tell_skipped(struct flight *f)
{
	if (f->skipped)
		note("triggers fired %llu more times within a second, or while a file was written: it has no file of its own",
		     (unsigned long long)f->skipped);
	f->skipped = 0;
}

static void want(struct flight *f, const struct trigger *trigger, const char *word, const struct str *what)
{
	f->wanted = trigger;
	str_clear(&f->what);
	str_add_escaped(&f->what, word);
	if (what->len)
		str_addf(&f->what, " (%s)", str_text(what));
}

void flight_look(struct flight *f, struct trace *t, const struct record *r, const struct effect *e)
{
	_cleanup_(str_release) struct str what = {};
	const struct trigger *trigger = f->on && f->triggers.items.nr ? triggers_apply(&f->triggers, r, e, &what) : NULL;

	if (!trigger || f->wanted || is_too_soon(f))
		return;
	want(f, trigger, trigger->text, &what);
	trace_mark(t);
}

static void refuse_signal(const struct flight *f)
{
	note("SIGUSR2: nothing is written for it: %s", f->on ? "it is not among the triggers" : "there is no --ring");
}

static void take_moment_of_signal(struct flight *f)
{
	static const struct trigger signal = {.text = "SIGUSR2", .kind = TRIGGER_SIGNAL};
	const struct str none = {};

	if (!take_signal(f))
		return;
	if (!f->by_signal)
		refuse_signal(f);
	else if (!f->wanted && !is_too_soon(f))
		want(f, &signal, signal.text, &none);
}

int flight_mark(struct flight *f, struct trace *t)
{
	struct diag d = {};
	int err;

	if (!t->marking)
		take_moment_of_signal(f);
	if (!f->wanted)
		return 0;
	err = recorder_turn(&t->recorder, t->ledger);
	if (!err && start_copy(f, &t->recorder, &d))
		note("%s: %s", str_text(&f->what), d.text);
	f->wanted = NULL;
	f->next_ns = units_monotonic_ns() + PAUSE_NS;
	return err;
}

void flight_step(struct flight *f)
{
	if (f->copy && atomic_load(&f->copy->done))
		finish_copy(f);
	if (f->skipped && !f->copy && units_monotonic_ns() >= f->next_ns)
		tell_skipped(f);
}

void flight_end(struct flight *f)
{
	if (f->copy)
		finish_copy(f);
	tell_skipped(f);
}

void flight_release(struct flight *f)
{
	if (f->copy)
		finish_copy(f);
	for (size_t i = 0; i < f->files.nr; i++)
		free(f->files.items[i]);
	vec_release(&f->files);
	closep(&f->signal_fd);
	str_release(&f->what);
	triggers_release(&f->triggers);
}
