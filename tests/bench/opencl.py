#!/usr/bin/env python3
"""usage: tests/bench/opencl.py [ROUNDS [PAIRS]]   - what a pair of clCreateBuffer and clReleaseMemObject costs, on PoCL, with each tracer

Rounds are interleaved; told is the median of each tracer's rounds, and the extremes. All of them have the same functions: clCreateBuffer
at its entry and return, clReleaseMemObject at its entry. As root."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "support"), os.path.join(os.path.dirname(HERE), "bpf")]
from harness import POOLTRACE, code_changed  # noqa: E402
import test_opencl as opencl  # noqa: E402

TRACEFS = "/sys/kernel/tracing/uprobe_events"
# Of each allocation its size and handle, of each release its handle.
SCRIPT = """uprobe:LIB:clCreateBuffer { @size[tid] = arg2; }
uretprobe:LIB:clCreateBuffer { printf("%d %lld %lld\\n", tid, retval, @size[tid]); delete(@size[tid]); }
uprobe:LIB:clReleaseMemObject { printf("%d %lld\\n", tid, arg0); }"""


def symbol(library, name):
    out = subprocess.run(["nm", "-D", library], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[0], 16) for line in out.splitlines() if line.split()[-1].split("@")[0] == name)


def write_events(*lines):
    """Added to those of others: to open the file otherwise would remove them."""
    fd = os.open(TRACEFS, os.O_WRONLY | os.O_APPEND)
    for line in lines:
        os.write(fd, f"{line}\n".encode())
    os.close(fd)


def define_events(library):
    create, release = symbol(library, "clCreateBuffer"), symbol(library, "clReleaseMemObject")
    write_events(f"p:pooltrace_cl/create {library}:{create:#x} size=%dx", f"r:pooltrace_cl/made {library}:{create:#x} object=$retval",
                 f"p:pooltrace_cl/release {library}:{release:#x} object=%di")


def remove_events():
    write_events("-:pooltrace_cl/create", "-:pooltrace_cl/made", "-:pooltrace_cl/release")


def commands(pid, library, folder):
    perf = [word for event in ("create", "made", "release") for word in ("-e", f"pooltrace_cl:{event}")]
    return {
        "nothing": None,
        "pooltrace top": [POOLTRACE, "-p", str(pid), "--json"],
        "pooltrace record": [POOLTRACE, "record", "-p", str(pid), "-f", "-o", os.path.join(folder, "run.pt")],
        "bpftrace, a line a hit": ["bpftrace", "-p", str(pid), "-e", SCRIPT.replace("LIB", library)],
        "perf record": ["perf", "record", *perf, "-p", str(pid), "-o", os.path.join(folder, "perf.data")],
    }


def wait_for(pid, probed, seconds=60):
    deadline = time.monotonic() + seconds
    while bool(code_changed(pid)) != probed:
        if time.monotonic() > deadline:
            raise TimeoutError("probes are set" if not probed else "probes were not set")
        time.sleep(0.02)


class Tracer:
    def __init__(self, command, pid):
        self.command, self.pid = command, pid

    def __enter__(self):
        wait_for(self.pid, False)
        if self.command:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_for(self.pid, True)
            # Set, but the tracer may not listen yet.
            time.sleep(1)

    def __exit__(self, *_):
        for _ in range(30 if self.command else 0):
            # bpftrace 0.17 now and then takes no notice of a signal.
            self.process.send_signal(2)
            try:
                self.process.wait(2)
                break
            except subprocess.TimeoutExpired:
                continue


def main():
    rounds, pairs = (list(map(int, sys.argv[1:])) + [5, 20000][len(sys.argv) - 1:])[:2]
    library = opencl.library_of()
    define_events(library)
    took = {}
    try:
        with tempfile.TemporaryDirectory() as folder, opencl.Client() as target:
            for _ in range(rounds):
                for name, command in commands(target.pid, library, folder).items():
                    with Tracer(command, target.pid):
                        target.go("pairs 1000")
                        target.line("DONE")
                        target.go(f"pairs {pairs}")
                        took.setdefault(name, []).append(int(target.line("NS ")) / pairs / 1000)
                        target.line("DONE")
    finally:
        remove_events()
    nothing = statistics.median(took["nothing"])
    print(f"{'':24} us a pair     least      most     added")
    for name, values in took.items():
        print(f"{name:24} {statistics.median(values):9.2f} {min(values):9.2f} {max(values):9.2f} {statistics.median(values) - nothing:9.2f}")


if __name__ == "__main__":
    main()
