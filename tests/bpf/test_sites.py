"""Probes that stand behind the entry, on instructions that the kernel emulates: each call is counted once, with its values, and the
process ends as it would without us. The functions of the C library begin as its own compiler makes them, as one does that marks where
jumps may lead to, and as by hand."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import BUILD, MODES, ROOT, Pooltrace, Suite, Target, code_changed, equal, no_probes, process_of, run  # noqa: E402

suite = Suite("sites")
STANDIN = os.path.join(BUILD, "standin")
LIMIT = 1 << 30
with open(os.path.join(ROOT, "tests", "standin", "pool.rt")) as rows:
    ROWS = rows.read()
# No return probe: what a call gives back is not known, and the calls alone are counted.
NO_RETURNS = """\
runtime stand-in
detect  my_pool_alloc
pool    0=POOL
on my_pool_alloc return alloc address=ret reserved=arg0
on my_pool_call         free  address=arg0
on my_pool_free         free  address=arg0
"""
JUMP = ROWS.replace("on my_pool_call ", "on my_pool_jump ")
# Of tests/standin/sites.S: bytes from the entry to the probe, and whether the instruction is emulated.
BY_HAND = {"my_pool_alloc": (4, True), "my_pool_call": (9, True), "my_pool_free": (3, True), "dev_set": (6, True), "dev_alloc": (0, False),
           "dev_free": (0, False), "drv_alloc": (0, False), "drv_free": (0, True), "host_create": (3, True), "host_release": (0, True)}
folder = tempfile.TemporaryDirectory()
LIBRARIES = ("", "endbr", "sites")


def runtime(text):
    path = os.path.join(folder.name, f"{abs(hash(text))}.rt")
    with open(path, "w") as f:
        f.write(text)
    return path


class Calls(Target):
    """The program that makes calls as it is told, with the library in that folder."""

    def __init__(self, library, program="standin-calls"):
        path = os.path.join(STANDIN, library)
        super().__init__([os.path.join(STANDIN, program)], env={**os.environ, "LD_LIBRARY_PATH": path})
        self.line("READY")
        self.library = os.path.join(path, "libstandin_pool.so")

    def do(self, command):
        self.go(command)
        return dict(w.split("=") for w in self.line("DONE").split())


def traced(target, text, *options):
    return Pooltrace("-p", target.pid, "--runtime", runtime(text), *options)


def sites_of(target, text, *options):
    """What `runtimes --json` says of each probe."""
    status, out, err = run("runtimes", "-p", target.pid, "--json", "--runtime", runtime(text), *options)
    equal(status, 0, f"runtimes: {err}")
    found = [json.loads(line) for line in out.splitlines()]
    equal([(f["file"], f["pid"]) for f in found], [(os.path.realpath(target.library), target.pid)], "files")
    return found[0]["probes"]


def figures(state):
    return {(device["device"], pool): (f["buffers"], f["reserved"]) for device in process_of(state)["devices"]
            for pool, f in device["pools"].items() if f["buffers"]}


def one(state, pool="POOL"):
    found = [f for (_, name), f in figures(state).items() if name == pool]
    return found[0] if found else (0, 0)


def anomalies(state):
    return {k: state[k] for k in ("lost", "unknown_frees", "replaced", "unread")}


NONE = {"lost": 0, "unknown_frees": 0, "replaced": 0, "unread": 0}


@suite.test("where probes stand is told as it was chosen, and what is probed is that")
def _():
    with Calls("sites") as target:
        told = sites_of(target, ROWS)
        equal({p["symbol"]: (p["behind_entry"], p["emulated"]) for p in told}, BY_HAND, "sites")
        entries = sites_of(target, ROWS, "--sites=entry")
        equal({p["behind_entry"] for p in entries}, {0}, "--sites=entry")
        equal([p["offset"] - p["behind_entry"] for p in told], [p["offset"] for p in entries], "entries")
        for p in told:
            equal("site" in p, p["behind_entry"] > 0 or not p["emulated"], f"reasons: {p}")
        for options, wanted in (((), told), (("--sites=entry",), entries)):
            for mode in MODES:
                equal(code_changed(target.pid), set(), "probes before")
                with traced(target, ROWS, f"--attach={mode}", *options) as pooltrace:
                    pooltrace.state()
                    equal({offset for _, offset in code_changed(target.pid)}, {p["offset"] for p in wanted}, "bytes that were changed")
                    target.do("alloc 3 5")
                    equal(pooltrace.end(), 0, "status")
                no_probes(target.pid)
        target.do("alloc 3 5")
        equal(target.wait(), 3, "exit status")


@suite.test("`doctor` measures a hit at the instruction that was chosen")
def _():
    with Calls("sites") as target:
        status, out, err = run("doctor", "-p", target.pid, "--runtime", runtime(ROWS), "--json")
        wanted = {(p["verb"], p["offset"], p["instruction"], p["emulated"]) for p in sites_of(target, ROWS)}
        found = [f for f in json.loads(out)["findings"] if f["section"] == "probes" and "instruction" in f]
        equal({(f["name"], f["offset"], f["instruction"], f["emulated"]) for f in found}, wanted, f"probes ({err})")


for place in LIBRARIES:
    kind = {"": "as compiled", "endbr": "endbr64 first", "sites": "by hand"}[place]

    for attach in MODES:
        @suite.test(f"{kind}: calls, frees, failures and threads are exact ({attach})")
        def _(library=place, mode=attach):
            for options in ((), ("--sites=entry",)):
                with Calls(library) as target, traced(target, ROWS, f"--attach={mode}", *options) as pooltrace:
                    pooltrace.state()
                    target.do("alloc 4001 1009")
                    target.do("free 3001")
                    state = pooltrace.state()
                    equal((one(state), state["events"]), ((1000, 1000 * 1009), 7002), f"calls {options}")
                    target.do("threads 7 1009 997 103")
                    state = pooltrace.state()
                    equal(one(state), (1000 + 7 * 12, (1000 + 7 * 12) * 1009), "threads")
                    equal(process_of(state)["failed_allocations"], 7 * 103, "failures")
                    equal(anomalies(state), NONE, "anomalies")

        @suite.test(f"{kind}: longjmp, a fork, ends of threads, a call in another, a jump as a function's end ({attach})")
        def _(library=place, mode=attach):
            with Calls(library) as target, traced(target, ROWS, f"--attach={mode}") as pooltrace:
                pooltrace.state()
                target.do("longjmp 53 101")
                equal(one(pooltrace.state()), (106, 106 * 101), "longjmp")
                target.go("fork 7 211")
                equal(target.line("children="), "7", "children that ended as they would")
                target.line("DONE")
                equal(one(pooltrace.state()), (113, 106 * 101 + 7 * 211), "fork")
                target.do("end 7")
                equal(one(pooltrace.state()), (127, 106 * 101 + 7 * 211 + 14 * 1009), "ends of threads")
                target.do("nest 5 7")
                state = pooltrace.state()
                equal((one(state)[0], anomalies(state)), (128, NONE), "calls in calls")
                equal(pooltrace.end(), 0, "status")
                equal(target.wait(), 3, "exit status")
            with Calls(library) as target, traced(target, JUMP, f"--attach={mode}") as pooltrace:
                pooltrace.state()
                target.do("jump 31 11")
                equal(one(pooltrace.state()), (31, 31 * 11), "jumps")

    @suite.test(f"{kind}: arguments, what they point to, and what is given back")
    def _(library=place):
        with Calls(library) as target, traced(target, ROWS) as pooltrace:
            pooltrace.state()
            for n in range(1, 42):
                target.do(f"alloc 1 {n * n}")
            equal(one(pooltrace.state()), (41, sum(n * n for n in range(1, 42))), "sizes")
            target.do("device 5 1009 1")
            target.do("device 3 2003 2")
            target.do("host 3 101 2 1")
            target.do("host 4 109 2 0")
            state = pooltrace.state()
            found = figures(state)
            equal((found[("1", "DEVICE")], found[("2", "DEVICE")], one(state, "HOST")), ((5, 5045), (3, 6009), (3, 303)), "by pool and device")
            equal(process_of(state)["failed_allocations"], 4, "failures")
            target.do(f"device 2 {LIMIT + 1} 0")
            target.do("undevice 3")
            state = pooltrace.state()
            equal(process_of(state)["failed_allocations"], 6, "failures")
            equal(anomalies(state), NONE, "anomalies")

    @suite.test(f"{kind}: an exception passes a function that is probed")
    def _(library=place):
        with Calls(library, "standin-throws") as target, traced(target, NO_RETURNS) as pooltrace:
            pooltrace.state()
            for caught in (7, 14, 21):
                target.go()
                equal(target.line("DONE "), f"caught={caught}", "exceptions")
            # The argument is no address that was allocated: a free that nobody knows, and each is counted.
            equal(pooltrace.state()["unknown_frees"], 21, "calls")
            equal(target.wait(), 3, "exit status")


@suite.test("killed while probes stand behind entries: the process goes on, and its code is as it was")
def _():
    with Calls("sites") as target:
        with traced(target, ROWS) as pooltrace:
            pooltrace.state()
            target.do("alloc 100 7")
            pooltrace.process.kill()
            pooltrace.process.wait()
        target.do("alloc 100 7")
        target.do("free 150")
        no_probes(target.pid)
        equal(target.wait(), 3, "exit status")


if __name__ == "__main__":
    suite.main()
