/*
 * Calls of the C library, as lines on the standard input ask for them: "COMMAND NUMBER ...". Each is answered by a line "DONE", with
 * what was given back.
 */
#include "pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NUMBERS = 4, KEPT = 1 << 16, BYTES = 1009 };

static void *kept[KEPT];
static size_t nr_kept;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *const *arguments;

static void keep(void *address)
{
	pthread_mutex_lock(&lock);
	if (address && nr_kept < KEPT)
		kept[nr_kept++] = address;
	pthread_mutex_unlock(&lock);
}

/* alloc NUMBER BYTES */
static void command_alloc(const long *n)
{
	for (long i = 0; i < n[0]; i++)
		keep(my_pool_alloc((size_t)n[1]));
}

/* free NUMBER: of those that are kept, the last ones */
static void command_free(const long *n)
{
	for (long i = 0; i < n[0] && nr_kept; i++)
		my_pool_free(kept[--nr_kept]);
}

/* unknown NUMBER: frees of what nobody allocated, and of nothing */
static void command_unknown(const long *n)
{
	for (long i = 1; i <= n[0]; i++)
		my_pool_free((void *)i);
	my_pool_free(NULL);
}

struct nest {
	long depth, bytes;
};

static void nest(void *argument)
{
	struct nest *n = argument;

	if (n->depth-- > 0)
		keep(my_pool_call((size_t)n->bytes, nest, n));
}

/* nest DEPTH BYTES: calls inside of one another */
static void command_nest(const long *n)
{
	struct nest how = {.depth = n[0], .bytes = n[1]};

	nest(&how);
}

static void jump_out(void *argument)
{
	longjmp(*(jmp_buf *)argument, 1);
}

struct jump_later {
	jmp_buf out;
	long depth;
};

static void jump_from_below(void *argument)
{
	struct jump_later *j = argument;

	if (j->depth-- > 0)
		keep(my_pool_call(BYTES, jump_from_below, j));
	longjmp(j->out, 1);
}

/* longjmp NUMBER BYTES: over one call and over seven, each followed by a call that is whole */
static void command_longjmp(const long *n)
{
	for (volatile long i = 0; i < n[0]; i++) {
		jmp_buf out;
		struct jump_later later = {.depth = 6};

		if (!setjmp(out))
			keep(my_pool_call(BYTES, jump_out, &out));
		keep(my_pool_alloc((size_t)n[1]));
		if (!setjmp(later.out))
			keep(my_pool_call(BYTES, jump_from_below, &later));
		keep(my_pool_alloc((size_t)n[1]));
	}
}

/* jump NUMBER BYTES: calls that end in another call */
static void command_jump(const long *n)
{
	for (long i = 0; i < n[0]; i++)
		keep(my_pool_jump((size_t)n[1]));
}

/* device NUMBER BYTES DEVICE: on a device, and back to what there was */
static void command_device(const long *n)
{
	int status = dev_set((int)n[2]);

	for (long i = 0; i < n[0]; i++) {
		void *address = NULL;

		status = dev_alloc(&address, (size_t)n[1]);
		keep(address);
	}
	printf("status=%d\n", status);
}

/* undevice NUMBER */
static void command_undevice(const long *n)
{
	for (long i = 0; i < n[0] && nr_kept; i++)
		dev_free(kept[--nr_kept]);
	dev_free(NULL);
}

/* driver NUMBER BYTES: without the layer above */
static void command_driver(const long *n)
{
	for (long i = 0; i < n[0]; i++) {
		unsigned long address = 0;

		drv_alloc(&address, (size_t)n[1]);
		keep((void *)address);
	}
}

/* host NUMBER BYTES KIND CONTEXT */
static void command_host(const long *n)
{
	struct host_request request = {.kind = (int)n[2], .bytes = (size_t)n[1]};

	for (long i = 0; i < n[0]; i++) {
		int error;

		keep(host_create((void *)n[3], &request, &error));
	}
}

struct work {
	long calls, frees, failures;
};

static void *work(void *argument)
{
	const struct work *w = argument;
	void *mine[KEPT];

	for (long i = 0; i < w->calls; i++) {
		mine[i % KEPT] = my_pool_alloc(BYTES);
		if (i < w->frees)
			my_pool_free(mine[i % KEPT]);
		else
			keep(mine[i % KEPT]);
		if (i < w->failures)
			my_pool_alloc((size_t)POOL_LIMIT + 1);
	}
	return NULL;
}

/* threads NUMBER CALLS FREES FAILURES: each */
static void command_threads(const long *n)
{
	struct work w = {n[1], n[2], n[3]};
	pthread_t threads[64];

	for (long i = 0; i < n[0]; i++)
		pthread_create(&threads[i], NULL, work, &w);
	for (long i = 0; i < n[0]; i++)
		pthread_join(threads[i], NULL);
}

static void end_thread(void *argument)
{
	(void)argument;
	pthread_exit(NULL);
}

static void wait_for_cancel(void *argument)
{
	(void)argument;
	pthread_cancel(pthread_self());
	pthread_testcancel();
}

static void *leave(void *inside)
{
	keep(my_pool_alloc(BYTES));
	keep(my_pool_call(BYTES, (void (*)(void *))inside, NULL));
	return NULL;
}

static void run_thread(void (*inside)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, leave, (void *)inside);
	pthread_join(thread, NULL);
}

/* end NUMBER: threads that end, and that are cancelled, inside of a call */
static void command_end(const long *n)
{
	for (long i = 0; i < n[0]; i++) {
		run_thread(end_thread);
		run_thread(wait_for_cancel);
	}
}

static void fork_inside(void *argument)
{
	int *status = argument, pid = fork();

	if (!pid) {
		my_pool_alloc(BYTES);
		*status = -1;
		return;
	}
	waitpid(pid, status, 0);
}

/* fork NUMBER BYTES: inside of a call; the child returns from it as well */
static void command_fork(const long *n)
{
	long ended = 0;

	for (long i = 0; i < n[0]; i++) {
		int status = 0;
		void *address = my_pool_call((size_t)n[1], fork_inside, &status);

		if (status == -1)
			_exit(address ? 7 : 1);
		keep(address);
		ended += WIFEXITED(status) && WEXITSTATUS(status) == 7;
	}
	printf("children=%ld\n", ended);
}

static void exec_inside(void *argument)
{
	(void)argument;
	execv("/proc/self/exe", arguments);
}

/* exec BYTES: inside of a call */
static void command_exec(const long *n)
{
	my_pool_call((size_t)n[0], exec_inside, NULL);
}

static void wait_inside(void *argument)
{
	char byte;

	(void)argument;
	printf("INSIDE\n");
	fflush(stdout);
	if (read(STDIN_FILENO, &byte, 1) != 1)
		_exit(1);
}

/* inside BYTES: waits for a line inside of a call */
static void command_inside(const long *n)
{
	keep(my_pool_call((size_t)n[0], wait_inside, NULL));
}

static const struct {
	const char *name;
	void (*run)(const long *numbers);
} commands[] = {
	{"alloc", command_alloc},   {"free", command_free},	{"unknown", command_unknown}, {"nest", command_nest},
	{"longjmp", command_longjmp}, {"jump", command_jump},	{"device", command_device},   {"undevice", command_undevice},
	{"driver", command_driver}, {"host", command_host},	{"threads", command_threads}, {"end", command_end},
	{"fork", command_fork},	    {"exec", command_exec},	{"inside", command_inside},
};

static void run(char *line)
{
	const char *name = strtok(line, " \n");
	long numbers[NUMBERS] = {0};

	for (size_t i = 0; i < NUMBERS; i++) {
		const char *number = strtok(NULL, " \n");

		numbers[i] = number ? strtol(number, NULL, 0) : 0;
	}
	for (size_t i = 0; name && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			commands[i].run(numbers);
	printf("DONE kept=%zu\n", nr_kept);
	fflush(stdout);
}

/* A line, unbuffered: the program may become another one, which reads on. */
static int get_line(char *line, size_t bytes)
{
	size_t n = 0;

	while (n + 1 < bytes && read(STDIN_FILENO, line + n, 1) == 1)
		if (line[n++] == '\n')
			break;
	line[n] = 0;
	return n > 0;
}

int main(int argc, char **argv)
{
	char line[256];

	(void)argc;
	arguments = argv;
	printf("READY\n");
	fflush(stdout);
	while (get_line(line, sizeof(line)))
		run(line);
	return 3;
}
