"""What is asked for wrongly of a running program: one clear message with a hint, the status that is documented, no crash."""
import ctypes
import glob
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import INFER, STORM, Storm, equal_pools  # noqa: E402
from harness import BUILD, MODES, POOLTRACE, ROOT, Lines, Pooltrace, Skip, Suite, Target, equal, once, process_of, run  # noqa: E402

suite = Suite("messages")
NOBODY = 65534
LIBRARY = os.path.join(BUILD, "standin", "libstandin_metal.so")
NO_PROBES = re.compile("pooltrace: cannot load the probes: Operation not permitted\nhint: run as root, or grant cap_bpf,cap_perfmon,.*\n")
LOOK_HINT = "run as root, or grant cap_sys_ptrace,cap_dac_read_search"
FIND_HINT = "`pooltrace --once` without -p finds the processes that have a known runtime"
DETECT = "_ZN2tt8tt_metal11BankManager15allocate_bufferE*"
# What there is to look for, in the order of the names of their files. Others are of interpreters.
FILES = [open(path).read() for path in sorted(glob.glob(os.path.join(ROOT, "runtimes", "*.rt")))]
FILES = [text for text in FILES if re.search(r"^runtime\s", text, re.MULTILINE)]
KNOWN = [tuple(re.search(rf"^{word}\s+(\S+)", text, re.MULTILINE).group(1) for word in ("runtime", "detect")) for text in FILES]
POOLS = list(dict.fromkeys(pool for text in FILES for line in re.findall(r"^pool\s+([^#\n]*)", text, re.MULTILINE)
                           for pool in re.findall(r"\d+=(\S+)", line)))
NO_RUNTIME_HINT = "looked for " + ", ".join(f"{name} (a file that defines '{symbol}')" for name, symbol in KNOWN) + \
    "; --wait waits until it maps one"
# Every command that looks at a process.
TRACING = (["-p"], ["--once", "-p"], ["events", "-p"], ["record", "-o", "never.pt", "-p"])


def verbs():
    with open(os.path.join(ROOT, "user", "runtime", "runtime.h")) as header:
        return re.findall(r'X\([A-Z_]+, "(\w+)"', header.read().split("#define RT_VERBS(X)")[1].split("enum rt_verb")[0])


def harmless(text):
    """No byte of @text moves a cursor, colours, reorders or breaks a line."""
    for c in text:
        assert c == "\n" or (" " <= c <= "~") or c > "\xa0", f"{c!r} in {text!r}"
        assert c not in "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffd", f"{c!r} in {text!r}"


def pooltrace(*arguments, prefix=(), cwd=None):
    """(exit status, stdout, stderr) of one run, which has not died of a signal and printed nothing but text."""
    done = subprocess.run([*prefix, POOLTRACE, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, cwd=cwd)
    assert 0 <= done.returncode < 128, f"{arguments}: status {done.returncode}: {done.stderr!r}"
    out, err = done.stdout.decode(), done.stderr.decode()
    harmless(out)
    harmless(err)
    return done.returncode, out, err


def refuses(text, hint, *arguments, status=1, prefix=(), cwd=None):
    """Nothing is shown; the message is this one, with this hint, and nothing more."""
    with tempfile.TemporaryDirectory() as folder:
        got = pooltrace(*arguments, prefix=prefix, cwd=cwd or folder)
        equal(got, (status, "", f"pooltrace: {text}\nhint: {hint}\n"), f"{' '.join(map(str, arguments))}")
        equal(os.listdir(folder), [], "files left behind")


class Scene:
    """A folder that everyone can enter, with copies of the programs: the build may lie where only root can go."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        for path in (POOLTRACE, STORM, INFER, LIBRARY):
            shutil.copy(path, self.folder)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, os.path.basename(name))


def as_nobody(command):
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]


def in_mounts(*mounts):
    """A prefix that runs a command where these are mounted: 'tmpfs DIR', or 'bind FILE FILE'."""
    words = {"tmpfs": "mount -t tmpfs none", "bind": "mount --bind"}
    lines = [f"{words[kind]} {rest}" for kind, rest in (m.split(" ", 1) for m in mounts)]
    return ["unshare", "-m", "sh", "-c", " && ".join(lines) + ' && exec "$0" "$@"']


def infer(*more):
    """An inference program that stands at its first step."""
    return Target([INFER, "--seconds", "0", "--hold", *more])


def loaded(target):
    """Walk to the step at which its weights are there, and return its pools."""
    while (step := target.step())[0] != "weights":
        target.go()
    return step[1]


@suite.test("a process that does not exist")
def _():
    # Pids are below pid_max.
    pid = open("/proc/sys/kernel/pid_max").read().strip()
    for command in (*TRACING, ["runtimes", "-p"]):
        refuses(f"no process {pid}", FIND_HINT, *command, pid)
    refuses(f"no process {pid}", FIND_HINT, "--wait", "-p", pid)


@suite.test("a process that has ended, and waits for its parent")
def _():
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    for command in (*TRACING, ["runtimes", "-p"]):
        refuses(f"process {child.pid} has ended (a zombie: its parent has not asked for its status)", FIND_HINT, *command, child.pid)
    child.wait()


@suite.test("a thread is no process: the message names its process")
def _():
    with Storm("--threads", 2, "--loop") as target:
        target.go()
        target.barrier()
        thread = next(t for t in os.listdir(f"/proc/{target.pid}/task") if int(t) != target.pid)
        for command in (*TRACING, ["runtimes", "-p"]):
            refuses(f"{thread} is no process, but a thread of process {target.pid} 'standin-storm'",
                    f"use the process: -p {target.pid}", *command, thread)
        target.go("quit")


@suite.test("a thread of the kernel")
def _():
    def is_kernels(pid):
        try:
            # The flags, PF_KTHREAD among them.
            return int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[6]) & 0x200000
        except OSError:
            return False
    pid = next((p for p in os.listdir("/proc") if p.isdigit() and is_kernels(p)), None)
    if not pid:
        raise Skip("no thread of the kernel in this pid namespace")
    for command in TRACING:
        refuses(f"no mappings of process {pid}: it has ended, or is one of the kernel's own", FIND_HINT, *command, pid)


@suite.test("a process without a runtime: what was looked for")
def _():
    with Target(["cat"]) as target:
        for command in TRACING:
            refuses(f"process {target.pid} maps no known runtime", NO_RUNTIME_HINT, *command, target.pid)
        hint = "looked for: " + ", ".join(f"{name} ({symbol})" for name, symbol in KNOWN)
        refuses(f"process {target.pid} maps no known runtime", hint, "runtimes", "-p", target.pid)


@suite.test("--wait waits until the process executes a program that has one, and then its figures are right")
def _():
    with Target(["sh", "-c", 'read line; exec "$0" --threads 3 --allocations 1009 --frees 503', STORM]) as target:
        with Pooltrace("-p", target.pid, "--wait") as tracer:
            equal(tracer.state()["processes"], [], "processes before")
            target.go()
            target.line("READY")
            while not (state := tracer.state())["processes"]:
                pass
            equal(process_of(state)["coverage"], "exact", "coverage")
            target.go()
            target.line("RESULT")
            view = target.step()[1]
            equal_pools(tracer.state(), view, "pools")


@suite.test("--wait for a process that ends without one")
def _():
    with Target(["cat"]) as target, Pooltrace("-p", target.pid, "--wait") as tracer:
        equal(tracer.state()["processes"], [], "processes before")
        target.wait()
        equal(tracer.process.wait(30), 1, "status")
        equal(tracer.stderr(), f"pooltrace: process {target.pid} ended and had not mapped a known runtime\n", "message")


@suite.test("--wait that is interrupted has shown nothing: status 130")
def _():
    for command in ([], ["events"]):
        with Target(["cat"]) as target, Pooltrace(*command, "-p", target.pid, "--wait") as tracer:
            tracer.ready_for_signals()
            os.kill(tracer.pid, signal.SIGINT)
            equal(tracer.process.wait(30), 130, "status")
            equal((tracer.lines.all(), tracer.stderr()), ([], ""), "output")


@suite.test("another user's process, without privileges")
def _():
    with Scene() as scene, infer() as target:
        loaded(target)
        for command in TRACING:
            equal(pooltrace_of(scene, *command, target.pid),
                  (1, "", f"pooltrace: cannot read the mappings of process {target.pid}: Permission denied\nhint: {LOOK_HINT}\n"), command)
        status, out, err = pooltrace_of(scene, "--once")
        equal((status, out), (1, ""), "--once of all")
        assert re.fullmatch(rf"pooltrace: no process maps a known runtime\nhint: \d+ process(es)? may not be looked at: {LOOK_HINT}\n",
                            err), err


def pooltrace_of(scene, *arguments):
    """A run without privileges."""
    done = subprocess.run(as_nobody([scene.path(POOLTRACE), *map(str, arguments)]), stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, cwd="/")
    assert 0 <= done.returncode < 128, f"{arguments}: status {done.returncode}: {done.stderr!r}"
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@suite.test("one's own process, without privileges: --once shows it, probes need more")
def _():
    with Scene() as scene, Target(as_nobody([scene.path(INFER), "--seconds", "0", "--hold"])) as target:
        view = loaded(target)
        for select in (["-p", target.pid], []):
            status, out, err = pooltrace_of(scene, "--once", "--json", *select)
            equal((status, err), (0, ""), f"--once {select}")
            equal_pools(json.loads(out), view, "pools")
        for command in (["-p"], ["events", "-p"], ["record", "-o", "never.pt", "-p"]):
            status, out, err = pooltrace_of(scene, *command, target.pid)
            equal((status, out), (1, ""), command)
            assert NO_PROBES.fullmatch(err), err
        # There is nothing to look for before the probes are there.
        status, out, err = pooltrace_of(scene)
        equal((status, out), (1, ""), "all")
        assert NO_PROBES.fullmatch(err), err


@suite.test("root that lacks a capability of the process is not told to be root")
def _():
    with infer() as target:
        loaded(target)
        status, out, err = pooltrace("-p", target.pid, prefix=["setpriv", "--bounding-set=-sys_ptrace,-sys_admin,-checkpoint_restore"])
        equal((status, out), (1, ""), "status and output")
        assert re.fullmatch(rf"pooltrace: cannot (read the mappings of process {target.pid}|open '.*', which process {target.pid} maps): "
                            "Permission denied\nhint: the process has a capability that pooltrace lacks, or a container or security "
                            "module forbids it\n", err), err


@suite.test("a kernel without BTF: probes need it, --once does not")
def _():
    prefix = in_mounts("tmpfs /sys/kernel/btf")
    with infer() as target:
        view = loaded(target)
        refuses("cannot load the probes: this kernel has no BTF (/sys/kernel/btf/vmlinux)",
                "use a kernel with CONFIG_DEBUG_INFO_BTF=y; `pooltrace --once` works without", "-p", target.pid, prefix=prefix)
        status, out, err = pooltrace("--once", "--json", "-p", target.pid, prefix=prefix)
        equal((status, err), (0, ""), "--once")
        equal_pools(json.loads(out), view, "pools")


@suite.test("tracefs is not needed, whichever way probes are set")
def _():
    hidden = [f"tmpfs {d}" for d in ("/sys/kernel/tracing", "/sys/kernel/debug") if os.path.isdir(d)]
    with infer() as target:
        view = loaded(target)
        for how in MODES:
            status, out, err = pooltrace("--json", "--count", 1, f"--attach={how}", "-p", target.pid, prefix=in_mounts(*hidden))
            equal((status, err), (0, ""), how)
            equal_pools(json.loads(out), view, how)


@suite.test("a kernel without uprobes")
def _():
    prefix = in_mounts("tmpfs /sys/bus/event_source")
    with infer() as target:
        loaded(target)
        refuses(f"cannot attach to process {target.pid}: Operation not supported",
                "this kernel has no uprobes (CONFIG_UPROBE_EVENTS); `pooltrace --once` needs none", "--attach=single", "-p", target.pid,
                prefix=prefix)
        # Not asked for: said once, and the rest goes on.
        status, out, err = pooltrace("--attach=single", "--json", "--count", 3, "-i", "1ms", prefix=prefix)
        equal(status, 0, "status")
        equal(err.count(f"cannot attach to process {target.pid}"), 1, f"messages in {err}")
        equal(len(out.splitlines()), 3, "updates")


@suite.test("a sandbox that hides which pages are present: probes work, the books cannot be read, which is said")
def _():
    why = "cannot see in /proc/self/pagemap which pages are present"
    hint = "run as root, outside of a sandbox that hides pagemap"
    prefix = in_mounts("bind /dev/zero /proc/$$/pagemap")
    with infer() as target:
        view = loaded(target)
        refuses(why, hint, "--once", "-p", target.pid, prefix=prefix)
        status, out, err = pooltrace("--json", "--count", 1, "-p", target.pid, prefix=prefix)
        equal((status, err), (0, f"pooltrace: process {target.pid}: what it allocated before now is not known: {why}; hint: {hint}\n"), "top")
        equal(process_of(json.loads(out))["coverage"], "partial", "coverage")
        assert view["DRAM"] > 0, view


def without_reading():
    """In a child, before exec: process_vm_readv is refused with EPERM."""
    class Filter(ctypes.Structure):
        _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]

    class Program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_uint16), ("filter", ctypes.POINTER(Filter))]
    rows = (Filter * 4)(Filter(0x20, 0, 0, 0),         # load the number of the system call
                        Filter(0x15, 0, 1, 310),       # process_vm_readv?
                        Filter(0x06, 0, 0, 0x50001),   # EPERM
                        Filter(0x06, 0, 0, 0x7fff0000))  # allowed
    libc = ctypes.CDLL(None)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(Program(4, rows)), 0, 0):
        os._exit(99)


@suite.test("memory that may not be read: probes work, --once says why it does not")
def _():
    with infer() as target:
        loaded(target)

        def confined(*arguments):
            done = subprocess.run([POOLTRACE, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                                  preexec_fn=without_reading)
            return done.returncode, done.stdout.decode(), done.stderr.decode()
        why = f"cannot read the memory of process {target.pid}: Operation not permitted"
        equal(confined("--once", "-p", target.pid), (1, "", f"pooltrace: {why}\nhint: {LOOK_HINT}\n"), "--once")
        status, out, err = confined("-p", target.pid, "--json", "--count", 1)
        equal((status, err), (0, f"pooltrace: process {target.pid}: what it allocated before now is not known: {why}; hint: {LOOK_HINT}\n"),
              "top")
        equal(process_of(json.loads(out))["coverage"], "partial", "coverage")


@suite.test("an unknown pool lists those that there are; a device that is none")
def _():
    with infer() as target:
        loaded(target)
        for command in (["-p"], ["--once", "-p"], ["events", "-p"]):
            refuses(f"no pool 'HBM': there are {', '.join(POOLS[:-1])} and {POOLS[-1]}",
                    f"several are separated by commas; '!{POOLS[0]}' is all but that one",
                    *command, target.pid, "--pool", "L1,HBM", status=2)
            refuses("no device 'zero': a number is wanted", "devices are numbered from 0; several are separated by commas, and 4-7 is 4 to 7",
                    *command, target.pid, "--device", "zero", status=2)
        # It may come to be used yet.
        status, out, err = pooltrace("--once", "--device", 7, "-p", target.pid)
        equal((status, err, out.splitlines()[-1].strip()), (0, "", "nothing on these devices"), "device 7")
        equal(process_of(json.loads(pooltrace("--once", "--json", "--device", 7, "-p", target.pid)[1]))["devices"], [], "devices")


@suite.test("a runtime file with a mistake, and one that fits the library badly")
def _():
    with tempfile.TemporaryDirectory() as folder, infer() as target:
        loaded(target)

        def file(text):
            path = os.path.join(folder, "r.rt")
            open(path, "w").write(text)
            return path
        path = file("runtime x\ndetect y\non z frobnicate arena=arg0\n")
        refuses(f"{path}:3:6: unknown verb 'frobnicate'\n  on z frobnicate arena=arg0\n       ^",
                "verbs are: " + " ".join(verbs()),
                "-p", target.pid, "--runtime", path)
        # It takes the place of the runtime of that name, and finds nothing but what it is detected by.
        path = file(f"runtime tt-metal\ndetect {DETECT}\npool 0=DRAM\non a begin arena=arg0 pool=*arg0:4 asked=arg1\n"
                    "on b alloc address=arg0\non c free arena=arg0 address=arg1\n")
        for command in (*TRACING, ["runtimes", "-p"]):
            refuses(f"no function that allocates or frees for runtime 'tt-metal' was found in '{LIBRARY}'", "no function matches 'a'",
                    *command, target.pid, "--runtime", path)


@suite.test("a process that dies at a random moment of the attach, 90 times: a table or one message, never a crash")
def _():
    allowed = re.compile(r"pooltrace: (no process \d+|process \d+ has ended( \(a zombie.*\))?|no mappings of process \d+: .*"
                         r"|process \d+ ended while pooltrace (attached to|looked at) it|cannot .* process \d+: No such process)\n"
                         r"(hint: .*\n)?")
    dice, seen = random.Random(1), {}
    for attempt in range(90):
        command = (["--json", "-i", "1ms"], ["--json", "--once"], ["events"], ["runtimes"], ["--attach=single", "-i", "1ms"])[attempt % 5]
        with infer() as target:
            loaded(target)
            tracer = subprocess.Popen([POOLTRACE, *command, "-p", str(target.pid)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE)
            # Not a wait for anything: the moment is to be a random one.
            try:
                tracer.wait(dice.random() * 0.03)
            except subprocess.TimeoutExpired:
                pass
            target.process.kill()
            if attempt % 2:
                target.process.wait()
            out, err = (text.decode() for text in tracer.communicate(timeout=60))
            seen[tracer.returncode] = seen.get(tracer.returncode, 0) + 1
            if tracer.returncode == 1:
                assert allowed.fullmatch(err), f"{command}: {err!r}"
            else:
                equal((tracer.returncode, err), (0, ""), f"{command}")
                assert out or command == ["events"], f"{command}: nothing shown"
    assert len(seen) == 2, f"only one way to end: {seen}"


@suite.test("processes that come and die while all are watched: nothing is said, and those that live are right")
def _():
    # Two threads fill the usual ring in a quarter of a second, for which a busy machine may not let us run.
    with Storm("--threads", 2, "--loop") as target, Pooltrace("--ring-size=67108864") as tracer:
        target.go()
        tracer.state()
        for _ in range(20):
            with infer() as other:
                loaded(other)
                tracer.ask()
                other.process.kill()
                tracer.lines.next()
        _, view = target.barrier()
        equal_pools_of(tracer.state(), target.pid, view)
        target.go("quit")
        target.line("RESULT")
        equal(tracer.end(), 0, "status")
        equal(tracer.stderr(), "", "messages")


def equal_pools_of(state, pid, view):
    process = process_of(state, pid)
    for device in process["devices"]:
        for pool, figures in device["pools"].items():
            equal(figures["reserved"], view[pool], f"{pool} of process {pid}")


HOSTILE = b"\x1b[31m\x07\xc2\x9b2J\xff"
ARGUMENT = b"\x1b]0;owned\x07\r\n\x9b31m\xe2\x80\xae\xc2\x85\xff\xc0\xaf\x7f \xc3\xa4"
SHOWN_NAME = "\\x1b[31m\\x07\\xc2\\x9b2J\\xff"
SHOWN_ARGUMENT = "\\x1b]0;owned\\x07\\x0d\\x0a\\x9b31m\\xe2\\x80\\xae\\xc2\\x85\\xff\\xc0\\xaf\\x7f \u00e4"


@suite.test("a name, a command line and a file name with escape sequences, C1 controls and broken UTF-8 reach no terminal")
def _():
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(os.fsencode(folder), b"\x1b[2J\xc2\x9b\xfe\n")
        os.mkdir(place)
        shutil.copy(os.fsencode(LIBRARY), place)
        program = os.path.join(place, HOSTILE)
        shutil.copy(os.fsencode(STORM), program)
        process = subprocess.Popen([ARGUMENT, "--threads", "2", "--loop"], executable=program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            hostile(process, os.path.join(folder, "h.pt"))
        finally:
            process.kill()
            process.communicate()


def hostile(process, recording):
    lines = Lines(process.stdout)

    def advance():
        process.stdin.write(b"\n\n")
        process.stdin.flush()
        while not lines.next().startswith("STEP"):
            pass
    pid = process.pid
    lines.next()
    advance()
    advance()
    equal(open(f"/proc/{pid}/comm", "rb").read(), HOSTILE[:15] + b"\n", "the name is as hostile as it was meant to be")
    thread = next(t for t in os.listdir(f"/proc/{pid}/task") if int(t) != pid)
    for arguments in (["--once"], ["--once", "--wide"], ["--count", "1", "-v", "-o", recording], ["report", recording],
                      ["report", "--wide", recording], ["-r", recording], ["-r", recording, "--color=always", "--bytes"]):
        selected = [] if recording in arguments and "-o" not in arguments else ["-p", pid]
        status, out, err = run(*arguments, *selected)
        equal(status, 0, arguments)
        harmless(re.sub("\x1b\\[[0-9;]*m", "", out) if "--color=always" in arguments else out)
        harmless(err)
        assert SHOWN_NAME in out and SHOWN_ARGUMENT in out, f"{arguments}: {out}"
    state = once(pid)
    equal((process_of(state)["name"], process_of(state)["command"]), (SHOWN_NAME, SHOWN_ARGUMENT + " --threads 2 --loop"), "JSON")
    status, out, err = pooltrace("runtimes", "-p", pid)
    equal((status, err), (0, ""), "runtimes")
    assert SHOWN_ARGUMENT in out and "\\x1b[2J\\xc2\\x9b\\xfe\\x0a/libstandin_metal.so" in out, out.splitlines()[0]
    status, out, err = pooltrace("-p", thread)
    equal((status, out), (1, ""), "a thread")
    assert f"a thread of process {pid} '{SHOWN_NAME}'" in err, err
    for arguments in (["events"], ["events", "--json"]):
        with Pooltrace(*arguments, "-p", pid, json_output=False) as tracer:
            look_at_events(tracer, advance)
            equal(tracer.end(), 0, arguments)


def look_at_events(tracer, advance):
    """Let the threads run from barrier to barrier until there are events, and look at the first."""
    while not select.select([tracer.lines.fd], [], [], 0)[0]:
        advance()
        tracer.ask()
    for _ in range(20):
        line = tracer.lines.next()
        harmless(line)
        if line.startswith("{"):
            json.loads(line)


@suite.test("a recording that cannot be written: exists, no folder, a folder")
def _():
    with tempfile.TemporaryDirectory() as folder, infer() as target:
        loaded(target)
        path = os.path.join(folder, "a.pt")
        equal(run("record", "-p", target.pid, "-o", path, "--count", 1)[0], 0, "status of the first")
        before = open(path, "rb").read()
        for command in ("record", "top", "events"):
            refuses(f"cannot record to '{path}': File exists", "-f overwrites it", command, "-p", target.pid, "-o", path)
            equal(open(path, "rb").read(), before, "the recording that was there")
            refuses(f"cannot record to '{folder}/none/a.pt': No such file or directory", "-o FILE names a file that can be written",
                    command, "-p", target.pid, "-o", f"{folder}/none/a.pt")
            refuses(f"cannot record to '{folder}': Is a directory", "-o FILE names a file that can be written",
                    command, "-p", target.pid, "-o", folder)


@suite.test("a recording that is cut, flipped, or none")
def _():
    with tempfile.TemporaryDirectory() as folder, Storm("--threads", 2, "--allocations", 211, "--frees", 101) as target:
        path, other = os.path.join(folder, "a.pt"), os.path.join(folder, "b.pt")
        with Pooltrace("-p", target.pid, "-o", path) as tracer:
            tracer.state()
            target.go()
            target.report()
            tracer.state()
            equal(tracer.end(), 0, "status")
        whole, dice = open(path, "rb").read(), random.Random(2)
        for _ in range(40):
            at = dice.randrange(len(whole))
            for bytes_ in (whole[:at], whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1:]):
                open(other, "wb").write(bytes_)
                for command in (["report"], ["top", "--json", "-r"], ["events", "-r"]):
                    status, out, err = pooltrace(*command, other)
                    equal(status, 1, f"{command}: status, {at} of {len(whole)}")
                    assert re.fullmatch("(pooltrace: .*\n)+hint: .*\n", err), err
        refuses(f"'{POOLTRACE}' is not a recording: it does not begin with POOLTRACE", "`pooltrace record -o FILE` makes one",
                "report", POOLTRACE)
        refuses(f"cannot open '{other}.none': No such file or directory", "name a recording, which `pooltrace record -o FILE` makes",
                "report", f"{other}.none")


if __name__ == "__main__":
    suite.main()
