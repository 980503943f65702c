#include "live/guard.h"

#include "base/log.h"
#include "base/units.h"
#include "live/privileges.h"
#include "target/process.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Longer than the probes of one process take to be set. */
#define LIMIT_NS (3 * NS_PER_SEC)
/* A program of the kernel half that has not seen yet that nobody may be stopped any more needs so long. */
enum { LAST_LOOK_MS = 50 };

/* Key of the map that is no process: with it, none is stopped any more. */
static const uint32_t off;
/* Nor is this: when we served a process last. */
static const uint32_t progress = UINT32_MAX;

/* Continue a process that has been stopped for us since @since. @ours: more than one SIGSTOP was. */
static void let_go(int map, uint32_t tgid, uint64_t since, bool ours)
{
	static const int stops[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
	uint64_t pending = process_pending_signals((int)tgid), again = 0;

	/* Nor is it known of a stop that has not come about yet whose it is. */
	ours |= !process_is_at_rest((int)tgid);
	/* It takes away all signals that stop, also those of others. */
	kill((int)tgid, SIGCONT);
	for (size_t i = ours ? 1 : 0; i < ARRAY_SIZE(stops); i++)
		if (pending >> (stops[i] - 1) & 1)
			kill((int)tgid, stops[i]);
	/* It may be held again by now, or any moment: to look and then to delete would forget that. */
	if (!bpf_map_lookup_and_delete_elem(map, &tgid, &again) && again != since)
		bpf_map_update_elem(map, &tgid, &again, BPF_NOEXIST);
}

/* Continue all that have been stopped for @ns, of which we gave no sign of life. */
static void continue_all(int map, uint64_t ns)
{
	uint32_t keys[GUARD_HELD], *previous = NULL;
	uint64_t now = units_monotonic_ns(), since, last = 0;
	size_t nr = 0;

	/* Where each probe is an event of its own, many processes that begin at once wait for one another. */
	bpf_map_lookup_elem(map, &progress, &last);
	if (now < last + ns)
		return;

	while (nr < GUARD_HELD && !bpf_map_get_next_key(map, previous, &keys[nr]))
		previous = &keys[nr++];
	for (size_t i = 0; i < nr; i++)
		if (keys[i] != off && keys[i] != progress && !bpf_map_lookup_elem(map, &keys[i], &since) && now >= since + ns)
			/* One that has only just been sent may be ours. */
			let_go(map, keys[i], since, !ns);
}

static void turn_off(int map)
{
	const uint64_t one = 1;

	bpf_map_update_elem(map, &off, &one, BPF_ANY);
}

bool guard_lives(const struct guard *g)
{
	struct pollfd p = {.fd = g->pidfd, .events = POLLIN};

	return poll(&p, 1, 0) == 0;
}

void guard_off(const struct guard *g)
{
	turn_off(g->map_fd);
}

/* All but two descriptors: what it keeps open lives as long as it does. */
static void close_others(int a, int b)
{
	unsigned int low = (unsigned int)(a < b ? a : b), high = (unsigned int)(a < b ? b : a);

	if (low)
		syscall(SYS_close_range, 0U, low - 1, 0U);
	if (high > low + 1)
		syscall(SYS_close_range, low + 1, high - 1, 0U);
	syscall(SYS_close_range, high + 1, ~0U, 0U);
}

__attribute__((noreturn)) static void watch(int map, int alive)
{
	struct pollfd p = {.fd = alive, .events = POLLIN};
	char word;

	close_others(map, alive);
	setsid();
	privileges_drop_to_signals();
	prctl(PR_SET_NAME, "pooltrace-guard");
	if (chdir("/"))
		_exit(1);
	while (poll(&p, 1, (int)(LIMIT_NS / NS_PER_MS)) <= 0)
		continue_all(map, LIMIT_NS);
	turn_off(map);
	continue_all(map, 0);
	/* A word at the end says that no program is left that could stop a process. */
	if (read(alive, &word, 1) == 1)
		_exit(0);
	poll(NULL, 0, LAST_LOOK_MS);
	continue_all(map, 0);
	_exit(0);
}

int guard_start(struct guard *ret, struct diag *d)
{
	struct guard g = GUARD_NONE;
	int fds[2], err;

	g.map_fd = bpf_map_create(BPF_MAP_TYPE_HASH, "held", sizeof(uint32_t), sizeof(uint64_t), GUARD_HELD, NULL);
	if (g.map_fd < 0)
		return diag_errno(d, g.map_fd, "cannot make a map");
	if (pipe2(fds, O_CLOEXEC)) {
		err = -errno;
		guard_end(&g);
		return diag_errno(d, err, "cannot make a pipe");
	}
	g.pid = fork();
	if (!g.pid) {
		close(fds[1]);
		watch(g.map_fd, fds[0]);
	}
	err = -errno;
	close(fds[0]);
	g.alive_fd = fds[1];
	if (g.pid > 0)
		g.pidfd = (int)syscall(SYS_pidfd_open, g.pid, 0);
	if (g.pid < 0 || g.pidfd < 0) {
		err = g.pid < 0 ? err : -errno;
		guard_end(&g);
		return diag_errno(d, err, "cannot start a process");
	}
	*ret = g;
	return 0;
}

void guard_end(struct guard *g)
{
	int status;

	if (g->alive_fd >= 0 && write(g->alive_fd, "", 1) < 0)
		log_debug("the guard has been killed");
	closep(&g->alive_fd);
	if (g->pid > 0)
		while (waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
			continue;
	closep(&g->pidfd);
	closep(&g->map_fd);
	*g = GUARD_NONE;
}

uint64_t guard_continue(const struct guard *g, int pid, bool ours)
{
	uint64_t now = units_monotonic_ns(), since;
	uint32_t tgid = (uint32_t)pid;

	bpf_map_update_elem(g->map_fd, &progress, &now, BPF_ANY);

	/* If the guard has let it go, who stops it now is none of our business. */
	if (bpf_map_lookup_elem(g->map_fd, &tgid, &since))
		return 0;
	let_go(g->map_fd, tgid, since, ours);
	return units_monotonic_ns() - since;
}
