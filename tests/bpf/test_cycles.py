"""Attaching and detaching again and again while seven threads allocate and free, inside a call at any moment.

The target makes no failure, no free of what is not allocated and no allocation at address 0: each that is told is false.
"""
import collections
import json
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import Storm, equal_pools  # noqa: E402
from harness import MODES, Pooltrace, Suite, equal, no_probes, process_of, run  # noqa: E402

suite = Suite("cycles")
CYCLES = int(os.environ.get("CYCLES", 200))
SINGLE_EVERY = 29  # removing single probes takes a second and more
# Seven threads that do nothing but allocate fill the usual ring in a quarter of a second, for which a busy machine may not let us run.
ROOM = "--ring-size=67108864"
THREADS = 7
EVENTS = 211

Cycle = collections.namedtuple("Cycle", "number inside at_barrier mode options ending whole")


def cycles(inside, nr):
    """@nr cycles of all kinds, in an order by chance that is the same in each run."""
    endings = {"end": Pooltrace.end, "SIGTERM": terminate, "SIGKILL": kill}
    kinds = [(number % 2 == 0, ["--check=off"] if number // 2 % 2 else [], list(endings)[number % 3]) for number in range(nr)]
    random.Random(nr).shuffle(kinds)
    for number, (at_barrier, options, ending) in enumerate(kinds):
        mode = "single" if number % SINGLE_EVERY == SINGLE_EVERY // 2 else MODES[0]
        yield Cycle(number, inside, at_barrier, mode, options, ending, None), endings[ending]


def terminate(pooltrace):
    pooltrace.process.terminate()
    pooltrace.lines.all()
    return pooltrace.process.wait()


def kill(pooltrace):
    pooltrace.process.kill()
    pooltrace.lines.all()
    return pooltrace.process.wait()


def run_for(pooltrace, events):
    """Let the threads allocate and free until so many events more were seen."""
    wanted = pooltrace.state()["events"] + events
    for _ in range(100000):
        if pooltrace.state()["events"] >= wanted:
            return
    raise AssertionError(f"{events} events were never seen")


def made(calls):
    return calls["track_allocate"] + calls["deallocate_buffer"]


def check_table(c, state, before, calls, view):
    """The table at a barrier."""
    if c.at_barrier:
        equal(state["events"], made(calls) - before, f"{c}: events")
    for key in ("lost", "unread"):
        equal(state[key], 0, f"{c}: {key}")
    if not c.whole:
        return
    # Threads that stop inside a call hold a block that nobody was told of yet.
    if not c.inside:
        equal_pools(state, view, f"{c}: the table")
    for key in ("corrections", "unknown_frees", "replaced"):
        equal(state[key], 0, f"{c}: {key}")


def check_recording(c, path):
    """Nothing false in what was told, up to the last moment."""
    status, out, err = run("events", "-r", path, "--json")
    equal(status, 1 if c.ending == "SIGKILL" else 0, f"{c}: status of events ({err})")
    nr = collections.Counter()
    for line in out.splitlines():
        kind = line[len('{"event":"'):line.index('"', len('{"event":"'))]
        nr[kind] += 1
        assert kind in ("alloc", "free", "phase", "check") + (() if c.whole else ("correction",)), f"{c}: told falsely: {line}"
        assert not c.whole or '"unknown"' not in line and '"replaced"' not in line, f"{c}: told falsely: {line}"
    _, out, _ = run("report", path, "--json")
    others = json.loads(out)["events"] - nr["alloc"] - nr["free"]
    in_flight = 0 if c.at_barrier and not c.inside else THREADS
    assert 0 <= others <= in_flight, f"{c}: {others} events that are neither allocation nor free"
    assert nr["alloc"] + nr["free"] >= EVENTS - THREADS, f"{c}: only {nr}"


def cycle(target, c, end, recording):
    """From barrier to barrier. True: pooltrace said that it knows everything."""
    before = made(target.calls)
    if not c.at_barrier:
        target.go()
    with Pooltrace("-p", target.pid, "-f", "-o", recording, ROOM, f"--attach={c.mode}", *c.options) as pooltrace:
        # Else a thread that got no turn may have been inside a call all the time: what it does there is not known.
        c = c._replace(whole=process_of(pooltrace.state())["coverage"] == "exact")
        if c.at_barrier:
            target.go()
        run_for(pooltrace, EVENTS)
        calls, view = target.barrier()
        check_table(c, pooltrace.state(), before, calls, view)
        target.go()
        equal(end(pooltrace), -9 if c.ending == "SIGKILL" else 0, f"{c}: exit status of pooltrace: {pooltrace.stderr()}")
    target.calls, _ = target.barrier()
    no_probes(target.pid, f"{c}: probes")
    check_recording(c, recording)
    return c.whole


def check_target(target):
    """Nobody knows that it was traced."""
    target.go("quit")
    result, calls, view = target.report()
    equal(result["unexpected"] + result["failed"], 0, "what went otherwise in the target")
    equal(result["allocations"], calls["allocate_buffer"], "allocations and calls")
    equal(result["allocations"], calls["track_allocate"], "allocations and trackings")
    equal(result["frees"], calls["deallocate_buffer"], "frees and calls")
    equal(result["frees"], result["allocations"], "frees and allocations")
    equal(sum(view.values()), 0, "what is left")
    target.go()
    equal(target.wait(), 0, "exit status of the target")
    equal(target.stderr(), "", "what the target said")


def many(inside, nr):
    arguments = ["--inside"] if inside else []
    with tempfile.TemporaryDirectory() as folder, Storm("--threads", THREADS, "--loop", *arguments) as target:
        target.go()
        target.calls, _ = target.barrier()
        whole = sum(cycle(target, c, end, os.path.join(folder, "run.pt")) for c, end in cycles(inside, nr))
        check_target(target)
    assert whole > nr // 2, f"only {whole} of {nr} cycles had a census that was whole"


@suite.test(f"{CYCLES // 2} cycles: no failure and no phantom is invented, every table is right, no probe remains, the target is unharmed")
def _():
    many(False, CYCLES // 2)


@suite.test(f"{CYCLES - CYCLES // 2} cycles with all threads held inside an allocation when pooltrace attaches, or at its last table")
def _():
    many(True, CYCLES - CYCLES // 2)


if __name__ == "__main__":
    suite.main()
