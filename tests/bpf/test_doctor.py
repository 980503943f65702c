"""`pooltrace doctor` says what is so, and capabilities do instead of root: what it says is compared with what tracing does."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import INFER, equal_pools  # noqa: E402
from harness import BPFTOOL, BUILD, MODES, POOLTRACE, Pooltrace, Suite, Target, equal, pools, process_of, run, until  # noqa: E402

suite = Suite("doctor")
OWNER, TRACER = 30011, 30013  # users that nobody is
NEEDED = ("bpf", "perfmon", "sys_ptrace", "dac_read_search")
LIBRARY = os.path.join(BUILD, "standin", "libstandin_metal.so")
# Of a kernel without it doctor says what that costs.
NOTED = set() if "multi" in MODES else {"uprobe_multi, cookies"}
# Debian's kernels know a third degree of caution: perf events, which tell what is mapped, need cap_sys_admin then.
with open("/proc/sys/kernel/perf_event_paranoid", encoding="ascii") as paranoid:
    UNTOLD = {"events of what is mapped"} if int(paranoid.read()) > 2 else set()


class Copies:
    """Copies of the programs that every user can run: the build may lie where only root can go."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="pooltrace-doctor-")
        os.chmod(self.folder, 0o755)
        for path in (POOLTRACE, INFER, LIBRARY):
            shutil.copy(path, self.folder)
        self.pooltrace = os.path.join(self.folder, os.path.basename(POOLTRACE))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def target(self, user):
        return Target([*as_user(user), os.path.join(self.folder, os.path.basename(INFER)), "--hold", "--seconds", "0", "--seed", "7"])

    def program(self, *capabilities):
        """pooltrace as user TRACER with these capabilities and no way to more."""
        sets = ",".join(["-all", *("+" + c for c in capabilities)])
        return (*as_user(TRACER), f"--inh-caps={sets}", f"--ambient-caps={sets}", f"--bounding-set={sets}", "--no-new-privs",
                self.pooltrace)


def as_user(user):
    return ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups")


def call(program, *arguments):
    done = subprocess.run([*program, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def is_absent(finding):
    """A part of the runtime that the target's file has nothing of."""
    return finding["section"] in ("probes", "layout", "books") and (
        finding["what"].endswith(" not there") or
        re.search("no function matches '|no file that the process maps defines it", finding.get("why", "")))


class Doctor:
    """What it says, in JSON; the text must agree with that as to the last line."""

    def __init__(self, program, *arguments):
        status, out, err = call(program, "doctor", "--json", *arguments)
        equal(err, "", "stderr")
        answer = json.loads(out)
        equal((answer["schema"], answer["works"]), (1, status == 0), "schema, and whether it works")
        self.works = answer["works"]
        self.findings = answer["findings"]

    def at(self, level):
        """Names of findings, without what the stand-in does not stand for."""
        return {f["name"] for f in self.findings if f["level"] == level and not is_absent(f)}

    def one(self, name, section=None):
        found = [f for f in self.findings if f["name"] == name and section in (None, f["section"])]
        assert len(found) == 1, f"{len(found)} findings '{name}' in {self.findings}"
        return found[0]


def follow_to_end(target, program):
    """Trace from the weights on; every later table equals the target's own figures."""
    target.go()
    _, view = target.step()
    with Pooltrace("-p", target.pid, program=program) as pooltrace:
        state = pooltrace.state()
        equal_pools(state, view, "pools at attach")
        steps = 0
        target.go()
        while (step := target.step()) and step[0] != "closed":
            state = pooltrace.state()
            equal_pools(state, step[1], f"pools at {step[0]}")
            equal(state["lost"] + state["corrections"], 0, "lost and corrected")
            target.go()
            steps += 1
        assert steps >= 4 and state["events"] > 4, f"{steps} steps, {state['events']} events"
        equal(process_of(state, target.pid)["coverage"], "exact", "coverage")
        equal(pooltrace.stderr(), "", "stderr")


@suite.test("root: all is well, text and JSON say the same, and nothing stays")
def _():
    doctor = Doctor((POOLTRACE,))
    equal((doctor.works, doctor.at("problem"), doctor.at("note")), (True, set(), NOTED), "works, problems, notes")
    how = "uprobe_multi" if "multi" in MODES else "single uprobes"
    equal(doctor.one("our own probe")["what"], f"7 of 7 calls seen, with {how}", "trial")
    for mnemonic, emulated in (("push", True), ("mov", False)):
        cost = doctor.one(mnemonic, "cost of a hit")
        equal((cost["instruction"], cost["emulated"]), (mnemonic, emulated), "cost")
        assert cost["hit_ns"] > 0, cost
    status, out, err = run("doctor")
    equal((status, err, out.splitlines()[-1]), (0, "", "tracing works, 1 note" if NOTED else "tracing works"), "text")
    for finding in doctor.findings:
        assert f" {finding['name']} " in out, f"{finding} is not in {out}"

    def ours():
        objects = json.loads(subprocess.run([BPFTOOL, "-j", "prog", "list"], capture_output=True, check=True).stdout)
        objects += json.loads(subprocess.run([BPFTOOL, "-j", "map", "list"], capture_output=True, check=True).stdout)
        return [o for o in objects if o.get("name", "").startswith("pt_")]

    until(lambda: not ours(), 30, f"left in the kernel: {ours()}")


@suite.test("with four capabilities instead of root, another user's process is traced exactly; doctor notes what is not held")
def _():
    if "multi" not in MODES:
        # Without it probes are perf events, which need a fifth.
        return without([], False, {"cap_sys_admin", "our own probe", "uprobe_multi, cookies", "single uprobes, cookies"}, UNTOLD)
    with Copies() as copies, copies.target(OWNER) as target:
        target.step()
        doctor = Doctor(copies.program(*NEEDED), "-p", target.pid)
        equal((doctor.works, doctor.at("problem"), doctor.at("note")), (True, set(), {"cap_checkpoint_restore"} | UNTOLD), "works, problems, notes")
        follow_to_end(target, copies.program(*NEEDED))


@suite.test("with two of them, a process of the same user")
def _():
    with Copies() as copies, copies.target(TRACER) as target:
        target.step()
        doctor = Doctor(copies.program("bpf", "perfmon"), "-p", target.pid)
        equal((doctor.works, doctor.at("problem")), (True, set()), "works, problems")
        equal(doctor.one("memory")["what"], "can be read", "memory")
        follow_to_end(target, copies.program("bpf", "perfmon"))


def without(missing, works, problems, notes):
    """Doctor's answer without a capability, and whether pooltrace does as it says."""
    with Copies() as copies, copies.target(OWNER) as target:
        program = copies.program(*(c for c in NEEDED if c not in missing))
        target.step()
        target.go()
        _, view = target.step()
        doctor = Doctor(program, "-p", target.pid)
        equal((doctor.works, doctor.at("problem"), doctor.at("note") - {"cap_checkpoint_restore"}), (works, problems, notes),
              "works, problems, notes")
        for finding in doctor.findings:
            assert finding["level"] != "problem" or "do" in finding, f"nothing to do about {finding}"
        status, out, err = call(program, "--count", 1, "-i", "20ms", "--json", "-p", target.pid)
        equal(status == 0, works, f"pooltrace works ({err})")
        status, out, err = call(program, "--once", "--json", "-p", target.pid)
        if status == 0:
            equal_pools(json.loads(out), view, "--once")
        return doctor, status, target.pid


# What only commands that we start need, or are found sooner by.
HOLD = {"events of what is mapped", "holding of commands"}
TRIAL = {"our own probe", "programs at probes", "task storage", "raw tracepoints", "uprobe_multi, cookies", "single uprobes, cookies"}


@suite.test("without cap_bpf nothing can be loaded, but --once works")
def _():
    doctor, once, _ = without(["bpf"], False, TRIAL | {"cap_bpf", "ring buffer"}, {"sleepable uprobes", "holding of commands"} | UNTOLD)
    equal((doctor.one("cap_bpf")["level"], once), ("problem", 0), "cap_bpf, status of --once")


@suite.test("without cap_perfmon nothing can be loaded, but --once works")
def _():
    _, once, _ = without(["perfmon"], False, TRIAL | {"cap_perfmon"}, {"sleepable uprobes", *HOLD})
    equal(once, 0, "status of --once")


@suite.test("without cap_sys_ptrace another user's process cannot be traced, and doctor of the machine alone says that others can")
def _():
    doctor, once, pid = without(["sys_ptrace"], False, {"runtime"}, {"cap_sys_ptrace"} | UNTOLD)
    finding = doctor.one("runtime")
    assert finding["what"].startswith("cannot open '") and "cap_sys_ptrace" in finding["do"], finding
    equal((finding["pid"], once), (pid, 1), "pid, status of --once")
    with Copies() as copies:
        equal(Doctor(copies.program(*(c for c in NEEDED if c != "sys_ptrace"))).works, True, "works")


@suite.test("without cap_dac_read_search another user's process is traced, but not what was before")
def _():
    doctor, once, pid = without(["dac_read_search"], True, set(), {"cap_dac_read_search", "memory"} | UNTOLD)
    finding = doctor.one("memory")
    equal(finding["what"], f"cannot read the memory of process {pid}: Operation not permitted", "memory")
    equal((finding["do"], once), ("run as root, or grant cap_sys_ptrace,cap_dac_read_search", 1), "to do, status of --once")


@suite.test("without any capability doctor works, and names what is missing")
def _():
    doctor, once, _ = without(NEEDED, False, TRIAL | {"cap_bpf", "cap_perfmon", "ring buffer", "runtime"},
                              {"cap_sys_ptrace", "cap_dac_read_search", "sleepable uprobes", *HOLD})
    equal(once, 1, "status of --once")
    assert "setcap cap_bpf," in doctor.one("cap_bpf")["do"], doctor.one("cap_bpf")


@suite.test("root of a user namespace holds everything, and may do nothing")
def _():
    doctor = Doctor(("unshare", "-Ur", POOLTRACE))
    assert not doctor.works and {"user namespace", "cap_bpf", "our own probe"} <= doctor.at("problem"), doctor.findings


@suite.test("without BTF")
def _():
    doctor = Doctor(("unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh", POOLTRACE))
    equal((doctor.works, doctor.at("problem")), (False, {"BTF", "our own probe"}), "works, problems")
    equal(doctor.one("BTF")["what"], "cannot read /sys/kernel/btf/vmlinux: No such file or directory", "BTF")


@suite.test("where /proc is another pid namespace's")
def _():
    doctor = Doctor(("unshare", "-pf", POOLTRACE))
    assert not doctor.works and "/proc" in doctor.at("problem"), doctor.findings


def inside():
    """In a pid namespace: what doctor says, and how many events pooltrace sees of a process that makes some."""
    with Target([INFER, "--hold", "--seconds", "0"]) as target:
        target.step()
        doctor = Doctor((POOLTRACE,), "-p", target.pid)
        with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
            pooltrace.state()
            target.go()
            _, view = target.step()
            state = pooltrace.state()
        status, out, _ = run("--once", "--json", "-p", target.pid)
        print(json.dumps({"works": doctor.works, "finding": doctor.one("pid namespace"), "events": state["events"],
                          "view": view, "once": pools(json.loads(out)) if status == 0 else None}))


@suite.test("inside of a pid namespace doctor says whether events are seen there; --once works")
def _():
    done = subprocess.run(["unshare", "-pf", "--mount-proc", "--kill-child", sys.executable, os.path.abspath(__file__), "inside"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    equal((done.returncode, done.stderr), (0, ""), "status and stderr inside")
    found = json.loads(done.stdout)
    equal(found["works"], found["events"] > 0, "works, as it does")
    equal(found["finding"]["level"], "note" if found["events"] else "problem", "pid namespace")
    assert "pids are those of the container" in found["finding"]["why"], found["finding"]
    equal(found["once"], found["view"], "--once")


@suite.test("of a process: runtime, library, build id, each probe with its place and cost, layout and books")
def _():
    with Target([INFER, "--hold", "--seconds", "0"]) as target:
        target.step()
        doctor = Doctor((POOLTRACE,), "-p", target.pid)
        equal((doctor.works, doctor.at("problem") | doctor.at("note")), (True, NOTED), "works, problems and notes")
        equal(doctor.one("library")["what"], os.path.realpath(LIBRARY), "library")
        notes = subprocess.run(["readelf", "-n", LIBRARY], capture_output=True, text=True, check=True).stdout
        assert f"Build ID: {doctor.one('build id')['what']}\n" in notes, notes
        probes = {(f["file"], f["offset"]): f for f in doctor.findings if f["section"] == "probes" and "file" in f}
        _, listed, _ = run("runtimes", "-p", target.pid)
        for site in [line.split()[1].rstrip(":") for line in listed.splitlines() if line.startswith("              at 0x")]:
            probe = probes.pop((os.path.realpath(LIBRARY), int(site, 16)))
            assert probe["hit_ns"] > 0 and probe["instruction"] in probe["what"], probe
        equal([f["name"] for f in probes.values()], ["throw"], "probes in other files")
        equal(doctor.one("as of now")["what"], "4 pools, 0 blocks", "books")
        equal({f["pid"] for f in doctor.findings if "pid" in f}, {target.pid}, "pid")


@suite.test("of a process that has no runtime, or does not exist")
def _():
    with Target(["cat"]) as target:
        doctor = Doctor((POOLTRACE,), "-p", target.pid)
        equal((doctor.works, doctor.one("runtime")["what"]), (False, "none that is known is mapped"), "runtime")
    with open("/proc/sys/kernel/pid_max") as f:
        nobody = int(f.read())
    doctor = Doctor((POOLTRACE,), "-p", nobody)
    equal((doctor.works, doctor.one("who")["what"]), (False, f"no process {nobody}"), "who")


if __name__ == "__main__":
    if sys.argv[1:] == ["inside"]:
        inside()
    else:
        suite.main()
