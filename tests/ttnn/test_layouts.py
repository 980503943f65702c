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
              "allocator": "*(arg0+0x40):8", "layout": "*(arg0+0x24):4", "unique_id": "not known"}
NEW_BUFFER = {"address": "*(*(arg0+0x10)+0x40):4", "size": "*(*(arg0+0x10)+0x8):8",
              "buffer_type": "*(*(arg0+0x10)+0x10):4", "allocator": "*(*(arg0+0x10)+0x30):8",
              "layout": "*(*(arg0+0x10)+0x14):4", "unique_id": "*(*(arg0+0x10)+0x218):8"}
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

# Of an owner: its set of buffers; of a manager: how many lists it has, where there is a hybrid mode.
for release, where in {"0.60.1": 0x108, "0.74.0": 0x138, "0.77.0": 0x138}.items():
    VALUES[release]["buffers"] = f"arg0+{where:#x}"
for release, of in VALUES.items():
    of.setdefault("buffers", "arg0+0x130")
    of["lists"] = "*(arg0+0x58):4" if tuple(map(int, release.split("."))) >= (0, 71) else "not known"

UNKNOWN = "not known"  # where the release has it otherwise, and another value stands for it


def devices(mesh_id, tracker, allocators, chip_id, chip_allocator, parent=None, chips="*arg0+0x178"):
    """From 0.66 on: of a MeshDeviceImpl. What lies behind its number moves with it."""
    return {"mesh_id": f"*(arg0+{mesh_id:#x}):4", "mesh_view": f"*(arg0+{mesh_id + 8:#x}):8",
            "mesh_parent": f"*(arg0+{parent or mesh_id + 0x10:#x}):8", "mesh_tracker": f"*(arg0+{tracker:#x}):8",
            "handle_impl": "*(arg0+0x18):8", "sub_devices": "*(arg0+0x48):8", "allocators": f"*(arg0+{allocators:#x}):8",
            "view_chips": chips, "view_locals": UNKNOWN, "chip_id": f"*(arg0+{chip_id:#x}):4",
            "chip_allocator": f"arg0+{chip_allocator:#x}", "chip_tracker": UNKNOWN}


def old_devices(mesh_id, tracker, **more):
    """Before: of a MeshDevice. A chip's allocator is found as a mesh's."""
    return {**devices(mesh_id, tracker, 0x60, 0x8, 0), "handle_impl": UNKNOWN, "chip_allocator": UNKNOWN,
            "chip_tracker": "*(arg0+0x28):8", **more}


DEVICES = {
    "0.60.1": old_devices(0x28, 0xb8, view_chips=UNKNOWN, view_locals="*(arg0+0x108):8"),
    "0.62.2": old_devices(0x50, 0xe0, view_chips="arg0+0x110"),
    "0.64.5": old_devices(0x58, 0xe0, view_chips="arg0+0x178"),
    "0.66.0": devices(0x48, 0xd0, 0x60, 0x8, 0x1c8),
    "0.68.0": devices(0x50, 0xd8, 0x68, 0x18, 0x1d0),
    "0.71.2": devices(0x50, 0xd8, 0x68, 0x18, 0x1d0),
    "0.74.0": devices(0x50, 0xd8, 0x68, 0x18, 0x1f0),
    "0.77.0": devices(0x50, 0xd8, 0x68, 0x18, 0x220),
    "0.79.0": devices(0x50, 0x130, 0x70, 0x18, 0x220, parent=0xb8),
    "0.81.1": devices(0x68, 0x1f8, 0x70, 0x18, 0x248, parent=0x180),
}
OBJECTS = ("mesh", "handle", "chip", "buffers", "buffer")  # that the books tell of besides arenas
for release, more in DEVICES.items():
    VALUES[release].update(more)

PROGRAM_ID = {(0, 77): 0x100, (0, 79): 0x120, (0, 81): 0x120}
for release in VALUES:
    number = tuple(map(int, release.split(".")[:2]))
    VALUES[release]["program_id"] = f"*(arg0+{PROGRAM_ID.get(number, 0xf8):#x}):8"

BANK_MANAGER = "_ZN2tt8tt_metal11BankManager"
MESH = "_ZN2tt8tt_metal11distributed"
DEVICE = f"{MESH}10MeshDevice" if RELEASE < (0, 66) else f"{MESH}14MeshDeviceImpl"
CONSTRUCTORS = ["C1ERKNS0_10BufferTypeERKSt6vectorIlSaIlEE", "C1ERKNS0_10BufferTypeERKSt13unordered_mapIjl"]

# Calls that make one buffer each, which belongs to no tensor, by the functions that make them.
SEMAPHORE = "_ZN2tt8tt_metal" + ("15GlobalSemaphore" if RELEASE < (0, 77) else "19GlobalSemaphoreImpl") + "12setup_bufferE"
CIRCULAR = "_ZN2tt8tt_metal12experimental" + ("20GlobalCircularBuffer" if RELEASE < (0, 81) else "24GlobalCircularBufferImpl")
HIDDEN = [("context", SEMAPHORE), ("context", f"{CIRCULAR}16setup_cb_buffersE"), ("context", f"{CIRCULAR}16setup_cb_buffersE"),
          ("context", f"{MESH}16MeshWorkloadImpl13load_binariesE"), ("context", f"{MESH}16MeshWorkloadImpl13load_binariesE")]

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
    ("resize", f"{BANK_MANAGER}11shrink_sizeEmb"),
    ("resize", f"{BANK_MANAGER}10reset_sizeE"),
    ("resize", f"{BANK_MANAGER}aSEOS1_"),
    ("capture", f"{DEVICE}16begin_mesh_traceEhRK"),
    ("captured", f"{DEVICE}14end_mesh_traceEhRK"),
    ("context", f"{MESH}9MeshTrace20populate_mesh_bufferERNS1_16MeshCommandQueueE"),
    ("replay", f"{DEVICE}17replay_mesh_traceEhRK"),
    ("release", f"{MESH}10MeshDevice18release_mesh_traceERK"),
    *HIDDEN,
    ("context", "_ZN4ttnn10operations14sliding_window28move_config_tensor_to_deviceE"),
    ("context", "_ZN4ttnn4prim30ReshapeViewTiledProgramFactory24create_program_artifactsE"),
]


PROGRAM = "_ZN2tt8tt_metal6detail11ProgramImpl"
PLACING = ["circular"] + (["dataflow"] if RELEASE >= (0, 68) else [])


def rows_of_programs():
    """Verb, beginning of the symbol, instruction and values of each probe that tells of programs."""
    yield from (("program", f"{PROGRAM}25allocate_{kind}_buffersE", "", ["program = arg0", "device = arg1", "id = ID"])
                for kind in PLACING)
    yield ("cb", "_ZN2tt8tt_metal12GraphTracker17track_allocate_cbE", "push ",
           ["address = arg2", "bytes = arg3", "flag = arg4", "device = arg5"])
    yield from (("cb", f"{PROGRAM}25allocate_{kind}_buffersE", "call ", ["address = arg1", "bytes = arg2"])
                for kind in PLACING[1:])
    yield "cb_free", f"{PROGRAM}D1Ev", "push ", ["program = arg0"]
    yield from (("cb_void", f"{PROGRAM}37invalidate_{kind}_buffer_allocationEv", "", ["program = arg0"]) for kind in PLACING)
    yield from (("clash", f"{PROGRAM}31validate_{kind}_buffer_regionE", "call ",
                 ["id = **stack:8", "address = **(stack+0x10):8", "end = **(stack+0x18):8"]) for kind in PLACING)
    yield from (("overflow", f"{PROGRAM}31validate_{kind}_buffer_regionE", "call ",
                 ["address = **(stack+0x10):4", "end = **(stack+0x8):8"]) for kind in PLACING)


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
    programs = {verb for verb, *_ in rows_of_programs()}
    probes = [p for p in entries(shown()["probes"]) if p[0] not in programs]
    for (verb, symbol, lines), (wanted_verb, wanted_symbol) in zip(probes, PROBES):
        equal(verb, wanted_verb, f"verb of {symbol}")
        assert symbol.startswith(wanted_symbol), f"{verb}: got {symbol}, wanted {wanted_symbol}..."
        elsewhere = verb == "throw" or "4ttnn" in symbol
        assert elsewhere or re.match(r"at 0x[0-9a-f]+: ", lines[0]), f"{symbol} has no place: {lines}"
        assert not [line for line in lines if line.startswith("!")], f"{symbol}: {lines}"
    equal(len(probes), len(PROBES), "probes")


@suite.test("programs are seen where they are placed, destroyed and refused, with the figures of the error")
def _():
    wanted = list(rows_of_programs())
    programs = {verb for verb, *_ in wanted}
    probes = [p for p in entries(shown()["probes"]) if p[0] in programs]
    for (verb, symbol, lines), (wanted_verb, wanted_symbol, instruction, values) in zip(probes, wanted):
        equal(verb, wanted_verb, f"verb of {symbol}")
        assert symbol.startswith(wanted_symbol), f"{verb}: got {symbol}, wanted {wanted_symbol}..."
        assert re.match(rf"at 0x[0-9a-f]+: (entry\S* )?{instruction}", lines[0]), f"{symbol}: {lines}"
        values = [value.replace("ID", VALUES[VERSION]["program_id"]) for value in values]
        equal([line for line in lines[1:] if " computed " not in line], values, f"values of {verb} at {symbol}")
    equal(len(probes), len(wanted), "probes of programs")


@suite.test("begin and alloc read what they need where it lies")
def _():
    def here(name, argument):
        return VALUES[VERSION][name].replace("arg0", argument)

    probes = shown()["probes"]
    grain = f"*({here('free_list', 'arg0').removesuffix(':8')}+0x20):8"
    begin = below(probes, "begin")[1:]
    equal([line for line in begin if " computed " not in line],
          ["arena = arg0", "asked = arg1", "page = arg2", "shards = arg5",
           *(f"{value}, once of each arena" for value in ("pool = *arg0:4", f"banks = {here('num_banks', 'arg0')}",
                                                         f"align = {here('bank_align', 'arg0')}", f"grain = {grain}"))],
          "values of begin")
    assert [line for line in begin if line.startswith("reserved computed ")], "reserved is not computed"
    equal(below(probes, "alloc")[1:],
          [f"address = {here('address', 'arg1')}", f"owner = {here('allocator', 'arg1')}",
           f"pool = {here('buffer_type', 'arg1')}", f"asked = {here('size', 'arg1')}", f"layout = {here('layout', 'arg1')}",
           *([f"id = {here('unique_id', 'arg1')}"] if RELEASE >= (0, 79) else [])], "values of alloc")


@suite.test("the books have a way to their owners, their arenas and their lists")
def _():
    books = [b for b in entries(shown()["books"]) if b[0].removesuffix("'s") not in OBJECTS]
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


@suite.test("the objects of devices lead to their owners, chips and parents")
def _():
    def chain(*offsets, base="mesh", size=8):
        text = base
        for offset in offsets:
            text = f"*({text}+{offset:#x})" if offset else f"*{text}"
        return f"{text}:{size}"

    def offset(name):
        return int(re.search(r"\+(0x[0-9a-f]+)", VALUES[VERSION][name]).group(1), 16)

    books = entries(shown()["books"])
    places = {(name.removesuffix("'s"), text.split()[0]): text.split(maxsplit=1)[1] for name, text, _ in books
              if name.removesuffix("'s") in ("mesh", "chip", "handle")}
    mesh = "14MeshDeviceImpl" if RELEASE >= (0, 66) else "10MeshDevice"
    view, managers = offset("mesh_view"), (offset("sub_devices"), offset("allocators"), 0)
    chips = [0x178] if RELEASE < (0, 66) else [0, 0x178]
    chips = f"{chain(view, *({(0, 60): [0x108], (0, 62): [0x110]}.get(RELEASE[:2], chips)))} of " + \
        ("8" if RELEASE < (0, 62) else "16 if 0x8:1=1")
    wanted = {("mesh", "id"): chain(offset("mesh_id"), size=4), ("mesh", "parent"): chain(offset("mesh_parent")),
              ("mesh", "owner"): chain(offset("mesh_tracker"), *managers), ("mesh", "chips"): chips,
              ("chip", "id"): chain(offset("chip_id"), base="chip", size=4)}
    if RELEASE >= (0, 66):
        wanted.update({("handle", "mesh"): chain(0x18, base="handle"), ("chip", "owner"): chain(offset("chip_allocator"), base="chip")})
    else:
        wanted.update({("handle", "mesh"): "not known", ("chip", "owner"): chain(offset("chip_tracker"), *managers, base="chip")})
    equal({key: text for key, text in places.items() if key[1] != "vtable"}, wanted, "places")
    for name, symbol in (("mesh", f"{MESH}{mesh}E"), ("handle", f"{MESH}10MeshDeviceE"), ("chip", "_ZN2tt8tt_metal6DeviceE")):
        vtable = symbol.replace("_ZN", "_ZTVN")
        assert re.search(rf"(^| ){vtable}( or \S+)? at 0x[0-9a-f]+$", places[name, "vtable"]), places[name, "vtable"]


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
        assert f"banks = {place}, once of each arena" in below(sections["probes"], "begin"), "begin reads them elsewhere"
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
