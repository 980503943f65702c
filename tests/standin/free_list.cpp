/* One bank's blocks: best or first fit, split on allocation, merged with free neighbours on release. */
#include "tt_metal.h"

namespace tt::tt_metal::allocator {

FreeListOpt::FreeListOpt(DeviceAddr max_size, DeviceAddr offset, DeviceAddr min, DeviceAddr align, SearchPolicy search)
	: Algorithm(max_size, offset, min, align), allocated(new std::unordered_map<DeviceAddr, size_t>), policy(search)
{
	FreeListOpt::init();
}

FreeListOpt::~FreeListOpt()
{
	delete allocated;
}

void FreeListOpt::init()
{
	block_address.clear();
	block_size.clear();
	block_prev.clear();
	block_next.clear();
	block_is_allocated.clear();
	meta_block_is_allocated.clear();
	free_meta_blocks.clear();
	free_blocks.clear();
	allocated->clear();
	max_size_bytes += shrink_size_bytes;
	shrink_size_bytes = 0;
	if (max_size_bytes)
		free_blocks.push_back(alloc_meta_block(0, max_size_bytes, -1, -1, false));
}

std::optional<DeviceAddr> FreeListOpt::allocate(DeviceAddr bytes, bool bottom_up, DeviceAddr)
{
	DeviceAddr size = ceil_div(bytes < min_allocation_size ? min_allocation_size : bytes, alignment) * alignment;
	std::optional<size_t> best;

	for (size_t i : free_blocks) {
		if (block_size[i] < size)
			continue;
		bool outer = best && (block_address[i] < block_address[*best]) == bottom_up;
		bool same = best && (policy == SearchPolicy::FIRST || block_size[i] == block_size[*best]);
		if (!best || (same ? outer : block_size[i] < block_size[*best]))
			best = i;
	}
	if (!best)
		return std::nullopt;

	size_t block = allocate_in_block(*best, size, bottom_up ? 0 : block_size[*best] - size);
	(*allocated)[block_address[block]] = block;
	return block_address[block] + offset_bytes;
}

size_t FreeListOpt::allocate_in_block(size_t block, DeviceAddr bytes, DeviceAddr offset)
{
	for (size_t &free : free_blocks) {
		if (free == block) {
			free = free_blocks.back();
			free_blocks.pop_back();
			break;
		}
	}
	/* As in the original, the block is flagged before it is split: a reader from outside may see that. */
	block_is_allocated[block] = 1;
	if (offset) {
		size_t left = alloc_meta_block(block_address[block], offset, block_prev[block], block, false);
		if (block_prev[block] >= 0)
			block_next[block_prev[block]] = left;
		block_prev[block] = left;
		block_address[block] += offset;
		block_size[block] -= offset;
		free_blocks.push_back(left);
	}
	if (block_size[block] > bytes) {
		size_t right = alloc_meta_block(block_address[block] + bytes, block_size[block] - bytes, block,
						block_next[block], false);
		if (block_next[block] >= 0)
			block_prev[block_next[block]] = right;
		block_next[block] = right;
		block_size[block] = bytes;
		free_blocks.push_back(right);
	}
	return block;
}

void FreeListOpt::deallocate(DeviceAddr address)
{
	auto found = allocated->find(address - offset_bytes);
	if (found == allocated->end())
		return;

	size_t block = found->second;
	allocated->erase(found);
	block_is_allocated[block] = 0;
	free_blocks.push_back(block);

	ssize_t prev = block_prev[block], next = block_next[block];
	if (next >= 0 && !block_is_allocated[next])
		merge_into_left(block, next);
	if (prev >= 0 && !block_is_allocated[prev])
		merge_into_left(prev, block);
}

void FreeListOpt::merge_into_left(size_t left, size_t right)
{
	block_size[left] += block_size[right];
	block_next[left] = block_next[right];
	if (block_next[right] >= 0)
		block_prev[block_next[right]] = left;
	free_meta_block(right);
}

void FreeListOpt::shrink_size(DeviceAddr bytes, bool)
{
	for (size_t i = 0; i < block_address.size(); i++) {
		if (!meta_block_is_allocated[i] || block_address[i] != shrink_size_bytes)
			continue;
		if (block_is_allocated[i] || block_size[i] < bytes)
			break;
		block_address[i] += bytes;
		block_size[i] -= bytes;
		max_size_bytes -= bytes;
		shrink_size_bytes += bytes;
		return;
	}
	fail("what is to be taken away is in use");
}

void FreeListOpt::reset_size()
{
	if (!shrink_size_bytes)
		return;
	for (size_t i = 0; i < block_address.size(); i++) {
		if (!meta_block_is_allocated[i] || block_address[i] != shrink_size_bytes)
			continue;
		size_t block = i;
		if (block_is_allocated[i]) {
			block = alloc_meta_block(0, 0, -1, i, false);
			block_prev[i] = block;
			free_blocks.push_back(block);
		}
		block_address[block] = 0;
		block_size[block] += shrink_size_bytes;
		break;
	}
	max_size_bytes += shrink_size_bytes;
	shrink_size_bytes = 0;
}

void FreeListOpt::clear()
{
	init();
}

size_t FreeListOpt::alloc_meta_block(DeviceAddr address, DeviceAddr size, ssize_t prev, ssize_t next, bool is_allocated)
{
	size_t block = block_address.size();

	if (free_meta_blocks.empty()) {
		block_address.push_back(address);
		block_size.push_back(size);
		block_prev.push_back(prev);
		block_next.push_back(next);
		block_is_allocated.push_back(is_allocated);
		meta_block_is_allocated.push_back(1);
		return block;
	}
	block = free_meta_blocks.back();
	free_meta_blocks.pop_back();
	block_address[block] = address;
	block_size[block] = size;
	block_prev[block] = prev;
	block_next[block] = next;
	block_is_allocated[block] = is_allocated;
	meta_block_is_allocated[block] = 1;
	return block;
}

void FreeListOpt::free_meta_block(size_t block)
{
	for (size_t &free : free_blocks) {
		if (free == block) {
			free = free_blocks.back();
			free_blocks.pop_back();
			break;
		}
	}
	meta_block_is_allocated[block] = 0;
	free_meta_blocks.push_back(block);
}

Statistics FreeListOpt::get_statistics() const
{
	Statistics s = {max_size_bytes, 0, 0, 0};

	for (size_t i = 0; i < block_address.size(); i++) {
		if (!meta_block_is_allocated[i])
			continue;
		(block_is_allocated[i] ? s.allocated_bytes : s.free_bytes) += block_size[i];
		if (!block_is_allocated[i] && block_size[i] > s.largest_free_bytes)
			s.largest_free_bytes = block_size[i];
	}
	return s;
}

#define AT(member, offset) static_assert(offsetof(FreeListOpt, member) == offset)
AT(max_size_bytes, 0x08);
AT(offset_bytes, 0x10);
AT(min_allocation_size, 0x18);
AT(alignment, 0x20);
AT(shrink_size_bytes, 0x28);
AT(block_address, 0x40);
AT(block_size, 0x58);
AT(block_is_allocated, 0xa0);
AT(meta_block_is_allocated, 0xb8);

}
