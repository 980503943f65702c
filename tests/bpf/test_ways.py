"""What C++ functions give back, seen at their `ret` instructions: each call is counted once, exceptions pass, and the process ends as it
would without us."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import BUILD, ROOT, Pooltrace, Suite, Target, equal, process_of, run, until  # noqa: E402

suite = Suite("ways")
LEAVES = os.path.join(BUILD, "standin", "standin-leaves")
LIBRARY = os.path.join(BUILD, "standin", "libstandin_ways.so")
ROWS = os.path.join(ROOT, "tests", "standin", "ways.rt")
folder = tempfile.TemporaryDirectory()

with open(ROWS) as rows:
    WHOLE = rows.read()


def runtime(text, name="runtime.rt"):
    path = os.path.join(folder.name, name)
    with open(path, "w") as f:
        f.write(text)
    return path


class Leaves(Target):
    """The program that leaves calls as it is told."""

    def __init__(self):
        super().__init__([LEAVES])
        self.line("READY")

    def do(self, command):
        self.go(command)
        return {name: int(number) for name, number in (w.split("=") for w in self.line("DONE").split())}


def traced(target, mode, *options):
    return Pooltrace("-p", target.pid, "--runtime", ROWS, f"--attach={mode}", *options)


def one(state):
    """(buffers, bytes) of the pool that all is in."""
    found = [(f["buffers"], f["reserved"]) for device in process_of(state)["devices"] for f in device["pools"].values()]
    return found[0] if found else (0, 0)


def failed(state):
    return process_of(state).get("failed_allocations", 0)


def anomalies(state):
    return [state[name] for name in ("lost", "unknown_frees", "replaced")]


# What is told of a line: allocations, those that failed, exceptions that were caught.
ENDS = {
    "plain 31 1009": (31, 0, 0),
    # 0 bytes, and an odd number of many: at other ends of the function.
    "plain 5 0": (0, 5, 0),
    "plain 7 1048577": (0, 7, 0),
    # Exceptions of its own; what is called farther down the stack after them is not inside of them.
    "throw 29 101": (29, 0, 29),
    # Exceptions of others, over one call and over seven.
    "pass 23 103": (23, 0, 2 * 23),
    "catch 19 107": (19, 19, 0),
    "longjmp 17 109": (17, 0, 0),
    "nest 5 113": (1, 0, 0),
    # Each of them calls one more in the end: 64.
    "nest 63 113": (1, 0, 0),
    "jumps 13 127": (13, 1, 0),
    # Half of what is called there is not the function that the row is about.
    "mixed 11 131": (11, 0, 2 * 11),
    "table 7 136": (3 * 7, 3 * 7, 7),
    "table 7 137": (4 * 7, 2 * 7, 7),
    "forms 1 139": (3, 0, 0),
    "end 5": (2 * 5, 0, 0),
    "coroutine 7 149": (2 * 7, 0, 7),
    "stacks 7 151": (2 * 7, 0, 0),
}

for attach in ("auto", "single"):
    for line, (allocated, failures, exceptions) in ENDS.items():
        @suite.test(f"{line}: each call once, whatever way it ends ({attach})")
        def _(mode=attach, command=line, expected=(allocated, failures), thrown=exceptions):
            with Leaves() as target, traced(target, mode) as pooltrace:
                pooltrace.state()
                equal(target.do(command)["caught"], thrown, "exceptions")
                state = pooltrace.state()
                equal((one(state)[0], failed(state)), expected, "allocations and failures")
                equal(anomalies(state), [0, 0, 0], "anomalies")
                target.do("plain 3 7")
                after = pooltrace.state()
                equal((one(after)[0] - one(state)[0], one(after)[1] - one(state)[1]), (3, 21), "calls after it")
                equal(target.wait(), 3, "exit status")

    @suite.test(f"seven threads, with exceptions among the calls: 503 calls of each function in each ({attach})")
    def _(mode=attach):
        with Leaves() as target, traced(target, mode) as pooltrace:
            pooltrace.state()
            target.do("threads 7 503 211")
            state = pooltrace.state()
            equal(one(state), (7 * 503, 7 * 503 * 211), "what is left")
            equal((anomalies(state), failed(state), state["events"]), ([0, 0, 0], 0, 7 * 503 * 3), "events")

    @suite.test(f"a fork inside a call, which an exception leaves in the child: all end as they would ({attach})")
    def _(mode=attach):
        with Leaves() as target, traced(target, mode) as pooltrace:
            pooltrace.state()
            target.go("fork 7 211")
            equal(target.line("children="), "7", "children that ended as they would")
            target.line("DONE")
            equal(one(pooltrace.state()), (7, 7 * 211), "the parent's")

    @suite.test(f"an exec inside a call: the new program begins anew ({attach})")
    def _(mode=attach):
        with Leaves() as target, traced(target, mode) as pooltrace:
            pooltrace.state()
            target.do("plain 3 17")
            target.go("exec 17")
            target.line("READY")
            until(lambda: [p for p in pooltrace.state()["processes"] if p.get("ended") is None], what="it is not watched again")
            target.do("plain 2 7")
            living = [p for p in pooltrace.state()["processes"] if p.get("ended") is None]
            equal([f["reserved"] for d in living[0]["devices"] for f in d["pools"].values() if f["buffers"]], [14], "its bytes")

    for throws in (0, 1):
        @suite.test(f"a call that was under way when we attached, and then {'throws' if throws else 'returns'} ({attach})")
        def _(mode=attach, how=throws):
            with Leaves() as target:
                target.go(f"inside 19 {how}")
                target.line("INSIDE")
                with traced(target, mode) as pooltrace:
                    pooltrace.state()
                    target.go()
                    target.line("DONE")
                    target.do("pass 5 23")
                    state = pooltrace.state()
                    # What was called inside of it afterwards is the outermost that was seen.
                    equal((one(state), anomalies(state)), ((5, 5 * 23) if how else (6, 5 * 23 + 19), [0, 0, 0]), "calls that were seen")
                    equal(target.wait(), 3, "exit status")

    @suite.test(f"detached inside a call, by a kill of ours: it ends as it would ({attach})")
    def _(mode=attach):
        for how in (0, 1):
            with Leaves() as target:
                with traced(target, mode) as pooltrace:
                    pooltrace.state()
                    target.go(f"inside 19 {how}")
                    target.line("INSIDE")
                    pooltrace.process.kill()
                    pooltrace.process.wait()
                target.go()
                equal(target.line("DONE"), f"kept={1 - how} caught={how}", "how the call ended")
                equal(target.wait(), 3, "exit status")


@suite.test("calls that exceptions have left are counted: entered = returned + left")
def _():
    with Leaves() as target, traced(target, "auto") as pooltrace:
        pooltrace.state()
        target.do("pass 5 101")
        equal(target.wait(), 3, "exit status")
        last = json.loads(pooltrace.lines.all()[-1])
        alloc = next(p for p in last["probes"] if p["probe"] == "alloc")
        # One and seven of each are left; one returns, and what it calls.
        equal((alloc["seen"], alloc["left"], alloc["lost"]), (2 * 5, 8 * 5, 0), "calls")


@suite.test("what is probed is shown: the rets, those of what it jumps to, and why there are none")
def _():
    status, out, err = run("runtimes", "--runtime", ROWS, "--library", LIBRARY)
    equal((status, err), (0, ""), "status")
    for words in ("returns at 2 ret, 1 of what it jumps to at its end", "returns at 1 ret\n"):
        assert words in out, out
    _, out, _ = run("runtimes", "--runtime", ROWS, "--library", LIBRARY, "--json")
    rets = {p["symbol"]: p.get("rets") for p in json.loads(out)["probes"]}
    equal({name: rets[name] for name in ("_Z8ways_repm", "_ZN4ways5jumpsEmPFvPvES0_", "_ZN4ways7releaseEPv")},
          {"_Z8ways_repm": 1, "_ZN4ways5jumpsEmPFvPvES0_": 2, "_ZN4ways7releaseEPv": None}, "rets")
    text = WHOLE.replace("on _ZN4ways7releaseEPv          free", "on _ZN4ways7releaseEPv return free") \
        + "on _ZN4ways5lowerE* return alloc address=ret\n"
    _, out, _ = run("runtimes", "--runtime", runtime(text), "--library", LIBRARY)
    for words in ("its first instruction is its last", "it ends in a jump to a function that has a row with 'return' of its own"):
        assert words in out, out


if __name__ == "__main__":
    suite.main()
