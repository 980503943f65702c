"""What PyOpenCL makes, in a program that is as they are in Python: buffers, arrays, a view, an image, memory of its own. It says what it
holds, as PyOpenCL says it: SAID {pool: [buffers, bytes]}."""
import json
import random
import sys

import numpy as np
import pyopencl as cl
import pyopencl.array

context = cl.create_some_context(interactive=False)
queue = cl.CommandQueue(context)
flags = cl.mem_flags
print("READY", flush=True)
sys.stdin.readline()
numbers = random.Random(7)
held = []
for i in range(500):
    held.append(cl.Buffer(context, flags.READ_WRITE, numbers.randrange(1, 5000)))
    if i % 3 == 0:
        # The last name of a buffer goes, and with it the buffer.
        del held[numbers.randrange(len(held))]
arrays = [cl.array.to_device(queue, np.arange(n + 1, dtype=np.float32)) for n in range(50)]
sums = arrays[20] + arrays[20]
view = cl.Buffer(context, flags.READ_WRITE, 1 << 16).get_sub_region(0, 128)
image = cl.create_image(context, flags.READ_ONLY, cl.ImageFormat(cl.channel_order.RGBA, cl.channel_type.UNORM_INT8), shape=(33, 17))
host = np.zeros(4096, np.uint8)
own = cl.Buffer(context, flags.READ_WRITE | flags.USE_HOST_PTR, hostbuf=host)
queue.finish()
buffers = [b.size for b in held] + [a.data.size for a in arrays] + [sums.data.size, 1 << 16]
print("SAID", json.dumps({"BUFFER": [len(buffers), sum(buffers)], "IMAGE": [1, image.size], "USE_HOST_PTR": [1, own.size]}), flush=True)
sys.stdin.readline()
del held, arrays, sums, buffers
print("SAID", json.dumps({"BUFFER": [1, 1 << 16], "IMAGE": [1, image.size], "USE_HOST_PTR": [1, own.size]}), flush=True)
sys.stdin.readline()
