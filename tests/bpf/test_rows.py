"""Every row of every runtime file of a C runtime: a library that is made from what the functions do (tests/rows/) exports them with their
real prototypes, a program calls each, and what is recorded is what they say that they did."""
import glob
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "support"), os.path.join(os.path.dirname(HERE), "rows")]
from harness import POOLTRACE, ROOT, Suite, equal, run  # noqa: E402
import rows  # noqa: E402

suite = Suite("rows")
folder = tempfile.TemporaryDirectory()
CODES = (2, 700, -5)
# How many times each function is called: what one call has made another one may free.
ALLOCATIONS = 3


def runtimes():
    """The runtime files that have rows on what calls give back."""
    for path in sorted(glob.glob(os.path.join(ROOT, "runtimes", "*.rt"))):
        with open(path) as f:
            if any(line.startswith("on ") and " return " in line for line in f):
                yield os.path.basename(path)[:-3], path


def commands(module, libraries):
    """Each function that allocates, as it should and not; then each that frees, which the program gives what there is."""
    symbols = [(rows.symbol_of(row), rows.frees(row)) for name in libraries for row in module.LIBRARIES[name]]
    devices = [s for s, _ in symbols if module.is_choice(s)]
    allocations = [s for s, frees in symbols if not frees and s not in devices and not module.is_end(s)]
    assert allocations
    for symbol in devices + [None]:
        for s in allocations:
            yield from (f"{s} 0" for _ in range(ALLOCATIONS))
            yield f"{s} {CODES[0]}"
        if symbol:
            yield f"{symbol} 0"
            yield f"{symbol} {CODES[1]}"
    for s in allocations:
        yield f"{s} {CODES[2]}"
        yield f"thread {s} 0"
    for s in [s for s, frees in symbols if frees]:
        yield from (f"{s} 0" for _ in range(ALLOCATIONS))
        yield f"{s} {CODES[0]}"


def recorded(program, lines, *options):
    """(what the program's functions said, the events of a recording of it)."""
    path = os.path.join(folder.name, "rows.pt")
    done = subprocess.run([POOLTRACE, "record", "-o", path, "-f", *options, "--", program], input="".join(f"{l}\n" for l in lines),
                          capture_output=True, text=True, timeout=120)
    equal(done.returncode, 3, f"status of the program ({done.stderr})")
    equal(done.stdout.count("DONE"), len(lines), "calls")
    status, out, err = run("events", "-r", path, "--json")
    equal(status, 0, err)
    pid = int(done.stdout.splitlines()[1].removeprefix("PID "))
    return rows.told(done.stdout.splitlines()), rows.comparable(out.splitlines(), pid), path, done.stdout


def ended(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def compare(wanted, found):
    for i, (w, f) in enumerate(zip(wanted, found)):
        equal(f, w, f"call {i}")
    equal(len(found), len(wanted), "calls")


for name, path in runtimes():
    @suite.test(f"{name}: each row has its function in the library that is made, and each function its row")
    def _(name=name, path=path):
        module = importlib.import_module(name)
        equal(sorted({s for s, _ in rows.rows_of(path)}), sorted(rows.symbol_of(r) for l in module.LIBRARIES.values() for r in l), "functions")

    @suite.test(f"{name}: each row's record is what the function did: pool, address, bytes, device, code")
    def _(name=name):
        module = importlib.import_module(name)
        program = rows.build(module, folder.name)
        lines = list(commands(module, list(module.LIBRARIES)))
        wanted, found, recording, _ = recorded(program, lines)
        assert len(wanted) > 3 * sum(map(len, module.LIBRARIES.values())), wanted
        compare(wanted, found)
        state = json.loads(run("top", "-r", recording, "--json")[1].splitlines()[-1])
        equal((state["lost"], state["unread"], state["replaced"]), (0, 0, 0), "anomalies")
        equal(len(state["processes"]), 1, "one process, of whatever libraries")
        assert "before attach" not in run("top", "-r", recording)[1], "it was seen from its beginning"


for name, path in runtimes():
    @suite.test(f"{name}: a longjmp, a thread's end and a fork in each function: all goes on as it would, and what follows is told right")
    def _(name=name, path=path):
        module = importlib.import_module(name)
        program = rows.build(module, folder.name)
        symbols = [symbol for symbol, _ in rows.rows_of(path)]
        lines = [f"end {how} {symbol}" for symbol in symbols for how in ("longjmp", "thread", "fork")] + list(commands(module, list(module.LIBRARIES)))
        wanted, found, _, said = recorded(program, lines)
        alone = subprocess.run([program], input="".join(f"{l}\n" for l in lines), capture_output=True, text=True, timeout=120)
        equal(alone.returncode, 3, "status of the program alone")
        compare(*([re.sub(r"^(GAVE .*) \d{12,}$", r"\1 a pointer", line) for line in of.splitlines()[2:]] for of in (alone.stdout, said)))
        equal((said.count("LEFT "), said.count("CHILD 17 0"), said.count("MISSED")), (3 * len(symbols), len(symbols), 0), "calls that were left")
        compare(wanted, found)

    @suite.test(f"{name}: an exec and a SIGKILL in each function end the program as they would")
    def _(name=name, path=path):
        program = rows.build(importlib.import_module(name), folder.name)
        script = os.path.join(folder.name, "ends.sh")
        symbols = [symbol for symbol, _ in rows.rows_of(path)]
        with open(script, "w") as f:
            for symbol in symbols:
                for how in ("exec", "kill"):
                    f.write(f"echo end {how} {symbol} | {program} >/dev/null 2>&1; echo {symbol} {how} $?\n")
        status, said, _ = ended(POOLTRACE, "record", "-q", "-f", "-o", os.path.join(folder.name, "ends.pt"), "--", "sh", script)
        equal((status, said), (0, "".join(f"{s} exec 19\n{s} kill 137\n" for s in symbols)), "statuses")


@suite.test("the tutorial in docs/runtimes.md is a runtime file, that of pooltrace-rt(5)")
def _():
    with open(os.path.join(ROOT, "docs", "runtimes.md")) as f:
        lines = f.read().split("in five lines:\n\n")[1].split("\n\n")[0].splitlines()
    text = "".join(f"{line.removeprefix('    ')}\n" for line in lines)
    with open(os.path.join(ROOT, "docs", "pooltrace-rt.5")) as f:
        assert f".Bd -literal\n{text}.Ed" in f.read(), text
    path = os.path.join(folder.name, "my.rt")
    with open(path, "w") as f:
        f.write(text)
    status, _, err = run("runtimes", "--check", path)
    equal((status, err), (0, ""), "check")


if __name__ == "__main__":
    suite.main()
