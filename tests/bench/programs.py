"""The programs that are traced: both obey a line at a time."""
import os

import peers
from harness import BUILD, Target
from sites import Sites

HERE = os.path.dirname(os.path.abspath(__file__))


class Program:
    """A target that stands at READY, and where its probes go."""

    def __init__(self, target, name):
        self.target, self.name = target, name
        target.line("READY")
        self.sites = Sites(target.pid)

    @property
    def pid(self):
        return self.target.pid

    def ns(self, command):
        """(CPU time of the threads, time) that it took."""
        self.target.go(command)
        cpu, wall = self.target.line("NS ").split()
        return int(cpu), int(wall)

    def ask(self, command, prefix):
        self.target.go(command)
        return self.target.line(prefix)

    def view(self, command="view"):
        self.target.go(command)
        return self.target.step()[1]

    def close(self):
        self.target.go("quit")
        status = self.target.wait()
        if status:
            raise peers.Failed(f"{self.name} ended with status {status}: {self.target.stderr()[-300:]}")


def standin():
    return Program(Target([os.path.join(BUILD, "bench", "bench-pairs")]), "the stand-in")


def wheel():
    """Needs POOLTRACE_TTNN."""
    import wheel as installation
    return Program(installation.start(os.path.join(HERE, "alloc_free.py")), "the wheel")
