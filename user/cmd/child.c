#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's side of the pipes. Only async-signal-safe calls. */
static _Noreturn void become(const char *const *argv, const struct signals *signals, int go_fd, int error_fd)
{
	char go;
	int err;

	signals_restore(signals);
	/* End of file: our parent has given up, or died. */
	if (read(go_fd, &go, 1) != 1)
		_exit(127);
	execvp(argv[0], (char *const *)argv);
	err = errno;
	if (write(error_fd, &err, sizeof(err)) < 0)
		_exit(127);
	_exit(127);
}

static int make_pipes(int go[2], int error[2])
{
	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (!pipe2(error, O_CLOEXEC))
		return 0;

	int err = -errno;

	close(go[0]);
	close(go[1]);
	return err;
}

int child_start(struct child *c, const char *const *argv, const struct signals *signals, bool stdout_to_stderr,
		struct diag *d)
{
	int go[2], error[2], err;

	*c = CHILD_NONE;
	c->signal_fd = signals->fd;
	err = make_pipes(go, error);
	if (err)
		return diag_errno(d, err, "cannot start '%s'", argv[0]);
	c->pid = fork();
	if (!c->pid) {
		close(go[1]);
		if (stdout_to_stderr && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
			_exit(127);
		become(argv, signals, go[0], error[1]);
	}
	err = -errno;
	close(go[0]);
	close(error[1]);
	c->go_fd = go[1];
	c->error_fd = error[0];
	if (c->pid < 0) {
		c->pid = 0;
		return diag_errno(d, err, "cannot start '%s'", argv[0]);
	}
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0)
		return diag_errno(d, -errno, "cannot watch '%s'", argv[0]);
	return 0;
}

/* What a process sent to us alone is meant for the command as well; what the terminal sends, it has got itself. */
static void pass_on(const struct child *c)
{
	struct signalfd_siginfo info;

	while (read(c->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_code <= 0)
			syscall(SYS_pidfd_send_signal, c->pidfd, (int)info.ssi_signo, NULL, 0);
}

static void *relay(void *arg)
{
	const struct child *c = arg;
	struct pollfd p[] = {{.fd = c->signal_fd, .events = POLLIN}, {.fd = c->quit_fd, .events = POLLIN}};

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (p[0].revents & POLLIN)
			pass_on(c);
		if (p[1].revents)
			return NULL;
	}
}

static void start_relay(struct child *c)
{
	c->quit_fd = eventfd(0, EFD_CLOEXEC);
	c->relaying = c->quit_fd >= 0 && !pthread_create(&c->relay, NULL, relay, c);
}

static void stop_relay(struct child *c)
{
	const uint64_t one = 1;

	if (c->relaying && write(c->quit_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(c->relay, NULL);
	c->relaying = false;
}

int child_go(struct child *c)
{
	int err = 0;
	ssize_t n;

	/* It may have been killed while it was held: child_wait() tells. */
	if (write(c->go_fd, "g", 1) != 1 && errno != EPIPE)
		return -errno;
	close(c->go_fd);
	c->go_fd = -1;
	do
		n = read(c->error_fd, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(err) && err)
		return -err;
	start_relay(c);
	return 0;
}

int child_wait(struct child *c)
{
	int status = 0;

	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	c->pid = 0;
	stop_relay(c);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void child_release(struct child *c)
{
	bool held = c->go_fd >= 0;

	stop_relay(c);
	closep(&c->go_fd);
	if (c->pid && held)
		child_wait(c);
	closep(&c->pidfd);
	closep(&c->error_fd);
	closep(&c->quit_fd);
}
