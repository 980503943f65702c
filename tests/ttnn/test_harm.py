"""The traced process comes first, on the real runtime: its exceptions pass our probes, and whoever is killed, the other goes on."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import KernelObjects, Pooltrace, Suite, code_changed, equal, no_probes, probe_sites, process_of  # noqa: E402

suite = Suite("ttnn harm")


def life(at_step=lambda name, target: None):
    """All steps of phases.py, and how it ended."""
    with wheel.start("phases.py", "--hold") as target:
        seen = []
        while (step := target.step()):
            seen.append(step)
            at_step(step[0], target)
            if step[0] != "closed":
                target.go()
        return seen, target.wait()


@suite.test("both out-of-memory exceptions pass all probes, however they are set: the program ends as it does without us")
def _():
    alone = life()
    equal(alone[1], 0, "exit status without pooltrace")
    for mode in ("multi", "single"):
        tracers = []

        def at_step(name, target, mode=mode, tracers=tracers):
            if name == "open":
                tracers.append(Pooltrace("-p", target.pid, f"--attach={mode}"))
                sites = {offset for path, offset in (tracers[0].state() and code_changed(target.pid)) if path == wheel.LIBRARY}
                equal(sites, probe_sites(target.pid), f"{mode}: what is probed")
            if name == "out-of-memory":
                equal(process_of(tracers[0].state())["failed_allocations"], 2, "failed allocations")

        found = life(at_step)
        with tracers[0] as pooltrace:
            equal(pooltrace.end(), 0, f"status of pooltrace: {pooltrace.stderr()}")
        equal(found, alone, f"steps and exit status ({mode})")


@suite.test("pooltrace is killed at every step: no probe remains, and the program goes on to its end")
def _():
    killed = []

    def at_step(name, target):
        if name == "closed":
            return
        with Pooltrace("-p", target.pid) as pooltrace:
            pooltrace.state()
            kernel = KernelObjects(pooltrace.pid)
            assert kernel.ids["link"], "no link: this tests nothing"
            pooltrace.process.kill()
            pooltrace.process.wait()
        kernel.gone()
        no_probes(target.pid, f"killed at {name}")
        killed.append(name)

    equal(life(at_step), life(), "steps and exit status")
    assert len(killed) >= 7, f"{killed}"


@suite.test("pooltrace is killed while four threads allocate: they go on")
def _():
    with wheel.start("late_attach.py", 4) as target:
        target.line("READY")
        for _ in range(5):
            with Pooltrace("-p", target.pid) as pooltrace:
                wanted = pooltrace.state()["events"] + 97
                while pooltrace.state()["events"] < wanted:
                    pass
                pooltrace.process.kill()
                pooltrace.process.wait()
            no_probes(target.pid)
            target.go()
            target.step()
            target.go()
        target.go("quit")
        equal(target.wait(), 0, "exit status of the target")


@suite.test("the program is killed: pooltrace says that it has ended, and ends with status 0")
def _():
    with wheel.start("late_attach.py", 4) as target:
        target.line("READY")
        with Pooltrace("-p", target.pid) as pooltrace:
            pooltrace.state()
            kernel = KernelObjects(pooltrace.pid)
            target.process.kill()
            last = [json.loads(line) for line in pooltrace.lines.all()][-1]
            equal(process_of(last)["ended"], "exit", "what became of the process")
            equal(pooltrace.process.wait(), 0, f"status of pooltrace: {pooltrace.stderr()}")
        kernel.gone()


if __name__ == "__main__":
    suite.main()
