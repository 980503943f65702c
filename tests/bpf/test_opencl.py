"""OpenCL, on a real runtime (PoCL, through the ICD loader): a program that counts what it makes, by its own reference counts and the
sizes that the runtime says, and programs that nobody here wrote, whose calls another tracer counts."""
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

suite = Suite("opencl")
folder = tempfile.TemporaryDirectory()
CLIENT = os.path.join(folder.name, "client")
POOLS = ("BUFFER", "IMAGE", "PIPE", "ALLOC_HOST_PTR", "USE_HOST_PTR", "SVM")
READ_WRITE, USE_HOST_PTR, ALLOC_HOST_PTR = 1, 8, 16
IMAGE2D, IMAGE3D, IMAGE2D_ARRAY, IMAGE1D, IMAGE1D_ARRAY, IMAGE1D_BUFFER = range(0x10f1, 0x10f7)
INVALID_BUFFER_SIZE = -61
PYOPENCL = "2025.1"
TINYGRAD = "0.14.0"
# PoCL keeps what it has compiled here, and nothing in the home of whoever runs the tests.
os.environ["POCL_CACHE_DIR"] = os.path.join(folder.name, "pocl")


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"there is no {program}")


def client():
    """The program that counts for itself, compiled once."""
    if os.path.exists(CLIENT):
        return CLIENT
    if not os.path.exists("/usr/include/CL/cl.h") or not os.path.isdir("/etc/OpenCL/vendors"):
        raise Skip("OpenCL's headers or a runtime are not installed")
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-pthread",
                    os.path.join(ROOT, "tests", "opencl", "client.c"), "-lOpenCL", "-o", CLIENT], check=True)
    return CLIENT


class Client(Target):
    def __init__(self, env=None):
        super().__init__([client()], env=env)
        self.line("READY")

    def do(self, command):
        """What it says: {pool: (buffers, bytes)} of what lives, and the number of failures and the sum of their codes."""
        self.go(command)
        words = dict(w.split("=") for w in self.line("DONE").split())
        held = {pool: tuple(map(int, words[pool].split("/"))) for pool in POOLS}
        return {pool: f for pool, f in held.items() if f[0]}, int(words["failed"]), int(words["codes"])


def compare(state, said, what):
    """Every figure is what the program says; nothing is odd."""
    equal(held(state), said[0], f"what lives, {what}")
    equal(process_of(state).get("failed_allocations", 0), said[1], f"failures, {what}")
    equal(anomalies(state), {}, f"anomalies, {what}")


def traced(target, *options):
    return Pooltrace("-p", target.pid, *options)


def steps(target, pooltrace, *commands):
    for command in commands:
        said = target.do(command)
        compare(pooltrace.state(), said, command)


for attach in ("auto", "single"):
    @suite.test(f"buffers of two contexts, by where their memory is, and failures: every figure is the program's own ({attach})")
    def _(mode=attach):
        with Client() as target, traced(target, f"--attach={mode}") as pooltrace:
            pooltrace.state()
            steps(target, pooltrace, f"buffer 7 1009 {READ_WRITE} 0", f"buffer 5 2003 {READ_WRITE} 1", f"buffer 3 8192 {USE_HOST_PTR} 0",
                  f"buffer 2 77 {ALLOC_HOST_PTR | READ_WRITE} 1", f"buffer 6 0 {READ_WRITE} 0", "properties 4 501", "properties 1 0",
                  "release 1")
            state = pooltrace.state()
            equal(len(process_of(state)["devices"]), 2, "contexts")
            equal(held(state), {}, "all are released")

    @suite.test(f"references: a buffer lives until its last one, its views' included ({attach})")
    def _(mode=attach):
        with Client() as target, traced(target, f"--attach={mode}") as pooltrace:
            pooltrace.state()
            steps(target, pooltrace, f"buffer 3 4096 {READ_WRITE} 0", "retain 2", "release 1", "release 1", "view 5", "release 1", "invalid",
                  "release 1", f"buffer 1 4096 {READ_WRITE} 0", "view 2", f"image {IMAGE1D_BUFFER} 0 1", "retain 1", "release 2")
            equal(target.do("release 9")[0], {}, "what the program holds at the end")
            equal(held(pooltrace.state()), {}, "what is shown at the end")
            # Handles are used again: what was known of an earlier object at an address is over.
            steps(target, pooltrace, f"buffer 9 64 {READ_WRITE} 0", "release 1", f"buffer 9 64 {READ_WRITE} 0", "view 3", "release 9")

    @suite.test(f"four threads make, retain and release 2,003 buffers each ({attach})")
    def _(mode=attach):
        with Client() as target, traced(target, f"--attach={mode}") as pooltrace:
            pooltrace.state()
            steps(target, pooltrace, "threads 4 2003 101", "release 1")
            equal(pooltrace.state()["events"], 2 * 4 * 2003, "events: one for each beginning and each end")


@suite.test("images of all shapes and several formats: as many bytes as the runtime says")
def _():
    with Client() as target, traced(target) as pooltrace:
        pooltrace.state()
        steps(target, pooltrace, f"buffer 1 4096 {READ_WRITE} 0", f"image {IMAGE1D_BUFFER} 0 1",
              *(f"image {shape} {shape % 4} 1" for shape in range(IMAGE2D, IMAGE1D_BUFFER)),
              *(f"image {IMAGE2D} {format} 1" for format in (0, 1, 2, 3, 4)), f"image {IMAGE2D} 1 {ALLOC_HOST_PTR}",
              f"image {IMAGE2D} 2 1 1", f"image {IMAGE3D} 3 1 1")
        assert held(pooltrace.state())["IMAGE"][0] >= 10, f"too few images for a test: {held(pooltrace.state())}"
        # Not all runtimes have these, and not all formats.
        steps(target, pooltrace, f"image {IMAGE2D} 0 1 2", "pipe 2", *(f"image {IMAGE3D} {format} 1" for format in (5, 6, 7)), "release 9")
        equal(held(pooltrace.state()), {}, "all are released")


@suite.test("shared virtual memory: freed at once, by a command, and by a command with a function of the program's")
def _():
    with Client() as target, traced(target) as pooltrace:
        pooltrace.state()
        steps(target, pooltrace, "svm 9 4096", "unsvm 2 0", "unsvm 2 1", "unsvm 2 2")
        equal(held(pooltrace.state()), {"SVM": (3, 3 * 4096)}, "what is left")


@suite.test("failures have their codes; where the program does not ask for one there is none")
def _():
    path = os.path.join(folder.name, "failed.pt")
    with Client() as target:
        with traced(target, "-o", path) as pooltrace:
            pooltrace.state()
            said = target.do(f"buffer 6 0 {READ_WRITE} 0")
            compare(pooltrace.state(), said, "six failures")
            pooltrace.end()
    status, out, err = run("events", "-r", path, "--json")
    equal(status, 0, f"status: {err}")
    failed = [json.loads(line) for line in out.splitlines() if '"failed"' in line]
    equal([e.get("code") for e in failed], [None, INVALID_BUFFER_SIZE] * 3, "codes")
    equal(said[2], 3 * INVALID_BUFFER_SIZE, "their sum, as the program says")
    equal({e["pool"] for e in failed}, {"BUFFER"}, "pools")


@suite.test("what was made before we attached changes nothing: its references are not counted, nor is a view of it taken for memory")
def _():
    with Client() as target:
        target.do(f"buffer 5 1009 {READ_WRITE} 0")
        with traced(target) as pooltrace:
            equal(held(pooltrace.state()), {}, "what is known")
            target.do("retain 2")
            target.do("view 3")
            target.do("release 9")
            state = pooltrace.state()
            equal((held(state), anomalies(state)), ({}, {}), "after all was released")
            steps(target, pooltrace, f"buffer 5 1009 {READ_WRITE} 0", "view 2", "release 1", "release 9")


@suite.test("a library between the program and the loader: a call of both counts once, by the outer one")
def _():
    client()
    layer = os.path.join(folder.name, "liblayer.so")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", layer, os.path.join(ROOT, "tests", "opencl", "layer.c")],
                   check=True)
    with Client({**os.environ, "LD_PRELOAD": layer}) as target, traced(target) as pooltrace:
        pooltrace.state()
        # An image is made by the loader's function alone, and released by both.
        for command in (f"buffer 7 1009 {READ_WRITE} 0", "view 2", f"image {IMAGE2D} 1 1", "retain 1", "release 1",
                        f"buffer 2 0 {READ_WRITE}", "release 9"):
            said = target.do(command)
            state = pooltrace.state()
            equal(len(state["processes"]), 2, "libraries that have the functions")
            equal(held(state), said[0], f"what lives, {command}")
            equal(sum(p.get("failed_allocations", 0) for p in state["processes"]), said[1], f"failures, {command}")
            equal(anomalies(state), {}, f"anomalies, {command}")


def recorded(command, path, timeout=300):
    """The run of a command that is recorded from its beginning: its status, what it printed, and the recording's last state."""
    done = subprocess.run([POOLTRACE, "record", "-o", path, "--", *command], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
    status, out, err = run("top", "-r", path, "--json")
    equal(status, 0, f"status of top ({done.stderr.decode()[-500:]} {err})")
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), json.loads(out.splitlines()[-1])


def events(path):
    status, out, err = run("events", "-r", path, "--json")
    equal(status, 0, f"status of events ({err})")
    return [json.loads(line) for line in out.splitlines()]


# Of threads of that name. A call counts when it returns something; of releases those of objects that were made here.
COUNT = """
BEGIN { printf("READY\\n"); }
uprobe:LIB:clCreateBuffer /comm == "NAME"/ { @size[tid] = arg2; }
uretprobe:LIB:clCreateBuffer /comm == "NAME"/ { if (retval) { @made++; @bytes += @size[tid]; @refs[retval] = 1; } else { @failed++; } }
uprobe:LIB:clCreateImage /comm == "NAME"/ { @images++; }
uretprobe:LIB:clCreateImage /comm == "NAME"/ { if (retval) { @made++; @refs[retval] = 1; } else { @failed++; } }
uprobe:LIB:clRetainMemObject /comm == "NAME"/ { if (@refs[arg0]) { @refs[arg0]++; } }
uprobe:LIB:clReleaseMemObject /comm == "NAME"/ { if (@refs[arg0]) { @refs[arg0]--; if (!@refs[arg0]) { @freed++; } } }
uretprobe:LIB:clSVMAlloc /comm == "NAME"/ { if (retval) { @svm++; } }
END { printf("COUNTED %d %d %d %d %d %d\\n", @made, @bytes, @freed, @failed, @images, @svm);
      clear(@refs); clear(@size); clear(@made); clear(@bytes); clear(@freed); clear(@failed); clear(@images); clear(@svm); }
"""


def end_of(bpftrace):
    """What it says at its end; it may miss the signal that asks for it."""
    for _ in range(30):
        bpftrace.process.send_signal(signal.SIGINT)
        try:
            while (line := bpftrace.lines.next(2)) is not None:
                if line.startswith("COUNTED "):
                    return line[len("COUNTED "):]
            break
        except TimeoutError:
            pass
    raise AssertionError(f"bpftrace said nothing: {bpftrace.stderr()[-500:]}")


def counted(command, library, path):
    """What bpftrace counts in a run that is recorded."""
    script = os.path.join(folder.name, "count.bt")
    with open(script, "w") as f:
        f.write(COUNT.replace("LIB", library).replace("NAME", command[0]))
    with Target(["bpftrace", script]) as other:
        other.line("READY")
        status, out, err, _ = recorded(command, path)
        said = end_of(other)
    equal(status, 0, f"status of {command}: {out[-500:]} {err[-500:]}")
    return dict(zip(("made", "bytes", "freed", "failed", "images", "svm"), map(int, said.split())))


def ours(path):
    """What the recording says of one run."""
    found = events(path)
    made = [e for e in found if e["event"] == "alloc"]
    return {"made": len([e for e in made if not e["pool"].startswith("SVM")]),
            "bytes": sum(e["reserved"] for e in made if not e["pool"].startswith(("SVM", "IMAGE"))),
            "freed": len([e for e in found if e["event"] == "free"]), "failed": len([e for e in found if e["event"] == "failed"]),
            "images": len([e for e in made if e["pool"] == "IMAGE"]), "svm": len([e for e in made if e["pool"] == "SVM"])}


def library_of(name="libOpenCL.so.1"):
    done = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, check=True)
    found = re.search(rf"{re.escape(name)} .*=> (\S+)", done.stdout.decode())
    if not found:
        raise Skip(f"there is no {name}")
    return os.path.realpath(found.group(1))


def same_counts(command, least):
    path = os.path.join(folder.name, f"{command[0]}.pt")
    its, mine = counted(command, library_of(), path), ours(path)
    equal(mine, its, f"of {command}")
    assert its["made"] >= least, f"{command} makes only {its['made']} objects: this tests nothing"


@suite.test("clpeak: what it makes, in bytes, and releases, is what bpftrace counts in the same run")
def _():
    needs("clpeak", "bpftrace")
    same_counts(["clpeak", "--global-bandwidth", "--kernel-latency"], 3)


@suite.test("clinfo makes nothing, and ends as it would")
def _():
    needs("clinfo")
    status, out, _, state = recorded(["clinfo", "-l"], os.path.join(folder.name, "clinfo.pt"))
    equal(status, 0, "status")
    assert "Platform" in out, out
    equal((state["events"], anomalies(state)), (0, {}), "events")


def python_with(package, version):
    """A Python that has the package's wheel, in the cache of the tests."""
    client()
    cache = os.environ.get("POOLTRACE_CACHE", os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "pooltrace"))
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


def says_itself(python, script, steps, env):
    """A program of Python, traced: after each step it holds what it says."""
    environment = {**os.environ, "OCL_ICD_VENDORS": "/etc/OpenCL/vendors", **env}
    with Target([python, os.path.join(ROOT, "tests", "opencl", script)], env=environment) as target:
        target.line("READY")
        with traced(target) as pooltrace:
            pooltrace.state()
            for what in steps:
                target.go()
                said = {pool: tuple(f) for pool, f in json.loads(target.line("SAID")).items()}
                state = pooltrace.state()
                equal(held(state), said, what)
                equal(anomalies(state), {}, f"anomalies, {what}")


@suite.test("PyOpenCL, with the loader in its wheel: buffers, arrays, a view, an image, memory of its own, and what is left of them")
def _():
    says_itself(python_with("pyopencl", PYOPENCL), "objects.py", ("what it holds", "when most of it is gone"), {"PYOPENCL_NO_CACHE": "1"})


@suite.test("tinygrad: what is in use, by its own count, with what its allocator keeps for use again")
def _():
    says_itself(python_with("tinygrad", TINYGRAD), "tensors.py", ("weights and activations", "when half of it is kept for use again",
                                                                 "when none is kept", "at the end"), {"DEV": "CL", "CACHELEVEL": "0"})


@suite.test("hashcat: what it makes for a benchmark of MD5, in bytes, and releases, is what bpftrace counts in the same run")
def _():
    needs("hashcat", "bpftrace")
    same_counts(["hashcat", "-b", "-m", "0", "--force", "-w", "1", "--potfile-disable", "--session", "pooltrace", "--runtime", "1"], 20)


if __name__ == "__main__":
    suite.main()
