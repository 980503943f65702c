/*
 * The small functions whose code shows where a member lies. In a file of their own because the others are compiled to
 * begin with a push, and these to be as short as they can.
 */
#include "tt_metal.h"

namespace tt::tt_metal {

uint32_t BankManager::num_banks() const
{
	return bank_id_to_bank_offset.size();
}

allocator::Algorithm *BankManager::get_allocator_from_id(AllocatorID id)
{
	if (*id >= allocator_dependencies.dependencies.size)
		fail("no such allocator");
	return allocators[*id].get();
}

DeviceAddr BankManager::bank_size() const
{
	if (!allocators.size)
		fail("no such allocator");
	return allocators[0]->max_size_bytes;
}

uint32_t Buffer::address() const
{
	if (!impl->allocated.load(std::memory_order_relaxed))
		fail("the buffer is not allocated");
	return impl->address;
}

DeviceAddr Buffer::size() const
{
	return impl->size;
}

BufferType Buffer::buffer_type() const
{
	return impl->buffer_type;
}

DeviceAddr Buffer::page_size() const
{
	return impl->page_size;
}

int32_t Buffer::buffer_layout() const
{
	return impl->buffer_layout;
}

uint64_t Buffer::unique_id() const
{
	return impl->unique_id;
}

AllocatorImpl *Buffer::allocator() const
{
	return impl->allocator->view().impl;
}

}
