"""All of a process's life, and many of them: commands that are held until they are attached to, children, other programs, other
mounts, other pid namespaces, and ends of all kinds. Exit statuses and counts of the targets are exact."""
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import STORM, settled  # noqa: E402
from harness import (BUILD, MODES, POOLS, POOLTRACE, Lines, Pooltrace, Skip, Suite, Target, code_changed, equal, no_probes, once,  # noqa: E402
                     pools, process_of, run, until)

suite = Suite("processes")
STANDIN = os.path.join(BUILD, "standin")
LIVES = os.path.join(STANDIN, "standin-lives")
PLUGIN = os.path.join(STANDIN, "libstandin_plugin.so")
STATIC = os.path.join(STANDIN, "standin-static")
BY_CONSTRUCTOR = 101
SECONDS = int(os.environ.get("STORM_SECONDS", 15))
SEED = int(os.environ.get("STORM_SEED", 7))


class Lives(Target):
    """standin-lives, obeying."""

    def __init__(self, *words, prefix=(), program=LIVES):
        super().__init__([*prefix, program, *map(str, words)])


def record(folder, *command, options=()):
    """Record a command: its status, and what the recording says at its end."""
    path = os.path.join(folder, "run.pt")
    done = subprocess.run([POOLTRACE, "record", "-f", "-o", path, "--check=off", *options, "--", *map(str, command)],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    status, out, err = run("report", "--json", path)
    equal(status, 0, f"status of report ({err}; {done.stderr.decode()})")
    return done.returncode, json.loads(out), done


def held_from_the_start(state, processes, events):
    """Every call was seen, and nobody had to ask the books."""
    equal(state["events"], events, "events")
    equal(len(state["processes"]), processes, "processes")
    for p in state["processes"]:
        equal((p["coverage"], p.get("gap_ns"), p.get("ended")), ("exact", 0, "exit"), f"process {p['pid']}")
    equal(state["lost"] + state["corrections"] + state["unknown_frees"] + state["replaced"], 0, "anomalies")


def state_of(pid):
    """R, S, T, ... of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(pid):
    return state_of(pid) not in (None, "Z", "X")


# ---- commands that we start ----

@suite.test("of a command that we start no call is missed: of a constructor in a library that it loads, itself, or as a child's child")
def _():
    load = ["load", PLUGIN, "allocate", 7, "free", 3, "status", 5]
    calls = BY_CONSTRUCTOR + 7 + 3
    with tempfile.TemporaryDirectory() as folder:
        for words, processes in ((load, 1), (["exec", *load], 1), (["spawn", *load], 1), (["spawn", "spawn", *load], 1),
                                 (["fork", "spawn", "exec", *load], 1), (["many", 7, "exec", *load], 7),
                                 (["load", PLUGIN, "allocate", 7, "free", 3, "exec", *load], 2)):
            status, state, done = record(folder, LIVES, *words)
            equal(status, 5, f"{words}: status ({done.stderr.decode()})")
            held_from_the_start_or_exec(state, processes, processes * calls)
        status, state, _ = record(folder, "sh", "-c", f"true; {LIVES} {' '.join(map(str, load))}; ls / > /dev/null; exit 7")
        equal(status, 7, "status of a shell")
        held_from_the_start(state, 1, calls)
        status, state, _ = record(folder, STORM, "--threads", 3, "--allocations", 1009, "--frees", 1009)
        equal(status, 0, "status of a program that is linked with the runtime")
        held_from_the_start(state, 1, 2 * 1009)
        status, state, _ = record(folder, STATIC, "--threads", 3, "--allocations", 1009, "--frees", 1009)
        equal(status, 0, "status of a program that has a copy of the runtime in itself")
        held_from_the_start(state, 1, 2 * 1009)
        stripped = os.path.join(folder, "stripped")
        subprocess.run(["strip", "-o", stripped, STATIC], check=True)
        status, state, done = record(folder, stripped, "--threads", 1, "--allocations", 7, "--frees", 7)
        equal((status, state["processes"]), (0, []), "a copy without symbols")
        assert b"ran without a runtime that is known" in done.stderr, done.stderr.decode()


def held_from_the_start_or_exec(state, processes, events):
    for p in state["processes"]:
        if p["ended"] == "exec":
            p["ended"] = "exit"
    held_from_the_start(state, processes, events)


@suite.test("a command that executes itself 60 times: each call of each program is counted once")
def _():
    calls = ["load", PLUGIN, "allocate", 7, "free", 3]
    with tempfile.TemporaryDirectory() as folder:
        status, state, done = record(folder, LIVES, *[*calls, "exec"] * 60, *calls, "status", 5)
        equal(status, 5, f"status ({done.stderr.decode()})")
        held_from_the_start_or_exec(state, 61, 61 * (BY_CONSTRUCTOR + 7 + 3))


@suite.test("top -- COMMAND shows the command's table, and ends as it does")
def _():
    done = subprocess.run([POOLTRACE, "--json", "--", LIVES, "load", PLUGIN, "status", "9"], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120)
    equal(done.returncode, 9, f"status ({done.stderr.decode()})")
    held_from_the_start(json.loads(done.stdout.decode().splitlines()[-1]), 1, BY_CONSTRUCTOR)


class Traced:
    """A command under `top -- COMMAND`, whose output is ours and which reads what we write; its table when asked."""

    def __init__(self, *command, options=()):
        tick_out, self.tick_fd = os.pipe()
        self.process = subprocess.Popen([POOLTRACE, "--json", "--check=off", "--tick-fd", str(tick_out), *options, "--",
                                         *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, pass_fds=[tick_out])
        os.close(tick_out)
        self.pid = self.process.pid
        self.tables, self.lines = Lines(self.process.stdout), Lines(self.process.stderr)

    def line(self, prefix):
        seen = []
        while (line := self.lines.next()) is not None:
            if line.startswith(prefix):
                return line[len(prefix):].strip()
            seen.append(line)
        raise EOFError(f"no {prefix!r} in {seen}")

    def state(self):
        os.write(self.tick_fd, b"x")
        return json.loads(self.tables.next())

    def go(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def end(self):
        """Its exit status, and the last table."""
        self.process.stdin.close()
        tables = self.tables.all()
        return self.process.wait(), json.loads(tables[-1]) if tables else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.tick_fd)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if not pipe.closed:
                pipe.close()


@suite.test("a forked child that loads a runtime without executing a program is held as well, once it is known")
def _():
    with Traced(LIVES, "fork", "wait", "load", PLUGIN, "status", 3) as traced:
        child = int(traced.line("AT "))
        equal(traced.state()["processes"], [], "processes")
        traced.go()
        status, state = traced.end()
        equal(status, 3, "status")
        held_from_the_start(state, 1, BY_CONSTRUCTOR)
        equal(state["processes"][0]["pid"], child, "pid")


WAITS = """
import os, signal, sys, time
# As a shell with job control, or su(1): it wants to know when its child is stopped.
pid = os.fork()
if not pid:
    if "job" in sys.argv:
        os.setpgid(0, 0)
    os.execv(sys.argv[2], sys.argv[2:])
stops = 0
while True:
    _, status = os.waitpid(pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        break
    stops += 1
    if "busy" in sys.argv[1]:
        # For longer than the child lives.
        until = time.monotonic() + 0.7
        while time.monotonic() < until:
            pass
    if "su" in sys.argv[1]:
        os.kill(os.getpid(), signal.SIGSTOP)
        os.kill(pid, signal.SIGCONT)
print("STOPS", stops, flush=True)
os._exit(os.waitstatus_to_exitcode(status))
"""


@suite.test("a parent that stops itself when its child is stopped, as su and sudo do, is continued; a job of a shell is never stopped")
def _():
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("plain", "su", "busy su"):
            status, state, done = record(folder, sys.executable, "-c", WAITS, kind, LIVES, "load", PLUGIN, "status", 6)
            equal(status, 6, f"{kind}: status ({done.stderr.decode()})")
            held_from_the_start(state, 1, BY_CONSTRUCTOR)
        status, _, done = record(folder, sys.executable, "-c", WAITS, "job", LIVES, "load", PLUGIN, "status", 6)
        equal((status, done.stdout.decode()), (6, "STOPS 0\n"), "status, and how often a job was stopped")


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    until(lambda: state_of(pid) == "T", what=f"process {pid} never stopped")


def hold_while_stopped(traced):
    """Make the command be held while pooltrace cannot do anything: the pid of the command."""
    pid = int(traced.line("AT "))
    traced.state()
    stop(traced.pid)
    traced.go()
    until(lambda: state_of(pid) == "T", what="the command was never held")
    return pid


@suite.test("pooltrace is killed, or stopped for long, while a process is held: it goes on and ends as it would have")
def _():
    for how in (signal.SIGKILL, None):
        with Traced(LIVES, "wait", "load", PLUGIN, "wait", "status", 4) as traced:
            pid = hold_while_stopped(traced)
            if how:
                os.kill(traced.pid, how)
                traced.process.wait()
            equal(int(traced.line("AT ")), pid, "the command")
            no_probes_but(pid, traced)
            traced.process.stdin.close()
            until(lambda: not is_alive(pid), what="the command never ended")
            if not how:
                os.kill(traced.pid, signal.SIGCONT)
                equal(traced.process.wait(), 4, "status")
        until(lambda: not guards(traced.pid), what="a guard remains")


def no_probes_but(pid, traced):
    if traced.process.poll() is not None:
        no_probes(pid, "after pooltrace was killed")


def guards(session_of):
    """Processes that guard those that are held, of a pooltrace that had pid @session_of."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                text = f.read()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if "(pooltrace-guard)" in text and int(text.rsplit(")", 1)[1].split()[1]) == session_of:
            found.append(int(pid))
    return found


@suite.test("a process that somebody else stops while it is held remains stopped, until they continue it")
def _():
    with Traced(LIVES, "wait", "load", PLUGIN, "wait", "status", 8) as traced:
        pid = hold_while_stopped(traced)
        os.kill(pid, signal.SIGSTOP)
        os.kill(traced.pid, signal.SIGCONT)
        until(lambda: traced.state()["processes"], what="never attached")
        until(lambda: state_of(pid) == "T", what="it went on")
        os.kill(pid, signal.SIGCONT)
        equal(int(traced.line("AT ")), pid, "the command")
        status, state = traced.end()
        equal(status, 8, "status")
        held_from_the_start(state, 1, BY_CONSTRUCTOR)


@suite.test("the guard being killed, nobody is held any more, and nothing else is lost")
def _():
    with Traced(LIVES, "wait", "spawn", "load", PLUGIN, "wait", "status", 2) as traced:
        traced.line("AT ")
        traced.state()
        guard, = guards(traced.pid)
        os.kill(guard, signal.SIGKILL)
        until(lambda: state_of(guard) == "Z", what="the guard lives")
        traced.state()
        traced.go()
        pid = int(traced.line("AT "))
        state = until(lambda: next((s for s in [traced.state()] if s["processes"]), None), what="never attached")
        equal(process_of(state)["pid"], pid, "the process")
        equal(traced.end()[0], 2, "status")


@suite.test("a command that is debugged is not stopped")
def _():
    with tempfile.TemporaryDirectory() as folder:
        debugger = ("import ctypes, os, sys\n"
                    "pid = os.fork()\n"
                    "if not pid:\n"
                    "    ctypes.CDLL(None).ptrace(0, 0, 0, 0)\n"
                    "    os.execv(sys.argv[1], sys.argv[1:])\n"
                    "signals = []\n"
                    "while True:\n"
                    "    _, status = os.waitpid(pid, 0)\n"
                    "    if not os.WIFSTOPPED(status): break\n"
                    "    signals.append(os.WSTOPSIG(status))\n"
                    "    ctypes.CDLL(None).ptrace(7, pid, 0, 0)\n"
                    "print(signals, flush=True)\n"
                    "os._exit(os.waitstatus_to_exitcode(status))\n")
        status, _, done = record(folder, sys.executable, "-c", debugger, LIVES, "load", PLUGIN, "status", 6)
        # The exec of a traced process is a SIGTRAP; there is nothing else that its debugger did not expect.
        equal((status, done.stdout.decode()), (6, f"[{signal.SIGTRAP.value}]\n"), f"status, signals ({done.stderr.decode()})")


# ---- processes that we attach to ----

def stops_of(pid):
    """Was our child @pid stopped since we asked last?"""
    return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None


@suite.test("a process that we attach to is never stopped; what it allocated before we saw its runtime is in the books, and the gap told")
def _():
    for options in ((), ("--attach=single",)):
        with Lives("wait", "load", PLUGIN, "step", "allocate", 13, "free", 5, "step") as target:
            target.line("AT ")
            with Pooltrace("-p", target.pid, "--wait", "--check=off", *options) as pooltrace:
                equal(pooltrace.state()["processes"], [], "processes")
                target.go()
                view = target.step()[1]
                state = until(lambda: next((s for s in [pooltrace.state()] if s["processes"]), None), what="never attached")
                equal(pools(state), {p: view.get(p, 0) for p in POOLS}, "pools")
                assert process_of(state)["gap_ns"] >= 0, f"no gap: {state}"
                target.go()
                view = target.step()[1]
                equal(pools(pooltrace.state()), {p: view.get(p, 0) for p in POOLS}, "pools")
                equal(stops_of(target.pid), False, "it was stopped")
                target.go()
                equal(target.wait(), 0, "status")


@suite.test("new processes are found without being asked for, and leave with their last word")
def _():
    with Pooltrace("--check=off") as pooltrace:
        pooltrace.state()
        for status in (0, 3):
            with Lives("load", PLUGIN, "step", "status", status) as target:
                view = target.step()[1]
                state = until(lambda: found(pooltrace, target.pid), what="never attached")
                equal(pools(state, target.pid), {p: view.get(p, 0) for p in POOLS}, "pools")
                assert "gap_ns" in process_of(state, target.pid), f"{state}"
                target.go()
                equal(target.wait(), status, "status")
                state = until(lambda: gone(pooltrace, target.pid), what="never gone")


def found(pooltrace, pid):
    state = pooltrace.state()
    return state if [p for p in state["processes"] if p["pid"] == pid and "ended" not in p and p["coverage"] == "exact"] else None


def gone(pooltrace, pid):
    """It is not in the table any more, or with its end."""
    state = pooltrace.state()
    return not [p for p in state["processes"] if p["pid"] == pid and "ended" not in p]


def headless(words, mode):
    """Trace a process whose main thread has ended, or does so meanwhile, to its end."""
    before = words.index("thread") < words.index("step")
    with Lives(*words) as target:
        target.step()
        if before:
            until(lambda: state_of(target.pid) == "Z", what="the main thread never ended")
        with Pooltrace("-p", target.pid, "--check=off", f"--attach={mode}") as pooltrace:
            pooltrace.state()
            if not before:
                target.go()
                target.step()
                until(lambda: state_of(target.pid) == "Z", what="the main thread never ended")
                # A perf event is the main thread's: the process is detached from, and attached to with events of all processes.
                told = until(lambda: watched_again(pooltrace, target.pid, mode), what="never watched again")
                equal([p.get("ended") for p in told], ["detached", None] if mode == "single" else [None], "rows of the process")
            target.go()
            view = target.step()[1]
            state = pooltrace.state()
            state["processes"] = [p for p in state["processes"] if "ended" not in p]
            equal(pools(state), {p: view.get(p, 0) for p in POOLS}, f"pools ({mode})")
            equal((state["events"], process_of(state)["coverage"]), (18, "exact"), f"events and coverage ({mode})")
            equal(state_of(target.pid), "Z", "the main thread")
            equal(pools(once(target.pid)), {p: view.get(p, 0) for p in POOLS}, "pools of --once")
            equal(pooltrace.end(), 0, f"status: {pooltrace.stderr()}")
        no_probes_of_reader(target.pid)
        target.go()
        equal(target.wait(), 0, "status")


def watched_again(pooltrace, pid, mode):
    """Its rows, once one lives that has seen the end of the main thread."""
    told = [p for p in pooltrace.state()["processes"] if p["pid"] == pid]
    return told if len(told) == (2 if mode == "single" else 1) and "ended" not in told[-1] else None


@suite.test("a process whose main thread has ended is traced like any other, before and after that")
def _():
    for mode in MODES:
        headless(["load", PLUGIN, "thread", "step", "allocate", 13, "free", 5, "step"], mode)
        headless(["load", PLUGIN, "step", "thread", "step", "allocate", 13, "free", 5, "step"], mode)


@suite.test("beside a process whose main thread has ended, which has probes for all, calls of others are counted once")
def _():
    for mode in MODES:
        with Lives("load", PLUGIN, "thread", "step", "allocate", 7, "step") as dead, \
                Lives("load", PLUGIN, "step", "allocate", 13, "free", 5, "step") as other:
            dead.step()
            other.step()
            until(lambda pid=dead.pid: state_of(pid) == "Z", what="the main thread never ended")
            with Pooltrace("-p", dead.pid, "-p", other.pid, "--check=off", f"--attach={mode}") as pooltrace:
                pooltrace.state()
                other.go()
                other.step()
                equal(pooltrace.state()["events"], 18, f"events of the other ({mode})")
                dead.go()
                dead.step()
                equal(pooltrace.state()["events"], 18 + 7, f"events of both ({mode})")


def no_probes_of_reader(pid):
    tid = next(t for t in os.listdir(f"/proc/{pid}/task") if int(t) != pid)
    no_probes(tid, "of a process whose main thread has ended")


@suite.test("a child that is forked loses the probes soon, and its parent keeps them")
def _():
    with Lives("load", PLUGIN, "many", 3, "wait") as target:
        children = []
        with Pooltrace("-p", target.pid, "--check=off", "--wait") as pooltrace:
            children = [int(target.line("AT ")) for _ in range(3)]
            pooltrace.state()
            for child in children:
                no_probes(child, "in a child")
        for _ in children:
            target.go()
        equal(target.wait(), 0, "status")
    with Lives("load", PLUGIN, "step", "fork-too", "step") as target:
        target.step()
        with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
            pooltrace.state()
            probes = code_changed(target.pid)
            target.go()
            target.step()
            equal(code_changed(target.pid), probes, "probes of the parent")
            target.go()
            equal(target.wait(), 0, "status")


# ---- files, mounts and namespaces ----

def copy_standin(folder):
    """The stand-in's files, to be deleted, replaced, or mounted elsewhere."""
    for name in ("standin-lives", "libstandin_plugin.so", "libstandin_metal.so"):
        shutil.copy2(os.path.join(STANDIN, name), folder)
    return os.path.join(folder, "standin-lives"), os.path.join(folder, "libstandin_plugin.so")


def traced_steps(pooltrace, targets, first_events=0):
    """Let each target allocate 13 and free 5 while it is traced: each call is seen once, and all pools are right."""
    for target in targets:
        target.go()
    for target in targets:
        view = target.step()[1]
        equal(pools(pooltrace.state(), target.pid), {p: view.get(p, 0) for p in POOLS}, f"pools of process {target.pid}")
    state = pooltrace.state()
    equal(state["events"] - first_events, 18 * len(targets), "events")
    equal(state["lost"] + state["corrections"] + state["unknown_frees"] + state["replaced"], 0, "anomalies")
    return state["events"]


STEPS = ["step", "allocate", 13, "free", 5, "step"]
# Of two containers, each its own upper folder over the same files.
CONTAINER = "mount -t overlay overlay -o lowerdir={0}/lower,upperdir={0}/upper{1},workdir={0}/work{1} {0}/merged{1} && exec \"$@\""


@suite.test("two processes in containers whose overlays have the same file below are each counted once, and traced by the real file")
def _():
    if os.geteuid():
        raise Skip("root, to mount")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("lower", *(f"{kind}{i}" for kind in ("upper", "work", "merged") for i in "12")):
            os.mkdir(os.path.join(folder, name))
        copy_standin(os.path.join(folder, "lower"))
        targets = []
        try:
            for i in "12":
                merged = os.path.join(folder, f"merged{i}")
                targets.append(Lives("load", os.path.join(merged, "libstandin_plugin.so"), *STEPS,
                                     program=os.path.join(merged, "standin-lives"),
                                     prefix=["unshare", "-m", "--propagation", "private", "sh", "-c", CONTAINER.format(folder, i), "sh"]))
            for target in targets:
                target.step()
            for target in targets:
                equal(any(os.path.join(folder, "merged") in path for path, _ in files_of(target.pid)), True, "an overlay")
            with Pooltrace("-p", ",".join(str(t.pid) for t in targets), "--check=off") as pooltrace:
                equal(len(pooltrace.state()["processes"]), 2, "processes")
                traced_steps(pooltrace, targets)
            for target in targets:
                no_probes(target.pid)
        finally:
            for target in targets:
                target.process.kill()
                target.wait()


def files_of(pid):
    with open(f"/proc/{pid}/maps") as maps:
        return {(words[5].strip(), words[4]) for words in (line.split(maxsplit=5) for line in maps) if len(words) > 5}


@suite.test("a library that was deleted, and one that was replaced by another while it is mapped, are traced by the file that is mapped")
def _():
    for replaced in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            lives, plugin = copy_standin(folder)
            with Lives("load", plugin, *STEPS, program=lives) as target:
                target.step()
                for name in ("libstandin_metal.so", "libstandin_plugin.so"):
                    path = os.path.join(folder, name)
                    os.unlink(path)
                    if replaced:
                        shutil.copy2("/bin/true", path)
                assert any("(deleted)" in path for path, _ in files_of(target.pid)), "nothing is deleted: this tests nothing"
                with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
                    pooltrace.state()
                    traced_steps(pooltrace, [target])
                target.go()
                equal(target.wait(), 0, "status")


@suite.test("several copies of a runtime are traced at a time")
def _():
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        copies = [copy_standin(folder) for folder in (one, other)] + [(LIVES, PLUGIN)]
        targets = [Lives("load", plugin, *STEPS, program=lives) for lives, plugin in copies]
        try:
            for target in targets:
                target.step()
            with Pooltrace("-p", ",".join(str(t.pid) for t in targets), "--check=off") as pooltrace:
                pooltrace.state()
                traced_steps(pooltrace, targets)
        finally:
            for target in targets:
                target.process.kill()
                target.wait()


@suite.test("a process with very long lines in /proc/PID/maps is traced as any other")
def _():
    with tempfile.TemporaryDirectory() as folder:
        deep = folder
        # Names of files may have 255 bytes, paths in maps as many as fit in a page.
        for _ in range(13):
            deep = os.path.join(deep, "x" * 250)
            os.mkdir(deep)
        lives, plugin = copy_standin(deep)
        with Lives("load", plugin, *STEPS, program=lives) as target:
            target.step()
            assert max(len(path) for path, _ in files_of(target.pid)) > 3000, "no line is long: this tests nothing"
            with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
                pooltrace.state()
                traced_steps(pooltrace, [target])
            target.go()
            equal(target.wait(), 0, "status")


@suite.test("a process in a pid namespace of its own is traced from outside, and one of ours from inside")
def _():
    if os.geteuid():
        raise Skip("root, to make a namespace")
    with tempfile.TemporaryDirectory() as folder:
        # The namespace's first process: its pid is 1 there.
        status, state, done = record(folder, "unshare", "-p", "-f", "--mount-proc", "sh", "-c", f"{LIVES} spawn load {PLUGIN} free 3; exit $?")
        equal(status, 0, f"status ({done.stderr.decode()})")
        held_from_the_start(state, 1, BY_CONSTRUCTOR + 3)
        path = os.path.join(folder, "inside.pt")
        done = subprocess.run(["unshare", "-p", "-f", "--mount-proc", POOLTRACE, "record", "-f", "-o", path, "--check=off", "--",
                               LIVES, "many", "3", "exec", "load", PLUGIN, "status", "6"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120)
        equal(done.returncode, 6, f"status ({done.stderr.decode()})")
        held_from_the_start(json.loads(run("report", "--json", path)[1]), 3, 3 * BY_CONSTRUCTOR)


@suite.test("a file that exports the runtime's names and is loaded before it, but is not the runtime, gets no probe")
def _():
    with tempfile.TemporaryDirectory() as folder:
        # As tests of the runtime leave something out: the one that a program calls is this one.
        source = os.path.join(folder, "shim.c")
        with open(source, "w") as f:
            f.write("int _ZN2tt8tt_metal12GraphTracker16track_deallocateEPNS0_6BufferE(void) { return 0; }\n")
        shim = os.path.join(folder, "shim.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, source], check=True)
        with Lives("load", PLUGIN, *STEPS, prefix=["env", f"LD_PRELOAD={shim}"]) as target:
            target.step()
            with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
                pooltrace.state()
                assert not [path for path, _ in code_changed(target.pid) if path == shim], "a probe in the shim"
                traced_steps(pooltrace, [target])
            target.go()
            equal(target.wait(), 0, "status")

# ---- privileges ----

CAPABILITIES = {"dac_read_search": 2, "kill": 5, "sys_ptrace": 19, "sys_admin": 21, "perfmon": 38, "bpf": 39, "checkpoint_restore": 40}


def capabilities(pid):
    """Of all threads of a process: permitted, and how those differ that could be had back."""
    found = set()
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/status") as f:
            lines = dict(line.split(":", 1) for line in f)
        found.add(tuple(int(lines[key], 16) for key in ("CapPrm", "CapEff", "CapInh")))
    return found


@suite.test("what is not needed for tracing is given up; the command that we start keeps all that it would have had")
def _():
    ours, = capabilities("self")
    needed = sum(1 << number for name, number in CAPABILITIES.items() if name != "sys_admin") & ours[0]
    if needed == ours[0]:
        raise Skip("a capability that is not needed")
    more = {"multi": 0, "single": 1 << CAPABILITIES["sys_admin"]}
    with Traced(LIVES, "wait", "load", PLUGIN, "wait") as traced:
        pid = int(traced.line("AT "))
        traced.state()
        wanted = needed | more[MODES[0]]
        equal(capabilities(traced.pid), {(wanted, wanted, 0)}, "capabilities of pooltrace")
        guard, = guards(traced.pid)
        kill = 1 << CAPABILITIES["kill"]
        equal(capabilities(guard), {(kill, kill, 0)}, "capabilities of the guard")
        equal(capabilities(pid), {ours}, "capabilities of the command")
        # All that is done later can be done with that.
        traced.go()
        traced.line("AT ")
        held_from_the_start_but_running(traced.state())
        equal(traced.end()[0], 0, "status")
    with Lives("load", PLUGIN, *STEPS) as target:
        target.step()
        for mode in MODES:
            with Pooltrace("-p", target.pid, "--check=off", f"--attach={mode}") as pooltrace:
                pooltrace.state()
                wanted = needed | more[mode]
                equal(capabilities(pooltrace.pid), {(wanted, wanted, 0)}, f"capabilities ({mode})")
        target.process.kill()


def held_from_the_start_but_running(state):
    p = process_of(state)
    equal((p["coverage"], p["gap_ns"], state["events"]), ("exact", 0, BY_CONSTRUCTOR), "coverage, gap, events")


# ---- identity ----

@suite.test("pids and thread ids that are used again in no time are other processes and threads")
def _():
    if os.geteuid():
        raise Skip("root, to make a namespace")
    if tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2]) < (6, 14):
        raise Skip("a limit of pids for each namespace (Linux 6.14)")
    # The namespace's first pids are never used again, and of the others there are few.
    few = ["unshare", "-p", "-f", "--mount-proc", "sh", "-c", "echo 330 > /proc/sys/kernel/pid_max && exec \"$@\"", "sh"]
    with open("/proc/sys/kernel/pid_max") as f:
        before = f.read()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.pt")
        for command, processes, events in (
                ([STORM, "--threads", "1", "--allocations", "4001", "--frees", "4001", "--exit-every", "7"], 1, None),
                (["sh", "-c", f"for i in $(seq 101); do {LIVES} load {PLUGIN} free 3 || exit; done"], 101, 101 * 104)):
            done = subprocess.run([*few, POOLTRACE, "record", "-f", "-o", path, "--check=off", "--", *command], input=b"\n",
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
            equal(done.returncode, 0, f"status ({done.stderr.decode()})")
            state = json.loads(run("report", "--json", path)[1])
            if events is None:
                result = dict(w.split("=") for w in done.stdout.decode().split("RESULT ")[1].splitlines()[0].split())
                exits = int(result["exits"])
                assert exits > 500, f"only {exits} threads"
                equal(process_of(state)["failed_allocations"], exits, "failures: one of each thread that ended in a call")
                events = 2 * 4001 + exits
            held_from_the_start(state, processes, events)
    with open("/proc/sys/kernel/pid_max") as f:
        equal(f.read(), before, "the limit outside")


@suite.test("a program that executes itself without randomised addresses inherits nothing, though all addresses are the same")
def _():
    words = ["load", PLUGIN, "allocate", 7, "step", "exec", "load", PLUGIN, "step"]
    for prefix in ((), ("setarch", "-R")):
        with Lives(*words, prefix=prefix) as target:
            target.step()
            with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
                pooltrace.state()
                target.go()
                view = target.step()[1]
                state = until(lambda: found(pooltrace, target.pid), what="never watched again")
                living_now = [p for p in state["processes"] if "ended" not in p]
                equal(pools({"processes": living_now}), {p: view.get(p, 0) for p in POOLS}, "pools of the new program")
            target.go()
            equal(target.wait(), 0, "status")


# ---- storms ----

def moments(nr, longest):
    rng = random.Random(nr)
    return [longest * (i + rng.random()) / nr for i in range(nr)]


@suite.test("pooltrace is killed at 13 moments while it holds processes of a command: the command ends as it would have, at once")
def _():
    command = ["sh", "-c", f"{LIVES} many 9 spawn load {PLUGIN} status 5; echo END $?"]
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        record(folder, *command)
        longest = time.monotonic() - start
        killed = 0
        for delay in moments(13, longest):
            with subprocess.Popen([POOLTRACE, "record", "-f", "-o", os.path.join(folder, "run.pt"), "--", *command],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as pooltrace:
                lines = Lines(pooltrace.stdout)
                select.select([], [], [], delay)
                killed += pooltrace.poll() is None
                pooltrace.kill()
                # Killed before it had let its command run: that never runs. The end of the pipe: nobody is left who has it.
                said = lines.all()
                assert said in ([], ["END 5"]), f"after {delay:.3f} s: {said}"
        assert killed > 6, f"only {killed} were killed: this tests nothing"


@suite.test(f"200 processes at once, then a storm of processes of all kinds, killed at random, as pooltrace is, for {SECONDS} s")
def _():
    if os.geteuid():
        raise Skip("root, to make a namespace")
    storm = os.path.join(os.path.dirname(os.path.abspath(__file__)), "process_storm.py")
    done = subprocess.run(["unshare", "-p", "-f", "--mount-proc", "--kill-child", sys.executable, storm, str(SECONDS), str(SEED), "200"],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS + 300)
    equal(done.returncode, 0, f"status ({done.stderr.decode()[-3000:]})")
    counts = json.loads(done.stdout)
    assert counts["compared"] > 300 and counts["killed"] > 100, f"{counts}"


if __name__ == "__main__":
    suite.main()
