"""Programs with circular buffers on a mock device.

    circular.py [--hold]

Prints `STEP name` when a step has ended; before it, for each operation, `CB name` with the address and bytes of each
circular buffer that the runtime's own graph capture tells of (a later release's dataflow buffers it does not), `PLACED name`
with those that lie in a tensor, and
`REFUSED name text` for an operation that the runtime refused. With --hold, waits for a line on standard input after each step.
"""
import re
import sys
import ttnn

hold = "--hold" in sys.argv
graph = ttnn._ttnn.graph
SIZE = (1, 1, 256, 256)


def step(name):
    view = ttnn.get_memory_view(dev, ttnn.BufferType.L1) if dev else None
    print("STEP", name, *([f"BANK={view.total_bytes_per_bank}"] if view else []), flush=True)
    if hold:
        sys.stdin.readline()


def tensor(shape, where=ttnn.DRAM_MEMORY_CONFIG):
    return ttnn.empty(shape, ttnn.bfloat16, ttnn.TILE_LAYOUT, dev, where)


def capture(name, operation):
    """Run it, and print what the runtime says of its circular buffers; those that lie in a tensor apart."""
    graph.begin_graph_capture(ttnn.graph.RunMode.NORMAL)
    operation()
    found = [node["params"] for node in graph.end_graph_capture() if node["node_type"] == "circular_buffer_allocate"]
    for kind, placed in ("CB", "0"), ("PLACED", "1"):
        print(kind, name, *[f"{cb['address']}+{cb['size']}" for cb in found if cb["globally_allocated"] == placed], flush=True)


def attempt(name, operation):
    try:
        operation()
    except RuntimeError as error:
        print("REFUSED", name, next(line for line in str(error).splitlines() if re.search("clash|grow to", line)), flush=True)


def large():
    """A product whose blocks are larger than a core."""
    config = ttnn.MatmulMultiCoreReuseMultiCastProgramConfig(
        compute_with_storage_grid_size=(8, 8), in0_block_w=16, out_subblock_h=1, out_subblock_w=8, per_core_M=16,
        per_core_N=16, transpose_mcast=False, fused_activation=None)
    return ttnn.matmul(tensor((1, 1, 4096, 4096)), tensor((1, 1, 4096, 4096)), program_config=config)


def fill():
    """L1, but for less than a page of these tensors."""
    kept = []
    for side in (1024, 256, 32):
        try:
            while True:
                kept.append(tensor((1, 1, side, 8 * side), ttnn.L1_MEMORY_CONFIG))
        except RuntimeError:
            pass
    return kept


dev = None
step("start")
dev = ttnn.open_device(device_id=0, l1_small_size=32768)
a, b = tensor(SIZE), tensor(SIZE)
operations = {"add": lambda: ttnn.add(a, b), "matmul": lambda: ttnn.matmul(a, b), "softmax": lambda: ttnn.softmax(a, dim=-1)}
step("open")
for name, operation in operations.items():
    capture(name, operation)
    step(name)
for operation in operations.values():
    operation()
step("again")
kept = fill()
step("full")
for name, operation in operations.items():
    attempt(name, operation)
step("refused")
kept.clear()
attempt("large", large)
step("large")
dev.disable_and_clear_program_cache()
step("cleared")
dev.enable_program_cache()
shards = ttnn.create_sharded_memory_config(SIZE, core_grid=ttnn.CoreGrid(y=8, x=1), strategy=ttnn.ShardStrategy.HEIGHT)
s, t = tensor(SIZE, shards), tensor(SIZE, shards)
capture("sharded", lambda: ttnn.add(s, t, memory_config=shards))
step("sharded")
kept = []
capture("moved", lambda: kept.append(ttnn.to_memory_config(a, shards)))
step("moved")
kept.clear()
ttnn.close_device(dev)
dev = None
step("closed")
