"""Processes recorded by pooltraces of their own, put together: what the whole says of each is what its own recording says."""
import json
import os
import re
import signal
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import INFER, Storm, settled  # noqa: E402
from harness import POOLS, Pooltrace, Suite, Target, equal, pools, run, until  # noqa: E402

suite = Suite("merge")


def said(recording):
    """Of each process by pid, all that can be said: figures, blocks, phases and sentences, and a line an event."""
    status, out, err = run("report", "--json", "--top", 1000000, recording)
    assert status in (0, 3), f"status {status}: {err}"
    report, explained = json.loads(out), json.loads(run("explain", "--json", recording)[1])
    words = run("explain", recording)[1]
    by_pid = {}
    for process in report["summary"]["processes"]:
        pid = process["pid"]
        by_pid[pid] = {
            "summary": process,
            "state": [p for p in report["processes"] if p["pid"] == pid],
            "blocks": sorted(json.dumps(b) for b in report["blocks"] if b["pid"] == pid),
            "phases": [p for p in explained["processes"] if p["pid"] == pid],
            "words": sorted(page.split("\n", 1)[1] for page in pages(words, pid)),
            "events": [line for line in run("events", "-r", recording)[1].splitlines() if re.match(rf"\S+ +{pid} ", line)],
        }
    return by_pid, report


def pages(words, pid):
    """What explain says of a process: with a title where there are several, else all but the first line."""
    titled = re.split(r"^pid (\d+) .*$", words, flags=re.M)
    if len(titled) > 1:
        return ["\n" + text.strip("\n") for number, text in zip(titled[1::2], titled[2::2]) if int(number) == pid]
    return ["\n" + words.split("\n", 1)[1].strip("\n")]


def equal_to_the_letter(merged, *recordings):
    """Returns the report of the whole."""
    found, whole = said(merged)
    single = [said(recording) for recording in recordings]
    wanted = {pid: what for by_pid, _ in single for pid, what in by_pid.items()}
    equal(sorted(found), sorted(wanted), "processes")
    for pid, what in wanted.items():
        for key, value in what.items():
            equal(found[pid][key], value, f"{key} of {pid}")
    for total in ("events", "lost", "corrections", "unread", "unknown_frees", "replaced"):
        equal(whole[total], sum(report[total] for _, report in single), total)
    return whole


def merge(into, *recordings):
    status, out, err = run("merge", *recordings, "-o", into)
    assert status in (0, 3) and out == "" and f"merged {len(recordings)} recordings: " in err, f"status {status}: {err}"
    return status


@suite.test("two processes, recorded each by a pooltrace of its own at the same time, with losses in one")
def _():
    with tempfile.TemporaryDirectory() as folder, Storm("--threads", 3, "--loop") as a, Storm("--threads", 2, "--loop", "--seed", 7) as b:
        paths = [os.path.join(folder, name) for name in ("a.pt", "b.pt", "all.pt")]
        with Pooltrace("top", "-p", a.pid, "-o", paths[0], "--ring-size", 4096) as first, Pooltrace("top", "-p", b.pid, "-o", paths[1]) as second:
            for target in (a, b):
                target.go()
            first.state(), second.state()
            ends = {}
            for target, tracer in ((a, first), (b, second)):
                _, view = target.barrier()
                ends[target.pid] = {p: view.get(p, 0) for p in POOLS}
                settled(tracer)
            equal(second.end(), 0, "status")
            assert first.end() in (0, 3), first.stderr()
        status = merge(paths[2], *paths[:2])
        whole = equal_to_the_letter(paths[2], *paths[:2])
        equal(status, 3 if whole["lost"] else 0, "status")
        for pid, view in ends.items():
            equal(pools(whole, pid), view, f"pools of {pid}")
        # Losses of one say nothing of the other.
        equal({p["coverage"] for p in whole["processes"]}, {"exact"}, "coverage")
        # Seen and lost are all calls, of both.
        probes = [json.loads(run("report", "--json", path)[1]).get("probes", []) for path in paths]
        for probe in probes[2]:
            same = [p for side in probes[:2] for p in side if p["probe"] == probe["probe"]]
            equal((probe["seen"], probe["lost"]), (sum(p["seen"] for p in same), sum(p["lost"] for p in same)), probe["probe"])
        for target in (a, b):
            target.go("quit")
            target.report()


@suite.test("phases of two programs, step by step in turn")
def _():
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("a.pt", "b.pt", "all.pt")]
        with Target([INFER]) as a, Target([INFER, "--no-trace-region"]) as b:
            for target in (a, b):
                target.step()
            with Pooltrace("top", "-p", a.pid, "-o", paths[0]) as first, Pooltrace("top", "-p", b.pid, "-o", paths[1]) as second:
                going = {a: first, b: second}
                while going:
                    for target, tracer in list(going.items()):
                        target.go()
                        if target.step()[0] == "execute":
                            del going[target]
                        tracer.state()
                live = {target.pid: tracer.state()["processes"][0] for target, tracer in ((a, first), (b, second))}
                equal((first.end(), second.end()), (0, 0), "status")
        equal(merge(paths[2], *paths[:2]), 0, "status")
        whole = equal_to_the_letter(paths[2], *paths[:2])
        for process in whole["processes"]:
            wanted = live[process["pid"]]
            equal((process["phase"], process["replays"], pools({"processes": [process]})),
                  (wanted["phase"], wanted["replays"], pools({"processes": [wanted]})), "the last table")
        # One recording's tables at a time: the first one's, then what the other has behind its end.
        tables = [[json.loads(line)["time"] for line in run("top", "--json", "-r", path)[1].splitlines()] for path in paths]
        equal(tables[2][:len(tables[0])], tables[0], "tables")
        behind = tables[2][len(tables[0]):]
        equal(behind, tables[1][len(tables[1]) - len(behind):], "tables behind its end")
        assert behind and all(time >= tables[0][-1] for time in behind), behind


@suite.test("a recording whose pooltrace was killed, and the next one of the same process: it is one process")
def _():
    with tempfile.TemporaryDirectory() as folder, Storm("--threads", 2, "--loop") as target:
        paths = [os.path.join(folder, name) for name in ("a.pt", "b.pt", "all.pt")]
        with Pooltrace("top", "-p", target.pid, "-o", paths[0]) as tracer:
            target.go()
            tracer.state()
            target.barrier()
            tracer.state()
            os.kill(tracer.pid, signal.SIGKILL)
            tracer.process.wait(30)
        with Pooltrace("top", "-p", target.pid, "-o", paths[1]) as tracer:
            state = tracer.state()
            until(lambda: tracer.state()["processes"][0]["coverage"] == "exact", what="the books are read")
            state = tracer.state()
            equal(tracer.end(), 0, "status")
        status, _, err = run("merge", *paths[:2], "-o", paths[2])
        equal(status, 1, "status")
        assert "recording ends early" in err and "twice" not in err, err
        whole = json.loads(run("report", "--json", paths[2])[1])
        equal([p.get("ended") for p in whole["summary"]["processes"]], ["detached", None], "ends")
        equal(pools({"processes": whole["processes"][-1:]}), pools(state), "pools")
        target.go("quit")
        target.report()


if __name__ == "__main__":
    suite.main()
