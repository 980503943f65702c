"""What tinygrad makes on OpenCL: weights, activations, a view, and buffers that it keeps for use again. It says what it holds, as
tinygrad's own books have it: SAID {pool: [buffers, bytes]}."""
import gc
import json
import sys

from tinygrad import Device, GlobalCounters, Tensor
from tinygrad.device import Buffer


def say():
    """Buffers in use, whose bytes tinygrad also sums up itself, and those that its allocator keeps."""
    gc.collect()
    used = [b.nbytes for b in gc.get_objects() if isinstance(b, Buffer) and b.device == Device.DEFAULT and b._base is None and b.is_allocated()]
    assert sum(used) == GlobalCounters.mem_used_per_device[Device.DEFAULT], (used, GlobalCounters.mem_used_per_device)
    kept = [size for (size, _), buffers in allocator.cache.items() for _ in buffers]
    sizes = used + kept
    print("SAID", json.dumps({"BUFFER": [len(sizes), sum(sizes)]} if sizes else {}), flush=True)
    sys.stdin.readline()


assert Device.DEFAULT == "CL", Device.DEFAULT
allocator = Device[Device.DEFAULT].allocator
print("READY", flush=True)
sys.stdin.readline()
weights = [Tensor([[(i * j) % 7 / 7 for j in range(32)] for i in range(32)]).realize() for _ in range(40)]
numbers = Tensor(list(range(5003))).realize()
activation = Tensor([[1.0] * 32] * 8).realize()
for weight in weights:
    # Each is needed for the next alone: its memory is kept, and used again.
    activation = (activation @ weight).relu().realize()
say()
part = numbers[1000:2000].contiguous().realize()
del weights[::2], activation, numbers
say()
allocator.free_cache()
say()
del weights, weight, part
allocator.free_cache()
say()
