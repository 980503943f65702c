"""What C functions cost that give back what they allocate, by how they begin and how their returns are seen; and probes, by their number.
Each function adds a section to the report."""
import functions
import measure
import peers
from measure import ms

TIMES_BELOW = 1 / 6  # bpftrace and perf, where functions begin with endbr64 or mov
BELOW = 1.0
# What a line is called, the functions, and the limit. Where nothing is emulated, all pay for the single step.
BEGINNINGS = (("push", "push", BELOW), ("endbr64", "endbr", TIMES_BELOW), ("mov", "mov", TIMES_BELOW), ("mov alone", "leaf", BELOW))
NUMBERS = (1, 16, 128)


def compare(report, program, rounds, works, limits):
    """@limits: of the ratio to the peers, by the name of a work."""
    sessions, commands, values = measure.interleave(report, program, rounds, works, functions.ALL)
    for label, *_ in works:
        medians = measure.added(report, sessions, label, "a pair", limits=True)
        measure.against_peers(report, medians, label, dict.fromkeys(measure.PEERS, limits[label]))
    measure.losses(report, sessions, values)
    return commands


def beginnings(report, program, rounds):
    report.section("Added time per allocation and free, by how functions begin (a C library: 2 entries and 1 return are seen; "
                   "behind endbr64 and mov is a push; mov alone: nothing that the kernel emulates)")
    works = [(label, lambda n, name=name: f"pairs {n} {name}", 20000, lambda n: n) for label, name, _ in BEGINNINGS]
    compare(report, program, rounds, works, {label: limit for label, _, limit in BEGINNINGS})


def opencl(report, program, rounds):
    report.section("Added time per clCreateBuffer and clReleaseMemObject on PoCL (2 entries and 1 return are seen)")
    works = [("pair", lambda n: f"pairs {n}", 20000, lambda n: n)]
    measure.tell_commands(report, compare(report, program, rounds, works, {"pair": TIMES_BELOW}))


# ---- returns ----

def at(peer, sites, what):
    """The peer, with sites of its own."""
    class Elsewhere(peer):
        name = f"{peer.name}, {what}"

        def __init__(self, _, folder):
            super().__init__(sites, folder)
    return Elsewhere


def ways(report, program, rounds):
    report.section("Added time per allocation and free, by how the return is seen (functions that begin with push)")
    wanted = [peers.Peer]
    for what, sites in (("return probe", program.at_returns), ("at the ret", program.at_rets)):
        wanted += [at(peer, sites, what) for peer in (functions.Empty, peers.Top)]
    works = [("pair", lambda n: f"pairs {n} push", 20000, lambda n: n)]
    sessions, _, values = measure.interleave(report, program, rounds, works, wanted)
    extra = measure.extra_of(sessions, "pair")
    report.figure("nothing attached", [s.ns["pair"] for s in sessions["nothing"]], "ns a pair")
    for name in extra:
        floor = name.replace(peers.Top.name, functions.Empty.name)
        against = (floor, measure.median(extra[floor])) if floor != name and floor in extra else None
        report.figure(f"{name} adds", extra[name], "ns a pair", against, ratio_limit=measure.OVER_EMPTY if against else None)
    measure.losses(report, sessions, values)


# ---- how many ----

class Single(peers.Top):
    name = "pooltrace top --attach=single"

    def command(self):
        return [*super().command(), "--attach=single"]


def come_and_go(report, found, peer):
    """Adds (seconds until all are set, seconds from the signal until none is) to @found, if it can."""
    try:
        set_s = peer.start()
        found.append((set_s, peer.stop()[0]))
    except peers.Failed as e:
        report.text(f"  not compared: {e}")


def numbers(report, program, rounds):
    report.section("Start and end against the number of probes (functions of a C library, each at its entry; from the start, and from the signal)")
    # The kernel takes seconds to remove many links of one probe each: these are asked once.
    links, single = (functions.Empty, peers.Top), (Single, functions.Bpftrace, functions.Perf)
    took = {}
    for n in NUMBERS:
        sites = program.probes(n)
        for r in range(rounds):
            for peer in links + single * (r == 0):
                come_and_go(report, took.setdefault(peer.name, {}).setdefault(n, []), peer(sites, program.folder.name))
    for i, what in enumerate(("set", "gone")):
        for name, by in took.items():
            for n in (n for n in NUMBERS if by[n]):
                report.figure(f"{n} probe{'s' * (n > 1)} {what}: {name}", [ms(times[i]) for times in by[n]], "ms")
