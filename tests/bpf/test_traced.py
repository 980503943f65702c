"""A recording says with what its processes were traced: each probe that the kernel has set, files, build ids, runtime files."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import BUILD, POOLTRACE, ROOT, Pooltrace, Suite, Target, code_changed, equal, run  # noqa: E402

suite = Suite("traced")
FOLDER = os.path.join(BUILD, "standin")
RUNTIME = os.path.join(ROOT, "runtimes", "tt-metal.rt")
LIBRARY = "libstandin_metal.so"


def pools(folder=FOLDER):
    """A process that has allocated something, and waits for more to do."""
    target = Target([os.path.join(folder, "standin-pools")])
    target.go("alloc L1 4096")
    target.step()
    return target


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory() as folder:
        yield folder


def shown(*arguments):
    status, out, err = run("runtimes", "-r", *arguments)
    equal((status, err), (0, ""), f"runtimes -r {arguments}")
    return out


def sites(text):
    """{(file, offset)} of the probes that a recording names."""
    found, path = set(), None
    for line in text.splitlines():
        if names := re.match(r"  (/.*) \(build id ", line):
            path = names[1]
        elif at := re.match(r" +at (0x[0-9a-f]+)$", line):
            found.add((path, int(at[1], 16)))
    return found


def build_id(path):
    notes = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True).stdout
    return re.search(r"Build ID: ([0-9a-f]+)", notes)[1]


def traced(recording):
    """{pid: what it was traced with}"""
    status, out, err = run("report", "--json", recording)
    equal((status, err), (0, ""), "report")
    return {p["pid"]: p["traced"] for p in json.loads(out)["summary"]["processes"]}


@contextlib.contextmanager
def recording(path, *pids, command="record", more=()):
    """A recording of these processes, which are attached to from here on; it ends with the block."""
    with Pooltrace(command, "-o", path, "-f", "-p", ",".join(map(str, pids)), *more, json_output=False) as trace:
        trace.ready_for_signals()
        trace.ask()
        yield trace
        equal(trace.end(), 0, f"status of the recording ({trace.stderr()})")


@suite.test("the probes of a recording are those that the kernel has set, in each file, and no others")
def _():
    for attach in ("multi", "single"):
        with scratch() as folder, pools() as target:
            path = os.path.join(folder, "run.pt")
            with recording(path, target.pid, more=["--attach", attach], command="top") as trace:
                trace.lines.next()
                changed = code_changed(target.pid)
            text = shown(path)
            equal(sites(text), changed, f"probes with --attach={attach}")
            assert len({file for file, _ in changed}) == 2, changed
            modules = traced(path)[target.pid]["modules"]
            equal({m["path"]: m["build_id"] for m in modules}, {file: build_id(file) for file, _ in changed}, "build ids")
            equal(sum(m["probes"] for m in modules), len(changed), "probes of the report")
            assert modules[0]["path"].endswith(LIBRARY), modules


@suite.test("what a recording says of rows is what `runtimes -p` says of the process")
def _():
    with scratch() as folder, pools() as target:
        path = os.path.join(folder, "run.pt")
        with recording(path, target.pid):
            pass
        _, live, _ = run("runtimes", "-p", target.pid)
        live = live[live.index("\nprobes\n"):live.index("\nvalues\n")]
        rows = re.findall(r"^  (\S+) +(_Z\S+)(?: tag=\S+)?\n +(?:at (0x[0-9a-f]+)|no probe\n +! (.*))", live, re.MULTILINE)
        text = shown(path)
        text = text[:text.index("\nand in\n")]
        equal(re.findall(r"^  (\S+) +(_Z\S+)(?: tag=\S+)?\n +(?:at (0x[0-9a-f]+)|no probe\n +! (.*))", text, re.MULTILINE), rows, "rows")
        assert any(row[2] for row in rows) and any(row[3] for row in rows), rows
        missing = traced(path)[target.pid]["missing"]
        equal([m["probe"] for m in missing if m["reason"].startswith("no function")], [row[0] for row in rows if row[3]], "missing")
        elsewhere = [m for m in missing if not m["reason"].startswith("no function")]
        equal({m["reason"] for m in elsewhere}, {"no file that the process maps defines it"}, "rows that no file has")


@suite.test("the runtime file comes out of a recording to the letter, also one that was given")
def _():
    with scratch() as folder, pools() as target:
        own, path = os.path.join(folder, "own.rt"), os.path.join(folder, "run.pt")
        with open(RUNTIME, "rb") as file:
            text = file.read()
        with open(own, "wb") as file:
            file.write(text + "# für uns\tallein\n".encode())
        for more, wanted in (([], text), (["--runtime", own], text + "# für uns\tallein\n".encode())):
            with recording(path, target.pid, more=more):
                pass
            os.path.exists(own) and more and os.unlink(own)
            done = subprocess.run([POOLTRACE, "runtimes", "-r", path, "--print", "tt-metal"], capture_output=True)
            equal((done.returncode, done.stdout), (0, wanted), f"runtime file of {more}")
            assert f"\ntt-metal ({own if more else 'built in: tt-metal.rt'})\n" in shown(path)


@suite.test("what many processes have alike is told once: a further process costs some bytes")
def _():
    with scratch() as folder, contextlib.ExitStack() as stack:
        sizes = {}
        targets = [stack.enter_context(pools()) for _ in range(17)]
        for nr in (1, 17):
            path = os.path.join(folder, f"{nr}.pt")
            with recording(path, *(t.pid for t in targets[:nr])):
                pass
            sizes[nr] = os.path.getsize(path)
            text = shown(path)
            equal(len(re.findall(r"^process \d+ .* maps /.*/" + LIBRARY + "$", text, re.MULTILINE)), nr, "processes")
            equal(text.count("\nprobes\n"), 1, "how often probes are told")
        assert sizes[17] - sizes[1] < 16 * 150, sizes


@suite.test("a file that processes see by different names is one file, each with its name, whatever that holds")
def _():
    with scratch() as folder:
        other = os.path.join(folder, "a \x1b[31mb\nc (deleted) " + "é" * 100)
        os.makedirs(other)
        for name in ("standin-pools", LIBRARY):
            try:
                os.link(os.path.join(FOLDER, name), os.path.join(other, name))
            except OSError:
                shutil.copy(os.path.join(FOLDER, name), os.path.join(other, name))
        same = os.stat(os.path.join(other, LIBRARY)).st_ino == os.stat(os.path.join(FOLDER, LIBRARY)).st_ino
        path = os.path.join(folder, "run.pt")
        with pools() as first, pools(other) as second:
            with recording(path, first.pid, second.pid):
                pass
            pids = first.pid, second.pid
        text = shown(path)
        assert "\x1b" not in text
        shown_as = os.path.join(other, LIBRARY).replace("\x1b", "\\x1b").replace("\n", "\\x0a")
        paths = [traced(path)[pid]["modules"][0]["path"] for pid in pids]
        equal(paths, [os.path.join(FOLDER, LIBRARY), shown_as], "paths")
        equal(text.count("\nprobes\n"), 1 if same else 2, "how often probes are told")


@suite.test("a recording without probes says which file has the runtime, and that nothing was probed")
def _():
    with scratch() as folder, pools() as target:
        path = os.path.join(folder, "run.pt")
        status, _, err = run("-p", target.pid, "--once", "-o", path)
        equal((status, err), (0, ""), "--once -o")
        (module,) = traced(path)[target.pid]["modules"]
        equal((module["path"], module["probes"]), (os.path.join(FOLDER, LIBRARY), 0), "module")
        assert "nothing was probed" in shown(path)


@suite.test("what is shown from a recording is what was shown live, definitions or not, through a pipe as well")
def _():
    with scratch() as folder, pools() as target:
        path = os.path.join(folder, "run.pt")
        with Pooltrace("-p", target.pid, "-o", path, json_output=False) as live:
            live.ask()
            table = [live.lines.next() for _ in range(3)]
            target.go("alloc DRAM 8192 3")
            target.step()
            live.ask()
            os.close(live.tick_fd)
            live.tick_fd = -1
            table += live.lines.all()
            live.process.wait()
        status, out, err = run("top", "-r", path)
        equal((status, err), (0, ""), "top -r")
        equal(out.splitlines(), table, "top -r")
        with open(path, "rb") as file:
            piped = subprocess.run([POOLTRACE, "runtimes", "-r", "-"], stdin=file, capture_output=True, text=True)
        equal((piped.returncode, piped.stdout), (0, shown(path)), "through a pipe")


if __name__ == "__main__":
    suite.main()
