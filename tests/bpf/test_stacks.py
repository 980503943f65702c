"""Call stacks of allocations: equal to those that the C++ library's own unwinder finds in the program, of each way to come to an
allocation; with what has no room counted, and no event lost for a stack."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import BUILD, MODES, POOLTRACE, Lines, Pooltrace, Suite, Target, equal, run  # noqa: E402

suite = Suite("stacks")
STANDIN = os.path.join(BUILD, "standin")
ALLOCATIONS = 26  # of standin-stacks
folder = tempfile.TemporaryDirectory()


class Stacks(Target):
    """standin-stacks; what it says of its allocations: {address: (name, tid, [(file, offset)])}."""

    def __init__(self, *arguments, where=STANDIN):
        super().__init__([os.path.join(where, "standin-stacks"), *map(str, arguments)])
        equal(int(self.line("READY")), self.pid, "pid of the target")

    def truth(self):
        said = {}
        while (line := self.lines.next()) != "DONE":
            _, name, tid, address, *frames = line.split()
            pairs = [frame.rsplit("+", 1) for frame in frames]
            said[int(address)] = (name, int(tid), [(file, int(offset, 16)) for file, offset in pairs])
        return said


def frames_of(event):
    return [(os.path.basename(f["module"]), f["address"]) for f in event["stack"]]


def same_file(seen, said):
    """libx.so.6.0.30 is what libx.so.6 leads to."""
    return seen == said or seen.startswith(said + ".")


def check_stack(event, said):
    """All frames from the one on that allocated are the program's own; what is called there is another line of the same function."""
    name, tid, truth = said
    equal(event["tid"], tid, f"{name}: thread")
    seen = frames_of(event)
    first = next(i for i, frame in enumerate(seen) if frame[0] == "standin-stacks")
    assert first > 0, f"{name}: no frame of the runtime: {seen}"
    assert all(frame[0] == "libstandin_metal.so" for frame in seen[:first]), f"{name}: {seen[:first]}"
    assert "make" in event["stack"][first]["function"], f"{name}: {event['stack'][first]}"
    seen, truth = seen[first + 1:], truth[1:]
    if name.endswith("deep40"):
        assert event.get("stack_partial"), f"{name}: said to be whole"
        assert len(seen) < len(truth), f"{name}: more than was copied: {seen}"
        truth = truth[:len(seen)]
    else:
        assert not event.get("stack_partial"), f"{name}: said to be cut: {seen}"
    equal(len(seen), len(truth), f"{name}: number of frames")
    for one, other in zip(seen, truth):
        assert same_file(one[0], other[0]) and one[1] == other[1], f"{name}: {one} where the program says {other}"


def check_all(events, truth):
    allocations = [e for e in events if e["event"] == "alloc"]
    equal(len(truth), ALLOCATIONS, "what the target says")
    equal(sorted(e["address"] for e in allocations), sorted(truth), "allocations")
    for event in allocations:
        check_stack(event, truth[event["address"]])


def events_of(text):
    return [json.loads(line) for line in text.splitlines()]


def live(*options):
    """Events of one run, and what the target says."""
    with Stacks() as target:
        command = [POOLTRACE, "events", "--json", "-p", str(target.pid), *options]
        out, tick = os.pipe()
        tracer = subprocess.Popen([*command, "--tick-fd", str(out)], stdout=subprocess.PIPE, pass_fds=[out])
        os.close(out)
        lines = Lines(tracer.stdout)
        # It is attached when it has answered; a phase begins with that.
        os.write(tick, b"x")
        events = [json.loads(lines.next())]
        target.go()
        truth = target.truth()
        # What a process has mapped is read while it is there.
        os.write(tick, b"x")
        while sum(e["event"] == "alloc" for e in events) < ALLOCATIONS:
            events.append(json.loads(lines.next()))
        target.go()
        target.wait()
        events += events_of("\n".join(lines.all()))
        os.close(tick)
        equal(tracer.wait(60), 0, "exit status of pooltrace")
        return events, truth


def recorded(path, *options, arguments=(), where=STANDIN):
    with Stacks(*arguments, where=where) as target, Pooltrace("-p", target.pid, "-o", path, "-f", *options) as pooltrace:
        pooltrace.state()
        target.go()
        truth = target.truth() if not arguments else target.line("DONE")
        state = pooltrace.state()
        target.go()
        equal(target.wait(), 0, "exit status of the target")
        pooltrace.end()
        return truth, state


def text_of(*arguments):
    status, text, errors = run(*arguments)
    equal((status, errors), (0, ""), f"{' '.join(map(str, arguments))}")
    return text


def read(path, *options):
    return events_of(text_of("events", "-r", path, "--json", *options))


for attach in MODES:
    @suite.test(f"the stacks of {ALLOCATIONS} allocations are those that the program finds itself ({attach})")
    def _(mode=attach):
        check_all(*live("--stacks", f"--attach={mode}"))


@suite.test("a recording has the stacks, and a merged one")
def _():
    path, merged = os.path.join(folder.name, "one.pt"), os.path.join(folder.name, "merged.pt")
    truth, state = recorded(path, "--stacks")
    equal(state.get("unstacked", 0), 0, "allocations without a stack")
    check_all(read(path, "--stacks"), truth)
    other, _ = recorded(os.path.join(folder.name, "two.pt"), "--stacks")
    equal(run("merge", "-f", "-o", merged, path, os.path.join(folder.name, "two.pt"))[0], 0, "exit status of merge")
    events = [e for e in read(merged, "--stacks") if e["event"] == "alloc"]
    equal(len(events), 2 * ALLOCATIONS, "allocations of both")
    tids = {tid for _, tid, _ in truth.values()}
    for event in events:
        check_stack(event, (truth if event["tid"] in tids else other)[event["address"]])


@suite.test("report --by sums up by the function that called the runtime, by its file, and by stack")
def _():
    path = os.path.join(folder.name, "by.pt")
    truth, _ = recorded(path, "--stacks")
    # Of the two that are cut nobody knows that they are different.
    stacks = 1 + len({tuple(frames[1:]) for _, _, frames in truth.values()})
    for by, rows in (("line", 1), ("function", 1), ("file", 1), ("stack", stacks)):
        report = json.loads(text_of("report", path, "--json", "--by", by))
        equal(report["by"], by, "by")
        equal(len(report["rows"]), rows, f"rows by {by}")
        equal(sum(r["allocated"]["buffers"] for r in report["rows"]), ALLOCATIONS, f"allocations by {by}")
        equal(sum(r["at_peak"]["buffers"] for r in report["rows"]), ALLOCATIONS, f"buffers at the peak by {by}")
        text = text_of("report", path, "--by", by)
        assert by.upper() in text.splitlines()[0], text
    folded = [line.rsplit(" ", 1) for line in text_of("export", path, "--to", "folded", "--sample", "alloc").splitlines()]
    equal({tuple(frames.split(";")[3:]): int(n) for frames, n in folded},
          {tuple(r["stack"].split(" > ")): r["allocated"]["bytes"] for r in json.loads(text_of("report", path, "--json", "--top", 99, "--by", "stack"))["rows"]},
          "bytes by stack")
    assert "make" in json.loads(text_of("report", path, "--json", "--by", "function"))["rows"][0]["function"]


@suite.test("top --by, which takes stacks by itself, shows live what it prints of the recording, and what events add up to")
def _():
    path = os.path.join(folder.name, "top.pt")
    for by, live, display in (("line", [], ["--json"]), ("op", ["--stacks=native"], ["--json"]), ("stack", [], ["--bytes", "--top", 5])):
        with Stacks() as target, Pooltrace("top", "-p", target.pid, "--by", by, "-o", path, "-f", *live, *display, json_output=False) as pooltrace:
            pooltrace.ask()
            shown = [pooltrace.lines.next()]
            target.go()
            truth = target.truth()
            pooltrace.ask()
            shown.append(pooltrace.lines.next())
            target.go()
            equal(target.wait(), 0, "exit status of the target")
            os.close(pooltrace.tick_fd)
            pooltrace.tick_fd = -1
            shown += pooltrace.lines.all()
            note = "" if live else f"pooltrace: for --by {by} stacks are taken, as with --stacks\n"
            equal(pooltrace.stderr(), note, "stderr")
        equal(text_of("top", "-r", path, "--by", by, *display).splitlines(), shown, f"--by {by} {' '.join(map(str, display))}")
        if "--json" not in display:
            assert any("see --top" in line for line in shown), shown
            continue
        rows = json.loads(shown[1])["rows"]
        allocations = [e for e in read(path) if e["event"] == "alloc"]
        equal(sum(r["now"]["bytes"] for r in rows), sum(e["reserved"] for e in allocations), "bytes")
        equal(sum(r["allocated"]["buffers"] for r in rows), len(truth), "allocations")
        assert all(r[by] for r in rows), rows
        if by == "op":
            assert all(r["op"].startswith("tt::tt_metal::") and "<" not in r["op"] for r in rows), rows


@suite.test("without --stacks none is told, and what has one says so only when asked")
def _():
    path = os.path.join(folder.name, "off.pt")
    _, state = recorded(path)
    assert "unstacked" not in state, state
    assert not any("stack" in e for e in read(path, "--stacks")), "a stack of nowhere"
    assert "no allocation has a stack" in text_of("report", path, "--by", "function")
    recorded(path, "--stacks")
    assert not any("stack" in e for e in read(path)), "stacks that nobody asked for"


def storm_recorded(path, *options):
    """(bytes an event, [allocations]) of a storm, which comes to its allocations by a few ways."""
    command = [POOLTRACE, "record", "-f", "-o", path, *options, "--", os.path.join(STANDIN, "standin-storm"), "--allocations", "20000", "--frees", "20000"]
    done = subprocess.run(command, input=b"\n" * 4, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)
    equal(done.returncode, 0, done.stderr.decode())
    events = read(path, "--stacks")
    return os.path.getsize(path) / len(events), [e for e in events if e["event"] == "alloc"]


@suite.test("record has them unless told otherwise; an event takes 12 bytes at most with them, without 6")
def _():
    path = os.path.join(folder.name, "size.pt")
    size, allocations = storm_recorded(path)
    assert size <= 12, f"{size} bytes an event"
    assert len(allocations) == 20000 and any("stack" in e for e in allocations), f"no stack in {len(allocations)}"
    size, allocations = storm_recorded(path, "--stacks=off")
    assert size <= 6, f"{size} bytes an event"
    assert len(allocations) == 20000 and not any("stack" in e for e in allocations), "stacks that nobody asked for"


def address_space(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmPeak:"))


@suite.test("where there is no room for their buffer, that is said once, and all else is recorded")
def _():
    path = os.path.join(folder.name, "none.pt")
    with Stacks() as target, Pooltrace("-p", target.pid) as pooltrace:
        pooltrace.state()
        enough = address_space(pooltrace.pid)
    # The buffer takes 64 MiB of addresses.
    command = ["prlimit", f"--as={enough + (40 << 20)}", POOLTRACE, "record", "-f", "-o", path, "--", os.path.join(STANDIN, "standin-stacks")]
    done = subprocess.run(command, input=b"\n" * 4, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120,
                          env={**os.environ, "MALLOC_ARENA_MAX": "1"})
    errors = done.stderr.decode()
    equal((done.returncode, errors.count("no allocation will have a stack: cannot read the ring buffer")), (0, 1), errors)
    allocations = [e for e in read(path, "--stacks") if e["event"] == "alloc"]
    equal((len(allocations), sum("stack" in e for e in allocations)), (ALLOCATIONS, 0), "allocations, and those with a stack")


@suite.test("what is over the budget has no stack, and is counted; no event is lost for it")
def _():
    path, allocations = os.path.join(folder.name, "budget.pt"), 30000
    _, state = recorded(path, "--stacks", "--stacks-budget=64K", arguments=[allocations])
    events = [e for e in read(path, "--stacks") if e["event"] == "alloc"]
    equal((len(events), state["lost"]), (allocations, 0), "allocations, and events lost")
    without = sum("stack" not in e for e in events)
    assert 0 < without < allocations, f"{without} of {allocations} have no stack"
    equal(state["unstacked"], without, "allocations without a stack, as they are counted")


@suite.test("each of many allocations has its stack")
def _():
    path, allocations = os.path.join(folder.name, "many.pt"), 30000
    _, state = recorded(path, "--stacks", "--stacks-budget=16G", arguments=[allocations])
    events = [e for e in read(path, "--stacks") if e["event"] == "alloc"]
    equal((len(events), state["lost"]), (allocations, 0), "allocations, and events lost")
    equal(sum("stack" not in e for e in events), state.get("unstacked", 0), "allocations without a stack, as they are counted")
    stacks = {json.dumps(e["stack"]) for e in events if "stack" in e}
    equal(len(stacks), 1, "stacks that differ")


def functions(path):
    """Of all frames of machine code: {(file, address): function}."""
    return {(os.path.basename(f["module"]), f["address"]): f.get("function")
            for e in read(path, "--stacks") for f in e.get("stack", ()) if "module" in f}


def without_names(path):
    events = read(path, "--stacks")
    for frame in (f for e in events for f in e.get("stack", ()) if "module" in f):
        for key in ("function", "file", "line"):
            frame.pop(key, None)
    return events


def with_another_build_id(library, copy):
    build_id = bytes.fromhex(next(line.split()[-1] for line in subprocess.check_output(["readelf", "-n", library], text=True).splitlines()
                                  if "Build ID" in line))
    with open(library, "rb") as file:
        content = file.read()
    equal(content.count(build_id), 1, "build ids in the library")
    with open(copy, "wb") as file:
        file.write(content.replace(build_id, build_id[::-1]))


@suite.test("symbolized later, where the files are called otherwise, frames are those that were named live; no other file is used")
def _():
    home, away = os.path.join(folder.name, "home"), os.path.join(folder.name, "away")
    now, later, named, wrong = (os.path.join(folder.name, name) for name in ("now.pt", "later.pt", "named.pt", "wrong.pt"))
    os.makedirs(home)
    os.makedirs(os.path.join(away, "deep"))
    for name in ("standin-stacks", "libstandin_metal.so", "libstandin_through.so"):
        shutil.copy(os.path.join(STANDIN, name), home)
    recorded(now, "--stacks", where=home)
    truth, _ = recorded(later, "--stacks", "--symbols=later", where=home)
    assert len(functions(later)) > 10, functions(later)
    equal(set(functions(later).values()), {None}, "names in what was recorded without")
    os.rename(os.path.join(home, "standin-stacks"), os.path.join(away, "program"))
    os.rename(os.path.join(home, "libstandin_metal.so"), os.path.join(away, "deep", "library"))
    status, _, errors = run("symbolize", later, "-o", named, "--debug-dir", away)
    equal(status, 0, f"exit status of symbolize: {errors}")
    live_names = functions(now)
    equal(functions(named), live_names, "frames")
    equal(without_names(named), without_names(later), "all else")
    check_all(read(named, "--stacks"), truth)
    with_another_build_id(os.path.join(away, "deep", "library"), os.path.join(home, "libstandin_metal.so"))
    status, _, errors = run("symbolize", later, "-o", wrong)
    equal(status, 0, f"exit status of symbolize: {errors}")
    assert "libstandin_metal.so' is another file" in errors and "standin-stacks' with build id" in errors, errors
    for (module, address), function in functions(wrong).items():
        expected = None if module in ("standin-stacks", "libstandin_metal.so") else live_names[module, address]
        equal(function, expected, f"{module}+{address:#x}")


if __name__ == "__main__":
    suite.main()
