"""Probes at entry and return, on a C library whose functions give back pointers and statuses: each call is counted once, whatever
way it ends, and the process ends as it would without us."""
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import BUILD, ROOT, Pooltrace, Suite, Target, equal, process_of, run, until  # noqa: E402

suite = Suite("returns")
CALLS = os.path.join(BUILD, "standin", "standin-calls")
THROWS = os.path.join(BUILD, "standin", "standin-throws")
LIMIT = 1 << 30
DEEPEST = 64
folder = tempfile.TemporaryDirectory()

with open(os.path.join(ROOT, "docs", "pooltrace-rt.5")) as page:
    TUTORIAL = page.read().split(".Sh EXAMPLES\n")[1].split(".Bd -literal\n")[1].split(".Ed\n")[0]
# All of the library.
with open(os.path.join(ROOT, "tests", "standin", "pool.rt")) as rows:
    WHOLE = rows.read()


def runtime(text, name="runtime.rt"):
    path = os.path.join(folder.name, name)
    with open(path, "w") as f:
        f.write(text)
    return path


class Calls(Target):
    """The program that makes calls as it is told."""

    def __init__(self, program=CALLS):
        super().__init__([program])
        self.line("READY")

    def do(self, command):
        self.go(command)
        return dict(w.split("=") for w in self.line("DONE").split())

    def stay_inside(self, size):
        """Stand inside a call, until it is to leave it."""
        self.go(f"inside {size}")
        self.line("INSIDE")

    def leave(self):
        self.go()
        self.line("DONE")


def traced(target, text=WHOLE, *options):
    return Pooltrace("-p", target.pid, "--runtime", runtime(text), *options)


@contextlib.contextmanager
def watched(text, mode):
    """The program, traced in this way since before its first call."""
    with Calls() as target, traced(target, text, f"--attach={mode}") as pooltrace:
        pooltrace.state()
        yield target, pooltrace


def figures(state):
    """{(device, pool): (buffers, bytes)} of what is there."""
    return {(device["device"], pool): (f["buffers"], f["reserved"]) for device in process_of(state)["devices"]
            for pool, f in device["pools"].items() if f["buffers"]}


def one(state, pool="POOL"):
    found = [f for (_, name), f in figures(state).items() if name == pool]
    return found[0] if found else (0, 0)


def failed(state):
    return process_of(state).get("failed_allocations", 0)


assert TUTORIAL.startswith("runtime my\n") and TUTORIAL.count("\n") == 5, TUTORIAL

for attach in ("auto", "single"):
    @suite.test(f"five lines for a library of one's own: 7,001 allocations and 5,003 frees are exact ({attach})")
    def _(mode=attach):
        with watched(TUTORIAL, mode) as (target, pooltrace):
            target.do("alloc 7001 1009")
            equal(one(pooltrace.state()), (7001, 7001 * 1009), "after the allocations")
            target.do("free 5003")
            state = pooltrace.state()
            equal(one(state), (1998, 1998 * 1009), "after the frees")
            equal((state["lost"], state["unknown_frees"], state["replaced"], failed(state)), (0, 0, 0, 0), "anomalies")
            equal(state["events"], 7001 + 5003, "events")

    @suite.test(f"seven threads: 2,011 allocations each, with failures among them ({attach})")
    def _(mode=attach):
        with watched(TUTORIAL, mode) as (target, pooltrace):
            target.do("threads 7 2011 1999 103")
            state = pooltrace.state()
            equal(one(state), (7 * 12, 7 * 12 * 1009), "what is left")
            equal(failed(state), 7 * 103, "failed allocations")
            equal(state["events"], 7 * (2011 + 1999 + 103), "events")
            equal((state["lost"], state["unknown_frees"], state["replaced"]), (0, 0, 0), "anomalies")

    @suite.test(f"longjmp over one call and over seven: they are neither allocations nor failures, and what follows is right ({attach})")
    def _(mode=attach):
        with watched(WHOLE, mode) as (target, pooltrace):
            target.do("longjmp 53 101")
            state = pooltrace.state()
            equal(one(state), (2 * 53, 2 * 53 * 101), "the calls that followed")
            equal((failed(state), state["lost"], state["unknown_frees"]), (0, 0, 0), "anomalies")
            target.do("nest 3 7")
            equal(one(pooltrace.state()), (2 * 53 + 1, 2 * 53 * 101 + 7), "a call after them is the outermost")

    @suite.test(f"a function that ends in a jump to another one: one allocation a call, by that one ({attach})")
    def _(mode=attach):
        text = WHOLE.replace("on my_pool_call ", "on my_pool_jump ")
        with watched(text, mode) as (target, pooltrace):
            target.do("jump 31 11")
            target.do("alloc 2 11")
            equal(one(pooltrace.state()), (33, 33 * 11), "allocations")

    @suite.test(f"a fork inside a call: the parent's calls are its own, the children's are not told, and all end as they would ({attach})")
    def _(mode=attach):
        with watched(WHOLE, mode) as (target, pooltrace):
            target.go("fork 7 211")
            equal(target.line("children="), "7", "children that ended as they would")
            target.line("DONE")
            target.do("alloc 1 5")
            equal(one(pooltrace.state()), (8, 7 * 211 + 5), "the parent's")

    @suite.test(f"threads that end and are cancelled inside a call ({attach})")
    def _(mode=attach):
        with watched(WHOLE, mode) as (target, pooltrace):
            target.do("end 7")
            state = pooltrace.state()
            equal(one(state), (14, 14 * 1009), "the calls that were whole")
            equal((failed(state), state["lost"]), (0, 0), "anomalies")

    @suite.test(f"an exec inside a call: the new program begins anew, and its calls are exact ({attach})")
    def _(mode=attach):
        with watched(WHOLE, mode) as (target, pooltrace):
            target.do("alloc 3 17")
            target.go("exec 17")
            target.line("READY")
            until(lambda: [p for p in pooltrace.state()["processes"] if p.get("ended") is None], what="it is not watched again")
            target.do("nest 2 7")
            state = pooltrace.state()
            living = [p for p in state["processes"] if p.get("ended") is None]
            equal(len(living), 1, f"processes that live in {state}")
            equal([f["reserved"] for d in living[0]["devices"] for f in d["pools"].values() if f["buffers"]], [7], "its bytes")

    @suite.test(f"a call that was under way when we attached: its return is no allocation, and what follows is right ({attach})")
    def _(mode=attach):
        with Calls() as target:
            target.stay_inside(19)
            with traced(target, WHOLE, f"--attach={mode}") as pooltrace:
                pooltrace.state()
                target.leave()
                target.do("alloc 5 23")
                equal(one(pooltrace.state()), (5, 5 * 23), "calls that were seen")

    @suite.test(f"killed inside a call, and detached inside a call ({attach})")
    def _(mode=attach):
        with watched(WHOLE, mode) as (target, pooltrace):
            target.do("alloc 5 23")
            target.stay_inside(19)
            target.process.kill()
            equal(target.wait(), -signal.SIGKILL, "how it ended")
            last = json.loads(pooltrace.lines.all()[-1])
            equal((failed(last), last["events"], last["lost"]), (0, 5, 0), "the last table")
        with Calls() as target:
            with traced(target, WHOLE, f"--attach={mode}") as pooltrace:
                pooltrace.state()
                target.stay_inside(19)
                pooltrace.process.kill()
                pooltrace.process.wait()
            target.leave()
            target.do("alloc 5 23")
            equal(target.wait(), 3, "exit status")


@suite.test("calls inside of one another are told once, by the outermost; deeper than 64 they are counted as lost")
def _():
    with Calls() as target, traced(target) as pooltrace:
        pooltrace.state()
        target.do(f"nest {DEEPEST} 7")
        state = pooltrace.state()
        equal((one(state), state["lost"]), ((1, 7), 0), "64 calls in one another")
        target.do(f"nest {DEEPEST + 6} 7")
        state = pooltrace.state()
        equal((one(state), state["lost"]), ((2, 14), 6), "70")
        target.do("alloc 3 7")
        equal(one(pooltrace.state()), (5, 35), "calls after them")


@suite.test("a status and a result by parameters: devices, codes, and layers that are counted once")
def _():
    with Calls() as target, traced(target) as pooltrace:
        pooltrace.state()
        target.do("device 5 1009 1")
        target.do("device 3 2003 2")
        target.do("driver 2 7")
        state = pooltrace.state()
        equal(figures(state), {("1", "DEVICE"): (5, 5 * 1009), ("2", "DEVICE"): (5, 3 * 2003 + 2 * 7)}, "by device")
        equal(state["events"], 10, "events: each once")
        target.do(f"device 2 {LIMIT + 1} 0")
        equal(failed(pooltrace.state()), 2, "failures, each once")
        target.do("device 1 11 99")
        state = pooltrace.state()
        equal(figures(state)[("0", "DEVICE")], (1, 11), "a device that could not be chosen changes nothing")
        target.do("undevice 3")
        state = pooltrace.state()
        equal(figures(state), {("1", "DEVICE"): (5, 5 * 1009), ("2", "DEVICE"): (3, 3 * 2003)}, "freed, each where it was")
        equal((state["unknown_frees"], state["lost"]), (0, 0), "anomalies: a free of nothing is none")


@suite.test("--layer all shows what inner calls allocate, in pools of their own, and counts nothing twice; live and from a recording")
def _():
    path = os.path.join(folder.name, "layers.pt")
    with Calls() as target, traced(target, WHOLE, "--layer=all", "-o", path) as pooltrace:
        pooltrace.state()
        target.do("device 5 1009 1")
        target.do("driver 2 7")
        target.do("undevice 3")
        live = pooltrace.state()
        equal(figures(live), {("1", "DEVICE"): (4, 4 * 1009), ("1", "DEVICE/1"): (4, 4 * 1009)}, "by layer")
        equal((live["events"], live["unknown_frees"]), (10, 0), "events: of the outermost alone")
    for layer, pools in (("all", {"DEVICE": 4, "DEVICE/1": 4}), ("outer", {"DEVICE": 4})):
        status, out, err = run("top", "-r", path, "--json", f"--layer={layer}")
        last = [json.loads(line) for line in out.splitlines()][1]
        equal({pool: f[0] for (_, pool), f in figures(last).items()}, pools, f"{layer}, from the recording {err}")
        status, out, err = run("events", "-r", path, "--json", f"--layer={layer}")
        equal(sum(json.loads(line)["event"] == "alloc" for line in out.splitlines()), 12 if layer == "all" else 7, f"events, {layer}")


@suite.test("a handle, with its status by a parameter and its pool in a request; a pool without a name is not shown")
def _():
    with Calls() as target, traced(target) as pooltrace:
        pooltrace.state()
        target.do("host 3 101 2 1")
        target.do("host 5 103 3 1")
        target.do("host 2 107 9 1")
        state = pooltrace.state()
        equal({pool: f for (_, pool), f in figures(state).items()}, {"HOST": (3, 303), "PINNED": (5, 515)}, "pools")
        target.do("host 4 109 2 0")
        state = pooltrace.state()
        equal(failed(state), 4, "failures")
        target.do("unknown 3")
        equal(pooltrace.state()["unknown_frees"], 3, "frees of what nobody allocated")


@suite.test("a failure is told with its code: a number, below 0 as well, and none where the function gives none")
def _():
    with Calls() as target:
        with subprocess.Popen([os.path.join(BUILD, "pooltrace"), "events", "-p", str(target.pid), "--runtime", runtime(WHOLE), "--json"],
                              stdout=subprocess.PIPE, text=True) as events:
            found = []
            # Until it is attached nothing is told: ask until there is an answer.
            os.set_blocking(events.stdout.fileno(), False)

            def read():
                while line := events.stdout.readline():
                    found.append(json.loads(line))
                return any(e["event"] == "alloc" for e in found)

            until(lambda: target.do("alloc 1 3") and read(), what="no event came")
            target.do(f"host 1 {LIMIT + 1} 2 1")
            target.do(f"device 1 {LIMIT + 1} 0")
            target.do(f"alloc 1 {LIMIT + 1}")
            until(lambda: read() and len([e for e in found if e["event"] == "failed"]) == 3, what=f"not three failures: {found}")
            events.send_signal(signal.SIGINT)
        told = [(e["pool"], e.get("code"), e["reason"], e["reserved"]) for e in found if e["event"] == "failed"]
        equal(told, [("HOST", -4, "status", LIMIT + 1), ("DEVICE", 2, "status", LIMIT + 1), ("POOL", None, "status", LIMIT + 1)],
              "failures")


@suite.test("entry and return probes are told apart from calls that are left: seen + lost + left = calls made")
def _():
    with Calls() as target:
        path = os.path.join(folder.name, "left.pt")
        with subprocess.Popen([os.path.join(BUILD, "pooltrace"), "top", "-p", str(target.pid), "--runtime", runtime(WHOLE), "-o", path, "-f",
                               "--json", "-i", "20ms"], stdout=subprocess.PIPE, text=True) as p:
            p.stdout.readline()
            target.do("longjmp 5 101")
            target.do("end 3")
            target.do(f"nest {DEEPEST + 1} 7")
            p.send_signal(signal.SIGINT)
            out, _ = p.communicate()
        probes = {p["probe"]: p for p in json.loads(out.splitlines()[-1])["probes"]}
        # Seven frames stay of each second jump, one of each first; a call that 3 threads were in, twice.
        alloc = probes["alloc"]
        equal(alloc["left"], 5 * 8 + 3 * 2, "calls left")
        equal(alloc["lost"], 1, "calls too deep")
        equal(alloc["seen"], 5 * 2 + 3 * 2 + DEEPEST, "calls that returned")


@suite.test("what is shown live is what the recording shows, inner layers included")
def _():
    with Calls() as target, tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "x.pt")
        with traced(target, WHOLE, "-o", path, "--bytes", "--wide") as pooltrace:
            pooltrace.state()
            target.do("device 5 1009 1")
            target.do("host 3 101 2 1")
            target.do("unknown 2")
            live = pooltrace.state()
        status, out, err = run("-r", path, "--json", "--bytes", "--wide")
        assert any(json.loads(line) == live for line in out.splitlines()), f"{live}\nis none of\n{out}{err}"


@suite.test("an exception passes a C function that has no return probe, whatever else is probed")
def _():
    text = TUTORIAL.replace("on my_pool_free ", "on my_pool_call  free address=arg0\non my_pool_free ")
    with Calls(THROWS) as target, traced(target, text) as pooltrace:
        pooltrace.state()
        equal(target.do("")["caught"], "7", "exceptions that were caught")
        equal(pooltrace.state()["unknown_frees"], 7, "hits of the probe at its entry: this tests something")
        equal(target.wait(), 3, "exit status")


@suite.test("no return probe on a C++ function, and none where a runtime file says that there are exceptions, in other libraries either")
def _():
    head = "runtime x\ndetect f\npool 0=A\n"
    for row, words in (("on _ZN1a1bEv return alloc address=ret in any library\n", "an exception could not pass it"),
                       ("on f or _ZN1a1bEv return alloc address=ret in any library\n", "an exception could not pass it"),
                       ("on f return alloc address=ret in any library\non __cxa_throw throw in any library\n", "they could not pass it"),
                       ("on f return clash address=arg0 end=arg1\n", "there is no 'return clash'"),
                       ("on f alloc address=ret\n", "unknown name 'ret'")):
        status, _, err = run("runtimes", "--check", runtime(head + row, "bad.rt"))
        equal(status, 1, f"status of {row}")
        assert words in err, err
    # In the file itself they have probes at their ends.
    text = WHOLE + "on __cxa_throw throw in any library\n"
    for rows in (WHOLE, text):
        _, out, _ = run("runtimes", "--runtime", runtime(rows), "--library", os.path.join(BUILD, "standin", "libstandin_pool.so"), "--json")
        told = [p for p in json.loads(out)["probes"] if p["symbol"] == "my_pool_alloc"]
        equal((told[0]["probed"], "rets" in told[0]), (True, rows is text), f"my_pool_alloc in {out}")
    # A pattern may match what its words do not say.
    wide = WHOLE.replace("on my_pool_alloc return", "on _ZN4ways5plain* or _* return").replace("detect  my_pool_alloc", "detect  _ZN4ways5plainEm")
    _, out, _ = run("runtimes", "--runtime", runtime(wide, "wide.rt"), "--library", os.path.join(BUILD, "standin", "libstandin_ways.so"), "--json")
    equal([p["rets"] for p in json.loads(out)["probes"] if p["symbol"].startswith("_ZN4ways5plain")], [2], f"rets in {out}")


@suite.test("a runtime without books: what was there before attach is not known, which is said, but of a command that was held nothing was")
def _():
    path = runtime(TUTORIAL)
    with Calls() as target:
        equal(run("--once", "-p", target.pid, "--runtime", path),
              (1, "", f"pooltrace: process {target.pid}: runtime 'my' has no books that could be read, and no driver says what it holds\n"
                      "hint: without --once what it allocates from now on is shown\n"), "--once")
        status, out, err = run("-p", target.pid, "--runtime", path, "--count", 1)
        equal((status, err), (0, f"pooltrace: process {target.pid}: what it allocated before now is not known: "
                                 "runtime 'my' has no books that could be read\n"), "what is told of one that runs")
        assert "without books to check against - PARTIAL: what was there before attach is not known" in out, out
    recording = os.path.join(folder.name, "books.pt")
    status, out, err = run("record", "-q", "-f", "-o", recording, "--runtime", path, "--", CALLS)
    equal((status, err), (3, ""), "what is told of a command, which ends with 3")
    state = json.loads(run("top", "-r", recording, "--json")[1].splitlines()[-1])
    equal(process_of(state)["coverage"], "exact", "coverage")


if __name__ == "__main__":
    suite.main()
