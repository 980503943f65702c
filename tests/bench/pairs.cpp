/*
 * bench-pairs: how long an allocation and its free take on the stand-in runtime, and a replay, in an optimised program.
 * It prints "READY PID" and obeys a line at a time; each thread has a device of its own, so that they wait for each other
 * in the tracer alone.
 *
 *   pairs N THREADS            each thread allocates and frees N times: "NS cpu wall", CPU time of all threads, and time
 *                              from the first's start to the last's end
 *   replays N                  replay a trace N times: the same
 *   paced RATE MS THREADS      as many pairs a second in all, a burst a millisecond: "PAIRS n NS wall"; 0: as many as it can
 *   storm RATE MS THREADS      allocations and frees of any size and order, RATE of both a second, until all is freed: the same
 *   live N                     from now on N buffers live: "STEP live POOL=bytes ..."
 *   heap MIB                   from now on so much memory of random words: "HEAP bytes"
 *   calls                      "CALLS function=n ..." made so far
 *   quit
 */
#include "../standin/calls.h"
#include "../standin/view.h"

#include <chrono>
#include <ctime>
#include <functional>
#include <iostream>
#include <random>
#include <sstream>
#include <thread>
#include <unistd.h>

using namespace tt::tt_metal;
using namespace tt::tt_metal::distributed;
using steady = std::chrono::steady_clock;

enum { DEVICES = 8, BYTES = 64 * 2048, PAGE = 2048 };

struct bench {
	std::vector<std::unique_ptr<MeshDeviceImpl>> devices;
	std::vector<std::shared_ptr<Buffer>> live;
	std::vector<uint64_t> heap;
	const MeshTraceId trace = {0};

	AllocatorImpl &allocator(unsigned i) { return *devices[i]->allocator; }
};

static uint64_t ns_since(steady::time_point start)
{
	return std::chrono::duration_cast<std::chrono::nanoseconds>(steady::now() - start).count();
}

static void pair(AllocatorImpl &allocator)
{
	Buffer::create(allocator, BufferType::L1, BYTES, PAGE)->deallocate();
}

/* Of this thread. */
static uint64_t cpu_ns()
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return static_cast<uint64_t>(t.tv_sec) * 1000000000 + t.tv_nsec;
}

/* Run @work in each of @nr threads; nanoseconds until all have ended. */
static uint64_t in_threads(unsigned nr, const std::function<void(unsigned)> &work)
{
	std::vector<std::thread> threads;
	auto start = steady::now();

	for (unsigned i = 1; i < nr; i++)
		threads.emplace_back(work, i);
	work(0);
	for (std::thread &thread : threads)
		thread.join();
	return ns_since(start);
}

static void pairs(bench &b, std::istream &words)
{
	std::atomic<uint64_t> cpu{0};
	uint64_t n = 0;
	unsigned threads = 1;

	words >> n >> threads;
	uint64_t wall = in_threads(std::min<unsigned>(threads, DEVICES), [&](unsigned device) {
		uint64_t start = cpu_ns();

		for (uint64_t i = 0; i < n; i++)
			pair(b.allocator(device));
		cpu += cpu_ns() - start;
	});
	std::cout << "NS " << cpu << " " << wall << std::endl;
}

static void replays(bench &b, std::istream &words)
{
	uint64_t n = 0;

	words >> n;
	auto start = steady::now();
	uint64_t cpu = cpu_ns();

	for (uint64_t i = 0; i < n; i++)
		b.devices[0]->replay_mesh_trace(0, b.trace, false);
	std::cout << "NS " << cpu_ns() - cpu << " " << ns_since(start) << std::endl;
}

/* Do as much as is due each millisecond, until @ms are over; how much that was. */
static uint64_t keep_pace(uint64_t rate, uint64_t ms, const std::function<void()> &once)
{
	auto start = steady::now();
	uint64_t made = 0;

	for (uint64_t now = 0; now < ms * 1000000; now = ns_since(start)) {
		uint64_t due = rate ? now * rate / 1000000000 : made + 100;

		for (; made < due; made++)
			once();
		if (rate)
			std::this_thread::sleep_for(std::chrono::milliseconds(1));
	}
	return made;
}

/* What a thread of a storm has, and does. */
struct storm {
	AllocatorImpl &allocator;
	std::mt19937_64 random;
	std::vector<std::shared_ptr<Buffer>> live;
	uint64_t pairs = 0;

	void allocate();
	void release(size_t i);
	void once();
};

void storm::allocate()
{
	static const struct {
		BufferType type;
		uint32_t page, pages;
	} kinds[] = {{BufferType::DRAM, 2048, 3001}, {BufferType::DRAM, 1000, 17}, {BufferType::L1, 2048, 257}, {BufferType::L1, 100, 61},
		     {BufferType::L1_SMALL, 20, 7}};
	const auto &kind = kinds[random() % std::size(kinds)];

	live.push_back(Buffer::create(allocator, kind.type, kind.page * (1 + random() % kind.pages), kind.page));
}

void storm::release(size_t i)
{
	live[i]->deallocate();
	live[i] = live.back();
	live.pop_back();
	pairs++;
}

void storm::once()
{
	if (live.empty() || (live.size() < 31 && random() % 2))
		allocate();
	else
		release(random() % live.size());
}

static uint64_t storm_in(AllocatorImpl &allocator, unsigned seed, uint64_t rate, uint64_t ms)
{
	storm s{allocator, std::mt19937_64(seed), {}};

	keep_pace(rate, ms, [&] { s.once(); });
	while (!s.live.empty())
		s.release(s.live.size() - 1);
	return s.pairs;
}

/* Words are a rate, how long, and how many threads, each of which does its part on a device: pairs are told. */
static void at_rate(std::istream &words, const std::function<uint64_t(unsigned device, uint64_t rate, uint64_t ms)> &work)
{
	uint64_t rate = 0, ms = 0;
	unsigned threads = 1;
	std::atomic<uint64_t> made{0};

	words >> rate >> ms >> threads;
	threads = std::min<unsigned>(std::max(threads, 1U), DEVICES);
	uint64_t ns = in_threads(threads, [&](unsigned device) { made += work(device, rate / threads, ms); });
	std::cout << "PAIRS " << made << " NS " << ns << std::endl;
}

static void paced(bench &b, std::istream &words)
{
	at_rate(words, [&](unsigned device, uint64_t rate, uint64_t ms) {
		return keep_pace(rate, ms, [&] { pair(b.allocator(device)); });
	});
}

static void storms(bench &b, std::istream &words)
{
	at_rate(words, [&](unsigned device, uint64_t rate, uint64_t ms) { return storm_in(b.allocator(device), device + 1, rate, ms); });
}

static void live(bench &b, std::istream &words)
{
	size_t n = 0;

	words >> n;
	b.live.resize(std::min(n, b.live.size()));
	while (b.live.size() < n)
		b.live.push_back(Buffer::create(b.allocator(0), BufferType::DRAM, PAGE, PAGE));
	standin::print_step("live", b.allocator(0));
}

static void heap(bench &b, std::istream &words)
{
	std::mt19937_64 random(1);
	size_t mib = 0;

	words >> mib;
	b.heap = std::vector<uint64_t>((mib << 20) / sizeof(uint64_t));
	for (uint64_t &word : b.heap)
		word = random();
	std::cout << "HEAP " << b.heap.size() * sizeof(uint64_t) << std::endl;
}

static void calls(bench &, std::istream &)
{
	std::cout << "CALLS" << standin::calls_made() << std::endl;
}

static bool obey(bench &b, const std::string &line)
{
	static const struct {
		const char *name;
		void (*run)(bench &b, std::istream &words);
	} table[] = {{"pairs", pairs}, {"replays", replays}, {"paced", paced}, {"storm", storms}, {"live", live}, {"heap", heap}, {"calls", calls}};
	std::istringstream words(line);
	std::string name;

	words >> name;
	for (const auto &row : table) {
		if (name != row.name)
			continue;
		row.run(b, words);
		return true;
	}
	if (name != "quit")
		std::cerr << "bench-pairs: '" << name << "' is not understood" << std::endl;
	return false;
}

int main()
{
	bench b;
	std::string line;

	for (int i = 0; i < DEVICES; i++)
		b.devices.push_back(std::make_unique<MeshDeviceImpl>(standin::wormhole(true)));
	b.devices[0]->begin_mesh_trace(0, b.trace);
	b.devices[0]->end_mesh_trace(0, b.trace);
	std::cout << "READY " << getpid() << std::endl;
	while (standin::read_line(&line) && obey(b, line))
		;
	b.live.clear();
	return 0;
}
