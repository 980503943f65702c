/* One pool: a free list for all its banks, which are used in lock-step. */
#include "calls.h"
#include "tt_metal.h"

#include <string>

namespace standin {

std::atomic<uint64_t> calls[CALLS];

static thread_local void (*out_of_memory)();

void set_out_of_memory(void (*hook)())
{
	out_of_memory = hook;
}

}

namespace tt::tt_metal {

void fail(const char *what)
{
	throw std::runtime_error(what);
}

BankManager::AllocatorDependencies::AllocatorDependencies()
{
	dependencies.add();
}

BankManager::BankManager(const BufferType &type, const std::vector<int64_t> &bank_offsets, DeviceAddr bank_bytes,
			 uint32_t alignment, uint32_t min_allocation, DeviceAddr base, bool,
			 const AllocatorDependencies &)
	: buffer_type(type), alignment_bytes(alignment)
{
	standin::count(standin::CALL_construct);
	for (uint32_t bank = 0; bank < bank_offsets.size(); bank++)
		bank_id_to_bank_offset.emplace(bank, bank_offsets[bank]);
	init_allocators(bank_bytes, min_allocation, base);
}

BankManager::BankManager(const BufferType &type, const std::unordered_map<uint32_t, int64_t> &bank_offsets,
			 DeviceAddr bank_bytes, DeviceAddr interleaved_limit, uint32_t alignment,
			 uint32_t min_allocation, DeviceAddr base, bool, const AllocatorDependencies &)
	: buffer_type(type), bank_id_to_bank_offset(bank_offsets), interleaved_address_limit(interleaved_limit),
	  alignment_bytes(alignment)
{
	standin::count(standin::CALL_construct);
	init_allocators(bank_bytes, min_allocation, base);
}

BankManager &BankManager::operator=(BankManager &&that) noexcept
{
	buffer_type = that.buffer_type;
	bank_id_to_bank_offset = std::move(that.bank_id_to_bank_offset);
	interleaved_address_limit = that.interleaved_address_limit;
	alignment_bytes = that.alignment_bytes;
	allocated_buffers[0] = std::move(that.allocated_buffers[0]);
	allocators[0] = std::move(that.allocators[0]);
	return *this;
}

void BankManager::init_allocators(DeviceAddr bank_bytes, uint32_t min_allocation, DeviceAddr base)
{
	allocators.add(new allocator::FreeListOpt(bank_bytes, base, min_allocation, min_allocation,
						  allocator::FreeListOpt::SearchPolicy::BEST));
	allocated_buffers.add();
}

DeviceAddr BankManager::allocate_buffer(DeviceAddr bytes, DeviceAddr page_bytes, bool bottom_up, const CoreRangeSet &,
					std::optional<uint32_t> num_shards, AllocatorID id,
					const std::vector<std::pair<DeviceAddr, DeviceAddr>> &,
					const std::optional<std::unordered_set<uint32_t>> &)
{
	standin::count(standin::CALL_allocate_buffer);
	uint32_t banks = num_shards ? *num_shards : num_banks();
	if (!banks || !page_bytes)
		fail("the pool has no banks");

	DeviceAddr pages = ceil_div(ceil_div(bytes, page_bytes), banks);
	DeviceAddr bank_bytes = pages * ceil_div(page_bytes, alignment_bytes) * alignment_bytes;
	std::optional<DeviceAddr> address = get_allocator_from_id(id)->allocate(bank_bytes, bottom_up, 0);
	if (!address) {
		if (standin::out_of_memory)
			standin::out_of_memory();
		throw std::runtime_error("Out of Memory: Not enough space to allocate " + std::to_string(bytes) + " B");
	}
	allocated_buffers[*id].insert(*address);
	return *address;
}

void BankManager::deallocate_buffer(DeviceAddr address, AllocatorID id)
{
	standin::count(standin::CALL_deallocate_buffer);
	get_allocator_from_id(id)->deallocate(address);
	allocated_buffers[*id].erase(address);
}

void BankManager::deallocate_all()
{
	standin::count(standin::CALL_deallocate_all);
	for (uint32_t i = 0; i < allocators.size; i++) {
		for (DeviceAddr address : allocated_buffers[i])
			allocators[i]->deallocate(address);
		allocated_buffers[i].clear();
	}
}

void BankManager::clear()
{
	standin::count(standin::CALL_clear);
	for (uint32_t i = 0; i < allocators.size; i++) {
		allocators[i]->clear();
		allocated_buffers[i].clear();
	}
}

void BankManager::shrink_size(DeviceAddr bytes, bool bottom_up, AllocatorID id)
{
	get_allocator_from_id(id)->shrink_size(bytes, bottom_up);
}

void BankManager::reset_size(AllocatorID id)
{
	get_allocator_from_id(id)->reset_size();
	interleaved_address_limit = 0;
}

/* Of a chip's own manager, whose first list repeats what its mesh has allocated; there are none here. */
void BankManager::mark_allocated(AllocatorID id, DeviceAddr address, DeviceAddr)
{
	if (*id >= allocator_dependencies.dependencies.size)
		fail("no such allocator");
	allocated_buffers[*id].insert(address);
}

#define AT(member, offset) static_assert(offsetof(BankManager, member) == offset)
AT(buffer_type, 0);
AT(bank_id_to_bank_offset, 0x08);
AT(alignment_bytes, 0x48);
AT(allocator_dependencies, 0x50);
AT(allocated_buffers, 0x1e0);
AT(allocators, 0x3b0);
AT(allocators.inline_items, 0x3c0);

}
