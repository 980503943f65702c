/* A child of a test, which does something and then holds still on a pipe until it is let go. */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those above */
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
	int pid;
	int hold; /* closing it ends the child: it is the child's standard input */
	int said; /* what @body wrote; at its end when the child has executed something or ended */
};

static inline struct child child_start(void (*body)(int said))
{
	int hold[2], said[2];

	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	assert_int_equal(pipe2(said, O_CLOEXEC), 0);

	struct child c = { fork(), hold[1], said[0] };

	assert_true(c.pid >= 0);
	if (!c.pid) {
		char byte;

		close(hold[1]);
		dup2(hold[0], STDIN_FILENO);
		if (body)
			body(said[1]);
		_exit(read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1);
	}
	close(hold[0]);
	close(said[1]);
	return c;
}

/* Until it is in its read(): a page that it touches on its way there would be taken for one that we made present. */
static inline void child_wait_until_still(const struct child *c)
{
	char path[64], text[512] = {};

	snprintf(path, sizeof(path), "/proc/%d/stat", c->pid);
	do {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
		close(fd);
		sched_yield();
	} while (!strstr(text, ") S "));
}

static inline void child_close(struct child *c)
{
	close(c->hold);
	close(c->said);
}

/* Let it go: it ends by itself. */
static inline void child_end(struct child *c)
{
	int status;

	child_close(c);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A zombie: child_reap() takes it away. */
static inline void child_kill(const struct child *c)
{
	siginfo_t info;

	kill(c->pid, SIGKILL);
	assert_int_equal(waitid(P_PID, c->pid, &info, WEXITED | WNOWAIT), 0);
}

static inline void child_reap(struct child *c)
{
	child_close(c);
	assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
}

#endif
