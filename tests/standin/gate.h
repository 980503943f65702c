/* Stops a number of threads at a point of their own choice, all of them. */
#ifndef STANDIN_GATE_H
#define STANDIN_GATE_H

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace standin {

class gate {
	std::mutex mutex;
	std::condition_variable changed;
	std::atomic<bool> closed{false};
	unsigned inside = 0, waiting = 0;

public:
	/* A thread begins, or ends, to pass here. */
	void enter()
	{
		std::lock_guard<std::mutex> lock(mutex);
		inside++;
	}
	void leave()
	{
		std::lock_guard<std::mutex> lock(mutex);
		inside--;
		changed.notify_all();
	}
	void pass()
	{
		if (!closed.load(std::memory_order_relaxed))
			return;
		std::unique_lock<std::mutex> lock(mutex);
		waiting++;
		changed.notify_all();
		changed.wait(lock, [this] { return !closed; });
		waiting--;
		changed.notify_all();
	}
	/* Returns when every thread waits. */
	void close()
	{
		std::unique_lock<std::mutex> lock(mutex);
		closed = true;
		changed.wait(lock, [this] { return waiting == inside; });
	}
	/* Returns when each thread has gone on: between two stops all of them do something. */
	void open()
	{
		std::unique_lock<std::mutex> lock(mutex);
		closed = false;
		changed.notify_all();
		changed.wait(lock, [this] { return waiting == 0; });
	}
};

}

#endif
