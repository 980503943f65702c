"""Allocates from libstandin_pool.so (the argument) in many ways to come to a call in Python, and says of each the stack that Python itself
sees, in the statement that allocates: a line of JSON [address, thread, [[file, line, function], ...]], the innermost first.

It waits for a line on standard input before it begins ("READY PID"), and for another at its end ("DONE").
"""
import asyncio
import ctypes
import functools
import json
import os
import sys
import threading

pool = ctypes.CDLL(sys.argv[1])
pool.my_pool_alloc.restype = ctypes.c_void_p
pool.my_pool_alloc.argtypes = [ctypes.c_size_t]
CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
pool.my_pool_call.argtypes = [ctypes.c_size_t, CALLBACK, ctypes.c_void_p]
pool.my_pool_call.restype = ctypes.c_void_p
said = []


def seen():
    """The stack of whoever calls this, as Python has it."""
    frame, frames = sys._getframe(1), []
    while frame is not None:
        code = frame.f_code
        frames.append([code.co_filename, frame.f_lineno, getattr(code, "co_qualname", code.co_name)])
        frame = frame.f_back
    return frames


def note(frames, address):
    said.append([address, threading.get_native_id(), frames])


def hit():
    note(seen(), pool.my_pool_alloc(64))


def nested(depth):
    if depth:
        nested(depth - 1)
    else:
        note(seen(), pool.my_pool_alloc(64))


class Thing:
    def method(self):
        note(seen(), pool.my_pool_alloc(64))

    @property
    def prop(self):
        hit()
        return 1

    def __getattr__(self, name):
        hit()
        return 2

    def __call__(self):
        hit()

    def __lt__(self, other):
        hit()
        return True

    def __enter__(self):
        hit()

    def __exit__(self, *_):
        hit()


def generator():
    for i in range(2):
        hit()
        yield i


def delegating():
    yield from generator()


async def coroutine(depth):
    if depth:
        await coroutine(depth - 1)
    else:
        await asyncio.sleep(0)
        hit()


def wrapping(function):
    @functools.wraps(function)
    def wrapper(*arguments, **more):
        return function(*arguments, **more)
    return wrapper


@wrapping
@wrapping
def decorated(_):
    hit()


def several_lines(
    a,
    b,
):
    return (a
            + b
            + (note(seen(), pool.my_pool_alloc(64)) or 1)
            + 1)


def far_apart():
    one = 1





























    return [
        one,
        note(seen(), pool.my_pool_alloc(64)),
        3]


def handled():
    try:
        raise ValueError
    except ValueError:
        hit()
    finally:
        hit()


def called_back(_):
    hit()


def through_c():
    """A function of a library that calls back, from where another one is called."""
    pool.my_pool_call(0, CALLBACK(called_back), None)


def everything():
    hit()
    nested(0)
    nested(5)
    thing = Thing()
    thing.method()
    thing.prop
    thing.missing
    thing()
    sorted([Thing(), Thing()])
    [hit() for _ in range(2)]
    list(hit() for _ in range(2))
    list(delegating())
    list(map(lambda _: hit(), [1, 2]))
    asyncio.run(coroutine(3))
    decorated(1)
    functools.partial(decorated, 2)()
    several_lines(1, 2)
    far_apart()
    handled()
    with Thing():
        pass
    for i in range(20):
        exec(compile("\n" * i + "def q():\n  hit()\n\nq()\n", f"<généré {i}>", "exec"), globals())
    eval("hit()")
    functools.reduce(lambda a, b: hit(), [1, 2, 3])
    max([1, 2], key=lambda v: hit() or v)
    through_c()
    nested(40)


def in_threads(functions):
    threads = [threading.Thread(target=f) for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


print("READY", os.getpid(), flush=True)
sys.stdin.readline()
everything()
in_threads([everything])
in_threads([lambda: [hit() for _ in range(50)] for _ in range(4)])
for line in said:
    print(json.dumps(line))
print("DONE", flush=True)
sys.stdin.readline()
