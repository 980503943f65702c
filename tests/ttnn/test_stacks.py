"""Call stacks on the real runtime: the lines of Python equal to what Python says in the statement that allocates, with the runtime's and
the operations' functions inside of them, to the program's start."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import Pooltrace, Suite, equal, run  # noqa: E402

suite = Suite("ttnn stacks")


def truth_of(target):
    said = {}
    while (line := target.lines.next()) != "DONE":
        if line.startswith("["):
            address, tid, frames = json.loads(line)
            said[address] = (tid, frames)
    return said


def own(frames):
    """What the package does between is its own: it may look at its frames otherwise than with them on the stack."""
    return [f for f in frames if "/site-packages/ttnn/" not in f[0]]


@suite.test("each allocation has the program's own lines, and all functions to its start")
def _():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stacks.pt")
        with wheel.start("stacks.py") as target:
            target.line("READY")
            with Pooltrace("top", "-p", target.pid, "-o", path, "--stacks", "--stacks-budget=1G") as pooltrace:
                pooltrace.state()
                target.go()
                truth = truth_of(target)
                state = pooltrace.state()
                target.go()
                pooltrace.end()
                assert "Python" not in pooltrace.stderr(), pooltrace.stderr()
        equal((state["lost"], state.get("unstacked", 0)), (0, 0), "lost, without a stack")
        events = [json.loads(line) for line in run("events", "-r", path, "--json", "--stacks")[1].splitlines()]
        allocations = {e["address"]: e for e in events if e["event"] == "alloc"}
        assert len(truth) >= 30 and set(truth) <= set(allocations), f"{len(truth)} of {len(allocations)}"
        for address, (tid, frames) in truth.items():
            event = allocations[address]
            equal(event["tid"], tid, "thread")
            equal(own([[f["file"], f.get("line"), f["function"]] for f in event["stack"] if "file" in f]), own(frames), "lines")
            assert not event.get("stack_partial"), event["stack"][-3:]
            assert "tt::tt_metal" in event["stack"][0]["function"], event["stack"][0]
            assert event["stack"][-1].get("function") in ("_start", "clone3", "__clone3", "clone"), event["stack"][-1]
        report = json.loads(run("report", path, "--json", "--by", "line")[1])
        lines = {r["line"] for r in report["rows"] if "line" in r}
        equal(lines, {f"{f[0]}:{f[1]} {f[2]}" for _, frames in truth.values() for f in frames[:1]}, "lines of the report")


@suite.test("report --by op names the operations that the program called, and top --by the lines that hold what they made")
def _():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "operations.pt")
        with wheel.start("operations.py") as target:
            target.line("READY")
            with Pooltrace("top", "-p", target.pid, "-o", path, "--by", "line", "--stacks-budget=1G") as pooltrace:
                pooltrace.state()
                target.go()
                target.line("DONE")
                lines = pooltrace.state()["rows"]
                target.go()
                pooltrace.end()
        rows = json.loads(run("report", path, "--json", "--by", "op")[1])["rows"]
    program = os.path.join(wheel.HERE, "operations.py")
    counts = sorted(r["now"]["buffers"] for r in lines if r.get("line", "").startswith(program) and r["pool"] == "DRAM")
    equal(counts, [1, 2, 3, 4], "buffers by line")
    # Nothing that was allocated on the way has no operation. Up to 0.71 the names of operations are arguments of templates.
    assert all(r.get("op", "").startswith(("ttnn::", "tt::tt_metal::")) for r in rows), rows
    if wheel.RELEASE >= (0, 74):
        equal({r["op"]: r["now"]["buffers"] for r in rows if r["pool"] == "DRAM"},
              {"ttnn::empty": 2, "ttnn::add": 3, "ttnn::relu": 4, "ttnn::softmax": 1}, "buffers by operation")


if __name__ == "__main__":
    suite.main()
