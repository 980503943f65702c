/* Traces of a device: captured, replayed, released. Only a capture's end allocates. */
#include "calls.h"
#include "tt_metal.h"

namespace tt::tt_metal::distributed {

enum : DeviceAddr { TRACE_BYTES = 12 << 10, TRACE_PAGE_BYTES = 1 << 10 };

MeshDeviceImpl::MeshDeviceImpl(const AllocatorConfig &config)
	: allocator(new L1BankingAllocator(config)), queue{*allocator}
{
}

void MeshTrace::populate_mesh_buffer(MeshCommandQueue &queue, std::shared_ptr<MeshTraceBuffer> &trace, DeviceAddr bytes,
				     DeviceAddr page_bytes, DeviceAddr region_bytes)
{
	standin::count(standin::CALL_populate_mesh_buffer);
	trace->mesh_buffer = Buffer::create(queue.allocator, region_bytes ? BufferType::TRACE : BufferType::DRAM, bytes,
					    page_bytes);
}

void MeshDeviceImpl::begin_mesh_trace(uint8_t, const MeshTraceId &id)
{
	standin::count(standin::CALL_begin_mesh_trace);
	if (!capturing.insert(*id).second)
		throw std::runtime_error("the trace is being captured");
}

void MeshDeviceImpl::end_mesh_trace(uint8_t, const MeshTraceId &id)
{
	standin::count(standin::CALL_end_mesh_trace);
	if (!capturing.erase(*id))
		throw std::runtime_error("the trace is not being captured");

	auto trace = std::make_shared<MeshTraceBuffer>();
	MeshTrace::populate_mesh_buffer(queue, trace, TRACE_BYTES, TRACE_PAGE_BYTES,
					allocator->trace_buffer_manager->bank_size());
	traces[*id] = trace;
}

void MeshDeviceImpl::replay_mesh_trace(uint8_t, const MeshTraceId &id, bool)
{
	standin::count(standin::CALL_replay_mesh_trace);
	if (!traces.count(*id))
		throw std::runtime_error("no such trace");
}

void MeshDeviceImpl::release_mesh_trace(const MeshTraceId &id)
{
	standin::count(standin::CALL_release_mesh_trace);
	traces.erase(*id);
}

/* What is still allocated goes without an event of its own. */
void MeshDeviceImpl::close()
{
	allocator->deallocate_buffers();
	allocator->clear();
}

}
