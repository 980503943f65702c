"""What is known of a release's library, without running it: every function, every member's place, as in the tables below.

The tables were read off the disassembly of ten published wheels, by hand. POOLTRACE_LIBRARY and POOLTRACE_RELEASE name
another library than that of the installation in POOLTRACE_TTNN, and its release.
"""
import os
import re
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from harness import Suite, equal, run  # noqa: E402

if "POOLTRACE_LIBRARY" in os.environ:
    LIBRARY, VERSION = os.environ["POOLTRACE_LIBRARY"], os.environ["POOLTRACE_RELEASE"]
else:
    from wheel import LIBRARY, VERSION  # noqa: E402
RELEASE = tuple(map(int, VERSION.split(".")))

suite = Suite(f"ttnn {VERSION} layouts")

OLD_BUFFER = {"address": "*(arg0+0x50):4", "size": "*(arg0+0x18):8", "buffer_type": "*(arg0+0x20):4",
              "allocator": "*(arg0+0x40):8"}
NEW_BUFFER = {"address": "*(*(arg0+0x10)+0x40):4", "size": "*(*(arg0+0x10)+0x8):8",
              "buffer_type": "*(*(arg0+0x10)+0x10):4", "allocator": "*(*(arg0+0x10)+0x30):8"}
OLD_MANAGER = {"num_banks": "*(arg0+0x58):4", "bank_align": "*(arg0+0x88):4", "free_list": "*(arg0+0x78):8"}
NEW_MANAGER = {"num_banks": "*(arg0+0x20):4", "bank_align": "*(arg0+0x48):4", "free_list": "**(arg0+0x3b0):8"}


def managers(first):
    return {"manager": ", ".join(f"*(arg0+{first + 8 * i:#x}):8" for i in range(4))}


VALUES = {
    "0.60.1": {**OLD_MANAGER, **managers(0x08), **OLD_BUFFER},
    "0.62.2": {**OLD_MANAGER, **managers(0x30), **OLD_BUFFER},
    "0.64.5": {**NEW_MANAGER, **managers(0x30), **OLD_BUFFER},
    "0.66.0": {**NEW_MANAGER, **managers(0x30), **OLD_BUFFER},
    "0.68.0": {**NEW_MANAGER, **managers(0x30), **OLD_BUFFER},
    "0.71.2": {**NEW_MANAGER, **managers(0x30), **OLD_BUFFER},
    "0.74.0": {**NEW_MANAGER, **managers(0x38), **OLD_BUFFER},
    "0.77.0": {**NEW_MANAGER, **managers(0x38), **OLD_BUFFER},
    "0.79.0": {**NEW_MANAGER, **managers(0x30), **NEW_BUFFER},
    "0.81.1": {**NEW_MANAGER, **managers(0x30), **NEW_BUFFER},
}

BANK_MANAGER = "_ZN2tt8tt_metal11BankManager"
MESH = "_ZN2tt8tt_metal11distributed"
DEVICE = f"{MESH}10MeshDevice" if RELEASE < (0, 66) else f"{MESH}14MeshDeviceImpl"
CONSTRUCTORS = ["C1ERKNS0_10BufferTypeERKSt6vectorIlSaIlEE", "C1ERKNS0_10BufferTypeERKSt13unordered_mapIjl"]

# Verb and beginning of the symbol of each probe.
PROBES = [
    ("begin", f"{BANK_MANAGER}15allocate_bufferEmmbRK"),
    ("alloc", "_ZN2tt8tt_metal12GraphTracker14track_allocateEPKNS0_6BufferE"),
    ("throw", "__cxa_throw"),
    ("free", f"{BANK_MANAGER}17deallocate_bufferEm"),
    ("clear", f"{BANK_MANAGER}14deallocate_allEv"),
    ("gone", f"{BANK_MANAGER}5clearEv"),
    ("new", BANK_MANAGER + CONSTRUCTORS[0]),
    ("new", BANK_MANAGER + CONSTRUCTORS[1]),
    ("capture", f"{DEVICE}16begin_mesh_traceEhRK"),
    ("captured", f"{DEVICE}14end_mesh_traceEhRK"),
    ("context", f"{MESH}9MeshTrace20populate_mesh_bufferERNS1_16MeshCommandQueueE"),
    ("replay", f"{DEVICE}17replay_mesh_traceEhRK"),
    ("release", f"{MESH}10MeshDevice18release_mesh_traceERK"),
]


def shown(library=LIBRARY):
    """Sections of what `pooltrace runtimes` says of it: {name: lines, the first two columns cut off}."""
    status, out, err = run("runtimes", "--library", library)
    equal(status, 0, f"status of runtimes --library ({err})")
    sections = {}
    for line in out.splitlines()[1:]:
        if line.startswith("  "):
            lines.append(line[2:])
        else:
            lines = sections.setdefault(line, [])
    return sections


def entries(section):
    """[(name, text, lines below it)] of a section."""
    found = []
    for line in section:
        if not line.startswith(" "):
            name, text = line.split(maxsplit=1)
            found.append((name, text, []))
        else:
            found[-1][2].append(line.strip())
    return found


def values(sections):
    return {name: text for name, text, _ in entries(sections["values"])}


def below(section, name):
    """The lines below the one entry of this name."""
    found = [lines for entry, _, lines in entries(section) if entry == name]
    equal(len(found), 1, f"entries '{name}'")
    return found[0]


@suite.test("every member's place is found, where the release has it")
def _():
    assert VERSION in VALUES, f"release {VERSION} has no table"
    equal(dict(sorted(values(shown()).items())), dict(sorted(VALUES[VERSION].items())), "values")


@suite.test("every row has its one function, with all its values")
def _():
    probes = entries(shown()["probes"])
    for (verb, symbol, lines), (wanted_verb, wanted_symbol) in zip(probes, PROBES):
        equal(verb, wanted_verb, f"verb of {symbol}")
        assert symbol.startswith(wanted_symbol), f"{verb}: got {symbol}, wanted {wanted_symbol}..."
        assert verb == "throw" or re.match(r"at 0x[0-9a-f]+: ", lines[0]), f"{symbol} has no place: {lines}"
        assert not [line for line in lines if line.startswith("!")], f"{symbol}: {lines}"
    equal(len(probes), len(PROBES), "probes")


@suite.test("begin and alloc read what they need where it lies")
def _():
    def here(name, argument):
        return VALUES[VERSION][name].replace("arg0", argument)

    probes = shown()["probes"]
    grain = f"*({here('free_list', 'arg0').removesuffix(':8')}+0x20):8"
    begin = below(probes, "begin")[1:]
    equal([line for line in begin if " computed " not in line],
          ["arena = arg0", "pool = *arg0:4", "asked = arg1", "page = arg2", "shards = arg5",
           f"banks = {here('num_banks', 'arg0')}", f"align = {here('bank_align', 'arg0')}", f"grain = {grain}"],
          "values of begin")
    assert [line for line in begin if line.startswith("reserved computed ")], "reserved is not computed"
    equal(below(probes, "alloc")[1:],
          [f"address = {here('address', 'arg1')}", f"owner = {here('allocator', 'arg1')}",
           f"pool = {here('buffer_type', 'arg1')}", f"asked = {here('size', 'arg1')}"], "values of alloc")


@suite.test("the books have a way to their owners, their arenas and their lists")
def _():
    books = entries(shown()["books"])
    owners = [text.split()[-2:] for name, text, _ in books if name == "owner"]
    if RELEASE >= (0, 74):
        equal([w[0] for w in owners], ["at", "at"], "vtables of owners")
    else:
        equal(owners, [["not", "there"], ["not", "there"], ["its", "lists"]], "owners")
    places = {name: text for name, text, lines in books if name != "owner" and not lines}
    equal(len(places), len([b for b in books if b[0] != "owner"]) - 1, "one place for each role, two lines for the list")
    lists = [text for name, text, _ in books if name == "list"]
    equal(lists[0], VALUES[VERSION]["free_list"].replace("arg0", "arena"), "list")
    assert re.fullmatch(r"vtable _ZTVN2tt8tt_metal9allocator11FreeListOptE at 0x[0-9a-f]+", lists[1]), lists[1]
    equal(places["arena"], VALUES[VERSION]["manager"].replace("arg0", "owner"), "arena")
    equal(places["banks"], VALUES[VERSION]["num_banks"].replace("arg0", "arena"), "banks")
    equal(places["align"], VALUES[VERSION]["bank_align"].replace("arg0", "arena"), "align")


class Library:
    """An ELF file's bytes, by symbol."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = bytearray(file.read())
        offset, = struct.unpack_from("<Q", self.bytes, 0x28)
        size, number = struct.unpack_from("<HH", self.bytes, 0x3A)
        self.sections = [struct.unpack_from("<IIQQQQII", self.bytes, offset + i * size) for i in range(number)]

    def find(self, name):
        """File offset and bytes of a symbol of .dynsym."""
        for _, kind, _, _, offset, size, link, _ in self.sections:
            if kind != 11:
                continue
            names = self.sections[link][4]
            for at in range(offset, offset + size, 24):
                text, _, _, _, address, length = struct.unpack_from("<IBBHQQ", self.bytes, at)
                end = self.bytes.index(b"\0", names + text)
                if self.bytes[names + text:end] == name.encode():
                    return self.file_offset(address), length
        raise KeyError(name)

    def file_offset(self, address):
        for _, kind, _, start, offset, size, _, _ in self.sections:
            if kind != 8 and start <= address < start + size:
                return address - start + offset
        raise KeyError(hex(address))

    def replace(self, name, code):
        offset, length = self.find(name)
        assert len(code) <= length, f"{name} has {length} bytes"
        self.bytes[offset:offset + len(code)] = code

    def shown(self):
        with tempfile.NamedTemporaryFile(suffix=".so") as file:
            file.write(self.bytes)
            file.flush()
            return shown(file.name)


NUM_BANKS = "_ZNK2tt8tt_metal11BankManager9num_banksEv"
ADDRESS = "_ZNK2tt8tt_metal6Buffer7addressEv"
SIZE = "_ZNK2tt8tt_metal6Buffer4sizeEv"
LOAD_EAX = bytes.fromhex("8b47")  # mov disp8(%rdi),%eax
TWO_PATHS = bytes.fromhex("85f6 7404 8b4748 c3 8b474c c3")  # test %esi,%esi; je; two loads, each with its ret
TAIL_CALL = bytes.fromhex("e9 00f0ffff")


@suite.test("a getter with another displacement gives another place, everywhere")
def _():
    for displacement in (0x24, 0x5c, 0x7c):
        library = Library(LIBRARY)
        offset, length = library.find(NUM_BANKS)
        library.bytes[library.bytes.index(LOAD_EAX, offset, offset + length) + 2] = displacement
        sections = library.shown()
        place = f"*(arg0+{displacement:#x}):4"
        equal(values(sections), {**VALUES[VERSION], "num_banks": place}, "values")
        assert f"banks = {place}" in below(sections["probes"], "begin"), "begin reads them elsewhere"
        assert ("banks", place.replace("arg0", "arena"), []) in entries(sections["books"]), "the books have them elsewhere"


HOSTILE = [
    ("a getter with two paths to two values", ADDRESS, TWO_PATHS, "*(arg0+0x48):4 in one place, *(arg0+0x4c):4 in another"),
    ("a getter that is a tail call", ADDRESS, TAIL_CALL, "it jumps to another function"),
    ("a getter behind half a pointer", ADDRESS, bytes.fromhex("8b4710 8b4040 c3"), "too small for a pointer"),
    ("a getter that computes", ADDRESS, bytes.fromhex("8b4750 0faf4754 c3"), "computed by"),
]


def hostile(sentence, symbol, code, reason):
    @suite.test(f"{sentence} is refused: the value is named, and the row goes without")
    def _():
        library = Library(LIBRARY)
        library.replace(symbol, code)
        sections = library.shown()
        equal(values(sections)["address"], "not known", "address")
        assert reason in " ".join(below(sections["values"], "address")), below(sections["values"], "address")
        alloc = below(sections["probes"], "alloc")
        equal(alloc[0], "no probe", "alloc, which means nothing without an address")
        assert alloc[1].startswith("! without address: address is not known: "), alloc
        assert reason in alloc[1], alloc
        rest = {k: v for k, v in values(sections).items() if k != "address"}
        equal(rest, {k: v for k, v in VALUES[VERSION].items() if k != "address"}, "the other values")


for case in HOSTILE:
    hostile(*case)


@suite.test("without a row's further value the row goes without, and the books say that they cannot be read")
def _():
    library = Library(LIBRARY)
    library.replace(NUM_BANKS, bytes.fromhex("ebfe"))  # a jump to itself
    sections = library.shown()
    equal(values(sections)["num_banks"], "not known", "num_banks")
    begin = below(sections["probes"], "begin")
    assert begin[0].startswith("at 0x"), "begin has lost its probe"
    assert not [line for line in begin if line.startswith(("banks =", "reserved "))], begin
    assert [line for line in begin if line.startswith("! without banks: num_banks is not known: ")], begin
    assert ("banks", "not known") in [(name, text) for name, text, _ in entries(sections["books"])], "books banks"


if RELEASE >= (0, 79):  # before, the size has no getter
    @suite.test("a value whose getter is refused is taken from the next line that shows it, and the refusal is told")
    def _():
        library = Library(LIBRARY)
        library.replace(SIZE, TAIL_CALL)
        sections = library.shown()
        equal(values(sections), VALUES[VERSION], "values")
        lines = below(sections["values"], "size")
        assert lines[0].startswith("divided in") and "it jumps to another function" in lines[1], lines


if __name__ == "__main__":
    suite.main()
