/*
 * What stacks are made of: followed instruction by instruction between two breakpoints, of which main() has one and the last
 * thread the other. Compiled with -O2 -fomit-frame-pointer, linked with lazy binding.
 */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>

#define APART __attribute__((noinline, noclone))

extern "C" int stacks_by_expression(int (*function)(int), int argument);
extern "C" int stacks_pushing(int (*function)(int), int argument);
extern "C" int stacks_moved(int (*function)(int), int argument);

static volatile int sink;

APART static int leaf(int x)
{
	return x * 3 + sink;
}

APART static int recursive(int depth)
{
	char *room = (char *)alloca(16 + depth % 3 * 32);

	room[0] = (char)depth;
	sink = room[0];
	return depth ? recursive(depth - 1) + sink : leaf(depth);
}

APART static int aligned(int x)
{
	alignas(64) volatile int lines[32];
	char *room = (char *)alloca((size_t)x + 1);

	for (int &line : const_cast<int(&)[32]>(lines))
		line = x;
	room[x] = 1;
	return leaf(lines[7]) + room[x];
}

APART static int many(int a, int b, int c, int d, int e, int f, int g, int h)
{
	return leaf(a + b) + leaf(c + d) + leaf(e + f) + leaf(g + h) + a * b + c * d + e * f + g * h;
}

/* The call is the last instruction: what it returns to is another function's. */
[[noreturn]] APART static void fails(int x)
{
	throw std::runtime_error(x ? "one" : "none");
}

APART static int catches(int x)
{
	std::string text(static_cast<size_t>(x) + 20, 'x');

	try {
		fails(x);
	} catch (const std::runtime_error &error) {
		return (int)(text.size() + strlen(error.what()));
	}
}

APART static int jumps(int x)
{
	sink = x;
	return recursive(3 + (x & 1)); /* a tail call */
}

struct base {
	virtual ~base() = default;
	virtual int run(int x) = 0;
};

struct derived : base {
	int run(int x) override
	{
		return many(x, 1, 2, 3, 4, 5, 6, 7);
	}
};

extern "C" int stacks_compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static int sorts()
{
	int numbers[] = {4, 2, 7, 1, 9};

	qsort(numbers, 5, sizeof(numbers[0]), stacks_compare);
	std::sort(numbers, numbers + 5, [](int a, int b) { return leaf(a) > leaf(b); });
	return numbers[0];
}

static void on_signal(int number)
{
	sink = recursive(number & 3);
}

APART static int interrupted(int x)
{
	raise(SIGUSR1);
	asm volatile("ud2"); /* SIGILL: interrupted where no call is */
	return leaf(x);
}

static void on_illegal(int, siginfo_t *, void *context)
{
	auto *c = (ucontext_t *)context;

	sink = leaf(1);
	c->uc_mcontext.gregs[REG_RIP] += 2;
}

static void *thread(void *)
{
	std::function<int(int)> function = [](int x) { return recursive(x) + catches(x); };

	sink = function(2);
	asm volatile("int3");
	return nullptr;
}

int main()
{
	struct sigaction action = {};
	derived object;
	base *volatile pointer = &object;
	struct timespec now;
	pthread_t id;

	action.sa_sigaction = on_illegal;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGILL, &action, nullptr);
	signal(SIGUSR1, on_signal);
	asm volatile("int3");
	sink = recursive(6) + aligned(5) + jumps(1) + pointer->run(3);
	sink += stacks_by_expression(leaf, 1) + stacks_pushing(leaf, 2) + stacks_moved(leaf, 3);
	sink += sorts();
	clock_gettime(CLOCK_MONOTONIC, &now);
	sink += interrupted(2);
	sink += catches(1);
	pthread_create(&id, nullptr, thread, nullptr);
	pthread_join(id, nullptr);
	return 0;
}
