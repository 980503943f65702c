"""Swap space for tests of what is swapped out."""
import os
import shutil
import subprocess
import tempfile

from harness import Skip


class Swap:
    """Some swap space of our own."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = os.path.join(self.folder.name, "swap")
        with open(self.file, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            os.posix_fallocate(file.fileno(), 0, 64 << 20)
        for command in ("mkswap", "swapon"):
            found = shutil.which(command, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
            if not found or subprocess.run([found, self.file], capture_output=True).returncode:
                self.folder.cleanup()
                raise Skip(f"no swap space can be made here ({command})")
        return self

    def off(self):
        """What lies there comes back."""
        if os.path.exists(self.file):
            subprocess.run([shutil.which("swapoff", path=os.environ["PATH"] + ":/usr/sbin:/sbin"), self.file], check=True)
            os.unlink(self.file)

    def __exit__(self, *_):
        self.off()
        self.folder.cleanup()
