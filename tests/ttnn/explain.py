"""Traces, small buffers and holes on a mock device, to be explained.

    explain.py [--hold] [--region=BYTES] [--small=BYTES] [--traces=N] [--shards=N] [--fragments]

Prints `STEP name` when a step has ended and, for each pool, what the runtime itself says is allocated (bytes a bank *
banks); `ERROR text` for each error of the runtime. With --hold, waits for a line on standard input after each step.
"""
import re
import sys
import ttnn

hold = "--hold" in sys.argv
REPLAYS = 7


def number(name, default):
    found = [a.split("=")[1] for a in sys.argv if a.startswith(f"--{name}=")]
    return int(found[-1]) if found else default


def step(name):
    view = {}
    for pool in ("DRAM", "L1", "L1_SMALL", "TRACE"):
        m = ttnn.get_memory_view(dev, getattr(ttnn.BufferType, pool))
        view[pool] = m.total_bytes_allocated_per_bank * m.num_banks
    print("STEP", name, *(f"{k}={v}" for k, v in view.items()), flush=True)
    if hold:
        sys.stdin.readline()


def complain(error):
    """The line that says what went wrong, without the stack behind it."""
    line = next(l for l in str(error).splitlines() if re.search("Out of Memory|Creating trace buffers", l))
    print("ERROR", line, flush=True)


def tensor(rows, cols, where):
    return ttnn.empty((1, 1, rows, cols), ttnn.bfloat16, ttnn.TILE_LAYOUT, dev, where)


def shard():
    """The smallest thing that lies in L1_SMALL: on one core."""
    core = ttnn.CoreCoord(0, 0)
    spec = ttnn.ShardSpec(ttnn.CoreRangeSet({ttnn.CoreRange(core, core)}), [1, 32], ttnn.ShardOrientation.ROW_MAJOR)
    where = ttnn.MemoryConfig(ttnn.TensorMemoryLayout.HEIGHT_SHARDED, ttnn.BufferType.L1_SMALL, spec)
    return ttnn.empty((1, 1, 1, 32), ttnn.bfloat16, ttnn.ROW_MAJOR_LAYOUT, dev, where)


def capture():
    global y
    trace = ttnn.begin_trace_capture(dev, cq_id=0)
    y = ttnn.add(x, x)
    step("data")
    ttnn.end_trace_capture(dev, trace, cq_id=0)
    step("buffer")
    return trace


def replay(trace):
    for _ in range(REPLAYS):
        ttnn.execute_trace(dev, trace, cq_id=0, blocking=False)
    step("execution")


def traces(nr):
    """All but one at a time: the second gives way to another, which takes its place."""
    made = []
    for i in range(nr):
        made.append(capture())
        replay(made[-1])
        if i == 1:
            ttnn.release_trace(dev, made.pop())
            step("release")
            made.append(capture())
            replay(made[-1])


def fragments():
    """Half of the pool is free, in pieces."""
    tensors = [tensor(1024, 1024, ttnn.L1_MEMORY_CONFIG) for _ in range(31)]
    del tensors[::2]
    step("holes")
    tensor(6 << 10, 1 << 12, ttnn.L1_MEMORY_CONFIG)


dev = ttnn.open_device(device_id=0, l1_small_size=number("small", 0), trace_region_size=number("region", 0))
step("open")
x = tensor(32, 32, ttnn.L1_MEMORY_CONFIG)
y = ttnn.add(x, x)
kept = []
try:
    kept += [shard() for _ in range(number("shards", 0))]
    step("init")
    traces(number("traces", 0))
    if "--fragments" in sys.argv:
        fragments()
except RuntimeError as error:
    complain(error)
step("end")
ttnn.close_device(dev)
print("STEP closed", flush=True)
