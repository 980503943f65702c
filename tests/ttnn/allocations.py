"""Every way in which a program takes and gives back a device's memory, or seems to, one step each.

With the argument `hybrid` the allocators work in that mode. After each step a line `STEP name POOL=bytes ... asked=bytes
failed=number`: what the runtime itself says is allocated (bytes a bank * banks), the bytes that this program's own tensors
ask for, and how many allocations have failed so far; then it waits for a line.
"""
import gc
import os
import sys

HYBRID = "hybrid" in sys.argv[1:]
if HYBRID:
    os.environ["TT_METAL_ALLOCATOR_MODE_HYBRID"] = "1"
import ttnn  # noqa: E402

POOLS = ("DRAM", "L1", "L1_SMALL", "TRACE")
live = {}
kept = []  # what is no tensor
failed = 0
dev = None


def view():
    if dev is None:
        return dict.fromkeys(POOLS, 0)
    found = {}
    for pool in POOLS:
        m = ttnn.get_memory_view(dev, getattr(ttnn.BufferType, pool))
        found[pool] = m.total_bytes_allocated_per_bank * m.num_banks
    return found


def size(t):
    bytes_of = {ttnn.bfloat16: 2, ttnn.uint32: 4}
    return t.volume() * bytes_of[t.dtype]


def step(name):
    gc.collect()
    asked = sum(size(t) for t in live.values())
    print("STEP", name, *(f"{k}={v}" for k, v in view().items()), f"asked={asked}", f"failed={failed}", flush=True)
    if not sys.stdin.readline():
        sys.exit(1)


def interleaved(pool):
    return ttnn.MemoryConfig(ttnn.TensorMemoryLayout.INTERLEAVED, getattr(ttnn.BufferType, pool))


def sharded(layout, columns, rows, shape, pool="L1"):
    cores = ttnn.CoreRangeSet({ttnn.CoreRange(ttnn.CoreCoord(0, 0), ttnn.CoreCoord(columns - 1, rows - 1))})
    shard = ttnn.ShardSpec(cores, shape, ttnn.ShardOrientation.ROW_MAJOR)
    return ttnn.MemoryConfig(getattr(ttnn.TensorMemoryLayout, layout), getattr(ttnn.BufferType, pool), shard)


def tensor(rows, columns, where, dtype=ttnn.bfloat16):
    return ttnn.empty((1, 1, rows, columns), dtype, ttnn.TILE_LAYOUT, dev, where)


def fails(function):
    """Call what must fail."""
    try:
        function()
    except RuntimeError:
        return
    raise AssertionError("it did not fail")


def open_device():
    global dev
    dev = ttnn.open_device(device_id=0, l1_small_size=32768, trace_region_size=1 << 20)


def spread(name):
    """Tensors of every layout."""
    live[f"{name} dram"] = tensor(32, 32 * 731, interleaved("DRAM"))
    live[f"{name} l1"] = tensor(32, 32 * 67, interleaved("L1"), ttnn.uint32)
    live[f"{name} one core"] = tensor(64, 32, sharded("HEIGHT_SHARDED", 1, 1, [64, 32]))
    live[f"{name} height"] = tensor(32 * 7, 64, sharded("HEIGHT_SHARDED", 7, 1, [32, 64]))
    live[f"{name} width"] = tensor(32, 32 * 5, sharded("WIDTH_SHARDED", 5, 1, [32, 32]))
    live[f"{name} block"] = tensor(32 * 2, 64 * 3, sharded("BLOCK_SHARDED", 3, 2, [32, 64]))


def phantoms():
    ttnn.empty((1, 1, 0, 32), ttnn.bfloat16, ttnn.ROW_MAJOR_LAYOUT, dev, interleaved("DRAM"))
    graph = ttnn._ttnn.graph  # ttnn.graph has wrappers that need torch
    graph.begin_graph_capture(graph.RunMode.NO_DISPATCH)
    try:
        tensor(64, 64, interleaved("DRAM"))
        if not HYBRID:  # there the runtime itself takes it for an error
            tensor(64, 64, interleaved("L1"))
    finally:
        graph.end_graph_capture()


def views():
    """Views share a buffer; what is deallocated is gone although a view of it lives."""
    base = tensor(64, 64, interleaved("DRAM"))
    seen = [ttnn.unsqueeze_to_4D(base), ttnn.reshape(base, (1, 64, 1, 64)), ttnn.reshape(base, (1, 1, 64, 64))]
    ttnn.deallocate(base)
    ttnn.deallocate(base)
    for t in seen:
        ttnn.deallocate(t)


def refused():
    """Operations that check their arguments when they have taken memory already, or before."""
    a, b = tensor(64, 64, interleaved("L1")), tensor(96, 64, interleaved("L1"))
    fails(lambda: ttnn.matmul(a, b))
    fails(lambda: ttnn.concat([a, b], dim=3))
    fails(lambda: ttnn.to_memory_config(a, sharded("HEIGHT_SHARDED", 2, 1, [33, 64])))
    # The output is there when it turns out that no room is left for the circular buffers.
    c = tensor(64, 64, interleaved("DRAM"))
    full = tensor(32 * 64, 32 * 640, interleaved("L1"))
    fails(lambda: ttnn.add(c, c))
    del full


def out_of_memory():
    global failed
    for pool in ("L1", "DRAM"):
        fails(lambda: tensor(32, 32 * (1 << 24), interleaved(pool)))
        failed += 1
    live["after failures"] = tensor(32, 64, interleaved("L1"))


def by_core():
    """Memory of some cores only, each at an address of its own: in no pool, as the runtime itself has it."""
    where = sharded("HEIGHT_SHARDED", 5, 1, [64, 32])
    if not HYBRID or not hasattr(where, "experimental_set_per_core_allocation"):
        return
    global failed
    where.experimental_set_per_core_allocation(True)
    parts = [tensor(64 * 5, 32, where) for _ in range(3)]
    parts.pop(1)
    live["among parts"] = tensor(32, 64, interleaved("L1"))
    large = sharded("HEIGHT_SHARDED", 2, 1, [32 * 1024, 32])
    large.experimental_set_per_core_allocation(True)
    fails(lambda: tensor(32 * 2048, 32, large))
    failed += 1
    ttnn.deallocate(parts[0])


def hidden():
    """What belongs to no tensor: semaphores, circular buffers of a device, tables that the program cache holds."""
    def cores(x0, x1):
        return ttnn.CoreRangeSet({ttnn.CoreRange(ttnn.CoreCoord(x0, 0), ttnn.CoreCoord(x1, 0))})

    kept.append(ttnn.create_global_semaphore(dev, cores(0, 3), 0))
    live["after a semaphore"] = tensor(32, 64, interleaved("L1"))
    kept.append(ttnn.create_global_circular_buffer(dev, [(ttnn.CoreCoord(0, 0), cores(1, 2))], 4096))
    live["after a circular buffer"] = tensor(32, 64, interleaved("L1"))
    image = ttnn.empty((1, 1, 256, 32), ttnn.bfloat16, ttnn.ROW_MAJOR_LAYOUT, dev, interleaved("DRAM"))
    ttnn.max_pool2d(image, 1, 16, 16, 32, [2, 2], [2, 2], [0, 0], [1, 1])


def moved():
    live["dram"] = tensor(32, 32 * 11, interleaved("DRAM"))
    hole = tensor(32, 32 * 701, interleaved("L1"))
    live["moving"] = tensor(32, 32 * 64, interleaved("L1"))
    del hole
    live["moving"] = ttnn.reallocate(live["moving"])
    live["dram"] = ttnn.move(live["dram"])


def churned():
    """Many, in an order that leaves holes."""
    kept = [tensor(32, 32 * (1 + i % 13), interleaved("L1" if i % 3 else "DRAM")) for i in range(101)]
    for i in range(0, 101, 2):
        kept[i] = None
    for i in range(1, 101, 4):
        live[f"churned {i}"] = kept[i]


def closed():
    """Tensors that outlive their device; freeing them afterwards does nothing."""
    global dev
    ttnn.close_device(dev)
    dev = None
    for t in list(live.values()):
        ttnn.deallocate(t)
    live.clear()
    kept.clear()


open_device()
spread("before")
step("before")
for name, do in (("spread", lambda: spread("later")), ("phantoms", phantoms), ("views", views), ("refused", refused),
                 ("churned", churned), ("out-of-memory", out_of_memory), ("by-core", by_core), ("hidden", hidden), ("moved", moved)):
    do()
    step(name)
for key in [k for k in live if k.startswith(("before", "churned"))]:
    del live[key]
step("freed")
closed()
step("closed")
open_device()
spread("again")
step("again")
closed()
step("end")
