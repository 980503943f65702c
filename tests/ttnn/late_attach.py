"""Threads, as many as told, that allocate and free in all pools of a mock device, until told to stop: tensors of every
data type, layout and sharding that the release allows there. `READY` is followed by the number of these combinations.

At each line of standard input all threads stop at a barrier; `STEP n` and, for each pool, what the runtime itself says is
allocated (bytes a bank * banks) is printed; the next line lets them go on. Ends at `quit` or the end of input: all is
freed, `STEP end` printed, the device closed.
"""
import itertools
import os
import random
import sys
import threading
import ttnn

THREADS = int(sys.argv[1])
LIVE = 52  # tensors that are kept at most
POOLS = ("DRAM", "L1", "L1_SMALL", "TRACE")


class Gate:
    """Stops all threads at a point of their own choice."""

    def __init__(self, threads):
        self.threads, self.waiting, self.closed = threads, 0, False
        self.changed = threading.Condition()

    def pass_by(self):
        if not self.closed:
            return
        with self.changed:
            self.waiting += 1
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self.closed)
            self.waiting -= 1
            self.changed.notify_all()

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.wait_for(lambda: self.waiting == self.threads)

    def open(self):
        with self.changed:
            self.closed = False
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self.waiting)


def row(cores):
    return ttnn.CoreRangeSet({ttnn.CoreRange(ttnn.CoreCoord(0, 0), ttnn.CoreCoord(cores - 1, 0))})


def sharded(name, cores, shard):
    """A legacy sharding as (pool) -> memory config."""
    layout, orientation = getattr(ttnn.TensorMemoryLayout, name), ttnn.ShardOrientation.ROW_MAJOR
    return lambda pool: ttnn.MemoryConfig(layout, pool, ttnn.ShardSpec(cores, shard, orientation))


def interleaved(rng):
    tiles = rng.randint(1, 40)
    return (1, 1, 32, 32 * tiles), lambda pool: ttnn.MemoryConfig(ttnn.TensorMemoryLayout.INTERLEAVED, pool)


def large(rng):
    tiles = rng.randint(1, 400)
    return (1, 1, 32, 32 * tiles), lambda pool: ttnn.MemoryConfig(ttnn.TensorMemoryLayout.INTERLEAVED, pool)


def height(rng):
    cores = rng.randint(1, 8)
    return (1, 1, 32 * cores, 32), sharded("HEIGHT_SHARDED", row(cores), [32, 32])


def width(rng):
    cores = rng.randint(1, 8)
    return (1, 1, 32, 32 * cores), sharded("WIDTH_SHARDED", row(cores), [32, 32])


def block(rng):
    columns, rows = rng.randint(1, 4), rng.randint(1, 4)
    cores = ttnn.CoreRangeSet({ttnn.CoreRange(ttnn.CoreCoord(0, 0), ttnn.CoreCoord(columns - 1, rows - 1))})
    return (1, 1, 32 * rows, 32 * columns), sharded("BLOCK_SHARDED", cores, [32, 32])


def blocks_of_3(rng):
    """Sharded in more than two dimensions: several shards a core."""
    shards = rng.randint(1, 5)
    spec = ttnn.NdShardSpec(shard_shape=[1, 32, 32], grid=row(2))
    return (shards, 32, 32), lambda pool: ttnn.MemoryConfig(pool, spec)


SPREADS = (interleaved, large, height, width, block, blocks_of_3)
TYPES = ("bfloat16", "float32", "uint32", "int32", "uint16", "uint8", "bfloat8_b", "bfloat4_b")
LAYOUTS = ("TILE_LAYOUT", "ROW_MAJOR_LAYOUT")


def make(kind, rng):
    pool, spread, type_name, layout = kind
    shape, where = spread(rng)
    pool = getattr(ttnn.BufferType, pool)
    return ttnn.empty(shape, getattr(ttnn, type_name), getattr(ttnn, layout), dev, where(pool))


def allowed():
    """Every combination that this release allows on this device."""
    kinds = []
    for kind in itertools.product(POOLS, SPREADS, TYPES, LAYOUTS):
        if kind[1] is large and kind[0] not in ("DRAM", "L1"):
            continue
        try:
            make(kind, random.Random(0))
        except (RuntimeError, AttributeError, TypeError):
            continue
        kinds.append(kind)
    return kinds


def work(seed):
    rng, live = random.Random(seed), []
    while not stop:
        gate.pass_by()
        if len(live) >= LIVE // THREADS or live and rng.random() < 0.5:
            live.pop(rng.randrange(len(live)))
        else:
            live.append(make(rng.choice(kinds), rng))


def step(name):
    view = {}
    for pool in POOLS:
        m = ttnn.get_memory_view(dev, getattr(ttnn.BufferType, pool))
        view[pool] = m.total_bytes_allocated_per_bank * m.num_banks
    print("STEP", name, *(f"{k}={v}" for k, v in view.items()), flush=True)


def fail(args):
    """A thread that ends early would never reach the barrier."""
    sys.__excepthook__(args.exc_type, args.exc_value, args.exc_traceback)
    os._exit(1)


def told():
    """A line of standard input; False when it says to stop, or there is none."""
    line = sys.stdin.readline()
    return line != "" and line.strip() != "quit"


dev = ttnn.open_device(device_id=0, l1_small_size=1 << 18, trace_region_size=8 << 20)
threading.excepthook = fail
kinds = allowed()
gate, stop = Gate(THREADS), False
threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
for thread in threads:
    thread.start()
print("READY", len(kinds), flush=True)
steps = 0
while not stop and told():
    gate.close()
    steps += 1
    step(steps)
    stop = not told()
    gate.open()
stop = True
for thread in threads:
    thread.join()
step("end")
ttnn.close_device(dev)
print("STEP closed", flush=True)
