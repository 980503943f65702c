#include "live/watch.h"

#include "base/log.h"
#include "base/units.h"
#include "live/closer.h"
#include "live/hold.h"
#include "live/privileges.h"
#include "runtime/row_return.h"

#include <errno.h>
#include <unistd.h>

enum {
	COLLECT_HITS = 1024,	      /* received, before it is looked whether the ring is to be emptied again: half a millisecond */
	COLLECT_NS = 250 * NS_PER_MS, /* no longer in one drain: there are ticks to put */
};

int session_put(struct session *s, struct record *r)
{
	if (!RECORD_HAS(r, TIME_NS))
		RECORD_SET(r, TIME_NS, time_ns, units_wall_ns());
	/* Position is the order; the clocks of two CPUs need not agree with it. */
	if (r->time_ns < s->last_ns)
		r->time_ns = s->last_ns;
	s->last_ns = r->time_ns;
	s->last_kind = r->kind;
	if (!s->out_err)
		s->out_err = sink_put(s->out, r);
	return s->out_err;
}

struct record watched_record(const struct watched *w, enum record_kind kind)
{
	struct record r = {.kind = kind};

	RECORD_SET(&r, PROCESS, process, w->id);
	RECORD_SET(&r, PID, pid, (uint64_t)w->process.pid);
	return r;
}

/* What the kernel half lost since we told last. A loss may hide anything: compare with the books soon. */
static int put_losses(struct session *s)
{
	uint64_t lost = kernel_lost(s->kernel), unread = kernel_unread(s->kernel);
	struct record r = {.kind = RECORD_LOST}, u = {.kind = RECORD_UNREAD};
	int err = 0;

	if (lost != s->lost) {
		RECORD_SET(&r, COUNT, count, lost - s->lost);
		RECORD_SET(&r, FROM_NS, from_ns, s->lost_from_ns);
		s->lost = lost;
		s->loss_to_tell = true;
		for (size_t i = 0; i < s->watched.nr; i++) {
			s->watched.items[i]->unsettled++;
			check_hurry(s->watched.items[i], units_monotonic_ns());
		}
		err = session_put(s, &r);
	}
	s->lost_from_ns = s->last_ns;
	if (!err && unread != s->unread) {
		RECORD_SET(&u, COUNT, count, unread - s->unread);
		s->unread = unread;
		err = session_put(s, &u);
	}
	return err;
}

static int queue_hit(void *context, const struct wire_hit *hit)
{
	struct session *s = context;

	vec_push(&s->queue, *hit);
	return 0;
}

void session_collect(void *context)
{
	struct session *s = context;

	/* An error comes again at the next drain. */
	if (!kernel_drain(s->kernel, queue_hit, s))
		stacks_drain(s);
}

/*
 * What was collected while memory was searched may take longer to receive than the ring takes to run over: it is emptied
 * meanwhile. Not where hits come faster than they are received, or a drain would have no end.
 */
static int collect_meanwhile(struct session *s, size_t most, uint64_t until_ns)
{
	size_t rest = s->queue.nr - s->queue_at;

	if (s->queue_at % COLLECT_HITS || rest > most || rest < kernel_ring_hits(s->kernel) / 2 || units_monotonic_ns() > until_ns)
		return 0;
	return kernel_drain(s->kernel, queue_hit, s);
}

int session_drain(struct session *s)
{
	uint64_t until_ns = units_monotonic_ns() + COLLECT_NS;
	int err = kernel_drain(s->kernel, queue_hit, s);
	size_t most = s->queue.nr - s->queue_at;

	if (!err)
		err = stacks_drain(s);
	while (!err && s->queue_at < s->queue.nr) {
		/* More may be put behind it while it is received. */
		struct wire_hit hit = s->queue.items[s->queue_at++];

		err = hits_receive(s, &hit);
		if (!err)
			err = collect_meanwhile(s, most, until_ns);
	}
	vec_clear(&s->queue);
	s->queue_at = 0;
	stacks_settle(s);
	if (!err)
		err = stacks_put_losses(s);
	return err ? err : put_losses(s);
}

static int session_run(struct source *source, struct sink *sink)
{
	struct session *s = (struct session *)source;
	int err;

	s->out = sink;
	err = s->o.once ? session_once(s) : session_loop(s);
	/* Errors of the sink are told by those who own it. */
	if (err && !s->out_err && !s->diag.text[0])
		diag_errno(&s->diag, err, "tracing ended early");
	return err;
}

static void session_free(struct source *source)
{
	struct session *s = (struct session *)source;

	for (size_t i = 0; i < s->watched.nr; i++) {
		watched_say_slow(s, s->watched.items[i]);
		closer_close(s->closer, &s->watched.items[i]->links);
		watched_free(s->watched.items[i]);
	}
	for (size_t i = 0; i < s->libraries.nr; i++)
		library_free(s->libraries.items[i]);
	vec_release(&s->queue);
	for (size_t i = 0; i < s->wanted.nr; i++)
		closep(&s->wanted.items[i].pidfd);
	hold_end(s->hold, s->closer);
	closer_free(s->closer);
	stacks_free(s->stacks);
	kernel_free(s->kernel);
	/* After the programs that stop processes. */
	hold_free(s->hold);
	mapped_free(s->mapped);
	map_release(&s->interest);
	map_release(&s->refused);
	nvml_close(s->nvml);
	vec_release(&s->arrivals);
	vec_release(&s->again);
	decoder_free(s->decoder);
	vec_release(&s->libraries);
	vec_release(&s->watched);
	vec_release(&s->wanted);
	vec_release(&s->given_up);
	vec_release(&s->spec_library);
	modules_release(s);
	functions_release(s);
	free(s);
}

bool session_asks_for(const struct session *s, int pid)
{
	/* The list of a command is its caller's, and of that moment. */
	if (s->o.child)
		return pid == s->o.child;
	for (size_t i = 0; i < s->o.nr_pids; i++)
		if (s->o.pids[i] == pid)
			return true;
	return false;
}

bool session_marks(const struct source *session)
{
	return ((const struct session *)session)->marking;
}

void session_drop_privileges(const struct source *session, bool files)
{
	const struct session *s = (const struct session *)session;

	privileges_drop(s->kernel && kernel_mode(s->kernel) == ATTACH_SINGLE, files);
}

const struct diag *session_diag(const struct source *session)
{
	return &((const struct session *)session)->diag;
}

/* Hints where those who found the error could not know what the user can do about it. */
static void advise(const struct session *s, int err, struct diag *d)
{
	if (err == -ENOENT)
		discover_explain(s, d);
	else if ((err == -EACCES || err == -EPERM) && !geteuid())
		diag_hint(d, "the process has a capability that pooltrace lacks, or a container or security module forbids it");
	else if (err == -ESRCH && !d->hint[0])
		diag_hint(d, "`pooltrace --once` without -p finds the processes that have a known runtime");
}

/* What can be told of a wanted process before anything starts. */
static int examine(struct session *s, int pid, struct diag *d)
{
	struct process p = {.pidfd = -1};
	int err = process_open(pid, &p, d);

	process_close(&p);
	if (!err)
		/* Who looks once looks into all of it. */
		err = discover(s, pid, s->o.once, NULL, d);
	if (err == -ENOENT && (s->o.wait || pid == s->o.child))
		err = 0;
	if (err)
		advise(s, err, d);
	else
		session_want(s, pid);
	return err;
}

static int examine_all(struct session *s, struct diag *d)
{
	int err = 0;

	for (size_t i = 0; i < s->o.nr_pids && !err; i++)
		err = examine(s, s->o.pids[i], d);
	return err;
}

/* Stacks are told of beside the events: where they cannot be had, all else can be. */
static int load(struct session *s, struct kernel_options *o, struct diag *d)
{
	struct diag why = {};
	int err = kernel_new(o, &s->kernel, s->stacks ? &why : d);

	if (!err || !s->stacks)
		return err;
	stacks_free(s->stacks);
	s->stacks = NULL;
	s->o.stacks = STACKS_OFF;
	o->native = o->python = false;
	err = kernel_new(o, &s->kernel, d);
	if (!err)
		log_warning("no allocation will have a stack: %s", why.text);
	return err;
}

/* All that tells us of processes. */
static int start(struct session *s, struct diag *d)
{
	struct kernel_options kernel = {.mode = s->o.mode, .ring_bytes = s->o.ring_bytes, .held_fd = -1};
	int err = s->o.child ? hold_new(&s->hold, d) : 0;

	kernel.held_fd = hold_fd(s->hold);
	for (size_t i = 0; i < s->o.runtimes->nr; i++)
		kernel.ways |= runtime_has_ways(s->o.runtimes->items[i]);
	kernel.children = s->o.children;
	kernel.native = s->o.stacks == STACKS_NATIVE || s->o.stacks == STACKS_ALL;
	kernel.python = s->o.stacks == STACKS_PYTHON || s->o.stacks == STACKS_ALL;
	kernel.stack_budget = s->o.stack_budget;
	if (s->o.stacks)
		s->stacks = stacks_new(s);
	if (!err)
		err = load(s, &kernel, d);
	if (!err && s->hold)
		err = hold_first(s, s->o.child, d);
	for (size_t i = 0; i < s->wanted.nr && !err && s->o.children && !s->o.child; i++)
		kernel_mark(s->kernel, s->wanted.items[i].pidfd, WIRE_MARK_FOLLOWED);
	if (!err && mapped_new(&s->mapped))
		log_debug("this kernel does not tell what is mapped: processes are looked for");
	return err;
}

int session_new(const struct session_options *o, const struct ledger *ledger, struct source **ret, struct diag *d)
{
	struct session *s = xcalloc(1, sizeof(*s));
	int err;

	s->source = (struct source){.run = session_run, .free = session_free};
	s->o = *o;
	s->o.interval_ns = o->once ? 0 : o->interval_ns;
	s->ledger = ledger;
	s->filter.put = hits_put;
	s->target.arena = census_arena;
	s->target.device = hits_device;
	s->target.holder = hits_holder;
	s->target.whole = parts_whole;
	s->target.lookup = functions_lookup;
	s->wall_offset_ns = units_wall_ns() - units_monotonic_ns();
	s->decoder = decoder_new(&s->filter, &s->target, s->wall_offset_ns);
	s->closer = closer_new();
	s->sweep_due_ns = UINT64_MAX;
	err = examine_all(s, d);
	if (!err && !o->once)
		err = start(s, d);
	if (err) {
		session_free(&s->source);
		return err;
	}
	*ret = &s->source;
	return 0;
}
