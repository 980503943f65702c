"""The record command: when it ends, what its files are called, the ring and its triggers, children."""
import contextlib
import glob
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import BUILD, INFER, STORM, Storm, equal_pools  # noqa: E402
from test_commands import Infer, Recorded, finish, report, scratch, small_disk, states  # noqa: E402
from harness import POOLTRACE, POOLS, Lines, Pooltrace, Suite, Target, equal, pools, process_of, run, until  # noqa: E402

suite = Suite("record")
LIBRARY = os.path.join(BUILD, "standin", "libstandin_metal.so")
SUMMARY = r"pooltrace: recorded \d+ events, .*, 0 lost, to {}\n"


def parts(path):
    """The files of a ring, the oldest first; the last one is written to."""
    numbers = sorted(int(p.rsplit(".", 1)[1]) for p in glob.glob(glob.escape(path) + ".*") if p.rsplit(".", 1)[1].isdigit())
    return [f"{path}.{n}" for n in numbers] + ([path] if os.path.exists(path) else [])


def moments(path):
    """The files that triggers have written, the oldest first."""
    return sorted(glob.glob(glob.escape(path[:-len(".pt")]) + "-*.pt"))


def events(path):
    status, out, err = run("events", "-r", path, "--json")
    equal(status, 0, err)
    return [json.loads(line) for line in out.splitlines()]


def span_ns(path):
    """From when to when a recording says what happened."""
    told = report(path)["recording"]
    return told["begin_ns"], told["end_ns"]


def recorder(path, target, *options):
    return Pooltrace("record", "-p", target.pid, "-o", path, *options, json_output=False)


def attached(tracer, path):
    """The recording knows the process."""
    def knows():
        tracer.ask()
        out = run("report", "--json", path)[1] if os.path.exists(path) else ""
        return out and json.loads(out)["processes"]
    until(knows, what=f"never attached: {tracer.stderr()}")


def stop(target, tracer):
    """Stop the storm's threads and take a table; its pools."""
    _, view = target.barrier()
    tracer.ask()
    return view


def exported(path):
    """What the events that are exported sum up to, by pool."""
    status, out, err = run("export", path, "--to", "ndjson")
    equal(status, 0, err)
    blocks, held = {}, dict.fromkeys(POOLS, 0)
    for e in map(json.loads, out.splitlines()):
        place = (e.get("device"), e.get("pool"), e.get("address"))
        if e["event"] in ("alloc", "block"):
            blocks[place] = e["reserved"]
        elif e["event"] == "free":
            assert blocks.pop(place, None) is not None, f"a free of what was never told: {e}"
    for (_, pool, _), reserved in blocks.items():
        held[pool] += reserved
    return held


# ---- limits ----

@suite.test("--duration ends it, says so, and the file is whole; a command goes on, and its status is given")
def _():
    with scratch() as path, Storm("--threads", 2, "--loop") as target:
        target.go()
        start = time.monotonic()
        status, out, err = run("record", "-p", target.pid, "-o", path, "--duration", "300ms", "-i", "10ms")
        equal((status, out), (0, ""), err)
        assert time.monotonic() - start >= 0.3, "it ended too early"
        said, summary = err.splitlines(True)
        equal(said, "pooltrace: the recording ends after 300ms (--duration)\n", "what is said")
        assert re.fullmatch(SUMMARY.format(re.escape(path)), summary), summary
        equal(run("report", path)[0], 0, "status of reading it")
        assert len(states(path)) > 2, "no tables"
        finish(target)
    with scratch() as path:
        read, write = os.pipe()
        status, out, err = run("record", "-o", path, "--duration", "50ms", "--status-fd", write, "--", "sh", "-c",
                               f"while ! pooltrace=1 {POOLTRACE} report {path} > /dev/null 2>&1; do :; done; exit 9", pass_fds=[write])
        os.close(write)
        equal(status, 9, err)
        assert "the recording ends after 50ms (--duration); the command goes on\n" in err, err
        with open(read) as lines:
            told = json.loads(lines.read())
        equal((told["status"], told["command_status"], told["limit"]), (0, 9, "duration"), "what is told")


@suite.test("--max-size: the file is never larger, nearly full, whole, and its last table is that of its last record")
def _():
    for size, limit in (("64K", 64 << 10), ("200K", 200 << 10)):
        with scratch() as path, Storm("--threads", 2, "--loop") as target:
            target.go()
            read, write = os.pipe()
            status, out, err = run("record", "-p", target.pid, "-o", path, "--max-size", size, "-i", "10ms",
                                   "--status-fd", write, pass_fds=[write])
            os.close(write)
            with open(read) as lines:
                told = json.loads(lines.read())
            equal((status, out), (0, ""), err)
            assert err.startswith(f"pooltrace: the recording ends at {size[:-1]}.0 KiB (--max-size)\n" if size == "64K"
                                  else "pooltrace: the recording ends at 200 KiB (--max-size)\n"), err
            equal((told["limit"], told["bytes"]), ("max-size", os.path.getsize(path)), "what is told")
            assert limit * 0.8 < told["bytes"] <= limit, f"{told['bytes']} of {limit}"
            equal(report(path)["events"], told["events"], "events")
            equal(pools(states(path)[-1]), pools(report(path)), "the last table")
            finish(target)


# ---- names ----

@suite.test("without -o the recording is called after program, pid and time, which is said; no default name is overwritten")
def _():
    with tempfile.TemporaryDirectory() as folder, Infer() as target:
        target.until("weights")
        status, out, err = run("record", "-p", target.pid, "--count", 1, cwd=folder)
        equal((status, out), (0, ""), err)
        name, = os.listdir(folder)
        assert re.fullmatch(rf"pooltrace-standin_infer-{target.pid}-\d{{8}}-\d{{6}}\.pt", name), name
        assert err.startswith(f"pooltrace: recording to {name}\n"), err
        os.unlink(os.path.join(folder, name))
        run("record", "-q", "--", "sh", "-c", "exit 0", cwd=folder)
        name, = os.listdir(folder)
        assert re.fullmatch(r"pooltrace-sh-\d+-\d{8}-\d{6}\.pt", name), name
        os.unlink(os.path.join(folder, name))
        now = time.time()
        taken = [time.strftime("pooltrace-all-%Y%m%d-%H%M%S.pt", time.localtime(now + i)) for i in range(60)]
        for name in taken:
            open(os.path.join(folder, name), "w").close()
        status, _, err = run("record", "--count", 1, cwd=folder)
        assert status == 1 and re.match(r"pooltrace: cannot record to 'pooltrace-all-.*\.pt': File exists\nhint: -f overwrites it\n", err), err
        equal(sum(os.path.getsize(os.path.join(folder, name)) for name in taken), 0, "bytes of what was there")


@suite.test("-q: nothing is said but names of files and what goes wrong")
def _():
    with scratch() as path, Infer() as target:
        target.until("weights")
        equal(run("record", "-q", "-p", target.pid, "-o", path, "--count", 1), (0, "", ""), "-q")
        equal(run("record", "-q", "-p", target.pid, "-o", path, "--count", 1)[::2],
              (1, f"pooltrace: cannot record to '{path}': File exists\nhint: -f overwrites it\n"), "-q, and something goes wrong")


@suite.test("on a terminal one line says how it goes, and is gone at the end; with -q there is none")
def _():
    for quiet in (False, True):
        with scratch() as path, Infer() as target:
            target.until("weights")
            master, slave = pty.openpty()
            out, tick = os.pipe()
            process = subprocess.Popen([POOLTRACE, "record", "-p", str(target.pid), "-o", path, "--tick-fd", str(out)]
                                       + ["-q"] * quiet, stderr=slave, stdin=subprocess.DEVNULL, pass_fds=[out])
            os.close(slave)
            os.close(out)
            seen = b""
            if quiet:
                until(lambda: os.path.exists(path) and os.write(tick, b"x") and run("report", path)[1], what="never recorded")
            while not quiet and not re.search(rb"recording for [12] s: \d+ events, \d+/s, .*, 0 lost\r", seen):
                seen += os.read(master, 4096)
            os.close(tick)
            equal(process.wait(30), 0, "status")
            with contextlib.suppress(OSError):
                while more := os.read(master, 4096):
                    seen += more
            os.close(master)
            if quiet:
                equal(seen, b"", "what is said")
            else:
                assert re.search(rb"\r\x1b\[K\rpooltrace: recorded \d+ events, .*\r\n$", seen), seen


# ---- the ring ----

@suite.test("--ring by time holds at least that, not much more, and ends with the state of the end; its parts become one file")
def _():
    with scratch() as path, Storm("--threads", 2, "--loop") as target:
        target.go()
        with recorder(path, target, "--ring", "1s", "-i", "20ms") as tracer:
            until(lambda: f"{path}.3" in parts(path) and f"{path}.1" not in parts(path), what="parts are never removed")
            view = stop(target, tracer)
            equal(tracer.end(), 0, tracer.stderr())
            summary = SUMMARY.replace("events, .*,", r"events, .* of the last [12]\.\d s,.*").format(re.escape(path))
            assert re.fullmatch(summary, tracer.stderr()), tracer.stderr()
        equal(parts(path), [path], "files")
        begin, end = span_ns(path)
        assert 1e9 <= end - begin < 3e9, f"{end - begin} ns are held"
        equal_pools(states(path)[-1], view, "the last table")
        equal_pools(report(path), view, "the report")
        equal(report(path)["corrections"], 0, "corrections")
        equal(exported(path), {p: view.get(p, 0) for p in POOLS}, "the sum of what is exported")
        equal(run("diff", path, path)[0], 0, "status of diff")
        status, _, err = run("report", "-p", target.pid, path)
        equal((status, err), (2, f"pooltrace: '{path}' begins in the midst: --pid picks processes from a recording's beginning on\n"
                              "hint: without it, all of its processes are shown\n"), "-p")
        target.go()
        target.go("quit")


@suite.test("--ring by size never takes more on the disk, while it is written and after; the last table is that of the end")
def _():
    limit = 512 << 10
    with scratch() as path, Storm("--threads", 2, "--loop") as target:
        target.go()
        with recorder(path, target, "--ring", "512K", "-i", "20ms") as tracer:
            largest = 0

            def rolls():
                nonlocal largest
                with contextlib.suppress(FileNotFoundError):
                    largest = max(largest, sum(e.stat().st_size for e in os.scandir(os.path.dirname(path))))
                return f"{path}.9" in parts(path)
            until(rolls, 60, "parts are never removed")
            view = stop(target, tracer)
            equal(tracer.end(), 0, tracer.stderr())
        assert limit / 2 < largest <= limit, f"{largest} bytes at most"
        equal(parts(path), [path], "files")
        assert limit / 2 < os.path.getsize(path) <= limit, os.path.getsize(path)
        equal_pools(states(path)[-1], view, "the last table")
        # It begins in the midst: what was allocated before is told with its stack.
        status, text, err = run("report", path, "--by", "function")
        equal((status, err), (0, ""), "report by function")
        assert text.splitlines()[0].endswith("FUNCTION") and len(text.splitlines()) > 1, text
        target.go()
        target.go("quit")


@suite.test("--ring with both limits: the size goes before the time, which is said")
def _():
    with scratch() as path, Storm("--threads", 2, "--loop") as target:
        target.go()
        with recorder(path, target, "--ring", "1h,256K", "-i", "20ms") as tracer:
            until(lambda: f"{path}.1" not in parts(path) and len(parts(path)) > 2, 60, "parts are never removed")
            equal(tracer.end(), 0, tracer.stderr())
            assert re.match(r"pooltrace: the ring's size is not enough for its time: parts of it were removed early, and it holds the last .*\n",
                            tracer.stderr()), tracer.stderr()
        assert os.path.getsize(path) <= 256 << 10
        finish(target)


@suite.test("kill -9 of a ring leaves parts that can be read, each from its begin and without a gap; -f removes them")
def _():
    with scratch() as path, Storm("--threads", 2, "--loop") as target:
        target.go()
        with recorder(path, target, "--ring", "1s", "-i", "20ms") as tracer:
            attached(tracer, path)
            until(lambda: len(parts(path)) > 4, what=f"no parts: {parts(path)}")
            os.kill(tracer.pid, signal.SIGKILL)
            tracer.process.wait()
        found = parts(path)
        assert len(found) > 4 and found[-1] == path, found
        spans = []
        for part in found:
            status, out, err = run("report", "--json", part)
            equal(status, 1 if part == path else 0, err)
            told = json.loads(out)
            equal((process_of(told)["pid"], told["unknown_frees"], told["replaced"]), (target.pid, 0, 0), part)
            spans.append((told["recording"]["begin_ns"], told["recording"]["end_ns"]))
        for before, after in zip(spans, spans[1:]):
            equal(after[0], before[1], "where a part begins")
        status, _, err = run("record", "-p", target.pid, "-o", path + ".x.pt", "--ring", "1s", "--count", 1)
        equal(status, 0, err)
        os.unlink(path)
        status, _, err = run("record", "-p", target.pid, "-o", path, "--ring", "1s", "--count", 1)
        assert status == 1 and f"is left of one that was not ended\nhint: `pooltrace merge {path} -o OUT` makes one recording of all" in err, err
        equal(parts(path), found[:-1], "files")
        status, _, err = run("record", "-p", target.pid, "-o", path, "--ring", "1s", "--count", 1, "-f")
        equal((status, parts(path)), (0, [path]), err)
        finish(target)


def said(part):
    out = run("report", "--json", "--top", 100000, part)[1]
    return json.loads(out) if out else None


@suite.test("kill -9 of a ring: merge makes one recording of its parts, which says at its end what the newest part says; a part that is missing is a gap")
def _():
    with scratch() as path, Storm("--threads", 2, "--loop") as target:
        target.go()
        with recorder(path, target, "--ring", "1s", "-i", "20ms") as tracer:
            attached(tracer, path)
            until(lambda: len(parts(path)) > 4, what=f"no parts: {parts(path)}")
            os.kill(tracer.pid, signal.SIGKILL)
            tracer.process.wait()
        finish(target)
        found = parts(path)
        # Of the newest part there may be the begin of the begin alone, or less.
        told = [t for t in (said(part) for part in found) if t and "end_ns" in t["recording"]]
        assert len(told) >= len(found) - 1, f"of {found}, {len(told)} can be read"
        status, _, err = run("report", path)
        assert status == 1 and f"`pooltrace merge {path} -o OUT` joins all of it" in err, err

        status, _, err = run("merge", path, "-o", path + ".all")
        assert status == 1 and f"joined the {len(found)} parts of a ring that was not ended, '{found[0]}' to '{path}'" in err, err
        assert any(why in err for why in ("its writer was killed", "is cut", "it is empty")), err
        status, out, err = run("report", "--json", "--top", 100000, path + ".all")
        equal(status, 0, err)
        joined = json.loads(out)
        equal(joined["recording"]["begin_ns"], told[0]["recording"]["begin_ns"], "begin")
        equal(joined["recording"]["end_ns"], told[-1]["recording"]["end_ns"], "end")
        equal(joined["events"], told[-1]["events"], "events, also those before what is held")
        equal((joined["unknown_frees"], joined["replaced"], joined["summary"].get("gaps", 0)), (0, 0, 0), "what contradicts")
        equal((joined["processes"], joined["blocks"]), (told[-1]["processes"], told[-1]["blocks"]), "the end")
        equal(joined["blocks"] != [], True, "blocks live")

        # In any order, as a shell gives them; then without one of the middle.
        run("merge", "-o", path + ".again", *sorted(found))
        equal(open(path + ".again", "rb").read()[200:], open(path + ".all", "rb").read()[200:], "the same in any order")
        os.unlink(found[2])
        status, _, err = run("merge", path, "-o", path + ".less")
        assert status == 1 and f" before '{found[3]}' are missing: a part of the ring is not there, or not whole" in err, err
        status, out, err = run("report", "--json", "--top", 100000, path + ".less")
        less = json.loads(out)
        equal((less["processes"], less["blocks"]), (told[-1]["processes"], told[-1]["blocks"]), "the end behind a gap")
        equal(less["summary"]["gaps"], 1, "gaps")


@suite.test("SIGUSR2 writes what the ring holds: its last table is the state of that moment, and the recording goes on")
def _():
    with scratch() as path, Storm("--threads", 2, "--loop") as target:
        target.go()
        with recorder(path, target, "--ring", "60s", "-i", "1h") as tracer:
            attached(tracer, path)
            _, view = target.barrier()
            os.kill(tracer.pid, signal.SIGUSR2)
            said = until(lambda: re.search(r"pooltrace: SIGUSR2: the last .* are in '(.*)', .*\n", tracer.stderr()), what="no file")
            target.go()
            end = stop(target, tracer)
            equal(tracer.end(), 0, tracer.stderr())
        moment, = moments(path)
        equal(said.group(1), moment, "the name that is said")
        assert re.fullmatch(r"run-\d{8}-\d{6}-SIGUSR2\.pt", os.path.basename(moment)), moment
        equal_pools(states(moment)[-1], view, "the last table")
        equal_pools(report(moment), view, "the report")
        equal_pools(states(path)[-1], end, "the last table of the recording")
        equal(parts(path), [path], "files")
        target.go()
        target.go("quit")


@suite.test("--trigger failure: the file ends with the failure, and the storm's others have none of their own")
def _():
    with scratch() as path, Storm("--threads", 1, "--allocations", 2003, "--frees", 2003, "--fail-every", 101) as target:
        with recorder(path, target, "--ring", "60s", "--trigger", "failure") as tracer:
            attached(tracer, path)
            target.go()
            result, _, view = target.report()
            tracer.ask()
            equal(tracer.end(), 0, tracer.stderr())
            assert re.search(rf"pooltrace: failure \(standin-storm {target.pid}\): the last .* are in '.*', .*\n", tracer.stderr()), tracer.stderr()
            assert re.search(r"pooltrace: triggers fired \d+ more times within a second", tracer.stderr()), tracer.stderr()
        first = moments(path)[0]
        assert first.endswith("-failure.pt"), first
        told = events(first)
        equal([e["event"] for e in told].count("failed"), 1, "failures")
        equal(told[-1]["event"], "failed", "the last event")
        whole = events(path)
        equal(told, whole[:len(told)], "the events before")
        equal([e["event"] for e in whole].count("failed"), result["failed"], "failures in all")
        equal(process_of(states(first)[-1])["failed_allocations"], 1, "failures in the last table")
        equal(pools(states(first)[-1]), pools(report(first)), "the last table")
        equal_pools(report(path), view, "the recording")
        target.go()
        equal(target.wait(), 0, "exit status of the target")


@suite.test("--trigger CONDITION fires when it becomes true, once; the file's last table is the state of that moment")
def _():
    with scratch() as path, Infer() as target:
        target.until("open")
        with recorder(path, target, "--ring", "60s", "--trigger", "now(DRAM) > 256M", "--trigger", "peak(L1) > 1%") as tracer:
            attached(tracer, path)
            for _ in target.steps():
                pass
            equal(tracer.end(), 0, tracer.stderr())
        names = [os.path.basename(m).split("-", 3)[3] for m in moments(path)]
        said = tracer.stderr()
        assert re.search(r"now\(DRAM\) > 256M \(standin-infer \d+, device 0, DRAM: 2\d\d MiB\): the last ", said), said
        equal(names.count("now-DRAM.pt"), 1, names)
        moment = next(m for m in moments(path) if m.endswith("now-DRAM.pt"))
        told = events(moment)
        held = 0
        crossed = None
        for number, e in enumerate(events(path)):
            if e.get("pool") != "DRAM" or e["event"] not in ("alloc", "free"):
                continue
            held += e["reserved"] if e["event"] == "alloc" else -e["reserved"]
            if held > 256 << 20:
                crossed = number
                break
        equal(len(told), crossed + 1, "events up to the one that made it true")
        equal(pools(states(moment)[-1])["DRAM"], held, "the last table")


@suite.test("SIGUSR2 without --ring, or that is no trigger, is said to do nothing, and the recording goes on")
def _():
    for options, why in (([], "there is no --ring"), (["--ring", "60s", "--trigger", "failure"], "it is not among the triggers")):
        with scratch() as path, Storm("--threads", 2, "--loop") as target:
            target.go()
            with recorder(path, target, *options) as tracer:
                attached(tracer, path)
                os.kill(tracer.pid, signal.SIGUSR2)
                until(lambda: f"pooltrace: SIGUSR2: nothing is written for it: {why}\n" in tracer.stderr(), what="nothing is said")
                view = stop(target, tracer)
                equal(tracer.end(), 0, tracer.stderr())
            equal_pools(report(path), view, "the report")
            equal(moments(path), [], "files")
            target.go()
            target.go("quit")


@suite.test("a ring on a disk that becomes full goes on with less, which is said at the end; all of its files can be read")
def _():
    with small_disk() as path, Storm("--threads", 2, "--loop") as target:
        target.go()
        with open(os.path.join(os.path.dirname(path), "filler"), "wb") as file:
            file.write(bytes(96 << 10))
        with recorder(path, target, "--ring", "1h", "-i", "20ms") as tracer:
            attached(tracer, path)
            until(lambda: f"{path}.1" not in parts(path) and len(parts(path)) > 2, 60, "nothing was removed")
            view = stop(target, tracer)
            status = tracer.end()
            said = tracer.stderr()
        equal(status, 1, said)
        assert "the disk was full when the ring was written: parts of it were removed early, and it holds the last " in said, said
        found = parts(path)
        assert found, "nothing is left"
        for part in found:
            out = run("report", "--json", part)[1]
            equal(process_of(json.loads(out))["pid"], target.pid, part)
        equal_pools(report_of_cut(found[-1]), view, "the last table")
        target.go()
        target.go("quit")


def report_of_cut(path):
    return json.loads(run("report", "--json", path)[1])


# ---- children ----

WORKER = [STORM, "--threads", "2", "--allocations", "503", "--frees", "211"]


def record_children(*options):
    """Record a process that has mapped the runtime and starts two others that use it; the processes of the recording, and the pools of the
    workers."""
    script = f"""
import subprocess, sys
print("READY", flush=True)
sys.stdin.readline()
workers = [subprocess.Popen({WORKER!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
for w in workers:
    print("WORKER", w.pid, flush=True)
sys.stdin.readline()
for w in workers:
    w.stdin.write(b"\\n"); w.stdin.flush()
for w in workers:
    while not (line := w.stdout.readline().decode()).startswith("STEP"):
        pass
    print(line, end="", flush=True)
sys.stdin.readline()
for w in workers:
    w.communicate(b"\\n")
"""
    with scratch() as path, Target([sys.executable, "-c", script], env={**os.environ, "LD_PRELOAD": LIBRARY}) as target:
        target.line("READY")
        with recorder(path, target, *options) as tracer:
            attached(tracer, path)
            target.go()
            workers = [int(target.line("WORKER ")) for _ in range(2)]
            if "--no-children" not in options:
                until(lambda: tracer.ask() is None and {p["pid"] for p in report_of_cut(path)["processes"]} >= set(workers),
                      what="the workers are never found")
            target.go()
            views = [target.step()[1] for _ in range(2)]
            tracer.ask()
            equal(tracer.end(), 0, tracer.stderr())
            target.go()
            target.wait()
        return target.pid, workers, views, states(path)[-1]


@suite.test("children of -p that use a runtime are recorded into the same file, exactly; with --no-children they are not")
def _():
    parent, workers, views, table = record_children()
    equal({p["pid"] for p in table["processes"]}, {parent, *workers}, "processes")
    for pid, view in zip(workers, views):
        equal(pools(table, pid), {p: view.get(p, 0) for p in POOLS}, f"pools of {pid}")
    parent, _, _, table = record_children("--no-children")
    equal({p["pid"] for p in table["processes"]}, {parent}, "processes with --no-children")


@suite.test("--wait: what a launcher starts is recorded, though it has no runtime itself")
def _():
    with scratch() as path, Target(["sh", "-c", f"read x; {' '.join(WORKER)}; :"]) as target:
        with recorder(path, target, "--wait") as tracer:
            tracer.ask()
            until(lambda: os.path.exists(path) and run("top", "-r", path)[1], what=f"no table: {tracer.stderr()}")
            target.go()
            target.line("READY")
            attached(tracer, path)
            target.go()
            view = target.step()[1]
            tracer.ask()
            equal(tracer.end(), 0, tracer.stderr())
        equal_pools(states(path)[-1], view, "pools")
        assert process_of(states(path)[-1])["pid"] != target.pid
        target.go()
        target.wait()


@suite.test("record -- COMMAND --no-children records the command alone; without it all that it starts, into one file")
def _():
    for options, wanted in (([], 2), (["--no-children"], 0)):
        with scratch() as path:
            command = f"for i in 1 2; do {INFER} --seconds 0; done; :"
            status, _, err = run("record", "-o", path, *options, "--", "sh", "-c", command)
            equal(status, 0, err)
            equal(len(report(path)["processes"]), wanted, f"processes with {options}")
    with scratch() as path:
        status, _, err = run("record", "-o", path, "--no-children", "--", INFER, "--seconds", "0")
        equal((status, len(report(path)["processes"])), (0, 1), err)


if __name__ == "__main__":
    suite.main()
