"""Allocates on the real runtime in some ways to come to a call in Python, and says of each, in the statement that allocates, what Python's
own stack is: a line of JSON [address, thread, [[file, line, function], ...]], the innermost first. Nothing is freed, so addresses are
names. "READY", a line on standard input, the lines, "DONE", a line.
"""
import functools
import json
import os
import sys
import threading

import ttnn

dev = ttnn.open_device(device_id=0, l1_small_size=32768)
like = ttnn.empty((1, 1, 32, 64), ttnn.bfloat16, ttnn.TILE_LAYOUT, dev, ttnn.L1_MEMORY_CONFIG)
said, kept = [], []


def seen():
    frame, frames = sys._getframe(1), []
    while frame is not None:
        code = frame.f_code
        frames.append([code.co_filename, frame.f_lineno, getattr(code, "co_qualname", code.co_name)])
        frame = frame.f_back
    return frames


def note(frames, tensor):
    kept.append(tensor)
    said.append([tensor.buffer_address(), threading.get_native_id(), frames])


def hit():
    note(seen(), ttnn.allocate_tensor_on_device(like.spec, dev))


def nested(depth):
    if depth:
        nested(depth - 1)
    else:
        note(seen(), ttnn.allocate_tensor_on_device(like.spec, dev))


class Thing:
    def __lt__(self, other):
        hit()
        return True


def everything():
    hit()
    nested(0)
    nested(12)
    sorted([Thing(), Thing()])
    [hit() for _ in range(3)]
    list(map(lambda _: hit(), range(2)))
    functools.reduce(lambda a, b: hit(), range(3))
    for i in range(5):
        exec(compile("\n" * i + "def q():\n  hit()\n\nq()\n", f"<made {i}>", "exec"), globals())
    note(
        seen(), ttnn.allocate_tensor_on_device(
            like.spec,
            dev))


print("READY", flush=True)
sys.stdin.readline()
everything()
thread = threading.Thread(target=everything)
thread.start()
thread.join()
for line in said:
    print(json.dumps(line))
print("DONE", flush=True)
sys.stdin.readline()
# Not before the last answer: what a device that is closed does is another test's.
os._exit(0)
