"""`leaks` of a decoder that leaks each tenth activation: the line, the count and the bytes that it says itself, and nothing else."""
import datetime
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import BUILD, ROOT, Pooltrace, Skip, Suite, Target, equal, run  # noqa: E402

suite = Suite("leaks")
PROGRAM = os.path.join(ROOT, "tests", "standin", "decoder.py")
RUNTIME = """\
runtime stand-in
detect  my_pool_alloc
pool    0=POOL
on my_pool_alloc return alloc pool=POOL address=ret reserved=arg0
on my_pool_free         free  address=arg0
"""
folder = tempfile.TemporaryDirectory()
RECORDING = os.path.join(folder.name, "run.pt")
told = {}


def python():
    """One whose frames can be told."""
    for path in [*filter(None, os.environ.get("POOLTRACE_PYTHONS", "").split(":")), sys.executable, "/usr/bin/python3"]:
        ask = subprocess.run([path, "-c", "import ctypes, sys; print(sys.version_info[1])"], capture_output=True, text=True) \
            if os.path.exists(path) else None
        if ask and ask.returncode == 0 and ask.stdout.strip() in ("10", "11", "12", "13"):
            return path
    raise Skip("no Python from 3.10 to 3.13")


def truth():
    """What the program says of its one run, which RECORDING has."""
    if told:
        return told
    runtime = os.path.join(folder.name, "pool.rt")
    with open(runtime, "w") as f:
        f.write(RUNTIME)
    with Target([python(), PROGRAM, os.path.join(BUILD, "standin", "libstandin_pool.so")]) as target:
        target.line("READY")
        with Pooltrace("-p", target.pid, "--runtime", runtime, "-o", RECORDING, "--stacks", "--stacks-budget=8G") as pooltrace:
            pooltrace.state()
            target.go()
            # What it did has been read before it goes on: on a slow machine, too, all stacks find room.
            while (line := target.lines.next()) == "ROUND":
                pooltrace.state()
                target.go()
            said = json.loads(line)
            state = pooltrace.state()
            target.go()
            equal(target.wait(), 0, "exit status of the program")
            pooltrace.end()
    equal((state["lost"], state.get("unstacked", 0)), (0, 0), "lost, without a stack")
    told.update(said)
    return told


def leaks(*options, status=0):
    got, text, errors = run("leaks", RECORDING, "--json", *options)
    equal((got, errors), (status, ""), "leaks")
    return json.loads(text)


def line(said):
    return f"{said[0]}:{said[1]} {said[2]}"


def last_allocation():
    """A time right behind it: how long the program was there afterwards is no matter of its own."""
    events = [json.loads(e) for e in run("events", "-r", RECORDING, "--json")[1].splitlines()]
    last = max(e["time_ns"] for e in events if e["event"] in ("alloc", "free"))
    time = datetime.datetime.fromtimestamp(last // 10**9, datetime.timezone.utc) + datetime.timedelta(microseconds=last % 10**9 // 1000 + 1)
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@suite.test("what was left when the program ended, by line, is what the program says")
def _():
    said, found = truth(), leaks()
    wanted = {line(s): {"left": {"buffers": s[3], "bytes": s[4]}, "allocated": s[5]} for s in said.values() if s[3]}
    equal({r["line"]: {"left": r["left"], "allocated": r["allocated"]["buffers"]} for r in found["rows"]}, wanted, "rows")
    equal(said["activation"][3], 40, "activations that were left")
    left = {"buffers": sum(s[3] for s in said.values()), "bytes": sum(s[4] for s in said.values())}
    equal([(p["ended"], p["left"]) for p in found["processes"]], [("exit", left)], "the process")


@suite.test("the leak is found and named, and weights and a cache that is full are none")
def _():
    said, found = truth(), leaks("--to", last_allocation())
    rows = {r["line"]: r for r in found["rows"]}
    equal([r["line"] for r in found["rows"] if r["leak"]], [line(said["activation"])], "leaks")
    equal({w: rows[line(said[w])]["trend"]["verdict"] for w in ("activation", "weights", "cache")},
          {"activation": "grows", "weights": "steady", "cache": "stopped"}, "verdicts")
    leak = rows[line(said["activation"])]
    equal(leak["left"], {"buffers": said["activation"][3], "bytes": said["activation"][4]}, "the leak's figures")
    equal(leak["trend"]["grew"], leak["trend"]["windows"], "windows in which it grew")
    assert leak["trend"]["growth"] <= leak["left"]["bytes"] and leak["trend"]["growth_per_minute"] > 0, leak
    assert leak["oldest_ns"] <= leak["newest_ns"], leak
    equal(found["processes"][0]["leaked"], leak["left"], "of the process")
    # Another grouping has the same.
    equal([r["function"] for r in leaks("--to", last_allocation(), "--by", "function")["rows"] if r["leak"]],
          [f"attend ({PROGRAM})"], "functions that leak")


@suite.test("--fail, and what suppresses the leak")
def _():
    said, behind = truth(), last_allocation()
    leaks("--to", behind, "--fail", status=4)
    path = os.path.join(folder.name, "known")
    with open(path, "w") as f:
        f.write(f"# It is known.\nline:*/decoder.py:{said['activation'][1]}\n")
    found = leaks("--to", behind, "--fail", "--suppressions", path)
    equal((found["leaks"], found["suppressions"][0]["used"]), (0, True), "leaks, and the suppression")
    row = next(r for r in found["rows"] if r["line"] == line(said["activation"]))
    equal((row["leak"], row["suppressed"], row["left"]["buffers"]), (False, True, said["activation"][3]), "the row")


if __name__ == "__main__":
    suite.main()
