/* A callback of a C function throws an exception, which passes the C function on its way. */
#include "pool.h"

#include <cstdio>
#include <stdexcept>

static void thrower(void *)
{
	throw std::runtime_error("out of the callback");
}

int main()
{
	unsigned caught = 0;

	printf("READY\n");
	fflush(stdout);
	while (getchar() == '\n') {
		for (int i = 0; i < 7; i++) {
			try {
				my_pool_call(1009, thrower, nullptr);
			} catch (const std::runtime_error &) {
				caught++;
			}
		}
		printf("DONE caught=%u\n", caught);
		fflush(stdout);
	}
	return 3;
}
