/*
 * A small runtime with tt-metal's names: what pooltrace's runtimes/tt-metal.rt relies on (symbols, order of calls,
 * layouts as of 0.81.1) is here as in the published library; nothing else is. tests/standin/compare holds the two
 * against each other. It knows nothing of pooltrace.
 *
 * Everything is public, so that the layouts can be asserted; offsets are part of what is tested.
 */
#ifndef STANDIN_TT_METAL_H
#define STANDIN_TT_METAL_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace ttsl {

template <typename T, typename Tag> struct StrongType {
	T value;
	T operator*() const { return value; }
};

/* LLVM's: pointer, size, capacity, inline items. Here the inline ones are all there are. */
template <typename T, unsigned N> struct SmallVector {
	T *items = reinterpret_cast<T *>(inline_items);
	uint32_t size = 0;
	uint32_t capacity = N;
	alignas(8) unsigned char inline_items[N * sizeof(T)] = {};

	SmallVector() = default;
	SmallVector(const SmallVector &) = delete;
	SmallVector &operator=(const SmallVector &) = delete;
	~SmallVector()
	{
		for (uint32_t i = 0; i < size; i++)
			items[i].~T();
	}
	T &operator[](uint32_t i) { return items[i]; }
	const T &operator[](uint32_t i) const { return items[i]; }
	template <typename... Args> void add(Args &&...args) { new (&items[size++]) T(std::forward<Args>(args)...); }
};

}

namespace tt::tt_metal {

using DeviceAddr = uint64_t;
struct AllocatorIDTag;
using AllocatorID = ttsl::StrongType<uint32_t, AllocatorIDTag>;
enum class BufferType : int32_t { DRAM, L1, SYSTEM_MEMORY, L1_SMALL, TRACE };

/* Throws; a call of its own, so that getters have one short path. */
[[noreturn]] void fail(const char *what);

constexpr DeviceAddr ceil_div(DeviceAddr value, DeviceAddr divisor)
{
	return (value + divisor - 1) / divisor;
}

class CoreRangeSet {};

struct Statistics {
	uint64_t total_bytes, allocated_bytes, free_bytes, largest_free_bytes;
};

namespace allocator {

struct Algorithm {
	DeviceAddr max_size_bytes, offset_bytes, min_allocation_size, alignment;
	DeviceAddr shrink_size_bytes = 0;
	std::optional<DeviceAddr> lowest_occupied_address;

	Algorithm(DeviceAddr max_size, DeviceAddr offset, DeviceAddr min, DeviceAddr align)
		: max_size_bytes(max_size), offset_bytes(offset), min_allocation_size(min), alignment(align) {}
	virtual ~Algorithm() = default;
	virtual void init() = 0;
	virtual std::optional<DeviceAddr> allocate(DeviceAddr bytes, bool bottom_up, DeviceAddr address_limit) = 0;
	virtual void deallocate(DeviceAddr address) = 0;
	virtual void clear() = 0;
	virtual Statistics get_statistics() const = 0;
	virtual void shrink_size(DeviceAddr bytes, bool bottom_up) = 0;
	virtual void reset_size() = 0;
};

struct FreeListOpt : Algorithm {
	enum class SearchPolicy { BEST, FIRST };

	/* Blocks by index; those of merged blocks are used again. */
	std::vector<DeviceAddr> block_address, block_size;
	std::vector<ssize_t> block_prev, block_next;
	std::vector<uint8_t> block_is_allocated, meta_block_is_allocated;
	std::vector<size_t> free_meta_blocks;
	std::vector<size_t> free_blocks;
	std::unordered_map<DeviceAddr, size_t> *allocated; /* by address */
	uint64_t reserved = 0;
	SearchPolicy policy;

	FreeListOpt(DeviceAddr max_size, DeviceAddr offset, DeviceAddr min, DeviceAddr align, SearchPolicy policy);
	~FreeListOpt() override;
	void init() override;
	std::optional<DeviceAddr> allocate(DeviceAddr bytes, bool bottom_up, DeviceAddr address_limit) override;
	void deallocate(DeviceAddr address) override;
	void clear() override;
	Statistics get_statistics() const override;
	void shrink_size(DeviceAddr bytes, bool bottom_up) override;
	void reset_size() override;

	size_t allocate_in_block(size_t block, DeviceAddr bytes, DeviceAddr offset);
	size_t alloc_meta_block(DeviceAddr address, DeviceAddr size, ssize_t prev, ssize_t next, bool is_allocated);
	void free_meta_block(size_t block);
	void merge_into_left(size_t left, size_t right);
};

}

struct BankManager {
	struct AllocatorDependencies {
		/* Of each allocator, the others that share its banks; one allocator has none. */
		ttsl::SmallVector<ttsl::SmallVector<AllocatorID, 8>, 8> dependencies;
		AllocatorDependencies();
	};

	BufferType buffer_type;
	std::unordered_map<uint32_t, int64_t> bank_id_to_bank_offset; /* its count is the number of banks */
	DeviceAddr interleaved_address_limit = 0;
	uint32_t alignment_bytes;
	AllocatorDependencies allocator_dependencies;
	ttsl::SmallVector<std::unordered_set<DeviceAddr>, 8> allocated_buffers;
	ttsl::SmallVector<std::unique_ptr<allocator::Algorithm>, 8> allocators;

	BankManager(const BufferType &type, const std::vector<int64_t> &bank_offsets, DeviceAddr bank_bytes,
		    uint32_t alignment, uint32_t min_allocation, DeviceAddr base, bool disable_interleaved,
		    const AllocatorDependencies &dependencies);
	BankManager(const BufferType &type, const std::unordered_map<uint32_t, int64_t> &bank_offsets,
		    DeviceAddr bank_bytes, DeviceAddr interleaved_limit, uint32_t alignment, uint32_t min_allocation,
		    DeviceAddr base, bool disable_interleaved, const AllocatorDependencies &dependencies);
	BankManager &operator=(BankManager &&that) noexcept;

	uint32_t num_banks() const;
	DeviceAddr bank_size() const;
	allocator::Algorithm *get_allocator_from_id(AllocatorID id);
	DeviceAddr allocate_buffer(DeviceAddr bytes, DeviceAddr page_bytes, bool bottom_up, const CoreRangeSet &cores,
				   std::optional<uint32_t> num_shards, AllocatorID id,
				   const std::vector<std::pair<DeviceAddr, DeviceAddr>> &occupied,
				   const std::optional<std::unordered_set<uint32_t>> &scope);
	void deallocate_buffer(DeviceAddr address, AllocatorID id);
	void deallocate_all();
	void clear();
	/* Take @bytes at the begin of each bank away, and give all that was taken back. */
	void shrink_size(DeviceAddr bytes, bool bottom_up, AllocatorID id);
	void reset_size(AllocatorID id);
	void mark_allocated(AllocatorID id, DeviceAddr address, DeviceAddr bytes);
	void init_allocators(DeviceAddr bank_bytes, uint32_t min_allocation, DeviceAddr base);
};

struct Buffer;
struct AllocatorImpl;

/* What the program sees of an allocator. */
struct Allocator {
	AllocatorImpl *impl;
};

/* Bytes of a bank and its first address, of each pool. A pool of no bytes has no banks. */
struct AllocatorConfig {
	struct Pool {
		uint32_t banks;
		DeviceAddr bank_bytes, base;
	} dram, l1, l1_small, trace;
};

struct AllocatorImpl {
	mutable std::mutex mutex;
	std::unique_ptr<BankManager> dram_manager, l1_manager, l1_small_manager, trace_buffer_manager;
	unsigned char reserved_0[0x130 - 0x50] = {};
	std::unordered_set<Buffer *> allocated_buffers;
	unsigned char reserved_1[0x288 - 0x168] = {};
	Allocator allocator_view;

	explicit AllocatorImpl(const AllocatorConfig &config);
	virtual ~AllocatorImpl();
	DeviceAddr allocate_buffer(Buffer *buffer);
	void deallocate_buffer(Buffer *buffer);
	void deallocate_buffers();
	void clear();
	const Allocator &view() const;
	std::unordered_set<Buffer *> get_allocated_buffers() const;
	void shrink_allocator_size(const BufferType &type, DeviceAddr bytes, bool bottom_up);
	void reset_allocator_size(const BufferType &type);
	Statistics get_statistics(const BufferType &type) const;
	BankManager *manager(BufferType type) const;
};

struct L1BankingAllocator : AllocatorImpl {
	explicit L1BankingAllocator(const AllocatorConfig &config);
	~L1BankingAllocator() override;
};

struct BufferImpl {
	void *device = nullptr;
	DeviceAddr size;
	BufferType buffer_type;
	int32_t buffer_layout = 0;
	bool bottom_up;
	std::optional<uint32_t> num_shards;
	uint64_t sub_device_manager = 0;
	AllocatorImpl *allocator;
	std::atomic<uint8_t> allocated{0};
	DeviceAddr address = 0;
	DeviceAddr page_size;
	unsigned char reserved[0x218 - 0x50] = {};
	uint64_t unique_id;
};

struct Buffer : std::enable_shared_from_this<Buffer> {
	std::unique_ptr<BufferImpl> impl;

	Buffer(AllocatorImpl &allocator, BufferType type, DeviceAddr size, DeviceAddr page_size,
	       std::optional<uint32_t> num_shards);
	~Buffer();
	static std::shared_ptr<Buffer> create(AllocatorImpl &allocator, BufferType type, DeviceAddr size,
					      DeviceAddr page_size, std::optional<uint32_t> num_shards = {});
	void allocate();
	void deallocate();

	uint32_t address() const;
	DeviceAddr size() const;
	BufferType buffer_type() const;
	DeviceAddr page_size() const;
	AllocatorImpl *allocator() const;
	int32_t buffer_layout() const;
	uint64_t unique_id() const;
};

struct IGraphProcessor {
	virtual ~IGraphProcessor() = default;
	virtual void track_allocate(const Buffer *) {}
	virtual void track_deallocate(Buffer *) {}
};

struct GraphTracker {
	static GraphTracker &instance();
	void track_allocate(const Buffer *buffer);
	void track_deallocate(Buffer *buffer);
	static thread_local std::vector<std::shared_ptr<IGraphProcessor>> processors;
};

namespace distributed {

struct MeshTraceIdTag;
using MeshTraceId = ttsl::StrongType<uint32_t, MeshTraceIdTag>;

struct MeshTraceBuffer {
	std::shared_ptr<Buffer> mesh_buffer;
};

struct MeshCommandQueue {
	AllocatorImpl &allocator;
};

struct MeshTrace {
	static void populate_mesh_buffer(MeshCommandQueue &queue, std::shared_ptr<MeshTraceBuffer> &trace,
					 DeviceAddr bytes, DeviceAddr page_bytes, DeviceAddr region_bytes);
};

struct MeshDeviceImpl {
	std::unique_ptr<AllocatorImpl> allocator;
	MeshCommandQueue queue;
	std::map<uint32_t, std::shared_ptr<MeshTraceBuffer>> traces;
	std::set<uint32_t> capturing;

	explicit MeshDeviceImpl(const AllocatorConfig &config);
	void begin_mesh_trace(uint8_t cq, const MeshTraceId &id);
	void end_mesh_trace(uint8_t cq, const MeshTraceId &id);
	void replay_mesh_trace(uint8_t cq, const MeshTraceId &id, bool blocking);
	void release_mesh_trace(const MeshTraceId &id);
	void close();
};

}
}

#endif
