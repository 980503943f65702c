"""Where pooltrace sets its probes in a process, and whether anybody has set them: the same sites for all peers."""
import os
import re
import subprocess
import time

from harness import POOLTRACE

HOT = ("begin", "alloc", "free")  # what an allocation and its free pass


class Sites:
    """Of one process: `library`, `offsets` {verb: [file offset]}, `symbols` {verb: [symbol]}, `others` [(file, offset)].
    `options` are those that pooltrace needs to have them."""
    options = ()

    def __init__(self, pid):
        self.pid = pid
        self.offsets, self.symbols, self.others = {}, {}, []
        text = subprocess.run([POOLTRACE, "runtimes", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
        self.library = text.split("\n", 1)[0].rsplit(" maps ", 1)[1]
        for verb, symbol, offset in re.findall(r"^  (\w+) +(_Z\S+).*\n +at 0x([0-9a-f]+):", text, re.M):
            self.offsets.setdefault(verb, []).append(int(offset, 16))
            self.symbols.setdefault(verb, []).append(symbol)
        for symbol in re.findall(r"^  \w+ +(\S+) +in any library", text, re.M):
            self.others += self._definitions(symbol)
        self.watched = [(self._address(o), self._in_file(o)) for verb in HOT for o in self.offsets[verb]]

    def all_offsets(self):
        return sorted({o for offsets in self.offsets.values() for o in offsets})

    def probed(self):
        """How many of the sites that are hit hold something else than the file does."""
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            return sum(os.pread(memory.fileno(), 1, address) != byte for address, byte in self.watched)

    def wait(self, probed, limit=60):
        """Until all of them are probed, or none is. False: not within @limit seconds."""
        deadline = time.monotonic() + limit
        while self.probed() != (len(self.watched) if probed else 0):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def _maps(self):
        with open(f"/proc/{self.pid}/maps") as f:
            for line in f:
                words = line.split(None, 5)
                if len(words) == 6:
                    start, end = (int(x, 16) for x in words[0].split("-"))
                    yield start, end, int(words[2], 16), words[5].rstrip("\n")

    def _address(self, offset):
        for start, end, at, path in self._maps():
            if path == self.library and at <= offset < at + end - start:
                return start + offset - at
        raise LookupError(f"{self.library}: offset {offset:#x} is not mapped")

    def _in_file(self, offset):
        with open(self.library, "rb") as f:
            return os.pread(f.fileno(), 1, offset)

    def _definitions(self, symbol):
        """(file, offset) of a symbol in the mapped C++ library."""
        for path in sorted({m[3] for m in self._maps() if "libstdc++" in m[3]}):
            text = subprocess.run(["readelf", "-W", "--dyn-syms", "--segments", path], capture_output=True, text=True).stdout
            value = re.search(rf"([0-9a-f]+) +\d+ FUNC +\S+ +DEFAULT +\d+ {symbol}(@|$)", text, re.M)
            for at, address, _, size in re.findall(r"LOAD +(0x\w+) (0x\w+) (0x\w+) (0x\w+)", text):
                inside = int(value.group(1), 16) - int(address, 16) if value else -1
                if 0 <= inside < int(size, 16):
                    return [(path, int(at, 16) + inside)]
        return []
