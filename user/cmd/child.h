/*
 * child.h: a command that we run, for `record -- COMMAND` and `top -- COMMAND`. It is held before its first instruction until we are
 * ready, and has the signals that we started with. Signals that a process sent to us are passed on; those of the
 * terminal reach it anyway.
 */
#ifndef CMD_CHILD_H
#define CMD_CHILD_H

#include "base/diag.h"
#include "cmd/signals.h"

#include <pthread.h>

struct child {
	int pid;      /* 0: none */
	int pidfd, go_fd, error_fd, quit_fd; /* -1: none */
	int signal_fd; /* of the program, not ours */
	pthread_t relay;
	bool relaying;
};

#define CHILD_NONE ((struct child){.pidfd = -1, .go_fd = -1, .error_fd = -1, .quit_fd = -1})

/* Start @argv, held. @stdout_to_stderr: stdout is ours alone. */
int child_start(struct child *c, const char *const *argv, const struct signals *signals, bool stdout_to_stderr,
		struct diag *d);
/* Let it run, and pass on signals from here on. -errno of execvp(): it does not run. */
int child_go(struct child *c);
/* Wait for its end. Returns its exit status; 128 + N when signal N killed it. */
int child_wait(struct child *c);
/* End it if it is still held, and release all. A child that runs is left alone. */
void child_release(struct child *c);

#endif
