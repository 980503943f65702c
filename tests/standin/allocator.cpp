/* A device's four pools, the buffers in them, and who is told of them. */
#include "calls.h"
#include "tt_metal.h"

namespace tt::tt_metal {

static constexpr AllocatorID FIRST_ALLOCATOR = {0};
enum : int32_t { INTERLEAVED, HEIGHT_SHARDED = 2 };
static std::atomic<uint64_t> next_id{1};
enum : uint32_t { DRAM_ALIGNMENT = 32, L1_ALIGNMENT = 16, MIN_ALLOCATION = 32 };

static std::unique_ptr<BankManager> make_manager(BufferType type, const AllocatorConfig::Pool &pool, uint32_t alignment)
{
	std::vector<int64_t> bank_offsets(pool.bank_bytes ? pool.banks : 0);

	return std::make_unique<BankManager>(type, bank_offsets, pool.bank_bytes, alignment, MIN_ALLOCATION, pool.base,
					     false, BankManager::AllocatorDependencies());
}

AllocatorImpl::AllocatorImpl(const AllocatorConfig &config)
	: dram_manager(make_manager(BufferType::DRAM, config.dram, DRAM_ALIGNMENT)),
	  l1_manager(make_manager(BufferType::L1, config.l1, L1_ALIGNMENT)),
	  l1_small_manager(make_manager(BufferType::L1_SMALL, config.l1_small, L1_ALIGNMENT)),
	  trace_buffer_manager(make_manager(BufferType::TRACE, config.trace, DRAM_ALIGNMENT)), allocator_view{this}
{
}

AllocatorImpl::~AllocatorImpl() = default;

BankManager *AllocatorImpl::manager(BufferType type) const
{
	switch (type) {
	case BufferType::DRAM: return dram_manager.get();
	case BufferType::L1: return l1_manager.get();
	case BufferType::L1_SMALL: return l1_small_manager.get();
	case BufferType::TRACE: return trace_buffer_manager.get();
	case BufferType::SYSTEM_MEMORY: break;
	}
	throw std::runtime_error("system memory is not allocated here");
}

DeviceAddr AllocatorImpl::allocate_buffer(Buffer *buffer)
{
	std::lock_guard<std::mutex> lock(mutex);
	const BufferImpl &b = *buffer->impl;
	BankManager *pool = manager(b.buffer_type);
	/* The manager is asked for whole, aligned pages: more than the buffer's size. */
	DeviceAddr page_bytes = ceil_div(b.page_size, pool->alignment_bytes) * pool->alignment_bytes;
	DeviceAddr bytes = ceil_div(b.size, b.page_size) * page_bytes;
	DeviceAddr address = pool->allocate_buffer(bytes, page_bytes, b.bottom_up, CoreRangeSet(), b.num_shards,
						   FIRST_ALLOCATOR, {}, {});

	allocated_buffers.insert(buffer);
	return address;
}

void AllocatorImpl::deallocate_buffer(Buffer *buffer)
{
	std::lock_guard<std::mutex> lock(mutex);

	manager(buffer->buffer_type())->deallocate_buffer(buffer->address(), FIRST_ALLOCATOR);
	allocated_buffers.erase(buffer);
}

void AllocatorImpl::deallocate_buffers()
{
	std::lock_guard<std::mutex> lock(mutex);

	dram_manager->deallocate_all();
	l1_manager->deallocate_all();
	l1_small_manager->deallocate_all();
	trace_buffer_manager->deallocate_all();
}

void AllocatorImpl::clear()
{
	std::lock_guard<std::mutex> lock(mutex);

	dram_manager->clear();
	l1_manager->clear();
	l1_small_manager->clear();
	trace_buffer_manager->clear();
	for (Buffer *buffer : allocated_buffers)
		buffer->impl->allocated = 0;
	allocated_buffers.clear();
}

std::unordered_set<Buffer *> AllocatorImpl::get_allocated_buffers() const
{
	std::lock_guard<std::mutex> lock(mutex);
	std::unordered_set<Buffer *> copy;

	copy = allocated_buffers;
	return copy;
}

void AllocatorImpl::shrink_allocator_size(const BufferType &type, DeviceAddr bytes, bool bottom_up)
{
	std::lock_guard<std::mutex> lock(mutex);

	manager(type)->shrink_size(bytes, bottom_up, FIRST_ALLOCATOR);
}

void AllocatorImpl::reset_allocator_size(const BufferType &type)
{
	std::lock_guard<std::mutex> lock(mutex);

	manager(type)->reset_size(FIRST_ALLOCATOR);
}

const Allocator &AllocatorImpl::view() const
{
	return allocator_view;
}

Statistics AllocatorImpl::get_statistics(const BufferType &type) const
{
	std::lock_guard<std::mutex> lock(mutex);

	return manager(type)->get_allocator_from_id(FIRST_ALLOCATOR)->get_statistics();
}

L1BankingAllocator::L1BankingAllocator(const AllocatorConfig &config) : AllocatorImpl(config) {}
L1BankingAllocator::~L1BankingAllocator() = default;

Buffer::Buffer(AllocatorImpl &allocator, BufferType type, DeviceAddr size, DeviceAddr page_size,
	       std::optional<uint32_t> num_shards)
	: impl(new BufferImpl)
{
	impl->allocator = &allocator;
	impl->buffer_type = type;
	impl->size = size;
	impl->page_size = page_size;
	impl->num_shards = num_shards;
	impl->bottom_up = type == BufferType::DRAM;
	impl->buffer_layout = num_shards ? HEIGHT_SHARDED : INTERLEAVED;
	impl->unique_id = next_id++;
}

Buffer::~Buffer()
{
	deallocate();
}

std::shared_ptr<Buffer> Buffer::create(AllocatorImpl &allocator, BufferType type, DeviceAddr size, DeviceAddr page_size,
				       std::optional<uint32_t> num_shards)
{
	auto buffer = std::make_shared<Buffer>(allocator, type, size, page_size, num_shards);

	buffer->allocate();
	return buffer;
}

void Buffer::allocate()
{
	impl->address = impl->allocator->allocate_buffer(this);
	impl->allocated = 1;
	GraphTracker::instance().track_allocate(this);
}

void Buffer::deallocate()
{
	if (!impl->allocated)
		return;
	GraphTracker::instance().track_deallocate(this);
	/* A phantom reserved nothing. */
	if (impl->address)
		impl->allocator->deallocate_buffer(this);
	impl->allocated = 0;
}

thread_local std::vector<std::shared_ptr<IGraphProcessor>> GraphTracker::processors;

GraphTracker &GraphTracker::instance()
{
	static GraphTracker tracker;

	return tracker;
}

void GraphTracker::track_allocate(const Buffer *buffer)
{
	standin::count(standin::CALL_track_allocate);
	for (auto &processor : processors)
		processor->track_allocate(buffer);
}

void GraphTracker::track_deallocate(Buffer *buffer)
{
	standin::count(standin::CALL_track_deallocate);
	for (auto &processor : processors)
		processor->track_deallocate(buffer);
}

#define AT(type, member, offset) static_assert(offsetof(type, member) == offset)
AT(AllocatorImpl, mutex, 0x08);
AT(AllocatorImpl, dram_manager, 0x30);
AT(AllocatorImpl, trace_buffer_manager, 0x48);
AT(AllocatorImpl, allocated_buffers, 0x130);
AT(AllocatorImpl, allocator_view, 0x288);
AT(Buffer, impl, 0x10);
AT(BufferImpl, device, 0x00);
AT(BufferImpl, size, 0x08);
AT(BufferImpl, buffer_type, 0x10);
AT(BufferImpl, allocator, 0x30);
AT(BufferImpl, allocated, 0x38);
AT(BufferImpl, address, 0x40);
AT(BufferImpl, page_size, 0x48);
AT(BufferImpl, buffer_layout, 0x14);
AT(BufferImpl, unique_id, 0x218);

}
