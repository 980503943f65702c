/*
 * standin-stacks: allocates in ways that differ by their call stacks, and says of each what libgcc finds on the stack there: a line
 *
 *   STACK NAME TID ADDRESS FILE+OFFSET FILE+OFFSET ...
 *
 * the innermost call first, that of the runtime left out; offsets are within the call, as the file was linked. It waits for a line on
 * standard input before it begins ("READY PID"), and for another at its end ("DONE"). With a number N it allocates and frees
 * so often instead, from one place, and prints nothing but how many nanoseconds each took.
 */
#include "view.h"

#include <alloca.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <unistd.h>
#include <unwind.h>

using namespace tt::tt_metal;

#ifdef __clang__ /* clones none */
#define APART __attribute__((noinline))
#else
#define APART __attribute__((noinline, noclone))
#endif
/* What comes behind a call, so that it is no jump. */
#define STAY __asm__ volatile("" ::: "memory")

static std::unique_ptr<L1BankingAllocator> the_allocator;
static std::vector<std::shared_ptr<Buffer>> live;
static std::string told;

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *arg)
{
	int before = 0;
	uintptr_t pc = _Unwind_GetIPInfo(context, &before);
	Dl_info info;
	char text[32];

	pc -= before ? 0 : 1;
	if (!pc || !dladdr(reinterpret_cast<void *>(pc), &info))
		return _URC_END_OF_STACK;
	std::snprintf(text, sizeof(text), "+0x%zx ", static_cast<size_t>(pc - reinterpret_cast<uintptr_t>(info.dli_fbase)));
	static_cast<std::string *>(arg)->append(std::strrchr(info.dli_fname, '/') ? std::strrchr(info.dli_fname, '/') + 1 :
									  info.dli_fname).append(text);
	return _URC_NO_REASON;
}

static APART void make(const char *name)
{
	std::string frames;

	_Unwind_Backtrace(add_frame, &frames);
	live.push_back(Buffer::create(*the_allocator, BufferType::DRAM, 2048, 2048));
	char text[64];
	std::snprintf(text, sizeof(text), " %d %llu ", gettid(), static_cast<unsigned long long>(live.back()->address()));
	told += std::string("STACK ") + name + text + frames + "\n";
	STAY;
}

static APART void innermost(const char *name)
{
	make(name);
	STAY;
}

static APART void middle(const char *name)
{
	innermost(name);
	STAY;
}

static APART void recurse(const char *name, int depth)
{
	if (depth)
		recurse(name, depth - 1);
	else
		innermost(name);
	STAY;
}

/* A frame of so many bytes, all of them written to. */
static APART void deep(const char *name, size_t bytes)
{
	volatile char *room = static_cast<volatile char *>(alloca(bytes));

	for (size_t i = 0; i < bytes; i += 64)
		room[i] = 1;
	innermost(name);
	STAY;
}

static const char *sorting;

static APART int compare(const void *, const void *)
{
	if (sorting)
		innermost(sorting);
	sorting = nullptr;
	STAY;
	return 0;
}

static APART void by_callback(const char *name)
{
	int two[2] = {1, 2};

	sorting = name;
	std::qsort(two, 2, sizeof(two[0]), compare);
	STAY;
}

static APART void by_catch(const char *name)
{
	try {
		throw 1;
	} catch (int) {
		innermost(name);
	}
	STAY;
}

static const char *signalled;

static APART void on_signal(int)
{
	innermost(signalled);
	STAY;
}

static APART void by_signal(const char *name)
{
	signalled = name;
	std::signal(SIGUSR1, on_signal);
	std::raise(SIGUSR1);
	STAY;
}

static APART void by_function(const char *name)
{
	std::function<void(int)> call = [name](int depth) { recurse(name, depth); };

	call(2);
	STAY;
}

static void from_library(void *name)
{
	innermost(static_cast<const char *>(name));
	STAY;
}

/* Through a file that was not mapped before. */
static APART void by_library(const char *name)
{
	static void (*through)(void (*)(void *), void *);
	std::string path(4096, '\0');

	if (!through) {
		path.resize(static_cast<size_t>(readlink("/proc/self/exe", &path[0], path.size())));
		path = path.substr(0, path.rfind('/')) + "/libstandin_through.so";
		through = reinterpret_cast<void (*)(void (*)(void *), void *)>(dlsym(dlopen(path.c_str(), RTLD_NOW), "through"));
	}
	through(from_library, const_cast<char *>(name));
	STAY;
}

static void all(const std::string &who)
{
	static const struct {
		const char *name;
		std::function<void(const char *)> allocate;
	} ways[] = {
		{"direct", make},
		{"nested", middle},
		{"again", middle},
		{"recursion", [](const char *name) { recurse(name, 40); }},
		{"callback", by_callback},
		{"catch", by_catch},
		{"signal", by_signal},
		{"function", by_function},
		{"library", by_library},
		{"deep6", [](const char *name) { deep(name, 6 << 10); }},
		{"deep12", [](const char *name) { deep(name, 12 << 10); }},
		{"deep24", [](const char *name) { deep(name, 24 << 10); }},
		{"deep40", [](const char *name) { deep(name, 40 << 10); }},
	};

	for (const auto &way : ways)
		way.allocate((who + "-" + way.name).c_str());
}

static void measure(unsigned long nr)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned long i = 0; i < nr; i++)
		Buffer::create(*the_allocator, BufferType::DRAM, 2048, 2048);
	clock_gettime(CLOCK_MONOTONIC, &end);
	std::printf("%.0f\n", (static_cast<double>(end.tv_sec - begin.tv_sec) * 1e9 +
			       static_cast<double>(end.tv_nsec - begin.tv_nsec)) / static_cast<double>(nr));
}

int main(int argc, char **argv)
{
	std::string line;

	the_allocator = std::make_unique<L1BankingAllocator>(standin::wormhole(true));
	std::printf("READY %d\n", getpid());
	std::fflush(stdout);
	std::getline(std::cin, line);
	if (argc > 1) {
		measure(std::strtoul(argv[1], nullptr, 10));
	} else {
		all("main");
		std::thread(all, "thread").join();
		std::fputs(told.c_str(), stdout);
	}
	std::puts("DONE");
	std::fflush(stdout);
	std::getline(std::cin, line);
	return 0;
}
