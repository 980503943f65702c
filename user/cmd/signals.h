/*
 * signals.h: SIGINT, SIGTERM and SIGHUP end the program in an orderly way: they are read from a descriptor. SIGPIPE
 * and SIGXFSZ become errors of write(), SIGQUIT is ignored (it is for a command that we run).
 */
#ifndef CMD_SIGNALS_H
#define CMD_SIGNALS_H

#include "base/diag.h"

#include <signal.h>

struct signals {
	int fd; /* readable when one of them came; nobody reads it, so that it stays so. -1: not set up */
	sigset_t old_mask;
	struct sigaction old_pipe, old_file_size, old_quit;
};

/*
 * Without @orderly they end the program as they do by default: there is nothing to put in order, and what blocks in a
 * read must not keep them off.
 */
int signals_init(struct signals *s, bool orderly, struct diag *d);
void signals_release(struct signals *s);
/* In a child between fork() and exec(): all as it was before signals_init(). */
void signals_restore(const struct signals *s);
/* True when a signal asked us to end. */
bool signals_pending(const struct signals *s);

#endif
