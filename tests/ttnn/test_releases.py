"""Other releases than the one in POOLTRACE_TTNN: one runtime file serves them all.

RELEASES says which (default: one older release; `make test-releases`: all). Those that run on a mock device are
installed and run every test of RUNS, -cp312 with the build for that Python, what is about its frames; of the others, the library is downloaded and looked at. POOLTRACE_RELEASES may name a
folder with an installation for each release; else they are kept where setup keeps what it downloads.
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
from harness import Suite  # noqa: E402

RUNS = ["test_layouts.py", "test_phases.py", "test_late_attach.py", "test_devices.py"]
# In slow dispatch, the only way in which two releases run, the mock device places no program.
PLACING = RUNS + ["test_circular.py"]
RELEASES = {
    "0.60.1": RUNS[:1],
    "0.62.2": RUNS[:1],
    "0.64.5": RUNS[:1],
    "0.66.0": PLACING,
    "0.68.0": RUNS,
    "0.71.2": RUNS,
    "0.74.0": PLACING,
    "0.77.0": PLACING,
    "0.79.0": PLACING,
    "0.81.1": PLACING,
    "0.81.1-cp310": ["test_stacks.py"],
    "0.81.1-cp312": ["test_stacks.py"],
}
WANTED = os.environ.get("RELEASES", "0.77.0")
CACHE = os.environ.get("POOLTRACE_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "pooltrace")
FOLDER = os.environ.get("POOLTRACE_RELEASES")
SETUP_SECONDS, TEST_SECONDS = 1200, 900

suite = Suite("ttnn releases")


def call(command, seconds, **environment):
    """Its output; what it said when it failed."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=seconds, env={**os.environ, **environment})
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{' '.join(command)}: status {done.returncode}\n{said}"
    return said


def environment(release):
    """What the tests need to find it, which is made ready first."""
    if RELEASES[release] == RUNS[:1]:
        library = call([os.path.join(HERE, "library"), release], SETUP_SECONDS).splitlines()[-1]
        return {"POOLTRACE_LIBRARY": library, "POOLTRACE_RELEASE": release}
    folder = os.path.join(FOLDER, release) if FOLDER else os.path.join(CACHE, f"ttnn-{release}")
    version, _, python = release.partition("-cp3")
    call([os.path.join(HERE, "setup"), folder, version], SETUP_SECONDS, **({"TTNN_PYTHONS": f"3.{python}"} if python else {}))
    return {"POOLTRACE_TTNN": folder}


def test_release(release):
    ready = {}

    @suite.test(f"{release} can be had")
    def _():
        ready.update(environment(release))

    for program in RELEASES[release]:
        @suite.test(f"{release}: {program}")
        def _(program=program):
            assert ready, "it is not ready"
            said = call([sys.executable, os.path.join(HERE, program)], TEST_SECONDS, **ready)
            print("".join(f"#  {line}\n" for line in said.splitlines() if line.startswith("ok")), end="")


os.environ.setdefault("ATTACHES", "10")
for name in RELEASES if WANTED == "all" else WANTED.split():
    test_release(name)

if __name__ == "__main__":
    suite.main()
