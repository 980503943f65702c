"""A program that the kernel kills because its control group has no memory left: what it held then is in the recording, and pooltrace,
which is not in that group, goes on."""
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
from harness import BUILD, POOLS, Pooltrace, Skip, Suite, Target, equal, pools, run, until  # noqa: E402

suite = Suite("out of memory")
PLUGIN = os.path.join(BUILD, "standin", "libstandin_plugin.so")
LIMIT = 96 << 20
# The plugin allocates when it is loaded.
PROGRAM = f"""
import ctypes, sys
plugin = ctypes.CDLL({PLUGIN!r})
print("READY", flush=True)
sys.stdin.readline()
hoard = []
while True:
    hoard.append(bytearray(1 << 20))
"""


class Group:
    """A control group with a limit of memory, in a mount of its own, of whichever version the kernel has the memory in."""

    def __init__(self):
        self.mount = tempfile.mkdtemp()
        for kind, self.limit, self.events in ((("cgroup2",), "memory.max", "memory.events"),
                                              (("cgroup", "-o", "memory"), "memory.limit_in_bytes", "memory.oom_control")):
            if subprocess.run(["mount", "-t", *kind, "none", self.mount], capture_output=True).returncode:
                continue
            self.path = os.path.join(self.mount, f"pooltrace-test-{os.getpid()}")
            with contextlib.suppress(OSError):
                self.make()
                return
            with contextlib.suppress(OSError):
                os.rmdir(self.path)
            subprocess.run(["umount", self.mount], check=True)
        os.rmdir(self.mount)
        raise Skip("a control group with a limit of memory, which cannot be made here")

    def make(self):
        if self.limit == "memory.max":
            self.write(os.path.join(self.mount, "cgroup.subtree_control"), "+memory")
        os.mkdir(self.path)
        self.write(os.path.join(self.path, self.limit), str(LIMIT))

    @staticmethod
    def write(path, text):
        with open(path, "r+") as file:
            file.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        until(self.is_empty, what="the group never became empty")
        os.rmdir(self.path)
        subprocess.run(["umount", self.mount], check=True)
        os.rmdir(self.mount)

    def is_empty(self):
        with open(os.path.join(self.path, "cgroup.procs")) as file:
            return not file.read()

    def kills(self):
        with open(os.path.join(self.path, self.events)) as file:
            return dict(line.split() for line in file.read().splitlines())["oom_kill"]


@suite.test("what a program held when the kernel killed it is told, by the table and by the recording")
def _():
    with tempfile.TemporaryDirectory() as folder, Group() as group:
        path = os.path.join(folder, "run.pt")
        enter = f"echo $$ > {os.path.join(group.path, 'cgroup.procs')} && exec \"$@\""
        with Target(["sh", "-c", enter, "sh", sys.executable, "-c", PROGRAM]) as target:
            target.line("READY")
            with Pooltrace("-p", target.pid, "-o", path) as pooltrace:
                held = pools(pooltrace.state(), target.pid)
                assert sum(held.values()), "it holds nothing: this tests nothing"
                target.go()
                equal(target.wait(), -signal.SIGKILL, "status")
                last = json.loads(pooltrace.lines.all()[-1])
                equal(pooltrace.process.wait(60), 0, "status of pooltrace")
            equal(group.kills(), "1", "processes that the kernel killed in the group")
        equal([p["ended"] for p in last["processes"]], ["exit"], "why it ended")
        status, out, err = run("report", "--json", path)
        equal((status, err), (0, ""), "report")
        p, = json.loads(out)["summary"]["processes"]
        left = {pool: sum(d["pools"].get(pool, {"reserved": 0})["reserved"] for d in p["devices"]) for pool in POOLS}
        equal((p["ended"], left), ("exit", held), "what it held at its end")


if __name__ == "__main__":
    suite.main()
