"""The stand-in's storm under pooltrace."""
import os
import select
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import BUILD, POOLS, Target, equal, pools  # noqa: E402

STORM = os.path.join(BUILD, "standin", "standin-storm")
INFER = os.path.join(BUILD, "standin", "standin-infer")


def numbers(words):
    return {k: int(v) for k, v in (w.split("=") for w in words.split())}


class Storm(Target):
    """Waits at READY; finish() lets it go on and returns what it did, its calls and its pools at the end."""

    def __init__(self, *arguments):
        super().__init__([STORM, *map(str, arguments)])
        self.line("READY")

    def report(self):
        return numbers(self.line("RESULT")), numbers(self.line("CALLS")), self.step()[1]

    def barrier(self):
        """Stop all threads of a --loop: calls made so far, and the pools."""
        self.go()
        return numbers(self.line("CALLS")), self.step()[1]


def settled(pooltrace, limit=120):
    """The state once the ledger has been found equal to the books after all that was lost."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        state = pooltrace.state()
        if state["processes"][0]["coverage"] == "exact" and state.get("check", {}).get("equal"):
            return state
        select.select([], [], [], 0.02)
    raise AssertionError(f"never settled: {state}")


def equal_pools(state, view, what):
    equal(pools(state), {p: view.get(p, 0) for p in POOLS}, what)
