/*
 * Calls the functions of ways.h as it is told by lines on its standard input, and leaves them by returns, exceptions, jumps and threads'
 * ends; "DONE" when a line is done. Its exit status is 3, whatever was thrown.
 */
#include "ways.h"

#include <coroutine>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <pthread.h>
#include <stdexcept>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

static char **arguments;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static std::vector<void *> kept;
static long caught;

static void keep(void *address)
{
	pthread_mutex_lock(&lock);
	if (address)
		kept.push_back(address);
	pthread_mutex_unlock(&lock);
}

static void nothing(void *) {}

static void thrower(void *)
{
	throw std::runtime_error("out of the call");
}

/* plain NUMBER BYTES */
static void command_plain(const long *n)
{
	for (long i = 0; i < n[0]; i++)
		keep(ways::plain(n[1]));
}

/* release NUMBER */
static void command_release(const long *n)
{
	for (long i = 0; i < n[0] && !kept.empty(); i++) {
		ways::release(kept.back());
		kept.pop_back();
	}
}

/* Bytes of the stack that nobody writes to lie between the frames. */
__attribute__((noinline)) static void deeper(long bytes, int levels)
{
	char unused[200];

	__asm__ volatile("" : : "r"(unused) : "memory");
	if (levels)
		deeper(bytes, levels - 1);
	else
		keep(ways::plain(bytes));
	__asm__ volatile("" : : "r"(unused) : "memory");
}

/* throw NUMBER BYTES: a call fails, and another one is made farther down the stack */
static void command_throw(const long *n)
{
	for (long i = 0; i < n[0]; i++) {
		try {
			keep(ways::plain(ways::LIMIT + 1L));
		} catch (const std::length_error &) {
			caught++;
			deeper(n[1], i % 4);
		}
	}
}

/* pass NUMBER BYTES: exceptions of others pass one call and seven, each followed by a call that is whole */
static void pass_seven(void *argument)
{
	long *depth = static_cast<long *>(argument);

	if (--*depth > 0)
		keep(ways::through(7, pass_seven, depth));
	thrower(nullptr);
}

static void command_pass(const long *n)
{
	for (long i = 0; i < n[0]; i++) {
		long depth = 7;

		try {
			keep(ways::through(n[1], thrower, nullptr));
		} catch (const std::runtime_error &) {
			caught++;
		}
		try {
			keep(ways::through(n[1], pass_seven, &depth));
		} catch (const std::runtime_error &) {
			caught++;
		}
		keep(ways::through(n[1], nothing, nullptr));
	}
}

/* catch NUMBER BYTES: the function itself catches, and fails */
static void command_catch(const long *n)
{
	for (long i = 0; i < n[0]; i++) {
		keep(ways::catches(n[1], thrower, nullptr));
		keep(ways::catches(n[1], nothing, nullptr));
	}
}

static void jump_out(void *argument)
{
	std::longjmp(*static_cast<std::jmp_buf *>(argument), 1);
}

__attribute__((noinline)) static void jump_and_go_on(long bytes)
{
	std::jmp_buf out;

	if (!setjmp(out))
		keep(ways::through(bytes, jump_out, &out));
	deeper(bytes, 3);
}

/* longjmp NUMBER BYTES */
static void command_longjmp(const long *n)
{
	for (long i = 0; i < n[0]; i++)
		jump_and_go_on(n[1]);
}

static void enter(void *argument)
{
	long *left = static_cast<long *>(argument);

	if (--*left > 0)
		keep(ways::through(5, enter, left));
}

/* nest DEPTH BYTES */
static void command_nest(const long *n)
{
	long left = n[0];

	keep(ways::through(n[1], enter, &left));
}

/* jumps NUMBER BYTES */
static void command_jumps(const long *n)
{
	for (long i = 0; i < n[0]; i++)
		keep(ways::jumps(n[1], nullptr, nullptr));
	keep(ways::jumps(0, nullptr, nullptr));
}

/* mixed NUMBER BYTES: one place calls the function that jumps, which an exception leaves, then the one that it jumps to; then again */
static void command_mixed(const long *n)
{
	void *(*const functions[])(size_t, ways::inner, void *) = {ways::jumps, ways::lower, ways::lower, ways::jumps};
	const ways::inner inner[] = {thrower, nullptr, thrower, nullptr};

	for (long i = 0; i < 4 * n[0]; i++) {
		try {
			keep(functions[i % 4](n[1], inner[i % 4], nullptr));
		} catch (const std::runtime_error &) {
			caught++;
		}
	}
}

/* table NUMBER BYTES: each of the ends */
static void command_table(const long *n)
{
	for (long i = 0; i < 7 * n[0]; i++) {
		try {
			keep(ways::chosen(n[1], i % 7));
		} catch (const std::length_error &) {
			caught++;
		}
	}
}

/* forms NUMBER BYTES */
static void command_forms(const long *n)
{
	for (long i = 0; i < n[0]; i++) {
		keep(_Z8ways_repm(n[1] + 3 * i * 4096));
		keep(_Z8ways_bndm(n[1] + (3 * i + 1) * 4096));
		keep(ways_call_pops(n[1] + (3 * i + 2) * 4096));
	}
}

static void *work(void *argument)
{
	const long *n = static_cast<const long *>(argument);

	for (long i = 0; i < n[1]; i++) {
		void *address = ways::through(n[2], nothing, nullptr);

		try {
			ways::plain(ways::LIMIT + 1L);
		} catch (const std::length_error &) {
		}
		ways::release(address);
		keep(ways::plain(n[2]));
	}
	return nullptr;
}

/* threads NUMBER CALLS BYTES */
static void command_threads(const long *n)
{
	std::vector<pthread_t> threads(static_cast<size_t>(n[0]));

	for (pthread_t &thread : threads)
		pthread_create(&thread, nullptr, work, const_cast<long *>(n));
	for (pthread_t &thread : threads)
		pthread_join(thread, nullptr);
}

static void end_thread(void *)
{
	pthread_exit(nullptr);
}

static void wait_for_cancel(void *)
{
	pthread_cancel(pthread_self());
	pthread_testcancel();
}

static void *leave(void *inside)
{
	keep(ways::plain(11));
	keep(ways::catches(11, reinterpret_cast<ways::inner>(inside), nullptr));
	return nullptr;
}

/* end NUMBER: threads end, and are cancelled, inside of a call: the C library unwinds their stacks */
static void command_end(const long *n)
{
	for (long i = 0; i < 2 * n[0]; i++) {
		pthread_t thread;

		pthread_create(&thread, nullptr, leave, reinterpret_cast<void *>(i % 2 ? end_thread : wait_for_cancel));
		pthread_join(thread, nullptr);
	}
}

static void fork_inside(void *argument)
{
	int *status = static_cast<int *>(argument), pid = fork();

	if (!pid) {
		*status = -1;
		ways::plain(3);
		throw std::runtime_error("in the child");
	}
	waitpid(pid, status, 0);
}

/* fork NUMBER BYTES: inside of a call, which an exception leaves in the child */
static void command_fork(const long *n)
{
	long ended = 0;

	for (long i = 0; i < n[0]; i++) {
		int status = 0;

		try {
			keep(ways::through(n[1], fork_inside, &status));
		} catch (const std::runtime_error &) {
			_exit(status == -1 && ways::through(5, nothing, nullptr) ? 7 : 1);
		}
		ended += WIFEXITED(status) && WEXITSTATUS(status) == 7;
	}
	std::printf("children=%ld\n", ended);
}

static void exec_inside(void *)
{
	execv("/proc/self/exe", arguments);
}

/* exec BYTES */
static void command_exec(const long *n)
{
	ways::through(n[0], exec_inside, nullptr);
}

static void wait_inside(void *argument)
{
	char byte;

	std::printf("INSIDE\n");
	std::fflush(stdout);
	if (read(STDIN_FILENO, &byte, 1) != 1)
		_exit(1);
	if (*static_cast<long *>(argument))
		thrower(nullptr);
}

/* inside BYTES THROWS: waits for a line inside of a call, which then returns, or is left by an exception */
static void command_inside(const long *n)
{
	long throws = n[1];

	try {
		keep(ways::through(n[0], wait_inside, &throws));
	} catch (const std::runtime_error &) {
		caught++;
	}
}

struct task {
	struct promise_type {
		task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
		std::suspend_always initial_suspend() { return {}; }
		std::suspend_always final_suspend() noexcept { return {}; }
		void return_void() {}
		void unhandled_exception() { caught++; }
	};
	std::coroutine_handle<promise_type> handle;
};

static task coroutine(long bytes)
{
	keep(ways::plain(bytes));
	co_await std::suspend_always{};
	keep(ways::through(bytes, nothing, nullptr));
	co_await std::suspend_always{};
	keep(ways::plain(ways::LIMIT + 1L));
}

static void resume(void *address)
{
	std::coroutine_handle<>::from_address(address).resume();
}

/* coroutine NUMBER BYTES: it goes on in the middle of calls, and outside of any */
static void command_coroutine(const long *n)
{
	for (long i = 0; i < n[0]; i++) {
		task t = coroutine(n[1]);

		t.handle.resume();
		keep(ways::through(n[1], resume, t.handle.address()));
		t.handle.resume();
		t.handle.destroy();
	}
}

enum { STACK = 1 << 18 };
static ucontext_t here, there;
static long there_bytes;

static void on_other_stack()
{
	for (;;) {
		keep(ways::plain(there_bytes));
		swapcontext(&there, &here);
	}
}

static void change_stack(void *)
{
	swapcontext(&here, &there);
}

/* stacks NUMBER BYTES: another stack is changed to, outside of calls and inside of one */
static void command_stacks(const long *n)
{
	std::unique_ptr<char[]> stack(new char[STACK]);

	there_bytes = n[1];
	getcontext(&there);
	there.uc_stack.ss_sp = stack.get();
	there.uc_stack.ss_size = STACK;
	makecontext(&there, on_other_stack, 0);
	for (long i = 0; i < n[0]; i++) {
		change_stack(nullptr);
		keep(ways::through(n[1], change_stack, nullptr));
	}
}

static const struct {
	const char *name;
	void (*run)(const long *numbers);
} commands[] = {
	{"plain", command_plain},     {"release", command_release}, {"throw", command_throw},	  {"pass", command_pass},
	{"catch", command_catch},     {"longjmp", command_longjmp}, {"nest", command_nest},	  {"jumps", command_jumps},
	{"mixed", command_mixed},     {"table", command_table},	    {"forms", command_forms},	  {"threads", command_threads},
	{"end", command_end},	      {"fork", command_fork},	    {"exec", command_exec},	  {"inside", command_inside},
	{"coroutine", command_coroutine}, {"stacks", command_stacks},
};

static void run(char *line)
{
	const char *name = std::strtok(line, " \n");
	long numbers[4] = {};

	for (long &number : numbers) {
		const char *word = std::strtok(nullptr, " \n");

		number = word ? std::strtol(word, nullptr, 0) : 0;
	}
	for (const auto &command : commands)
		if (name && !std::strcmp(command.name, name))
			command.run(numbers);
	std::printf("DONE kept=%zu caught=%ld\n", kept.size(), caught);
	std::fflush(stdout);
}

/* A line, unbuffered: the program may become another one, which reads on. */
static bool get_line(char *line, size_t bytes)
{
	size_t n = 0;

	while (n + 1 < bytes && read(STDIN_FILENO, line + n, 1) == 1)
		if (line[n++] == '\n')
			break;
	line[n] = 0;
	return n > 0;
}

int main(int, char **argv)
{
	char line[256];

	arguments = argv;
	std::printf("READY\n");
	std::fflush(stdout);
	while (get_line(line, sizeof(line)))
		run(line);
	return 3;
}
