"""Attaching to a program that has long been allocating, in all pools and from four threads.

Half of the attaches begin at a random moment while all threads allocate, half at a barrier; at every later barrier the
table must equal the runtime's own figures. Every second one of either never compares with the books after its census.
"""
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import POOLS, Pooltrace, Suite, equal, once, pools, process_of  # noqa: E402

suite = Suite("ttnn late attach")
ATTACHES = int(os.environ.get("ATTACHES", 50))
BARRIERS = 2
EVENTS = 211


def barrier(target):
    """Stop all threads; the runtime's own figures."""
    target.go()
    return target.step()[1]


def compare(pooltrace, target, view, what):
    state = pooltrace.state()
    equal(pools(state, target.pid), {p: view[p] for p in POOLS}, what)
    return state


def run_for(pooltrace, events):
    """Let the threads allocate and free until so many events more were seen."""
    wanted = pooltrace.state()["events"] + events
    for _ in range(100000):
        if pooltrace.state()["events"] >= wanted:
            return
    raise AssertionError(f"{events} events were never seen")


def attach(target, number, at_barrier, options):
    what = f"attach {number} {'at a barrier' if at_barrier else 'while all threads allocate'} {options}"
    view = barrier(target) if at_barrier else None
    with Pooltrace("-p", target.pid, *options) as pooltrace:
        state = pooltrace.state()
        if at_barrier:
            equal(pools(state, target.pid), {p: view[p] for p in POOLS}, f"{what}: the first table")
            target.go()
        for n in range(BARRIERS):
            run_for(pooltrace, EVENTS)
            view = barrier(target)
            state = compare(pooltrace, target, view, f"{what}: barrier {n + 1}")
            target.go()
        equal(state["lost"], 0, f"{what}: lost")
        equal(state["corrections"], 0, f"{what}: corrections")
        equal(state["unknown_frees"], 0, f"{what}: frees of unknown addresses")
        equal(process_of(state)["coverage"], "exact", f"{what}: coverage")


@suite.test(f"{ATTACHES} attaches to four threads that allocate in all pools: every later barrier is equal")
def _():
    order = random.Random(7)
    with wheel.start("late_attach.py") as target:
        target.line("READY")
        kinds = [(i % 2 == 0, ["--check=off"] if i % 4 < 2 else []) for i in range(ATTACHES)]
        order.shuffle(kinds)
        for number, (at_barrier, options) in enumerate(kinds):
            attach(target, number, at_barrier, options)
        target.go("quit")
        equal(target.wait(), 0, "exit status of the target")


@suite.test("--once at barriers is equal, and what it says while all threads allocate is exact or left out")
def _():
    with wheel.start("late_attach.py") as target:
        target.line("READY")
        for _ in range(11):
            once(target.pid)
            view = barrier(target)
            state = once(target.pid)
            equal(pools(state, target.pid), {p: view[p] for p in POOLS}, "--once at a barrier")
            equal(process_of(state)["coverage"], "exact", "coverage")
            target.go()
        target.go("quit")
        equal(target.wait(), 0, "exit status of the target")


if __name__ == "__main__":
    suite.main()
