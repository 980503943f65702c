/* The loop of a live session: what is done when. */
#include "live/watch.h"

#include "base/log.h"
#include "base/units.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define DISCOVER_EVERY_NS (500 * NS_PER_MS)
/* One known process is cheap to look at, and what it allocates before we attach has no event. */
#define DISCOVER_WANTED_NS (10 * NS_PER_MS)
/* The ring is emptied at least so often: a hit does not wake us. */
#define DRAIN_EVERY_NS (50 * NS_PER_MS)

static int tick(struct session *s)
{
	struct record r = {.kind = RECORD_TICK};
	int err = 0;

	for (size_t i = 0; i < s->watched.nr && s->kernel && !err; i++)
		if (s->watched.items[i]->armed)
			err = hits_put_counts(s, s->watched.items[i]);
	if (!err && s->loss_to_tell)
		err = hits_put_probes(s);
	s->loss_to_tell = false;
	if (err)
		return err;
	if (s->o.interval_ns)
		RECORD_SET(&r, INTERVAL_NS, interval_ns, s->o.interval_ns);
	return session_put(s, &r);
}

/* Start to watch a process that maps a runtime: probes, then its books. */
static int watch(struct session *s, int pid, const struct mapping *m, struct library *l, struct diag *d)
{
	struct watched *w;
	int err = watched_open(s, pid, m, l, &w, d);

	if (err)
		return err;
	vec_push(&s->watched, w);
	err = watched_attach(s, w, d);
	if (!err)
		err = s->o.census ? census_run(s, w) : 0;
	w->check.due_ns = units_monotonic_ns() + NS_PER_SEC;
	return err;
}

/* A process that vanished while we were about it is no failure of the session. */
static int watch_if_alive(struct session *s, int pid, const struct mapping *m, struct library *l)
{
	struct diag d = {};
	int err = watch(s, pid, m, l, &d);
	struct watched *w = session_find(s, pid);

	if (!err || err == -ECANCELED)
		return err;
	if (w && w->id && s->ledger)
		err = watched_detach(s, w, "detached");
	else if (w)
		w->ended = true;
	log_warning("%s", d.text[0] ? d.text : "a process ended while we attached to it");
	return err == -ECANCELED ? err : 0;
}

static int discover_wanted(struct session *s)
{
	for (size_t i = 0; i < s->wanted.nr;) {
		int pid = s->wanted.items[i], err;
		struct mapping m;
		struct library *l;

		err = discover(s, pid, &m, &l, NULL);
		if (err == -ENOENT) {
			i++;
			continue;
		}
		s->wanted.items[i] = s->wanted.items[--s->wanted.nr];
		if (!err)
			err = watch_if_alive(s, pid, &m, l);
		if (err == -ECANCELED)
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
		struct mapping m;
		struct library *l;

		if (!discover(s, found.items[i], &m, &l, NULL))
			err = watch_if_alive(s, found.items[i], &m, l);
	}
	vec_release(&found);
	return err;
}

/* Take note of processes that ended or run another program, after their last hits. */
static int reap(struct session *s)
{
	int err = 0;

	for (size_t i = 0; i < s->watched.nr;) {
		struct watched *w = s->watched.items[i];

		if (!w->ended && !err && (w->execed || !process_alive(&w->process))) {
			/* Its last hits came before its end; what is in the ring now is all that there will be. */
			err = session_drain(s);
			if (!err)
				err = hits_put_counts(s, w);
			if (!err)
				err = watched_detach(s, w, w->execed ? "exec" : "exit");
			if (w->execed && s->o.nr_pids && process_alive(&w->process))
				vec_push(&s->wanted, w->process.pid);
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

/* Whether the end has come: of all that was asked for. */
static bool all_ended(const struct session *s)
{
	return s->o.nr_pids && !s->watched.nr && !s->wanted.nr;
}

enum { WAIT_RING, WAIT_TICK, WAIT_STOP, WAIT_PROCESSES };

/* Sleep until something happens or is due. */
static void wait(struct session *s, struct pollfd *fds, size_t nr)
{
	uint64_t now = units_monotonic_ns(), until = now + DRAIN_EVERY_NS;

	if (s->o.interval_ns && s->tick_due_ns < until)
		until = s->tick_due_ns;
	if (s->wanted.nr && s->discover_due_ns < until)
		until = s->discover_due_ns;
	for (size_t i = 0; i < s->watched.nr; i++)
		if (s->o.check && s->watched.items[i]->books && s->watched.items[i]->check.due_ns < until)
			until = s->watched.items[i]->check.due_ns;
	fds[WAIT_RING] = (struct pollfd){.fd = kernel_wake_fd(s->kernel), .events = POLLIN};
	fds[WAIT_TICK] = (struct pollfd){.fd = s->o.tick_fd, .events = POLLIN};
	fds[WAIT_STOP] = (struct pollfd){.fd = s->o.stop_fd, .events = POLLIN};
	for (size_t i = WAIT_PROCESSES; i < nr; i++)
		fds[i] = (struct pollfd){.fd = s->watched.items[i - WAIT_PROCESSES]->process.pidfd, .events = POLLIN};
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

/* What is due at a time: looking for processes, a comparison, a table. */
static int due(struct session *s)
{
	uint64_t now = units_monotonic_ns();
	int err = 0;

	if (now >= s->discover_due_ns) {
		err = discover_new(s);
		s->discover_due_ns = units_monotonic_ns() + (s->wanted.nr ? DISCOVER_WANTED_NS : DISCOVER_EVERY_NS);
	}
	if (!err)
		err = checks(s);
	now = units_monotonic_ns();
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
	size_t nr = WAIT_PROCESSES + s->watched.nr;
	_cleanup_(freep) struct pollfd *fds = xcalloc(nr, sizeof(*fds));
	int err;

	wait(s, fds, nr);
	err = session_drain(s);
	if (!err)
		err = reap(s);
	if (!err)
		err = due(s);
	if (!err && fds[WAIT_TICK].revents)
		err = answer(s, ret_end);
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
	err = discover_new(s);
	s->discover_due_ns = units_monotonic_ns();
	if (!err && s->o.interval_ns)
		err = tick(s);
	while (!err && !end && !all_ended(s))
		err = turn(s, &end);
	s->loss_to_tell = true;
	/* The last table shows the end, whatever ended it. */
	if (!err && s->last_kind != RECORD_TICK && (all_ended(s) || s->o.interval_ns))
		err = tick(s);
	return detach_all(s, err);
}

int session_once(struct session *s)
{
	int err = 0;
	pids found = {};

	if (!s->o.nr_pids)
		discover_all(s, &found);
	for (size_t i = 0; i < s->o.nr_pids; i++)
		vec_push(&found, s->o.pids[i]);
	for (size_t i = 0; i < found.nr && !err; i++) {
		struct mapping m;
		struct library *l;
		struct watched *w;

		err = discover(s, found.items[i], &m, &l, &s->diag);
		if (!err)
			err = watched_open(s, found.items[i], &m, l, &w, &s->diag);
		if (err && !s->o.nr_pids) {
			err = 0;
			continue;
		}
		if (!err)
			err = watched_once(s, w);
	}
	if (!err && !s->watched.nr) {
		err = diag_set(&s->diag, -ENOENT, "no process maps a known runtime");
		discover_explain(s, &s->diag);
	}
	vec_release(&found);
	return err ? err : tick(s);
}

