"""Pools that shrink, die and are made anew; events dropped on purpose; and large processes, of which no page is made present."""
import ctypes
import os
import signal
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from storm import Storm, equal_pools, settled  # noqa: E402
from harness import BUILD, POOLS, Pooltrace, Skip, Suite, Target, equal, once, pools, process_of, run, until  # noqa: E402
from swap import Swap  # noqa: E402

suite = Suite("pools")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Pools(Target):
    """Does what it is told to the pools of one device."""

    def __init__(self):
        super().__init__([os.path.join(BUILD, "standin", "standin-pools")])
        self.line("READY")

    def do(self, *words):
        """({pool: capacity}, {pool: asked}, {pool: reserved}) afterwards, as its own lists say."""
        self.go(" ".join(map(str, words)))
        capacity, asked = self.figures("CAPACITY"), {}
        if capacity:
            asked = self.figures("ASKED")
        return capacity, asked, self.step()[1]

    def figures(self, prefix):
        return {k: int(v) for k, v in (w.split("=") for w in self.line(prefix).split())}


def compare(state, told, what, sizes=True):
    """@sizes: capacities as well, which are not known of a pool that was made anew and not used since."""
    capacity, asked, reserved = told
    equal(pools(state), {p: reserved.get(p, 0) for p in POOLS}, f"{what}: reserved")
    if sizes:
        equal(pools(state, field="capacity"), {p: capacity.get(p, 0) for p in POOLS}, f"{what}: capacity")
    equal(pools(state, field="asked"), {p: asked.get(p, 0) for p in POOLS}, f"{what}: asked")


@suite.test("a pool that is shrunk and reset has the capacity and the blocks that the runtime says, live and at once")
def _():
    with Pools() as target:
        target.do("alloc", "L1", 131072, 3)
        with Pooltrace("-p", target.pid) as pooltrace:
            pooltrace.state()
            for words in (("shrink", "L1", 65536), ("alloc", "L1", 262144), ("shrink", "L1", 32768), ("free", "L1", 2),
                          ("reset", "L1"), ("alloc", "L1", 4096, 7)):
                told = target.do(*words)
                compare(settled(pooltrace), told, f"live, {' '.join(map(str, words))}")
                compare(once(target.pid), told, f"--once, {' '.join(map(str, words))}")
            state = pooltrace.state()
            equal(state["corrections"] + state["unknown_frees"] + state["replaced"], 0, "anomalies")
        equal(target.wait(), 0, "exit status of the target")


@suite.test("a manager that is built at a dead one's address is empty, without a comparison with the books")
def _():
    with Pools() as target:
        target.do("alloc", "L1", 131072, 5)
        told = target.do("alloc", "DRAM", 65536, 3)
        with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
            compare(pooltrace.state(), told, "before")
            for words in (("rebuild", "L1"), ("alloc", "L1", 4096, 2), ("rebuild", "L1"), ("rebuild", "DRAM"), ("alloc", "DRAM", 2048)):
                told = target.do(*words)
                compare(pooltrace.state(), told, " ".join(map(str, words)), sizes=False)
            state = pooltrace.state()
            equal(state["unknown_frees"] + state["replaced"] + state["corrections"], 0, "anomalies")
            equal(process_of(state)["coverage"], "exact", "coverage")


@suite.test("what lasts of a manager is known anew when another is at its address: one that is built there, and one that is moved there")
def _():
    with Pools() as target:
        with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
            for banks, align in ((7, 32), (64, 4096), (3, 64), (100, 32)):
                target.do("alloc", "DRAM", 12345, 3)
                target.do("alloc", "L1", 12345, 3)
                target.do("rebuild", "L1", banks, align)
                for _ in range(3):
                    told = target.do("alloc", "L1", 12345, 2)
                    compare(pooltrace.state(), told, f"rebuilt with {banks} banks, pages of {align}", sizes=False)
            equal(pooltrace.state()["corrections"], 0, "corrections")
        with Pooltrace("-p", target.pid) as pooltrace:
            target.do("spare", "L1", 11, 8192)
            # The manager is known from here on, and no other is made before it is another.
            told = target.do("alloc", "L1", 12345, 2)
            compare(settled(pooltrace), told, "before")
            target.do("take", "L1")
            settled(pooltrace)
            before = pooltrace.state()["corrections"]
            for _ in range(3):
                told = target.do("alloc", "L1", 12345, 2)
                compare(pooltrace.state(), told, "moved", sizes=False)
            equal(pooltrace.state()["corrections"], before, "corrections of what was allocated since")
        equal(target.wait(), 0, "exit status of the target")


@suite.test("an allocator that dies without a word leaves no block, and one that is made after it is seen")
def _():
    with Pools() as target:
        target.do("alloc", "L1", 131072, 5)
        with Pooltrace("-p", target.pid) as pooltrace:
            equal(process_of(pooltrace.state())["devices"][0]["buffers"], 5, "buffers")
            target.do("destroy")
            until(lambda: not process_of(pooltrace.state())["devices"], 30, "the dead allocator's device is shown still")
            target.do("create")
            told = target.do("alloc", "L1", 4096, 3)
            compare(settled(pooltrace), told, "the second allocator")
        equal(target.wait(), 0, "exit status of the target")


@suite.test("events that are dropped on purpose are found, shown and settled, with what was asked for")
def _():
    with Pools() as target, tempfile.TemporaryDirectory() as folder:
        recording = os.path.join(folder, "run.pt")
        with Pooltrace("-p", target.pid, f"--ring-size={PAGE}", "-o", recording) as pooltrace:
            pooltrace.state()
            # It takes nothing out of the ring of one page.
            os.kill(pooltrace.pid, signal.SIGSTOP)
            target.do("alloc", "DRAM", 3000, 211)
            told = target.do("free", "DRAM", 53)
            os.kill(pooltrace.pid, signal.SIGCONT)
            state = settled(pooltrace)
            assert state["lost"] > 300, f"only {state['lost']} lost: this tests nothing"
            assert state["corrections"] > 100, f"{state['corrections']} corrections"
            compare(state, told, "settled")
            told = target.do("free", "DRAM", 101)
            compare(settled(pooltrace), told, "afterwards")
            equal(pooltrace.end(), 3, "exit status: events were lost")
        shown = run("events", "-r", recording, "--json")[1]
        assert '"event":"lost"' in shown and '"event":"correction"' in shown and '"reason":"missing"' in shown, shown
        equal(target.wait(), 0, "exit status of the target")


def present(pid):
    """Addresses of the pages that process @pid has present, and how many it has swapped out."""
    found, swapped = set(), 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/pagemap", "rb", 0) as pagemap:
        for line in maps:
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            if start >> 47:
                continue
            pagemap.seek(start // PAGE * 8)
            entries = pagemap.read((end - start) // PAGE * 8)
            for i, (entry,) in enumerate(struct.iter_unpack("<Q", entries)):
                if entry >> 63:
                    found.add(start + i * PAGE)
                swapped += entry >> 62 & 1
    return found, swapped


@suite.test("looking at 512 MB with 10,000 living buffers makes no page of the target present")
def _():
    with Pools() as target:
        target.do("touch", 512)
        told = target.do("alloc", "DRAM", 4096, 10000)
        before = present(target.pid)[0]
        state = once(target.pid)
        compare(state, told, "--once")
        with Pooltrace("-p", target.pid, "--check=off") as pooltrace:
            compare(pooltrace.state(), told, "attached")
        new = present(target.pid)[0] - before
        # A probe's page is a private copy of the file's.
        equal([hex(a) for a in new if anonymous(target.pid, a)], [], "pages that are present only now")


def anonymous(pid, address):
    """Is the address in memory of new and malloc? (The kernel itself reads the stack's end: a process's arguments lie there.)"""
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            words = line.split()
            start, end = (int(x, 16) for x in words[0].split("-"))
            if start <= address < end:
                return len(words) < 6 or words[5] == "[heap]"
    return False


@suite.test("attaching to 1 GB while a thread allocates loses nothing: the ring is emptied while the memory is searched")
def _():
    with Storm("--threads", 1, "--loop", "--touch", 1024) as target:
        target.go()
        target.barrier()
        target.go()
        with Pooltrace("-p", target.pid, "--ring-size=4194304") as pooltrace:
            pooltrace.state()
            view = target.barrier()[1]
            state = pooltrace.state()
            equal(state["lost"], 0, "lost")
            equal_pools(state, view, "pools")
            equal(state["corrections"], 0, "corrections")
        target.go("quit")


def pageout(pid, addresses):
    """Have the kernel swap the pages out."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    for address in addresses:
        iov = (ctypes.c_uint64 * 2)(address, PAGE)
        if libc.syscall(440, pidfd, iov, 1, 21, 0) < 0:  # process_madvise, MADV_PAGEOUT
            raise Skip(f"process_madvise: {os.strerror(ctypes.get_errno())}")
    os.close(pidfd)


@suite.test("books that are swapped out make the coverage partial: nothing is 0 that is not known, and nothing is swapped in")
def _():
    with Swap() as swap, Pools() as target:
        told = target.do("alloc", "DRAM", 4096, 10000)
        pageout(target.pid, [a for a in present(target.pid)[0] if anonymous(target.pid, a)])
        swapped = present(target.pid)[1]
        if not swapped:
            raise Skip("the kernel swaps nothing out")
        state = once(target.pid)
        equal(present(target.pid)[1], swapped, "pages that are swapped out, afterwards")
        equal(process_of(state)["coverage"], "partial", "coverage")
        shown = [d["pools"]["DRAM"]["reserved"] for d in process_of(state)["devices"]]
        assert all(n == told[2]["DRAM"] for n in shown), f"{shown} of {told[2]}"
        with Pooltrace("-p", target.pid) as pooltrace:
            equal(process_of(pooltrace.state())["coverage"], "partial", "coverage when attached")
            told = target.do("free", "DRAM", 101)
            swap.off()
            equal_pools(settled(pooltrace), told[2], "pools")
        equal(target.wait(), 0, "exit status of the target")


if __name__ == "__main__":
    suite.main()
