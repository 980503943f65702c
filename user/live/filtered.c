#include "live/filtered.h"

#include "live/sites.h"
#include "target/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_LIVES, EXIT_NO_FILTER };

#define IS(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int set_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		IS(SYS_read),
		IS(SYS_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

	/* To be killed is an answer, not a crash to be reported. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno : 0;
}

__attribute__((noreturn)) static void live(int go)
{
	char byte;

	if (set_filter())
		_exit(EXIT_NO_FILTER);
	/* Its end means that we are not wanted any more. */
	if (read(go, &byte, 1) == 1)
		sites[0].call(0);
	_exit(EXIT_LIVES);
}

int filtered_start(struct filtered *ret)
{
	int fds[2], pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		live(fds[0]);
	}
	close(fds[0]);
	if (pid < 0) {
		int err = -errno;

		close(fds[1]);
		return err;
	}
	*ret = (struct filtered){.pid = pid, .go_fd = fds[1]};
	return 0;
}

/* Its exit status; -1: a signal killed it. */
static int wait_for(int pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int filtered_go(struct filtered *child)
{
	/* It may have ended for lack of a filter; SIGPIPE is for those who did not expect that. */
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	ssize_t n = write(child->go_fd, "", 1);
	int status;

	signal(SIGPIPE, before);
	close(child->go_fd);
	status = wait_for(child->pid);
	if (status == EXIT_NO_FILTER || n != 1)
		return FEATURE_NOT_ASKED;
	return status == EXIT_LIVES ? 0 : -ENOTSUP;
}

void filtered_end(struct filtered *child)
{
	close(child->go_fd);
	wait_for(child->pid);
}
