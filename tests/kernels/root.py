"""usage: root.py BUILD FILE   - what a kernel under test boots: an initramfs with the tests, and what they run, as on this machine

Everything lies where it lies here, so that no test knows the difference: the program that was built, the stand-ins, Python
and its modules, the tools that the tests call, and the libraries that those need.
"""
import os
import shutil
import stat
import subprocess
import sys
import sysconfig

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TOOLS = "sh cat ls mkdir mount readelf rm seq setarch setpriv strip true umount uname unshare bpftool".split()
TREE = ("VERSION", "docs/json.md", "docs/pooltrace-rt.5", "runtimes", "tests/bpf", "tests/kernels", "tests/standin",
        "tests/support")
FOLDERS = ("dev", "proc", "run", "sys", "tmp")
# Of Python's modules: what no test of ours imports.
UNUSED = {"test", "tests", "site-packages", "dist-packages", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "pydoc_data"}


class Archive:
    """A cpio archive as the kernel reads it (Documentation/driver-api/early-userspace/buffer-format.rst). A name is added once,
    behind the folders that lead to it; links are followed, and added too."""

    def __init__(self, file):
        self.file, self.names = file, set()

    def add(self, name, mode, content=b"", device=0):
        if name in self.names:
            return
        self.names.add(name)
        text = name.lstrip("/").encode() + b"\0"
        # Inode, mode, owner, group, links, time, size, device (2), what it is (2), length of the name, sum.
        fields = (len(self.names), mode, 0, 0, 1, 0, len(content), 0, 0, os.major(device), os.minor(device), len(text), 0)
        self.file.write(b"070701" + b"".join(b"%08X" % f for f in fields) + text)
        self.pad()
        self.file.write(content)
        self.pad()

    def pad(self):
        self.file.write(bytes(-self.file.tell() % 4))

    def path(self, path):
        """A file of this machine, or an empty folder, at its own place. Returns where it really lies."""
        parent, name = os.path.split(os.path.abspath(path))
        if not name:
            return "/"
        path = os.path.join(self.path(parent), name)
        if path in self.names and not os.path.islink(path):
            return path
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            to = os.readlink(path)
            self.add(path, status.st_mode, to.encode())
            return self.path(os.path.join(os.path.dirname(path), to))
        if stat.S_ISREG(status.st_mode):
            with open(path, "rb") as file:
                self.add(path, status.st_mode, file.read())
        elif stat.S_ISDIR(status.st_mode):
            self.add(path, status.st_mode)
        return path

    def tree(self, top):
        """A folder with all that is in it. Returns its files."""
        found = []
        for folder, inner, files in os.walk(top):
            inner[:] = [name for name in inner if name not in UNUSED and not name.startswith("config-")]
            found += [self.path(os.path.join(folder, name)) for name in files if ".opt-" not in name]
        return found

    def end(self):
        self.add("TRAILER!!!", 0)


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def libraries(files):
    """What the dynamic linker finds here for these files."""
    said = subprocess.run(["ldd", *files], capture_output=True, text=True).stdout
    return {word for line in said.splitlines() for word in line.split() if word.startswith("/") and not word.endswith(":")}


def tool(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not found:
        sys.exit(f"root.py: {name} is not installed here")
    return found


def fill(archive, build):
    for name in FOLDERS:
        archive.add("/" + name, stat.S_IFDIR | (0o1777 if name == "tmp" else 0o755))
    archive.add("/dev/console", stat.S_IFCHR | 0o600, device=os.makedev(5, 1))
    for name in ("/bin", "/sbin", "/lib", "/lib64"):
        archive.path(name)
    with open(os.path.join(HERE, "init"), "rb") as init:
        archive.add("/init", stat.S_IFREG | 0o755, init.read())
    files = [archive.path(tool(name)) for name in TOOLS]
    files += [archive.path(sys.executable), archive.path(os.path.join(build, "pooltrace"))]
    for top in TREE:
        archive.path(os.path.join(ROOT, top))
        archive.tree(os.path.join(ROOT, top))
    standin = os.path.join(build, "standin")
    files += [archive.path(e.path) for e in os.scandir(standin) if e.is_file() and not e.name.endswith((".o", ".d"))]
    files += archive.tree(sysconfig.get_path("stdlib"))
    for library in sorted(libraries([f for f in files if is_elf(f)])):
        archive.path(library)


def main():
    build, path = os.path.realpath(sys.argv[1]), sys.argv[2]
    with open(path + ".new", "wb") as file:
        archive = Archive(file)
        fill(archive, build)
        archive.end()
    os.rename(path + ".new", path)


if __name__ == "__main__":
    main()
