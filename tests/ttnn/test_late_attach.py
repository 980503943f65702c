"""Attaching to a program that has long been allocating, from one to seven threads, tensors of every data type, layout and
sharding that the release allows in each pool.

Half of the attaches begin at a random moment while all threads allocate, half at a barrier; at every later barrier the
table must equal the runtime's own figures. Every second one of either never compares with the books after its census.
"""
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import POOLS, Pooltrace, Suite, equal, once, pools, process_of, until  # noqa: E402

suite = Suite("ttnn late attach")
ATTACHES = int(os.environ.get("ATTACHES", 50))
THREADS = (1, 4, 7)
KINDS = 250  # combinations of pool, data type, layout and sharding: more than a release had lately would be missed
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


def possible(state, pid):
    """What holds of any table, wherever the threads are. (Of a census that runs still not all is known.)"""
    equal(state["lost"], 0, "lost")
    for device in process_of(state, pid)["devices"]:
        for pool, figures in device["pools"].items():
            peak = figures.get("peak", figures["reserved"])  # not known of what was there before
            assert 0 <= figures["reserved"] <= peak <= figures["capacity"], f"{pool}: {figures}"


def run_for(pooltrace, target, events):
    """Let the threads allocate and free until so many events more were seen."""
    wanted = pooltrace.state()["events"] + events
    for _ in range(100000):
        state = pooltrace.state()
        possible(state, target.pid)
        if state["events"] >= wanted:
            return
    raise AssertionError(f"{events} events were never seen")


def start(threads):
    target = wheel.start("late_attach.py", threads)
    kinds = int(target.line("READY"))
    assert kinds >= KINDS, f"{kinds} combinations: fewer than expected"
    return target


def settled(pooltrace):
    """The next comparison with the books has found all."""
    until(lambda: process_of(pooltrace.state())["coverage"] == "exact", 60, what="coverage stays partial")


def attach(target, number, at_barrier, options):
    """Was all found at once? A thread may stay in its call for as long as the machine has no time for it."""
    what = f"attach {number} {'at a barrier' if at_barrier else 'while all threads allocate'} {options}"
    view = barrier(target) if at_barrier else None
    with Pooltrace("-p", target.pid, *options) as pooltrace:
        state = pooltrace.state()
        if at_barrier:
            equal(pools(state, target.pid), {p: view[p] for p in POOLS}, f"{what}: the first table")
            target.go()
        for n in range(BARRIERS):
            run_for(pooltrace, target, EVENTS)
            view = barrier(target)
            state = compare(pooltrace, target, view, f"{what}: barrier {n + 1}")
            target.go()
        equal(state["lost"], 0, f"{what}: lost")
        equal(state["corrections"], 0, f"{what}: corrections")
        equal(state["unknown_frees"], 0, f"{what}: frees of unknown addresses")
        exact = process_of(state)["coverage"] == "exact"
        if not exact and not options:
            settled(pooltrace)
    return exact


def attaches(threads, number):
    """Half of them at a barrier, and half of either without later comparisons."""
    order = random.Random(threads)
    with start(threads) as target:
        kinds = [(i % 2 == 0, ["--check=off"] if i % 4 < 2 else []) for i in range(number)]
        order.shuffle(kinds)
        exact = [attach(target, i, at_barrier, options) for i, (at_barrier, options) in enumerate(kinds)]
        assert sum(exact) > number / 2, f"of {number} attaches only {sum(exact)} found all at once"
        target.go("quit")
        equal(target.wait(), 0, "exit status of the target")


def define(threads, number):
    @suite.test(f"{number} attaches to a program of {threads} threads that allocates in all pools: later barriers are equal")
    def _():
        attaches(threads, number)


for index, count in enumerate(THREADS):
    define(count, ATTACHES // len(THREADS) + (index < ATTACHES % len(THREADS)))


@suite.test("--once at barriers is equal, and what it says while all threads allocate is exact or left out")
def _():
    with start(THREADS[-1]) as target:
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
