/* process.h: what a process is, and what is none. */
#include "target/process.h"

#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/units.h"
#include "child.h"

static void child_says(const struct child *c, void *bytes, size_t len)
{
	assert_int_equal(read(c->said, bytes, len), len);
}

static void say_ready(int said)
{
	if (write(said, "", 1) != 1)
		_exit(1);
}

static void a_process_is_described_as_it_is(void **state)
{
	uint64_t before = units_wall_ns();
	struct child c = child_start(say_ready);
	uint64_t after = units_wall_ns();
	struct process p = {}, again = {};
	struct diag d = {};
	char byte;

	(void)state;
	child_says(&c, &byte, 1);
	assert_int_equal(process_open(c.pid, &p, &d), 0);
	assert_int_equal(process_open(c.pid, &again, &d), 0);
	assert_int_equal(p.pid, c.pid);
	assert_int_equal(p.uid, geteuid());
	/* a tick to either side */
	assert_true(p.start_ns + 20 * NS_PER_MS >= before && p.start_ns <= after + 20 * NS_PER_MS);
	assert_int_equal(p.start_ticks, again.start_ticks);
	assert_non_null(strstr(p.command, "test_process"));
	assert_true(process_alive(&p));
	process_close(&again);
	child_kill(&c);
	assert_false(process_alive(&p));
	child_reap(&c);
	assert_false(process_alive(&p));
	process_close(&p);
}

static void odd_name(int said)
{
	prctl(PR_SET_NAME, ") S (\n\x1b 1 2 )");
	say_ready(said);
}

static void a_name_may_hold_parentheses_blanks_and_newlines(void **state)
{
	struct child c = child_start(odd_name);
	struct process p = {};
	thread_states threads = {};
	struct diag d = {};
	char byte;

	(void)state;
	child_says(&c, &byte, 1);
	assert_int_equal(process_open(c.pid, &p, &d), 0);
	assert_string_equal(p.name, ") S (\n\x1b 1 2 )");
	assert_int_equal(process_threads(c.pid, &threads), 0);
	assert_int_equal(threads.nr, 1);
	assert_int_equal(threads.items[0].tid, c.pid);
	assert_non_null(strchr("RSD", threads.items[0].state));
	vec_release(&threads);
	process_close(&p);
	child_end(&c);
}

static void exec_with_arguments(int said)
{
	(void)said;
	execlp("sh", "a b", "-c", "read nothing; exit 0", "", "z", (char *)NULL);
	_exit(127);
}

static void exec_with_long_arguments(int said)
{
	char *argument = xmalloc(10000);

	(void)said;
	memset(argument, 'x', 9999);
	argument[9999] = '\0';
	execlp("sh", "sh", "-c", "read nothing; exit 0", argument, (char *)NULL);
	_exit(127);
}

/* Ends when the child has executed: its end of the pipe is closed then. */
static void wait_for_exec(const struct child *c)
{
	char byte;

	assert_int_equal(read(c->said, &byte, 1), 0);
}

static void a_command_line_is_its_arguments_with_blanks(void **state)
{
	struct child c = child_start(exec_with_arguments);
	struct process p = {};
	struct diag d = {};

	(void)state;
	wait_for_exec(&c);
	assert_int_equal(process_open(c.pid, &p, &d), 0);
	assert_string_equal(p.name, "sh");
	assert_string_equal(p.command, "a b -c read nothing; exit 0  z");
	process_close(&p);
	child_end(&c);
}

static void a_long_command_line_is_cut(void **state)
{
	struct child c = child_start(exec_with_long_arguments);
	struct process p = {};
	struct diag d = {};

	(void)state;
	wait_for_exec(&c);
	assert_int_equal(process_open(c.pid, &p, &d), 0);
	assert_int_equal(strlen(p.command), 4095);
	assert_int_equal(strncmp(p.command, "sh -c read nothing; exit 0 xxxxxx", 33), 0);
	process_close(&p);
	child_end(&c);
}

static void exec_with_environment(int said)
{
	char *arguments[] = { "cat", NULL };
	char *environment[] = { "CHIPS=0,1", "CHIPSET=5", "NOTE", "=", "", "MACHINE=a b", "EMPTY=", "CHIPS=2", NULL };

	(void)said;
	execvpe("cat", arguments, environment);
	_exit(127);
}

static void exec_with_nothing(int said)
{
	char *nothing[] = { NULL }, *arguments[] = { "cat", NULL };

	(void)said;
	execvpe("cat", arguments, nothing);
	_exit(127);
}

static void the_environment_is_told_in_the_order_that_is_asked(void **state)
{
	static const char *const names[] = { "MACHINE", "NOTE", "CHIP", "CHIPS", "EMPTY" };
	struct child c = child_start(exec_with_environment), nothing = child_start(exec_with_nothing);
	struct str s = {};

	(void)state;
	wait_for_exec(&c);
	wait_for_exec(&nothing);
	child_wait_until_still(&c);
	child_wait_until_still(&nothing);
	assert_int_equal(process_environment(c.pid, names, ARRAY_SIZE(names), &s), 0);
	assert_string_equal(str_text(&s), "MACHINE=a b CHIPS=0,1 EMPTY=");
	str_clear(&s);
	assert_int_equal(process_environment(c.pid, names + 1, 2, &s), 0);
	assert_int_equal(process_environment(nothing.pid, names, ARRAY_SIZE(names), &s), 0);
	assert_string_equal(str_text(&s), "");
	child_kill(&c);
	child_kill(&nothing);
	child_reap(&c);
	child_reap(&nothing);
	assert_int_equal(process_environment(c.pid, names, ARRAY_SIZE(names), &s), -ENOENT);
	str_release(&s);
}

static void assert_refused(int pid, const char *why)
{
	struct process p = { .pid = -7 };
	struct diag d = {};

	assert_int_equal(process_open(pid, &p, &d), -ESRCH);
	assert_non_null(strstr(d.text, why));
	assert_int_equal(p.pid, -7);
}

static void a_process_that_is_not_there_is_refused(void **state)
{
	struct child c = child_start(say_ready);
	mappings maps = {};
	thread_states threads = {};
	struct diag d = {};

	(void)state;
	child_end(&c);
	assert_refused(c.pid, "no process");
	assert_refused(0, "no process");
	assert_refused(-1, "no process");
	assert_int_equal(mappings_read(c.pid, &maps, &d), -ESRCH);
	assert_int_equal(process_threads(c.pid, &threads), -ESRCH);
}

static void a_zombie_is_refused(void **state)
{
	struct child c = child_start(say_ready);
	mappings maps = {};
	struct diag d = {};

	(void)state;
	child_kill(&c);
	assert_refused(c.pid, "zombie");
	assert_int_equal(mappings_read(c.pid, &maps, &d), -ESRCH);
	assert_non_null(strstr(d.text, "ended"));
	child_reap(&c);
}

static void *thread_that_holds(void *said)
{
	int tid = (int)syscall(SYS_gettid);
	char byte;

	if (write(*(int *)said, &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	_exit(read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1);
}

static int said_by_thread;

static void start_thread(int said)
{
	pthread_t thread;

	said_by_thread = said;
	if (pthread_create(&thread, NULL, thread_that_holds, &said_by_thread))
		_exit(1);
}

static void start_thread_and_end_the_first(int said)
{
	start_thread(said);
	syscall(SYS_exit, 0);
}

static void a_thread_is_refused_and_its_process_named(void **state)
{
	struct child c = child_start(start_thread);
	thread_states threads = {};
	int tid;

	(void)state;
	child_says(&c, &tid, sizeof(tid));
	assert_int_equal(process_threads(c.pid, &threads), 0);
	assert_int_equal(threads.nr, 2);
	assert_int_equal(threads.items[0].tid, c.pid);
	assert_int_equal(threads.items[1].tid, tid);

	_cleanup_(freep) char *why = xasprintf("a thread of process %d '", c.pid);

	assert_refused(tid, why);
	vec_release(&threads);
	child_end(&c);
}

/* The first thread ends when it ends: until then it is seen running. */
static void wait_for_first(const struct child *c)
{
	for (char first = 0; first != 'Z'; sched_yield()) {
		thread_states threads = {};

		assert_int_equal(process_threads(c->pid, &threads), 0);
		assert_int_equal(threads.nr, 2);
		first = threads.items[0].state;
		vec_release(&threads);
	}
}

static void a_process_whose_main_thread_has_ended_is_read_through_another(void **state)
{
	struct child c = child_start(start_thread_and_end_the_first);
	int tid;

	(void)state;
	child_says(&c, &tid, sizeof(tid));
	wait_for_first(&c);

	struct process p;
	mappings maps = {};
	struct diag d = {};

	assert_int_equal(process_reader(c.pid), tid);
	assert_int_equal(process_reader(getpid()), getpid());
	assert_true(process_headless(c.pid));
	assert_false(process_headless(getpid()));
	assert_int_equal(process_open(c.pid, &p, &d), 0);
	assert_int_not_equal(p.command[0], '[');
	process_close(&p);
	assert_int_equal(mappings_read(c.pid, &maps, &d), 0);
	assert_true(maps.nr > 3);
	mappings_release(&maps);
	child_end(&c);
}

/* The thread is held on its way out, where a process that ends may be seen. */
static void of_a_process_that_ends_no_thread_goes_on(void **state)
{
	struct child c = child_start(start_thread_and_end_the_first);
	int tid, status;

	(void)state;
	child_says(&c, &tid, sizeof(tid));
	wait_for_first(&c);
	assert_true(process_headless(c.pid));
	assert_int_equal(ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACEEXIT), 0);
	assert_int_equal(kill(c.pid, SIGKILL), 0);
	assert_int_equal(waitpid(tid, &status, __WALL), tid);
	assert_int_equal(status >> 8, SIGTRAP | PTRACE_EVENT_EXIT << 8);
	assert_int_not_equal(process_reader(c.pid), c.pid);
	assert_false(process_headless(c.pid));
	assert_int_equal(ptrace(PTRACE_DETACH, tid, NULL, NULL), 0);
	child_reap(&c);
}

static void signals_that_wait_and_the_parent_are_seen(void **state)
{
	struct child c = child_start(say_ready);
	uint64_t background = 1ULL << (SIGTTIN - 1);

	(void)state;
	assert_int_equal(process_parent(c.pid), getpid());
	assert_int_equal(process_pending_signals(c.pid), 0);
	assert_int_equal(kill(c.pid, SIGSTOP), 0);
	assert_int_equal(waitpid(c.pid, NULL, WUNTRACED), c.pid);
	assert_int_equal(kill(c.pid, SIGTTIN), 0);
	assert_true(process_pending_signals(c.pid) == background);
	/* It takes away all that stop. */
	assert_int_equal(kill(c.pid, SIGCONT), 0);
	assert_int_equal(process_pending_signals(c.pid), 0);
	assert_int_equal(process_parent(0), 0);
	assert_int_equal(process_pending_signals(0), 0);
	child_end(&c);
}

static void processes_are_listed_ascending(void **state)
{
	struct child c = child_start(say_ready);
	pids list = {};
	size_t found = 0;

	(void)state;
	assert_int_equal(process_list(&list), 0);
	for (size_t i = 0; i < list.nr; i++) {
		found += list.items[i] == getpid() || list.items[i] == c.pid;
		assert_true(!i || list.items[i - 1] < list.items[i]);
	}
	assert_int_equal(found, 2);
	vec_release(&list);
	child_end(&c);
}

static uint64_t own_runtime(void)
{
	thread_states threads = {};
	uint64_t runtime = 0;

	assert_int_equal(process_threads(getpid(), &threads), 0);
	for (size_t i = 0; i < threads.nr; i++) {
		if (threads.items[i].tid == getpid())
			runtime = threads.items[i].runtime_ns;
	}
	vec_release(&threads);
	return runtime;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static void a_threads_time_on_a_cpu_grows_as_it_runs(void **state)
{
	uint64_t before = own_runtime(), begun = cpu_ns();

	(void)state;
	while (cpu_ns() - begun < 60 * NS_PER_MS)
		continue;

	uint64_t grown = own_runtime() - before;

	/* The kernel brings it up to date at its ticks: 10 ms apart at most. */
	assert_true(grown >= 40 * NS_PER_MS && grown <= cpu_ns());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_described_as_it_is),
		cmocka_unit_test(a_name_may_hold_parentheses_blanks_and_newlines),
		cmocka_unit_test(a_command_line_is_its_arguments_with_blanks),
		cmocka_unit_test(a_long_command_line_is_cut),
		cmocka_unit_test(the_environment_is_told_in_the_order_that_is_asked),
		cmocka_unit_test(a_process_that_is_not_there_is_refused),
		cmocka_unit_test(a_zombie_is_refused),
		cmocka_unit_test(a_thread_is_refused_and_its_process_named),
		cmocka_unit_test(a_process_whose_main_thread_has_ended_is_read_through_another),
		cmocka_unit_test(of_a_process_that_ends_no_thread_goes_on),
		cmocka_unit_test(signals_that_wait_and_the_parent_are_seen),
		cmocka_unit_test(processes_are_listed_ascending),
		cmocka_unit_test(a_threads_time_on_a_cpu_grows_as_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
