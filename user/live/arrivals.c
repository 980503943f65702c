/* Processes that the kernel tells us of when they map code: looked at at once. */
#include "live/watch.h"

#include "base/units.h"
#include "live/hold.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A key of s->interest: device numbers have 32 bits. */
static uint64_t key_of(const struct mapped *m)
{
	return m->device << 32 ^ m->generation;
}

static bool contains(const struct session *s, int pid)
{
	for (size_t i = 0; i < s->wanted.nr; i++)
		if (s->wanted.items[i].pid == pid)
			return true;
	return false;
}

/* Of a command that we started: it is held when it has mapped all, and we are told. Only if we are not it is looked at. */
#define HELD_SOONER_NS (20 * NS_PER_MS)
/* A library comes with those that it needs. */
#define BATCH_NS NS_PER_MS

static bool is_marked(const struct session *s, int pid)
{
	_cleanup_(closep) int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd >= 0 && kernel_is_marked(s->kernel, fd);
}

static bool is_ours(const struct session *s, int pid)
{
	return s->hold && is_marked(s, pid);
}

/* A child of a process of -p, or of a child of one. */
static bool is_followed(const struct session *s, int pid)
{
	return s->o.children && !s->hold && is_marked(s, pid);
}

static void receive(void *context, const struct mapped *m)
{
	struct session *s = context;
	const struct map_entry *e = map_get(&s->interest, key_of(m), m->inode);

	stacks_remapped(s, m->pid);
	if (e && e->value == WIRE_FILE_OTHER)
		return;
	if (is_ours(s, m->pid))
		vec_push(&s->arrivals, ((struct arrival){*m, units_monotonic_ns() + HELD_SOONER_NS}));
	else if (!s->o.nr_pids || contains(s, m->pid) || session_find(s, m->pid) || is_followed(s, m->pid))
		vec_push(&s->arrivals, ((struct arrival){*m, units_monotonic_ns() + BATCH_NS}));
}

/* Remember what the files are that a process has mapped. */
static void classify(struct session *s, int pid)
{
	mappings maps = {};

	if (mappings_read(pid, &maps, NULL))
		return;
	for (size_t i = 0; i < s->arrivals.nr; i++) {
		const struct mapped *a = &s->arrivals.items[i].mapped;

		for (size_t k = 0; k < maps.nr && a->pid == pid; k++) {
			const struct library *l;

			if (maps.items[k].start != a->start || !maps.items[k].inode)
				continue;
			l = discover_library(s, pid, &maps.items[k], true);
			if (l)
				map_put(&s->interest, key_of(a), a->inode, NULL)->value =
					l->binding || l->problem.text[0] ? WIRE_FILE_RUNTIME : WIRE_FILE_OTHER;
		}
	}
	mappings_release(&maps);
}

static void forget(struct session *s, int pid)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->arrivals.nr; i++)
		if (s->arrivals.items[i].mapped.pid != pid)
			s->arrivals.items[kept++] = s->arrivals.items[i];
	s->arrivals.nr = kept;
}

/* It may have got another program, or library, since we gave it up. */
static void try_again(struct session *s, int pid)
{
	for (size_t i = 0; i < s->given_up.nr;)
		if (s->given_up.items[i] == pid)
			s->given_up.items[i] = s->given_up.items[--s->given_up.nr];
		else
			i++;
}

static int look_at(struct session *s, int pid)
{
	int err;

	if (!session_find(s, pid))
		try_again(s, pid);
	err = session_try(s, pid);
	return err == -ENOENT ? 0 : err;
}

/* While something else that it has mapped was looked at it may have mapped that. */
void arrivals_receive(struct session *s)
{
	if (mapped_read(s->mapped, receive, s))
		s->discover_due_ns = 0;
}

/* Of an arrival that is due. */
static int next_pid(const struct session *s)
{
	uint64_t due = arrivals_due_ns(s);

	for (size_t i = 0; i < s->arrivals.nr; i++)
		if (s->arrivals.items[i].due_ns == due)
			return s->arrivals.items[i].mapped.pid;
	return 0;
}

int arrivals_step(struct session *s)
{
	int err = 0;

	arrivals_receive(s);
	while (s->again.nr && !err)
		err = look_at(s, s->again.items[--s->again.nr]);
	while (!err && arrivals_due_ns(s) <= units_monotonic_ns()) {
		int pid = next_pid(s);

		if (!session_names(s, pid)) {
			forget(s, pid);
			continue;
		}
		/* Nothing waits for what the files are that have no runtime. */
		err = look_at(s, pid);
		classify(s, pid);
		forget(s, pid);
	}
	return err;
}

uint64_t arrivals_due_ns(const struct session *s)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < s->arrivals.nr; i++)
		if (s->arrivals.items[i].due_ns < due)
			due = s->arrivals.items[i].due_ns;
	return due;
}

bool arrivals_time(struct session *s, int pid, uint64_t start, uint64_t *ret_ns)
{
	arrivals_receive(s);
	for (size_t i = 0; i < s->arrivals.nr; i++) {
		const struct mapped *a = &s->arrivals.items[i].mapped;

		if (a->pid != pid || a->start != start)
			continue;
		*ret_ns = a->time_ns;
		return true;
	}
	return false;
}
