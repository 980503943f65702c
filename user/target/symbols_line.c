/*
 * Lines of the source. libdw is not made for files that lie: those of a process that somebody else runs are read by a child of ours, with
 * nobody's rights and no other descriptor, which is asked for one address after another. If it dies or does not answer, lines are not known.
 */
#include "target/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/elf_file_internal.h"
#include "target/symbols_internal.h"

enum { NOBODY = 65534, CPU_SECONDS = 60, ANSWER_MS = 30000, FILE_MAX = 4096 };

struct answer {
	uint32_t line; /* 0: not known */
	char file[FILE_MAX];
};

struct known { /* an answer that is kept */
	uint32_t line;
	char *file;
};

struct symbol_lines {
	int fd; /* to the child; -1: there is none */
	pid_t child;
	struct map known; /* address -> struct known */
};

/* ---- the child ---- */

static void keep_descriptors(int a, int b)
{
	unsigned int low = (unsigned int)(a < b ? a : b), high = (unsigned int)(a < b ? b : a);

	/* Standard input, output and error stay: libraries write to 2, whoever that is. */
	if (low > 3)
		close_range(3, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, UINT32_MAX, 0);
}

static bool drop_rights(pid_t parent)
{
	const struct rlimit no_core = {}, cpu = { CPU_SECONDS, CPU_SECONDS };
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	/* Where memory ends, this one first. */
	if (fd >= 0 && write(fd, "1000", 4) != 4)
		fd = (close(fd), -1);
	closep(&fd);
	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_CPU, &cpu);
	if (!geteuid() && (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)))
		return false;
	signal(SIGINT, SIG_IGN);
	/* Behind the change of user, which undoes it. */
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_PDEATHSIG, SIGKILL) && getppid() == parent;
}

static void answer_all(struct elf_file *f, int fd)
{
	struct dwarf_lines *lines = dwarf_lines_open(f);
	uint64_t address;

	while (recv(fd, &address, sizeof(address), 0) == sizeof(address)) {
		struct answer answer = {};
		const char *file;
		int line;

		if (dwarf_lines_find(lines, address, &file, &line) && strlen(file) < sizeof(answer.file)) {
			answer.line = (uint32_t)line;
			memcpy(answer.file, file, strlen(file));
		}
		if (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) != sizeof(answer))
			return;
	}
}

__attribute__((noreturn)) static void run_child(struct elf_file *f, int fd, pid_t parent)
{
	keep_descriptors(f->fd, fd);
	if (drop_rights(parent))
		answer_all(f, fd);
	_exit(0);
}

/* ---- the parent ---- */

static void stop(struct symbol_lines *l)
{
	if (l->fd < 0)
		return;
	closep(&l->fd);
	l->fd = -1;
	kill(l->child, SIGKILL);
	while (waitpid(l->child, NULL, 0) < 0 && errno == EINTR)
		continue;
}

void symbol_lines_free(struct symbol_lines *l)
{
	if (!l)
		return;
	stop(l);
	for (struct map_entry *e = map_next(&l->known, NULL); e; e = map_next(&l->known, e)) {
		struct known *known = e->pointer;

		free(known->file);
		free(known);
	}
	map_release(&l->known);
	free(l);
}

static void start(struct symbol_lines *l, struct elf_file *f)
{
	pid_t parent = getpid();
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return;
	l->child = fork();
	if (!l->child)
		run_child(f, fds[1], parent);
	closep(&fds[1]);
	l->fd = fds[0];
	if (l->child < 0) {
		closep(&l->fd);
		l->fd = -1;
	}
}

static struct symbol_lines *open_lines(struct symbols *s)
{
	struct symbol_lines *l = xcalloc(1, sizeof(*l));
	struct elf_file *f = s->file;

	l->fd = -1;
	if (!dwarf_lines_there(f))
		f = symbols_debug_file(s);
	if (f && dwarf_lines_there(f))
		start(l, f);
	return l;
}

/* False: there was no answer. */
static bool ask(struct symbol_lines *l, uint64_t address, struct answer *ret)
{
	struct pollfd wait = { .fd = l->fd, .events = POLLIN };
	int ready;

	if (l->fd < 0)
		return false;
	if (send(l->fd, &address, sizeof(address), MSG_NOSIGNAL) == sizeof(address)) {
		while ((ready = poll(&wait, 1, ANSWER_MS)) < 0 && errno == EINTR)
			continue;
		if (ready == 1 && recv(l->fd, ret, sizeof(*ret), 0) == sizeof(*ret) &&
		    memchr(ret->file, '\0', sizeof(ret->file)))
			return true;
	}
	stop(l);
	return false;
}

int symbols_line(struct symbols *s, uint64_t address, const char **ret_file, unsigned int *ret_line)
{
	struct map_entry *e;
	struct known *known;
	struct answer answer;

	if (!s->lines)
		s->lines = open_lines(s);
	e = map_get(&s->lines->known, address, 0);
	if (!e) {
		if (!ask(s->lines, address, &answer))
			return -ENOENT;
		known = xcalloc(1, sizeof(*known));
		known->line = answer.line;
		known->file = xstrdup(answer.file);
		e = map_put(&s->lines->known, address, 0, NULL);
		e->pointer = known;
	}
	known = e->pointer;
	if (!known->line)
		return -ENOENT;
	*ret_file = known->file;
	*ret_line = known->line;
	return 0;
}
