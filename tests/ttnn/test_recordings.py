"""What is shown of a recording of the published wheel is to the letter what was shown live, also where events were lost and the
runtime's books corrected the figures."""
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import Suite, equal, run  # noqa: E402
from lossy import corrected, lossy, told_equal  # noqa: E402

suite = Suite("ttnn recordings")
THREADS, STORM_S = 4, 0.5


def shown(is_enough, *arguments):
    """Of a program that allocates in all pools from several threads; it stands still when pooltrace attaches, and after the storm."""
    with wheel.start("late_attach.py", THREADS) as target:
        target.line("READY")

        def barrier():
            target.go()
            target.step()

        def storm():
            target.go()
            time.sleep(STORM_S)
            barrier()

        def leave():
            target.go("quit")

        barrier()
        return lossy(target, is_enough, *arguments, storm=storm, leave=leave)


@suite.test("top -o F and top -r F print the same with losses and corrections, to the program's end")
def _():
    for display in ([], ["--json"]):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "run.pt")
            first, rest = shown(corrected, "-o", path, *display)
            status, out, err = run("top", "-r", path, *display)
            equal((status, err.count("events were lost")), (3, 1), err)
            equal(out.splitlines(), [first, *rest], display)


@suite.test("events -o F and events -r F print the same with losses and corrections, to the program's end")
def _():
    for display in ([], ["--json"], ["--bytes", "--pool", "!DRAM"]):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "run.pt")
            first, rest = shown(told_equal, "events", "-o", path, *display)
            status, out, err = run("events", "-r", path, *display)
            equal((status, err.count("events were lost")), (3, 1), err)
            equal(out.splitlines(), [first, *rest], display)
            for kind in ("alloc", "free", "lost", "correction", "check"):
                assert any(re.search(rf'"event":"{kind}"| {kind} +', line) for line in rest), f"no {kind}: this tests nothing"


if __name__ == "__main__":
    suite.main()
