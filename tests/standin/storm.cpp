/*
 * standin-storm: threads that allocate and free in all pools of the stand-in runtime, as often as they are told, and do
 * what goes wrong around it. It prints how often it called each function, and its pools, so that a tracer's figures can
 * be compared with the truth.
 *
 * It waits for a line on standard input before it starts ("READY PID") and before it goes on from each "STEP" line. With
 * --loop it allocates and frees until `quit` or the end of input: at each line all threads stop, the pools are printed,
 * the next line lets them go on. `exec` instead of either line executes this program again, whatever the threads are
 * doing; `fork` instead of the first makes a child that allocates, prints "CHILD PID" and stays. Exit status 1: something
 * went otherwise than it should have.
 */
#include "calls.h"
#include "gate.h"
#include "view.h"

#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <random>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace tt::tt_metal;

struct options {
	unsigned long threads = 7, allocations = 100003, frees = 100003, live = 31, seed = 1;
	/* One in so many operations of a thread is followed by ...; 0: none */
	unsigned long fail_every = 0, phantom_every = 0, longjmp_every = 0, exit_every = 0, fork_every = 0,
		      replay_every = 0;
	unsigned long loop = 0, inside = 0, close = 0, exec = 0, touch = 0;
};

static const struct {
	const char *name;
	bool has_value;
	unsigned long options::*value;
	const char *help;
} option_table[] = {
	{"--threads", true, &options::threads, "how many threads (7)"},
	{"--allocations", true, &options::allocations, "of all threads (100003)"},
	{"--frees", true, &options::frees, "of all threads (100003); the rest lives to the end"},
	{"--live", true, &options::live, "buffers that a thread keeps at most, while it has frees left (31)"},
	{"--seed", true, &options::seed, "of sizes and order (1)"},
	{"--fail-every", true, &options::fail_every, "N: run out of memory and catch the exception"},
	{"--phantom-every", true, &options::phantom_every, "N: track a buffer at address 0 that reserves nothing"},
	{"--longjmp-every", true, &options::longjmp_every, "N: run out of memory and leave with longjmp"},
	{"--exit-every", true, &options::exit_every, "N: a new thread runs out of memory and exits in the call"},
	{"--fork-every", true, &options::fork_every, "N: fork a child that allocates, frees and exits"},
	{"--replay-every", true, &options::replay_every, "N: replay one of eleven traces"},
	{"--loop", false, &options::loop, "until told to stop"},
	{"--inside", false, &options::inside, "threads stop inside an allocation, not between two"},
	{"--close", false, &options::close, "close the device at the end, a further step"},
	{"--touch", true, &options::touch, "megabytes of memory that are no device's, before all else"},
	{"--exec", false, &options::exec, "at the end, execute this program again without --exec"},
};

enum outcome { ALLOCATED, FREED, FAILED, PHANTOM, LONGJMP, EXITED, FORKED, UNEXPECTED, OUTCOMES };
static const char *const outcome_names[] = {"allocations", "frees",	"failed", "phantoms",
					    "longjmps",	   "exits", "forks",  "unexpected"};

/* What all threads share. */
struct storm {
	const options &o;
	tt::tt_metal::distributed::MeshDeviceImpl device;
	standin::gate gate;
	std::atomic<bool> stop{false};
	std::atomic<uint64_t> outcomes[OUTCOMES] = {};
	/* A buffer that one thread allocated and another will free. */
	std::mutex handed_mutex;
	std::shared_ptr<Buffer> handed;

	AllocatorImpl &allocator() { return *device.allocator; }
};

struct worker {
	storm &s;
	std::mt19937_64 random;
	uint64_t allocations, frees, operations = 0;
	std::vector<std::shared_ptr<Buffer>> live;

	void run();
	bool next();
	void allocate();
	bool release();
	void mischief();
	std::shared_ptr<Buffer> make_buffer();
	std::shared_ptr<Buffer> make_huge();
	void phantom();
	void fail();
	void leap();
	void leave_thread();
	void fork_child();
	void replay();
};

/* Pools large enough that only what shall fail does. */
static AllocatorConfig roomy()
{
	AllocatorConfig config = standin::wormhole(true);

	config.l1.bank_bytes = 512 << 20;
	config.l1_small.base = config.l1.base + config.l1.bank_bytes;
	config.l1_small.bank_bytes = 256 << 20;
	config.trace.base = config.dram.base + config.dram.bank_bytes;
	config.trace.bank_bytes = 512 << 20;
	return config;
}

std::shared_ptr<Buffer> worker::make_buffer()
{
	static const struct {
		BufferType type;
		uint32_t page_bytes, pages, shards;
	} kinds[] = {
		{BufferType::DRAM, 2048, 3001, 0},  {BufferType::DRAM, 1000, 17, 0}, {BufferType::L1, 2048, 257, 0},
		{BufferType::L1, 100, 61, 61},	    {BufferType::L1_SMALL, 32, 64, 64}, {BufferType::L1_SMALL, 20, 7, 1},
		{BufferType::TRACE, 1024, 13, 0},
	};
	const auto &kind = kinds[random() % (sizeof(kinds) / sizeof(kinds[0]))];
	std::optional<uint32_t> shards;

	if (kind.shards)
		shards = kind.shards;
	return std::make_shared<Buffer>(s.allocator(), kind.type, kind.page_bytes * (1 + random() % kind.pages),
					kind.page_bytes, shards);
}

std::shared_ptr<Buffer> worker::make_huge()
{
	static const BufferType types[] = {BufferType::DRAM, BufferType::L1, BufferType::L1_SMALL, BufferType::TRACE};
	BufferType type = types[random() % 4];
	const BankManager *pool = s.allocator().manager(type);

	return std::make_shared<Buffer>(s.allocator(), type, (pool->bank_size() + 2048) * pool->num_banks(), 2048,
					std::nullopt);
}

void worker::allocate()
{
	std::shared_ptr<Buffer> buffer = make_buffer();

	buffer->impl->address = s.allocator().allocate_buffer(buffer.get());
	buffer->impl->allocated = 1;
	if (s.o.inside)
		s.gate.pass();
	GraphTracker::instance().track_allocate(buffer.get());
	live.push_back(buffer);
	s.outcomes[ALLOCATED]++;
}

/* Free one, one time in two what another thread has handed over. False: it was this thread's turn to hand over. */
bool worker::release()
{
	std::swap(live[random() % live.size()], live.back());
	std::shared_ptr<Buffer> buffer = std::move(live.back());
	live.pop_back();
	if (random() % 2) {
		std::lock_guard<std::mutex> lock(s.handed_mutex);
		std::swap(buffer, s.handed);
	}
	if (!buffer)
		return false;
	buffer->deallocate();
	s.outcomes[FREED]++;
	return true;
}

void worker::phantom()
{
	std::shared_ptr<Buffer> buffer = make_buffer();

	buffer->impl->allocated = 1;
	GraphTracker::instance().track_allocate(buffer.get());
	buffer->deallocate();
	s.outcomes[PHANTOM]++;
}

void worker::fail()
{
	try {
		make_huge()->allocate();
		s.outcomes[UNEXPECTED]++;
	} catch (const std::runtime_error &) {
		s.outcomes[FAILED]++;
	}
}

static thread_local std::jmp_buf way_out;
static thread_local AllocatorImpl *locked;

void worker::leap()
{
	std::shared_ptr<Buffer> buffer = make_huge();

	locked = &s.allocator();
	standin::set_out_of_memory([] {
		/* The lock guard that longjmp passes by does nothing. */
		locked->mutex.unlock();
		std::longjmp(way_out, 1);
	});
	if (setjmp(way_out) == 0) {
		buffer->allocate();
		s.outcomes[UNEXPECTED]++;
	}
	standin::set_out_of_memory(nullptr);
	s.outcomes[LONGJMP]++;
}

void worker::leave_thread()
{
	std::shared_ptr<Buffer> buffer = make_huge();
	pthread_t thread;
	auto body = [](void *arg) -> void * {
		standin::set_out_of_memory([] { pthread_exit(nullptr); });
		static_cast<Buffer *>(arg)->allocate();
		return arg;
	};
	void *returned = nullptr;

	if (pthread_create(&thread, nullptr, body, buffer.get()) || pthread_join(thread, &returned) || returned)
		s.outcomes[UNEXPECTED]++;
	s.outcomes[EXITED]++;
}

void worker::fork_child()
{
	int status = -1;
	pid_t child;

	/* Another thread may hold the allocator's lock: the child would wait for it for ever. */
	s.allocator().mutex.lock();
	child = fork();
	s.allocator().mutex.unlock();
	if (child == 0) {
		for (int i = 0; i < 7; i++)
			make_buffer()->allocate();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		s.outcomes[UNEXPECTED]++;
	s.outcomes[FORKED]++;
}

/* A trace that nobody captured: the call is made all the same. */
void worker::replay()
{
	try {
		s.device.replay_mesh_trace(0, {static_cast<uint32_t>(operations % 11)}, false);
		s.outcomes[UNEXPECTED]++;
	} catch (const std::runtime_error &) {
	}
}

void worker::mischief()
{
	const struct {
		unsigned long every;
		void (worker::*make)();
	} table[] = {
		{s.o.fail_every, &worker::fail},	 {s.o.phantom_every, &worker::phantom},
		{s.o.longjmp_every, &worker::leap},	 {s.o.exit_every, &worker::leave_thread},
		{s.o.fork_every, &worker::fork_child},	 {s.o.replay_every, &worker::replay},
	};

	for (const auto &row : table)
		if (row.every && operations % row.every == 0)
			(this->*row.make)();
}

/* One allocation or release; false when none is left to do. */
bool worker::next()
{
	bool may_allocate = allocations && !s.stop, may_free = frees && !live.empty();
	bool full = live.size() >= s.o.live;

	if (!may_allocate && !may_free)
		return false;
	if (may_allocate && !(may_free && (full || random() % 2))) {
		allocate();
		allocations--;
	} else if (release()) {
		frees--;
	} else {
		return true;
	}
	operations++;
	mischief();
	return true;
}

void worker::run()
{
	try {
		do
			s.gate.pass();
		while (next());
	} catch (const std::exception &e) {
		s.outcomes[UNEXPECTED]++;
		std::cerr << "standin-storm: " << e.what() << std::endl;
	}
	s.gate.leave();
}

/* Ends with its parent. */
static void fork_and_stay(storm &s)
{
	worker child{s, std::mt19937_64(s.o.seed), 0, 0, 0, {}};
	pid_t pid;

	s.allocator().mutex.lock();
	pid = fork();
	s.allocator().mutex.unlock();
	if (pid < 0)
		s.outcomes[UNEXPECTED]++;
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < 101; i++) {
		child.live.push_back(child.make_buffer());
		child.live.back()->allocate();
	}
	std::cout << "CHILD " << getpid() << std::endl;
	for (;;)
		pause();
}

/* Runs this program again, in this process. */
static void execute_again(char **argv)
{
	std::vector<char *> arguments;

	for (; *argv; argv++)
		if (strcmp(*argv, "--exec"))
			arguments.push_back(*argv);
	arguments.push_back(nullptr);
	execv("/proc/self/exe", arguments.data());
}

/* Stop and go, line by line, until told to stop. */
static void obey(storm &s, char **argv)
{
	std::string line;

	for (int n = 1; standin::read_line(&line) && line != "quit";) {
		if (line == "exec")
			execute_again(argv);
		if (line == "fork") {
			fork_and_stay(s);
			continue;
		}
		s.gate.close();
		std::cout << "CALLS" << standin::calls_made() << "\n";
		standin::print_step(std::to_string(n++), s.allocator());
		bool go_on = standin::read_line(&line) && line != "quit";
		if (line == "exec")
			execute_again(argv);
		s.gate.open();
		if (!go_on)
			break;
	}
	s.stop = true;
}

static void print_end(storm &s, const char *name)
{
	std::string line;

	std::cout << "RESULT";
	for (int i = 0; i < OUTCOMES; i++)
		std::cout << " " << outcome_names[i] << "=" << s.outcomes[i];
	std::cout << "\nCALLS" << standin::calls_made() << "\n";
	standin::print_step(name, s.allocator());
	standin::read_line(&line);
}

static void work(storm &s, char **argv)
{
	std::vector<worker> workers;
	std::vector<std::thread> threads;
	const options &o = s.o;

	for (unsigned long i = 0; i < o.threads; i++) {
		uint64_t allocations = o.allocations / o.threads + (i < o.allocations % o.threads);
		uint64_t frees = o.frees / o.threads + (i < o.frees % o.threads);
		workers.push_back({s, std::mt19937_64(o.seed + i), o.loop ? UINT64_MAX : allocations,
				   o.loop ? UINT64_MAX : frees, 0, {}});
	}
	for (worker &w : workers) {
		s.gate.enter();
		threads.emplace_back(&worker::run, &w);
	}
	if (o.loop)
		obey(s, argv);
	for (std::thread &thread : threads)
		thread.join();
	if (s.handed && (o.loop || s.outcomes[FREED] < o.frees)) {
		s.handed->deallocate();
		s.outcomes[FREED]++;
	}
	print_end(s, "end");
	if (o.close) {
		s.device.close();
		print_end(s, "closed");
	}
}

static int usage(const char *what)
{
	fprintf(stderr, "standin-storm: '%s' is not understood\nusage: standin-storm [OPTION]...\n", what);
	for (const auto &row : option_table)
		fprintf(stderr, "  %-16s%s\n", row.name, row.help);
	return 2;
}

static int parse(int argc, char **argv, options *o)
{
	for (int i = 1; i < argc; i++) {
		bool known = false;
		for (const auto &row : option_table) {
			if (strcmp(argv[i], row.name) || (row.has_value && i + 1 == argc))
				continue;
			o->*row.value = row.has_value ? strtoul(argv[++i], nullptr, 10) : 1;
			known = true;
			break;
		}
		if (!known)
			return usage(argv[i]);
	}
	return o->threads ? 0 : usage("--threads 0");
}

int main(int argc, char **argv)
{
	options o;
	std::string line;
	int status = parse(argc, argv, &o);

	if (status)
		return status;
	std::vector<uint64_t> touched(o.touch << 17);
	for (size_t i = 0; i < touched.size(); i++)
		touched[i] = i * 0x9e3779b97f4a7c15ULL;
	storm s{o, tt::tt_metal::distributed::MeshDeviceImpl(roomy()), {}, {}, {}, {}, {}};
	std::cout << "READY " << getpid() << std::endl;
	standin::read_line(&line);
	work(s, argv);
	if (o.exec && !s.outcomes[UNEXPECTED])
		execute_again(argv);
	/* What still lives ends with the process, without an event. */
	std::cout.flush();
	_exit(s.outcomes[UNEXPECTED] || o.exec ? 1 : 0);
}
