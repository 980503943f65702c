"""Circular buffers on the real runtime: how far they reach is what the runtime says, and so is why a program is refused.

Expected figures are the runtime's own: its graph capture, and the texts of its errors.
"""
import functools
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import Pooltrace, Suite, equal, process_of, run  # noqa: E402

suite = Suite("ttnn circular buffers")
CORES = 64
CLASH = re.compile(r"L1 buffer allocated at (\d+) and static (?:circular|dataflow) buffer region ends at (\d+)")
OVERFLOW = re.compile(r"grow to (\d+) B which is beyond max L1 size of (\d+) B")


class Life:
    """A run of the target, seen from step @first on: at each step what pooltrace says of L1, and what the runtime had said."""

    def __init__(self, first, *options):
        self.at, self.captured, self.placed, self.clashes, self.order = {}, {}, {}, {}, []
        with tempfile.TemporaryDirectory() as folder, wheel.start("circular.py", "--hold") as target:
            path = os.path.join(folder, "run.pt")
            name = self.read(target)
            while name != first:
                target.go()
                name = self.read(target)
            with Pooltrace("-p", target.pid, "-o", path, *options) as pooltrace:
                while name:
                    self.at[name] = process_of(pooltrace.state(), target.pid)
                    target.go()
                    name = self.read(target)
                self.last = process_of(json.loads(pooltrace.lines.all()[-1]), target.pid)
                equal(pooltrace.process.wait(60), 0, "exit status of pooltrace")
            equal(target.wait(), 0, "exit status of the target")
            status, out, err = run("events", "-r", path, "--json")
            equal(status, 0, f"status of events -r ({err})")
            self.events = [json.loads(line) for line in out.splitlines()]
            status, out, err = run("explain", path, "--json")
            equal(status, 0, f"status of explain ({err})")
            self.explained = process_of(json.loads(out), target.pid)
            status, self.text, err = run("explain", "-r", path)
            equal(status, 0, f"status of explain -r ({err})")

    def read(self, target):
        """Up to the next step: its name, None at the end."""
        while (line := target.lines.next()) is not None:
            kind, _, text = line.partition(" ")
            if kind == "STEP":
                name, *figures = text.split()
                if figures:
                    self.bank = int(figures[0].removeprefix("BANK="))
                return name
            if kind in ("CB", "PLACED"):
                name, *buffers = text.split()
                (self.captured if kind == "CB" else self.placed)[name] = [tuple(map(int, b.split("+"))) for b in buffers]
            if kind == "REFUSED":
                self.refused(*text.split(maxsplit=1))
        return None

    def refused(self, name, text):
        if match := CLASH.search(text):
            self.clashes[name] = int(match.group(2)), int(match.group(1))
            self.order.append(("clash", *self.clashes[name]))
        else:
            match = OVERFLOW.search(text)
            self.order.append(("overflow", int(match.group(1)), int(match.group(2))))

    def core(self, step):
        """What is said of L1 at a step, {} if nothing is."""
        devices = self.at[step]["devices"]
        equal(len(devices), 1, f"devices at {step}")
        return devices[0]["pools"]["L1"]

    def ends(self):
        """Where each operation's circular buffers end, as the runtime's error says; its graph capture agrees if it knows of any."""
        for name, buffers in self.captured.items():
            if buffers and name in self.clashes:
                equal(max(sum(b) for b in buffers), self.clashes[name][0], f"end of {name}, by capture and by error")
        return {name: end for name, (end, _) in self.clashes.items()}


@functools.cache
def life():
    """Seen from before its device was opened."""
    return Life("start")


@suite.test("they reach as far as the runtime says: the largest program's count, and only them")
def _():
    ends = life().ends()
    equal(sorted(ends), ["add", "matmul", "softmax"], "operations that were refused")
    highest = 0
    for programs, name in enumerate(("add", "matmul", "softmax"), 1):
        core = life().core(name)
        highest = max(highest, ends[name])
        wanted = {"programs": programs, "core_bytes": highest - core["core_code"],
                  "core_room": core["core_code"] + bank() - highest, "exact": True}
        equal(core["circular_buffers"], wanted, f"circular buffers after {name}")
        equal(core["reserved"], 0, f"reserved in L1 after {name}")
    equal(life().core("again"), life().core("softmax"), "L1 when all was run again")


def bank():
    """Bytes of L1 on each core, as the runtime says."""
    return life().bank


@suite.test("below them lies what each core keeps for code: the first one's address is its end")
def _():
    first = min(address for buffers in life().captured.values() for address, _ in buffers)
    for step in ("open", "add", "cleared", "sharded"):
        equal(life().core(step)["core_code"], first, f"code at {step}")


@suite.test("with no program there are none, and all of the bank is left")
def _():
    for step in ("open", "cleared"):
        equal(life().core(step)["circular_buffers"], {"programs": 0, "core_bytes": 0, "core_room": bank(), "exact": True},
              f"circular buffers at {step}")


@suite.test("the room to the lowest block is what the runtime's error says")
def _():
    end, lowest = life().clashes["softmax"]
    wanted = max(0, lowest - max(life().ends().values()))
    equal(life().core("full")["circular_buffers"]["core_room"], wanted, "room when L1 is full")
    equal(life().core("full")["core_code"] + bank() - life().core("full")["reserved"] // CORES, lowest, "the lowest block")


@suite.test("those that lie in a tensor are counted there alone")
def _():
    core = life().core("sharded")
    equal(life().captured["sharded"], [], "circular buffers of their own")
    equal(core["circular_buffers"]["core_bytes"], 0, "bytes of circular buffers")
    assert core["reserved"] > 0, core
    core, own = life().core("moved"), [sum(b) for b in life().captured["moved"]]
    if own:
        equal(core["circular_buffers"]["core_bytes"], max(own) - core["core_code"], "bytes of one with both kinds")
    if (0, 74) <= wheel.RELEASE < (0, 80):
        assert own and life().placed["moved"], "the runtime tells of none"
        assert all(address > max(own) for address, _ in life().placed["moved"]), life().placed


@suite.test("each refused program is a failure with the error's figures, and no failed allocation is one")
def _():
    found = [(e["reason"], e["end"], e["limit"]) for e in life().events if e["event"] == "failed" and "end" in e]
    equal(found, life().order, "refused programs in the log")
    equal(len(life().clashes), 3, "clashes")
    equal([r for r, *_ in life().order], ["clash"] * 3 + ["overflow"], "reasons")
    refused = [(f["cause"], f["end"], f["limit"]) for f in life().explained["failures"] if "end" in f]
    equal(refused, life().order, "refused programs as explained")
    for failure in life().explained["failures"]:
        if "end" in failure:
            equal((failure["pool"], failure["device"]), ("L1", "0"), "where it was refused")
    others = [e for e in life().events if e["event"] == "failed" and "end" not in e]
    equal(len(others), 3, "failed allocations in the log")
    assert all(e["reason"] == "throw" and e["reserved"] for e in others), others
    end, lowest = life().clashes["add"]
    words = re.sub(r"\s+", " ", life().text)
    assert f"a program was refused (clash): its circular buffers in L1 of device 0 would end at {end}, but the lowest block " \
           f"begins at {lowest}:" in words, words
    equal((life().at["large"]["failed_allocations"], life().at["large"]["refused_programs"]), (3, 4), "failed, refused")


@suite.test("a phase has them, and the code below, at its end")
def _():
    wanted = life().core("sharded")
    phase = [p for p in life().explained["phases"] if p["devices"] and not p["devices"][0].get("closed")][-1]
    found = phase["devices"][0]["pools"]["L1"]
    equal((found["core_code"], found["circular_buffers"]["exact"]), (wanted["core_code"], True), "in the last phase")


@suite.test("of programs from before only what is known is said")
def _():
    late = Life("matmul")
    assert "circular_buffers" not in late.core("matmul"), late.core("matmul")
    found = late.core("softmax")["circular_buffers"]
    code = late.core("softmax")["core_code"]
    equal(found, {"programs": 1, "core_bytes": late.ends()["softmax"] - code,
                  "core_room": code + bank() - late.ends()["softmax"], "exact": False}, "circular buffers after softmax")
    found = [(e["reason"], e["end"], e["limit"]) for e in late.events if e["event"] == "failed" and "end" in e]
    equal(found, late.order, "refused programs in the log")


if __name__ == "__main__":
    suite.main()
