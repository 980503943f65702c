"""Starting programs on the published wheel (see setup)."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
from harness import Target  # noqa: E402

DIR = os.environ["POOLTRACE_TTNN"]


def environment():
    """What DIR/env exports."""
    text = subprocess.run(["bash", "-c", f". {DIR}/env; env -0"], capture_output=True, check=True).stdout.decode()
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


ENV = environment()
LIBRARY = ENV["TTNN_LIBRARY"]
with open(os.path.join(DIR, "version")) as version:
    VERSION = version.read().strip()
RELEASE = tuple(map(int, VERSION.split(".")))
TRACES = "TT_METAL_SLOW_DISPATCH_MODE" not in ENV
TRACES_IN_DRAM = TRACES and RELEASE >= (0, 68)  # with no trace region; before, there must be one


def cluster(name):
    """The description of a machine of this folder."""
    return os.path.join(HERE, f"{name}.yaml")


def start(program, *arguments, on="n150", **more):
    """A program of this folder on a mock machine, in a scratch folder (the runtime writes one of its own). @more: its environment."""
    scratch = tempfile.mkdtemp(prefix="pooltrace-ttnn-")
    env = {**ENV, "LD_PRELOAD": ENV["LD_PRELOAD_SHIM"], "PYTHONUNBUFFERED": "1", "HOME": scratch,
           "TT_METAL_MOCK_CLUSTER_DESC_PATH": cluster(on), **more}
    return Target([ENV["TTNN_PYTHON"], os.path.join(HERE, program), *map(str, arguments)], env=env, cwd=scratch)
