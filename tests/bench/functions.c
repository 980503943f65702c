/*
 * usage: bench-functions LIBRARY
 *
 * Loads the library, prints READY, and obeys a line at a time:
 *
 *   pairs N NAME    calls NAME_alloc() and NAME_free() of the library N times: "NS cpu wall", CPU time of the thread, and time
 *   quit
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct functions {
	void *(*alloc)(size_t bytes);
	void (*free)(void *address);
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *find(void *library, const char *name, const char *what)
{
	char symbol[64];

	snprintf(symbol, sizeof(symbol), "%s_%s", name, what);
	return dlsym(library, symbol);
}

static void pairs(const struct functions *f, unsigned long n)
{
	uint64_t start = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);

	for (unsigned long i = 0; i < n; i++)
		f->free(f->alloc(4096));
	cpu = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	printf("NS %ju %ju\n", (uintmax_t)cpu, (uintmax_t)(now_ns(CLOCK_MONOTONIC) - start));
	fflush(stdout);
}

static int obey(void *library, const char *line)
{
	struct functions f;
	unsigned long n;
	char name[32];

	if (sscanf(line, "pairs %lu %31s", &n, name) != 2)
		return -1;
	*(void **)&f.alloc = find(library, name, "alloc");
	*(void **)&f.free = find(library, name, "free");
	if (!f.alloc || !f.free)
		return -1;
	pairs(&f, n);
	return 0;
}

int main(int argc, char **argv)
{
	void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
	char line[128];

	if (!library) {
		fprintf(stderr, "bench-functions: %s\n", argc == 2 ? dlerror() : "usage: bench-functions LIBRARY");
		return 1;
	}
	puts("READY");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "quit\n")) {
		if (!obey(library, line))
			continue;
		fprintf(stderr, "bench-functions: not understood: %s", line);
		return 1;
	}
	return 0;
}
