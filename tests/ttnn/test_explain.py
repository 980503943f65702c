"""What `explain` says of programs on the real runtime: each phase, each failure, each figure as the runtime has it.

Expected figures are what the target printed: get_memory_view at its steps, and the runtime's own error texts. That what it
advises to type is the least that is enough is shown by typing it, and one less.
"""
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import POOLS, Pooltrace, Suite, equal, process_of, run  # noqa: E402

suite = Suite("ttnn explain")
TEXT = re.compile(r"Not enough space to allocate (?P<asked>\d+) B (?P<pool>\w+) buffer across \d+ banks, where each bank needs to "
                  r"store (?P<needed_bank>\d+) B, but bank size is (?P<bank_bytes>\d+) B \(allocated: (?P<allocated_bank>\d+) B, "
                  r"free: (?P<free_bank>\d+) B, largest free block: (?P<largest_free>\d+) B\)")


def lines_of(target):
    """Each line of the target that says something: ("STEP", name, view) or ("ERROR", text), told to go on after steps."""
    while (line := target.lines.next()) is not None:
        if line.startswith("STEP "):
            name, *figures = line.split()[1:]
            view = {k: int(v) for k, v in (f.split("=") for f in figures)}
            yield "STEP", name, view
            if name != "closed":
                target.go()
        elif "Out of Memory" in line or "ERROR" in line:
            yield "ERROR", line, None


class Life:
    """A target from its first step to its end under a live explain: pages at its steps, and what it recorded."""

    def __init__(self, program, *arguments, late=0):
        self.steps, self.errors = [], []
        with tempfile.TemporaryDirectory() as folder, wheel.start(program, "--hold", *arguments) as target:
            self.path = os.path.join(folder, "run.pt")
            self.pid = target.pid
            lines = lines_of(target)
            for _ in range(late + 1):
                kind, name, view = next(lines)
            with Pooltrace("explain", "-p", target.pid, "-o", self.path) as pooltrace:
                self.steps.append((name, view, self.ask(pooltrace)))
                for kind, text, view in lines:
                    if kind == "ERROR":
                        self.errors.append(text)
                    else:
                        self.steps.append((text, view, self.ask(pooltrace)))
                equal(target.wait(), 0, "exit status of the target")
                # The end of the process is the last page, which nobody asked for.
                self.last = process_of(json.loads(pooltrace.lines.all()[-1]), self.pid)
                equal(pooltrace.process.wait(60), 0, "exit status of pooltrace")
            status, out, err = run("explain", self.path, "--json")
            equal(status, 0, f"status of explain FILE ({err})")
            self.recorded = process_of(json.loads(out), self.pid)
            status, self.text, err = run("explain", "-r", self.path, "--bytes")
            equal(status, 0, f"status of explain -r FILE ({err})")
            self.text = re.sub(r"\s+", " ", self.text)

    def ask(self, pooltrace):
        return process_of(pooltrace.state(), self.pid)

    def at(self, name):
        """The last page at a step of that name."""
        return [page for step, _, page in self.steps if step == name][-1]


def figures(phase):
    """{pool: bytes} of all devices at the end of a phase; of none where there is no device any more."""
    total = dict.fromkeys(POOLS, 0)
    for device in phase["devices"]:
        for pool, found in device["pools"].items():
            total[pool] += found["reserved"]
    return total


def kinds(process):
    return [(p["phase"], *p["traces"]) for p in process["phases"]]


def advice(process, pool):
    found = [a for a in process["advice"] if a["pool"] == pool]
    equal(len(found), 1, f"pieces of advice for {pool} in {process['advice']}")
    return found[0]


def texts_of(errors):
    """The runtime's texts, each once: it prints an error and its caller may print it again."""
    found = []
    for line in errors:
        match = TEXT.search(line)
        if match and match.groupdict() not in found:
            found.append(match.groupdict())
    return [{k: v if k == "pool" else int(v) for k, v in f.items()} for f in found]


PHASES = [("init",), ("capture", 0), ("buffer", 0), ("execution", 0), ("release", 0), ("other",), ("clear",)]
ENDS = {"init": "warm-up", "buffer": "capture", "execution": "execute", "release": "out-of-memory", "other": "free"}


@suite.test("the running phase has the runtime's figures at every step, and a phase that ended those of its end")
def _():
    life = Life("phases.py")
    views = {}
    for name, view, page in life.steps:
        views[name] = view or dict.fromkeys(POOLS, 0)
        equal(figures(page["phases"][-1]), views[name], f"figures of the running phase at {name}")
    equal(kinds(life.recorded)[1:], PHASES[1:], "phases")
    for phase, (kind, *_) in zip(life.recorded["phases"], PHASES):
        if kind in ENDS:
            equal(figures(phase), views[ENDS[kind]], f"figures at the end of {kind}")
    execution = life.recorded["phases"][3]
    equal((execution["replays"], execution["allocations"], execution["frees"]), (100, 0, 0), "replays, allocations, frees")
    equal([p["change"] for d in execution["devices"] for p in d["pools"].values()], [0] * 4, "changes during execution")
    equal(life.recorded["replays"], 100, "replays")
    assert "since then it was replayed 100 times." in life.text, life.text
    assert "Replays made 0 allocations." in life.text, life.text


@suite.test("what is told live is told from the recording")
def _():
    life = Life("phases.py")
    equal(life.recorded, life.last, "the last page")
    equal(life.last["ended"], "exit", "how it ended")


def check_failures(life, causes):
    texts = texts_of(life.errors)
    keys = ("asked", "pool", "needed_bank", "bank_bytes", "allocated_bank", "free_bank", "largest_free")
    equal([{k: f.get(k) for k in keys} for f in life.recorded["failures"]], texts, "failures, and the runtime's error texts")
    equal([f["cause"] for f in life.recorded["failures"]], causes, "causes")
    for f, text in zip(life.recorded["failures"], texts):
        said = (f"{f['pool']} of device 0 was {f['cause']}. Asked for were {text['asked']} B, which needs {text['needed_bank']} B in "
                f"each bank. Of {text['bank_bytes']} B a bank {text['allocated_bank']} B were allocated, {text['free_bank']} B were "
                f"free; the largest free block had {text['largest_free']} B.")
        assert said in life.text, f"no {said!r} in {life.text}"


@suite.test("each failed allocation has the figures of the runtime's own error text: exhausted")
def _():
    life = Life("phases.py")
    check_failures(life, ["exhausted", "exhausted"])
    tensor = life.recorded["failures"][1]["holders"]
    equal(tensor, [{"size": 2097152, "buffers": 2, "reserved": 4194304, "trace": False}], "holders of L1")


@suite.test("each failed allocation has the figures of the runtime's own error text: fragmented")
def _():
    life = Life("explain.py", "--fragments", "--small=4096", "--region=1048576")
    check_failures(life, ["fragmented"])
    holders = life.recorded["failures"][0]["holders"]
    equal(holders[0], {"size": 2097152, "buffers": 15, "reserved": 15 * 2097152, "trace": False}, "largest holders")


@suite.test("each failed allocation has the figures of the runtime's own error text: no room at all")
def _():
    life = Life("explain.py", "--shards=1")
    check_failures(life, ["exhausted"])


@suite.test("several traces: each has its rows, and its figures at their ends")
def _():
    life = Life("explain.py", "--traces=3", "--region=1048576")
    wanted, ends = [("init",)], []
    views = [(name, view) for name, view, _ in life.steps if name in ("init", "data", "buffer", "execution", "release")]
    traces = iter(range(100))
    for name, view in views:
        ends.append(view)
        if name == "data":
            trace = next(traces)
        if name != "init":
            wanted.append(({"data": "capture"}.get(name, name), trace))
    equal(kinds(life.recorded)[1:], wanted[1:] + [("clear",)], "phases")
    equal([figures(p) for p in life.recorded["phases"][:-1]], ends, "figures at the ends of phases")
    equal([(t["trace"], t["replays"]) for t in life.recorded["traces"]], [(i, 7) for i in range(4)], "replays of each trace")


def made(life):
    """How many traces got what they needed."""
    return len([t for t in life.recorded["traces"] if "reserved" in t])


def life_from_begin(*arguments):
    """A life of which it is known that nothing was before: not when a thread of the target did not rest for a moment."""
    for _ in range(5):
        life = Life("explain.py", *arguments)
        if life.recorded["from_begin"]:
            return life
    raise AssertionError("five times it could not be seen that the process had no memory")


def check_argument(pool, option, first, rest):
    """What a run with much room advises is enough, and one less is not."""
    life = life_from_begin(*first, *rest)
    found = advice(life.recorded, pool)
    equal(found["enough"], True, f"advice of a run with room ({found})")
    value = found["value"]
    assert f"{found['argument']}={value} is enough, and one less is not" in life.text, life.text
    again = Life("explain.py", f"--{option}={value}", *rest)
    equal(again.errors, [], f"errors with {found['argument']}={value}")
    equal(kinds(again.recorded)[1:], kinds(life.recorded)[1:], "phases with it")
    equal(advice(again.recorded, pool)["bank_bytes"], found["becomes_bank"], "bytes a bank that the runtime made of it")
    equal(advice(again.recorded, pool)["value"], value, "advice of the second run")
    less = Life("explain.py", f"--{option}={value - 1}", *rest)
    assert less.errors, f"{value - 1} is enough for {pool} as well"
    return found, less


@suite.test("trace_region_size: the least that holds a few traces is the sum of their sizes")
def _():
    found, less = check_argument("TRACE", "region", ["--region=1048576"], ["--traces=5"])
    # A trace of the mock has 1024 B, a sixth is released; the runtime rounds up to 32.
    equal(found["value"], 5 * 1024 - 31, "trace_region_size")
    assert "Creating trace buffers of size" in less.errors[-1], less.errors
    assert "No buffer was made for it" in less.text, less.text
    assert "a capture was refused" in less.text, less.text


@suite.test("trace_region_size: the least that holds many traces is what makes a bank large enough")
def _():
    found, less = check_argument("TRACE", "region", ["--region=1048576"], ["--traces=17"])
    assert found["value"] >= 17 * 1024 - 31, found
    assert found["becomes_bank"] >= found["peak_bank"] == 17 * 1024, found
    if "Out of Memory" not in less.errors[-1]:
        return  # a release that gives the argument to each bank: what is asked for in all counts first
    equal(less.recorded["failures"][0]["pool"], "TRACE", "pool that had no room")
    # What failed is in the advice of the run that had too little.
    equal(advice(less.recorded, "TRACE")["value"], found["value"], "advice after the failure")


@suite.test("trace_region_size: the same from a run without a region, whose traces lie in DRAM")
def _():
    if (refused := Life("explain.py", "--traces=1")).errors:
        # A release that has no traces without a region.
        assert "No buffer was made for it" in refused.text, refused.text
        return
    found = check_argument_without_region(5)
    equal(found["lies_in"], "DRAM", "where the traces were")
    equal(found["value"], 5 * 1024 - 31, "trace_region_size")
    found = check_argument_without_region(17)
    assert found["becomes_bank"] >= found["peak_bank"] == 17 * 1024, found


def check_argument_without_region(traces):
    life = Life("explain.py", f"--traces={traces}")
    found = advice(life.recorded, "TRACE")
    again = Life("explain.py", f"--traces={traces}", f"--region={found['value']}")
    equal(again.errors, [], f"errors with trace_region_size={found['value']}")
    equal(made(again), made(life), "traces")
    less = Life("explain.py", f"--traces={traces}", f"--region={found['value'] - 1}")
    assert less.errors, f"{found['value'] - 1} is enough as well"
    return found


@suite.test("l1_small_size: the least that holds what lay in L1_SMALL")
def _():
    found, less = check_argument("L1_SMALL", "small", ["--small=32768"], ["--shards=13"])
    equal((found["value"], found["becomes_bank"]), (13 * 64 - 31, 13 * 64), "l1_small_size, and what becomes of it")
    equal(advice(less.recorded, "L1_SMALL")["value"], found["value"], "advice after the failure")


@suite.test("attached late, it says what it does not know, and the figures are right")
def _():
    life = Life("phases.py", late=4)  # at `execute`
    name, view, page = life.steps[0]
    equal(name, "execute", "step at which it attached")
    equal(page["from_begin"], False, "from_begin")
    equal(kinds(page), [("found",)], "phases at attach")
    equal(figures(page["phases"][0]), view, "figures as found")
    assert "change" not in page["phases"][0]["devices"][0]["pools"]["DRAM"], "a change of what was there before"
    equal(advice(page, "TRACE")["enough"], False, "advice is enough")
    assert "Not known of that time: its phases, captures and replays" in life.text, life.text
    check_failures(life, ["exhausted", "exhausted"])


if __name__ == "__main__":
    suite.main()
