"""usage: run.py RELEASE [short]   - boot the cloud kernel of that release of Debian under qemu, without KVM, and run tests there

short: of each suite what one kernel is likeliest to do otherwise than another, for each change; the rest takes four times as long.

The kernel gets an initramfs with the program that was built (BUILD), the stand-ins and the tests, as they are on this
machine: root.py. What the tests print comes through a serial port, and is told here as one suite: each test under the release's
name, and that the kernel has come up, has run all of them to their end, and has complained of nothing.
"""
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import root  # noqa: E402

BUILD = os.path.realpath(os.environ.get("BUILD", os.path.join(root.ROOT, "build")))
MEMORY = "2G"
CPUS = 2
# QEMU before 8.0 leaves wrong flags behind cmpxchg16b, with which an interrupt becomes a double fault.
CPU = "max,-cx16"
# One thread for both processors, in turns: with one each, what a processor has patched in the kernel's code is run stale by the other
# (an int3 of static keys that nobody knows any more: "Oops: int3"), which no real processor does.
ACCELERATOR = "tcg,thread=single"
# What hangs because this machine is busy is not the kernel's fault.
COMMAND_LINE = "console=ttyS0 quiet oops=panic panic=-1 nosoftlockup rcupdate.rcu_cpu_stall_suppress=1"
COMPLAINTS = re.compile(r"\] (BUG|WARNING|Oops|Kernel panic|INFO|------------\[ cut here|general protection|traps: PANIC)")

# What depends on the kernel; a test here takes ten times as long as on this machine. A file, words of the tests that are run (none:
# all), and its environment.
DOCTOR = ("bpf/test_doctor.py", ("root:", "four capabilities", "without BTF", "pid namespace doctor", "of a process: "), {})
STORM = ("bpf/test_storm.py", ("nothing is lost", "pid namespace", "calls made, nothing is told", "exceptions"), {})
RETURNS = ("bpf/test_returns.py", ("(auto)",), {})
WAYS = ("bpf/test_ways.py", (*(f"{line}: each call once, whatever way it ends (auto)" for line in (
    "throw 29 101", "pass 23 103", "mixed 11 131", "table 7 136", "forms 1 139", "end 5")), "in each (auto)"), {})
CYCLES = ("bpf/test_cycles.py", (), {"CYCLES": "4"})
POOLS = ("bpf/test_pools.py", ("shrunk", "dropped on purpose"), {})
MESSAGES = ("bpf/test_messages.py", ("own process, without privileges", "tracefs"), {})
PROCESSES = ("bpf/test_processes.py", ("no call is missed", "forked child that", "stops itself", "debugged", "never stopped",
                                       "like any other, before", "beside a process", "loses the probes", "deleted", "a pid namespace of",
                                       "not needed", "without randomised"), {})
HARM = ("bpf/test_harm.py", ("same with seven", "however pooltrace", "the target ends while", "inside a call, is watched", "eleven",
                             "no room", "two of us"), {})
STACKS = ("bpf/test_stacks.py", ("finds itself", "over the budget"), {})
PYTHON = ("bpf/test_python.py", ("all frames of all", "a Python to try"), {})
FEATURES = ("kernels/test_features.py", (), {})
TESTS = (FEATURES, DOCTOR, STORM, RETURNS, WAYS, CYCLES, POOLS, MESSAGES, PROCESSES, HARM, STACKS, PYTHON)

SHORT = {
    STORM[0]: ("nothing is lost", "exceptions"), RETURNS[0]: ("seven threads", "a fork inside"), WAYS[0]: ("in each (auto)",),
    CYCLES[0]: ("held inside",), POOLS[0]: ("shrunk",), MESSAGES[0]: ("own process, without privileges",),
    PROCESSES[0]: ("no call is missed", "like any other, before"), HARM[0]: ("the target ends while", "eleven", "no room"),
    STACKS[0]: ("finds itself",), DOCTOR[0]: ("without BTF", "of a process: "),
}


def shortened(tests):
    return tuple((name, SHORT.get(name, wanted), more) for name, wanted, more in tests)


# What each lacks: the tests hold what the program finds by asking against it.
KERNELS = {
    "bullseye": ((FEATURES,), "task_storage uprobe_multi uprobe_single uprobe_session sleepable cgroup_memory"),  # 5.10
    "bookworm": (TESTS, "uprobe_multi uprobe_session"),  # 6.1
    "trixie": (TESTS, "uprobe_session"),  # 6.12
}


class Suite:
    """TAP of several suites as one."""

    def __init__(self, name):
        self.name, self.told, self.failed = name, 0, 0

    def test(self, good, sentence):
        self.told += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.told} - {self.name}: {sentence}", flush=True)

    def end(self):
        print(f"1..{self.told}")
        return 1 if self.failed else 0


class Running:
    """One suite of the guest, as far as it has come."""

    def __init__(self, test):
        self.file, self.wanted, _ = test
        self.planned, self.told, self.failed = None, [], 0

    def end(self, suite, status):
        """All that it planned was told, its status is right, and no test that was wanted has another name by now."""
        missing = [w for w in self.wanted if not any(w in name for name in self.told)]
        right = self.planned == len(self.told) > 0 and (status == 0) == (self.failed == 0) and not missing
        suite.test(right, f"{self.file}: {len(self.told)} of {self.planned} tests, status {status}" +
                   (f", none named {missing}" if missing else ""))


def command(test):
    name, wanted, more = test
    words = [shlex.quote("|".join(map(re.escape, wanted)))] if wanted else []
    return " ".join([*(f"{k}={v}" for k, v in more.items()), "python3", f"tests/{name}", *words])


def write_initramfs(path, tests, lacks):
    environment = {"BUILD": BUILD, "LACKS": lacks, "PYTHONDONTWRITEBYTECODE": "1"}
    with open(path, "wb") as file:
        archive = root.Archive(file)
        root.fill(archive, BUILD)
        archive.add("/tests", 0o40755)
        archive.add("/tests/list", 0o100644, "".join(command(t) + "\n" for t in tests).encode())
        lines = [f"export {k}={shlex.quote(v)}\n" for k, v in environment.items()]
        lines += [f'PATH={shlex.quote(os.path.dirname(sys.executable))}:"$PATH"\n', f"cd {shlex.quote(root.ROOT)}\n"]
        archive.add("/tests/environment", 0o100644, "".join(lines).encode())
        archive.end()


def qemu(kernel, initramfs, console):
    """It ends with us, however we end."""
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-accel", ACCELERATOR, "-cpu", CPU, "-smp", str(CPUS), "-m", MEMORY,
         "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-kernel", kernel, "-initrd", initramfs,
         "-append", COMMAND_LINE, "-serial", f"file:{console}", "-serial", "stdio"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)


def relay(suite, lines, tests):
    """Tell what the guest tells. Returns whether it came to its end."""
    running, left = None, list(tests)
    for line in lines:
        line = line.decode(errors="replace").rstrip("\r\n")
        if line.startswith("# booted "):
            suite.test(True, line[2:])
        elif line.startswith("# run "):
            running = Running(left.pop(0))
        elif line.startswith("# status "):
            running.end(suite, int(line.split()[2]))
            running = None
        elif line == "# end":
            return not running and not left
        elif running and (plan := re.fullmatch(r"1\.\.(\d+)", line)):
            running.planned = int(plan[1])
        elif running and (told := re.fullmatch(r"(not )?ok \d+ - (.*)", line)):
            running.told.append(told[2])
            running.failed += told[1] is not None
            suite.test(not told[1], told[2])
        else:
            print(line if line.startswith("#") else f"# {line}", flush=True)
    return False


def main():
    release = sys.argv[1]
    if release not in KERNELS or sys.argv[2:] not in ([], ["short"]):
        sys.exit(f"usage: run.py RELEASE [short]; RELEASE is one of {', '.join(KERNELS)}")
    tests, lacks = KERNELS[release]
    tests = shortened(tests) if sys.argv[2:] else tests
    kernel = subprocess.run([os.path.join(HERE, "fetch"), release], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    suite, whole = Suite(release), False
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("run.py: it takes too long"))
    with tempfile.TemporaryDirectory() as folder:
        initramfs, console = os.path.join(folder, "initramfs"), os.path.join(folder, "console")
        write_initramfs(initramfs, tests, lacks)
        with qemu(kernel, initramfs, console) as machine:
            try:
                whole = relay(suite, machine.stdout, tests)
            finally:
                if not whole:
                    machine.kill()
        with open(console, errors="replace") as file:
            said = file.read().splitlines()
    suite.test(whole, "all tests were run")
    complaints = [line for line in said if COMPLAINTS.search(line)]
    suite.test(not complaints, "the kernel complained of nothing")
    for line in said[-60:] if complaints or not whole else []:
        print(f"# {line}")
    sys.exit(suite.end())


if __name__ == "__main__":
    main()
