"""Those that are compared: each is started on a process, tells when its probes are set, and what it received at the end.

All have the same sites and the same pid. What a peer lost is what the target did less what arrived, not only what the
peer says of itself.
"""
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

from harness import BUILD, POOLTRACE
from sites import HOT

TRACEFS = "/sys/kernel/tracing"
GROUP = "pooltrace_bench"
# The probes are set, but a peer may not listen yet: what happens in between is nobody's loss.
SETTLE_S = 0.2


class Failed(Exception):
    """A peer cannot run here, or did not attach: why, in one line."""


def cpu_ns(pid):
    """Time that a process's threads have run."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as f:
            total += int(f.read().split()[0])
    return total


def descendants(pid):
    """@pid and all that it started, by themselves or through others."""
    found = [pid]
    for parent in found:
        for task in os.listdir(f"/proc/{parent}/task"):
            with open(f"/proc/{parent}/task/{task}/children") as f:
                found += [int(child) for child in f.read().split()]
    return found


class Peer:
    """Also the peer that is none: a target with nothing attached."""
    name = "nothing"
    pair_values = 0  # how many values of received() a pair makes

    def __init__(self, sites, folder):
        self.sites, self.folder, self.process = sites, folder, None

    def command(self):
        return None

    def prepare(self):
        pass

    def clean(self):
        pass

    def received(self, out, err):
        """How much arrived: events, or hits; None: it does not count."""
        return None

    def start(self):
        """Seconds until all probes are set."""
        if not self.sites.wait(False):
            raise Failed(f"{self.name}: somebody else's probes are in the target")
        if not self.command():
            return 0
        self.prepare()
        self.out, self.err = (tempfile.TemporaryFile(dir=self.folder) for _ in range(2))
        began = time.monotonic()
        self.process = subprocess.Popen(self.command(), stdin=subprocess.PIPE, stdout=self.out, stderr=self.err)
        if not self.attached():
            self.process.kill()
            self.process.wait()
            self.clean()
            raise Failed(f"{self.name}: did not attach: {self._text(self.err).strip()[-300:]}")
        took = time.monotonic() - began
        time.sleep(SETTLE_S)
        return took

    def attached(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.sites.wait(True, 0.1):
                return True
            if self.process.poll() is not None:
                return False
        return False

    def cpu_ns(self):
        return cpu_ns(self.process.pid) if self.process else 0

    def tree_cpu_ns(self):
        """With its children."""
        return sum(cpu_ns(pid) for pid in descendants(self.process.pid))

    def stop(self):
        """(seconds until it has ended and no probe is left, what it received)."""
        if not self.process:
            return 0, None
        began = time.monotonic()
        self._finish()
        if not self.sites.wait(False):
            raise Failed(f"{self.name}: its probes are still there")
        took = time.monotonic() - began
        out, err = self._text(self.out), self._text(self.err)
        self.process.stdin.close()
        self.process = None
        received = self.received(out, err)
        self.clean()
        return took, received

    def end(self):
        self.process.send_signal(signal.SIGINT)

    def _finish(self):
        """bpftrace 0.17 now and then takes no notice of the first signal."""
        for _ in range(3):
            self.end()
            try:
                self.process.wait(10)
                return
            except subprocess.TimeoutExpired:
                pass
        self.process.kill()
        self.process.wait()
        self.clean()
        raise Failed(f"{self.name}: did not end within 30 s")

    def shown(self):
        """The command for a reader, without paths of this machine."""
        return " ".join(shlex.quote(self._plain(w)) for w in self.command() or [])

    def _plain(self, word):
        for path in (self.sites.library, *(p for p, _ in self.sites.others)):
            word = word.replace(path, os.path.basename(path))
        for folder in (os.path.join(BUILD, "bench"), BUILD, self.folder):
            word = word.replace(folder + "/", "")
        return "PID" if word == str(self.sites.pid) else word

    @staticmethod
    def _text(f):
        f.seek(0)
        return f.read().decode(errors="replace")


class Empty(Peer):
    """A BPF program that returns 0, at all sites of pooltrace, by one uprobe_multi link."""
    name, program = "empty probes", "empty"

    def command(self):
        words = [os.path.join(BUILD, "bench", "bench-empty"), os.path.join(BUILD, "bench", "empty.bpf.o"), self.program,
                 str(self.sites.pid), self.sites.library, *map(hex, self.sites.all_offsets())]
        return words + [w for path, offset in self.sites.others for w in (path, hex(offset))]

    def end(self):
        self.process.stdin.close()


class EmptySleepable(Empty):
    """The same as a program that may sleep, as pooltrace's is."""
    name, program = "empty sleepable probes", "empty_sleepable"


class Telling(Empty):
    """One that only says that it was hit, and when, in a ring: what every tracer needs that tells each hit."""
    name, program = "probes that tell no value", "telling"


class Top(Peer):
    name, pair_values = "pooltrace top", 2

    def command(self):
        return [POOLTRACE, "-p", str(self.sites.pid), *self.sites.options]

    def received(self, out, err):
        events = re.findall(r"(\d+) events, (\d+) lost", out)
        return int(events[-1][0]) if events else 0


class Record(Peer):
    name, pair_values = "pooltrace record", 2

    def command(self):
        return [POOLTRACE, "record", "--stacks=off", "-f", "-p", str(self.sites.pid), "-o", os.path.join(self.folder, "run.pt"), *self.sites.options]

    def received(self, out, err):
        found = re.search(r"recorded (\d+) events", err)
        return int(found.group(1)) if found else 0


class Bpftrace(Peer):
    """What one would write by hand: a line a hit, with addresses and sizes."""
    name, pair_values = "bpftrace, a line a hit", 3
    actions = {"begin": 'printf("begin %d %d %lx %ld %ld\\n", pid, tid, arg0, arg1, arg2)',
               "alloc": 'printf("alloc %d %d %x\\n", pid, tid, *(uint32*)(*(uint64*)(arg1 + 16) + 64))',
               "free": 'printf("free %d %d %lx %lx\\n", pid, tid, arg0, arg1)'}

    def script(self):
        return " ".join(f"uprobe:{self.sites.library}:{symbol} {{ {self.actions[verb]} }}"
                        for verb in HOT for symbol in self.sites.symbols[verb])

    def command(self):
        return ["bpftrace", "-p", str(self.sites.pid), "-e", self.script()]

    def prepare(self):
        if not shutil.which("bpftrace"):
            raise Failed("bpftrace: not installed")

    def received(self, out, err):
        """In spite of -p, it also gets the hits of processes that others probe at the same sites (a perf event's pid is no filter)."""
        return len(re.findall(rf"^(?:begin|alloc|free) {self.sites.pid} ", out, re.M))


class BpftraceCounts(Bpftrace):
    """Less than a tracer needs: no stream, only sums, which stay in the kernel."""
    name = "bpftrace, counts and sums"
    actions = {"begin": "@calls = count(); @asked[arg0] = sum(arg1)", "alloc": "@allocations = count()",
               "free": "@frees = count()"}

    def received(self, out, err):
        return sum(int(n) for n in re.findall(r"^@(?:calls|allocations|frees): (\d+)", out, re.M))


class Perf(Peer):
    """perf record, its probes defined by offset: `perf probe` (6.1) takes a mangled name for two places, one of them wrong."""
    name, pair_values = "perf record", 3
    values = {"begin": "arena=%di asked=%si page=%dx", "alloc": "buffer=%si address=+64(+16(%si)):u32",
              "free": "arena=%di address=%si"}

    def definitions(self):
        return [f"p:{GROUP}/{verb}{i} {self.sites.library}:{offset:#x} {self.values[verb]}"
                for verb in HOT for i, offset in enumerate(self.sites.offsets[verb])]

    def command(self):
        events = [w for d in self.definitions() for w in ("-e", d.split()[0][2:].replace("/", ":"))]
        return ["perf", "record", *events, "-p", str(self.sites.pid), "-o", os.path.join(self.folder, "perf.data")]

    def shown(self):
        return f"{super().shown()}, its uprobe_events: {'; '.join(self._plain(d) for d in self.definitions())}"

    def prepare(self):
        if not shutil.which("perf"):
            raise Failed("perf: not installed")
        self.clean()
        try:
            for line in self.definitions():
                self._define(line)
        except OSError as e:
            raise Failed(f"perf: cannot define its probes: {e.strerror}") from e

    def clean(self):
        for line in self.definitions():
            try:
                self._define("-" + line.split()[0][1:])
            except OSError:
                pass

    def received(self, out, err):
        found = re.search(r"\((\d+) samples\)", err)
        return int(found.group(1)) if found else 0

    @staticmethod
    def _define(line):
        fd = os.open(f"{TRACEFS}/uprobe_events", os.O_WRONLY | os.O_APPEND)
        try:
            os.write(fd, f"{line}\n".encode())
        finally:
            os.close(fd)


ALL = (Peer, Empty, EmptySleepable, Telling, Top, Record, Bpftrace, BpftraceCounts, Perf)


def mount_tracefs():
    """perf needs it. What was done, in words, or None."""
    if os.path.exists(f"{TRACEFS}/uprobe_events"):
        return None
    done = subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACEFS], capture_output=True, text=True)
    return f"tracefs was not mounted: {done.stderr.strip() or 'mounted it on ' + TRACEFS}"
