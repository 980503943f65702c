/*
 * live/: the kernel half at work: load, attach, ring buffer, loss, the census and the checks. The only room that
 * knows libbpf.
 *
 * session.h: live tracing as a source of records.
 */
#ifndef LIVE_SESSION_H
#define LIVE_SESSION_H

#include "base/diag.h"
#include "ledger/ledger.h"
#include "runtime/runtime.h"
#include "stream/record.h"

enum attach_mode { ATTACH_AUTO, ATTACH_MULTI, ATTACH_SINGLE };

/* What is told of those that allocate. */
enum session_stacks { STACKS_OFF, STACKS_NATIVE, STACKS_PYTHON, STACKS_ALL };

struct session_options {
	const runtimes *runtimes;
	const int *pids; /* none: every process that maps a known runtime, new ones within a second */
	size_t nr_pids;
	const char *const *names; /* if there are no pids: only processes that pick_is_named() says are; none: all */
	size_t nr_names;
	int child;	/* pid of a command that we started (in pids as well): waiting for its runtime is no error; 0: none */
	bool wait;	/* processes of `pids` may map the runtime later */
	bool once;	/* the books only: no BPF, no probe; ends after one tick */
	bool check;	/* compare with the books every few seconds */
	bool census;	/* read the books at attach; false only in tests (then nothing of before attach is known) */
	uint64_t interval_ns; /* between ticks; 0: only on request */
	int tick_fd;	      /* a byte read here: drain, tick; its end stops the session. -1: none */
	int stop_fd;	      /* readable: drain, last records, end. -1: none */
	int mark_fd;	      /* readable: drain, then a tick that session_marks(); whoever gets it reads it. 0: none */
	bool children;	      /* also what the processes of `pids` start from now on, and maps a known runtime */
	enum session_stacks stacks;
	bool symbols_later;   /* functions of machine code get no names: whoever reads it may look for them */
	uint64_t stack_budget; /* bytes of stacks a second at most; 0: no limit */
	enum attach_mode mode;
	uint32_t ring_bytes; /* 0: the default; else a power of two, at least a page */
};

/*
 * Make a session: resolves and checks what can be checked before the first record (processes, permissions, kernel
 * features, runtimes), so that errors are told before anything is shown. @ledger must be the one that the sink
 * of run() folds into: the session compares it with the books. run() returns 0 at the end (all processes ended, stop,
 * tick_fd closed), or what the sink returned.
 */
int session_new(const struct session_options *o, const struct ledger *ledger, struct source **ret, struct diag *d);

/* Is the tick that is put now the one for mark_fd? */
bool session_marks(const struct source *session);

/* When all is open that run() needs: give up the privileges that it does not. With @files, keep the one to make files anywhere. */
void session_drop_privileges(const struct source *session, bool files);

/* Why run() failed, when it did; and what the user should be told at the end (probes are being removed slowly, ...). */
const struct diag *session_diag(const struct source *session);

#endif
