"""Vulkan, on a real driver (lavapipe, through the loader): a program that counts what it makes, by functions that it is linked to and by
those of the driver, and programs that nobody here wrote, whose calls another tracer counts."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import POOLTRACE, Pooltrace, ROOT, Skip, Suite, Target, anomalies, equal, held, process_of, run  # noqa: E402

suite = Suite("vulkan")
folder = tempfile.TemporaryDirectory()
CLIENT = os.path.join(folder.name, "client")
POOLS = ("heap0", "imported")
OUT_OF_DEVICE_MEMORY = -2
PACKAGES = {"ncnn": "1.0.20260114", "wgpu": "0.29.0"}
ICD = sorted(glob.glob("/usr/share/vulkan/icd.d/lvp_icd*.json"))
# That driver alone, whatever cards there are.
os.environ.update({"VK_ICD_FILENAMES": ICD[0], "VK_DRIVER_FILES": ICD[0]} if ICD else {})


def client():
    """The program that counts for itself, compiled once."""
    if os.path.exists(CLIENT):
        return CLIENT
    if not os.path.exists("/usr/include/vulkan/vulkan.h") or not ICD:
        raise Skip("Vulkan's headers or its driver for the processor are not installed")
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-pthread",
                    os.path.join(ROOT, "tests", "vulkan", "client.c"), "-lvulkan", "-o", CLIENT], check=True)
    return CLIENT


def said_in(line):
    """{pool: (buffers, bytes)} of what lives, and the number of failures and the sum of their codes."""
    words = dict(w.split("=") for w in line.split())
    held = {pool: tuple(map(int, words[pool].split("/"))) for pool in POOLS}
    return {pool: f for pool, f in held.items() if f[0]}, int(words["failed"]), int(words["codes"])


class Client(Target):
    def __init__(self):
        super().__init__([client()])
        self.line("READY")

    def do(self, *commands):
        self.go(";".join(commands))
        return said_in(self.line("DONE"))


def compare(state, said, what):
    """Every figure is what the program says; nothing is odd, and it is one process, in however many files its functions are."""
    equal(held(state), said[0], f"what lives, {what}")
    equal(process_of(state).get("failed_allocations", 0), said[1], f"failures, {what}")
    equal((anomalies(state), len(state["processes"])), ({}, 1), f"anomalies, {what}")


def steps(target, pooltrace, *commands):
    for command in commands:
        said = target.do(command)
        compare(pooltrace.state(), said, command)


for attach in ("auto", "single"):
    @suite.test(f"by the loader's functions: memory of two devices, imported memory, failures; every figure is the program's own ({attach})")
    def _(mode=attach):
        with Client() as target, Pooltrace("-p", target.pid, f"--attach={mode}") as pooltrace:
            pooltrace.state()
            steps(target, pooltrace, "ask 0", "create 0 1", "create 1", "allocate 7 1009 0 0", "allocate 5 2003 1 0", "import 0 0",
                  "allocate 2 4000000000000 1 0", "allocate 2 0 0 0", "null 0", "free 3 0", "threads 4 503 0", "free 9 0")
            equal(len(process_of(pooltrace.state())["devices"]), 2, "devices")
            # What a device still has ends with it; its handle is used again, of a device of which nothing is known but its own.
            steps(target, pooltrace, "destroy 0", "create 0", "allocate 3 77 0 0", "ask 1", "destroy 1", "create 1", "allocate 3 78 1 0", "destroy 1",
                  "free 9 0")
            equal(held(pooltrace.state()), {}, "all is gone")


@suite.test("in which heap a device's memory is is not known until its physical device was asked: it is told apart, not guessed")
def _():
    with Client() as target, Pooltrace("-p", target.pid) as pooltrace:
        pooltrace.state()
        equal(target.do("create 0", "allocate 2 1000 0 0")[0], {"heap0": (2, 2001)}, "what it has")
        equal(held(pooltrace.state()), {"heap-unknown": (2, 2001)}, "before it has asked")
        target.do("ask 0", "allocate 1 512 0 0")
        equal(held(pooltrace.state()), {"heap-unknown": (2, 2001), "heap0": (1, 512)}, "after it has")
    with Client() as target:
        target.do("ask 0", "create 0")
        with Pooltrace("-p", target.pid) as pooltrace:
            pooltrace.state()
            target.do("allocate 4 4096 0 0")
            equal(held(pooltrace.state()), {"heap-unknown": (4, 4 * 4096 + 6)}, "attached to behind the question")


def started(commands, path, *options):
    """What the program says after each line of @commands, when it is started by us, and the recording's events."""
    done = subprocess.run([POOLTRACE, "record", "-o", path, "-f", *options, "--", client()], input="".join(f"{c}\n" for c in commands),
                          capture_output=True, text=True, timeout=120)
    equal(done.returncode, 0, f"status: {done.stderr}")
    status, out, err = run("events", "-r", path, "--json")
    equal(status, 0, err)
    return [said_in(line[5:]) for line in done.stdout.splitlines() if line.startswith("DONE")], [json.loads(line) for line in out.splitlines()]


DIRECT = ("ask 0;create 0 1;lookup 0;allocate 9 1000 0 1;free 2 1;allocate 1 4096 0 0;free 1 1", "import 0 1;allocate 3 4000000000000 0 1",
          "threads 4 301 1", "free 3 0;free 5 1", "create 1;lookup 1;allocate 4 64 1 1;destroy 0")


@suite.test("by the driver's functions, which the program has looked up: from the first call on, and each call counts once")
def _():
    path = os.path.join(folder.name, "direct.pt")
    said, events = started(DIRECT, path)
    state = json.loads(run("top", "-r", path, "--json")[1].splitlines()[-1])
    equal(state["lost"], 0, "lost")
    equal({k: state[k] for k in ("unknown_frees", "replaced", "unread")}, {"unknown_frees": 0, "replaced": 0, "unread": 0}, "anomalies")
    made = [e for e in events if e["event"] == "alloc"]
    equal(len(made), 9 + 1 + 1 + 4 * 301 + 4, "allocations")
    equal({e["pool"] for e in made}, {"heap0", "imported"}, "pools")
    equal([e.get("code") for e in events if e["event"] == "failed"], [OUT_OF_DEVICE_MEMORY] * 3, "codes")
    # At the end the first device is gone, and the second one has what it has.
    equal(said[-1][0], {"heap0": (4, 4 * 64 + 6)}, "what the program has at the end")
    living = {}
    for e in events:
        if e["event"] == "alloc":
            living[e["address"]] = e["reserved"]
        elif "address" in e and e["event"] == "free":
            living.pop(e["address"])
    ended = held(state)
    equal(ended, {}, "the process has ended")
    # The last 4 of the second device; the others ended with the first.
    equal(sum(list(living.values())[-4:]), 4 * 64 + 6, "the last")


@suite.test("programs that are attached to: what one looks up afterwards is seen in all, also where it was looked up before")
def _():
    with Client() as first, Client() as second:
        for target in (first, second):
            target.do("ask 0", "create 0 1")
        # The second program has the driver's functions before we come.
        second.do("lookup 0")
        with Pooltrace("-p", first.pid, "-p", second.pid) as pooltrace:
            pooltrace.state()
            second.do("allocate 3 4096 0 1", "free 3 1")
            equal(pooltrace.state()["events"], 0, "what nobody can know")
            first.do("lookup 0")
            pooltrace.state()
            first.do("allocate 5 4096 0 1")
            second.do("allocate 4 512 0 1")
            state = pooltrace.state()
            equal({p["pid"]: held({"processes": [p]}) for p in state["processes"]},
                  {first.pid: {"heap-unknown": (5, 5 * 4096 + 10)}, second.pid: {"heap-unknown": (4, 4 * 512 + 6)}}, "what was looked up")
            first.do("free 5 0")
            second.do("free 2 1", "free 2 0")
            state = pooltrace.state()
            equal((held(state), anomalies(state)), ({}, {}), "freed by either function")


def counted(command, sites, path):
    """(The command's calls and bytes as bpftrace counts them while pooltrace records it, what it printed); @sites: {function: file:place}."""
    script = 'BEGIN { printf("READY\\n"); } uprobe:%s { @made = count(); @bytes = sum(*(uint64 *)(arg1 + 16)); } uprobe:%s { @freed = count(); }' % sites
    with Target(["bpftrace", "--unsafe", "-e", script]) as other:
        other.line("READY")
        done = subprocess.run([POOLTRACE, "record", "-o", path, "-f", "--", *command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120)
        other.process.send_signal(signal.SIGINT)
        text = "\n".join(other.lines.all())
    equal(done.returncode, 0, f"status ({done.stderr[-600:]})")
    return {name: int(n) for name, n in re.findall(r"@(\w+): (\d+)", text)}, done.stdout


def in_python(package):
    """A Python that has the package."""
    client()
    if not shutil.which("bpftrace"):
        raise Skip("there is no bpftrace")
    cache = os.environ.get("POOLTRACE_CACHE", os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "pooltrace"))
    version = PACKAGES[package]
    place = os.path.join(cache, f"{package}-{version}-{sys.version_info.major}.{sys.version_info.minor}")
    python = os.path.join(place, "bin", "python")
    has = [python, "-c", f"import {package}"]
    if os.path.exists(python) and subprocess.run(has, capture_output=True).returncode == 0:
        return python
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", place], check=True, capture_output=True)
    done = subprocess.run([os.path.join(place, "bin", "pip"), "install", "--quiet", f"{package}=={version}"], capture_output=True, text=True)
    if done.returncode or subprocess.run(has, capture_output=True).returncode:
        raise Skip(f"{package} {version} could not be installed: {done.stderr.strip()[-200:]}")
    return python


def file_of(name):
    done = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, check=True)
    found = re.search(rf"{re.escape(name)} .*=> (\S+)", done.stdout.decode())
    if not found:
        raise Skip(f"there is no {name}")
    return os.path.realpath(found.group(1))


def events_of(path):
    status, out, err = run("events", "-r", path, "--json")
    equal(status, 0, err)
    found = [json.loads(line) for line in out.splitlines()]
    state = json.loads(run("top", "-r", path, "--json")[1].splitlines()[-1])
    equal({k: state[k] for k in ("lost", "unknown_frees", "replaced", "unread")}, dict.fromkeys(("lost", "unknown_frees", "replaced", "unread"), 0),
          "anomalies")
    return [e for e in found if e["event"] == "alloc"], [e for e in found if e["event"] == "free"]


NCNN = """
import ncnn
device = ncnn.get_gpu_device(0)
allocator = ncnn.VkBlobAllocator(device)
blocks = [allocator.fastMalloc((i + 1) << 20) for i in range(24)]
for block in blocks[::2]:
    allocator.fastFree(block)
"""
WGPU = """
import wgpu
device = wgpu.gpu.request_adapter_sync().request_device_sync()
buffers = [device.create_buffer(size=(i + 1) << 22, usage=wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST) for i in range(12)]
print("SAID", sum(b.size for b in buffers))
buffers = None
"""


@suite.test("ncnn, which calls the loader's functions: as many as bpftrace counts in the same run")
def _():
    path = os.path.join(folder.name, "ncnn.pt")
    python = in_python("ncnn")
    # With these set it does without the loader.
    its, _ = counted(["env", "-u", "VK_ICD_FILENAMES", "-u", "VK_DRIVER_FILES", python, "-c", NCNN], tuple(f"{file_of('libvulkan.so.1')}:{name}" for name in ("vkAllocateMemory", "vkFreeMemory")), path)
    made, freed = events_of(path)
    equal((len(made), len(freed), sum(e["reserved"] for e in made)), (its["made"], its["freed"], its["bytes"]), "calls")
    assert len(made) >= 20, f"only {len(made)} calls: this tests nothing"
    assert "heap-unknown" not in {e["pool"] for e in made}, "which heap"


@suite.test("wgpu, which calls the driver's functions: as many as bpftrace counts in the same run")
def _():
    path = os.path.join(folder.name, "wgpu.pt")
    python = in_python("wgpu")
    # Where they are says a run of our own; that they are the right ones, its count and the bytes.
    started(("create 0;lookup 0;allocate 1 4096 0 1",), path)
    status, out, err = run("runtimes", "-r", path)
    equal(status, 0, err)
    driver = next(line.split(" (")[0].strip() for line in out.splitlines() if "(build id" in line and "libvulkan.so" not in line)
    place = dict(re.findall(r"(vkAllocateMemory|vkFreeMemory)\s+at (0x[0-9a-f]+)", out.split("and in", 1)[1]))
    its, said = counted([python, "-c", WGPU], tuple(f"{driver}:{place[name]}" for name in ("vkAllocateMemory", "vkFreeMemory")), path)
    made, freed = events_of(path)
    equal((len(made), len(freed), sum(e["reserved"] for e in made)), (its["made"], its["freed"], its["bytes"]), "calls")
    assert sum(e["reserved"] for e in made) >= int(re.search(r"SAID (\d+)", said).group(1)), "less than its buffers have"
    equal({e["pool"] for e in made}, {"heap0"}, "pools")


@suite.test("vulkaninfo ends as it would, and leaves nothing")
def _():
    client()
    if not shutil.which("vulkaninfo"):
        raise Skip("there is no vulkaninfo")
    path = os.path.join(folder.name, "info.pt")
    done = subprocess.run([POOLTRACE, "record", "-o", path, "--", "vulkaninfo", "--summary"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120)
    equal(done.returncode, 0, f"status: {done.stderr}")
    assert "Instance Version" in done.stdout, done.stdout[:500]
    made, freed = events_of(path)
    equal(len(made), len(freed), "what it has made and freed")


if __name__ == "__main__":
    suite.main()
