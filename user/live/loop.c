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
#define HEADLESS_NS (20 * NS_PER_MS)

static int put_counts(struct session *s)
{
	int err = 0;

	for (size_t i = 0; i < s->watched.nr && s->kernel && !err; i++)
		if (s->watched.items[i]->armed)
			err = hits_put_counts(s, s->watched.items[i]);
	return err;
}

int session_tick(struct session *s)
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

/* Those that are watched may have mapped another copy of a runtime since. */
static int discover_further(struct session *s)
{
	int err = 0;

	for (size_t i = 0; i < s->watched.nr && !err; i++)
		if (s->watched.items[i]->number == 1 && !s->watched.items[i]->ended)
			err = session_try(s, s->watched.items[i]->process.pid);
	return err;
}

static int discover_new(struct session *s)
{
	pids found = {};
	int err = discover_further(s);

	if (err || s->o.nr_pids)
		return err ? err : discover_wanted(s);
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
	if (session_asks_for(s, pid))
		session_want(s, pid);
	if (!s->hold || !s->mapped)
		vec_push(&s->again, pid);
	/* What it maps from here on is told; what it has mapped before is to be looked for. */
	mapped_enable(s->mapped, true);
	if (s->o.nr_pids)
		s->discover_due_ns = 0;
}

/*
 * Without uprobe_multi, probes do nothing any more when the main thread has ended: others are to be set. It is seen twice before
 * it is believed: of a process that ends, or executes a program, threads end one after another.
 */
static bool lost_its_head(const struct session *s, struct watched *w)
{
	uint64_t now = units_monotonic_ns();

	if (!w->armed || w->headless || kernel_mode(s->kernel) != ATTACH_SINGLE || !process_headless(w->process.pid)) {
		w->headless_ns = 0;
		return false;
	}
	if (!w->headless_ns)
		w->headless_ns = now;
	return now - w->headless_ns >= HEADLESS_NS;
}

/* The event of an exec may be lost, what it did is not. */
static bool has_execed(const struct session *s, const struct watched *w)
{
	return w->execed || (w->armed && !kernel_armed(s->kernel, w->process.pid));
}

static const char *why_over(const struct session *s, struct watched *w)
{
	return has_execed(s, w) ? "exec" : !process_alive(&w->process) ? "exit" : lost_its_head(s, w) ? "detached" : NULL;
}

int session_reap(struct session *s)
{
	int err = 0;

	for (size_t i = 0; i < s->watched.nr;) {
		struct watched *w = s->watched.items[i];
		const char *why = !w->ended && !err ? why_over(s, w) : NULL;

		if (why) {
			/* Its last hits came before its end; what is in the ring now is all that there will be. */
			err = session_drain(s);
			if (!err)
				err = hits_put_counts(s, w);
			if (!err)
				err = watched_detach(s, w, why);
			if (process_alive(&w->process))
				look_again(s, w->process.pid);
		}
		if (!w->ended) {
			i++;
			continue;
		}
		s->current = NULL;
		session_forget_refused(s, w->process.pid);
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
		if (!err)
			err = drivers_step(s, s->watched.items[i], now);
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

/* Or are all found that were asked for? */
static bool looks_for_processes(const struct session *s)
{
	return !s->o.nr_pids || s->wanted.nr || s->hold || s->o.children;
}

enum { WAIT_RING, WAIT_STACKS, WAIT_TICK, WAIT_MARK, WAIT_STOP, WAIT_MAPPED, WAIT_PROCESSES };

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
	fds[WAIT_STACKS] = (struct pollfd){.fd = kernel_stack_wake_fd(s->kernel), .events = POLLIN};
	fds[WAIT_TICK] = (struct pollfd){.fd = s->o.tick_fd, .events = POLLIN};
	fds[WAIT_MARK] = (struct pollfd){.fd = s->o.mark_fd ? s->o.mark_fd : -1, .events = POLLIN};
	fds[WAIT_STOP] = (struct pollfd){.fd = s->o.stop_fd, .events = POLLIN};
	/*
	 * What others map need not wake us; what a watched process maps is looked at at the next turn. For stacks it must be looked
	 * at while the process is there.
	 */
	fds[WAIT_MAPPED] = (struct pollfd){.fd = looks_for_processes(s) || s->stacks ? mapped_fd(s->mapped) : -1, .events = POLLIN};
	for (size_t i = 0; i < s->watched.nr; i++)
		fds[WAIT_PROCESSES + i] = (struct pollfd){.fd = s->watched.items[i]->process.pidfd, .events = POLLIN};
	for (size_t i = 0; i < s->wanted.nr; i++)
		fds[nr - 1 - i] = (struct pollfd){.fd = s->wanted.items[i].pidfd, .events = POLLIN};
	poll(fds, nr, until > now ? (int)((until - now + NS_PER_MS - 1) / NS_PER_MS) : 0);
}

/* All that was before whoever asked for it is in front of it: the ring was drained since. */
static int mark(struct session *s)
{
	int err;

	s->marking = true;
	err = session_tick(s);
	s->marking = false;
	return err;
}

/* One request a byte; the end of the pipe ends the session. */
static int answer(struct session *s, bool *ret_end)
{
	char byte;
	ssize_t n = read(s->o.tick_fd, &byte, 1);

	if (n < 0 && errno == EINTR)
		return 0;
	*ret_end = n <= 0;
	return n > 0 ? session_tick(s) : 0;
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
		err = session_tick(s);
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
		err = functions_step(s);
	if (!err)
		err = arrivals_step(s);
	stacks_step(s);
	if (!err)
		err = due(s);
	mapped_enable(s->mapped, looks_for_processes(s) || s->watched.nr);
	if (!err && fds[WAIT_TICK].revents)
		err = answer(s, ret_end);
	if (!err && fds[WAIT_MARK].revents)
		err = mark(s);
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

/* The last table shows the end, whatever ended it; and a recording says how long nothing happened. */
static bool wants_last_tick(const struct session *s)
{
	uint64_t interval_ns = s->o.interval_ns;

	if (s->last_kind != RECORD_TICK)
		return interval_ns || all_ended(s);
	/* One that was just shown need not be shown again. */
	return interval_ns && units_monotonic_ns() + interval_ns > s->tick_due_ns + interval_ns / 10;
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
		err = session_tick(s);
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
	if (!err && wants_last_tick(s))
		err = session_tick(s);
	err = detach_all(s, err);
	return !err && all_ended(s) && !s->nr_processes && !s->o.child ? -ESRCH : err;
}
