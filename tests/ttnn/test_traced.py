"""What a recording says of the wheel that it was made with: its release, its files, each probe that the kernel has set."""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import POOLTRACE, ROOT, Pooltrace, Suite, code_changed, equal, run  # noqa: E402

suite = Suite("ttnn traced")


def build_id(path):
    notes = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True).stdout
    return re.search(r"Build ID: ([0-9a-f]+)", notes)[1]


@suite.test("release, build ids and probes are those of the wheel, and nothing is missing; the runtime file is whole")
def _():
    with tempfile.TemporaryDirectory() as folder, wheel.start("allocations.py") as target:
        path = os.path.join(folder, "run.pt")
        target.step()
        with Pooltrace("-p", target.pid, "-o", path) as pooltrace:
            pooltrace.state()
            changed = code_changed(target.pid)
            equal(pooltrace.end(), 0, "exit status")
        status, out, err = run("report", "--json", path)
        equal((status, err), (0, ""), "report")
        (process,) = json.loads(out)["summary"]["processes"]
        modules = process["traced"]["modules"]
        equal(process["traced"]["missing"], [], "functions without a probe")
        equal(os.path.realpath(modules[0]["path"]), os.path.realpath(wheel.LIBRARY), "the library")
        equal({m["path"]: m["build_id"] for m in modules}, {file: build_id(file) for file, _ in changed}, "build ids")
        equal({m["path"]: m["probes"] for m in modules},
              {file: len([1 for other, _ in changed if other == file]) for file, _ in changed}, "probes")
        equal({m.get("version") for m in modules if "/ttnn/" in m["path"]}, {f"ttnn {wheel.VERSION}"}, "release")
        text = subprocess.run([POOLTRACE, "runtimes", "-r", path, "--print", "tt-metal"], capture_output=True, check=True).stdout
        with open(os.path.join(ROOT, "runtimes", "tt-metal.rt"), "rb") as file:
            equal(text, file.read(), "runtime file")


if __name__ == "__main__":
    suite.main()
