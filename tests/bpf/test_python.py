"""Python frames of allocations: each equal, by file, line and function, to what Python itself says in the statement that allocates."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import BUILD, ROOT, Pooltrace, Skip, Suite, Target, equal, run  # noqa: E402

suite = Suite("python")
STANDIN = os.path.join(BUILD, "standin")
PROGRAM = os.path.join(ROOT, "tests", "standin", "stacks.py")
folder = tempfile.TemporaryDirectory()
ROWS = """\
runtime stand-in
detect  my_pool_alloc
pool    0=POOL
on my_pool_alloc return alloc pool=POOL address=ret reserved=arg0
on my_pool_free         free  address=arg0
api     my_pool_*
"""
with open(os.path.join(folder.name, "pool.rt"), "w") as f:
    f.write(ROWS)


def interpreters():
    """{minor version and who built it: path} of all that are here: those of the tests' environment, pyenv's, and the distribution's."""
    found = {}
    places = [p for p in os.environ.get("POOLTRACE_PYTHONS", "").split(":") if p]
    places += [sys.executable]
    places += sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.1[0-9]*/bin/python3"))) + ["/usr/bin/python3"]
    for path in filter(os.path.exists, places):
        ask = subprocess.run([path, "-c", "import ctypes, sys; print(*sys.version_info[:3], sep='.')"], capture_output=True, text=True)
        version = ask.stdout.strip()
        if ask.returncode == 0 and version.split(".")[1] in ("10", "11", "12", "13"):
            found.setdefault(f"{version}{' of the distribution' if path.startswith('/usr') else ''}", path)
    return found


class Program(Target):
    def __init__(self, python):
        super().__init__([python, PROGRAM, os.path.join(STANDIN, "libstandin_pool.so")])
        self.line("READY")

    def truth(self):
        said = {}
        while (line := self.lines.next()) != "DONE":
            address, tid, frames = json.loads(line)
            assert address not in said, f"two allocations at {address}"
            said[address] = (tid, frames)
        return said


def recorded(python, *options):
    """Allocations of one run, {address: event}, and what the program says."""
    path = os.path.join(folder.name, "run.pt")
    with Program(python) as target, Pooltrace("-p", target.pid, "--runtime", os.path.join(folder.name, "pool.rt"), "-o", path, "-f",
                                              "--stacks-budget=8G", *options) as pooltrace:
        pooltrace.state()
        target.go()
        truth = target.truth()
        state = pooltrace.state()
        target.go()
        equal(target.wait(), 0, "exit status of the target")
        pooltrace.end()
        assert "Python" not in pooltrace.stderr(), pooltrace.stderr()
    equal((state["lost"], state.get("unstacked", 0)), (0, 0), "lost, without a stack")
    status, text, errors = run("events", "-r", path, "--json", "--stacks")
    equal((status, errors), (0, ""), "events")
    events = [json.loads(line) for line in text.splitlines()]
    return {e["address"]: e for e in events if e["event"] == "alloc"}, truth


def python_frames(event):
    return [[f["file"], f.get("line"), f["function"]] for f in event["stack"] if "file" in f]


def check(events, truth):
    equal(sorted(events), sorted(truth), "allocations")
    differ = [(truth[a][1], python_frames(e)) for a, e in events.items() if python_frames(e) != truth[a][1]]
    assert not differ, f"{len(differ)} of {len(truth)} differ; Python says {differ[0][0]}, pooltrace {differ[0][1]}"
    assert all(e["tid"] == truth[a][0] for a, e in events.items()), "an allocation of another thread"


for version, path in interpreters().items():
    @suite.test(f"all frames of all allocations are those that Python {version} says")
    def _(python=path):
        events, truth = recorded(python, "--stacks")
        assert len(truth) > 250, len(truth)
        check(events, truth)
        for event in events.values():
            # Its return was seen, when its frame was gone.
            assert event["stack"][0].get("function", "").startswith("my_pool_"), event["stack"][:2]
            # The machine code between them is there: the call of the library, and the interpreter's start outside of all.
            assert any("libstandin_pool" in f.get("module", "") or "_ctypes" in f.get("module", "") for f in event["stack"]), event["stack"]
            assert not event.get("stack_partial"), event["stack"][-3:]
            assert "module" in event["stack"][-1], event["stack"][-3:]

    @suite.test(f"Python {version}: only its frames, and only machine code")
    def _(python=path):
        events, truth = recorded(python, "--stacks=python")
        check(events, truth)
        assert all(len(e["stack"]) == len(python_frames(e)) for e in events.values()), "other frames"
        events, truth = recorded(python, "--stacks=native")
        equal(sorted(events), sorted(truth), "allocations")
        assert not any(python_frames(e) for e in events.values()), "Python frames that nobody asked for"


@suite.test("doctor says of each whether its frames can be told")
def _():
    for version, python in interpreters().items():
        with Program(python) as target:
            findings = json.loads(run("doctor", "-p", target.pid, "--json", "--runtime", os.path.join(folder.name, "pool.rt"))[1])["findings"]
            found = [f for f in findings if f["name"] == "Python frames"]
            equal([f["level"] for f in found], ["ok"], version)
            assert f"Python 3.{version.split('.')[1]}," in found[0]["what"], found


@suite.test("what a file says of interpreters counts: versions that it does not have, or that are otherwise, are refused")
def _():
    known, path = run("runtimes", "--print", "cpython")[1], os.path.join(folder.name, "other.rt")
    for minor, python in {".".join(v.split(".")[:2]): path for v, path in interpreters().items()}.items():
        line = re.compile(rf"^version {re.escape(minor)} (?:.*\\\n)*.*\n", re.M)
        others = [(re.sub(rf"^stated +{re.escape(minor)} (?:.*\\\n)*.*\n", "", line.sub("", known), flags=re.M), f"cpython {minor} is not one")]
        if minor == "3.11":
            others.append((known.replace("PyGILState_GetThisThreadState", "Py_IsInitialized"), "is not understood"))
        if minor == "3.13":
            others.append((line.sub(lambda m: m[0].replace("owner=70", "owner=71"), known), "are otherwise"))
        with Program(python) as target:
            for text, why in others:
                with open(path, "w") as f:
                    f.write(text)
                findings = json.loads(run("doctor", "-p", target.pid, "--json", "--runtime", path)[1])["findings"]
                found = [f for f in findings if f["name"] == "Python frames"]
                assert [f["level"] for f in found] == ["note"] and why in found[0]["why"], f"{minor}: {found} where '{why}' was expected"


@suite.test("report --by line names the program's own line, and counts what it allocated")
def _():
    python = next(iter(interpreters().values()))
    _, truth = recorded(python, "--stacks")
    report = json.loads(run("report", os.path.join(folder.name, "run.pt"), "--json", "--by", "line")[1])
    counts = {}
    for _, frames in truth.values():
        file, line, function = next(f for f in frames if f[0] == PROGRAM)
        key = f"{file}:{line} {function}"
        counts[key] = counts.get(key, 0) + 1
    equal({r["line"]: r["allocated"]["buffers"] for r in report["rows"]}, counts, "allocations by line")
    equal(sum(r["now"]["bytes"] for r in report["rows"]), 64 * len(truth), "bytes")
    report = json.loads(run("report", os.path.join(folder.name, "run.pt"), "--json", "--by", "op")[1])
    equal({r["op"] for r in report["rows"]}, {"my_pool_alloc", "my_pool_call"}, "operations")
    equal(sum(r["allocated"]["buffers"] for r in report["rows"]), len(truth), "allocations by operation")


@suite.test("there is a Python to try")
def _():
    if not interpreters():
        raise Skip("no Python from 3.10 to 3.13")


if __name__ == "__main__":
    suite.main()
