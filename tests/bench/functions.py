"""Functions of a C library, which give back what they allocate: where each peer puts its probes, and the peers."""
import dataclasses
import json
import os
import re
import subprocess
import tempfile

import peers
from harness import BUILD, POOLTRACE, Pooltrace, Skip, Target, code_changed
from sites import Sites

REGISTERS = ("di", "si", "dx", "cx", "r8", "r9")
LIBRARY = os.path.join(BUILD, "bench", "libbench_functions.so")
MANY = os.path.join(BUILD, "bench", "libbench_many.so")
BEGINNINGS = ("push", "endbr", "mov", "leaf")


@dataclasses.dataclass(frozen=True)
class Call:
    """A function that a tracer is told of: which argument matters, and whether what it gives back does."""
    verb: str
    symbol: str
    argument: int
    returns: bool


class FunctionSites(Sites):
    """Of the functions of @calls in process @pid; @options are those of pooltrace. Entries are where the others put their probes."""

    def __init__(self, pid, calls, options=()):
        self.pid, self.calls, self.options, self.others = pid, calls, options, []
        probes = self._told()
        self.chosen = {c.symbol: probes[c.symbol]["offset"] for c in calls}
        self.entries = {c.symbol: self.chosen[c.symbol] - probes[c.symbol].get("behind_entry", 0) for c in calls}
        self.returns = {self.chosen[c.symbol] for c in calls if c.returns and "rets" not in probes[c.symbol]}
        places = [{self.chosen[c.symbol], self.entries[c.symbol]} for c in calls]
        self.watched = [[(self._address(o), self._in_file(o)) for o in either] for either in places]
        self.all = self._probed_by_pooltrace()

    def _told(self):
        """{symbol: its probe}, of the file that has all of them; also sets `library`."""
        done = subprocess.run([POOLTRACE, "runtimes", "-p", str(self.pid), "--json", *self.options], capture_output=True, text=True, check=True)
        for found in map(json.loads, done.stdout.splitlines()):
            probes = {p["symbol"]: p for p in found["probes"] if p["probed"] and "offset" in p}
            if all(c.symbol in probes for c in self.calls):
                self.library = found["file"]
                return probes
        raise peers.Failed(f"pooltrace has no probes for {', '.join(c.symbol for c in self.calls[:3])}: {done.stdout[:300]}")

    def _probed_by_pooltrace(self):
        """[offset] of all in the library, once it has set them: also those at `ret`."""
        with Pooltrace("-p", self.pid, *self.options) as pooltrace:
            pooltrace.state()
            found = sorted(offset for _, offset in code_changed(self.pid, self.library))
            pooltrace.end()
        if not self.wait(False):
            raise peers.Failed("the probes of pooltrace are still there")
        return found

    def probed(self):
        """How many functions have a probe, at their entries or where pooltrace chose."""
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            return sum(any(os.pread(memory.fileno(), 1, address) != byte for address, byte in either) for either in self.watched)


class Empty(peers.Empty):
    """At the sites that pooltrace chose, returns as it sees them."""

    def places(self):
        """(offset, whether its return is seen)."""
        return [(offset, offset in self.sites.returns) for offset in self.sites.all]

    def command(self):
        words = [os.path.join(BUILD, "bench", "bench-empty"), os.path.join(BUILD, "bench", "empty.bpf.o"), self.program]
        return [*words, str(self.sites.pid), self.sites.library, *(hex(offset) + "r" * returns for offset, returns in self.places())]


class EmptyEntries(Empty):
    """What choosing is good for."""
    name = "empty probes, at the entries"

    def places(self):
        return [(self.sites.entries[c.symbol], c.returns) for c in self.sites.calls]


class Bpftrace(peers.Bpftrace):
    """A line for each allocation, with what was asked for and what it gave, and for each free."""
    pair_values = 2

    def script(self):
        return " ".join(self._probe(c) for c in self.sites.calls)

    def _probe(self, call):
        place, told = f"{self.sites.library}:{call.symbol}", f'printf("{call.verb} %d %d %lx'
        if not call.returns:
            return f'uprobe:{place} {{ {told}\\n", pid, tid, arg{call.argument}) }}'
        return (f"uprobe:{place} {{ @asked[tid] = arg{call.argument} }} "
                f'uretprobe:{place} {{ {told} %lx\\n", pid, tid, retval, @asked[tid]); delete(@asked[tid]) }}')


class Perf(peers.Perf):
    def definitions(self):
        found = []
        for c in self.sites.calls:
            place = f"{self.sites.library}:{self.sites.entries[c.symbol]:#x}"
            found.append(f"p:{peers.GROUP}/{c.symbol} {place} value=%{REGISTERS[c.argument]}")
            if c.returns:
                found.append(f"r:{peers.GROUP}/{c.symbol}_returns {place} value=$retval")
        return found


ALL = (peers.Peer, Empty, EmptyEntries, peers.Top, peers.Record, Bpftrace, Perf)


class Program:
    """A target that makes pairs as it is told, and the sites of each way to trace it."""

    def __init__(self, command, name, status=0):
        self.target, self.name, self.status = Target(command), name, status
        self.target.line("READY")
        self.folder = tempfile.TemporaryDirectory()

    @property
    def pid(self):
        return self.target.pid

    def rows(self, name, text):
        """Options for a runtime file that holds @text."""
        path = os.path.join(self.folder.name, f"{name}.rt")
        with open(path, "w") as f:
            f.write(text)
        return ("--runtime", path)

    def ns(self, command):
        """(CPU time of the thread, time) that it took."""
        self.target.go(command)
        cpu, wall = self.target.line("NS ").split()
        return int(cpu), int(wall)

    def close(self):
        self.target.go("quit")
        status = self.target.wait()
        self.folder.cleanup()
        if status != self.status:
            raise peers.Failed(f"{self.name} ended with status {status}: {self.target.stderr()[-300:]}")


def calls_of(name):
    return [Call("alloc", f"{name}_alloc", 0, True), Call("free", f"{name}_free", 0, False)]


def runtime_of(calls, *more):
    rows = [f"on {c.symbol} " + ("return alloc address=ret reserved" if c.returns else "free address") + f"=arg{c.argument}" for c in calls]
    return "\n".join(["runtime bench", f"detect {calls[0].symbol}", "pool 0=POOL", *rows, *more, ""])


def functions():
    """Those of functions.S: `sites`, and `at_rets` with returns at `ret`, as where exceptions may pass."""
    program = Program([os.path.join(BUILD, "bench", "bench-functions"), LIBRARY], "a C library")
    calls = [c for name in BEGINNINGS for c in calls_of(name)]
    program.sites = FunctionSites(program.pid, calls, program.rows("functions", runtime_of(calls)))
    calls = calls_of("push")
    program.at_returns = FunctionSites(program.pid, calls, program.rows("returns", runtime_of(calls)))
    program.at_rets = FunctionSites(program.pid, calls, program.rows("rets", runtime_of(calls, "on __cxa_throw throw in any library")))
    return program


def many():
    """Those of many.c: `probes(n)` of them."""
    program = Program([os.path.join(BUILD, "bench", "bench-functions"), MANY], "a library of 512 functions")

    def probes(n):
        calls = [Call("free", f"many_{i:03o}", 0, False) for i in range(n)]
        return FunctionSites(program.pid, calls, program.rows(f"many{n}", runtime_of(calls)))
    program.probes = probes
    return program


def opencl():
    """PoCL, through the ICD loader, by the runtime file that pooltrace has."""
    import test_opencl as tests
    try:
        program = Program([tests.client()], "PoCL", status=3)
    except Skip as e:
        raise peers.Failed(str(e)) from e
    program.sites = FunctionSites(program.pid, [Call("alloc", "clCreateBuffer", 2, True), Call("free", "clReleaseMemObject", 0, False)])
    return program
