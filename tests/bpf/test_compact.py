"""A recording that was written in many small chunks is written anew when it is closed; whoever reads it notices nothing."""
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import INFER  # noqa: E402
from harness import POOLTRACE, Pooltrace, Suite, Target, equal, run, until  # noqa: E402

suite = Suite("compact")
TABLES = 60


def said(path):
    """All that is shown of a recording."""
    views = (("top", "--json", "-r"), ("events", "--json", "-r"), ("explain", "--json"), ("export", "--to", "csv"))
    return [run(*view, path)[:2] for view in views]


def record(path, tracer, target):
    """What the target does, step by step, and then tables of nothing more: a chunk each."""
    name = None
    while name != "execute":
        target.go()
        name, _ = target.step()
        tracer.ask()
    for _ in range(TABLES):
        tracer.ask()
    until(lambda: run("top", "--json", "-r", path)[1].count("\n") > TABLES, what="all tables are written")


@suite.test("it becomes smaller and says the same; who has it open reads the old one to its end")
def _():
    with tempfile.TemporaryDirectory() as folder, Target([INFER]) as target:
        path = os.path.join(folder, "run.pt")
        target.step()
        with Pooltrace("record", "-p", target.pid, "-o", path, json_output=False) as tracer:
            tracer.ask()
            until(lambda: os.path.exists(path) and run("report", path)[1], what="it is readable")
            follower = subprocess.Popen([POOLTRACE, "events", "--json", "-r", path, "--follow"], stdout=subprocess.PIPE, text=True)
            record(path, tracer, target)
            old = open(path, "rb")
            inode = os.fstat(old.fileno()).st_ino
            os.chmod(path, 0o640)
            equal(tracer.end(), 0, "status")
        equal(os.listdir(folder), ["run.pt"], "files")
        now = os.stat(path)
        assert now.st_ino != inode and now.st_size < os.fstat(old.fileno()).st_size * 3 / 4, (now, os.fstat(old.fileno()))
        equal((now.st_mode & 0o7777, now.st_nlink), (0o640, 1), "mode and links")
        with open(os.path.join(folder, "old.pt"), "wb") as copy:
            copy.write(old.read())
        equal(said(path), said(copy.name), "what is shown")
        equal(follower.communicate(timeout=60)[0], run("events", "--json", "-r", path)[1], "what was followed")
        equal(follower.returncode, 0, "status of the follower")


@suite.test("one that has another name as well, or whose writer was killed, stays what it is")
def _():
    for killed in (False, True):
        with tempfile.TemporaryDirectory() as folder, Target([INFER]) as target:
            path = os.path.join(folder, "run.pt")
            target.step()
            with Pooltrace("record", "-p", target.pid, "-o", path, json_output=False) as tracer:
                tracer.ask()
                until(lambda: os.path.exists(path) and run("report", path)[1], what="it is readable")
                record(path, tracer, target)
                inode = os.stat(path).st_ino
                if killed:
                    os.kill(tracer.pid, signal.SIGKILL)
                    tracer.process.wait(30)
                else:
                    os.link(path, os.path.join(folder, "link.pt"))
                    equal(tracer.end(), 0, "status")
            equal(sorted(os.listdir(folder)), ["run.pt"] if killed else ["link.pt", "run.pt"], "files")
            equal(os.stat(path).st_ino, inode, "the file")
            equal(run("top", "--json", "-r", path)[1].count("\n") >= TABLES, True, "tables")
            # Then it can be asked for.
            small = os.path.join(folder, "small.pt")
            equal(run("merge", path, "-o", small)[0], 1 if killed else 0, "status of merge")
            assert os.stat(small).st_size < os.stat(path).st_size * 3 / 4
            equal(said(small)[1:], [(0, out) for _, out in said(path)[1:]], "what is shown")


if __name__ == "__main__":
    suite.main()
