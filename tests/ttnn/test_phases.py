"""The main job on the real runtime: every pool equal to the runtime's own figure, at every step of a traced model's life.

Expected figures come from get_memory_view alone, as the target printed it.
"""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import POOLS, Pooltrace, Suite, equal, once, pools, process_of, run  # noqa: E402

suite = Suite("ttnn phases")
TRACE_STEPS = ["capture", "execute", "release"] if wheel.TRACES else []
STEPS = ["open", "weights", "warm-up"] + TRACE_STEPS + ["out-of-memory", "free"]


def only_if(possible):
    """A test that this release cannot have is none."""
    return suite.test if possible else lambda _: lambda function: function


def steps(target):
    """Each step with its view, before the target goes on."""
    while (found := target.step()):
        yield found
        if found[0] != "closed":
            target.go()


def follow(target, pooltrace, at_step):
    seen = []
    for name, view in steps(target):
        state = pooltrace.state()
        if name == "closed":
            equal(pools(state, target.pid), dict.fromkeys(POOLS, 0), "after close")
        else:
            equal(pools(state, target.pid), {p: view[p] for p in POOLS}, f"live, at {name}")
        at_step(name, view, process_of(state, target.pid), state)
        seen.append(name)
    equal(seen, STEPS + ["closed"], "steps")


def phases_through_life(*arguments, options=()):
    """Run phases.py under pooltrace; return {step: process}, and the last state."""
    states = {}
    with wheel.start("phases.py", "--hold", *arguments) as target:
        name, _ = target.step()
        equal(name, "open", "first step")
        with Pooltrace("-p", target.pid, *options) as pooltrace:
            state = pooltrace.state()
            states["open"] = process_of(state, target.pid)
            target.go()
            seen = []
            for name, view in steps(target):
                state = pooltrace.state()
                wanted = {p: view.get(p, 0) for p in POOLS}
                equal(pools(state, target.pid), wanted, f"live, at {name}")
                if name != "closed":
                    equal(pools(once(target.pid), target.pid), wanted, f"--once, at {name}")
                states[name] = process_of(state, target.pid)
                states["last"] = state
                seen.append(name)
            equal(seen, STEPS[1:] + ["closed"], "steps")
            equal(target.wait(), 0, "exit status of the target")
            equal(pooltrace.end(), 0, "exit status of pooltrace")
    return states


@suite.test("every pool equals get_memory_view at every step, live and by --once")
def _():
    states = phases_through_life()
    last = states["last"]
    equal(last["lost"], 0, "lost")
    equal(last["corrections"], 0, "corrections")
    equal(states["out-of-memory"]["failed_allocations"], 2, "failed allocations")


@suite.test("the same without comparisons after the census: probes alone tell the truth")
def _():
    states = phases_through_life(options=["--check=off"])
    equal(states["last"]["corrections"], 0, "corrections")
    assert "check" not in states["last"] or states["last"]["check"] is None, "--check=off compared"


@only_if(wheel.TRACES)("the phases are named, and 100 replays are counted and allocate nothing")
def _():
    states = phases_through_life()
    equal(states["weights"].get("phase"), "init", "phase at weights")
    equal(states["execute"]["phase"], "execution", "phase at execute")
    equal(states["execute"]["replays"], 100, "replays")
    equal(states["release"]["phase"], "release", "phase at release")
    equal(states["execute"]["devices"], states["capture"]["devices"], "devices, before and after the replays")


@only_if(wheel.TRACES_IN_DRAM)("without a trace region the trace's buffer lies in DRAM and is shown as trace memory")
def _():
    with wheel.start("phases.py", "--hold", "--no-trace-region") as target:
        target.step()
        with Pooltrace("-p", target.pid) as pooltrace:
            pooltrace.state()
            target.go()
            for name, view in steps(target):
                state = pooltrace.state()
                wanted = {p: view.get(p, 0) for p in POOLS}
                equal(pools(state, target.pid), wanted, f"live, at {name}")
                traces = pools(state, target.pid, "trace")
                if name in ("capture", "execute"):
                    equal(traces["DRAM"], 12288, f"trace bytes in DRAM at {name}")
                elif name != "closed":
                    equal(traces["DRAM"], 0, f"trace bytes in DRAM at {name}")
        equal(target.wait(), 0, "exit status of the target")


@suite.test("the recording says at every step what the live tables said")
def _():
    with tempfile.TemporaryDirectory() as folder, wheel.start("phases.py", "--hold") as target:
        recording = os.path.join(folder, "run.pt")
        target.step()
        with Pooltrace("-p", target.pid, "-o", recording) as pooltrace:
            live = [pooltrace.state()]
            target.go()
            for _ in steps(target):
                live.append(pooltrace.state())
            target.wait()
            pooltrace.end()
        status, out, err = run("top", "-r", recording, "--json")
        equal(status, 0, f"status of top -r ({err})")
        played = [json.loads(line) for line in out.splitlines()]
        equal(played[:len(live)], live, "tables of the recording")


@only_if(wheel.TRACES)("the log has a failure for each out-of-memory error, with pool and bytes, and is silent during replays")
def _():
    with tempfile.TemporaryDirectory() as folder, wheel.start("phases.py", "--hold") as target:
        recording = os.path.join(folder, "run.pt")
        target.step()
        with Pooltrace("-p", target.pid, "-o", recording) as pooltrace:
            pooltrace.state()
            target.go()
            for name, _ in steps(target):
                if name == "execute":
                    before = pooltrace.state()["events"]
                pooltrace.state()
            target.wait()
            pooltrace.end()
        status, out, err = run("events", "-r", recording, "--json")
        equal(status, 0, f"status of events -r ({err})")
        events = [json.loads(line) for line in out.splitlines()]
        failed = [(e["pool"], e["asked"]) for e in events if e["event"] == "failed"]
        equal(failed, [("DRAM", 1 << 35), ("L1", 1 << 28)], "failed allocations")
        phases = [(e["phase"], e["state"]) for e in events if e["event"] == "phase" and e["phase"] != "none"]
        equal(phases, [("init", "begin"), ("init", "end"), ("capture", "begin"), ("capture", "end"), ("execution", "begin"),
                       ("execution", "end"), ("release", "begin"), ("release", "end")], "phases")


if __name__ == "__main__":
    suite.main()
