/* Beginning to watch a process that was found: its runtime, and further ones that it maps. */
#include "live/watch.h"

#include "base/log.h"
#include "base/units.h"
#include "live/hold.h"
#include "stream/pick.h"

#include <errno.h>

/* One that is about to end is a process still, but has no memory any more. */
bool session_is_process(int pid)
{
	struct process p = {.pidfd = -1};
	mappings maps = {};
	int err = process_open(pid, &p, NULL);

	if (!err)
		err = mappings_read(pid, &maps, NULL);
	mappings_release(&maps);
	process_close(&p);
	return err != -ESRCH;
}

bool session_names(const struct session *s, int pid)
{
	struct process p = {.pidfd = -1};
	bool named;

	if (!s->o.nr_names)
		return true;
	if (process_open(pid, &p, NULL))
		return false;
	named = pick_is_named(s->o.names, s->o.nr_names, p.name, p.command);
	process_close(&p);
	return named;
}

/* Start to watch a process that maps a runtime: probes, then its books. */
static int watch(struct session *s, int pid, const struct copy *c, struct diag *d)
{
	struct watched *w;
	int err = watched_open(s, pid, c, &w, d);

	if (err)
		return err;
	vec_push(&s->watched, w);
	w->has_gap = hold_holds(s->hold, pid) || arrivals_time(s, pid, c->mapping.start, &w->mapped_ns);
	err = watched_attach(s, w, d);
	/* One that is held has nothing yet. */
	if (!err && !hold_holds(s->hold, pid))
		err = drivers_begin(s, w);
	if (!err && s->o.census)
		err = hold_holds(s->hold, pid) ? hold_census(s, w) : census_run(s, w);
	w->check.due_ns = units_monotonic_ns() + NS_PER_SEC;
	return err;
}

/* Say why a process is not watched: at the end if it is the only one, which then is why the run failed. */
static void tell(struct session *s, int pid, const struct diag *d)
{
	if (s->o.nr_pids == 1 && !s->o.child && session_asks_for(s, pid))
		s->diag = *d;
	else
		log_warning("%s%s%s", d->text, d->hint[0] ? "; hint: " : "", d->hint);
}

static bool was_watched(const struct session *s, int pid)
{
	for (size_t i = 0; i < s->ledger->processes.nr; i++)
		if (s->ledger->processes.items[i]->pid == pid)
			return true;
	return false;
}

/* A process that was asked for has ended, found or not. A command of ours may do so without a runtime. */
static void tell_end(struct session *s, int pid, bool found)
{
	struct diag d = {};

	if (!s->o.nr_pids || (!found && (!session_asks_for(s, pid) || pid == s->o.child || was_watched(s, pid))))
		return;
	diag_set(&d, -ESRCH, "process %d ended %s", pid,
		 s->o.wait && !found ? "and had not mapped a known runtime" : "while pooltrace attached to it");
	tell(s, pid, &d);
}

/* A process that we cannot watch is no failure of the session. */
static int give_up(struct session *s, int pid, bool found, const struct diag *d)
{
	struct watched *w = session_find(s, pid);
	bool alive = session_is_process(pid);
	int err = 0;

	if (w && w->id)
		err = watched_detach(s, w, alive ? "detached" : "exit");
	else if (w)
		w->ended = true;
	if (alive) {
		vec_push(&s->given_up, pid);
		tell(s, pid, d);
	} else {
		tell_end(s, pid, found);
	}
	return err;
}

/* Another runtime than the first cannot be watched: it is told once, and the first goes on. */
static int refuse(struct session *s, int pid, const struct copy *c, const struct diag *why)
{
	_cleanup_(str_release) struct str path = {};
	struct watched *w = session_find_copy(s, pid, c->library);
	bool first;

	map_put(&s->refused, (uint64_t)pid, (uintptr_t)c->library, &first)->pointer = c->library;
	str_add_escaped(&path, c->mapping.path);
	if (first && session_is_process(pid))
		log_warning("process %d: what it does with '%s' is not traced: %s%s%s", pid, str_text(&path), why->text,
			    why->hint[0] ? "; hint: " : "", why->hint);
	if (w && w->id)
		return watched_detach(s, w, "detached");
	if (w)
		w->ended = true;
	return 0;
}

void session_note_attached(struct session *s, int pid)
{
	for (size_t i = 0; i < s->watched.nr; i++) {
		const struct watched *w = s->watched.items[i];

		if (w->process.pid == pid && w->armed && w->library->file.inode)
			kernel_set_attached(s->kernel, pid, &w->library->file, true);
	}
	for (struct map_entry *e = map_next(&s->refused, NULL); e; e = map_next(&s->refused, e)) {
		const struct library *l = e->pointer;

		if (e->a == (uint64_t)pid && l->file.inode)
			kernel_set_attached(s->kernel, pid, &l->file, true);
	}
}

void session_forget_refused(struct session *s, int pid)
{
	struct map kept = {};

	if (!s->refused.nr)
		return;
	for (struct map_entry *e = map_next(&s->refused, NULL); e; e = map_next(&s->refused, e))
		if (e->a != (uint64_t)pid)
			map_put(&kept, e->a, e->b, NULL)->pointer = e->pointer;
	map_release(&s->refused);
	s->refused = kept;
}

/* A further runtime of a process that is watched. */
static int try_further(struct session *s, int pid, const struct copy *c)
{
	struct watched *w = session_find_copy(s, pid, c->library);
	struct diag d = {};
	int err;

	if (w)
		return watched_add_places(s, w, c);
	if (map_get(&s->refused, (uint64_t)pid, (uintptr_t)c->library))
		return 0;
	if (c->whole)
		err = watch(s, pid, c, &d);
	else
		err = diag_set(&d, -ENOTSUP, "it has some functions of runtime '%s', but not all that make one",
			       c->library->binding->runtime->name);
	return err && !s->out_err ? refuse(s, pid, c, &d) : err;
}

static int try_all(struct session *s, int pid, const copies *found, struct diag *d)
{
	bool any = session_find(s, pid) != NULL;
	int err = 0;

	for (size_t i = 0; i < found->nr && !err; i++) {
		if (any)
			err = try_further(s, pid, &found->items[i]);
		else
			err = watch(s, pid, &found->items[i], d);
		any = true;
	}
	return err;
}

int session_try_further(struct session *s, int pid)
{
	copies found = {};
	struct diag d = {};
	int err = discover(s, pid, false, &found, &d);

	if (!err)
		err = try_all(s, pid, &found, &d);
	copies_release(&found);
	return s->out_err;
}

int session_try(struct session *s, int pid)
{
	bool watched = session_find(s, pid) != NULL, found_any;
	copies found = {};
	struct diag d = {};
	int err = hold_will_tell(s->hold, pid) ? -ENOENT : discover(s, pid, watched, &found, &d);

	if (!err)
		err = try_all(s, pid, &found, &d);
	found_any = found.nr;
	copies_release(&found);
	if (watched)
		return s->out_err;
	/* What was read was the memory of the program before: it executes another one. */
	if (err == -ESRCH && !found_any && session_is_process(pid))
		return -ENOENT;
	if (!err || err == -ENOENT || s->out_err)
		return err;
	if (err == -EOPNOTSUPP && !d.hint[0])
		diag_hint(&d, "this kernel has no uprobes (CONFIG_UPROBE_EVENTS); `pooltrace --once` needs none");
	return give_up(s, pid, found_any, &d);
}
