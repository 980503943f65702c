/* How often each function that a tracer may probe has been called, counted by the function itself. */
#ifndef STANDIN_CALLS_H
#define STANDIN_CALLS_H

#include <atomic>
#include <cstdint>

#define STANDIN_CALLS(X)                                                                           \
	X(allocate_buffer)                                                                         \
	X(track_allocate)                                                                          \
	X(track_deallocate)                                                                        \
	X(deallocate_buffer)                                                                       \
	X(deallocate_all)                                                                          \
	X(clear)                                                                                   \
	X(construct)                                                                               \
	X(begin_mesh_trace)                                                                        \
	X(end_mesh_trace)                                                                          \
	X(populate_mesh_buffer)                                                                    \
	X(replay_mesh_trace)                                                                       \
	X(release_mesh_trace)

namespace standin {

enum call {
#define X(name) CALL_##name,
	STANDIN_CALLS(X)
#undef X
	CALLS
};

extern std::atomic<uint64_t> calls[CALLS];

inline void count(call c)
{
	calls[c].fetch_add(1, std::memory_order_relaxed);
}

/*
 * Called on this thread, inside BankManager::allocate_buffer, when memory has run out, before the exception is thrown;
 * it may leave in another way: longjmp (having unlocked the allocator), pthread_exit. NULL: none.
 */
void set_out_of_memory(void (*hook)());

}

#endif
