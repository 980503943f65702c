/*
 * usage: bench-peak COMMAND...
 *
 * Runs it, and exits as it does; the last line on the standard error is "peak BYTES", the most memory that it had. Whoever starts a
 * process hands it its own peak: what a large one would measure is its own.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status, pid = argc > 1 ? fork() : -1;

	if (!pid) {
		execv(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return 127;
	fprintf(stderr, "peak %ld\n", usage.ru_maxrss * 1024);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
