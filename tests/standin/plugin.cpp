/*
 * libstandin_plugin.so: the stand-in runtime for programs that load it late. Its constructor allocates before dlopen()
 * returns, which only a tracer that is there by then can see.
 */
#include "calls.h"
#include "view.h"

#include <iostream>

using namespace tt::tt_metal;

enum { BY_CONSTRUCTOR = 101 };

/* Never destroyed: what lives at the end of the process ends with it. */
struct plugin {
	distributed::MeshDeviceImpl device{standin::wormhole(true)};
	std::vector<std::shared_ptr<Buffer>> live;
};

static plugin *the_plugin;

extern "C" {
void plugin_allocate(unsigned long nr);
void plugin_free(unsigned long nr);
void plugin_fail(unsigned long nr);
void plugin_step(const char *name);
}

/* Of different sizes, in DRAM and L1. */
void plugin_allocate(unsigned long nr)
{
	static const BufferType types[] = {BufferType::DRAM, BufferType::L1, BufferType::DRAM};

	for (unsigned long i = 0; i < nr; i++) {
		unsigned long n = the_plugin->live.size();

		the_plugin->live.push_back(std::make_shared<Buffer>(*the_plugin->device.allocator, types[n % 3],
								    2048 * (1 + n % 7), 2048, std::nullopt));
		the_plugin->live.back()->allocate();
	}
}

void plugin_free(unsigned long nr)
{
	for (unsigned long i = 0; i < nr && !the_plugin->live.empty(); i++) {
		the_plugin->live.back()->deallocate();
		the_plugin->live.pop_back();
	}
}

/* More than a bank has. */
void plugin_fail(unsigned long nr)
{
	for (unsigned long i = 0; i < nr; i++) {
		try {
			Buffer(*the_plugin->device.allocator, BufferType::L1, 1UL << 40, 2048, std::nullopt).allocate();
		} catch (const std::exception &) {
			continue;
		}
		std::abort();
	}
}

void plugin_step(const char *name)
{
	std::cout << "CALLS" << standin::calls_made() << "\n";
	standin::print_step(name, *the_plugin->device.allocator);
}

__attribute__((constructor)) static void construct()
{
	the_plugin = new plugin;
	plugin_allocate(BY_CONSTRUCTOR);
}
