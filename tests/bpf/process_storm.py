"""usage: process_storm.py SECONDS SEED PROCESSES   - a storm of processes under pooltrace, in a pid namespace of our own

Processes that load the runtime come and go, execute themselves, fork children, are killed; others come and go by the dozen and
have nothing to do with it; pooltrace is killed and started anew. Each process stands at a barrier when its figures are asked for.
Prints what was done, as JSON; anything that is not as it should be is an exception.
"""
import collections
import json
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import BUILD, POOLS, Lines, Pooltrace, Target, equal, until  # noqa: E402

STANDIN = os.path.join(BUILD, "standin")
LIVES, PLUGIN = os.path.join(STANDIN, "standin-lives"), os.path.join(STANDIN, "libstandin_plugin.so")
BY_CONSTRUCTOR = 101
ROUNDS = 5
IN_STORM = 40


class Member(Target):
    """A process that stands at a step; what it will have called is known."""

    def __init__(self, rng):
        words, self.expected = ["load", PLUGIN, "step"], [(BY_CONSTRUCTOR, 0)]
        for _ in range(ROUNDS):
            kind = rng.random()
            if kind < 0.15:
                # Its own figures begin anew.
                words += ["exec", "load", PLUGIN, "step"]
                self.expected.append((BY_CONSTRUCTOR, 0))
                continue
            if kind < 0.3:
                words += ["fork-too"]
            allocated, freed = rng.randrange(1, 40), rng.randrange(0, 30)
            words += ["allocate", allocated, "free", freed, "step"]
            before = self.expected[-1]
            self.expected.append((before[0] + allocated, before[1] + freed))
        super().__init__([LIVES, *map(str, words)])
        self.at, self.view, self.killed = -1, None, False

    def advance(self):
        """To the next barrier. False: it has ended."""
        if self.at >= 0:
            self.go()
        self.at += 1
        if self.at == len(self.expected):
            equal(self.wait(), 0, f"status of {self.process.args}: {self.stderr()}")
            return False
        calls = dict(word.split("=") for word in self.line("CALLS").split())
        got = int(calls["track_allocate"]), int(calls["deallocate_buffer"])
        equal(got, self.expected[self.at], f"calls of {self.process.args} at step {self.at}")
        view = self.step()[1]
        self.view = {p: view.get(p, 0) for p in POOLS}
        return True

    def kill(self):
        self.process.kill()
        equal(self.wait(), -signal.SIGKILL, "status of one that was killed")


def reserved(process):
    total = dict.fromkeys(POOLS, 0)
    for device in process["devices"]:
        for pool, figures in device["pools"].items():
            total[pool] += figures.get("reserved", 0)
    return total


class Storm:
    def __init__(self, seed, limit):
        self.rng, self.limit = random.Random(seed), limit
        self.members, self.ended, self.done = [], set(), collections.Counter()
        self.start()

    def start(self):
        self.pooltrace = Pooltrace("--check=off")
        self.ended = set()

    def compare(self):
        """Every process that pooltrace knows all of is right, and none that has ended is said to live."""
        state = self.pooltrace.state()
        living = {p["pid"]: p for p in state["processes"] if "ended" not in p}
        for member in self.members:
            p = living.pop(member.pid, None)
            if p and p["coverage"] == "exact":
                equal(reserved(p), member.view, f"pools of {member.process.args} at step {member.at}, process {p}")
                self.done["compared"] += 1
        # A pid is used again only for what is a member: what is left has ended, or is a child.
        stale = [p for p in living.values() if p["pid"] in self.ended and not os.path.exists(f"/proc/{p['pid']}")]
        equal(stale, [], "rows of processes that have ended")
        equal((state["lost"], state["corrections"], state["replaced"]), (0, 0, 0), "lost, corrections, replaced")

    def add(self):
        for _ in range(self.rng.randrange(1, 12)):
            if len(self.members) < self.limit:
                self.members.append(Member(self.rng))
                self.members[-1].advance()
                self.done["started"] += 1

    def move(self):
        for member in self.rng.sample(self.members, min(len(self.members), self.rng.randrange(1, 40))):
            if not member.advance():
                self.remove(member)
                self.done["ended"] += 1

    def remove(self, member):
        self.members.remove(member)
        self.ended.add(member.pid)
        member.__exit__()

    def kill(self):
        for member in self.rng.sample(self.members, min(len(self.members), self.rng.randrange(1, 5))):
            # Some while they allocate; the last line may make one end.
            if self.rng.random() < 0.5 and member.at + 1 < len(member.expected):
                member.go()
            member.kill()
            self.remove(member)
            self.done["killed"] += 1

    def noise(self):
        """Children and children's children that execute this and that, and none of it with a runtime."""
        with Target([LIVES, "many", "12", "many", "2", "spawn", "exec", "status", "0"]) as noise:
            equal(noise.wait(), 0, "status of the noise")
        self.done["noise"] += 36

    def kill_tracer(self):
        self.pooltrace.process.kill()
        equal(self.pooltrace.process.wait(), -signal.SIGKILL, "status of pooltrace")
        self.pooltrace.__exit__()
        self.start()
        self.done["tracers killed"] += 1

    def end_tracer(self):
        equal(self.pooltrace.end(), 0, f"status of pooltrace: {self.pooltrace.stderr()}")
        equal([line for line in self.pooltrace.stderr().splitlines() if "internal" in line], [], "what pooltrace said")
        self.pooltrace.__exit__()

    def step(self):
        act = self.rng.choices((self.add, self.move, self.kill, self.noise, self.kill_tracer), (8, 10, 2, 2, 1))[0]
        act()
        self.compare()

    def finish(self):
        for member in list(self.members):
            while member.advance():
                pass
            self.remove(member)
        until(lambda: not [p for p in self.pooltrace.state()["processes"] if "ended" not in p], what="rows remain when all have ended")
        self.end_tracer()


def all_at_once(storm, nr):
    """So many processes, all known, all right; then half of them are killed."""
    storm.limit = nr
    while len(storm.members) < nr:
        storm.add()
    until(lambda: len([p for p in storm.pooltrace.state()["processes"] if p["coverage"] == "exact"]) >= nr, 60,
          f"not all {nr} processes are known")
    for member in list(storm.members):
        if not member.advance():
            storm.remove(member)
    storm.compare()
    for member in storm.members[::2]:
        member.process.kill()
    for member in storm.members[::2]:
        equal(member.wait(), -signal.SIGKILL, "status of one that was killed")
        storm.remove(member)
        storm.done["killed"] += 1
    storm.compare()


def main():
    seconds, seed, nr = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    storm = Storm(seed, IN_STORM)
    all_at_once(storm, nr)
    for member in storm.members[IN_STORM // 2:]:
        member.kill()
        storm.remove(member)
    storm.limit = IN_STORM
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        storm.step()
    storm.finish()
    print(json.dumps(storm.done))


if __name__ == "__main__":
    main()
