"""The table on a terminal: drawn in place, at every size, and the terminal as it was afterwards."""
import contextlib
import os
import re
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import INFER  # noqa: E402
from harness import POOLTRACE, Suite, Target, equal  # noqa: E402
from screen import Screen, shows  # noqa: E402

suite = Suite("screen")
SIZES = ((20, 5), (40, 10), (80, 24), (120, 30), (250, 70))


@contextlib.contextmanager
def infer(step, *more):
    """An inference program that stands at a step, and its pools there."""
    with Target([INFER, "--seconds", "0", "--hold", *more]) as target:
        target.view = advance(target, step)
        yield target


def advance(target, step):
    """Go on to this step."""
    while (seen := target.step())[0] != step:
        target.go()
    return seen[1]


def top(target, *more):
    return [POOLTRACE, "-p", target.pid, "-i", "20ms", "--bytes", *more]


def rows_of(target, lines):
    """Rows of figures of the process, as words."""
    return [line.split() for line in lines if line.split()[:1] == [str(target.pid)]]


def whole(target, view, lines):
    """The table is complete, and each of its figures is one of the program's own."""
    rows = rows_of(target, lines)
    titles = [line.split() for line in lines if line.split()[:1] == ["PID"]]
    if len(rows) != 1 or len(titles) != 1:
        return False
    row = dict(zip((t for t in titles[0] if t != "use"), (c for c in rows[0] if not c.endswith("%"))))
    wanted = {**{pool: str(bytes_) for pool, bytes_ in view.items()}, "TOTAL": str(sum(view.values())), "PID": str(target.pid)}
    return row.get("TOTAL") and all(row[t] == wanted[t] for t in row if t in wanted) and lines[0].startswith("pooltrace")


@suite.test("at every size each figure that is shown is whole, the total is among them, and the first line is the header")
def _():
    with infer("execute") as target:
        for columns, rows in SIZES:
            with Screen(columns, rows, *top(target)) as screen:
                lines = screen.until(lambda seen: whole(target, target.view, seen))
                assert len(lines) < rows, f"{len(lines)} lines in {rows} rows"
                equal(sum(line.startswith("pooltrace - ") for line in lines), 1, "headers")
                assert "BEFORE" not in "".join(lines), lines
                equal(screen.cursor()[0], False, "the cursor is visible")


@suite.test("80 columns hold all that the header says, wrapped, and all pools")
def _():
    with infer("execute") as target, Screen(80, 24, POOLTRACE, "-p", target.pid, "-i", "20ms") as screen:
        lines = screen.until(lambda seen: rows_of(target, seen))
        header = " ".join(line.strip() for line in lines[:next(i for i, line in enumerate(lines) if "PID" in line.split())])
        for part in ("tt-metal", "attached", "0 lost", "every 20ms"):
            assert part in header, f"{part!r} is not in {header!r}"
        titles = next(line for line in lines if "PID" in line.split()).split()
        assert {"DRAM", "L1", "L1_SMALL", "TRACE", "TOTAL"} <= set(titles), titles


@suite.test("resized while it runs: the next update fits, and nothing of the one before is left")
def _():
    with infer("execute") as target, Screen(120, 30, *top(target)) as screen:
        for columns, rows in ((40, 10), (250, 70), (20, 5), (80, 24), (21, 6), (120, 30)):
            screen.size(columns, rows)
            lines = screen.until(lambda seen: whole(target, target.view, seen) and sum("pooltrace - " in line for line in seen) == 1)
            assert len(lines) < rows and max(map(len, lines)) <= columns, lines


@suite.test("a table that shrinks leaves no line behind")
def _():
    with infer("open", "--no-trace-region") as target, Screen(100, 24, *top(target)) as screen:
        screen.until(shows("nothing is allocated"))
        target.go()
        advance(target, "execute")
        before = screen.until(shows("TRACE 12288 in DRAM"))
        assert rows_of(target, before), before
        target.go()
        advance(target, "closed")
        after = screen.until(shows("nothing is allocated"))
        equal(rows_of(target, after), [], "rows left behind")
        equal([line for line in after if "+/-" in line or "in DRAM" in line], [], "lines left behind")
        assert "nothing is allocated" in after[-1], after


@suite.test("more rows than the window has: the top stays, nothing scrolls")
def _():
    with contextlib.ExitStack() as stack:
        targets = [stack.enter_context(infer("weights")) for _ in range(4)]
        pids = ",".join(str(t.pid) for t in targets)
        with Screen(100, 6, POOLTRACE, "-p", pids, "-i", "20ms") as screen:
            for _ in range(3):
                lines = screen.until(shows("PID"))
                assert lines[0].startswith("pooltrace - 4 processes") and len(lines) < 6, lines
                # The lines of the processes are left out before their figures are.
                assert sum(line.split()[0] in pids.split(",") and line.endswith("iB") for line in lines) >= 2, lines


@suite.test("Ctrl-C shows the cursor again, below the last table, which stands")
def _():
    with infer("execute") as target, Screen(100, 24, *top(target)) as screen:
        screen.until(lambda seen: whole(target, target.view, seen))
        screen.tmux("send-keys", "C-c")
        lines = screen.until(shows("AFTER 0"))
        visible, row = screen.cursor()
        assert visible, "the cursor is hidden"
        # The terminal itself prints ^C.
        equal(lines[row - 1].removeprefix("^C"), "AFTER 0", "the line above the cursor")
        assert whole(target, target.view, lines), lines
        assert rows_of(target, lines[:row - 1]), lines


@suite.test("the end of the process, and a SIGTERM, do the same")
def _():
    with infer("execute") as target, Screen(100, 24, *top(target)) as screen:
        screen.until(lambda seen: whole(target, target.view, seen))
        target.process.kill()
        target.wait()
        lines = screen.until(shows("AFTER 0"))
        assert shows("ended: exit")(lines) and screen.cursor()[0], lines
    with infer("execute") as target, Screen(100, 24, *top(target)) as screen:
        screen.until(lambda seen: whole(target, target.view, seen))
        shell = screen.tmux("display-message", "-p", "#{pane_pid}").strip()
        children = open(f"/proc/{shell}/task/{shell}/children").read().split()
        os.kill(int(children[0]), signal.SIGTERM)
        lines = screen.until(shows("AFTER 0"))
        assert screen.cursor()[0] and rows_of(target, lines), lines


@suite.test("what is wrong is said below what stood there before, and the cursor stays visible")
def _():
    with Screen(100, 24, POOLTRACE, "--pool", "HBM") as screen:
        lines = screen.until(shows("AFTER 2"))
        equal(lines[0], "BEFORE", "lines")
        assert lines[1].startswith("pooltrace: no pool 'HBM': there are "), lines
        assert screen.cursor()[0], "the cursor is hidden"


@suite.test("a terminal that can do nothing gets plain text, one update behind the other")
def _():
    with infer("execute") as target, Screen(200, 40, *top(target, "--count", "3"), TERM="dumb") as screen:
        lines = screen.until(shows("AFTER 0"))
        equal((lines[0], sum(line.startswith("pooltrace - ") for line in lines)), ("BEFORE", 3), "updates")


@suite.test("changes are coloured, unless NO_COLOR is set")
def _():
    for variables, wanted in (({}, True), ({"NO_COLOR": "1"}, False)):
        with infer("weights") as target, Screen(150, 24, *top(target, "-i", "10s"), **variables) as screen:
            screen.until(lambda seen: whole(target, target.view, seen))
            text = screen.tmux("capture-pane", "-p", "-e")
            equal(bool(re.search("\x1b\\[1m.*pooltrace", text)), wanted, f"bold titles with {variables}")


if __name__ == "__main__":
    suite.main()
