"""A runtime in two libraries, of which one calls the other: what a process does with both is one runtime's, whichever it has, in
whatever order it maps them; and which device a call is for."""
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "support"), os.path.join(os.path.dirname(HERE), "rows")]
from harness import Pooltrace, Suite, Target, code_changed, equal, process_of, until  # noqa: E402
import cuda  # noqa: E402
import rows  # noqa: E402

suite = Suite("parts")
folder = tempfile.TemporaryDirectory()
UPPER, LOWER = cuda.LIBRARIES
programs = {}


def program(*libraries):
    if libraries not in programs:
        programs[libraries] = rows.build(cuda, folder.name, libraries)
    return programs[libraries]


class Calls(Target):
    def __init__(self, *libraries):
        super().__init__([program(*libraries)])
        self.line("READY")

    def do(self, command, times=1):
        """What the functions said."""
        said = []
        for _ in range(times):
            self.go(command)
            while (line := self.line()) != "DONE":
                said.append(line)
        return rows.told(said)


class Held(Pooltrace):
    """A program that pooltrace has started, seen from its beginning: it is told what to do through a pipe."""

    def __init__(self, *libraries):
        self.path = os.path.join(folder.name, "in")
        if os.path.exists(self.path):
            os.unlink(self.path)
        os.mkfifo(self.path)
        self.said = os.path.join(folder.name, "said")
        super().__init__(starts=["sh", "-c", f'exec {program(*libraries)} <{self.path} >{self.said}'])
        open(self.said, "w").close()
        self.to = open(self.path, "w")
        self.done = 0

    def do(self, command, times=1):
        for _ in range(times):
            self.to.write(f"{command}\n")
        self.to.flush()
        self.done += times
        until(lambda: open(self.said).read().count("DONE") == self.done, what=f"'{command}' was not done")

    def __exit__(self, *error):
        self.to.close()
        super().__exit__(*error)


def figures(state):
    """{(device, pool): blocks}."""
    return {(device["device"], pool): f["buffers"] for device in process_of(state)["devices"] for pool, f in device["pools"].items()
            if f["buffers"]}


def anomalies(state):
    return tuple(state[key] for key in ("lost", "unknown_frees", "replaced"))


@suite.test("a call that calls the other library is told once, with all that it frees")
def _():
    with Held(UPPER, LOWER) as held:
        held.do("cudaMalloc 0 1", 5)
        held.do("cudaMalloc 0 0", 3)
        state = held.state()
        equal((figures(state), state["events"]), ({("0", "device"): 8}, 8), "inner calls are not counted")
        held.do("cudaFree 0 1", 16)
        state = held.state()
        equal((figures(state), state["lost"], state["replaced"]), ({}, 0, 0), "freed")


@suite.test("blocks of one library that the other one frees, layer by layer")
def _():
    with Calls(UPPER, LOWER) as target, Pooltrace("-p", target.pid) as pooltrace:
        pooltrace.state()
        target.do("cudaSetDevice 0")
        target.do("cudaMalloc 0", 7)
        target.do("cuMemFree_v2 0", 3)
        state = pooltrace.state()
        equal((figures(state), anomalies(state)), ({("2", "device"): 4}, (0, 0, 0)), "cudaMalloc, cuMemFree_v2")
        target.do("cuMemAlloc_v2 0", 5)
        target.do("cudaFree 0", 9)
        state = pooltrace.state()
        equal((figures(state), anomalies(state)), ({}, (0, 0, 0)), "cuMemAlloc_v2, cudaFree")


for attach in ("auto", "single"):
    @suite.test(f"a library that is mapped later joins the runtime that the process has ({attach})")
    def _(mode=attach):
        program(UPPER, LOWER)
        with Calls(UPPER) as target, Pooltrace("-p", target.pid, f"--attach={mode}") as pooltrace:
            pooltrace.state()
            target.do("cudaMalloc 0", 3)
            target.do(f"load {os.path.join(folder.name, LOWER)}")
            until(lambda: is_probed(target.pid), what="the second library is not probed")
            target.do("cudaMalloc 0 1", 4)
            state = pooltrace.state()
            equal((figures(state), state["events"]), ({("?", "device"): 7}, 7), "told once")
            equal(len(state["processes"]), 1, "processes")
            equal(process_of(state).get("copy"), None, "it is no copy")
            target.process.kill()
            target.wait()
            last = json.loads(pooltrace.lines.all()[-1])
            equal((len(last["processes"]), last["processes"][0]["ended"] is not None), (1, True), "it ended once")


def is_probed(pid):
    """Is the first byte of a function of the second library a breakpoint?"""
    return any(LOWER in path for path, _ in code_changed(pid))


@suite.test("either library alone is traced")
def _():
    for library, call, device in ((UPPER, "cudaMalloc", "0"), (LOWER, "cuMemAlloc_v2", "?")):
        with Held(library) as held:
            held.do(f"{call} 0", 3)
            equal(figures(held.state()), {(device, "device"): 3}, call)


@suite.test("the default device holds for a process that was seen from its beginning, else it is '?' until a thread has chosen one")
def _():
    with Held(UPPER, LOWER) as held:
        held.do("thread cudaMalloc 0", 2)
        held.do("cudaSetDevice 700")
        held.do("cudaMalloc 0")
        held.do("cudaSetDevice 0")
        held.do("cudaMalloc 0")
        held.do("thread cudaMalloc 0")
        equal(figures(held.state()), {("0", "device"): 4, ("2", "device"): 1}, "seen from the beginning")
    with Calls(UPPER, LOWER) as target, Pooltrace("-p", target.pid) as pooltrace:
        pooltrace.state()
        target.do("cudaMalloc 0", 2)
        target.do("cudaSetDevice 0")
        target.do("cudaMalloc 0")
        target.do("thread cudaMalloc 0")
        equal(figures(pooltrace.state()), {("?", "device"): 3, ("2", "device"): 1}, "attached to")


@suite.test("contexts stand for devices: made, made current, pushed and popped; one of which nothing is known is no device")
def _():
    with Calls(LOWER) as target, Pooltrace("-p", target.pid) as pooltrace:
        pooltrace.state()
        wanted = {}

        def allocate(device):
            target.do("cuMemAlloc_v2 0")
            wanted[(device, "device")] = wanted.get((device, "device"), 0) + 1
            equal(figures(pooltrace.state()), wanted, f"after one on {device}")

        target.do("cuCtxSetCurrent 0")
        allocate("?")
        target.do("cuDevicePrimaryCtxRetain 0")
        target.do("cuCtxSetCurrent 0")
        allocate("1")
        target.do("cuCtxPushCurrent_v2 0")
        allocate("3")
        target.do("cuCtxCreate_v2 0")
        allocate("4")
        target.do("cuCtxPushCurrent_v2 201")
        allocate("4")
        target.do("cuCtxDestroy_v2 0")
        allocate("3")
        target.do("cuCtxPopCurrent_v2 0")
        allocate("1")
        target.do("cuCtxPopCurrent_v2 0")
        allocate("?")


@suite.test("the reset of a device ends what is on it, in all pools, and nothing else")
def _():
    with Calls(UPPER, LOWER) as target, Pooltrace("-p", target.pid) as pooltrace:
        pooltrace.state()
        target.do("cudaSetDevice 0")
        target.do("cudaMalloc 0 1", 3)
        target.do("cudaMallocManaged 0", 2)
        target.do("cuDevicePrimaryCtxRetain 0")
        target.do("cuCtxSetCurrent 0")
        target.do("cuMemAlloc_v2 0", 5)
        target.do("cuCtxPushCurrent_v2 0")
        target.do("cuMemAllocManaged 0", 7)
        before = {("2", "device"): 3, ("2", "managed"): 2, ("1", "device"): 5, ("3", "managed"): 7}
        equal(figures(pooltrace.state()), before, "before")
        target.do("cuDevicePrimaryCtxReset_v2 3")
        equal(figures(pooltrace.state()), before, "one that fails")
        target.do("cuDevicePrimaryCtxReset_v2 0")
        del before[("1", "device")]
        equal(figures(pooltrace.state()), before, "of a device that is named")
        target.do("cudaDeviceReset 0")
        del before[("3", "managed")]
        equal(figures(pooltrace.state()), before, "of the thread's device")
        target.do("cudaSetDevice 0")
        target.do("cudaDeviceReset 0")
        target.do("cudaMalloc 0 1", 2)
        state = pooltrace.state()
        equal((figures(state), anomalies(state)), ({("2", "device"): 2}, (0, 0, 0)), "allocations after it")


@suite.test("a size that nobody tells is not known: arrays")
def _():
    with Held(UPPER) as held:
        held.do("cudaMallocArray 0", 2)
        held.do("cudaMallocMipmappedArray 0", 3)
        device, = process_of(held.state())["devices"]
        equal(device["pools"]["array"]["buffers"], 5, "arrays")


if __name__ == "__main__":
    suite.main()
