/* --once: what the books of processes say, without a probe. */
#include "live/watch.h"

#include "base/log.h"
#include "target/host.h"

#include <errno.h>
#include <unistd.h>

static int look_at_copies(struct session *s, int pid, const copies *found)
{
	int err = 0;

	for (size_t i = 0; i < found->nr && !err; i++) {
		struct watched *w;

		if (i && !found->items[i].whole)
			continue;
		err = watched_open(s, pid, &found->items[i], &w, &s->diag);
		if (!err)
			err = watched_once(s, w);
		if (err && i && err != -ESRCH && !s->out_err) {
			log_warning("process %d: %s%s%s", pid, s->diag.text, s->diag.hint[0] ? "; hint: " : "", s->diag.hint);
			s->diag = (struct diag){};
			err = 0;
		}
	}
	return err;
}

/* Without books, and with a driver that says nothing, there is nothing to show. */
static int check_any(struct session *s, int pid)
{
	const struct watched *w = session_find(s, pid);

	if (!w || w->books || s->ledger->processes.items[s->ledger->processes.nr - 1]->drivers.nr)
		return 0;
	diag_set(&s->diag, -ENODATA, "process %d: runtime '%s' has no books that could be read, and no driver says what it holds",
		 pid, w->library->binding->runtime->name);
	diag_hint(&s->diag, "without --once what it allocates from now on is shown");
	return -ENODATA;
}

/* Put what the books of one process say. */
static int look_once(struct session *s, int pid)
{
	copies found = {};
	int err = discover(s, pid, true, &found, &s->diag);

	if (!err)
		err = look_at_copies(s, pid, &found);
	copies_release(&found);
	if (!err)
		err = check_any(s, pid);
	if (err == -ESRCH && !s->out_err)
		diag_set(&s->diag, err, "process %d %s while pooltrace looked at it", pid,
			 session_is_process(pid) ? "executed another program" : "ended");
	return err;
}

static void end_all(struct session *s, int pid)
{
	struct watched *w;

	while (!s->out_err && (w = session_find(s, pid)))
		watched_detach(s, w, "exit");
}

/* Every process that can be looked at: that others cannot, or have ended meanwhile, is no failure. */
static int look_at_all(struct session *s)
{
	pids found = {};
	size_t denied = discover_all(s, &found), seen = 0;

	for (size_t i = 0; i < found.nr && !s->out_err; i++) {
		if (!look_once(s, found.items[i]))
			seen++;
		else
			end_all(s, found.items[i]);
	}
	vec_release(&found);
	if (s->out_err)
		return s->out_err;
	if (seen) {
		s->diag = (struct diag){};
		return 0;
	}
	if (s->diag.text[0])
		return -ENOENT;
	diag_set(&s->diag, -ENOENT, "no process%s maps a known runtime", s->o.nr_names ? " of that name" : "");
	discover_explain(s, &s->diag);
	if (denied && geteuid())
		diag_hint(&s->diag, "%zu process%s may not be looked at: run as root, or grant " HOST_TO_LOOK, denied,
			  denied == 1 ? "" : "es");
	return -ENOENT;
}

int session_once(struct session *s)
{
	int err = s->o.nr_pids ? 0 : look_at_all(s);

	for (size_t i = 0; i < s->o.nr_pids && !err; i++)
		err = look_once(s, s->o.pids[i]);
	return err ? err : session_tick(s);
}
