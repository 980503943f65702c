"""What a C++ function of the published wheel gives back, seen at its `ret` instructions: the same allocations as the built-in rows see at
the entry of what is called after them."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import Pooltrace, Suite, equal, run  # noqa: E402

suite = Suite("ttnn ways")
ROWS = """runtime tt-metal
detect _ZN2tt8tt_metal11BankManager15allocate_bufferE*
pool 0=DRAM 1=L1 2=SYSTEM_MEMORY 3=L1_SMALL 4=TRACE
on _ZN2tt8tt_metal11BankManager15allocate_bufferE* return alloc address=ret arena=arg0 pool=*arg0:4 asked=arg1 ok=ret!=-1
on _ZN2tt8tt_metal11BankManager17deallocate_bufferE* return free address=arg1
on __cxa_throw throw in any library
"""


def allocations(path):
    status, out, err = run("events", "-r", path, "--json")
    equal(status, 0, err)
    events = [json.loads(line) for line in out.splitlines()]
    return [(e["pool"], e["address"]) for e in events if e["event"] == "alloc"], sum(e["event"] == "failed" and e["reason"] == "throw" for e in events)


@suite.test("each address that is given back is the one that was told, and out-of-memory exceptions pass: the program ends as ever")
def _():
    with tempfile.TemporaryDirectory() as folder:
        rows, by_entry, by_returns = (os.path.join(folder, name) for name in ("rows.rt", "entry.pt", "returns.pt"))
        with open(rows, "w") as file:
            file.write(ROWS)
        with wheel.start("allocations.py") as target:
            last = target.step()
            with Pooltrace("-p", target.pid, "-o", by_entry) as entry, \
                    Pooltrace("-p", target.pid, "--runtime", rows, "-o", by_returns) as returns:
                before = entry.state(), returns.state()
                while last[0] != "end":
                    target.go()
                    last = target.step()
                target.go()
                equal(target.wait(), 0, "exit status")
                equal((entry.end(), returns.end(), len(before)), (0, 0, 2), "status of pooltrace")
        (told, failures), (given, none) = allocations(by_entry), allocations(by_returns)
        assert len(told) > 30 and failures, f"{told}: this tests nothing"
        equal(sorted(given), sorted(told), "allocations")
        equal((failures, none), (last[1]["failed"], 0), "failures: what an exception leaves says nothing")


if __name__ == "__main__":
    suite.main()
