"""The traced process comes first: it does what it would do without us, whoever ends first, and keeps no probe."""
import ctypes
import json
import os
import random
import select
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import Storm, equal_pools, settled  # noqa: E402
from harness import (MODES, KernelObjects, Pooltrace, Suite, code_changed, equal, no_probes, probe_sites, process_of, run,  # noqa: E402
                     until)

suite = Suite("harm")
MISCHIEF = ["--fail-every", 101, "--phantom-every", 97, "--longjmp-every", 103, "--exit-every", 107, "--fork-every", 211]
PAGE = os.sysconf("SC_PAGE_SIZE")
LIBC = ctypes.CDLL(None, use_errno=True)


def life(*arguments, options=None):
    """All that can be seen of a storm: without pooltrace, or under one with @options."""
    with Storm(*arguments) as target:
        if options is not None:
            pooltrace = Pooltrace("-p", target.pid, *options)
            pooltrace.state()
        target.go()
        result, calls, view = target.report()
        target.go()
        seen = {"status": target.wait(), "stderr": target.stderr(), "result": result, "calls": calls, "view": view}
        if options is not None:
            with pooltrace:
                equal(pooltrace.end(), 0, f"status of pooltrace: {pooltrace.stderr()}")
        return seen


@suite.test("exceptions, longjmps, threads that exit in a call, and forks: the target ends as it does without us")
def _():
    arguments = ["--threads", 1, "--allocations", 5003, "--frees", 4001, "--seed", 5, *MISCHIEF]
    alone = life(*arguments)
    assert min(alone["result"][k] for k in ("failed", "phantoms", "longjmps", "exits", "forks")) > 30, f"too few: {alone}"
    for mode in MODES:
        equal(life(*arguments, options=[f"--attach={mode}"]), alone, f"what was seen of the target ({mode})")


@suite.test("the same with seven threads at once")
def _():
    # No thread's last operation is one after which something goes wrong: which thread it belongs to is chance.
    arguments = ["--threads", 7, "--allocations", 7 * 1009, "--frees", 7 * 1009, "--seed", 7, *MISCHIEF]
    alone, traced = life(*arguments), life(*arguments, options=[])
    equal(traced["result"], alone["result"], "RESULT")
    equal((traced["status"], traced["stderr"], sum(traced["view"].values())), (0, "", 0), "status, stderr and what is left")


def fork(target):
    """A child that has allocated and stays."""
    target.go("fork")
    return int(target.line("CHILD "))


def end_by(pooltrace, signal_name):
    if signal_name == "end":
        return pooltrace.end()
    pooltrace.process.send_signal(getattr(signal, signal_name))
    pooltrace.lines.all()
    return pooltrace.process.wait()


@suite.test("however pooltrace ends, no probe remains: in the process, in children from before, during and after, in the kernel")
def _():
    with Storm("--threads", 3, "--loop") as target:
        target.go()
        before = fork(target)
        sites = probe_sites(target.pid)
        for ending, status in (("end", 0), ("SIGTERM", 0), ("SIGINT", 0), ("SIGHUP", 0), ("SIGKILL", -9)):
            with Pooltrace("-p", target.pid, f"--attach={MODES[0]}") as pooltrace:
                pooltrace.state()
                kernel = KernelObjects(pooltrace.pid)
                during = fork(target)
                probed = {offset for path, offset in code_changed(target.pid) if "standin" in path}
                assert sites <= probed, f"{ending}: {sites - probed} are not probed: this tests nothing"
                assert kernel.left() >= 4, f"{kernel.ids}"
                equal(end_by(pooltrace, ending), status, f"status after {ending}: {pooltrace.stderr()}")
            kernel.gone()
            for pid in (target.pid, before, during, fork(target)):
                no_probes(pid, f"after {ending}")
        target.go("quit")
        equal(target.report()[0]["unexpected"], 0, "what went otherwise in the target")


def moments(nr, longest):
    """@nr delays from 0 to @longest s: to be at an unknown point of what takes so long."""
    rng = random.Random(nr)
    return [longest * (i + rng.random()) / nr for i in range(nr)]


def duration(target, *options):
    start = time.monotonic()
    with Pooltrace("-p", target.pid, *options) as pooltrace:
        pooltrace.state()
        return time.monotonic() - start


def killed_at_moments(target, mode, nr):
    """How many times it had a link."""
    linked = 0
    longest = 1.3 * duration(target, f"--attach={mode}")
    for delay in moments(nr, longest):
        with Pooltrace("-p", target.pid, f"--attach={mode}") as pooltrace:
            select.select([], [], [], delay)
            kernel = KernelObjects(pooltrace.pid, stop=True)
            linked += bool(kernel.ids["link"])
            pooltrace.process.kill()
            equal(pooltrace.process.wait(), -9, "status of pooltrace")
        kernel.gone()
        no_probes(target.pid, f"killed after {delay:.3f} s")
        target.barrier()
        target.go()
    return linked


@suite.test("pooltrace is killed at 41 moments of its start: no probe remains, the target goes on")
def _():
    with Storm("--threads", 3, "--loop") as target:
        target.go()
        target.barrier()
        target.go()
        linked = killed_at_moments(target, "multi", 36) + killed_at_moments(target, "single", 5)
        # A machine that had less to do when the start was measured is slower now.
        for _ in range(4):
            linked += killed_at_moments(target, "multi", 36) if linked <= 3 else 0
        assert linked > 3, f"only {linked} had any link: this tests nothing"
        target.go("quit")
        equal(target.report()[0]["unexpected"], 0, "what went otherwise in the target")


@suite.test("the target is killed at 23 moments of pooltrace's start: pooltrace ends by itself, with a word if it could not attach")
def _():
    with Storm("--threads", 3, "--loop") as other:
        longest = 1.3 * duration(other)
        for delay in moments(23, longest):
            with Storm("--threads", 3, "--loop") as target:
                target.go()
                with Pooltrace("-p", target.pid) as pooltrace:
                    select.select([], [], [], delay)
                    # Not waited for before pooltrace has ended: it is a zombie then.
                    target.process.kill()
                    pooltrace.lines.all()
                    status, said = pooltrace.process.wait(), pooltrace.stderr()
                    assert status == 0 or status == 1 and said.startswith("pooltrace: ") and str(target.pid) in said, \
                        f"after {delay:.3f} s: status {status}: {said}"
                    assert "internal" not in said, said
        no_probes(other.pid, "another process that maps the file")


@suite.test("the target ends while it is traced: pooltrace says so and ends with status 0, 3 if events were lost, and no thread that was cut off has failed")
def _():
    # Five threads that never pause are more than an emulated processor can receive, and more than a small ring holds.
    for ending, words in (("kill", ()), ("quit", ()), ("kill", ["--ring-size=65536"]), ("quit", ["--ring-size=65536"])):
        with tempfile.TemporaryDirectory() as folder, Storm("--threads", 5, "--loop", "--inside") as target:
            recording = os.path.join(folder, "run.pt")
            target.go()
            with Pooltrace("-p", target.pid, "-o", recording, *words) as pooltrace:
                pooltrace.state()
                kernel = KernelObjects(pooltrace.pid)
                target.barrier()
                if ending == "kill":
                    target.process.kill()
                else:
                    target.go("quit")
                    target.report()
                    target.go()
                last = [json.loads(line) for line in pooltrace.lines.all()][-1]
                equal(process_of(last)["ended"], "exit", f"{ending}: what became of the process")
                lost = 3 if last["lost"] else 0
                equal(pooltrace.process.wait(), lost, f"{ending}: status of pooltrace: {pooltrace.stderr()}")
            kernel.gone()
            equal(events(recording, "failed", wanted=lost), [], f"{ending}: failures told")


def events(recording, *kinds, wanted=0):
    status, out, err = run("events", "-r", recording, "--json")
    equal(status, wanted, f"status of events ({err})")
    return [e for e in map(json.loads, out.splitlines()) if e["event"] in kinds]


def living(state):
    return [p for p in state["processes"] if "ended" not in p]


def exec_again(target, pooltrace):
    """The target is at the start of its new program, and pooltrace watches that."""
    target.line("READY")
    return until(lambda: next((s for s in [pooltrace.state()] if living(s) and len(s["processes"]) > 1), None),
                 what="the new program is not watched")


@suite.test("a process that executes another program, with all threads inside a call, is watched again, its figures right, nothing failed")
def _():
    with tempfile.TemporaryDirectory() as folder, Storm("--threads", 5, "--loop", "--inside") as target:
        recording = os.path.join(folder, "run.pt")
        target.go()
        with Pooltrace("-p", target.pid, "-o", recording, "--check=off") as pooltrace:
            pooltrace.state()
            target.barrier()
            target.go()
            target.barrier()
            target.go("exec")
            state = exec_again(target, pooltrace)
            equal([p["ended"] for p in state["processes"] if "ended" in p], ["exec"], "what became of the old program")
            target.go()
            target.go("quit")
            result, _, view = target.report()
            state = pooltrace.state()
            total = {pool: sum(d["pools"][pool]["reserved"] for d in living(state)[0]["devices"]) for pool in view}
            equal(total if living(state)[0]["devices"] else dict.fromkeys(view, 0), view, "pools of the new program")
            equal(state["lost"] + state["corrections"] + state["unknown_frees"] + state["replaced"], 0, "anomalies")
            equal(result["unexpected"], 0, "what went otherwise in the target")
            target.go()
            equal(target.wait(), 0, "status of the target")
            equal(pooltrace.end(), 0, f"status of pooltrace: {pooltrace.stderr()}")
        equal(events(recording, "failed"), [], "failures told")


@suite.test("replays of eleven traces by seven threads are counted one by one, to the exec that ends the program")
def _():
    with Storm("--threads", 7, "--loop", "--replay-every", 1) as target:
        with Pooltrace("-p", target.pid) as pooltrace:
            pooltrace.state()
            # However slow the machine is: more replays than traces.
            calls = {"replay_mesh_trace": 0}
            while calls["replay_mesh_trace"] <= 11:
                target.go()
                calls, _ = target.barrier()
            equal(process_of(pooltrace.state())["replays"], calls["replay_mesh_trace"], "replays counted")
            target.go("exec")
            old = [p for p in exec_again(target, pooltrace)["processes"] if "ended" in p]
            equal([p["replays"] for p in old], [calls["replay_mesh_trace"]], "replays of the program before")
            target.go()
            target.go("quit")
            target.report()
            target.go()
            equal(target.wait(), 0, "status of the target")


@suite.test("an exec whose event found no room is seen all the same")
def _():
    with Storm("--threads", 7, "--loop") as target:
        target.go()
        with Pooltrace("-p", target.pid, f"--ring-size={PAGE}") as pooltrace:
            pooltrace.state()
            # While it does not read, the ring is full of what the threads do until the very end.
            os.kill(pooltrace.pid, signal.SIGSTOP)
            target.barrier()
            target.go()
            target.barrier()
            target.go("exec")
            target.line("READY")
            os.kill(pooltrace.pid, signal.SIGCONT)
            state = until(lambda: next((s for s in [pooltrace.state()] if living(s) and len(s["processes"]) > 1), None),
                          what="the new program is not watched")
            equal([p["ended"] for p in state["processes"] if "ended" in p], ["exec"], "what became of the old program")
            assert state["lost"], "nothing was lost: this tests nothing"


@suite.test("a child that a traced process forks, and that goes on allocating, changes no figure of its parent")
def _():
    with Storm("--threads", 3, "--loop") as target:
        target.go()
        with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
            calls, _ = target.barrier()
            first = pooltrace.state()["events"], calls["track_allocate"] + calls["deallocate_buffer"]
            target.go()
            for _ in range(3):
                fork(target)
                calls, view = target.barrier()
                state = pooltrace.state()
                equal_pools(state, view, "pools")
                equal(state["events"] - first[0], calls["track_allocate"] + calls["deallocate_buffer"] - first[1], "events")
                equal(state["lost"] + state["corrections"] + state["unknown_frees"] + state["replaced"], 0, "anomalies")
                target.go()


def pages(pid):
    """Pages of a process that are there, in bytes, and those that it has for itself."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        lines = dict(line.split(":", 1) for line in f if "kB" in line)
    return {key: int(lines[key].split()[0]) << 10 for key in ("Rss", "Anonymous")}


@suite.test("an idle process has no page more after a census than the probed ones, each a copy of one page of code")
def _():
    with Storm("--threads", 7, "--loop") as target:
        target.go()
        while not any(target.barrier()[1].values()):
            target.go()
        # It has printed; until it waits for the next line it may touch a page more.
        until(lambda: all(thread_state(target.pid, t) == "S" for t in os.listdir(f"/proc/{target.pid}/task")), what="never idle")
        before = pages(target.pid)
        run("-p", target.pid, "--once", "--json")
        equal(pages(target.pid), before, "pages after --once")
        with Pooltrace("-p", target.pid) as pooltrace:
            state = settled(pooltrace)
            assert process_of(state)["devices"], "the census found nothing: this tests nothing"
            after = pages(target.pid)
            # This reads all code, and so makes its pages be there.
            probed = {(path, offset // PAGE) for path, offset in code_changed(target.pid)}
        for what, bytes_before in before.items():
            grown = after[what] - bytes_before
            assert grown <= len(probed) * PAGE, f"{what} grew by {grown} bytes, with {len(probed)} probed pages"


def thread_state(pid, tid):
    """R, S, T, ... of a thread."""
    return open(f"/proc/{pid}/task/{tid}/stat").read().rsplit(")", 1)[1].split()[0]


class Stopped:
    """A process that a debugger holds, or SIGSTOP."""

    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17

    def __init__(self, pid, debugger):
        self.pid = pid
        self.tids = [int(t) for t in os.listdir(f"/proc/{pid}/task")] if debugger else []

    def ptrace(self, request, tid):
        done = LIBC.ptrace(ctypes.c_long(request), ctypes.c_long(tid), ctypes.c_long(0), ctypes.c_long(0))
        equal(done, 0, f"ptrace {request}: {os.strerror(ctypes.get_errno())}")

    def __enter__(self):
        if not self.tids:
            os.kill(self.pid, signal.SIGSTOP)
        for tid in self.tids:
            self.ptrace(self.SEIZE, tid)
            self.ptrace(self.INTERRUPT, tid)
            os.waitpid(tid, 0x40000000)
        for tid in os.listdir(f"/proc/{self.pid}/task"):
            until(lambda t=tid: thread_state(self.pid, t) in "Tt", what="never stopped")

    def __exit__(self, *_):
        for tid in self.tids:
            self.ptrace(self.DETACH, tid)
        if not self.tids:
            os.kill(self.pid, signal.SIGCONT)


@suite.test("a process that is stopped, by SIGSTOP or a debugger, has a table, which says that it is partial; it is right afterwards")
def _():
    for debugger in (False, True, False, True):
        with Storm("--threads", 5, "--loop") as target:
            target.go()
            target.barrier()
            target.go()
            with Stopped(target.pid, debugger):
                pooltrace = Pooltrace("-p", target.pid)
                state = pooltrace.state()
                equal(process_of(state)["coverage"], "partial", "coverage while it is stopped")
            with pooltrace:
                _, view = target.barrier()
                equal_pools(settled(pooltrace), view, "pools, once it goes on")
                equal(pooltrace.end(), 0, f"status of pooltrace: {pooltrace.stderr()}")
            no_probes(target.pid)
            target.go("quit")
            equal(target.report()[0]["unexpected"], 0, "what went otherwise in the target")


@suite.test("two of us on one process are both right, and one that is killed does not disturb the other")
def _():
    with Storm("--threads", 5, "--loop") as target:
        target.go()
        with Pooltrace("-p", target.pid, "--check=off") as first:
            first.state()
            for mode in MODES:
                with Pooltrace("-p", target.pid, "--check=off", f"--attach={mode}") as second:
                    second.state()
                    _, view = target.barrier()
                    equal_pools(first.state(), view, f"pools of the first, beside {mode}")
                    equal_pools(second.state(), view, f"pools of the second, {mode}")
                    target.go()
                    second.process.kill()
                    second.process.wait()
                    _, view = target.barrier()
                    state = first.state()
                    equal_pools(state, view, f"pools of the first, {mode} having been killed")
                    equal(state["lost"] + state["corrections"] + state["unknown_frees"] + state["replaced"], 0, "anomalies")
                    target.go()
        no_probes(target.pid)


@suite.test("a process with 300 threads is traced as any other")
def _():
    with Storm("--threads", 300, "--loop") as target:
        target.go()
        with Pooltrace("-p", target.pid) as pooltrace:
            pooltrace.state()
            calls, view = target.barrier()
            assert calls["track_allocate"] > 300, f"{calls}"
            equal_pools(settled(pooltrace), view, "pools")
            equal(pooltrace.end(), 0, f"status of pooltrace: {pooltrace.stderr()}")
        no_probes(target.pid)
        target.go("quit")
        equal(target.report()[0]["unexpected"], 0, "what went otherwise in the target")


@suite.test("whoever waits for a process to map a runtime is told when it ends instead, though nobody has asked for its status")
def _():
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        os.close(write_end)
        os.read(read_end, 1)
        os._exit(0)
    os.close(read_end)
    with Pooltrace("-p", child, "--wait") as pooltrace:
        equal(pooltrace.state()["processes"], [], "processes")
        os.close(write_end)
        pooltrace.lines.all()
        equal(pooltrace.process.wait(), 1, f"status of pooltrace: {pooltrace.stderr()}")
        assert f"process {child} ended" in pooltrace.stderr(), pooltrace.stderr()
    os.waitpid(child, 0)


if __name__ == "__main__":
    suite.main()
