"""Every way in which a program takes memory and gives it back, or only seems to: after each step the table is the runtime's own."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import POOLS, Pooltrace, Suite, equal, once, pools, process_of, run  # noqa: E402

suite = Suite("ttnn allocations")


def follow(mode, options, recording=None):
    """Attach at the first step; the last state, and the figures that the program told at its last step."""
    with wheel.start("allocations.py", *mode) as target:
        name, told = target.step()
        more = ["-o", recording] if recording else []
        with Pooltrace("-p", target.pid, *options, *more) as pooltrace:
            while True:
                what = f"{' '.join(mode)} step {name} {' '.join(options)}"
                state = pooltrace.state()
                equal(pools(state, target.pid), {p: told[p] for p in POOLS}, what)
                for counter in ("lost", "corrections", "unknown_frees", "replaced", "unread"):
                    equal(state[counter], 0, f"{what}: {counter}")
                equal(process_of(state)["coverage"], "exact", f"{what}: coverage")
                if name == "end":
                    break
                target.go()
                name, told = target.step()
            target.go()
            equal(target.wait(), 0, "exit status of the target")
        return told


def events(recording):
    status, out, err = run("events", "-r", recording, "--json")
    equal(status, 0, f"status of events ({err})")
    return [json.loads(line) for line in out.splitlines()]


def check_layouts(seen):
    """Those of the buffers that were there before the attach, as they are freed; what allocations.py calls `before`."""
    allocated, before = set(), []
    for e in seen:
        if e["event"] == "alloc":
            allocated.add((e["pool"], e["address"]))
        elif e["event"] == "free" and "address" in e and (e["pool"], e["address"]) not in allocated:
            before.append(e)
    equal(sorted(e["layout"] for e in before), ["BLOCK_SHARDED", "HEIGHT_SHARDED", "HEIGHT_SHARDED", "INTERLEAVED", "INTERLEAVED",
                                                "WIDTH_SHARDED"], "layouts of buffers from before the attach")
    numbers = [e.get("id") for e in seen if e["event"] == "alloc"] + [e.get("id") for e in before]
    if wheel.RELEASE >= (0, 79):
        equal(len(set(numbers)), len(numbers), "different numbers of buffers")
        assert all(isinstance(n, int) for n in numbers), numbers
    else:
        equal(set(numbers), {None}, "numbers of buffers, which have none in this release")


for mode in ([], ["hybrid"]):
    @suite.test(f"{mode[0] if mode else 'lock-step'}: after each step the table is the runtime's own, without a comparison with the books")
    def _(mode=mode):
        with tempfile.TemporaryDirectory() as folder:
            recording = os.path.join(folder, "run.pt")
            told = follow(mode, ["--check=off"], recording)
            seen = events(recording)
            failures = [e for e in seen if e["event"] == "failed" and e["reason"] != "clash"]
            equal(len(failures), told["failed"], "allocations that failed")
            equal([e for e in seen if e["event"] == "retract"], [], "failures that were none")
            check_layouts(seen)
            labels = [e["label"] for e in seen if e["event"] == "alloc" and "label" in e]
            equal({label: labels.count(label) for label in labels},
                  {"reshape mapping": 1, "global semaphore": 1, "global circular buffer": 2, "sliding window tables": 5},
                  "what belongs to no tensor")

    @suite.test(f"{mode[0] if mode else 'lock-step'}: comparing with the books finds no difference")
    def _(mode=mode):
        follow(mode, [])


@suite.test("what was asked for before attach is what the program's tensors have")
def _():
    with wheel.start("allocations.py") as target, tempfile.TemporaryDirectory() as folder:
        recording = os.path.join(folder, "run.pt")
        told = target.step()[1]
        for state in (once(target.pid), *live_state(target.pid, recording)):
            figures = pools(state, target.pid, "asked")
            equal(sum(figures.values()), told["asked"], "bytes asked for")
            assert all("asked" in p for d in process_of(state)["devices"] for p in d["pools"].values()), state
        target.go()
        target.go()


def live_state(pid, recording):
    with Pooltrace("-p", pid, "--check=off", "-o", recording) as pooltrace:
        yield pooltrace.state()


if __name__ == "__main__":
    suite.main()
