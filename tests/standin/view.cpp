#include "view.h"
#include "calls.h"

#include <iostream>
#include <unistd.h>

using namespace tt::tt_metal;

namespace standin {

static const struct {
	const char *name;
	BufferType type;
} pools[] = {
	{"DRAM", BufferType::DRAM},
	{"L1", BufferType::L1},
	{"L1_SMALL", BufferType::L1_SMALL},
	{"TRACE", BufferType::TRACE},
};

AllocatorConfig wormhole(bool trace_region)
{
	AllocatorConfig config = {
		{12, 1072693184, 1048640},
		{64, 1360544, 105824},
		{64, 32768, 1466368},
		{12, 0, 1073741824},
	};

	if (trace_region) {
		config.trace.bank_bytes = 90112;
		config.trace.base -= config.trace.bank_bytes;
		config.dram.bank_bytes -= config.trace.bank_bytes;
	}
	return config;
}

static uint64_t asked_bytes(const AllocatorImpl &allocator, BufferType type)
{
	std::lock_guard<std::mutex> lock(allocator.mutex);
	uint64_t bytes = 0;

	for (const Buffer *buffer : allocator.allocated_buffers)
		bytes += buffer->buffer_type() == type ? buffer->size() : 0;
	return bytes;
}

static uint64_t reserved_bytes(const AllocatorImpl &allocator, BufferType type)
{
	return allocator.get_statistics(type).allocated_bytes * allocator.manager(type)->num_banks();
}

void print_step(const std::string &name, const AllocatorImpl &allocator)
{
	std::string asked = "ASKED", reserved = "STEP " + name;

	for (const auto &pool : pools) {
		asked += std::string(" ") + pool.name + "=" + std::to_string(asked_bytes(allocator, pool.type));
		reserved += std::string(" ") + pool.name + "=" + std::to_string(reserved_bytes(allocator, pool.type));
	}
	std::cout << asked << "\n" << reserved << std::endl;
}

bool read_line(std::string *ret)
{
	char c;

	ret->clear();
	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (c == '\n')
			return true;
		*ret += c;
	}
	return false;
}

std::string calls_made()
{
	std::string text;

#define X(name) text += " " #name "=" + std::to_string(calls[CALL_##name]);
	STANDIN_CALLS(X)
#undef X
	return text;
}

}
