/* process.c: what a process is called, whose it is, whether it still is, and what its threads do. */
#include "target/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/units.h"

enum {
	TEXT_MAX = 4096, /* of a file in /proc; command lines may be longer and are cut */
	STAT_MAX = 1024, /* stat, status and schedstat: what is wanted stands in front */
};

/* Up to @size - 1 bytes of a file, with a NUL behind them. Returns how many, or -errno. */
static ssize_t read_text(const char *path, char *text, size_t size)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		ssize_t n = read(fd, text + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += n;
	}
	text[len] = '\0';
	return len;
}

/* What is wanted of /proc/PID/stat. */
struct stat_line {
	char name[128];
	char state;
	uint64_t flags, cpu_ticks, start_ticks;
};

/* The name may hold blanks and parentheses: it ends at the last one. */
static int stat_line_parse(const char *text, struct stat_line *ret)
{
	enum { FIELD_STATE = 3, FIELD_FLAGS = 9, FIELD_USER = 14, FIELD_SYSTEM = 15, FIELD_START = 22 };
	const char *first = strchr(text, '(');
	const char *last = strrchr(text, ')');

	if (!first || !last || last < first || last[1] != ' ' || !last[2])
		return -EINVAL;

	size_t len = last - first - 1;
	uint64_t field[FIELD_START + 1];
	char *p = (char *)last + 3;

	for (int i = FIELD_STATE + 1; i <= FIELD_START; i++) {
		char *end;

		field[i] = strtoull(p, &end, 10); /* some are negative: not those that are used */
		if (end == p)
			return -EINVAL;
		p = end;
	}
	if (len >= sizeof(ret->name))
		len = sizeof(ret->name) - 1;
	memcpy(ret->name, first + 1, len);
	ret->name[len] = '\0';
	ret->state = last[2];
	ret->flags = field[FIELD_FLAGS];
	ret->cpu_ticks = field[FIELD_USER] + field[FIELD_SYSTEM];
	ret->start_ticks = field[FIELD_START];
	return 0;
}

static int stat_line_read(const char *path, struct stat_line *ret)
{
	char text[STAT_MAX];
	ssize_t len = read_text(path, text, sizeof(text));

	return len < 0 ? (int)len : stat_line_parse(text, ret);
}

static uint64_t tick_ns(void)
{
	long ticks = sysconf(_SC_CLK_TCK);

	return NS_PER_SEC / (ticks > 0 ? ticks : 100);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t = {};

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

/* Whole ticks: the two clocks are not read at once, and a process should have one start whenever it is asked. */
static uint64_t boot_ns(void)
{
	uint64_t tick = tick_ns();
	uint64_t boot = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);

	return (boot + tick / 2) / tick * tick;
}

/* A line "Name:\tNUMBER..." of status: its @nth number. */
static bool status_number(const char *status, const char *name, int nth, unsigned long *ret)
{
	const char *line = strstr(status, name);

	if (!line)
		return false;

	char *p = (char *)line + strlen(name);

	for (int i = 0; i <= nth; i++) {
		char *end;

		*ret = strtoul(p, &end, 10);
		if (end == p)
			return false;
		p = end;
	}
	return true;
}

static int no_process(int pid, int err, struct diag *d)
{
	if (err == -ENOENT || err == -ESRCH)
		return diag_set(d, -ESRCH, "no process %d", pid);
	return diag_errno(d, err, "cannot look at process %d", pid);
}

static int not_a_leader(int pid, int leader, struct diag *d)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/stat", leader);
	_cleanup_(str_release) struct str name = {};
	struct stat_line line;

	if (!stat_line_read(path, &line))
		str_add_escaped(&name, line.name);
	diag_set(d, -ESRCH, "%d is no process, but a thread of process %d '%s'", pid, leader, str_text(&name));
	diag_hint(d, "use the process: -p %d", leader);
	return -ESRCH;
}

/* @pid must be a process: its effective user. */
static int read_status(int pid, unsigned int *ret_uid, struct diag *d)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/status", pid);
	char status[STAT_MAX];
	ssize_t len = read_text(path, status, sizeof(status));
	unsigned long leader, uid;

	if (len < 0)
		return no_process(pid, len, d);
	/* A newline in the name, which is the first line, is escaped. */
	if (!status_number(status, "\nTgid:", 0, &leader) || !status_number(status, "\nUid:", 1, &uid))
		return diag_set(d, -EINVAL, "cannot understand '%s'", path);
	if (leader != (unsigned long)pid)
		return not_a_leader(pid, leader, d);
	*ret_uid = uid;
	return 0;
}

static char *read_command(int pid, const char *name)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/cmdline", pid);
	char text[TEXT_MAX];
	ssize_t len = read_text(path, text, sizeof(text));

	while (len > 0 && !text[len - 1])
		len--;
	if (len <= 0)
		return xasprintf("[%s]", name);
	for (ssize_t i = 0; i < len; i++) {
		if (!text[i])
			text[i] = ' ';
	}
	return xstrndup(text, len);
}

static bool is_zombie(char state)
{
	return state == 'Z' || state == 'X';
}

static int check_alive(const struct process *p, char state, struct diag *d)
{
	if (process_alive(p))
		return 0;
	return diag_set(d, -ESRCH, "process %d has ended%s", p->pid,
			is_zombie(state) ? " (a zombie: its parent has not asked for its status)" : "");
}

int process_open(int pid, struct process *ret, struct diag *d)
{
	if (pid <= 0)
		return no_process(pid, -ESRCH, d);

	struct process p = { .pid = pid, .pidfd = -1 };
	int err = read_status(pid, &p.uid, d);

	if (err)
		return err;
	p.pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (p.pidfd < 0)
		return no_process(pid, -errno, d);

	_cleanup_(freep) char *path = xasprintf("/proc/%d/stat", pid);
	struct stat_line line;

	err = stat_line_read(path, &line);
	if (err) {
		err = no_process(pid, err, d);
	} else {
		p.name = xstrdup(line.name);
		p.start_ticks = line.start_ticks;
		p.start_ns = boot_ns() + line.start_ticks * tick_ns();
		p.command = read_command(is_zombie(line.state) ? process_reader(pid) : pid, line.name);
		/* After all else: if the pidfd's process lives now, what was read is its own and no successor's. */
		err = check_alive(&p, line.state, d);
	}
	if (err) {
		process_close(&p);
		return err;
	}
	*ret = p;
	return 0;
}

void process_close(struct process *p)
{
	if (p->pidfd >= 0)
		close(p->pidfd);
	p->pidfd = -1;
	free(p->name);
	free(p->command);
	p->name = NULL;
	p->command = NULL;
}

bool process_alive(const struct process *p)
{
	struct pollfd fd = { .fd = p->pidfd, .events = POLLIN };

	return poll(&fd, 1, 0) == 0;
}

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* The entries of a folder that are numbers, ascending. */
static int list_numbers(const char *path, pids *ret)
{
	DIR *folder = opendir(path);
	pids list = {};

	if (!folder)
		return -errno;
	for (struct dirent *entry; (entry = readdir(folder));) {
		uint64_t number;

		if (!units_parse_number(entry->d_name, INT_MAX, &number))
			vec_push(&list, (int)number);
	}
	closedir(folder);
	if (list.nr)
		qsort(list.items, list.nr, sizeof(*list.items), compare_ints);
	*ret = list;
	return 0;
}

int process_list(pids *ret)
{
	return list_numbers("/proc", ret);
}

/* The line "NAME: NUMBER" of a status, in @base. 0: it cannot be read. */
static uint64_t read_number(const char *path, const char *name, int base)
{
	char status[TEXT_MAX];
	const char *line = NULL;

	if (read_text(path, status, sizeof(status)) > 0)
		line = strstr(status, name);
	return line ? strtoull(line + strlen(name), NULL, base) : 0;
}

static uint64_t read_status_number(int pid, const char *name, int base)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/status", pid);

	return read_number(path, name, base);
}

uint64_t process_pending_signals(int pid)
{
	return read_status_number(pid, "\nShdPnd:", 16);
}

int process_parent(int pid)
{
	return (int)read_status_number(pid, "\nPPid:", 10);
}

/* The kernel may be built without schedstat, or say "0 0 0": then whole ticks must do. */
static int read_thread(int pid, int tid, struct thread_state *ret)
{
	_cleanup_(freep) char *stat_path = xasprintf("/proc/%d/task/%d/stat", pid, tid);
	_cleanup_(freep) char *sched_path = xasprintf("/proc/%d/task/%d/schedstat", pid, tid);
	struct stat_line line;
	char text[STAT_MAX];
	int err = stat_line_read(stat_path, &line);

	if (err)
		return err;

	uint64_t runtime = read_text(sched_path, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;

	ret->tid = tid;
	ret->state = line.state;
	ret->runtime_ns = runtime ? runtime : line.cpu_ticks * tick_ns();
	return 0;
}

int process_threads(int pid, thread_states *ret)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/task", pid);
	pids tids = {};
	thread_states list = {};
	int err = list_numbers(path, &tids);

	if (err)
		return err == -ENOENT ? -ESRCH : err;
	for (size_t i = 0; i < tids.nr; i++) {
		struct thread_state state;

		/* One that has ended since is no thread any more. */
		if (!read_thread(pid, tids.items[i], &state))
			vec_push(&list, state);
	}
	vec_release(&tids);
	if (!list.nr)
		return -ESRCH;
	*ret = list;
	return 0;
}

enum process_rest process_rest(int pid)
{
	thread_states threads = {};
	size_t asleep = 0, stopped = 0, ended = 0, all;

	if (process_threads(pid, &threads))
		return PROCESS_ENDED;
	for (size_t i = 0; i < threads.nr; i++) {
		asleep += threads.items[i].state == 'S';
		stopped += threads.items[i].state == 'T';
		ended += is_zombie(threads.items[i].state);
	}
	all = threads.nr;
	vec_release(&threads);
	if (ended == all)
		return PROCESS_ENDED;
	if (ended + stopped == all)
		return PROCESS_STOPPED;
	return ended + stopped + asleep == all ? PROCESS_ASLEEP : PROCESS_RUNS;
}

bool process_is_at_rest(int pid)
{
	enum process_rest rest = process_rest(pid);

	return rest == PROCESS_STOPPED || rest == PROCESS_ENDED;
}

int process_reader(int pid)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/stat", pid);
	struct stat_line line;
	thread_states threads = {};
	int reader = pid;

	if (stat_line_read(path, &line) || !is_zombie(line.state) || process_threads(pid, &threads))
		return pid;
	for (size_t i = 0; i < threads.nr && reader == pid; i++)
		if (!is_zombie(threads.items[i].state))
			reader = threads.items[i].tid;
	vec_release(&threads);
	return reader;
}

/* Is the thread on its way out, with its process or alone? */
static bool is_ending(int pid, int tid)
{
	enum { PF_EXITING = 0x4, PF_SIGNALED = 0x400 }; /* include/linux/sched.h, since 2.6.12 */
	_cleanup_(freep) char *stat = xasprintf("/proc/%d/task/%d/stat", pid, tid);
	_cleanup_(freep) char *status = xasprintf("/proc/%d/task/%d/status", pid, tid);
	const uint64_t killed = 1ULL << (SIGKILL - 1);
	struct stat_line line;

	/* The signal first: who has taken it has a flag instead. */
	if (read_number(status, "\nSigPnd:", 16) & killed)
		return true;
	return stat_line_read(stat, &line) || is_zombie(line.state) || line.flags & (PF_EXITING | PF_SIGNALED);
}

bool process_headless(int pid)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/stat", pid);
	struct stat_line line;
	thread_states threads = {};
	bool goes_on = false;

	if (stat_line_read(path, &line) || !is_zombie(line.state) || process_threads(pid, &threads))
		return false;
	for (size_t i = 0; i < threads.nr && !goes_on; i++)
		goes_on = threads.items[i].tid != pid && !is_ending(pid, threads.items[i].tid);
	vec_release(&threads);
	return goes_on;
}
