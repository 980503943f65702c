/*
 * standin-infer: an inference program on the stand-in runtime. Init, warm-up, Capture, Execution, Release, exit; after
 * each step it prints `STEP name` and, for each pool, the bytes that its own free lists say are reserved.
 *
 *   --seconds N          how long it takes, most of it replaying (default 13; 0: no pauses)
 *   --seed N             of the weights' sizes (default: the time)
 *   --hold               waits for a line on standard input after each step
 *   --no-trace-region    the trace's buffer lies in DRAM
 */
#include "view.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <random>
#include <thread>

using namespace tt::tt_metal;
using namespace tt::tt_metal::distributed;

enum { LAYERS = 29, REPLAYS = 307 };

struct options {
	unsigned long seconds = 13, seed = time(nullptr);
	bool hold = false, trace_region = true;
};

/* Execution takes 60 of 100 parts of the time, loading the weights 20, four pauses 5 each. */
static void pause(const options &o, unsigned percent)
{
	std::this_thread::sleep_for(std::chrono::milliseconds(o.seconds * 10 * percent));
}

static void step(const options &o, const MeshDeviceImpl &device, const char *name)
{
	std::string line;

	standin::print_step(name, *device.allocator);
	if (o.hold)
		standin::read_line(&line);
}

static void infer(const options &o)
{
	MeshDeviceImpl device(standin::wormhole(o.trace_region));
	AllocatorImpl &allocator = *device.allocator;
	std::vector<std::shared_ptr<Buffer>> weights;
	std::mt19937_64 random(o.seed);
	const MeshTraceId trace = {0};

	step(o, device, "open");
	for (int layer = 0; layer < LAYERS; layer++) {
		uint64_t pages = 1000 + random() % 20000;
		weights.push_back(Buffer::create(allocator, BufferType::DRAM, pages * 2048, 2048));
		std::this_thread::sleep_for(std::chrono::milliseconds(o.seconds * 200 / LAYERS));
	}
	step(o, device, "weights");

	auto table = Buffer::create(allocator, BufferType::L1_SMALL, 64 * 32 * (1 + random() % 16), 32, 64);
	auto input = Buffer::create(allocator, BufferType::L1, 2048 * (64 + random() % 1024), 2048);
	auto output = Buffer::create(allocator, BufferType::L1, input->size(), 2048);
	pause(o, 5);
	step(o, device, "warm-up");

	device.begin_mesh_trace(0, trace);
	auto traced_output = Buffer::create(allocator, BufferType::L1, input->size(), 2048);
	pause(o, 5);
	device.end_mesh_trace(0, trace);
	step(o, device, "capture");

	for (int i = 0; i < REPLAYS; i++) {
		device.replay_mesh_trace(0, trace, false);
		std::this_thread::sleep_for(std::chrono::microseconds(o.seconds * 600000 / REPLAYS));
	}
	step(o, device, "execute");

	device.release_mesh_trace(trace);
	pause(o, 5);
	step(o, device, "release");
	weights.clear();
	input.reset();
	pause(o, 5);
	step(o, device, "free");
	device.close();
	step(o, device, "closed");
}

int main(int argc, char **argv)
{
	options o;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--hold")) {
			o.hold = true;
		} else if (!strcmp(argv[i], "--no-trace-region")) {
			o.trace_region = false;
		} else if (i + 1 < argc && !strcmp(argv[i], "--seconds")) {
			o.seconds = strtoul(argv[++i], nullptr, 10);
		} else if (i + 1 < argc && !strcmp(argv[i], "--seed")) {
			o.seed = strtoul(argv[++i], nullptr, 10);
		} else {
			fprintf(stderr, "usage: standin-infer [--seconds N] [--seed N] [--hold] [--no-trace-region]\n");
			return 2;
		}
	}
	infer(o);
	return 0;
}
