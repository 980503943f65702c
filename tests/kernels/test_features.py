"""What a kernel has is found by asking it, and below the oldest that will do, that is said: LACKS is what this one has not."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import LACKS, Suite, equal, run  # noqa: E402

suite = Suite("features")
NAMES = {"task_storage": "task storage", "uprobe_multi": "uprobe_multi, cookies", "uprobe_single": "single uprobes, cookies",
         "uprobe_session": "uprobe_session", "sleepable": "sleepable uprobes", "cgroup_memory": "maps charged to cgroups"}
NEEDED = ("task_storage", "uprobe_single")
ENOUGH = not set(NEEDED) & set(LACKS)


@suite.test("doctor finds what is so: it lacks " + (", ".join(LACKS) or "nothing"))
def _():
    status, out, err = run("doctor", "--json")
    equal((status, err), (0 if ENOUGH else 1, ""), "status and stderr")
    answer = json.loads(out)
    features = [f for f in answer["findings"] if f["section"] == "features"]
    equal({f["name"] for f in features if f["what"].startswith("not there")}, {NAMES[name] for name in LACKS}, "what is not there")
    equal(answer["works"], ENOUGH, "works")
    for name in set(NEEDED) & set(LACKS):
        finding, = (f for f in features if f["name"] == NAMES[name])
        assert finding["level"] == "problem" and "6.1 or later" in finding["do"], finding


@suite.test("tracing works" if ENOUGH else "tracing is refused, and which kernel would do is said")
def _():
    status, out, err = run("--json", "--count", 1, "-i", "1ms")
    if ENOUGH:
        equal((status, err, json.loads(out)["processes"]), (0, "", []), "status, stderr, processes")
        return
    equal((status, out), (1, ""), "status and output")
    assert err.startswith("pooltrace: cannot load the probes: ") and "\nhint: pooltrace needs Linux 6.1 or later" in err, err


if __name__ == "__main__":
    suite.main()
