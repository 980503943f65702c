/*
 * A runtime in C++: its functions throw exceptions, or let those of others pass, and give back addresses. They end in all the ways that
 * there are. It hands out addresses, each once, and no memory.
 */
#ifndef STANDIN_WAYS_H
#define STANDIN_WAYS_H

#include <cstddef>

namespace ways {

enum { LIMIT = 1 << 30 };

using inner = void (*)(void *argument);

/* nullptr: 0 bytes, or an odd number above 1 << 20. Throws std::length_error above LIMIT. */
void *plain(size_t bytes);
/* In the middle @inside is called, which may never come back. */
void *through(size_t bytes, inner inside, void *argument);
/* The same; an exception that comes out of it is caught: nullptr. */
void *catches(size_t bytes, inner inside, void *argument);
/* Ends in a jump to lower(). */
void *jumps(size_t bytes, inner inside, void *argument);
/* The same function when it is called, which nobody is told of. */
void *lower(size_t bytes, inner inside, void *argument);
/* A table leads to its ends. */
void *chosen(size_t bytes, unsigned int way);
void release(void *address);

}

/* In assembly: `rep ret`, `bnd ret`, and one that takes an argument of 8 bytes off the stack; called by a wrapper. */
extern "C" {
void *_Z8ways_repm(size_t bytes);
void *_Z8ways_bndm(size_t bytes);
void *ways_call_pops(size_t bytes);
}

#endif
