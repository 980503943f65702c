/* The loop of a live session: what is done when. */
#include "live/watch.h"

#include "base/log.h"
#include "base/units.h"
#include "live/hold.h"
#include "target/host.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How often processes are looked for: where the kernel tells us of them this is a net; where it does not it is all we have. */
#define DISCOVER_EVERY_NS (500 * NS_PER_MS)
#define DISCOVER_NET_NS (5 * NS_PER_SEC)
/* One known process is cheap to look at, and what it allocates before we attach has no event. */
#define DISCOVER_WANTED_NS (10 * NS_PER_MS)
#define DISCOVER_WANTED_NET_NS (500 * NS_PER_MS)
/* The ring is emptied at least so often: a hit does not wake us. */
#define DRAIN_EVERY_NS (50 * NS_PER_MS)

static int put_counts(struct session *s)
{
	int err = 0;

	for (size_t i = 0; i < s->watched.nr && s->kernel && !err; i++)
		if (s->watched.items[i]->armed)
			err = hits_put_counts(s, s->watched.items[i]);
	return err;
}

static int tick(struct session *s)
{
	struct record r = {.kind = RECORD_TICK};
	int err = put_counts(s);

	if (!err && s->loss_to_tell)
		err = hits_put_probes(s);
	s->loss_to_tell = false;
	if (err)
		return err;
	if (s->o.interval_ns)
		RECORD_SET(&r, INTERVAL_NS, interval_ns, s->o.interval_ns);
	return session_put(s, &r);
}

/* One that is about to end is a process still, but has no memory any more. */
static bool is_process(int pid)
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

/* Start to watch a process that maps a runtime: probes, then its books. */
static int watch(struct session *s, int pid, const struct mapping *m, struct library *l, struct diag *d)
{
	struct watched *w;
	int err = watched_open(s, pid, m, l, &w, d);

	if (err)
		return err;
	vec_push(&s->watched, w);
	w->has_gap = hold_holds(s->hold, pid) || arrivals_time(s, pid, m->start, &w->mapped_ns);
	err = watched_attach(s, w, d);
	if (!err && s->o.census)
		err = hold_holds(s->hold, pid) ? hold_census(s, w) : census_run(s, w);
	w->check.due_ns = units_monotonic_ns() + NS_PER_SEC;
	return err;
}

/* Say why a process is not watched: at the end if it is the only one, which then is why the run failed. */
static void tell(struct session *s, const struct diag *d)
{
	if (s->o.nr_pids == 1 && !s->o.child)
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

	if (!s->o.nr_pids || (!found && (pid == s->o.child || was_watched(s, pid))))
		return;
	diag_set(&d, -ESRCH, "process %d ended %s", pid,
		 s->o.wait && !found ? "and had not mapped a known runtime" : "while pooltrace attached to it");
	tell(s, &d);
}

/* A process that we cannot watch is no failure of the session. */
static int give_up(struct session *s, int pid, bool found, const struct diag *d)
{
	struct watched *w = session_find(s, pid);
	bool alive = is_process(pid);
	int err = 0;

	if (w && w->id)
		err = watched_detach(s, w, alive ? "detached" : "exit");
	else if (w)
		w->ended = true;
	if (alive) {
		vec_push(&s->given_up, pid);
		tell(s, d);
	} else {
		tell_end(s, pid, found);
	}
	return err;
}

int session_try(struct session *s, int pid)
{
	_cleanup_(freep) char *path = NULL;
	struct library *l = NULL;
	struct mapping m = {};
	struct diag d = {};
	int err = hold_will_tell(s->hold, pid) ? -ENOENT : discover(s, pid, &m, &l, &d);

	path = m.path;
	if (!err)
		err = watch(s, pid, &m, l, &d);
	/* What was read was the memory of the program before: it executes another one. */
	if (err == -ESRCH && !l && is_process(pid))
		return -ENOENT;
	if (!err || err == -ENOENT || s->out_err)
		return err;
	if (err == -EOPNOTSUPP && !d.hint[0])
		diag_hint(&d, "this kernel has no uprobes (CONFIG_UPROBE_EVENTS); `pooltrace --once` needs none");
	return give_up(s, pid, l != NULL, &d);
}

void session_want(struct session *s, int pid)
{
	vec_push(&s->wanted, ((struct wanted){pid, (int)syscall(SYS_pidfd_open, pid, 0)}));
}

static bool has_ended(const struct wanted *w)
{
	struct pollfd p = {.fd = w->pidfd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/* A command of ours that is looked at by chance is found while it maps what it is about to be held for. */
static bool is_told_of(const struct session *s, const struct wanted *w)
{
	return s->hold && s->mapped && !has_ended(w);
}

static int discover_wanted(struct session *s)
{
	for (size_t i = 0; i < s->wanted.nr;) {
		struct wanted *w = &s->wanted.items[i];
		int err = session_find(s, w->pid) ? 0 : is_told_of(s, w) ? -ENOENT : session_try(s, w->pid);

		if (err == -ENOENT) {
			i++;
			continue;
		}
		w = &s->wanted.items[i];
		closep(&w->pidfd);
		*w = s->wanted.items[--s->wanted.nr];
		if (err)
			return err;
	}
	return 0;
}

static int discover_new(struct session *s)
{
	pids found = {};
	int err = 0;

	if (s->o.nr_pids)
		return discover_wanted(s);
	discover_all(s, &found);
	for (size_t i = 0; i < found.nr && !err; i++) {
		err = session_try(s, found.items[i]);
		if (err == -ENOENT)
			err = 0;
	}
	vec_release(&found);
	return err;
}

/* It runs another program. */
static void look_again(struct session *s, int pid)
{
	if (s->o.nr_pids && (!s->o.child || pid == s->o.child))
		session_want(s, pid);
	if (!s->hold || !s->mapped)
		vec_push(&s->again, pid);
	/* What it maps from here on is told; what it has mapped before is to be looked for. */
	mapped_enable(s->mapped, true);
	if (s->o.nr_pids)
		s->discover_due_ns = 0;
}

int session_reap(struct session *s)
{
	int err = 0;

	for (size_t i = 0; i < s->watched.nr;) {
		struct watched *w = s->watched.items[i];

		/* The event of an exec may be lost, what it did is not. */
		if (w->armed && !kernel_armed(s->kernel, w->process.pid))
			w->execed = true;
		if (!w->ended && !err && (w->execed || !process_alive(&w->process))) {
			/* Its last hits came before its end; what is in the ring now is all that there will be. */
			err = session_drain(s);
			if (!err)
				err = hits_put_counts(s, w);
			if (!err)
				err = watched_detach(s, w, w->execed ? "exec" : "exit");
			if (w->execed && process_alive(&w->process))
				look_again(s, w->process.pid);
		}
		if (!w->ended) {
			i++;
			continue;
		}
		watched_free(w);
		s->watched.items[i] = s->watched.items[--s->watched.nr];
	}
	return err;
}

static int checks(struct session *s)
{
	uint64_t now = units_monotonic_ns();
	int err = 0;

	for (size_t i = 0; i < s->watched.nr && !err; i++) {
		if (s->watched.items[i]->in_flight.nr)
			err = census_settle(s, s->watched.items[i]);
		if (!err)
			err = check_step(s, s->watched.items[i], now);
	}
	return err;
}

static bool is_wanted(const struct session *s, int pid)
{
	for (size_t i = 0; i < s->wanted.nr; i++)
		if (s->wanted.items[i].pid == pid)
			return true;
	return false;
}

/* Whether the end has come: of all that was asked for. */
static bool all_ended(const struct session *s)
{
	/* What a command has started may outlive it. */
	if (s->o.child && !is_wanted(s, s->o.child) && !session_find(s, s->o.child))
		return true;
	for (size_t i = 0; i < s->watched.nr; i++)
		if (!s->watched.items[i]->ended)
			return false;
	return s->o.nr_pids && !s->wanted.nr;
}

enum { WAIT_RING, WAIT_TICK, WAIT_STOP, WAIT_MAPPED, WAIT_PROCESSES };

/* Sleep until something happens or is due. */
static void wait(struct session *s, struct pollfd *fds, size_t nr)
{
	uint64_t now = units_monotonic_ns(), until = now + DRAIN_EVERY_NS;

	if (s->o.interval_ns && s->tick_due_ns < until)
		until = s->tick_due_ns;
	if (s->discover_due_ns < until && (s->wanted.nr || !s->o.nr_pids))
		until = s->discover_due_ns;
	if (arrivals_due_ns(s) < until)
		until = arrivals_due_ns(s);
	for (size_t i = 0; i < s->watched.nr; i++)
		if (s->o.check && s->watched.items[i]->books && s->watched.items[i]->check.due_ns < until)
			until = s->watched.items[i]->check.due_ns;
	fds[WAIT_RING] = (struct pollfd){.fd = kernel_wake_fd(s->kernel), .events = POLLIN};
	fds[WAIT_TICK] = (struct pollfd){.fd = s->o.tick_fd, .events = POLLIN};
	fds[WAIT_STOP] = (struct pollfd){.fd = s->o.stop_fd, .events = POLLIN};
	fds[WAIT_MAPPED] = (struct pollfd){.fd = mapped_fd(s->mapped), .events = POLLIN};
	for (size_t i = 0; i < s->watched.nr; i++)
		fds[WAIT_PROCESSES + i] = (struct pollfd){.fd = s->watched.items[i]->process.pidfd, .events = POLLIN};
	for (size_t i = 0; i < s->wanted.nr; i++)
		fds[nr - 1 - i] = (struct pollfd){.fd = s->wanted.items[i].pidfd, .events = POLLIN};
	poll(fds, nr, until > now ? (int)((until - now + NS_PER_MS - 1) / NS_PER_MS) : 0);
}

/* One request a byte; the end of the pipe ends the session. */
static int answer(struct session *s, bool *ret_end)
{
	char byte;
	ssize_t n = read(s->o.tick_fd, &byte, 1);

	if (n < 0 && errno == EINTR)
		return 0;
	*ret_end = n <= 0;
	return n > 0 ? tick(s) : 0;
}

static bool wanted_ended(const struct session *s)
{
	for (size_t i = 0; i < s->wanted.nr; i++)
		if (has_ended(&s->wanted.items[i]))
			return true;
	return false;
}

static uint64_t discover_every(const struct session *s)
{
	if (s->wanted.nr)
		return s->mapped ? DISCOVER_WANTED_NET_NS : DISCOVER_WANTED_NS;
	return s->mapped ? DISCOVER_NET_NS : DISCOVER_EVERY_NS;
}

/* What is due at a time: looking for processes, a comparison, a table. */
static int due(struct session *s)
{
	uint64_t now = units_monotonic_ns();
	int err = 0;

	if (now >= s->discover_due_ns || wanted_ended(s)) {
		err = discover_new(s);
		s->discover_due_ns = units_monotonic_ns() + discover_every(s);
	}
	if (!err)
		err = checks(s);
	now = units_monotonic_ns();
	watched_sweep_children(s, now);
	if (!err && s->o.interval_ns && now >= s->tick_due_ns) {
		err = tick(s);
		/* Late ticks are not made up for. */
		s->tick_due_ns += s->o.interval_ns;
		if (s->tick_due_ns < now)
			s->tick_due_ns = now + s->o.interval_ns;
	}
	return err;
}

/* One turn of the loop. *@ret_end: someone asked us to stop. */
static int turn(struct session *s, bool *ret_end)
{
	size_t nr = WAIT_PROCESSES + s->watched.nr + s->wanted.nr;
	_cleanup_(freep) struct pollfd *fds = xcalloc(nr, sizeof(*fds));
	int err;

	wait(s, fds, nr);
	err = session_drain(s);
	if (!err)
		err = session_reap(s);
	if (!err)
		err = hold_step(s);
	if (!err)
		err = arrivals_step(s);
	if (!err)
		err = due(s);
	mapped_enable(s->mapped, !s->o.nr_pids || s->wanted.nr || s->hold);
	if (!err && fds[WAIT_TICK].revents)
		err = answer(s, ret_end);
	if (!err)
		err = sink_idle(s->out);
	if (fds[WAIT_STOP].revents)
		*ret_end = true;
	return err;
}

static int detach_all(struct session *s, int err)
{
	for (size_t i = 0; i < s->watched.nr; i++) {
		struct watched *w = s->watched.items[i];

		/* Not an event of the stream: the traced process goes on, and its table stands. */
		if (w->armed)
			kernel_disarm(s->kernel, w->process.pid);
		w->armed = false;
	}
	return err;
}

int session_loop(struct session *s)
{
	bool end = false;
	int err;

	s->tick_due_ns = units_monotonic_ns() + s->o.interval_ns;
	mapped_enable(s->mapped, true);
	err = discover_new(s);
	s->discover_due_ns = units_monotonic_ns();
	if (!err && all_ended(s) && !s->nr_processes && !s->o.child)
		return -ESRCH;
	if (!err && s->o.interval_ns)
		err = tick(s);
	while (!err && !end && !all_ended(s))
		err = turn(s, &end);
	/* What was done before the end that we have just seen. */
	if (!err)
		err = session_drain(s);
	if (!err)
		err = session_reap(s);
	s->loss_to_tell = true;
	if (!err)
		err = put_counts(s);
	/* The last table shows the end, whatever ended it. */
	if (!err && s->last_kind != RECORD_TICK && (all_ended(s) || s->o.interval_ns))
		err = tick(s);
	err = detach_all(s, err);
	return !err && all_ended(s) && !s->nr_processes && !s->o.child ? -ESRCH : err;
}

/* Put what the books of one process say. */
static int look_once(struct session *s, int pid)
{
	_cleanup_(freep) char *path = NULL;
	struct library *l = NULL;
	struct mapping m = {};
	struct watched *w;
	int err = discover(s, pid, &m, &l, &s->diag);

	path = m.path;
	if (!err)
		err = watched_open(s, pid, &m, l, &w, &s->diag);
	if (!err)
		err = watched_once(s, w);
	if (err == -ESRCH && !s->out_err)
		diag_set(&s->diag, err, "process %d %s while pooltrace looked at it", pid,
			 is_process(pid) ? "executed another program" : "ended");
	return err;
}

/* Every process that can be looked at: that others cannot, or have ended meanwhile, is no failure. */
static int look_at_all(struct session *s)
{
	pids found = {};
	size_t denied = discover_all(s, &found), seen = 0;

	for (size_t i = 0; i < found.nr && !s->out_err; i++) {
		if (!look_once(s, found.items[i]))
			seen++;
		else if (session_find(s, found.items[i]) && !s->out_err)
			watched_detach(s, session_find(s, found.items[i]), "exit");
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
	diag_set(&s->diag, -ENOENT, "no process maps a known runtime");
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
	return err ? err : tick(s);
}

