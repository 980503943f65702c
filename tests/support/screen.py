"""A terminal whose screen can be looked at, and whose keys can be pressed."""
import os
import shlex
import shutil
import subprocess
import tempfile
import time

from harness import Skip


class Screen:
    """A command in a terminal of its own, whose screen can be looked at."""

    def __init__(self, columns, rows, *command, **variables):
        if not shutil.which("tmux"):
            raise Skip("tmux is not installed")
        self.folder = tempfile.TemporaryDirectory()
        self.environment = {**os.environ, "TMUX_TMPDIR": self.folder.name, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        for name in ("TMUX", "NO_COLOR"):
            self.environment.pop(name, None)
        words = [f"{k}={v}" for k, v in variables.items()] + [str(w) for w in command]
        # What stood there before, then what comes after: neither may be lost.
        line = f"echo BEFORE; env {shlex.join(words)}; echo AFTER $?; exec cat"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), line)

    def tmux(self, *words):
        done = subprocess.run(["tmux", "-u", "-L", "screen", *words], capture_output=True, text=True, env=self.environment, timeout=60)
        assert done.returncode == 0, f"tmux {words}: {done.stderr}"
        return done.stdout

    def lines(self):
        """What stands there, without the empty lines at the end."""
        lines = [line.rstrip() for line in self.tmux("capture-pane", "-p").split("\n")]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def until(self, holds, limit=120):
        """The lines as soon as @holds is true of them."""
        deadline = time.monotonic() + limit
        while not holds(lines := self.lines()):
            assert time.monotonic() < deadline, "never seen; on the screen:\n" + "\n".join(lines)
        return lines

    def cursor(self):
        """(visible, row)."""
        flag, row = self.tmux("display-message", "-p", "#{cursor_flag} #{cursor_y}").split()
        return flag == "1", int(row)

    def press(self, *keys):
        """Names as tmux has them: Enter, Left; else characters."""
        for key in keys:
            self.tmux("send-keys", key)

    def pid(self):
        """Of the command."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        with open(f"/proc/{shell}/task/{shell}/children") as children:
            return int(children.read().split()[0])

    def modes(self):
        """How the terminal is set up."""
        name = self.tmux("display-message", "-p", "#{pane_tty}").strip()
        with open(name) as terminal:
            done = subprocess.run(["stty", "-g"], stdin=terminal, capture_output=True, text=True, check=True)
        return done.stdout

    def size(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")
        self.folder.cleanup()


def shows(text):
    return lambda lines: any(text in line for line in lines)
