"""A recording played on a terminal: at its speed, step by step, back and forth, and the terminal as it was afterwards."""
import os
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import INFER  # noqa: E402
from harness import BUILD, POOLTRACE, Pooltrace, Suite, Target, equal, run, until  # noqa: E402
from screen import Screen, shows  # noqa: E402

suite = Suite("play")
SIZES = ((20, 5), (40, 10), (80, 24), (120, 30), (250, 70))
TICKS = 9
BEGIN = 1700000000 * 10**9


def recording(ticks=TICKS, checkpoints=()):
    """A file with a table a second; at the n-th n blocks live, of n KiB together."""
    lines = ["attach time_ns={t} process=1 pid=4242 start_ns=1 name=python command=serve runtime=r pools=DRAM,L1",
             "census time_ns={t} process=1 reason=begin", "census time_ns={t} process=1 reason=end",
             "arena time_ns={t} process=1 arena=1 object=0x1 owner=0x9 pool=DRAM banks=1 bank_bytes=1048576 base=0 reason=new",
             "arena time_ns={t} process=1 arena=2 object=0x2 owner=0x9 pool=L1 banks=1 bank_bytes=1048576 base=0 reason=new"]
    text = [line.format(t=BEGIN) for line in lines]
    for n in range(1, ticks + 1):
        text.append(f"alloc time_ns={BEGIN + n * 10**9 - 1} process=1 tid=7 arena=1 address={n * 4096} reserved=1024 asked=1000")
        text.append(f"tick time_ns={BEGIN + n * 10**9} interval_ns=1000000000")
    file = tempfile.NamedTemporaryFile(suffix=".pt")
    subprocess.run([os.path.join(BUILD, "cli", "mkrecording"), file.name, *checkpoints], input="\n".join(text) + "\n", text=True, check=True)
    return file


def play(file, *options):
    return [POOLTRACE, "top", "-r", file.name, "--bytes", *options]


def at(number, *more):
    """Is that table shown, whole, with the line that says where it is?"""
    def holds(lines):
        rows = [line.split() for line in lines if line.split()[:1] == ["4242"]]
        return (len(rows) == 1 and rows[0][-1] == str(1024 * number) and re.search(rf"\b0:0{number}\.0", lines[-1])
                and all(text in lines[-1] for text in more))
    return holds


def paused(screen, number=1):
    """Stop it at that table, wherever it is."""
    screen.press("g", *f"+{number}s", "Enter")
    return screen.until(at(number, "paused"))


@suite.test("it is played at its own speed by default, and ends at the last table, which stays until q")
def _():
    with recording(2) as file, Screen(100, 24, *play(file)) as screen:
        screen.until(at(1, "playing", "1x", "/ 0:02.0"))
        screen.until(at(2, "end"))
        screen.press("q")
        lines = screen.until(shows("AFTER 0"))
        assert screen.cursor()[0] and lines[-1] == "AFTER 0", lines


@suite.test("blank pauses and goes on; > and < change the speed")
def _():
    with recording() as file, Screen(100, 24, *play(file, "--speed", "0.001")) as screen:
        screen.until(at(1, "playing", "0.001x"))
        screen.press(" ")
        screen.until(at(1, "paused"))
        screen.press(" ")
        screen.until(at(1, "playing"))
        for key, speed in ((">", "0.002x"), ("+", "0.004x"), ("<", "0.002x"), ("-", "0.001x"), ("<", "0.001x")):
            screen.press(key)
            screen.until(at(1, "playing", speed))
        screen.press(*">" * 21)
        screen.until(at(TICKS, "end"))


@suite.test("a step forward and back shows the tables that top -r prints, with their changes, to the letter")
def _():
    for checkpoints in ([], ["checkpoints", "1"], ["checkpoints", "5"]):
        steps(checkpoints)


def steps(checkpoints):
    with recording(checkpoints=checkpoints) as file:
        printed = [table.splitlines() for table in run(*play(file)[1:])[1].split("\n\n")]
        equal(len(printed), TICKS, "tables")
        with Screen(200, 24, *play(file, "--speed", "0.001")) as screen:
            screen.until(at(1, "playing"))
            steps = [("Right", 2), (".", 3), (",", 2), ("Left", 1), (",", 1), (".", 2), (".", 3), (".", 4), ("Left", 3), (".", 4)]
            for key, number in steps:
                screen.press(key)
                lines = screen.until(at(number))
                shown = [line for line in lines[:-1] if line]
                equal(shown, [line.rstrip() for line in printed[number - 1]], f"after {key}, table {number}")
            screen.press("Left", "Left", "Left", "Left")
            assert "this is the first one" in screen.until(at(1, "first one"))[-1]


@suite.test("g goes to a time, back and forth, and says what is none")
def _():
    with recording() as file, Screen(100, 24, *play(file, "--speed", "0.001")) as screen:
        screen.until(at(1))
        for time, number in (("+5s", 5), ("-7s", 2), ("22:13:28", 8), ("22:13:20", 1), ("2023-11-14T22:13:27Z", 7), ("+6001ms", 7),
                             ("-0s", 9), ("+0s", 1)):
            screen.press("g")
            screen.until(lambda lines: lines[-1].startswith("go to: _"))
            screen.press(*time)
            screen.until(lambda lines: lines[-1].startswith(f"go to: {time}_"))
            screen.press("Enter")
            screen.until(at(number, "end" if number == TICKS else "paused"))
        for time, said in (("soon", "no time"), ("+99s", "no such time"), ("2001-01-01T00:00:00Z", "no such time")):
            screen.press("g", *time, "Enter")
            screen.until(at(1, said))
        screen.press("g", "1", "2", "BSpace", "BSpace", "BSpace", "+", "3", "s", "Enter")
        screen.until(at(3, "paused"))
        screen.press("g", "+", "1", "Escape")
        screen.until(at(3, "paused"))


@suite.test("at the end one can go back, and on")
def _():
    with recording() as file, Screen(100, 24, *play(file, "--speed", "max")) as screen:
        screen.until(at(TICKS, "end", "max"))
        screen.press(".")
        screen.until(at(TICKS, "last one"))
        screen.press("Left")
        screen.until(at(TICKS - 1, "paused"))
        screen.press(" ")
        screen.until(at(TICKS, "end"))
        screen.press("g", *"+2s", "Enter")
        screen.until(at(2, "paused"))


@suite.test("with --by line, b switches to the table of the pools and back, also after a step back")
def _():
    def calls(blocks):
        return lambda lines: any(re.search(rf" {1024 * blocks} +{blocks} .* \(no stack\)$", line) for line in lines)

    with recording() as file, Screen(100, 24, *play(file, "--by", "line", "--speed", "max")) as screen:
        screen.until(calls(TICKS))
        screen.press("b")
        screen.until(at(TICKS, "end"))
        screen.press("Left")
        screen.until(at(TICKS - 1, "paused"))
        screen.press("b")
        screen.until(calls(TICKS - 1))
    with recording(2) as file, Screen(100, 24, *play(file, "--speed", "max")) as screen:
        screen.until(at(2, "end"))
        screen.press("b")
        screen.until(at(2, "has another table"))


@suite.test("? shows the keys, any key hides them")
def _():
    with recording() as file, Screen(100, 24, *play(file, "--speed", "0.001")) as screen:
        screen.until(at(1))
        for key in "?h":
            screen.press(key)
            screen.until(lambda lines: shows("twice as fast")(lines) and not shows("4242")(lines))
            screen.press("x")
            screen.until(at(1))
        screen.press("?")
        screen.until(shows("twice as fast"))
        screen.press("?")
        screen.until(at(1))


@suite.test("at every size the table is whole, the last line says where it is, and a change of size redraws both, also in a pause")
def _():
    with recording() as file, Screen(120, 30, *play(file, "--speed", "0.001")) as screen:
        screen.until(at(1))
        paused(screen, 3)
        for columns, rows in (*SIZES, *reversed(SIZES), (21, 6), (120, 30)):
            screen.size(columns, rows)
            lines = screen.until(lambda seen: len(seen) == rows - 1 and at(3)(seen) and sum("pooltrace" in line for line in seen) == 1)
            assert max(map(len, lines)) <= columns, lines
            equal(screen.cursor()[0], False, "the cursor is visible")


def ends(screen, how, status):
    """The terminal as it was, the cursor below the last table, and the status."""
    how()
    lines = screen.until(shows(f"AFTER {status}"))
    visible, row = screen.cursor()
    assert visible and lines[row - 1].endswith(f"AFTER {status}"), lines


@suite.test("the terminal is as it was after q, Ctrl-C, SIGTERM, SIGHUP and a crash, and while it is stopped")
def _():
    with recording() as file:
        with Screen(100, 24, "true") as screen:
            screen.until(shows("AFTER 0"))
            before = screen.modes()
        for how, status in (("q", 0), ("C-c", 0), (signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGSEGV, 139), (signal.SIGABRT, 134)):
            with Screen(100, 24, *play(file, "--speed", "0.001")) as screen:
                screen.until(at(1))
                assert screen.modes() != before, "keys are not read one by one: this tests nothing"
                ends(screen, lambda: screen.press(how) if isinstance(how, str) else os.kill(screen.pid(), how), status)
                equal(screen.modes(), before, f"the terminal after {how}")
        with Screen(100, 24, *play(file, "--speed", "0.001")) as screen:
            screen.until(at(1))
            playing, pid = screen.modes(), screen.pid()
            os.kill(pid, signal.SIGTSTP)
            until(lambda: open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "T")
            equal(screen.modes(), before, "the terminal while it is stopped")
            os.kill(pid, signal.SIGCONT)
            until(lambda: screen.modes() == playing)
            screen.press(".")
            screen.until(at(2, "paused"))


@suite.test("without a terminal to read keys from, or in the background, it is played to its end")
def _():
    with recording(3) as file:
        with Screen(100, 24, "setsid", "-w", *play(file, "--speed", "100")) as screen:
            screen.until(shows("AFTER 0"))
        with Screen(100, 24, "bash", "-m", "-c", " ".join(play(file, "--speed", "100")) + " & wait $!") as screen:
            lines = screen.until(shows("AFTER 0"))
            last = next(i for i, line in enumerate(lines) if line.startswith("0:03.0"))
            assert at(3)(lines[:last + 1]), lines


@suite.test("a damaged recording is played as far as it goes, and what is wrong is said below")
def _():
    with recording() as file:
        with open(file.name, "r+b") as cut:
            cut.truncate(os.path.getsize(file.name) - 20)
        with Screen(150, 24, *play(file, "--speed", "max")) as screen:
            screen.until(lambda lines: lines and re.search(r"0:0[789]\.0.*end", lines[-1]))
            screen.press("q")
            lines = screen.until(shows("AFTER 1"))
            assert shows("recording ends early at byte")(lines), lines


@suite.test("--follow shows what is being written, lets go back and on, and ends with the recording")
def _():
    with Target([INFER, "--seconds", "0", "--hold"]) as target, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.pt")
        with Pooltrace("record", "-p", target.pid, "-o", path, json_output=False) as recording:
            shown = []

            def step():
                """Go on to the next step, and its table."""
                name, view = target.step()
                recording.ask()
                shown.append(sum(view.values()))
                return name

            while step() != "weights":
                target.go()
            until(lambda: os.path.exists(path) and run("top", "-r", path, "--json")[1].count("\n") == len(shown))
            with Screen(120, 24, POOLTRACE, "top", "-r", path, "--follow", "--bytes") as screen:
                def now(total):
                    return lambda lines: any(line.split()[:1] == [str(target.pid)] and str(total) in line.split() for line in lines)
                screen.until(now(shown[-1]))
                target.go()
                while step() != "capture":
                    screen.until(now(shown[-1]))
                    target.go()
                screen.until(now(shown[-1]))
                screen.press("Left")
                screen.until(lambda lines: now(shown[-2])(lines) and "paused" in lines[-1])
                screen.press(" ")
                screen.until(lambda lines: now(shown[-1])(lines) and "playing" in lines[-1])
                equal(recording.end(), 0, "status of the recording")
                lines = screen.until(shows("AFTER 0"))
                assert now(shown[-1])(lines) and screen.cursor()[0], lines


@suite.test("through a pipe it is shown in place as it comes; keys pause and step, but do not go back")
def _():
    with recording() as file, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pipe")
        os.mkfifo(path)
        with open(file.name, "rb") as whole:
            data = whole.read()
        # Each tick ends a chunk: the marks of the first ones.
        ends = [m.start() for m in re.finditer(re.escape(b"\x89PTC"), data)]
        with Screen(100, 24, POOLTRACE, "top", "-r", path, "--bytes") as screen, open(path, "wb", 0) as pipe:
            pipe.write(data[:ends[-1]])
            screen.until(at(TICKS, "playing", "max"))
            screen.press("Left")
            screen.until(at(TICKS, "a pipe does not go back"))
            screen.press("g", *"+1s", "Enter")
            screen.until(at(TICKS, "a pipe does not go back"))
            screen.press(" ")
            screen.until(at(TICKS, "paused"))
            screen.press("q")
            lines = screen.until(shows("AFTER 0"))
            assert screen.cursor()[0] and at(TICKS)(lines[:-1]), lines
        with Screen(100, 24, POOLTRACE, "top", "-r", path, "--bytes") as screen, open(path, "wb", 0) as pipe:
            pipe.write(data[:ends[-1]])
            screen.until(at(TICKS, "playing"))
            screen.press("C-c")
            screen.until(shows("AFTER 0"))
            assert screen.cursor()[0]


@suite.test("a part of it, JSON, a terminal that can do nothing: no keys are needed")
def _():
    with recording() as file:
        with Screen(100, 24, *play(file, "--from", "+4s", "--to", "+5s", "--speed", "max")) as screen:
            screen.until(at(5, "end"))
            screen.press("Left")
            screen.until(at(4, "paused"))
            screen.press("Left")
            screen.until(at(4, "first one"))
        with Screen(100, 24, *play(file, "--json", "--count", "2")) as screen:
            screen.until(shows("AFTER 0"))
        with Screen(150, 60, *play(file), TERM="dumb") as screen:
            lines = screen.until(shows("AFTER 0"))
            equal(sum(line.startswith("pooltrace - ") for line in lines), TICKS, "tables")


if __name__ == "__main__":
    suite.main()
