"""Several runtimes in one process: files with it at different paths, as of two venvs, and one file that is loaded twice. What
each copy holds is what it says of itself, and each call is counted once."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
from harness import BUILD, POOLS, POOLTRACE, Pooltrace, Suite, Target, equal, no_probes, once, run, until  # noqa: E402

suite = Suite("copies")
STANDIN = os.path.join(BUILD, "standin")
LIVES = os.path.join(STANDIN, "standin-lives")
PLUGIN = os.path.join(STANDIN, "libstandin_plugin.so")
BY_CONSTRUCTOR = 101
# The linker loads a library once if it has the same name of its own: one of another venv has another.
NAMES = b"libstandin_metal.so\0", b"libstandin_meta2.so\0"


class Lives(Target):
    def __init__(self, *words):
        super().__init__([LIVES, *map(str, words)])

    def steps(self, nr):
        """What each of @nr copies says of itself, in turn."""
        views = []
        for i in range(nr):
            if i:
                self.go()
            views.append(self.step()[1])
        return [{p: view.get(p, 0) for p in POOLS} for view in views]


def second_copy(folder):
    """The plugin and its runtime, which are other files, with another name."""
    for name in ("libstandin_plugin.so", "libstandin_metal.so"):
        with open(os.path.join(STANDIN, name), "rb") as f:
            content = f.read()
        assert NAMES[0] in content, f"{name} does not name the runtime: this tests nothing"
        with open(os.path.join(folder, name.replace("metal", "meta2")), "wb") as f:
            f.write(content.replace(*NAMES))
    return os.path.join(folder, "libstandin_plugin.so")


def sum_of(process):
    total = dict.fromkeys(POOLS, 0)
    for device in process["devices"]:
        for pool, figures in device["pools"].items():
            total[pool] += figures.get("reserved", 0)
    return total


def copies_of(state, pid):
    """The pools of each runtime of a process, in no order."""
    found = [p for p in state["processes"] if p["pid"] == pid]
    equal([p.get("copy") for p in found], [None, *range(2, len(found) + 1)], "numbers of the copies")
    return sorted(map(sum_of, found), key=str)


def no_anomalies(state):
    equal(state["lost"] + state["corrections"] + state["unknown_frees"] + state["replaced"], 0, "anomalies")


def loaded(second):
    """Ways to have two copies: by which words, and whether they are two to us."""
    return [(["load", PLUGIN, "load", second], True), (["load", PLUGIN, "apart", second], True), (["load", PLUGIN, "apart", PLUGIN], False)]


BOTH = ["use", 0, "step", "use", 1, "step"]
WORK = ["use", 0, "allocate", 13, "use", 1, "allocate", 7, "free", 3, "fail", 2, "use", 0, "fail", 1, "free", 5]


@suite.test("two files with a runtime in one process are two, and one file that is loaded twice is one; all of their calls are counted once")
def _():
    with tempfile.TemporaryDirectory() as folder:
        for words, apart in loaded(second_copy(folder)):
            with Lives(*words, *BOTH, *WORK, *BOTH, "use", 1, "free", 104) as target:
                before = target.steps(2)
                expected = lambda views: sorted(views, key=str) if apart else [{p: sum(v[p] for v in views) for p in POOLS}]
                equal(copies_of(once(target.pid), target.pid), expected(before), f"--once, {words}")
                with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
                    equal(copies_of(pooltrace.state(), target.pid), expected(before), f"at attach, {words}")
                    target.go()
                    after = target.steps(2)
                    assert before != after and after[0] != after[1], "nothing has changed: this tests nothing"
                    state = pooltrace.state()
                    equal(copies_of(state, target.pid), expected(after), f"after work, {words}")
                    equal((state["events"], [p["coverage"] for p in state["processes"]]), (31, ["exact"] * (1 + apart)), "events")
                    no_anomalies(state)
                    target.go()
                    equal(target.wait(), 0, "status")
                    last = json.loads(pooltrace.lines.all()[-1])
                    equal([p["ended"] for p in last["processes"]], ["exit"] * (1 + apart), "ends")
                    equal(last["events"], 31 + 104, "events at the end")
                    no_anomalies(last)


@suite.test("a copy that is loaded while the process is traced is found, by its file or by its place, and its books fill the gap")
def _():
    with tempfile.TemporaryDirectory() as folder:
        for words, apart in loaded(second_copy(folder)):
            with Lives(*words[:2], "step", *words[2:], *BOTH, *WORK, *BOTH) as target:
                target.step()
                with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
                    equal(len(pooltrace.state()["processes"]), 1, "runtimes before")
                    target.go()
                    views = target.steps(2)
                    expected = lambda: sorted(views, key=str) if apart else [{p: sum(v[p] for v in views) for p in POOLS}]
                    until(lambda: copies_of(pooltrace.state(), target.pid) == expected(), what=f"the copy was not found, {words}")
                    target.go()
                    views = target.steps(2)
                    state = pooltrace.state()
                    equal(copies_of(state, target.pid), expected(), f"after work, {words}")
                    no_anomalies(state)
                    if apart:
                        equal(["gap_ns" in p for p in state["processes"]], [False, True], "the second's gap is known")


@suite.test("failures are told of the copy that could not allocate, and a recording tells of each copy apart")
def _():
    with tempfile.TemporaryDirectory() as folder:
        second, path = second_copy(folder), os.path.join(folder, "run.pt")
        words = ["load", PLUGIN, "load", second, "use", 0, "allocate", 5, "fail", 1, "use", 1, "allocate", 11, "fail", 2, "use", 0, "fail", 4]
        done = subprocess.run([POOLTRACE, "record", "-o", path, "--check=off", "--", LIVES, *map(str, words)], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120)
        equal(done.returncode, 0, f"status ({done.stderr.decode()})")
        report = json.loads(run("report", "--json", path)[1])
        # Of a command that we start no call is missed, of the second copy neither.
        equal([(p.get("copy"), p["failed_allocations"], p["coverage"], p.get("gap_ns")) for p in report["processes"]],
              [(None, 5, "exact", 0), (2, 2, "exact", 0)], "processes")
        equal([(p.get("copy"), p["failed"], p["events"]) for p in report["summary"]["processes"]],
              [(None, 5, BY_CONSTRUCTOR + 10), (2, 2, BY_CONSTRUCTOR + 13)], "sums")
        no_anomalies(report)
        state = json.loads(run("top", "-r", path, "--at", "-0s", "--json")[1])
        equal([p.get("copy") for p in state["processes"]], [None, 2], "copies in the last table")


@suite.test("a file that has some of a runtime's functions, but not all that make one, is told of and not traced")
def _():
    with tempfile.TemporaryDirectory() as folder:
        source, shim = os.path.join(folder, "shim.c"), os.path.join(folder, "shim.so")
        with open(source, "w") as f:
            f.write("int _ZN2tt8tt_metal11BankManager15allocate_bufferEmmbRKi(void) { return 0; }\n"
                    "void plugin_step(const char *name) { (void)name; }\n")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, source], check=True)
        with Lives("load", shim, "load", PLUGIN, "step", "allocate", 13, "step") as target:
            target.step()
            with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
                equal(len(pooltrace.state()["processes"]), 1, "runtimes")
                target.go()
                view = target.step()[1]
                state = pooltrace.state()
                equal(copies_of(state, target.pid), [{p: view.get(p, 0) for p in POOLS}], "pools")
                equal(state["events"], 13, "events")
                told = [line for line in pooltrace.stderr().splitlines() if "is not traced" in line]
                equal(len(told), 1, f"times that it was told ({pooltrace.stderr()})")
                assert "shim.so" in told[0], told
            no_probes(target.pid)


@suite.test("what is shown of two runtimes of one process says so, and doctor tells of both")
def _():
    with tempfile.TemporaryDirectory() as folder:
        with Lives("load", PLUGIN, "load", second_copy(folder), *BOTH, "step") as target:
            target.steps(2)
            table = run("-p", target.pid, "--once")[1]
            assert f"pid {target.pid}" in table.splitlines()[0] and "2 runtimes" in table.splitlines()[0], table
            equal(sum(f"{target.pid}/2" in line for line in table.splitlines()), 1, f"rows of the second in {table}")
            findings = json.loads(run("doctor", "-p", target.pid, "--json")[1])["findings"]
            libraries = [f["what"] for f in findings if f["section"] == "process" and f["name"] == "library"]
            equal(sorted(map(os.path.basename, libraries)), ["libstandin_meta2.so", "libstandin_metal.so"], "libraries in doctor")


if __name__ == "__main__":
    suite.main()
