"""What the stacks of allocations cost, as pooltrace records them and as bpftrace and perf do, on the same functions in one run."""
import os
import re

import measure
import peers
from measure import median

PAIRS = 5000
# Of what stacks add to a recording without them, for an allocation.
NATIVE_NS, BOTH_NS = 2500, 4500
EVENT_BYTES, BARE_EVENT_BYTES = 12.0, 6.0
# Of what the others do, where they lose more of it than this, no limit is held: what is lost costs little.
MOST_LOST = 0.1
PEERS = ("bpftrace, ustack", "perf record --call-graph dwarf")


class Record(peers.Record):
    option = "--stacks=off"
    name = f"pooltrace record {option}"

    def command(self):
        return [self.option if word == "--stacks=off" else word for word in super().command()]

    def bytes(self, out):
        return os.path.getsize(os.path.join(self.folder, "run.pt"))

    def bare(self, out, err):
        """Allocations without a stack."""
        found = re.search(r", (\d+) allocations without a stack", err)
        return int(found.group(1)) if found else 0


class RecordNative(Record):
    option = "--stacks=native"
    name = f"pooltrace record {option}"


class RecordBoth(Record):
    option = "--stacks"
    name = f"pooltrace record {option}"


class Bpftrace(peers.Bpftrace):
    """Machine code alone, as far as frame pointers lead; with room for all of a batch, and each symbol looked up once."""
    name = PEERS[0]
    actions = {**peers.Bpftrace.actions,
               "alloc": 'printf("alloc %d %d %x%s\\n", pid, tid, *(uint32*)(*(uint64*)(arg1 + 16) + 64), ustack)'}

    def command(self):
        return ["env", "BPFTRACE_PERF_RB_PAGES=8192", "BPFTRACE_CACHE_USER_SYMBOLS=1", *super().command()]

    def bytes(self, out):
        return len(out.encode())

    def bare(self, out, err):
        return 0


class Perf(peers.Perf):
    """Machine code alone, from a copy of 8 KiB of the stack, which is unwound when it is asked for; with room for all of a batch."""
    name = PEERS[1]

    def command(self):
        words = [*super().command(), "-m", "128M"]
        return [f"{word}/call-graph=dwarf/" if word.startswith(f"{peers.GROUP}:alloc") else word for word in words]

    def bytes(self, out):
        return os.path.getsize(os.path.join(self.folder, "perf.data"))

    def bare(self, out, err):
        return 0


def weighed(peer, found):
    """The peer, which adds (bytes, values received, allocations without a stack) of each session to @found."""
    class Weighed(peer):
        def received(self, out, err):
            got = super().received(out, err)
            found.setdefault(self.name, []).append((self.bytes(out), got, self.bare(out, err)))
            return got
    return Weighed


def tell_added(report, sessions, values):
    """What each adds, and what stacks add to a recording without them."""
    extra = measure.extra_of(sessions, "pair")
    off = extra[Record.name]
    report.figure("nothing attached", [s.ns["pair"] for s in sessions["nothing"]], "ns a pair")
    for name, added in extra.items():
        report.figure(f"{name} adds", added, "ns a pair", (Record.name, median(off)) if name != Record.name else None)
    for peer, limit in ((RecordNative, NATIVE_NS), (RecordBoth, BOTH_NS)):
        stacks = [with_them - without for with_them, without in zip(extra[peer.name], off)]
        report.figure(f"{peer.option}, beyond --stacks=off", stacks, "ns an allocation", limit=limit)
    mine = median(extra[RecordBoth.name])
    for name in (n for n in PEERS if n in extra):
        lost = 1 - sum(s.received or 0 for s in sessions[name]) / sum(s.made * values[name] for s in sessions[name])
        report.figure(f"{RecordBoth.name}, against {name}", [mine], "ns a pair", (name, median(extra[name])),
                      ratio_limit=1.0 if lost <= MOST_LOST else None, note=f"which lost {max(lost, 0):.0%}")


def tell_bytes(report, sessions, weights, values):
    """Of what was received, two events a pair."""
    sizes = {}
    for name, of in weights.items():
        sizes[name] = [size * values[name] / (2 * got) for size, got, _ in of if got]
        if sizes[name]:
            limit = BARE_EVENT_BYTES if name == Record.name else EVENT_BYTES if name.startswith("pooltrace") else None
            report.figure(f"bytes an event: {name}", sizes[name], "bytes", limit=limit)
    for name in (n for n in PEERS if sizes.get(n) and sizes.get(RecordBoth.name)):
        report.figure(f"bytes an event: {RecordBoth.name}, against {name}", [median(sizes[RecordBoth.name])], "bytes",
                      (name, median(sizes[name])), ratio_limit=0.1)
    for peer in (RecordNative, RecordBoth):
        made = sum(s.made for s in sessions[peer.name])
        report.count(f"{peer.name}: without a stack", sum(bare for _, _, bare in weights[peer.name]), f"of {made:,} allocations")


def stacks(report, program, rounds):
    report.section(f"Added time per allocation and free with call stacks, on {program.name} (3 probes are hit, of which one has a stack)")
    weights = {}
    wanted = [peers.Peer, *(weighed(peer, weights) for peer in (Record, RecordNative, RecordBoth, Bpftrace, Perf))]
    works = [("pair", lambda n: f"pairs {n}", PAIRS, lambda n: n)]
    sessions, commands, values = measure.interleave(report, program, rounds, works, wanted)
    tell_added(report, sessions, values)
    tell_bytes(report, sessions, weights, values)
    measure.losses(report, sessions, values)
    measure.tracers(report, sessions, "pair")
    measure.tell_commands(report, commands)
