#include "live/hold.h"

#include "base/log.h"
#include "base/units.h"
#include "live/closer.h"
#include "live/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A signal has stopped all threads long before; one that waits for a disk cannot be stopped. */
#define STOP_LIMIT_NS (100 * NS_PER_MS)
/* How often it is looked after processes that have ended. */
#define SWEEP_EVERY_NS (500 * NS_PER_MS)
/* A parent that stops itself when its child is stopped does so within milliseconds of a CPU, of which there may be none. */
#define PARENT_NS (250 * NS_PER_MS)
#define BUSY_PARENT_NS (10 * NS_PER_SEC)
/* And wants to go on at once. */
#define PARENT_EVERY_NS (5 * NS_PER_MS)

struct event {
	enum wire_event what;
	int pid;
	uint64_t value[WIRE_VALUES];
};

/* A process whose dynamic linker has our probe. */
struct linked {
	int pid, pidfd;
	const struct library *linker;
	link_fds links;
};

/* A parent whose child was stopped for us. */
struct parent {
	int pid, child;
	uint64_t since_ns;
};

struct hold {
	struct guard guard;
	VEC(struct event) events;
	VEC(struct linked) linked;
	VEC(struct parent) parents;
	int serving; /* the process that is being served; 0: none */
	int held;    /* the same, if it is stopped */
	unsigned int stops; /* how often it was stopped */
	bool guarded;
	uint64_t sweep_ns, parents_ns; /* when to look next */
	uint64_t untold; /* as last seen */
};

int hold_new(struct hold **ret, struct diag *d)
{
	struct hold *h = xcalloc(1, sizeof(*h));
	int err = guard_start(&h->guard, d);

	if (err) {
		free(h);
		return err;
	}
	h->guarded = true;
	*ret = h;
	return 0;
}

int hold_fd(const struct hold *h)
{
	return h ? h->guard.map_fd : -1;
}

bool hold_holds(const struct hold *h, int pid)
{
	return h && h->held == pid;
}

static void linked_release(struct closer *c, struct linked *l)
{
	closer_close(c, &l->links);
	close(l->pidfd);
}

void hold_end(struct hold *h, struct closer *c)
{
	for (size_t i = 0; h && i < h->linked.nr; i++)
		linked_release(c, &h->linked.items[i]);
}

void hold_free(struct hold *h)
{
	if (!h)
		return;
	guard_end(&h->guard);
	vec_release(&h->linked);
	vec_release(&h->events);
	vec_release(&h->parents);
	free(h);
}

static int open_pidfd(int pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int hold_first(struct session *s, int pid, struct diag *d)
{
	_cleanup_(closep) int fd = open_pidfd(pid);
	int err = fd < 0 ? -errno : kernel_mark(s->kernel, fd, WIRE_MARK_OURS | WIRE_MARK_FIRST);

	return err ? diag_errno(d, err, "cannot follow process %d", pid) : 0;
}

bool hold_receive(struct hold *h, const struct wire_hit *hit)
{
	struct event *e;

	if (hit->spec != WIRE_FILE && hit->spec != WIRE_HELD && hit->spec != WIRE_FORK)
		return false;
	if (!h)
		return true;
	e = vec_add(&h->events);
	e->what = (enum wire_event)hit->spec;
	e->pid = (int)hit->tgid;
	for (size_t i = 0; i < WIRE_VALUES; i++)
		e->value[i] = hit->value[i];
	return true;
}

/* ---- files ---- */

static const struct mapping *mapping_at(const mappings *maps, uint64_t address)
{
	for (size_t i = 0; i < maps->nr; i++)
		if (maps->items[i].start <= address && address < maps->items[i].end)
			return &maps->items[i];
	return NULL;
}

/*
 * Tell the kernel half what a file of process @pid is. If not @deep, only if that can be seen soon, for it is something to us.
 * False: it is not told yet.
 */
static bool classify(struct session *s, int pid, const mappings *maps, const struct event *e, bool deep)
{
	const struct mapping *m = mapping_at(maps, e->value[WIRE_ADDRESS]);
	struct library *l = m && m->inode ? discover_library(s, pid, m, deep) : NULL;
	const struct wire_file file = {.device = e->value[WIRE_DEVICE],
				       .inode = e->value[WIRE_INODE],
				       .changed_ns = e->value[WIRE_CHANGED],
				       .size = e->value[WIRE_SIZE]};

	/* While it goes on it may have unmapped it: we will be told again. */
	if (!m || (deep && !l))
		return true;
	if (!deep && l && !l->linker && !l->binding && !l->deep)
		return false;
	if (l && (l->linker || l->binding))
		l->file = file;
	kernel_set_interest(s->kernel, &file,
			    l && l->linker  ? WIRE_FILE_LINKER :
			    l && l->binding ? WIRE_FILE_RUNTIME :
					      WIRE_FILE_OTHER);
	return true;
}

/* Take the files that are to be looked into for process @pid out of the queue, and, at first, how often it was stopped. */
static void classify_all(struct session *s, int pid, const mappings *maps, bool deep)
{
	struct hold *h = s->hold;
	size_t kept = 0;

	for (size_t i = 0; i < h->events.nr; i++) {
		struct event e = h->events.items[i];

		if (e.pid != pid || e.what == WIRE_FORK || (deep && e.what == WIRE_HELD)) {
			h->events.items[kept++] = e;
			continue;
		}
		if (e.what == WIRE_HELD)
			h->stops += e.value[0] != 0;
		else if (!classify(s, pid, maps, &e, deep))
			h->events.items[kept++] = e;
	}
	h->events.nr = kept;
}

/* ---- the dynamic linker ---- */

static struct linked *find_linked(const struct hold *h, int pid)
{
	for (size_t i = 0; i < h->linked.nr; i++)
		if (h->linked.items[i].pid == pid)
			return &h->linked.items[i];
	return NULL;
}

static void forget(struct session *s, struct linked *l)
{
	linked_release(s->closer, l);
	*l = s->hold->linked.items[--s->hold->linked.nr];
}

static bool is_alive(const struct linked *l)
{
	struct pollfd p = {.fd = l->pidfd, .events = POLLIN};

	return poll(&p, 1, 0) == 0;
}

/* Processes that have ended: their pids may be others' by now. */
static void sweep(struct session *s)
{
	struct hold *h = s->hold;

	for (size_t i = 0; i < h->linked.nr;)
		if (is_alive(&h->linked.items[i]))
			i++;
		else
			forget(s, &h->linked.items[i]);
}

static const struct library *find_linker(struct session *s, int pid, const mappings *maps, const struct mapping **ret)
{
	for (size_t i = 0; i < maps->nr; i++) {
		const struct mapping *m = &maps->items[i];
		const struct library *l = m->inode && m->permissions[2] == 'x' ? discover_library(s, pid, m, false) : NULL;

		*ret = m;
		if (l && l->linker && l->file.inode)
			return l;
	}
	return NULL;
}

/* Let the process's dynamic linker tell what it has mapped, if it has one that can. */
static void link_linker(struct session *s, int pid, const mappings *maps)
{
	const struct mapping *m = NULL;
	const struct library *linker = find_linker(s, pid, maps, &m);
	struct linked *l = find_linked(s->hold, pid), fresh = {.pid = pid, .linker = linker};

	if (!linker || (l && l->linker == linker && is_alive(l)))
		return;
	if (l)
		forget(s, l);

	const struct probe_site site = {.file_offset = linker->state_offset, .spec = (uint32_t)linker->to_debug};
	_cleanup_(freep) char *path = mapping_file(pid, m);

	fresh.pidfd = open_pidfd(pid);
	if (fresh.pidfd < 0)
		return;
	if (kernel_attach_linker(s->kernel, path, pid, &site, &linker->file, &fresh.links))
		linked_release(s->closer, &fresh);
	else
		vec_push(&s->hold->linked, fresh);
}

static void link_child(struct session *s, int pid)
{
	mappings maps = {};

	if (pid <= 0 || mappings_read(pid, &maps, NULL))
		return;
	link_linker(s, pid, &maps);
	mappings_release(&maps);
}

/* ---- stop and go ---- */

/* No thread of it executes anything any more: what it has mapped, or executed, is there. */
static void wait_until_stopped(int pid)
{
	const struct timespec slice = {.tv_nsec = 50 * 1000};
	uint64_t until = units_monotonic_ns() + STOP_LIMIT_NS;

	while (!process_is_at_rest(pid) && units_monotonic_ns() < until)
		nanosleep(&slice, NULL);
}

/* su(1) and sudo(8) stop themselves when their command is stopped, and wait for a shell to continue them. */
static void note_parent(struct session *s, int pid)
{
	int parent = process_parent(pid);
	_cleanup_(closep) int fd = parent > 1 && parent != getpid() ? open_pidfd(parent) : -1;

	if (fd >= 0 && kernel_is_marked(s->kernel, fd))
		vec_push(&s->hold->parents, ((struct parent){parent, pid, units_monotonic_ns()}));
}

/* May it still stop itself? Not if it sleeps: it has seen what its child did, or never will. */
static bool may_stop_itself(enum process_rest rest, uint64_t ns)
{
	return rest != PROCESS_ENDED && ns < (rest == PROCESS_RUNS ? BUSY_PARENT_NS : PARENT_NS);
}

static void continue_parents(struct hold *h)
{
	uint64_t now = units_monotonic_ns();

	for (size_t i = 0; i < h->parents.nr;) {
		struct parent *p = &h->parents.items[i];
		enum process_rest rest = process_rest(p->pid);

		/* If the child is stopped again, somebody wants them to be. */
		if (rest == PROCESS_STOPPED && process_rest(p->child) != PROCESS_STOPPED)
			kill(p->pid, SIGCONT);
		else if (may_stop_itself(rest, now - p->since_ns)) {
			i++;
			continue;
		}
		*p = h->parents.items[--h->parents.nr];
	}
}

static void go_on(struct session *s, int pid)
{
	struct hold *h = s->hold;
	uint64_t ns = guard_continue(&h->guard, pid, h->stops > 1);

	log_debug("process %d was held for %.1f ms", pid, (double)ns / NS_PER_MS);
	note_parent(s, pid);
	h->held = 0;
	h->stops = 0;
}

/* ---- serving ---- */

static const struct event *find_event(const struct hold *h, int pid, enum wire_event what)
{
	for (size_t i = 0; i < h->events.nr; i++)
		if (h->events.items[i].pid == pid && h->events.items[i].what == what)
			return &h->events.items[i];
	return NULL;
}

bool hold_will_tell(const struct hold *h, int pid)
{
	const struct linked *l = h ? find_linked(h, pid) : NULL;

	if (!h || h->serving == pid)
		return false;
	return (l && is_alive(l)) || find_event(h, pid, WIRE_HELD);
}

/* Whoever executes or maps something is seen to have done so when it has come to a stop. */
static int settle(struct session *s, int pid)
{
	int err;

	s->hold->held = pid;
	wait_until_stopped(pid);
	err = session_drain(s);
	/* Its program of before has ended. */
	return err ? err : session_reap(s);
}

/* A process of which we were told. */
static int serve(struct session *s, int pid)
{
	struct hold *h = s->hold;
	const struct event *held = find_event(h, pid, WIRE_HELD);
	bool look = held;
	mappings maps = {};
	int err = held && held->value[0] ? settle(s, pid) : 0;

	h->serving = pid;
	mappings_read(pid, &maps, NULL);
	classify_all(s, pid, &maps, false);
	link_linker(s, pid, &maps);
	if (!err && look) {
		functions_settle(s, pid);
		err = session_try(s, pid);
	}
	session_note_attached(s, pid);
	h->serving = 0;
	if (h->held == pid)
		go_on(s, pid);
	/* It need not wait for what else its files are. */
	classify_all(s, pid, &maps, true);
	mappings_release(&maps);
	return err == -ENOENT ? 0 : err;
}

/* What we were not told of. */
static int try_all(struct session *s)
{
	struct hold *h = s->hold;
	int err = 0;

	h->untold = kernel_untold(s->kernel);
	for (size_t i = 0; i < h->linked.nr && (!err || err == -ENOENT); i++) {
		h->serving = h->linked.items[i].pid;
		err = session_find(s, h->serving) ? 0 : session_try(s, h->serving);
	}
	h->serving = 0;
	return err == -ENOENT ? 0 : err;
}

/* Without it nobody would continue those that are held when we are killed. */
static void look_after_guard(struct hold *h)
{
	if (h->guarded && !guard_lives(&h->guard)) {
		log_warning("the process that guards those that are held was killed: none is held any more");
		guard_off(&h->guard);
		h->guarded = false;
	}
}

int hold_step(struct session *s)
{
	struct hold *h = s->hold;
	int err = 0;

	if (!h)
		return 0;
	look_after_guard(h);
	while (h->events.nr && !err) {
		struct event e = h->events.items[0];

		if (e.what != WIRE_FORK) {
			err = serve(s, e.pid);
			continue;
		}
		for (size_t i = 1; i < h->events.nr; i++)
			h->events.items[i - 1] = h->events.items[i];
		h->events.nr--;
		link_child(s, (int)e.value[0]);
	}
	if (h->parents.nr && units_monotonic_ns() >= h->parents_ns) {
		continue_parents(h);
		h->parents_ns = units_monotonic_ns() + PARENT_EVERY_NS;
	}
	if (!err && kernel_untold(s->kernel) != h->untold)
		err = try_all(s);
	if (units_monotonic_ns() >= h->sweep_ns) {
		sweep(s);
		h->sweep_ns = units_monotonic_ns() + SWEEP_EVERY_NS;
	}
	return err;
}

uint64_t hold_due_ns(const struct hold *h)
{
	if (!h)
		return UINT64_MAX;
	return h->parents.nr && h->parents_ns < h->sweep_ns ? h->parents_ns : h->sweep_ns;
}

/* Has it nothing of the runtime yet? Then it has allocated nothing either. */
static bool is_empty(struct watched *w)
{
	book_arenas arenas = {};
	bool empty = !books_scan(w->books, NULL) && !books_read(w->books, 1, &arenas) && !arenas.nr;

	book_arenas_release(&arenas);
	return empty;
}

int hold_census(struct session *s, struct watched *w)
{
	int err;

	if (!w->books)
		return census_run(s, w);
	/* It cannot leave a call while it is held. */
	if (!is_empty(w)) {
		go_on(s, w->process.pid);
		return census_run(s, w);
	}
	w->tracking = false;
	map_clear(&w->touched);
	err = census_put(s, w, "begin", false);
	return err ? err : census_put(s, w, "end", false);
}
