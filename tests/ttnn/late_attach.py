"""Four threads that allocate and free in all pools of a mock device, until told to stop.

At each line of standard input all threads stop at a barrier; `STEP n` and, for each pool, what the runtime itself says is
allocated (bytes a bank * banks) is printed; the next line lets them go on. Ends at `quit` or the end of input: all is
freed, `STEP end` printed, the device closed.
"""
import os
import random
import sys
import threading
import ttnn

THREADS = 4
LIVE = 13  # tensors that a thread keeps at most
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


def interleaved(pool):
    return ttnn.MemoryConfig(ttnn.TensorMemoryLayout.INTERLEAVED, getattr(ttnn.BufferType, pool))


def one_core(pool, rows):
    core = ttnn.CoreCoord(0, 0)
    cores = ttnn.CoreRangeSet({ttnn.CoreRange(core, core)})
    shard = ttnn.ShardSpec(cores, [rows, 32], ttnn.ShardOrientation.ROW_MAJOR)
    return ttnn.MemoryConfig(ttnn.TensorMemoryLayout.HEIGHT_SHARDED, getattr(ttnn.BufferType, pool), shard)


def tensor(rows, columns, where, layout=ttnn.TILE_LAYOUT):
    return ttnn.empty((1, 1, rows, columns), ttnn.bfloat16, layout, dev, where)


def some_tensor(rng):
    """A tensor in a pool by chance, small enough that all that live at once fit. L1_SMALL takes sharded ones only."""
    pool = rng.choice(POOLS)
    if pool == "L1_SMALL":
        rows = rng.randint(1, 8)
        return tensor(rows, 32, one_core(pool, rows), ttnn.ROW_MAJOR_LAYOUT)
    tiles = {"DRAM": 3000, "L1": 400, "TRACE": 6}[pool]
    return tensor(32, 32 * rng.randint(1, tiles), interleaved(pool))


def work(seed):
    rng, live = random.Random(seed), []
    while not stop:
        gate.pass_by()
        if len(live) == LIVE or live and rng.random() < 0.5:
            live.pop(rng.randrange(len(live)))
        else:
            live.append(some_tensor(rng))


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


dev = ttnn.open_device(device_id=0, l1_small_size=32768, trace_region_size=1 << 20)
threading.excepthook = fail
gate, stop = Gate(THREADS), False
threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
for thread in threads:
    thread.start()
print("READY", flush=True)
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
