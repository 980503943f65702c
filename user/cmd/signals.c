#include "cmd/signals.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_init(struct signals *s, bool orderly, struct diag *d)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, hangup;
	sigset_t mask;

	*s = (struct signals){.fd = -1};
	sigaction(SIGPIPE, &ignore, &s->old_pipe);
	sigaction(SIGXFSZ, &ignore, &s->old_file_size);
	if (!orderly)
		return 0;
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	/* Under nohup it stays ignored. Not so SIGINT, which scripts ignore for all that they start with `&`. */
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		sigaddset(&mask, SIGHUP);
	/* A blocked signal reaches the descriptor even where it is ignored. */
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	sigaction(SIGQUIT, &ignore, &s->old_quit);
	s->fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0)
		return diag_errno(d, -errno, "cannot wait for signals");
	return 0;
}

void signals_release(struct signals *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void signals_restore(const struct signals *s)
{
	sigaction(SIGPIPE, &s->old_pipe, NULL);
	sigaction(SIGXFSZ, &s->old_file_size, NULL);
	sigaction(SIGQUIT, &s->old_quit, NULL);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

bool signals_pending(const struct signals *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}
