"""Processes by name: live, those that come later too, and of recordings."""
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
from harness import BUILD, Pooltrace, Suite, Target, equal, run, until  # noqa: E402

suite = Suite("names")
STANDIN = os.path.join(BUILD, "standin")
PLUGIN = os.path.join(STANDIN, "libstandin_plugin.so")


def program(folder, name):
    path = os.path.join(folder, name)
    shutil.copy2(os.path.join(STANDIN, "standin-lives"), path)
    return path


def start(path, *words):
    target = Target([path, *words, "load", PLUGIN, "step", "allocate", "5", "step"])
    target.step()
    return target


def pids(state):
    return sorted(p["pid"] for p in state["processes"])


@suite.test("by its program's name, or by a part of its command line, a process is traced, and no other; so is one that comes later")
def _():
    with tempfile.TemporaryDirectory() as folder:
        one, other = program(folder, "one-7919"), program(folder, "other")
        with start(one) as named, start(other, "group") as with_word, start(other) as neither:
            wanted = sorted([named.pid, with_word.pid])
            recording = os.path.join(folder, "run.pt")
            with Pooltrace("top", "-n", "one-7919", "--name", "other group", "--check=off", "-o", recording) as pooltrace:
                equal(pids(pooltrace.state()), wanted, "processes")
                with start(one) as later, start(other) as not_wanted:
                    until(lambda: pids(pooltrace.state()) == sorted([*wanted, later.pid]), what="the one that came was not found")
                    # What its constructor did may have been seen.
                    events = pooltrace.state()["events"]
                    for target in (later, not_wanted):
                        target.go()
                        target.step()
                    state = pooltrace.state()
                    equal((pids(state), state["events"] - events), (sorted([*wanted, later.pid]), 5), "processes, events")
                    assert not_wanted.pid not in pids(state) and neither.pid not in pids(state), state
                pooltrace.end()
            status, out, err = run("--once", "-n", "one-7919", "--json")
            equal((status, pids(json.loads(out))), (0, [named.pid]), f"--once ({err})")
            status, out, err = run("--once", "-n", "nobody-has-this-name")
            equal((status, out), (1, ""), "--once of nobody")
            assert err.startswith("pooltrace: no process of that name maps a known runtime\n"), err
            # Of the recording.
            status, out, err = run("top", "-r", recording, "-n", "other group", "--at", "-0s", "--json")
            equal(status, 0, f"status of top ({err})")
            state = json.loads(out.splitlines()[-1])
            equal(pids(state), [with_word.pid], "processes of the recording")
            status, _, err = run("report", recording, "-n", "nobody-has-this-name")
            equal(status, 2, f"status of report ({err})")
            assert f"no process of name 'nobody-has-this-name' in '{recording}'" in err, err


if __name__ == "__main__":
    suite.main()
