"""What the tests of running programs share: targets held on a pipe, pooltrace asked for a table at a moment, TAP output.

Nothing here sleeps to wait for something: a target stands at a barrier until it is told to go on, and pooltrace
draws a table when a byte arrives on its --tick-fd.
"""
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
POOLTRACE = os.path.join(BUILD, "pooltrace")
POOLS = ("DRAM", "L1", "L1_SMALL", "TRACE")
TIMEOUT = 120
# What the kernel lacks, as whoever chose it says (tests/kernels/run.py): then tests expect what is so without.
LACKS = os.environ.get("LACKS", "").split()
MODES = ("single",) if "uprobe_multi" in LACKS else ("multi", "single")


class Lines:
    """Lines of a pipe, with a limit on the wait for each."""

    def __init__(self, pipe):
        self.fd = pipe.fileno() if hasattr(pipe, "fileno") else pipe
        self.pipe = pipe
        self.rest = b""

    def next(self, timeout=TIMEOUT):
        """The next line without its end, or None at the end of the stream."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise TimeoutError(f"no line within {timeout} s; so far {self.rest[-200:]!r}")
            more = os.read(self.fd, 1 << 16)
            if not more:
                line, self.rest = self.rest, b""
                return line.decode(errors="replace") if line else None
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode(errors="replace")

    def all(self, timeout=TIMEOUT):
        lines = []
        while (line := self.next(timeout)) is not None:
            lines.append(line)
        return lines


class Target:
    """A program under test. It prints `STEP name POOL=bytes ...` and waits for a line after each step."""

    def __init__(self, command, env=None, cwd=None):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=env, cwd=cwd)
        self.pid = self.process.pid
        self.lines = Lines(self.process.stdout)

    def step(self):
        """(name, {pool: bytes}) of the next STEP line, None at the end. Other lines are skipped."""
        while (line := self.lines.next()) is not None:
            if line.startswith("STEP "):
                words = line.split()
                view = dict(w.split("=") for w in words[2:])
                return words[1], {k: int(v) for k, v in view.items() if v.isdigit()}
        return None

    def line(self, prefix=""):
        """The rest of the next line that begins with @prefix."""
        while (line := self.lines.next()) is not None:
            if line.startswith(prefix):
                return line[len(prefix):].strip()
        raise EOFError(f"the target ended: {self.stderr()[-500:]}")

    def go(self, text=""):
        self.process.stdin.write(f"{text}\n".encode())
        self.process.stdin.flush()

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def wait(self, timeout=TIMEOUT):
        """Close its input and return its exit status (negative: a signal)."""
        if self.process.stdin and not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        return self.process.wait(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        self.process.stdout.close()


class Pooltrace:
    """A live pooltrace that shows one table, as JSON, when asked."""

    def __init__(self, *arguments, json_output=True, program=(POOLTRACE,), starts=()):
        out, self.tick_fd = os.pipe()
        command = [*program, *map(str, arguments), "--tick-fd", str(out)] + (["--json"] if json_output else [])
        command += ["--", *starts] if starts else []
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, pass_fds=[out])
        os.close(out)
        self.pid = self.process.pid
        self.lines = Lines(self.process.stdout)

    def ask(self):
        os.write(self.tick_fd, b"x")

    def state(self):
        """The state as of now."""
        self.ask()
        line = self.lines.next()
        if line is None:
            raise EOFError(f"pooltrace ended: {self.stderr()}")
        return json.loads(line)

    def ready_for_signals(self):
        """Return when a signal will end it in an orderly way: it has blocked SIGINT."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            with open(f"/proc/{self.pid}/status") as status:
                blocked = next(line for line in status if line.startswith("SigBlk:"))
            if int(blocked.split()[1], 16) >> signal.SIGINT - 1 & 1:
                return
            os.sched_yield()
        raise TimeoutError("pooltrace does not block SIGINT")

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def end(self, timeout=TIMEOUT):
        """Close the pipe that it is asked by: it ends. Returns its exit status."""
        if self.tick_fd >= 0:
            os.close(self.tick_fd)
            self.tick_fd = -1
        self.lines.all(timeout)
        return self.process.wait(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.tick_fd >= 0:
            os.close(self.tick_fd)
            self.tick_fd = -1
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


def run(*arguments, **more):
    """Run pooltrace to its end: (exit status, stdout, stderr)."""
    more.setdefault("timeout", TIMEOUT)
    done = subprocess.run([POOLTRACE, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, **more)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def held(state):
    """{pool: (buffers, bytes)} of what lives in all processes and devices."""
    sums = {}
    for device in (d for p in state["processes"] for d in p["devices"]):
        for pool, f in device["pools"].items():
            if f["buffers"]:
                old = sums.get(pool, (0, 0))
                sums[pool] = (old[0] + f["buffers"], old[1] + f["reserved"])
    return sums


def anomalies(state):
    """What should be 0 and is not."""
    return {k: state[k] for k in ("lost", "unknown_frees", "replaced", "unread", "corrections") if state[k]}


def code_changed(pid, only=None):
    """{(file, offset)} of the bytes of code that process @pid has otherwise than the file that it maps: its probes. @only: in that file."""
    changed = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, permissions, offset, _, inode, *path = line.split(maxsplit=5)
            if inode == "0" or "x" not in permissions or only not in (None, path[0].strip()):
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            with open(f"/proc/{pid}/map_files/{start:x}-{end:x}", "rb") as file:
                file.seek(int(offset, 16))
                wanted = file.read(end - start)
            memory.seek(start)
            found = memory.read(len(wanted))
            equal(len(found), len(wanted), f"bytes of code at {line}")
            for at in range(0, len(wanted), 4096):
                if found[at:at + 4096] != wanted[at:at + 4096]:
                    changed |= {(path[0].strip(), int(offset, 16) + i) for i in range(at, min(at + 4096, len(wanted)))
                                if found[i] != wanted[i]}
    return changed


def no_probes(pid, what="probes"):
    """No probe remains in process @pid, once all that other tracers on this machine may have set is gone as well."""
    until(lambda: not code_changed(pid), 30, f"{what}: they remain in process {pid}")


def probe_sites(pid):
    """Addresses of the probes in the runtime's file, as `pooltrace runtimes` names them."""
    status, out, err = run("runtimes", "-p", pid)
    equal(status, 0, f"status of runtimes ({err})")
    sites = {int(site, 16) for site in re.findall(r"^ +at (0x[0-9a-f]+):", out, re.MULTILINE)}
    assert len(sites) > 5, f"only {sites}: {out}"
    return sites


BPFTOOL = shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin:/sbin")


class KernelObjects:
    """The programs and links that process @pid holds, which is stopped first if it is to make no more; left() is how many of
    them the kernel has still."""

    def __init__(self, pid, stop=False):
        self.ids = {"prog": set(), "link": set()}
        if stop:
            os.kill(pid, signal.SIGSTOP)
            until(lambda: open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] in "TZ", what=f"process {pid} never stopped")
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            try:
                with open(f"/proc/{pid}/fdinfo/{fd}") as f:
                    text = f.read()
            except FileNotFoundError:
                continue
            for kind, ids in self.ids.items():
                ids.update(int(n) for n in re.findall(rf"^{kind}_id:\s*(\d+)$", text, re.MULTILINE))

    def left(self):
        left = 0
        for kind, ids in self.ids.items():
            done = subprocess.run([BPFTOOL, "-j", kind, "list"], capture_output=True, check=True)
            left += len(ids & {entry["id"] for entry in json.loads(done.stdout or "[]")})
        return left

    def gone(self, limit=TIMEOUT):
        """Wait until the kernel has none of them: it frees some of them when no processor can run them any more."""
        until(lambda: not self.left(), limit, f"programs and links {self.ids} remain")


def until(condition, limit=TIMEOUT, what="a condition never held"):
    """Ask again and again, with pauses, until @condition() is true; return what it said."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        select.select([], [], [], 0.01)
    raise AssertionError(what)


def once(pid):
    """What --once says of a process."""
    status, out, err = run("-p", pid, "--once", "--json")
    assert status == 0, f"--once: status {status}: {err}"
    return json.loads(out)


def process_of(state, pid=None):
    found = [p for p in state["processes"] if pid is None or p["pid"] == pid]
    assert len(found) == 1, f"{len(found)} processes in {state}"
    return found[0]


def pools(state, pid=None, field="reserved"):
    """{pool: bytes} over all devices of the one process; pools without figures are 0."""
    total = dict.fromkeys(POOLS, 0)
    for device in process_of(state, pid)["devices"]:
        for pool, figures in device["pools"].items():
            total[pool] += figures.get(field, 0)
    return total


def equal(got, wanted, what):
    assert got == wanted, f"{what}: got {got}, wanted {wanted}"


class Skip(Exception):
    """What a test needs and this machine does not have."""


class Suite:
    """Tests in the order of their definition, as TAP."""

    def __init__(self, name):
        self.name = name
        self.tests = []

    def test(self, sentence):
        def add(function):
            self.tests.append((sentence, function))
            return function
        return add

    def main(self):
        wanted = sys.argv[1:]
        tests = [t for t in self.tests if not wanted or any(re.search(w, t[0]) for w in wanted)]
        print(f"1..{len(tests)}", flush=True)
        failed = 0
        for number, (sentence, function) in enumerate(tests, 1):
            start = time.monotonic()
            try:
                function()
                print(f"ok {number} - {self.name}: {sentence} # {time.monotonic() - start:.1f} s", flush=True)
            except Skip as missing:
                print(f"ok {number} - {self.name}: {sentence} # SKIP {missing}", flush=True)
            except Exception:
                failed += 1
                print(f"not ok {number} - {self.name}: {sentence}")
                for line in traceback.format_exc().splitlines():
                    print(f"# {line}", flush=True)
        sys.exit(1 if failed else 0)
