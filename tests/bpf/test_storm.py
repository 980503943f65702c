"""Exact counts on the stand-in runtime: with all hits, with most of them lost, with calls that fail in every way."""
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import Storm, equal_pools, settled  # noqa: E402
from harness import MODES, ROOT, Pooltrace, Suite, equal, pools, process_of  # noqa: E402

suite = Suite("storm")
PAGE = os.sysconf("SC_PAGE_SIZE")
# Which calls of the stand-in each verb's probes see.
CALLS = {"begin": "allocate_buffer", "alloc": "track_allocate", "free": "deallocate_buffer", "clear": "deallocate_all",
         "gone": "clear", "new": "construct"}


def all_told(pooltrace, result):
    """The state when all failures are told: of a thread's end the kernel tells after others have seen it."""
    failures = result["failed"] + result["longjmps"] + result["exits"]
    deadline = time.monotonic() + 120
    while True:
        state = pooltrace.state()
        if process_of(state).get("failed_allocations", 0) >= failures:
            return state
        assert time.monotonic() < deadline, f"{failures} failures are not told, of {result}: {state}"
        time.sleep(0.02)


def storm(*arguments, options=()):
    """Run a storm from its beginning; (state at its end, its result, its calls, its pools)."""
    with Storm(*arguments) as target, Pooltrace("-p", target.pid, *options) as pooltrace:
        pooltrace.state()
        target.go()
        result, calls, view = target.report()
        equal(result["unexpected"], 0, "what went otherwise in the target")
        state = settled(pooltrace) if "--check=off" not in options else all_told(pooltrace, result)
        target.go()
        equal(target.wait(), 0, "exit status of the target")
        return state, result, calls, view


def count(state, verb):
    return next((p for p in state.get("probes", []) if p["probe"] == verb), {"seen": 0, "lost": 0})


for attach in MODES:
    @suite.test(f"100,003 allocations and 100,003 frees by 7 threads are exact, and nothing is lost ({attach})")
    def _(mode=attach):
        state, result, calls, view = storm("--threads", 7, options=["--check=off", f"--attach={mode}"])
        equal((result["allocations"], result["frees"]), (100003, 100003), "what the target did")
        equal(state["lost"], 0, "lost")
        equal(state["events"], calls["track_allocate"] + calls["deallocate_buffer"], "events")
        equal(state["unknown_frees"] + state["replaced"], 0, "anomalies")
        equal(process_of(state).get("failed_allocations", 0), 0, "failed allocations")
        equal_pools(state, view, "pools at the end")


@suite.test("what lives at the end is exact, pool by pool")
def _():
    state, result, _, view = storm("--threads", 7, "--frees", 93001)
    equal(result["allocations"] - result["frees"], 7002, "living buffers")
    equal(sum(d["buffers"] for d in process_of(state)["devices"]), 7002, "buffers")
    equal(state["corrections"], 0, "corrections")
    equal_pools(state, view, "pools at the end")
    assert all(view.values()), f"a pool without a living buffer tests nothing: {view}"


@suite.test("inside of a pid namespace events arrive, with the pids that one sees there")
def _():
    inner = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, os.path.abspath(__file__), "what lives at the end"]
    done = subprocess.run(inner, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "\nok 1 " in done.stdout, done.stdout + done.stderr


@suite.test("with a ring of one page every probe's seen + lost = calls made, nothing is told that was not, and the books settle it")
def _():
    state, result, calls, view = storm("--threads", 7, "--frees", 90001, options=[f"--ring-size={PAGE}"])
    assert state["lost"] > 1000, f"only {state['lost']} lost: this tests nothing"
    for verb, call in CALLS.items():
        if verb in ("begin", "alloc", "free"):
            hits = count(state, verb)
            equal(hits["seen"] + hits["lost"], calls[call], f"{verb}: seen + lost")
    equal(process_of(state).get("failed_allocations", 0), 0, "failed allocations told")
    equal_pools(state, view, "pools, after the check")
    assert state["corrections"] > 0, "settled without a correction?"


@suite.test("exceptions, longjmps and threads that exit inside a call are failures, each counted once; phantoms are none")
def _():
    state, result, calls, view = storm("--threads", 5, "--allocations", 20011, "--frees", 20011, "--fail-every", 101, "--phantom-every", 97,
                                       "--longjmp-every", 103, "--exit-every", 107, options=["--check=off"])
    failures = result["failed"] + result["longjmps"] + result["exits"]
    assert min(result["failed"], result["longjmps"], result["exits"], result["phantoms"]) > 100, f"too few: {result}"
    equal(calls["allocate_buffer"], result["allocations"] + failures, "calls")
    equal(process_of(state)["failed_allocations"], failures, "failed allocations")
    equal(state["lost"], 0, "lost")
    equal(state["unknown_frees"] + state["replaced"] + state["corrections"], 0, "anomalies")
    equal_pools(state, view, "pools at the end")


@suite.test("the same with a ring of one page: no failure is invented")
def _():
    state, result, _, view = storm("--threads", 5, "--allocations", 20011, "--frees", 20011, "--fail-every", 101, "--phantom-every", 97,
                                   options=[f"--ring-size={PAGE}"])
    assert state["lost"] > 100, f"only {state['lost']} lost: this tests nothing"
    told = process_of(state).get("failed_allocations", 0)
    assert told <= result["failed"], f"{told} failures told, {result['failed']} made"
    equal_pools(state, view, "pools, after the check")


def runtime_without_probes(folder):
    """The runtime file with its three main rows on functions that nobody calls."""
    text = open(os.path.join(ROOT, "runtimes", "tt-metal.rt")).read()
    for symbol in ("11BankManager15allocate_bufferE*    begin", "12GraphTracker14track_allocateE*    alloc",
                   "11BankManager17deallocate_bufferE*  free"):
        assert text.count(symbol) == 1, symbol
        text = text.replace(symbol, "11BankManager9bank_sizeEv " + symbol.split()[1])
    text = text.replace("_ZN2tt8tt_metal11BankManager9bank_sizeEv", "_ZNK2tt8tt_metal11BankManager9bank_sizeEv")
    path = os.path.join(folder, "tt-metal.rt")
    with open(path, "w") as f:
        f.write(text)
    return path


@suite.test("without probes the figures differ: the books alone do not make these tests pass")
def _():
    with tempfile.TemporaryDirectory() as folder, Storm("--threads", 3, "--loop") as target:
        with Pooltrace("-p", target.pid, "--check=off", "--runtime", runtime_without_probes(folder)) as pooltrace:
            equal_pools(pooltrace.state(), {}, "pools before")
            target.go()
            for _ in range(1009):
                _, view = target.barrier()
                if any(view.values()):
                    break
                target.go()
            state = pooltrace.state()
            assert any(view.values()), "nothing was allocated"
            assert pools(state) != view, f"equal without probes: {view}"
            target.go("quit")


@suite.test("forked children change no figure of their parent, and end as they would without us")
def _():
    state, result, _, view = storm("--threads", 2, "--allocations", 2003, "--frees", 1009, "--fork-every", 17)
    assert result["forks"] > 50, f"only {result['forks']} forks"
    equal(state["corrections"], 0, "corrections")
    equal_pools(state, view, "pools at the end")


if __name__ == "__main__":
    suite.main()
