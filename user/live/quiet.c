/*
 * Which threads may still be inside a call that they began before a moment. A call that began after we were armed has a hit at
 * its begin and one at its end. Of others nothing is seen; but a thread has left them when it hits a probe, when it has run for
 * longer than a call takes, or if it slept all the time.
 */
#include "live/watch.h"

#include "base/units.h"

#include <poll.h>

enum {
	SLICE_MS = 1,
	/* What a call may wait for, a lock of the heap, is had sooner: one that sleeps so long has gone to sleep elsewhere. */
	RESTS = 20,
};
/* On a machine that has more to do than it can, a thread waits so long for its turn. */
#define LIMIT_NS NS_PER_SEC
/* Calls take microseconds. */
#define CALL_NS (200 * 1000ULL)

struct suspect {
	struct thread_state since;
	/*
	 * The kernel adds to the time of a running thread when it takes it from the processor, or at a tick: what it
	 * adds first was in part before we were armed.
	 */
	bool accounted;
	uint64_t last_ns;    /* its time when it was looked at last */
	unsigned int rested; /* times in a row that it was seen to sleep, without having run in between */
	bool left;
};

typedef VEC(struct suspect) suspects;

/* One that is held (stopped, traced, waiting for a page) may be held inside a call. */
static bool rests(const struct thread_state *t)
{
	return t->state == 'S' || t->state == 'Z' || t->state == 'X';
}

/* By its hits: true if it has, false if it has not or nothing is known; then *@ret_inside says if it is known to be inside. */
static bool hits_say(const struct map *moved, int tid, uint64_t since_ns, bool *ret_inside)
{
	const struct map_entry *e = map_get(moved, (uint64_t)tid, 0);

	*ret_inside = e && e->value && e->value < since_ns;
	return e && !*ret_inside;
}

/* By the time that it ran. */
static bool has_left(struct suspect *t, const struct thread_state *now)
{
	t->rested = rests(now) && now->runtime_ns == t->last_ns ? t->rested + 1 : 0;
	t->last_ns = now->runtime_ns;
	if (!t->accounted && now->runtime_ns == t->since.runtime_ns)
		return rests(now) && rests(&t->since);
	t->left = t->rested >= RESTS || (t->accounted && now->runtime_ns >= t->since.runtime_ns + CALL_NS);
	if (!t->accounted)
		t->since = *now;
	t->accounted = true;
	return t->left;
}

enum answer { NONE_INSIDE, SOME_INSIDE, STOPPED_INSIDE };

/* Whether all have left; if not, whether those that have not are all stopped: it would be useless to wait for them. */
static enum answer look(suspects *list, const thread_states *now, const struct map *moved, uint64_t since_ns)
{
	bool any = false, running = false;

	/* Both are in the order of ids; a thread that is not there any more has ended. */
	for (size_t i = 0, k = 0; i < list->nr; i++) {
		struct suspect *t = &list->items[i];
		bool inside;

		while (k < now->nr && now->items[k].tid < t->since.tid)
			k++;
		if (k == now->nr || now->items[k].tid != t->since.tid || hits_say(moved, t->since.tid, since_ns, &inside))
			t->left = true;
		if (t->left || (!inside && has_left(t, &now->items[k])))
			continue;
		any = true;
		running |= now->items[k].state != 'T' && now->items[k].state != 't';
	}
	return !any ? NONE_INSIDE : running ? SOME_INSIDE : STOPPED_INSIDE;
}

static void suspect_all(int pid, suspects *ret)
{
	thread_states threads = {};

	process_threads(pid, &threads);
	for (size_t i = 0; i < threads.nr; i++)
		vec_push(ret, ((struct suspect){.since = threads.items[i]}));
	vec_release(&threads);
}

bool quiet_wait(struct session *s, struct watched *w, uint64_t since_ns, int *ret_err)
{
	uint64_t until = units_monotonic_ns() + LIMIT_NS;
	struct map moved = {};
	suspects list = {};
	enum answer answer = SOME_INSIDE;
	/* Threads are not looked at in one moment: one may have been woken by another that was looked at later. */
	int times = 0;

	*ret_err = 0;
	suspect_all(w->process.pid, &list);
	w->moved = &moved;
	while (times < 2 && answer != STOPPED_INSIDE && !*ret_err && units_monotonic_ns() < until) {
		thread_states now = {};

		poll(NULL, 0, SLICE_MS);
		*ret_err = session_drain(s);
		process_threads(w->process.pid, &now);
		answer = look(&list, &now, &moved, since_ns);
		times = answer == NONE_INSIDE ? times + 1 : 0;
		vec_release(&now);
	}
	w->moved = NULL;
	map_release(&moved);
	vec_release(&list);
	return times == 2 && !*ret_err;
}
