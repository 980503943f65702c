"""What recordings cost: to make one, beside `perf record` of the same sites; and to ask one."""
import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
import time

import peers
from figures import median
from harness import BUILD, POOLTRACE

RATE, SECONDS, THREADS = 100_000, 4, 2  # events of the storm
RECORD_PERCENT = 10.0
REPORT_NS = 100.0  # ten million events a second
LIVE_BYTES = 64.0
AT_MS = 1000.0
MIXES = (("model", 1_000), ("storm", 200))  # and how many blocks live
GENERATE = os.path.join(BUILD, "bench", "bench-generate")
PEAK = os.path.join(BUILD, "bench", "bench-peak")
FILES = {peers.Record: "run.pt", peers.Perf: "perf.data"}


def run(command):
    """(CPU time of it and of its children, time, most memory that it had, in bytes)."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    path = shutil.which(command[0]) or command[0]
    done = subprocess.run([PEAK, path, *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
    peak = re.search(r"^peak (\d+)$", done.stderr, re.M)
    if done.returncode or not peak:
        raise peers.Failed(f"{' '.join(map(os.path.basename, command[:2]))}: {done.stderr.strip()[-300:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - began, int(peak.group(1))


# ---- to make one ----

class Storm:
    """One peer in one round: what it used, wrote and received while the target made @events."""

    def __init__(self, program, peer, path):
        attach_s = peer.start()
        try:
            before = peer.tree_cpu_ns()
            self.pairs, ns = (int(n) for n in re.findall(r"\d+", program.ask(f"storm {RATE} {SECONDS * 1000} {THREADS}", "PAIRS ")))
            self.percent = (peer.tree_cpu_ns() - before) / ns * 100
            self.rate = 2 * self.pairs * 1e9 / ns
        finally:
            self.attach_s, self.received = attach_s, peer.stop()[1]
        self.events = 2 * self.pairs
        self.lost = peer.pair_values * self.pairs - self.received
        self.bytes = os.path.getsize(path)


def readable(path):
    """How many events a reader gets of a recording whose writer was killed: 0 if it gives none."""
    if path.endswith(".pt"):
        done = subprocess.run([POOLTRACE, "report", path, "--json"], capture_output=True, text=True)
        return json.loads(done.stdout)["summary"]["processes"][0]["events"] if done.stdout else 0
    done = subprocess.run(["perf", "script", "-F", "event", "-i", path], capture_output=True, text=True)
    return len(done.stdout.splitlines())


def killed(program, peer, path):
    """(events made before SIGKILL, those that can be read)."""
    peer.start()
    made = int(program.ask(f"storm {RATE} {SECONDS * 1000} {THREADS}", "PAIRS ").split()[0])
    peer.process.kill()
    peer.process.wait()
    peer.sites.wait(False)
    peer.process.stdin.close()
    peer.process = None
    peer.clean()
    return peer.pair_values * made, readable(path)


def tell_storms(report, name, storms, against):
    """Lines of one peer; its medians by what they are of."""
    found = {}
    limits = {"CPU": RECORD_PERCENT} if name.startswith("pooltrace") else {}
    for what, unit, values in (("CPU", "% of a core", [s.percent for s in storms]),
                               ("bytes an event", "bytes", [s.bytes / s.events for s in storms])):
        other = (next(iter(against)), against[next(iter(against))][what]) if against else None
        found[what] = report.figure(f"{name}: {what}", values, unit, other, limit=limits.get(what))
    lost, made = sum(s.lost for s in storms), sum(s.events for s in storms)
    report.count(f"{name}: lost", max(lost, 0), f"of {made * 3 // 2 if name.startswith('perf') else made:,}")
    return {name: found}


def storm(report, program, rounds):
    report.section(f"Recording a storm of {RATE:,} events a second ({SECONDS} s, {THREADS} threads; pooltrace writes events, perf hits: 3 of 2 events)")
    with tempfile.TemporaryDirectory() as folder:
        wanted = [(peer(program.sites, folder), os.path.join(folder, FILES[peer])) for peer in (peers.Perf, peers.Record)]
        storms = {}
        for r in range(rounds):
            for peer, path in wanted[r % 2:] + wanted[:r % 2]:
                storms.setdefault(peer.name, []).append(Storm(program, peer, path))
        report.figure("events a second", [s.rate for of in storms.values() for s in of], "events a second")
        told = {}
        for peer, _ in wanted:
            told = tell_storms(report, peer.name, storms[peer.name], told)
        ask_storms(report, wanted, storms)
        for peer, path in wanted:
            made, read = killed(program, peer, path)
            report.count(f"{peer.name}: can be read after kill -9", read, f"of {made:,}")


def ask_storms(report, wanted, storms):
    """What it takes to ask the last of each, once."""
    (perf, data), (record, recording) = wanted
    other = run(["perf", "report", "--stdio", "-i", data])[0] / storms[perf.name][-1].events * 1e9
    report.figure("perf report, an event", [other], "ns of CPU time")
    own = run([POOLTRACE, "report", recording])[0] / storms[record.name][-1].events * 1e9
    report.figure("pooltrace report, an event", [own], "ns of CPU time", ("perf report", other), ratio_limit=1.0)


# ---- to ask one ----

def generate(folder, mix, events, live):
    path = os.path.join(folder, f"{mix}-{live}.pt")
    run([GENERATE, path, str(events), str(live), mix])
    return path


def bytes_read(command):
    """By all reads of the command."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    with open(f"/proc/{process.pid}/io") as f:
        read = int(re.search(r"rchar: (\d+)", f.read()).group(1))
    process.wait()
    return read


def ask(report, folder, mix, live, rounds):
    events = report.events
    path = generate(folder, mix, events, live)
    size = os.path.getsize(path)
    report.figure(f"{mix}, {live:,} live: size", [size / events], "bytes an event", note=f"{size / 1e6:,.1f} MB")
    spent = [run([POOLTRACE, "report", path]) for _ in range(rounds)]
    ns = report.figure(f"{mix}, {live:,} live: report", [cpu / events * 1e9 for cpu, _, _ in spent], "ns of CPU time an event", limit=REPORT_NS)
    report.figure(f"{mix}, {live:,} live: report", [1e3 / ns], "million events a second and core", note=f"{median([s[2] for s in spent]) / 1e6:.0f} MB of memory")
    command = [POOLTRACE, "report", path, "--at", "-1s"]
    report.figure(f"{mix}, {live:,} live: report --at, a second before the end", [run(command)[1] * 1000 for _ in range(rounds)], "ms",
                  limit=AT_MS, note=f"reads {bytes_read(command) / 1e6:.1f} of {size / 1e6:,.1f} MB")
    os.unlink(path)
    return median([s[2] for s in spent])


def ask_live(report, folder, live, base):
    """Bytes that a living block takes, where there are many; @base: what the program takes with few."""
    path = generate(folder, "model", 2 * live, live)
    cpu, _, memory = run([POOLTRACE, "report", path])
    report.figure(f"model, {live:,} live: memory", [(memory - base) / live], "bytes a live block", limit=LIVE_BYTES,
                  note=f"{memory / 1e6:,.0f} MB; {cpu / live / 2 * 1e9:.0f} ns an event")
    os.unlink(path)


def asking(report, _program, rounds):
    report.events = int(os.environ.get("BENCH_EVENTS", "5000000"))
    report.section(f"Asking a recording of {report.events:,} generated events (BENCH_EVENTS=100000000 makes it longer)")
    with tempfile.TemporaryDirectory() as folder:
        base = [ask(report, folder, mix, live, rounds) for mix, live in MIXES][-1]
        for live in (1_000_000, 10_000_000) if report.events >= 20_000_000 else (1_000_000,):
            ask_live(report, folder, live, base)
