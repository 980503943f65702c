"""How long an allocation and its free take on the published wheel, as a program sees it, and a replay.

Holds tensors in DRAM and L1 and a captured trace, prints `READY`, and obeys a line at a time:

    pairs N     allocate and free a tensor N times: `NS cpu wall`, for all
    replays N   execute the trace N times: the same
    view        `STEP view POOL=bytes ...`: what the runtime itself says is allocated
    quit
"""
import sys
import time
import ttnn

dev = ttnn.open_device(device_id=0, l1_small_size=32768, trace_region_size=1 << 20)


def tensor(rows, cols, where):
    return ttnn.empty((1, 1, rows, cols), ttnn.bfloat16, ttnn.TILE_LAYOUT, dev, where)


def pairs(n):
    shape, kind, layout, where, empty = (1, 1, 256, 256), ttnn.bfloat16, ttnn.TILE_LAYOUT, ttnn.L1_MEMORY_CONFIG, ttnn.empty
    start, cpu = time.perf_counter_ns(), time.thread_time_ns()
    for _ in range(n):
        x = empty(shape, kind, layout, dev, where)
        del x
    return f"{time.thread_time_ns() - cpu} {time.perf_counter_ns() - start}"


def replays(n):
    start, cpu = time.perf_counter_ns(), time.thread_time_ns()
    for _ in range(n):
        ttnn.execute_trace(dev, trace, cq_id=0, blocking=False)
    return f"{time.thread_time_ns() - cpu} {time.perf_counter_ns() - start}"


def view():
    views = {p: ttnn.get_memory_view(dev, getattr(ttnn.BufferType, p)) for p in ("DRAM", "L1", "L1_SMALL", "TRACE")}
    return " ".join(f"{p}={v.total_bytes_allocated_per_bank * v.num_banks}" for p, v in views.items())


weights = [tensor(1024, 1024, ttnn.DRAM_MEMORY_CONFIG) for _ in range(4)]
inputs = [tensor(512, 512, ttnn.L1_MEMORY_CONFIG) for _ in range(3)]
y = ttnn.add(inputs[0], inputs[1])
trace = ttnn.begin_trace_capture(dev, cq_id=0)
y = ttnn.add(inputs[1], inputs[2])
ttnn.end_trace_capture(dev, trace, cq_id=0)
print("READY", flush=True)
for line in sys.stdin:
    words = line.split()
    if words[0] == "quit":
        break
    print("STEP view " + view() if words[0] == "view" else f"NS {dict(pairs=pairs, replays=replays)[words[0]](int(words[1]))}",
          flush=True)
ttnn.release_trace(dev, trace)
ttnn.close_device(dev)
