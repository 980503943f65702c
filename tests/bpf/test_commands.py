"""What the commands do with a program that runs: tables, events and recordings say the same, and what the program itself says."""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import INFER, STORM, Storm, equal_pools, settled  # noqa: E402
from harness import POOLTRACE, ROOT, Lines, Pooltrace, Suite, Target, equal, once, pools, process_of, run  # noqa: E402
from lossy import LOSSES, corrected, lossy, told_equal  # noqa: E402

suite = Suite("commands")
REPLAYS, LAYERS = 307, 29
FULL = "pooltrace: cannot write the recording '{}': No space left on device\nhint: what was written before can be read\n"


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory() as folder:
        yield os.path.join(folder, "run.pt")


class Infer(Target):
    """The stand-in's inference program, which waits after each of its steps."""

    def __init__(self, *more):
        super().__init__([INFER, "--seconds", "0", "--hold", *map(str, more)])
        self.asked = None

    def step(self):
        """As Target.step(); `asked` is what the program requested of each pool."""
        line = self.lines.next()
        if line is None:
            return None
        assert line.startswith("ASKED "), line
        self.asked = {k: int(v) for k, v in (w.split("=") for w in line.split()[1:])}
        return super().step()

    def steps(self):
        """Go on from the step at which it stands, to its end."""
        self.go()
        while step := self.step():
            yield step
            self.go()

    def until(self, name):
        """Go on to this step, and stand there; its pools."""
        for step, view in iter(self.step, None):
            if step == name:
                return view
            self.go()
        raise EOFError(f"no step {name}")


def played(recording, *options):
    """What `top -r` prints for each update, which must be without a complaint unless events were lost."""
    status, out, err = run("top", "-r", recording, *options)
    assert status in (0, 3), f"status {status}: {err}"
    return out


def states(recording, *options):
    return [json.loads(line) for line in played(recording, "--json", *options).splitlines()]


def report(recording):
    status, out, err = run("report", "--json", recording)
    assert status in (0, 3), f"status {status}: {err}"
    return json.loads(out)


@suite.test("record writes what happens: an update at each step equals the program's own figures, and so does the report")
def _():
    for more in ([], ["--no-trace-region"]):
        with scratch() as path, Infer(*more) as target:
            view = target.until("open")
            with Pooltrace("record", "-p", target.pid, "-o", path, json_output=False) as tracer:
                views, asked, name = [view], [target.asked], "open"
                while name != "execute":
                    tracer.ask()
                    wait_for_updates(path, len(views))
                    target.go()
                    name, view = target.step()
                    views.append(view)
                    asked.append(target.asked)
                tracer.ask()
                wait_for_updates(path, len(views))
                equal(tracer.end(), 0, "status")
                assert re.fullmatch(rf"pooltrace: recorded \d+ events, .*, 0 lost, to {re.escape(path)}\n", tracer.stderr()), tracer.stderr()
            updates = states(path)
            equal(len(updates), len(views), "updates")
            for state, view, wanted in zip(updates, views, asked):
                equal_pools(state, view, "pools")
                equal(pools(state, field="asked"), wanted, "asked")
            end = report(path)
            equal_pools(end, views[-1], "report")
            equal(process_of(end)["replays"], REPLAYS, "replays")
            equal(process_of(end)["phase"], "execution", "phase")
            equal((end["lost"], end["corrections"]), (0, 0), "lost and corrections")


def wait_for_updates(path, number):
    """A recording is readable while it grows."""
    while len(run("top", "-r", path, "--json")[1].splitlines()) < number:
        pass


@suite.test("without -o the recording is called after the process and the time; -f overwrites")
def _():
    with tempfile.TemporaryDirectory() as folder, Infer() as target:
        target.until("weights")
        equal(run("record", "-p", target.pid, "--count", 1, cwd=folder)[0], 0, "status")
        equal(run("record", "--count", 1, cwd=folder)[0], 0, "status")
        names = sorted(os.listdir(folder))
        assert len(names) == 2 and re.fullmatch(r"pooltrace-all-\d{8}-\d{6}\.pt", names[0]), names
        assert re.fullmatch(rf"pooltrace-standin_infer-{target.pid}-\d{{8}}-\d{{6}}\.pt", names[1]), names
        path = os.path.join(folder, names[1])
        before = open(path, "rb").read()
        equal(run("record", "-p", target.pid, "-o", path, "--count", 2, "-i", "1ms")[0], 1, "status without -f")
        equal(open(path, "rb").read(), before, "the recording")
        equal(run("record", "-p", target.pid, "-o", path, "-f", "--count", 2, "-i", "1ms")[0], 0, "status with -f")
        equal(len(states(path)), 2, "updates")


class Recorded(Target):
    """A command that pooltrace started, and pooltrace: `process` is pooltrace, whose input and output are the command's."""

    def __init__(self, path, command):
        out, self.tick_fd = os.pipe()
        self.path = path
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([POOLTRACE, "record", "-o", path, "--tick-fd", str(out), "--", *command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors, pass_fds=[out])
        os.close(out)
        self.pid = self.process.pid
        self.lines = Lines(self.process.stdout)

    def attached(self):
        """Wait until the recording knows the process."""
        while True:
            os.write(self.tick_fd, b"x")
            # Cut, as it is being written.
            out = run("report", "--json", self.path)[1]
            if out and json.loads(out)["processes"]:
                return

    def end_recording(self):
        """End it, and wait until it has: the command goes on."""
        os.close(self.tick_fd)
        self.tick_fd = -1
        deadline = time.monotonic() + 120
        while run("report", self.path)[0] == 1:
            assert time.monotonic() < deadline, "the recording is never whole"

    def __exit__(self, *_):
        if self.tick_fd >= 0:
            os.close(self.tick_fd)
        super().__exit__()


@suite.test("record -- COMMAND finds the runtime and fills what it missed from the books: the report equals the program's own figures")
def _():
    with scratch() as path, Recorded(path, [INFER, "--seconds", "0", "--hold"]) as target:
        while (step := target.step())[0] != "weights":
            target.go()
        target.attached()
        while (step := target.step() if target.go() is None else None)[0] != "execute":
            pass
        target.end_recording()
        for _ in range(4):
            target.go()
        equal(target.wait(), 0, "status")
        end = report(path)
        equal_pools(end, step[1], "report")
        equal(process_of(end)["replays"], REPLAYS, "replays")
        equal((end["lost"], end["corrections"], end["unknown_frees"]), (0, 0, 0), "anomalies")


@suite.test("record -- COMMAND to a storm's end: nothing is unknown, nothing corrected, and the status is the command's")
def _():
    with scratch() as path, Recorded(path, [STORM, "--threads", "3", "--allocations", "3001", "--frees", "1009"]) as target:
        target.line("READY")
        target.attached()
        target.go()
        target.line("RESULT")
        view = target.step()[1]
        target.end_recording()
        target.go()
        equal(target.wait(), 0, "status")
        end = report(path)
        equal_pools(end, view, "report")
        equal((end["lost"], end["corrections"], end["unknown_frees"]), (0, 0, 0), "anomalies")


@suite.test("record -- COMMAND that is not held: what its first moments allocated is known when it is freed")
def _():
    with scratch() as path:
        status, out, err = run("record", "-o", path, "--", INFER, "--seconds", 1, "--seed", 5)
        equal(status, 0, err)
        events = [json.loads(line) for line in run("events", "-r", path, "--json")[1].splitlines()]
        allocs = [e for e in events if e["event"] == "alloc"]
        freed = sum(e.get("buffers", 1) for e in events if e["event"] == "free")
        equal(freed, LAYERS + 5, "buffers freed")
        assert all("reserved" in e for e in events if e["event"] == "free"), "a free of unknown size"
        # A fifth of a second passes before the last of its weights is there: most of them are seen.
        assert LAYERS // 2 < len(allocs) <= LAYERS + 5, f"{len(allocs)} allocations seen"
        equal(report(path)["unknown_frees"], 0, "unknown frees")


@suite.test("record -- COMMAND has the command's status: its own, 127 not found, 126 not executable, 128 + N killed")
def _():
    for command, wanted in ((["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -TERM $$"], 143),
                            (["sh", "-c", "kill -KILL $$"], 137), (["/none/such"], 127), (["pooltrace-no-such-command"], 127), (["/"], 126)):
        with scratch() as path:
            out, into = os.pipe()
            status, text, err = run("record", "-o", path, "--status-fd", into, "--", *command, pass_fds=[into])
            os.close(into)
            with open(out) as lines:
                told = json.loads(lines.read())
            equal((status, text), (wanted, ""), command)
            ran = wanted not in (126, 127)
            equal(os.path.exists(path), ran, "a recording")
            equal(told.get("command_status"), wanted if ran else None, "command_status")
            equal(told["status"], 0 if ran else wanted, "status of the recording")
            assert ("hint: `pooltrace runtimes` lists those that are known" in err) == ran, err


@suite.test("SIGINT and SIGTERM end a recording in order; of a command, they are passed on")
def _():
    for number in (signal.SIGINT, signal.SIGTERM):
        with scratch() as path, Storm("--threads", 2, "--loop") as target:
            target.go()
            with Pooltrace("record", "-p", target.pid, "-o", path, json_output=False) as tracer:
                wait_for_first(path, tracer)
                os.kill(tracer.pid, number)
                equal(tracer.process.wait(30), 0, "status")
            equal(run("report", path)[0], 0, "the recording is whole")
            target.go()
            target.line("CALLS")
            target.go("quit")
            target.line("RESULT")
    with scratch() as path, Recorded(path, [STORM, "--threads", "2", "--loop"]) as target:
        target.line("READY")
        target.attached()
        target.process.send_signal(signal.SIGTERM)
        equal(target.process.wait(30), 128 + signal.SIGTERM, "status")
        equal(run("report", path)[0], 0, "the recording is whole")


def wait_for_first(path, tracer):
    """Until the recording knows a process."""
    while True:
        tracer.ask()
        out = run("report", "--json", path)[1] if os.path.exists(path) else ""
        if out and json.loads(out)["processes"]:
            return


@contextlib.contextmanager
def small_disk():
    """A folder on a disk of 256 KiB."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", folder], check=True)
        try:
            yield os.path.join(folder, "full.pt")
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


@suite.test("a disk that becomes full: the recording stops, which is said at once and at the end, and the display goes on")
def _():
    with small_disk() as path, Storm("--threads", 2, "--loop") as target:
        target.go()
        with Pooltrace("-p", target.pid, "-o", path, "--check=off") as tracer:
            tracer.state()
            said = f"pooltrace: cannot write the recording '{path}': No space left on device: it ends here, the display goes on\n"
            while said not in tracer.stderr():
                tracer.state()
            for _ in range(3):
                _, view = target.barrier()
                equal_pools(tracer.state(), view, "pools after the end of the recording")
                target.go()
            equal(tracer.end(), 1, "status")
            equal(tracer.stderr().count(said), 1, "messages at once")
            equal(tracer.stderr(), said + FULL.format(path), "messages")
        status, out, err = run("report", "--json", path)
        equal(process_of(json.loads(out))["pid"], target.pid, "what was recorded before can be read")
        equal(status, 1, "status of reading it")
        assert "ends early" in err, err
        finish(target)


@suite.test("a disk that becomes full ends a record, with status 1")
def _():
    with small_disk() as path, Storm("--threads", 2, "--loop") as target:
        target.go()
        status, out, err = run("record", "-p", target.pid, "-o", path, "-i", "10ms")
        equal((status, out, err), (1, "", FULL.format(path)), "status and output")
        finish(target)


def finish(target):
    """End a storm's loop from wherever it is."""
    target.go()
    target.line("CALLS")
    target.go("quit")
    target.line("RESULT")


DISPLAYS = ([], ["--wide"], ["--json"], ["--bytes", "--asked"], ["--no-delta", "--pool", "!DRAM", "--device", "0"])


@suite.test("top -o F and top -r F print the same for every update")
def _():
    for display in DISPLAYS:
        with scratch() as path, Storm("--threads", 3, "--loop") as target:
            target.go()
            status, out, err = run("-p", target.pid, "-o", path, "-i", "10ms", "--count", 23, *display)
            equal((status, err), (0, ""), display)
            assert out, "nothing shown"
            equal(played(path, *display).splitlines(), out.splitlines(), display)
            finish(target)


def storm_lossy(target, is_enough, *arguments):
    def storm():
        target.go()
        target.report()

    return lossy(target, is_enough, *arguments, storm=storm, leave=target.go)


@suite.test("top -o F and top -r F print the same with losses and corrections, to the program's end")
def _():
    for display in ([], ["--wide"], ["--json"]):
        with scratch() as path, Storm("--threads", 7, "--fail-every", 101, "--frees", 90001) as target:
            first, rest = storm_lossy(target, corrected, "-o", path, *display)
            equal(played(path, *display).splitlines(), [first, *rest], display)
            equal(run("report", path)[0], 3, "status of the report")


DURATION = re.compile(r"\b\d+ (ms|s|min|h)( \d+ (s|min))?\b")


def tables(text):
    """The tables of a text, without what depends on when pooltrace was started."""
    found = []
    for line in text.splitlines():
        if line.startswith("pooltrace - "):
            found.append([])
        elif found:
            found[-1].append(DURATION.sub("TIME", line))
    return found


@suite.test("options that were not given when it was recorded: top -r F --pool L1 --bytes equals a live run that had them")
def _():
    for display in (["--pool", "L1", "--bytes"], ["--pool", "TRACE", "--wide"], ["--pool", "!DRAM", "--asked", "--device", "0"]):
        with scratch() as path, Infer("--no-trace-region") as target:
            view = target.until("open")
            with Pooltrace("-p", target.pid, "-o", path) as recording, Pooltrace("-p", target.pid, *display, json_output=False) as live:
                lines = []

                def update():
                    recording.state()
                    live.ask()
                    lines.append(live.lines.next())
                    while not lines[-1].startswith("pooltrace - "):
                        lines.append(live.lines.next())
                update()
                for name, view in target.steps():
                    update()
                    if name == "closed":
                        break
                equal((recording.end(), live.end()), (0, 0), "status")
            wanted, got = tables("\n".join(lines)), tables(played(path, *display))
            equal(len(wanted), 8, "updates")
            # Of the last one the rest was not read.
            equal(got[:7], wanted[:7], display)
            assert sum(f"{target.pid} " in line for table in got for line in table) >= 5, got


@suite.test("report F has the last table, as JSON too, and report --at its time that of any other")
def _():
    with scratch() as path, Infer() as target:
        target.until("capture")
        for display in (["--json"], [], ["--wide"], ["--bytes", "--asked", "--pool", "L1,TRACE"]):
            delta = [] if "--json" in display else ["--no-delta"]
            status, out, err = run("-p", target.pid, "-f", "-o", path, "-i", "10ms", "--count", 3, *delta, *display)
            equal((status, err), (0, ""), display)
            last = out.split("\n\n")[-1] if delta else out.splitlines()[-1] + "\n"
            text = run("report", path, *display)[1]
            if not delta:
                equal(without_summary(text), json.loads(last), display)
                for state in map(json.loads, out.splitlines()):
                    equal(without_summary(run("report", path, "--json", "--at", state["time"])[1])["processes"], state["processes"], "at its time")
            else:
                assert last.replace(" - every 10ms", "") in text, f"{display}: {last} is not in {text}"


def without_summary(text):
    """The state that a report has, without what it says of the whole recording."""
    state = json.loads(text)
    for key in ("recording", "summary", "blocks"):
        state.pop(key, None)
    return state


@suite.test("report F sums up what the program did: allocations, frees, failures, bytes, the peak and when it was")
def _():
    with scratch() as path, Storm("--threads", 5, "--fail-every", 103, "--allocations", 30011, "--frees", 29009) as target:
        with Pooltrace("record", "-p", target.pid, "-o", path, json_output=False) as tracer:
            wait_for_first(path, tracer)
            target.go()
            result, calls, view = target.report()
            tracer.ask()
            equal(tracer.end(), 0, "status")
        target.go()
        check_summary(path, result, view)


def check_summary(path, result, view):
    events = [json.loads(line) for line in run("events", "-r", path, "--json")[1].splitlines()]
    process = json.loads(run("report", path, "--json")[1])["summary"]["processes"][0]
    found = process["devices"][0]["pools"]
    equal(sum(p["allocations"] for p in found.values()), result["allocations"], "allocations")
    equal(sum(p["frees"] for p in found.values()), result["frees"], "frees")
    equal(process["failed"], sum(e["event"] == "failed" for e in events), "failures")
    assert process["failed"] > 97, process["failed"]
    equal({pool: found[pool]["reserved"] for pool in view if pool in found}, {pool: b for pool, b in view.items() if pool in found}, "at the end")
    for pool, p in found.items():
        of_pool = [e for e in events if e.get("pool") == pool]
        allocs = [e for e in of_pool if e["event"] == "alloc"]
        now, peak = 0, (0, None)
        for e in of_pool:
            now += e["reserved"] if e["event"] == "alloc" else -e["reserved"] if e["event"] == "free" else 0
            peak = max(peak, (now, e["time_ns"]), key=lambda level: level[0])
        equal((p["peak"], p.get("peak_ns")), peak, f"peak of {pool}")
        equal((p["allocated"], p["allocations"]), (sum(e["reserved"] for e in allocs), len(allocs)), pool)
        equal(sum(row["blocks"] for row in p["sizes"]), len(allocs), f"sizes of {pool}")
        equal(sum(row["blocks"] for row in p["lifetimes"]), p["frees"], f"lifetimes of {pool}")
    check_part(path, events, process["devices"][0]["pools"])


def check_part(path, events, whole):
    """Two parts that meet make the whole."""
    middle = events[len(events) // 2]["time_ns"]
    begin = json.loads(run("report", path, "--json")[1])["recording"]["begin_ns"]
    parts = [json.loads(run("report", path, "--json", *options)[1])["summary"]["processes"][0]["devices"][0]["pools"]
             for options in (["--to", f"+{middle - begin - 1}ns"], ["--from", f"+{middle - begin}ns"])]
    for key in ("allocations", "allocated", "frees", "freed", "failed"):
        for pool in whole:
            equal(sum(part[pool][key] for part in parts), whole[pool][key], f"{key} of {pool}")
            assert all(part[pool]["allocations"] for part in parts), "a part without an allocation tests nothing"
    lines = [run("events", "-r", path, *options)[1].splitlines()[1:]
             for options in (["--to", f"+{middle - begin - 1}ns"], ["--from", f"+{middle - begin}ns"], [])]
    equal(lines[0] + lines[1], lines[2], "lines of the parts")


@suite.test("events -o F and events -r F print the same with losses and corrections, to the program's end")
def _():
    for display in ([], ["--json"], ["--bytes", "--pool", "!DRAM"]):
        with scratch() as path, Storm("--threads", 7, "--fail-every", 101, "--frees", 90001) as target:
            first, rest = storm_lossy(target, told_equal, "events", "-o", path, *display)
            status, out, err = run("events", "-r", path, *display)
            equal((status, err.count("events were lost")), (3, 1), "status of the log from the file")
            equal(out.splitlines(), [first, *rest], display)
            for kind in ("lost", "correction", "check"):
                assert any(re.search(rf'"event":"{kind}"| {kind} +', line) for line in rest), f"no {kind}: this tests nothing"


@suite.test("events -r F --follow and top -r F --follow print what is recorded as it is recorded, and end with it, or with a signal")
def _():
    with scratch() as path, Infer("--seed", 3) as target:
        target.until("open")
        with Pooltrace("record", "-p", target.pid, "-o", path, json_output=False) as recording:
            wait_for_first(path, recording)
            followers = [subprocess.Popen([POOLTRACE, *command, "-r", path, "--follow", "--json"], stdout=subprocess.PIPE)
                         for command in (["events"], ["top"], ["top"])]
            lines = [Lines(f.stdout) for f in followers]
            target.go()
            target.until("execute")
            recording.ask()
            # The target stands: they show what has come, and the recording has not ended.
            seen = [[], [], []]
            for i, told in enumerate(seen):
                while not any('"phase":"execution"' in line for line in told):
                    told.append(lines[i].next())
            followers[2].terminate()
            seen[2] += lines[2].all()
            equal(followers[2].wait(30), 0, "status after SIGTERM")
            for _ in target.steps():
                recording.ask()
            equal(recording.end(), 0, "status of the recording")
            for i in range(2):
                seen[i] += lines[i].all()
                equal(followers[i].wait(30), 0, "status at the end")
        for i, command in ((0, "events"), (1, "top")):
            equal(seen[i], run(command, "-r", path, "--json")[1].splitlines(), command)
        equal(seen[2], seen[1][:len(seen[2])], "what was shown before the signal")
        for f in followers:
            f.stdout.close()


@suite.test("events: a line an event, a line when a phase begins and ends, and silence while only replays happen")
def _():
    with Infer("--seed", 3) as target:
        target.until("open")
        with Pooltrace("events", "--json", "-p", target.pid, "--check=off", json_output=False) as tracer:
            tracer.ask()
            first = tracer.lines.next()
            for _ in target.steps():
                pass
            equal(target.wait(), 0, "the target's status")
            events = [json.loads(line) for line in (first, *tracer.lines.all())]
            equal(tracer.process.wait(30), 0, "status")
    phases = [(e["phase"], e["state"], e.get("trace")) for e in events if e["event"] == "phase"]
    equal(phases, [("init", "begin", None), ("init", "end", None), ("capture", "begin", 0), ("capture", "end", 0), ("execution", "begin", 0),
                   ("execution", "end", 0), ("release", "begin", 0), ("release", "end", 0)], "phases")
    assert all(e["reason"] for e in events if e["event"] == "phase"), "a phase without a reason"
    kinds = [e["event"] for e in events]
    equal((kinds.count("alloc"), kinds.count("failed"), kinds.count("lost")), (LAYERS + 5, 0, 0), "events")
    begin = next(i for i, e in enumerate(events) if e.get("phase") == "execution")
    equal([(e["event"], e.get("state")) for e in events[begin:begin + 2]], [("phase", "begin"), ("phase", "end")], "during the replays")
    equal([e["time_ns"] for e in events], sorted(e["time_ns"] for e in events), "times")
    equal({e["pid"] for e in events}, {target.pid}, "pids")
    traced = [e for e in events if e["event"] == "alloc" and "trace" in e]
    equal([(e["pool"], e["trace"]) for e in traced], [("TRACE", 0)], "the trace's buffer")


@suite.test("events as text has the same lines as events of the recording, with titles once")
def _():
    with scratch() as path, Infer() as target:
        target.until("weights")
        tracer = subprocess.Popen([POOLTRACE, "events", "-p", str(target.pid), "-o", path, "--pool", "L1,TRACE"], stdout=subprocess.PIPE)
        lines = Lines(tracer.stdout)
        title = lines.next()
        for _ in target.steps():
            pass
        text = [title, *lines.all()]
        equal(tracer.wait(30), 0, "status")
        tracer.stdout.close()
        equal(run("events", "-r", path, "--pool", "L1,TRACE")[1].splitlines(), text, "lines")
        assert title.split() == ["TIME", "PID", "TID", "EVENT", "DEV", "POOL", "RESERVED", "ASKED", "ADDRESS"], title
        assert all(re.match(rf"\d\d:\d\d:\d\d\.\d{{6}} +{target.pid} +(\d+|-) +[a-z]+ ", line) for line in text[1:]), text
        assert not any(re.search(r" (DRAM|L1_SMALL) ", line) for line in text), "a pool that was not asked for"
        for phase in ("capture of trace 0 begins", "execution of trace 0 begins: first replay", "execution of trace 0 ends",
                      "release of trace 0 begins"):
            equal(sum(phase in line for line in text), 1, phase)


def documented():
    """The keys of docs/json.md: {table: set of keys}."""
    text = open(os.path.join(ROOT, "docs", "json.md")).read()
    state, rest = text.split("## State", 1)[1].split("\nA process:", 1)
    process, rest = rest.split("\nIn `devices`", 1)
    device, rest = rest.split("A device that never held", 1)
    pool, events = rest.split("## Events", 1)
    events = events.split("## Examples")[0]

    def first(part):
        """Names in the first column."""
        return {name for row in re.findall(r"^\| (`[^|]*) \|", part, re.M) for name in re.findall(r"`(\w+)`", row)}
    kinds = events.split("| `event` | further keys |")
    return {"state": first(state), "process": first(process), "pool": first(pool), "device": first(device),
            "event": first(kinds[0]) | set(re.findall(r"`(\w+)(?:: true)?`", kinds[1])), "kinds": first(kinds[1])}


def jq(program, text, **arguments):
    """True if the program says true of every value of @text."""
    command = ["jq", "-e", "-s", "-c"]
    for name, value in arguments.items():
        command += ["--argjson", name, json.dumps(value)]
    done = subprocess.run([*command, program], input=text, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "true\n", f"{program}: {done.stdout[-600:]} {done.stderr}"


@suite.test("JSON has the keys that docs/json.md lists and no others, integers, and no null")
def _():
    with scratch() as path, Storm("--threads", 5, "--fail-every", 211, "--phantom-every", 97, "--allocations", 20011, "--frees",
                                  15013) as target:
        with Pooltrace("-p", target.pid, LOSSES, "-o", path) as tracer:
            tracer.state()
            target.go()
            target.report()
            state = settled(tracer)
            tracer.end()
            target.go()
        check_json(path, state)


def check_json(path, state):
    keys = {name: sorted(names) for name, names in documented().items()}
    assert min(map(len, keys.values())) >= 3, keys
    text = played(path, "--json") + run("report", "--json", path)[1] + json.dumps(state)
    events = run("events", "-r", path, "--json")[1]
    with Infer() as target:
        target.until("execute")
        text += run("--once", "--json", "-p", target.pid)[1]
    subset = "def only($k): keys - $k == []; "
    jq("[.[] | .. | nulls] == [] and all(.. | numbers; . == floor and . >= 0)", text + events)
    jq(subset + "all(.[]; only($k))", text, k=keys["state"])
    jq('all(.[]; .schema == 1 and (.time | test("^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\dT\\\\d\\\\d:\\\\d\\\\d:\\\\d\\\\d\\\\.\\\\d{3}Z$")))', text)
    jq(subset + "all(.[].processes[]; only($k))", text, k=keys["process"])
    jq(subset + "all(.[].processes[].devices[]; only($k) and (.device | type) == \"string\")", text, k=keys["device"])
    jq(subset + "all(.[].processes[].devices[].pools[]; only($k))", text, k=keys["pool"])
    jq("[.[].processes[].devices[].pools[]] | length > 4", text)
    jq(subset + "all(.[]; only($k))", events, k=keys["event"])
    jq("[.[].event] | unique - $k == []", events, k=keys["kinds"])
    jq("[.[].event] | unique | contains([\"alloc\", \"check\", \"correction\", \"failed\", \"free\", \"lost\"])", events)


@suite.test("asked, counted, once: the options of top")
def _():
    with Infer() as target:
        target.until("open")
        with Pooltrace("-p", target.pid, "--asked", "--bytes", "--no-delta", json_output=False) as tracer:
            tracer.ask()
            while not tracer.lines.next().endswith("nothing is allocated"):
                pass
            target.go()
            target.until("capture")
            tracer.ask()
            text = tracer.lines
            while not (line := text.next()).lstrip().startswith(f"{target.pid} "):
                titles = line.split()
            row = dict(zip([t for t in titles if t != "use"], [c for c in line.split() if not c.endswith("%")]))
            equal({pool: int(row[pool]) for pool in target.asked}, target.asked, "what was asked for")
            equal(int(row["TOTAL"]), sum(target.asked.values()), "their sum")
        status, out, err = run("-p", target.pid, "-i", "20ms", "--count", 7)
        equal((status, err, out.count("pooltrace - "), out.count(" - every 20ms")), (0, "", 7, 7), "updates")
        equal(out.count(" +/-"), 6, "rows of changes")
        equal(run("-p", target.pid, "--no-delta", "-i", ".02", "--count", 3)[1].count(" +/-"), 0, "rows of changes")
        equal(run("--once", "-p", target.pid)[1].count("pooltrace - "), 1, "--once")
        equal(once(target.pid)["processes"][0]["pid"], target.pid, "--once")


@suite.test("events that were lost are told, and the status is 3")
def _():
    with Storm("--threads", 7, "--allocations", 50021, "--frees", 50021) as target:
        with Pooltrace("-p", target.pid, LOSSES) as tracer:
            tracer.state()
            target.go()
            target.report()
            lost = settled(tracer)["lost"]
            assert lost > 0, "nothing lost: this tests nothing"
            equal(tracer.end(), 3, "status")
            assert tracer.stderr().startswith(f"pooltrace: {lost} events were lost"), tracer.stderr()


@suite.test("a reader that goes away ends it: status 0, in silence")
def _():
    with Storm("--threads", 2, "--loop") as target:
        target.go()
        for command in ([], ["events"]):
            tracer = subprocess.Popen([POOLTRACE, *command, "-p", str(target.pid), "-i", "1ms"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            Lines(tracer.stdout).next()
            tracer.stdout.close()
            equal(tracer.wait(30), 0, command)
            equal(tracer.stderr.read(), b"", command)
            tracer.stderr.close()
        finish(target)


@suite.test("an interrupt after something was shown: the last table, status 0")
def _():
    with Infer() as target:
        target.until("weights")
        with Pooltrace("-p", target.pid, "-i", "10s") as tracer:
            tracer.lines.next()
            target.go()
            view = target.until("warm-up")
            os.kill(tracer.pid, signal.SIGINT)
            lines = tracer.lines.all()
            equal((tracer.process.wait(30), len(lines), tracer.stderr()), (0, 1, ""), "the end")
            equal_pools(json.loads(lines[0]), view, "the last table")


@suite.test("without -p all processes are watched: those that run, a new one within a second, and one that ends is marked")
def _():
    with Infer() as first, Infer() as second:
        views = {t.pid: t.until("weights") for t in (first, second)}
        with Pooltrace() as tracer:
            state = tracer.state()
            for pid, view in views.items():
                equal_reserved(state, pid, view)
            took = []
            for _ in range(3):
                with Infer() as third:
                    view = third.until("open")
                    start = time.monotonic()
                    while third.pid not in (alive := living(state := tracer.state())):
                        assert time.monotonic() < start + 30, f"never found: {alive}"
                    took.append(time.monotonic() - start)
                    third.go()
                    view = third.until("weights")
                    equal_reserved(tracer.state(), third.pid, view)
                    for _ in third.steps():
                        pass
                while third.pid in living(state := tracer.state()):
                    pass
                ended = [p for p in state["processes"] if p["pid"] == third.pid]
                equal([(p["ended"], p["devices"]) for p in ended], [("exit", [])], "the one that ended")
            # The best of three: the machine may be busy with something else.
            assert min(took) < 1, f"found after {took} s"
            for pid, view in views.items():
                equal_reserved(tracer.state(), pid, view)
            equal(tracer.end(), 0, "status")


def living(state):
    return [p["pid"] for p in state["processes"] if "ended" not in p]


def equal_reserved(state, pid, view):
    equal_pools({"processes": [process_of(state, pid)]}, view, f"process {pid}")


@suite.test("runtimes says what is known, and of a process where each symbol is and what stands there")
def _():
    text = open(os.path.join(ROOT, "runtimes", "tt-metal.rt")).read().replace("\\\n", " ")
    # Alternatives are separated by "or"; the first that a library has is meant.
    rows = [(symbols.replace("*", "").split(" or "), verb)
            for symbols, verb in re.findall(r"^on +(\S+(?: +or +\S+)*)(?: +called +by +\S+)?(?: +maybe)? +(\w+)", re.sub(" +", " ", text), re.M)]
    assert len(rows) > 10, rows
    status, known, err = run("runtimes")
    equal((status, err), (0, ""), "runtimes")
    with Infer() as target:
        target.until("open")
        status, text, err = run("runtimes", "-p", target.pid)
        equal((status, err), (0, ""), "runtimes -p")
        library = re.search(rf"^process {target.pid} .* maps (.*)$", text, re.M)[1]
    # The addresses that another program finds; code and file offsets are the same in this library's text segment.
    listed = subprocess.run(["nm", "-D", library], capture_output=True, text=True).stdout
    symbols = {symbol: int(address, 16) for address, symbol in re.findall(r"^(\w+) T (\S+)$", listed, re.M)}
    for alternatives, verb in rows:
        for symbol in alternatives:
            assert re.search(rf"^  ({verb} | +or) +{symbol}", known, re.M), f"no {verb} {symbol}"
        there = any(name.startswith(symbol) for symbol in alternatives for name in symbols)
        assert there or verb not in ("begin", "alloc", "free", "clear", "gone", "new", "resize", "replay"), f"{verb} {alternatives}"
        # The stand-in has neither programs nor the library above.
        if verb == "throw" or not there:
            continue
        symbol = "|".join(alternatives)
        found = re.findall(rf"^  {verb} +((?:{symbol})\S*).*\n +at 0x(\w+): entry\S* (\S.*?): (emulated|single-stepped)", text, re.M)
        assert found, f"no {verb} {symbol} in the process"
        for name, offset, instruction, _ in found:
            assert 0 <= int(offset, 16) - symbols[name] < 64, f"{name}: at {offset}"
            assert instruction, name
    for value in ("num_banks", "free_list", "bank_align", "manager", "address", "size", "buffer_type", "allocator"):
        assert re.search(rf"^  {value} +\*.*\n +(returned|stored|passed) by ", text, re.M), f"how {value} was found"


if __name__ == "__main__":
    suite.main()
