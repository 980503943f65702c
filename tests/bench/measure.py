"""What is measured, and how. Each function adds a section to the report."""
import json
import os
import signal
import subprocess
import tempfile
import time

import peers
from figures import median
from harness import POOLS, POOLTRACE, Pooltrace, pools, process_of

FIRST_TABLE_MS = 300
DETACH_MS = 100
FLOORS = ("empty probes", "empty sleepable probes", "probes that tell no value")
OVER_EMPTY = 1.3  # added time of pooltrace, in times of a probe that does nothing
PEERS = ("bpftrace", "perf record")
OVER_PEERS = dict.fromkeys(PEERS, 1.0)
ON_WHEEL = {"bpftrace": 0.1, "perf record": 1.0}
IDLE_PERCENT = 1.0
LIVE_BYTES = 64.0
HEAPS = (0, 512, 2048)  # MiB
ONCE_LIVE = (100, 10000)
ONCE_MS = 1000
LIVE = (0, 7001, 100003, 300007)
BATCHES = 10

TRACE_BUFFERS = 1  # what bench-pairs holds all the time
DROP_CACHES = "/proc/sys/vm/drop_caches"


def ms(seconds):
    return seconds * 1000


# ---- start and end ----

class Cold:
    """Drops the page cache before each start, where that is allowed."""

    def __init__(self):
        self.possible = os.access(DROP_CACHES, os.W_OK) and self.drop()

    @staticmethod
    def drop():
        os.sync()
        try:
            with open(DROP_CACHES, "w") as f:
                f.write("1\n")
        except OSError:
            return False
        return True


def first_table(program, *options):
    """(seconds until the first table has been read, until armed, until the end); the table must be true."""
    wall, began = time.time_ns(), time.monotonic()
    with subprocess.Popen([POOLTRACE, "-p", str(program.pid), "--json", *options], stdout=subprocess.PIPE) as p:
        line = p.stdout.readline()
        shown = time.monotonic() - began
    ended = time.monotonic() - began
    state = json.loads(line)
    view = program.view()
    if pools(state) != {pool: view[pool] for pool in POOLS}:
        raise peers.Failed(f"the first table is not true: {pools(state)}, and the runtime says {view}")
    return shown, (process_of(state)["attached_ns"] - wall) / 1e9, ended


def until_exit(program, how, *options):
    """Seconds from SIGTERM, or from the end of the tick pipe, to the exit, all probes gone."""
    with Pooltrace("-p", program.pid, *options) as pooltrace:
        pooltrace.state()
        began = time.monotonic()
        if how == "signal":
            pooltrace.process.send_signal(signal.SIGTERM)
        else:
            os.close(pooltrace.tick_fd)
            pooltrace.tick_fd = -1
        pooltrace.process.wait()
        took = time.monotonic() - began
    if program.sites.probed():
        raise peers.Failed("probes are left after the exit")
    return took


def own_start():
    """Seconds that the program takes to do nothing."""
    began = time.monotonic()
    subprocess.run([POOLTRACE, "--version"], stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def starts(program, rounds):
    """{what: [ms]}; what is cold is left out where the page cache cannot be dropped."""
    found, cold = {}, Cold()
    for _ in range(rounds):
        for state in ("warm", "cold"):
            works = (("table", lambda: first_table(program, "--count", "1")), ("once", lambda: first_table(program, "--once")),
                     ("own", lambda: (own_start(), 0)))
            for what, work in works:
                if state == "cold" and not (cold.possible and cold.drop()):
                    continue
                shown, armed, *_ = work()
                found.setdefault((what, state), []).append(ms(shown))
                if what == "table":
                    found.setdefault(("armed", state), []).append(ms(armed))
    return found


def start_and_end(report, program, rounds):
    found = starts(program, rounds)
    ends = {how: [ms(until_exit(program, how)) for _ in range(rounds)] for how in ("signal", "pipe")}
    size = os.path.getsize(program.sites.library) / 1e6
    report.section(f"Start and end, on {program.name} ({os.path.basename(program.sites.library)}, {size:.0f} MB)")
    for what, name, limit in (("table", "start to the first true table", FIRST_TABLE_MS), ("armed", "start to all probes set", None),
                              ("once", "start to the table of --once", FIRST_TABLE_MS)):
        for state in ("cold", "warm"):
            if (what, state) in found:
                own = (f"--version, {state}", median(found["own", state]))
                report.figure(f"{name}, {state}", found[what, state], "ms", own, limit=limit)
            else:
                report.missing(f"{name}, {state}", "the page cache cannot be dropped here")
    report.figure("SIGTERM to the exit, no probe left", ends["signal"], "ms", limit=DETACH_MS)
    report.figure("end of the tick pipe to the exit, no probe left", ends["pipe"], "ms", limit=DETACH_MS)
    single(report, program)


def single(report, program):
    """Kernels without uprobe_multi: no limit, but told."""
    try:
        shown, armed, _ = first_table(program, "--count", "1", "--attach=single")
        took = until_exit(program, "signal", "--attach=single")
    except (OSError, ValueError, peers.Failed) as e:
        report.missing("--attach=single", str(e))
        return
    report.figure("--attach=single: start to the first true table", [ms(shown)], "ms", note=f"probes set after {ms(armed):.0f} ms")
    report.figure("--attach=single: SIGTERM to the exit, no probe left", [ms(took)], "ms")


# ---- added time ----

class Session:
    """What one peer did in one round."""

    def __init__(self, program, peer, works):
        self.ns, self.wall, self.cpu = {}, {}, {}
        self.attach_s = peer.start()
        try:
            self.made = sum(self._run(program, peer, *work) for work in works)
        finally:
            self.detach_s, self.received = peer.stop()

    def _run(self, program, peer, label, command, n, units):
        """@units: pairs or replays that @command makes of all threads; @n: of one. The lower quartile of batches: others run as well."""
        each = max(n // BATCHES, 1)
        program.ns(command(each))
        cpu = peer.cpu_ns()
        batches = [program.ns(command(each)) for _ in range(BATCHES)]
        self.ns[label], self.wall[label] = (sorted(b[i] for b in batches)[BATCHES // 4] / units(each) for i in (0, 1))
        self.cpu[label] = (peer.cpu_ns() - cpu) / units(each) / BATCHES
        return units(each) * (BATCHES + 1)


def interleave(report, program, rounds, works, wanted=peers.ALL):
    """{peer: [session of each round]}: each round runs every peer once, in rotating order."""
    sessions, commands = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        alive = [peer(program.sites, folder) for peer in wanted]
        program.ns(works[0][1](works[0][2]))
        for r in range(rounds):
            first = r % len(alive)
            for peer in alive[first:] + alive[:first]:
                try:
                    sessions.setdefault(peer.name, []).append(Session(program, peer, works))
                    commands[peer.name] = peer.shown()
                except peers.Failed as e:
                    alive.remove(peer)
                    sessions.pop(peer.name, None)
                    report.text(f"  not compared: {e}")
    return sessions, commands, {p.name: p.pair_values for p in wanted}


def extra_of(sessions, label):
    """{peer: [what it added in each round]}, of one kind of work."""
    nothing = [s.ns[label] for s in sessions["nothing"]]
    return {name: [s.ns[label] - n for s, n in zip(of, nothing)] for name, of in sessions.items() if name != "nothing"}


def added(report, sessions, label, unit, limits):
    """Lines of one kind of work: what each peer adds to the time with nothing attached."""
    report.figure(f"{label}: nothing attached", [s.ns[label] for s in sessions["nothing"]], f"ns {unit}")
    extra = extra_of(sessions, label)
    walls = {name: median([s.wall[label] - n.wall[label] for s, n in zip(of, sessions["nothing"])]) for name, of in sessions.items()}
    floor = median(extra["empty probes"]) if "empty probes" in extra else None
    for name, values in extra.items():
        against = ("empty probes", floor) if floor and name != "empty probes" else None
        limit = OVER_EMPTY if limits and name.startswith("pooltrace") else None
        report.figure(f"{label}: {name} adds", values, f"ns {unit}", against, ratio_limit=limit, note=f"wall {walls[name]:,.0f}")
    return {name: median(values) for name, values in extra.items()}


def against_peers(report, medians, label, limits=OVER_PEERS):
    """pooltrace record gives a stream, as they do. @limits: of the ratio, by peer."""
    mine = medians.get("pooltrace record")
    for name in ("bpftrace, a line a hit", "perf record"):
        short = name.split(",")[0]
        if mine is not None and medians.get(name):
            report.figure(f"{label}: pooltrace record, against {short}", [mine], "ns a pair", (short, medians[name]),
                          ratio_limit=limits[short])


def losses(report, sessions, values):
    for name, of in sessions.items():
        made = sum(s.made for s in of) * values[name]
        if not made:
            continue
        received = sum(s.received or 0 for s in of)
        foreign = f", and {received - made:,} received that the target did not make" if received > made else ""
        report.count(f"lost by {name}", max(made - received, 0), f"of {made:,} {'events' if values[name] == 2 else 'hits'}{foreign}")


def tracers(report, sessions, label):
    """What the peer itself uses while it traces, and how long it takes to come and go."""
    for name, of in sessions.items():
        if name == "nothing" or name in FLOORS:
            continue
        report.figure(f"CPU of {name}", [s.cpu[label] for s in of], "ns a pair")
    for name, of in sessions.items():
        if name != "nothing":
            report.figure(f"start to all probes set: {name}", [ms(s.attach_s) for s in of], "ms")
            report.figure(f"signal to no probe left: {name}", [ms(s.detach_s) for s in of], "ms")


def tell_commands(report, commands):
    report.text("\nCommands of the peers (PID, and files of the installation by name):\n")
    for name, command in commands.items():
        if command:
            report.text(f"    {name}: {command}")


def wheel_pairs(report, program, rounds):
    n = 20000
    report.section("Added time per allocation and free on the wheel (ttnn.empty and del: 3 probes are hit)")
    works = [("pair", lambda n: f"pairs {n}", n, lambda n: n)]
    sessions, commands, values = interleave(report, program, rounds, works)
    medians = added(report, sessions, "pair", "a pair", limits=True)
    against_peers(report, medians, "pair", ON_WHEEL)
    losses(report, sessions, values)
    tracers(report, sessions, "pair")
    tell_commands(report, commands)


def standin_pairs(report, program, rounds):
    report.section("Added time per allocation and free on the stand-in (optimised C++, a device a thread)")
    works = []
    for threads, n in ((1, 40000), (2, 40000), (8, 10000)):
        label = f"{threads} thread" + ("s" if threads > 1 else "")
        works.append((label, lambda n, t=threads: f"pairs {n} {t}", n, lambda n, t=threads: n * t))
    sessions, _, values = interleave(report, program, rounds, works)
    for label, *_ in works:
        medians = added(report, sessions, label, "a pair", limits=label == "1 thread")
        if label == "1 thread":
            against_peers(report, medians, label)
    losses(report, sessions, values)


# ---- what it costs when nothing is allocated ----

def replays(report, program, rounds):
    n = 20000 if program.name == "the wheel" else 200000
    report.section(f"Added time per replay of a trace on {program.name} (nothing is allocated: 1 probe is hit)")
    works = [("replay", lambda n: f"replays {n}", n, lambda n: n)]
    sessions, _, _ = interleave(report, program, rounds, works, (peers.Peer, peers.Empty, peers.Top))
    added(report, sessions, "replay", "a replay", limits=True)


def percent(pooltrace, seconds, meanwhile=None):
    """Of one core, that the tracer uses while the target does @meanwhile."""
    cpu, began = peers.cpu_ns(pooltrace.pid), time.monotonic()
    if meanwhile:
        while time.monotonic() - began < seconds:
            meanwhile()
    else:
        time.sleep(seconds)
    return (peers.cpu_ns(pooltrace.pid) - cpu) / (time.monotonic() - began) / 1e7


def idle(report, program):
    report.section(f"The tracer's own CPU time on {program.name}, a table every 500 ms")
    with Pooltrace("-p", program.pid, "-i", "500ms", json_output=False) as pooltrace:
        pooltrace.ask()
        pooltrace.lines.next()
        time.sleep(0.5)
        report.figure("target idle", [percent(pooltrace, 6.5)], "% of a core", limit=IDLE_PERCENT)
        busy = percent(pooltrace, 3.5, lambda: program.ns("replays 20000"))
        report.figure("target replays a trace without a pause", [busy], "% of a core", limit=IDLE_PERCENT)


# ---- how much it can take ----

def lost_at(program, rate, milliseconds, threads):
    """(pairs a second made, lost hits) when the target makes @rate pairs a second; 0: as many as it can."""
    with Pooltrace("-p", program.pid) as pooltrace:
        pooltrace.state()
        made, _, ns = program.ask(f"paced {rate} {milliseconds} {threads}", "PAIRS ").split()
        state = pooltrace.state()
    expected = 2 * int(made)
    if state["events"] + state["lost"] < expected:
        raise peers.Failed(f"{expected} events made, {state['events']} seen and {state['lost']} lost")
    return int(made) * 1e9 / int(ns), state["lost"]


def highest_rate(program, threads, milliseconds=2000):
    """Most pairs a second without a loss, and how many were lost when the target went as fast as it could."""
    fastest, lost = lost_at(program, 0, milliseconds, threads)
    if not lost:
        return fastest, fastest, 0
    low, high, best = 0, fastest, 0
    for _ in range(5):
        rate = (low + high) / 2
        reached, gone = lost_at(program, int(rate), milliseconds, threads)
        low, high, best = (low, rate, best) if gone else (rate, high, max(best, reached))
    return best, fastest, lost


def storm(report, program):
    report.section("Highest rate without a loss, on the stand-in (2 events and 3 hits a pair)")
    for threads in (1, 2, 8):
        best, fastest, lost = highest_rate(program, threads)
        what = "as fast as the target can" if best == fastest else f"at its fastest, {2 * fastest:,.0f}, {lost:,} hits were lost"
        report.figure(f"{threads} thread" + ("s" if threads > 1 else ""), [2 * best], "events a second", note=what)


def memory_of(program, live):
    """(bytes resident, of its own) of pooltrace, with @live allocations that it has read from the books."""
    program.view(f"live {live}")
    with Pooltrace("-p", program.pid) as pooltrace:
        state = pooltrace.state()
        with open(f"/proc/{pooltrace.pid}/status") as f:
            status = dict(line.split(":", 1) for line in f)
    buffers = sum(d["buffers"] for d in process_of(state)["devices"])
    if buffers != live + TRACE_BUFFERS:
        raise peers.Failed(f"{live} buffers live, pooltrace shows {buffers}")
    return tuple(int(status[k].split()[0]) << 10 for k in ("VmRSS", "RssAnon"))


def memory(report, program):
    report.section("Memory of the tracer against live allocations, on the stand-in")
    own = {}
    for live in LIVE:
        rss, own[live] = memory_of(program, live)
        report.figure(f"{live:,} live", [rss / (1 << 20)], f"MiB resident, {own[live] / (1 << 20):.1f} of its own")
    least, most = LIVE[1], LIVE[-1]
    report.figure(f"from {least:,} to {most:,} live", [(own[most] - own[least]) / (most - least)], "bytes a live allocation", limit=LIVE_BYTES)
    program.view("live 0")


# ---- --once ----

def once_ms(program, live):
    """From the start to the table of --once, which must be true."""
    view, began = program.view(f"live {live}"), time.monotonic()
    done = subprocess.run([POOLTRACE, "-p", str(program.pid), "--once", "--json"], stdout=subprocess.PIPE, check=True)
    took = time.monotonic() - began
    if pools(json.loads(done.stdout)) != {pool: view[pool] for pool in POOLS}:
        raise peers.Failed(f"the table of --once is not true: {pools(json.loads(done.stdout))}, and the runtime says {view}")
    return ms(took)


def once(report, program, rounds):
    report.section("The table of --once against the memory of the process, on the stand-in")
    for mib in HEAPS:
        program.ask(f"heap {mib}", "HEAP ")
        for live in ONCE_LIVE:
            report.figure(f"{mib:,} MiB of heap, {live:,} buffers", [once_ms(program, live) for _ in range(rounds)], "ms", limit=ONCE_MS)
    program.ask("heap 0", "HEAP ")
    program.view("live 0")
